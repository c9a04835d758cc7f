//! `vrrplab run`.

use std::num::NonZeroUsize;
use std::path::Path;

use vrrplab_engine::finding::Severity;
use vrrplab_engine::time::Duration;
use vrrplab_sim::run::Run;

use super::hold::{self, Held};
use super::inputs::{self, Input};
use super::matrix;
use super::world::{self, Done, Outcome, World};
use super::{Console, Exit, Format, RunArguments};
use crate::report::junit::Junit;
use crate::sweep::in_order;
use crate::{advice, files, pcapng, report};

pub(super) fn run(arguments: &RunArguments, console: &mut Console<'_>) -> Exit {
    let cells = match arguments.place.cells() {
        Ok(cells) => cells,
        Err(why) => {
            console.complain(&format!("error: {why}\n"));
            return Exit::Input;
        }
    };
    if !arguments.place.template_is_fine(console) {
        return Exit::Input;
    }
    let inputs = match inputs::inputs(&arguments.inputs, &arguments.quick, console) {
        Ok(inputs) => inputs,
        Err(exit) => return exit,
    };
    if arguments.strict && refuse(&inputs, console) {
        return Exit::Input;
    }
    if let Some(why) = arguments.hold.and_then(|_| hold::mistake(&cells, &inputs)) {
        console.complain(&format!("error: {why}\n"));
        return Exit::Input;
    }
    if let Some(why) = world::nowhere(&cells) {
        console.complain(&format!("error: {why}\n"));
        return Exit::Machine;
    }
    if cells.len() > 1 {
        return matrix::run(arguments, &cells, &inputs, console);
    }
    let cell = &cells[0];
    let whole = arguments.timeline || inputs.len() == 1;
    let mut told = Told { whole, place: cell.words(), ..Told::default() };
    let run = |i: usize| cell.run(&inputs[i], Duration::ZERO, arguments.seed, arguments.hold.is_some());
    if arguments.hold.is_some() {
        // A laboratory ends with the thread that started it: not with one that ends before it is looked at.
        told.one(&inputs[0], run(0), arguments, console);
        return told.finish(arguments, console);
    }
    let jobs = if cell.world == World::Sim { NonZeroUsize::MIN } else { arguments.place.jobs };
    in_order(inputs.len(), jobs, run, |i, outcome| told.one(&inputs[i], outcome, arguments, console));
    told.finish(arguments, console)
}

/// What was told so far.
#[derive(Default)]
struct Told {
    /// Every run with its timeline.
    whole: bool,
    /// The words that say where.
    place: String,
    passed: usize,
    failed: usize,
    skipped: usize,
    broken: usize,
    junit: Junit,
    /// A laboratory that stays.
    held: Option<Held>,
    /// Why nothing more can be written.
    trouble: Option<String>,
}

impl Told {
    fn one(&mut self, input: &Input, outcome: Outcome, arguments: &RunArguments, console: &mut Console<'_>) {
        let name = &input.scenario.name;
        match outcome {
            Outcome::Run(mut done) => {
                self.run(input, &done, arguments, console);
                let stays = arguments.hold.is_some_and(|hold| hold.is_for(done.run.judgement.passed()));
                self.held = done.held.take().filter(|_| stays);
            }
            Outcome::Skipped(why) => {
                self.skipped += 1;
                console.say(&format!("skip  {name}: {why}\n"));
            }
            Outcome::Failed(why) => {
                self.broken += 1;
                console.complain(&format!("error: {name}: {why}\n"));
            }
        }
    }

    fn run(&mut self, input: &Input, done: &Done, arguments: &RunArguments, console: &mut Console<'_>) {
        tell_findings(input, self.whole, console);
        let run = &done.run;
        match run.judgement.passed() {
            true => self.passed += 1,
            false => self.failed += 1,
        }
        let again = format!("{}{}", input.again(), self.place);
        tell(run, &again, arguments, self.whole, console);
        if arguments.format == Format::Text
            && let Some(notes) = done.notes.as_ref().filter(|_| self.whole)
        {
            console.say(&report::notes(notes, console.colour));
        }
        if arguments.junit.is_some() {
            self.junit.add((run, &again));
        }
        if let Some(folder) = &arguments.out
            && let Err(error) = write(run, &folder.join(&input.scenario.name))
        {
            self.trouble.get_or_insert(error);
        }
    }

    fn finish(self, arguments: &RunArguments, console: &mut Console<'_>) -> Exit {
        let written = match &arguments.junit {
            Some(path) => files::write_whole(path, self.junit.xml().as_bytes()),
            None => Ok(()),
        };
        for error in [self.trouble.as_ref(), written.as_ref().err()].into_iter().flatten() {
            console.complain(&format!("error: {error}\n"));
        }
        if arguments.format == Format::Text && self.passed + self.failed + self.skipped + self.broken > 1 {
            let skipped =
                if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
            let broken =
                if self.broken > 0 { format!(", {} did not run", self.broken) } else { String::new() };
            console.say(&format!("\n{} passed, {} failed{skipped}{broken}\n", self.passed, self.failed));
        }
        if let Some(held) = &self.held {
            hold::wait(held, console);
        }
        let nothing_ran = self.passed + self.failed == 0;
        if self.trouble.is_some() || written.is_err() || self.broken > 0 || nothing_ran {
            Exit::Machine
        } else if self.failed > 0 {
            Exit::Fail
        } else {
            Exit::Pass
        }
    }
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

fn tell(run: &Run, again: &str, arguments: &RunArguments, whole: bool, console: &mut Console<'_>) {
    if arguments.format == Format::Json {
        return console.say(&format!("{}\n", report::json(run)));
    }
    let text = match whole {
        true => report::text(run, console.colour),
        false => report::brief(run, console.colour),
    };
    console.say(&text);
    if !run.judgement.passed() {
        console.say(&format!("  again   vrrplab run {again} --seed {}\n", arguments.seed));
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
