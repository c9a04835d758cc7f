//! Where runs take place and what runs in them: `--world`, `--subject`, `--jobs`.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use vrrplab_engine::time::Duration;
use vrrplab_sim::run::{Run, run as run_in_simulator};

use super::inputs::Input;
use crate::fit::unfit;
use crate::notes::Notes;
use crate::subject::{Subject, Subjects};

/// A world.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum World {
    /// The simulator: a virtual clock, our engine
    Sim,
    /// Network namespaces of this machine: real clocks, real daemons
    Netns,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            World::Sim => "sim",
            World::Netns => "netns",
        })
    }
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Where")]
pub(super) struct WorldArguments {
    /// Where it runs; several, as in sim,netns, are compared with the first
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sim")]
    pub(super) world: Vec<World>,
    /// What runs on the nodes: engine, keepalived, or each node's own as in ka1=keepalived,ka2=engine; several are
    /// compared with the first [default: engine]
    #[arg(long, value_name = "SUBJECT")]
    pub(super) subject: Vec<String>,
    /// How many runs at a time in a world with a real clock
    #[arg(long, value_name = "N", default_value = "4")]
    pub(super) jobs: NonZeroUsize,
}

/// A world and what runs there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub(super) world: World,
    pub(super) subjects: Subjects,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.world, self.subjects)
    }
}

/// What came of a scenario in a cell.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It ran.
    Run(Box<Done>),
    /// This world cannot do it, and why.
    Skipped(String),
    /// It could have been, and was not.
    Failed(String),
}

/// A run, and how well the machine kept up where there was one.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) run: Run,
    pub(super) notes: Option<Notes>,
}

impl WorldArguments {
    /// The cells that are asked for; the error is what is wrong with the words.
    pub(super) fn cells(&self) -> Result<Vec<Cell>, String> {
        let mut subjects: Vec<Subjects> = Vec::new();
        for words in &self.subject {
            // With an `=` it is one subject for each node, without a list of subjects for all.
            let parts = if words.contains('=') { vec![words.as_str()] } else { words.split(',').collect() };
            subjects.extend(parts.into_iter().map(str::parse).collect::<Result<Vec<_>, _>>()?);
        }
        let engine = Subjects::all(Subject::Engine);
        if subjects.is_empty() {
            subjects.push(engine.clone());
        }
        let mut cells = Vec::new();
        for &world in &self.world {
            match world {
                World::Sim if subjects.contains(&engine) => {
                    cells.push(Cell { world, subjects: engine.clone() });
                }
                World::Sim if self.world.len() > 1 => {}
                World::Sim => {
                    return Err("the simulator runs our engine: --world netns for others".to_string());
                }
                World::Netns => cells.extend(subjects.iter().map(|s| Cell { world, subjects: s.clone() })),
            }
        }
        Ok(cells)
    }
}

impl Cell {
    /// The words that choose this cell, each with a blank before it; none for what is usual.
    pub(super) fn words(&self) -> String {
        match self.world {
            World::Sim => String::new(),
            World::Netns => format!(" --world netns --subject {}", self.subjects),
        }
    }

    /// Whether only who speaks can be compared here.
    pub(super) fn is_coarse(&self) -> bool {
        false
    }

    /// Runs a scenario here.
    pub(super) fn run(&self, input: &Input, later: Duration, seed: u64) -> Outcome {
        match self.world {
            World::Sim => Outcome::Run(Box::new(Done {
                run: run_in_simulator(&Arc::new(input.scenario.later(later)), seed),
                notes: None,
            })),
            World::Netns => self.run_in_laboratory(input, later, seed),
        }
    }

    fn run_in_laboratory(&self, input: &Input, later: Duration, seed: u64) -> Outcome {
        match unfit(&input.scenario) {
            Some(why) => Outcome::Skipped(why),
            None => self.laboratory(input, later, seed),
        }
    }

    #[cfg(not(feature = "netns"))]
    fn laboratory(&self, _: &Input, _: Duration, _: u64) -> Outcome {
        Outcome::Failed("built without the real kernel: cargo build --features netns".to_string())
    }

    #[cfg(feature = "netns")]
    fn laboratory(&self, input: &Input, later: Duration, seed: u64) -> Outcome {
        use crate::lab::{self, Order};
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return Outcome::Failed(format!("our own program: {error}")),
        };
        let order = Order {
            input: input.words.clone(),
            scenario: Arc::clone(&input.scenario),
            later,
            seed,
            subjects: self.subjects.clone(),
        };
        match lab::run(&program, &order) {
            Ok(done) => Outcome::Run(Box::new(Done { run: done.run, notes: Some(done.notes) })),
            Err(why) => Outcome::Failed(why),
        }
    }
}
