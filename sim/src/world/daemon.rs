//! A daemon on a host: the engine, the input that waits for it, and the carrying out of its effects.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use vrrplab_engine::Node;
use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::{
    AddressOp, Announced, Bind, ConnId, Effect, Effects, Exit, FileId, GroupNotification, HostFacts, Input,
    JobId, KeptStreamEvent, KernelEvent, LinkFacts, LinkId, Message, Notification, Origin, Packet, ProcessId,
    Signal, SockId, SocketSpec, Timed,
};
use vrrplab_engine::config::Config;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::vrrp::State;
use vrrplab_engine::wire::checksum::{self, Sum};
use vrrplab_engine::wire::{ethernet, ipv4, ipv6, vrrp};

use super::frames::FrameId;
use super::jobs::Child;
use super::queue::Item;
use super::sockets::Sockets;
use super::{Host, World, cause_of, of_fault, of_frame};
use crate::anchors::Sight;
use crate::observer::Observer;
use crate::scenario::Role;
use crate::trace::{Cause, Loss, What};

/// A running daemon.
#[derive(Clone, Debug)]
pub(super) struct Daemon {
    node: Node,
    effects: Effects,
    /// Until when it works on what it does.
    busy_until: Instant,
    /// Stopped by SIGSTOP.
    pub(super) paused: bool,
    waiting: VecDeque<(Waiting, Origin)>,
    pub(super) sockets: Sockets,
    /// Whose names and numbers its effects mean: at a reload the engine is ahead of what it has asked for.
    config: Arc<Config>,
    /// What each instance last announced.
    announced: Vec<Option<State>>,
    /// The children that run.
    pub(super) children: Vec<Child>,
}

/// Input that waits for the daemon to read it.
#[derive(Clone, Debug)]
pub(super) enum Waiting {
    Job(JobId, Exit),
    Stream(ConnId, KeptStreamEvent),
    File(FileId, Option<Vec<u8>>),
    Processes(ProcessId, u32),
    Packet(SockId, Held),
    Kernel(KernelEvent),
    Signal(Signal),
    /// SIGHUP; the text is read when the daemon is there to read it.
    Reload,
    /// What it has begun to read.
    Reading(Box<Reading>),
}

/// A reload that takes time: the text and the host as they were at SIGHUP.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// None if the text is refused.
    config: Option<Arc<Config>>,
    /// What the daemon is told of the host, without files and processes: it looks at those when it has read the text.
    host: HostFacts,
}

/// A packet in a socket's queue.
#[derive(Clone, Debug)]
pub(super) enum Held {
    V4(Vec<u8>),
    V6 { source: Ipv6Addr, destination: Ipv6Addr, hop_limit: u8, message: Vec<u8> },
}

impl Held {
    fn new(packet: Packet<'_>) -> Held {
        match packet {
            Packet::V4(bytes) => Held::V4(bytes.to_vec()),
            Packet::V6 { source, destination, hop_limit, message } => {
                Held::V6 { source, destination, hop_limit, message: message.to_vec() }
            }
        }
    }

    fn packet(&self) -> Packet<'_> {
        match self {
            Held::V4(bytes) => Packet::V4(bytes),
            Held::V6 { source, destination, hop_limit, message } => {
                let (source, destination, hop_limit) = (*source, *destination, *hop_limit);
                Packet::V6 { source, destination, hop_limit, message }
            }
        }
    }
}

impl Daemon {
    fn new(config: Arc<Config>, facts: &HostFacts, effects: Effects, now: Instant) -> Daemon {
        let announced = vec![None; config.instances.len()];
        let node = Node::new(Arc::clone(&config), facts);
        let (sockets, waiting) = (Sockets::default(), VecDeque::new());
        let children = Vec::new();
        Daemon {
            node,
            effects,
            busy_until: now,
            paused: false,
            waiting,
            sockets,
            config,
            announced,
            children,
        }
    }

    /// Its configuration.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// What it asks for from now on means the configuration that it has read. An instance of the same name has said
    /// what it has said.
    fn reloaded(&mut self) {
        let old = std::mem::replace(&mut self.config, Arc::clone(self.node.config()));
        let place = |name: &String| old.instances.iter().position(|i| i.name == *name);
        let said = |name: &String| self.announced[place(name)?];
        self.announced = self.config.instances.iter().map(|i| said(&i.name)).collect();
    }

    /// What its last work asked for.
    pub(super) fn effects(&self) -> &Effects {
        &self.effects
    }

    /// The groups that sockets on this link listen to.
    pub(super) fn groups(&self, link: usize) -> Vec<Ipv4Addr> {
        self.sockets.specs().filter_map(membership).filter(|m| m.0 == link).map(|m| m.1).collect()
    }

    /// Whether a socket on this link is a member of the group.
    pub(super) fn is_member(&self, link: usize, group: Ipv4Addr) -> bool {
        self.sockets.specs().filter_map(membership).any(|m| m == (link, group))
    }

    /// Whether input has to wait.
    fn is_away(&self, now: Instant) -> bool {
        self.paused || self.busy_until > now || !self.waiting.is_empty()
    }

    /// When it reads or wakes next.
    fn turn(&self) -> Option<Instant> {
        if self.paused {
            None
        } else if self.waiting.is_empty() {
            self.node.deadline().map(|at| at.max(self.busy_until))
        } else {
            Some(self.busy_until)
        }
    }
}

/// The interface and the IPv4 group that a socket is a member of.
fn membership(spec: &SocketSpec) -> Option<(usize, Ipv4Addr)> {
    match (spec.link, spec.bind) {
        (Some(link), Bind::Group(IpAddr::V4(group))) => Some((usize::from(link.0), group)),
        _ => None,
    }
}

impl World {
    pub(super) fn start_daemon<O: Observer>(&mut self, h: usize, origin: Origin, observer: &mut O) {
        let scenario = Arc::clone(&self.scenario);
        let Role::Node(spec) = &scenario.hosts[h].role else { panic!("only nodes run a daemon") };
        if self.hosts[h].daemon.is_some() {
            let text = "keepalived is already running".to_string();
            return self.tell(observer, Some(h), What::Log(text), Cause::None);
        }
        let reading = self.hosts[h].reading.as_ref().unwrap_or(&spec.reading);
        if reading.refused() {
            let text = "keepalived refuses its configuration and does not start".to_string();
            return self.tell(observer, Some(h), What::Log(text), Cause::None);
        }
        let config = Arc::new(reading.config.clone());
        let facts = self.host_facts(h, &config);
        self.hosts[h].epoch += 1;
        self.hosts[h].daemon = Some(Daemon::new(config, &facts, Effects::new(spec.cost), self.now));
        self.hand_over(h, Input::Start, origin, observer);
    }

    /// Tells a daemon to read its configuration.
    pub(super) fn reload_daemon<O: Observer>(&mut self, h: usize, origin: Origin, observer: &mut O) {
        self.tell_daemon(h, Waiting::Reload, origin, observer);
    }

    /// SIGHUP. If reading takes time the daemon is away for it; with what it knows of its links it goes on then, because
    /// it reads its messages from the kernel afterwards (keepalived keeps that socket).
    fn hand_over_reload<O: Observer>(&mut self, h: usize, origin: Origin, observer: &mut O) {
        let scenario = Arc::clone(&self.scenario);
        let Role::Node(spec) = &scenario.hosts[h].role else { panic!("only nodes run a daemon") };
        let reading = self.hosts[h].reading.as_ref().unwrap_or(&spec.reading);
        let config = (!reading.refused()).then(|| Arc::new(reading.config.clone()));
        let host = self.host_facts(h, &reading.config);
        if spec.cost.reload.is_zero() {
            return self.hand_over_text(h, config, &host, origin, observer);
        }
        self.hand_over(h, Input::Hangup, origin, observer);
        let daemon = self.hosts[h].daemon.as_mut().expect("nobody has ended it");
        daemon.waiting.push_front((Waiting::Reading(Box::new(Reading { config, host })), origin));
        self.plan_turn(h);
    }

    /// The daemon has read its text. What it was to be told of files and processes it sees by itself now, and it counts
    /// them anew.
    fn hand_over_read<O: Observer>(&mut self, h: usize, read: Reading, origin: Origin, observer: &mut O) {
        let Reading { config, mut host } = read;
        host.files = self.hosts[h].things.files();
        if let Some(config) = &config {
            host.processes = self.hosts[h].things.processes(config);
        }
        let daemon = self.hosts[h].daemon.as_mut().expect("who reads is there");
        daemon.waiting.retain(|(input, _)| !matches!(input, Waiting::File(..) | Waiting::Processes(..)));
        self.hand_over_text(h, config, &host, origin, observer);
    }

    fn hand_over_text<O: Observer>(
        &mut self,
        h: usize,
        config: Option<Arc<Config>>,
        host: &HostFacts,
        origin: Origin,
        observer: &mut O,
    ) {
        if config.is_none() {
            let text = "keepalived refuses its new configuration and ends".to_string();
            self.tell(observer, Some(h), What::Log(text), Cause::None);
        }
        self.hand_over(h, Input::Reload { config, host }, origin, observer);
    }

    fn host_facts(&self, h: usize, config: &Config) -> HostFacts {
        let links = self.hosts[h].kernel.links.iter().map(|l| LinkFacts {
            name: l.name.to_string(),
            mac: l.mac,
            mtu: 1500,
            up: l.carrier,
            addresses: l.addresses.clone(),
        });
        let things = &self.hosts[h].things;
        HostFacts {
            hostname: self.hosts[h].name.to_string(),
            links: links.collect(),
            files: things.files(),
            processes: things.processes(config),
            wall_clock: Duration::ZERO,
            forwards6: false,
        }
    }

    /// The daemon is gone, at once and without a word.
    pub(super) fn end_daemon(&mut self, h: usize) {
        if let Some(daemon) = self.hosts[h].daemon.take() {
            for (link, group) in daemon.sockets.specs().filter_map(membership) {
                self.membership_changed(h, link, group, false);
            }
        }
        self.hosts[h].epoch += 1;
        self.daemon_timers.set(h, None);
    }

    /// A VRRP packet arrived at one of the daemon's sockets.
    pub(super) fn packet_for_daemon<O: Observer>(
        &mut self,
        h: usize,
        sock: SockId,
        frame: &[u8],
        packet: Packet<'_>,
        number: u32,
        observer: &mut O,
    ) {
        let daemon = self.hosts[h].daemon.as_mut().expect("a socket has a daemon");
        if !daemon.is_away(self.now) {
            self.hand_over(h, Input::Packet { sock, packet }, of_frame(number), observer);
        } else if daemon.sockets.hold(sock, packet_length(packet)) {
            daemon.waiting.push_back((Waiting::Packet(sock, Held::new(packet)), of_frame(number)));
            self.plan_turn(h);
        } else {
            self.lost(h, frame, number, Loss::QueueFull, observer);
        }
    }

    pub(super) fn kernel_event<O: Observer>(
        &mut self,
        h: usize,
        event: KernelEvent,
        origin: Origin,
        observer: &mut O,
    ) {
        self.tell_daemon(h, Waiting::Kernel(event), origin, observer);
    }

    pub(super) fn signal<O: Observer>(&mut self, h: usize, signal: Signal, origin: Origin, observer: &mut O) {
        self.tell_daemon(h, Waiting::Signal(signal), origin, observer);
    }

    fn tell_daemon<O: Observer>(&mut self, h: usize, input: Waiting, origin: Origin, observer: &mut O) {
        let Some(daemon) = &mut self.hosts[h].daemon else { return };
        if daemon.is_away(self.now) {
            daemon.waiting.push_back((input, origin));
            self.plan_turn(h);
        } else {
            self.hand_over_waiting(h, input, origin, observer);
        }
    }

    /// Input that may come while the daemon works: it waits until the daemon reads next.
    pub(super) fn tell_daemon_later(&mut self, h: usize, input: Waiting, origin: Origin) {
        let Some(daemon) = &mut self.hosts[h].daemon else { return };
        daemon.waiting.push_back((input, origin));
        daemon.busy_until = daemon.busy_until.max(self.now);
        self.plan_turn(h);
    }

    fn hand_over_waiting<O: Observer>(&mut self, h: usize, input: Waiting, origin: Origin, observer: &mut O) {
        match input {
            Waiting::Packet(sock, held) => {
                self.hand_over(h, Input::Packet { sock, packet: held.packet() }, origin, observer);
            }
            Waiting::Job(job, exit) => self.hand_over(h, Input::Job { job, exit }, origin, observer),
            Waiting::Stream(conn, told) => {
                self.hand_over(h, Input::Stream { conn, event: told.event() }, origin, observer);
            }
            Waiting::File(file, content) => {
                let content = content.as_deref();
                self.hand_over(h, Input::File { file, content }, origin, observer);
            }
            Waiting::Processes(process, running) => {
                self.hand_over(h, Input::Processes { process, running }, origin, observer);
            }
            Waiting::Kernel(event) => self.hand_over(h, Input::Kernel(event), origin, observer),
            Waiting::Signal(signal) => self.hand_over(h, Input::Signal(signal), origin, observer),
            Waiting::Reload => self.hand_over_reload(h, origin, observer),
            Waiting::Reading(reading) => self.hand_over_read(h, *reading, origin, observer),
        }
    }

    pub(super) fn pause(&mut self, h: usize, paused: bool) {
        if let Some(daemon) = &mut self.hosts[h].daemon {
            daemon.paused = paused;
            daemon.busy_until = daemon.busy_until.max(self.now);
            self.plan_turn(h);
        }
    }

    /// The daemon's turn: it reads what waits, else its timer fires.
    pub(super) fn daemon_turn<O: Observer>(&mut self, h: usize, observer: &mut O) {
        let daemon = self.hosts[h].daemon.as_mut().expect("only a daemon has a turn");
        match daemon.waiting.pop_front() {
            Some((input, origin)) => {
                if let Waiting::Packet(sock, held) = &input {
                    daemon.sockets.read(*sock, packet_length(held.packet()));
                }
                self.hand_over_waiting(h, input, origin, observer);
            }
            None => {
                self.counts.timers += 1;
                // What a timer's work arms is caused by the frame that this work begins with.
                self.hand_over(h, Input::Wake, of_frame(self.counts.sent as u32 + 1), observer);
            }
        }
    }

    /// Hands the engine an input and carries out what it asks for, each effect at its instant.
    fn hand_over<O: Observer>(&mut self, h: usize, input: Input<'_>, origin: Origin, observer: &mut O) {
        let daemon = self.hosts[h].daemon.as_mut().expect("only a daemon has input");
        daemon.effects.clear(origin);
        daemon.node.handle(input, self.now, &mut daemon.effects);
        daemon.busy_until = daemon.effects.now();
        let count = daemon.effects.len();
        let epoch = self.hosts[h].epoch;
        for i in 0..count {
            let Some(daemon) = &self.hosts[h].daemon else { return };
            let timed = daemon.effects.get(i);
            let frame = self.frame_of(h, timed);
            if timed.at == self.now {
                self.perform(h, timed, frame, observer);
            } else {
                self.queue.push(timed.at, Item::Perform { host: h, epoch, timed, frame });
            }
        }
        self.plan_turn(h);
    }

    fn plan_turn(&mut self, h: usize) {
        let turn = self.hosts[h].daemon.as_ref().and_then(Daemon::turn);
        self.daemon_timers.set(h, turn.map(|at| at.max(self.now)));
    }

    /// What an effect puts on the wire: a frame, or a unicast packet, whose station is not known yet. The kernel adds
    /// headers and checksums.
    fn frame_of(&mut self, h: usize, timed: Timed) -> Option<FrameId> {
        let host = &self.hosts[h];
        let daemon = host.daemon.as_ref()?;
        match timed.effect {
            Effect::Send { sock, to, bytes } => {
                let packet = daemon.effects.bytes(bytes);
                let head = to.is_multicast().then(|| group_header(host, sock, IpAddr::V4(to)));
                Some(self.frames.make(|frame| {
                    let start = emit_head(head, frame);
                    frame.extend_from_slice(packet);
                    ipv4::fill_checksum(&mut frame[start..]);
                }))
            }
            Effect::Send6 { sock, from, to, hop_limit, bytes } => {
                let message = daemon.effects.bytes(bytes);
                let head = to.is_multicast().then(|| group_header(host, sock, IpAddr::V6(to)));
                Some(self.frames.make(|frame| {
                    emit_head(head, frame);
                    emit_vrrp6((from, to), hop_limit, message, frame);
                }))
            }
            Effect::Frame { bytes, .. } => {
                let bytes = daemon.effects.bytes(bytes);
                Some(self.frames.make(|frame| frame.extend_from_slice(bytes)))
            }
            _ => None,
        }
    }

    /// Carries out one effect, now.
    pub(super) fn perform<O: Observer>(
        &mut self,
        h: usize,
        timed: Timed,
        frame: Option<FrameId>,
        observer: &mut O,
    ) {
        let cause = cause_of(timed.because);
        let host = &mut self.hosts[h];
        let daemon = host.daemon.as_mut().expect("a daemon performs its effects");
        match timed.effect {
            Effect::Open { sock, spec } => {
                let joins = membership(&spec).filter(|(link, group)| !daemon.is_member(*link, *group));
                daemon.sockets.open(sock, spec, host.kernel.settings.receive_buffer);
                if let Some((link, group)) = joins {
                    self.membership_changed(h, link, group, true);
                }
            }
            Effect::Close(sock) => {
                let closed = daemon.sockets.close(sock);
                // What was in its queue is gone with it.
                daemon.waiting.retain(|(input, _)| !matches!(input, Waiting::Packet(of, _) if *of == sock));
                if let Some((link, group)) = closed.as_ref().and_then(membership)
                    && !daemon.is_member(link, group)
                {
                    self.membership_changed(h, link, group, false);
                }
            }
            Effect::Send { sock, to, .. } => {
                let link = daemon.sockets.link_of(sock);
                self.send_from(h, link, to.is_multicast(), frame, cause, observer);
            }
            Effect::Send6 { sock, from, to, .. } => {
                let link = daemon.sockets.link_of(sock);
                // The kernel refuses a source that the host does not have.
                match frame.filter(|_| !self.hosts[h].kernel.has(from.into())) {
                    Some(frame) => self.frames.free(frame),
                    None => self.send_from(h, link, to.is_multicast(), frame, cause, observer),
                }
            }
            Effect::Frame { link, .. } => {
                self.send_from(h, Some(usize::from(link.0)), true, frame, cause, observer);
            }
            Effect::Address { op, link: LinkId(link), cidr } => {
                let added = op == AddressOp::Add;
                let changed = self.change_address(h, usize::from(link), cidr, added, cause, observer);
                self.collateral(h, link, cidr, &changed, timed.because.origin, observer);
            }
            Effect::Route { op, route } => {
                let config = Arc::clone(&daemon.config);
                self.change_way(h, op, config.route(route), cause, observer);
            }
            Effect::Rule { op, rule } => {
                let config = Arc::clone(&daemon.config);
                self.change_policy(h, op, config.rule(rule), cause, observer);
            }
            Effect::Filter { op, address } => {
                self.hosts[h].kernel.filter.serve(address, op == AddressOp::Remove);
            }
            Effect::Notify(notification) => self.claim(h, notification, cause, observer),
            Effect::NotifyGroup(GroupNotification { group, state: to }) => {
                if O::EVENTS {
                    let group = daemon.config.groups[usize::from(group.0)].name.as_str().into();
                    self.tell(observer, Some(h), What::Group { group, to }, cause);
                }
            }
            Effect::Spawn { job, argv, .. } => self.spawn(h, job, argv, cause, observer),
            Effect::Kill { job, signal } => self.kill_child(h, job, signal, observer),
            Effect::Fifo { fifo, bytes } => {
                if O::EVENTS {
                    let line = String::from_utf8_lossy(daemon.effects.bytes(bytes)).trim_end().to_string();
                    self.tell(observer, Some(h), What::Fifo { fifo, line }, cause);
                }
            }
            Effect::WriteFile { file, bytes } => {
                let text = String::from_utf8_lossy(daemon.effects.bytes(bytes)).into_owned();
                self.write_file(h, file, text);
            }
            Effect::Connect { conn, to } => self.connect(h, conn, to, timed.because.origin),
            Effect::Write { conn, bytes } => {
                let bytes = daemon.effects.bytes(bytes).to_vec();
                self.write(h, conn, bytes, observer);
            }
            Effect::Hangup(conn) => self.hang_up(h, conn),
            Effect::Log(message) => {
                if O::EVENTS {
                    let text = self.log_text(h, message);
                    self.tell(observer, Some(h), What::Log(text), cause);
                }
            }
            Effect::Reloaded => daemon.reloaded(),
            Effect::Exit => self.end_daemon(h),
        }
    }

    /// A packet or frame of the daemon leaves: to a group as the frame it is, to a station by the neighbour table.
    fn send_from<O: Observer>(
        &mut self,
        h: usize,
        link: Option<usize>,
        framed: bool,
        frame: Option<FrameId>,
        cause: Cause,
        observer: &mut O,
    ) {
        let frame = frame.expect("what is sent has bytes");
        if framed {
            let link = link.expect("groups are sent to by an interface");
            let filter = &self.hosts[h].kernel.filter;
            if filter.is_empty() || !filter.drops_frame(self.frames.get(frame), link) {
                return self.transmit(h, link, frame, cause, observer);
            }
            self.filtered(h, self.frames.get(frame), cause, observer);
            self.frames.free(frame);
        } else {
            let packet = self.frames.take(frame);
            self.output(h, &packet, link, cause, observer);
            self.frames.put_back(frame, packet);
        }
    }

    /// With an address that the daemon removed others went that it still counts on: the kernel tells it.
    fn collateral<O: Observer>(
        &mut self,
        h: usize,
        link: u16,
        asked: Cidr,
        changed: &[Cidr],
        origin: Origin,
        observer: &mut O,
    ) {
        for &cidr in changed.iter().filter(|c| **c != asked) {
            self.kernel_event(h, KernelEvent::AddressRemoved { link: LinkId(link), cidr }, origin, observer);
        }
    }

    fn claim<O: Observer>(&mut self, h: usize, notification: Notification, cause: Cause, observer: &mut O) {
        let daemon = self.hosts[h].daemon.as_mut().expect("a daemon announces");
        let i = usize::from(notification.instance.0);
        let before = daemon.announced[i];
        let now = match notification.state {
            Announced::Backup => Some(State::Backup),
            Announced::Master => Some(State::Master),
            Announced::Fault => Some(State::Fault),
            Announced::Stop | Announced::Deleted => None,
            Announced::MasterRxLowerPri => before,
        };
        daemon.announced[i] = now;
        if !self.anchors.is_empty() {
            let name = daemon.config.instances[i].name.clone();
            self.noticed(Sight::State(h, &name, notification.state));
        }
        let daemon = self.hosts[h].daemon.as_ref().expect("a daemon announces");
        if O::EVENTS {
            let instance = daemon.config.instances[i].name.as_str().into();
            let from = before.filter(|b| now.is_some() && Some(*b) != now);
            let (to, priority) = (notification.state, notification.priority);
            self.tell(observer, Some(h), What::Claim { instance, from, to, priority }, cause);
        }
    }

    fn log_text(&self, h: usize, message: Message) -> String {
        let config = self.hosts[h].daemon.as_ref().expect("a daemon logs").config();
        let name = |id: vrrplab_engine::boundary::InstanceId| &config.instances[usize::from(id.0)].name;
        match message {
            Message::Rejected { instance, from, reason } => {
                format!("({}) refuses an advert of {from}: {}", name(instance), reason.words())
            }
            Message::LowerPriority { instance, from, priority } => {
                format!("({}) master hears {from}: lower priority {priority}", name(instance))
            }
            Message::HigherPriority { instance, from, priority } => {
                format!("({}) yields to {from}: priority {priority}", name(instance))
            }
            Message::Discarded { instance, from, priority } => {
                format!("({}) discards an advert of {from}: lower priority {priority}", name(instance))
            }
            Message::SameAddress { instance } => {
                format!("({}) hears its own address and priority from somebody else", name(instance))
            }
            Message::Priority { instance, from, to } => {
                format!("({}) changes its priority from {from} to {to}", name(instance))
            }
            Message::Fault { instance, reason } => {
                format!("({}) cannot take part: {}", name(instance), reason.words())
            }
        }
    }

    /// The origin of what an act does to a daemon.
    pub(super) fn origin_of_act(n: usize) -> Origin {
        of_fault(n as u32 + 1)
    }
}

/// Bytes of a packet with its IP header.
fn packet_length(packet: Packet<'_>) -> usize {
    match packet {
        Packet::V4(bytes) => bytes.len(),
        Packet::V6 { message, .. } => ipv6::HEADER + message.len(),
    }
}

/// The Ethernet header of a packet to a group.
fn group_header(host: &Host, sock: SockId, to: IpAddr) -> ethernet::Header {
    let daemon = host.daemon.as_ref().expect("a daemon sends");
    let link = daemon.sockets.link_of(sock).expect("groups are sent to by an interface");
    let source = host.kernel.links[link].mac;
    match to {
        IpAddr::V4(to) => {
            ethernet::Header { destination: Mac::of_group(to), source, ethertype: ethernet::IPV4 }
        }
        IpAddr::V6(to) => {
            ethernet::Header { destination: Mac::of_group6(to), source, ethertype: ethernet::IPV6 }
        }
    }
}

/// Puts the Ethernet header, if there is one already, and tells where the packet begins.
fn emit_head(head: Option<ethernet::Header>, frame: &mut Vec<u8>) -> usize {
    if let Some(header) = head {
        header.emit(frame);
    }
    frame.len()
}

/// Class selector 6, as keepalived sets it on its sockets (recorded).
const CLASS: u8 = 0xc0;

/// An IPv6 packet with a VRRP message, its header and checksum as the kernel makes them.
fn emit_vrrp6((source, destination): (Ipv6Addr, Ipv6Addr), hop_limit: u8, message: &[u8], out: &mut Vec<u8>) {
    let (class, next) = (CLASS, ipv6::VRRP);
    let header = ipv6::Header { class, flow: 0, payload_length: 0, next, hop_limit, source, destination };
    header.emit_around(out, |out| {
        let start = out.len();
        out.extend_from_slice(message);
        let before = Sum::pseudo6(source, destination, next, message.len());
        checksum::fill(&mut out[start..], vrrp::CHECKSUM_AT, before);
    });
}
