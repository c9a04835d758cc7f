//! How long things may take: what follows from the protocol's formulas, and the allowances of the oracles.

use vrrplab_engine::config::{Instance, Script};
use vrrplab_engine::time::Duration;
use vrrplab_engine::vrrp::timing;

/// What a takeover may take beyond its formula: the work of the daemon and the path of the frame. keepalived
/// 2.2.7 on a real kernel needs less than 10 ms; 100 ms is less than any difference that matters to a user.
const SLACK: Duration = Duration::from_millis(100);

/// Two holders for a path delay and this long are a hand-over: the old master yields when it has heard the new
/// one, so some overlap is how the protocol works.
const HAND_OVER: Duration = Duration::from_millis(1);

/// How long a client's neighbour entry may point at the wrong host. A new master announces itself in the same
/// millisecond (RFC 3768, 6.4.2: gratuitous ARP on becoming Master), so a second is a hundred path delays; what
/// is not corrected by then waits for a refresh or for the entry to age.
const STALE_BOUND: Duration = Duration::from_secs(1);

/// How long a ping may stay unanswered, beyond its own interval, although somebody holds the address: one
/// retransmission of an ARP request (Linux, `retrans_time_ms`).
const ANSWER_BOUND: Duration = Duration::from_secs(1);

/// How long a daemon's words and its host's addresses may differ: adding an address takes microseconds.
const MISMATCH_BOUND: Duration = Duration::from_millis(100);

/// How long an address may be without holder before anybody wonders why: a daemon gives its addresses up and then
/// says that it cannot take part.
const LAST_WORDS: Duration = Duration::from_millis(1);

/// How long the daemon waits for a script that it has told to end before it kills it (keepalived's scheduler.c).
const KILL_DELAY: Duration = Duration::from_secs(2);

/// The allowances of a run. On a real clock each is wider by what its machine may be late; nothing else can be
/// reached, so that none is forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowances {
    /// How late anything may be on this clock; zero on a virtual one.
    pub(super) slack: Duration,
}

impl Allowances {
    /// What a takeover may take beyond its formula.
    pub(super) fn takeover(self) -> Duration {
        SLACK + self.slack
    }

    /// How long two holders are a hand-over, beyond a path delay.
    pub(super) fn hand_over(self) -> Duration {
        HAND_OVER + self.slack
    }

    /// How long a client's neighbour entry may point at the wrong host.
    pub(super) fn stale(self) -> Duration {
        STALE_BOUND + self.slack
    }

    /// How long a ping may stay unanswered, beyond its own interval.
    pub(super) fn answer(self) -> Duration {
        ANSWER_BOUND + self.slack
    }

    /// How long a daemon's words and its host's addresses may differ.
    pub(super) fn mismatch(self) -> Duration {
        MISMATCH_BOUND + self.slack
    }

    /// How long an address may be without holder before anybody wonders why.
    pub(super) fn last_words(self) -> Duration {
        LAST_WORDS + self.slack
    }
}

/// Skew_Time of an instance with this effective priority that counts in this interval.
pub(super) fn skew(instance: &Instance, priority: u8, interval: Duration) -> Duration {
    timing::skew(instance.version, priority, interval)
}

/// Master_Down_Interval of an instance with this effective priority that counts in this interval.
pub(super) fn master_down(instance: &Instance, priority: u8, interval: Duration) -> Duration {
    timing::master_down(instance.version, priority, interval, instance.down_timer_adverts)
}

/// When a script must have returned for the first time.
pub(super) fn first_result(script: &Script) -> Duration {
    script.timeout.unwrap_or(script.interval) + KILL_DELAY
}

/// When an address must have exactly one holder after the last fault: the slowest backup's takeover, an advert
/// to settle a contest, and the longest `preempt_delay`; without [`Allowances::takeover`]. `instances` are all that manage it and those
/// that they wait for, each with the lowest priority that it can have.
pub(super) fn election<'a>(instances: impl Iterator<Item = (&'a Instance, u8)> + Clone) -> Duration {
    // A version 3 backup counts in the interval of its master, which may be anybody's.
    let interval = instances.clone().map(|(i, _)| i.advert_int).max().unwrap_or_default();
    let slowest = instances.clone().map(|(i, lowest)| master_down(i, lowest, interval)).max();
    let delay = instances.map(|(i, _)| i.preempt_delay).max().unwrap_or_default();
    slowest.unwrap_or_default() + interval + delay
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_engine::config::Version;

    fn instance(version: Version, priority: u8, interval: Duration) -> Instance {
        Instance { version, priority, advert_int: interval, ..Instance::named("VI_1") }
    }

    #[test]
    fn the_slowest_instance_makes_the_bound() {
        let quick = instance(Version::V2, 200, Duration::from_secs(1));
        let mut slow = instance(Version::V2, 100, Duration::from_secs(1));
        assert_eq!(election([(&quick, 200), (&slow, 100)].into_iter()).to_string(), "4.609375s");
        slow.preempt_delay = Duration::from_secs(5);
        assert_eq!(election([(&quick, 200), (&slow, 100)].into_iter()).to_string(), "9.609375s");
        assert_eq!(election([(&quick, 200), (&slow, 70)].into_iter()).to_string(), "9.726562s");
    }
}
