//! What is judged: hosts, links, who is configured for which address, and the bounds that follow. Computed from the
//! scenario, and anew where an act gives a daemon another configuration. Members and places keep their numbers: there
//! is one for every instance and address of any configuration of the scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::config::{Config, Family, Instance, Reading, Version};
use vrrplab_engine::time::Duration;

use super::bounds::{self, Allowances};
use super::ways::Ways;
use crate::frame::Advert;
use crate::scenario::{Fault, Host, HostIndex, Link, Medium, NetworkFault, Ping, Role, Scenario};
use crate::trace::Name;

/// What changes only with a configuration. Hosts and segments count as in the scenario.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    pub(super) hosts: Vec<Machine>,
    /// What the clock of the run allows.
    pub(super) allows: Allowances,
    /// Of each segment: how long a frame can take from there to anywhere.
    pub(super) latency: Vec<Duration>,
    /// Of each segment: the first of those that trunks connect it with, which stands for all of them.
    pub(super) domain: Vec<usize>,
    /// Which segments each trunk connects.
    pub(super) trunks: Vec<[usize; 2]>,
    /// What nodes may be started with later, or find at a reload.
    configurations: Vec<Arc<Reading>>,
    /// By segment: how much longer than usual a frame can take.
    delays: Vec<Duration>,
    pub(super) members: Vec<Member>,
    pub(super) places: Vec<Place>,
    by_name: BTreeMap<Name, usize>,
    by_address: BTreeMap<(IpAddr, usize), usize>,
    by_mac: BTreeMap<Mac, usize>,
    by_vrid: BTreeMap<u8, Vec<usize>>,
}

#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) name: Name,
    pub(super) links: Vec<Link>,
    pub(super) is_client: bool,
    pub(super) ping: Option<Ping>,
    /// The neighbour that its ping needs first: the address itself, or the router on the way there.
    pub(super) next_hop: Option<IpAddr>,
    /// Its instances, in the order of its configuration; behind them those that only later ones have.
    members: Range<usize>,
}

/// An instance on a node.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) host: usize,
    pub(super) name: Name,
    /// The link that carries its adverts; `None` if the host has no such interface.
    pub(super) link: Option<usize>,
    /// What it manages: the place and the link of this host.
    pub(super) places: Vec<(usize, usize)>,
    /// Whether it can ever be Master: the daemon starts, and there is an address to advertise from.
    pub(super) usable: bool,
    /// Where its adverts come from at the beginning.
    pub(super) source: Option<IpAddr>,
    /// What its trackers and its group can do to it.
    pub(super) ways: Ways,
    /// Whether its daemon's configuration has it now.
    present: bool,
    reading: Arc<Reading>,
    index: usize,
}

/// A virtual address on a segment, and those that trunks connect it with: what must have one holder.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) address: IpAddr,
    pub(super) segment: usize,
    /// The instances that manage it.
    pub(super) members: Vec<usize>,
    /// [`bounds::election`] of these, and of those that they move together with, and what it may take beyond.
    pub(super) bound: Duration,
    /// The places of their siblings: who holds those decides who may hold this one.
    pub(super) tied: Vec<usize>,
}

impl Member {
    pub(super) fn config(&self) -> &Instance {
        &self.reading.config.instances[self.index]
    }

    pub(super) fn is_unicast(&self) -> bool {
        !self.config().unicast.peers.is_empty()
    }

    /// Whether an advert that left this link is one of its own.
    pub(super) fn sends(&self, from: (usize, usize), advert: &Advert) -> bool {
        if (self.host, self.link) != (from.0, Some(from.1)) || !self.present {
            return false;
        }
        let config = self.config();
        let cast = match advert.to {
            None => !self.is_unicast(),
            Some(to) => config.unicast.peers.iter().any(|peer| peer.address == to),
        };
        cast && advert.addresses.iter().all(|a| Family::of(*a) == config.family)
    }

    /// Whether its `check_unicast_src` lets adverts of that instance through, if it has one.
    pub(super) fn takes_from(&self, sender: &Member) -> bool {
        let unicast = &self.config().unicast;
        let bounds = unicast.peers.iter().find(|peer| Some(peer.address) == sender.source);
        let ttl = sender.config().unicast.ttl.unwrap_or(match sender.config().family {
            Family::V4 => 255,
            Family::V6 => 64,
        });
        !(self.is_unicast() && unicast.check_source)
            || bounds.is_some_and(|peer| (peer.min_ttl..=peer.max_ttl).contains(&ttl))
    }

    /// Skew_Time with its configured priority if it counts in this interval.
    pub(super) fn skew(&self, interval: Duration) -> Duration {
        bounds::skew(self.config(), self.config().priority, interval)
    }

    /// Master_Down_Interval with its configured priority if it counts in this interval.
    pub(super) fn master_down(&self, interval: Duration) -> Duration {
        bounds::master_down(self.config(), self.config().priority, interval)
    }

    /// How long it may take to become Master after it heard an advert, or a farewell, whatever its trackers do to its
    /// priority: a backup tells nobody what that is.
    pub(super) fn longest_wait(&self, farewell: bool, interval: Duration) -> Duration {
        let lowest = self.ways.lowest;
        if farewell {
            bounds::skew(self.config(), lowest, interval)
        } else {
            bounds::master_down(self.config(), lowest, interval)
        }
    }

    /// How long it must wait at least if it may not preempt.
    pub(super) fn shortest_wait(&self, interval: Duration) -> Duration {
        bounds::master_down(self.config(), self.ways.highest, interval)
    }

    /// `vrrp_startup_delay` of its daemon.
    pub(super) fn startup_delay(&self) -> Duration {
        self.reading.config.global.startup_delay
    }

    /// The addresses that it advertises.
    pub(super) fn advertised(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.config().addresses.iter().map(|a| a.cidr.address)
    }

    /// Why this instance refuses adverts of `other` (RFC 3768, 7.1), if it is known to.
    pub(super) fn refuses(&self, other: &Member) -> Option<&'static str> {
        let (a, b) = (self.config(), other.config());
        let differ = |x: &Member, y: &Member| x.advertised().any(|p| y.advertised().all(|q| p != q));
        match () {
            () if a.version != b.version => Some("version"),
            () if a.vrid != b.vrid => Some("virtual router id"),
            () if a.auth != b.auth => Some("authentication"),
            () if self.is_unicast() != other.is_unicast() => Some("unicast"),
            () if a.version == Version::V2 && a.advert_int != b.advert_int => Some("advert interval"),
            () if differ(self, other) || differ(other, self) => Some("address list"),
            () => None,
        }
    }
}

impl Topology {
    pub(super) fn new(scenario: &Scenario, slack: Duration) -> Topology {
        let hosts: Vec<Machine> = scenario.hosts.iter().map(machine).collect();
        let mut plan = Topology {
            by_name: hosts.iter().enumerate().map(|(i, h)| (h.name.clone(), i)).collect(),
            by_mac: macs(&hosts),
            hosts,
            allows: Allowances { slack },
            latency: Vec::new(),
            domain: domains(scenario),
            trunks: scenario.trunks.iter().map(|t| t.between.map(|s| s.0)).collect(),
            configurations: scenario.configurations.clone(),
            delays: Vec::new(),
            members: Vec::new(),
            places: Vec::new(),
            by_address: BTreeMap::new(),
            by_vrid: BTreeMap::new(),
        };
        plan.latency = plan.longest_ways(scenario);
        for (host, spec) in scenario.hosts.iter().enumerate() {
            let first = plan.members.len();
            if let Role::Node(node) = &spec.role {
                plan.add_members(host, &node.reading, first);
                for later in scenario.later_of(HostIndex(host)) {
                    plan.add_members(host, later, first);
                }
                plan.hosts[host].members = first..plan.members.len();
                plan.configure(host, &node.reading);
            }
        }
        plan.delays = plan.worst_delays(scenario);
        plan.settle_all();
        plan
    }

    fn settle_all(&mut self) {
        for p in 0..self.places.len() {
            self.settle(p);
        }
    }

    /// The bound of a place, and what it is tied to. A bound never shrinks: what began with the longer one goes on.
    fn settle(&mut self, p: usize) {
        let members = &self.members;
        let managing = self.places[p].members.iter();
        let together: BTreeSet<usize> =
            managing.flat_map(|&m| members[m].ways.siblings.iter().copied().chain([m])).collect();
        let tied: BTreeSet<usize> =
            together.iter().flat_map(|&m| members[m].places.iter().map(|(place, _)| *place)).collect();
        // What its nodes may be started with later counts too.
        let vrids: BTreeSet<u8> = together.iter().map(|&m| members[m].config().vrid).collect();
        let later = self.configurations.iter().flat_map(|reading| &reading.config.instances);
        let later = later.filter(|i| vrids.contains(&i.vrid)).map(|i| (i, i.priority));
        let now = together.iter().map(|&m| (members[m].config(), members[m].ways.lowest));
        let slowest = bounds::election(now.chain(later));
        let delay = tied.iter().map(|&t| self.delays[self.places[t].segment]).max().unwrap_or_default();
        let place = &mut self.places[p];
        place.bound = place.bound.max(slowest + delay + self.allows.takeover());
        place.tied = tied.into_iter().filter(|&t| t != p).collect();
    }

    /// All switches and cables of a domain: no way through it is longer.
    fn longest_ways(&self, scenario: &Scenario) -> Vec<Duration> {
        let mut all = vec![Duration::ZERO; self.domain.len()];
        for (s, segment) in scenario.segments.iter().enumerate() {
            all[self.domain[s]] += segment.latency;
        }
        for trunk in &scenario.trunks {
            all[self.domain[trunk.between[0].0]] += trunk.latency;
        }
        self.domain.iter().map(|&d| all[d]).collect()
    }

    /// By segment: how much longer than usual a frame can take in its domain, in the worst case of all
    /// impairments.
    fn worst_delays(&self, scenario: &Scenario) -> Vec<Duration> {
        let segments = scenario.segments.iter().enumerate();
        let segments = segments.flat_map(|(s, spec)| spec.impairments.iter().map(move |i| (s, *i)));
        let trunks = scenario.trunks.iter();
        let trunks = trunks.flat_map(|t| t.impairments.iter().map(move |i| (t.between[0].0, *i)));
        let acts = scenario.script.iter().filter_map(|act| match act.fault {
            Fault::Network(NetworkFault::Impair { on: Medium::Segment(s), impairment, .. }) => {
                Some((s.0, impairment))
            }
            Fault::Network(NetworkFault::Impair { on: Medium::Trunk(t), impairment, .. }) => {
                Some((scenario.trunks[t.0].between[0].0, impairment))
            }
            _ => None,
        });
        let mut all = vec![Duration::ZERO; self.domain.len()];
        for (s, impairment) in segments.chain(trunks).chain(acts) {
            all[self.domain[s]] += impairment.worst_delay();
        }
        self.domain.iter().map(|&d| all[d]).collect()
    }

    /// Whether the daemon refuses this configuration.
    pub(super) fn is_refused(&self, config: usize) -> bool {
        self.configurations[config].refused()
    }

    /// The daemon of a host runs another configuration from now on.
    pub(super) fn reconfigure(&mut self, host: usize, config: usize) {
        let reading = Arc::clone(&self.configurations[config]);
        self.configure(host, &reading);
        self.settle_all();
    }

    /// Gives a host's instances what this configuration says of them; of the others there is only the name.
    fn configure(&mut self, host: usize, reading: &Arc<Reading>) {
        let members = self.hosts[host].members.clone();
        for place in &mut self.places {
            place.members.retain(|m| !members.contains(m));
        }
        for m in members.clone() {
            let member = &mut self.members[m];
            (member.present, member.usable) = (false, false);
            member.places.clear();
            member.ways.siblings.clear();
        }
        for index in 0..reading.config.instances.len() {
            let m = self.number(members.start, &reading.config.instances[index]).expect("it was added");
            let places = self.places_managed(host, &reading.config.instances[index]);
            for &(place, _) in &places {
                if !self.places[place].members.contains(&m) {
                    self.places[place].members.push(m);
                }
            }
            self.members[m] = Member { places, ..self.member(host, reading, index, members.start) };
        }
        for place in &mut self.places {
            place.members.sort_unstable();
        }
    }

    /// The member that an instance is, among those from `first` on, which are one host's: an instance with another
    /// virtual router is another one.
    fn number(&self, first: usize, instance: &Instance) -> Option<usize> {
        let same = |m: &Member| *m.name == *instance.name && m.config().vrid == instance.vrid;
        self.members[first..].iter().position(same).map(|n| first + n)
    }

    /// An instance of a host whose first member has this number; its places are still to be found.
    fn member(&self, host: usize, reading: &Arc<Reading>, index: usize, first: usize) -> Member {
        let config = &reading.config;
        let instance = &config.instances[index];
        let link = self.link(host, &instance.interface);
        let source = source_of(config, instance, link.map(|l| &self.hosts[host].links[l]));
        let number = |place: usize| self.number(first, &config.instances[place]).unwrap_or(first + place);
        Member {
            host,
            name: instance.name.as_str().into(),
            link,
            places: Vec::new(),
            usable: !reading.refused() && link.is_some() && source.is_some() && !lacks_peers(instance),
            source,
            ways: Ways::new(config, index, number, |name| self.link(host, name)),
            present: true,
            reading: Arc::clone(reading),
            index,
        }
    }

    /// Members and places for what a configuration of this host has and none before it had.
    fn add_members(&mut self, host: usize, reading: &Arc<Reading>, first: usize) {
        for (index, instance) in reading.config.instances.iter().enumerate() {
            self.places_managed(host, instance);
            if self.number(first, instance).is_none() {
                self.by_vrid.entry(instance.vrid).or_default().push(self.members.len());
                self.members.push(self.member(host, reading, index, first));
            }
        }
    }

    /// What an instance manages: the place and the link of this host.
    fn places_managed(&mut self, host: usize, instance: &Instance) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        for address in instance.addresses.iter().chain(&instance.excluded) {
            // An address on a device that is on no switch, such as lo, is nobody's to contest.
            let Some(link) = self.link(host, &address.dev) else { continue };
            let place = self.place_of(address.cidr.address, self.hosts[host].links[link].segment.0);
            if !places.contains(&(place, link)) {
                places.push((place, link));
            }
        }
        places
    }

    fn place_of(&mut self, address: IpAddr, segment: usize) -> usize {
        let segment = self.domain[segment];
        let places = &mut self.places;
        *self.by_address.entry((address, segment)).or_insert_with(|| {
            let (members, tied) = (Vec::new(), Vec::new());
            places.push(Place { address, segment, members, bound: Duration::ZERO, tied });
            places.len() - 1
        })
    }

    pub(super) fn host(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(super) fn name(&self, host: usize) -> &Name {
        &self.hosts[host].name
    }

    pub(super) fn link(&self, host: usize, name: &str) -> Option<usize> {
        self.hosts[host].links.iter().position(|l| &*l.name == name)
    }

    /// The links of a host on a segment, or on one that trunks connect it with.
    pub(super) fn links_on(&self, host: usize, segment: usize) -> impl Iterator<Item = usize> + '_ {
        let links = self.hosts[host].links.iter().enumerate();
        links.filter(move |(_, l)| self.domain[l.segment.0] == self.domain[segment]).map(|(i, _)| i)
    }

    pub(super) fn place(&self, address: IpAddr, segment: usize) -> Option<usize> {
        self.by_address.get(&(address, self.domain[segment])).copied()
    }

    /// The places of an address: one for each segment where somebody is configured for it.
    pub(super) fn places_of(&self, address: IpAddr) -> impl Iterator<Item = usize> + '_ {
        self.by_address.range((address, 0)..=(address, usize::MAX)).map(|(_, p)| *p)
    }

    pub(super) fn owner_of(&self, mac: Mac) -> Option<usize> {
        self.by_mac.get(&mac).copied()
    }

    pub(super) fn clients(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.hosts.len()).filter(|&h| self.hosts[h].is_client)
    }

    /// The instance of a host that has this name now.
    pub(super) fn member_named(&self, host: usize, name: &str) -> Option<usize> {
        self.members_of(host).find(|&m| self.members[m].present && *self.members[m].name == *name)
    }

    /// Whether the configuration that its daemon runs has this instance.
    pub(super) fn is_present(&self, member: usize) -> bool {
        self.members[member].present
    }

    /// The instances of a host, also those that its daemon has only later, or had.
    pub(super) fn members_of(&self, host: usize) -> Range<usize> {
        self.hosts[host].members.clone()
    }

    /// The instances of a virtual router, on any segment.
    pub(super) fn members_with(&self, vrid: u8) -> &[usize] {
        self.by_vrid.get(&vrid).map_or(&[], Vec::as_slice)
    }

    /// `a`, `a and b`, `a, b and c`.
    pub(super) fn list(&self, hosts: &[usize]) -> String {
        let names: Vec<&str> = hosts.iter().map(|&h| &**self.name(h)).collect();
        match names.split_last() {
            None => "nobody".into(),
            Some((one, [])) => (*one).into(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        }
    }
}

/// The configured source, or the link's first address that is not a virtual one, over IPv6 its first link-local one.
fn source_of(config: &Config, instance: &Instance, link: Option<&Link>) -> Option<IpAddr> {
    let configured = match instance.family {
        _ if !instance.unicast.peers.is_empty() && instance.unicast.source.is_some() => {
            instance.unicast.source
        }
        Family::V4 => instance.mcast_src_ip.map(IpAddr::V4),
        Family::V6 => instance.mcast_src_ip6.map(IpAddr::V6),
    };
    let fits = |address: IpAddr| match address {
        IpAddr::V4(_) => instance.family == Family::V4,
        IpAddr::V6(a) => instance.family == Family::V6 && a.is_unicast_link_local(),
    };
    // Virtual ones of the same daemon are left-overs that it removes when it starts.
    let managed = |address: IpAddr| {
        let all = config.instances.iter().flat_map(|i| i.addresses.iter().chain(&i.excluded));
        all.into_iter().any(|m| m.cidr.address == address)
    };
    let own = || link?.addresses.iter().map(|c| c.address).find(|a| fits(*a) && !managed(*a));
    configured.or_else(own)
}

/// `unicast_fault_no_peer`.
fn lacks_peers(instance: &Instance) -> bool {
    instance.unicast.fault_no_peer && instance.unicast.peers.is_empty()
}

fn domains(scenario: &Scenario) -> Vec<usize> {
    let mut domain: Vec<usize> = (0..scenario.segments.len()).collect();
    for trunk in &scenario.trunks {
        let [a, b] = trunk.between.map(|s| domain[s.0]);
        let (first, other) = (a.min(b), a.max(b));
        domain.iter_mut().filter(|d| **d == other).for_each(|d| *d = first);
    }
    domain
}

fn machine(host: &Host) -> Machine {
    let ping = match &host.role {
        Role::Client(c) => c.ping,
        Role::Node(_) => None,
    };
    let is_client = matches!(host.role, Role::Client(_));
    let next_hop = ping.and_then(|p: Ping| host.next_hop(p.to));
    Machine { name: host.name.clone(), links: host.links.clone(), is_client, ping, next_hop, members: 0..0 }
}

fn macs(hosts: &[Machine]) -> BTreeMap<Mac, usize> {
    let links = hosts.iter().enumerate().flat_map(|(h, m)| m.links.iter().map(move |l| (l.mac, h)));
    links.collect()
}
