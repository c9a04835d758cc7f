//! `vrrplab run`.

use std::path::Path;

use vrrplab_engine::finding::Severity;
use vrrplab_sim::run::{Run, run as run_scenario};

use super::inputs::{self, Input};
use super::{Console, Exit, Format, RunArguments};
use crate::report::junit::Junit;
use crate::{advice, files, pcapng, report};

pub(super) fn run(arguments: &RunArguments, console: &mut Console<'_>) -> Exit {
    let inputs = match inputs::inputs(&arguments.inputs, &arguments.quick, console) {
        Ok(inputs) => inputs,
        Err(exit) => return exit,
    };
    if arguments.strict && refuse(&inputs, console) {
        return Exit::Input;
    }
    let whole = arguments.timeline || inputs.len() == 1;
    let mut exit = Exit::Pass;
    let mut failed = 0;
    let mut junit = Junit::default();
    for input in &inputs {
        tell_findings(input, whole, console);
        let run = run_scenario(&input.scenario, arguments.seed);
        if !run.judgement.passed() {
            failed += 1;
            exit = exit.max(Exit::Fail);
        }
        tell(&run, input, arguments, whole, console);
        if arguments.junit.is_some() {
            junit.add((&run, &input.again));
        }
        if let Some(folder) = &arguments.out
            && let Err(error) = write(&run, &folder.join(&input.scenario.name))
        {
            console.complain(&format!("error: {error}\n"));
            return Exit::Machine;
        }
    }
    if let Some(path) = &arguments.junit
        && let Err(error) = files::write_whole(path, junit.xml().as_bytes())
    {
        console.complain(&format!("error: {error}\n"));
        return Exit::Machine;
    }
    if arguments.format == Format::Text && inputs.len() > 1 {
        console.say(&format!("\n{} passed, {failed} failed\n", inputs.len() - failed));
    }
    exit
}

/// `--strict`: whether anything is wrong with a configuration, after telling what.
fn refuse(inputs: &[Input], console: &mut Console<'_>) -> bool {
    let mut wrong = false;
    for input in inputs {
        let mut here = false;
        for advice in advice::advice(&advice::nodes(&input.scenario), true) {
            let worth = advice.findings.iter().filter(|f| f.severity > Severity::Note);
            let worth: Vec<_> = worth.cloned().collect();
            here |= !worth.is_empty();
            console.findings(&worth, &advice.reading.sources);
        }
        if here {
            console.complain(&format!("error: {}: not run, because of --strict\n", input.scenario.name));
        }
        wrong |= here;
    }
    wrong
}

/// What the daemons would complain about, and what we have to say besides; where many scenarios run, only what
/// keeps one from starting. Mere advice is for `vrrplab check`.
fn tell_findings(input: &Input, all: bool, console: &mut Console<'_>) {
    for advice in advice::advice(&advice::nodes(&input.scenario), true) {
        let worth = advice.findings.iter().filter(|f| match f.severity {
            Severity::Error => true,
            Severity::Warning => all,
            Severity::Note => all && !advice::is_lint(f),
        });
        console.findings(&worth.cloned().collect::<Vec<_>>(), &advice.reading.sources);
    }
}

fn tell(run: &Run, input: &Input, arguments: &RunArguments, whole: bool, console: &mut Console<'_>) {
    if arguments.format == Format::Json {
        return console.say(&format!("{}\n", report::json(run)));
    }
    let text = match whole {
        true => report::text(run, console.colour),
        false => report::brief(run, console.colour),
    };
    console.say(&text);
    if !run.judgement.passed() {
        console.say(&format!("  again   vrrplab run {} --seed {}\n", input.again, arguments.seed));
    }
}

/// Trace, capture and report below `folder`, each whole or not at all.
fn write(run: &Run, folder: &Path) -> Result<(), String> {
    let mut capture = Vec::new();
    pcapng::write(&run.capture, &mut capture).map_err(|e| format!("{}: {e}", folder.display()))?;
    files::write_whole(&folder.join("run.trace"), run.trace.to_string().as_bytes())?;
    files::write_whole(&folder.join("capture.pcapng"), &capture)?;
    files::write_whole(&folder.join("report.txt"), report::text(run, false).as_bytes())?;
    files::write_whole(&folder.join("report.json"), format!("{}\n", report::json(run)).as_bytes())
}
