//! The world: a virtual clock, hosts, switches and the script of a scenario. [`World::step`] does the next thing
//! that happens and tells the observers; nothing else moves time.
//!
//! At one instant everything that comes from outside a daemon happens first, in the order in which it was set
//! going, then kernels' timers, then daemons' timers. A daemon that is still working or is stopped by a signal
//! reads later: its input waits, and when it reads again, reading comes before its timers.
//!
//! Absent on purpose: MLD.

mod daemon;
mod faults;
mod files;
mod frames;
mod jobs;
mod kernel;
mod membership;
mod queue;
mod sockets;
mod streams;
mod transit;

use vrrplab_engine::boundary::{Because, Origin};
use vrrplab_engine::config::Reading;
use vrrplab_engine::schedule::Schedule;
use vrrplab_engine::time::Instant;
use vrrplab_engine::wire::ethernet;

use crate::anchors::Anchors;
use crate::fabric::{Fabric, Hop};
use crate::observer::Observer;
use crate::ping::Pinger;
use crate::rng::Rng;
use crate::scenario::{Role, Scenario, ScriptModel, When};
use crate::trace::{Cause, Event, Name, What};
use daemon::Daemon;
pub use faults::describe;
use frames::Frames;
pub(crate) use jobs::USUAL;
use kernel::Kernel;
use queue::{Item, Queue};
use std::sync::Arc;

/// A running world.
#[derive(Clone, Debug)]
pub struct World {
    scenario: Arc<Scenario>,
    seed: u64,
    now: Instant,
    queue: Queue,
    /// Next timer of each host's kernel.
    kernel_timers: Schedule,
    /// When each host's daemon reads or wakes next.
    daemon_timers: Schedule,
    hosts: Vec<Host>,
    fabric: Fabric,
    /// Where the frame at hand, or the last one, goes.
    hops: Vec<Hop>,
    frames: Frames,
    anchors: Anchors,
    streams: std::collections::BTreeMap<u32, streams::Stream>,
    counts: Counts,
}

/// What a world has done, for benches: an event is a timer fired, a frame sent or a frame delivered.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Timers of daemons that fired.
    pub timers: u64,
    /// Frames that left a port. The last one has this number.
    pub sent: u64,
    /// Frames that reached a host.
    pub delivered: u64,
    /// Children that daemons started. The last one has this number.
    pub jobs: u32,
    /// Streams that daemons opened. The last one has this number.
    pub streams: u32,
}

impl Counts {
    /// All events.
    pub fn events(&self) -> u64 {
        self.timers + self.sent + self.delivered
    }
}

/// A machine: what its kernel keeps, and the daemon that runs on it, if one does.
#[derive(Clone, Debug)]
struct Host {
    name: Name,
    kernel: Kernel,
    daemon: Option<Daemon>,
    /// What the daemon is started with, where that is no longer the scenario's first configuration.
    reading: Option<Arc<Reading>>,
    /// Counts daemons: effects of one that is gone are not carried out.
    epoch: u32,
    pinger: Option<Pinger>,
    /// How commands end here.
    models: Vec<ScriptModel>,
    /// Its files and processes.
    things: files::Things,
}

impl World {
    /// The world of this scenario at time zero.
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> World {
        let mut first_port = 0;
        let mut hosts = Vec::with_capacity(scenario.hosts.len());
        for (h, spec) in scenario.hosts.iter().enumerate() {
            let kernel = Kernel::new(spec, first_port, &mut Rng::new(seed, h as u64));
            first_port += spec.links.len();
            let pinger = match &spec.role {
                Role::Client(client) => client.ping.map(|ping| Pinger::new(ping, h)),
                Role::Node(_) => None,
            };
            let models = World::models_of(&spec.role);
            hosts.push(Host {
                name: spec.name.clone(),
                kernel,
                daemon: None,
                reading: None,
                epoch: 0,
                pinger,
                models,
                things: files::Things::new(spec),
            });
        }
        let slots = hosts.len();
        let mut world = World {
            anchors: Anchors::new(&scenario),
            fabric: Fabric::new(&scenario, seed),
            hops: Vec::new(),
            scenario,
            seed,
            now: Instant::ZERO,
            queue: Queue::default(),
            kernel_timers: Schedule::new(slots),
            daemon_timers: Schedule::new(slots),
            hosts,
            frames: Frames::default(),
            streams: std::collections::BTreeMap::new(),
            counts: Counts::default(),
        };
        world.set_going();
        world
    }

    /// Queues what happens by itself: queries, starts, pings, the script.
    fn set_going(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        for n in 0..self.fabric.queriers().len() {
            self.queue.push(Instant::ZERO, Item::Query(n));
        }
        for (h, host) in scenario.hosts.iter().enumerate() {
            for (service, spec) in host.services.iter().enumerate() {
                if let Some(at) = spec.start.filter(|at| *at > Instant::ZERO) {
                    self.queue.push(at, Item::Service { host: h, service });
                }
            }
            match &host.role {
                Role::Node(node) => {
                    if let Some(at) = node.start {
                        self.queue.push(at, Item::Start(h));
                    }
                }
                Role::Client(client) => {
                    if client.ping.is_some() {
                        self.queue.push(Instant::ZERO, Item::Ping(h));
                    }
                }
            }
        }
        for (n, act) in scenario.script.iter().enumerate() {
            if let When::At(at) = act.when {
                self.queue.push(at, Item::Act(n));
            }
        }
    }

    /// When the next thing happens.
    pub fn next(&self) -> Option<Instant> {
        let timers = [self.kernel_timers.first(), self.daemon_timers.first()];
        let timers = timers.into_iter().flatten().map(|(at, _)| at).min();
        [self.queue.first(), timers].into_iter().flatten().min()
    }

    /// Does the next thing and returns when it happened; `None` if nothing ever happens again.
    pub fn step<O: Observer>(&mut self, observer: &mut O) -> Option<Instant> {
        let at = self.next()?;
        debug_assert!(at >= self.now, "time goes back from {} to {at}", self.now);
        self.now = at;
        if self.queue.first() == Some(at) {
            let item = self.queue.pop().expect("the queue's first is due");
            self.run_item(item, observer);
        } else if let Some((due, h)) = self.kernel_timers.first()
            && due == at
        {
            self.neighbour_timer(h, observer);
        } else {
            let (_, h) = self.daemon_timers.first().expect("the next thing is a daemon's");
            self.daemon_turn(h, observer);
        }
        Some(at)
    }

    /// Steps until nothing is left that happens before or at `end`.
    pub fn run_until<O: Observer>(&mut self, end: Instant, observer: &mut O) {
        while self.next().is_some_and(|at| at <= end) {
            self.step(observer);
        }
    }

    /// Puts a frame on the wire as if this link of this host had sent it, whatever it says.
    ///
    /// # Panics
    /// If there is no such link, or the frame is shorter than an Ethernet header.
    pub fn inject<O: Observer>(&mut self, host: &str, link: &str, frame: &[u8], observer: &mut O) {
        assert!(frame.len() >= ethernet::HEADER, "a frame has an Ethernet header");
        let h = self.hosts.iter().position(|h| &*h.name == host).expect("a host of the scenario");
        let links = &self.hosts[h].kernel.links;
        let link = links.iter().position(|l| &*l.name == link).expect("a link of the host");
        let frame = self.frames.make(|out| out.extend_from_slice(frame));
        self.transmit(h, link, frame, Cause::None, observer);
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.now
    }

    fn run_item<O: Observer>(&mut self, item: Item, observer: &mut O) {
        match item {
            Item::Arrive { port, frame, number } => self.arrive(port, frame, number, observer),
            Item::Deliver { port, frame, number } => self.deliver_late(port, frame, number, observer),
            Item::Report { host, link, saying } => self.report(host, link, saying, observer),
            Item::Query(n) => self.query(n, observer),
            Item::EndOfImpairment { act } => self.end_impairment(act, observer),
            Item::Perform { host, epoch, timed, frame } => {
                if self.hosts[host].epoch == epoch && self.hosts[host].daemon.is_some() {
                    self.perform(host, timed, frame, observer);
                } else if let Some(frame) = frame {
                    self.frames.free(frame);
                }
            }
            Item::Act(n) => self.act(n, observer),
            Item::Power { host, act } => self.power_on(host, act, observer),
            Item::Start(h) => {
                let text = format!("start {}", self.hosts[h].name);
                self.tell(observer, None, What::Fault(text), Cause::None);
                self.start_daemon(h, Origin(0), observer);
            }
            Item::Service { host, service } => self.start_service(host, service, observer),
            Item::Stream { number, going } => self.stream_arrives(number, going, observer),
            Item::JobEnds { host, epoch, number, exit } => {
                if self.hosts[host].epoch == epoch {
                    self.job_ends(host, number, exit, observer);
                }
            }
            Item::Ping(h) => self.ping(h, observer),
        }
    }

    fn tell<O: Observer>(&self, observer: &mut O, host: Option<usize>, what: What, cause: Cause) {
        if O::EVENTS {
            let host = host.map(|h| self.hosts[h].name.clone());
            observer.event(&Event { at: self.now, host, what, cause });
        }
    }
}

const FRAME: u64 = 1 << 32;
const FAULT: u64 = 2 << 32;
const JOB: u64 = 3 << 32;

/// The origin of an input that a frame brought.
fn of_frame(number: u32) -> Origin {
    Origin(FRAME | u64::from(number))
}

/// The origin of an input that an act of the script brought; 0 is a node's first start.
fn of_fault(number: u32) -> Origin {
    Origin(FAULT | u64::from(number))
}

/// The cause that an origin stands for, whatever timer may have been in between.
fn cause_of_origin(origin: Origin) -> Cause {
    cause_of(Because { timer: None, origin })
}

fn cause_of(because: Because) -> Cause {
    let number = because.origin.0 as u32;
    match (because.timer, because.origin.0 & !0xffff_ffff) {
        (None, FRAME) => Cause::Frame(number),
        (None, FAULT) if number > 0 => Cause::Fault(number),
        (None, JOB) => Cause::Job(number),
        (Some(timer), JOB) => Cause::TimerOfJob(timer, number),
        (None, _) => Cause::None,
        (Some(timer), FRAME) => Cause::TimerOfFrame(timer, number),
        (Some(timer), _) => Cause::TimerOfFault(timer, number),
    }
}
