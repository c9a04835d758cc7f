//! What a kernel reads of a packet, IPv4 or IPv6.

use std::net::IpAddr;

use vrrplab_engine::wire::{ipv4, ipv6, ndisc};

/// A packet's header, and what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Headers<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    /// Time to live, or hop limit.
    pub(super) hops: u8,
    pub(super) payload: &'a [u8],
    /// The packet without padding behind it.
    pub(super) packet: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Reads a packet from its header on; bytes behind its end are padding. `None`: the kernel drops it.
    #[inline]
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Headers<'a>> {
        match bytes.first()? >> 4 {
            4 => {
                let (header, payload) = ipv4::Header::parse(bytes).ok()?;
                Some(Headers {
                    source: header.source.into(),
                    destination: header.destination.into(),
                    protocol: header.protocol,
                    hops: header.ttl,
                    payload,
                    packet: &bytes[..usize::from(header.total_length)],
                })
            }
            6 => {
                let (header, payload) = ipv6::Header::parse(bytes).ok()?;
                let (protocol, behind) = ipv6::behind_options(header.next, payload).ok()?;
                Some(Headers {
                    source: header.source.into(),
                    destination: header.destination.into(),
                    protocol,
                    hops: header.hop_limit,
                    payload: behind,
                    packet: &bytes[..ipv6::HEADER + payload.len()],
                })
            }
            _ => None,
        }
    }

    /// Whether it is neighbour discovery.
    pub(super) fn is_discovery(&self) -> bool {
        self.source.is_ipv6()
            && self.protocol == ipv6::ICMP
            && matches!(self.payload.first(), Some(&(ndisc::SOLICITATION | ndisc::ADVERTISEMENT)))
    }

    /// Whether it goes to one station.
    pub(super) fn is_unicast(&self) -> bool {
        match self.destination {
            IpAddr::V4(to) => !to.is_multicast() && !to.is_broadcast(),
            IpAddr::V6(to) => !to.is_multicast(),
        }
    }
}

/// The packet as a router sends it on: one hop less.
pub(super) fn one_hop_less(packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    if packet[0] >> 4 == 4 {
        packet[8] -= 1;
        ipv4::fill_checksum(&mut packet);
    } else {
        packet[7] -= 1;
    }
    packet
}
