//! What a host's kernel does without any daemon: addresses, ARP, the neighbour table, replies to ping, and a
//! client's ping itself.

use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::Packet;
use vrrplab_engine::wire::arp::{Arp, Operation};
use vrrplab_engine::wire::icmp::Echo;
use vrrplab_engine::wire::{ethernet, igmp, ipv4, ipv6, vrrp3};

use super::World;
use super::anchors::Sight;
use super::queue::Item;
use crate::neighbour::{Due, Neighbours, Seen, Way};
use crate::observer::Observer;
use crate::rng::Rng;
use crate::scenario::{self, Ping};
use crate::switch::Switch;
use crate::trace::{Cause, Name, What};

/// What ping sends along by default.
const PING_DATA: [u8; 56] = [0; 56];

/// A host's kernel.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    pub(super) powered: bool,
    pub(super) links: Vec<Link>,
    pub(super) neighbours: Neighbours,
}

/// An interface.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) name: Name,
    pub(super) mac: Mac,
    pub(super) segment: usize,
    /// Its port at the switch.
    pub(super) port: usize,
    /// Its number among the links of all hosts.
    pub(super) global: usize,
    pub(super) carrier: bool,
    /// Its own addresses first.
    pub(super) addresses: Vec<Cidr>,
}

impl Kernel {
    pub(super) fn new(host: &scenario::Host, first: usize, switches: &mut [Switch], rng: &mut Rng) -> Kernel {
        let links = host.links.iter().enumerate().map(|(n, link)| Link {
            name: link.name.clone(),
            mac: link.mac,
            segment: link.segment.0,
            port: switches[link.segment.0].add_port(),
            global: first + n,
            carrier: true,
            addresses: with_link_local(link),
        });
        Kernel { powered: true, links: links.collect(), neighbours: Neighbours::new(rng) }
    }

    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.links.iter().flat_map(|l| &l.addresses).any(|c| c.address == address)
    }

    /// The link whose network holds `address`, and our address there.
    fn route(&self, address: Ipv4Addr) -> Option<(usize, Ipv4Addr)> {
        self.links.iter().enumerate().find_map(|(n, link)| {
            let own = link.addresses.iter().find(|c| c.contains(IpAddr::V4(address)))?;
            match own.address {
                IpAddr::V4(own) => Some((n, own)),
                IpAddr::V6(_) => None,
            }
        })
    }
}

/// A client's ping: who answered last.
#[derive(Clone, Debug)]
pub(super) struct Pinger {
    ping: Ping,
    id: u16,
    sequence: u16,
    answered: bool,
    /// `None` until the first outcome; then who answers.
    by: Option<Option<Mac>>,
}

impl Pinger {
    pub(super) fn new(ping: Ping, host: usize) -> Pinger {
        Pinger { ping, id: host as u16 + 1, sequence: 0, answered: true, by: None }
    }
}

impl World {
    pub(super) fn change_address<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        cidr: Cidr,
        added: bool,
        cause: Cause,
        observer: &mut O,
    ) {
        let link = &mut self.hosts[h].kernel.links[link];
        let place = link.addresses.iter().position(|c| *c == cidr);
        match (added, place) {
            (true, None) => link.addresses.push(cidr),
            (false, Some(place)) => drop(link.addresses.remove(place)),
            (true, Some(_)) | (false, None) => return,
        }
        if O::EVENTS {
            let what = What::Address { added, cidr, link: link.name.clone() };
            self.tell(observer, Some(h), what, cause);
        }
        self.noticed(Sight::Address(h, cidr.address, added));
    }

    /// A frame reaches a host.
    pub(super) fn receive<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        frame: &[u8],
        number: u32,
        observer: &mut O,
    ) {
        let Ok((header, payload)) = ethernet::Header::parse(frame) else { return };
        if !header.destination.is_group() && header.destination != self.hosts[h].kernel.links[link].mac {
            return;
        }
        match header.ethertype {
            ethernet::IPV4 => self.receive_ip(h, link, header, payload, frame, number, observer),
            ethernet::IPV6 => self.receive_ip6(h, link, payload, frame, number, observer),
            ethernet::ARP => {
                if let Ok(arp) = Arp::parse(payload) {
                    self.receive_arp(h, link, header, &arp, number, observer);
                }
            }
            _ => {}
        }
    }

    fn receive_ip6<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        packet: &[u8],
        frame: &[u8],
        number: u32,
        observer: &mut O,
    ) {
        let Ok((header, message)) = ipv6::Header::parse(packet) else { return };
        let ipv6::Header { source, destination, hop_limit, .. } = header;
        let ours = destination.is_multicast() || self.hosts[h].kernel.has(destination.into());
        let daemon = self.hosts[h].daemon.as_ref().filter(|_| ours && header.next == ipv6::VRRP);
        let sum = vrrp3::Ends::V6(source, destination).sum(message.len()).with(message);
        if let Some(sock) = daemon.and_then(|d| d.socket(link, ipv6::VRRP, destination.into()))
            && sum.finish() == 0
        {
            let packet = Packet::V6 { source, destination, hop_limit, message };
            self.packet_for_daemon(h, sock, frame, packet, number, observer);
        }
    }

    /// A packet of this host leaves it for one station.
    pub(super) fn output<O: Observer>(
        &mut self,
        h: usize,
        packet: &[u8],
        _by: Option<usize>,
        cause: Cause,
        observer: &mut O,
    ) {
        let Ok(header) = ipv4::Header::parse_unchecked(packet) else { return };
        let Some((link, _)) = self.hosts[h].kernel.route(header.destination) else { return };
        let neighbours = &mut self.hosts[h].kernel.neighbours;
        let before = neighbours.get(header.destination);
        let way = neighbours.send(header.destination, packet, self.now);
        self.neighbour_changed(h, header.destination, before, cause, observer);
        match way {
            Way::To(mac) => self.send_packet(h, link, mac, packet, cause, observer),
            Way::Wait { ask: true } => self.ask(h, header.destination, Mac::BROADCAST, observer),
            Way::Wait { ask: false } => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one packet with everything that came with it")]
    fn receive_ip<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        ethernet: ethernet::Header,
        packet: &[u8],
        frame: &[u8],
        number: u32,
        observer: &mut O,
    ) {
        let Ok((header, payload)) = ipv4::Header::parse(packet) else { return };
        // A packet from outside that says it is from here is a martian (recorded: `same-address`).
        if self.hosts[h].kernel.has(header.source.into()) {
            return;
        }
        if matches!(header.protocol, ipv4::VRRP | ipv4::AH) {
            let ours =
                header.destination.is_multicast() || self.hosts[h].kernel.has(header.destination.into());
            let daemon = self.hosts[h].daemon.as_ref().filter(|_| ours);
            let sock = daemon.and_then(|d| d.socket(link, header.protocol, header.destination.into()));
            if let Some(sock) = sock {
                let packet = Packet::V4(&packet[..usize::from(header.total_length)]);
                self.packet_for_daemon(h, sock, frame, packet, number, observer);
            }
        } else if header.protocol == ipv4::ICMP && self.hosts[h].kernel.has(header.destination.into()) {
            match Echo::parse(payload) {
                Ok(echo) if echo.reply => self.pong(h, header.source, &echo, ethernet.source, observer),
                Ok(echo) => {
                    let echo = Echo { reply: true, ..echo };
                    self.send_echo(
                        h,
                        header.destination,
                        header.source,
                        &echo,
                        Cause::Frame(number),
                        observer,
                    );
                }
                Err(_) => {}
            }
        } else if header.protocol == igmp::PROTOCOL {
            self.queried(h, link, payload);
        }
    }

    fn receive_arp<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        ethernet: ethernet::Header,
        arp: &Arp,
        number: u32,
        observer: &mut O,
    ) {
        let host = &mut self.hosts[h].kernel;
        let cause = Cause::Frame(number);
        let before = host.neighbours.get(arp.sender);
        let asks_us =
            arp.operation == Operation::Request && !arp.is_gratuitous() && host.has(arp.target.into());
        if asks_us {
            host.neighbours.asked_by(arp.sender, arp.sender_mac, self.now);
        } else {
            let answer = arp.operation == Operation::Reply && !ethernet.destination.is_group();
            host.neighbours.heard(arp.sender, arp.sender_mac, answer, arp.is_gratuitous(), self.now);
        }
        self.neighbour_changed(h, arp.sender, before, cause, observer);
        if asks_us {
            let own = self.hosts[h].kernel.links[link].mac;
            let reply = Arp {
                operation: Operation::Reply,
                sender_mac: own,
                sender: arp.target,
                target_mac: arp.sender_mac,
                target: arp.sender,
            };
            let frame = self.frames.make(|f| reply.emit_frame(arp.sender_mac, f));
            self.transmit(h, link, frame, cause, observer);
        }
        if let Some((mac, packets)) = self.hosts[h].kernel.neighbours.release(arp.sender) {
            for packet in packets {
                self.send_packet(h, link, mac, &packet, cause, observer);
            }
        }
    }

    /// Tells of an entry that is not what it was.
    fn neighbour_changed<O: Observer>(
        &mut self,
        h: usize,
        address: Ipv4Addr,
        before: Option<Seen>,
        cause: Cause,
        observer: &mut O,
    ) {
        let neighbours = &self.hosts[h].kernel.neighbours;
        self.kernel_timers.set(h, neighbours.deadline());
        let after = neighbours.get(address);
        if let Some((mac, state)) = after
            && after != before
        {
            self.tell(observer, Some(h), What::Neighbour { address, mac, state }, cause);
        }
    }

    pub(super) fn neighbour_timer<O: Observer>(&mut self, h: usize, observer: &mut O) {
        let neighbours = &mut self.hosts[h].kernel.neighbours;
        let now = self.now;
        let before = neighbours.clone();
        let Some(due) = neighbours.fire(now) else {
            self.kernel_timers.set(h, neighbours.deadline());
            return;
        };
        let (Due::Ask(address, _) | Due::GiveUp(address) | Due::Quiet(address)) = due;
        self.neighbour_changed(h, address, before.get(address), Cause::None, observer);
        if let Due::Ask(address, to) = due {
            self.ask(h, address, to, observer);
        }
    }

    /// An ARP request to one station or to all.
    fn ask<O: Observer>(&mut self, h: usize, target: Ipv4Addr, to: Mac, observer: &mut O) {
        let Some((link, sender)) = self.hosts[h].kernel.route(target) else { return };
        let sender_mac = self.hosts[h].kernel.links[link].mac;
        let target_mac = Mac::default();
        let arp = Arp { operation: Operation::Request, sender_mac, sender, target_mac, target };
        let frame = self.frames.make(|f| arp.emit_frame(to, f));
        self.transmit(h, link, frame, Cause::None, observer);
    }

    fn send_packet<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        to: Mac,
        packet: &[u8],
        cause: Cause,
        observer: &mut O,
    ) {
        let source = self.hosts[h].kernel.links[link].mac;
        let header = ethernet::Header { destination: to, source, ethertype: ethernet::IPV4 };
        let frame = self.frames.make(|f| {
            header.emit(f);
            f.extend_from_slice(packet);
        });
        self.transmit(h, link, frame, cause, observer);
    }

    fn send_echo<O: Observer>(
        &mut self,
        h: usize,
        source: Ipv4Addr,
        destination: Ipv4Addr,
        echo: &Echo<'_>,
        cause: Cause,
        observer: &mut O,
    ) {
        let Some((link, _)) = self.hosts[h].kernel.route(destination) else { return };
        let mut packet = Vec::with_capacity(84);
        let header = ipv4::Header {
            tos: 0,
            total_length: (ipv4::HEADER + 8 + echo.data.len()) as u16,
            id: 0,
            fragment: 0x4000,
            ttl: 64,
            protocol: ipv4::ICMP,
            source,
            destination,
        };
        header.emit(&mut packet);
        echo.emit(&mut packet);
        self.output(h, &packet, Some(link), cause, observer);
    }

    /// A client's next echo request. The one before counts as unanswered if no reply has come.
    pub(super) fn ping<O: Observer>(&mut self, h: usize, observer: &mut O) {
        let pinger = self.hosts[h].pinger.as_mut().expect("only a client pings");
        let ping = pinger.ping;
        if !pinger.answered && pinger.by != Some(None) {
            pinger.by = Some(None);
            self.tell(observer, Some(h), What::Answer { address: ping.to, by: None }, Cause::None);
        }
        let pinger = self.hosts[h].pinger.as_mut().expect("only a client pings");
        pinger.answered = false;
        pinger.sequence = pinger.sequence.wrapping_add(1);
        let echo = Echo { reply: false, id: pinger.id, sequence: pinger.sequence, data: &PING_DATA };
        self.queue.push(self.now + ping.every, Item::Ping(h));
        if let Some((_, source)) = self.hosts[h].kernel.route(ping.to) {
            self.send_echo(h, source, ping.to, &echo, Cause::None, observer);
        }
    }

    /// A reply came back: remember which station sent it.
    fn pong<O: Observer>(&mut self, h: usize, from: Ipv4Addr, echo: &Echo<'_>, mac: Mac, observer: &mut O) {
        let Some(pinger) = &mut self.hosts[h].pinger else { return };
        if from != pinger.ping.to || echo.id != pinger.id || echo.sequence != pinger.sequence {
            return;
        }
        pinger.answered = true;
        if pinger.by != Some(Some(mac)) {
            pinger.by = Some(Some(mac));
            let at = |host: &&super::Host| host.kernel.links.iter().any(|l| l.mac == mac);
            let host = self.hosts.iter().find(at).map(|host| host.name.clone());
            self.tell(observer, Some(h), What::Answer { address: from, by: Some((mac, host)) }, Cause::None);
        }
    }

    /// Power is lost: neighbours and addresses are forgotten.
    pub(super) fn forget_everything<O: Observer>(&mut self, h: usize, cause: Cause, observer: &mut O) {
        self.hosts[h].kernel.neighbours.clear();
        self.kernel_timers.set(h, None);
        for link in 0..self.hosts[h].kernel.links.len() {
            for cidr in self.hosts[h].kernel.links[link].addresses.clone() {
                self.change_address(h, link, cidr, false, cause, observer);
            }
            let (segment, port) = {
                let l = &self.hosts[h].kernel.links[link];
                (l.segment, l.port)
            };
            self.switches[segment].unplug(port);
        }
    }

    pub(super) fn carrier_of(&self, h: usize, link: usize) -> bool {
        self.hosts[h].kernel.links[link].carrier
    }
}

/// A link with an IPv6 address has a link-local one as well.
fn with_link_local(link: &scenario::Link) -> Vec<Cidr> {
    let local = |c: &Cidr| matches!(c.address, IpAddr::V6(a) if a.is_unicast_link_local());
    let mut addresses = link.addresses.clone();
    if addresses.iter().any(|c| c.address.is_ipv6()) && !addresses.iter().any(local) {
        addresses.push(Cidr { address: link.mac.link_local().into(), prefix: 64 });
    }
    addresses
}
