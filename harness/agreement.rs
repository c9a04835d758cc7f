//! Runs of one scenario in several worlds, side by side: whether they agree, and how far apart they are.

use std::sync::Arc;

use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::agree::{self, Agreement, Lanes, Tolerance};
use vrrplab_sim::capture::Capture;
use vrrplab_sim::run::{Run, run as simulate};
use vrrplab_sim::scenario::{Role, Scenario};
use vrrplab_sim::trace::{Cause, Event, Trace, What};

use crate::notes::Notes;

/// A machine whose timers are later than this is loaded.
const IDLE: Duration = Duration::from_millis(5);
/// So is one on which more than half a process waits for each processor, in hundredths.
const IDLE_LOAD: u64 = 50;

/// How far the script may be moved, and in which steps.
const MOST: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(10);
/// A real daemon starts up to so much later than another one, and what it does by the clock is later by that.
const LAG: Duration = Duration::from_millis(80);
/// It is never earlier by more than this.
const LEAD: Duration = Duration::from_millis(5);

/// How much later the script of a scenario should be for runs on real clocks: where an act and a daemon's timer come at about the
/// same time, which is first hangs on the machine, and a comparison tells nothing. The least delay at which every act comes well
/// after the last thing that a timer did, or else the one at which it comes best.
pub fn calm(scenario: &Scenario, seed: u64) -> Duration {
    let steps = MOST.as_micros() / STEP.as_micros();
    let mut best = (Duration::ZERO, Duration::ZERO);
    for by in (0..=steps).map(|n| STEP.times(n)) {
        let quiet = quiet_before_acts(&simulate(&Arc::new(scenario.later(by)), seed));
        if quiet >= LAG {
            return by;
        }
        if quiet > best.0 {
            best = (quiet, by);
        }
    }
    best.1
}

/// The shortest time between something that a timer did and an act after it; none where one comes just after an act.
fn quiet_before_acts(run: &Run) -> Duration {
    let by_timer = |event: &&Event| {
        matches!(event.cause, Cause::TimerOfFrame(..) | Cause::TimerOfFault(..) | Cause::TimerOfJob(..))
    };
    let timed: Vec<Instant> = run.trace.events.iter().filter(by_timer).map(|event| event.at).collect();
    let acts =
        run.trace.events.iter().filter(|e| matches!((&e.what, e.cause), (What::Fault(_), Cause::Fault(_))));
    let quiet = acts.map(|act| {
        let before = timed.partition_point(|at| *at <= act.at + LEAD);
        before.checked_sub(1).map_or(LAG, |last| act.at.saturating_since(timed[last]))
    });
    quiet.min().unwrap_or(LAG)
}

/// How a run compares with the one that it is held against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same sequences, and no event farther from its cause than this.
    Agrees(Duration),
    /// Other sequences, or events at other times.
    Differs(Agreement),
    /// They differ, and the machine may have been so late that this means nothing.
    Inconclusive(Duration, Agreement),
}

/// Compares a run with one of the simulator; `notes` are about its machine, if its clock was real. `coarse` compares only who
/// speaks, for daemons whose frames have other bytes.
pub fn compare(ours: &Run, other: &Run, notes: Option<&Notes>, coarse: bool) -> Verdict {
    let lanes = [ours, other].map(|run| lanes(&run.scenario, &run.trace, &run.capture));
    let exact = if coarse { Tolerance::CENTISECONDS } else { Tolerance::RECORDED };
    let tolerance = notes.map_or(exact, |notes| {
        let idle = notes.late() <= IDLE && notes.load <= IDLE_LOAD;
        Tolerance::real(if idle { Tolerance::IDLE } else { Tolerance::LOADED })
    });
    let agreement = match coarse {
        true => agree::agree_speakers(&lanes[0], &lanes[1], &tolerance),
        false => agree::agree(&lanes[0], &lanes[1], &tolerance),
    };
    if agreement.holds() {
        return Verdict::Agrees(agreement.largest.map_or(Duration::ZERO, |deviation| deviation.distance.off));
    }
    match notes {
        Some(notes) if notes.late_twice() > Tolerance::LOADED || notes.dropped > 0 => {
            Verdict::Inconclusive(notes.late_twice(), agreement)
        }
        _ => Verdict::Differs(agreement),
    }
}

/// A run of a laboratory, taken apart. What hosts have of their own is no daemon's business.
pub fn lanes(scenario: &Scenario, trace: &Trace, capture: &Capture) -> Lanes {
    let mut lanes = Lanes::whole(trace, capture);
    lanes.base = base(scenario);
    lanes
}

fn base(
    scenario: &Scenario,
) -> std::collections::BTreeSet<(vrrplab_sim::trace::Name, vrrplab_engine::addr::Cidr)> {
    let nodes = scenario.hosts.iter().filter(|host| matches!(host.role, Role::Node(_)));
    nodes
        .flat_map(|host| {
            let addresses = host.links.iter().flat_map(|link| &link.addresses);
            addresses.map(|cidr| (host.name.clone(), *cidr))
        })
        .collect()
}
