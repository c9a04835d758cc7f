//! When failover has become slower: a law that cries wolf once in a thousand comparisons at most.
//!
//! For each measure of each failover and each of p50, p90 and p99: the runs of both sides are put together, and the
//! common quantile is found; runs beyond it are slow. If both sides were the same, which runs are slow would be a
//! matter of chance, and the number of new ones among them would be hypergeometric, whatever the distribution looks
//! like and whatever values are equal (a median test, at other quantiles too; Mood 1950, exact by Fisher). That chance must be less
//! than [`FALSE_ALARMS`] divided by the number of questions asked (Bonferroni), and the rise itself at least
//! [`LEAST`] and [`LEAST_SHARE`] of what it was: microseconds are no regression. One more question a failover: whether it
//! comes to its end in fewer runs. Nothing is random here: the same samples give the same answer.

use super::{Distribution, Group, Series, quantile};

/// How often a comparison of equals may fail.
pub const FALSE_ALARMS: f64 = 0.001;
/// The least rise that matters, in microseconds.
pub const LEAST: u64 = 1_000;
/// The least rise that matters, as one part in so many of the value before.
pub const LEAST_SHARE: u64 = 50;
/// At which quantiles is asked, in thousandths.
const ASKED: [u32; 3] = [500, 900, 990];

/// Something is worse than it was, beyond noise.
#[derive(Clone, PartialEq, Debug)]
pub struct Rise {
    /// Of which failover: `192.168.10.240, act 1: crash a`.
    pub of: String,
    /// What.
    pub what: Worse,
    /// How likely it is to see this or more if nothing has changed.
    pub chance: f64,
    /// A seed that shows it.
    pub seed: u64,
}

/// What is worse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Worse {
    /// A measure takes longer.
    Longer {
        /// Which measure.
        measure: String,
        /// At which quantile, in thousandths.
        quantile: u32,
        /// Before, in microseconds.
        before: u64,
        /// Now, in microseconds.
        now: u64,
        /// From here on, in microseconds, a run counts as slow.
        slow: u64,
        /// Slow runs before, and how many there were.
        slow_before: (u64, u64),
        /// The same now.
        slow_now: (u64, u64),
    },
    /// The failover comes to its end in fewer runs.
    Unfinished {
        /// Finished before, of so many runs.
        before: (u64, u64),
        /// Finished now, of so many runs.
        now: (u64, u64),
    },
}

/// What has become worse from `before` to `now`; of each measure the quantile that shows it best.
pub fn rises(before: &Distribution, now: &Distribution) -> Vec<Rise> {
    let pairs: Vec<(&Group, Option<&Group>)> = before
        .groups
        .iter()
        .map(|old| (old, now.groups.iter().find(|new| new.beginning == old.beginning)))
        .collect();
    let measures: usize = pairs.iter().map(|(old, _)| old.measures.len() * ASKED.len() + 1).sum();
    let limit = FALSE_ALARMS / measures.max(1) as f64;
    let log = LogFactorials::up_to(before.runs + now.runs);
    let mut rises = Vec::new();
    for (old, new) in pairs {
        rises.extend(unfinished((old, before.runs), (new, now), limit, &log));
        for measure in new.map_or(&[][..], |new| &new.measures) {
            let Some(was) = old.measure(&measure.name) else { continue };
            let asked = ASKED.iter().filter_map(|&q| longer(was, measure, q, &log));
            let worst = asked.filter(|(chance, _)| *chance < limit).min_by(|a, b| a.0.total_cmp(&b.0));
            let seed = measure.slowest().map_or(now.first_seed, |sample| sample.seed);
            rises.extend(worst.map(|(chance, what)| Rise {
                of: old.beginning.to_string(),
                what,
                chance,
                seed,
            }));
        }
    }
    rises
}

/// One measure at one quantile: the chance, if the rise matters.
fn longer(was: &Series, is: &Series, q: u32, log: &LogFactorials) -> Option<(f64, Worse)> {
    let (old, new) = (was.sorted(), is.sorted());
    if old.is_empty() || new.is_empty() {
        return None;
    }
    let (before, now) = (quantile(&old, q), quantile(&new, q));
    if now < before + LEAST.max(before / LEAST_SHARE) {
        return None;
    }
    let slow = split(&old, &new, q)?;
    let slow_in = |sorted: &[u64]| (sorted.len() - sorted.partition_point(|v| *v < slow)) as u64;
    let (slow_before, slow_now) = (slow_in(&old), slow_in(&new));
    let (n, m) = (old.len() as u64, new.len() as u64);
    let chance = log.chance(m, n, slow_now + slow_before, slow_now);
    let what = Worse::Longer {
        measure: is.name.clone(),
        quantile: q,
        before,
        now,
        slow,
        slow_before: (slow_before, n),
        slow_now: (slow_now, m),
    };
    Some((chance, what))
}

/// The value from which on a run is slow: of the two places next to the common quantile where values change, the one
/// that leaves the number of slow runs nearest to what it should be. It looks at both sides as one, so it favours
/// none. Values that are equal stay together; if all are, nothing is slow.
fn split(old: &[u64], new: &[u64], q: u32) -> Option<u64> {
    let mut all = [old, new].concat();
    all.sort_unstable();
    let wanted = all.len() as u64 * u64::from(1_000 - q);
    let common = quantile(&all, q);
    let above = all.get(all.partition_point(|v| *v <= common)).copied();
    let slow = |from: u64| (all.len() - all.partition_point(|v| *v < from)) as u64 * 1_000;
    let places =
        [Some(common), above].into_iter().flatten().filter(|&from| slow(from) < all.len() as u64 * 1_000);
    places.min_by_key(|&from| slow(from).abs_diff(wanted))
}

fn unfinished(
    (old, old_runs): (&Group, u64),
    (new, now): (Option<&Group>, &Distribution),
    limit: f64,
    log: &LogFactorials,
) -> Option<Rise> {
    let finished = new.map_or(0, |group| group.finished);
    let (lost_before, lost_now) = (old_runs - old.finished, now.runs - finished);
    let chance = log.chance(now.runs, old_runs, lost_before + lost_now, lost_now);
    let seed = new.and_then(|group| group.unfinished.first().copied()).unwrap_or(now.first_seed);
    let what = Worse::Unfinished { before: (old.finished, old_runs), now: (finished, now.runs) };
    (chance < limit).then(|| Rise { of: old.beginning.to_string(), what, chance, seed })
}

/// Logarithms of factorials: sums of logarithms, exact to some 1e-12.
struct LogFactorials(Vec<f64>);

impl LogFactorials {
    fn up_to(n: u64) -> LogFactorials {
        let mut logs = vec![0.0];
        for k in 1..=n {
            logs.push(logs[k as usize - 1] + (k as f64).ln());
        }
        LogFactorials(logs)
    }

    fn choose(&self, n: u64, k: u64) -> f64 {
        let log = |k: u64| self.0[k as usize];
        log(n) - log(k) - log(n - k)
    }

    /// Of `ours + theirs` balls `drawn` are taken: the chance that at least `least` of them are ours.
    fn chance(&self, ours: u64, theirs: u64, drawn: u64, least: u64) -> f64 {
        let most = drawn.min(ours);
        let fewest = least.max(drawn.saturating_sub(theirs));
        let all = self.choose(ours + theirs, drawn);
        let of = |k: u64| (self.choose(ours, k) + self.choose(theirs, drawn - k) - all).exp();
        (fewest..=most).map(of).sum::<f64>().min(1.0)
    }
}

#[cfg(test)]
mod tests;
