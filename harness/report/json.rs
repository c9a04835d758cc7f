//! A run for machines: one JSON object a run. Times are seconds with six digits, as text, because a JSON number
//! would lose that they are exact.

use serde::Serialize;
use vrrplab_sim::hash::RunHash;
use vrrplab_sim::observer::Observer;
use vrrplab_sim::oracle::Outcome;
use vrrplab_sim::run::Run;

#[derive(Serialize)]
struct Report<'a> {
    scenario: &'a str,
    title: &'a str,
    world: &'a str,
    subject: &'a str,
    seed: u64,
    duration: String,
    passed: bool,
    events: usize,
    frames: usize,
    hash: String,
    verdicts: Vec<Judged<'a>>,
    measures: Vec<Figure<'a>>,
}

#[derive(Serialize)]
struct Judged<'a> {
    property: &'a str,
    kind: &'static str,
    line: Option<usize>,
    outcome: &'static str,
    because: Option<&'a str>,
    violations: Vec<Span<'a>>,
}

#[derive(Serialize)]
struct Span<'a> {
    from: String,
    until: Option<String>,
    host: Option<&'a str>,
    what: &'a str,
    cause: &'a str,
}

#[derive(Serialize)]
struct Figure<'a> {
    name: &'a str,
    seconds: String,
    at: Option<String>,
}

/// The run as one line.
pub fn json(run: &Run) -> String {
    let header = &run.trace.header;
    let report = Report {
        scenario: &header.scenario,
        title: &run.scenario.title,
        world: &header.world,
        subject: &header.subject,
        seed: header.seed,
        duration: seconds(header.duration.as_micros()),
        passed: run.judgement.passed(),
        events: run.trace.events.len(),
        frames: run.capture.frames.len(),
        hash: hash(run),
        verdicts: verdicts(run),
        measures: measures(run),
    };
    serde_json::to_string(&report).expect("a report has nothing that JSON cannot say")
}

fn verdicts(run: &Run) -> Vec<Judged<'_>> {
    let judged = run.judgement.verdicts.iter().map(|v| Judged {
        property: &v.property,
        kind: if v.oracle.is_some() { "oracle" } else { "expectation" },
        line: v.line,
        outcome: match v.outcome {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Known(_) => "known",
            Outcome::Vacuous => "vacuous",
        },
        because: match &v.outcome {
            Outcome::Known(because) => Some(because),
            _ => None,
        },
        violations: v
            .violations
            .iter()
            .map(|s| Span {
                from: s.from.to_string(),
                until: s.until.map(|at| at.to_string()),
                host: s.host.as_deref(),
                what: &s.what,
                cause: &s.cause,
            })
            .collect(),
    });
    judged.collect()
}

fn measures(run: &Run) -> Vec<Figure<'_>> {
    let figure = |m: &'_ vrrplab_sim::oracle::Measure| (m.value.as_micros(), m.at.map(|at| at.to_string()));
    let measures = run.judgement.measures.iter();
    measures
        .map(|m| {
            let (micros, at) = figure(m);
            Figure { name: &m.name, seconds: seconds(micros), at }
        })
        .collect()
}

fn seconds(micros: u64) -> String {
    vrrplab_engine::time::Instant::from_micros(micros).to_string()
}

/// The run in sixteen digits: equal for equal runs.
fn hash(run: &Run) -> String {
    let mut hash = RunHash::default();
    for event in &run.trace.events {
        hash.event(event);
    }
    for (n, frame) in run.capture.frames.iter().enumerate() {
        hash.frame(n as u32 + 1, frame.at, frame.port, frame.island, &frame.bytes);
    }
    format!("{:016x}", hash.value())
}
