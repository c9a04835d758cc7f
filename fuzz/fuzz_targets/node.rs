//! A daemon that is sent anything: packets of all its instances, wakes, ends of children, bytes of mail servers,
//! files, processes and changes of the kernel's, in any order.
//!
//! The input is a sequence of steps: a byte that says what happens, a byte of time, and where bytes belong to it their
//! number and they themselves. Packets are made right half of the time, or few would pass the first checks.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::{
    Bind, ConnId, Cost, Effect, Exit, FileId, HostFacts, Input, JobId, KernelEvent, LinkFacts, LinkId,
    Origin, Packet, ProcessId, Signal, SockId, SocketSpec, StreamEvent,
};
use vrrplab_engine::config::{self, Config, NoSources};
use vrrplab_engine::finding::Severity;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::wire::{ah, ipv4, vrrp2, vrrp3};
use vrrplab_engine::{Effects, Node};

const CONFIG: &str = include_str!("node.conf");
const PEER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const KEY: [u8; 8] = *b"secret\0\0";

static READ: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let reading = config::read("a.conf", CONFIG, &NoSources);
    assert!(reading.findings.iter().all(|f| f.severity != Severity::Error), "{:?}", reading.findings);
    Arc::new(reading.config)
});

fn node() -> Node {
    let link = LinkFacts {
        name: "eth0".to_string(),
        mac: Mac([2, 0, 0, 0, 0, 1]),
        mtu: 1500,
        up: true,
        addresses: ["10.0.0.1/24", "fe80::1/64"].map(|a| a.parse().expect("an address")).to_vec(),
    };
    let facts = HostFacts {
        hostname: "a".to_string(),
        links: vec![link],
        files: BTreeMap::from([("/run/tf".to_string(), b"10".to_vec())]),
        processes: vec![1],
        ..HostFacts::default()
    };
    Node::new(Arc::clone(&READ), &facts)
}

/// What the daemon has asked for and not let go.
#[derive(Default)]
struct World {
    sockets: Vec<(SockId, SocketSpec)>,
    jobs: BTreeSet<JobId>,
    streams: BTreeSet<ConnId>,
}

impl World {
    fn carry_out(&mut self, effects: &Effects) {
        for timed in effects.iter() {
            match timed.effect {
                Effect::Open { sock, spec } => self.sockets.push((sock, spec)),
                Effect::Close(sock) => self.sockets.retain(|(open, _)| *open != sock),
                Effect::Spawn { job, .. } => assert!(self.jobs.insert(job), "{job:?} is used twice"),
                Effect::Kill { job, .. } => assert!(self.jobs.contains(&job), "{job:?} has ended"),
                Effect::Connect { conn, .. } => assert!(self.streams.insert(conn), "{conn:?} is used twice"),
                Effect::Write { conn, .. } => assert!(self.streams.contains(&conn), "{conn:?} is gone"),
                Effect::Hangup(conn) => assert!(self.streams.remove(&conn), "{conn:?} is gone"),
                _ => {}
            }
        }
    }
}

/// Puts checksums and authentication data right, as far as there are any.
fn right(packet: &mut [u8]) {
    let Ok(header) = ipv4::Header::parse_unchecked(packet) else { return };
    if packet.len() < ipv4::HEADER + 8 || ipv4::header_length(packet) != ipv4::HEADER {
        return;
    }
    if header.protocol == ipv4::AH {
        let behind = ipv4::HEADER + ah::LENGTH;
        if packet.len() >= behind + 8 {
            vrrp2::fill_checksum(&mut packet[behind..]);
            let icv = ah::Key::new(&KEY).icv(packet, ipv4::HEADER, !header.destination.is_multicast());
            packet[ipv4::HEADER + ah::ICV_AT..behind].copy_from_slice(&icv);
        }
    } else if packet[ipv4::HEADER] >> 4 == 2 {
        vrrp2::fill_checksum(&mut packet[ipv4::HEADER..]);
    } else {
        let ends = vrrp3::Ends::V4(header.source, header.destination);
        vrrp3::fill_checksum(&mut packet[ipv4::HEADER..], ends);
    }
}

/// The next bytes of the input: their number, then they.
fn piece<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let Some((length, tail)) = rest.split_first() else { return &[] };
    let (piece, behind) = tail.split_at(usize::from(*length).min(tail.len()));
    *rest = behind;
    piece
}

fn hand_over(world: &World, what: u8, bytes: &[u8], give: &mut dyn FnMut(Input<'_>)) {
    if world.sockets.is_empty() {
        return;
    }
    let (sock, spec) = world.sockets[usize::from(what >> 4) % world.sockets.len()];
    let (Bind::Group(bound) | Bind::Local(bound)) = spec.bind;
    match bound {
        IpAddr::V6(destination) => {
            let hop_limit = if what & 8 == 0 { 255 } else { what };
            give(Input::Packet {
                sock,
                packet: Packet::V6 { source: PEER, destination, hop_limit, message: bytes },
            });
        }
        IpAddr::V4(destination) => {
            let mut packet = bytes.to_vec();
            if what & 8 == 0 && packet.len() >= ipv4::HEADER {
                packet[9] = spec.protocol;
                packet[16..20].copy_from_slice(&destination.octets());
                right(&mut packet);
            }
            give(Input::Packet { sock, packet: Packet::V4(&packet) });
        }
    }
}

fn kernel_event(what: u8) -> KernelEvent {
    let link = LinkId(0);
    let addresses = ["10.0.0.240/24", "10.0.0.1/24", "fe80::1/64", "fd00::240/64"];
    let cidr: Cidr = addresses[usize::from(what >> 6)].parse().expect("an address");
    match what >> 4 & 3 {
        0 => KernelEvent::Link { link, up: false },
        1 => KernelEvent::Link { link, up: true },
        2 => KernelEvent::AddressAdded { link, cidr },
        _ => KernelEvent::AddressRemoved { link, cidr },
    }
}

/// Something happens to the newest stream.
fn stream(world: &mut World, what: u8, bytes: &[u8], give: &mut dyn FnMut(Input<'_>)) {
    let Some(&conn) = world.streams.last() else { return };
    let event = match what >> 4 {
        0 => StreamEvent::Connected,
        1 => StreamEvent::Failed,
        2 => StreamEvent::Closed,
        _ => StreamEvent::Data(bytes),
    };
    give(Input::Stream { conn, event });
}

fn happen(world: &mut World, what: u8, rest: &mut &[u8], give: &mut dyn FnMut(Input<'_>)) {
    match what % 8 {
        1 => give(Input::Kernel(kernel_event(what))),
        2 => {
            if let Some(job) = world.jobs.pop_first() {
                let exit = if what & 8 == 0 { Exit::Status(what >> 4) } else { Exit::Signal(what >> 4) };
                give(Input::Job { job, exit });
            }
        }
        3 => {
            let bytes = piece(rest);
            stream(world, what, bytes, give);
        }
        4 if what == 252 => give(Input::Signal(Signal::Term)),
        4 => {
            let bytes = piece(rest);
            let content = (what & 8 == 0).then_some(bytes);
            give(Input::File { file: FileId(0), content });
        }
        5 => give(Input::Processes { process: ProcessId(0), running: u32::from(what >> 3) }),
        _ => {
            let bytes = piece(rest);
            hand_over(world, what, bytes, give);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let (mut node, mut effects, mut now) = (node(), Effects::new(Cost::RECORDED), Instant::ZERO);
    let mut world = World::default();
    node.handle(Input::Start, now, &mut effects);
    world.carry_out(&effects);
    let mut rest = bytes;
    while let [what, time, tail @ ..] = rest {
        rest = tail;
        now = now + Duration::from_micros(u64::from(*time) * u64::from(*time) * 100);
        effects.clear(Origin(0));
        if what % 8 == 0 {
            now = if what & 8 == 0 { node.deadline().unwrap_or(now).max(now) } else { now };
            node.handle(Input::Wake, now, &mut effects);
        } else {
            let mut give = |input: Input<'_>| node.handle(input, now, &mut effects);
            happen(&mut world, *what, &mut rest, &mut give);
        }
        world.carry_out(&effects);
    }
});
