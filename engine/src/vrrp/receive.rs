//! The checks of a received advert, in keepalived's order (vrrp.c:vrrp_check_packet), version 2 over IPv4
//! multicast. A refused advert changes no state, but a master re-arms its advert timer all the same: see
//! `process`.

use std::net::Ipv4Addr;

use super::instance::Instance;
use crate::config::Auth;
use crate::quirks::Quirks;
use crate::wire::ipv4;
use crate::wire::vrrp2::Packet;

/// Why an advert is refused. The order is the order of the checks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reject {
    /// An AH header where none is configured.
    AuthHeader,
    /// The length is not that of the IP header and the message.
    Length,
    /// The TTL is not 255 (RFC 3768, 7.1).
    Ttl,
    /// Another VRRP version.
    Version,
    /// An authentication type that does not exist.
    AuthTypeInvalid,
    /// Another authentication type than ours.
    AuthTypeMismatch,
    /// Another password.
    Password,
    /// Another interval. keepalived counts this nowhere.
    Interval,
    /// Not an advertisement.
    Type,
    /// The IP header tells another length.
    TotalLength,
    /// A wrong checksum.
    Checksum,
    /// Sent to a unicast address.
    Destination,
    /// Another number of addresses.
    AddressCount,
    /// One of our addresses is missing.
    AddressList,
}

impl Reject {
    /// All reasons, in the order of the checks.
    pub const ALL: [Reject; 14] = [
        Reject::AuthHeader,
        Reject::Length,
        Reject::Ttl,
        Reject::Version,
        Reject::AuthTypeInvalid,
        Reject::AuthTypeMismatch,
        Reject::Password,
        Reject::Interval,
        Reject::Type,
        Reject::TotalLength,
        Reject::Checksum,
        Reject::Destination,
        Reject::AddressCount,
        Reject::AddressList,
    ];

    /// The reason in words, for logs and reports.
    pub const fn words(self) -> &'static str {
        match self {
            Reject::AuthHeader => "unexpected AH header",
            Reject::Length => "wrong length",
            Reject::Ttl => "TTL is not 255",
            Reject::Version => "another VRRP version",
            Reject::AuthTypeInvalid => "unknown authentication type",
            Reject::AuthTypeMismatch => "another authentication type",
            Reject::Password => "another password",
            Reject::Interval => "another advert interval",
            Reject::Type => "not an advertisement",
            Reject::TotalLength => "IP total length differs",
            Reject::Checksum => "wrong checksum",
            Reject::Destination => "not sent to a group",
            Reject::AddressCount => "another number of addresses",
            Reject::AddressList => "an address of ours is missing",
        }
    }
}

/// What an accepted advert says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Heard {
    pub(super) from: Ipv4Addr,
    pub(super) priority: u8,
}

/// The virtual router that a packet is for, or `None` where the daemon drops it unseen: shorter than IP header
/// and fixed part.
pub(super) fn vrid_of(packet: &[u8]) -> Option<u8> {
    let header = ipv4::Header::parse_unchecked(packet).ok()?;
    if header.protocol != ipv4::VRRP {
        return None;
    }
    Packet::new(&packet[ipv4::header_length(packet)..]).map(Packet::vrid)
}

/// Checks a packet for `instance`; [`vrid_of`] has found it.
pub(super) fn check(instance: &Instance, quirks: &Quirks, packet: &[u8]) -> Result<Heard, Reject> {
    let header = ipv4::Header::parse_unchecked(packet).expect("vrid_of has read this header");
    let message = &packet[ipv4::header_length(packet)..];
    let advert = Packet::new(message).expect("vrid_of has seen the fixed part");
    let spec = &instance.spec;
    let must = |holds: bool, reason: Reject| if holds { Ok(()) } else { Err(reason) };

    // Before its length is known to be right the count decides how long the message should be.
    must(advert.has_expected_length(), Reject::Length)?;
    must(header.ttl == 255, Reject::Ttl)?;
    must(advert.version() == 2, Reject::Version)?;
    must(advert.auth_type() <= 2, Reject::AuthTypeInvalid)?;
    must(advert.auth_type() == spec.auth_type(), Reject::AuthTypeMismatch)?;
    if let Auth::Pass(password) = &spec.auth {
        must(advert.auth_data() == password, Reject::Password)?;
    }
    must(advert.interval() == spec.interval_seconds(), Reject::Interval)?;
    must(advert.kind() == 1, Reject::Type)?;
    must(usize::from(header.total_length) == packet.len(), Reject::TotalLength)?;
    must(advert.checksum_is_right(), Reject::Checksum)?;
    must(header.destination.is_multicast(), Reject::Destination)?;
    if quirks.address_list_must_match && instance.checks_addresses_of(header.source) {
        must(usize::from(advert.count()) == spec.advertised.len(), Reject::AddressCount)?;
        let listed = |own: &Ipv4Addr| advert.addresses().any(|a| a == *own);
        must(spec.advertised.iter().all(listed), Reject::AddressList)?;
    }
    Ok(Heard { from: header.source, priority: advert.priority() })
}
