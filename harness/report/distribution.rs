//! Distributions of failovers: as a table for people, as CSV, and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use vrrplab_engine::time::{Duration, Instant};

use super::{Paint, WIDTH, cut};
use crate::bench::law::{Rise, Worse};
use crate::bench::{Distribution, Group, QUANTILES, Series, quantile};

/// What the measures of a failover are, in the order of the table.
const LEGEND: [&str; 4] = [
    "In seconds. total = detect + elect + announce + relearn: from the fault until clients' entries",
    "point at the new master. detect ends when its timer runs out by the formula, elect with its first",
    "advert, announce with its first gratuitous ARP. takeover is from the old master's last advert to",
    "the new one's first. A client is unanswered from its first request without an answer.",
];

/// For people.
pub fn table(all: &Distribution, phase: Duration, colour: bool) -> String {
    let paint = Paint::new(colour);
    let last = all.first_seed + all.runs.saturating_sub(1);
    let head = format!("{}: {} runs", all.scenario, all.runs);
    let sub = format!("seeds {} to {last}, the script begins anywhere within {phase}", all.first_seed);
    let mut out = format!("{}\n{}\n", paint.bold(&cut(&head, WIDTH)), paint.dim(&sub));
    for (group, others) in folded(&all.groups) {
        out.push('\n');
        of_group(&mut out, group, all.runs, paint);
        if others > 0 {
            let text = format!(
                "  the slowest of {} addresses that moved together (--format csv has all)",
                others + 1
            );
            let _ = writeln!(out, "{}", paint.dim(&text));
        }
    }
    if !all.groups.is_empty() {
        let _ = write!(out, "\n{}", LEGEND.map(|line| paint.dim(line) + "\n").concat());
    }
    out
}

/// The failovers that are shown: of addresses that moved together, and that nobody pings, the slowest stands for all.
/// Each with the number of those that it stands for.
fn folded(groups: &[Group]) -> Vec<(&Group, usize)> {
    let alike = |a: &Group, b: &Group| {
        let of = |group: &Group| (group.beginning.trigger.clone(), group.beginning.nth, group.sides.clone());
        of(a) == of(b) && a.unfinished == b.unfinished && !pinged(a) && !pinged(b)
    };
    let slowness = |group: &Group| group.measure("total").and_then(Series::slowest).map(|s| s.micros);
    groups
        .chunk_by(alike)
        .flat_map(|chunk| {
            let slowest = chunk.iter().max_by_key(|group| slowness(group));
            slowest.map(|group| (group, chunk.len() - 1))
        })
        .collect()
}

fn pinged(group: &Group) -> bool {
    group.measures.iter().any(|series| series.name.ends_with(" unanswered"))
}

fn of_group(out: &mut String, group: &Group, runs: u64, paint: Paint) {
    let sides: Vec<String> = group.sides.iter().map(|(side, n)| format!("{side} in {n}")).collect();
    let sides = format!("{} of {runs} runs", sides.join(", "));
    let _ = writeln!(out, "{}  {}", paint.bold(&group.beginning.to_string()), paint.dim(&sides));
    let columns = QUANTILES.map(label);
    let numbers: String = columns.iter().map(String::as_str).chain(["max", "mean"]).map(right).collect();
    let _ = writeln!(out, "{}", paint.dim(&format!("{:24}{numbers}", "")));
    for series in &group.measures {
        let Some(figures) = Figures::of(series) else { continue };
        let part = matches!(series.name.as_str(), "detect" | "elect" | "announce" | "relearn");
        let name = format!("  {}{}", if part { "  " } else { "" }, series.name);
        let values = figures.quantiles.iter().chain([&figures.max, &figures.mean]);
        let values: String = values.map(|v| right(&seconds(*v))).collect();
        let few = match series.samples.len() as u64 == group.happened() {
            true => String::new(),
            false => format!("  in {}", series.samples.len()),
        };
        let _ = writeln!(out, "{}{values}{}", format_args!("{:24}", cut(&name, 23)), paint.dim(&few));
    }
    if let Some(seed) = group.unfinished.first() {
        let count = group.unfinished.len();
        let text = format!("  not over by the next act or the end in {count} runs, seed {seed} for one");
        let _ = writeln!(out, "{}", paint.notable(&text));
    }
}

fn right(text: &str) -> String {
    format!("{text:>12}")
}

/// `p50`, `p99.9`.
fn label(thousandths: u32) -> String {
    match thousandths % 10 {
        0 => format!("p{}", thousandths / 10),
        rest => format!("p{}.{rest}", thousandths / 10),
    }
}

fn seconds(micros: u64) -> String {
    Instant::from_micros(micros).to_string()
}

/// What is told of a series, in microseconds.
struct Figures {
    quantiles: [u64; QUANTILES.len()],
    max: u64,
    mean: u64,
}

impl Figures {
    fn of(series: &Series) -> Option<Figures> {
        let sorted = series.sorted();
        let max = *sorted.last()?;
        let sum: u128 = sorted.iter().map(|v| u128::from(*v)).sum();
        let mean = (sum / sorted.len() as u128) as u64;
        Some(Figures { quantiles: QUANTILES.map(|q| quantile(&sorted, q)), max, mean })
    }
}

/// One line a measure, with a heading.
pub fn csv(all: &[Distribution]) -> String {
    let labels = QUANTILES.map(label).join(",");
    let mut out = format!("scenario,address,trigger,takeover,measure,count,{labels},max,mean\n");
    for distribution in all {
        for group in &distribution.groups {
            for series in &group.measures {
                let Some(figures) = Figures::of(series) else { continue };
                let values = figures.quantiles.iter().chain([&figures.max, &figures.mean]);
                let values: Vec<String> = values.map(|v| seconds(*v)).collect();
                let of = &group.beginning;
                let (scenario, trigger) = (quoted(&distribution.scenario), quoted(&of.trigger));
                let (address, nth, name) = (of.address, of.nth, quoted(&series.name));
                let count = series.samples.len();
                let _ =
                    writeln!(out, "{scenario},{address},{trigger},{nth},{name},{count},{}", values.join(","));
            }
        }
    }
    out
}

/// RFC 4180: quoted where it must be.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}

/// One object a scenario. Seconds are text, because a JSON number would lose that they are exact.
pub fn json(all: &Distribution) -> String {
    let groups: Vec<Value> = all.groups.iter().map(group_json).collect();
    let object = json!({
        "scenario": all.scenario, "first_seed": all.first_seed, "runs": all.runs, "failovers": groups,
    });
    format!("{object}\n")
}

fn group_json(group: &Group) -> Value {
    let measures = group.measures.iter().filter_map(|series| {
        let figures = Figures::of(series)?;
        let mut object = json!({
            "name": series.name, "count": series.samples.len(),
            "max": seconds(figures.max), "mean": seconds(figures.mean),
            "slowest_seed": series.slowest().map(|sample| sample.seed),
        });
        for (thousandths, value) in QUANTILES.iter().zip(figures.quantiles) {
            object[label(*thousandths)] = seconds(value).into();
        }
        Some(object)
    });
    json!({
        "address": group.beginning.address.to_string(), "segment": group.beginning.segment,
        "trigger": group.beginning.trigger, "takeover": group.beginning.nth, "sides": group.sides,
        "finished": group.finished, "unfinished_seeds": group.unfinished,
        "measures": measures.collect::<Vec<_>>(),
    })
}

/// A rise beyond noise, and how to see one of the slow runs; `again` are the words that name the scenario.
pub fn rise(rise: &Rise, again: &str, paint: Paint) -> String {
    let what = match &rise.what {
        Worse::Longer { measure, quantile, before, now, .. } => {
            let (q, more) = (label(*quantile), now - before);
            let share = match (u128::from(more) * 1_000).checked_div(u128::from(*before)) {
                Some(share) => format!("+{}.{} %", share / 10, share % 10),
                None => format!("+{} s", seconds(more)),
            };
            format!("{measure} {q} rose from {} s to {} s ({share})", seconds(*before), seconds(*now))
        }
        Worse::Unfinished { before, now } => {
            format!(
                "it came to its end in {} of {} runs, before in {} of {}",
                now.0, now.1, before.0, before.1
            )
        }
    };
    let mut out = format!("  {}  {}: {what}\n", paint.bad("SLOWER"), rise.of);
    let luck = format!("by luck once in {} comparisons", once_in(rise.chance));
    let _ = match &rise.what {
        Worse::Longer { slow, slow_before: (a, n), slow_now: (b, m), .. } => writeln!(
            out,
            "          {b} of {m} runs take {} s or more, before {a} of {n}: {luck}",
            seconds(*slow)
        ),
        Worse::Unfinished { .. } => writeln!(out, "          {luck}"),
    };
    let _ =
        writeln!(out, "  again   vrrplab bench election {again} --runs 1 --seed {} --timeline", rise.seed);
    out
}

/// The reciprocal of a chance, in words.
fn once_in(chance: f64) -> String {
    match 1.0 / chance.max(1e-300) {
        odds if odds < 1e6 => format!("{odds:.0}"),
        odds => format!("10^{:.0}", odds.log10().floor()),
    }
}
