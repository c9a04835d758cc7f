//! What was measured, for people, and whether the first subject is late beside the second.

use super::{Difference, Samples};

/// How much later the first subject may be, each as the upper end of the confidence interval: at which quantile in
/// thousandths, and nanoseconds.
const LIMITS: [(u32, i64); 2] = [(500, 100_000), (950, 500_000)];
/// What is shown of each subject.
const SHOWN: [u32; 4] = [500, 900, 950, 990];

/// Whether the limits are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// All of them.
    Kept,
    /// One is not.
    Broken,
}

/// The table and the verdict. `notes` are lines about how it was measured.
pub fn table(samples: &Samples, notes: &[String]) -> (String, Verdict) {
    let interval = millis(samples.interval.as_micros() as i64 * 1_000, 0);
    let n = samples.rounds.len();
    let mut text = format!(
        "takeover at advert_int {interval} ms, {n} of each by turns: (first advert of the new master - last of the old) - \
         Master_Down_Interval, ms\n\n{:12}",
        ""
    );
    SHOWN.iter().for_each(|q| text.push_str(&format!("{:>10}", name(*q))));
    text.push_str(&format!("{:>10}{:>10}\n", "min", "max"));
    for (s, subject) in samples.subjects.iter().enumerate() {
        let sorted = samples.sorted(s);
        text.push_str(&format!("{subject:12}"));
        let shown = SHOWN.iter().map(|&q| at(&sorted, q)).chain([sorted[0], sorted[n - 1]]);
        shown.for_each(|value| text.push_str(&format!("{:>10}", millis(value, 3))));
        text.push('\n');
    }
    text.push_str(&format!("\n{} - {}, 95 % confidence\n", samples.subjects[0], samples.subjects[1]));
    let mut verdict = Verdict::Kept;
    for (q, limit) in LIMITS {
        let Difference { measured, low, high } = samples.difference(q);
        let kept = high <= limit;
        if !kept {
            verdict = Verdict::Broken;
        }
        text.push_str(&format!(
            "{:12}{:>10}   {} to {}   at most {}: {}\n",
            name(q),
            signed(measured),
            signed(low),
            signed(high),
            signed(limit),
            if kept { "pass" } else { "FAIL" },
        ));
    }
    if !notes.is_empty() {
        text.push('\n');
        notes.iter().for_each(|note| text.push_str(&format!("{note}\n")));
    }
    (text, verdict)
}

/// The value at a quantile of what is sorted.
pub(super) fn at(sorted: &[i64], thousandths: u32) -> i64 {
    sorted[(sorted.len() * thousandths as usize).div_ceil(1_000).max(1) - 1]
}

fn name(thousandths: u32) -> String {
    if thousandths == 500 { "median".to_string() } else { format!("p{}", thousandths / 10) }
}

/// Nanoseconds as milliseconds.
pub(super) fn millis(nanos: i64, digits: usize) -> String {
    format!("{:.digits$}", nanos as f64 / 1e6)
}

fn signed(nanos: i64) -> String {
    format!("{:+.3}", nanos as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::super::Sample;
    use super::*;
    use vrrplab_engine::time::Duration;

    fn samples(later: impl Fn(u32) -> i64) -> Samples {
        let round = |round: u32| {
            let theirs = 100_000 + i64::from(round * 37 % 101) * 1_000;
            let sample = |excess| Sample { round, second: false, excess };
            [sample(theirs + later(round)), sample(theirs)]
        };
        let subjects = ["engine".to_string(), "keepalived".to_string()];
        Samples { interval: Duration::from_millis(100), subjects, rounds: (0..200).map(round).collect() }
    }

    #[test]
    fn a_limit_is_broken_by_the_upper_end_alone() {
        assert_eq!(table(&samples(|_| 0), &[]).1, Verdict::Kept);
        assert_eq!(table(&samples(|_| -5_000_000), &[]).1, Verdict::Kept);
        let (text, verdict) =
            table(&samples(|n| i64::from(40 + n * 53 % 110) * 1_000), &["note".to_string()]);
        assert_eq!(verdict, Verdict::Broken, "{text}");
        let median = samples(|n| i64::from(40 + n * 53 % 110) * 1_000).difference(500);
        assert!(median.measured <= 100_000 && median.high > 100_000, "{median:?}");
        assert!(text.ends_with("\nnote\n"));
    }

    #[test]
    fn a_late_tail_is_seen_though_the_median_is_early() {
        let (text, verdict) = table(&samples(|round| if round % 10 == 0 { 5_000_000 } else { -50_000 }), &[]);
        assert_eq!(verdict, Verdict::Broken, "{text}");
        assert!(text.contains("median") && text.contains(": pass") && text.contains(": FAIL"), "{text}");
    }
}
