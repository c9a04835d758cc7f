//! Which impairments are in force, and at which switches.

use super::Fabric;
use crate::scenario::{
    Fault, HostIndex, Impairment, Medium, NetworkFault, Scenario, SegmentIndex, TrunkIndex,
};
use crate::switch::fate::Ends;

/// An impairment that is in force. It goes by this, and draws its numbers by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct InForce {
    on: Medium,
    since: Since,
}

/// Since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Since {
    /// It is the n-th that its segment or trunk has from the beginning.
    Beginning(usize),
    /// This act.
    Act(usize),
}

impl InForce {
    /// Its number at the switches that apply it. Part of what a seed means.
    fn number(self) -> u64 {
        let (of, n) = match (self.since, self.on) {
            (Since::Act(n), _) => (0, n),
            (Since::Beginning(n), Medium::Segment(_)) => (1, n),
            (Since::Beginning(n), Medium::Trunk(t)) => (t.0 + 2, n),
        };
        (of as u64) << 32 | n as u64
    }
}

impl Fabric {
    pub(super) fn impair_from_the_beginning(&mut self, scenario: &Scenario) {
        let segments = scenario.segments.iter().enumerate();
        let segments = segments.map(|(s, spec)| (Medium::Segment(SegmentIndex(s)), &spec.impairments));
        let trunks = scenario.trunks.iter().enumerate();
        let trunks = trunks.map(|(t, spec)| (Medium::Trunk(TrunkIndex(t)), &spec.impairments));
        for (on, impairments) in segments.chain(trunks) {
            for (n, impairment) in impairments.iter().enumerate() {
                self.impair(InForce { on, since: Since::Beginning(n) }, impairment);
            }
        }
        // Where an act will impair something, frames are counted from the first on.
        for act in &scenario.script {
            if let Fault::Network(NetworkFault::Impair { on, .. }) = act.fault {
                for segment in self.switches_of(on) {
                    self.switches[segment].impair(self.seed, segment);
                }
            }
        }
    }

    pub(super) fn impair_by_act(&mut self, act: usize, on: Medium, impairment: &Impairment) {
        self.impair(InForce { on, since: Since::Act(act) }, impairment);
    }

    /// An impairment begins. On a trunk it is the switch at either end that does it to what leaves there.
    fn impair(&mut self, new: InForce, impairment: &Impairment) {
        let places: Vec<(usize, Ends, Ends)> = match new.on {
            Medium::Segment(SegmentIndex(s)) => {
                let ends_of = |host: Option<HostIndex>| host.map(|host| self.ports_of(s, host));
                vec![(s, ends_of(impairment.from), ends_of(impairment.to))]
            }
            Medium::Trunk(t) => {
                self.cables[t.0].ends.iter().map(|e| (e.segment, None, Some([e.port].into()))).collect()
            }
        };
        for (segment, from, to) in places {
            self.switches[segment].impair(self.seed, segment).add(new.number(), from, to, *impairment);
        }
        self.in_force.push(new);
    }

    /// The time of an act's impairment is over; whether it was still in force.
    pub fn end_impairment(&mut self, act: usize) -> bool {
        self.end_all(|rule| rule.since == Since::Act(act))
    }

    /// All impairments on this are over.
    pub(super) fn clear(&mut self, on: Medium) {
        self.end_all(|rule| rule.on == on);
    }

    /// Ends all impairments that are `over`; whether there were any.
    fn end_all(&mut self, over: impl Fn(&InForce) -> bool) -> bool {
        let (ended, kept): (Vec<InForce>, Vec<InForce>) = self.in_force.iter().partition(|rule| over(rule));
        self.in_force = kept;
        for rule in &ended {
            for segment in self.switches_of(rule.on) {
                self.switches[segment].impair(self.seed, segment).remove(rule.number());
            }
        }
        !ended.is_empty()
    }

    /// The switches that apply an impairment on this.
    fn switches_of(&self, on: Medium) -> Vec<usize> {
        match on {
            Medium::Segment(s) => vec![s.0],
            Medium::Trunk(t) => self.cables[t.0].ends.iter().map(|end| end.segment).collect(),
        }
    }

    /// The ports of a host at a switch.
    fn ports_of(&self, segment: usize, host: HostIndex) -> std::collections::BTreeSet<usize> {
        self.ports[host.0].iter().filter(|at| at.segment == segment).map(|at| at.port).collect()
    }
}
