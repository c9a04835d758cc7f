//! The world: a virtual clock, hosts, switches and the script of a scenario. [`World::step`] does the next thing
//! that happens and tells the observers; nothing else moves time.
//!
//! At one instant everything that comes from outside a daemon happens first, in the order in which it was set
//! going, then kernels' timers, then daemons' timers. A daemon that is still working or is stopped by a signal
//! reads later: its input waits, and when it reads again, reading comes before its timers.
//!
//! Absent on purpose: IGMP (switches here flood groups).

mod daemon;
mod faults;
mod frames;
mod kernel;
mod queue;
mod sockets;

use vrrplab_engine::boundary::{Because, Origin};
use vrrplab_engine::schedule::Schedule;
use vrrplab_engine::time::Instant;

use crate::frame::Summary;
use crate::observer::Observer;
use crate::rng::Rng;
use crate::scenario::{Role, Scenario, When};
use crate::switch::Switch;
use crate::trace::{Cause, Event, Loss, Name, What};
use daemon::Daemon;
use faults::Watch;
use frames::{FrameId, Frames};
use kernel::{Kernel, Pinger};
use queue::{Item, Queue};
use std::sync::Arc;

/// A running world.
#[derive(Clone, Debug)]
pub struct World {
    scenario: Arc<Scenario>,
    now: Instant,
    queue: Queue,
    /// Next timer of each host's kernel.
    kernel_timers: Schedule,
    /// When each host's daemon reads or wakes next.
    daemon_timers: Schedule,
    hosts: Vec<Host>,
    switches: Vec<Switch>,
    /// Who is at each port of each switch.
    ports: Vec<Vec<(usize, usize)>>,
    frames: Frames,
    watches: Vec<Watch>,
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
    /// Counts daemons: effects of one that is gone are not carried out.
    epoch: u32,
    pinger: Option<Pinger>,
}

impl World {
    /// The world of this scenario at time zero.
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> World {
        let mut switches: Vec<Switch> = scenario.segments.iter().map(|s| Switch::new(s.latency)).collect();
        let mut ports = vec![Vec::new(); switches.len()];
        let mut first_port = 0;
        let mut hosts = Vec::with_capacity(scenario.hosts.len());
        for (h, spec) in scenario.hosts.iter().enumerate() {
            let kernel = Kernel::new(spec, first_port, &mut switches, &mut Rng::new(seed, h as u64));
            for (l, link) in spec.links.iter().enumerate() {
                ports[link.segment.0].push((h, l));
            }
            first_port += spec.links.len();
            let pinger = match &spec.role {
                Role::Client(client) => client.ping.map(|ping| Pinger::new(ping, h)),
                Role::Node(_) => None,
            };
            hosts.push(Host { name: spec.name.clone(), kernel, daemon: None, epoch: 0, pinger });
        }
        let slots = hosts.len();
        let mut world = World {
            scenario,
            now: Instant::ZERO,
            queue: Queue::default(),
            kernel_timers: Schedule::new(slots),
            daemon_timers: Schedule::new(slots),
            hosts,
            switches,
            ports,
            frames: Frames::default(),
            watches: Vec::new(),
            counts: Counts::default(),
        };
        world.set_going();
        world
    }

    /// Queues what happens by itself: starts, pings, the script.
    fn set_going(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        for (h, host) in scenario.hosts.iter().enumerate() {
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
            match act.when {
                When::At(at) => self.queue.push(at, Item::Act(n)),
                When::AfterAdvert { node, nth, plus } => {
                    self.watches.push(Watch { node, left: nth, plus, act: n });
                }
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
            Item::Arrive { segment, port, frame, number } => {
                self.arrive(segment, port, frame, number, observer);
            }
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
            Item::Ping(h) => self.ping(h, observer),
        }
    }

    /// A frame leaves a port of a host.
    fn transmit<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        frame: FrameId,
        cause: Cause,
        observer: &mut O,
    ) {
        let port = &self.hosts[h].kernel.links[link];
        let bytes = self.frames.get(frame);
        if !port.carrier || !self.hosts[h].kernel.powered {
            if O::EVENTS {
                let what = What::Lost { frame: None, why: Loss::NoCarrier, summary: Summary::of(bytes) };
                self.tell(observer, Some(h), what, cause);
            }
            self.frames.free(frame);
            return;
        }
        self.counts.sent += 1;
        let number = self.counts.sent as u32;
        let (segment, at_switch, global) = (port.segment, port.port, port.global);
        let switch = &self.switches[segment];
        observer.frame(number, self.now, global, switch.island(at_switch), bytes);
        self.queue.push(self.now + switch.latency, Item::Arrive { segment, port: at_switch, frame, number });
        if O::EVENTS {
            let summary = Summary::of(bytes);
            let what = What::Tx { frame: number, link: port.name.clone(), summary };
            self.tell(observer, Some(h), what, cause);
        }
        if !self.watches.is_empty() {
            self.look_for_adverts(h, frame);
        }
    }

    /// A frame reaches the switch's other side.
    fn arrive<O: Observer>(
        &mut self,
        segment: usize,
        from: usize,
        frame: FrameId,
        number: u32,
        observer: &mut O,
    ) {
        let bytes = self.frames.take(frame);
        let (destination, source) = frames::stations(&bytes);
        match self.switches[segment].forward(from, source, destination) {
            crate::switch::Reach::Port(to) if to == from => {}
            crate::switch::Reach::Port(to) => self.deliver(segment, from, to, &bytes, number, observer),
            crate::switch::Reach::Flood => {
                for to in (0..self.ports[segment].len()).filter(|&to| to != from) {
                    self.deliver(segment, from, to, &bytes, number, observer);
                }
            }
        }
        self.frames.put_back(frame, bytes);
    }

    fn deliver<O: Observer>(
        &mut self,
        segment: usize,
        from: usize,
        to: usize,
        bytes: &[u8],
        number: u32,
        observer: &mut O,
    ) {
        let (h, link) = self.ports[segment][to];
        if let Some(why) = self.switches[segment].obstacle(from, to) {
            self.lost(h, bytes, number, why, observer);
            return;
        }
        let kernel = &self.hosts[h].kernel;
        if !kernel.powered || !kernel.links[link].carrier {
            return;
        }
        self.counts.delivered += 1;
        self.receive(h, link, bytes, number, observer);
    }

    fn lost<O: Observer>(&mut self, h: usize, bytes: &[u8], number: u32, why: Loss, observer: &mut O) {
        if O::EVENTS {
            let what = What::Lost { frame: Some(number), why, summary: Summary::of(bytes) };
            self.tell(observer, Some(h), what, Cause::Frame(number));
            let reason = match why {
                Loss::Partition => "partition",
                Loss::Muted => "muted",
                Loss::QueueFull => "socket queue full",
                Loss::Filtered => "packet filter",
                Loss::NoCarrier => "no carrier",
            };
            observer.comment(number, &format!("did not reach {}: {reason}", self.hosts[h].name));
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

/// The origin of an input that a frame brought.
fn of_frame(number: u32) -> Origin {
    Origin(FRAME | u64::from(number))
}

/// The origin of an input that an act of the script brought; 0 is a node's first start.
fn of_fault(number: u32) -> Origin {
    Origin(FAULT | u64::from(number))
}

fn cause_of(because: Because) -> Cause {
    let number = because.origin.0 as u32;
    match (because.timer, because.origin.0 & !0xffff_ffff) {
        (None, FRAME) => Cause::Frame(number),
        (None, FAULT) if number > 0 => Cause::Fault(number),
        (None, _) => Cause::None,
        (Some(timer), FRAME) => Cause::TimerOfFrame(timer, number),
        (Some(timer), _) => Cause::TimerOfFault(timer, number),
    }
}
