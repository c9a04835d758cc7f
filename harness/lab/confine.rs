//! Where a laboratory lives: namespaces of its own for processes, network, mounts, host name and IPC. Its parent is process 1
//! in there, which does nothing but end with it: when it ends, however it ends, the kernel ends everything inside and nothing is left.
//!
//! Process 1 is never scheduled before others, as laboratories are. When it is killed, the kernel takes leave of all processes inside in
//! its name, and waits without sleeping for whoever is just removing the last files of one from a /proc (release_task,
//! shrink_dcache_parent). Sixty-four laboratories that were killed at once, each its own process 1 and before all others,
//! took both processors of a machine for half an hour from those for whom they waited.
//!
//! This must be done while the process has one thread. As root it is done at once; otherwise inside a user namespace
//! in which the caller is root.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::parent_id;

use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, Uid, fork, getgid, getuid, pipe2};

/// What stands between why there is no laboratory and what would permit one.
pub const PERMIT: &str = "  to permit it:";

/// How the laboratory got what it needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    /// The caller is root.
    Root,
    /// A user namespace in which the caller is root.
    UserNamespace,
}

/// Moves the process into namespaces of its own, as a child of process 1 there. The process that called stays behind and
/// ends with the status of the one that goes on; all end with the caller's parent, if it is still `parent`. The error says what
/// would permit it.
pub fn enter(parent: u32) -> Result<Means, String> {
    enter_new(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC, parent)
}

/// The same for what needs no network of its own here: making one takes the kernel's lock of all interfaces, and a process that goes behind
/// others keeps it for half a second from laboratories that do not.
pub fn enter_apart(parent: u32) -> Result<Means, String> {
    enter_new(CloneFlags::empty(), parent)
}

/// Processes and mounts are new in any case.
fn enter_new(kinds: CloneFlags, parent: u32) -> Result<Means, String> {
    end_with_parent(|| parent_id() == parent).map_err(|e| format!("prctl: {e}"))?;
    let means = if Uid::effective().is_root() { Means::Root } else { Means::UserNamespace };
    if means == Means::UserNamespace {
        user_namespace()?;
    }
    unshare(kinds | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID)
        .map_err(|e| refused(&format!("namespaces: {e}")))?;
    let (theirs, ours) = pipe2(OFlag::O_CLOEXEC).map_err(|e| format!("pipe: {e}"))?;
    // SAFETY: the process has a single thread, so the child may do everything that the parent may.
    match unsafe { fork() }.map_err(|e| format!("fork: {e}"))? {
        ForkResult::Parent { child } => {
            drop(theirs);
            let why = end_with(child);
            drop(ours);
            Err(why)
        }
        ForkResult::Child => {
            drop(ours);
            // Its number is 0 here whether it lives or not.
            end_with_parent(|| has_writer(&theirs)).map_err(|e| format!("prctl: {e}"))?;
            own_mounts().map_err(|e| format!("mounts: {e}"))?;
            go_on_as_child()?;
            Ok(means)
        }
    }
}

/// A child goes on; process 1 waits for it, and for orphans.
fn go_on_as_child() -> Result<(), String> {
    // SAFETY: the process has a single thread, so the child may do everything that the parent may.
    match unsafe { fork() }.map_err(|e| format!("fork: {e}"))? {
        ForkResult::Parent { child } => Err(end_with(child)),
        ForkResult::Child => Ok(()),
    }
}

/// Ends when the child does, with its status; or says why that is not to be known.
fn end_with(child: Pid) -> String {
    loop {
        match waitpid(None, None) {
            Ok(WaitStatus::Exited(who, status)) if who == child => std::process::exit(status),
            Ok(WaitStatus::Signaled(who, signal, _)) if who == child => {
                std::process::exit(128 + signal as i32)
            }
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return format!("wait: {error}"),
        }
    }
}

/// SIGKILL when the parent ends. It may have ended before that was said.
fn end_with_parent(lives: impl FnOnce() -> bool) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if lives() { Ok(()) } else { Err(io::Error::other("the parent has ended")) }
}

/// Whether somebody can still write into a pipe into which nobody does.
fn has_writer(pipe: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO) == Ok(0)
}

fn user_namespace() -> Result<(), String> {
    let (user, group) = (getuid(), getgid());
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|e| refused(&format!("a user namespace: {e}")))?;
    // Without this the group may not be mapped (user_namespaces(7)).
    let map = |file: &str, text: String| {
        fs::write(format!("/proc/self/{file}"), text).map_err(|e| refused(&format!("{file}: {e}")))
    };
    map("setgroups", "deny".to_string())?;
    map("uid_map", format!("0 {user} 1"))?;
    map("gid_map", format!("0 {group} 1"))?;
    one_group().map_err(|e| format!("seccomp: {e}"))
}

/// Lets setgroups(2) succeed without doing anything. With one group there is nothing to choose, but the kernel says EPERM, and a daemon
/// that drops its groups before a script then runs none.
fn one_group() -> io::Result<()> {
    // SAFETY: these make a number of numbers.
    let (load, compare, end) = unsafe {
        let load = libc::BPF_STMT((libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, 0);
        let equal = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
        let compare = libc::BPF_JUMP(equal, libc::SYS_setgroups as u32, 0, 1);
        (load, compare, |verdict| libc::BPF_STMT((libc::BPF_RET | libc::BPF_K) as u16, verdict))
    };
    // What the call returns is in the low bits: 0.
    let mut filter = [load, compare, end(libc::SECCOMP_RET_ERRNO), end(libc::SECCOMP_RET_ALLOW)];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the kernel copies the filter, which lives through the call.
    let done =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What would permit it.
fn refused(why: &str) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_string();
    let advice = if read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    } else if read("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
        "sysctl -w kernel.unprivileged_userns_clone=1"
    } else if read("/proc/sys/user/max_user_namespaces") == "0" {
        "sysctl -w user.max_user_namespaces=10000"
    } else {
        "run it as root: sudo -E env \"PATH=$PATH\" vrrplab run --world netns …"
    };
    format!("{why}\n{PERMIT} {advice}")
}

fn own_mounts() -> nix::Result<()> {
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), none)?;
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
}
