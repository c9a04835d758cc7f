//! The network that a few configurations imply: a segment for each interface name, and on it the network of the
//! first virtual address there whose prefix says how large it is. Hosts get the free addresses from .1 on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::config::Config;
use vrrplab_sim::scenario::{Link, Segment, SegmentIndex, default_mac};

use super::Options;
use super::command::CommandLine;

/// What was inferred.
pub(super) struct Network {
    pub(super) segments: Vec<Segment>,
    /// The links of each node.
    pub(super) links: Vec<Vec<Link>>,
    /// The client's link and what it pings.
    pub(super) probe: Option<(Link, IpAddr)>,
}

/// What is known while inferring.
struct Plan<'a> {
    options: &'a Options,
    names: &'a [String],
    /// The interfaces of each node in the order of its configuration.
    interfaces: Vec<Vec<&'a str>>,
    /// All interface names: the segments.
    segments: Vec<&'a str>,
    /// Addresses from the command line, by node and interface.
    given: BTreeMap<(usize, &'a str), Vec<Cidr>>,
    /// Addresses that nobody else may get.
    taken: BTreeSet<IpAddr>,
}

impl Network {
    pub(super) fn infer(command: &mut CommandLine, options: &Options, names: &[String]) -> Network {
        let interfaces: Vec<Vec<&str>> = options.configs.iter().map(|(_, r)| interfaces(&r.config)).collect();
        let mut segments = Vec::new();
        for interface in interfaces.iter().flatten() {
            if !segments.contains(interface) {
                segments.push(*interface);
            }
        }
        let taken = options.configs.iter().flat_map(|(_, r)| claimed(&r.config)).collect();
        let given = BTreeMap::new();
        let mut plan = Plan { options, names, interfaces, segments, given, taken };
        plan.check_interfaces(command);
        plan.read_given(command);
        let links = plan.links(command);
        let probe = plan.probe(command);
        Network { segments: plan.segments.iter().map(|name| Segment::plain(*name)).collect(), links, probe }
    }
}

/// The interfaces that a configuration uses.
fn interfaces(config: &Config) -> Vec<&str> {
    let mut names = Vec::new();
    for instance in &config.instances {
        let devices = instance.addresses.iter().chain(&instance.excluded).map(|a| a.dev.as_str());
        for name in std::iter::once(instance.interface.as_str()).chain(devices) {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Every address that a configuration names.
fn claimed(config: &Config) -> impl Iterator<Item = IpAddr> + '_ {
    config.instances.iter().flat_map(|i| {
        let managed = i.addresses.iter().chain(&i.excluded).map(|a| a.cidr.address);
        managed.chain(i.mcast_src_ip.map(IpAddr::V4))
    })
}

impl<'a> Plan<'a> {
    /// Without an interface a node is not on the network.
    fn check_interfaces(&self, command: &mut CommandLine) {
        for (i, interfaces) in self.interfaces.iter().enumerate() {
            if interfaces.is_empty() {
                let word = command.configs[i].clone();
                let help = "it needs a vrrp_instance with an interface";
                command.error("missing-link", &word, format!("{} uses no interface", self.names[i]), help);
            }
        }
    }

    /// `NODE=ADDRESS/PREFIX` or `NODE:INTERFACE=ADDRESS/PREFIX`.
    fn read_given(&mut self, command: &mut CommandLine) {
        for (i, text) in self.options.addresses.iter().enumerate() {
            let word = command.addresses[i].clone();
            let Some((who, address)) = text.split_once('=') else {
                let help = format!("--address {}=192.168.10.170/24", self.names[0]);
                command.error(
                    "bad-address",
                    &word,
                    format!("`{text}` does not say whose address it is"),
                    help,
                );
                continue;
            };
            let (name, interface) = match who.split_once(':') {
                Some((name, interface)) => (name, Some(interface)),
                None => (who, None),
            };
            let node = command.node(name, &word.part(0..name.len()), self.names);
            let cidr = address.parse::<Cidr>().ok().filter(|c| address.contains('/') && c.address.is_ipv4());
            let Some(cidr) = cidr else {
                let message = format!("`{address}` is no IPv4 address with a prefix length");
                let help = "for example 192.168.10.170/24";
                command.error("bad-address", &word.part(who.len() + 1..text.len()), message, help);
                continue;
            };
            let Some(node) = node else { continue };
            let known = &self.interfaces[node];
            let chosen = match interface {
                Some(wanted) => known.iter().find(|k| **k == wanted),
                None => known.first(),
            };
            let Some(chosen) = chosen else {
                let message = format!("{name} does not use interface {}", interface.unwrap_or("at all"));
                let help = format!("one of: {}", known.join(", "));
                command.error("unknown-name", &word.part(name.len()..who.len()), message, help);
                continue;
            };
            if !self.taken.insert(cidr.address) && !self.is_source(node, cidr.address) {
                let message = format!("{} is in use already", cidr.address);
                command.error("duplicate-address", &word.part(who.len() + 1..text.len()), message, "");
            }
            self.given.entry((node, chosen)).or_default().push(cidr);
        }
    }

    /// Whether the node's own configuration takes this address for its adverts.
    fn is_source(&self, node: usize, address: IpAddr) -> bool {
        let instances = &self.options.configs[node].1.config.instances;
        instances.iter().any(|i| i.mcast_src_ip.map(IpAddr::V4) == Some(address))
    }

    /// The network on an interface: that of an address from the command line, else of a virtual address.
    fn network(&self, interface: &str) -> Option<Cidr> {
        let given = self.given.iter().filter(|((_, i), _)| *i == interface).flat_map(|(_, c)| c);
        let instances = self.options.configs.iter().flat_map(|(_, r)| &r.config.instances);
        let managed = instances.flat_map(|i| i.addresses.iter().chain(&i.excluded));
        let managed = managed.filter(|a| a.dev == interface).map(|a| &a.cidr);
        given.chain(managed).find(|c| c.address.is_ipv4() && c.prefix < 32).map(Cidr::network)
    }

    /// The links of every node, numbered from 1 through all of them.
    fn links(&mut self, command: &mut CommandLine) -> Vec<Vec<Link>> {
        let mut count = 0;
        let mut all = Vec::new();
        for node in 0..self.names.len() {
            let mut links = Vec::new();
            for interface in self.interfaces[node].clone() {
                count += 1;
                let (mac, segment) = (default_mac(count), self.segment(interface));
                links.push(Link::new(interface, mac, segment, self.addresses(command, node, interface)));
            }
            all.push(links);
        }
        all
    }

    fn segment(&self, interface: &str) -> SegmentIndex {
        SegmentIndex(self.segments.iter().position(|s| *s == interface).unwrap_or(0))
    }

    /// What a node has on an interface before its daemon runs: what the command line says, else the source of
    /// its adverts, else the next free address.
    fn addresses(&mut self, command: &mut CommandLine, node: usize, interface: &'a str) -> Vec<Cidr> {
        if let Some(given) = self.given.get(&(node, interface)) {
            return given.clone();
        }
        let name = &self.names[node];
        let word = command.configs[node].clone();
        let help = format!("--address {name}:{interface}=192.168.10.170/24");
        let Some(network) = self.network(interface) else {
            let message = format!("no virtual address says which network {interface} of {name} is in");
            command.error("unknown-network", &word, message, help);
            return Vec::new();
        };
        let instances = &self.options.configs[node].1.config.instances;
        let source = instances.iter().filter(|i| i.interface == interface).find_map(|i| i.mcast_src_ip);
        if let Some(source) = source {
            return vec![Cidr { address: source.into(), prefix: network.prefix }];
        }
        match self.free(network) {
            Some(address) => vec![address],
            None => {
                let message = format!("no address of {network} is left for {interface} of {name}");
                command.error("full-network", &word, message, help);
                Vec::new()
            }
        }
    }

    /// The next free host address of a network, now taken. Neither its first nor its last address is one.
    fn free(&mut self, network: Cidr) -> Option<Cidr> {
        let IpAddr::V4(first) = network.address else { return None };
        let size = 1u64 << (32 - u32::from(network.prefix));
        // More hosts than this are not on any command line.
        let hosts = 1..(size - 1).min(1 << 16);
        let address = hosts
            .map(|n| IpAddr::V4(Ipv4Addr::from_bits(first.to_bits() + n as u32)))
            .find(|a| !self.taken.contains(a))?;
        self.taken.insert(address);
        Some(Cidr { address, prefix: network.prefix })
    }

    /// A client on the segment of the first virtual IPv4 address. There is none where nothing can be pinged.
    fn probe(&mut self, command: &mut CommandLine) -> Option<(Link, IpAddr)> {
        let instances = self.options.configs.iter().flat_map(|(_, r)| &r.config.instances);
        let first = instances.flat_map(|i| &i.addresses).find_map(|a| match a.cidr.address {
            IpAddr::V4(address) => Some((address, a.dev.as_str())),
            IpAddr::V6(_) => None,
        });
        let (to, interface) = first?;
        // If the network is not known, that has been said of a node already.
        let network = self.network(interface)?;
        let Some(address) = self.free(network) else {
            if command.findings.is_empty() {
                let message = format!("no address of {network} is left for a client");
                command.error("full-network", &command.program.clone(), message, "");
            }
            return None;
        };
        let links = self.interfaces.iter().map(Vec::len).sum::<usize>() as u32;
        let link = Link::new("eth0", default_mac(links + 1), self.segment(interface), vec![address]);
        Some((link, to.into()))
    }
}
