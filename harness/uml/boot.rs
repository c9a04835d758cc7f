//! Process 1 of the kernel with the virtual clock. The machine's files are its root and can only be read.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};

use crate::roots;

use super::{ORDER, Order, PARCEL, STATUS, WORDS};

/// Where the folder is mounted that the host sees.
const OUT: &str = "/run/out";
/// What a program expects in /dev and the kernel does not put there.
const LINKS: [(&str, &str); 4] = [
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
];

/// Runs what the order in `folder`, a path of the host's, says, and switches the machine off. A failure is one of ours or of the kernel's
/// configuration: it ends process 1, and so the kernel, with its words on the console.
pub fn boot(folder: &Path) -> io::Result<()> {
    let usual = |kind: &str, at: &str| mount(Some(kind), at, Some(kind), MsFlags::empty(), None::<&str>);
    usual("proc", "/proc")?;
    usual("sysfs", "/sys")?;
    usual("tmpfs", "/run")?;
    for (to, at) in LINKS {
        symlink(to, at)?;
    }
    fs::create_dir(OUT)?;
    mount(Some("none"), OUT, Some("hostfs"), MsFlags::empty(), Some(folder))?;
    go_before_nobody()?;
    let out = Path::new(OUT);
    let order: Order = serde_json::from_slice(&fs::read(out.join(ORDER))?)?;
    let status = run(&order, out)?;
    fs::write(out.join(STATUS), status)?;
    nix::unistd::sync();
    reboot(RebootMode::RB_POWER_OFF)?;
    Ok(())
}

/// Gives up the right to go before others (CAP_SYS_NICE), for all that are started. Nobody competes where computing takes no time, but the kernel
/// counts its jumps over idle time as computing of whoever was there last, and ends who goes first and computes for a second
/// (RLIMIT_RTTIME): haproxy, as soon as it waited.
fn go_before_nobody() -> io::Result<()> {
    const CAP_SYS_NICE: libc::c_ulong = 23;
    // SAFETY: prctl(2) takes numbers here.
    let done = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The status of the program, as text.
fn run(order: &Order, out: &Path) -> io::Result<String> {
    let (program, arguments) = order.argv.split_first().expect("an order has a program");
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .current_dir(&order.folder)
        .env("PATH", &order.path)
        .envs(order.roots.iter().map(|folder| (roots::VARIABLE, folder)))
        .stdin(Stdio::null())
        .stdout(File::create(out.join(PARCEL))?)
        .stderr(File::create(out.join(WORDS))?)
        .spawn()
        .map_err(|e| io::Error::new(e.kind(), format!("{program}: {e}")))?;
    let status = child.wait()?;
    Ok(status.code().map_or_else(|| status.to_string(), |code| code.to_string()))
}
