//! Netlink (rtnetlink(7)): links, addresses and routes, changed and watched.
//!
//! rtnetlink's own messages without its connection: that one is a task beside the caller on a runtime, and what is
//! wanted here is a request that is done when it returns.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use netlink_packet_core::{
    DefaultNla, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
    NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    BridgeStpState, InfoBridge, InfoData, InfoKind, InfoMacVlan, InfoVeth, LinkAttribute, LinkFlags,
    LinkInfo, LinkMessage, MacVlanMode,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::rule::RuleMessage;
use netlink_packet_route::tc::{TcAttribute, TcHandle, TcMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_sim::scenario::Share;

use crate::netem::{NO_NETEM, Netem};

/// A socket for requests.
#[derive(Debug)]
pub struct Netlink {
    socket: Socket,
    /// By this number the kernel tells whose change it reports.
    port: u32,
    sequence: u32,
}

/// An interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkState {
    /// Its index in its namespace.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its Ethernet address, if it has one.
    pub mac: Option<Mac>,
    /// Bytes of a packet.
    pub mtu: u32,
    /// `IFF_UP` and `IFF_RUNNING`.
    pub up: bool,
    /// The index of the interface of the same namespace that it is above.
    pub parent: Option<u32>,
    /// `IFF_UP`, and no daemon holds it down (`IFLA_PROTO_DOWN`), whatever becomes of the interface below.
    pub live: bool,
}

/// An address of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressState {
    /// Of which interface.
    pub index: u32,
    /// Which.
    pub cidr: Cidr,
    /// Duplicate address detection is not through with it.
    pub tentative: bool,
}

/// A neighbour entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NeighbourEntry {
    /// Of which interface.
    pub index: u32,
    /// Whose.
    pub address: IpAddr,
    /// What it points at.
    pub mac: Option<Mac>,
    /// `NUD_…`; `None` if the entry is gone.
    pub state: Option<NeighbourState>,
}

/// One end of a veth pair.
#[derive(Clone, Debug)]
pub struct End<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its Ethernet address; drawn by the kernel if there is none.
    pub mac: Option<Mac>,
    /// Its index; the kernel's choice if there is none.
    pub index: Option<u32>,
    /// The namespace that it is made in; ours if there is none.
    pub namespace: Option<BorrowedFd<'a>>,
}

/// How an address is added, besides what it is.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct AddressOptions {
    /// `IFA_F_NODAD`.
    pub without_detection: bool,
    /// `IFA_LABEL`.
    pub label: Option<String>,
    /// `IFA_BROADCAST`.
    pub broadcast: Option<std::net::Ipv4Addr>,
    /// The scope; global if there is none.
    pub scope: Option<AddressScope>,
    /// `preferred_lft 0`.
    pub deprecated: bool,
    /// `IFA_F_NOPREFIXROUTE`.
    pub without_route: bool,
    /// `preferred_lft` in seconds; for ever if there is none.
    pub preferred: Option<u32>,
    /// The other end of a point-to-point address.
    pub peer: Option<IpAddr>,
    /// Further flags.
    pub more: Option<AddressFlags>,
}

/// A change that was watched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// An interface is now so.
    Link(LinkState),
    /// An interface is gone.
    LinkGone(u32),
    /// An address was added, or is now so.
    AddressAdded(AddressState),
    /// An address is gone.
    AddressRemoved(AddressState),
    /// A neighbour entry has changed.
    Neighbour(NeighbourEntry),
    /// A route was added or removed.
    Route {
        /// Which of them.
        added: bool,
        /// The route, as the kernel tells it.
        route: RouteMessage,
        /// Who asked for it, see [`Netlink::port`]; 0 is the kernel itself.
        by: u32,
    },
    /// A policy rule was added or removed.
    Rule {
        /// Which of them.
        added: bool,
        /// The rule, as the kernel tells it.
        rule: RuleMessage,
        /// Who asked for it.
        by: u32,
    },
}

/// Whose routes and rules a keepalived's are (`RTPROT_KEEPALIVED`).
pub const KEEPALIVED: u8 = 18;

/// Where a new route stands among others to the same network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precedence {
    /// Before them.
    First,
    /// Behind them.
    Last,
}

/// What a monitor watches: a group of rtnetlink(7) each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watch {
    /// Interfaces.
    Links = 1,
    /// Neighbour entries.
    Neighbours = 3,
    /// IPv4 addresses.
    Addresses4 = 5,
    /// IPv4 routes.
    Routes4 = 7,
    /// IPv4 rules.
    Rules4 = 8,
    /// IPv6 addresses.
    Addresses6 = 9,
    /// IPv6 routes.
    Routes6 = 11,
    /// IPv6 rules.
    Rules6 = 19,
}

impl Netlink {
    /// Opens a socket in the calling thread's namespace, where it stays.
    pub fn open() -> io::Result<Netlink> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        let port = socket.bind_auto()?.port_number();
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Netlink { socket, port, sequence: 0 })
    }

    /// The number by which reports of routes and rules tell that this socket asked for the change.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Sends a request and returns the answers; the error says what was asked for.
    fn request(
        &mut self,
        what: &str,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> io::Result<Vec<RouteNetlinkMessage>> {
        let fail = |error: io::Error| io::Error::new(error.kind(), format!("{what}: {error}"));
        self.exchange(message, flags).map_err(fail)
    }

    fn exchange(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(message));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0)?;
        let mut answers = Vec::new();
        loop {
            let (bytes, _) = self.socket.recv_from_full()?;
            for message in messages(&bytes)? {
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                match message.payload {
                    NetlinkPayload::InnerMessage(answer) => answers.push(answer),
                    NetlinkPayload::Error(error) if error.code.is_some() => return Err(error.to_io()),
                    NetlinkPayload::Error(_) | NetlinkPayload::Done(_) => return Ok(answers),
                    _ => {}
                }
            }
        }
    }

    fn change(&mut self, what: &str, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.request(what, message, NLM_F_ACK | flags).map(drop)
    }

    /// All interfaces, in the order of their indices.
    pub fn links(&mut self) -> io::Result<Vec<LinkState>> {
        let answers = self.request(
            "list interfaces",
            RouteNetlinkMessage::GetLink(LinkMessage::default()),
            NLM_F_DUMP,
        )?;
        let link = |message: &RouteNetlinkMessage| match message {
            RouteNetlinkMessage::NewLink(link) => Some(link_state(link)),
            _ => None,
        };
        Ok(answers.iter().filter_map(link).collect())
    }

    /// The interface of this name.
    pub fn link(&mut self, name: &str) -> io::Result<LinkState> {
        let found = self.links()?.into_iter().find(|link| link.name == name);
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no interface {name}")))
    }

    /// All addresses, in the kernel's order.
    pub fn addresses(&mut self) -> io::Result<Vec<AddressState>> {
        let message = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let answers = self.request("list addresses", message, NLM_F_DUMP)?;
        let address = |message: &RouteNetlinkMessage| match message {
            RouteNetlinkMessage::NewAddress(address) => address_state(address),
            _ => None,
        };
        Ok(answers.iter().filter_map(address).collect())
    }

    /// Makes a pair of interfaces, each in its namespace from the first moment on: moving one there afterwards takes
    /// thirty times as long.
    pub fn add_veth(&mut self, here: &End<'_>, there: &End<'_>) -> io::Result<()> {
        let peer = InfoData::Veth(InfoVeth::Peer(end(there)));
        let mut message = end(here);
        let info = vec![LinkInfo::Kind(InfoKind::Veth), LinkInfo::Data(peer)];
        message.attributes.push(LinkAttribute::LinkInfo(info));
        self.add_link(&format!("add veth {} and {}", here.name, there.name), message)
    }

    /// Makes a bridge that forwards at once and floods multicast.
    pub fn add_bridge(&mut self, name: &str) -> io::Result<()> {
        let data = vec![
            InfoBridge::ForwardDelay(0),
            InfoBridge::StpState(BridgeStpState::Disabled),
            InfoBridge::MulticastSnooping(false),
        ];
        let mut message = LinkMessage::default();
        message.attributes.push(LinkAttribute::IfName(name.to_string()));
        let info = vec![LinkInfo::Kind(InfoKind::Bridge), LinkInfo::Data(InfoData::Bridge(data))];
        message.attributes.push(LinkAttribute::LinkInfo(info));
        self.add_link(&format!("add bridge {name}"), message)
    }

    /// Makes a macvlan on an interface, in bridge mode with this Ethernet address.
    pub fn add_macvlan(&mut self, name: &str, parent: u32, mac: Mac) -> io::Result<()> {
        let data = InfoData::MacVlan(vec![InfoMacVlan::Mode(MacVlanMode::Bridge)]);
        let mut message = LinkMessage::default();
        message.attributes.extend([
            LinkAttribute::IfName(name.to_string()),
            LinkAttribute::Link(parent),
            LinkAttribute::Address(mac.0.to_vec()),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::MacVlan), LinkInfo::Data(data)]),
        ]);
        self.add_link(&format!("add macvlan {name}"), message)
    }

    fn add_link(&mut self, what: &str, message: LinkMessage) -> io::Result<()> {
        self.change(what, RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Removes an interface.
    pub fn delete_link(&mut self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        self.change(&format!("delete interface {index}"), RouteNetlinkMessage::DelLink(message), 0)
    }

    /// Sets an interface up or down.
    pub fn set_up(&mut self, index: u32, up: bool) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.change_mask = LinkFlags::Up;
        message.header.flags = if up { LinkFlags::Up } else { LinkFlags::empty() };
        let what = format!("set interface {index} {}", if up { "up" } else { "down" });
        self.change(&what, RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Holds an interface down as a protocol does: its carrier is gone, its addresses stay.
    pub fn hold_down(&mut self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.attributes.push(LinkAttribute::ProtoDown(1));
        self.change(&format!("hold interface {index} down"), RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Makes an interface a port of a bridge; 0 takes it off.
    pub fn set_master(&mut self, index: u32, bridge: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.attributes.push(LinkAttribute::Controller(bridge));
        self.change(
            &format!("put interface {index} on bridge {bridge}"),
            RouteNetlinkMessage::SetLink(message),
            0,
        )
    }

    /// Lets netem impair what leaves by an interface, with these settings from now on: what waits in it goes on as before. A
    /// kernel without it is told by [`NO_NETEM`].
    pub fn set_netem(&mut self, index: u32, netem: &Netem) -> io::Result<()> {
        let mut message = TcMessage::with_index(index as i32);
        message.header.parent = TcHandle::ROOT;
        message.attributes = vec![
            TcAttribute::Kind("netem".to_string()),
            TcAttribute::Other(DefaultNla::new(TCA_OPTIONS, netem_options(netem))),
        ];
        self.change(
            &format!("impair interface {index}"),
            RouteNetlinkMessage::NewQueueDiscipline(message),
            NLM_F_CREATE | NLM_F_REPLACE,
        )
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::new(io::ErrorKind::Unsupported, NO_NETEM),
            _ => error,
        })
    }

    /// Adds an address. That it is there already is an error ([`io::ErrorKind::AlreadyExists`]).
    pub fn add_address(&mut self, index: u32, cidr: Cidr, options: &AddressOptions) -> io::Result<()> {
        let mut message = address_message(index, cidr);
        message.header.scope = options.scope.unwrap_or(AddressScope::Universe);
        if let Some(peer) = options.peer {
            message.attributes.retain(|a| !matches!(a, AddressAttribute::Address(_)));
            message.attributes.push(AddressAttribute::Address(peer));
            if cidr.address.is_ipv6() {
                message.attributes.push(AddressAttribute::Local(cidr.address));
            }
        }
        let mut flags = options.more.unwrap_or(AddressFlags::empty());
        flags.set(AddressFlags::Nodad, options.without_detection);
        flags.set(AddressFlags::Noprefixroute, options.without_route);
        if !flags.is_empty() {
            message.attributes.push(AddressAttribute::Flags(flags));
        }
        if let Some(label) = &options.label {
            message.attributes.push(AddressAttribute::Label(label.clone()));
        }
        if let Some(broadcast) = options.broadcast {
            message.attributes.push(AddressAttribute::Broadcast(broadcast));
        }
        let preferred = if options.deprecated { Some(0) } else { options.preferred };
        if let Some(preferred) = preferred {
            let mut lifetime = netlink_packet_route::address::CacheInfo::default();
            lifetime.ifa_preferred = preferred;
            lifetime.ifa_valid = u32::MAX;
            message.attributes.push(AddressAttribute::CacheInfo(lifetime));
        }
        let message = RouteNetlinkMessage::NewAddress(message);
        self.change(&format!("add address {cidr}"), message, NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Removes an address. That it is not there is an error ([`io::ErrorKind::AddrNotAvailable`]).
    pub fn delete_address(&mut self, index: u32, cidr: Cidr) -> io::Result<()> {
        let message = RouteNetlinkMessage::DelAddress(address_message(index, cidr));
        self.change(&format!("delete address {cidr}"), message, 0)
    }

    /// Adds a route by an interface, over a router or to stations on the link, or puts it in the place of one.
    pub fn set_route(&mut self, index: u32, to: Cidr, via: Option<IpAddr>) -> io::Result<()> {
        let mut message = RouteMessage::default();
        message.header.address_family = family(to.address);
        message.header.destination_prefix_length = to.prefix;
        message.header.table = netlink_packet_route::route::RouteHeader::RT_TABLE_MAIN;
        message.header.protocol = RouteProtocol::Static;
        message.header.kind = RouteType::Unicast;
        message.header.scope = if via.is_some() { RouteScope::Universe } else { RouteScope::Link };
        if to.prefix > 0 {
            message.attributes.push(RouteAttribute::Destination(route_address(network(to))));
        }
        if let Some(via) = via {
            message.attributes.push(RouteAttribute::Gateway(route_address(via)));
        }
        message.attributes.push(RouteAttribute::Oif(index));
        self.change(
            &format!("add route to {to}"),
            RouteNetlinkMessage::NewRoute(message),
            NLM_F_CREATE | NLM_F_REPLACE,
        )
    }

    /// Adds a route as it is written. One that is there already is as good as added.
    pub fn add_route(&mut self, route: RouteMessage, precedence: Precedence) -> io::Result<()> {
        let append = if precedence == Precedence::Last { NLM_F_APPEND } else { 0 };
        let flags = NLM_F_ACK | NLM_F_CREATE | append;
        done_unless(self.exchange(RouteNetlinkMessage::NewRoute(route), flags), &[libc::EEXIST])
    }

    /// Removes a route, if it is there.
    pub fn delete_route(&mut self, route: RouteMessage) -> io::Result<()> {
        done_unless(self.exchange(RouteNetlinkMessage::DelRoute(route), NLM_F_ACK), &[libc::ESRCH])
    }

    /// Removes all routes and rules that these are about.
    pub fn forget_lines(
        &mut self,
        is_route: impl Fn(&RouteMessage) -> bool,
        is_rule: impl Fn(&RuleMessage) -> bool,
    ) -> io::Result<()> {
        let routes = RouteNetlinkMessage::GetRoute(RouteMessage::default());
        for answer in self.request("list routes", routes, NLM_F_DUMP)? {
            match answer {
                RouteNetlinkMessage::NewRoute(route) if is_route(&route) => self.delete_route(route)?,
                _ => {}
            }
        }
        let rules = RouteNetlinkMessage::GetRule(RuleMessage::default());
        for answer in self.request("list rules", rules, NLM_F_DUMP)? {
            match answer {
                RouteNetlinkMessage::NewRule(rule) if is_rule(&rule) => self.delete_rule(rule)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds a rule. One that is there already is as good as added.
    pub fn add_rule(&mut self, rule: RuleMessage) -> io::Result<()> {
        let flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
        done_unless(self.exchange(RouteNetlinkMessage::NewRule(rule), flags), &[libc::EEXIST])
    }

    /// Removes a rule, if it is there.
    pub fn delete_rule(&mut self, rule: RuleMessage) -> io::Result<()> {
        let absent = [libc::ENOENT, libc::ESRCH];
        done_unless(self.exchange(RouteNetlinkMessage::DelRule(rule), NLM_F_ACK), &absent)
    }
}

/// Where a queueing discipline's settings are (`TCA_OPTIONS`).
const TCA_OPTIONS: u16 = 2;

/// The settings as netem reads them (linux/pkt_sched.h): a `tc_netem_qopt` whose times are left 0, because attributes in
/// nanoseconds follow it.
fn netem_options(netem: &Netem) -> Vec<u8> {
    const RATE: u16 = 6;
    const RATE64: u16 = 8;
    const LATENCY64: u16 = 10;
    const JITTER64: u16 = 11;
    let share = |share: Share| (u64::from(share.ppm()) * u64::from(u32::MAX) / 1_000_000) as u32;
    let (loss, duplicate) = (share(netem.loss), share(netem.duplicate));
    // latency, limit, loss, gap, duplicate, jitter
    let mut bytes: Vec<u8> =
        [0, netem.limit, loss, 0, duplicate, 0].into_iter().flat_map(u32::to_ne_bytes).collect();
    let mut attribute = |kind: u16, value: &[u8]| {
        bytes.extend((value.len() as u16 + 4).to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
    };
    attribute(LATENCY64, &netem.delay.to_ne_bytes());
    attribute(JITTER64, &netem.jitter.to_ne_bytes());
    // What does not fit into 32 bits is in the other; 0 is no limit. Nothing is added to frames, and there are no cells.
    let rate = netem.rate.unwrap_or(0);
    let narrow = u32::try_from(rate).unwrap_or(u32::MAX);
    attribute(RATE, &[narrow, 0, 0, 0].map(u32::to_ne_bytes).concat());
    if rate > u64::from(u32::MAX) {
        attribute(RATE64, &rate.to_ne_bytes());
    }
    bytes
}

/// Nothing, also where the kernel says that nothing is to be done.
fn done_unless<T>(result: io::Result<T>, fine: &[i32]) -> io::Result<()> {
    match result {
        Err(error) if error.raw_os_error().is_some_and(|code| fine.contains(&code)) => Ok(()),
        result => result.map(drop),
    }
}

/// A socket that tells what changes in the namespace where it was opened.
#[derive(Debug)]
pub struct Monitor {
    socket: Socket,
}

impl Monitor {
    /// Watches these.
    pub fn open(watched: &[Watch]) -> io::Result<Monitor> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        for watch in watched {
            socket.add_membership(*watch as u32)?;
        }
        // A burst of thousands of addresses must fit.
        socket.set_rx_buf_sz(4_i32 << 20)?;
        socket.set_non_blocking(true)?;
        Ok(Monitor { socket })
    }

    /// What has changed since the last call, in order. An error of kind [`io::ErrorKind::OutOfMemory`] says that the
    /// kernel had to drop something (ENOBUFS).
    pub fn read(&mut self) -> io::Result<Vec<Change>> {
        let mut changes = Vec::new();
        loop {
            let bytes = match self.socket.recv_from_full() {
                Ok((bytes, _)) => bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(changes),
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                    return Err(io::Error::new(io::ErrorKind::OutOfMemory, "netlink has dropped messages"));
                }
                Err(error) => return Err(error),
            };
            for message in messages(&bytes)? {
                let by = message.header.port_number;
                if let NetlinkPayload::InnerMessage(message) = message.payload {
                    changes.extend(change_of(message, by));
                }
            }
        }
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is the socket's, which lives as long as the borrow.
        unsafe { BorrowedFd::borrow_raw(self.socket.as_raw_fd()) }
    }
}

fn change_of(message: RouteNetlinkMessage, by: u32) -> Option<Change> {
    match &message {
        RouteNetlinkMessage::NewLink(link) => Some(Change::Link(link_state(link))),
        RouteNetlinkMessage::DelLink(link) => Some(Change::LinkGone(link.header.index)),
        RouteNetlinkMessage::NewAddress(address) => address_state(address).map(Change::AddressAdded),
        RouteNetlinkMessage::DelAddress(address) => address_state(address).map(Change::AddressRemoved),
        RouteNetlinkMessage::NewNeighbour(entry) => neighbour(entry, true).map(Change::Neighbour),
        RouteNetlinkMessage::DelNeighbour(entry) => neighbour(entry, false).map(Change::Neighbour),
        _ => match message {
            RouteNetlinkMessage::NewRoute(route) => Some(Change::Route { added: true, route, by }),
            RouteNetlinkMessage::DelRoute(route) => Some(Change::Route { added: false, route, by }),
            RouteNetlinkMessage::NewRule(rule) => Some(Change::Rule { added: true, rule, by }),
            RouteNetlinkMessage::DelRule(rule) => Some(Change::Rule { added: false, rule, by }),
            _ => None,
        },
    }
}

/// The messages of a datagram.
fn messages(mut bytes: &[u8]) -> io::Result<Vec<NetlinkMessage<RouteNetlinkMessage>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes).map_err(io::Error::other)?;
        // Messages begin at multiples of four.
        let length = (message.header.length as usize).next_multiple_of(4).clamp(4, bytes.len());
        found.push(message);
        bytes = &bytes[length..];
    }
    Ok(found)
}

fn end(end: &End<'_>) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = end.index.unwrap_or(0);
    message.attributes.push(LinkAttribute::IfName(end.name.to_string()));
    if let Some(mac) = end.mac {
        message.attributes.push(LinkAttribute::Address(mac.0.to_vec()));
    }
    if let Some(namespace) = end.namespace {
        message.attributes.push(LinkAttribute::NetNsFd(namespace.as_raw_fd()));
    }
    message
}

fn link_state(message: &LinkMessage) -> LinkState {
    let flags = message.header.flags;
    let up = flags.contains(LinkFlags::Up | LinkFlags::Running);
    let live = flags.contains(LinkFlags::Up);
    let (index, name) = (message.header.index, String::new());
    let mut state = LinkState { index, name, mac: None, mtu: 0, up, parent: None, live };
    // Who is above an interface of another namespace says which.
    let abroad = |a: &LinkAttribute| matches!(a, LinkAttribute::LinkNetNsId(_));
    let here = !message.attributes.iter().any(abroad);
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::Link(parent) if here && *parent != 0 => state.parent = Some(*parent),
            LinkAttribute::ProtoDown(down) => state.live &= *down == 0,
            LinkAttribute::IfName(name) => state.name.clone_from(name),
            LinkAttribute::Mtu(mtu) => state.mtu = *mtu,
            LinkAttribute::Address(bytes) => state.mac = bytes.as_slice().try_into().ok().map(Mac),
            _ => {}
        }
    }
    state
}

fn address_message(index: u32, cidr: Cidr) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family(cidr.address);
    message.header.prefix_len = cidr.prefix;
    message.header.index = index;
    if cidr.address.is_ipv4() {
        message.attributes.push(AddressAttribute::Local(cidr.address));
    }
    message.attributes.push(AddressAttribute::Address(cidr.address));
    message
}

fn address_state(message: &AddressMessage) -> Option<AddressState> {
    let local = message.attributes.iter().find_map(|a| match a {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    let address = message.attributes.iter().find_map(|a| match a {
        AddressAttribute::Address(address) => Some(*address),
        _ => None,
    });
    let flags = message.attributes.iter().find_map(|a| match a {
        AddressAttribute::Flags(flags) => Some(*flags),
        _ => None,
    });
    let address = local.or(address)?;
    let cidr = Cidr { address, prefix: message.header.prefix_len };
    let tentative = flags.is_some_and(|flags| flags.contains(AddressFlags::Tentative));
    Some(AddressState { index: message.header.index, cidr, tentative })
}

fn neighbour(message: &NeighbourMessage, there: bool) -> Option<NeighbourEntry> {
    let address = message.attributes.iter().find_map(|a| match a {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(a)) => Some(IpAddr::V4(*a)),
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(a)) => Some(IpAddr::V6(*a)),
        _ => None,
    })?;
    let mac = message.attributes.iter().find_map(|a| match a {
        NeighbourAttribute::LinkLayerAddress(bytes) => bytes.as_slice().try_into().ok().map(Mac),
        _ => None,
    });
    let state = there.then_some(message.header.state);
    Some(NeighbourEntry { index: message.header.ifindex, address, mac, state })
}

fn family(address: IpAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

fn route_address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

/// The network of an address, its host bits zero.
fn network(cidr: Cidr) -> IpAddr {
    match cidr.address {
        IpAddr::V4(a) => (u32::from(a) & u32::MAX.checked_shl(32 - u32::from(cidr.prefix)).unwrap_or(0))
            .to_be_bytes()
            .into(),
        IpAddr::V6(a) => (u128::from(a) & u128::MAX.checked_shl(128 - u32::from(cidr.prefix)).unwrap_or(0))
            .to_be_bytes()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message of `tc qdisc replace … netem limit 101 delay 22ms 2ms loss 25% duplicate 50% rate 64kbit` (strace, iproute2
    /// 6.1), with times in attributes instead of ticks, and shares a part in 2³² lower.
    #[test]
    fn netem_is_told_what_tc_tells_it() {
        let (loss, duplicate) = (Share::from_ppm(250_000), Share::from_ppm(500_000));
        let (delay, jitter) = (22_000_000, 2_000_000);
        let netem = Netem { delay, jitter, loss, duplicate, rate: Some(8000), limit: 101 };
        let words = |words: &[u32]| words.iter().flat_map(|w| w.to_ne_bytes()).collect::<Vec<u8>>();
        let attribute = |kind: u16, value: Vec<u8>| {
            [&(value.len() as u16 + 4).to_ne_bytes()[..], &kind.to_ne_bytes(), &value].concat()
        };
        let expected = [
            words(&[0, 0x65, 0x3fff_ffff, 0, 0x7fff_ffff, 0]),
            attribute(10, 22_000_000_u64.to_ne_bytes().to_vec()),
            attribute(11, 2_000_000_u64.to_ne_bytes().to_vec()),
            attribute(6, words(&[0x1f40, 0, 0, 0])),
        ];
        assert_eq!(netem_options(&netem), expected.concat());
    }
}
