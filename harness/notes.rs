//! How well the machine kept up: what a reader needs to know before believing a time.

use serde::{Deserialize, Serialize};
use vrrplab_engine::time::Duration;

/// What was measured beside a run. Times in microseconds.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
pub struct Notes {
    /// How late a timer of a millisecond went off before the run: the greatest of fifty.
    pub late_before: u64,
    /// How many processes wanted to run for each processor before the run, in hundredths (the load of the last minute).
    pub load: u64,
    /// How late the laboratory did what was due while it ran: the greatest.
    pub late_during: u64,
    /// The longest that a process of the laboratory, daemon or script, waited for a processor while the laboratory ran.
    pub waited: u64,
    /// How late processes like daemons, which wait for a timer, for the kernel's lock of all interfaces and for the news of an
    /// address, were at most while the laboratory ran.
    pub witnessed: u64,
    /// How far apart the daemons were there that start with the run.
    pub apart: u64,
    /// How long frames spent between the kernel's stamp and the switch's other side: [`Spread`].
    pub residence: Spread,
    /// Frames that the kernel dropped because nobody read in time.
    pub dropped: u32,
}

impl Notes {
    /// How late this machine may have made a daemon at once.
    pub fn late(&self) -> Duration {
        let all = [self.late_before, self.late_during, self.waited, self.witnessed];
        Duration::from_micros(all.into_iter().fold(0, u64::max))
    }

    /// How late it may have made what a daemon does by a timer: once when it set the timer, and once when that fired. A daemon that
    /// starts later than another by more than that is late as well.
    pub fn late_twice(&self) -> Duration {
        self.late().times(2).max(Duration::from_micros(self.apart))
    }
}

/// The distribution of many times, in microseconds.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
pub struct Spread {
    /// How many there were.
    pub count: u64,
    /// By powers of two: `powers[n]` were at most `2^n`.
    powers: Vec<u64>,
}

impl Spread {
    /// One more.
    pub fn add(&mut self, time: Duration) {
        let power = time.as_micros().next_power_of_two().trailing_zeros() as usize;
        if self.powers.len() <= power {
            self.powers.resize(power + 1, 0);
        }
        self.powers[power] += 1;
        self.count += 1;
    }

    /// A bound that so many of a thousand keep.
    pub fn at_most(&self, per_mille: u64) -> Duration {
        let mut left = (self.count * per_mille).div_ceil(1_000);
        for (power, count) in self.powers.iter().enumerate() {
            if *count >= left {
                return Duration::from_micros(1 << power);
            }
            left -= count;
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_waits_of_45_ms_explain_73_ms() {
        // Seen beside a build: 44 ms for a processor, 46 ms for the kernel, and an advert that was 73 ms late.
        let notes = Notes { waited: 44_382, witnessed: 45_614, ..Notes::default() };
        assert!(notes.late_twice() >= Duration::from_millis(73));
        assert_eq!(Notes { apart: 80_000, ..Notes::default() }.late_twice(), Duration::from_millis(80));
    }

    #[test]
    fn a_spread_bounds_what_it_was_given() {
        let mut spread = Spread::default();
        for micros in [1, 3, 90, 100, 5_000] {
            spread.add(Duration::from_micros(micros));
        }
        assert_eq!(spread.at_most(500), Duration::from_micros(128));
        assert_eq!(spread.at_most(1_000), Duration::from_micros(8_192));
        assert_eq!(Spread::default().at_most(500), Duration::ZERO);
    }
}
