//! Runs as JUnit XML, which CI systems show: a suite a run, a case a verdict.
//!
//! A case fails exactly where the run does: a failed verdict, an expectation without anything to judge, a run in which
//! no address was ever held. What a scenario says it shows (`known`) passes and says so in its output; an oracle that
//! had nothing to judge is skipped.

use std::fmt::Write as _;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use vrrplab_sim::oracle::{Outcome, Verdict};
use vrrplab_sim::run::Run;

/// A run, and the words of `vrrplab run` that name it.
pub type Named<'a> = (&'a Run, &'a str);

/// All runs as one document.
#[derive(Debug)]
pub struct Junit(Report);

impl Default for Junit {
    fn default() -> Junit {
        Junit(Report::new("vrrplab"))
    }
}

impl Junit {
    /// One more run.
    pub fn add(&mut self, (run, again): Named<'_>) {
        let mut suite = TestSuite::new(run.scenario.name.as_str());
        suite.set_time(Duration::from_micros(run.scenario.duration.as_micros()));
        suite.add_property(("seed", run.seed.to_string().as_str()));
        suite.add_property(("title", run.scenario.title.as_str()));
        let again = format!("again: vrrplab run {again} --seed {}", run.seed);
        for verdict in &run.judgement.verdicts {
            suite.add_test_case(case(run, verdict, &again));
        }
        if run.judgement.vacuous() {
            let why = "no virtual address was ever held: nothing was judged";
            suite.add_test_case(named(run, "an address is held", failure(why, &again)));
        }
        self.0.add_test_suite(suite);
    }

    /// The document.
    pub fn xml(&self) -> String {
        self.0.to_string().expect("writing to memory does not fail")
    }
}

fn case(run: &Run, verdict: &Verdict, again: &str) -> TestCase {
    let line = verdict.line.map_or(String::new(), |n| format!(" (line {n})"));
    let name = format!("{}{line}", verdict.property);
    let told = told(verdict);
    let status = match verdict.outcome {
        Outcome::Pass | Outcome::Known(_) => TestCaseStatus::success(),
        Outcome::Fail => {
            let first = verdict.violations.first().map_or(verdict.property.as_str(), |v| v.what.as_str());
            failure(first, &format!("{told}{again}"))
        }
        Outcome::Vacuous if verdict.oracle.is_some() => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message("nothing to judge");
            skipped
        }
        Outcome::Vacuous => failure("vacuous: there was nothing to judge", again),
    };
    let mut case = named(run, &name, status);
    if let Outcome::Known(because) = &verdict.outcome {
        case.set_system_out(format!("known: {because}\n{told}"));
    }
    case
}

fn named(run: &Run, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(run.scenario.name.as_str());
    case
}

fn failure(message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message).set_type("verdict").set_description(text);
    status
}

/// Each violation with its span and cause.
fn told(verdict: &Verdict) -> String {
    let mut out = String::new();
    for violation in &verdict.violations {
        let until = violation.until.map_or("the end".to_string(), |at| at.to_string());
        let _ = writeln!(out, "from {} to {until}: {}", violation.from, violation.what);
        if !violation.cause.is_empty() {
            let _ = writeln!(out, "  {}", violation.cause);
        }
    }
    out
}
