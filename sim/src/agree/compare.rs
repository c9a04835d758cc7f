//! The comparison: acts with acts, lanes with lanes, instants from their cause.

use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::time::{Duration, Instant};

use super::act::Act;
use super::lane::{Content, Entry, Lane};
use super::lanes::{Lanes, Source};
use super::report::{Difference, Disagreement, acts_around, around, first_difference};
use super::tolerance::{TOLERANCE, TOLERANCE_AN_ADVERT, TOLERANCE_WITHOUT_CAUSE};
use crate::trace::{Cause, Name};

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
