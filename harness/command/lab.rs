//! `vrrplab lab`: the process of a laboratory on the real kernel. For `vrrplab run --world netns`, not for people.

use std::path::PathBuf;

use clap::Args;
use vrrplab_engine::time::Duration;

use super::{Console, Exit, QuickArguments, inputs};
use crate::lab::{self, Clock, Order, confine};
use crate::subject::Subjects;
use crate::uml;

#[derive(Args, Clone, Debug)]
pub(super) struct LabArguments {
    /// Scenario files or keepalived.conf files
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The process that it ends with
    #[arg(long)]
    parent: u32,
    /// Which of the scenarios
    #[arg(long)]
    scenario: String,
    /// What chance is drawn from
    #[arg(long)]
    seed: u64,
    /// What runs on the nodes
    #[arg(long)]
    subject: Subjects,
    /// How much later the script is to be
    #[arg(long, default_value = "0s")]
    later: Duration,
    /// What configurations of programs of the user's are made of
    #[arg(long)]
    template: Option<PathBuf>,
    /// Stay after the run until standard input is closed
    #[arg(long)]
    hold: bool,
    /// The User Mode Linux kernel that it runs on
    #[arg(long, conflicts_with = "hold")]
    uml: Option<PathBuf>,
    /// For how many seconds it may run there
    #[arg(long, default_value_t = 600)]
    limit: u64,
    /// It runs on such a kernel already
    #[arg(long, hide = true)]
    virtual_clock: bool,
    #[command(flatten)]
    quick: QuickArguments,
}

pub(super) fn lab(arguments: &LabArguments, console: &mut Console<'_>) -> Exit {
    if let Some(kernel) = &arguments.uml {
        let limit = std::time::Duration::from_secs(arguments.limit);
        return finish(uml::launch(kernel, arguments.parent, limit, console.out), console);
    }
    let found = match inputs::inputs(&arguments.inputs, &arguments.quick, console) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let Some(input) = found.into_iter().find(|input| input.scenario.name == arguments.scenario) else {
        console.complain(&format!("error: no scenario {}\n", arguments.scenario));
        return Exit::Input;
    };
    let order = Order {
        input: Vec::new(),
        scenario: input.scenario,
        later: arguments.later,
        seed: arguments.seed,
        subjects: arguments.subject.clone(),
        template: arguments.template.clone(),
        hold: arguments.hold,
        uml: None,
    };
    let clock = if arguments.virtual_clock { Clock::Virtual } else { Clock::Real };
    finish(confine::enter(arguments.parent).and_then(|_| lab::serve(&order, clock, console.out)), console)
}

fn finish(done: Result<(), String>, console: &mut Console<'_>) -> Exit {
    match done {
        Ok(()) => Exit::Pass,
        Err(error) => {
            console.complain(&format!("{error}\n"));
            Exit::Machine
        }
    }
}
