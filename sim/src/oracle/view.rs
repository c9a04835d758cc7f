//! The network as it is seen at this moment: who has power, carrier and a running daemon, who hears whom, and
//! which host holds which virtual address since when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use vrrplab_engine::boundary::{Announced, Timer};
use vrrplab_engine::time::{Duration, Instant};

use super::topology::Topology;
use crate::scenario::{Act, Fault, Medium, NetworkFault, Scenario};
use crate::trace::{Cause, Event};

/// Hosts that could hear each other if nobody were muted: a segment and a side of its partition. Where trunks
/// connect several, the first segment stands for all of them.
pub(super) type Component = (usize, u8);

#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) plan: Topology,
    hosts: Vec<HostView>,
    /// By segment and host.
    groups: Vec<Vec<u8>>,
    /// By trunk: whether it is cut.
    cut: Vec<bool>,
    /// By segment: the first one that trunks connect its first group with, as they are now.
    joined: Vec<usize>,
    /// By sender and virtual router: its last advert and the one before.
    adverts: BTreeMap<(usize, u8), [u32; 2]>,
    /// By receiver, sender and virtual router: the last advert that did not arrive.
    unheard: BTreeMap<(usize, usize, u8), u32>,
    /// From and to, with the act that did it.
    mutes: BTreeMap<(usize, usize), u32>,
    /// By member: the state that its daemon said last.
    said: Vec<Option<Announced>>,
    /// The members whose source address is not there.
    sourceless: BTreeSet<usize>,
    /// By place and host.
    held: BTreeMap<(usize, usize), Held>,
    /// The last fault that touched all of a segment, and one side of it.
    quiet: Vec<Instant>,
    quiet_side: BTreeMap<Component, Instant>,
    /// The words of each act that was performed, by its place in the script.
    acts: BTreeMap<u32, (Instant, String)>,
    last_act: Option<u32>,
    changes: u64,
}

#[derive(Clone, Debug)]
struct HostView {
    powered: bool,
    daemon: Daemon,
    carrier: Vec<bool>,
    /// Until when `vrrp_startup_delay` holds its daemon back.
    delayed_until: Instant,
}

/// The state of a daemon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Daemon {
    /// Not started yet.
    Absent,
    Running,
    /// Gone or frozen, and the act that did it.
    Paused(u32),
    Killed(u32),
    Stopped(u32),
}

/// A host whose daemon an act has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Touched {
    /// It is gone, or a new one that knows nothing.
    New(usize),
    /// It reads its configuration.
    Reloaded(usize),
}

/// A host and an address that it holds or once held.
#[derive(Clone, Debug)]
pub(super) struct Held {
    links: BTreeSet<usize>,
    /// When it took the address last, and why.
    pub(super) taken: (Instant, Cause),
    /// When it gave it up last, and why.
    pub(super) given_up: Option<(Instant, Cause)>,
}

impl Network {
    pub(super) fn new(scenario: &Scenario, slack: Duration) -> Network {
        let plan = Topology::new(scenario, slack);
        let host = |h: &super::topology::Machine| HostView {
            powered: true,
            daemon: Daemon::Absent,
            carrier: vec![true; h.links.len()],
            delayed_until: Instant::ZERO,
        };
        let mut net = Network {
            hosts: plan.hosts.iter().map(host).collect(),
            groups: vec![vec![0; plan.hosts.len()]; plan.latency.len()],
            cut: vec![false; plan.trunks.len()],
            joined: plan.domain.clone(),
            adverts: BTreeMap::new(),
            unheard: BTreeMap::new(),
            mutes: BTreeMap::new(),
            said: vec![None; plan.members.len()],
            sourceless: BTreeSet::new(),
            held: BTreeMap::new(),
            quiet: vec![Instant::ZERO; plan.latency.len()],
            quiet_side: BTreeMap::new(),
            acts: BTreeMap::new(),
            last_act: None,
            changes: 0,
            plan,
        };
        for h in 0..net.hosts.len() {
            net.own_addresses(Instant::ZERO, h);
        }
        net
    }

    /// A host without daemons has the addresses of its links. One of them may be a virtual one: its owner.
    fn own_addresses(&mut self, at: Instant, host: usize) {
        for link in 0..self.plan.hosts[host].links.len() {
            for i in 0..self.plan.hosts[host].links[link].addresses.len() {
                let address = self.plan.hosts[host].links[link].addresses[i].address;
                self.address(at, Cause::None, host, link, address, true);
            }
        }
    }

    /// An address came or went. Gives the place if it is a virtual address.
    pub(super) fn address(
        &mut self,
        at: Instant,
        cause: Cause,
        host: usize,
        link: usize,
        address: IpAddr,
        added: bool,
    ) -> Option<usize> {
        for m in self.plan.members_of(host) {
            let member = &self.plan.members[m];
            match (member.link, member.source) == (Some(link), Some(address)) {
                true if added => _ = self.sourceless.remove(&m),
                true => _ = self.sourceless.insert(m),
                false => {}
            }
        }
        let place = self.plan.place(address, self.plan.hosts[host].links[link].segment.0)?;
        if added {
            let fresh = || Held { links: BTreeSet::new(), taken: (at, cause), given_up: None };
            let held = self.held.entry((place, host)).or_insert_with(fresh);
            if held.links.is_empty() {
                held.taken = (at, cause);
            }
            held.links.insert(link);
        } else if let Some(held) = self.held.get_mut(&(place, host)) {
            // A starting daemon removes what may be left over; that is no loss.
            if held.links.remove(&link) && held.links.is_empty() {
                held.given_up = Some((at, cause));
            }
        }
        Some(place)
    }

    /// A [`What::Fault`](crate::trace::What::Fault) event with its text. It means the act that its cause names:
    /// [`Cause::Fault`] with the place in the script from 1. The text is for people, with three exceptions: `start
    /// NAME` without a cause is a node's first start, `power NAME` is a bare host that comes back after a crash, and
    /// `over` is the end of an impairment whose time is up. Gives the host whose daemon is another one now.
    pub(super) fn fault(&mut self, script: &[Act], event: &Event, text: &str) -> Option<Touched> {
        self.changes += 1;
        let named = |verb: &str| text.strip_prefix(verb).and_then(|name| self.plan.host(name));
        let (power, start) = (named("power "), named("start "));
        if let Some(host) = power {
            self.power(event.at, host);
            return None;
        }
        let Cause::Fault(number) = event.cause else {
            self.start(event.at, start?);
            return start.map(Touched::New);
        };
        let act = script.get((number as usize).wrapping_sub(1))?;
        if text.starts_with("over") {
            self.over(event.at, &act.fault);
            return None;
        }
        self.act(event.at, &act.fault, number, text);
        match act.fault {
            Fault::Crash { node: host, .. } | Fault::Kill(host) | Fault::Start { node: host, .. } => {
                Some(Touched::New(host.0))
            }
            Fault::Reload { node, config } => Some(match config.is_some_and(|c| self.plan.is_refused(c)) {
                true => Touched::New(node.0),
                false => Touched::Reloaded(node.0),
            }),
            _ => None,
        }
    }

    /// Counts faults: while it stays the same, so does who hears whom.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// An act of the script, by its number from 1, and its words in the trace.
    fn act(&mut self, at: Instant, fault: &Fault, number: u32, text: &str) {
        self.acts.insert(number, (at, text.into()));
        self.last_act = Some(number);
        match *fault {
            Fault::Crash { node, .. } => self.crash(at, node.0, number),
            Fault::Kill(h) => self.daemon(at, h.0, Daemon::Killed(number)),
            Fault::Stop(h) => self.daemon(at, h.0, Daemon::Stopped(number)),
            Fault::Pause(h) => self.pause(at, h.0, Daemon::Paused(number)),
            Fault::Resume(h) => self.pause(at, h.0, Daemon::Running),
            Fault::Start { node, config } => {
                if let Some(config) = config {
                    self.plan.reconfigure(node.0, config);
                }
                self.start(at, node.0);
            }
            Fault::Reload { node, config } => self.reload(at, node.0, config, number),
            Fault::Carrier { host, link, up } => {
                self.hosts[host.0].carrier[link] = up;
                self.touch(at, host.0);
            }
            // Who holds what is told by the address event that follows.
            Fault::Address { node, .. } => self.touch(at, node.0),
            Fault::Filter { host, .. } => self.touch(at, host.0),
            // What follows from a script is told by the daemon's frames and addresses.
            Fault::Script { node, .. } | Fault::File { node, .. } | Fault::Process { node, .. } => {
                self.touch(at, node.0);
            }
            Fault::Network(ref fault) => self.network(at, fault, number),
        }
    }

    fn network(&mut self, at: Instant, fault: &NetworkFault, number: u32) {
        match *fault {
            NetworkFault::Partition { segment, ref group } => {
                self.groups[segment.0].clone_from(group);
                self.touch_segment(at, segment.0);
            }
            NetworkFault::Heal(segment) => {
                self.groups[segment.0].fill(0);
                self.touch_segment(at, segment.0);
            }
            NetworkFault::Mute { from, to } => {
                self.mutes.insert((from.0, to.0), number);
                self.touch(at, from.0);
                self.touch(at, to.0);
            }
            NetworkFault::Unmute { from, to } => {
                self.mutes.remove(&(from.0, to.0));
                self.touch(at, from.0);
                self.touch(at, to.0);
            }
            NetworkFault::Impair { on, .. } | NetworkFault::Clear(on) => {
                self.touch_medium(at, on);
            }
            NetworkFault::Trunk { trunk, up } => {
                self.cut[trunk.0] = !up;
                self.join();
                self.touch_medium(at, Medium::Trunk(trunk));
            }
        }
    }

    /// What an act impaired is as it was.
    pub(super) fn over(&mut self, at: Instant, fault: &Fault) {
        if let Fault::Network(NetworkFault::Impair { on, .. }) = *fault {
            self.touch_medium(at, on);
        }
    }

    fn touch_medium(&mut self, at: Instant, on: Medium) {
        let segment = match on {
            Medium::Segment(s) => s.0,
            Medium::Trunk(t) => self.plan.trunks[t.0][0],
        };
        self.touch_segment(at, segment);
    }

    /// Finds out again what trunks connect.
    fn join(&mut self) {
        self.joined = (0..self.plan.domain.len()).collect();
        for (trunk, _) in self.cut.iter().enumerate().filter(|(_, cut)| !**cut) {
            let [a, b] = self.plan.trunks[trunk].map(|s| self.joined[s]);
            let (first, other) = (a.min(b), a.max(b));
            self.joined.iter_mut().filter(|s| **s == other).for_each(|s| *s = first);
        }
    }

    fn crash(&mut self, at: Instant, host: usize, number: u32) {
        self.hosts[host].powered = false;
        for (_, held) in self.held.iter_mut().filter(|((_, h), _)| *h == host) {
            if !held.links.is_empty() {
                held.links.clear();
                held.given_up = Some((at, Cause::Fault(number)));
            }
        }
        self.daemon(at, host, Daemon::Killed(number));
    }

    /// The bare host has power again.
    pub(super) fn power(&mut self, at: Instant, host: usize) {
        if !self.hosts[host].powered {
            self.hosts[host].powered = true;
            self.own_addresses(at, host);
        }
        self.touch(at, host);
    }

    /// The daemon starts; a host that is off is switched on first.
    pub(super) fn start(&mut self, at: Instant, host: usize) {
        self.power(at, host);
        let delays = self.plan.members_of(host).map(|m| self.plan.members[m].startup_delay());
        self.hosts[host].delayed_until = at + delays.max().unwrap_or_default();
        let members = self.plan.members_of(host);
        self.said[members].fill(None);
        self.daemon(at, host, Daemon::Running);
    }

    /// The daemon reads its configuration: one that it refuses is its end.
    fn reload(&mut self, at: Instant, host: usize, config: Option<usize>, number: u32) {
        if !matches!(self.hosts[host].daemon, Daemon::Running | Daemon::Paused(_)) {
            return;
        }
        let Some(config) = config else { return self.touch(at, host) };
        if self.plan.is_refused(config) {
            return self.daemon(at, host, Daemon::Killed(number));
        }
        let was: Vec<usize> = self.plan.members_of(host).filter(|&m| self.plan.is_present(m)).collect();
        self.plan.reconfigure(host, config);
        for m in self.plan.members_of(host).filter(|m| !was.contains(m) || !self.plan.is_present(*m)) {
            self.said[m] = None;
        }
        self.touch(at, host);
    }

    fn daemon(&mut self, at: Instant, host: usize, daemon: Daemon) {
        self.hosts[host].daemon = daemon;
        self.touch(at, host);
    }

    /// SIGSTOP and SIGCONT do nothing to a daemon that is not there.
    fn pause(&mut self, at: Instant, host: usize, daemon: Daemon) {
        if matches!(self.hosts[host].daemon, Daemon::Running | Daemon::Paused(_)) {
            self.daemon(at, host, daemon);
        }
    }

    /// A fault touched what this host can reach. What a client suffers does not unsettle an election.
    fn touch(&mut self, at: Instant, host: usize) {
        if self.plan.hosts[host].is_client {
            return;
        }
        let sides = self.sides(host);
        self.touch_tied(at, |side| sides.contains(&side));
        self.quiet_side.extend(sides.into_iter().map(|side| (side, at)));
    }

    fn sides(&self, host: usize) -> Vec<Component> {
        self.plan.hosts[host].links.iter().map(|l| self.side(host, l.segment.0)).collect()
    }

    /// What touches one member of a group touches the others, wherever they are.
    fn touch_tied(&mut self, at: Instant, touched: impl Fn(Component) -> bool) {
        let tied = |h: &usize| {
            let mut members = self.plan.members_of(*h);
            members.any(|m| !self.plan.members[m].ways.siblings.is_empty())
        };
        let all = (0..self.hosts.len()).filter(tied).map(|h| self.sides(h));
        let all = all.filter(|sides| sides.iter().any(|&side| touched(side)));
        let sides: Vec<Component> = all.flatten().collect();
        self.quiet_side.extend(sides.into_iter().map(|side| (side, at)));
    }

    /// Everything that trunks connect with a segment, cut or not.
    fn touch_segment(&mut self, at: Instant, segment: usize) {
        let domain = self.plan.domain.clone();
        let all = self.quiet.iter_mut().zip(&domain).filter(|(_, d)| **d == domain[segment]);
        all.for_each(|(quiet, _)| *quiet = at);
        self.touch_tied(at, |side| domain[side.0] == domain[segment]);
    }

    /// The component of a host that has a link with carrier on this segment. Trunks belong to the first group.
    fn side(&self, host: usize, segment: usize) -> Component {
        match self.groups[segment][host] {
            0 => (self.joined[segment], 0),
            group => (segment, group),
        }
    }

    /// A running daemon lost an advert: what follows is a new election.
    pub(super) fn lost_advert(&mut self, at: Instant, host: usize) {
        if self.hosts[host].daemon == Daemon::Running {
            self.touch(at, host);
        }
    }

    /// An advert left a port.
    pub(super) fn sent_advert(&mut self, host: usize, vrid: u8, frame: u32) {
        let sent = self.adverts.entry((host, vrid)).or_default();
        *sent = [frame, sent[0]];
    }

    /// Whether this host sent that advert.
    pub(super) fn sent_by(&self, host: usize, frame: u32) -> bool {
        self.adverts.range((host, 0)..=(host, u8::MAX)).any(|(_, sent)| sent.contains(&frame))
    }

    /// The network lost an advert on its way to a host. That unsettles an election when it begins; where nothing
    /// arrives for long, it is no new fault each time.
    pub(super) fn network_lost_advert(&mut self, at: Instant, host: usize, vrid: u8, frame: u32) {
        let sent = self.adverts.iter().find(|((_, v), sent)| *v == vrid && sent.contains(&frame));
        let Some((&(sender, _), sent)) = sent else { return self.lost_advert(at, host) };
        let before = if sent[0] == frame { sent[1] } else { 0 };
        let last = self.unheard.insert((host, sender, vrid), frame);
        if last.is_none_or(|last| last != before) {
            self.lost_advert(at, host);
        }
    }

    /// Since when no fault has touched this component.
    pub(super) fn quiet(&self, component: Component) -> Instant {
        let side = self.quiet_side.get(&component).copied().unwrap_or_default();
        self.quiet[component.0].max(side)
    }

    /// The component that a link is in; `None` without power or carrier.
    pub(super) fn component(&self, host: usize, link: usize) -> Option<Component> {
        let view = &self.hosts[host];
        let segment = self.plan.hosts[host].links[link].segment.0;
        (view.powered && view.carrier[link]).then(|| self.side(host, segment))
    }

    /// The component of a host on a segment, by its first link there that has carrier.
    pub(super) fn component_on(&self, host: usize, segment: usize) -> Option<Component> {
        self.plan.links_on(host, segment).find_map(|l| self.component(host, l))
    }

    /// Whether a frame that leaves this link arrives at that one.
    pub(super) fn reaches(&self, from: (usize, usize), to: (usize, usize)) -> bool {
        let side = self.component(from.0, from.1);
        side.is_some() && side == self.component(to.0, to.1) && !self.mutes.contains_key(&(from.0, to.0))
    }

    /// Whether frames of one host arrive at the other on any segment.
    pub(super) fn hears(&self, to: usize, from: usize) -> bool {
        let links = |h: usize| (0..self.plan.hosts[h].links.len()).map(move |l| (h, l));
        links(from).any(|f| links(to).any(|t| self.reaches(f, t)))
    }

    /// When this place must be settled: after the last fault, and after the start-up delays of daemons there.
    pub(super) fn due(&self, place: usize, side: Component) -> Instant {
        let place = &self.plan.places[place];
        let hosts = place.members.iter().map(|&m| self.plan.members[m].host);
        let there = hosts.filter(|&h| self.component_on(h, place.segment) == Some(side));
        let delayed = there.map(|h| self.hosts[h].delayed_until).max().unwrap_or_default();
        self.quiet(side).max(delayed) + place.bound
    }

    /// From when a backup's timer on this host counts.
    pub(super) fn counts_from(&self, now: Instant, host: usize) -> Instant {
        now.max(self.hosts[host].delayed_until)
    }

    /// A daemon announced a state; whether that makes an instance able to take part, or lets it off. What a daemon says
    /// of itself is no fault of the network, but the others have to act on it.
    pub(super) fn claim(&mut self, at: Instant, host: usize, instance: &str, to: Announced) -> bool {
        let Some(m) = self.plan.member_named(host, instance) else { return false };
        if to == Announced::MasterRxLowerPri {
            return false;
        }
        let before = self.excused(m);
        self.said[m] = Some(to);
        let moved = before || self.excused(m);
        if moved {
            self.touch(at, host);
        }
        moved
    }

    /// The other members of its group.
    pub(super) fn siblings(&self, member: usize) -> &[usize] {
        &self.plan.members[member].ways.siblings
    }

    fn with_siblings(&self, member: usize) -> impl Iterator<Item = usize> {
        self.siblings(member).iter().copied().chain([member])
    }

    /// Whether its daemon may be believed that this instance cannot take part: it says FAULT, or nothing yet, and its
    /// configuration has a way to be so.
    fn excused(&self, member: usize) -> bool {
        match self.said[member] {
            None => self.first_result(member).is_some(),
            Some(Announced::Fault) => self.with_siblings(member).any(|m| self.has_reason(m)),
            Some(_) => false,
        }
    }

    /// Whether there can be, or is, a reason for FAULT.
    fn has_reason(&self, member: usize) -> bool {
        let m = &self.plan.members[member];
        let down = |link: Option<usize>| link.is_none_or(|l| self.component(m.host, l).is_none());
        let ways = &m.ways;
        ways.unseen
            || self.sourceless.contains(&member)
            || ways.links.iter().any(|l| down(*l))
            || down(m.link)
    }

    /// How long the first result of its scripts, or of its group's, may take.
    fn first_result(&self, member: usize) -> Option<Duration> {
        self.with_siblings(member).filter_map(|m| self.plan.members[m].ways.first_result).max()
    }

    /// If it has announced no state yet and waits for a script: how long that may take.
    pub(super) fn undecided(&self, member: usize) -> Option<Duration> {
        let waits = self.said[member].is_none() && self.fit(member);
        self.first_result(member).filter(|_| waits)
    }

    /// Whether a member of its group hears a master, so that the group has to wait (RFC 3768 knows no groups:
    /// keepalived's vrrp_sync.c).
    pub(super) fn held_back(&self, member: usize) -> bool {
        let mut siblings = self.siblings(member).iter().map(|&s| &self.plan.members[s]);
        siblings.any(|s| {
            s.places.iter().any(|&(place, link)| {
                let side = self.component(s.host, link);
                side.is_some_and(|side| self.holders(place, side).iter().any(|&h| h != s.host))
            })
        })
    }

    /// Whether this instance takes part in elections: it could, its group could, and it has no excuse.
    pub(super) fn able(&self, member: usize) -> bool {
        let could = |s: &usize| self.plan.members[*s].config().dont_track_primary || self.fit(*s);
        self.fit(member) && !self.excused(member) && self.siblings(member).iter().all(could)
    }

    /// Whether its daemon runs and its link has carrier.
    fn fit(&self, member: usize) -> bool {
        let m = &self.plan.members[member];
        m.usable
            && self.hosts[m.host].daemon == Daemon::Running
            && m.link.is_some_and(|l| self.component(m.host, l).is_some())
    }

    /// The hosts that hold the address in this component, in the order of the scenario.
    pub(super) fn holders(&self, place: usize, component: Component) -> Vec<usize> {
        let held = self.held.range((place, 0)..=(place, usize::MAX));
        held.filter(|((_, h), held)| held.links.iter().any(|l| self.component(*h, *l) == Some(component)))
            .map(|((_, h), _)| *h)
            .collect()
    }

    /// The hosts that hold the address anywhere.
    pub(super) fn all_holders(&self, address: IpAddr) -> Vec<usize> {
        let mut hosts = BTreeSet::new();
        for place in self.plan.places_of(address) {
            for ((_, h), held) in self.held.range((place, 0)..=(place, usize::MAX)) {
                if held.links.iter().any(|l| self.component(*h, *l).is_some()) {
                    hosts.insert(*h);
                }
            }
        }
        hosts.into_iter().collect()
    }

    /// Whether the address is on that link, whatever power and carrier.
    pub(super) fn has(&self, place: usize, host: usize, link: usize) -> bool {
        self.held.get(&(place, host)).is_some_and(|h| h.links.contains(&link))
    }

    /// What is known of a host and an address, if it ever held it.
    pub(super) fn held(&self, place: usize, host: usize) -> Option<&Held> {
        self.held.get(&(place, host))
    }

    /// Who gave the address up last, with when and why in words: `b gave it up at 18.609577 after hearing #33`.
    pub(super) fn last_given_up(&self, place: usize) -> Option<String> {
        let held = self.held.range((place, 0)..=(place, usize::MAX));
        let gone = held.filter_map(|((_, h), held)| held.given_up.map(|(at, cause)| (at, *h, cause)));
        let (at, host, cause) = gone.max_by_key(|(at, _, _)| *at)?;
        Some(format!("{} gave it up at {at}{}", self.plan.name(host), self.why(cause)))
    }

    /// Why the daemon of this host does not act, in words.
    pub(super) fn inactive(&self, host: usize) -> Option<String> {
        let (state, number) = match self.hosts[host].daemon {
            Daemon::Running => return None,
            Daemon::Absent => return Some(format!("{} runs no daemon", self.plan.name(host))),
            Daemon::Paused(n) => ("is paused since", n),
            Daemon::Killed(n) => ("was killed by", n),
            Daemon::Stopped(n) => ("was stopped by", n),
        };
        Some(format!("the daemon of {} {state} {}", self.plan.name(host), self.named_act(number)))
    }

    /// That frames from one host do not reach another because of a mute, in words.
    pub(super) fn muted(&self, from: usize, to: usize) -> Option<String> {
        let number = *self.mutes.get(&(from, to))?;
        let (from, to) = (self.plan.name(from), self.plan.name(to));
        Some(format!("{to} does not hear {from} since {}", self.named_act(number)))
    }

    /// `act 2 at 5.000000 (mute a b)`.
    fn named_act(&self, number: u32) -> String {
        match self.acts.get(&number) {
            Some((at, text)) => format!("act {number} at {at} ({text})"),
            None if number == 0 => "its start".to_string(),
            None => format!("act {number}"),
        }
    }

    /// The last act of the script, in words.
    pub(super) fn last_act(&self) -> String {
        let named = self.last_act.map(|n| format!("the last act before it was {}", self.named_act(n)));
        named.unwrap_or_else(|| "there was no fault before it".into())
    }

    /// A cause in words, with a blank before it; empty if there is none.
    pub(super) fn why(&self, cause: Cause) -> String {
        let timer = |t: Timer| format!("when its {} timer ran out", t.name());
        match cause {
            Cause::None => String::new(),
            Cause::Frame(n) => format!(" after hearing #{n}"),
            Cause::Fault(n) => format!(" by {}", self.named_act(n)),
            Cause::Job(n) => format!(" after the end of job {n}"),
            Cause::TimerOfJob(t, n) => format!(" {}, armed by the end of job {n}", timer(t)),
            Cause::TimerOfFrame(t, n) => format!(" {}, armed by #{n}", timer(t)),
            Cause::TimerOfFault(t, n) => format!(" {}, armed by {}", timer(t), self.named_act(n)),
        }
    }
}
