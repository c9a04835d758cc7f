//! Children: scripts as keepalived starts them (strace of 2.2.7), each the leader of a process group of its own, with
//! nothing to read from or write to, killed if the daemon dies.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Gid, Group, Pid, Uid, User, execve, setgid, setgroups, setuid};
use vrrplab_engine::boundary::{Exit, JobId, KillSignal};
use vrrplab_engine::config::Config;

use crate::kernel::namespace::hear_signals;

/// What keepalived takes out of the environment of its children.
const WITHHELD: [&str; 3] = ["IFS", "LD_PRELOAD", "LD_LIBRARY_PATH"];

/// Whom to run something as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct As {
    pub(super) user: Uid,
    pub(super) group: Gid,
}

impl As {
    /// A user, and a group other than the user's own if one is given.
    pub(super) fn named(user: &str, group: Option<&str>) -> io::Result<As> {
        let missing = |what: &str, name: &str| {
            io::Error::new(io::ErrorKind::NotFound, format!("{what} '{name}' does not exist"))
        };
        let found = User::from_name(user)?.ok_or_else(|| missing("user", user))?;
        let group = match group {
            Some(name) => Group::from_name(name)?.ok_or_else(|| missing("group", name))?.gid,
            None => found.gid,
        };
        Ok(As { user: found.uid, group })
    }

    /// `script_user`, or `keepalived_script` where there is one, or root.
    pub(super) fn default_of(config: &Config) -> io::Result<As> {
        if let Some((user, group)) = &config.global.script_user {
            return As::named(user, group.as_deref());
        }
        let root = As { user: Uid::from_raw(0), group: Gid::from_raw(0) };
        Ok(As::named("keepalived_script", None).unwrap_or(root))
    }
}

/// The children that run.
#[derive(Debug)]
pub(super) struct Children {
    default: As,
    jobs: BTreeMap<JobId, Child>,
    /// Children that the engine knows nothing of: the readers of FIFOs.
    others: Vec<Child>,
}

impl Children {
    /// No children yet; they run as `default` unless told otherwise.
    pub(super) fn new(default: As) -> Children {
        Children { default, jobs: BTreeMap::new(), others: Vec::new() }
    }

    /// Whom a command runs as; no words are the default.
    pub(super) fn user<'a>(&self, mut words: impl Iterator<Item = &'a str>) -> io::Result<As> {
        match words.next() {
            Some(user) => As::named(user, words.next()),
            None => Ok(self.default),
        }
    }

    /// Starts a job.
    pub(super) fn spawn<'a>(
        &mut self,
        job: JobId,
        argv: impl Iterator<Item = &'a str>,
        whom: As,
    ) -> io::Result<()> {
        let child = start(argv, whom)?;
        self.jobs.insert(job, child);
        Ok(())
    }

    /// Whom children run as from now on unless told otherwise.
    pub(super) fn run_as(&mut self, default: As) {
        self.default = default;
    }

    /// Starts what the engine does not wait for.
    pub(super) fn spawn_other<'a>(
        &mut self,
        argv: impl Iterator<Item = &'a str>,
        whom: Option<As>,
    ) -> io::Result<()> {
        self.others.push(start(argv, whom.unwrap_or(self.default))?);
        Ok(())
    }

    /// Sends a signal to a job's process group. One that has ended meanwhile needs none.
    pub(super) fn kill(&self, job: JobId, signal: KillSignal) {
        let Some(child) = self.jobs.get(&job) else { return };
        let signal = match signal {
            KillSignal::Term => Signal::SIGTERM,
            KillSignal::Kill => Signal::SIGKILL,
        };
        let _ = killpg(Pid::from_raw(child.id() as i32), signal);
    }

    /// The jobs that have ended, in the order of their numbers.
    pub(super) fn reap(&mut self) -> Vec<(JobId, Exit)> {
        self.others.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let over = self.jobs.iter_mut().filter_map(|(job, child)| match child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some((*job, exit_of(status))),
            // Somebody else has waited for it: how it ended is lost, that it did is not.
            Err(_) => Some((*job, Exit::Status(255))),
        });
        let over: Vec<_> = over.collect();
        over.iter().for_each(|(job, _)| drop(self.jobs.remove(job)));
        over
    }

    /// The daemon ends: nobody is to read its FIFOs any more.
    pub(super) fn end_others(&mut self) {
        for mut child in self.others.drain(..) {
            let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
            let _ = child.try_wait();
        }
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Status(code as u8),
        (None, signal) => Exit::Signal(signal.unwrap_or(0) as u8),
    }
}

/// A file without a hash-bang is no program, as with execve(2) and unlike a shell.
fn start<'a>(argv: impl Iterator<Item = &'a str>, whom: As) -> io::Result<Child> {
    let argv: Vec<CString> = argv.map(CString::new).collect::<Result<_, _>>()?;
    let program = argv.first().ok_or(io::ErrorKind::InvalidInput)?;
    let path = on_path(OsStr::from_bytes(program.as_bytes())).ok_or(io::ErrorKind::NotFound)?;
    let path = CString::new(path.into_os_string().into_vec())?;
    let environment = environment()?;
    let mut command = Command::new(OsStr::from_bytes(program.as_bytes()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let parent = std::process::id();
    let become_it = move || {
        become_somebody(whom, parent)?;
        execve(&path, &argv, &environment)?;
        unreachable!("a program has taken over")
    };
    // SAFETY: between fork and exec it makes system calls only; the daemon has one thread.
    unsafe { command.pre_exec(become_it) };
    command.spawn()
}

/// What a child is before it is a program.
fn become_somebody(whom: As, parent: u32) -> io::Result<()> {
    hear_signals()?;
    setgroups(&[whom.group])?;
    setgid(whom.group)?;
    setuid(whom.user)?;
    // SAFETY: these take numbers and touch no memory of ours. Signals without a handler of their own (the C library's) are
    // refused, which is as well.
    unsafe {
        for signal in 1..=libc::SIGRTMAX() {
            libc::signal(signal, libc::SIG_DFL);
        }
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
        // The daemon may have died before it could be asked to tell of its death.
        if libc::getppid() as u32 != parent {
            libc::_exit(0);
        }
    }
    Ok(())
}

/// The path of a program: itself if it is one, else where `PATH` finds it.
pub(super) fn on_path(program: &OsStr) -> Option<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return Some(program.into());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn environment() -> io::Result<Vec<CString>> {
    let kept = std::env::vars_os().filter(|(name, _)| WITHHELD.iter().all(|w| name != w));
    let line = |(name, value): (OsString, OsString)| {
        CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).map_err(io::Error::from)
    };
    kept.map(line).collect()
}
