//! A process that lives as daemons live: scheduled like them, it waits for a timer and then asks the kernel for something for which
//! it takes its lock of all interfaces, as a new address does. The lock is one for the whole machine, and whoever waits for it
//! is counted nowhere. As late as the witness was, a daemon may have been.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::{ForkResult, fork, pipe2};
use vrrplab_engine::time::Duration;

use super::priority::{DAEMONS, go_first};
use crate::kernel::netlink::Netlink;

/// How often it looks.
const EVERY: std::time::Duration = std::time::Duration::from_millis(40);
/// Less than this is not worth a word.
const LATE: std::time::Duration = std::time::Duration::from_millis(2);

/// It ends with the laboratory.
#[derive(Debug)]
pub(super) struct Witness {
    words: File,
}

impl Witness {
    /// Sends it out. The calling process has one thread.
    pub(super) fn send() -> io::Result<Witness> {
        let (words, tell) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let netlink = Netlink::open()?;
        // SAFETY: the process has one thread, so the child may do what it likes.
        match unsafe { fork() }? {
            ForkResult::Parent { .. } => Ok(Witness { words: words.into() }),
            ForkResult::Child => {
                go_first(DAEMONS);
                let _ = watch(netlink, tell);
                std::process::exit(1)
            }
        }
    }

    /// How late it was at most since it was asked before.
    pub(super) fn late(&mut self) -> io::Result<Duration> {
        let mut longest = 0;
        let mut word = [0; 8];
        loop {
            match self.words.read(&mut word) {
                Ok(8) => longest = longest.max(u64::from_ne_bytes(word)),
                Ok(_) => return Err(io::Error::other("the witness has ended")),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Duration::from_micros(longest));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Tells of each time that it was late.
fn watch(mut netlink: Netlink, tell: OwnedFd) -> io::Result<()> {
    let mut tell = File::from(tell);
    let lo = netlink.link("lo")?.index;
    loop {
        let before = std::time::Instant::now();
        std::thread::sleep(EVERY);
        // Nothing changes by this.
        netlink.set_up(lo, true)?;
        let late = before.elapsed() - EVERY;
        if late >= LATE {
            match tell.write_all(&(late.as_micros() as u64).to_ne_bytes()) {
                // Nobody listens for now, and has heard enough.
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    }
}
