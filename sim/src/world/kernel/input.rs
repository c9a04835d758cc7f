//! Where a packet that arrives goes: to the daemon's sockets, to the kernel's own protocols, on to another
//! network, or nowhere.

use std::net::IpAddr;

use vrrplab_engine::boundary::Packet;
use vrrplab_engine::wire::checksum::Sum;
use vrrplab_engine::wire::{ethernet, igmp, ipv4, ipv6};

use super::super::World;
use super::errors::Problem;
use super::headers::{Headers, one_hop_less};
use crate::observer::Observer;
use crate::scenario::Direction;
use crate::trace::{Cause, Loss};

/// A frame that reached a link of a host.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) link: usize,
    pub(super) ethernet: ethernet::Header,
    pub(super) frame: &'a [u8],
    /// What follows the Ethernet header.
    pub(super) payload: &'a [u8],
    /// Its number in the capture.
    pub(super) number: u32,
}

impl World {
    pub(super) fn receive_packet<O: Observer>(&mut self, h: usize, arrival: &Arrival<'_>, observer: &mut O) {
        // Looked at where it is: every receiver of every frame comes here, and a copy is not free.
        let packet = Headers::parse(arrival.payload);
        let Some(packet) = &packet else { return };
        let kernel = &self.hosts[h].kernel;
        // Recorded: `same-address`.
        if kernel.is_martian(arrival.link, &packet.source) {
            return;
        }
        if packet.is_unicast() && !kernel.has(packet.destination) {
            return self.forward(h, arrival, packet, observer);
        }
        if kernel.filter.drops(Direction::In, packet, arrival.link) {
            return self.lost(h, arrival.frame, arrival.number, Loss::Filtered, observer);
        }
        match (packet.protocol, packet.source.is_ipv4()) {
            (ipv4::VRRP, _) | (ipv4::AH, true) => self.hand_to_socket(h, arrival, packet, observer),
            (igmp::PROTOCOL, true) => self.queried(h, arrival.link, packet.payload),
            (ipv4::ICMP, true) if packet.is_unicast() => self.receive_echo(h, arrival, packet, observer),
            (ipv6::ICMP, false) if packet.is_discovery() => {
                self.receive_discovery(h, arrival, packet, observer);
            }
            (ipv6::ICMP, false) if packet.is_unicast() => self.receive_echo(h, arrival, packet, observer),
            _ => {}
        }
    }

    /// A packet for a raw socket of the daemon.
    fn hand_to_socket<O: Observer>(
        &mut self,
        h: usize,
        arrival: &Arrival<'_>,
        packet: &Headers<'_>,
        observer: &mut O,
    ) {
        let Headers { source, destination, protocol, hops, payload, .. } = packet;
        let (protocol, hops) = (*protocol, *hops);
        let daemon = self.hosts[h].daemon.as_ref();
        let Some(sock) = daemon.and_then(|d| d.sockets.receiving(arrival.link, protocol, destination)) else {
            let heard = daemon.is_some_and(|d| d.sockets.hear(arrival.link, protocol, destination.is_ipv4()));
            if packet.is_unicast() && !heard {
                let cause = Cause::Frame(arrival.number);
                self.send_error(h, packet.packet, Problem::NoProtocol, cause, observer);
            }
            return;
        };
        let packet = match (source, destination) {
            (&IpAddr::V6(source), &IpAddr::V6(destination)) => {
                // The kernel checks it for a socket with IPV6_CHECKSUM.
                let sum = Sum::pseudo6(source, destination, protocol, payload.len());
                if sum.with(payload).finish() != 0 {
                    return;
                }
                Packet::V6 { source, destination, hop_limit: hops, message: payload }
            }
            // Not by way of a variable that could be either: this is the path of most adverts.
            _ => {
                let packet = Packet::V4(packet.packet);
                return self.packet_for_daemon(h, sock, arrival.frame, packet, arrival.number, observer);
            }
        };
        self.packet_for_daemon(h, sock, arrival.frame, packet, arrival.number, observer);
    }

    /// A packet to somebody else: sent on if this host is a router.
    fn forward<O: Observer>(
        &mut self,
        h: usize,
        arrival: &Arrival<'_>,
        packet: &Headers<'_>,
        observer: &mut O,
    ) {
        let kernel = &self.hosts[h].kernel;
        let cause = Cause::Frame(arrival.number);
        let forwards = kernel.links[arrival.link].settings.forwarding[usize::from(packet.source.is_ipv6())];
        if !forwards || arrival.ethernet.destination.is_group() || stays_on_link(packet) {
            return;
        }
        if packet.hops <= 1 {
            return self.send_error(h, packet.packet, Problem::HopsExceeded, cause, observer);
        }
        let Some(hop) = kernel.route(packet.destination, None) else {
            return self.send_error(h, packet.packet, Problem::NoRoute, cause, observer);
        };
        let dropped = kernel.filter.drops(Direction::Forward, packet, arrival.link)
            || kernel.filter.drops(Direction::Forward, packet, hop.link);
        if dropped {
            return self.lost(h, arrival.frame, arrival.number, Loss::Filtered, observer);
        }
        self.send_by(h, hop, &one_hop_less(packet.packet), cause, observer);
    }
}

/// Link-local addresses are not forwarded (RFC 4291, 2.5.6; RFC 3927, 7).
fn stays_on_link(packet: &Headers<'_>) -> bool {
    [packet.source, packet.destination].iter().any(|address| match address {
        IpAddr::V4(a) => a.is_link_local(),
        IpAddr::V6(a) => a.is_unicast_link_local(),
    })
}
