//! Advice on configurations that keepalived takes without a word, or with one that nobody reads.
//!
//! Lints are ours, not the daemon's: their codes begin with `lint-`, they are never errors, and none repeats what
//! a finding of the reader already says at the same place. Each tells what will happen, because every one of them
//! is the cause of some outage that operators reported.
//!
//! Reading order: `view` (an instance with its places), `alone` (one configuration), then across the nodes of a
//! cluster `group` (who belongs together), `agree` (what must be the same), `election` (who becomes master),
//! `network` (who hears whom). `story` tells more about the reader's own findings.

mod agree;
mod alone;
mod election;
mod group;
mod network;
mod story;
#[cfg(test)]
mod tests;
mod tracking;
mod view;

use super::Reading;
use crate::addr::Cidr;
use crate::finding::{Finding, Severity};

pub use story::with_story;

/// A node of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What its operator calls it.
    pub name: &'a str,
    /// Its configuration.
    pub reading: &'a Reading,
    /// Its network, where that is known.
    pub links: &'a [Link],
}

/// An interface of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Which Ethernet segment it is on, numbered in any way.
    pub segment: usize,
    /// Its own addresses.
    pub addresses: Vec<Cidr>,
}

/// A lint that took several nodes to see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lint {
    /// The node whose text it points into: an index into the members.
    pub member: usize,
    /// The finding.
    pub finding: Finding,
}

/// What a configuration shows by itself.
pub fn alone(reading: &Reading) -> Vec<Finding> {
    let mut found: Vec<Finding> = view::views(reading).flat_map(|view| alone::lints(&view)).collect();
    found.retain(|finding| !already_said(reading, finding));
    found
}

/// What only shows when the nodes of a cluster are looked at together.
pub fn cluster(members: &[Member<'_>]) -> Vec<Lint> {
    if members.len() < 2 {
        return network::addresses(members);
    }
    let mut found = Vec::new();
    for group in group::groups(members) {
        agree::lints(&group, &mut found);
        election::lints(&group, &mut found);
        network::lints(&group, &mut found);
    }
    found.extend(network::addresses(members));
    found.extend(network::strangers(members));
    found.retain(|lint| !already_said(members[lint.member].reading, &lint.finding));
    found
}

/// Whether the reader complains at the same place: then the mistake is known, and one finding is enough.
fn already_said(reading: &Reading, lint: &Finding) -> bool {
    let complaints = reading.findings.iter().filter(|f| f.severity > Severity::Note);
    let mut real = complaints.filter(|f| !matches!(f.code, "not-modelled" | "not-simulated"));
    real.any(|f| f.place == lint.place)
}
