//! What a scenario asks for that only the simulator can do, and what of it a subject cannot.

mod frr;

use vrrplab_engine::boundary::Cost;
use vrrplab_sim::neighbour::Manners;
use vrrplab_sim::scenario::{Fault, HostIndex, HostSettings, Role, Scenario};

use crate::subject::{Subject, Subjects};

/// Why a scenario cannot run on the real kernel with these subjects, if it cannot.
pub fn unfit(scenario: &Scenario, subjects: &Subjects) -> Option<String> {
    on_the_kernel(scenario).or_else(|| {
        (0..scenario.hosts.len()).find_map(|h| match subjects.of(&scenario.hosts[h].name) {
            Some(Subject::Frr) => frr::unfit(scenario, HostIndex(h)),
            _ => None,
        })
    })
}

fn on_the_kernel(scenario: &Scenario) -> Option<String> {
    let faults = scenario.script.iter().find_map(|act| match &act.fault {
        Fault::Process { .. } => Some("act `process`: how many processes run is said, not done".to_string()),
        _ => None,
    });
    faults.or_else(|| {
        scenario.hosts.iter().find_map(|host| host_unfit(host).map(|why| format!("{}: {why}", host.name)))
    })
}

fn host_unfit(host: &vrrplab_sim::scenario::Host) -> Option<&'static str> {
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
