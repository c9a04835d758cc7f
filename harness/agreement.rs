//! Runs of one scenario in several worlds, side by side: whether they agree, and how far apart they are.

use vrrplab_engine::time::Duration;
use vrrplab_sim::agree::{self, Agreement, Lanes, Tolerance};
use vrrplab_sim::run::Run;
use vrrplab_sim::scenario::{Role, Scenario};

use crate::notes::Notes;

/// A machine whose timers are later than this is loaded.
const IDLE: Duration = Duration::from_millis(5);
/// So is one on which more than half a process waits for each processor, in hundredths.
const IDLE_LOAD: u64 = 50;

/// How a run compares with the one that it is held against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same sequences, and no event farther from its cause than this.
    Agrees(Duration),
    /// Other sequences, or events at other times.
    Differs(Agreement),
    /// They differ, and the machine was too late for that to mean anything: by this much.
    Inconclusive(Duration, Agreement),
}

/// Compares a run on a real clock with one of the simulator. `coarse` compares only who speaks, for daemons whose frames have other bytes.
pub fn compare(ours: &Run, other: &Run, notes: &Notes, coarse: bool) -> Verdict {
    let lanes = [ours, other].map(|run| {
        let mut lanes = Lanes::whole(&run.trace, &run.capture);
        lanes.base = base(&run.scenario);
        lanes
    });
    let worst = Duration::from_micros(notes.late_before.max(notes.late_during));
    let idle = worst <= IDLE && notes.load <= IDLE_LOAD;
    let base = if idle { Tolerance::IDLE } else { Tolerance::LOADED };
    let tolerance = Tolerance::real(base);
    let agreement = match coarse {
        true => agree::agree_speakers(&lanes[0], &lanes[1], &tolerance),
        false => agree::agree(&lanes[0], &lanes[1], &tolerance),
    };
    if agreement.holds() {
        let largest = agreement.largest.map_or(Duration::ZERO, |deviation| deviation.distance.off);
        Verdict::Agrees(largest)
    } else if worst > Tolerance::LOADED || notes.dropped > 0 {
        Verdict::Inconclusive(worst, agreement)
    } else {
        Verdict::Differs(agreement)
    }
}

/// What hosts have of their own: no daemon's business.
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
