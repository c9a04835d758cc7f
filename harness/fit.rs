//! What a scenario asks for that only the simulator can do, and what of it a subject cannot.

mod frr;

use vrrplab_engine::boundary::Cost;
use vrrplab_sim::neighbour::Manners;
use vrrplab_sim::scenario::{Fault, Host, HostIndex, HostSettings, NodeSpec, Role, Scenario};

use crate::files;
use crate::subject::{Subject, Subjects};

/// Why a scenario cannot run on the real kernel with these subjects, if it cannot.
pub fn unfit(scenario: &Scenario, subjects: &Subjects) -> Option<String> {
    on_the_kernel(scenario).or_else(|| {
        (0..scenario.hosts.len()).find_map(|h| match subjects.of(&scenario.hosts[h].name) {
            Some(Subject::Frr) => frr::unfit(scenario, HostIndex(h)),
            Some(Subject::Keepalived) => keepalived_unfit(&scenario.hosts[h]),
            _ => None,
        })
    })
}

fn on_the_kernel(scenario: &Scenario) -> Option<String> {
    let faults = scenario.script.iter().find_map(|act| match &act.fault {
        Fault::Process { node, pattern, .. } => word_only(&scenario.hosts[node.0], pattern),
        _ => None,
    });
    faults.or_else(|| {
        scenario.hosts.iter().find_map(|host| host_unfit(host).map(|why| format!("{}: {why}", host.name)))
    })
}

/// An act about processes that are mere words.
fn word_only(host: &Host, pattern: &str) -> Option<String> {
    let real = host.services.iter().any(|service| service.command().contains(pattern));
    (!real).then(|| format!("act `process`: without a [[node.{}.process]] it is said, not done", host.name))
}

/// What keepalived cannot do in a namespace.
fn keepalived_unfit(host: &Host) -> Option<String> {
    let Role::Node(node) = &host.role else { return None };
    (!node.reading.config.processes.is_empty()).then(|| {
        let why = "the kernel tells of processes in its first namespaces alone";
        format!("{}: `vrrp_track_process`: {why}", host.name)
    })
}

/// Programs that the scenario runs for real and this machine lacks, with what installs the first. The names are those that a
/// shell's user would find.
pub fn lacks(scenario: &Scenario) -> Option<String> {
    scenario.hosts.iter().find_map(|host| {
        let services = host.services.iter().map(|service| service.argv[0].as_str());
        let commands = match &host.role {
            Role::Node(node) => commands_that_need(node),
            Role::Client(_) => Vec::new(),
        };
        let program = services.chain(commands).find(|program| files::program(program).is_none())?;
        Some(format!("{program} is not installed: {}", files::installs(program)))
    })
}

/// The programs of tracked scripts that find out by themselves.
fn commands_that_need(node: &NodeSpec) -> Vec<&str> {
    let needing = |argv: &[String]| {
        let command = argv.join(" ");
        let model = node.scripts.iter().find(|model| command.contains(&*model.pattern));
        model.is_some_and(|model| model.needs.is_some())
    };
    let scripts = node.reading.config.scripts.iter().map(|script| &script.command.argv);
    scripts.filter(|argv| needing(argv)).filter_map(|argv| argv.first()).map(String::as_str).collect()
}

fn host_unfit(host: &Host) -> Option<&'static str> {
    let ageing = |m: &Manners| matches!(m, Manners::Ageing(_));
    if host.links.iter().any(|link| link.settings.neighbours.iter().any(ageing)) {
        return Some("`neighbour`: the kernel keeps neighbours as Linux does");
    }
    if host.settings != HostSettings::default() {
        return Some("`sysctl` of the whole machine: rmem_default and gc_thresh1 belong to no namespace");
    }
    match &host.role {
        Role::Node(node) if node.cost != Cost::RECORDED => {
            Some("`cost`: a real daemon's work takes what it takes")
        }
        Role::Node(node) if !node.processes.is_empty() => Some("`processes`: how many run is said, not done"),
        Role::Node(_) | Role::Client(_) => None,
    }
}
