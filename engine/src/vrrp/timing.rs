//! Every formula of time, in whole microseconds as keepalived computes them (include/vrrp.h).

use crate::time::Duration;

/// Skew_Time of version 2: (256 - priority) / 256 seconds, independent of the interval (RFC 3768, 6.1).
pub const fn skew_v2(priority: u8) -> Duration {
    Duration::from_micros((256 - priority as u64) * 1_000_000 / 256)
}

/// Master_Down_Interval of version 2: `adverts` (3 unless configured) intervals and the skew (RFC 3768, 6.1).
pub fn master_down_v2(priority: u8, interval: Duration, adverts: u8) -> Duration {
    interval.times(u64::from(adverts)) + skew_v2(priority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intervals_are_keepalived_s_to_the_microsecond() {
        for (priority, skew) in [
            (255, 3_906),
            (254, 7_812),
            (200, 218_750),
            (150, 414_062),
            (101, 605_468),
            (100, 609_375),
            (1, 996_093),
        ] {
            assert_eq!(skew_v2(priority), Duration::from_micros(skew), "priority {priority}");
            for seconds in [1, 2] {
                let down = master_down_v2(priority, Duration::from_secs(seconds), 3);
                assert_eq!(down, Duration::from_micros(seconds * 3_000_000 + skew), "priority {priority}");
            }
        }
    }
}
