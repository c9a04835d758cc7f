//! What a host's kernel does without any daemon. One file an idea: `headers` what it reads of a packet, `input`
//! where a packet goes, `output` its way to a neighbour, `route` which neighbour that is, `arp` and `ndisc` how
//! its station is found, `filter` what is dropped, `errors` who is told, `address` the addresses themselves, `way` routes and rules of daemons,
//! `ping` a client's ping and the answers.
//!
//! Absent on purpose: fragments, redirects, routing protocols, limits on the rate of ICMP errors, tables
//! other than main, `src` of a route.

mod address;
mod arp;
mod errors;
mod filter;
mod headers;
mod input;
mod ndisc;
mod output;
mod ping;
mod route;
#[cfg(test)]
mod tests;
mod way;

use std::net::IpAddr;

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::wire::ethernet;

use super::World;
use crate::neighbour::Neighbours;
use crate::observer::Observer;
use crate::rng::Rng;
use crate::scenario::{self, HostSettings, LinkSettings, Route};
use crate::trace::{Cause, Name};
use crate::way::{Policy, Way};
use filter::Filter;
use input::Arrival;

/// A host's kernel.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    pub(super) powered: bool,
    pub(super) links: Vec<Link>,
    pub(super) settings: HostSettings,
    pub(super) filter: Filter,
    neighbours: Neighbours,
    routes: Vec<Route>,
    /// Those of daemons, the newest first.
    ways: Vec<Way>,
    /// Rules of daemons: kept and told, but no packet asks them.
    policies: Vec<Policy>,
}

/// An interface.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) name: Name,
    pub(super) mac: Mac,
    /// Its number among the links of all hosts.
    pub(super) global: usize,
    pub(super) carrier: bool,
    /// In the kernel's order: for IPv4 the first address of each network is before the others.
    pub(super) addresses: Vec<Cidr>,
    settings: LinkSettings,
}

impl Kernel {
    pub(super) fn new(host: &scenario::Host, first: usize, rng: &mut Rng) -> Kernel {
        let links = host.links.iter().enumerate().map(|(n, link)| Link {
            name: link.name.clone(),
            mac: link.mac,
            global: first + n,
            carrier: true,
            addresses: address::ordered(&link.addresses),
            settings: link.settings,
        });
        let manners = host.links.iter().map(|l| l.settings.neighbours);
        Kernel {
            powered: true,
            links: links.collect(),
            settings: host.settings,
            filter: Filter::new(&host.filter),
            neighbours: Neighbours::new(manners, host.settings.gc_threshold as usize, rng),
            routes: host.routes.clone(),
            ways: Vec::new(),
            policies: Vec::new(),
        }
    }

    /// Whether the address is ours, on whatever link: Linux answers for it on every one.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.links.iter().any(|l| l.has(address))
    }
}

impl Link {
    fn has(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|c| c.address == address)
    }
}

impl World {
    /// A frame reaches a host.
    pub(super) fn receive<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        frame: &[u8],
        number: u32,
        observer: &mut O,
    ) {
        let Ok((ethernet, payload)) = ethernet::Header::parse(frame) else { return };
        if !ethernet.destination.is_group() && ethernet.destination != self.hosts[h].kernel.links[link].mac {
            return;
        }
        let arrival = Arrival { link, ethernet, frame, payload, number };
        match ethernet.ethertype {
            ethernet::IPV4 | ethernet::IPV6 => self.receive_packet(h, &arrival, observer),
            ethernet::ARP => self.receive_arp(h, &arrival, observer),
            _ => {}
        }
    }

    /// Power is lost: neighbours, filters that were added, and addresses are forgotten.
    pub(super) fn forget_everything<O: Observer>(&mut self, h: usize, cause: Cause, observer: &mut O) {
        self.kernel_timers.set(h, None);
        self.hosts[h].kernel.filter = Filter::new(&self.scenario.hosts[h].filter);
        self.forget_ways(h, cause, observer);
        for link in 0..self.hosts[h].kernel.links.len() {
            self.hosts[h].kernel.neighbours.clear(link);
            while let Some(&cidr) = self.hosts[h].kernel.links[link].addresses.first() {
                self.remove_one(h, link, cidr, cause, observer);
            }
            self.fabric.unplug(h, link);
        }
    }

    /// The link has no carrier: what it knew of its neighbours is gone.
    pub(super) fn lose_carrier(&mut self, h: usize, link: usize) {
        self.hosts[h].kernel.neighbours.clear(link);
        self.kernel_timers.set(h, self.hosts[h].kernel.neighbours.deadline());
        self.fabric.unplug(h, link);
    }

    pub(super) fn carrier_of(&self, h: usize, link: usize) -> bool {
        self.hosts[h].kernel.links[link].carrier
    }
}
