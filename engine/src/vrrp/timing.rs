//! Every formula of time, in whole microseconds as keepalived computes them (include/vrrp.h). Version 2 counts in
//! seconds and its skew does not depend on the interval; version 3 counts in centiseconds and its skew does.

use crate::config::Version;
use crate::time::Duration;

/// Microseconds in a centisecond.
const CENTISECOND: u64 = 10_000;

/// Skew_Time: (256 - priority) / 256 of a second in version 2 (RFC 3768, 6.1), of the interval in version 3
/// (RFC 5798, 6.1). Both round down.
pub const fn skew(version: Version, priority: u8, interval: Duration) -> Duration {
    let steps = 256 - priority as u64;
    Duration::from_micros(match version {
        Version::V2 => steps * 1_000_000 / 256,
        // keepalived multiplies by 625/16, which is 10,000/256.
        Version::V3 => steps * (interval.as_micros() / CENTISECOND) * 625 / 16,
    })
}

/// Master_Down_Interval: `adverts` intervals (3 unless configured) and the skew (RFC 3768 and 5798, 6.1).
pub fn master_down(version: Version, priority: u8, interval: Duration, adverts: u8) -> Duration {
    interval.times(u64::from(adverts)) + skew(version, priority, interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of keepalived's own values: priority, skew of version 2, skew of version 3 at 1 s and at 0.1 s.
    const ROWS: [(u8, u64, u64, u64); 7] = [
        (255, 3_906, 3_906, 390),
        (254, 7_812, 7_812, 781),
        (200, 218_750, 218_750, 21_875),
        (150, 414_062, 414_062, 41_406),
        (101, 605_468, 605_468, 60_546),
        (100, 609_375, 609_375, 60_937),
        (1, 996_093, 996_093, 99_609),
    ];

    #[test]
    fn the_intervals_are_keepalived_s_to_the_microsecond() {
        let (second, tenth) = (Duration::from_secs(1), Duration::from_millis(100));
        for (priority, v2, v3, v3_tenth) in ROWS {
            for (version, interval, skewed) in [
                (Version::V2, second, v2),
                (Version::V2, second.times(2), v2),
                (Version::V3, second, v3),
                (Version::V3, tenth, v3_tenth),
            ] {
                let what = format!("{version:?} {priority} {interval}");
                assert_eq!(skew(version, priority, interval), Duration::from_micros(skewed), "{what}");
                let down = Duration::from_micros(3 * interval.as_micros() + skewed);
                assert_eq!(master_down(version, priority, interval, 3), down, "{what}");
            }
        }
    }
}
