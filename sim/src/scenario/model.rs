//! The meaning of a scenario file: every name resolved, every value in range.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::{Announced, Cost};
use vrrplab_engine::config::Reading;
use vrrplab_engine::time::{Duration, Instant};

use super::Impairment;
use super::host::{FilterRule, HostSettings, LinkSettings, Route};
use super::service::Service;
use crate::trace::Name;

/// One run, ready for a world. A file with variants gives several.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Path-like name without extension, with the variant behind a slash: `vrrp/silent-heal/announced`.
    pub name: String,
    /// `title`.
    pub title: String,
    /// `story`: what is at stake.
    pub story: String,
    /// `covers`: requirement ids.
    pub covers: Vec<String>,
    /// `duration`.
    pub duration: Duration,
    /// The segments in the order of the text.
    pub segments: Vec<Segment>,
    /// The trunks in the order of the text; together with the segments they are a forest.
    pub trunks: Vec<Trunk>,
    /// Nodes, then clients, each in the order of the text; [`HostIndex`] counts here.
    pub hosts: Vec<Host>,
    /// What the laboratory does, in the order of time (stable for equal instants). Starts of nodes are not in
    /// it: see [`NodeSpec::start`].
    pub script: Vec<Act>,
    /// What nodes are started with later, or find at a reload: see [`Fault::Start`] and [`Fault::Reload`].
    pub configurations: Vec<Arc<Reading>>,
    /// What must hold.
    pub expectations: Vec<Expectation>,
}

/// An index into [`Scenario::hosts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostIndex(pub usize);

/// An index into [`Scenario::segments`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SegmentIndex(pub usize);

/// An index into [`Scenario::trunks`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TrunkIndex(pub usize);

/// `switch`: whose switch carries the frames of a segment on the real kernel.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum SwitchKind {
    /// `"ours"`: the simulator's, which relays from port to port and has every fault. The default.
    #[default]
    Ours,
    /// `"kernel"`: a bridge of the kernel. Nothing of ours is on the way of a frame, so times are the daemons'; of
    /// faults it has loss of power and of carrier.
    Kernel,
    /// `"netem"`: a bridge of the kernel with its netem at the ports, which does what `impair` says. Whose frames are
    /// lost, duplicated or jittered is the kernel's chance and no seed's: of such runs only distributions can be
    /// compared. `delay` and `rate` are exact. Of those that wait at a `rate`, it counts frames on their way as well.
    Netem,
}

/// `[segment.NAME]`: an Ethernet switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Its name.
    pub name: Name,
    /// `switch`: whose switch carries its frames on the real kernel. The simulator has one kind only, which does all.
    pub switch: SwitchKind,
    /// `latency`: from port to port. Default 50 µs.
    pub latency: Duration,
    /// `impair`: a table or a list of them, in force from the beginning.
    pub impairments: Vec<Impairment>,
    /// `snooping = true`, or a table: multicast goes to members only. Hosts on such a segment report their
    /// memberships; on others they do not, so that captures are free of what nobody reads.
    pub snooping: Option<Snooping>,
    /// `forward_delay`: for so long after its link came up a port forwards nothing, in or out, as a spanning tree
    /// without edge ports does it. Default 0 s.
    pub forward_delay: Duration,
    /// `forward_delay_at_start`: the links come up at time 0, and no port forwards at once. Default false.
    pub forward_delay_at_start: bool,
    /// `arp_policer = { rate, burst }`.
    pub arp_policer: Option<ArpPolicer>,
}

impl Segment {
    /// A switch that only learns and forwards.
    pub fn plain(name: impl Into<Name>) -> Segment {
        Segment {
            name: name.into(),
            switch: SwitchKind::Ours,
            latency: Duration::from_micros(50),
            impairments: Vec::new(),
            snooping: None,
            forward_delay: Duration::ZERO,
            forward_delay_at_start: false,
            arp_policer: None,
        }
    }
}

/// `snooping = { querier, timeout, strict, unregistered }`: IGMP snooping (RFC 4541). Reports go to ports where a
/// query came from alone (2.1.1): without a querier a switch never learns of members behind a trunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Snooping {
    /// `querier`: this switch asks all hosts every 125 s, first at 0 s. Default false. Without a querier
    /// anywhere memberships age and nobody renews them.
    pub querier: bool,
    /// `timeout`: how long a report is believed, and a port where a query came from taken for the way to a
    /// router. Default 260 s (RFC 3376, 8.4).
    pub timeout: Duration,
    /// `strict`: 224.0.0.0/24 is pruned as well, against RFC 4541, 2.1.2. Default false.
    pub strict: bool,
    /// `unregistered = "flood"`: a group without any member goes everywhere (RFC 4541, 2.1.2 recommends it).
    /// Default `"drop"`: to ports with a router alone.
    pub unregistered_flooded: bool,
}

/// `arp_policer = { rate = 50, burst = 5 }`: what is above it is dropped, at each port where it comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArpPolicer {
    /// `rate`: ARP frames a second.
    pub rate: u32,
    /// `burst`: frames that may come at once. Default: 1.
    pub burst: u32,
}

/// `[trunk.NAME]`: a cable between two switches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trunk {
    /// Its name, unlike that of any segment.
    pub name: Name,
    /// `between = ["lan1", "lan2"]`. At each end it belongs to the first group of a partition.
    pub between: [SegmentIndex; 2],
    /// `latency` of the cable. Default 1 µs.
    pub latency: Duration,
    /// `impair`, in both directions, in force from the beginning.
    pub impairments: Vec<Impairment>,
}

/// What an impairment is on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Medium {
    /// All that passes a switch.
    Segment(SegmentIndex),
    /// What passes this trunk, in both directions.
    Trunk(TrunkIndex),
}

/// A machine on the network.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name, unique among nodes and clients.
    pub name: Name,
    /// Its links in the order of the text.
    pub links: Vec<Link>,
    /// `sysctl`, as far as it is about the whole host.
    pub settings: HostSettings,
    /// `route`.
    pub routes: Vec<Route>,
    /// `filter`: what it drops from the beginning.
    pub filter: Vec<FilterRule>,
    /// `smtp = { … }`: it takes mail, at its own addresses and from itself at 127.0.0.1.
    pub smtp: Option<Mailbox>,
    /// `[[node.NAME.process]]`: what runs there beside its daemon.
    pub services: Vec<Service>,
    /// What it is for.
    pub role: Role,
}

impl Host {
    /// A host as Linux makes it if nothing is set: no routes, no filter, no server.
    pub fn new(name: impl Into<Name>, links: Vec<Link>, role: Role) -> Host {
        let settings = HostSettings::default();
        let (routes, filter, services) = (Vec::new(), Vec::new(), Vec::new());
        Host { name: name.into(), links, settings, routes, filter, smtp: None, services, role }
    }

    /// The neighbour to which it sends packets for `to`: `to` itself in a network of its own, else a router.
    pub fn next_hop(&self, to: IpAddr) -> Option<IpAddr> {
        let connected = self.links.iter().flat_map(|l| &l.addresses).filter(|a| a.contains(to));
        let connected = connected.map(|a| (a.prefix, 1, to));
        let routes = self.routes.iter().filter(|r| r.to.contains(to));
        let routes = routes.map(|r| (r.to.prefix, 0, r.via.unwrap_or(to)));
        // Of equals the first.
        connected
            .chain(routes)
            .rev()
            .max_by_key(|(prefix, here, _)| (*prefix, *here))
            .map(|(_, _, next)| next)
    }
}

/// `link.NAME = { segment, address, mac }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Interface name.
    pub name: Name,
    /// `mac`. Default: 02:00:00:00:00:NN, NN counting the links of the file from 1.
    pub mac: Mac,
    /// `segment`.
    pub segment: SegmentIndex,
    /// `address`: what the host has before any daemon runs. A link with an IPv6 address also has the link-local
    /// one that Linux makes of its Ethernet address.
    pub addresses: Vec<Cidr>,
    /// `sysctl` of the host and of the link, and `neighbour`.
    pub settings: LinkSettings,
}

impl Link {
    /// A link as Linux makes it if nothing is set. With an IPv6 address it has a link-local one too (RFC 4291,
    /// 2.5.6), unless one is among them.
    pub fn new(name: impl Into<Name>, mac: Mac, segment: SegmentIndex, mut addresses: Vec<Cidr>) -> Link {
        let is_local = |c: &Cidr| match c.address {
            IpAddr::V6(a) => Some(a.is_unicast_link_local()),
            IpAddr::V4(_) => None,
        };
        let local: Vec<bool> = addresses.iter().filter_map(is_local).collect();
        if local.contains(&false) && !local.contains(&true) {
            addresses.push(Cidr { address: mac.link_local().into(), prefix: 64 });
        }
        Link { name: name.into(), mac, segment, addresses, settings: LinkSettings::default() }
    }
}

/// What a host is for.
#[derive(Clone, Debug)]
pub enum Role {
    /// `[node.NAME]`: runs a daemon.
    Node(NodeSpec),
    /// `[client.NAME]`: uses the addresses.
    Client(ClientSpec),
}

/// The daemon of a node.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// Its configuration, with findings.
    pub reading: Arc<Reading>,
    /// `start`: when the daemon starts; `None` (written `start = "never"`) leaves that to a `start` act.
    /// Default 0 s.
    pub start: Option<Instant>,
    /// `cost`: what the daemon's work takes, `"recorded"` (the default), `"free"`, or a table of `receive`, `send`,
    /// `garp`, `notify` (a packet, an advert, a gratuitous ARP, an announced state), `address_add` and `address_remove`
    /// (an address each; `address` is for both) and `reload` (from SIGHUP until the daemon goes on: it sends nothing,
    /// and what arrives meanwhile goes unread). What is left out is as recorded, a reload without any time.
    pub cost: Cost,
    /// `[[node.NAME.script]]`: how the commands end that the daemon runs. The first that matches counts.
    pub scripts: Vec<ScriptModel>,
    /// `files = { "/run/prio" = "10" }`: what is in files before any daemon runs, by path.
    pub files: BTreeMap<String, String>,
    /// `processes = { haproxy = 1 }`: how many run, by a part of the command line, as a mere word: see [`Service`] for
    /// real ones.
    pub processes: BTreeMap<String, u32>,
}

/// `[[node.NAME.script]]`: how commands end whose command line contains `pattern`. A command that no model is
/// about succeeds after 20 µs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptModel {
    /// `match`: a part of the command line, program and arguments with a blank between.
    pub pattern: Name,
    /// `exit`, 0–255, or `hangs = true`. Default 0.
    pub end: End,
    /// `takes`: from its start to its end. Default 20 µs.
    pub takes: Duration,
    /// `stubborn = true`, with `hangs`: SIGTERM does not end it, SIGKILL does.
    pub stubborn: bool,
    /// `needs = "haproxy"`: it succeeds while such a process runs on its host, and ends with status 1 otherwise. On the
    /// real kernel the command itself finds out.
    pub needs: Option<Name>,
}

/// How a command ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// By itself, with this status.
    Exit(u8),
    /// Not by itself.
    Never,
}

/// What a client does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientSpec {
    /// `ping = { to, every }`: an echo request to that address at every multiple of `every`.
    pub ping: Option<Ping>,
}

/// `smtp = { port = 25, delay = "0s", refuses = "RCPT", reply = "550 no" }`: a mail server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mailbox {
    /// `port`. Default 25.
    pub port: u16,
    /// `delay`: before each reply. Default 0 s.
    pub delay: Duration,
    /// `refuses`: a line that begins so, or `greeting`, is answered with `reply`.
    pub refuses: Option<String>,
    /// `reply`. Default `550 no`.
    pub reply: String,
}

/// A stream of echo requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ping {
    /// `to`.
    pub to: IpAddr,
    /// `every`. Default 100 ms.
    pub every: Duration,
}

/// One `[[at]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    /// `time`, or `after` something.
    pub when: When,
    /// What is done.
    pub fault: Fault,
}

/// When an act takes place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum When {
    /// `time = "10s"`.
    At(Instant),
    /// `after = { advert = "ka1", nth = 5, plus = "400ms" }`: so long after something is seen or claimed for the
    /// n-th time.
    After {
        /// What.
        anchor: Anchor,
        /// Which, from 1. Default 1, except for adverts, which must say it.
        nth: u32,
        /// How long after. Default 0 s.
        plus: Duration,
    },
}

/// What an act can wait for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// `advert = "ka1"`: an advert of this node leaves a port, a farewell too; over IPv4 or IPv6, to a group or to
    /// a peer, plain or behind AH.
    Advert(HostIndex),
    /// `state = "ka1", is = "MASTER"`, `instance = "VI_1"` where the node has several: it announces this.
    State {
        /// Whose.
        node: HostIndex,
        /// Which instance.
        instance: Name,
        /// What.
        is: Announced,
    },
    /// `address = "192.168.10.240"`, `on = "ka1"` or on any host, `gone = true`: added, or removed.
    Address {
        /// Which.
        address: IpAddr,
        /// Where; `None` is anywhere.
        on: Option<HostIndex>,
        /// Added, or removed.
        added: bool,
    },
    /// `takeover = "192.168.10.240"`: the address is added on another host than it was on last.
    Takeover(IpAddr),
}

impl Scenario {
    /// What acts give the daemon of a node to run, in the order of the script.
    pub fn later_of(&self, node: HostIndex) -> impl Iterator<Item = &Arc<Reading>> {
        self.script.iter().filter_map(move |act| match act.fault {
            Fault::Start { node: n, config: Some(config) }
            | Fault::Reload { node: n, config: Some(config) } => {
                (n == node).then(|| &self.configurations[config])
            }
            _ => None,
        })
    }

    /// The files of a node that daemons track or acts write.
    pub fn files_of(&self, node: HostIndex) -> BTreeSet<&str> {
        let own = match &self.hosts[node.0].role {
            Role::Node(spec) => Some(&spec.reading),
            Role::Client(_) => None,
        };
        let readings = own.into_iter().chain(self.later_of(node));
        let tracked = readings.flat_map(|reading| &reading.config.files).map(|file| file.file.as_str());
        let written = self.script.iter().filter_map(|act| match &act.fault {
            Fault::File { node: n, path, .. } if *n == node => Some(&**path),
            _ => None,
        });
        tracked.chain(written).collect()
    }
}

/// What the laboratory does to the network: one verb an `[[at]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// `crash = "ka1"`: power lost. Port, daemon and addresses are gone; with `back = "10ms"` the bare host is
    /// on the switch again that much later, with its own addresses and no daemon. Default: 10 ms.
    /// `back = "never"` leaves it dead until a `start`, which brings power back first.
    Crash {
        /// Which node.
        node: HostIndex,
        /// When the bare host is back.
        back: Option<Duration>,
    },
    /// `kill = "ka1"`: SIGKILL; addresses stay.
    Kill(HostIndex),
    /// `stop = "ka1"`: SIGTERM.
    Stop(HostIndex),
    /// `start = "ka1"`: the daemon is started (again); with `config = "ka1-new.conf"` with another configuration,
    /// which it keeps.
    Start {
        /// Which node.
        node: HostIndex,
        /// The other configuration, an index into [`Scenario::configurations`].
        config: Option<usize>,
    },
    /// `reload = "ka1"`: SIGHUP; with `config = "ka1-new.conf"` that is what the daemon then finds, and keeps.
    Reload {
        /// Which node.
        node: HostIndex,
        /// The other configuration, an index into [`Scenario::configurations`].
        config: Option<usize>,
    },
    /// `pause = "ka1"`: SIGSTOP.
    Pause(HostIndex),
    /// `resume = "ka1"`: SIGCONT.
    Resume(HostIndex),
    /// `carrier = "ka1", state = "down"|"up"`, `link = "eth0"` where the host has several: the switch's side of
    /// the cable.
    Carrier {
        /// Which host.
        host: HostIndex,
        /// Which of its links.
        link: usize,
        /// Carrier from now on.
        up: bool,
    },
    /// `address = { node = "ka1", remove = "192.168.10.240/24" }`, or `add`; `link = "eth0"` where the node has
    /// several: somebody who is not the daemon does it.
    Address {
        /// Which node.
        node: HostIndex,
        /// Which of its links.
        link: usize,
        /// Which address.
        cidr: Cidr,
        /// Added, or removed.
        added: bool,
    },
    /// `filter = { host = "ka1", add = { drop = "vrrp" } }`, or `remove`: a rule of a host's packet filter.
    Filter {
        /// Whose.
        host: HostIndex,
        /// Which rule.
        rule: FilterRule,
        /// Added, or removed.
        added: bool,
    },
    /// `script = { node = "ka1", match = "test -f", exit = 1 }`: from now on such commands end so; what runs
    /// already is not touched. `node` can be left out where there is one.
    Script {
        /// On which node.
        node: HostIndex,
        /// How they end.
        model: ScriptModel,
    },
    /// `file = { node = "ka1", path = "/run/prio", content = "10" }`, or `absent = true`: somebody writes a
    /// file or removes it.
    File {
        /// On which node.
        node: HostIndex,
        /// Which.
        path: String,
        /// What is in it; `None`: it is gone.
        content: Option<String>,
    },
    /// `process = { node = "ka1", match = "haproxy", running = 0 }`: so many run from now on. Of a host's services with such
    /// a command line the first are started and the others stopped, by SIGTERM; where there is none it is a mere word.
    Process {
        /// On which host.
        node: HostIndex,
        /// A part of the command line.
        pattern: String,
        /// How many.
        running: u32,
    },
    /// What only a switch of ours can do.
    Network(NetworkFault),
}

impl From<NetworkFault> for Fault {
    fn from(fault: NetworkFault) -> Fault {
        Fault::Network(fault)
    }
}

/// What the laboratory does to its switches and to what passes through them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NetworkFault {
    /// `partition = [["ka1", "probe"], ["ka2"]]`, `segment = "lan"` where there are several: only hosts of one
    /// group hear each other; carrier stays. Hosts that are not named belong to the first group, which is the
    /// switch where a capture sits.
    Partition {
        /// Which switch.
        segment: SegmentIndex,
        /// The group of each host of the scenario, by [`HostIndex`].
        group: Vec<u8>,
    },
    /// `heal = "lan"`: no partition there any more.
    Heal(SegmentIndex),
    /// `mute = { from = "ka1", to = "ka2" }`: frames from one no longer reach the other.
    Mute {
        /// Whose frames.
        from: HostIndex,
        /// Who no longer hears them.
        to: HostIndex,
    },
    /// `unmute = { from = "ka1", to = "ka2" }`.
    Unmute {
        /// Whose frames.
        from: HostIndex,
        /// Who hears them again.
        to: HostIndex,
    },
    /// `impair = { on, from, to, frames, loss, …, for = "10s" }`: `on` is a segment or a trunk, and can be left out
    /// where there is one segment and no trunk.
    Impair {
        /// Where.
        on: Medium,
        /// What.
        impairment: Impairment,
        /// `for`: it ends by itself.
        lasts: Option<Duration>,
    },
    /// `clear = "lan"`: no impairment there any more, those from the beginning included.
    Clear(Medium),
    /// `trunk = "uplink", state = "down"|"up"`: the cable between two switches.
    Trunk {
        /// Which.
        trunk: TrunkIndex,
        /// Frames cross from now on.
        up: bool,
    },
}

/// One `[[expect]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expectation {
    /// Its line in the scenario file, from 1, for reports.
    pub line: usize,
    /// What must hold.
    pub rule: Rule,
}

/// What must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule {
    /// `master = { address, node, by, until }`: from `by` (until `until`, else the end) this node, and no
    /// other, holds the address.
    Master {
        /// Which address.
        address: IpAddr,
        /// Who.
        node: HostIndex,
        /// From when.
        by: Instant,
        /// Until when.
        until: Option<Instant>,
    },
    /// `outage = { client, at_most, at_least }`: the client's longest span without an answer.
    Outage {
        /// Whose.
        client: HostIndex,
        /// No longer than this.
        at_most: Option<Duration>,
        /// At least this long.
        at_least: Option<Duration>,
    },
    /// `sequence = { node, instance, states = ["BACKUP", "MASTER"] }`: exactly what the instance announces.
    /// `instance` can be left out where the node has one.
    Sequence {
        /// Whose.
        node: HostIndex,
        /// Which instance.
        instance: Name,
        /// The announced states in order.
        states: Vec<Announced>,
    },
    /// `count = { node, frames = "vrrp"|"garp"|"priority-0", exactly|at_least|at_most, from, until }`, and in the same
    /// form `mail`, `command` and `fifo`: how often something was seen.
    Count {
        /// What is counted.
        what: Counted,
        /// Least number.
        at_least: u32,
        /// Greatest number.
        at_most: u32,
        /// From when.
        from: Instant,
        /// Until when.
        until: Option<Instant>,
    },
    /// `never = "two holders"`: this oracle must not even be violated for a moment.
    Never(Oracle),
    /// `sometimes = "two holders"`: this oracle's state must have happened at least once.
    Sometimes(Oracle),
    /// `known = { oracle = "stale neighbour", because = "…" }`: this oracle is violated in this scenario, and
    /// that is what the scenario shows. Not happening is a failure.
    Known {
        /// Which oracle.
        oracle: Oracle,
        /// Why it is violated.
        because: String,
    },
    /// `takeover = { from, to, at_least, at_most }`: from the last advert of one node to the first of the other.
    Takeover {
        /// Who spoke.
        from: HostIndex,
        /// Who speaks.
        to: HostIndex,
        /// Least time.
        at_least: Option<Duration>,
        /// Greatest time.
        at_most: Option<Duration>,
    },
}

/// What an expectation counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Counted {
    /// `count = { node, frames }`: frames that the node put on the wire.
    Frames {
        /// Whose.
        node: HostIndex,
        /// Which.
        class: FrameClass,
    },
    /// `mail = { server, subject }`: mails that a server took.
    Mails {
        /// Which server.
        server: HostIndex,
        /// What the subject contains.
        subject: String,
    },
    /// `command = { node, match }`: commands that the daemon ran.
    Commands {
        /// Whose.
        node: HostIndex,
        /// What the command line contains.
        pattern: String,
    },
    /// `fifo = { node, match }`: lines that the daemon wrote to a FIFO.
    Lines {
        /// Whose.
        node: HostIndex,
        /// What the line contains.
        pattern: String,
    },
}

/// A class of frames.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FrameClass {
    /// `vrrp`: adverts.
    Vrrp,
    /// `priority-0`: adverts with priority 0.
    PriorityZero,
    /// `garp`: gratuitous ARPs.
    Garp,
}

/// A property that is watched in every run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Oracle {
    /// `two holders`: an address on two nodes of one connected component.
    TwoHolders,
    /// `no holder`: an address on no node of a component that has a running, able daemon for it.
    NoHolder,
    /// `stale neighbour`: a client's entry points at a host that does not hold the address.
    StaleNeighbour,
    /// `unanswered`: a client's ping stays unanswered although a node of its component holds the address.
    Unanswered,
    /// `late takeover`: silence of a master longer than the best backup's Master_Down_Interval.
    LateTakeover,
    /// `forbidden preemption`: a node takes over from a living master although it must not.
    ForbiddenPreemption,
    /// `state and addresses differ`: a daemon claims one thing and its host shows another.
    StateMismatch,
}
