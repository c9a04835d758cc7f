//! Judgement: properties that are watched in every run, and what the scenario's author expects.
//!
//! [`Judge`] observes a run. Reading order: `topology` (who is configured for what), `view` (the network at this
//! moment), `spans` (a condition, its allowance, its violation), the oracles `holders`, `neighbour`, `answers`,
//! `election` and `claims`, then `expect` and `judge`. Every allowance is in [`bounds`].

mod answers;
pub mod bounds;
mod claims;
mod election;
mod expect;
pub mod failover;
mod holders;
mod judge;
mod neighbour;
mod spans;
#[cfg(test)]
mod tests;
mod topology;
mod view;
mod ways;

pub use judge::Judge;

use vrrplab_engine::time::{Duration, Instant};

use crate::scenario::Oracle;
use crate::trace::Name;

/// The judgement of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// One for each oracle and each expectation, oracles first.
    pub verdicts: Vec<Verdict>,
    /// Figures worth showing, such as the longest outage of each client.
    pub measures: Vec<Measure>,
}

impl Judgement {
    /// Whether the run is as it should be: nothing failed, no expectation was left without anything to judge,
    /// and a virtual address was held at some time, or its absence is what the scenario shows.
    pub fn passed(&self) -> bool {
        let fine = |v: &Verdict| match v.outcome {
            Outcome::Pass | Outcome::Known(_) => true,
            Outcome::Fail => false,
            Outcome::Vacuous => v.oracle.is_some(),
        };
        self.verdicts.iter().all(fine) && !self.vacuous()
    }

    /// Whether nothing at all was judged, because no virtual address was ever held.
    pub fn vacuous(&self) -> bool {
        let about_holders = |v: &&Verdict| matches!(v.oracle, Some(Oracle::TwoHolders | Oracle::NoHolder));
        self.verdicts.iter().filter(about_holders).all(|v| v.outcome == Outcome::Vacuous)
    }

    /// The verdict on an oracle.
    pub fn oracle(&self, oracle: Oracle) -> Option<&Verdict> {
        self.verdicts.iter().find(|v| v.oracle == Some(oracle))
    }
}

/// The name of an oracle in scenario files and reports.
pub const fn name_of(oracle: Oracle) -> &'static str {
    match oracle {
        Oracle::TwoHolders => "two holders",
        Oracle::NoHolder => "no holder",
        Oracle::StaleNeighbour => "stale neighbour",
        Oracle::Unanswered => "unanswered",
        Oracle::LateTakeover => "late takeover",
        Oracle::ForbiddenPreemption => "forbidden preemption",
        Oracle::StateMismatch => "state and addresses differ",
    }
}

/// A verdict on one property.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What was judged: `two holders`, or `master of 192.168.10.240 is ka2 by 13.4s`.
    pub property: String,
    /// The oracle, if it is one.
    pub oracle: Option<Oracle>,
    /// Where the expectation stands in the scenario file, if it is one.
    pub line: Option<usize>,
    /// How it came out.
    pub outcome: Outcome,
    /// Each violation, or what fulfils a `known`.
    pub violations: Vec<Violation>,
}

/// How a property came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It held.
    Pass,
    /// It did not.
    Fail,
    /// It did not, as the scenario says it must; with the scenario's reason.
    Known(String),
    /// There was nothing to judge.
    Vacuous,
}

/// A span in which a property did not hold, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// From when.
    pub from: Instant,
    /// Until when; `None` until the end of the run.
    pub until: Option<Instant>,
    /// Whom it concerns.
    pub host: Option<Name>,
    /// What was seen: `probe sends 192.168.10.240 to 02:00:00:00:00:02 (b), a holds it`.
    pub what: String,
    /// Why it came about, in a sentence, with frame numbers where there are some.
    pub cause: String,
}

/// A figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measure {
    /// Of what: `longest outage of probe`.
    pub name: String,
    /// How much.
    pub value: Duration,
    /// When it began.
    pub at: Option<Instant>,
}
