//! The packet an instance sends: made once, then only patched. Over IPv4 it begins with the IP header (TOS 0xC0, the
//! header checksum is the kernel's), over IPv6 with the message, whose checksum is the kernel's as well (observed,
//! keepalived 2.2.7). Unicast sends the same bytes to each peer in turn, with what depends on the peer patched
//! (vrrp.c:vrrp_update_pkt).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::replay::Replay;
use crate::config::{Auth, Family, Instance, OldChecksum, Version};
use crate::wire::icmp6::Ends;
use crate::wire::vrrp::{CHECKSUM_AT, PRIORITY_AT};
use crate::wire::vrrp2::{self, Advert, Advert6};
use crate::wire::vrrp3::{self, Addresses};
use crate::wire::{ah, ipv4};

/// Where the IPv4 header has its source and its destination.
const SOURCE_AT: usize = 12;
const DESTINATION_AT: usize = 16;

/// An instance's advert.
#[derive(Clone, Debug)]
pub(super) struct AdvertPacket {
    bytes: Vec<u8>,
    /// Where the message begins.
    message: usize,
    /// Identification of the last advert; the first has 1, 0 is skipped. All copies of one advert share it.
    id: u16,
    seal: Seal,
}

/// What has to be right when the packet is patched.
#[derive(Clone, Debug)]
enum Seal {
    /// Version 2 over IPv4: the checksum covers the message.
    Plain,
    /// Version 2 over IPv4 behind an authentication header.
    Ah { key: ah::Key, covers_ttl: bool },
    /// Version 3 over IPv4: the checksum covers source and destination too.
    Pseudo {
        /// The destination that it covers: that of the packet, or the group with `old_unicast_checksum`.
        destination: Ipv4Addr,
        /// It goes with the destination of the packet.
        follows: bool,
    },
    /// IPv6: the kernel makes the header, from this source, and the checksum.
    Kernel { source: Ipv6Addr },
}

impl AdvertPacket {
    /// The advert of `config`. The source is filled in by [`AdvertPacket::set_source`].
    pub(super) fn new(config: &Instance) -> AdvertPacket {
        let (mut bytes, mut message) = (Vec::new(), Vec::new());
        emit_message(config, &mut message);
        if config.family == Family::V6 {
            let seal = Seal::Kernel { source: Ipv6Addr::UNSPECIFIED };
            return AdvertPacket { bytes: message, message: 0, id: 0, seal };
        }
        let to = destination4(config);
        let seal = seal4(config, to);
        let with_ah = matches!(seal, Seal::Ah { .. });
        let before = ipv4::HEADER + if with_ah { ah::LENGTH } else { 0 };
        let header = ipv4::Header {
            tos: 0xc0,
            total_length: (before + message.len()) as u16,
            id: 0,
            fragment: 0,
            ttl: config.unicast.ttl.unwrap_or(255),
            protocol: if with_ah { ipv4::AH } else { ipv4::VRRP },
            source: Ipv4Addr::UNSPECIFIED,
            destination: to,
        };
        header.emit(&mut bytes);
        bytes[10..12].fill(0);
        if with_ah {
            ah::Header { next: ipv4::VRRP, spi: 0, sequence: 0, icv: [0; ah::ICV] }.emit(&mut bytes);
        }
        bytes.extend_from_slice(&message);
        AdvertPacket { bytes, message: before, id: 0, seal }
    }

    /// Adverts come from this address from now on. The SPI stays what the first source made it: 2.2.7 forgets it.
    pub(super) fn set_source(&mut self, source: IpAddr) {
        let source = match (source, &mut self.seal) {
            (IpAddr::V6(new), Seal::Kernel { source }) => return *source = new,
            (IpAddr::V4(source), _) => source,
            (IpAddr::V6(_), _) => return,
        };
        if self.message == 0 || self.bytes[SOURCE_AT..DESTINATION_AT] == source.octets() {
            return;
        }
        let first = self.bytes[SOURCE_AT..DESTINATION_AT] == [0; 4];
        self.bytes[SOURCE_AT..DESTINATION_AT].copy_from_slice(&source.octets());
        if first && matches!(self.seal, Seal::Ah { .. }) {
            let spi = ipv4::HEADER + ah::SPI_AT;
            self.bytes[spi..spi + 4].copy_from_slice(&source.octets());
        }
        self.fill_checksum();
    }

    /// Where adverts over IPv6 come from.
    pub(super) fn source6(&self) -> Ipv6Addr {
        match self.seal {
            Seal::Kernel { source } => source,
            _ => Ipv6Addr::UNSPECIFIED,
        }
    }

    /// A neighbour was found to use the old checksum of version 3: from now on the checksum no longer goes with the
    /// destination. That is all 2.2.7 does; the one it has is still that of the last destination.
    pub(super) fn follow_no_more(&mut self) {
        if let Seal::Pseudo { follows, .. } = &mut self.seal {
            *follows = false;
        }
    }

    /// Makes the next advert, with this priority; [`AdvertPacket::to`] has its copies.
    pub(super) fn next(&mut self, priority: u8, replay: &mut Replay) {
        if !matches!(self.seal, Seal::Kernel { .. }) {
            self.id = self.id.checked_add(1).unwrap_or(1);
            self.bytes[4..6].copy_from_slice(&self.id.to_be_bytes());
        }
        if matches!(self.seal, Seal::Ah { .. }) {
            let at = ipv4::HEADER + ah::SEQUENCE_AT;
            self.bytes[at..at + 4].copy_from_slice(&replay.next().to_be_bytes());
        }
        let at = self.message + PRIORITY_AT;
        if self.bytes[at] != priority {
            self.bytes[at] = priority;
            self.fill_checksum();
        }
    }

    /// The bytes of the advert for this destination.
    pub(super) fn to(&mut self, to: IpAddr) -> &[u8] {
        if let IpAddr::V4(to) = to
            && self.bytes[DESTINATION_AT..ipv4::HEADER] != to.octets()
        {
            self.bytes[DESTINATION_AT..ipv4::HEADER].copy_from_slice(&to.octets());
            if let Seal::Pseudo { destination, follows: true } = &mut self.seal {
                *destination = to;
                self.fill_checksum();
            }
        }
        if let Seal::Ah { key, covers_ttl } = &self.seal {
            let icv = key.icv(&self.bytes, ipv4::HEADER, *covers_ttl);
            let at = ipv4::HEADER + ah::ICV_AT;
            self.bytes[at..at + ah::ICV].copy_from_slice(&icv);
        }
        &self.bytes
    }

    fn fill_checksum(&mut self) {
        let b = &self.bytes;
        match self.seal {
            Seal::Plain | Seal::Ah { .. } => vrrp2::fill_checksum(&mut self.bytes[self.message..]),
            Seal::Pseudo { destination, .. } => {
                let source = Ipv4Addr::new(b[12], b[13], b[14], b[15]);
                let ends = vrrp3::Ends::V4(source, destination);
                vrrp3::fill_checksum(&mut self.bytes[self.message..], ends);
            }
            Seal::Kernel { .. } => {}
        }
    }
}

/// Where the first copy goes.
fn destination4(config: &Instance) -> Ipv4Addr {
    match config.unicast.peers.first().map(|peer| peer.address) {
        Some(IpAddr::V4(peer)) => peer,
        _ => config.mcast_dst_ip,
    }
}

fn seal4(config: &Instance, to: Ipv4Addr) -> Seal {
    match (config.version, config.auth) {
        (Version::V2, Auth::Ah(key)) => {
            Seal::Ah { key: ah::Key::new(&key), covers_ttl: config.unicast.peers.is_empty() }
        }
        (Version::V2, _) => Seal::Plain,
        (Version::V3, _) if config.unicast.old_checksum == OldChecksum::Always => {
            Seal::Pseudo { destination: config.mcast_dst_ip, follows: false }
        }
        (Version::V3, _) => Seal::Pseudo { destination: to, follows: true },
    }
}

/// The message. A checksum over a pseudo header is filled in when the source is known, over IPv6 by the kernel.
fn emit_message(config: &Instance, out: &mut Vec<u8>) {
    let all = || config.addresses.iter().map(|a| a.cidr.address);
    let v4 = || all().filter_map(|a| if let IpAddr::V4(a) = a { Some(a) } else { None }).collect();
    let v6 = || all().filter_map(|a| if let IpAddr::V6(a) = a { Some(a) } else { None }).collect();
    let (vrid, priority) = (config.vrid, config.priority);
    let seconds = (config.advert_int.as_micros() / 1_000_000).clamp(1, 255) as u8;
    let centiseconds = (config.advert_int.as_micros() / 10_000) as u16;
    let (auth_type, auth_data) = match config.auth {
        Auth::None => (0, [0; 8]),
        Auth::Pass(password) => (1, password),
        Auth::Ah(_) => (2, [0; 8]),
    };
    let nobody = Ipv6Addr::UNSPECIFIED;
    match (config.version, config.family) {
        (Version::V2, Family::V4) => {
            Advert { vrid, priority, auth_type, interval: seconds, addresses: v4(), auth_data }.emit(out);
        }
        (Version::V2, Family::V6) => {
            let ends = Ends { source: nobody, destination: nobody };
            Advert6 { vrid, priority, auth_type, interval: seconds, addresses: v6() }.emit(ends, out);
        }
        (Version::V3, family) => {
            let (addresses, ends) = match family {
                Family::V4 => {
                    let ends = vrrp3::Ends::V4(Ipv4Addr::UNSPECIFIED, destination4(config));
                    (Addresses::V4(v4()), ends)
                }
                Family::V6 => (Addresses::V6(v6()), vrrp3::Ends::V6(nobody, nobody)),
            };
            vrrp3::Advert { vrid, priority, interval: centiseconds, addresses }.emit(ends, out);
        }
    }
    if config.family == Family::V6 {
        out[CHECKSUM_AT..CHECKSUM_AT + 2].fill(0);
    }
}
