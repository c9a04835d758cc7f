//! Processes that live as daemons live, one on each processor: scheduled like them, a witness waits for a timer and then asks the kernel
//! for something for which it takes its lock of all interfaces, as a new address does. The lock is one for the whole machine, and
//! whoever waits for it is counted nowhere; nor is a processor that stands still while the other goes on. The first also gives
//! itself an address of IPv6 and waits until the kernel tells of it, which is the work of a thread of the kernel's that nobody goes
//! before. As late as a witness was, a daemon or the news of it may have been.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use vrrplab_engine::addr::Cidr;
use vrrplab_engine::time::Duration;

use super::host::sysctl;
use super::priority::{DAEMONS, go_first};
use crate::kernel::netlink::{AddressOptions, Change, Monitor, Netlink, Watch};

/// How often it looks.
const EVERY: std::time::Duration = std::time::Duration::from_millis(40);
/// Less than this is not worth a word.
const LATE: std::time::Duration = std::time::Duration::from_millis(2);

/// On so many processors at most.
const MOST: usize = 8;
/// What the first gives itself.
const ADDRESS: &str = "fd00:77:69:74::1/128";

/// They end with the laboratory.
#[derive(Debug)]
pub(super) struct Witnesses {
    words: File,
}

impl Witnesses {
    /// Sends them out. The calling process has one thread.
    pub(super) fn send() -> io::Result<Witnesses> {
        let (words, tell) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let mine = sched_getaffinity(Pid::from_raw(0))?;
        let processors = (0..CpuSet::count()).filter(|&n| mine.is_set(n).unwrap_or(false));
        for (n, processor) in processors.take(MOST).enumerate() {
            // SAFETY: the process has one thread, so the child may do what it likes.
            if let ForkResult::Child = unsafe { fork() }? {
                let _ = stand_on(processor).and_then(|()| watch(n == 0, tell));
                std::process::exit(1)
            }
        }
        Ok(Witnesses { words: words.into() })
    }

    /// How late one was at most since they were asked before.
    pub(super) fn late(&mut self) -> io::Result<Duration> {
        let mut longest = 0;
        let mut word = [0; 8];
        loop {
            match self.words.read(&mut word) {
                Ok(8) => longest = longest.max(u64::from_ne_bytes(word)),
                Ok(_) => return Err(io::Error::other("the witnesses have ended")),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Duration::from_micros(longest));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn stand_on(processor: usize) -> io::Result<()> {
    let mut only = CpuSet::new();
    only.set(processor)?;
    sched_setaffinity(Pid::from_raw(0), &only)?;
    go_first(DAEMONS);
    Ok(())
}

/// Tells of each time that it was late.
fn watch(first: bool, tell: OwnedFd) -> io::Result<()> {
    let mut tell = File::from(tell);
    let mut netlink = Netlink::open()?;
    let lo = netlink.link("lo")?.index;
    // A kernel without IPv6 has no news of it either.
    let mut news = match first && sysctl("net/ipv6/conf/lo/disable_ipv6", "0").is_ok() {
        true => Some(Monitor::open(&[Watch::Addresses6])?),
        false => None,
    };
    loop {
        let before = std::time::Instant::now();
        std::thread::sleep(EVERY);
        // Nothing changes by this.
        netlink.set_up(lo, true)?;
        if let Some(news) = &mut news {
            come_and_go(&mut netlink, lo, news)?;
        }
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

/// An address comes, the kernel tells of it, and it goes again.
fn come_and_go(netlink: &mut Netlink, lo: u32, news: &mut Monitor) -> io::Result<()> {
    let cidr: Cidr = ADDRESS.parse().expect("an address with a prefix");
    let options = AddressOptions { without_detection: true, ..AddressOptions::default() };
    netlink.add_address(lo, cidr, &options)?;
    let told = |change: &Change| matches!(change, Change::AddressAdded(now) if now.cidr == cidr);
    while !news.read()?.iter().any(told) {
        poll(&mut [PollFd::new(news.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE)?;
    }
    netlink.delete_address(lo, cidr)
}
