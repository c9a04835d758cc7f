//! The same scenario at another moment: for distributions over many runs.
//!
//! A master advertises once an interval, so what a failover takes depends on when within an interval it begins.
//! Runs of one scenario with different seeds would all begin it at the same moment and be all but equal.

use vrrplab_engine::time::{Duration, Instant};

use super::{Impairment, Role, Scenario, When};
use crate::rng::Rng;

/// Purposes of [`Rng`]: far from those of hosts, which are small.
const PHASE: u64 = 0x0070_6861_7365;
const STARTS: u64 = 0x0073_7461_7274;

impl Scenario {
    /// The longest advert interval of its instances; a second if there is none.
    pub fn interval(&self) -> Duration {
        let nodes = self.hosts.iter().filter_map(|host| match &host.role {
            Role::Node(node) => Some(&node.reading.config.instances),
            Role::Client(_) => None,
        });
        nodes.flatten().map(|instance| instance.advert_int).max().unwrap_or(Duration::from_secs(1))
    }

    /// The same scenario with the whole script later by this; acts that wait for something wait so much longer. Expectations
    /// are dropped: they name instants.
    pub fn later(&self, by: Duration) -> Scenario {
        let mut later = self.clone();
        for act in &mut later.script {
            match &mut act.when {
                When::At(at) => *at += by,
                When::After { plus, .. } => *plus += by,
            }
        }
        if !by.is_zero() {
            later.expectations.clear();
        }
        later
    }

    /// The same scenario for this seed: the whole script is later by one amount, drawn evenly from an advert
    /// interval in whole microseconds, so that acts keep their distances; acts after an advert are later by it too.
    /// With `starts` each node's first start is later by an amount of its own from the same interval. The run is
    /// an interval longer. Expectations are dropped: they name instants.
    pub fn varied(&self, seed: u64, starts: bool) -> Scenario {
        let interval = self.interval();
        let draw = |rng: &mut Rng| Duration::from_micros(rng.below(interval.as_micros().max(1)));
        let mut varied = self.later(draw(&mut Rng::new(seed, PHASE)));
        let mut rng = Rng::new(seed, STARTS);
        for host in &mut varied.hosts {
            if let Role::Node(node) = &mut host.role
                && starts
            {
                let later = draw(&mut rng);
                node.start = node.start.map(|at: Instant| at + later);
            }
        }
        varied.duration += interval;
        varied.expectations.clear();
        varied
    }

    /// The same scenario with this impairment on every segment from the beginning, besides those it has.
    pub fn impaired(&self, impairment: Impairment) -> Scenario {
        let mut impaired = self.clone();
        for segment in &mut impaired.segments {
            segment.impairments.push(impairment);
        }
        impaired
    }
}
