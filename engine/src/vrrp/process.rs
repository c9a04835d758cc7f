//! The VRRP process of a daemon: its sockets, its instances and their timers, and every transition.
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

use std::net::{IpAddr, Ipv4Addr};

use super::FaultReason;
use super::advert::AdvertPacket;
use super::garp::GarpTimers;
use super::instance::{Counters, Instance, Phase, Spec, State};
use super::receive::{self, Heard};
use crate::addr::Cidr;
use crate::boundary::{
    AddressOp, Announced, Effect, Effects, HostFacts, InstanceId, KernelEvent, LinkFacts, LinkId, Message,
    Notification, Origin, SockId, Timer,
};
use crate::config::{Auth, Config, Version};
use crate::quirks::Quirks;
use crate::schedule::Schedule;
use crate::time::{Duration, Instant};

const OWNER: u8 = 255;

/// The VRRP process.
#[derive(Clone, Debug)]
pub struct Vrrp {
    quirks: &'static Quirks,
    links: Vec<LinkFacts>,
    sockets: Vec<Socket>,
    instances: Vec<Instance>,
    /// The state's deadline of instance i in slot i; behind them the slot of the pacing timer.
    schedule: Schedule,
    /// What armed the deadline of each slot.
    armed_by: Vec<Origin>,
    garp: GarpTimers,
}

/// A raw socket: adverts on one interface to one group.
#[derive(Clone, Debug)]
struct Socket {
    link: LinkId,
    group: Ipv4Addr,
    instance_of: Box<[Option<u16>; 256]>,
}

impl Vrrp {
    /// The process for this configuration on this host, before it starts.
    pub fn new(config: &Config, host: &HostFacts, quirks: &'static Quirks) -> Vrrp {
        let links = host.links.clone();
        let instances: Vec<Instance> = config.instances.iter().map(|i| build(i, &links)).collect();
        let slots = instances.len() + 1;
        let garp = GarpTimers::new(links.len(), config.global.garp_interval);
        let armed_by = vec![Origin(0); slots];
        let schedule = Schedule::new(slots);
        let mut vrrp = Vrrp { quirks, links, sockets: Vec::new(), instances, schedule, armed_by, garp };
        vrrp.assign_sockets(config);
        vrrp
    }

    /// The state of an instance; `None` before the start.
    pub fn state(&self, instance: InstanceId) -> Option<State> {
        self.instances[usize::from(instance.0)].state()
    }

    /// The counters of an instance.
    pub fn counters(&self, instance: InstanceId) -> &Counters {
        &self.instances[usize::from(instance.0)].counters
    }

    /// When the next timer fires.
    pub fn deadline(&self) -> Option<Instant> {
        let state = self.schedule.first().map(|(at, _)| at);
        let burst = self.garp.first().map(|b| b.at);
        [state, burst].into_iter().flatten().min()
    }

    fn assign_sockets(&mut self, config: &Config) {
        for (i, instance) in self.instances.iter_mut().enumerate() {
            let Some(link) = instance.link else { continue };
            let group = config.instances[i].mcast_dst_ip;
            let found = self.sockets.iter().position(|s| s.link == link && s.group == group);
            let sock = found.unwrap_or_else(|| {
                self.sockets.push(Socket { link, group, instance_of: Box::new([None; 256]) });
                self.sockets.len() - 1
            });
            self.sockets[sock].instance_of[usize::from(instance.spec.vrid)] = Some(i as u16);
            instance.sock = Some(SockId(sock as u16));
        }
    }

    /// The daemon starts: left-over addresses go, sockets open, every instance is Backup or Fault.
    pub(crate) fn start(&mut self, out: &mut Effects) {
        for i in 0..self.instances.len() {
            for m in 0..self.instances[i].spec.managed.len() {
                let managed = self.instances[i].spec.managed[m];
                if self.links[usize::from(managed.link.0)].addresses.contains(&managed.cidr) {
                    self.change_address(AddressOp::Remove, managed.link, managed.cidr, out);
                }
            }
        }
        for (n, socket) in self.sockets.iter().enumerate() {
            out.push(Effect::Open { sock: SockId(n as u16), link: socket.link, group: socket.group });
        }
        for i in 0..self.instances.len() {
            self.choose_source(i);
            self.instances[i].faults = self.initial_faults(i);
            if !self.instances[i].faults.is_empty() {
                self.enter_fault(i, out);
            } else if self.instances[i].spec.starts_as_master {
                self.wait(i, Duration::from_micros(1), None, out);
            } else {
                self.enter_backup(i, None, out);
            }
        }
    }

    fn initial_faults(&self, i: usize) -> Vec<FaultReason> {
        let instance = &self.instances[i];
        let mut faults = instance.faults.clone();
        match instance.link {
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
        faults
    }

    /// The source of adverts: the configured one, or the interface's first address that is not virtual.
    fn choose_source(&mut self, i: usize) {
        let Some(link) = self.instances[i].link else { return };
        if !self.instances[i].source_is_fixed {
            let is_virtual = |cidr: &Cidr| {
                self.instances.iter().flat_map(|i| &i.spec.managed).any(|m| m.cidr.address == cidr.address)
            };
            let facts = &self.links[usize::from(link.0)];
            let found = facts.addresses.iter().filter(|c| !is_virtual(c)).find_map(|c| match c.address {
                IpAddr::V4(a) => Some(a),
                IpAddr::V6(_) => None,
            });
            self.instances[i].source = found;
        }
        if let Some(source) = self.instances[i].source {
            self.instances[i].packet.set_source(source);
        }
    }

    /// An IP packet was read from a socket.
    pub(crate) fn packet(&mut self, sock: SockId, packet: &[u8], out: &mut Effects) {
        out.spend_receive();
        let Some(vrid) = receive::vrid_of(packet) else { return };
        let Some(i) = self.sockets[usize::from(sock.0)].instance_of[usize::from(vrid)] else { return };
        let i = usize::from(i);
        match self.instances[i].phase {
            Phase::Init | Phase::Fault => {}
            Phase::Backup { .. } => {
                if let Some(heard) = self.checked(i, packet, out) {
                    self.backup_heard(i, heard, out);
                }
            }
            Phase::Master { .. } => {
                let heard = self.checked(i, packet, out);
                self.master_heard(i, heard, out);
            }
        }
    }

    /// The advert, if it is accepted; counted either way.
    fn checked(&mut self, i: usize, packet: &[u8], out: &mut Effects) -> Option<Heard> {
        match receive::check(&self.instances[i], self.quirks, packet) {
            Ok(heard) => {
                let counters = &mut self.instances[i].counters;
                counters.received += 1;
                counters.received_priority_zero += u64::from(heard.priority == 0);
                Some(heard)
            }
            Err(reason) => {
                self.instances[i].counters.reject(reason);
                let from = Ipv4Addr::new(packet[12], packet[13], packet[14], packet[15]);
                out.push(Effect::Log(Message::Rejected { instance: id(i), from, reason }));
                None
            }
        }
    }

    fn backup_heard(&mut self, i: usize, heard: Heard, out: &mut Effects) {
        let instance = &mut self.instances[i];
        let (skew, down, priority) = (instance.skew(), instance.master_down(), instance.priority());
        let Phase::Backup { down_at, preempt_at, master } = &mut instance.phase else {
            panic!("only a backup comes here");
        };
        let now = out.now();
        let delay = instance.spec.preempt_delay;
        if heard.priority == 0 {
            *down_at = now + skew;
        } else if heard.priority >= priority || instance.spec.nopreempt {
            *preempt_at = None;
            *master = Some(heard.from);
            *down_at = now + down;
        } else if !delay.is_zero() && preempt_at.is_none_or(|at| at > now) {
            preempt_at.get_or_insert(now + delay);
            *master = Some(heard.from);
            *down_at = now + down;
        } else {
            let Heard { from, priority } = heard;
            out.push(Effect::Log(Message::Discarded { instance: id(i), from, priority }));
            return;
        }
        self.arm(i, out);
    }

    fn master_heard(&mut self, i: usize, heard: Option<Heard>, out: &mut Effects) {
        let Some(heard) = heard else { return self.restart_advert_timer(i, out) };
        if self.quirks.owner_yields_to_owner && heard.priority == OWNER {
            let base = &mut self.instances[i].base_priority;
            *base = (*base).min(OWNER - 1);
        }
        let instance = &self.instances[i];
        let (own, source) = (instance.priority(), instance.source.expect("a master has a source"));
        let Heard { from, priority } = heard;
        if priority == 0 {
            self.send_advert(i, own, out);
            self.restart_advert_timer(i, out);
        } else if priority < own || (priority == own && from < source) {
            self.answer_lower(i, heard, out);
        } else if priority == own && from == source {
            out.push(Effect::Log(Message::SameAddress { instance: id(i) }));
            self.restart_advert_timer(i, out);
        } else {
            out.push(Effect::Log(Message::HigherPriority { instance: id(i), from, priority }));
            if self.instances[i].spec.higher_prio_send_advert {
                self.send_advert(i, own, out);
            }
            self.leave_master(i, out);
            self.enter_backup(i, Some(from), out);
        }
    }

    /// A master tells one that should not be: with an advert, and its neighbours with gratuitous ARPs.
    fn answer_lower(&mut self, i: usize, heard: Heard, out: &mut Effects) {
        let Heard { from, priority } = heard;
        out.push(Effect::Log(Message::LowerPriority { instance: id(i), from, priority }));
        let own = self.instances[i].priority();
        if !self.instances[i].spec.lower_prio_no_advert {
            self.send_advert(i, own, out);
        }
        let garp = self.instances[i].spec.garp;
        if garp.lower_prio_repeat > 0 {
            self.burst(i, garp.lower_prio_repeat, out);
            self.garp.plan(i, garp.lower_prio_repeat, garp.lower_prio_delay, out);
        }
        self.notify(i, Announced::MasterRxLowerPri, out);
        self.restart_advert_timer(i, out);
    }

    /// Counted from the moment the work is done, as every packet for a master's VRID makes it.
    fn restart_advert_timer(&mut self, i: usize, out: &Effects) {
        let instance = &mut self.instances[i];
        if instance.spec.lower_prio_no_advert {
            return;
        }
        let Phase::Master { advert_at, .. } = &mut instance.phase else { panic!("only a master comes here") };
        *advert_at = out.now() + instance.spec.advert_int;
        self.arm(i, out);
    }

    /// Fires the earliest timer that is due.
    pub(crate) fn wake(&mut self, now: Instant, out: &mut Effects) {
        let state = self.schedule.first().filter(|&(at, _)| at <= now);
        let burst = self.garp.first().filter(|b| b.at <= now);
        match (state, burst) {
            (Some((at, _)), Some(burst)) if burst.at <= at => self.fire_burst(out),
            (None, Some(_)) => self.fire_burst(out),
            (Some((_, slot)), _) if slot == self.pacing_slot() => self.fire_pacing(out),
            (Some((_, i)), _) => self.fire_state(i, out),
            (None, None) => {}
        }
    }

    fn fire_state(&mut self, i: usize, out: &mut Effects) {
        match self.instances[i].phase {
            Phase::Backup { .. } => {
                out.fired(Timer::MasterDown, self.armed_by[i]);
                self.become_master(i, out);
            }
            Phase::Master { refresh_at, .. } => {
                out.fired(Timer::Advert, self.armed_by[i]);
                self.advertise(i, refresh_at, out);
            }
            Phase::Init | Phase::Fault => panic!("a state without a deadline has none in the schedule"),
        }
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

    /// Advert, addresses, gratuitous ARPs now and later, notification (vrrp.c:vrrp_state_become_master).
    fn become_master(&mut self, i: usize, out: &mut Effects) {
        let own = self.instances[i].priority();
        self.send_advert(i, own, out);
        self.change_addresses(i, AddressOp::Add, out);
        let garp = self.instances[i].spec.garp;
        let refresh_at = (!garp.master_refresh.is_zero()).then(|| out.now() + garp.master_refresh);
        let advert_at = out.now();
        self.instances[i].phase = Phase::Master { advert_at, refresh_at };
        self.instances[i].counters.became_master += 1;
        self.burst(i, garp.master_repeat, out);
        self.garp.plan(i, garp.master_repeat, garp.master_delay, out);
        self.notify(i, Announced::Master, out);
        self.set_advert_timer(i, out);
    }

    fn advertise(&mut self, i: usize, refresh_at: Option<Instant>, out: &mut Effects) {
        let own = self.instances[i].priority();
        self.send_advert(i, own, out);
        if refresh_at.is_some_and(|at| at <= out.now()) {
            let garp = self.instances[i].spec.garp;
            self.burst(i, garp.master_refresh_repeat, out);
            if let Phase::Master { refresh_at, .. } = &mut self.instances[i].phase {
                *refresh_at = Some(out.now() + garp.master_refresh);
            }
        }
        self.set_advert_timer(i, out);
    }

    fn set_advert_timer(&mut self, i: usize, out: &Effects) {
        let next = out.now() + self.instances[i].spec.advert_int;
        let Phase::Master { advert_at, .. } = &mut self.instances[i].phase else {
            panic!("only a master advertises");
        };
        *advert_at = next;
        self.arm(i, out);
    }

    fn leave_master(&mut self, i: usize, out: &mut Effects) {
        self.change_addresses(i, AddressOp::Remove, out);
        self.instances[i].garp_waits.fill(false);
        self.instances[i].counters.released_master += 1;
    }

    fn enter_backup(&mut self, i: usize, master: Option<Ipv4Addr>, out: &mut Effects) {
        self.notify(i, Announced::Backup, out);
        self.wait(i, self.instances[i].master_down(), master, out);
    }

    /// Backup for so long without an advert. An owner comes here from its start for 1 µs and does not announce
    /// that (vrrp_scheduler.c:vrrp_init_state; recorded: `owner`).
    fn wait(&mut self, i: usize, wait: Duration, master: Option<Ipv4Addr>, out: &mut Effects) {
        let down_at = out.now() + wait;
        self.instances[i].phase = Phase::Backup { down_at, preempt_at: None, master };
        self.arm(i, out);
    }

    fn enter_fault(&mut self, i: usize, out: &mut Effects) {
        for &reason in &self.instances[i].faults {
            out.push(Effect::Log(Message::Fault { instance: id(i), reason }));
        }
        self.instances[i].phase = Phase::Fault;
        self.notify(i, Announced::Fault, out);
        self.arm(i, out);
    }

    /// The kernel reports a change of a link or an address.
    pub(crate) fn kernel(&mut self, event: KernelEvent, out: &mut Effects) {
        match event {
            KernelEvent::Link { link, up } => {
                self.links[usize::from(link.0)].up = up;
                for i in 0..self.instances.len() {
                    if self.instances[i].link == Some(link) && self.instances[i].spec.tracks_link {
                        self.set_fault(i, FaultReason::LinkDown, !up, out);
                    }
                }
            }
            KernelEvent::AddressAdded { link, cidr } => {
                let known = &mut self.links[usize::from(link.0)].addresses;
                if !known.contains(&cidr) {
                    known.push(cidr);
                    self.sources_changed(link, out);
                }
            }
            KernelEvent::AddressRemoved { link, cidr } => {
                let known = &mut self.links[usize::from(link.0)].addresses;
                // What we removed ourselves is not in the list any more: the echo of that is no news.
                if let Some(place) = known.iter().position(|c| *c == cidr) {
                    known.remove(place);
                    self.address_was_taken(link, cidr, out);
                    self.sources_changed(link, out);
                }
            }
        }
    }

    fn sources_changed(&mut self, link: LinkId, out: &mut Effects) {
        for i in 0..self.instances.len() {
            if self.instances[i].link == Some(link) {
                self.choose_source(i);
                let missing = self.instances[i].source.is_none();
                self.set_fault(i, FaultReason::NoAddress, missing, out);
            }
        }
    }

    /// A stranger removed a virtual address: farewell, and a new try after the skew
    /// (keepalived_netlink.c:set_vrrp_backup; recorded with 2.2.7).
    fn address_was_taken(&mut self, link: LinkId, cidr: Cidr, out: &mut Effects) {
        for i in 0..self.instances.len() {
            let lost = |m: &super::instance::Managed| m.tracked && m.link == link && m.cidr == cidr;
            if !self.instances[i].is_master() || !self.instances[i].spec.managed.iter().any(lost) {
                continue;
            }
            self.send_advert(i, 0, out);
            self.leave_master(i, out);
            self.enter_backup(i, None, out);
            let skew = self.instances[i].skew();
            if let Phase::Backup { down_at, .. } = &mut self.instances[i].phase {
                *down_at = out.now() + skew;
            }
            self.arm(i, out);
        }
    }

    fn set_fault(&mut self, i: usize, reason: FaultReason, present: bool, out: &mut Effects) {
        let faults = &mut self.instances[i].faults;
        let known = faults.contains(&reason);
        if present && !known {
            faults.push(reason);
            match self.instances[i].phase {
                Phase::Init | Phase::Fault => return,
                Phase::Backup { .. } => {}
                Phase::Master { .. } => {
                    // Two farewells, counted as one (vrrp.c:vrrp_state_leave_master, vrrp_restore_interface).
                    self.send_advert(i, 0, out);
                    self.instances[i].counters.sent -= 1;
                    self.instances[i].counters.sent_priority_zero -= 1;
                    self.send_advert(i, 0, out);
                    self.leave_master(i, out);
                }
            }
            self.enter_fault(i, out);
        } else if !present && known {
            faults.retain(|f| *f != reason);
            if faults.is_empty() && self.instances[i].phase == Phase::Fault {
                self.enter_backup(i, None, out);
            }
        }
    }

    /// The daemon stops: priority 0 and no addresses for each master, then the announcements.
    pub(crate) fn stop(&mut self, out: &mut Effects) {
        for i in 0..self.instances.len() {
            if self.instances[i].is_master() {
                self.send_advert(i, 0, out);
                self.leave_master(i, out);
            }
        }
        for n in 0..self.sockets.len() {
            out.push(Effect::Close(SockId(n as u16)));
        }
        for i in 0..self.instances.len() {
            self.instances[i].phase = Phase::Init;
            self.arm(i, out);
            self.notify(i, Announced::Stop, out);
        }
        self.schedule.set(self.pacing_slot(), None);
        self.garp = GarpTimers::new(self.links.len(), Duration::ZERO);
    }

    fn send_advert(&mut self, i: usize, priority: u8, out: &mut Effects) {
        let instance = &mut self.instances[i];
        let Some(sock) = instance.sock else { return };
        let bytes = out.store(instance.packet.next(priority));
        instance.counters.sent += 1;
        instance.counters.sent_priority_zero += u64::from(priority == 0);
        let to = self.sockets[usize::from(sock.0)].group;
        out.push(Effect::Send { sock, to, bytes });
    }

    fn burst(&mut self, i: usize, repeat: u32, out: &mut Effects) {
        let waiting = self.garp.burst(&mut self.instances[i], &self.links, repeat, out);
        let slot = self.pacing_slot();
        if let Some(at) = waiting
            && self.schedule.get(slot).is_none_or(|set| at < set)
        {
            self.schedule.set(slot, Some(at));
            self.armed_by[slot] = out.origin();
        }
    }

    fn change_addresses(&mut self, i: usize, op: AddressOp, out: &mut Effects) {
        for m in 0..self.instances[i].spec.managed.len() {
            let managed = self.instances[i].spec.managed[m];
            self.change_address(op, managed.link, managed.cidr, out);
        }
    }

    fn change_address(&mut self, op: AddressOp, link: LinkId, cidr: Cidr, out: &mut Effects) {
        let known = &mut self.links[usize::from(link.0)].addresses;
        let place = known.iter().position(|c| *c == cidr);
        match (op, place) {
            (AddressOp::Add, None) => known.push(cidr),
            (AddressOp::Remove, Some(place)) => drop(known.remove(place)),
            (AddressOp::Add, Some(_)) | (AddressOp::Remove, None) => return,
        }
        out.push(Effect::Address { op, link, cidr });
    }

    fn notify(&self, i: usize, state: Announced, out: &mut Effects) {
        let priority = self.instances[i].priority();
        out.push(Effect::Notify(Notification { instance: id(i), state, priority }));
    }

    /// Enters the state's deadline into the schedule, armed by the present input.
    fn arm(&mut self, i: usize, out: &Effects) {
        self.schedule.set(i, self.instances[i].deadline());
        self.armed_by[i] = out.origin();
    }

    fn pacing_slot(&self) -> usize {
        self.instances.len()
    }
}

fn id(i: usize) -> InstanceId {
    InstanceId(i as u16)
}

fn build(config: &crate::config::Instance, links: &[LinkFacts]) -> Instance {
    let link_of = |name: &str| links.iter().position(|l| l.name == name).map(|n| LinkId(n as u16));
    let spec = Spec::new(config, link_of);
    let modelled = config.version == Version::V2 && !matches!(config.auth, Auth::Ah(_));
    Instance {
        garp_waits: vec![false; spec.managed.len()],
        phase: Phase::Init,
        link: link_of(&config.interface),
        sock: None,
        source: config.mcast_src_ip,
        source_is_fixed: config.mcast_src_ip.is_some(),
        base_priority: config.priority,
        packet: AdvertPacket::new(config, config.priority),
        counters: Counters::default(),
        faults: if modelled { Vec::new() } else { vec![FaultReason::NotModelled] },
        spec,
    }
}
