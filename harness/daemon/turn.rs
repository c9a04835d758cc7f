//! The loop: what is ready, then what is due.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_timerslack;
use nix::sys::signal::Signal as Unix;
use nix::sys::utsname::uname;
use vrrplab_engine::Node;
use vrrplab_engine::boundary::{
    ConnId, Cost, Effect, Effects, Exit, HostFacts, Input, JobId, KernelEvent, LinkId, Origin, Signal,
    SockId, Timed,
};
use vrrplab_engine::config::Config;
use vrrplab_engine::time::{Duration, Instant};

use super::children::As;
use super::host::{Echo, Host};
use super::log::Log;
use super::results::Results;
use super::signals::Signals;
use super::watch::{self, Files, Processes};
use super::wording::Wording;
use super::{Options, Source, dump, routes, systemd};
use crate::kernel::clock::{Alarm, RunClock};

/// Packets that are read from a socket in one round. No socket holds as many, so that what waits is read before a timer
/// fires; and a flood cannot keep timers from firing.
const ROUND: usize = 1024;

/// The longest IPv4 packet.
const LONGEST: usize = 65_536;

/// A running daemon.
#[derive(Debug)]
pub(super) struct Daemon {
    node: Node,
    effects: Effects,
    /// Work is waited for.
    spends: bool,
    pub(super) host: Host,
    /// Whose names and numbers effects mean: the engine is ahead of it while a reload is carried out.
    pub(super) config: Arc<Config>,
    /// Where it is from.
    pub(super) source: Source,
    /// A reload has found a text that is refused.
    pub(super) refused: bool,
    clock: RunClock,
    /// The instant of the last input; the engine's time does not go back.
    last: Instant,
    alarm: Alarm,
    signals: Signals,
    pub(super) files: Files,
    buffer: Vec<u8>,
    pub(super) processes: Processes,
    pub(super) results: Results,
    pub(super) log: Log,
}

/// Something to read from.
#[derive(Clone, Copy, Debug)]
enum Ready {
    Alarm,
    Signals,
    Kernel,
    Files,
    Processes,
    Socket(SockId),
    Stream(ConnId),
}

impl Daemon {
    /// Everything is opened but what the engine asks for.
    pub(super) fn open(config: Arc<Config>, options: &Options, mut log: Log) -> io::Result<Daemon> {
        let signals = Signals::open()?;
        let spends = options.cost != Cost::FREE;
        if spends {
            // The kernel would let us sleep for 50 µs longer.
            set_timerslack(1)?;
        }
        let mut host = Host::open(&config, As::default_of(&config)?, options.keep_addresses)?;
        host.open_pipes(&config);
        let (files, missing) = Files::open(&config)?;
        missing.iter().for_each(|folder| log.line(&format!("Unable to monitor {folder} - not found")));
        let clock = RunClock::start();
        let processes = Processes::open(&config)?;
        let facts = facts(&config, &host, processes.counted());
        Ok(Daemon {
            node: Node::new(Arc::clone(&config), &facts),
            effects: Effects::new(options.cost),
            spends,
            host,
            config,
            source: options.source.clone(),
            refused: false,
            clock,
            last: Instant::ZERO,
            alarm: Alarm::new()?,
            signals,
            files,
            buffer: vec![0; LONGEST],
            processes,
            results: Results::default(),
            log,
        })
    }

    /// Runs until the engine ends.
    pub(super) fn run(&mut self) -> io::Result<()> {
        self.hand(Input::Start);
        // To join groups takes 0.1 s while other namespaces of the machine come and go. A router counts from when it can hear.
        self.clock = RunClock::start();
        self.log.line("Startup complete");
        systemd::tell("READY=1");
        while !self.host.ended {
            self.alarm.set(&self.clock, self.node.deadline())?;
            for source in self.wait()? {
                self.read(source)?;
            }
            self.fire();
        }
        self.host.close();
        self.complain();
        self.log.line("Stopped vrrplab");
        if self.refused { Err(io::Error::other("the new configuration is refused")) } else { Ok(()) }
    }

    fn wait(&self) -> io::Result<Vec<Ready>> {
        let mut sources = vec![Ready::Signals, Ready::Kernel, Ready::Files, Ready::Processes, Ready::Alarm];
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut fds = vec![
            readable(self.signals.as_fd()),
            readable(self.host.links.as_fd()),
            readable(self.files.as_fd()),
            readable(self.processes.as_fd()),
            readable(self.alarm.as_fd()),
        ];
        for (sock, raw) in &self.host.sockets {
            sources.push(Ready::Socket(*sock));
            fds.push(readable(raw.as_fd()));
        }
        for (conn, fd, writes) in self.host.streams.waits() {
            sources.push(Ready::Stream(conn));
            let room = if writes { PollFlags::POLLOUT } else { PollFlags::empty() };
            fds.push(PollFd::new(fd, PollFlags::POLLIN | room));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        let ready = fds.iter().map(|fd| fd.revents().is_some_and(|events| !events.is_empty()));
        Ok(sources.into_iter().zip(ready).filter(|(_, ready)| *ready).map(|(source, _)| source).collect())
    }

    fn read(&mut self, source: Ready) -> io::Result<()> {
        match source {
            Ready::Alarm => self.alarm.silence()?,
            Ready::Signals => {
                for signal in self.signals.read()? {
                    self.signal(signal);
                }
            }
            Ready::Kernel => {
                let news = self.host.links.news()?;
                self.host.reopen(&news.replaced, self.node.config());
                for event in news.events {
                    self.kernel(event);
                }
                for change in &news.strange {
                    let links = &self.host.links;
                    if let Some(event) = routes::event(change, self.node.config(), &|name| links.index(name))
                    {
                        self.kernel(event);
                    }
                }
            }
            Ready::Files => {
                for file in self.files.changed()? {
                    let content = std::fs::read(&self.node.config().files[usize::from(file.0)].file).ok();
                    self.hand(Input::File { file, content: content.as_deref() });
                }
            }
            Ready::Processes => {
                for (process, running) in self.processes.changed()? {
                    self.hand(Input::Processes { process, running });
                }
            }
            Ready::Socket(sock) => self.packets(sock),
            Ready::Stream(conn) => {
                if let Some(told) = self.host.streams.ready(conn) {
                    self.hand(Input::Stream { conn, event: told.event() });
                }
            }
        }
        Ok(())
    }

    fn signal(&mut self, signal: Unix) {
        match signal {
            Unix::SIGTERM | Unix::SIGINT if !self.host.stopping => {
                self.log.line("Stopping");
                systemd::tell("STOPPING=1");
                self.host.stopping = true;
                self.hand(Input::Signal(Signal::Term));
            }
            Unix::SIGCHLD => {
                for (job, exit) in self.host.children.reap() {
                    self.ended(job, exit);
                }
            }
            Unix::SIGHUP if !self.host.stopping => self.reload(),
            Unix::SIGUSR1 => {
                self.log.line("Printing VRRP data on signal");
                self.told(dump::write("/tmp/keepalived.data", &dump::data(&self.node)));
            }
            Unix::SIGUSR2 => {
                self.log.line("Printing VRRP stats on signal");
                self.told(dump::write("/tmp/keepalived.stats", &dump::stats(&self.node)));
            }
            _ => {}
        }
    }

    fn told(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.log.line(&error.to_string());
        }
    }

    fn kernel(&mut self, event: KernelEvent) {
        if let KernelEvent::Link { link, up } = event
            && self.is_used(link)
        {
            let state = if up { "up" } else { "down" };
            let line = format!("Netlink reports {} {state}", self.host.links.get(link).0);
            self.log.line(&line);
        }
        self.hand(Input::Kernel(event));
    }

    /// Whether an instance runs on an interface or follows it.
    fn is_used(&self, link: LinkId) -> bool {
        let name = self.host.links.get(link).0;
        let config = self.node.config();
        let groups = config.groups.iter().map(|g| &g.tracks);
        let tracks = config.instances.iter().map(|i| &i.tracks).chain(groups);
        config.instances.iter().any(|i| i.interface == name)
            || tracks.flat_map(|t| &t.interfaces).any(|t| t.name == name)
    }

    fn packets(&mut self, sock: SockId) {
        let mut buffer = std::mem::take(&mut self.buffer);
        for _ in 0..ROUND {
            // What was read before may have closed it.
            let Some(raw) = self.host.sockets.get(&sock) else { break };
            let (node, effects, clock, last) =
                (&mut self.node, &mut self.effects, &self.clock, &mut self.last);
            let read = raw.receive(&mut buffer, |packet| {
                *last = clock.now().max(*last);
                effects.clear(Origin::default());
                node.handle(Input::Packet { sock, packet }, *last, effects);
            });
            match read {
                Ok(Some(())) => self.carry_out(false),
                Ok(None) => break,
                Err(error) => {
                    self.log.line(&format!("receive: {error}"));
                    break;
                }
            }
        }
        self.buffer = buffer;
    }

    fn ended(&mut self, job: JobId, exit: Exit) {
        if let Some(line) = self.results.ended(self.node.config(), job, exit) {
            self.log.line(&line);
        }
        self.hand(Input::Job { job, exit });
    }

    /// Everything that is due by now.
    fn fire(&mut self) {
        while self.node.deadline().is_some_and(|at| at <= self.clock.now()) && !self.host.ended {
            self.hand(Input::Wake);
        }
    }

    /// Hands the engine an input, and carries out what it asks for.
    pub(super) fn hand(&mut self, input: Input<'_>) {
        let starts = matches!(input, Input::Start | Input::Reload { .. });
        self.last = self.clock.now().max(self.last);
        self.effects.clear(Origin::default());
        self.node.handle(input, self.last, &mut self.effects);
        self.carry_out(starts);
    }

    /// Does first and talks afterwards: a log that is slow makes no advert late.
    fn carry_out(&mut self, starts: bool) {
        let before = Arc::clone(&self.config);
        let all = self.effects.len();
        let mut reloaded = all;
        for i in 0..all {
            let Timed { at, effect, .. } = self.effects.get(i);
            self.spend_until(at);
            if effect == Effect::Reloaded {
                reloaded = i;
                self.config = Arc::clone(self.node.config());
                self.host.reopen_pipes(&self.config);
            }
            self.host.perform(effect, &self.effects, &self.config);
        }
        self.host.flush();
        self.spend_until(self.effects.now());
        self.results.started(&self.config, &self.effects, starts);
        let (links, detail) = (&self.host.links, self.log.detail());
        let names = |link| links.get(link).0;
        let (vrrp, effects) = (self.node.vrrp(), &self.effects);
        for (config, which) in [(&before, 0..reloaded), (&self.config, reloaded..all)] {
            let wording = Wording { config, vrrp, effects, which, names: &names, starts, detail };
            wording.lines().iter().for_each(|line| self.log.line(line));
        }
        self.complain();
        while let Some(echo) = self.host.echoes.pop_front() {
            match echo {
                Echo::Job(job, exit) => self.ended(job, exit),
                Echo::Stream(conn, told) => self.hand(Input::Stream { conn, event: told.event() }),
            }
        }
    }

    /// Where computing takes no time, work is over when it should be.
    fn spend_until(&self, at: Instant) {
        if self.spends {
            self.clock.wait_until(at);
        }
    }

    fn complain(&mut self) {
        for line in std::mem::take(&mut self.host.complaints) {
            self.log.line(&line);
        }
    }
}

/// What the daemon finds when it starts, or reads its configuration again.
pub(super) fn facts(config: &Config, host: &Host, counted: &[u32]) -> HostFacts {
    let name = uname().map(|u| u.nodename().to_string_lossy().into_owned()).unwrap_or_default();
    let forwards = std::fs::read_to_string("/proc/sys/net/ipv6/conf/all/forwarding").unwrap_or_default();
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    HostFacts {
        hostname: name.split('.').next().unwrap_or_default().to_string(),
        links: host.links.facts(),
        forwards6: forwards.trim() == "1",
        files: watch::contents(config),
        processes: counted.to_vec(),
        wall_clock: Duration::from_micros(wall.as_micros() as u64),
    }
}
