//! A run taken apart: from a trace and its capture, or piece by piece from a recording.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::{Duration, Instant};

use super::act::{Act, POWER};
use super::lane::{Content, Entry, Lane, comparable};
use super::tolerance::Tolerance;
use crate::capture::Capture;
use crate::trace::{Cause, Name, Trace, What};

/// Where a frame came from.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Source {
    pub(super) cause: Option<Cause>,
    /// Its lane and place there, if the switch itself saw it and it has a lane.
    pub(super) place: Option<(Lane, usize)>,
}

/// A run taken apart.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Lanes {
    /// The nodes, where they are known: a reference is silent about hosts that it does not have.
    pub nodes: BTreeSet<Name>,
    /// Links whose frames were captured, where they are known: a reference is silent about the others.
    pub links: BTreeSet<Name>,
    /// Addresses that nodes have of their own, where they are known. They are the laboratory's business.
    pub base: BTreeSet<(Name, Cidr)>,
    /// The lanes.
    pub lanes: BTreeMap<Lane, Vec<Entry>>,
    /// What the laboratory did, in the order of time.
    pub acts: Vec<Act>,
    /// The last frame of any kind in a reference, if it is one. The recorder's power went off at the end of its
    /// run, and with it what its capture had not written yet: about frames after this one it says nothing.
    pub frames_until: Option<Instant>,
    /// When the run was over, if it is one of this laboratory, whose acts have numbers; a recording does not tell.
    pub end: Option<Instant>,
    /// By frame number less one.
    pub(super) sources: Vec<Source>,
    /// All adverts of a node, wherever they were seen.
    adverts: BTreeMap<(Name, Option<u8>, bool), Vec<Instant>>,
    /// Nodes without power.
    dead: BTreeSet<Name>,
    /// Why each child was started.
    pub(super) jobs: BTreeMap<u32, Cause>,
    /// When each node told a state, if the lanes of states were left out.
    pub(super) words: BTreeMap<Name, Vec<Instant>>,
}

/// Building: everything is told in the order of time, for a crash tells which address events do not count.
impl Lanes {
    /// A run of ours, as a recorder at the switch would have seen it: without what was sent on the far side of a
    /// partition.
    pub fn of(trace: &Trace, capture: &Capture) -> Lanes {
        Lanes::seen(trace, capture, |island| island == 0)
    }

    /// A run of ours with the frames of all sides of a partition: to compare two runs of this laboratory.
    pub fn whole(trace: &Trace, capture: &Capture) -> Lanes {
        Lanes::seen(trace, capture, |_| true)
    }

    fn seen(trace: &Trace, capture: &Capture, sees: fn(u8) -> bool) -> Lanes {
        let end = Some(Instant::ZERO + trace.header.duration);
        let mut lanes = Lanes { end, ..Lanes::default() };
        lanes.sources.resize(capture.frames.len(), Source::default());
        for event in &trace.events {
            let (at, cause) = (event.at, event.cause);
            match (&event.what, &event.host) {
                (What::Fault(text), _) => lanes.act(at, text, cause),
                (What::Tx { frame, .. }, _) => lanes.captured(capture, *frame, cause, sees),
                (What::Address { added, cidr, .. }, Some(node)) => {
                    lanes.address(at, node, *cidr, *added, cause);
                }
                (What::Route { added, route }, Some(node)) => {
                    lanes.line(at, node, format!("route {route}"), *added, cause);
                }
                (What::Rule { added, rule }, Some(node)) => {
                    lanes.line(at, node, format!("rule {rule}"), *added, cause);
                }
                (What::Spawn { job, .. }, _) => drop(lanes.jobs.insert(*job, cause)),
                (What::Claim { instance, to, priority, .. }, Some(node)) => {
                    lanes.state(at, node, instance, *to, *priority, cause);
                }
                _ => {}
            }
        }
        lanes
    }

    /// The laboratory acted. In a run of ours the cause tells which act of the script it was.
    pub fn act(&mut self, at: Instant, text: &str, cause: Cause) {
        match text.split_once(' ') {
            Some(("crash", node)) => drop(self.dead.insert(node.into())),
            Some(("start", node)) => drop(self.dead.remove(node)),
            _ => {}
        }
        let number = match cause {
            Cause::Fault(n) if !text.starts_with(POWER) => n,
            _ => 0,
        };
        self.acts.push(Act { at, text: text.to_string(), number });
    }

    /// When a daemon that this act starts tells its first state. A real one reads its files before, for as long as the
    /// machine needs for that, and what it does later is counted from here.
    pub(super) fn first_word(&self, act: &Act) -> Option<Instant> {
        let node = act.text.strip_prefix("start ")?.split(' ').next()?;
        let of_node = self
            .lanes
            .iter()
            .filter(|(lane, _)| matches!(lane, Lane::States { .. }) && &**lane.node() == node);
        let told = of_node.flat_map(|(_, entries)| entries).map(|entry| entry.at);
        let left_out = self.words.get(node).into_iter().flatten().copied();
        told.chain(left_out).filter(|at| *at >= act.at).min()
    }

    /// An instance announced a state. What scripts are not told (a master that hears a lower priority) is
    /// in no reference.
    pub fn state(
        &mut self,
        at: Instant,
        node: &Name,
        instance: &Name,
        to: Announced,
        priority: u8,
        cause: Cause,
    ) {
        if to != Announced::MasterRxLowerPri {
            let lane = Lane::States { node: node.clone(), instance: instance.clone() };
            self.push(lane, Entry { at, what: Content::State(to, priority), cause });
        }
    }

    /// An address came or went. A host without a daemon is the laboratory's business; link-local addresses
    /// are the kernel's.
    pub fn address(&mut self, at: Instant, node: &Name, cidr: Cidr, added: bool, cause: Cause) {
        let link_local = matches!(cidr.address, IpAddr::V6(address) if address.is_unicast_link_local());
        if !link_local && !self.dead.contains(node) && !self.base.contains(&(node.clone(), cidr)) {
            let lane = Lane::Address { node: node.clone(), cidr };
            self.push(lane, Entry { at, what: Content::Address { added }, cause });
        }
    }

    /// A route or a rule came or went.
    fn line(&mut self, at: Instant, node: &Name, line: String, added: bool, cause: Cause) {
        if !self.dead.contains(node) {
            self.push(
                Lane::Line { node: node.clone(), line },
                Entry { at, what: Content::Address { added }, cause },
            );
        }
    }

    /// The switch saw a frame.
    pub fn frame(&mut self, at: Instant, node: &Name, link: &Name, bytes: &[u8]) {
        if let Some(lane) = Lane::of_frame(node, link, bytes) {
            self.count_advert(&lane, at);
            self.push(lane, Entry { at, what: comparable(bytes), cause: Cause::None });
        }
    }

    fn captured(&mut self, capture: &Capture, number: u32, cause: Cause, sees: fn(u8) -> bool) {
        let index = (number as usize).wrapping_sub(1);
        let Some(frame) = capture.frames.get(index) else { return };
        let Some(port) = capture.ports.get(frame.port) else { return };
        self.sources[index].cause = Some(cause);
        let Some(lane) = Lane::of_frame(&port.host, &port.link, &frame.bytes) else { return };
        self.count_advert(&lane, frame.at);
        if sees(frame.island) {
            let what = comparable(&frame.bytes);
            let place = self.push(lane.clone(), Entry { at: frame.at, what, cause });
            self.sources[index].place = Some((lane, place));
        }
    }

    fn count_advert(&mut self, lane: &Lane, at: Instant) {
        if let Lane::Adverts { node, vrid, ipv6, .. } = lane {
            self.adverts.entry((node.clone(), *vrid, *ipv6)).or_default().push(at);
        }
    }

    fn push(&mut self, lane: Lane, entry: Entry) -> usize {
        let entries = self.lanes.entry(lane).or_default();
        entries.push(entry);
        entries.len() - 1
    }

    pub(super) fn entries(&self, lane: &Lane) -> &[Entry] {
        self.lanes.get(lane).map_or(&[], Vec::as_slice)
    }

    /// Where a frame came from, by its number.
    pub(super) fn source(&self, frame: u32) -> Option<&Source> {
        self.sources.get((frame as usize).wrapping_sub(1))
    }

    /// How far an event may be off that comes then, with what its node has done since its cause.
    pub(super) fn work_between(
        &self,
        lane: &Lane,
        from: Instant,
        to: Instant,
        tolerance: &Tolerance,
    ) -> Duration {
        // In the instant of the event the burst that it is part of has begun.
        let announcements = match tolerance.an_announcement.is_zero() {
            true => 0,
            false => self.announcements_between(lane.node(), from, to + tolerance.cause),
        };
        tolerance.after(self.adverts_between(lane, from, to), announcements)
    }

    fn announcements_between(&self, node: &Name, from: Instant, to: Instant) -> u64 {
        let of_node =
            self.lanes.iter().filter(|(lane, _)| matches!(lane, Lane::Garps { .. }) && lane.node() == node);
        let between =
            |entries: &Vec<Entry>| entries.iter().filter(|e| e.at > from && e.at <= to).count() as u64;
        of_node.map(|(_, entries)| between(entries)).sum()
    }

    /// How many adverts a lane's own router sent between two moments; where the router is not known, that one
    /// of the node which sent the most.
    pub(super) fn adverts_between(&self, lane: &Lane, from: Instant, to: Instant) -> u64 {
        let of_lane = |(node, vrid, ipv6): &(Name, Option<u8>, bool)| match lane {
            Lane::Adverts { vrid: own, ipv6: over, .. } => node == lane.node() && (own, over) == (vrid, ipv6),
            _ => node == lane.node(),
        };
        let sent = |times: &Vec<Instant>| {
            let before = times.partition_point(|&at| at <= from);
            times.partition_point(|&at| at < to).saturating_sub(before) as u64
        };
        self.adverts.iter().filter(|(key, _)| of_lane(key)).map(|(_, times)| sent(times)).max().unwrap_or(0)
    }
}
