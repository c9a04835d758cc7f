//! The checks of a received advert, in keepalived's order (vrrp.c:vrrp_check_packet). A refused advert changes no
//! state, but a master re-arms its advert timer all the same: see `process`. Two things it does change, because the
//! daemon stores them on its way: the highest sequence number of authenticated adverts, and that a neighbour uses
//! the old checksum of version 3.

use std::net::{IpAddr, Ipv4Addr};

use super::instance::{Checksum, Instance, Phase};
use crate::boundary;
use crate::config::{Auth, Family, Version};
use crate::quirks::Quirks;
use crate::time::Duration;
use crate::wire::vrrp::Packet;
use crate::wire::{ah, ipv4};

/// Why an advert is refused. The order is the order of the checks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reject {
    /// An AH header where none is configured, or none where one is.
    AuthHeader,
    /// The length is not that of the headers and the message.
    Length,
    /// Multicast whose TTL is not 255 (RFC 3768, 7.1).
    Ttl,
    /// Another VRRP version.
    Version,
    /// An authentication type that does not exist.
    AuthTypeInvalid,
    /// Another authentication type than ours.
    AuthTypeMismatch,
    /// Another password.
    Password,
    /// The AH header is followed by something else than VRRP. keepalived counts this nowhere.
    AuthProtocol,
    /// The authentication data of the AH header is not what our key makes of the packet.
    Icv,
    /// The SPI is not the sender's address.
    Spi,
    /// The sequence number is not above the highest one.
    Sequence,
    /// Another interval in version 2. keepalived counts this nowhere.
    Interval,
    /// Not an advertisement.
    Type,
    /// Another number of addresses.
    AddressCount,
    /// The IP header tells another length.
    TotalLength,
    /// A wrong checksum.
    Checksum,
    /// Multicast to a unicast instance, or the reverse.
    Destination,
    /// One of our addresses is missing.
    AddressList,
    /// With `check_unicast_src`: the sender is no peer.
    NotAPeer,
    /// With `check_unicast_src`: the TTL is not within the peer's bounds.
    TtlBounds,
}

impl Reject {
    /// All reasons, in the order of the checks.
    pub const ALL: [Reject; 20] = [
        Reject::AuthHeader,
        Reject::Length,
        Reject::Ttl,
        Reject::Version,
        Reject::AuthTypeInvalid,
        Reject::AuthTypeMismatch,
        Reject::Password,
        Reject::AuthProtocol,
        Reject::Icv,
        Reject::Spi,
        Reject::Sequence,
        Reject::Interval,
        Reject::Type,
        Reject::AddressCount,
        Reject::TotalLength,
        Reject::Checksum,
        Reject::Destination,
        Reject::AddressList,
        Reject::NotAPeer,
        Reject::TtlBounds,
    ];

    /// The reason in words, for logs and reports.
    pub const fn words(self) -> &'static str {
        match self {
            Reject::AuthHeader => "an AH header on one side only",
            Reject::Length => "wrong length",
            Reject::Ttl => "TTL is not 255",
            Reject::Version => "another VRRP version",
            Reject::AuthTypeInvalid => "unknown authentication type",
            Reject::AuthTypeMismatch => "another authentication type",
            Reject::Password => "another password",
            Reject::AuthProtocol => "the AH header is of another protocol",
            Reject::Icv => "wrong authentication data",
            Reject::Spi => "the SPI is not the sender's address",
            Reject::Sequence => "an old sequence number",
            Reject::Interval => "another advert interval",
            Reject::Type => "not an advertisement",
            Reject::AddressCount => "another number of addresses",
            Reject::TotalLength => "IP total length differs",
            Reject::Checksum => "wrong checksum",
            Reject::Destination => "multicast on one side only",
            Reject::AddressList => "an address of ours is missing",
            Reject::NotAPeer => "the sender is no peer",
            Reject::TtlBounds => "TTL is not within the peer's bounds",
        }
    }

    /// Whether keepalived has counted the advert as received before it makes this check.
    pub const fn counts_as_received(self) -> bool {
        matches!(self, Reject::AddressList | Reject::NotAPeer | Reject::TtlBounds)
    }
}

/// A packet with a VRRP message, as it was read from a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received<'a> {
    pub(super) from: IpAddr,
    to: IpAddr,
    ttl: u8,
    message: Packet<'a>,
    /// The whole packet from the IPv4 header on, and where its AH header is.
    v4: Option<(&'a [u8], Option<usize>)>,
}

/// What an accepted advert says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Heard {
    pub(super) from: IpAddr,
    pub(super) priority: u8,
    /// The interval that a backup learns from version 3.
    pub(super) interval: Option<Duration>,
    /// The sequence number, if there is an AH header.
    pub(super) sequence: Option<u32>,
}

impl<'a> Received<'a> {
    /// A view of a packet, or `None` where the daemon drops it unseen: shorter than its headers and the fixed part.
    #[inline]
    pub(super) fn new(packet: boundary::Packet<'a>) -> Option<Received<'a>> {
        match packet {
            boundary::Packet::V4(bytes) => {
                let header = ipv4::Header::parse_unchecked(bytes).ok()?;
                let behind = ipv4::header_length(bytes);
                let (ah, message) = match header.protocol {
                    ipv4::VRRP => (None, behind),
                    ipv4::AH => (Some(behind), behind + ah::LENGTH),
                    _ => return None,
                };
                let message = Packet::new(bytes.get(message..)?)?;
                let (from, to) = (IpAddr::V4(header.source), IpAddr::V4(header.destination));
                Some(Received { from, to, ttl: header.ttl, message, v4: Some((bytes, ah)) })
            }
            boundary::Packet::V6 { source, destination, hop_limit, message } => {
                let (from, to) = (IpAddr::V6(source), IpAddr::V6(destination));
                Some(Received { from, to, ttl: hop_limit, message: Packet::new(message)?, v4: None })
            }
        }
    }

    /// The virtual router that it is for.
    pub(super) fn vrid(&self) -> u8 {
        self.message.vrid()
    }

    /// Whether it was sent to a group. Over IPv6 an instance of the other kind drops it unseen.
    pub(super) fn is_multicast(&self) -> bool {
        self.to.is_multicast()
    }

    fn ah(&self) -> Option<ah::Header> {
        let (bytes, at) = self.v4?;
        Some(ah::Header::parse_unchecked(&bytes[at?..]))
    }

    /// Checks it for `instance`.
    #[inline]
    pub(super) fn check(&self, instance: &mut Instance, quirks: &Quirks) -> Result<Heard, Reject> {
        let spec = &instance.spec;
        let advert = self.message;
        let with_ah = self.v4.is_some_and(|(_, ah)| ah.is_some());
        must(self.v4.is_none() || with_ah == matches!(spec.auth, Auth::Ah(_)), Reject::AuthHeader)?;
        // Before its length is known to be right the count decides how long the message should be.
        let expected = match spec.family {
            Family::V4 => advert.expected_length4(),
            Family::V6 => advert.expected_length6(),
        };
        must(advert.length() == expected, Reject::Length)?;
        must(spec.is_unicast() || self.ttl == 255, Reject::Ttl)?;
        must(advert.version() == spec.version_number(), Reject::Version)?;
        if spec.version == Version::V2 {
            self.check_version_2(instance)?;
        }
        must(advert.kind() == 1, Reject::Type)?;
        let lists = quirks.address_list_must_match && instance.checks_addresses_of(self.from);
        must(!lists || usize::from(advert.count()) == instance.spec.advertised.len(), Reject::AddressCount)?;
        if let Some((bytes, _)) = self.v4 {
            must(usize::from(ipv4::total_length(bytes)) == bytes.len(), Reject::TotalLength)?;
            self.check_checksum(instance)?;
        }
        must(self.is_multicast() != instance.spec.is_unicast(), Reject::Destination)?;
        if lists {
            must(self.lists_all_of(instance), Reject::AddressList)?;
            // In 2.2.7 only where the lists are compared as well.
            self.check_peer(instance)?;
        }
        let version_3 = instance.spec.version == Version::V3;
        let interval = version_3.then(|| Duration::from_micros(u64::from(advert.centiseconds()) * 10_000));
        let sequence = self.ah().map(|ah| ah.sequence);
        Ok(Heard { from: self.from, priority: advert.priority(), interval, sequence })
    }

    fn check_version_2(&self, instance: &mut Instance) -> Result<(), Reject> {
        let (spec, advert) = (&instance.spec, self.message);
        must(advert.auth_type() <= 2, Reject::AuthTypeInvalid)?;
        must(advert.auth_type() == spec.auth_type(), Reject::AuthTypeMismatch)?;
        match &spec.auth {
            Auth::Pass(password) if spec.family == Family::V4 => {
                must(advert.auth_data() == password, Reject::Password)?;
            }
            Auth::None | Auth::Pass(_) => {}
            Auth::Ah(_) => self.check_ah(instance)?,
        }
        must(advert.seconds() == instance.spec.interval_seconds(), Reject::Interval)
    }

    fn check_ah(&self, instance: &mut Instance) -> Result<(), Reject> {
        let (Some((bytes, Some(at))), Some(key)) = (self.v4, &instance.spec.ah_key) else {
            panic!("whoever has no AH header is refused before");
        };
        let ah = ah::Header::parse_unchecked(&bytes[at..]);
        must(ah.next == ipv4::VRRP, Reject::AuthProtocol)?;
        must(key.icv(bytes, at, !instance.spec.is_unicast()) == ah.icv, Reject::Icv)?;
        let IpAddr::V4(from) = self.from else { panic!("AH comes over IPv4") };
        must(ah.spi == from.to_bits(), Reject::Spi)?;
        let is_backup = matches!(instance.phase, Phase::Backup { .. });
        must(instance.replay.accept(ah.sequence, is_backup), Reject::Sequence)
    }

    fn check_checksum(&self, instance: &mut Instance) -> Result<(), Reject> {
        let (IpAddr::V4(from), IpAddr::V4(to)) = (self.from, self.to) else { return Ok(()) };
        let spec = &instance.spec;
        if spec.version == Version::V2 {
            return must(self.message.checksum2_is_right(), Reject::Checksum);
        }
        let group = spec.old_group;
        let right = |destination: Ipv4Addr| self.message.checksum3_is_right(from, destination);
        match instance.checksum {
            Checksum::Old => must(right(group), Reject::Checksum),
            Checksum::New => must(right(to), Reject::Checksum),
            Checksum::Unknown if right(to) => Ok(()),
            Checksum::Unknown => {
                must(spec.is_unicast() && right(group), Reject::Checksum)?;
                instance.checksum = Checksum::Old;
                instance.packet.follow_no_more();
                Ok(())
            }
        }
    }

    fn lists_all_of(&self, instance: &Instance) -> bool {
        instance.spec.advertised.iter().all(|own| match own {
            IpAddr::V4(own) => self.message.addresses4().any(|a| a == *own),
            IpAddr::V6(own) => self.message.addresses6().any(|a| a == *own),
        })
    }

    fn check_peer(&self, instance: &Instance) -> Result<(), Reject> {
        let Some(unicast) = instance.spec.unicast.as_ref().filter(|u| u.check_source) else { return Ok(()) };
        let peer = unicast.peers.iter().find(|peer| peer.address == self.from).ok_or(Reject::NotAPeer)?;
        must((peer.min_ttl..=peer.max_ttl).contains(&self.ttl), Reject::TtlBounds)
    }
}

fn must(holds: bool, reason: Reject) -> Result<(), Reject> {
    if holds { Ok(()) } else { Err(reason) }
}
