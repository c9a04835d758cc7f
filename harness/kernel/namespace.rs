//! Namespaces, held by descriptor alone: no names, no mounts, so nothing is left of them when their last holder ends,
//! however it ends.
//!
//! A namespace belongs to a thread, and these functions move the calling one. They are for processes with a single
//! thread; [`within`] comes back whatever happens, because a thread in the wrong namespace would do its work on the
//! wrong machine.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd::fchdir;

/// A network namespace, and the mount and host name namespaces that go with it.
#[derive(Debug)]
pub struct Namespaces {
    net: OwnedFd,
    mount: OwnedFd,
    name: OwnedFd,
}

fn own(kind: &str) -> io::Result<OwnedFd> {
    Ok(File::open(format!("/proc/thread-self/ns/{kind}"))?.into())
}

impl Namespaces {
    /// Those of the calling thread.
    pub fn current() -> io::Result<Namespaces> {
        Ok(Namespaces { net: own("net")?, mount: own("mnt")?, name: own("uts")? })
    }

    /// New ones; `prepare` runs inside before anybody else sees them. The calling thread stays where it is.
    pub fn create<T>(prepare: impl FnOnce() -> io::Result<T>) -> io::Result<(Namespaces, T)> {
        let (here, folder) = (Namespaces::current()?, folder()?);
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)?;
        // Only now is there a way back to take: who may not leave may not return either.
        let _back = Back(&here, &folder);
        let made = prepare()?;
        Ok((Namespaces::current()?, made))
    }

    /// Does something inside.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        let (here, folder) = (Namespaces::current()?, folder()?);
        let _back = Back(&here, &folder);
        self.enter()?;
        Ok(work())
    }

    /// Moves the calling thread there for good.
    pub fn enter(&self) -> io::Result<()> {
        enter_by([self.mount.as_raw_fd(), self.name.as_raw_fd(), self.net.as_raw_fd()])
    }

    /// The network namespace.
    pub fn net(&self) -> BorrowedFd<'_> {
        self.net.as_fd()
    }

    /// The mount namespace.
    pub fn mount(&self) -> BorrowedFd<'_> {
        self.mount.as_fd()
    }

    /// The namespace of the host name.
    pub fn name(&self) -> BorrowedFd<'_> {
        self.name.as_fd()
    }
}

/// Moves the calling thread into these namespaces: mounts, host name, network. Makes only system calls, as is needed
/// between fork and exec; descriptors, because a closure for that time outlives every borrow.
pub fn enter_by([mount, name, net]: [RawFd; 3]) -> io::Result<()> {
    let kinds = [libc::CLONE_NEWNS, libc::CLONE_NEWUTS, libc::CLONE_NEWNET];
    for (fd, kind) in [mount, name, net].into_iter().zip(kinds) {
        // SAFETY: setns(2) touches no memory of ours.
        if unsafe { libc::setns(fd, kind) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Lets the calling thread receive all signals: a program that a process with a signalfd starts would otherwise be deaf to those that its
/// parent reads there. Makes only a system call.
pub fn hear_signals() -> io::Result<()> {
    Ok(nix::sys::signal::SigSet::empty().thread_set_mask()?)
}

fn folder() -> io::Result<OwnedFd> {
    Ok(open(".", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?)
}

/// Brings the thread back, also when what was done inside panics; and to the folder that it was in, because whoever enters a mount
/// namespace is at its root.
struct Back<'a>(&'a Namespaces, &'a OwnedFd);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        let back = self.0.enter().and_then(|()| Ok(fchdir(self.1)?));
        back.expect("a thread can go back to where it came from");
    }
}
