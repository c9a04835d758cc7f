//! Every scenario in a world with real daemons, held against the simulator. [`worlds`] is what a test of such a world does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use vrrplab::agreement::{self, Verdict};
use vrrplab::fit::{lacks, unfit};
use vrrplab::golden::deviations::Deviations;
use vrrplab::lab::{self, Order};
use vrrplab::netem::NO_NETEM;
use vrrplab::subject::Subjects;
use vrrplab::{files, report};
use vrrplab_engine::time::Duration;
use vrrplab_sim::run::run as simulate;
use vrrplab_sim::scenario::Scenario;

use crate::{known, wants};

const SEED: u64 = 1;

/// A world with real daemons.
pub(crate) struct World {
    /// Its name.
    pub(crate) name: &'static str,
    /// What runs there.
    pub(crate) subjects: &'static [&'static str],
    /// Laboratories at a time.
    pub(crate) at_once: usize,
    /// A scenario that takes longer than this is for who has the time: `vrrplab run --world sim,NAME`.
    pub(crate) longest: Duration,
    /// The kernel that it runs on; none for the machine's own. The error is why there is none.
    pub(crate) kernel: Option<Result<PathBuf, String>>,
}

static RUNS: AtomicUsize = AtomicUsize::new(0);
static INCONCLUSIVE: AtomicUsize = AtomicUsize::new(0);

/// Runs every scenario there.
pub(crate) fn worlds(world: World) -> ExitCode {
    let world = Arc::new(world);
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(world.at_once);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for path in files::scenarios_in(&root.join("scenarios")).expect("the scenarios are there") {
        let file = files::read_scenario(&path).expect("a scenario that was found can be read");
        all.extend(
            file.scenarios.into_iter().map(|scenario| (path.display().to_string(), Arc::new(scenario))),
        );
    }
    // The long ones first: nobody waits for them at the end.
    all.sort_by_key(|(_, scenario)| std::cmp::Reverse(scenario.duration));
    let known = known::deviations(all.iter().map(|(_, scenario)| scenario.name.as_str()));
    let known = Arc::new(known.unwrap_or_else(|mistakes| panic!("{mistakes}")));
    let mut trials = Vec::new();
    for (path, scenario) in &all {
        for &subject in world.subjects {
            trials.push(trial(&world, path, scenario, subject, &known));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let (runs, unsure) = (RUNS.load(Ordering::Relaxed), INCONCLUSIVE.load(Ordering::Relaxed));
    if unsure > 0 {
        println!("{unsure} of {runs} runs were inconclusive: this machine was too late");
    }
    if unsure * 20 > runs {
        println!("that is more than one in twenty");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn trial(
    world: &Arc<World>,
    path: &str,
    scenario: &Arc<Scenario>,
    subject: &'static str,
    known: &Arc<Deviations>,
) -> Trial {
    let (world, path) = (Arc::clone(world), path.to_string());
    let (scenario, known) = (Arc::clone(scenario), Arc::clone(known));
    let name = format!("{} on {subject} agrees", scenario.name);
    Trial::ignorable_test(name, move || {
        if scenario.duration > world.longest {
            return Ok(Completion::ignored_with(format!("takes {}", scenario.duration)));
        }
        let subjects: Subjects = subject.parse()?;
        if let Some(why) = unfit(&scenario, &subjects) {
            return Ok(Completion::ignored_with(why));
        }
        if let Some(why) = wants::missing(subject) {
            return wants::skip(subject, &why);
        }
        if let Some(why) = lacks(&scenario) {
            return wants::skip("services", &why);
        }
        match &world.kernel {
            Some(Err(why)) => wants::skip(world.name, why),
            _ => agrees(&world, path, &scenario, &subjects, &known),
        }
    })
}

fn agrees(
    world: &World,
    path: String,
    scenario: &Arc<Scenario>,
    subjects: &Subjects,
    known: &Deviations,
) -> Result<Completion, Failed> {
    let subject = subjects.to_string();
    let again = format!("again: vrrplab run --world sim,{} --subject {subject} {path}", world.name);
    let uml = world.kernel.clone().transpose()?;
    // On a virtual clock nothing hangs on the machine.
    let later = if uml.is_none() { agreement::calm(scenario, SEED) } else { Duration::ZERO };
    let order = Order {
        input: vec![path],
        scenario: Arc::clone(scenario),
        later,
        seed: SEED,
        subjects: subjects.clone(),
        template: None,
        hold: false,
        uml,
    };
    let done = match lab::run(Path::new(env!("CARGO_BIN_EXE_vrrplab")), &order) {
        Err(why) if why.contains(NO_NETEM) => return wants::skip("netem", NO_NETEM),
        done => done?,
    };
    RUNS.fetch_add(1, Ordering::Relaxed);
    let ours = simulate(&Arc::new(scenario.later(later)), SEED);
    let verdict = agreement::compare(&ours, &done.run, done.notes.as_ref(), subjects.are_coarse());
    let (found, late) = match verdict {
        Verdict::Agrees(_) => (Vec::new(), None),
        Verdict::Differs(agreement) => (agreement.disagreements, None),
        Verdict::Inconclusive(late, agreement) => (agreement.disagreements, Some(late)),
    };
    let explained = known.apply(&scenario.name, world.name, &subject, &found);
    match (explained.report(), late) {
        (Some(_), Some(late)) => {
            INCONCLUSIVE.fetch_add(1, Ordering::Relaxed);
            return Ok(Completion::ignored_with(format!(
                "inconclusive: daemons may have been late by {late}"
            )));
        }
        (Some(difference), None) => {
            return Err(format!(
                "{difference}{}{again}",
                done.notes.map(|notes| report::notes(&notes, false)).unwrap_or_default()
            )
            .into());
        }
        (None, _) => {}
    }
    match explained.unused.first() {
        Some(row) if late.is_none() => Err(row.unused().message.into()),
        _ => Ok(Completion::Completed),
    }
}
