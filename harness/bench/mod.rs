//! The same failover many times. `vrrplab bench election`: as distributions, and what is a rise beyond noise; `takeover`:
//! two daemons beside each other on the real kernel.

pub mod availability;
pub mod law;
mod saved;
mod series;
pub mod takeover;

use std::ops::Range;
use std::sync::Arc;

use vrrplab_sim::oracle::failover;
use vrrplab_sim::scenario::Scenario;

pub use saved::{read, write};
pub use series::{Beginning, Distribution, Group, QUANTILES, Sample, Series, quantile};

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What, before it is varied.
    pub scenario: Arc<Scenario>,
    /// The first seed; run n, from 0, has seed `first + n`.
    pub first: u64,
    /// How many runs, at least 1.
    pub runs: u64,
    /// How many at once, at least 1. The outcome does not depend on it.
    pub threads: usize,
    /// Whether first starts vary too.
    pub starts: bool,
}

impl Plan {
    /// The scenario as the run with this seed sees it.
    pub fn scenario_of(&self, seed: u64) -> Arc<Scenario> {
        Arc::new(self.scenario.varied(seed, self.starts))
    }

    /// Runs it all.
    pub fn distribution(&self) -> Distribution {
        let threads = (self.threads as u64).clamp(1, self.runs.max(1));
        let part = |n: u64| self.first + self.runs * n / threads..self.first + self.runs * (n + 1) / threads;
        let mut whole = Distribution::new(&self.scenario.name, self.first);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|n| scope.spawn(move || self.part(part(n)))).collect();
            for worker in workers {
                whole.append(worker.join().expect("a run does not panic"));
            }
        });
        whole
    }

    fn part(&self, seeds: Range<u64>) -> Distribution {
        let mut part = Distribution::new(&self.scenario.name, seeds.start);
        for seed in seeds {
            part.add(&self.scenario, seed, &failover::measure(&self.scenario_of(seed), seed));
        }
        part
    }
}
