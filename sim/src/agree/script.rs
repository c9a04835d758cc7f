//! The two laboratories' acts: which are the same, and whether they come when they should.

use super::anchor::Anchor;
use super::compare::{Comparison, Distance};
use super::lanes::Lanes;
use super::report::{Difference, Disagreement, acts_around};
use super::tolerance::Tolerance;
use crate::trace::Cause;
use vrrplab_engine::time::Instant;

/// Whether both runs are of this laboratory.
pub(super) fn exact(ours: &Lanes, reference: &Lanes) -> bool {
    ours.end.is_some() && reference.end.is_some()
}

/// Which act of ours is which of the reference; each is one at most. Acts of two laboratories of ours have a number
/// and a text; those of a recording must be at the same instant, and may be told as the commands that did them.
pub(super) fn pairs(ours: &Lanes, reference: &Lanes, tolerance: &Tolerance) -> Vec<(usize, usize)> {
    let exact = exact(ours, reference);
    let all = ours.acts.iter().enumerate();
    let mut unpaired: Vec<usize> =
        all.filter(|(_, act)| exact || act.is_of_a_script()).map(|(i, _)| i).collect();
    let mut pairs = Vec::new();
    for (j, theirs) in reference.acts.iter().enumerate() {
        let is = |&i: &usize| match exact {
            true => (ours.acts[i].number, &ours.acts[i].text) == (theirs.number, &theirs.text),
            false => ours.acts[i].may_be(theirs, tolerance.act),
        };
        if let Some(place) = unpaired.iter().position(is) {
            pairs.push((unpaired.remove(place), j));
        }
    }
    pairs.sort_unstable();
    pairs
}

impl Comparison<'_> {
    /// Acts that only one of the two laboratories did, and those that come at another time.
    pub(super) fn script(&self) -> Vec<Disagreement> {
        let mut found = Vec::new();
        let after =
            |end: Option<Instant>, at| end.is_some_and(|end| self.exact() && at + self.tolerance.act >= end);
        for (j, act) in self.reference.acts.iter().enumerate() {
            if !self.acts.iter().any(|(_, paired)| *paired == j) && !after(self.ours.end, act.at) {
                found.push((act.at, Difference::Script(act.text.clone())));
            }
        }
        for (i, act) in self.ours.acts.iter().enumerate() {
            let counts = self.exact() || act.is_of_a_script();
            let paired = self.acts.iter().any(|(paired, _)| *paired == i);
            if counts && !paired && !after(self.reference.end, act.at) {
                found.push((act.at, Difference::OwnScript(act.text.clone())));
            }
        }
        let pairs = self.acts.iter().filter(|_| self.exact());
        found.extend(pairs.filter_map(|&(i, j)| {
            let at = self.ours.acts[i].at.min(self.reference.acts[j].at);
            let act = self.ours.acts[i].text.clone();
            self.act_off(i, j).map(|distance| (at, Difference::Act { act, distance }))
        }));
        let shown = |(at, difference)| Disagreement {
            at,
            lane: None,
            difference,
            race: None,
            ours: acts_around(&self.ours.acts, at),
            reference: acts_around(&self.reference.acts, at),
        };
        found.into_iter().map(shown).collect()
    }

    /// How far an act is off, if that is too far. One with a time is at that time. One that waited comes as long after
    /// the last event of some lane, or after the act before it, in the one run as in the other; what it waited for
    /// is one of them, or was long ago, and all are on time.
    fn act_off(&self, i: usize, j: usize) -> Option<Distance> {
        let (ours, theirs) = (self.ours.acts[i].at, self.reference.acts[j].at);
        let clock = self.anchor(&"".into(), Cause::None);
        let before = self.acts.iter().filter(|(k, _)| *k < i).max().map(|&(k, l)| {
            let (act, reference) = (&self.ours.acts[k], &self.reference.acts[l]);
            let what = format!("`{}` at {}, in the reference at {}", act.text, act.at, reference.at);
            Anchor { ours: act.at, reference: reference.at, vague: false, what }
        });
        let events = self.same.iter().filter_map(|(lane, same)| {
            let (own, reference) = (self.ours.entries(lane), self.reference.entries(lane));
            let last = own[..*same].partition_point(|entry| entry.at <= ours).checked_sub(1)?;
            let what = format!("the last event before it of {lane}");
            Some(Anchor { ours: own[last].at, reference: reference[last].at, vague: false, what })
        });
        let allowed = self.tolerance.act;
        let distances = [clock].into_iter().chain(before).chain(events).map(|anchor| {
            let (off, late) = anchor.off(ours, theirs);
            Distance { off, late, allowed, from: anchor.what }
        });
        distances.min_by_key(|distance| distance.off).filter(|distance| distance.off > allowed)
    }
}
