//! A scenario from its beginning to its end, with everything that watches it.

use std::sync::Arc;

use vrrplab_engine::time::Instant;

use crate::capture::{Capture, Port};
use crate::oracle::{Judge, Judgement};
use crate::record::Recorder;
use crate::scenario::{Scenario, Segment};
use crate::trace::{Header, Trace};
use crate::world::World;

/// A run and what came of it.
#[derive(Clone, Debug)]
pub struct Run {
    /// What ran.
    pub scenario: Arc<Scenario>,
    /// With which seed.
    pub seed: u64,
    /// What happened.
    pub trace: Trace,
    /// Every frame.
    pub capture: Capture,
    /// What to think of it.
    pub judgement: Judgement,
}

/// Runs a scenario. The same scenario and seed give the same run, to the byte.
pub fn run(scenario: &Arc<Scenario>, seed: u64) -> Run {
    let end = Instant::ZERO + scenario.duration;
    let mut observers = (Recorder::new(ports(scenario)), Judge::new(scenario));
    World::new(Arc::clone(scenario), seed).run_until(end, &mut observers);
    let (recorder, judge) = observers;
    let header = Header {
        scenario: scenario.name.clone(),
        world: "sim".to_string(),
        subject: "engine".to_string(),
        seed,
        duration: scenario.duration,
    };
    let (trace, capture) = recorder.finish(header);
    Run { scenario: Arc::clone(scenario), seed, trace, capture, judgement: judge.finish(end) }
}

/// Where frames of a capture come from: the links of all hosts in the order of the scenario, then the queriers of the
/// segments that have one. A frame's port is an index into it.
pub fn ports(scenario: &Scenario) -> Vec<Port> {
    let of_host = |host: &crate::scenario::Host| {
        let name = host.name.clone();
        let port = move |link: &crate::scenario::Link| Port { host: name.clone(), link: link.name.clone() };
        host.links.iter().map(port).collect::<Vec<_>>()
    };
    let asks = |segment: &&Segment| segment.snooping.is_some_and(|s| s.querier);
    let queriers = scenario.segments.iter().filter(asks);
    let queriers = queriers.map(|s| Port { host: s.name.clone(), link: "querier".into() });
    scenario.hosts.iter().flat_map(of_host).chain(queriers).collect()
}
