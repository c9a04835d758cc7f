//! Time as the engine counts it: whole microseconds since the world began. keepalived computes its timers
//! in microseconds too, so its roundings are ours. Nothing here reads a clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

/// A moment, in microseconds since the world began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Instant(u64);

/// A span of time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Duration(u64);

impl Instant {
    /// The beginning of the world.
    pub const ZERO: Instant = Instant(0);

    /// The moment `us` microseconds after the beginning.
    pub const fn from_micros(us: u64) -> Instant {
        Instant(us)
    }

    /// Microseconds since the beginning.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero if `earlier` is the later one.
    pub const fn saturating_since(self, earlier: Instant) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// The distance between two moments, whichever is first.
    pub const fn distance(self, other: Instant) -> Duration {
        Duration(self.0.abs_diff(other.0))
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);

    /// `us` microseconds.
    pub const fn from_micros(us: u64) -> Duration {
        Duration(us)
    }

    /// `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Duration {
        Duration(ms * 1_000)
    }

    /// `s` seconds.
    pub const fn from_secs(s: u64) -> Duration {
        Duration(s * 1_000_000)
    }

    /// The span in microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whether the span is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self` taken `n` times.
    pub const fn times(self, n: u64) -> Duration {
        Duration(self.0 * n)
    }

    /// `self - other`, or zero.
    pub const fn saturating_sub(self, other: Duration) -> Duration {
        Duration(self.0.saturating_sub(other.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, d: Duration) -> Instant {
        Instant(self.0 + d.0)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, d: Duration) {
        self.0 += d.0;
    }
}

impl Sub for Instant {
    type Output = Duration;
    /// Panics if `earlier` lies after `self`: time spans are never negative.
    fn sub(self, earlier: Instant) -> Duration {
        Duration(self.0.checked_sub(earlier.0).expect("an instant minus a later one"))
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, d: Duration) -> Duration {
        Duration(self.0 + d.0)
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, d: Duration) {
        self.0 += d.0;
    }
}

/// Seconds with six digits, as in a trace: `3.609375`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000))
    }
}

/// The shortest exact form with a unit: `1s`, `3.609375s`, `100ms`, `50us`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0;
        let text = if us == 0 {
            "0s".to_string()
        } else if us < 1_000 {
            format!("{us}us")
        } else if us < 1_000_000 {
            decimal(us, 1_000, "ms")
        } else {
            decimal(us, 1_000_000, "s")
        };
        f.pad(&text)
    }
}

fn decimal(us: u64, unit: u64, suffix: &str) -> String {
    let (whole, rest) = (us / unit, us % unit);
    if rest == 0 {
        return format!("{whole}{suffix}");
    }
    let digits = unit.ilog10() as usize;
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{}{suffix}", fraction.trim_end_matches('0'))
}

/// Why a text is not a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeError {
    /// Not a decimal number with the unit `s`, `ms` or `us`.
    Form,
    /// Finer than a microsecond.
    TooFine,
    /// More than 584,000 years.
    TooLong,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimeError::Form => "a time is a number with a unit: \"3.7s\", \"100ms\", \"50us\"",
            TimeError::TooFine => "times are whole microseconds",
            TimeError::TooLong => "this time is too long",
        })
    }
}

impl std::error::Error for TimeError {}

/// Reads what `Display` prints: `3.7s`, `100ms`, `50us`.
impl FromStr for Duration {
    type Err = TimeError;
    fn from_str(s: &str) -> Result<Duration, TimeError> {
        let (number, digits) = if let Some(n) = s.strip_suffix("us") {
            (n, 0)
        } else if let Some(n) = s.strip_suffix("ms") {
            (n, 3)
        } else if let Some(n) = s.strip_suffix('s') {
            (n, 6)
        } else {
            return Err(TimeError::Form);
        };
        scaled(number.trim(), digits).map(Duration)
    }
}

/// Reads seconds as `Display` prints them: `3.609375`.
impl FromStr for Instant {
    type Err = TimeError;
    fn from_str(s: &str) -> Result<Instant, TimeError> {
        scaled(s, 6).map(Instant)
    }
}

/// A decimal number times ten to the power of `digits`, exactly.
fn scaled(number: &str, digits: usize) -> Result<u64, TimeError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || number.ends_with('.') {
        return Err(TimeError::Form);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > digits {
        return Err(TimeError::TooFine);
    }
    format!("{whole}{fraction:0<digits$}").parse().map_err(|_| TimeError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_what_it_prints() {
        for us in [0, 1, 50, 999, 1_000, 1_500, 100_000, 999_999, 1_000_000, 3_609_375, 86_400_000_000] {
            let d = Duration::from_micros(us);
            assert_eq!(d.to_string().parse(), Ok(d), "{d}");
            let t = Instant::from_micros(us);
            assert_eq!(t.to_string().parse(), Ok(t), "{t}");
        }
        assert_eq!("1.5s".parse(), Ok(Duration::from_millis(1_500)));
    }

    #[test]
    fn a_duration_refuses_what_it_cannot_hold() {
        for (text, error) in [
            ("", TimeError::Form),
            ("3", TimeError::Form),
            ("s", TimeError::Form),
            ("-1s", TimeError::Form),
            ("1.s", TimeError::Form),
            ("1e3s", TimeError::Form),
            ("0.0000001s", TimeError::TooFine),
            ("99999999999999999999s", TimeError::TooLong),
        ] {
            assert_eq!(text.parse::<Duration>(), Err(error), "{text}");
        }
    }
}
