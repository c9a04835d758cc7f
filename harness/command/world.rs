//! Where runs take place and what runs in them: `--world`, `--subject`, `--jobs`.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use vrrplab_engine::time::Duration;
use vrrplab_sim::run::{Run, run as run_in_simulator};

use super::Console;
use super::hold::Held;
use super::inputs::Input;
use crate::files;
use crate::fit::{lacks, unfit};
use crate::notes::Notes;
use crate::roots;
use crate::subject::{Subject, Subjects};
use crate::template::Template;

#[cfg(not(feature = "netns"))]
const NOT_BUILT: &str = "built without the real kernel: cargo build --features netns";

/// A world.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum World {
    /// The simulator: a virtual clock, our engine
    Sim,
    /// Network namespaces of this machine: real clocks, real daemons
    Netns,
    /// The same on a kernel of its own with a virtual clock (User Mode Linux): real daemons, no waiting, no noise
    Uml,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            World::Sim => "sim",
            World::Netns => "netns",
            World::Uml => "uml",
        })
    }
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Where")]
pub(super) struct WorldArguments {
    /// Where it runs; several, as in sim,netns, are compared with the first
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sim")]
    pub(super) world: Vec<World>,
    /// What runs on the nodes: engine, keepalived, frr, exec:COMMAND, or each node's own as in
    /// ka1=keepalived,ka2=engine; several are compared with the first [default: engine]
    ///
    /// keepalived and frr are what is installed; keepalived@2.3.3 and frr@10.3 are started from the root folders of these
    /// names in VRRPLAB_ROOTS or in the cache folder, where ci/roots/build.sh makes them.
    ///
    /// A command of exec: is given to /bin/sh -c on its node, with VRRPLAB_NODE (the node's name), VRRPLAB_CONFIG (a
    /// file: the node's keepalived.conf, or what --template makes of it), VRRPLAB_LINK_0 and so on (its links) and
    /// VRRPLAB_STATES (a FIFO for its states, as in INSTANCE "VI_1" MASTER 100). It stays in the foreground, is stopped by
    /// SIGTERM, and its commas end where another subject follows one.
    #[arg(long, value_name = "SUBJECT")]
    pub(super) subject: Vec<String>,
    /// What VRRPLAB_CONFIG is made of: {{node}}, {{link}}, {{vrid}}, {{priority}}, {{interval_ms}}, {{version}} (2, 3),
    /// {{preempt}} (yes, no) and {{addresses}} stand for what the node's first vrrp_instance says
    #[arg(long, value_name = "FILE")]
    pub(super) template: Option<PathBuf>,
    /// How many runs at a time in a world with a real clock
    #[arg(long, value_name = "N", default_value = "4")]
    pub(super) jobs: NonZeroUsize,
}

/// A world and what runs there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub(super) world: World,
    pub(super) subjects: Subjects,
    /// What configurations of programs of the user's are made of.
    pub(super) template: Option<PathBuf>,
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
    /// The laboratory, if it is to stay and there is one.
    pub(super) held: Option<Held>,
}

impl WorldArguments {
    /// The cells that are asked for; the error is what is wrong with the words.
    pub(super) fn cells(&self) -> Result<Vec<Cell>, String> {
        let mut subjects: Vec<Subjects> = Vec::new();
        for words in &self.subject {
            subjects.extend(Subjects::list(words)?);
        }
        let engine = Subjects::all(Subject::Engine);
        if subjects.is_empty() {
            subjects.push(engine.clone());
        }
        let mut cells = Vec::new();
        for &world in &self.world {
            match world {
                World::Sim if subjects.contains(&engine) => {
                    cells.push(Cell { world, subjects: engine.clone(), template: None });
                }
                World::Sim if self.world.len() > 1 => {}
                World::Sim => {
                    return Err("the simulator runs our engine: --world netns for others".to_string());
                }
                World::Netns | World::Uml => cells.extend(subjects.iter().map(|subjects| {
                    let template = self.template.clone();
                    Cell { world, subjects: subjects.clone(), template }
                })),
            }
        }
        Ok(cells)
    }
}

impl WorldArguments {
    /// Whether the template is fine, after telling what is wrong with it.
    pub(super) fn template_is_fine(&self, console: &mut Console<'_>) -> bool {
        let Some(path) = &self.template else { return true };
        match files::read_source(path).map(|source| (Template::new(source.clone()), source)) {
            Ok((Ok(_), _)) => return true,
            Ok((Err(wrong), source)) => console.findings(&wrong, &[source]),
            Err(error) => console.complain(&format!("error: {error}\n")),
        }
        false
    }
}

/// Why none of this can run here.
pub(super) fn nowhere(cells: &[Cell]) -> Option<String> {
    let uml = cells.iter().any(|cell| cell.world == World::Uml);
    #[cfg(feature = "netns")]
    let kernel = uml.then(crate::uml::kernel).and_then(Result::err);
    #[cfg(not(feature = "netns"))]
    let kernel = uml.then(|| NOT_BUILT.to_string());
    kernel.or_else(|| cells.iter().flat_map(|cell| cell.subjects.kinds()).find_map(roots::missing))
}

/// As one types it: commands need quotes.
fn quoted(subjects: &Subjects) -> String {
    let text = subjects.to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "=,:._-/@+~".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

impl Cell {
    /// The words that choose this cell, each with a blank before it; none for what is usual.
    pub(super) fn words(&self) -> String {
        match self.world {
            World::Sim => String::new(),
            World::Netns | World::Uml => {
                let template = self.template.iter().map(|path| format!(" --template {}", path.display()));
                let template: String = template.collect();
                format!(" --world {} --subject {}{template}", self.world, quoted(&self.subjects))
            }
        }
    }

    /// Whether only who speaks can be compared here.
    pub(super) fn is_coarse(&self) -> bool {
        self.subjects.are_coarse()
    }

    /// Runs a scenario here; a laboratory stays if it is to.
    pub(super) fn run(&self, input: &Input, later: Duration, seed: u64, hold: bool) -> Outcome {
        match self.world {
            World::Sim => Outcome::Run(Box::new(Done {
                run: run_in_simulator(&Arc::new(input.scenario.later(later)), seed),
                notes: None,
                held: None,
            })),
            World::Netns | World::Uml => self.run_in_laboratory(input, later, seed, hold),
        }
    }

    fn run_in_laboratory(&self, input: &Input, later: Duration, seed: u64, hold: bool) -> Outcome {
        match unfit(&input.scenario, &self.subjects).or_else(|| lacks(&input.scenario)) {
            Some(why) => Outcome::Skipped(why),
            None => self.laboratory(input, later, seed, hold),
        }
    }

    #[cfg(not(feature = "netns"))]
    fn laboratory(&self, _: &Input, _: Duration, _: u64, _: bool) -> Outcome {
        Outcome::Failed(NOT_BUILT.to_string())
    }

    #[cfg(feature = "netns")]
    fn laboratory(&self, input: &Input, later: Duration, seed: u64, hold: bool) -> Outcome {
        use crate::fit::needs_root;
        use crate::lab::{self, Order};
        use crate::netem::NO_NETEM;
        if !nix::unistd::Uid::effective().is_root()
            && let Some(why) = needs_root(&input.scenario)
        {
            return Outcome::Skipped(why);
        }
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return Outcome::Failed(format!("our own program: {error}")),
        };
        let uml = match (self.world == World::Uml).then(crate::uml::kernel).transpose() {
            Ok(uml) => uml,
            Err(why) => return Outcome::Failed(why),
        };
        let order = Order {
            uml,
            input: input.words.clone(),
            scenario: Arc::clone(&input.scenario),
            later,
            seed,
            subjects: self.subjects.clone(),
            template: self.template.clone(),
            hold,
        };
        match lab::run(&program, &order) {
            Ok(lab::LabRun { run, notes, held }) => Outcome::Run(Box::new(Done { run, notes, held })),
            Err(why) if why.contains(NO_NETEM) => Outcome::Skipped(NO_NETEM.to_string()),
            Err(why) => Outcome::Failed(why),
        }
    }
}
