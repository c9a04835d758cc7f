//! Whether two runs agree: one of ours and a reference, such as a recording of the real keepalived.
//!
//! A run is taken apart into [`Lanes`]: the states of one instance, one address on one node, the adverts of one
//! virtual router at one port, the gratuitous ARPs for one address at one port. Within a lane the sequence is
//! exact, to the byte; between lanes there is no order, because events of one instant come from different
//! processes. Instants are compared from their cause, because a daemon's own microseconds add up: an event may
//! be [`TOLERANCE`] off from its cause and [`TOLERANCE_AN_ADVERT`] more for each advert of its own since.
//!
//! What the kernel sends by itself (IGMP, solicited neighbour discovery, ARP that is not gratuitous) has no lane.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::wire::{ah, ethernet, ipv4, ipv6};

use crate::capture::Capture;
use crate::frame::{PROTOCOL_VRRP, Summary};
use crate::trace::{Cause, Name, Trace, What};

/// How far an event may be off, seen from its cause.
pub const TOLERANCE: Duration = Duration::from_millis(1);
/// What each own advert since the cause adds to that.
pub const TOLERANCE_AN_ADVERT: Duration = Duration::from_micros(10);
/// How far an event may be off on the clock where no cause of it was seen in the reference: less than this.
pub const TOLERANCE_WITHOUT_CAUSE: Duration = Duration::from_millis(2);

/// How the return of a host's power begins.
const POWER: &str = "power ";
/// What is done to a daemon or its host begins with the same two words in a trace and in a recording.
const TO_DAEMONS: [&str; 6] = ["start", "stop", "crash", "kill", "pause", "resume"];

/// Lines of a lane that a report shows before and after the difference.
const CONTEXT: usize = 3;
/// Columns of a report.
const WIDTH: usize = 100;

/// What has an order of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lane {
    /// The states that an instance announces.
    States {
        /// Whose.
        node: Name,
        /// Which instance.
        instance: Name,
    },
    /// The comings and goings of an address.
    Address {
        /// Where.
        node: Name,
        /// Which.
        cidr: Cidr,
    },
    /// Adverts.
    Adverts {
        /// Whose.
        node: Name,
        /// By which link.
        link: Name,
        /// Of which virtual router; `None` if the frame is damaged.
        vrid: Option<u8>,
        /// Over IPv6: another virtual router than that of the same number over IPv4 (RFC 9568, 1.2).
        ipv6: bool,
    },
    /// Gratuitous ARPs, or unsolicited neighbour advertisements.
    Garps {
        /// Whose.
        node: Name,
        /// By which link.
        link: Name,
        /// For which address.
        address: IpAddr,
    },
}

impl Lane {
    /// The node that it is about.
    pub fn node(&self) -> &Name {
        match self {
            Lane::States { node, .. }
            | Lane::Address { node, .. }
            | Lane::Adverts { node, .. }
            | Lane::Garps { node, .. } => node,
        }
    }

    /// The link whose frames it holds; none for what is no frame.
    fn link(&self) -> Option<&Name> {
        match self {
            Lane::States { .. } | Lane::Address { .. } => None,
            Lane::Adverts { link, .. } | Lane::Garps { link, .. } => Some(link),
        }
    }

    /// The lane of a frame that left this port; none for what the kernel sends by itself.
    fn of_frame(node: &Name, link: &Name, bytes: &[u8]) -> Option<Lane> {
        let (node, link) = (node.clone(), link.clone());
        match Summary::of(bytes) {
            Summary::Vrrp(advert) => {
                Some(Lane::Adverts { node, link, vrid: Some(advert.vrid), ipv6: is_ipv6(bytes) })
            }
            Summary::Ip { protocol: PROTOCOL_VRRP | ipv4::AH, .. } => {
                Some(Lane::Adverts { node, link, vrid: None, ipv6: is_ipv6(bytes) })
            }
            Summary::Garp { address, .. } => Some(Lane::Garps { node, link, address: address.into() }),
            Summary::NeighbourAdvertisement(said) if !said.solicited => {
                Some(Lane::Garps { node, link, address: said.target.into() })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lane::States { node, instance } => write!(f, "{node}, states of {instance}"),
            Lane::Address { node, cidr } => write!(f, "{node}, address {cidr}"),
            Lane::Adverts { node, link, vrid, ipv6 } => {
                let over = if *ipv6 { " over IPv6" } else { "" };
                match vrid {
                    Some(vrid) => write!(f, "{node}.{link}, adverts of vrid {vrid}{over}"),
                    None => write!(f, "{node}.{link}, damaged adverts{over}"),
                }
            }
            Lane::Garps { node, link, address } => {
                let kind = if address.is_ipv4() { "gratuitous ARPs" } else { "neighbour advertisements" };
                write!(f, "{node}.{link}, {kind} for {address}")
            }
        }
    }
}

/// What happened in a lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// This state was announced with this priority.
    State(Announced, u8),
    /// The address was added, or removed.
    Address {
        /// Added, or removed.
        added: bool,
    },
    /// This frame left the port.
    Frame(Vec<u8>),
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::State(state, priority) => write!(f, "{} {priority}", state.word()),
            Content::Address { added: true } => f.write_str("added"),
            Content::Address { added: false } => f.write_str("removed"),
            Content::Frame(bytes) => write!(f, "{}", Summary::of(bytes)),
        }
    }
}

/// An event in its lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// What.
    pub what: Content,
    /// Why, in a run of ours.
    pub cause: Cause,
}

/// Something that the laboratory did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    /// When.
    pub at: Instant,
    /// What: `crash ka1`.
    pub text: String,
    /// Which act of the script it is, from 1; 0 for what is none.
    pub number: u32,
}

impl Act {
    /// Whether it is what a cause of this node calls act `number`: 0 is the first start of its daemon.
    fn is(&self, number: u32, node: &Name) -> bool {
        self.number == number && (number > 0 || self.text.strip_prefix("start ") == Some(node))
    }

    /// Whether it is done to a daemon or to its host as a whole.
    fn is_to_daemon(&self) -> bool {
        self.text.split(' ').next().is_some_and(|verb| TO_DAEMONS.contains(&verb))
    }

    /// A host that comes back after a crash is a consequence of that act, which no reference tells of.
    fn is_of_a_script(&self) -> bool {
        // What is done to a network at instant 0 is how the laboratory is built: a recorder has its set-up for that.
        let builds = self.at == Instant::ZERO && !self.is_to_daemon();
        !self.text.starts_with(POWER) && !builds
    }

    /// Whether an act of a reference is this one: less than [`TOLERANCE`] away, and what is done to a daemon must be
    /// the same. Of other acts a reference has the commands that did them.
    fn may_be(&self, reference: &Act) -> bool {
        // Behind the daemon a trace may say what it is started with.
        fn act(act: &Act) -> Vec<&str> {
            act.text.split(' ').take(2).collect()
        }
        let same = match self.is_to_daemon() || reference.is_to_daemon() {
            true => act(self) == act(reference),
            false => true,
        };
        same && self.at.distance(reference.at) < TOLERANCE
    }
}

/// Where a frame came from.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Source {
    cause: Option<Cause>,
    /// Its lane and place there, if the switch itself saw it and it has a lane.
    place: Option<(Lane, usize)>,
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
    /// By frame number less one.
    sources: Vec<Source>,
    /// All adverts of a node, wherever they were seen.
    adverts: BTreeMap<(Name, Option<u8>, bool), Vec<Instant>>,
    /// Nodes without power.
    dead: BTreeSet<Name>,
    /// Why each child was started.
    jobs: BTreeMap<u32, Cause>,
}

/// Building: everything is told in the order of time, for a crash tells which address events do not count.
impl Lanes {
    /// A run of ours.
    pub fn of(trace: &Trace, capture: &Capture) -> Lanes {
        let mut lanes = Lanes::default();
        lanes.sources.resize(capture.frames.len(), Source::default());
        for event in &trace.events {
            let (at, cause) = (event.at, event.cause);
            match (&event.what, &event.host) {
                (What::Fault(text), _) => lanes.act(at, text, cause),
                (What::Tx { frame, .. }, _) => lanes.captured(capture, *frame, cause),
                (What::Address { added, cidr, .. }, Some(node)) => {
                    lanes.address(at, node, *cidr, *added, cause);
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

    /// The switch saw a frame.
    pub fn frame(&mut self, at: Instant, node: &Name, link: &Name, bytes: &[u8]) {
        if let Some(lane) = Lane::of_frame(node, link, bytes) {
            self.count_advert(&lane, at);
            self.push(lane, Entry { at, what: comparable(bytes), cause: Cause::None });
        }
    }

    fn captured(&mut self, capture: &Capture, number: u32, cause: Cause) {
        let index = (number as usize).wrapping_sub(1);
        let Some(frame) = capture.frames.get(index) else { return };
        let Some(port) = capture.ports.get(frame.port) else { return };
        self.sources[index].cause = Some(cause);
        let Some(lane) = Lane::of_frame(&port.host, &port.link, &frame.bytes) else { return };
        self.count_advert(&lane, frame.at);
        // Where the reference's capture sat, the far side of a partition was not seen.
        if frame.island == 0 {
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

    fn entries(&self, lane: &Lane) -> &[Entry] {
        self.lanes.get(lane).map_or(&[], Vec::as_slice)
    }

    /// How many adverts a lane's own router sent between two moments; where the router is not known, that one
    /// of the node which sent the most.
    fn adverts_between(&self, lane: &Lane, from: Instant, to: Instant) -> u64 {
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

/// Damaging a reference, to test what a comparison notices. Entries count from 0, lane by lane.
impl Lanes {
    /// How many entries there are.
    pub fn entry_count(&self) -> usize {
        self.lanes.values().map(Vec::len).sum()
    }

    /// The lane and place of the k-th entry that `wanted` accepts.
    fn kth(&self, k: usize, wanted: fn(&Lane) -> bool) -> Option<(Lane, usize)> {
        let all = self.lanes.iter().filter(|(lane, _)| wanted(lane));
        all.flat_map(|(lane, entries)| (0..entries.len()).map(move |i| (lane, i)))
            .nth(k)
            .map(|(lane, i)| (lane.clone(), i))
    }

    /// The same run without its k-th frame; `None` if there are fewer.
    pub fn without_frame(&self, k: usize) -> Option<Lanes> {
        let (lane, i) = self.kth(k, |lane| matches!(lane, Lane::Adverts { .. } | Lane::Garps { .. }))?;
        let mut lanes = self.clone();
        lanes.lanes.get_mut(&lane)?.remove(i);
        Some(lanes)
    }

    /// The same run with its k-th entry later by this much.
    pub fn moved(&self, k: usize, by: Duration) -> Option<Lanes> {
        let (lane, i) = self.kth(k, |_| true)?;
        let mut lanes = self.clone();
        lanes.lanes.get_mut(&lane)?[i].at += by;
        Some(lanes)
    }

    /// The same run with its k-th act later by this much.
    pub fn with_act_moved(&self, k: usize, by: Duration) -> Option<Lanes> {
        let mut lanes = self.clone();
        lanes.acts.get_mut(k)?.at += by;
        Some(lanes)
    }

    /// The same run with another priority in its k-th advert, and the checksum that goes with it.
    pub fn with_other_priority(&self, k: usize) -> Option<Lanes> {
        let (lane, i) = self.kth(k, |lane| matches!(lane, Lane::Adverts { vrid: Some(_), .. }))?;
        let mut lanes = self.clone();
        if let Content::Frame(bytes) = &mut lanes.lanes.get_mut(&lane)?[i].what {
            change_priority(bytes);
        }
        Some(lanes)
    }
}

fn is_ipv6(frame: &[u8]) -> bool {
    frame.get(12..14) == Some(&ethernet::IPV6.to_be_bytes())
}

/// A frame without what its sender's kernel drew by lot: the flow label of IPv6.
fn comparable(frame: &[u8]) -> Content {
    let mut bytes = frame.to_vec();
    if let (true, Some([_, class, label @ ..])) = (is_ipv6(frame), bytes.get_mut(14..18)) {
        *class &= 0xf0;
        label.fill(0);
    }
    Content::Frame(bytes)
}

/// Flips the lowest bit of an advert's priority and mends the checksum (RFC 1624, equation 3).
fn change_priority(frame: &mut [u8]) {
    let pdu = match (is_ipv6(frame), frame[14 + 9]) {
        (true, _) => 14 + ipv6::HEADER,
        (false, protocol) => {
            let behind = 14 + ipv4::header_length(&frame[14..]);
            behind + if protocol == ipv4::AH { ah::LENGTH } else { 0 }
        }
    };
    let word = |frame: &[u8], at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let before = word(frame, pdu + 2);
    frame[pdu + 2] ^= 1;
    let sum = u32::from(!word(frame, pdu + 6)) + u32::from(!before) + u32::from(word(frame, pdu + 2));
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !(((folded & 0xffff) + (folded >> 16)) as u16);
    frame[pdu + 6..pdu + 8].copy_from_slice(&checksum.to_be_bytes());
}

/// A point where two runs differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disagreement {
    /// When, on the side that is earlier.
    pub at: Instant,
    /// In which lane; `None` if the laboratory itself did something else.
    pub lane: Option<Lane>,
    /// How.
    pub difference: Difference,
    /// Our lane around it, one line an entry.
    pub ours: Vec<String>,
    /// The reference's lane around it.
    pub reference: Vec<String>,
}

/// How two runs differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// The reference's laboratory acted and ours did not do that at that instant.
    Script(String),
    /// Our laboratory acted and the reference's did not at that instant.
    OwnScript(String),
    /// The reference has an event where ours has none.
    Missing,
    /// We have an event where the reference has none.
    Extra,
    /// The events are not the same; for frames that look the same, where they differ.
    Content(String),
    /// The same event at another time.
    Time {
        /// How far it is off from where it should be.
        off: Duration,
        /// Later than in the reference, or earlier.
        late: bool,
        /// How far it may be off.
        allowed: Duration,
        /// What it was counted from.
        from: String,
    },
}

/// Every point where our run differs from the reference, the first one first. Empty if they agree.
pub fn agree(ours: &Lanes, reference: &Lanes) -> Vec<Disagreement> {
    let judged = |lane: &Lane| {
        let base = match lane {
            Lane::Address { node, cidr } => reference.base.contains(&(node.clone(), *cidr)),
            _ => false,
        };
        let captured = |link| reference.links.is_empty() || reference.links.contains(link);
        !base
            && lane.link().is_none_or(captured)
            && (reference.nodes.is_empty() || reference.nodes.contains(lane.node()))
    };
    let lanes: BTreeSet<&Lane> =
        ours.lanes.keys().chain(reference.lanes.keys()).filter(|l| judged(l)).collect();
    let same = lanes.iter().map(|&lane| (lane, same_prefix(ours.entries(lane), reference.entries(lane))));
    let comparison = Comparison { ours, reference, same: same.collect() };
    let mut found = comparison.script();
    for lane in lanes {
        found.extend(comparison.times(lane));
        found.extend(comparison.sequence(lane));
    }
    found.sort_by_key(|disagreement| disagreement.at);
    found
}

fn same_prefix(ours: &[Entry], reference: &[Entry]) -> usize {
    ours.iter().zip(reference).take_while(|(a, b)| a.what == b.what).count()
}

struct Comparison<'a> {
    ours: &'a Lanes,
    reference: &'a Lanes,
    /// How many entries at the beginning of each lane are the same.
    same: BTreeMap<&'a Lane, usize>,
}

/// An instant of both runs from which others are counted.
struct Anchor {
    ours: Instant,
    reference: Instant,
    /// No cause was seen: [`TOLERANCE_WITHOUT_CAUSE`] instead of the usual.
    vague: bool,
    what: String,
}

impl Comparison<'_> {
    /// Acts that only one of the two laboratories did. Each act is paired with one of the other side.
    fn script(&self) -> Vec<Disagreement> {
        let mut unpaired: Vec<&Act> = self.ours.acts.iter().filter(|act| act.is_of_a_script()).collect();
        let mut found = Vec::new();
        for act in &self.reference.acts {
            match unpaired.iter().position(|ours| ours.may_be(act)) {
                Some(i) => drop(unpaired.remove(i)),
                None => found.push((act.at, Difference::Script(act.text.clone()))),
            }
        }
        found.extend(unpaired.iter().map(|act| (act.at, Difference::OwnScript(act.text.clone()))));
        let shown = |(at, difference)| Disagreement {
            at,
            lane: None,
            difference,
            ours: acts_around(&self.ours.acts, at),
            reference: acts_around(&self.reference.acts, at),
        };
        found.into_iter().map(shown).collect()
    }

    /// The first place where the sequences differ.
    fn sequence(&self, lane: &Lane) -> Option<Disagreement> {
        let i = self.same[lane];
        let (ours, theirs) = (self.ours.entries(lane).get(i), self.reference.entries(lane).get(i));
        let (at, difference) = match (ours, theirs) {
            (None, None) => return None,
            (Some(ours), None) if self.beyond(ours) => return None,
            (Some(ours), None) => (ours.at, Difference::Extra),
            (None, Some(theirs)) => (theirs.at, Difference::Missing),
            (Some(ours), Some(theirs)) => {
                (ours.at.min(theirs.at), Difference::Content(first_difference(&ours.what, &theirs.what)))
            }
        };
        Some(self.disagreement(lane, i, at, difference))
    }

    /// Whether an event of ours is a frame later than anything that the reference has captured.
    fn beyond(&self, ours: &Entry) -> bool {
        let is_frame = matches!(ours.what, Content::Frame(_));
        is_frame && self.reference.frames_until.is_some_and(|until| ours.at > until + TOLERANCE)
    }

    /// Every event among those that are the same which comes at another time.
    fn times(&self, lane: &Lane) -> Vec<Disagreement> {
        let pairs = self.ours.entries(lane).iter().zip(self.reference.entries(lane)).take(self.same[lane]);
        let differing = pairs.enumerate().filter_map(|(i, (ours, theirs))| {
            let difference = self.time(lane, ours, theirs)?;
            Some(self.disagreement(lane, i, ours.at.min(theirs.at), difference))
        });
        differing.collect()
    }

    fn time(&self, lane: &Lane, ours: &Entry, theirs: &Entry) -> Option<Difference> {
        let anchor = self.anchor(lane.node(), ours.cause);
        // Ours is late if `ours - anchor.ours > theirs - anchor.reference`, written without negative spans.
        let a = ours.at.as_micros() + anchor.reference.as_micros();
        let b = theirs.at.as_micros() + anchor.ours.as_micros();
        let off = Duration::from_micros(a.abs_diff(b));
        let adverts = self.ours.adverts_between(lane, anchor.ours, ours.at);
        let allowed = match anchor.vague {
            true => TOLERANCE_WITHOUT_CAUSE.saturating_sub(Duration::from_micros(1)),
            false => TOLERANCE + TOLERANCE_AN_ADVERT.times(adverts),
        };
        (off > allowed).then_some(Difference::Time { off, late: a > b, allowed, from: anchor.what })
    }

    /// What an event with this cause is counted from: the cause, if the reference has it too; otherwise the
    /// cause's own cause, and in the end the clock.
    fn anchor(&self, node: &Name, cause: Cause) -> Anchor {
        let clock = |vague| {
            let what = "the beginning".to_string();
            Anchor { ours: Instant::ZERO, reference: Instant::ZERO, vague, what }
        };
        let mut next = cause;
        // A frame's cause is an earlier frame: the walk ends.
        let mut below = u32::MAX;
        loop {
            next = match next {
                Cause::None => return clock(cause != Cause::None),
                Cause::Fault(n) | Cause::TimerOfFault(_, n) => {
                    let Some(act) = self.ours.acts.iter().find(|act| act.is(n, node)) else {
                        return clock(true);
                    };
                    let what = format!("`{}` at {}", act.text, act.at);
                    return Anchor { ours: act.at, reference: act.at, vague: false, what };
                }
                // A child is started before anything that it causes: this ends too.
                Cause::Job(n) | Cause::TimerOfJob(_, n) => {
                    self.ours.jobs.get(&n).copied().unwrap_or(Cause::None)
                }
                Cause::Frame(n) | Cause::TimerOfFrame(_, n) if n < below => {
                    below = n;
                    let source = self.ours.sources.get((n as usize).wrapping_sub(1));
                    if let Some(anchor) = source.and_then(|source| self.anchor_at(source, n)) {
                        return anchor;
                    }
                    source.and_then(|source| source.cause).unwrap_or(Cause::None)
                }
                Cause::Frame(_) | Cause::TimerOfFrame(..) => return clock(true),
            };
        }
    }

    fn anchor_at(&self, source: &Source, number: u32) -> Option<Anchor> {
        let (lane, i) = source.place.as_ref()?;
        if *i >= *self.same.get(lane)? {
            return None;
        }
        let (ours, reference) = (self.ours.entries(lane)[*i].at, self.reference.entries(lane)[*i].at);
        let what = format!("#{number} at {ours}, in the reference at {reference}");
        Some(Anchor { ours, reference, vague: false, what })
    }

    fn disagreement(&self, lane: &Lane, i: usize, at: Instant, difference: Difference) -> Disagreement {
        Disagreement {
            at,
            lane: Some(lane.clone()),
            difference,
            ours: around(self.ours.entries(lane), i),
            reference: around(self.reference.entries(lane), i),
        }
    }
}

/// Where two frames differ that look the same.
fn first_difference(ours: &Content, reference: &Content) -> String {
    let (Content::Frame(a), Content::Frame(b)) = (ours, reference) else { return String::new() };
    match a.iter().zip(b).position(|(a, b)| a != b) {
        Some(i) => format!("byte {i} is {:#04x}, in the reference {:#04x}", a[i], b[i]),
        None => format!("{} bytes, in the reference {}", a.len(), b.len()),
    }
}

fn around(entries: &[Entry], i: usize) -> Vec<String> {
    let shown = entries.iter().enumerate().skip(i.saturating_sub(CONTEXT)).take(i.min(CONTEXT) + 1 + CONTEXT);
    let mut lines: Vec<String> = shown
        .map(|(j, entry)| format!("{} {:>11} {}", if i == j { '>' } else { ' ' }, entry.at, entry.what))
        .collect();
    if i >= entries.len() {
        lines.push("> nothing more".to_string());
    }
    lines
}

fn acts_around(acts: &[Act], at: Instant) -> Vec<String> {
    let i = acts.partition_point(|act| act.at < at);
    let shown = acts.iter().skip(i.saturating_sub(CONTEXT)).take(2 * CONTEXT + 1);
    shown.map(|act| format!("{} {:>11} {}", if act.at == at { '>' } else { ' ' }, act.at, act.text)).collect()
}

/// Several lines, none longer than 100 columns.
impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.lane {
            Some(lane) => line(f, &format!("{} {lane}: {}", self.at, self.difference))?,
            None => line(f, &format!("{} {}", self.at, self.difference))?,
        }
        if let Difference::Time { from, allowed, .. } = &self.difference {
            line(f, &format!("  {allowed} allowed, counted from {from}"))?;
        }
        for (side, lines) in [("ours", &self.ours), ("reference", &self.reference)] {
            line(f, &format!("  {side}"))?;
            lines.iter().try_for_each(|text| line(f, &format!("    {text}")))?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Script(act) => {
                write!(f, "`{act}` happens in the reference, nothing at that time in ours")
            }
            Difference::OwnScript(act) => {
                write!(f, "`{act}` happens in ours, nothing at that time in the reference")
            }
            Difference::Missing => f.write_str("missing in ours"),
            Difference::Extra => f.write_str("not in the reference"),
            Difference::Content(detail) if detail.is_empty() => f.write_str("something else"),
            Difference::Content(detail) => f.write_str(detail),
            Difference::Time { off, late, .. } => {
                write!(f, "{off} {} than in the reference", if *late { "later" } else { "earlier" })
            }
        }
    }
}

/// A line cut at the last column.
fn line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    match text.char_indices().nth(WIDTH) {
        None => writeln!(f, "{text}"),
        Some(_) => {
            let end = text.char_indices().nth(WIDTH - 1).map_or(text.len(), |(end, _)| end);
            writeln!(f, "{}…", &text[..end])
        }
    }
}

/// The first disagreement in full, the others as a number; `None` if the runs agree.
pub fn report(disagreements: &[Disagreement]) -> Option<String> {
    let first = disagreements.first()?;
    let lanes: BTreeSet<_> = disagreements.iter().map(|disagreement| &disagreement.lane).collect();
    let others = match disagreements.len() {
        1 => String::new(),
        n => format!("  more differences: {}; lanes that differ: {}\n", n - 1, lanes.len()),
    };
    Some(format!("{first}{others}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Captured, Port};
    use std::fmt::Write as _;

    /// An advert of the n-th node, with IP header and without its checksum, which nobody reads here.
    fn advert(node: u8, priority: u8) -> Vec<u8> {
        let mut frame =
            vec![1, 0, 0x5e, 0, 0, 18, 2, 0, 0, 0, 0, node, 8, 0, 0x45, 0xc0, 0, 40, 0, 0, 0, 0, 255];
        frame.extend([112, 0, 0, 10, 0, 0, node, 224, 0, 0, 18]);
        let mut pdu = vec![0x21, 7, priority, 1, 0, 1, 0, 0, 10, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0];
        let checksum = !sum(&pdu);
        pdu[6..8].copy_from_slice(&checksum.to_be_bytes());
        frame.extend(pdu);
        frame
    }

    /// The Internet checksum before its complement.
    fn sum(bytes: &[u8]) -> u16 {
        let words = bytes.as_chunks::<2>().0.iter().map(|&word| u32::from(u16::from_be_bytes(word)));
        let sum: u32 = words.sum();
        ((sum & 0xffff) + (sum >> 16)) as u16
    }

    /// A run of nodes a and b from lines of a trace; each `tx` is an advert, `island` tells where it was seen.
    fn run(lines: &[&str], island: u8) -> Lanes {
        let mut text = "# x world=sim subject=engine seed=0 duration=9s\n".to_string();
        let mut capture = Capture::default();
        for host in ["a", "b"] {
            capture.ports.push(Port { host: host.into(), link: "eth0".into() });
        }
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            if words[2] == "tx" {
                let port = usize::from(words[1] == "b");
                let at = words[0].parse().unwrap();
                let bytes = advert(port as u8 + 1, 100);
                // Only b is ever behind a partition.
                let island = if port == 1 { island } else { 0 };
                capture.frames.push(Captured { at, port, island, bytes, comments: vec![] });
            }
            writeln!(text, "{}", line.replace("ADV", "vrrp2 vrid 7 prio 100 adv 1s 10.0.0.100")).unwrap();
        }
        Lanes::of(&text.parse().unwrap(), &capture)
    }

    fn first(ours: &[&str], reference: &[&str]) -> Option<String> {
        let found = agree(&run(ours, 0), &run(reference, 0));
        report(&found).map(|report| report.lines().next().unwrap_or("").to_string())
    }

    const START: &str = "0.0 -- fault start a";

    #[test]
    fn instants_are_counted_from_their_cause() {
        let ours = [START, "1.0 a tx #1 ADV <- start", "2.0 a tx #2 ADV <- advert of #1"];
        // Each is 0.9 ms late from its cause, which makes 1.8 ms on the clock.
        let drifted = [START, "1.0009 a tx #1 ADV", "2.0018 a tx #2 ADV"];
        assert_eq!(first(&ours, &drifted), None);
        let late = [START, "1.0 a tx #1 ADV", "2.0011 a tx #2 ADV"];
        let report = "2.000000 a.eth0, adverts of vrid 7: 1.1ms earlier than in the reference";
        assert_eq!(first(&ours, &late).as_deref(), Some(report));
        let early = [START, "1.0 a tx #1 ADV", "1.9989 a tx #2 ADV"];
        let report = "1.998900 a.eth0, adverts of vrid 7: 1.1ms later than in the reference";
        assert_eq!(first(&ours, &early).as_deref(), Some(report));
    }

    #[test]
    fn own_adverts_since_the_cause_widen_the_tolerance() {
        let start = [START, "1.0 a tx #1 ADV <- start", "2.0 a tx #2 ADV <- advert of #1"];
        let late = [START, "1.0 a tx #1 ADV", "2.0 a tx #2 ADV", "4.001005 a claim V Stop 1"];
        assert_eq!(first(&[&start[..], &["4.0 a claim V Stop 1 <- #1"]].concat(), &late), None);
        assert!(first(&[&start[..], &["4.0 a claim V Stop 1 <- #2"]].concat(), &late).is_some());
    }

    #[test]
    fn without_a_cause_the_clock_counts() {
        let ours = ["1.0 a tx #1 ADV"];
        assert_eq!(first(&ours, &["1.001 a tx #1 ADV"]), None);
        assert!(first(&ours, &["1.001001 a tx #1 ADV"]).is_some());
        // A cause that no switch knows is none.
        let unknown = ["1.0 a tx #1 ADV <- #9"];
        assert_eq!(first(&unknown, &["1.001999 a tx #1 ADV"]), None);
        assert!(first(&unknown, &["1.002 a tx #1 ADV"]).is_some());
        // One that names itself neither.
        assert_eq!(first(&["1.0 a tx #1 ADV <- #1"], &["1.0 a tx #1 ADV"]), None);
    }

    #[test]
    fn behind_a_partition_the_causes_cause_counts() {
        let ours = [
            "1.0 a tx #1 ADV",
            "3.0 b tx #2 ADV <- master-down of #1",
            "4.0 b tx #3 ADV <- advert of #2",
            "4.5 b claim V Stop 1 <- linger of #3",
        ];
        let reference = |claim| ["1.0009 a tx #1 ADV", claim];
        let ours = run(&ours, 1);
        // Counted from #1, with two adverts of b since: 1.02 ms.
        for (claim, agrees) in [("4.501920 b claim V Stop 1", true), ("4.501921 b claim V Stop 1", false)] {
            assert_eq!(agree(&ours, &run(&reference(claim), 0)).is_empty(), agrees, "{claim}");
        }
    }

    #[test]
    fn sequences_are_exact() {
        let ours = ["1.0 a claim V Backup 1", "2.0 a claim V Master 1"];
        let missing = "2.000000 a, states of V: missing in ours";
        assert_eq!(first(&ours[..1], &ours).as_deref(), Some(missing));
        let extra = "2.000000 a, states of V: not in the reference";
        assert_eq!(first(&ours, &ours[..1]).as_deref(), Some(extra));
        let other = ["1.0 a claim V Backup 1", "2.0 a claim V Master 2"];
        assert_eq!(first(&ours, &other).as_deref(), Some("2.000000 a, states of V: something else"));
        let unknown = ["1.0 a claim V Backup 1", "1.5 a claim V heard-lower 1", "2.0 a claim V Master 1"];
        assert_eq!(first(&unknown, &ours), None);
    }

    #[test]
    fn the_laboratorys_own_addresses_do_not_count() {
        let reference = ["0.0 -- fault start a", "1.0 a addr + 10.0.0.100/24 eth0", "2.0 -- fault crash a"];
        let crash = ["2.01 a addr - 10.0.0.100/24 eth0", "2.02 a addr + fe80::1/64 eth0"];
        assert_eq!(first(&[&reference[..], &crash].concat(), &reference), None);
        let back = ["3.0 -- fault start a", "4.0 a addr - 10.0.0.100/24 eth0"];
        let ours = [&reference[..], &crash, &back].concat();
        assert!(first(&ours, &[&reference[..], &back[..1]].concat()).is_some());
        let mut silent = run(&reference, 0);
        silent.nodes.insert("a".into());
        silent.base.insert(("a".into(), "10.0.0.1/24".parse().unwrap()));
        let chatty = ["0.5 a addr + 10.0.0.1/24 eth0", "0.6 b addr + 10.0.0.2/24 eth0"];
        let chatty = [&reference[..1], &chatty, &reference[1..]].concat();
        assert_eq!(agree(&run(&chatty, 0), &silent), []);
    }

    #[test]
    fn links_that_nobody_captured_do_not_count() {
        let both = run(&[START, "1.0 a tx #1 ADV"], 0);
        let mut silent = run(&[START], 0);
        assert!(!agree(&both, &silent).is_empty());
        silent.links.insert("eth0".into());
        assert!(!agree(&both, &silent).is_empty());
        silent.links = ["eth1".into()].into();
        assert_eq!(agree(&both, &silent), []);
    }

    #[test]
    fn another_script_shows() {
        let report = "1.000000 `crash a` happens in the reference, nothing at that time in ours";
        assert_eq!(first(&[START], &[START, "1.0 -- fault crash a"]).as_deref(), Some(report));
    }

    #[test]
    fn an_act_of_ours_that_the_reference_lacks_shows() {
        let report = "1.000000 `crash a` happens in ours, nothing at that time in the reference";
        assert_eq!(first(&[START, "1.0 -- fault crash a"], &[START]).as_deref(), Some(report));
        let back = ["1.0 -- fault crash a <- act 1", "2.0 -- fault power a <- act 1"];
        assert_eq!(first(&back, &back[..1]), None);
    }

    #[test]
    fn an_act_that_moved_by_more_than_a_millisecond_shows() {
        let crash = |at: &str| format!("{at} -- fault crash a");
        let differs = |ours: &str, reference: &str| first(&[ours], &[reference]).is_some();
        assert!(!differs(&crash("1.0"), &crash("1.000999")));
        assert!(differs(&crash("1.0"), &crash("1.0011")));
        assert!(differs(&crash("1.0011"), &crash("1.0")));
    }

    #[test]
    fn an_act_stands_for_one_act_of_the_reference() {
        let twice = ["1.0 -- fault cut b", "1.0 -- fault cut c"];
        assert!(first(&twice[..1], &twice).is_some());
        assert_eq!(
            first(&["1.0 -- fault partition lan: a | b", "1.0 -- fault carrier c eth0 down"], &twice),
            None
        );
        assert!(first(&["1.0 -- fault stop a"], &["1.0 -- fault stop b"]).is_some());
        assert!(first(&["1.0 -- fault heal lan"], &["1.0 -- fault stop b"]).is_some());
    }

    #[test]
    fn a_changed_priority_keeps_its_checksum() {
        for priority in 0..=255 {
            let mut frame = advert(1, priority);
            change_priority(&mut frame);
            assert_eq!(frame[36], priority ^ 1);
            assert_eq!(sum(&frame[34..]), 0xffff, "{priority}");
        }
    }
}
