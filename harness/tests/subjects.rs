//! Different implementations as one virtual router: our engine, the real keepalived, FRR's vrrpd and commands of a user's, in pairs
//! on the real kernel, through the hand-overs of `scenarios/mixed`.
//!
//! keepalived and our engine must do all that the scenarios expect. Of FRR it is asked who speaks and has the address once a
//! hand-over is through: what it does differently on the way stands in `golden/deviations.toml`.

#[path = "tools/wants.rs"]
mod wants;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use vrrplab::files;
use vrrplab::fit::unfit;
use vrrplab::lab::{self, LabRun, Order};
use vrrplab::notes::Notes;
use vrrplab::report;
use vrrplab::subject::Subjects;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::frame::Summary;
use vrrplab_sim::scenario::Scenario;
use vrrplab_sim::trace::What;

const SEED: u64 = 1;
/// Laboratories at a time: they wait most of the time.
const AT_ONCE: usize = 32;
/// Timers later than this make a failure mean nothing.
const LATE: Duration = Duration::from_millis(60);
/// A command that is keepalived, told by its environment.
const WRAPPED: &str = "exec:exec keepalived -n -l -D -P -f $VRRPLAB_CONFIG -p /run/k.pid -r /run/v.pid";
/// A keepalived.conf as a template, which tells its states besides.
const TEMPLATE: &str = "global_defs {\n vrrp_notify_fifo /run/vrrplab/states\n}\nvrrp_instance VI_1 {\n interface {{link}}\n \
                        virtual_router_id {{vrid}}\n priority {{priority}}\n version {{version}}\n virtual_ipaddress {\n \
                        {{addresses}}\n }\n}\n";

/// Spans in seconds and milliseconds in which every hand-over of `scenarios/mixed` is through, and whose they are.
const SPANS: [(u64, u64, &str); 5] = [
    (4_600, 6_000, "a"),
    (10_200, 13_300, "b"),
    (14_700, 16_000, "a"),
    (17_900, 22_300, "b"),
    (23_700, 25_000, "a"),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/mixed");
    let mut trials = Vec::new();
    for path in files::scenarios_in(&folder).expect("the scenarios are there") {
        let file = files::read_scenario(&path).expect("a scenario that was found can be read");
        for scenario in file.scenarios.into_iter().map(Arc::new) {
            for pair in ["a=keepalived,b=engine", "a=engine,b=keepalived"] {
                trials.push(trial(&path, &scenario, pair, None, passes));
            }
            for pair in ["a=frr,b=engine", "a=engine,b=frr", "a=frr,b=keepalived", "a=keepalived,b=frr"] {
                if unfit(&scenario, &pair.parse().expect("it reads")).is_none() {
                    trials.push(trial(&path, &scenario, pair, None, hands_over));
                }
            }
            if &*scenario.name == "mixed/hand-over/v3" {
                trials.push(trial(&path, &scenario, "a=keepalived@2.3.3,b=keepalived", None, passes));
                trials.push(trial(&path, &scenario, "a=engine,b=frr@10.3", None, hands_over));
                trials.push(trial(&path, &scenario, &format!("a={WRAPPED},b=engine"), None, passes));
                let pair = format!("a=engine,b={WRAPPED}");
                trials.push(trial(&path, &scenario, &pair, Some(template()), passes));
            }
        }
    }
    trials.push(Trial::ignorable_test("a word of a template that stands for nothing is told", told));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A file with the template, which stays for the next time.
fn template() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("subjects.template");
    fs::write(&path, TEMPLATE).expect("the folder for tests can be written");
    path
}

fn trial(
    path: &Path,
    scenario: &Arc<Scenario>,
    pair: &str,
    template: Option<PathBuf>,
    check: fn(&LabRun) -> Result<(), String>,
) -> Trial {
    let subjects: Subjects = pair.parse().expect("it reads");
    let with = if template.is_some() { ", from a template" } else { "" };
    let name = format!("{} of {}{with}", scenario.name, pair.split(" -").next().unwrap_or(pair));
    let order = Order {
        input: vec![path.display().to_string()],
        scenario: Arc::clone(scenario),
        seed: SEED,
        subjects,
        template,
        later: Duration::ZERO,
        hold: false,
        uml: None,
    };
    Trial::ignorable_test(name, move || {
        for kind in order.subjects.kinds() {
            let program =
                if kind.to_string() == WRAPPED { "keepalived".to_string() } else { kind.to_string() };
            if let Some(why) = wants::missing(&program) {
                return wants::skip(&program, &why);
            }
        }
        let done = lab::run(Path::new(env!("CARGO_BIN_EXE_vrrplab")), &order)?;
        judge(&done, check(&done).and_then(|()| says_what_it_is(&done, &order)))
    })
}

fn judge(done: &LabRun, verdict: Result<(), String>) -> Result<Completion, Failed> {
    let late = done.notes.as_ref().map_or(Duration::ZERO, Notes::late_twice);
    match verdict {
        Ok(()) => Ok(Completion::Completed),
        Err(why) if late > LATE => {
            Ok(Completion::ignored_with(format!("inconclusive: timers were late by {late}: {why}")))
        }
        Err(why) => Err(why.into()),
    }
}

fn passes(done: &LabRun) -> Result<(), String> {
    match done.run.judgement.passed() {
        true => Ok(()),
        false => Err(report::text(&done.run, false)),
    }
}

/// In each span one node speaks, and at its end it has the address.
fn hands_over(done: &LabRun) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{what}\n{}", report::text(&done.run, false)));
    for (from, until, who) in SPANS {
        let [from, until] = [from, until].map(|at| Instant::ZERO + Duration::from_millis(at));
        let speakers = speakers(done, from, until);
        if speakers != [who] {
            return wrong(format!("from {from} to {until} {speakers:?} speak, and not {who}"));
        }
        if !has_address(done, who, until) {
            return wrong(format!("at {until} {who} speaks and does not have the address"));
        }
    }
    Ok(())
}

fn speakers(done: &LabRun, from: Instant, until: Instant) -> Vec<String> {
    let within = done.run.trace.events.iter().filter(|e| e.at > from && e.at < until);
    let mut found: Vec<String> = within
        .filter(|e| matches!(&e.what, What::Tx { summary: Summary::Vrrp(advert), .. } if advert.priority > 0))
        .filter_map(|e| e.host.as_ref().map(ToString::to_string))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn has_address(done: &LabRun, who: &str, at: Instant) -> bool {
    let virtual_address = |cidr: &vrrplab_engine::addr::Cidr| cidr.address.to_string().ends_with("240");
    let before = done.run.trace.events.iter().filter(|e| e.at < at && e.host.as_deref() == Some(who));
    let last = before
        .filter_map(|e| match &e.what {
            What::Address { added, cidr, .. } if virtual_address(cidr) => Some(*added),
            _ => None,
        })
        .next_back();
    last == Some(true)
}

/// Every node's trace begins with what runs there.
fn says_what_it_is(done: &LabRun, order: &Order) -> Result<(), String> {
    for node in ["a", "b"] {
        let kind = order.subjects.of(node).expect("both have one").to_string();
        let said = done.run.trace.events.iter().find_map(|e| match &e.what {
            What::Log(words) if e.host.as_deref() == Some(node) && words.starts_with("runs ") => Some(words),
            _ => None,
        });
        let said = said.ok_or_else(|| format!("{node} does not say what it runs"))?;
        let (name, print) = match kind.split('@').next().unwrap_or_default() {
            "engine" => ("vrrplab", false),
            "frr" => ("vrrpd", true),
            "keepalived" => ("keepalived", true),
            _ => ("exec ", false),
        };
        if !said.contains(name) || said.contains(", sha256 ") != print {
            return Err(format!("{node} says that it {said}"));
        }
    }
    Ok(())
}

/// A mistake in a template ends the command before anything runs, with its place.
fn told() -> Result<Completion, Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join("wrong.template");
    fs::write(&path, "id {{vrid}}\nprio {{priorty}}\n")?;
    let output = Command::new(env!("CARGO_BIN_EXE_vrrplab"))
        .args(["run", "--world", "netns", "--subject", "exec:true", "--template"])
        .arg(&path)
        .arg("scenarios/mixed/hand-over.toml")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    let words = String::from_utf8_lossy(&output.stderr);
    for part in ["wrong.template:2:6", "`priorty` stands for nothing", "{{priority}}"] {
        if !words.contains(part) {
            return Err(format!("{part} is not in\n{words}").into());
        }
    }
    match output.status.code() {
        Some(2) => Ok(Completion::Completed),
        other => Err(format!("exit code {other:?}").into()),
    }
}
