//! Spans of a run in which something was so, to be cut to the time of a failover afterwards.

use vrrplab_engine::time::{Duration, Instant};

/// What lasted, and what it was about; the last may be open.
#[derive(Clone, Debug)]
pub(super) struct Lasting<T> {
    spans: Vec<(Instant, Option<Instant>, T)>,
}

impl<T: Copy + PartialEq> Lasting<T> {
    pub(super) fn new() -> Lasting<T> {
        Lasting { spans: Vec::new() }
    }

    /// From now on it is `what`, or nothing.
    pub(super) fn set(&mut self, now: Instant, what: Option<T>) {
        match self.spans.last_mut() {
            Some((_, None, was)) if Some(*was) == what => return,
            Some((from, until @ None, _)) => *until = Some(now.max(*from)),
            _ => {}
        }
        if let Some(what) = what {
            self.spans.push((now, None, what));
        }
    }

    /// How long it was something of this kind, between these instants.
    pub(super) fn within(&self, from: Instant, until: Instant, kind: impl Fn(T) -> bool) -> Duration {
        let cut = |(begin, end, _): &(Instant, Option<Instant>, T)| {
            end.unwrap_or(until).min(until).saturating_since((*begin).max(from))
        };
        let lengths = self.spans.iter().filter(|span| kind(span.2)).map(cut);
        lengths.fold(Duration::ZERO, |sum, length| sum + length)
    }

    /// What it was at an instant.
    pub(super) fn at(&self, now: Instant) -> Option<T> {
        let there = |s: &&(Instant, Option<Instant>, T)| s.0 <= now && s.1.is_none_or(|end| end > now);
        self.spans.iter().find(there).map(|s| s.2)
    }
}
