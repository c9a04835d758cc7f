//! Who can hear whom, and whether an address belongs where it is put.

use std::net::IpAddr;

use super::group::{Group, Part, segment};
use super::view::{View, views, warn};
use super::{Link, Lint, Member};
use crate::addr::Cidr;
use crate::finding::Finding;

pub(super) fn lints(group: &Group<'_>, out: &mut Vec<Lint>) {
    let (first, others) = group.parts.split_first().expect("a group has parts");
    out.extend(others.iter().filter_map(|other| other_subnet(first, other)));
}

/// Adverts come from addresses of different networks, as far as a virtual address with its prefix tells.
fn other_subnet(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    if a.view.unicast() {
        return None;
    }
    let (ours, theirs) = (a.view.source()?, b.view.source()?);
    let networks = a.view.instance.addresses.iter().map(|address| address.cidr);
    let mut networks = networks.filter(|cidr| cidr.prefix < Cidr::longest(cidr.address));
    let network = networks.find(|cidr| cidr.contains(ours) != cidr.contains(theirs))?;
    let message =
        format!("{} speaks from {ours} and {} from {theirs}, which {network} separates", a.node, b.node);
    let daemon = "sends adverts to the local segment only: in different networks both become master";
    let help = "put both nodes into one network, or use `unicast_peer`";
    Some(b.lint(warn("lint-other-subnet", b.view.place("mcast_src_ip"), message, daemon, help)))
}

/// Addresses that no network of their interface has. Only where the network is known.
pub(super) fn addresses(members: &[Member<'_>]) -> Vec<Lint> {
    let mut found = Vec::new();
    for (member, m) in members.iter().enumerate() {
        for view in views(m.reading) {
            let all = view.instance.addresses.iter().chain(&view.instance.excluded);
            for address in all.filter(|a| a.cidr.address.is_ipv4()) {
                let Some(link) = m.links.iter().find(|link| link.name == address.dev) else { continue };
                if let Some(finding) = outside(&view, link, address.cidr.address) {
                    found.push(Lint { member, finding });
                }
            }
        }
    }
    found
}

fn outside(view: &View<'_>, link: &Link, address: IpAddr) -> Option<Finding> {
    let mut own = link.addresses.iter().filter(|cidr| cidr.address.is_ipv4()).peekable();
    let first = own.peek().map(|cidr| cidr.network())?;
    if own.any(|cidr| cidr.contains(address)) {
        return None;
    }
    let message = format!("{address} is in no network of {} ({first})", link.name);
    let daemon =
        "adds it all the same; hosts of that network look for it behind their router, and no ARP finds it";
    let help = "take an address of that network, or route it to the virtual router";
    Some(warn("lint-address-outside", view.address_place(address), message, daemon, help))
}

/// Instances that no other node has: somebody may have the same addresses under another VRID, or somebody is
/// missing on this segment.
pub(super) fn strangers(members: &[Member<'_>]) -> Vec<Lint> {
    let all: Vec<Stranger<'_>> = members.iter().enumerate().flat_map(|(i, m)| of_member(i, m)).collect();
    let is_lone = |s: &Stranger<'_>| !all.iter().any(|other| other.is_same_router(s));
    let lone: Vec<&Stranger<'_>> = all.iter().filter(|s| s.view.instance.vrid != 0 && is_lone(s)).collect();
    let mut found = Vec::new();
    for s in lone {
        let rival = all.iter().find_map(|other| Some((other, other.shared(s)?)));
        let beside =
            all.iter().find(|o| o.member != s.member && s.segment.is_some() && o.segment == s.segment);
        let finding = match (rival, beside) {
            // Of two lone ones the later is told.
            (Some((rival, _)), _) if s.member < rival.member && is_lone(rival) => continue,
            (Some((rival, ip)), _) => other_vrid(s, members[rival.member].name, rival, ip),
            (None, Some(other)) => alone(&s.view, members[s.member].name, members[other.member].name),
            (None, None) => continue,
        };
        found.push(Lint { member: s.member, finding });
    }
    found
}

/// An instance among those of other nodes.
struct Stranger<'a> {
    member: usize,
    segment: Option<usize>,
    view: View<'a>,
}

fn of_member<'a>(member: usize, m: &'a Member<'a>) -> impl Iterator<Item = Stranger<'a>> {
    views(m.reading).map(move |view| Stranger { member, segment: segment(m, &view), view })
}

impl Stranger<'_> {
    /// Another node, and as far as is known the same segment.
    fn is_beside(&self, other: &Stranger<'_>) -> bool {
        let apart = self.segment.zip(other.segment).is_some_and(|(a, b)| a != b);
        self.member != other.member && !apart
    }

    fn is_same_router(&self, other: &Stranger<'_>) -> bool {
        let (a, b) = (&self.view, &other.view);
        self.is_beside(other) && a.instance.vrid == b.instance.vrid && a.is_ipv6() == b.is_ipv6()
    }

    /// An address that both have.
    fn shared(&self, other: &Stranger<'_>) -> Option<IpAddr> {
        let ours: Vec<IpAddr> = self.view.instance.addresses.iter().map(|a| a.cidr.address).collect();
        let mut theirs = other.view.instance.addresses.iter().map(|a| a.cidr.address);
        theirs.find(|ip| self.is_beside(other) && ours.contains(ip))
    }
}

fn other_vrid(s: &Stranger<'_>, node: &str, rival: &Stranger<'_>, ip: IpAddr) -> Finding {
    let (theirs, ours) = (rival.view.instance.vrid, s.view.instance.vrid);
    let message = format!("{node} has {ip} under VRID {theirs}, here it is {ours}");
    let daemon = "takes them for two virtual routers: both nodes hold the address at once";
    let help = format!("write `virtual_router_id {theirs}`");
    warn("lint-vrid-differs", s.view.place("virtual_router_id"), message, daemon, help)
}

fn alone(view: &View<'_>, node: &str, other: &str) -> Finding {
    let vrid = view.instance.vrid;
    let message = format!("only {node} has VRID {vrid} on this segment, {other} has not");
    let daemon = "has no backup: the addresses are gone with this node";
    warn("lint-vrid-alone", view.place("virtual_router_id"), message, daemon, "use one VRID on all nodes")
}
