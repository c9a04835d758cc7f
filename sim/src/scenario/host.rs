//! What a scenario says of a host's kernel: settings, routes, packet filter.

use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::wire::ipv4;

use crate::neighbour::{Manners, Timing};

/// Settings of a whole host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostSettings {
    /// `net.core.rmem_default`: how much a socket holds while nobody reads, in bytes as Linux counts them.
    /// Default 212,992.
    pub receive_buffer: u32,
    /// `net.ipv4.neigh.default.gc_thresh1`. Default 128.
    pub gc_threshold: u32,
}

impl Default for HostSettings {
    fn default() -> HostSettings {
        HostSettings { receive_buffer: 212_992, gc_threshold: 128 }
    }
}

/// Settings of one link, with those of `conf.all` worked in as Linux does: the greater counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkSettings {
    /// `arp_ignore`: which requests are answered. 0 for every address of the host, 1 for those of this link,
    /// 2 only if the asker is in their network too, 8 none.
    pub arp_ignore: u8,
    /// `arp_announce`: which sender address a request has. 0 that of the packet that waits, 1 that if it is in the
    /// target's network, 2 always the best one of this link.
    pub arp_announce: u8,
    /// `arp_filter`: a request is answered only on the link by which the asker would be reached.
    pub arp_filter: bool,
    /// `arp_accept`: a gratuitous ARP makes an entry.
    pub arp_accept: bool,
    /// `drop_gratuitous_arp`.
    pub drop_gratuitous_arp: bool,
    /// `drop_unsolicited_na` (IPv6).
    pub drop_unsolicited_na: bool,
    /// `rp_filter`: 0 no check, 1 a source must be reached by the link it comes from, 2 it must be reachable.
    /// Default 0, as in the kernel; many distributions set 2.
    pub rp_filter: u8,
    /// `accept_local`: packets from outside may have a source address of ours.
    pub accept_local: bool,
    /// `promote_secondaries`: when the first address of a network goes, the next one takes its place.
    /// Otherwise all go.
    pub promote_secondaries: bool,
    /// `forwarding` of IPv4 and of IPv6; `ip_forward` sets the first on every link.
    pub forwarding: [bool; 2],
    /// How neighbours are kept, IPv4 and IPv6.
    pub neighbours: [Manners; 2],
}

impl Default for LinkSettings {
    fn default() -> LinkSettings {
        LinkSettings {
            arp_ignore: 0,
            arp_announce: 0,
            arp_filter: false,
            arp_accept: false,
            drop_gratuitous_arp: false,
            drop_unsolicited_na: false,
            rp_filter: 0,
            accept_local: false,
            promote_secondaries: false,
            forwarding: [false; 2],
            neighbours: [Manners::Linux(Timing::DEFAULT); 2],
        }
    }
}

/// `route = ["0.0.0.0/0 via 192.168.10.240"]`; `default` stands for everything, `dev eth1` for the link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    /// To where.
    pub to: Cidr,
    /// By which router; `None` if the stations are on the link themselves.
    pub via: Option<IpAddr>,
    /// By which link of the host.
    pub link: usize,
}

/// One rule of a packet filter: what matches it is dropped. `filter = [{ drop = "vrrp", direction = "in" }]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterRule {
    /// `drop`: which packets.
    pub what: Dropped,
    /// `direction`. Default: in.
    pub direction: Direction,
    /// `from`: only those of this network.
    pub from: Option<Cidr>,
    /// `to`: only those to this network.
    pub to: Option<Cidr>,
    /// `link`: only those that come or go by this link of the host.
    pub link: Option<usize>,
}

/// What a filter drops.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dropped {
    /// `all`: every IPv4 and IPv6 packet, neighbour discovery too, but not ARP.
    All,
    /// `vrrp`: protocol 112.
    Vrrp,
    /// `ah`: protocol 51, adverts with an authentication header.
    Ah,
    /// `icmp`: ICMP, and of ICMPv6 what is not neighbour discovery.
    Icmp,
    /// `arp`: ARP, by its sender and target addresses.
    Arp,
}

/// The words of `drop`.
pub const DROPPED: [(&str, Dropped); 5] = [
    ("all", Dropped::All),
    ("vrrp", Dropped::Vrrp),
    ("ah", Dropped::Ah),
    ("icmp", Dropped::Icmp),
    ("arp", Dropped::Arp),
];

/// Which way a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Direction {
    /// `in`: to this host.
    In,
    /// `out`: from this host.
    Out,
    /// `forward`: through it.
    Forward,
}

/// The words of `direction`.
pub const DIRECTIONS: [(&str, Direction); 3] =
    [("in", Direction::In), ("out", Direction::Out), ("forward", Direction::Forward)];

impl Dropped {
    /// Whether a packet of this protocol is meant; `discovery` is neighbour discovery. ARP is no protocol of IP.
    pub fn covers(self, protocol: Option<u8>, discovery: bool) -> bool {
        const ICMP6: u8 = vrrplab_engine::wire::ipv6::ICMP;
        match (self, protocol) {
            (Dropped::Arp, protocol) => protocol.is_none(),
            (_, None) => false,
            (Dropped::All, _) => true,
            (Dropped::Vrrp, Some(p)) => p == ipv4::VRRP,
            (Dropped::Ah, Some(p)) => p == ipv4::AH,
            (Dropped::Icmp, Some(p)) => p == ipv4::ICMP || (p == ICMP6 && !discovery),
        }
    }
}

impl FilterRule {
    /// The rule in words: `drop vrrp in from 192.168.10.0/24 link eth0`.
    pub fn words(&self, link: impl Fn(usize) -> String) -> String {
        let what = DROPPED.iter().find(|(_, d)| *d == self.what).map_or("", |(w, _)| w);
        let direction = DIRECTIONS.iter().find(|(_, d)| *d == self.direction).map_or("", |(w, _)| w);
        let part =
            |word: &str, value: Option<String>| value.map_or(String::new(), |v| format!(" {word} {v}"));
        let from = part("from", self.from.map(|n| n.to_string()));
        let to = part("to", self.to.map(|n| n.to_string()));
        format!("drop {what} {direction}{from}{to}{}", part("link", self.link.map(link)))
    }
}
