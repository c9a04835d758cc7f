//! `two holders` and `no holder`: after the last fault and a bound, each virtual address has exactly one holder
//! in each component that could have one (RFC 3768, 1.1: one Master; 6.4.3 settles a contest within an advert).

use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::time::{Duration, Instant};

use super::Measure;
use super::spans::{Report, Spans, Words};
use super::view::{Component, Network};

type Key = (usize, Component);

#[derive(Clone, Debug)]
pub(super) struct Holders {
    /// With the hosts.
    two: Spans<Key, Vec<usize>>,
    none: Spans<Key>,
    /// By place: the longest span and its beginning.
    longest_two: BTreeMap<usize, (Duration, Instant)>,
    longest_none: BTreeMap<usize, (Duration, Instant)>,
    /// By place: when it was held first. Without that nothing is judged.
    first: BTreeMap<usize, Instant>,
}

impl Holders {
    pub(super) fn new() -> Holders {
        Holders {
            two: Spans::new(),
            none: Spans::new(),
            longest_two: BTreeMap::new(),
            longest_none: BTreeMap::new(),
            first: BTreeMap::new(),
        }
    }

    /// Time has passed: what is beyond its allowance is a violation.
    pub(super) fn advance(&mut self, now: Instant, net: &Network) {
        for key in self.two.ripe(now) {
            let holders = net.holders(key.0, key.1);
            self.two.violate(key, two_words(net, key, &holders));
        }
        for key in self.none.ripe(now) {
            self.none.violate(key, none_words(net, key));
        }
    }

    /// Who holds this place may have changed, or when it must be settled.
    pub(super) fn update(&mut self, now: Instant, net: &Network, place: usize) {
        let mut live = BTreeSet::new();
        for &m in &net.plan.places[place].members {
            let member = &net.plan.members[m];
            let links = member.places.iter().filter(|(p, _)| *p == place);
            live.extend(
                links
                    .filter(|_| net.able(m) && !net.held_back(m))
                    .filter_map(|(_, l)| net.component(member.host, *l)),
            );
        }
        let segment = net.plan.places[place].segment;
        let mut sides: BTreeSet<Component> =
            (0..net.plan.hosts.len()).filter_map(|h| net.component_on(h, segment)).collect();
        sides.extend(self.two.keys().iter().chain(&self.none.keys()).filter(|k| k.0 == place).map(|k| k.1));
        for side in sides {
            let holders = net.holders(place, side);
            if !holders.is_empty() {
                self.first.entry(place).or_insert(now);
            }
            self.update_none(now, net, (place, side), holders.is_empty() && live.contains(&side));
            self.update_two(now, net, (place, side), holders);
        }
    }

    fn update_two(&mut self, now: Instant, net: &Network, key: Key, holders: Vec<usize>) {
        if holders.len() < 2 {
            self.end_two(now, net, key);
            return;
        }
        let since = self.two.since(key).unwrap_or(now);
        let due = net.due(key.0, key.1);
        self.two.on(now, key, due.max(since + hand_over(net, key)), holders);
    }

    fn end_two(&mut self, now: Instant, net: &Network, key: Key) {
        let Some(closed) = self.two.off(now, key) else { return };
        let span = now.saturating_since(closed.since);
        if span <= hand_over(net, key) {
            return;
        }
        longer(&mut self.longest_two, key.0, span, closed.since);
        self.two.moment(closed.since, Some(now), || allowed(two_words(net, key, &closed.subject), span));
    }

    fn update_none(&mut self, now: Instant, net: &Network, key: Key, none: bool) {
        if none {
            let since = self.none.since(key).unwrap_or(now);
            self.none.on(now, key, net.due(key.0, key.1).max(since + net.plan.allows.last_words()), ());
        } else if let Some(closed) = self.none.off(now, key) {
            self.end_none(now, net, key, closed.since, Some(now));
        }
    }

    /// The wait for the first master of a run is no outage: neither measured nor forbidden by `never`.
    fn end_none(&mut self, now: Instant, net: &Network, key: Key, since: Instant, until: Option<Instant>) {
        let span = now.saturating_since(since);
        let was_held = self.first.get(&key.0).is_some_and(|first| *first <= since);
        if was_held && span > net.plan.allows.slack {
            longer(&mut self.longest_none, key.0, span, since);
            self.none.moment(since, until, || allowed(none_words(net, key), span));
        }
    }

    /// The reports of both oracles, and the figures.
    pub(super) fn finish(mut self, end: Instant, net: &Network) -> (Report, Report, Vec<Measure>) {
        for key in self.two.keys() {
            let since = self.two.since(key).unwrap_or(end);
            let span = end.saturating_since(since);
            if span > hand_over(net, key) {
                let holders = self.two.subject(key).cloned().unwrap_or_default();
                longer(&mut self.longest_two, key.0, span, since);
                self.two.moment(since, None, || allowed(two_words(net, key, &holders), span));
            }
        }
        for key in self.none.keys() {
            let since = self.none.since(key).unwrap_or(end);
            self.end_none(end, net, key, since, None);
        }
        let measures = self.measures(net);
        let held = !self.first.is_empty();
        (self.two.report(held), self.none.report(held), measures)
    }

    fn measures(&self, net: &Network) -> Vec<Measure> {
        let mut measures = Vec::new();
        for (what, longest) in
            [("with two holders", &self.longest_two), ("without holder", &self.longest_none)]
        {
            for (place, &(value, at)) in longest {
                let name = format!("longest {what} of {}", net.plan.places[*place].address);
                measures.push(Measure { name, value, at: Some(at) });
            }
        }
        measures
    }
}

fn hand_over(net: &Network, key: Key) -> Duration {
    net.plan.latency[key.1.0] + net.plan.allows.hand_over()
}

fn longer(all: &mut BTreeMap<usize, (Duration, Instant)>, place: usize, span: Duration, since: Instant) {
    let longest = all.entry(place).or_insert((span, since));
    if span > longest.0 {
        *longest = (span, since);
    }
}

/// What happened within the bound is worth a word when an expectation forbids it.
fn allowed(words: Words, span: Duration) -> Words {
    Words { cause: format!("for {span}; {}", words.cause), ..words }
}

fn two_words(net: &Network, key: Key, holders: &[usize]) -> Words {
    let address = net.plan.places[key.0].address;
    let all = if holders.len() == 2 { "both" } else { "all" };
    let what = format!("{} {all} hold {address}", net.plan.list(holders));
    let mut reasons = why_two(net, key.0, holders);
    if reasons.is_empty() {
        let latest = holders.iter().filter_map(|&h| net.held(key.0, h).map(|held| (held.taken, h)));
        let latest = latest.max_by_key(|(taken, _)| taken.0);
        let told =
            latest.map(|((at, cause), h)| format!("{} took it at {at}{}", net.plan.name(h), net.why(cause)));
        reasons.push(told.unwrap_or_else(|| net.last_act()));
    }
    Words { host: None, what, cause: reasons.join("; ") }
}

/// What keeps two holders from hearing of each other: a mute, a daemon that does not act, a refused advert.
fn why_two(net: &Network, place: usize, holders: &[usize]) -> Vec<String> {
    let mut reasons: Vec<String> = holders.iter().filter_map(|&h| net.inactive(h)).collect();
    let pairs = || holders.iter().flat_map(|&a| holders.iter().map(move |&b| (a, b)));
    reasons.extend(pairs().filter_map(|(a, b)| net.muted(a, b)));
    for (a, b) in pairs().filter(|(a, b)| a < b) {
        let of = |h: usize| {
            let members = &net.plan.places[place].members;
            members.iter().map(|&m| &net.plan.members[m]).find(move |m| m.host == h)
        };
        if let Some(what) = of(a).zip(of(b)).and_then(|(x, y)| x.refuses(y)) {
            let (a, b) = (net.plan.name(a), net.plan.name(b));
            reasons.push(format!("{a} and {b} refuse each other's adverts: their {what} differs"));
        }
    }
    reasons
}

fn none_words(net: &Network, key: Key) -> Words {
    let place = &net.plan.places[key.0];
    let mut hosts: Vec<usize> = place.members.iter().map(|&m| net.plan.members[m].host).collect();
    hosts.retain(|&h| net.component_on(h, place.segment) == Some(key.1));
    hosts.dedup();
    let what = format!("nobody holds {}, {} could", place.address, net.plan.list(&hosts));
    let cause = net
        .last_given_up(key.0)
        .unwrap_or_else(|| format!("nobody has held it; the last fault was at {}", net.quiet(key.1)));
    Words { host: None, what, cause }
}
