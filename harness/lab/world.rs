//! A laboratory that runs: one thread, one poll loop. Frames first, because the time that they spend here is felt; then what kernels and daemons
//! tell; then what is due by the clock.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::anchors::{Anchors, Sight};
use vrrplab_sim::fabric::{Fabric, QUERY_INTERVAL};
use vrrplab_sim::scenario::{FilterRule, HostIndex, Role, Scenario, ScriptModel, When};
use vrrplab_sim::trace::{Cause, What};

use super::Clock;
use super::bridge::Bridges;
use super::host::{self, LabHost};
use super::launch::{Crew, Launch};
use super::mail::Servers;
use super::node::Node;
use super::ping::Prober;
use super::priority::{SWITCH, behind, go_back, go_first};
use super::private::room_for;
use super::record::{Record, Seen};
use super::relay::Delivery;
use super::services::Services;
use super::standin;
use super::waits::Waits;
use super::witness::Witnesses;
use crate::kernel::clock::{Alarm, RunClock};
use crate::kernel::netlink::Netlink;
use crate::notes::Notes;

/// A running laboratory.
pub(super) struct Lab {
    pub(super) scenario: Arc<Scenario>,
    pub(super) clock: RunClock,
    /// Whether nothing else can make the machine late.
    time: Clock,
    pub(super) outside: Netlink,
    pub(super) hosts: Vec<LabHost>,
    /// By host; none for clients.
    pub(super) nodes: Vec<Option<Node>>,
    /// Whether each host has power.
    pub(super) powered: Vec<bool>,
    /// Whether each link of each host has carrier.
    pub(super) carrier: Vec<Vec<bool>>,
    /// How commands end on each host.
    pub(super) models: Vec<Vec<ScriptModel>>,
    /// The rules of each host's packet filter.
    pub(super) filters: BTreeMap<usize, Vec<FilterRule>>,
    /// The hosts that have had any.
    pub(super) filtered: BTreeSet<usize>,
    pub(super) crew: Crew,
    pub(super) fabric: Fabric,
    pub(super) bridges: Bridges,
    pub(super) anchors: Anchors,
    pub(super) probers: Vec<Option<Prober>>,
    pub(super) servers: Servers,
    pub(super) services: Services,
    pub(super) record: Record,
    pub(super) notes: Notes,
    waits: Waits,
    witnesses: Option<Witnesses>,
    /// What is due, in the order of time and of being set going.
    queue: BTreeMap<(Instant, u64), Due>,
    queued: u64,
    /// Since when it is done: what the run begins with was due a moment before.
    going: Instant,
    alarm: Alarm,
    signals: SignalFd,
    /// Standard input, where the end of a laboratory that stays is told.
    pub(super) leash: Option<io::Stdin>,
}

/// What is done when its time has come.
#[derive(Debug)]
pub(super) enum Due {
    Act(usize),
    Start(usize),
    Power { host: usize, act: usize },
    EndOfImpairment { act: usize },
    Service { host: usize, service: usize },
    Insist(Pid),
    Ping(usize),
    Query(usize),
    Weigh,
    Arrive { from: vrrplab_sim::fabric::PortId, frame: Vec<u8>, seen: Seen },
    Deliver(Delivery),
}

/// What can be readable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
    Port(usize, usize),
    Monitor(usize),
    Claims(usize),
    Jobs(usize),
    Log(usize),
    Service(u32),
    Mail,
    Children,
    Leash,
    Alarm,
}

impl Lab {
    /// Builds everything; nothing runs yet.
    pub(super) fn build(scenario: Arc<Scenario>, seed: u64, crew: Crew, time: Clock) -> io::Result<Lab> {
        // The switch's ends must be silent: no router solicitations, no reports.
        host::sysctl("net/ipv6/conf/default/disable_ipv6", "1")?;
        let mut outside = Netlink::open()?;
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGCHLD);
        signals.thread_block()?;
        let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let mut hosts = Vec::with_capacity(scenario.hosts.len());
        for (h, spec) in scenario.hosts.iter().enumerate() {
            hosts.push(host::build(&mut outside, h, spec)?);
        }
        let bridges = Bridges::build(&mut outside, &scenario, &hosts)?;
        let models = scenario.hosts.iter().map(|host| match &host.role {
            Role::Node(node) => node.scripts.clone(),
            Role::Client(_) => Vec::new(),
        });
        let mut lab = Lab {
            clock: RunClock::start(),
            time,
            outside,
            nodes: Vec::new(),
            powered: vec![true; hosts.len()],
            carrier: hosts.iter().map(|host| vec![true; host.links.len()]).collect(),
            models: models.collect(),
            filters: BTreeMap::new(),
            filtered: BTreeSet::new(),
            crew,
            fabric: Fabric::new(&scenario, seed),
            bridges,
            anchors: Anchors::new(&scenario),
            probers: Vec::new(),
            servers: Servers::default(),
            services: Services::default(),
            record: Record::default(),
            notes: Notes::default(),
            waits: Waits::default(),
            witnesses: None,
            queue: BTreeMap::new(),
            queued: 0,
            going: Instant::ZERO,
            alarm: Alarm::new()?,
            signals,
            leash: None,
            hosts,
            scenario,
        };
        lab.furnish()?;
        Ok(lab)
    }

    /// Nodes, probes and servers.
    fn furnish(&mut self) -> io::Result<()> {
        let scenario = Arc::clone(&self.scenario);
        for (h, spec) in scenario.hosts.iter().enumerate() {
            if !spec.filter.is_empty() {
                self.filters.insert(h, spec.filter.clone());
                self.apply_filters(h)?;
            }
            let node = match &spec.role {
                Role::Node(node) => {
                    let launch = self.launch(h, &node.reading).map_err(io::Error::other)?;
                    let models = &self.models[h];
                    let inside = &self.hosts[h].namespaces;
                    let elsewhere = scenario.files_of(HostIndex(h));
                    let cover = || {
                        elsewhere.iter().try_for_each(|path| room_for(Path::new(path)))?;
                        write_files(node)?;
                        let later = scenario.later_of(HostIndex(h));
                        standin::cover([&node.reading].into_iter().chain(later).map(|r| &r.config), models)
                    };
                    let mut made = Node::new(inside, launch, cover)?;
                    made.identity = self.crew.identity(&spec.name);
                    Some(made)
                }
                Role::Client(_) => None,
            };
            self.nodes.push(node);
            let prober = match &spec.role {
                Role::Client(client) => client.ping,
                Role::Node(_) => None,
            };
            let prober = prober.map(|ping| Prober::open(&self.hosts[h].namespaces, ping, h)).transpose()?;
            self.probers.push(prober);
            if let Some(mailbox) = &spec.smtp {
                self.servers.open(&self.hosts[h].namespaces, h, mailbox)?;
            }
        }
        Ok(())
    }

    /// How the daemon of a node is started with this configuration.
    pub(super) fn launch(
        &self,
        h: usize,
        reading: &vrrplab_engine::config::Reading,
    ) -> Result<Launch, String> {
        self.crew.launch(&self.scenario, HostIndex(h), reading, self.time)
    }

    /// Runs the scenario from its beginning to its end.
    pub(super) fn run(&mut self) -> io::Result<()> {
        if self.time == Clock::Real {
            self.witnesses = Some(Witnesses::send()?);
        }
        go_first(SWITCH);
        self.settle()?;
        self.clock = RunClock::start();
        self.start_services()?;
        self.start_first()?;
        self.set_going();
        self.going = self.clock.now();
        let end = Instant::ZERO + self.scenario.duration;
        while self.clock.now() <= end {
            self.turn(end)?;
            self.look_at_waits()?;
        }
        go_back();
        let late = self.ask_witnesses()?;
        self.notes.witnessed(late);
        for h in 0..self.hosts.len() {
            self.notes.unread(&self.hosts[h].links)?;
        }
        Ok(())
    }

    /// Waits for what happens next, at the latest until then, and deals with it.
    pub(super) fn turn(&mut self, until: Instant) -> io::Result<()> {
        let next = self.queue.keys().next().map_or(until, |(at, _)| (*at).min(until));
        let next = self.servers.deadline().map_or(next, |at| at.min(next));
        self.alarm.set(&self.clock, Some(next))?;
        for source in self.wait()? {
            self.read(source)?;
        }
        self.do_what_is_due()
    }

    /// Starts the daemons that start with the run. A real one reads its files first, 30 ms on an idle machine and a second on a
    /// busy one; that is no part of a scenario. The run begins when the first of them is there, or rather a moment earlier, so that
    /// what the script does at the instant of a timer comes before it, as it does in the simulator.
    fn start_first(&mut self) -> io::Result<()> {
        let first: Vec<usize> = (0..self.hosts.len()).filter(|&h| self.starts_first(h)).collect();
        let set_going = self.clock.now();
        self.look_at_waits()?;
        // What it saw while the laboratory was built is no part of the run.
        self.ask_witnesses()?;
        for &h in &first {
            self.start(h)?;
        }
        let patience = self.clock.now() + START;
        while self.clock.now() < patience && first.iter().any(|&h| self.is_starting(h)) {
            self.turn(patience.min(self.clock.now() + LOOK))?;
            self.look_at_waits()?;
        }
        let there = first.iter().filter_map(|&h| self.nodes[h].as_ref()?.there).min();
        self.notes.apart = self.apart(&first).as_micros();
        let began = match self.time {
            Clock::Real => {
                Instant::ZERO + there.unwrap_or(set_going).saturating_since(Instant::ZERO + BEFORE)
            }
            // Reading files takes no time there.
            Clock::Virtual => set_going,
        };
        let shifted = |at: Instant| Instant::ZERO + at.saturating_since(began);
        self.clock.begin_at(began);
        self.record.shift(shifted);
        let queue = std::mem::take(&mut self.queue);
        self.queue = queue.into_iter().map(|((at, n), due)| ((shifted(at), n), due)).collect();
        for h in first {
            let text = format!("start {}", self.scenario.hosts[h].name);
            self.tell(Instant::ZERO, None, What::Fault(text), Cause::None);
        }
        Ok(())
    }

    /// How much later than the first of them the last one was there.
    fn apart(&self, hosts: &[usize]) -> Duration {
        let there = || hosts.iter().filter_map(|&h| self.nodes[h].as_ref()?.there);
        match (there().min(), there().max()) {
            (Some(first), Some(last)) => last.saturating_since(first),
            _ => Duration::ZERO,
        }
    }

    fn ask_witnesses(&mut self) -> io::Result<Duration> {
        self.witnesses.as_mut().map_or(Ok(Duration::ZERO), Witnesses::late)
    }

    fn look_at_waits(&mut self) -> io::Result<()> {
        if self.time == Clock::Real
            && let Some(wait) = self.waits.look()?
        {
            self.notes.waited(wait);
        }
        Ok(())
    }

    fn starts_first(&self, h: usize) -> bool {
        matches!(&self.scenario.hosts[h].role, Role::Node(node) if node.start == Some(Instant::ZERO))
    }

    /// Whether a daemon is on its way, and is expected to say so when it is there.
    fn is_starting(&self, h: usize) -> bool {
        let Some(node) = &self.nodes[h] else { return false };
        let patience = node.started.filter(|_| node.launch.may_be_silent).map(|at| at + SILENCE);
        node.is_starting() && patience.is_none_or(|until| self.clock.now() < until)
    }

    /// What hosts say when their links come up is no part of the run.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        match self.time {
            Clock::Real => self.notes.measure(&mut self.alarm)?,
            // Measuring takes so long that link-local addresses are there.
            Clock::Virtual => std::thread::sleep(SETTLING),
        }
        let patience = self.clock.now() + START;
        while self.clock.now() < patience && !self.all_links_run()? {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        // The kernel passes a link's news of its carrier on to the macvlans above it, whoever holds those down.
        let stacked =
            |node: &Option<Node>| node.as_ref().is_some_and(|node| !node.launch.macvlans.is_empty());
        if self.nodes.iter().any(stacked) {
            std::thread::sleep(CARRIER_NEWS);
        }
        for host in &mut self.hosts {
            for link in &mut host.links {
                while link.port.receive()?.is_some() {}
            }
            host.monitor.read()?;
        }
        (0..self.hosts.len()).try_for_each(|h| self.boot(h))
    }

    /// The kernel tells of carriers once a second at most.
    fn all_links_run(&mut self) -> io::Result<bool> {
        for host in &mut self.hosts {
            let links = host.netlink.links()?;
            if links.iter().any(|link| host.by_index.contains_key(&link.index) && !link.up) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Queues what happens by itself: starts, pings, the script.
    fn set_going(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        for (h, host) in scenario.hosts.iter().enumerate() {
            for (service, spec) in host.services.iter().enumerate() {
                if let Some(at) = spec.start.filter(|at| *at > Instant::ZERO) {
                    self.later(at, Due::Service { host: h, service });
                }
            }
            match &host.role {
                Role::Node(node) => {
                    if let Some(at) = node.start.filter(|at| *at > Instant::ZERO) {
                        self.later(at, Due::Start(h));
                    }
                }
                Role::Client(client) => {
                    if client.ping.is_some() {
                        self.later(Instant::ZERO, Due::Ping(h));
                    }
                }
            }
        }
        for (n, act) in scenario.script.iter().enumerate() {
            if let When::At(at) = act.when {
                self.later(at, Due::Act(n));
            }
        }
        self.weigh_later(Instant::ZERO);
        for q in 0..self.fabric.queriers().len() {
            self.later(Instant::ZERO, Due::Query(q));
        }
    }

    /// Does something when its time has come.
    pub(super) fn later(&mut self, at: Instant, due: Due) {
        self.queued += 1;
        self.queue.insert((at, self.queued), due);
    }

    /// Whether a frame is on its way.
    pub(super) fn is_relaying(&self) -> bool {
        self.queue.values().any(|due| matches!(due, Due::Arrive { .. } | Due::Deliver(_)))
    }

    /// Something happened that acts may wait for.
    pub(super) fn noticed(&mut self, at: Instant, sight: Sight<'_>) {
        for (plus, act) in self.anchors.meet(sight) {
            self.later(at + plus, Due::Act(act));
        }
    }

    /// Tells what happened.
    pub(super) fn tell(&mut self, at: Instant, host: Option<usize>, what: What, cause: Cause) {
        let name = host.map(|h| self.scenario.hosts[h].name.clone());
        self.record.event(at, name.as_ref(), what, cause);
    }

    fn sources(&self) -> Vec<(Source, BorrowedFd<'_>)> {
        let mut all = Vec::new();
        for (h, host) in self.hosts.iter().enumerate() {
            let ports = host.links.iter().enumerate();
            all.extend(ports.map(|(l, link)| (Source::Port(h, l), link.port.as_fd())));
        }
        for (h, host) in self.hosts.iter().enumerate() {
            all.push((Source::Monitor(h), host.monitor.as_fd()));
        }
        for (h, node) in self.nodes.iter().enumerate() {
            let Some(node) = node else { continue };
            all.extend(node.claims.as_ref().map(|pipe| (Source::Claims(h), pipe.as_fd())));
            all.push((Source::Jobs(h), node.jobs.as_fd()));
            all.extend(node.log.as_ref().map(|pipe| (Source::Log(h), pipe.as_fd())));
        }
        all.extend(self.services.fds().map(|(n, fd)| (Source::Service(n), fd)));
        all.extend(self.servers.fds().into_iter().map(|fd| (Source::Mail, fd)));
        all.push((Source::Children, self.signals.as_fd()));
        all.extend(self.leash.iter().map(|leash| (Source::Leash, leash.as_fd())));
        all.push((Source::Alarm, self.alarm.as_fd()));
        all
    }

    /// Waits until something is readable.
    fn wait(&self) -> io::Result<Vec<Source>> {
        let sources = self.sources();
        let mut fds: Vec<PollFd<'_>> =
            sources.iter().map(|(_, fd)| PollFd::new(*fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = fds.iter().zip(&sources).filter(|(fd, _)| fd.revents().is_some_and(|r| !r.is_empty()));
        let mut ready: Vec<Source> = ready.map(|(_, (source, _))| *source).collect();
        ready.dedup();
        Ok(ready)
    }

    fn read(&mut self, source: Source) -> io::Result<()> {
        match source {
            Source::Port(h, l) => self.relay(h, l),
            Source::Monitor(h) => self.kernel_told(h),
            Source::Claims(h) => self.claimed(h),
            Source::Jobs(h) => self.jobs_told(h),
            Source::Log(h) => self.logged(h),
            Source::Service(n) => self.service_said(n),
            Source::Mail => self.mail(),
            Source::Children => self.reap(),
            Source::Leash => {
                self.leash = None;
                Ok(())
            }
            Source::Alarm => self.alarm.silence(),
        }
    }

    fn do_what_is_due(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        self.mail_due(now)?;
        while let Some((&key, _)) = self.queue.first_key_value() {
            if key.0 > self.clock.now() {
                break;
            }
            let due = self.queue.remove(&key).expect("the first is there");
            self.notes.was_late(self.clock.now().saturating_since(key.0.max(self.going)));
            self.act_on(key.0, due)?;
        }
        Ok(())
    }

    fn act_on(&mut self, at: Instant, due: Due) -> io::Result<()> {
        match due {
            Due::Act(n) => self.act(n),
            Due::Start(h) => {
                let text = format!("start {}", self.scenario.hosts[h].name);
                self.tell(self.clock.now(), None, What::Fault(text), Cause::None);
                self.start(h)
            }
            Due::Service { host, service } => self.service_due(host, service),
            Due::Insist(pid) => {
                self.services.insist(pid);
                Ok(())
            }
            Due::Power { host, act } => self.power_on(host, act),
            Due::EndOfImpairment { act } => {
                if self.fabric.end_impairment(act) {
                    let text = format!("over: act {}", act + 1);
                    self.tell(self.clock.now(), None, What::Fault(text), Cause::Fault(act as u32 + 1));
                }
                self.bridges.end_impairment(&mut self.outside, act)
            }
            Due::Ping(h) => self.ping(at, h),
            Due::Query(q) => {
                self.later(at + QUERY_INTERVAL, Due::Query(q));
                self.query(q);
                Ok(())
            }
            Due::Weigh => self.weigh(at),
            Due::Arrive { from, frame, seen } => self.arrive(from, &frame, seen),
            Due::Deliver(delivery) => self.deliver(&delivery),
        }
    }

    /// Ends of processes.
    pub(super) fn reap(&mut self) -> io::Result<()> {
        while self.signals.read_signal()?.is_some() {}
        loop {
            match behind(|| waitpid(None, Some(WaitPidFlag::WNOHANG))) {
                Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::ECHILD) => return Ok(()),
                Ok(status) => {
                    let Some(pid) = status.pid() else { continue };
                    self.service_ended(pid, status);
                    for h in 0..self.nodes.len() {
                        if self.nodes[h].as_mut().is_some_and(|node| node.reaped(pid)) {
                            self.daemon_ended(h, status);
                        }
                    }
                }
                Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A daemon that ends by itself says so; one that was told to needs no words.
    fn daemon_ended(&mut self, h: usize, status: WaitStatus) {
        let words = match status {
            WaitStatus::Exited(_, 0) | WaitStatus::Signaled(_, Signal::SIGKILL | Signal::SIGTERM, _) => {
                return;
            }
            WaitStatus::Exited(_, code) => format!("the daemon has ended with status {code}"),
            WaitStatus::Signaled(_, signal, _) => format!("the daemon was ended by {signal}"),
            _ => return,
        };
        self.tell(self.clock.now(), Some(h), What::Log(words), Cause::None);
    }
}

/// What is in files before any daemon runs.
fn write_files(node: &vrrplab_sim::scenario::NodeSpec) -> io::Result<()> {
    node.files.iter().try_for_each(|(path, text)| write_file(path, Some(text)))
}

/// Writes a file as an administrator does, or removes it. Runs inside the node's namespaces.
pub(super) fn write_file(path: &str, content: Option<&str>) -> io::Result<()> {
    let fail = |e: io::Error| io::Error::new(e.kind(), format!("{path}: {e}"));
    let Some(content) = content else {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fail(error)),
            _ => Ok(()),
        };
    };
    room_for(Path::new(path)).map_err(fail)?;
    std::fs::write(path, content).map_err(fail)
}

/// How long the first daemons may take to start.
const START: Duration = Duration::from_secs(5);
/// How long links are left alone where that takes no time.
const SETTLING: std::time::Duration = std::time::Duration::from_secs(3);
/// How long before the first daemon is there the run begins.
const BEFORE: Duration = Duration::from_millis(10);
/// After how long the last news of a carrier has been told: linkwatch waits for a second.
const CARRIER_NEWS: std::time::Duration = std::time::Duration::from_millis(1_100);
/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(50);
/// After how long a program of the user's is not expected to tell states any more.
const SILENCE: Duration = Duration::from_secs(1);
/// The least time that a frame is held back for: what is shorter has passed when it is looked at.
pub(super) const AT_ONCE: Duration = Duration::from_micros(100);
