//! Every scenario is a test of its own, by several names:
//! - `passes`: its expectations and the oracles hold;
//! - `repeats`: twice the same seed gives the same trace and capture, to the byte;
//! - `golden`: the trace is the accepted one;
//! - `agrees with keepalived-…`: with the recording of the real daemon, lane by lane;
//! - `notices a change of keepalived-…`: and with no recording in which one thing was changed.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use vrrplab::files;
use vrrplab::golden::{self, Golden};
use vrrplab::pcapng;
use vrrplab::report;
use vrrplab_engine::time::Duration;
use vrrplab_sim::agree::{Lanes, agree};
use vrrplab_sim::run::{Run, run};
use vrrplab_sim::scenario::Scenario;

const SEED: u64 = 1;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials = Vec::new();
    for path in files::scenarios_in(&root.join("scenarios")).expect("the scenarios are there") {
        let file = files::read_scenario(&path).expect("a scenario that was found can be read");
        if file.scenarios.is_empty() {
            let text = vrrplab::diagnostic::render(&file.findings, &[file.source], false);
            let name = path.display().to_string();
            trials.push(Trial::test(name, move || Err(Failed::from(text))));
        }
        trials.extend(file.scenarios.into_iter().flat_map(trials_of));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn golden_of(scenario: &Scenario) -> Golden {
    Golden::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"), &scenario.name)
}

fn trials_of(scenario: Scenario) -> Vec<Trial> {
    let scenario = Arc::new(scenario);
    let test = |what: &str, check: fn(&Arc<Scenario>) -> Result<(), Failed>| {
        let scenario = Arc::clone(&scenario);
        Trial::test(format!("{} {what}", scenario.name), move || check(&scenario))
    };
    let mut trials = vec![test("passes", passes), test("repeats", repeats), test("golden", is_golden)];
    for reference in golden_of(&scenario).references() {
        let (name, folder) = (reference.name, reference.folder);
        let (of, at) = (Arc::clone(&scenario), folder.clone());
        trials.push(Trial::test(format!("{} agrees with {name}", scenario.name), move || agrees(&of, &at)));
        let of = Arc::clone(&scenario);
        let title = format!("{} notices a change of {name}", scenario.name);
        trials.push(Trial::test(title, move || notices_changes(&of, &folder)));
    }
    trials
}

fn passes(scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    if run.judgement.passed() { Ok(()) } else { Err(report::text(&run, false).into()) }
}

fn repeats(scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let bytes = |run: &Run| {
        let mut capture = Vec::new();
        pcapng::write(&run.capture, &mut capture).expect("a vector takes all bytes");
        (run.trace.to_string(), capture)
    };
    let (first, second) = (run(scenario, SEED), run(scenario, SEED));
    if bytes(&first) == bytes(&second) { Ok(()) } else { Err("two runs with one seed differ".into()) }
}

fn is_golden(scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    golden_of(scenario).compare(&run.trace).map_err(Failed::from)
}

fn agrees(scenario: &Arc<Scenario>, reference: &Path) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    match golden::agree_with_recording(reference, &run.trace, &run.capture) {
        Ok(None) => Ok(()),
        Ok(Some(difference)) => Err(difference.into()),
        Err(error) => Err(error.to_string().into()),
    }
}

/// One frame less, one instant 2 ms later, one priority changed: each must show, wherever it is.
fn notices_changes(scenario: &Arc<Scenario>, reference: &Path) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    let ours = Lanes::of(&run.trace, &run.capture);
    let reference = golden::recording::read(reference).map_err(|e| e.to_string())?;
    let by = Duration::from_millis(2);
    let changes: [(&str, Vec<Lanes>); 3] = [
        ("without frame", (0..).map_while(|k| reference.without_frame(k)).collect()),
        ("2 ms later at entry", (0..).map_while(|k| reference.moved(k, by)).collect()),
        ("another priority in advert", (0..).map_while(|k| reference.with_other_priority(k)).collect()),
    ];
    for (what, changed) in changes {
        if changed.is_empty() {
            return Err(format!("nothing to change: {what}").into());
        }
        for (k, changed) in changed.iter().enumerate() {
            if agree(&ours, changed).is_empty() {
                return Err(format!("{what} {k} of the recording goes unnoticed").into());
            }
        }
    }
    Ok(())
}
