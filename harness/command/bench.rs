//! `vrrplab bench election`.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use vrrplab_engine::time::Duration;
use vrrplab_sim::run::run as run_scenario;
use vrrplab_sim::scenario::{Impairment, Share};

use super::inputs::{self, Input};
use super::{Console, Exit, QuickArguments};
use crate::bench::{self, Distribution, Plan, law};
use crate::files;
use crate::report::availability::{Rates, Span, availability};
use crate::report::{self, Paint, distribution};

#[derive(Args, Clone, Debug)]
pub(super) struct ElectionArguments {
    /// A scenario file, or keepalived.conf files with acts
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// How many runs
    #[arg(long, default_value = "1000", value_name = "N")]
    runs: NonZero<u64>,
    /// The seed of the first run; the others follow
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many runs at once; changes nothing else [default: one a core]
    #[arg(long, value_name = "T")]
    threads: Option<NonZero<usize>>,
    /// Let nodes start anywhere within an advert interval, too
    #[arg(long)]
    vary_starts: bool,
    /// Every segment loses this share of its frames, as in 5%
    #[arg(long, value_name = "SHARE")]
    loss: Option<Share>,
    /// Every frame is later by anything up to this, as in 20ms; frames may overtake one another
    #[arg(long, value_name = "TIME")]
    jitter: Option<Duration>,
    /// For people, for spreadsheets, or for machines: one JSON object a scenario and line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write there what would be printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write every sample there, for --baseline
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Compare with what was saved there; exit code 1 if anything takes longer beyond noise
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Show each run as `vrrplab run` does, in place of the distribution
    #[arg(long, conflicts_with_all = ["save", "baseline", "mtbf"])]
    timeline: bool,
    /// Mean time between failures of the active node, as in 30d; several add up
    #[arg(long, value_name = "TIME")]
    mtbf: Vec<Span>,
    /// How long its repair takes by hand, to compare with having no backup
    #[arg(long, value_name = "TIME", requires = "mtbf")]
    repair: Option<Span>,
    #[command(flatten)]
    quick: QuickArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Format {
    Table,
    Csv,
    Json,
}

pub(super) fn election(arguments: &ElectionArguments, console: &mut Console<'_>) -> Exit {
    let inputs = match inputs::inputs(&arguments.inputs, &arguments.quick, console) {
        Ok(inputs) => inputs,
        Err(exit) => return exit,
    };
    let baseline = match arguments.baseline.as_deref().map(bench::read).transpose() {
        Ok(baseline) => baseline,
        Err(error) => return refuse(&error, Exit::Input, console),
    };
    if arguments.timeline {
        return timelines(&inputs, arguments, console);
    }
    let mut all: Vec<Distribution> = Vec::new();
    for input in &inputs {
        let distribution = arguments.plan(input).distribution();
        if distribution.groups.is_empty() {
            let why = "no address was taken over in any run; an act such as `crash` would cause it";
            return refuse(&format!("{}: {why}", distribution.scenario), Exit::Fail, console);
        }
        all.push(distribution);
    }
    let text = arguments.text(&inputs, &all, console.colour && arguments.out.is_none());
    match &arguments.out {
        None => console.say(&text),
        Some(path) => {
            if let Err(error) = files::write_whole(path, text.as_bytes()) {
                return refuse(&error, Exit::Machine, console);
            }
        }
    }
    let exit = baseline.map_or(Exit::Pass, |baseline| compare(arguments, &inputs, &baseline, &all, console));
    if let Some(path) = &arguments.save
        && let Err(error) = bench::write(path, all)
    {
        return refuse(&error, Exit::Machine, console);
    }
    exit
}

fn refuse(why: &str, exit: Exit, console: &mut Console<'_>) -> Exit {
    console.complain(&format!("error: {why}\n"));
    exit
}

impl ElectionArguments {
    fn plan(&self, input: &Input) -> Plan {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let impairment = Impairment {
            loss: self.loss.unwrap_or_default(),
            jitter: self.jitter.unwrap_or_default(),
            ..Impairment::default()
        };
        let scenario = match impairment == Impairment::default() {
            true => Arc::clone(&input.scenario),
            false => Arc::new(input.scenario.impaired(impairment)),
        };
        Plan {
            scenario,
            first: self.seed,
            runs: self.runs.get(),
            threads: self.threads.unwrap_or_else(cores).get(),
            starts: self.vary_starts,
        }
    }

    /// The options that change what a run is, as they are written.
    fn words(&self) -> String {
        let loss = self.loss.map_or(String::new(), |loss| format!(" --loss {loss}"));
        let jitter = self.jitter.map_or(String::new(), |jitter| format!(" --jitter {jitter}"));
        format!("{loss}{jitter}{}", if self.vary_starts { " --vary-starts" } else { "" })
    }

    fn text(&self, inputs: &[Input], all: &[Distribution], colour: bool) -> String {
        let rates = Rates { mtbf: self.mtbf.clone(), repair: self.repair.as_ref().map(|span| span.time) };
        let paint = Paint::new(colour);
        match self.format {
            Format::Csv => distribution::csv(all),
            Format::Json => all.iter().map(distribution::json).collect(),
            Format::Table => {
                let tables = inputs.iter().zip(all).map(|(input, all)| {
                    let table = distribution::table(all, input.scenario.interval(), colour);
                    match rates.mtbf.is_empty() {
                        true => table,
                        false => table + &availability(all, &rates, paint),
                    }
                });
                tables.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// Each run as it happened.
fn timelines(inputs: &[Input], arguments: &ElectionArguments, console: &mut Console<'_>) -> Exit {
    for input in inputs {
        let plan = arguments.plan(input);
        for seed in plan.first..plan.first + plan.runs {
            let run = run_scenario(&plan.scenario_of(seed), seed);
            console.say(&report::text(&run, console.colour));
        }
    }
    Exit::Pass
}

/// Tells what is slower than in the baseline. A scenario that is not in it is an error: nothing would be compared.
fn compare(
    arguments: &ElectionArguments,
    inputs: &[Input],
    baseline: &[Distribution],
    all: &[Distribution],
    console: &mut Console<'_>,
) -> Exit {
    let mut exit = Exit::Pass;
    let mut text = String::new();
    for (input, now) in inputs.iter().zip(all) {
        let Some(before) = baseline.iter().find(|before| before.scenario == now.scenario) else {
            let names: Vec<&str> = baseline.iter().map(|b| b.scenario.as_str()).collect();
            let why = format!("the baseline knows {}, not {}", names.join(", "), now.scenario);
            return refuse(&why, Exit::Input, console);
        };
        let rises = law::rises(before, now);
        let again = format!("{}{}", input.again(), arguments.words());
        for rise in &rises {
            text.push_str(&distribution::rise(rise, &again, Paint::new(console.err_colour)));
        }
        if rises.is_empty() {
            let runs = before.runs;
            text.push_str(&format!(
                "{}: nothing takes longer than in the {runs} runs before\n",
                now.scenario
            ));
        } else {
            exit = Exit::Fail;
        }
    }
    console.complain(&text);
    exit
}
