//! The packet filter of a host: what the scenario drops, and what the daemon has dropped for `no_accept`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::wire::arp::Arp;
use vrrplab_engine::wire::ethernet;

use super::headers::Headers;
use crate::scenario::{Direction, FilterRule};

/// Rules; without any, nothing is looked at.
#[derive(Clone, Default, Debug)]
pub(in crate::world) struct Filter {
    rules: Vec<FilterRule>,
    /// Addresses that the host has and must not serve. keepalived 2.2.7 has nftables drop packets to them in
    /// `input` and packets from them in `output`; ARP is not IP, and neighbour discovery is excepted.
    unserved: BTreeSet<IpAddr>,
}

/// What a rule looks at; ARP has no protocol.
struct Seen {
    protocol: Option<u8>,
    discovery: bool,
    source: IpAddr,
    destination: IpAddr,
}

impl Filter {
    pub(super) fn new(rules: &[FilterRule]) -> Filter {
        Filter { rules: rules.to_vec(), unserved: BTreeSet::new() }
    }

    /// Whether nothing is ever dropped.
    pub(in crate::world) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.unserved.is_empty()
    }

    /// A rule is added, or all that are equal to it are removed.
    pub(in crate::world) fn change(&mut self, rule: &FilterRule, added: bool) {
        if added {
            self.rules.push(rule.clone());
        } else {
            self.rules.retain(|r| r != rule);
        }
    }

    /// Packets to this address of ours are not served, or are served again.
    pub(in crate::world) fn serve(&mut self, address: IpAddr, served: bool) {
        if served {
            self.unserved.remove(&address);
        } else {
            self.unserved.insert(address);
        }
    }

    /// Whether a packet is dropped on its way by this link.
    pub(super) fn drops(&self, direction: Direction, packet: &Headers<'_>, link: usize) -> bool {
        if self.is_empty() {
            return false;
        }
        let &Headers { source, destination, .. } = packet;
        let discovery = packet.is_discovery();
        let unserved = match direction {
            Direction::In => self.unserved.contains(&destination),
            Direction::Out => self.unserved.contains(&source),
            Direction::Forward => false,
        };
        let seen = Seen { protocol: Some(packet.protocol), discovery, source, destination };
        (unserved && !discovery) || self.matches(direction, &seen, link)
    }

    /// Whether a packet of the daemon is dropped that has its Ethernet header already. Its ARP is not: keepalived
    /// sends that by a packet socket, which no filter of IP or ARP sees.
    pub(in crate::world) fn drops_frame(&self, frame: &[u8], link: usize) -> bool {
        if self.is_empty() {
            return false;
        }
        let packet = Headers::parse(frame.get(ethernet::HEADER..).unwrap_or_default());
        packet.is_some_and(|p| self.drops(Direction::Out, &p, link))
    }

    /// Whether an ARP message is dropped.
    pub(super) fn drops_arp(&self, direction: Direction, arp: &Arp, link: usize) -> bool {
        let (source, destination) = (arp.sender.into(), arp.target.into());
        self.matches(direction, &Seen { protocol: None, discovery: false, source, destination }, link)
    }

    fn matches(&self, direction: Direction, seen: &Seen, link: usize) -> bool {
        let within = |network: Option<Cidr>, address| network.is_none_or(|n| n.contains(address));
        self.rules.iter().any(|rule| {
            rule.direction == direction
                && rule.what.covers(seen.protocol, seen.discovery)
                && within(rule.from, seen.source)
                && within(rule.to, seen.destination)
                && rule.link.is_none_or(|own| own == link)
        })
    }
}
