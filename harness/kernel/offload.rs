//! Turning off what an interface leaves to hardware (ethtool). A veth with checksum offload puts frames with unfinished
//! checksums on the wire; whoever relays them byte for byte hands over UDP and TCP that the receiver throws away.

use std::io;
use std::mem;
use std::os::fd::AsRawFd;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

/// `ETHTOOL_SRXCSUM`, `ETHTOOL_STXCSUM`, `ETHTOOL_STSO`, `ETHTOOL_SGSO`, `ETHTOOL_SGRO` of linux/ethtool.h.
const SETTINGS: [u32; 5] = [0x15, 0x17, 0x1f, 0x24, 0x2c];

/// `struct ethtool_value`.
#[repr(C)]
struct Value {
    command: u32,
    data: u32,
}

/// Turns all of it off on this interface of the calling thread's namespace.
pub fn off(name: &str) -> io::Result<()> {
    let any = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    for command in SETTINGS {
        let mut value = Value { command, data: 0 };
        // SAFETY: a zeroed ifreq is a valid value of that plain structure.
        let mut request: libc::ifreq = unsafe { mem::zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(libc::IFNAMSIZ - 1)) {
            *to = from as libc::c_char;
        }
        request.ifr_ifru.ifru_data = (&raw mut value).cast();
        // SAFETY: the request names an interface and points at the structure that its command asks for; both live
        // through the call.
        let done = unsafe { libc::ioctl(any.as_raw_fd(), libc::SIOCETHTOOL as _, &raw mut request) };
        let error = io::Error::last_os_error();
        // What an interface does not have is off already.
        if done < 0 && error.raw_os_error() != Some(libc::EOPNOTSUPP) {
            return Err(io::Error::new(error.kind(), format!("offloads of {name}: {error}")));
        }
    }
    Ok(())
}
