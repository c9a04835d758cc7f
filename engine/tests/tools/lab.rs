//! One daemon on a bench: it has 10.0.0.1 and fe80::1 on eth0, priority 100 in virtual router 7 for 10.0.0.100/24 and a
//! password, and its work takes no time. What it does comes out as lines to compare.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;

use vrrplab_engine::Node;
use vrrplab_engine::addr::Mac;
use vrrplab_engine::boundary::{
    AddressOp, Bind, Cost, Effect, Effects, HostFacts, Input, InstanceId, KernelEvent, LinkFacts, LinkId,
    Message, Origin, Packet, Signal, SockId, SocketSpec, Timed,
};
use vrrplab_engine::config::{Address, Auth, Config, Instance};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::vrrp::{Counters, State};
use vrrplab_engine::wire::vrrp2::Advert;
use vrrplab_engine::wire::{ah, arp::Arp, ethernet, ipv4, vrrp};

pub(crate) const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// A neighbour with a higher address than ours.
pub(crate) const HIGH: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// A neighbour with a lower address than ours.
pub(crate) const LOW: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);
pub(crate) const VIP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);
pub(crate) const V: InstanceId = InstanceId(0);
const PASSWORD: [u8; 8] = *b"1111\0\0\0\0";

/// The instance of the bench.
pub(crate) fn instance() -> Instance {
    Instance {
        interface: "eth0".into(),
        vrid: 7,
        auth: Auth::Pass(PASSWORD),
        addresses: vec![Address::plain("10.0.0.100/24".parse().unwrap(), "eth0")],
        ..Instance::named("V")
    }
}

/// The bench.
pub(crate) struct Lab {
    pub(crate) node: Node,
    pub(crate) out: Effects,
    pub(crate) now: Instant,
}

/// A bench with a changed instance; its daemon is not started.
pub(crate) fn lab(change: impl FnOnce(&mut Instance)) -> Lab {
    let mut instance = instance();
    change(&mut instance);
    with(Config { instances: vec![instance], ..Config::default() })
}

/// A bench with this configuration.
pub(crate) fn with(config: Config) -> Lab {
    let link = LinkFacts {
        name: "eth0".into(),
        mac: Mac([2, 0, 0, 0, 0, 1]),
        mtu: 1500,
        up: true,
        addresses: ["10.0.0.1/24", "fe80::1/64"].map(|a| a.parse().unwrap()).to_vec(),
    };
    let host = HostFacts { hostname: "a".into(), links: vec![link], ..HostFacts::default() };
    let node = Node::new(Arc::new(config), &host);
    Lab { node, out: Effects::new(Cost::FREE), now: Instant::ZERO }
}

/// An advert from there, from its IP header on.
pub(crate) fn advert(from: Ipv4Addr, priority: u8) -> Vec<u8> {
    let advert =
        Advert { vrid: 7, priority, auth_type: 1, interval: 1, addresses: vec![VIP], auth_data: PASSWORD };
    let mut message = Vec::new();
    advert.emit(&mut message);
    let header = ipv4::Header {
        tos: 0xc0,
        total_length: (ipv4::HEADER + message.len()) as u16,
        id: 1,
        fragment: 0,
        ttl: 255,
        protocol: ipv4::VRRP,
        source: from,
        destination: Ipv4Addr::new(224, 0, 0, 18),
    };
    let mut packet = Vec::new();
    header.emit(&mut packet);
    packet.extend(message);
    packet
}

impl Lab {
    /// Starts the daemon at time zero.
    pub(crate) fn started(mut self) -> Lab {
        self.give(Input::Start);
        self
    }

    /// Starts it and lets its first timer run out: a lonely router becomes master.
    pub(crate) fn master(self) -> Lab {
        let mut lab = self.started();
        lab.ripen();
        assert_eq!(lab.state(), Some(State::Master));
        lab
    }

    /// Hands over an input now; what comes of it, a line an effect.
    pub(crate) fn give(&mut self, input: Input<'_>) -> Vec<String> {
        self.out.clear(Origin(0));
        self.node.handle(input, self.now, &mut self.out);
        self.out.iter().map(|timed| line(&self.out, timed)).collect()
    }

    pub(crate) fn hear(&mut self, from: Ipv4Addr, priority: u8) -> Vec<String> {
        self.packet(&advert(from, priority))
    }

    pub(crate) fn packet(&mut self, bytes: &[u8]) -> Vec<String> {
        self.give(Input::Packet { sock: SockId(0), packet: Packet::V4(bytes) })
    }

    pub(crate) fn wake(&mut self) -> Vec<String> {
        self.give(Input::Wake)
    }

    /// Waits for its deadline and wakes it.
    pub(crate) fn ripen(&mut self) -> Vec<String> {
        self.now = self.node.deadline().expect("it waits for something");
        self.wake()
    }

    pub(crate) fn pass(&mut self, time: Duration) -> &mut Lab {
        self.now += time;
        self
    }

    pub(crate) fn link(&mut self, up: bool) -> Vec<String> {
        self.give(Input::Kernel(KernelEvent::Link { link: LinkId(0), up }))
    }

    /// Somebody else removes an address.
    pub(crate) fn taken(&mut self, cidr: &str) -> Vec<String> {
        let cidr = cidr.parse().unwrap();
        self.give(Input::Kernel(KernelEvent::AddressRemoved { link: LinkId(0), cidr }))
    }

    /// Somebody else adds an address.
    pub(crate) fn given(&mut self, cidr: &str) -> Vec<String> {
        let cidr = cidr.parse().unwrap();
        self.give(Input::Kernel(KernelEvent::AddressAdded { link: LinkId(0), cidr }))
    }

    pub(crate) fn term(&mut self) -> Vec<String> {
        self.give(Input::Signal(Signal::Term))
    }

    pub(crate) fn state(&self) -> Option<State> {
        self.node.vrrp().state(V)
    }

    pub(crate) fn counters(&self) -> &Counters {
        self.node.vrrp().counters(V)
    }

    /// How long from now until its deadline.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.node.deadline().map(|at| at.saturating_since(self.now))
    }
}

/// An effect as a line.
fn line(out: &Effects, timed: &Timed) -> String {
    let mut text = String::new();
    let written = match timed.effect {
        Effect::Open { sock, spec: SocketSpec { link: Some(link), bind: Bind::Group(group), .. } } => {
            write!(text, "open {} on {} for {group}", sock.0, link.0)
        }
        Effect::Close(sock) => write!(text, "close {}", sock.0),
        Effect::Send { to, bytes, .. } => {
            let packet = out.bytes(bytes);
            let behind = ipv4::HEADER + if packet[9] == ipv4::AH { ah::LENGTH } else { 0 };
            let message = vrrp::Packet::new(&packet[behind..]).expect("it sends adverts");
            write!(text, "advert of vrid {} with priority {} to {to}", message.vrid(), message.priority())
        }
        Effect::Frame { bytes, .. } => {
            let (header, payload) = ethernet::Header::parse(out.bytes(bytes)).expect("it sends frames");
            if header.ethertype == ethernet::IPV6 {
                return "neighbour advertisement".to_string();
            }
            write!(text, "gratuitous ARP for {}", Arp::parse(payload).expect("it sends ARP").sender)
        }
        Effect::Address { op: AddressOp::Add, cidr, .. } => write!(text, "add {cidr}"),
        Effect::Address { op: AddressOp::Remove, cidr, .. } => write!(text, "remove {cidr}"),
        Effect::Notify(n) => write!(text, "announce {} {}", n.state.word(), n.priority),
        Effect::Log(message) => write!(text, "log: {}", words(message)),
        Effect::Exit => write!(text, "exit"),
        other => write!(text, "{other:?}"),
    };
    written.expect("a string takes all text");
    text
}

fn words(message: Message) -> String {
    match message {
        Message::Rejected { reason, .. } => format!("refused, {}", reason.words()),
        Message::LowerPriority { from, priority, .. } => format!("{from} is worse with {priority}"),
        Message::HigherPriority { from, priority, .. } => format!("{from} is better with {priority}"),
        Message::Discarded { from, priority, .. } => format!("{from} with {priority} is not my master"),
        Message::SameAddress { .. } => "somebody has my address and priority".to_string(),
        Message::Priority { from, to, .. } => format!("priority {from} -> {to}"),
        Message::Fault { reason, .. } => format!("fault, {}", reason.words()),
    }
}
