//! A node's daemon and its children: started, signalled and killed by process id, and listened to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, getpgid, pipe2};
use vrrplab_engine::time::Instant;
use vrrplab_engine::vrrp::State;
use vrrplab_sim::trace::Name;

use super::host::LabHost;
use super::launch::Launch;
use super::standin;
use crate::kernel::namespace::Namespaces;
use crate::kernel::processes;

/// The daemon of a node.
#[derive(Debug)]
pub(super) struct Node {
    /// How it is started, with the configuration that it has now.
    pub(super) launch: Launch,
    /// The FIFO of its states.
    pub(super) claims: Option<Lines>,
    /// The FIFO in which stand-ins tell what they do.
    pub(super) jobs: Lines,
    /// What it says.
    pub(super) log: Option<Lines>,
    /// What each instance announced last.
    pub(super) announced: BTreeMap<Name, State>,
    /// The numbers of children that run, by process id.
    pub(super) children: BTreeMap<u32, u32>,
    /// Since when the daemon works: it says so, or tells a state.
    pub(super) there: Option<Instant>,
    /// What runs here, until that is told.
    pub(super) identity: Option<String>,
    /// When it was started last.
    pub(super) started: Option<Instant>,
    /// The daemon's first process.
    main: Option<Pid>,
    /// The program that runs beside it.
    beside: Option<Pid>,
}

/// A pipe that is read by lines.
#[derive(Debug)]
pub(super) struct Lines {
    pipe: fs::File,
    rest: Vec<u8>,
    ended: bool,
}

impl Lines {
    /// A FIFO by its path in the calling thread's namespace; it is made if it is not there. Open for writing too, so that it never
    /// ends.
    fn fifo(path: &Path) -> io::Result<Lines> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match nix::unistd::mkfifo(path, Mode::from_bits_truncate(0o600)) {
            Ok(()) | Err(nix::errno::Errno::EEXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlag::O_RDWR | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        Ok(Lines::of(open(path, flags, Mode::empty())?))
    }

    /// What a program will write: the other end is for it.
    pub(super) fn pipe() -> io::Result<(Lines, OwnedFd)> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok((Lines::of(reader), writer))
    }

    /// A pipe that does not block.
    fn of(pipe: OwnedFd) -> Lines {
        Lines { pipe: pipe.into(), rest: Vec::new(), ended: false }
    }

    /// Whether nobody can write to it any more.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The whole lines that wait, and at the end of the pipe what is left.
    pub(super) fn read(&mut self) -> io::Result<Vec<String>> {
        let mut buffer = [0; 4096];
        loop {
            match self.pipe.read(&mut buffer) {
                Ok(0) => {
                    self.ended = true;
                    if !self.rest.is_empty() {
                        self.rest.push(b'\n');
                    }
                    break;
                }
                Ok(n) => self.rest.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let Some(end) = self.rest.iter().rposition(|b| *b == b'\n') else { return Ok(Vec::new()) };
        let rest = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, rest);
        Ok(String::from_utf8_lossy(&whole).lines().map(str::to_string).collect())
    }
}

impl AsFd for Lines {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl Node {
    /// A node on which nothing runs yet. Stand-ins and FIFOs are there.
    pub(super) fn new(
        inside: &Namespaces,
        launch: Launch,
        cover: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Node> {
        let (claims, jobs) = inside.within(|| {
            cover()?;
            launch.covers.iter().try_for_each(|(path, text)| standin::cover_file(path, text))?;
            let claims = launch.claims.as_ref().map(|c| Lines::fifo(&c.path)).transpose()?;
            Ok::<_, io::Error>((claims, Lines::fifo(Path::new(standin::JOBS))?))
        })??;
        Ok(Node {
            launch,
            claims,
            jobs,
            log: None,
            announced: BTreeMap::new(),
            children: BTreeMap::new(),
            there: None,
            identity: None,
            started: None,
            main: None,
            beside: None,
        })
    }

    /// Whether the daemon was started and has not ended, as far as is known.
    pub(super) fn runs(&self) -> bool {
        self.main.is_some()
    }

    /// Whether the daemon is on its way: it has not ended, and it does not work yet.
    pub(super) fn is_starting(&self) -> bool {
        self.main.is_some() && self.there.is_none()
    }

    /// The daemon works now; whether that is news.
    pub(super) fn is_there(&mut self, now: Instant) -> bool {
        self.there.replace(self.there.unwrap_or(now)).is_none()
    }

    /// Starts the daemon.
    pub(super) fn start(&mut self, host: &LabHost) -> io::Result<()> {
        self.write_files(&host.namespaces)?;
        self.start_beside(host)?;
        let (log, writer) = Lines::pipe()?;
        let pid = self.spawn(host, &self.launch.argv, writer.try_clone()?.into(), writer.into())?;
        self.main = Some(pid);
        self.log = Some(log);
        self.announced.clear();
        self.there = None;
        Ok(())
    }

    /// Starts what runs beside the daemon, if it does not run yet.
    pub(super) fn start_beside(&mut self, host: &LabHost) -> io::Result<()> {
        let Some(beside) = self.launch.beside.as_ref().filter(|_| self.beside.is_none()) else {
            return Ok(());
        };
        let inside = &host.namespaces;
        self.write_files(inside)?;
        inside.within(|| match fs::remove_file(&beside.socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })??;
        self.beside = Some(self.spawn(host, &beside.argv, Stdio::null(), Stdio::null())?);
        Ok(())
    }

    fn write_files(&self, inside: &Namespaces) -> io::Result<()> {
        inside.within(|| {
            self.launch.files.iter().try_for_each(|(path, text)| {
                fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
                fs::write(path, text)
            })
        })?
    }

    /// SIGHUP, with the configuration in its place.
    pub(super) fn reload(&self, inside: &Namespaces) -> io::Result<()> {
        self.write_files(inside)?;
        if let Some(main) = self.main {
            let _ = kill(main, Signal::SIGHUP);
        }
        Ok(())
    }

    fn spawn(&self, host: &LabHost, argv: &[String], out: Stdio, err: Stdio) -> io::Result<Pid> {
        let mut command = Command::new(&argv[0]);
        command.args(&argv[1..]).envs(&self.launch.environment).stdin(Stdio::null());
        command.stdout(out).stderr(err);
        host.first.spawn(&host.namespaces, c"/", &mut command)
    }

    /// A process of this laboratory has ended.
    pub(super) fn reaped(&mut self, pid: Pid) -> bool {
        self.beside = self.beside.filter(|beside| *beside != pid);
        let was_main = self.main == Some(pid);
        if was_main {
            self.main = None;
        }
        was_main
    }

    /// SIGTERM, as an administrator stops it.
    pub(super) fn stop(&self) {
        if let Some(main) = self.main {
            let _ = kill(main, Signal::SIGTERM);
        }
    }

    /// All processes of the daemon, its scripts not included, and nothing of these process groups.
    pub(super) fn processes(&self, host: &LabHost, spared: &BTreeSet<Pid>) -> io::Result<Vec<Pid>> {
        let Some(main) = self.main else { return Ok(Vec::new()) };
        let program = program_of(main);
        let mut own = processes_of(host)?;
        let is_it = |pid: &Pid| program.is_some() && program_of(*pid) == program;
        let is_spared = |pid: &Pid| getpgid(Some(*pid)).is_ok_and(|group| spared.contains(&group));
        own.retain(|pid| (self.launch.is_all || is_it(pid)) && !is_spared(pid));
        Ok(own)
    }

    /// SIGKILL, SIGSTOP or SIGCONT to all of them.
    pub(super) fn signal(
        &mut self,
        host: &LabHost,
        spared: &BTreeSet<Pid>,
        signal: Signal,
    ) -> io::Result<()> {
        let own = self.processes(host, spared)?;
        match signal {
            Signal::SIGKILL => kill_at_once(&own),
            signal => own.iter().for_each(|pid| {
                let _ = kill(*pid, signal);
            }),
        }
        Ok(())
    }
}

/// What a process runs: its executable and the words that it was started with. What a dynamic loader was told to run, the words alone
/// say; none once it has ended.
fn program_of(pid: Pid) -> Option<(PathBuf, Vec<u8>)> {
    let executable = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some((executable, fs::read(format!("/proc/{pid}/cmdline")).ok()?))
}

/// SIGKILL to whatever runs in a host's network namespace: its power is lost. Again until nothing is left, because what is
/// about to be killed may start something.
pub(super) fn kill_all(host: &LabHost) -> io::Result<()> {
    loop {
        let left = processes_of(host)?;
        if left.is_empty() {
            return Ok(());
        }
        kill_at_once(&left);
        // To end takes the processor, which a laboratory that only looks whether they have would keep from them: it comes before
        // its daemons.
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// SIGKILL, but nobody may notice that another has gone: keepalived's child says farewell when its parent ends.
fn kill_at_once(pids: &[Pid]) {
    for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
        for pid in pids {
            let _ = kill(*pid, signal);
        }
    }
}

/// The living processes of a host but its first.
pub(super) fn processes_of(host: &LabHost) -> io::Result<Vec<Pid>> {
    let own = nix::sys::stat::fstat(host.namespaces.net())?;
    let first = host.first.pid().as_raw();
    let lab = std::process::id() as i32;
    let mut found = Vec::new();
    for (pid, folder) in processes::all()? {
        // A process that has ended has no namespaces any more.
        let Ok(at) = nix::sys::stat::stat(&folder.join("ns/net")) else { continue };
        if pid != lab && pid != first && (at.st_dev, at.st_ino) == (own.st_dev, own.st_ino) {
            found.push(Pid::from_raw(pid));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A daemon that closes its log before it ends made the laboratory spin, which starved the daemon.
    #[test]
    fn a_pipe_that_nobody_writes_to_has_ended() {
        let (mut lines, writer) = Lines::pipe().expect("a pipe");
        let mut writer = fs::File::from(writer);
        writer.write_all(b"one\ntw").expect("there is room");
        assert_eq!(lines.read().expect("it reads"), ["one"]);
        assert!(!lines.has_ended());
        drop(writer);
        assert_eq!(lines.read().expect("it reads"), ["tw"]);
        assert!(lines.has_ended());
    }
}
