//! A host of the laboratory: its namespaces, its links and what is told of it by its kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_sim::neighbour::Manners;
use vrrplab_sim::scenario::{Host, Link, LinkSettings};

use super::first::First;
use super::lines;
use crate::kernel::namespace::Namespaces;
use crate::kernel::netlink::{AddressOptions, End, Monitor, Netlink, Watch};
use crate::kernel::offload;
use crate::kernel::packet::Packets;

/// Where a host keeps what the laboratory gives it.
pub(super) const FOLDER: &str = "/run/vrrplab";

/// The switch's ends have indices from here on, which no link of a host has. The kernel tells of a carrier up to a second late
/// unless an interface and its peer have different indices (net/core/link_watch.c, `linkwatch_urgent_event`).
const OUTER: u32 = 10_000;
/// So many for each host.
const LINKS: usize = 100;

/// A host that is built.
#[derive(Debug)]
pub(super) struct LabHost {
    /// Where it is.
    pub(super) namespaces: Namespaces,
    /// What its processes descend from.
    pub(super) first: First,
    /// Requests to its kernel.
    pub(super) netlink: Netlink,
    /// What changes in its kernel.
    pub(super) monitor: Monitor,
    /// Its links in the order of the scenario.
    pub(super) links: Vec<LabLink>,
    /// Its links by their index in its own namespace.
    pub(super) by_index: BTreeMap<u32, usize>,
    /// Interfaces above its links, by index, as far as its kernel has told.
    pub(super) above: BTreeMap<u32, Above>,
}

/// An interface that a daemon or its administrator made above a link. Its addresses are held while it is live.
#[derive(Debug)]
pub(super) struct Above {
    /// The link below, by its place among the host's.
    pub(super) link: usize,
    /// Its Ethernet address.
    pub(super) mac: Option<Mac>,
    /// Whether nobody holds it down.
    pub(super) live: bool,
    /// What it has.
    pub(super) addresses: BTreeSet<Cidr>,
}

/// A macvlan that is to be there when a daemon starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Macvlan {
    /// Its name.
    pub(super) name: String,
    /// The link below, by its place among the host's.
    pub(super) link: usize,
    /// Its Ethernet address.
    pub(super) mac: Mac,
    /// Its addresses in the order of being added.
    pub(super) addresses: Vec<Cidr>,
}

/// A link of a host, with the switch's end of its cable.
#[derive(Debug)]
pub(super) struct LabLink {
    /// Its index in the host's namespace.
    pub(super) inner: u32,
    /// The index of the switch's end in the laboratory's namespace.
    pub(super) outer: u32,
    /// The switch's end: what the host sends comes out here. None where the kernel's bridge has it.
    pub(super) port: Packets,
}

/// Builds a host; `number` is its place in the scenario. Its links are up, with their addresses, and the switch's ends
/// are silent.
pub(super) fn build(outside: &mut Netlink, number: usize, spec: &Host) -> io::Result<LabHost> {
    let prepared = Namespaces::create(|| prepare(&spec.name))?;
    let (namespaces, (mut netlink, monitor)) = prepared;
    let first = First::start(&namespaces)?;
    let mut links = Vec::with_capacity(spec.links.len());
    for (l, link) in spec.links.iter().enumerate() {
        let name = format!("h{number}l{l}");
        let index = OUTER + (number * LINKS + l) as u32;
        let here = End { name: &name, mac: None, index: Some(index), namespace: None };
        let there =
            End { name: &link.name, mac: Some(link.mac), index: None, namespace: Some(namespaces.net()) };
        outside.add_veth(&here, &there)?;
        let (outer, inner) = (index, netlink.link(&link.name)?.index);
        offload::off(&name)?;
        namespaces.within(|| set_link(link))??;
        outside.set_up(outer, true)?;
        links.push(LabLink { inner, outer, port: Packets::open(outer)? });
    }
    for link in &links {
        netlink.set_up(link.inner, true)?;
    }
    let by_index = links.iter().enumerate().map(|(l, link)| (link.inner, l)).collect();
    let above = BTreeMap::new();
    let mut host = LabHost { namespaces, first, netlink, monitor, links, by_index, above };
    host.give_addresses(spec)?;
    host.set_routes(spec)?;
    Ok(host)
}

impl LabHost {
    /// Adds the addresses that the host has before any daemon runs.
    pub(super) fn give_addresses(&mut self, spec: &Host) -> io::Result<()> {
        for (l, link) in spec.links.iter().enumerate() {
            for cidr in &link.addresses {
                self.add_address(l, *cidr)?;
            }
        }
        Ok(())
    }

    /// Adds an address as a stranger would; that it is there already is fine: the kernel makes link-local ones.
    pub(super) fn add_address(&mut self, link: usize, cidr: Cidr) -> io::Result<()> {
        let options =
            AddressOptions { without_detection: cidr.address.is_ipv6(), ..AddressOptions::default() };
        match self.netlink.add_address(self.links[link].inner, cidr, &options) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        }
    }

    /// Removes an address; that it is not there is fine.
    pub(super) fn delete_address(&mut self, link: usize, cidr: Cidr) -> io::Result<()> {
        match self.netlink.delete_address(self.links[link].inner, cidr) {
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Ok(()),
            done => done,
        }
    }

    /// Makes a macvlan in bridge mode, if there is none of its name, as FRR's manual says. It is held down until a daemon wants it:
    /// otherwise the node would have the addresses while it boots. No address comes from routers, because one made of the virtual
    /// Ethernet address would be every router's.
    pub(super) fn ensure_macvlan(&mut self, macvlan: &Macvlan) -> io::Result<()> {
        let Macvlan { name, link, mac, addresses } = macvlan;
        if self.netlink.link(name).is_ok() {
            return Ok(());
        }
        self.netlink.add_macvlan(name, self.links[*link].inner, *mac)?;
        let index = self.netlink.link(name)?.index;
        self.namespaces.within(|| {
            sysctl(&format!("net/ipv6/conf/{name}/addr_gen_mode"), "1")?;
            sysctl(&format!("net/ipv6/conf/{name}/accept_ra"), "0")
        })??;
        // An address of IPv6 that an interface gets before it was ever up is not told to zebra reliably.
        self.netlink.set_up(index, true)?;
        self.netlink.hold_down(index)?;
        for cidr in addresses {
            let options =
                AddressOptions { without_detection: cidr.address.is_ipv6(), ..AddressOptions::default() };
            self.netlink.add_address(index, *cidr, &options)?;
        }
        Ok(())
    }

    /// Adds the routes of the scenario.
    pub(super) fn set_routes(&mut self, spec: &Host) -> io::Result<()> {
        for route in &spec.routes {
            self.netlink.set_route(self.links[route.link].inner, route.to, route.via)?;
        }
        Ok(())
    }

    /// What a loss of power leaves: the host's own addresses, no neighbours, no connections. Interfaces of daemons and
    /// rules of packet filters are gone too.
    pub(super) fn forget_everything(&mut self) -> io::Result<()> {
        for link in self.netlink.links()? {
            if !self.by_index.contains_key(&link.index) && link.name != "lo" {
                self.netlink.delete_link(link.index)?;
            }
        }
        for link in &self.links {
            self.netlink.set_up(link.inner, false)?;
        }
        self.netlink.forget_lines(
            |route| lines::way(route, |_| None).is_some(),
            |rule| lines::policy(rule).is_some(),
        )?;
        for address in self.netlink.addresses()? {
            if self.by_index.contains_key(&address.index) {
                match self.netlink.delete_address(address.index, address.cidr) {
                    // The first address of a network takes the others along.
                    Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {}
                    done => done?,
                }
            }
        }
        Ok(())
    }

    /// Power is back: the bare host.
    pub(super) fn come_back(&mut self, spec: &Host) -> io::Result<()> {
        for link in &self.links {
            self.netlink.set_up(link.inner, true)?;
        }
        self.give_addresses(spec)?;
        self.set_routes(spec)
    }
}

/// The inside of a new host before it has links.
fn prepare(name: &str) -> io::Result<(Netlink, Monitor)> {
    super::private::settle()?;
    nix::unistd::sethostname(name)?;
    // Duplicate address detection would keep addresses silent for a second or two, drawn by lot.
    for which in ["all", "default"] {
        sysctl(&format!("net/ipv6/conf/{which}/accept_dad"), "0")?;
    }
    let mut netlink = Netlink::open()?;
    let lo = netlink.link("lo")?.index;
    netlink.set_up(lo, true)?;
    let watched = [
        Watch::Links,
        Watch::Addresses4,
        Watch::Addresses6,
        Watch::Neighbours,
        Watch::Routes4,
        Watch::Routes6,
        Watch::Rules4,
        Watch::Rules6,
    ];
    Ok((netlink, Monitor::open(&watched)?))
}

fn set_link(link: &Link) -> io::Result<()> {
    offload::off(&link.name)?;
    for (key, value) in settings(&link.name, &link.settings) {
        sysctl(&key, &value)?;
    }
    Ok(())
}

/// What differs from the kernel's own settings, each as a path below /proc/sys.
fn settings(link: &str, set: &LinkSettings) -> Vec<(String, String)> {
    let usual = LinkSettings::default();
    let mut found = Vec::new();
    let mut conf = |family: &str, key: &str, value: u32, usual: u32| {
        if value != usual {
            found.push((format!("net/{family}/conf/{link}/{key}"), value.to_string()));
        }
    };
    conf("ipv4", "arp_ignore", set.arp_ignore.into(), usual.arp_ignore.into());
    conf("ipv4", "arp_announce", set.arp_announce.into(), usual.arp_announce.into());
    conf("ipv4", "arp_filter", set.arp_filter.into(), 0);
    conf("ipv4", "arp_accept", set.arp_accept.into(), 0);
    conf("ipv4", "drop_gratuitous_arp", set.drop_gratuitous_arp.into(), 0);
    conf("ipv6", "drop_unsolicited_na", set.drop_unsolicited_na.into(), 0);
    conf("ipv4", "rp_filter", set.rp_filter.into(), usual.rp_filter.into());
    conf("ipv4", "accept_local", set.accept_local.into(), 0);
    conf("ipv4", "promote_secondaries", set.promote_secondaries.into(), 0);
    for (family, on) in ["ipv4", "ipv6"].into_iter().zip(set.forwarding) {
        conf(family, "forwarding", on.into(), 0);
    }
    for (family, manners) in ["ipv4", "ipv6"].into_iter().zip(set.neighbours) {
        found.extend(neighbour_settings(family, link, manners));
    }
    found
}

fn neighbour_settings(family: &str, link: &str, manners: Manners) -> Vec<(String, String)> {
    use vrrplab_sim::neighbour::Timing;
    let Manners::Linux(set) = manners else { return Vec::new() };
    let usual = Timing::DEFAULT;
    let millis = |d: vrrplab_engine::time::Duration| d.as_micros() / 1_000;
    let all = [
        ("base_reachable_time_ms", millis(set.base_reachable), millis(usual.base_reachable)),
        ("delay_first_probe_time", millis(set.delay) / 1_000, millis(usual.delay) / 1_000),
        ("retrans_time_ms", millis(set.retransmit), millis(usual.retransmit)),
        ("ucast_solicit", set.unicast.into(), usual.unicast.into()),
        ("mcast_solicit", set.multicast.into(), usual.multicast.into()),
        ("locktime", millis(set.lock) / 10, millis(usual.lock) / 10),
        ("gc_stale_time", millis(set.gc_stale) / 1_000, millis(usual.gc_stale) / 1_000),
    ];
    let differs = all.into_iter().filter(|(_, value, usual)| value != usual);
    differs.map(|(key, value, _)| (format!("net/{family}/neigh/{link}/{key}"), value.to_string())).collect()
}

/// Writes a setting of the namespace that the calling thread is in.
pub(super) fn sysctl(key: &str, value: &str) -> io::Result<()> {
    let path = Path::new("/proc/sys").join(key);
    fs::write(&path, value).map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))
}
