//! What measured failovers mean for a year, as a table.

use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use super::Paint;
use crate::bench::availability::Availability;
use crate::bench::{Distribution, Group, Series, quantile};

/// How often the active node fails, and how long its repair takes.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Mean times between failures.
    pub mtbf: Vec<Span>,
    /// How long it takes to repair it by hand: the outage where there is no backup.
    pub repair: Option<Duration>,
}

/// A time that is not zero, and how it was written: `30d`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The time.
    pub time: Duration,
    /// The words.
    pub text: String,
}

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Span, String> {
        match humantime::parse_duration(text) {
            Ok(time) if time.is_zero() => Err("it must be longer than nothing".to_string()),
            Ok(time) => Ok(Span { time, text: text.to_string() }),
            Err(error) => Err(format!("{error}; write 30d or 4h")),
        }
    }
}

impl Rates {
    fn availability(&self, outage: Duration) -> Availability {
        let mtbf: Vec<Duration> = self.mtbf.iter().map(|span| span.time).collect();
        Availability::of(&mtbf, outage)
    }
}

/// For each failover and client, or for its total where no client pings.
pub fn availability(all: &Distribution, rates: &Rates, paint: Paint) -> String {
    let between: Vec<&str> = rates.mtbf.iter().map(|span| span.text.as_str()).collect();
    let head = format!("A = MTBF / (MTBF + MTTR), a failure every {}", between.join(" and another every "));
    let mut out = format!("\n{}\n", paint.bold(&head));
    let columns =
        format!("  {:24}{:>14}{:>17}{:>8}{:>17}", "", "outage", "availability", "nines", "minutes a year");
    let _ = writeln!(out, "{}", paint.dim(&columns));
    for group in &all.groups {
        let felt: Vec<(&str, Vec<u64>)> = outages(group).map(|s| (s.name.as_str(), s.sorted())).collect();
        // What nobody feels is no failure.
        if felt.iter().all(|(_, sorted)| sorted.last().is_none_or(|worst| *worst == 0)) {
            continue;
        }
        let _ = writeln!(out, "{}", group.beginning);
        for (name, sorted) in felt.iter().filter(|(_, sorted)| !sorted.is_empty()) {
            for (label, q) in [("p50", 500), ("p99", 990)] {
                let outage = Duration::from_micros(quantile(sorted, q));
                line(&mut out, &format!("{name} {label}"), outage, rates);
            }
        }
    }
    if let Some(repair) = rates.repair {
        line(&mut out, "without a backup", repair, rates);
    }
    out
}

/// What users feel: the clients' outages; the total where nobody pings.
fn outages(group: &Group) -> impl Iterator<Item = &Series> {
    let felt = |series: &&Series| series.name.ends_with(" unanswered");
    let pinged = group.measures.iter().any(|series| felt(&series));
    group.measures.iter().filter(move |series| if pinged { felt(series) } else { series.name == "total" })
}

fn line(out: &mut String, name: &str, outage: Duration, rates: &Rates) {
    let of = rates.availability(outage);
    let nines = of.nines().map_or("all".to_string(), |nines| nines.to_string());
    let _ = writeln!(
        out,
        "  {name:24}{:>14.6}  {:>15}{nines:>8}{:>17.3}",
        outage.as_secs_f64(),
        of.percent(),
        of.minutes_a_year()
    );
}
