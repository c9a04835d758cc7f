//! What trackers do to a priority, and what a changed priority does to a running timer
//! (vrrp_track.c:vrrp_set_effective_priority).

use super::instance::Phase;
use super::process::{Vrrp, id};
use super::track::Standing;
use crate::boundary::{Effect, Effects, Message};
use crate::config::Weight;

/// The priority of who owns the addresses (RFC 3768, 5.3.4).
const OWNER: u8 = 255;

/// What one tracker says about one instance that follows it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Verdict {
    /// What it adds to the priority.
    pub(super) share: i32,
    /// Whether it is a reason for FAULT.
    pub(super) fault: bool,
    /// Whether the instance has to wait until the tracker knows.
    pub(super) undecided: bool,
}

/// With a weight a tracker moves the priority: a positive one counts while it is good, a negative one while it
/// is bad. Without, it decides about FAULT. `reverse` turns the sign, or good into bad. A file's number is
/// multiplied with the weight; a product of -254 or less is a reason for FAULT.
pub(super) fn verdict(standing: Standing, weight: Weight) -> Verdict {
    let value = i32::from(weight.value);
    let sign = if weight.reverse { -1 } else { 1 };
    let nothing = Verdict::default();
    match standing {
        Standing::Unknown => Verdict { undecided: value == 0, ..nothing },
        Standing::Good | Standing::Bad if value == 0 => {
            Verdict { fault: (standing == Standing::Bad) != weight.reverse, ..nothing }
        }
        Standing::Good => Verdict { share: sign * value.max(0), ..nothing },
        Standing::Bad => Verdict { share: sign * value.min(0), ..nothing },
        Standing::Value(number) if value == 0 => {
            Verdict { fault: (number != 0) != weight.reverse, ..nothing }
        }
        Standing::Value(number) => {
            let product = i64::from(number) * i64::from(sign * value);
            match product {
                // In FAULT the priority stays what it was without the file (recorded: `track-file-low`).
                ..=-254 => Verdict { fault: true, ..nothing },
                product => Verdict { share: product.min(253) as i32, ..nothing },
            }
        }
    }
}

/// The priority that is advertised: 1 to 254, and an owner's always 255.
pub(super) fn effective(base: u8, shares: i32) -> u8 {
    if base == OWNER { OWNER } else { (i32::from(base) + shares).clamp(1, 254) as u8 }
}

impl Vrrp {
    /// Sums up what the trackers of an instance say. A backup's timer runs from where it ran, for as long as
    /// the new priority says; where it ran from is the last advert, even an ignored one.
    pub(super) fn weigh(&mut self, i: usize, out: &mut Effects) {
        let shares = self.shares(i);
        let instance = &mut self.instances[i];
        let before = instance.priority();
        instance.shares = shares;
        let now = instance.priority();
        if before == now {
            return;
        }
        out.push(Effect::Log(Message::Priority { instance: id(i), from: before, to: now }));
        let down = instance.master_down();
        if let Phase::Backup { down_at, runs_from, .. } = &mut instance.phase {
            *down_at = *runs_from + down;
            let origin = self.armed_by[i];
            self.arm(i, out);
            self.armed_by[i] = origin;
        }
        self.announce_priority(i, out);
    }

    pub(super) fn shares(&self, i: usize) -> i32 {
        self.tracking.verdicts(i).map(|v| v.share).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_keepalived_s() {
        use Standing::{Bad, Good, Unknown, Value};
        // Standing, weight, reverse: share, fault, undecided.
        let rows = [
            (Unknown, 0, false, 0, false, true),
            (Unknown, 30, false, 0, false, false),
            (Unknown, -30, true, 0, false, false),
            (Good, 0, false, 0, false, false),
            (Bad, 0, false, 0, true, false),
            (Good, 0, true, 0, true, false),
            (Bad, 0, true, 0, false, false),
            (Good, 30, false, 30, false, false),
            (Bad, 30, false, 0, false, false),
            (Good, -30, false, 0, false, false),
            (Bad, -30, false, -30, false, false),
            (Good, 30, true, -30, false, false),
            (Bad, -30, true, 30, false, false),
            (Value(0), 0, false, 0, false, false),
            (Value(5), 0, false, 0, true, false),
            (Value(0), 0, true, 0, true, false),
            (Value(5), 0, true, 0, false, false),
            (Value(5), 2, false, 10, false, false),
            (Value(-5), 2, false, -10, false, false),
            (Value(5), 2, true, -10, false, false),
            (Value(300), 1, false, 253, false, false),
            (Value(-253), 1, false, -253, false, false),
            (Value(-254), 1, false, 0, true, false),
            (Value(i32::MIN), 254, false, 0, true, false),
        ];
        for (standing, value, reverse, share, fault, undecided) in rows {
            let verdict = verdict(standing, Weight { value, reverse });
            let expected = Verdict { share, fault, undecided };
            assert_eq!(verdict, expected, "{standing:?} weight {value} reverse {reverse}");
        }
    }

    #[test]
    fn a_priority_stays_between_1_and_254_unless_it_is_an_owner_s() {
        for (base, shares, expected) in
            [(100, 0, 100), (100, -30, 70), (100, -100, 1), (100, -400, 1), (254, 10, 254), (255, -100, 255)]
        {
            assert_eq!(effective(base, shares), expected, "{base} {shares}");
        }
    }
}
