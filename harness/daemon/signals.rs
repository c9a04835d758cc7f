//! Signals as a descriptor.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// The signals that the daemon takes.
const TAKEN: [Signal; 6] =
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGCHLD];

/// keepalived's signals for its statistics to begin anew and for JSON (`keepalived --signum`), counted from the first
/// and from the last real-time signal. They do nothing here, and must not end the daemon.
fn without_meaning() -> [i32; 2] {
    [libc::SIGRTMIN() + 2, libc::SIGRTMAX() - 1]
}

/// Signals that wait to be read.
#[derive(Debug)]
pub(super) struct Signals {
    fd: SignalFd,
}

impl Signals {
    /// From here on the signals are blocked and wait here. Children get a mask of their own when they are started.
    pub(super) fn open() -> io::Result<Signals> {
        for signal in without_meaning() {
            // SAFETY: to ignore a signal touches no memory; children have their defaults back.
            unsafe { libc::signal(signal, libc::SIG_IGN) };
        }
        let set: SigSet = TAKEN.into_iter().collect();
        set.thread_block()?;
        Ok(Signals { fd: SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)? })
    }

    /// The signals that have come.
    pub(super) fn read(&self) -> io::Result<Vec<Signal>> {
        let mut signals = Vec::new();
        while let Some(info) = self.fd.read_signal()? {
            signals.extend(Signal::try_from(info.ssi_signo as i32));
        }
        Ok(signals)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
