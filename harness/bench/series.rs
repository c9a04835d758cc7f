//! Samples of many runs, by failover and by measure.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vrrplab_engine::time::Duration;
use vrrplab_sim::oracle::failover::{Failover, Trigger};
use vrrplab_sim::scenario::Scenario;
use vrrplab_sim::world::describe;

/// The quantiles that are shown, in thousandths.
pub const QUANTILES: [u32; 4] = [500, 900, 990, 999];

/// What happened in all runs of a scenario.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Distribution {
    /// The scenario.
    pub scenario: String,
    /// The seed of the first run; the others follow.
    pub first_seed: u64,
    /// How many runs.
    pub runs: u64,
    /// The failovers, ordered by what they began with.
    pub groups: Vec<Group>,
}

/// Which failover of a run: what is the same in all runs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
pub struct Beginning {
    /// `act 1: crash a`, `first start`, `without an act`.
    pub trigger: String,
    /// Which takeover of the address with this beginning, from 1.
    pub nth: u32,
    /// The virtual address.
    pub address: IpAddr,
    /// Where.
    pub segment: String,
}

/// One failover in all runs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Group {
    /// Which.
    pub beginning: Beginning,
    /// In how many runs from whom to whom: `a -> b`.
    pub sides: BTreeMap<String, u64>,
    /// In how many runs clients had followed and were answered before the next act or the end.
    pub finished: u64,
    /// The seeds of the others in which it happened.
    pub unfinished: Vec<u64>,
    /// The measures, in the order in which they are shown.
    pub measures: Vec<Series>,
}

/// One measure in all runs that have it, in the order of seeds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Series {
    /// `total`, `takeover`, `probe unanswered`.
    pub name: String,
    /// What was measured.
    pub samples: Vec<Sample>,
}

/// A figure and the run that it is from: `[microseconds, seed]` where it is saved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct Sample {
    /// Microseconds.
    pub micros: u64,
    /// The seed of the run.
    pub seed: u64,
}

impl From<(u64, u64)> for Sample {
    fn from((micros, seed): (u64, u64)) -> Sample {
        Sample { micros, seed }
    }
}

impl From<Sample> for (u64, u64) {
    fn from(sample: Sample) -> (u64, u64) {
        (sample.micros, sample.seed)
    }
}

/// `192.168.10.240, act 1: crash a`
impl fmt::Display for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.address, self.trigger)?;
        if self.nth > 1 {
            write!(f, ", takeover {}", self.nth)?;
        }
        Ok(())
    }
}

impl Distribution {
    /// No runs yet.
    pub fn new(scenario: &str, first_seed: u64) -> Distribution {
        Distribution { scenario: scenario.to_string(), first_seed, runs: 0, groups: Vec::new() }
    }

    /// One more run.
    pub fn add(&mut self, scenario: &Scenario, seed: u64, failovers: &[Failover]) {
        self.runs += 1;
        for failover in failovers {
            let beginning = Beginning {
                trigger: in_words(scenario, failover.trigger),
                nth: failover.nth,
                address: failover.address,
                segment: failover.segment.to_string(),
            };
            self.group(beginning).add(seed, failover);
        }
    }

    /// The runs of `other` come after these.
    pub fn append(&mut self, other: Distribution) {
        self.runs += other.runs;
        for group in other.groups {
            self.group(group.beginning.clone()).append(group);
        }
    }

    fn group(&mut self, beginning: Beginning) -> &mut Group {
        let place = match self.groups.binary_search_by(|group| group.beginning.cmp(&beginning)) {
            Ok(place) => place,
            Err(place) => {
                self.groups.insert(place, Group::new(beginning));
                place
            }
        };
        &mut self.groups[place]
    }
}

impl Group {
    fn new(beginning: Beginning) -> Group {
        let (sides, unfinished, measures) = (BTreeMap::new(), Vec::new(), Vec::new());
        Group { beginning, sides, finished: 0, unfinished, measures }
    }

    /// In how many runs it happened.
    pub fn happened(&self) -> u64 {
        self.finished + self.unfinished.len() as u64
    }

    /// A measure by its name.
    pub fn measure(&self, name: &str) -> Option<&Series> {
        self.measures.iter().find(|series| series.name == name)
    }

    fn add(&mut self, seed: u64, failover: &Failover) {
        *self.sides.entry(format!("{} -> {}", failover.from, failover.to)).or_default() += 1;
        let finished = failover.total().is_some() && failover.clients.iter().all(|felt| felt.over);
        match finished {
            true => self.finished += 1,
            false => self.unfinished.push(seed),
        }
        for (name, value) in [
            ("total", failover.total()),
            ("detect", Some(failover.detect())),
            ("elect", Some(failover.elect())),
            ("announce", failover.announce()),
            ("relearn", failover.relearn()),
            ("takeover", Some(failover.takeover())),
            ("two holders", Some(failover.two_holders)),
        ] {
            self.sample(name.to_string(), seed, value);
        }
        for felt in &failover.clients {
            // What lasts longer than the run was not measured.
            let over = |value: Duration| felt.over.then_some(value);
            self.sample(format!("{} unanswered", felt.client), seed, over(felt.unanswered));
            self.sample(format!("{} wrong node", felt.client), seed, over(felt.wrong_node));
        }
    }

    fn sample(&mut self, name: String, seed: u64, value: Option<Duration>) {
        let sample = value.map(|value| Sample { micros: value.as_micros(), seed });
        self.series(name).samples.extend(sample);
    }

    fn series(&mut self, name: String) -> &mut Series {
        let place = self.measures.iter().position(|series| series.name == name).unwrap_or_else(|| {
            self.measures.push(Series { name, samples: Vec::new() });
            self.measures.len() - 1
        });
        &mut self.measures[place]
    }

    fn append(&mut self, other: Group) {
        self.finished += other.finished;
        self.unfinished.extend(other.unfinished);
        for (side, count) in other.sides {
            *self.sides.entry(side).or_default() += count;
        }
        for series in other.measures {
            self.series(series.name).samples.extend(series.samples);
        }
    }
}

impl Series {
    /// The figures, the least first.
    pub fn sorted(&self) -> Vec<u64> {
        let mut values: Vec<u64> = self.samples.iter().map(|sample| sample.micros).collect();
        values.sort_unstable();
        values
    }

    /// The greatest figure; of equal ones that with the least seed.
    pub fn slowest(&self) -> Option<Sample> {
        self.samples.iter().copied().max_by_key(|s| (s.micros, std::cmp::Reverse(s.seed)))
    }
}

/// The least value that so many thousandths of `sorted` do not exceed (nearest rank). It is not empty.
pub fn quantile(sorted: &[u64], thousandths: u32) -> u64 {
    let rank = (sorted.len() as u64 * u64::from(thousandths)).div_ceil(1_000).max(1);
    sorted[rank as usize - 1]
}

fn in_words(scenario: &Scenario, trigger: Trigger) -> String {
    match trigger {
        Trigger::Act(n) => match scenario.script.get(n as usize - 1) {
            Some(act) => format!("act {n}: {}", describe(scenario, &act.fault)),
            None => format!("act {n}"),
        },
        Trigger::Start => "first start".to_string(),
        Trigger::Silence => "without an act".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let values: Vec<u64> = (1..=1_000).collect();
        assert_eq!(QUANTILES.map(|q| quantile(&values, q)), [500, 900, 990, 999]);
        assert_eq!(QUANTILES.map(|q| quantile(&[7], q)), [7; 4]);
        assert_eq!((quantile(&[1, 2], 500), quantile(&[1, 2], 501)), (1, 2));
    }
}
