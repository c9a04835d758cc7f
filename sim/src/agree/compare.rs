//! The comparison: lanes with lanes, each sequence exactly and each instant from its cause.

use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::time::{Duration, Instant};

use super::anchor::Anchor;
use super::lane::{Content, Entry, Lane};
use super::lanes::Lanes;
use super::report::{Difference, Disagreement, around, first_difference};
use super::script;
use super::tolerance::Tolerance;

/// How two runs compare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agreement {
    /// Every point where ours differs from the reference, the first one first. Empty if they agree.
    pub disagreements: Vec<Disagreement>,
    /// The event that is farthest off among those within the tolerance.
    pub largest: Option<Deviation>,
}

impl Agreement {
    /// Whether nothing differs.
    pub fn holds(&self) -> bool {
        self.disagreements.is_empty()
    }
}

/// An event that is off, within its tolerance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deviation {
    /// In which lane.
    pub lane: Lane,
    /// When, in ours.
    pub at: Instant,
    /// How far.
    pub distance: Distance,
}

/// How far an event is off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Distance {
    /// How far it is off from where it should be.
    pub off: Duration,
    /// Ours is later than the reference, or earlier.
    pub late: bool,
    /// How far it may be off.
    pub allowed: Duration,
    /// What it was counted from.
    pub from: String,
}

/// Compares our run with a reference. Our causes tell what instants are counted from; the reference needs none.
pub fn agree(ours: &Lanes, reference: &Lanes, tolerance: &Tolerance) -> Agreement {
    let lanes: BTreeSet<&Lane> = ours.lanes.keys().chain(reference.lanes.keys()).collect();
    let lanes = lanes.into_iter().filter(|lane| is_judged(lane, ours, reference));
    let same = lanes.map(|lane| (lane, same_prefix(ours.entries(lane), reference.entries(lane)))).collect();
    let acts = script::pairs(ours, reference, tolerance);
    let comparison = Comparison { ours, reference, tolerance, same, acts };
    let mut agreement = Agreement { disagreements: comparison.script(), largest: None };
    for &lane in comparison.same.keys() {
        comparison.times(lane, &mut agreement);
        agreement.disagreements.extend(comparison.sequence(lane));
    }
    agreement.disagreements.sort_by_key(|disagreement| disagreement.at);
    agreement
}

/// Whether a lane is about what both runs can tell of.
fn is_judged(lane: &Lane, ours: &Lanes, reference: &Lanes) -> bool {
    let base = match lane {
        Lane::Address { node, cidr } => {
            let own = (node.clone(), *cidr);
            reference.base.contains(&own) || ours.base.contains(&own)
        }
        // A recording does not tell of them.
        Lane::Line { .. } => !script::exact(ours, reference),
        _ => false,
    };
    let captured = |link| reference.links.is_empty() || reference.links.contains(link);
    let known = reference.nodes.is_empty() || reference.nodes.contains(lane.node());
    !base && known && lane.link().is_none_or(captured)
}

fn same_prefix(ours: &[Entry], reference: &[Entry]) -> usize {
    ours.iter().zip(reference).take_while(|(a, b)| a.what == b.what).count()
}

pub(super) struct Comparison<'a> {
    pub(super) ours: &'a Lanes,
    pub(super) reference: &'a Lanes,
    pub(super) tolerance: &'a Tolerance,
    /// How many entries at the beginning of each lane are the same.
    pub(super) same: BTreeMap<&'a Lane, usize>,
    /// Which act of ours is which of the reference.
    pub(super) acts: Vec<(usize, usize)>,
}

impl Comparison<'_> {
    /// Whether both runs are of this laboratory: acts are known by number, and both ends are known.
    pub(super) fn exact(&self) -> bool {
        script::exact(self.ours, self.reference)
    }

    /// The first place where the sequences differ.
    fn sequence(&self, lane: &Lane) -> Option<Disagreement> {
        let i = self.same[lane];
        let (ours, theirs) = (self.ours.entries(lane).get(i), self.reference.entries(lane).get(i));
        let (at, difference) = match (ours, theirs) {
            (None, None) => return None,
            (Some(ours), None) if self.beyond(ours) || self.after_their_end(lane, ours) => return None,
            (None, Some(theirs)) if self.after_our_end(lane, i, theirs) => return None,
            (Some(ours), None) => (ours.at, Difference::Extra),
            (None, Some(theirs)) => (theirs.at, Difference::Missing),
            (Some(ours), Some(theirs)) => {
                (ours.at.min(theirs.at), Difference::Content(first_difference(&ours.what, &theirs.what)))
            }
        };
        let race = self.race(lane, i);
        Some(Disagreement { race, ..self.disagreement(lane, i, at, difference) })
    }

    /// Whether an event of ours is a frame later than anything that the reference has captured.
    fn beyond(&self, ours: &Entry) -> bool {
        let is_frame = !matches!(ours.what, Content::State(..) | Content::Address { .. });
        is_frame && self.reference.frames_until.is_some_and(|until| ours.at > until + self.tolerance.cause)
    }

    /// Whether an event of ours may have come after the end of the reference's run.
    fn after_their_end(&self, lane: &Lane, ours: &Entry) -> bool {
        let anchor = self.anchor(lane.node(), ours.cause);
        let allowed = self.allowed(lane, &anchor, ours.at);
        self.exact() && self.reference.end.is_some_and(|end| anchor.there(ours.at) + allowed >= end)
    }

    /// The same the other way round. The reference has no causes: its event is counted from the one before it.
    fn after_our_end(&self, lane: &Lane, i: usize, theirs: &Entry) -> bool {
        let before = i.checked_sub(1).map(|k| [self.ours, self.reference].map(|run| run.entries(lane)[k].at));
        let [ours, reference] = before.unwrap_or_default();
        let due = ours + theirs.at.saturating_since(reference);
        let allowed = self.reference.work_between(lane, reference, theirs.at, self.tolerance);
        self.exact() && self.ours.end.is_some_and(|end| due + allowed >= end)
    }

    /// Every event among those that are the same: how far it is off, and whether that is too far.
    fn times(&self, lane: &Lane, agreement: &mut Agreement) {
        let pairs = self.ours.entries(lane).iter().zip(self.reference.entries(lane)).take(self.same[lane]);
        for (i, (ours, theirs)) in pairs.enumerate().filter(|(_, (ours, _))| ours.what != Content::LastAdvert)
        {
            let distance = self.distance(lane, ours, theirs);
            if distance.off > distance.allowed {
                let race = self.raced_cause(lane, ours, theirs);
                let at = ours.at.min(theirs.at);
                let found = self.disagreement(lane, i, at, Difference::Time(distance));
                agreement.disagreements.push(Disagreement { race, ..found });
            } else if agreement.largest.as_ref().is_none_or(|largest| largest.distance.off < distance.off) {
                agreement.largest = Some(Deviation { lane: lane.clone(), at: ours.at, distance });
            }
        }
    }

    /// How far the same event is off. What has no cause in ours either is counted from the beginning or from the last
    /// act, whichever it fits better: the script may have waited for something.
    fn distance(&self, lane: &Lane, ours: &Entry, theirs: &Entry) -> Distance {
        let anchors = self.anchors(lane.node(), ours);
        let distances = anchors.into_iter().map(|anchor| {
            let (off, late) = anchor.off(ours.at, theirs.at);
            let allowed = self.allowed(lane, &anchor, ours.at);
            Distance { off, late, allowed, from: anchor.what }
        });
        distances.min_by_key(|distance| distance.off).expect("there is an anchor for every event")
    }

    pub(super) fn allowed(&self, lane: &Lane, anchor: &Anchor, at: Instant) -> Duration {
        match anchor.vague {
            true => self.tolerance.without_cause,
            false => self.ours.work_between(lane, anchor.ours, at, self.tolerance),
        }
    }

    fn disagreement(&self, lane: &Lane, i: usize, at: Instant, difference: Difference) -> Disagreement {
        Disagreement {
            at,
            lane: Some(lane.clone()),
            difference,
            race: None,
            ours: around(self.ours.entries(lane), i),
            reference: around(self.reference.entries(lane), i),
        }
    }
}
