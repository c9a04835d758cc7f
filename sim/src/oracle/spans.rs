//! Spans in which something is not as it should be: opened, allowed for a while, then a violation, then closed.
//! Memory grows with what is open and with violations, never with the length of the run.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use vrrplab_engine::time::Instant;

use super::Violation;
use crate::trace::Name;

/// The conditions that one oracle watches; `K` says where, `V` remembers what it was about.
#[derive(Clone, Debug)]
pub(super) struct Spans<K, V = ()> {
    open: BTreeMap<K, Open<V>>,
    violations: Vec<Violation>,
    moment: Option<Violation>,
    /// No span is due before this: lets most events pass without a look at the open ones.
    next: Instant,
}

#[derive(Clone, Debug)]
struct Open<V> {
    since: Instant,
    due: Instant,
    subject: V,
    /// Its place in `violations`.
    violation: Option<usize>,
}

/// A span that has ended.
pub(super) struct Closed<V> {
    pub(super) since: Instant,
    pub(super) subject: V,
}

/// The words of a violation.
pub(super) struct Words {
    pub(super) host: Option<Name>,
    pub(super) what: String,
    pub(super) cause: String,
}

const NEVER: Instant = Instant::from_micros(u64::MAX);

impl<K: Ord + Copy, V> Spans<K, V> {
    pub(super) fn new() -> Spans<K, V> {
        Spans { open: BTreeMap::new(), violations: Vec::new(), moment: None, next: NEVER }
    }

    /// The condition holds and is tolerated until `due`. Opens a span, or changes when the open one is due.
    pub(super) fn on(&mut self, now: Instant, key: K, due: Instant, subject: V) {
        let open = self.open.entry(key).or_insert(Open { since: now, due, subject, violation: None });
        open.due = due;
        self.next = self.next.min(due);
    }

    /// The condition ends, if it lasted, and begins anew: one place in the tree, where `off` and `on` would be two.
    pub(super) fn anew(&mut self, now: Instant, key: K, due: Instant, subject: V) {
        let fresh = Open { since: now, due, subject, violation: None };
        self.next = self.next.min(due);
        match self.open.entry(key) {
            Entry::Vacant(place) => {
                place.insert(fresh);
            }
            Entry::Occupied(mut place) => {
                if let Some(i) = place.insert(fresh).violation {
                    self.violations[i].until = Some(now);
                }
            }
        }
    }

    /// The condition does not hold (any more).
    pub(super) fn off(&mut self, now: Instant, key: K) -> Option<Closed<V>> {
        let open = self.open.remove(&key)?;
        if let Some(i) = open.violation {
            self.violations[i].until = Some(now);
        }
        Some(Closed { since: open.since, subject: open.subject })
    }

    pub(super) fn since(&self, key: K) -> Option<Instant> {
        self.open.get(&key).map(|o| o.since)
    }

    /// Until when the condition is tolerated.
    pub(super) fn due(&self, key: K) -> Option<Instant> {
        self.open.get(&key).map(|o| o.due)
    }

    pub(super) fn subject(&self, key: K) -> Option<&V> {
        self.open.get(&key).map(|o| &o.subject)
    }

    /// The keys of open spans, in order.
    pub(super) fn keys(&self) -> Vec<K> {
        self.open.keys().copied().collect()
    }

    /// The spans that have outlasted their allowance at `now` and are not violations yet.
    pub(super) fn ripe(&mut self, now: Instant) -> Vec<K> {
        if now <= self.next {
            return Vec::new();
        }
        let fresh = self.open.iter().filter(|(_, o)| o.violation.is_none());
        let ripe = fresh.clone().filter(|(_, o)| o.due < now).map(|(k, _)| *k).collect();
        self.next = fresh.map(|(_, o)| o.due).filter(|due| *due >= now).min().unwrap_or(NEVER);
        ripe
    }

    /// This open span is a violation.
    pub(super) fn violate(&mut self, key: K, words: Words) {
        let Some(open) = self.open.get_mut(&key).filter(|o| o.violation.is_none()) else { return };
        open.violation = Some(self.violations.len());
        self.violations.push(words.violation(open.since, None));
    }

    /// The condition held for a while: worth remembering once, for `never` and `sometimes`.
    pub(super) fn moment(&mut self, from: Instant, until: Option<Instant>, words: impl FnOnce() -> Words) {
        self.moment.get_or_insert_with(|| words().violation(from, until));
    }

    /// What was found.
    pub(super) fn report(self, judged: bool) -> Report {
        let judged = judged || !self.violations.is_empty();
        Report { judged, violations: self.violations, moment: self.moment }
    }
}

impl Words {
    fn violation(self, from: Instant, until: Option<Instant>) -> Violation {
        Violation { from, until, host: self.host, what: self.what, cause: self.cause }
    }
}

/// What an oracle found.
pub(super) struct Report {
    /// Whether there was anything to judge.
    pub(super) judged: bool,
    /// Beyond what is allowed.
    pub(super) violations: Vec<Violation>,
    /// The first time it happened at all, where that is more than a violation.
    pub(super) moment: Option<Violation>,
}

impl Report {
    /// Everything that `never` forbids and `sometimes` asks for.
    pub(super) fn happened(&self) -> Vec<Violation> {
        if self.violations.is_empty() {
            self.moment.iter().cloned().collect()
        } else {
            self.violations.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Instant {
        Instant::from_micros(s * 1_000_000)
    }

    fn words() -> Words {
        Words { host: None, what: "it".into(), cause: "because".into() }
    }

    #[test]
    fn a_span_becomes_a_violation_when_its_allowance_is_over() {
        let mut spans: Spans<u8> = Spans::new();
        spans.on(at(1), 7, at(3), ());
        assert!(spans.ripe(at(3)).is_empty(), "the last allowed moment");
        assert_eq!(spans.ripe(at(4)), [7]);
        spans.violate(7, words());
        assert!(spans.ripe(at(5)).is_empty(), "reported once");
        spans.off(at(6), 7);
        let report = spans.report(false);
        assert!(report.judged);
        assert_eq!((report.violations[0].from, report.violations[0].until), (at(1), Some(at(6))));
    }

    #[test]
    fn an_allowance_can_grow_and_shrink() {
        let mut spans: Spans<u8> = Spans::new();
        spans.on(at(1), 7, at(3), ());
        spans.on(at(2), 7, at(9), ());
        assert!(spans.ripe(at(5)).is_empty());
        spans.on(at(5), 7, at(6), ());
        assert_eq!(spans.ripe(at(7)), [7]);
        assert_eq!(spans.since(7), Some(at(1)));
    }
}
