//! What the kernel reports: links, addresses, and what follows for sources and states.

use std::net::IpAddr;

use super::FaultReason;
use super::instance::Managed;
use super::process::Vrrp;
use super::track::{Tracker, of_link};
use crate::addr::Cidr;
use crate::boundary::{Effects, KernelEvent, LinkId};
use crate::config::Family;

impl Vrrp {
    /// The source of adverts: the configured one, or the interface's first address that is not virtual, over IPv6
    /// its first link-local one.
    pub(super) fn choose_source(&mut self, i: usize) {
        let Some(link) = self.instances[i].link else { return };
        if !self.instances[i].source_is_fixed {
            let is_virtual = |cidr: &Cidr| {
                self.instances.iter().flat_map(|i| &i.spec.managed).any(|m| m.cidr.address == cidr.address)
            };
            let facts = &self.links[usize::from(link.0)];
            let family = self.instances[i].spec.family;
            let fits = |c: &Cidr| match c.address {
                IpAddr::V4(_) => family == Family::V4,
                IpAddr::V6(a) => family == Family::V6 && a.is_unicast_link_local(),
            };
            let found = facts.addresses.iter().find(|c| fits(c) && !is_virtual(c)).map(|c| c.address);
            self.instances[i].source = found;
        }
        if let Some(source) = self.instances[i].source {
            self.instances[i].packet.set_source(source);
        }
    }

    /// The kernel reports a change of a link or an address.
    pub(crate) fn kernel(&mut self, event: KernelEvent, out: &mut Effects) {
        match event {
            KernelEvent::Link { link, up } => {
                self.links[usize::from(link.0)].up = up;
                for i in 0..self.instances.len() {
                    if self.instances[i].link == Some(link) && self.instances[i].spec.tracks_link {
                        self.set_fault(i, FaultReason::LinkDown, !up, out);
                    }
                }
                self.judge(Tracker::Interface(link), of_link(up), out);
                self.fixed_link_changed(link, up, out);
            }
            KernelEvent::AddressAdded { link, cidr } => {
                let known = &mut self.links[usize::from(link.0)].addresses;
                if !known.contains(&cidr) {
                    known.push(cidr);
                    self.sources_changed(link, out);
                }
            }
            KernelEvent::AddressRemoved { link, cidr } => {
                let known = &mut self.links[usize::from(link.0)].addresses;
                // What we removed ourselves is not in the list any more: the echo of that is no news.
                if let Some(place) = known.iter().position(|c| *c == cidr) {
                    known.remove(place);
                    self.address_was_taken(link, cidr, out);
                    self.sources_changed(link, out);
                    self.fixed_address_was_taken(link, cidr, out);
                }
            }
            KernelEvent::RouteRemoved(route) => self.route_was_taken(route, out),
            KernelEvent::RuleRemoved(rule) => self.rule_was_taken(rule, out),
        }
    }

    pub(super) fn sources_changed(&mut self, link: LinkId, out: &mut Effects) {
        for i in 0..self.instances.len() {
            if self.instances[i].link == Some(link) {
                self.choose_source(i);
                let missing = self.instances[i].source.is_none();
                self.set_fault(i, FaultReason::NoAddress, missing, out);
            }
        }
    }

    /// A stranger removed a virtual address: farewell, and a new try after the skew
    /// (keepalived_netlink.c:set_vrrp_backup; recorded with 2.2.7).
    pub(super) fn address_was_taken(&mut self, link: LinkId, cidr: Cidr, out: &mut Effects) {
        for i in 0..self.instances.len() {
            let lost = |m: &Managed| m.tracked && m.link == link && m.cidr == cidr;
            if !self.instances[i].is_master() || !self.instances[i].spec.managed.iter().any(lost) {
                continue;
            }
            self.leave_for_skew(i, out);
        }
    }
}
