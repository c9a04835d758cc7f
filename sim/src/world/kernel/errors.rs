//! ICMP errors: what a host tells the sender of a packet that it cannot deliver. Never about a group, about
//! another error, or about a packet whose sender it has no way to (RFC 1122, 3.2.2; RFC 4443, 2.4).

use std::net::IpAddr;

use vrrplab_engine::wire::{icmp_error, ipv4, ipv6};

use super::super::World;
use super::headers::Headers;
use crate::observer::Observer;
use crate::trace::Cause;

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Problem {
    /// No way there.
    NoRoute,
    /// The neighbour does not answer.
    NoHost,
    /// Nobody listens for this protocol. Recorded: a stopped keepalived answers the adverts of its unicast peers
    /// so.
    NoProtocol,
    /// Too many hops.
    HopsExceeded,
}

impl Problem {
    /// ICMP type and code (RFC 792).
    fn icmp(self) -> (u8, u8) {
        match self {
            Problem::NoRoute => (3, 0),
            Problem::NoHost => (3, 1),
            Problem::NoProtocol => (3, 2),
            Problem::HopsExceeded => (11, 0),
        }
    }

    /// ICMPv6 type, code and the value behind the checksum (RFC 4443, 3): for an unknown next header that is
    /// its place in the packet.
    fn icmp6(self) -> (u8, u8, u32) {
        match self {
            Problem::NoRoute => (1, 0, 0),
            Problem::NoHost => (1, 3, 0),
            Problem::NoProtocol => (4, 1, 6),
            Problem::HopsExceeded => (3, 0, 0),
        }
    }
}

impl World {
    /// Tells the sender of `packet`.
    pub(super) fn send_error<O: Observer>(
        &mut self,
        h: usize,
        packet: &[u8],
        problem: Problem,
        cause: Cause,
        observer: &mut O,
    ) {
        let Some(headers) = Headers::parse(packet) else { return };
        if !headers.is_unicast() || is_error(&headers) {
            return;
        }
        let kernel = &self.hosts[h].kernel;
        let Some(hop) = kernel.route(headers.source, None) else { return };
        // From the address that was meant, if it is ours.
        let meant = Some(headers.destination).filter(|to| kernel.has(*to));
        let Some(source) = meant.or_else(|| kernel.source_for(headers.source, hop)) else { return };
        let mut error = Vec::new();
        match (source, headers.source) {
            (IpAddr::V4(source), IpAddr::V4(to)) => {
                icmp_error::emit(problem.icmp(), source, to, packet, &mut error);
            }
            (IpAddr::V6(source), IpAddr::V6(to)) => {
                icmp_error::emit6(problem.icmp6(), source, to, packet, &mut error);
            }
            _ => return,
        }
        self.output(h, &error, None, cause, observer);
    }
}

fn is_error(packet: &Headers<'_>) -> bool {
    let Some(&kind) = packet.payload.first() else { return true };
    match (packet.protocol, packet.source.is_ipv4()) {
        (ipv4::ICMP, true) => !matches!(kind, 0 | 8),
        (ipv6::ICMP, false) => kind < 128,
        _ => false,
    }
}
