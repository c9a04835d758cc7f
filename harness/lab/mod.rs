//! The laboratory on the real kernel: a scenario's hosts are network namespaces, their cables veth pairs, and the switch
//! between them is the simulator's, relaying frames from packet socket to packet socket.
//!
//! A run is a process of its own (`vrrplab lab`, which [`run`] starts): process 1 of its own namespaces, so that nothing is left of it however
//! it ends. In there: `confine` the namespaces, `host` a host and its links, `first` its own processes, `node` a daemon, `launch` which one and how it is
//! started, `services` what runs beside it, `standin` commands, `relay` frames, `bridge` those that the kernel carries, `acts` the script, `watch` what is told,
//! `ping` and `mail` clients and servers, `record` the run in order, `measure`, `waits` and `witness` how well the machine keeps up, `weigh` what daemons hold, `hold` what follows it,
//! `world` the loop, `parcel` the way back.
//!
//! Absent on purpose: names of namespaces, threads, retries.

mod acts;
mod bridge;
pub mod confine;
mod first;
mod hold;
mod host;
mod launch;
mod lines;
mod mail;
mod measure;
mod node;
mod parcel;
mod ping;
mod priority;
mod private;
pub mod probe;
mod record;
mod relay;
mod services;
mod standin;
pub mod takeover;
mod waits;
mod watch;
mod weigh;
mod witness;
mod world;

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::observer::Observer;
use vrrplab_sim::oracle::Judge;
use vrrplab_sim::run::{Run, ports};
use vrrplab_sim::scenario::Scenario;
use vrrplab_sim::trace::{Header, Trace};

use crate::notes::Notes;
use crate::subject::Subjects;

pub use hold::Held;
use parcel::Parcel;

/// What oracles and expectations allow on a real clock beyond what they allow on a virtual one.
const SLACK: Duration = Duration::from_millis(100);
/// And where time is virtual but the daemon's microseconds are its own.
const SLACK_OF_VIRTUAL_CLOCKS: Duration = Duration::from_millis(1);

/// What a laboratory is to do.
#[derive(Clone, Debug)]
pub struct Order {
    /// The words that name the scenario's file, or the configurations that make one: see `vrrplab run`.
    pub input: Vec<String>,
    /// The scenario as it is in that file.
    pub scenario: Arc<Scenario>,
    /// How much later its script is to be.
    pub later: Duration,
    /// What chance is drawn from.
    pub seed: u64,
    /// What runs on the nodes.
    pub subjects: Subjects,
    /// What configurations of programs of the user's are made of.
    pub template: Option<PathBuf>,
    /// It stays when it is over.
    pub hold: bool,
    /// The User Mode Linux kernel that it runs on; none for the machine's own.
    pub uml: Option<PathBuf>,
}

/// What a laboratory's time is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// That of the machine, which does other things as well.
    Real,
    /// That of a kernel on which waiting takes no time and computing none of its.
    Virtual,
}

impl Clock {
    /// The name of the world that has it.
    pub fn world(self) -> &'static str {
        match self {
            Clock::Real => "netns",
            Clock::Virtual => "uml",
        }
    }
}

/// A run on the real kernel.
#[derive(Debug)]
pub struct LabRun {
    /// The run and its judgement.
    pub run: Run,
    /// How well the machine kept up, where that matters.
    pub notes: Option<Notes>,
    /// The laboratory, if it was to stay.
    pub held: Option<Held>,
}

/// Runs a scenario in a process of its own; `program` is the `vrrplab` command. The error is why there is no run.
pub fn run(program: &Path, order: &Order) -> Result<LabRun, String> {
    if let Some(mistake) = order.subjects.mistake(&order.scenario) {
        return Err(mistake);
    }
    let mut child = Command::new(program)
        .arg("lab")
        .args(["--parent", &std::process::id().to_string()])
        .args(["--scenario", &order.scenario.name])
        .args(["--seed", &order.seed.to_string()])
        .args(["--subject", &order.subjects.to_string()])
        .args(["--later", &order.later.to_string()])
        .args(order.template.iter().flat_map(|path| [OsStr::new("--template"), path.as_os_str()]))
        .args(order.hold.then_some("--hold"))
        .args(order.uml.iter().flat_map(|path| [OsStr::new("--uml"), path.as_os_str()]))
        .args(order.uml.iter().flat_map(|_| ["--limit".to_string(), limit(&order.scenario).to_string()]))
        .args(&order.input)
        .stdin(if order.hold { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let mut out = child.stdout.take().expect("its output is ours");
    let mut err = child.stderr.take().expect("its errors are ours");
    // It writes nothing but a few lines there, which the pipe holds.
    let parcel = Parcel::read(&mut out, ports(&order.scenario));
    if order.hold
        && let Ok(parcel) = parcel
    {
        let names = order.scenario.hosts.iter().map(|host| host.name.clone());
        let hosts = names.zip(parcel.firsts.iter().copied()).collect();
        let leash = child.stdin.take();
        let held = Some(Held::new(child, leash, hosts));
        return Ok(LabRun { held, ..judged(order, parcel) });
    }
    let mut words = String::new();
    let _ = err.read_to_string(&mut words);
    let status = child.wait().map_err(|e| format!("the laboratory: {e}"))?;
    match parcel {
        Ok(parcel) if status.success() => Ok(judged(order, parcel)),
        _ if !words.trim().is_empty() => Err(words.trim().to_string()),
        Ok(_) => Err(format!("the laboratory has ended with {status}")),
        Err(error) => Err(format!("the laboratory has ended with {status}: {error}")),
    }
}

/// How many of the machine's seconds a run on a virtual clock may take: it has hung if it takes longer.
fn limit(scenario: &Scenario) -> u64 {
    300 + scenario.duration.as_micros() / 4_000_000
}

fn judged(order: &Order, parcel: Parcel) -> LabRun {
    let Parcel { trace, capture, notes, .. } = parcel;
    let scenario = Arc::new(order.scenario.later(order.later));
    let (slack, notes) = match order.uml {
        Some(_) => (SLACK_OF_VIRTUAL_CLOCKS, None),
        None => (SLACK, Some(notes)),
    };
    let mut judge = Judge::with_slack(&scenario, slack);
    trace.events.iter().for_each(|event| judge.event(event));
    let judgement = judge.finish(Instant::ZERO + order.scenario.duration);
    let run = Run { scenario, seed: order.seed, trace, capture, judgement };
    LabRun { run, notes, held: None }
}

/// What the process of a laboratory does: builds it, runs it and writes what came of it. Its namespaces must be its own: see
/// [`confine::enter`].
pub fn serve(order: &Order, clock: Clock, out: &mut dyn Write) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", order.scenario.name);
    let scenario = Arc::new(order.scenario.later(order.later));
    let crew = launch::Crew::new(&order.subjects, order.template.as_deref())?;
    priority::go_first(priority::STARTING);
    let mut lab = world::Lab::build(scenario, order.seed, crew, clock).map_err(failed)?;
    lab.run().map_err(failed)?;
    let header = Header {
        scenario: order.scenario.name.clone(),
        world: clock.world().to_string(),
        subject: order.subjects.to_string(),
        seed: order.seed,
        duration: order.scenario.duration,
    };
    let end = Instant::ZERO + order.scenario.duration;
    let (events, capture) = std::mem::take(&mut lab.record).finish(ports(&order.scenario), end);
    let trace = Trace { header, events };
    let parcel = Parcel { trace, capture, notes: lab.notes.clone(), firsts: lab.firsts() };
    parcel.write(out).map_err(failed)?;
    if order.hold { lab.hold().map_err(failed) } else { Ok(()) }
}
