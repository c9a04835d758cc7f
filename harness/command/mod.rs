//! The command line: what was typed, and what it means.

mod bench;
mod check;
#[cfg(feature = "netns")]
mod daemon;
mod doctor;
mod golden;
mod hold;
mod inputs;
#[cfg(feature = "netns")]
mod lab;
mod matrix;
mod run;
mod takeover;
mod world;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::subject::Subjects;

/// A laboratory for VRRP failover.
#[derive(Parser, Clone, Debug)]
#[command(name = "vrrplab", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    /// Run scenarios, or a laboratory made of keepalived.conf files
    ///
    /// Scenarios are .toml files or folders of them. Other files are taken for keepalived.conf, a node each:
    /// networks and addresses follow from them.
    ///
    /// Exit codes: 0 every verdict as it should be, 1 a verdict failed, 2 wrong use or input, 3 cannot run
    /// here.
    Run(Box<RunArguments>),
    /// Say what is wrong with keepalived.conf files, and with those of scenarios
    ///
    /// Files that are given together are the nodes of one cluster: what they must have in common is compared.
    ///
    /// Exit codes: 0 nothing or only notes, 1 warnings, 2 errors or a file that cannot be read.
    Check(CheckArguments),
    /// Measure the same failover many times
    #[command(subcommand)]
    Bench(BenchCommand),
    /// Compare runs with the accepted ones, or accept them
    #[command(subcommand)]
    Golden(GoldenCommand),
    /// Say what this machine can do: what each laboratory needs, and what installs or permits what is missing
    ///
    /// Exit codes: 0 everything is here that `--world netns --subject engine` needs, 3 something is not.
    Doctor(doctor::DoctorArguments),
    /// What the doctor asks a process of its own for
    #[cfg(feature = "netns")]
    #[command(hide = true)]
    Probe,
    /// A laboratory's own process
    #[cfg(feature = "netns")]
    #[command(hide = true)]
    Lab(Box<lab::LabArguments>),
    /// Process 1 of the kernel of --world uml, which adds words of its own
    #[cfg(feature = "netns")]
    #[command(hide = true)]
    Boot {
        folder: PathBuf,
        #[arg(trailing_var_arg = true)]
        _kernel: Vec<String>,
    },
    /// Run the engine as a daemon on this machine, in keepalived's place and with its options
    ///
    /// Exit codes: 0 stopped as told, 1 with -t there are warnings or errors, 2 wrong use or input, 3 cannot run
    /// here.
    #[cfg(feature = "netns")]
    Daemon(Box<daemon::DaemonArguments>),
}

#[derive(Args, Clone, Debug)]
struct RunArguments {
    /// Scenario files, folders of them, or keepalived.conf files
    #[arg(required = true, value_name = "FILE|FOLDER")]
    inputs: Vec<PathBuf>,
    /// What chance is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write trace, capture and report of each run below this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write every verdict there as JUnit XML, for CI systems
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// For people, or for machines: one JSON object a run and line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Show the timeline of every run, also where there are several
    #[arg(long)]
    timeline: bool,
    /// Do not run where there is a warning or an error about a node's configuration
    #[arg(long)]
    strict: bool,
    /// Keep the laboratory of --world netns when a verdict failed, or always: its switch and daemons go on until Enter,
    /// and each host has a command that opens a shell there
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true,
          default_missing_value = "failure")]
    hold: Option<hold::Hold>,
    #[command(flatten)]
    place: world::WorldArguments,
    #[command(flatten)]
    quick: QuickArguments,
}

#[derive(Args, Clone, Debug)]
struct CheckArguments {
    /// keepalived.conf files, or scenarios (.toml)
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// For people, or for machines: one JSON object a finding and line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Print what the daemon would run, with every default and correction
    #[arg(long)]
    effective: bool,
    /// Take each file by itself
    #[arg(long)]
    separate: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Format {
    Text,
    Json,
}

/// What keepalived.conf files alone do not say.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "With keepalived.conf files")]
struct QuickArguments {
    /// Power lost, as in ka1@10s; the bare host is back 10 ms later
    #[arg(long, value_name = "NODE@TIME")]
    crash: Vec<String>,
    /// SIGKILL: the addresses stay
    #[arg(long, value_name = "NODE@TIME")]
    kill: Vec<String>,
    /// SIGTERM: a graceful stop
    #[arg(long, value_name = "NODE@TIME")]
    stop: Vec<String>,
    /// The daemon is started again
    #[arg(long, value_name = "NODE@TIME")]
    start: Vec<String>,
    /// SIGSTOP
    #[arg(long, value_name = "NODE@TIME")]
    pause: Vec<String>,
    /// SIGCONT
    #[arg(long, value_name = "NODE@TIME")]
    resume: Vec<String>,
    /// A node's own address, as in ka1=192.168.10.170/24 or ka1:eth1=10.0.0.1/24
    #[arg(long, value_name = "NODE=ADDRESS")]
    address: Vec<String>,
    /// How long the run takes [default: 30s]
    #[arg(long, value_name = "TIME")]
    duration: Option<String>,
}

#[derive(Subcommand, Clone, Debug)]
enum BenchCommand {
    /// How long failovers take, over many seeds
    ///
    /// Each run begins the script at another moment within an advert interval, drawn from its seed, because what a
    /// failover takes depends on that. A scenario's expectations are not judged.
    ///
    /// Exit codes: 0 done and, with --baseline, nothing takes longer; 1 something does, or no failover happened;
    /// 2 wrong use or input; 3 cannot run here.
    Election(Box<bench::ElectionArguments>),
    /// How long takeovers take on the real kernel, beside another daemon
    ///
    /// Two pairs of routers (VRRP version 3, IPv4, equal priorities) run on a bridge of the kernel each. By turns a
    /// master is killed (SIGKILL), its backup takes over, and the killed one comes back as the backup. Measured is the
    /// first advert of the new master minus the last of the old, minus the Master_Down_Interval. A thousand at 0.1 s take
    /// 20 minutes; it ends with whoever started it, so a shell has to wait for it.
    ///
    /// Exit codes: 0 the first is at most 0.1 ms later in the median and 0.5 ms at p95 (upper ends of the 95 %
    /// confidence intervals); 1 it is later; 2 wrong use or input; 3 cannot run here.
    Takeover(Box<takeover::TakeoverArguments>),
}

#[derive(Subcommand, Clone, Debug)]
enum GoldenCommand {
    /// Tell where runs differ from the accepted ones; exit code 1 if any does
    Check(GoldenArguments),
    /// Make these runs the accepted ones: read the difference before you commit it
    Accept(GoldenArguments),
    /// Run a real daemon on the virtual clock and keep trace and capture, beside the accepted runs and by the daemon's version
    ///
    /// Where there is such a run already, the new one must be the same within 5 us; otherwise it takes its place, and the exit
    /// code is 1.
    Record(RecordArguments),
}

#[derive(Args, Clone, Debug)]
struct GoldenArguments {
    /// Scenario files or folders of them
    #[arg(default_value = "scenarios", value_name = "FILE|FOLDER")]
    inputs: Vec<PathBuf>,
    /// Where the accepted runs are
    #[arg(long, default_value = "golden", value_name = "DIR")]
    golden: PathBuf,
}

#[derive(Args, Clone, Debug)]
struct RecordArguments {
    /// What runs on the nodes
    #[arg(long, default_value = "keepalived")]
    subject: Subjects,
    #[command(flatten)]
    golden: GoldenArguments,
}

/// What the command comes to. Users and CI rely on the numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// Everything is as it should be.
    Pass = 0,
    /// A verdict failed.
    Fail = 1,
    /// The command line, a scenario or a configuration is wrong.
    Input = 2,
    /// It cannot run on this machine.
    Machine = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Where output goes.
pub struct Console<'a> {
    /// What was asked for.
    pub out: &'a mut dyn Write,
    /// What is wrong.
    pub err: &'a mut dyn Write,
    /// Whether `out` shows colours.
    pub colour: bool,
    /// Whether `err` does.
    pub err_colour: bool,
}

impl Console<'_> {
    /// Prints what was asked for. That nobody reads it any more is no failure.
    fn say(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
    }

    /// Prints what is wrong.
    fn complain(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes());
    }
}

/// Does what the command line says.
pub fn run(arguments: &Arguments, console: &mut Console<'_>) -> Exit {
    match &arguments.command {
        Command::Run(arguments) => run::run(arguments, console),
        Command::Check(arguments) => check::check(arguments, console),
        Command::Bench(BenchCommand::Election(arguments)) => bench::election(arguments, console),
        Command::Bench(BenchCommand::Takeover(arguments)) => takeover::run(arguments, console),
        Command::Golden(GoldenCommand::Check(arguments)) => golden::check(arguments, console),
        Command::Golden(GoldenCommand::Record(arguments)) => golden::record(arguments, console),
        Command::Golden(GoldenCommand::Accept(arguments)) => golden::accept(arguments, console),
        Command::Doctor(arguments) => doctor::doctor(arguments, console),
        #[cfg(feature = "netns")]
        Command::Probe => doctor::probe(console),
        #[cfg(feature = "netns")]
        Command::Lab(arguments) => lab::lab(arguments, console),
        #[cfg(feature = "netns")]
        Command::Boot { folder, .. } => {
            crate::uml::boot(folder).expect("the kernel has what a laboratory needs");
            Exit::Pass
        }
        #[cfg(feature = "netns")]
        Command::Daemon(arguments) => daemon::run(arguments, console),
    }
}
