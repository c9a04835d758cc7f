//! Addresses of interfaces in the order and with the dependencies that Linux gives them: of each IPv4 network on
//! a link the first address is primary, and when it goes, the secondaries go too unless `promote_secondaries` is
//! set. Seen on Linux 6.18: with .170/24, .240/24 and .241/24 removing .170 removes .240, .241 and .170, in this
//! order; a /32 and an address of another network stay.

use vrrplab_engine::addr::Cidr;

use super::super::World;
use super::Link;
use crate::anchors::Sight;
use crate::observer::Observer;
use crate::trace::{Cause, What};

/// Addresses in the kernel's order.
pub(super) fn ordered(addresses: &[Cidr]) -> Vec<Cidr> {
    let mut list = Vec::with_capacity(addresses.len());
    for &cidr in addresses {
        insert(&mut list, cidr);
    }
    list
}

/// A primary comes behind the last primary, a secondary at the end. IPv6 has no secondaries.
fn insert(list: &mut Vec<Cidr>, cidr: Cidr) {
    let secondary = |list: &[Cidr], n: usize| {
        let network = list[n].network();
        list[n].address.is_ipv4() && list[..n].iter().any(|c| c.network() == network)
    };
    let joins = cidr.address.is_ipv4() && list.iter().any(|c| c.network() == cidr.network());
    let place = match joins {
        true => list.len(),
        false => (0..list.len()).find(|&n| secondary(list, n)).unwrap_or(list.len()),
    };
    list.insert(place, cidr);
}

impl Link {
    /// The addresses that go when this one goes, in the order in which they do.
    fn dependents(&self, cidr: Cidr) -> Vec<Cidr> {
        let Some(place) = self.addresses.iter().position(|c| *c == cidr) else { return Vec::new() };
        let mut going = Vec::new();
        if cidr.address.is_ipv4() && self.is_primary(place) && !self.settings.promote_secondaries {
            let network = cidr.network();
            going.extend(self.addresses.iter().copied().filter(|c| c.network() == network && *c != cidr));
        }
        going.push(cidr);
        going
    }
}

impl World {
    /// Adds or removes an address; gives everything that changed, in order.
    pub(in crate::world) fn change_address<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        cidr: Cidr,
        added: bool,
        cause: Cause,
        observer: &mut O,
    ) -> Vec<Cidr> {
        let l = &mut self.hosts[h].kernel.links[link];
        if !added {
            let going = l.dependents(cidr);
            for &cidr in &going {
                self.remove_one(h, link, cidr, cause, observer);
            }
            return going;
        }
        // The prefix does not tell two addresses apart for IPv6, but for IPv4 it does.
        if l.addresses.contains(&cidr) {
            return Vec::new();
        }
        insert(&mut l.addresses, cidr);
        self.address_event(h, link, cidr, true, cause, observer);
        vec![cidr]
    }

    /// Removes this address alone.
    pub(super) fn remove_one<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        cidr: Cidr,
        cause: Cause,
        observer: &mut O,
    ) {
        let addresses = &mut self.hosts[h].kernel.links[link].addresses;
        let rest: Vec<Cidr> = addresses.iter().copied().filter(|c| *c != cidr).collect();
        *addresses = ordered(&rest);
        self.address_event(h, link, cidr, false, cause, observer);
    }

    fn address_event<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        cidr: Cidr,
        added: bool,
        cause: Cause,
        observer: &mut O,
    ) {
        if O::EVENTS {
            let link = self.hosts[h].kernel.links[link].name.clone();
            self.tell(observer, Some(h), What::Address { added, cidr, link }, cause);
        }
        self.noticed(Sight::Address(h, cidr.address, added));
    }
}
