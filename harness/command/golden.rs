//! `vrrplab golden`: the accepted runs. Accepting is never automatic.

use vrrplab_sim::run::{Run, run};

use super::inputs::scenarios;
use super::{Console, Exit, GoldenArguments};
use crate::golden::{Golden, agree_with_recording};

/// Accepted runs were made with this seed.
const SEED: u64 = 1;

pub(super) fn check(arguments: &GoldenArguments, console: &mut Console<'_>) -> Exit {
    each(arguments, console, |run, golden, console| {
        let mut same = true;
        if let Err(difference) = golden.compare(&run.trace) {
            same = false;
            console.say(&format!("{}: {difference}\n\n", run.scenario.name));
        }
        for reference in golden.references() {
            let outcome = match agree_with_recording(&reference.folder, &run.trace, &run.capture) {
                Ok(None) => continue,
                Ok(Some(difference)) => difference,
                Err(error) => error.to_string(),
            };
            same = false;
            console.say(&format!("{} differs from {}\n{outcome}\n", run.scenario.name, reference.name));
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
