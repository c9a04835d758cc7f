//! Samples of two daemons, taken by turns, and how far apart their quantiles are.
//!
//! How sure that is comes from a bootstrap that draws rounds, not samples, and blocks of rounds that follow each other,
//! not single ones (Künsch 1989): both daemons' samples of a round saw the same machine in the same minute, and a machine
//! that is busy stays so for a while. Drawn one by one, samples would look more independent than they are and the interval
//! too narrow. A law of ranks as for `bench election` would want samples that are independent. The blocks are ∛n rounds
//! long, and go round from the last to the first so that each round is drawn as often as any other.

use vrrplab_engine::time::Duration;
use vrrplab_sim::rng::Rng;

/// One takeover.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The round, from 0.
    pub round: u32,
    /// Whether the other daemon's takeover of this round came first.
    pub second: bool,
    /// Nanoseconds from when the Master_Down_Interval was over to the first advert, both as seen on the wire.
    pub excess: i64,
}

/// All that was measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Samples {
    /// Advert_Interval.
    pub interval: Duration,
    /// Whose they are.
    pub subjects: [String; 2],
    /// By round: the sample of each subject. At least one.
    pub rounds: Vec<[Sample; 2]>,
}

/// How much later the first subject is than the second at a quantile, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Difference {
    /// As measured.
    pub measured: i64,
    /// The 95 % confidence interval.
    pub low: i64,
    /// Its other end.
    pub high: i64,
}

/// How often the rounds are drawn anew.
const DRAWS: usize = 2_000;
/// `Rng::new`'s purpose.
const PURPOSE: u64 = 0x0b00;
/// The first line.
const HEADING: &str = "interval_us,pair,subject,round,place,excess_ns";

impl Samples {
    /// All of one subject, in ascending order.
    pub fn sorted(&self, subject: usize) -> Vec<i64> {
        let mut all: Vec<i64> = self.rounds.iter().map(|round| round[subject].excess).collect();
        all.sort_unstable();
        all
    }

    /// How far apart the subjects are at a quantile, in thousandths.
    pub fn difference(&self, thousandths: u32) -> Difference {
        let apart =
            |[mine, theirs]: &mut [Vec<i64>; 2]| quantile(mine, thousandths) - quantile(theirs, thousandths);
        let measured = apart(&mut [self.sorted(0), self.sorted(1)]);
        let n = self.rounds.len();
        let block = (1..).take_while(|b| b * b * b <= n).last().unwrap_or(1);
        let mut rng = Rng::new(u64::from(thousandths), PURPOSE);
        let mut drawn = [Vec::with_capacity(n), Vec::with_capacity(n)];
        let mut differences: Vec<i64> = (0..DRAWS)
            .map(|_| {
                drawn.iter_mut().for_each(Vec::clear);
                while drawn[0].len() < n {
                    let from = rng.below(n as u64) as usize;
                    for i in (from..from + block).take(n - drawn[0].len()) {
                        let round = &self.rounds[i % n];
                        drawn.iter_mut().zip(round).for_each(|(all, sample)| all.push(sample.excess));
                    }
                }
                apart(&mut drawn)
            })
            .collect();
        let low = quantile(&mut differences, 25);
        let high = quantile(&mut differences, 975);
        Difference { measured, low, high }
    }

    /// As a table with commas: a heading and a line a sample.
    pub fn csv(&self) -> String {
        let mut text = format!("{HEADING}\n");
        self.rounds.iter().for_each(|round| text.push_str(&self.lines(round)));
        text
    }

    /// The lines of a round.
    pub fn lines(&self, round: &[Sample; 2]) -> String {
        let line = |pair: usize| {
            let Sample { round, second, excess } = round[pair];
            let (name, place) = (["a", "b"][pair], if second { 2 } else { 1 });
            let (interval, subject) = (self.interval.as_micros(), &self.subjects[pair]);
            format!("{interval},{name},{subject},{round},{place},{excess}\n")
        };
        line(0) + &line(1)
    }

    /// What [`Samples::csv`] has written; the error says which line is not as it was.
    pub fn read(text: &str) -> Result<Samples, String> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADING) {
            return Err(format!("line 1: the first line is not {HEADING}"));
        }
        let mut found: Option<Samples> = None;
        let mut first = None;
        for (n, line) in lines.enumerate() {
            let wrong = || format!("line {}: this is no sample: {line}", n + 2);
            let (pair, interval, subject, sample) = parse(line).ok_or_else(wrong)?;
            let samples = found.get_or_insert_with(|| Samples {
                interval,
                subjects: [subject.to_string(), String::new()],
                rounds: Vec::new(),
            });
            match (pair, first.take()) {
                ("a", None) if samples.subjects[0] == subject => first = Some(sample),
                ("b", Some(a)) => {
                    samples.subjects[1] = subject.to_string();
                    samples.rounds.push([a, sample]);
                }
                _ => return Err(wrong()),
            }
        }
        found.filter(|samples| !samples.rounds.is_empty()).ok_or_else(|| "no sample".to_string())
    }
}

fn parse(line: &str) -> Option<(&str, Duration, &str, Sample)> {
    let mut fields = line.split(',');
    let interval = Duration::from_micros(fields.next()?.parse().ok()?);
    let (pair, subject) = (fields.next()?, fields.next()?);
    let round = fields.next()?.parse().ok()?;
    let second = fields.next()?.parse::<u8>().ok()? == 2;
    let excess = fields.next()?.parse().ok()?;
    Some((pair, interval, subject, Sample { round, second, excess })).filter(|_| fields.next().is_none())
}

/// The least value that so many thousandths do not exceed (nearest rank). Puts `values` in another order; there is one.
fn quantile(values: &mut [i64], thousandths: u32) -> i64 {
    let rank = (values.len() * thousandths as usize).div_ceil(1_000).max(1);
    *values.select_nth_unstable(rank - 1).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two subjects on a machine that is busy for twenty rounds at a time; the first is `later` nanoseconds later.
    fn samples(seed: u64, rounds: u32, later: i64) -> Samples {
        let mut rng = Rng::new(seed, 1);
        let mut load = 0;
        let round = |round: u32| {
            if round.is_multiple_of(20) {
                load = rng.below(500_000);
            }
            let mut sample = |second: bool, more: i64| {
                let excess = (100_000 + load + rng.below(50_000)) as i64 + more;
                Sample { round, second, excess }
            };
            [sample(false, later), sample(true, 0)]
        };
        let subjects = ["engine".to_string(), "keepalived".to_string()];
        Samples { interval: Duration::from_millis(100), subjects, rounds: (0..rounds).map(round).collect() }
    }

    #[test]
    fn a_table_reads_back() {
        let all = samples(1, 30, 5);
        assert_eq!(Samples::read(&all.csv()), Ok(all.clone()));
        let broken = all.csv().replacen(",b,", ",a,", 1);
        assert!(Samples::read(&broken).is_err_and(|e| e.starts_with("line 3: ")));
        assert!(Samples::read("x").is_err());
    }

    #[test]
    fn an_interval_holds_the_truth_nearly_always() {
        let held = (0..40).filter(|&seed| {
            let found = samples(seed, 125, 40_000).difference(500);
            (found.low..=found.high).contains(&40_000)
        });
        let held = held.count();
        assert!(held >= 34, "{held} of 40");
    }

    #[test]
    fn equals_are_not_told_apart_and_others_are() {
        let apart =
            |later: i64| (0..12).filter(|&seed| samples(seed, 216, later).difference(500).low > 0).count();
        let (equals, others) = (apart(0), apart(60_000));
        assert!(equals <= 2 && others >= 11, "{equals} {others}");
    }
}
