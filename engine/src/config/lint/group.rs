//! Which instances of different nodes make one virtual router: the same VRID and family on the same segment.

use std::collections::BTreeMap;

use super::view::{View, views};
use super::{Lint, Member};
use crate::finding::Finding;

/// One node's part in a virtual router.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// The node: an index into the members.
    pub(super) member: usize,
    pub(super) node: &'a str,
    pub(super) view: View<'a>,
}

/// A virtual router: a part in each node that has it, at least two.
pub(super) struct Group<'a> {
    pub(super) parts: Vec<Part<'a>>,
}

impl Part<'_> {
    /// A lint at this node.
    pub(super) fn lint(&self, finding: Finding) -> Lint {
        Lint { member: self.member, finding }
    }
}

/// What makes two instances one virtual router. A node that has a VRID several times on an unknown network has
/// them in the same order as the others.
type Key = (Option<usize>, u8, bool, usize);

/// The virtual routers that several nodes have.
pub(super) fn groups<'a>(members: &'a [Member<'a>]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<Key, Vec<Part<'a>>> = BTreeMap::new();
    for (member, m) in members.iter().enumerate() {
        let mut nth: BTreeMap<(Option<usize>, u8, bool), usize> = BTreeMap::new();
        for view in views(m.reading).filter(|view| view.instance.vrid != 0) {
            let segment = segment(m, &view);
            let nth = nth.entry((segment, view.instance.vrid, view.is_ipv6())).or_default();
            let key = (segment, view.instance.vrid, view.is_ipv6(), *nth);
            *nth += 1;
            groups.entry(key).or_default().push(Part { member, node: m.name, view });
        }
    }
    let several = groups.into_values().filter(|parts| parts.len() > 1);
    several.map(|parts| Group { parts }).collect()
}

/// The segment that an instance speaks on, where the network is known.
pub(super) fn segment(member: &Member<'_>, view: &View<'_>) -> Option<usize> {
    let link = member.links.iter().find(|link| link.name == view.instance.interface);
    link.map(|link| link.segment)
}
