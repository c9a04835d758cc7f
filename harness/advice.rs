//! Everything there is to say about the configurations of a cluster: what the reader found, with the story behind
//! it, and the lints, each with the node that it is about.

use std::path::Path;
use std::sync::Arc;

use vrrplab_engine::config::{Reading, lint};
use vrrplab_engine::finding::{Finding, Severity};
use vrrplab_sim::scenario::{Host, NodeSpec, Role, Scenario};

/// A node's configuration, and its network where that is known.
#[derive(Clone, Debug)]
pub struct Node {
    /// What its operator calls it.
    pub name: String,
    /// What was read.
    pub reading: Arc<Reading>,
    /// Its interfaces.
    pub links: Vec<lint::Link>,
}

/// What is said about one configuration.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What was read.
    pub reading: Arc<Reading>,
    /// All of it, in the order of the text.
    pub findings: Vec<Finding>,
}

/// A node of a keepalived.conf alone, called like its file.
pub fn node(path: &Path, reading: Arc<Reading>) -> Node {
    let name =
        path.file_stem().map_or_else(|| "node".to_string(), |stem| stem.to_string_lossy().into_owned());
    Node { name, reading, links: Vec::new() }
}

/// The nodes of a scenario, with their addresses.
pub fn nodes(scenario: &Scenario) -> Vec<Node> {
    let hosts = scenario.hosts.iter();
    hosts
        .filter_map(|host| match &host.role {
            Role::Node(spec) => Some(node_of(host, spec)),
            Role::Client(_) => None,
        })
        .collect()
}

fn node_of(host: &Host, spec: &NodeSpec) -> Node {
    let link = |link: &vrrplab_sim::scenario::Link| lint::Link {
        name: link.name.to_string(),
        segment: link.segment.0,
        addresses: link.addresses.clone(),
    };
    let links = host.links.iter().map(link).collect();
    Node { name: host.name.to_string(), reading: Arc::clone(&spec.reading), links }
}

/// What is said about each configuration, each once; `together`: also what shows only across the nodes.
pub fn advice(nodes: &[Node], together: bool) -> Vec<Advice> {
    let mut all: Vec<Advice> = Vec::new();
    let mut of_node = Vec::new();
    for node in nodes {
        let same =
            |a: &Advice| Arc::ptr_eq(&a.reading, &node.reading) || a.reading.sources == node.reading.sources;
        of_node.push(all.iter().position(same).unwrap_or_else(|| {
            all.push(by_itself(&node.reading));
            all.len() - 1
        }));
    }
    fn member(node: &Node) -> lint::Member<'_> {
        let Node { name, reading, links } = node;
        lint::Member { name, reading, links }
    }
    let members: Vec<_> = nodes.iter().map(member).collect();
    for lint in if together { lint::cluster(&members) } else { Vec::new() } {
        let findings = &mut all[of_node[lint.member]].findings;
        if !findings.contains(&lint.finding) {
            findings.push(lint.finding);
        }
    }
    for advice in &mut all {
        let file = |f: &Finding| advice.reading.sources.iter().position(|s| s.name == f.place.file);
        advice.findings.sort_by_key(|f| (file(f), f.place.span.start));
    }
    all
}

fn by_itself(reading: &Arc<Reading>) -> Advice {
    let mut findings: Vec<Finding> = reading.findings.iter().cloned().map(lint::with_story).collect();
    findings.extend(lint::alone(reading));
    Advice { reading: Arc::clone(reading), findings }
}

/// Whether a finding is ours, not the daemon's or the reader's.
pub fn is_lint(finding: &Finding) -> bool {
    finding.code.starts_with("lint-")
}

/// The worst there is.
pub fn worst<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Option<Severity> {
    findings.into_iter().map(|f| f.severity).max()
}
