//! `vrrplab golden`: the accepted runs, and those of real daemons. Accepting is never automatic.

use std::num::NonZeroUsize;

use vrrplab_engine::time::Duration;
use vrrplab_sim::agree::{Tolerance, report};
use vrrplab_sim::run::{Run, run};

use super::inputs::scenarios;
use super::world::{self, Cell, Outcome, World};
use super::{Console, Exit, GoldenArguments, RecordArguments};
use crate::golden::recorded::Change;
use crate::golden::{Golden, differs_from_recording};
use crate::sweep::in_order;

/// Accepted runs were made with this seed.
const SEED: u64 = 1;

pub(super) fn check(arguments: &GoldenArguments, console: &mut Console<'_>) -> Exit {
    each(arguments, console, |run, golden, console| {
        let mut same = true;
        if let Err(difference) = golden.compare(&run.trace) {
            same = false;
            console.say(&format!("{}: {difference}\n\n", run.scenario.name));
        }
        let recordings = golden.references().into_iter().map(|reference| {
            let outcome = differs_from_recording(&reference.folder, &run.trace, &run.capture);
            (reference.name, outcome.map_err(|error| error.to_string()))
        });
        let runs = golden.recorded().into_iter().map(|recorded| {
            let outcome = recorded.differs_from(run, &Tolerance::RECORDED);
            (recorded.name, outcome)
        });
        for (name, outcome) in recordings.chain(runs) {
            let (Ok(Some(difference)) | Err(difference)) = outcome.map(|found| report(&found)) else {
                continue;
            };
            same = false;
            console.say(&format!("{} differs from {name}\n{difference}\n", run.scenario.name));
        }
        if same {
            console.say(&format!("same {}\n", run.scenario.name));
        }
        if same { Exit::Pass } else { Exit::Fail }
    })
}

pub(super) fn accept(arguments: &GoldenArguments, console: &mut Console<'_>) -> Exit {
    each(arguments, console, |run, golden, console| match golden.accept(&run.trace) {
        Ok(true) => {
            console.say(&format!("accepted {}: read the difference\n", run.scenario.name));
            Exit::Pass
        }
        Ok(false) => {
            console.say(&format!("same {}\n", run.scenario.name));
            Exit::Pass
        }
        Err(error) => {
            console.complain(&format!("error: {error}\n"));
            Exit::Machine
        }
    })
}

/// Runs scenarios with a real daemon on the virtual clock, and keeps the runs.
pub(super) fn record(arguments: &RecordArguments, console: &mut Console<'_>) -> Exit {
    let cell = Cell { world: World::Uml, subjects: arguments.subject.clone(), template: None };
    if let Some(why) = world::nowhere(std::slice::from_ref(&cell)) {
        console.complain(&format!("error: {why}\n"));
        return Exit::Machine;
    }
    let inputs = match scenarios(&arguments.golden.inputs, console) {
        Ok(inputs) => inputs,
        Err(exit) => return exit,
    };
    // One a processor: nobody waits.
    let jobs = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut exit = Exit::Pass;
    let run = |i: usize| cell.run(&inputs[i], Duration::ZERO, SEED, false);
    in_order(inputs.len(), jobs, run, |i, outcome| {
        let name = &inputs[i].scenario.name;
        let done = match outcome {
            Outcome::Run(done) => Golden::of(&arguments.golden.golden, name).record(&done.run),
            Outcome::Skipped(why) => return console.say(&format!("skip {name}: {why}\n")),
            Outcome::Failed(why) => Err(why),
        };
        match done {
            Ok(Change::New) => console.say(&format!("recorded {name}\n")),
            Ok(Change::Same) => console.say(&format!("same {name}\n")),
            Ok(Change::Another(difference)) => {
                exit = exit.max(Exit::Fail);
                console.say(&format!("recorded {name}, which was another run before:\n{difference}\n"));
            }
            Err(why) => {
                exit = exit.max(Exit::Machine);
                console.complain(&format!("error: {name}: {why}\n"));
            }
        }
    });
    exit
}

fn each(
    arguments: &GoldenArguments,
    console: &mut Console<'_>,
    mut act: impl FnMut(&Run, &Golden, &mut Console<'_>) -> Exit,
) -> Exit {
    let inputs = match scenarios(&arguments.inputs, console) {
        Ok(inputs) => inputs,
        Err(exit) => return exit,
    };
    let mut exit = Exit::Pass;
    for input in inputs {
        let golden = Golden::of(&arguments.golden, &input.scenario.name);
        exit = exit.max(act(&run(&input.scenario, SEED), &golden, console));
    }
    exit
}
