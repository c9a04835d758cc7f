//! Every scenario is a test of its own, by several names:
//! - `reads`: nothing is to be said against its file, and its first line says what is at stake;
//! - `passes`: its expectations and the oracles hold;
//! - `repeats`: twice the same seed gives the same trace and capture, to the byte, in one process and in two;
//! - `stands a real clock`: the same run with the lateness of a real machine and without causes agrees with it, and is
//!   judged alike;
//! - `decodes`: tshark, where there is one, finds no malformed frame and no bad checksum in the capture;
//! - `golden`: the trace is the accepted one;
//! - `agrees with keepalived-…`: with the recording of the real daemon, lane by lane;
//! - `notices a change of keepalived-…`: and with no recording in which one thing was changed.

#[path = "tools/known.rs"]
mod known;
#[path = "tools/scratch.rs"]
mod scratch;
#[path = "tools/wireshark.rs"]
mod wireshark;

#[path = "tools/noise.rs"]
mod noise;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use vrrplab::files;
use vrrplab::golden::deviations::Deviations;
use vrrplab::golden::recorded::{Recorded, differences};
use vrrplab::golden::{self, Golden};
use vrrplab::pcapng;
use vrrplab::report;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::agree::{self, Disagreement, Lanes, Tolerance, agree, agree_speakers};
use vrrplab_sim::frame::Summary;
use vrrplab_sim::observer::Observer;
use vrrplab_sim::oracle::Judge;
use vrrplab_sim::run::{Run, run};
use vrrplab_sim::scenario::Scenario;

const SEED: u64 = 1;

/// Where runs of real daemons are known to differ, or what is wrong with the file that says so.
type Known = Arc<Result<Deviations, String>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut trials, mut scenarios) = (Vec::new(), Vec::new());
    for path in files::scenarios_in(&root.join("scenarios")).expect("the scenarios are there") {
        let file = files::read_scenario(&path).expect("a scenario that was found can be read");
        let text = vrrplab::diagnostic::render(&file.findings, std::slice::from_ref(&file.source), false);
        let stake = file.source.text.starts_with("# ");
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        trials.push(Trial::test(format!("{name} reads"), move || match (text.is_empty(), stake) {
            (true, true) => Ok(()),
            (true, false) => Err("the first line must say what is at stake".into()),
            (false, _) => Err(text.into()),
        }));
        scenarios.extend(file.scenarios.into_iter().map(Arc::new));
    }
    let known: Known = Arc::new(known::deviations(scenarios.iter().map(|scenario| scenario.name.as_str())));
    let reads = Arc::clone(&known);
    trials.push(Trial::test("golden/deviations.toml reads", move || {
        reads.as_ref().as_ref().map_or_else(|mistakes| Err(mistakes.into()), |_| Ok(()))
    }));
    trials.extend(scenarios.iter().flat_map(|scenario| trials_of(scenario, &known)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn golden_of(scenario: &Scenario) -> Golden {
    Golden::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"), &scenario.name)
}

fn trials_of(scenario: &Arc<Scenario>, known: &Known) -> Vec<Trial> {
    let test = |what: &str, check: fn(&Arc<Scenario>) -> Result<(), Failed>| {
        let scenario = Arc::clone(scenario);
        Trial::test(format!("{} {what}", scenario.name), move || check(&scenario))
    };
    let mut trials = vec![
        test("passes", passes),
        test("repeats", repeats),
        test("golden", is_golden),
        test("stands a real clock", stands_a_real_clock),
        test("decodes", decodes).with_ignored_flag(!wireshark::wanted()),
    ];
    for reference in golden_of(scenario).references() {
        let (name, folder) = (reference.name, reference.folder);
        let (of, at) = (Arc::clone(scenario), folder.clone());
        trials.push(Trial::test(format!("{} agrees with {name}", scenario.name), move || agrees(&of, &at)));
        let of = Arc::clone(scenario);
        let title = format!("{} notices a change of {name}", scenario.name);
        trials.push(Trial::test(title, move || notices_changes(&of, &folder)));
    }
    for recorded in golden_of(scenario).recorded() {
        let name = format!("{} agrees with the run of {}", scenario.name, recorded.name);
        let (of, known) = (Arc::clone(scenario), Arc::clone(known));
        trials.push(Trial::test(name, move || agrees_with_run(&of, &recorded, &known)));
    }
    trials
}

/// The simulator's run agrees with one of the real daemon, and that one with recordings that others have made of the same daemon.
fn agrees_with_run(scenario: &Arc<Scenario>, recorded: &Recorded, known: &Known) -> Result<(), Failed> {
    let (trace, capture) = recorded.read()?;
    let known = known.as_ref().as_ref()?;
    let unknown = |found: &[Disagreement]| {
        known.apply(&scenario.name, &trace.header.world, &trace.header.subject, found).report()
    };
    let found = differences(&run(scenario, SEED), &trace, &capture, &Tolerance::RECORDED);
    unknown(&found).map_or(Ok(()), Err)?;
    for reference in golden_of(scenario).references().iter().filter(|r| r.name == recorded.name) {
        let found = golden::differs_from_recording(&reference.folder, &trace, &capture)?;
        if let Some(difference) = unknown(&found) {
            return Err(format!("the two recordings part: {difference}").into());
        }
    }
    Ok(())
}

fn passes(scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    if run.judgement.passed() { Ok(()) } else { Err(report::text(&run, false).into()) }
}

/// The trace and the capture of a run, as files hold them.
fn bytes(run: &Run) -> (Vec<u8>, Vec<u8>) {
    let mut capture = Vec::new();
    pcapng::write(&run.capture, &mut capture).expect("a vector takes all bytes");
    (run.trace.to_string().into_bytes(), capture)
}

fn repeats(scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let first = bytes(&run(scenario, SEED));
    if first != bytes(&run(scenario, SEED)) {
        return Err("two runs with one seed differ".into());
    }
    let folder = scratch::folder();
    let path = scenario_path(scenario);
    let output = Command::new(env!("CARGO_BIN_EXE_vrrplab"))
        .args(["run".as_ref(), path.as_os_str(), "--out".as_ref(), folder.as_os_str()])
        .output()?;
    let own = folder.join(&scenario.name);
    let read = |name: &str| fs::read(own.join(name)).map_err(|e| format!("{e}: {output:?}"));
    let second = (read("run.trace")?, read("capture.pcapng")?);
    fs::remove_dir_all(&folder)?;
    if first == second { Ok(()) } else { Err("another process makes another run of it".into()) }
}

/// A variant is in the file of its scenario.
fn scenario_path(scenario: &Scenario) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut name = scenario.name.as_str();
    loop {
        let own = name.rsplit('/').next().unwrap_or(name);
        for path in [root.join(format!("{name}.toml")), root.join(name).join(format!("{own}.toml"))] {
            if path.is_file() {
                return path;
            }
        }
        name = name.rsplit_once('/').expect("a scenario has a file").0;
    }
}

fn decodes(scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    let folder = scratch::folder();
    let file = folder.join("capture.pcapng");
    fs::write(&file, bytes(&run).1)?;
    let found = wireshark::dissect(&file)?;
    fs::remove_dir_all(&folder)?;
    let adverts = run.capture.frames.iter().filter(|f| matches!(Summary::of(&f.bytes), Summary::Vrrp(_)));
    if found.frames != run.capture.frames.len() || found.adverts != adverts.count() {
        return Err(
            format!("tshark sees {found:?}, the capture has {} frames", run.capture.frames.len()).into()
        );
    }
    let old = OLD_CHECKSUM.contains(&scenario.name.as_str());
    let (excused, bad): (Vec<_>, Vec<_>) =
        found.bad.into_iter().partition(|b| old && b.is_checksum_of_version_3());
    match (bad.is_empty(), old && excused.is_empty()) {
        (true, false) => Ok(()),
        (true, true) => Err("tshark finds nothing wrong: the scenario needs no exception".into()),
        (false, _) => {
            let rows: Vec<&str> = bad.iter().map(|b| b.row.as_str()).collect();
            Err(format!("malformed or wrong: {}", rows.join("\n")).into())
        }
    }
}

/// Here a node has `old_unicast_checksum`: its adverts are summed up as releases before 1.3.7 did, with the group as
/// destination, and tshark calls that wrong. Nothing else of these captures may be.
const OLD_CHECKSUM: [&str; 2] = ["vrrp/unicast-v3-old-checksum", "vrrp/unicast-v3-old-checksum-never"];

fn is_golden(scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    golden_of(scenario).compare(&run.trace).map_err(Failed::from)
}

fn stands_a_real_clock(scenario: &Arc<Scenario>) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    let (trace, capture) = noise::as_of_a_real_clock(&run.trace, &run.capture);
    let (ours, real) = (Lanes::whole(&run.trace, &run.capture), Lanes::whole(&trace, &capture));
    let tolerance = Tolerance::real(Tolerance::IDLE);
    for agreement in [agree(&ours, &real, &tolerance), agree_speakers(&ours, &real, &tolerance)] {
        agree::report(&agreement.disagreements).map_or(Ok(()), Err)?;
    }
    let mut judge = Judge::with_slack(scenario, Tolerance::IDLE);
    trace.events.iter().for_each(|event| judge.event(event));
    let judged = judge.finish(Instant::ZERO + scenario.duration);
    let differs = run.judgement.verdicts.iter().zip(&judged.verdicts).find(|(a, b)| a.outcome != b.outcome);
    differs.map_or(Ok(()), |(_, judged)| Err(format!("judged otherwise: {judged:#?}").into()))
}

fn agrees(scenario: &Arc<Scenario>, reference: &Path) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    let found = golden::differs_from_recording(reference, &run.trace, &run.capture)?;
    agree::report(&found).map_or(Ok(()), |difference| Err(difference.into()))
}

/// One frame less, one instant or act 2 ms later, one priority changed: each must show, wherever it is.
fn notices_changes(scenario: &Arc<Scenario>, reference: &Path) -> Result<(), Failed> {
    let run = run(scenario, SEED);
    let ours = Lanes::of(&run.trace, &run.capture);
    let reference = golden::recording::read(reference).map_err(|e| e.to_string())?;
    let by = Duration::from_millis(2);
    let changes: [(&str, Vec<Lanes>); 4] = [
        ("without frame", (0..).map_while(|k| reference.without_frame(k)).collect()),
        ("2 ms later at entry", (0..).map_while(|k| reference.moved(k, by)).collect()),
        ("2 ms later at act", (0..).map_while(|k| reference.with_act_moved(k, by)).collect()),
        ("another priority in advert", (0..).map_while(|k| reference.with_other_priority(k)).collect()),
    ];
    for (what, changed) in changes {
        if changed.is_empty() {
            return Err(format!("nothing to change: {what}").into());
        }
        for (k, changed) in changed.iter().enumerate() {
            if agree(&ours, changed, &Tolerance::RECORDED).holds() {
                return Err(format!("{what} {k} of the recording goes unnoticed").into());
            }
        }
    }
    Ok(())
}
