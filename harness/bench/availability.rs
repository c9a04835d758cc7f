//! What a failover means for a year: A = MTBF / (MTBF + MTTR), where the repair is what clients feel of the failover.

use std::time::Duration;

/// Failures and repairs of the node that is in use.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Availability {
    /// The part of time without service, from 0 to 1.
    pub unavailable: f64,
}

/// A year, as availability is reckoned: 365 days, in minutes.
const YEAR: f64 = 365.0 * 24.0 * 60.0;

impl Availability {
    /// With these mean times between failures, each of a cause of its own (their rates add up), and this outage for
    /// each failure: A = 1 / (1 + MTTR ∙ (1/MTBF₁ + 1/MTBF₂ + …)), which for one is MTBF / (MTBF + MTTR).
    /// None of `mtbf` is zero.
    pub fn of(mtbf: &[Duration], outage: Duration) -> Availability {
        let rate: f64 = mtbf.iter().map(|between| 1.0 / between.as_secs_f64()).sum();
        let load = rate * outage.as_secs_f64();
        Availability { unavailable: load / (1.0 + load) }
    }

    /// How many nines: 3 for 99.9 %; `None` if nothing ever fails.
    pub fn nines(self) -> Option<u32> {
        // The tiny addend keeps exactly 99.9 % from being two nines by rounding.
        (self.unavailable > 0.0).then(|| (-self.unavailable.log10() + 1e-9).floor().max(0.0) as u32)
    }

    /// Percent with as many digits as tell it from 100.
    pub fn percent(self) -> String {
        let digits = self.nines().map_or(0, |nines| nines as usize);
        format!("{:.*} %", digits, (1.0 - self.unavailable) * 100.0)
    }

    /// Minutes without service in a year.
    pub fn minutes_a_year(self) -> f64 {
        self.unavailable * YEAR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn the_formula_is_the_tutorial_s() {
        let one = Availability::of(&[DAY * 999], DAY);
        assert_eq!((one.nines(), one.percent().as_str()), (Some(3), "99.900 %"));
        assert!((one.minutes_a_year() - 525.6).abs() < 1e-6, "{}", one.minutes_a_year());
        let half = Availability::of(&[DAY], DAY);
        assert_eq!((half.nines(), half.percent().as_str()), (Some(0), "50 %"));
        assert_eq!(Availability::of(&[DAY], Duration::ZERO).nines(), None);
    }

    #[test]
    fn rates_of_failures_add_up() {
        let two = Availability::of(&[DAY * 20, DAY * 30], DAY);
        assert_eq!(two, Availability::of(&[DAY * 12], DAY), "1/20 + 1/30 = 1/12");
    }
}
