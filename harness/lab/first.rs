//! A host's first process: it does nothing but take leave of orphans, and with it the host has processes of its own. `killall`, `pidof`
//! and whatever else looks into /proc sees those of its own machine and no other's, and who wants to look around has a process to
//! enter by.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{ForkResult, Pid, chdir, fork, pipe2};

use super::priority::{STARTING, go_back, go_first};
use crate::kernel::namespace::{Namespaces, enter_by, hear_signals};

/// Process 1 of a host. It ends with the laboratory.
#[derive(Debug)]
pub(super) struct First {
    pid: Pid,
    namespace: OwnedFd,
}

impl First {
    /// Starts it. The calling process has one thread.
    pub(super) fn start(inside: &Namespaces) -> io::Result<First> {
        let (mut news, tell) = pipe2(nix::fcntl::OFlag::O_CLOEXEC).map(|(r, w)| (File::from(r), w))?;
        let back = Children::here()?;
        unshare(CloneFlags::CLONE_NEWPID)?;
        // SAFETY: the process has one thread, so the child may do what it likes.
        let pid = match unsafe { fork() }? {
            ForkResult::Parent { child } => child,
            ForkResult::Child => be_first(inside, tell),
        };
        drop(back);
        drop(tell);
        let mut why = String::new();
        news.read_to_string(&mut why)?;
        if !why.is_empty() {
            return Err(io::Error::other(format!("a host's own processes: {why}")));
        }
        Ok(First { pid, namespace: File::open(format!("/proc/{pid}/ns/pid"))?.into() })
    }

    /// Its number as the laboratory sees it.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Starts a program in a folder of the host; the number is the laboratory's for it.
    pub(super) fn spawn(
        &self,
        inside: &Namespaces,
        folder: &'static CStr,
        command: &mut Command,
    ) -> io::Result<Pid> {
        let fds = [inside.mount().as_raw_fd(), inside.name().as_raw_fd(), inside.net().as_raw_fd()];
        // The folder last: whoever enters a mount namespace is at its root.
        let enter = move || {
            go_first(STARTING);
            enter_by(fds)?;
            hear_signals()?;
            Ok(chdir(folder)?)
        };
        // SAFETY: what runs between fork and exec makes system calls only.
        unsafe { command.pre_exec(enter) };
        let _back = Children::here()?;
        setns(&self.namespace, CloneFlags::CLONE_NEWPID)?;
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|e| io::Error::new(e.kind(), format!("{program}: {e}")))?;
        Ok(Pid::from_raw(child.id() as i32))
    }
}

/// Where children of the calling process are made, as it was.
struct Children(OwnedFd);

impl Children {
    fn here() -> io::Result<Children> {
        Ok(Children(File::open("/proc/self/ns/pid")?.into()))
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        setns(&self.0, CloneFlags::CLONE_NEWPID).expect("a process can go back to where it came from");
    }
}

/// What the first process does. Whoever is left without a parent becomes its child, and is forgotten when it ends.
fn be_first(inside: &Namespaces, tell: OwnedFd) -> ! {
    let mut tell = File::from(tell);
    if let Err(why) = settle_in(inside) {
        let _ = write!(tell, "{why}");
        std::process::exit(1);
    }
    drop(tell);
    // SAFETY: nothing that has a descriptor is used from here on.
    unsafe { libc::close_range(0, u32::MAX, 0) };
    // Like process 1 of the laboratory: whoever takes leave of the dead goes before nobody.
    go_back();
    let mut ended = SigSet::empty();
    ended.add(Signal::SIGCHLD);
    let _ = ended.thread_block();
    loop {
        while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status.pid().is_some()) {}
        let _ = ended.wait();
    }
}

fn settle_in(inside: &Namespaces) -> io::Result<()> {
    inside.enter()?;
    let none: Option<&str> = None;
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none)?;
    Ok(())
}
