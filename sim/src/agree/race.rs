//! Races: where two things happen within the tolerance of each other, either may be first, and both runs are right.
//!
//! A difference is called a race only where the traces prove it: what happens in one run only was set going by a timer
//! that was armed before, and in both runs it lies, or would lie, within the tolerance of something else (an act, or
//! another node's advert of the same virtual router) that could have prevented it. Example: a crash 10 ms after an
//! advert is due. A later difference that follows from the race is called one where a takeover is counted from the
//! advert that raced; what follows from that in turn is a plain difference.

use vrrplab_engine::time::{Duration, Instant};

use super::compare::Comparison;
use super::lane::{Content, Entry, Lane};
use crate::frame::Summary;
use crate::trace::Cause;

/// Something that happens, or would happen, in both runs.
#[derive(Clone, Copy)]
struct Both {
    ours: Instant,
    reference: Instant,
}

impl Both {
    /// Whether both orders are possible.
    fn meets(self, other: Both, within: Duration) -> bool {
        self.ours.distance(other.ours) <= within && self.reference.distance(other.reference) <= within
    }
}

impl Comparison<'_> {
    /// What the first event that only one run has in this lane was in a race with, if that is certain.
    pub(super) fn race(&self, lane: &Lane, i: usize) -> Option<String> {
        let (ours, theirs) = (self.ours.entries(lane), self.reference.entries(lane));
        let what = |entries: &[Entry], k: usize| entries.get(k).map(|entry| entry.what.clone());
        // Without it the sequences go on alike.
        let (event, armed, within) = if ours.len() > i && what(ours, i + 1) == what(theirs, i) {
            self.timed_in_ours(lane, &ours[i])?
        } else if theirs.len() > i && what(theirs, i + 1) == what(ours, i) {
            self.timed_in_reference(lane, i)?
        } else {
            return None;
        };
        let acts = self.acts.iter().map(|&(k, l)| {
            let (act, reference) = (&self.ours.acts[k], &self.reference.acts[l]);
            (Both { ours: act.at, reference: reference.at }, format!("`{}`", act.text))
        });
        let rivals = acts.chain(self.rivals(lane));
        // What armed the timer is no rival.
        let mut rivals =
            rivals.filter(|(rival, _)| armed + within < rival.ours && event.meets(*rival, within));
        rivals.next().map(|(_, name)| name)
    }

    /// An event of ours by a timer: when it is due in the reference, when the timer was armed.
    fn timed_in_ours(&self, lane: &Lane, event: &Entry) -> Option<(Both, Instant, Duration)> {
        let timed =
            matches!(event.cause, Cause::TimerOfJob(..) | Cause::TimerOfFrame(..) | Cause::TimerOfFault(..));
        let anchor = self.anchor(lane.node(), event.cause);
        let within = self.allowed(lane, &anchor, event.at);
        let both = Both { ours: event.at, reference: anchor.there(event.at) };
        timed.then_some((both, anchor.ours, within))
    }

    /// An advert of the reference that comes one interval after the one before it, which ours has as well.
    fn timed_in_reference(&self, lane: &Lane, i: usize) -> Option<(Both, Instant, Duration)> {
        let before = i.checked_sub(1)?;
        let (ours, theirs) = (self.ours.entries(lane).get(before)?, self.reference.entries(lane));
        let Content::Frame(bytes) = &theirs[before].what else { return None };
        let Summary::Vrrp(advert) = Summary::of(bytes) else { return None };
        let within = self.tolerance.after(1, 0);
        let due = theirs[before].at + advert.interval;
        let both = Both { ours: ours.at + advert.interval, reference: theirs[i].at };
        (advert.priority > 0 && due.distance(theirs[i].at) <= within).then_some((both, ours.at, within))
    }

    /// The adverts of other nodes of the same virtual router, as far as both runs have them.
    fn rivals(&self, lane: &Lane) -> impl Iterator<Item = (Both, String)> + '_ {
        let own = lane.router().map(|router| (lane.node().clone(), router));
        let lanes = self.same.iter().filter(move |(other, _)| match (&own, other.router()) {
            (Some((node, router)), Some(theirs)) => node != other.node() && *router == theirs,
            _ => false,
        });
        lanes.flat_map(|(other, same)| {
            let pairs = self.ours.entries(other).iter().zip(self.reference.entries(other)).take(*same);
            pairs.map(|(ours, theirs)| {
                let what = format!("{} of {}", ours.what, other.node());
                (Both { ours: ours.at, reference: theirs.at }, what)
            })
        })
    }

    /// Whether an event is off because its cause is an advert that was in a race with an act: it is on time seen from
    /// the advert before or behind.
    pub(super) fn raced_cause(&self, lane: &Lane, ours: &Entry, theirs: &Entry) -> Option<String> {
        let (Cause::Frame(number) | Cause::TimerOfFrame(_, number)) = ours.cause else { return None };
        let (of, k) = self.ours.source(number)?.place.as_ref()?;
        let from = self.ours.entries(of).get(*k)?.at;
        let within = self.ours.work_between(lane, from, ours.at, self.tolerance);
        let fits = |other: usize| {
            let reference = self.reference.entries(of).get(other)?;
            let (off, as_late) = (ours.at.saturating_since(from), theirs.at.saturating_since(reference.at));
            let near = off.as_micros().abs_diff(as_late.as_micros()) <= within.as_micros();
            near.then(|| self.raced(of, other.max(*k)))?
        };
        k.checked_sub(1).and_then(fits).or_else(|| fits(k + 1))
    }

    /// What the event at this place was in a race with.
    fn raced(&self, lane: &Lane, i: usize) -> Option<String> {
        if i >= *self.same.get(lane)? {
            return self.race(lane, i);
        }
        let [ours, reference] = [self.ours, self.reference].map(|run| run.entries(lane)[i].at);
        let event = Both { ours, reference };
        let mut acts = self.acts.iter().map(|&(k, l)| (&self.ours.acts[k], &self.reference.acts[l]));
        let act = acts.find(|(act, theirs)| {
            event.meets(Both { ours: act.at, reference: theirs.at }, self.tolerance.cause)
        });
        act.map(|(act, _)| format!("`{}`", act.text))
    }
}
