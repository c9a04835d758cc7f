//! The programs of hosts beside their daemons: started and stopped by the scenario, ended by the loss of power, untouched by what
//! becomes of the daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::scenario::Service;
use vrrplab_sim::trace::{Cause, What};

use super::node::Lines;
use super::world::{Due, Lab, write_file};
use crate::files;

/// How long a program that is told to end may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a program may take to be ready.
const READY: Duration = Duration::from_secs(10);
/// How often it is asked.
const ASK: Duration = Duration::from_millis(10);
/// Where programs begin.
const FOLDER: &CStr = c"/run";

/// All programs that run beside daemons.
#[derive(Debug, Default)]
pub(super) struct Services {
    /// By host and place among the host's: the leader of the program's process group.
    running: BTreeMap<(usize, usize), Pid>,
    /// Those that were told to end and have not yet.
    ending: BTreeSet<Pid>,
    /// What each says, by the order of starts.
    said: BTreeMap<u32, Said>,
    last: u32,
}

#[derive(Debug)]
struct Said {
    host: usize,
    service: usize,
    /// Until its end.
    lines: Option<Lines>,
    /// Its last line.
    last: String,
}

impl Services {
    /// What may be readable, by number.
    pub(super) fn fds(&self) -> impl Iterator<Item = (u32, BorrowedFd<'_>)> {
        self.said.iter().filter_map(|(n, said)| Some((*n, said.lines.as_ref()?.as_fd())))
    }

    /// The process groups of a host's programs.
    pub(super) fn groups(&self, host: usize) -> BTreeSet<Pid> {
        let running = self.running.iter().filter(|((h, _), _)| *h == host).map(|(_, pid)| *pid);
        running.chain(self.ending.iter().copied()).collect()
    }

    /// The power of a host is lost.
    pub(super) fn lose_power(&mut self, host: usize) {
        let gone = self.running.extract_if(.., |(h, _), _| *h == host);
        self.ending.extend(gone.map(|(_, pid)| pid));
    }

    /// It does not end although it was told to.
    pub(super) fn insist(&self, pid: Pid) {
        if self.ending.contains(&pid) {
            let _ = killpg(pid, Signal::SIGKILL);
        }
    }

    /// A process has ended: which program it was, if it was one that nobody told to end.
    fn reaped(&mut self, pid: Pid) -> Option<(usize, usize)> {
        self.ending.remove(&pid);
        let place = self.running.iter().find(|(_, running)| **running == pid).map(|(place, _)| *place);
        self.running.retain(|_, running| *running != pid);
        place
    }

    fn last_words(&self, host: usize, service: usize) -> &str {
        let of_it = self.said.values().rev().find(|s| (s.host, s.service) == (host, service));
        of_it.map_or("", |said| &said.last)
    }
}

impl Lab {
    /// Starts the programs that are there before any daemon, and waits for those that say when they are ready.
    pub(super) fn start_services(&mut self) -> io::Result<()> {
        let scenario = Arc::clone(&self.scenario);
        let hosts = scenario.hosts.iter().enumerate();
        let all =
            hosts.flat_map(|(h, host)| host.services.iter().enumerate().map(move |(s, spec)| (h, s, spec)));
        let first: Vec<_> = all.filter(|(_, _, spec)| spec.start == Some(Instant::ZERO)).collect();
        for (h, s, _) in &first {
            self.start_service(*h, *s)?;
        }
        for (h, s, spec) in first {
            if let Some(at) = spec.ready {
                self.until_ready(h, s, spec, at)?;
            }
        }
        Ok(())
    }

    fn until_ready(&mut self, h: usize, s: usize, spec: &Service, at: SocketAddr) -> io::Result<()> {
        let patience = self.clock.now() + READY;
        let wait = std::time::Duration::from_micros(ASK.as_micros());
        while self.hosts[h].namespaces.within(|| TcpStream::connect_timeout(&at, wait))?.is_err() {
            let late = self.clock.now() >= patience;
            if late || !self.services.running.contains_key(&(h, s)) {
                // Its last words may not have been read.
                self.turn(self.clock.now())?;
                let (name, command) = (&self.scenario.hosts[h].name, spec.command());
                let how =
                    if late { "does not take connections" } else { "has ended without taking connections" };
                let words = self.services.last_words(h, s);
                let said = if words.is_empty() { String::new() } else { format!(": {words}") };
                return Err(io::Error::other(format!("{name}: `{command}` {how} at {at}{said}")));
            }
            self.turn(self.clock.now() + ASK)?;
        }
        Ok(())
    }

    /// Starts a program with the scenario's clock.
    pub(super) fn service_due(&mut self, h: usize, s: usize) -> io::Result<()> {
        if !self.powered[h] || self.services.running.contains_key(&(h, s)) {
            return Ok(());
        }
        let host = &self.scenario.hosts[h];
        let text = format!("run {} {}", host.name, host.services[s].command());
        self.tell(self.clock.now(), None, What::Fault(text), Cause::None);
        self.start_service(h, s)
    }

    /// So many of the programs with such a command line run from now on: the first.
    pub(super) fn set_running(&mut self, h: usize, pattern: &str, wanted: u32) -> io::Result<()> {
        let scenario = Arc::clone(&self.scenario);
        let all = scenario.hosts[h].services.iter().enumerate();
        for (n, (s, _)) in all.filter(|(_, spec)| spec.command().contains(pattern)).enumerate() {
            match n < wanted as usize {
                true if self.powered[h] => self.start_service(h, s)?,
                true => {}
                false => self.stop_service(h, s),
            }
        }
        Ok(())
    }

    fn start_service(&mut self, h: usize, s: usize) -> io::Result<()> {
        if self.services.running.contains_key(&(h, s)) {
            return Ok(());
        }
        let scenario = Arc::clone(&self.scenario);
        let (host, spec) = (&self.hosts[h], &scenario.hosts[h].services[s]);
        host.namespaces
            .within(|| spec.files.iter().try_for_each(|(path, text)| write_file(path, Some(text))))??;
        let (lines, writer) = Lines::pipe()?;
        let program = files::program(&spec.argv[0]).unwrap_or_else(|| spec.argv[0].clone().into());
        let mut command = Command::new(program);
        command.arg0(&spec.argv[0]).args(&spec.argv[1..]).process_group(0);
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let pid = host.first.spawn(&host.namespaces, FOLDER, &mut command)?;
        let said = Said { host: h, service: s, lines: Some(lines), last: String::new() };
        self.services.running.insert((h, s), pid);
        self.services.last += 1;
        self.services.said.insert(self.services.last, said);
        Ok(())
    }

    fn stop_service(&mut self, h: usize, s: usize) {
        let Some(pid) = self.services.running.remove(&(h, s)) else { return };
        let _ = killpg(pid, Signal::SIGTERM);
        self.services.ending.insert(pid);
        self.later(self.clock.now() + PATIENCE, Due::Insist(pid));
    }

    /// A program says something.
    pub(super) fn service_said(&mut self, number: u32) -> io::Result<()> {
        let Some(said) = self.services.said.get_mut(&number) else { return Ok(()) };
        let Some(pipe) = &mut said.lines else { return Ok(()) };
        let lines = pipe.read()?;
        if pipe.has_ended() {
            said.lines = None;
        }
        let (h, s) = (said.host, said.service);
        if let Some(last) = lines.last() {
            said.last.clone_from(last);
        }
        let name = self.scenario.hosts[h].services[s].name().to_string();
        for line in lines {
            self.tell(self.clock.now(), Some(h), What::Log(format!("{name}: {line}")), Cause::None);
        }
        Ok(())
    }

    /// A process has ended: a program that nobody told to is told of.
    pub(super) fn service_ended(&mut self, pid: Pid, status: WaitStatus) {
        let Some((h, s)) = self.services.reaped(pid) else { return };
        let name = self.scenario.hosts[h].services[s].name();
        let words = match status {
            WaitStatus::Exited(_, 0) => {
                format!("{name} has ended with status 0: here programs stay in the foreground")
            }
            WaitStatus::Exited(_, code) => format!("{name} has ended with status {code}"),
            WaitStatus::Signaled(_, signal, _) => format!("{name} was ended by {signal}"),
            _ => return,
        };
        self.tell(self.clock.now(), Some(h), What::Log(words), Cause::None);
    }
}
