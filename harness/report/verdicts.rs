//! The verdicts of a run as lines: what held, what did not, why, where to look and how to see it again.

use std::fmt::Write as _;

use vrrplab_sim::oracle::{Outcome, Verdict, Violation};
use vrrplab_sim::run::Run;
use vrrplab_sim::scenario::Oracle;

use super::{Paint, WIDTH, wrap};

/// Violations of one verdict that are told in full.
const SHOWN: usize = 3;

/// How much to tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every verdict and figure.
    All,
    /// Failures alone.
    Failures,
}

/// `pass`, `known` or `FAIL`.
pub(super) fn word(run: &Run, paint: Paint) -> String {
    let known = run.judgement.verdicts.iter().any(|v| matches!(v.outcome, Outcome::Known(_)));
    match (run.judgement.passed(), known) {
        (true, false) => paint.good("pass "),
        (true, true) => paint.notable("known"),
        (false, _) => paint.bad("FAIL "),
    }
}

/// The verdicts, the figures and the sum.
pub(super) fn verdicts(run: &Run, paint: Paint, detail: Detail) -> String {
    let mut out = String::new();
    for verdict in &run.judgement.verdicts {
        let failed = is_failure(verdict);
        if detail == Detail::All || failed {
            tell(&mut out, verdict, failed, paint);
        }
    }
    if run.judgement.vacuous() {
        let _ =
            writeln!(out, "  {} no virtual address was ever held: nothing was judged", paint.bad("FAIL "));
    }
    if detail == Detail::All {
        for measure in &run.judgement.measures {
            let at = measure.at.map_or(String::new(), |at| format!(", from {at}"));
            let _ = writeln!(out, "  {} {}: {}{at}", paint.dim("      "), measure.name, measure.value);
        }
    }
    if !run.judgement.passed() {
        out.push_str(&advice(run, paint));
    }
    out
}

fn is_failure(verdict: &Verdict) -> bool {
    match verdict.outcome {
        Outcome::Fail => true,
        Outcome::Vacuous => verdict.oracle.is_none(),
        Outcome::Pass | Outcome::Known(_) => false,
    }
}

fn tell(out: &mut String, verdict: &Verdict, failed: bool, paint: Paint) {
    let word = match verdict.outcome {
        Outcome::Pass => paint.good("pass  "),
        Outcome::Known(_) => paint.notable("known "),
        Outcome::Fail => paint.bad("FAIL  "),
        Outcome::Vacuous if failed => paint.bad("FAIL  "),
        Outcome::Vacuous => paint.dim("  --  "),
    };
    let line = verdict.line.map_or(String::new(), |n| format!("  (line {n})"));
    let property = match (verdict.oracle, &verdict.outcome) {
        (Some(oracle), Outcome::Pass) => kept(oracle).to_string(),
        (_, Outcome::Vacuous) => format!("nothing to judge: {}", verdict.property),
        _ => verdict.property.clone(),
    };
    paragraph(out, &format!("{word} "), &format!("{property}{line}"), 9);
    if let Outcome::Known(because) = &verdict.outcome {
        paragraph(out, "       ", &format!("because {because}"), 9);
    }
    for violation in verdict.violations.iter().take(SHOWN) {
        violated(out, violation);
    }
    if let Some(more @ 1..) = verdict.violations.len().checked_sub(SHOWN) {
        let _ = writeln!(out, "         and {more} more");
    }
}

/// What holds where an oracle, named for its violation, has found none.
const fn kept(oracle: Oracle) -> &'static str {
    match oracle {
        Oracle::TwoHolders => "an address has one holder at a time",
        Oracle::NoHolder => "an address has a holder",
        Oracle::StaleNeighbour => "neighbour entries follow the holder",
        Oracle::Unanswered => "a held address answers",
        Oracle::LateTakeover => "a silent master is replaced in time",
        Oracle::ForbiddenPreemption => "nobody preempts who must not",
        Oracle::StateMismatch => "states and addresses agree",
    }
}

fn violated(out: &mut String, violation: &Violation) {
    let until = violation.until.map_or("the end".to_string(), |at| at.to_string());
    paragraph(out, "       ", &format!("from {} to {until}: {}", violation.from, violation.what), 9);
    if !violation.cause.is_empty() {
        paragraph(out, "       ", &violation.cause, 9);
    }
}

/// A text behind a first word, its further lines below its beginning.
fn paragraph(out: &mut String, word: &str, text: &str, indent: usize) {
    for (i, line) in wrap(text, WIDTH - indent).iter().enumerate() {
        let head = if i == 0 { format!("  {word}") } else { " ".repeat(indent) };
        let _ = writeln!(out, "{head}{line}");
    }
}

/// What to look at: the frames that the violations name, or else the time in which they happened.
fn advice(run: &Run, paint: Paint) -> String {
    let failed = || run.judgement.verdicts.iter().filter(|v| is_failure(v)).flat_map(|v| &v.violations);
    let mut frames: Vec<u32> = failed().flat_map(|v| frames_in(&v.what).chain(frames_in(&v.cause))).collect();
    frames.sort_unstable();
    frames.dedup();
    let filter = match failed().map(|v| v.from).min() {
        _ if !frames.is_empty() => {
            let list = frames.iter().take(8).map(u32::to_string).collect::<Vec<_>>().join(",");
            format!("frame.number in {{{list}}}")
        }
        Some(from) => format!("frame.time_epoch >= {from}"),
        None => return String::new(),
    };
    format!("  {} tshark -r capture.pcapng -Y '{filter}'   (--out DIR writes it)\n", paint.dim("look at"))
}

/// The frames that a text names: `#7`.
fn frames_in(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.split('#').skip(1).filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}
