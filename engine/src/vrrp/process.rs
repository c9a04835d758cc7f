//! The VRRP process of a daemon: its sockets, its instances and their timers. What an advert does is in `hear`,
//! the transitions are in `transition`, what the kernel reports in `kernel`, what goes out in `output`.
//!
//! | state  | event                                   | action                                        | then   |
//! |--------|-----------------------------------------|-----------------------------------------------|--------|
//! | Backup | Master_Down_Timer                       | advert, addresses, gratuitous ARP             | Master |
//! | Backup | priority 0                              | timer := skew                                 | Backup |
//! | Backup | p ≥ own, or `nopreempt`, or inside `preempt_delay` | timer := Master_Down_Interval      | Backup |
//! | Backup | lower priority                          | nothing: the timer runs out                   | Backup |
//! | Master | Adver_Timer                             | advert                                        | Master |
//! | Master | priority 0                              | advert                                        | Master |
//! | Master | lower (or equal with a lower address)   | advert, gratuitous ARP now and later          | Master |
//! | Master | higher (or equal with a higher address) | remove addresses                              | Backup |
//! | Master | an address removed by a stranger        | priority 0, remove addresses, timer := skew   | Backup |
//! | any    | link down, no address                   | [priority 0 twice,] remove addresses          | Fault  |
//! | Fault  | last reason gone                        | timer := Master_Down_Interval                 | Backup |
//! | start  | owner with `state MASTER`               | timer := 1 µs, nothing announced              | Backup |
//! | start  | anybody else                            | timer := Master_Down_Interval                 | Backup |
//!
//! A master re-arms its advert timer after *any* packet for its VRID, even a refused one: two masters that
//! refuse each other starve each other (vrrp_scheduler.c:vrrp_dispatcher_read; recorded: `auth-mismatch`).

use super::FaultReason;
use super::advert::AdvertPacket;
use super::garp::{GarpTimers, Pace};
use super::instance::{Counters, Instance, Phase, Spec, State};
use super::mail::Mails;
use super::notify::Notices;
use super::replay::Replay;
use super::route::{Fixed, Lines};
use super::script::Scripts;
use super::sync::Groups;
use super::track::{Tracker, Tracking};
use super::transition::OWNERS_WAIT;
use super::watch::Watches;
use crate::boundary::{
    AddressOp, Announced, Bind, Effect, Effects, Exit, HostFacts, InstanceId, JobId, LinkFacts, LinkId,
    Origin, SockId, SocketSpec, Timer,
};
use crate::config::{Auth, Config, Family};
use crate::quirks::Quirks;
use crate::schedule::Schedule;
use crate::time::{Duration, Instant};
use crate::wire::ipv4;

/// The VRRP process.
#[derive(Clone, Debug)]
pub struct Vrrp {
    pub(super) quirks: &'static Quirks,
    pub(super) links: Vec<LinkFacts>,
    pub(super) sockets: Vec<Socket>,
    pub(super) instances: Vec<Instance>,
    /// The state's deadline of instance i in slot i; behind them the slot of the pacing timer.
    pub(super) schedule: Schedule,
    /// What armed the deadline of each slot.
    pub(super) armed_by: Vec<Origin>,
    pub(super) garp: GarpTimers,
    pub(super) tracking: Tracking,
    pub(super) scripts: Scripts,
    pub(super) groups: Groups,
    pub(super) notices: Notices,
    pub(super) mails: Mails,
    pub(super) watches: Watches,
    pub(super) fixed: Fixed,
    /// `vrrp_startup_delay`: until this instant backups' timers count from it.
    pub(super) delayed_until: Option<Instant>,
    startup_delay: Duration,
}

/// A raw socket and whose adverts come by it.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    pub(super) spec: SocketSpec,
    pub(super) instance_of: Box<[Option<u16>; 256]>,
}

impl Vrrp {
    /// The process for this configuration on this host, before it starts.
    pub fn new(config: &Config, host: &HostFacts, quirks: &'static Quirks) -> Vrrp {
        let links = host.links.clone();
        let instances: Vec<Instance> = config.instances.iter().map(|i| build(i, &links)).collect();
        let slots = instances.len() + 1;
        let pace = Pace { garp: config.global.garp_interval, gna: config.global.gna_interval };
        let garp = GarpTimers::new(links.len(), pace, host.forwards6);
        let armed_by = vec![Origin(0); slots];
        let schedule = Schedule::new(slots);
        let tracking = Tracking::new(config, &links);
        let scripts = Scripts::new(config, quirks, |id| tracking.is_followed(Tracker::Script(id)));
        let fixed = Fixed::new(config, |name| link_of(&links, name));
        let mut vrrp = Vrrp {
            quirks,
            links,
            sockets: Vec::new(),
            instances,
            schedule,
            armed_by,
            garp,
            tracking,
            scripts,
            groups: Groups::new(config),
            notices: Notices::new(config),
            mails: Mails::new(config, host),
            watches: Watches::default(),
            fixed,
            delayed_until: None,
            startup_delay: config.global.startup_delay,
        };
        vrrp.preset_watches(config, host);
        vrrp
    }

    /// The state of an instance; `None` before the start.
    pub fn state(&self, instance: InstanceId) -> Option<State> {
        self.instances[usize::from(instance.0)].state()
    }

    /// The effective priority of an instance.
    pub fn priority(&self, instance: InstanceId) -> u8 {
        self.instances[usize::from(instance.0)].priority()
    }

    /// The counters of an instance.
    pub fn counters(&self, instance: InstanceId) -> &Counters {
        &self.instances[usize::from(instance.0)].counters
    }

    /// When the next timer fires.
    pub fn deadline(&self) -> Option<Instant> {
        let state = self.schedule.first().map(|(at, _)| at);
        let burst = self.garp.first().map(|b| b.at);
        let others = [self.scripts.deadline(), self.quorum_deadline(), self.mails.deadline()];
        others.into_iter().fold(earlier(state, burst), earlier)
    }

    /// Instances of one protocol, interface and group, or of one source of unicast, share a socket
    /// (vrrp_scheduler.c:vrrp_create_sockpool).
    pub(super) fn assign_sockets(&mut self) {
        for i in 0..self.instances.len() {
            let Some(spec) = socket_of(&self.instances[i]) else { continue };
            let found = self.sockets.iter().position(|s| s.spec == spec);
            let sock = found.unwrap_or_else(|| {
                self.sockets.push(Socket { spec, instance_of: Box::new([None; 256]) });
                self.sockets.len() - 1
            });
            self.instances[i].sock = Some(SockId(sock as u16));
            let vrid = usize::from(self.instances[i].spec.vrid);
            match self.sockets[sock].instance_of[vrid] {
                None => self.sockets[sock].instance_of[vrid] = Some(i as u16),
                Some(mut last) => {
                    while let Some(next) = self.instances[usize::from(last)].next_of_vrid {
                        last = next;
                    }
                    self.instances[usize::from(last)].next_of_vrid = Some(i as u16);
                }
            }
        }
    }

    /// The daemon starts: left-over addresses go, sockets open, every instance is Backup or Fault.
    pub(crate) fn start(&mut self, out: &mut Effects) {
        self.clear_static_rules(out);
        for i in 0..self.instances.len() {
            self.clear_rules(i, out);
            for m in 0..self.instances[i].spec.managed.len() {
                let managed = self.instances[i].spec.managed[m];
                if self.links[usize::from(managed.link.0)].addresses.contains(&managed.cidr) {
                    self.change_address(AddressOp::Remove, managed.link, managed.cidr, out);
                }
            }
        }
        for i in 0..self.instances.len() {
            self.choose_source(i);
        }
        self.add_fixed(out);
        self.assign_sockets();
        for (n, socket) in self.sockets.iter().enumerate() {
            out.push(Effect::Open { sock: SockId(n as u16), spec: socket.spec });
        }
        if !self.startup_delay.is_zero() {
            self.delayed_until = Some(out.now() + self.startup_delay);
        }
        self.write_files(out);
        self.preset_scripts();
        for i in 0..self.instances.len() {
            self.instances[i].faults = self.initial_faults(i);
            self.instances[i].shares = self.shares(i);
        }
        self.start_groups(out);
        for i in 0..self.instances.len() {
            self.start_instance(i, out);
        }
        self.start_scripts(out);
        self.fixed_addresses_came(out);
    }

    /// Fault, or Backup, or nothing yet where a script has to be heard first.
    pub(super) fn start_instance(&mut self, i: usize, out: &mut Effects) {
        let group = self.groups.of[i].and_then(|g| self.groups.list[g].state);
        if !self.instances[i].faults.is_empty() || group == Some(State::Fault) {
            self.enter_fault(i, out);
        } else if !self.is_able(i) || !self.group_is_able(i) {
            self.instances[i].phase = Phase::Init;
        } else if self.instances[i].spec.starts_as_master {
            self.wait(i, OWNERS_WAIT, None, out);
        } else {
            self.enter_backup(i, None, out);
        }
    }

    pub(super) fn initial_faults(&self, i: usize) -> Vec<FaultReason> {
        let instance = &self.instances[i];
        let mut faults = instance.faults.clone();
        match instance.link {
            None if instance.needs_no_link => {}
            None => faults.push(FaultReason::NoInterface),
            Some(link) => {
                if instance.spec.tracks_link && !self.links[usize::from(link.0)].up {
                    faults.push(FaultReason::LinkDown);
                }
                if instance.source.is_none() {
                    faults.push(FaultReason::NoAddress);
                }
            }
        }
        faults.extend(self.tracking.faults(i));
        faults
    }

    /// Fires the earliest timer that is due.
    pub(crate) fn wake(&mut self, now: Instant, out: &mut Effects) {
        let state = self.schedule.first().filter(|&(at, _)| at <= now);
        let burst = self.garp.first().filter(|b| b.at <= now);
        let elections = earlier(state.map(|(at, _)| at), burst.map(|b| b.at));
        if self.wake_others(now, elections, out) {
            return;
        }
        match (state, burst) {
            (Some((at, _)), Some(burst)) if burst.at <= at => self.fire_burst(out),
            (None, Some(_)) => self.fire_burst(out),
            (Some((_, slot)), _) if slot == self.pacing_slot() => self.fire_pacing(out),
            (Some((_, i)), _) => self.fire_state(i, out),
            (None, None) => {}
        }
    }

    /// Fires the earliest timer that has nothing to do with an election, if none of those is as early.
    fn wake_others(&mut self, now: Instant, elections: Option<Instant>, out: &mut Effects) -> bool {
        let (script, quorum, mail) = (self.scripts.deadline(), self.quorum_deadline(), self.mails.deadline());
        let Some(first) = [quorum, mail].into_iter().fold(script, earlier) else { return false };
        if first > now || elections.is_some_and(|at| at <= first) {
            return false;
        }
        if script == Some(first) {
            self.fire_script(out);
        } else if quorum == Some(first) {
            self.fire_quorum(out);
        } else {
            self.fire_mail(out);
        }
        true
    }

    fn fire_state(&mut self, i: usize, out: &mut Effects) {
        match self.instances[i].phase {
            Phase::Backup { .. } => {
                out.fired(Timer::MasterDown, self.armed_by[i]);
                self.master_is_down(i, out);
            }
            Phase::Master { refresh_at, .. } => {
                out.fired(Timer::Advert, self.armed_by[i]);
                self.advertise(i, refresh_at, out);
            }
            Phase::Init | Phase::Fault => panic!("a state without a deadline has none in the schedule"),
        }
    }

    /// Master, unless others of the group are not ready: then it waits for them once more.
    fn master_is_down(&mut self, i: usize, out: &mut Effects) {
        if self.can_go_master(i) {
            self.become_master(i, out);
            return self.sync_master(i, out);
        }
        let down = self.instances[i].master_down();
        if let Phase::Backup { down_at, runs_from, wants_master, .. } = &mut self.instances[i].phase {
            *wants_master = true;
            *runs_from = out.now();
            *down_at = out.now() + down;
        }
        self.arm(i, out);
    }

    fn fire_burst(&mut self, out: &mut Effects) {
        let burst = self.garp.pop().expect("a burst is due");
        if self.instances[burst.instance].is_master() {
            out.fired(Timer::GarpDelay, burst.origin);
            self.burst(burst.instance, burst.repeat, out);
        }
    }

    fn fire_pacing(&mut self, out: &mut Effects) {
        let slot = self.pacing_slot();
        out.fired(Timer::GarpPacing, self.armed_by[slot]);
        let next = self.garp.drain(&mut self.instances, &self.links, out);
        self.schedule.set(slot, next);
    }

    /// The daemon stops: priority 0 and no addresses for each master, then the announcements.
    pub(crate) fn stop(&mut self, out: &mut Effects) {
        self.stop_scripts(out);
        self.stop_mail(out);
        for i in 0..self.instances.len() {
            if self.instances[i].is_master() {
                self.send_advert(i, 0, out);
                self.leave_master(i, out);
            }
        }
        self.remove_fixed(out);
        for n in 0..self.sockets.len() {
            out.push(Effect::Close(SockId(n as u16)));
        }
        for i in 0..self.instances.len() {
            self.instances[i].phase = Phase::Init;
            self.arm(i, out);
            self.notify(i, Announced::Stop, out);
        }
        for g in 0..self.groups.list.len() {
            self.notify_group(g, Announced::Stop, out);
        }
        self.schedule.set(self.pacing_slot(), None);
        self.garp.clear();
    }

    /// A child has ended while the daemon stops.
    pub(crate) fn forget(&mut self, job: JobId) {
        self.scripts.forget(job);
        self.notifier_ended(job);
    }

    /// A child has ended.
    pub(crate) fn job(&mut self, job: JobId, exit: Exit, out: &mut Effects) {
        if !self.script_ended(job, exit, out) {
            self.notifier_ended(job);
        }
    }
}

/// The earlier of two instants, where there are any. This is asked after every input, and an iterator over
/// options is not free.
fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

pub(super) fn id(i: usize) -> InstanceId {
    InstanceId(i as u16)
}

/// The socket that an instance needs; unicast without a source has none.
fn socket_of(instance: &Instance) -> Option<SocketSpec> {
    let spec = &instance.spec;
    let protocol = if matches!(spec.auth, Auth::Ah(_)) { ipv4::AH } else { ipv4::VRRP };
    let bind = if spec.is_unicast() { Bind::Local(instance.source?) } else { Bind::Group(spec.group) };
    let link = instance.link;
    (link.is_some() || instance.needs_no_link).then_some(SocketSpec { protocol, link, bind })
}

fn link_of(links: &[LinkFacts], name: &str) -> Option<LinkId> {
    links.iter().position(|l| l.name == name).map(|n| LinkId(n as u16))
}

fn build(config: &crate::config::Instance, links: &[LinkFacts]) -> Instance {
    let link_of = |name: &str| link_of(links, name);
    let spec = Spec::new(config, link_of);
    let no_peers = config.unicast.fault_no_peer && !spec.is_unicast();
    let source = match config.family {
        _ if spec.is_unicast() && config.unicast.source.is_some() => config.unicast.source,
        Family::V4 => config.mcast_src_ip.map(Into::into),
        Family::V6 => config.mcast_src_ip6.map(Into::into),
    };
    Instance {
        garp_waits: vec![false; spec.managed.len()],
        phase: Phase::Init,
        link: link_of(&config.interface),
        needs_no_link: config.interface.is_empty() && spec.is_unicast() && source.is_some(),
        sock: None,
        source,
        source_is_fixed: source.is_some(),
        base_priority: config.priority,
        shares: 0,
        packet: AdvertPacket::new(config),
        master_interval: config.advert_int,
        replay: Replay::default(),
        checksum: config.unicast.old_checksum.into(),
        next_of_vrid: None,
        last_sender: None,
        counters: Counters::default(),
        routes: Lines::of_routes(&config.routes, link_of),
        rules: Lines::of_rules(&config.rules),
        faults: if no_peers { vec![FaultReason::NoPeers] } else { Vec::new() },
        spec,
    }
}
