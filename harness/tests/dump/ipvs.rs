//! Loaded into the daemon in front of its C library: a kernel with IPVS that takes everything and keeps nothing,
//! so that the checker process runs, and shows its configuration, where the kernel has none.
//!
//! Netlink finds no IPVS and the daemon falls back to socket options, which end here.

use std::ffi::{c_int, c_long, c_void};
use std::ops::Range;

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
}

#[cfg(target_arch = "x86_64")]
const CALLS: (c_long, c_long) = (55, 54);
#[cfg(not(target_arch = "x86_64"))]
const CALLS: (c_long, c_long) = (209, 208);

/// `IP_VS_BASE_CTL` to `IP_VS_SO_GET_MAX` and beyond.
const IPVS: Range<c_int> = 1152..1172;

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    length: *mut u32,
) -> c_int {
    if level == 0 && IPVS.contains(&name) {
        // SAFETY: the caller gives `length` bytes.
        unsafe { std::ptr::write_bytes(value.cast::<u8>(), 0, *length as usize) };
        return 0;
    }
    // SAFETY: the caller's arguments, unchanged.
    unsafe { syscall(CALLS.0, c_long::from(fd), c_long::from(level), c_long::from(name), value, length) as c_int }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn setsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    length: u32,
) -> c_int {
    if level == 0 && IPVS.contains(&name) {
        return 0;
    }
    let (fd, level, name) = (c_long::from(fd), c_long::from(level), c_long::from(name));
    // SAFETY: the caller's arguments, unchanged.
    unsafe { syscall(CALLS.1, fd, level, name, value, c_long::from(length)) as c_int }
}
