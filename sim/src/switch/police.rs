//! A policer of ARP: many switches and hypervisors let through only so many ARP frames a second from a port.

use std::collections::BTreeMap;

use vrrplab_engine::time::Instant;

use crate::scenario::ArpPolicer;

/// One frame, in the tokens that a bucket holds: each microsecond brings as many as `rate`.
const FRAME: u64 = 1_000_000;

/// A token bucket for each port.
#[derive(Clone, Debug)]
pub(super) struct Policer {
    policy: ArpPolicer,
    /// By port: the tokens, and when they were counted.
    buckets: BTreeMap<usize, (u64, Instant)>,
}

impl Policer {
    /// Full buckets.
    pub(super) fn new(policy: ArpPolicer) -> Policer {
        Policer { policy, buckets: BTreeMap::new() }
    }

    /// An ARP frame comes in by this port: whether it may pass.
    pub(super) fn passes(&mut self, port: usize, now: Instant) -> bool {
        let full = u64::from(self.policy.burst) * FRAME;
        let (tokens, counted) = self.buckets.entry(port).or_insert((full, now));
        let earned = (now - *counted).as_micros().saturating_mul(u64::from(self.policy.rate));
        (*tokens, *counted) = (tokens.saturating_add(earned).min(full), now);
        let passes = *tokens >= FRAME;
        if passes {
            *tokens -= FRAME;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_so_many_a_second() {
        let mut policer = Policer::new(ArpPolicer { rate: 50, burst: 5 });
        // 1,000 frames a second for 10 s: the burst, then one every 20 ms.
        let passed: Vec<u64> =
            (0..10_000u64).filter(|ms| policer.passes(0, Instant::from_micros(ms * 1_000))).collect();
        assert_eq!(passed.len(), 5 + 499);
        assert_eq!(passed[..7], [0, 1, 2, 3, 4, 20, 40]);
        assert!(policer.passes(1, Instant::from_micros(10_000_000)), "another port has its own bucket");
    }

    #[test]
    fn a_bucket_holds_no_more_than_a_burst() {
        let mut policer = Policer::new(ArpPolicer { rate: 50, burst: 5 });
        for hour in [0, 1] {
            let at = Instant::from_micros(hour * 3_600_000_000);
            assert_eq!((0..10).filter(|_| policer.passes(0, at)).count(), 5);
        }
    }
}
