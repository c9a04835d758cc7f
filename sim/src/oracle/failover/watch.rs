//! The observer: follows who advertises each address, and what clients have and get.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use vrrplab_engine::time::{Duration, Instant};

use super::causes::{Beginning, History, Sent};
use super::felt::Lasting;
use super::{Failover, Felt, Relearned};
use crate::frame::{Advert, Summary};
use crate::observer::Observer;
use crate::oracle::neighbour::Neighbours;
use crate::oracle::view::{Network, Touched};
use crate::scenario::{Act, Scenario};
use crate::trace::{Cause, Event, Name, What};

/// Takes the failovers of a run apart while it happens. Memory grows with the number of takeovers and of changes
/// that clients see, not with the length of the run.
#[derive(Clone, Debug)]
pub struct Failovers {
    script: Vec<Act>,
    segments: Vec<Name>,
    net: Network,
    history: History,
    neighbours: Neighbours,
    /// By place.
    addresses: Vec<Watched>,
    /// By client that pings: who answers, `None` being nobody.
    answers: BTreeMap<usize, Lasting<Option<usize>>>,
    /// Clients that ever had an entry for a place.
    acquainted: BTreeSet<(usize, usize)>,
    /// When each host's daemon was started last.
    started: BTreeMap<usize, Instant>,
    found: Vec<Found>,
}

/// A virtual address and who advertises it.
#[derive(Clone, Debug)]
struct Watched {
    /// Members that advertise it.
    speaking: BTreeSet<usize>,
    /// The last advert for it that was no farewell.
    last: Option<Sent>,
    /// While two hosts of one component hold it.
    contested: Lasting<()>,
    /// Its last takeover, in `found`.
    latest: Option<usize>,
}

/// A takeover, by the numbers of the network.
#[derive(Clone, Debug)]
struct Found {
    place: usize,
    beginning: Beginning,
    nth: u32,
    from: usize,
    to: usize,
    expired: Instant,
    elected: Instant,
    announced: Option<Instant>,
    relearned: Relearned,
    /// By client: answers of another node than the new master, before the next act.
    wrong: BTreeMap<usize, u64>,
}

impl Failovers {
    /// For one run of this scenario.
    pub fn new(scenario: &Scenario) -> Failovers {
        let net = Network::new(scenario, Duration::ZERO);
        let watched =
            Watched { speaking: BTreeSet::new(), last: None, contested: Lasting::new(), latest: None };
        let pinging = net.plan.clients().filter(|&c| net.plan.hosts[c].ping.is_some());
        Failovers {
            script: scenario.script.clone(),
            segments: scenario.segments.iter().map(|s| s.name.clone()).collect(),
            history: History::default(),
            neighbours: Neighbours::new(),
            addresses: vec![watched; net.plan.places.len()],
            answers: pinging.map(|c| (c, Lasting::new())).collect(),
            acquainted: BTreeSet::new(),
            started: BTreeMap::new(),
            found: Vec::new(),
            net,
        }
    }

    /// The run is over at `end`.
    pub fn finish(self, end: Instant) -> Vec<Failover> {
        (0..self.found.len()).map(|n| self.failover(n, end)).collect()
    }

    fn fault(&mut self, event: &Event, text: &str) {
        if let Cause::Fault(number) = event.cause
            && !text.starts_with("power ")
        {
            self.history.act(event.at, number);
        }
        match self.net.fault(&self.script, event, text) {
            Some(Touched::New(host)) => {
                self.started.insert(host, event.at);
                for member in self.net.plan.members_of(host) {
                    self.silent(member, None);
                }
            }
            // Who speaks for an address is among those that manage it.
            Some(Touched::Reloaded(_)) => {
                for (watched, place) in self.addresses.iter_mut().zip(&self.net.plan.places) {
                    watched.speaking.retain(|m| place.members.contains(m));
                }
            }
            None => {}
        }
        for place in 0..self.addresses.len() {
            self.look_at(event.at, place);
        }
    }

    /// This instance no longer advertises one place, or none at all.
    fn silent(&mut self, member: usize, place: Option<usize>) {
        for &(p, _) in &self.net.plan.members[member].places {
            if place.is_none_or(|place| place == p) {
                self.addresses[p].speaking.remove(&member);
            }
        }
    }

    fn look_at(&mut self, now: Instant, place: usize) {
        let segment = self.net.plan.places[place].segment;
        let sides: BTreeSet<_> =
            (0..self.net.plan.hosts.len()).filter_map(|h| self.net.component_on(h, segment)).collect();
        let contested = sides.into_iter().any(|side| self.net.holders(place, side).len() > 1);
        self.addresses[place].contested.set(now, contested.then_some(()));
    }

    /// A frame left a link of a host.
    fn sent(&mut self, event: &Event, from: (usize, usize), frame: u32, summary: &Summary) {
        self.history.frame(frame);
        match summary {
            Summary::Vrrp(advert) => self.advert(event, from, frame, advert),
            Summary::Garp { address, .. } => self.announced(event.at, from, (*address).into()),
            Summary::NeighbourAdvertisement(said) if !said.solicited => {
                self.announced(event.at, from, said.target.into());
            }
            Summary::Echo { reply: true, source, destination, .. } => {
                self.answer(from, *source, *destination);
            }
            _ => {}
        }
    }

    /// A host answers somebody's ping of an address.
    fn answer(&mut self, from: (usize, usize), source: IpAddr, to: IpAddr) {
        let segment = self.net.plan.hosts[from.0].links[from.1].segment.0;
        let Some(place) = self.net.plan.place(source, segment) else { return };
        let Some(n) = self.addresses[place].latest else { return };
        let found = &mut self.found[n];
        if found.to != from.0 && self.history.next_act(found.elected).is_none() {
            let links = |c: &usize| self.net.plan.hosts[*c].links.iter();
            let is = |c: &usize| links(c).flat_map(|l| &l.addresses).any(|a| a.address == to);
            if let Some(client) = self.net.plan.clients().find(is) {
                *found.wrong.entry(client).or_default() += 1;
            }
        }
    }

    fn advert(&mut self, event: &Event, from: (usize, usize), frame: u32, advert: &Advert) {
        let sends = |m: &&usize| self.net.plan.members[**m].sends(from, advert);
        let &Advert { vrid, priority, interval, .. } = advert;
        let Some(&member) = self.net.plan.members_with(vrid).iter().find(sends) else { return };
        let sent = Sent { frame, at: event.at, host: from.0, vrid, priority, interval };
        self.history.advert(sent);
        if priority == 0 {
            return self.silent(member, None);
        }
        for n in 0..self.net.plan.members[member].places.len() {
            let place = self.net.plan.members[member].places[n].0;
            let watched = &mut self.addresses[place];
            let before = watched.last.replace(sent);
            if watched.speaking.insert(member)
                && let Some(before) = before
            {
                self.takeover(event, place, member, before);
            }
        }
    }

    fn takeover(&mut self, event: &Event, place: usize, member: usize, before: Sent) {
        let m = &self.net.plan.members[member];
        let started = self.started.get(&m.host).copied().unwrap_or_default();
        let beginning = self.history.beginning(event.cause, before, started);
        let segment = self.net.plan.places[place].segment;
        // Version 3 counts in the interval that it was told, version 2 has the same.
        let interval = before.interval;
        let expired = match beginning.armed {
            Some(farewell) if farewell.priority == 0 => {
                farewell.at + self.net.plan.latency[segment] + m.skew(interval)
            }
            Some(advert) => advert.at + self.net.plan.latency[segment] + m.master_down(interval),
            None => beginning.fault + m.master_down(m.config().advert_int),
        };
        let same = |f: &&Found| f.place == place && f.beginning.trigger == beginning.trigger;
        let nth = self.found.iter().filter(same).count() as u32 + 1;
        self.addresses[place].latest = Some(self.found.len());
        self.found.push(Found {
            place,
            nth,
            from: before.host,
            to: m.host,
            expired: expired.max(beginning.fault).min(event.at),
            elected: event.at,
            announced: None,
            relearned: Relearned::Never,
            wrong: BTreeMap::new(),
            beginning,
        });
    }

    fn announced(&mut self, now: Instant, from: (usize, usize), address: IpAddr) {
        let segment = self.net.plan.hosts[from.0].links[from.1].segment.0;
        let Some(place) = self.net.plan.place(address, segment) else { return };
        if let Some(n) = self.addresses[place].latest
            && self.found[n].to == from.0
        {
            self.found[n].announced.get_or_insert(now);
            self.follow(now, place);
        }
    }

    /// Clients may have followed the new master of this place.
    fn follow(&mut self, now: Instant, place: usize) {
        let Some(n) = self.addresses[place].latest else { return };
        if self.found[n].announced.is_none() || matches!(self.found[n].relearned, Relearned::At(_)) {
            return;
        }
        let (to, segment) = (self.found[n].to, self.net.plan.places[place].segment);
        let Some(side) = self.net.component_on(to, segment) else { return };
        let known = self.acquainted.iter().filter(|(_, p)| *p == place).map(|(c, _)| *c);
        let mut known = known.filter(|&c| self.net.component_on(c, segment) == Some(side)).peekable();
        if known.peek().is_none() {
            self.found[n].relearned = Relearned::NoClient;
        } else if known.all(|c| self.points_at(c, place) == Some(to)) {
            self.found[n].relearned = Relearned::At(now);
        }
    }

    fn points_at(&self, client: usize, place: usize) -> Option<usize> {
        self.neighbours.entry_of((client, place)).and_then(|mac| self.net.plan.owner_of(mac))
    }

    /// A client's neighbour table changed.
    fn entry(&mut self, now: Instant, client: usize, address: IpAddr) {
        let places: Vec<usize> = self.net.plan.places_of(address).collect();
        for place in places {
            if self.neighbours.entry_of((client, place)).is_some() {
                self.acquainted.insert((client, place));
                self.follow(now, place);
            }
        }
    }

    fn seen(&mut self, event: &Event, host: usize) {
        let at = event.at;
        match &event.what {
            What::Tx { frame, link, summary } => {
                if let Some(link) = self.net.plan.link(host, link) {
                    self.sent(event, (host, link), *frame, summary);
                }
            }
            What::Address { added, cidr, link } => {
                let Some(link) = self.net.plan.link(host, link) else { return };
                let place = self.net.address(at, event.cause, host, link, cidr.address, *added);
                let Some(place) = place else { return };
                if !added {
                    for member in self.net.plan.members_of(host) {
                        self.silent(member, Some(place));
                    }
                }
                self.look_at(at, place);
            }
            What::Neighbour { address, mac, state } => {
                self.neighbours.entry(at, &self.net, host, *address, *mac, *state);
                self.entry(at, host, *address);
            }
            What::Answer { by, .. } => {
                let Some(answers) = self.answers.get_mut(&host) else { return };
                let every = self.net.plan.hosts[host].ping.map_or(Duration::ZERO, |ping| ping.every);
                match by {
                    // Told when the next request is due: the one without an answer was sent before.
                    None => answers.set(earlier(at, every), Some(None)),
                    Some(by) => answers.set(at, self.net.plan.owner_of(by.mac).map(Some)),
                }
            }
            _ => {}
        }
    }

    fn failover(&self, n: usize, end: Instant) -> Failover {
        let found = &self.found[n];
        let place = &self.net.plan.places[found.place];
        let next = self.found[n + 1..].iter().find(|f| f.place == found.place);
        let ends = [self.history.next_act(found.elected), next.map(|f| f.beginning.fault.max(found.elected))];
        let until = ends.into_iter().flatten().fold(end, Instant::min);
        let name = |host: usize| self.net.plan.name(host).clone();
        let fault = found.beginning.fault;
        let in_time = |at: &Instant| *at <= until;
        Failover {
            address: place.address,
            segment: self.segments[place.segment].clone(),
            trigger: found.beginning.trigger,
            nth: found.nth,
            from: name(found.from),
            to: name(found.to),
            fault,
            last_advert: found.beginning.last.at,
            expired: found.expired,
            elected: found.elected,
            announced: found.announced.filter(in_time),
            relearned: match found.relearned {
                Relearned::At(at) if at > until => Relearned::Never,
                other => other,
            },
            two_holders: self.addresses[found.place].contested.within(fault, until, |()| true),
            clients: self.clients(found, until),
        }
    }

    fn clients(&self, found: &Found, until: Instant) -> Vec<Felt> {
        let place = &self.net.plan.places[found.place];
        let pings = |client: usize| {
            self.net.plan.hosts[client].next_hop == Some(place.address)
                && self.net.plan.links_on(client, place.segment).next().is_some()
        };
        let every =
            |client: usize| self.net.plan.hosts[client].ping.map_or(Duration::ZERO, |ping| ping.every);
        let of = |(&client, answers): (&usize, &Lasting<Option<usize>>)| Felt {
            client: self.net.plan.name(client).clone(),
            unanswered: answers.within(found.beginning.fault, until, |by| by.is_none()),
            wrong_node: every(client).times(found.wrong.get(&client).copied().unwrap_or(0)),
            over: answers.at(until).flatten().is_some(),
        };
        self.answers.iter().filter(|(c, _)| pings(**c)).map(of).collect()
    }
}

fn earlier(at: Instant, by: Duration) -> Instant {
    Instant::from_micros(at.as_micros().saturating_sub(by.as_micros()))
}

impl Observer for Failovers {
    const EVENTS: bool = true;

    fn event(&mut self, event: &Event) {
        if let What::Fault(text) = &event.what {
            self.fault(event, text);
        } else if let Some(host) = event.host.as_deref().and_then(|name| self.net.plan.host(name)) {
            self.seen(event, host);
        }
    }

    fn frame(&mut self, _: u32, _: Instant, _: usize, _: u8, _: &[u8]) {}
    fn comment(&mut self, _: u32, _: &str) {}
}
