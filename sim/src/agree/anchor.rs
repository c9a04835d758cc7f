//! What an event is counted from.

use vrrplab_engine::time::{Duration, Instant};

use super::compare::Comparison;
use super::lane::Entry;
use super::lanes::Source;
use crate::trace::{Cause, Name};

/// An instant of both runs from which others are counted.
pub(super) struct Anchor {
    pub(super) ours: Instant,
    pub(super) reference: Instant,
    /// No cause was seen: more is allowed than usual.
    pub(super) vague: bool,
    pub(super) what: String,
}

impl Anchor {
    fn clock(vague: bool) -> Anchor {
        Anchor { ours: Instant::ZERO, reference: Instant::ZERO, vague, what: "the beginning".to_string() }
    }

    /// How far an event is off, and whether ours is late.
    pub(super) fn off(&self, ours: Instant, theirs: Instant) -> (Duration, bool) {
        // Ours is late if `ours - self.ours > theirs - self.reference`, written without negative spans.
        let a = ours.as_micros() + self.reference.as_micros();
        let b = theirs.as_micros() + self.ours.as_micros();
        (Duration::from_micros(a.abs_diff(b)), a > b)
    }

    /// When an instant of ours is due in the reference.
    pub(super) fn there(&self, ours: Instant) -> Instant {
        self.reference + ours.saturating_since(self.ours)
    }
}

impl Comparison<'_> {
    /// What an event of ours can be counted from: its cause; where the trace names none, also the last act.
    pub(super) fn anchors(&self, node: &Name, ours: &Entry) -> Vec<Anchor> {
        let last = self.acts.iter().rev().find(|(act, _)| self.ours.acts[*act].at <= ours.at);
        let last = last.filter(|_| self.exact() && ours.cause == Cause::None);
        let act = last.map(|&(act, _)| self.at_act(act));
        [self.anchor(node, ours.cause)].into_iter().chain(act).collect()
    }

    /// What an event with this cause is counted from: the cause, if the reference has it too; otherwise the
    /// cause's own cause, and in the end the clock.
    pub(super) fn anchor(&self, node: &Name, cause: Cause) -> Anchor {
        let mut next = cause;
        // A frame's cause is an earlier frame: the walk ends.
        let mut below = u32::MAX;
        loop {
            next = match next {
                Cause::None => return Anchor::clock(cause != Cause::None),
                Cause::Fault(n) | Cause::TimerOfFault(_, n) => {
                    let act = self.ours.acts.iter().position(|act| act.is(n, node));
                    return act.map_or(Anchor::clock(true), |act| self.at_act(act));
                }
                // A child is started before anything that it causes: this ends too.
                Cause::Job(n) | Cause::TimerOfJob(_, n) => {
                    self.ours.jobs.get(&n).copied().unwrap_or(Cause::None)
                }
                Cause::Frame(n) | Cause::TimerOfFrame(_, n) if n < below => {
                    below = n;
                    let source = self.ours.source(n);
                    if let Some(anchor) = source.and_then(|source| self.at_frame(source, n)) {
                        return anchor;
                    }
                    source.and_then(|source| source.cause).unwrap_or(Cause::None)
                }
                Cause::Frame(_) | Cause::TimerOfFrame(..) => return Anchor::clock(true),
            };
        }
    }

    /// An act takes place when it does in each run; that of a recording is known to be within the tolerance of ours.
    fn at_act(&self, act: usize) -> Anchor {
        let ours = &self.ours.acts[act];
        let what = format!("`{}` at {}", ours.text, ours.at);
        if !self.exact() {
            return Anchor { ours: ours.at, reference: ours.at, vague: false, what };
        }
        let Some((_, theirs)) = self.acts.iter().find(|(own, _)| *own == act) else {
            return Anchor::clock(true);
        };
        let reference = &self.reference.acts[*theirs];
        let told = [self.ours.first_word(ours), self.reference.first_word(reference)];
        if let [Some(ours), Some(reference)] = told {
            let what = format!("{what}, its first word at {ours}, in the reference at {reference}");
            return Anchor { ours, reference, vague: false, what };
        }
        let what = format!("{what}, in the reference at {}", reference.at);
        Anchor { ours: ours.at, reference: reference.at, vague: false, what }
    }

    fn at_frame(&self, source: &Source, number: u32) -> Option<Anchor> {
        let (lane, i) = source.place.as_ref()?;
        if *i >= *self.same.get(lane)? {
            return None;
        }
        let (ours, reference) = (self.ours.entries(lane)[*i].at, self.reference.entries(lane)[*i].at);
        let what = format!("#{number} at {ours}, in the reference at {reference}");
        Some(Anchor { ours, reference, vague: false, what })
    }
}
