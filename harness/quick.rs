//! A scenario without a scenario file: a few keepalived.conf and what to do to them. Everything else follows
//! from the configurations: nodes from the file names, segments from the interfaces, networks from the virtual
//! addresses, a client that pings the first of them.
//!
//! What does not follow is a finding that says which flag gives it. Findings point into the command line, which
//! is rebuilt from the options so that there is a text to point into.

mod command;
mod network;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use vrrplab_engine::boundary::Cost;
use vrrplab_engine::config::Reading;
use vrrplab_engine::finding::{Finding, Source};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::scenario::{Act, ClientSpec, Fault, Host, HostIndex, NodeSpec, Ping, Role, Scenario, When};

use command::{CommandLine, Word};
use network::Network;

/// What the command line gives.
#[derive(Clone, Debug)]
pub struct Options {
    /// The configurations: the path as the user wrote it, and what was read there.
    pub configs: Vec<(String, Arc<Reading>)>,
    /// `--crash`, `--stop`, `--start` and so on with their values, `ka1@10s`, in the order of the command line.
    pub acts: Vec<(Verb, String)>,
    /// `--address`: `ka1=192.168.10.170/24`, or `ka1:eth1=…` where the node has several interfaces.
    pub addresses: Vec<String>,
    /// `--duration`: `30s`, which is also the default.
    pub duration: Option<String>,
}

/// What can be done to a node from the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Power lost.
    Crash,
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Stop,
    /// The daemon is started again.
    Start,
    /// SIGSTOP.
    Pause,
    /// SIGCONT.
    Resume,
}

/// What stands in the way of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistakes {
    /// All of them, in the order of the command line.
    pub findings: Vec<Finding>,
    /// The command line as a text that findings point into.
    pub source: Source,
}

/// How long a run takes if nothing is said.
const DURATION: Duration = Duration::from_secs(30);

/// A laboratory of the given configurations.
pub fn scenario(options: &Options) -> Result<Scenario, Mistakes> {
    let mut command = CommandLine::new(options);
    if options.configs.is_empty() {
        let at = command.program.clone();
        command.error("missing-config", &at, "no keepalived.conf is given", "vrrplab run ka1.conf ka2.conf");
        return Err(command.mistakes());
    }
    let names = names(options.configs.iter().map(|(path, _)| path.as_str()));
    let duration = duration(&mut command, options);
    let network = Network::infer(&mut command, options, &names);
    let script = script(&mut command, options, &names, duration);
    if !command.findings.is_empty() {
        return Err(command.mistakes());
    }
    let mut hosts: Vec<Host> = Vec::new();
    for ((name, (_, reading)), links) in names.iter().zip(&options.configs).zip(network.links) {
        let start = Some(Instant::ZERO);
        let (reading, scripts) = (Arc::clone(reading), Vec::new());
        let node = NodeSpec {
            reading,
            start,
            cost: Cost::RECORDED,
            scripts,
            files: BTreeMap::new(),
            processes: BTreeMap::new(),
        };
        hosts.push(Host::new(name.as_str(), links, Role::Node(node)));
    }
    hosts.extend(network.probe.map(|(link, to)| {
        let ping = Some(Ping { to, every: Duration::from_millis(100) });
        Host::new(unused("probe", &names), vec![link], Role::Client(ClientSpec { ping }))
    }));
    Ok(Scenario {
        name: names.join("+"),
        title: title(&names),
        story: String::new(),
        covers: Vec::new(),
        duration,
        segments: network.segments,
        trunks: Vec::new(),
        hosts,
        script,
        configurations: Vec::new(),
        expectations: Vec::new(),
    })
}

/// `ka1 and ka2`, `a, b and c`.
fn title(names: &[String]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// Names from paths: the stem, or the folder where all files are called `keepalived.conf`; a second one of a
/// name gets a number.
fn names<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for path in paths {
        let name = unused(&name(path), &names);
        names.push(name);
    }
    names
}

fn name(path: &str) -> String {
    let mut parts = path.rsplit('/').filter(|p| !matches!(*p, "" | "." | ".."));
    let file = parts.next().unwrap_or("node");
    let stem = match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    };
    let chosen = if stem == "keepalived" { parts.next().unwrap_or(stem) } else { stem };
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let clean: String = chosen.chars().map(|c| if good(c) { c } else { '_' }).collect();
    match clean.trim_start_matches('-') {
        "" => "node".to_string(),
        clean => clean.to_string(),
    }
}

/// `name`, or `name-2` and so on if it is taken.
fn unused(name: &str, taken: &[String]) -> String {
    let candidates = (1u32..).map(|n| if n == 1 { name.to_string() } else { format!("{name}-{n}") });
    candidates.into_iter().find(|c| !taken.contains(c)).unwrap_or_default()
}

fn duration(command: &mut CommandLine, options: &Options) -> Duration {
    let Some(text) = &options.duration else { return DURATION };
    let word = command.duration.clone();
    match command.time(text, &word) {
        Some(d) if d.is_zero() => {
            command.error("bad-time", &word, "a run that takes no time", "--duration 30s");
            DURATION
        }
        Some(d) => d,
        None => DURATION,
    }
}

/// The acts in the order of time.
fn script(command: &mut CommandLine, options: &Options, names: &[String], duration: Duration) -> Vec<Act> {
    let mut acts = Vec::new();
    for (i, (verb, text)) in options.acts.iter().enumerate() {
        let word = command.acts[i].clone();
        acts.extend(act(command, *verb, text, &word, names, duration));
    }
    acts.sort_by_key(|(at, _)| *at);
    acts.into_iter().map(|(at, fault)| Act { when: When::At(at), fault }).collect()
}

fn act(
    command: &mut CommandLine,
    verb: Verb,
    text: &str,
    word: &Word,
    names: &[String],
    duration: Duration,
) -> Option<(Instant, Fault)> {
    let Some((name, time)) = text.split_once('@') else {
        let help = format!("{} {}@10s", verb.flag(), names[0]);
        command.error("bad-act", word, format!("`{text}` does not say which node and when"), help);
        return None;
    };
    let node = command.node(name, &word.part(0..name.len()), names);
    let time_word = word.part(name.len() + 1..text.len());
    let at = command.time(time, &time_word).map(|d| Instant::ZERO + d);
    if at.is_some_and(|at| at >= Instant::ZERO + duration) {
        let help = format!("the duration is {duration}: --duration");
        command.error("after-the-end", &time_word, format!("{time} is after the end of the run"), help);
    }
    Some((at?, verb.fault(HostIndex(node?))))
}

impl Verb {
    /// The flag of the command line.
    pub const fn flag(self) -> &'static str {
        match self {
            Verb::Crash => "--crash",
            Verb::Kill => "--kill",
            Verb::Stop => "--stop",
            Verb::Start => "--start",
            Verb::Pause => "--pause",
            Verb::Resume => "--resume",
        }
    }

    fn fault(self, node: HostIndex) -> Fault {
        match self {
            Verb::Crash => Fault::Crash { node, back: Some(Duration::from_millis(10)) },
            Verb::Kill => Fault::Kill(node),
            Verb::Stop => Fault::Stop(node),
            Verb::Start => Fault::Start { node, config: None },
            Verb::Pause => Fault::Pause(node),
            Verb::Resume => Fault::Resume(node),
        }
    }
}
