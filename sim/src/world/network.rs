//! The network as it is built and changed: trunks, queriers, impairments, links that come up.

use std::collections::BTreeSet;
use std::sync::Arc;

use vrrplab_engine::time::Instant;

use super::World;
use super::queue::Item;
use super::transit::{Cable, Seat};
use crate::observer::Observer;
use crate::scenario::{Fault, HostIndex, Impairment, Medium, Scenario};
use crate::switch::fate::Ends;
use crate::trace::{Cause, What};

/// The name of an impairment: it draws its numbers by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RuleId {
    /// The n-th of those that a segment or trunk has from the beginning.
    Static(Medium, usize),
    /// That of this act.
    Act(usize),
}

impl RuleId {
    fn number(self) -> u64 {
        let (of, n) = match self {
            RuleId::Act(n) => (0, n),
            RuleId::Static(Medium::Segment(_), n) => (1, n),
            RuleId::Static(Medium::Trunk(t), n) => (t.0 + 2, n),
        };
        (of as u64) << 32 | n as u64
    }

    /// What the impairment of this number at the switch of `segment` is on.
    fn medium(number: u64, segment: usize, scenario: &Scenario) -> Medium {
        use crate::scenario::{SegmentIndex, TrunkIndex};
        match (number >> 32, number as u32 as usize) {
            (0, n) => match scenario.script[n].fault {
                Fault::Impair { on, .. } => on,
                _ => Medium::Segment(SegmentIndex(segment)),
            },
            (1, _) => Medium::Segment(SegmentIndex(segment)),
            (trunk, _) => Medium::Trunk(TrunkIndex(trunk as usize - 2)),
        }
    }
}

impl World {
    /// Trunks, queriers, and what the network suffers from the beginning.
    pub(super) fn wire(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        for (t, trunk) in scenario.trunks.iter().enumerate() {
            let ends = [0, 1].map(|end| {
                let segment = trunk.between[end].0;
                self.seats[segment].push(Seat::Trunk(t, end));
                (segment, self.switches[segment].add_trunk_port())
            });
            self.cables.push(Cable { latency: trunk.latency, up: true, ends });
        }
        for (s, segment) in scenario.segments.iter().enumerate() {
            if segment.snooping.is_some_and(|snooping| snooping.querier) {
                self.seats[s].push(Seat::Querier);
                let port = self.switches[s].add_port();
                self.queriers.push((s, port));
                self.queue.push(Instant::ZERO, Item::Query { segment: s });
            }
            if segment.forward_delay_at_start {
                for port in (0..self.seats[s].len()).filter(|&p| self.seats[s][p] != Seat::Querier) {
                    self.switches[s].plug(port, Instant::ZERO);
                }
            }
        }
        self.impair_from_the_beginning(&scenario);
    }

    fn impair_from_the_beginning(&mut self, scenario: &Scenario) {
        use crate::scenario::{SegmentIndex, TrunkIndex};
        let segments = scenario.segments.iter().enumerate();
        let segments = segments.map(|(s, spec)| (Medium::Segment(SegmentIndex(s)), &spec.impairments));
        let trunks = scenario.trunks.iter().enumerate();
        let trunks = trunks.map(|(t, spec)| (Medium::Trunk(TrunkIndex(t)), &spec.impairments));
        for (on, impairments) in segments.chain(trunks) {
            for (n, impairment) in impairments.iter().enumerate() {
                self.impair(on, RuleId::Static(on, n), impairment);
            }
        }
        // Where an act will impair something, frames are counted from the first on.
        for act in &scenario.script {
            if let Fault::Impair { on, .. } = act.fault {
                for segment in self.switches_of(on) {
                    self.switches[segment].impair(self.seed, segment);
                }
            }
        }
    }

    /// The switches that apply an impairment on this.
    fn switches_of(&self, on: Medium) -> Vec<usize> {
        match on {
            Medium::Segment(s) => vec![s.0],
            Medium::Trunk(t) => self.cables[t.0].ends.iter().map(|end| end.0).collect(),
        }
    }

    /// An impairment begins. On a trunk it is the switch at either end that does it to what leaves there.
    pub(super) fn impair(&mut self, on: Medium, id: RuleId, impairment: &Impairment) {
        let ends_of = |host: Option<HostIndex>, segment| -> Ends {
            host.map(|host| self.ports_of(segment, host).into_iter().collect())
        };
        let places: Vec<(usize, Ends, Ends)> = match on {
            Medium::Segment(s) => vec![(s.0, ends_of(impairment.from, s.0), ends_of(impairment.to, s.0))],
            Medium::Trunk(t) => self.cables[t.0]
                .ends
                .iter()
                .map(|&(s, port)| (s, None, Some(BTreeSet::from([port]))))
                .collect(),
        };
        for (segment, from, to) in places {
            self.switches[segment].impair(self.seed, segment).add(id.number(), from, to, *impairment);
        }
    }

    /// The time of an act's impairment is over, unless something else has ended it before.
    pub(super) fn end_impairment<O: Observer>(&mut self, act: usize, observer: &mut O) {
        let Fault::Impair { on, .. } = self.scenario.script[act].fault else { return };
        let id = RuleId::Act(act).number();
        let mut ended = false;
        for segment in self.switches_of(on) {
            ended |= self.switches[segment].impair(self.seed, segment).remove(id);
        }
        if ended {
            let text = format!("over: act {}", act + 1);
            self.tell(observer, None, What::Fault(text), Cause::Fault(act as u32 + 1));
        }
    }

    /// All impairments on this are over.
    pub(super) fn clear(&mut self, on: Medium) {
        let scenario = Arc::clone(&self.scenario);
        for segment in self.switches_of(on) {
            if self.switches[segment].is_impaired() {
                let impairments = self.switches[segment].impair(self.seed, segment);
                impairments.clear(|id| RuleId::medium(id, segment, &scenario) == on);
            }
        }
    }

    /// The cable between two switches is cut or mended.
    pub(super) fn set_trunk(&mut self, trunk: usize, up: bool) {
        let cable = &mut self.cables[trunk];
        if cable.up == up {
            return;
        }
        cable.up = up;
        for (segment, port) in cable.ends {
            if up {
                self.switches[segment].plug(port, self.now);
            } else {
                self.switches[segment].unplug(port);
            }
        }
    }

    /// All links of a host come up.
    pub(super) fn plug_all(&mut self, h: usize) {
        for link in &self.hosts[h].kernel.links {
            self.switches[link.segment].plug(link.port, self.now);
        }
    }

    /// The ports of a host at a switch.
    pub(super) fn ports_of(&self, segment: usize, host: HostIndex) -> Vec<usize> {
        let seats = self.seats[segment].iter().enumerate();
        seats.filter(|(_, seat)| matches!(seat, Seat::Host(h, _) if *h == host.0)).map(|(p, _)| p).collect()
    }
}
