//! The packet an instance sends: made once, then only priority, identification and checksum are patched.
//! TOS 0xC0, TTL 255, the IP header checksum is the kernel's (observed, keepalived 2.2.7).

use std::net::{IpAddr, Ipv4Addr};

use crate::config::{Auth, Instance};
use crate::wire::vrrp2::{self, Advert};
use crate::wire::{checksum::internet, ipv4};

/// An instance's advert as bytes from the IP header on.
#[derive(Clone, Debug)]
pub(super) struct AdvertPacket {
    bytes: Vec<u8>,
    /// Identification of the last advert; the first has 1, 0 is skipped.
    id: u16,
    priority: u8,
}

impl AdvertPacket {
    /// The advert of `config` with this priority. The source is filled in by [`AdvertPacket::set_source`].
    pub(super) fn new(config: &Instance, priority: u8) -> AdvertPacket {
        let (auth_type, auth_data) = match config.auth {
            Auth::None => (0, [0; 8]),
            Auth::Pass(password) => (1, password),
            Auth::Ah(_) => (2, [0; 8]),
        };
        let addresses: Vec<Ipv4Addr> = config.addresses.iter().filter_map(|a| v4(a.cidr.address)).collect();
        let interval = (config.advert_int.as_micros() / 1_000_000).clamp(1, 255) as u8;
        let advert = Advert { vrid: config.vrid, priority, auth_type, interval, addresses, auth_data };
        let mut message = Vec::new();
        advert.emit(&mut message);
        let header = ipv4::Header {
            tos: 0xc0,
            total_length: (ipv4::HEADER + message.len()) as u16,
            id: 0,
            fragment: 0,
            ttl: 255,
            protocol: ipv4::VRRP,
            source: Ipv4Addr::UNSPECIFIED,
            destination: config.mcast_dst_ip,
        };
        let mut bytes = Vec::new();
        header.emit(&mut bytes);
        bytes[10..12].fill(0);
        bytes.extend_from_slice(&message);
        AdvertPacket { bytes, id: 0, priority }
    }

    /// Adverts come from this address from now on.
    pub(super) fn set_source(&mut self, source: Ipv4Addr) {
        self.bytes[12..16].copy_from_slice(&source.octets());
    }

    /// The next advert, with this priority.
    pub(super) fn next(&mut self, priority: u8) -> &[u8] {
        self.id = self.id.checked_add(1).unwrap_or(1);
        self.bytes[4..6].copy_from_slice(&self.id.to_be_bytes());
        if priority != self.priority {
            self.priority = priority;
            self.bytes[ipv4::HEADER + vrrp2::PRIORITY_AT] = priority;
            vrrp2::fill_checksum(&mut self.bytes[ipv4::HEADER..]);
        }
        debug_assert_eq!(internet(&self.bytes[ipv4::HEADER..]), 0, "an advert leaves with its checksum");
        &self.bytes
    }
}

fn v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(a) => Some(a),
        IpAddr::V6(_) => None,
    }
}
