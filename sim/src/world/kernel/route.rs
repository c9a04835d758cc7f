//! Which way a packet goes: connected networks, static routes and those of daemons, longest prefix first, as Linux
//! looks them up.

use std::net::{IpAddr, Ipv6Addr};

use vrrplab_engine::addr::Cidr;

use super::{Kernel, Link};

/// The next station of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::world) struct Hop {
    /// By which link.
    pub(in crate::world) link: usize,
    /// To whom.
    pub(in crate::world) next: IpAddr,
}

impl Kernel {
    /// The way to `to`; only by link `by` if one is given. Among equally long prefixes the link that comes first
    /// wins, and a connected network before a static route: of two links in one network all packets leave by the
    /// first. A daemon's route comes before a static one to the same network unless it has a metric; a `blackhole` ends
    /// the search.
    pub(in crate::world) fn route(&self, to: IpAddr, by: Option<usize>) -> Option<Hop> {
        let mut best: Option<(u8, Option<Hop>)> = None;
        let mut offer = |prefix: u8, hop: Option<Hop>| {
            let usable = by.is_none_or(|by| hop.is_none_or(|hop| by == hop.link));
            if usable && best.is_none_or(|(longest, _)| prefix > longest) {
                best = Some((prefix, hop));
            }
        };
        for (link, l) in self.links.iter().enumerate() {
            for cidr in l.addresses.iter().filter(|c| c.contains(to)) {
                offer(cidr.prefix, Some(Hop { link, next: to }));
            }
        }
        self.ways_to(to, true).for_each(|(prefix, hop)| offer(prefix, hop));
        for route in self.routes.iter().filter(|r| r.to.contains(to)) {
            offer(route.to.prefix, Some(Hop { link: route.link, next: route.via.unwrap_or(to) }));
        }
        self.ways_to(to, false).for_each(|(prefix, hop)| offer(prefix, hop));
        best.and_then(|(_, hop)| hop)
    }

    /// The address that a packet of our own to `to` has as its source if nobody chose one.
    pub(super) fn source_for(&self, to: IpAddr, hop: Hop) -> Option<IpAddr> {
        match to {
            IpAddr::V4(_) => self.select_address(hop.link, hop.next),
            IpAddr::V6(to) => self.links[hop.link].select_address6(to).map(IpAddr::V6),
        }
    }

    /// `inet_select_addr`: the first address of the link whose network holds `target`, else its first one, else
    /// one of another link. Secondaries are not considered.
    pub(super) fn select_address(&self, link: usize, target: IpAddr) -> Option<IpAddr> {
        let own = &self.links[link];
        let there = own.primaries().find(|c| c.contains(target)).or_else(|| own.primaries().next());
        there.or_else(|| self.links.iter().find_map(|l| l.primaries().next())).map(|c| c.address)
    }

    /// Whether Linux drops a packet from outside for its source (`fib_validate_source`): it is our own, or by
    /// `rp_filter` it should not come by this link. Adverts to the group are checked as well. IPv6 has no such
    /// check.
    pub(super) fn is_martian(&self, link: usize, source: &IpAddr) -> bool {
        let settings = &self.links[link].settings;
        if source.is_ipv6() {
            return false;
        }
        if self.has(*source) {
            return !settings.accept_local;
        }
        match settings.rp_filter {
            0 => false,
            1 => self.route(*source, None).is_none_or(|hop| hop.link != link),
            _ => self.route(*source, None).is_none(),
        }
    }
}

impl Link {
    /// IPv4 addresses that are the first of their network.
    pub(super) fn primaries(&self) -> impl Iterator<Item = Cidr> + '_ {
        self.addresses
            .iter()
            .enumerate()
            .filter(|(n, c)| c.address.is_ipv4() && self.is_primary(*n))
            .map(|(_, c)| *c)
    }

    /// Whether no address before the n-th is of the same network.
    pub(super) fn is_primary(&self, n: usize) -> bool {
        let network = self.addresses[n].network();
        !self.addresses[..n].iter().any(|c| c.network() == network)
    }

    /// RFC 6724, 5, as far as it matters here: the scope of the destination, then the longest common prefix. An
    /// address of its own network (/128) is deprecated, as keepalived adds it.
    fn select_address6(&self, to: Ipv6Addr) -> Option<Ipv6Addr> {
        let local = |a: Ipv6Addr| a.is_unicast_link_local() || a.is_multicast();
        let candidates = self.addresses.iter().filter_map(|c| match c.address {
            IpAddr::V6(a) => Some((a, c.prefix < 128)),
            IpAddr::V4(_) => None,
        });
        let rank = |&(a, preferred): &(Ipv6Addr, bool)| {
            let common = (a.to_bits() ^ to.to_bits()).leading_zeros();
            (local(a) == local(to), preferred, common)
        };
        // Of equals the first.
        candidates.rev().max_by_key(rank).map(|(a, _)| a)
    }
}
