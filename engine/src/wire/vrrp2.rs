//! VRRPv2 advertisements (RFC 3768, 5.3): over IPv4, and over IPv6 as keepalived sends them, which no RFC knows: the
//! addresses have 16 bytes, no authentication data follows, and the checksum covers a pseudo header (recorded).
//! The layout is in [`super::vrrp`].

use std::net::{Ipv4Addr, Ipv6Addr};

use super::checksum::{self, Sum};
use super::icmp6::Ends;
use super::vrrp::{AUTH_DATA, CHECKSUM_AT, Packet};
use super::{ParseError, be16, ipv6};

/// Version 2 and type 1 in the first byte.
pub const ADVERTISEMENT: u8 = 0x21;

/// A VRRPv2 advertisement over IPv4.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advert {
    /// Virtual router.
    pub vrid: u8,
    /// Priority, 0 when leaving.
    pub priority: u8,
    /// Authentication type: 0 none, 1 password, 2 AH.
    pub auth_type: u8,
    /// Interval in seconds.
    pub interval: u8,
    /// The addresses in the order of the configuration, at most 255.
    pub addresses: Vec<Ipv4Addr>,
    /// The password, or zeros.
    pub auth_data: [u8; AUTH_DATA],
}

impl Advert {
    /// Reads a message: version 2, type 1, the right length and checksum.
    pub fn parse(bytes: &[u8]) -> Result<Advert, ParseError> {
        let packet = Packet::new(bytes).ok_or(ParseError::Short)?;
        if bytes[0] != ADVERTISEMENT {
            return Err(ParseError::Form);
        }
        if packet.length() != packet.expected_length4() {
            return Err(ParseError::Length);
        }
        // A checksum of 0xffff sums up as well as 0, but is never sent.
        if !packet.checksum2_is_right() || be16(bytes, CHECKSUM_AT) == 0xffff {
            return Err(ParseError::Checksum);
        }
        let mut auth_data = [0; AUTH_DATA];
        auth_data.copy_from_slice(packet.auth_data());
        Ok(Advert {
            vrid: packet.vrid(),
            priority: packet.priority(),
            auth_type: packet.auth_type(),
            interval: packet.seconds(),
            addresses: packet.addresses4().collect(),
            auth_data,
        })
    }

    /// Appends the message with its checksum.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let count = self.addresses.len();
        emit_fixed([self.vrid, self.priority, self.auth_type, self.interval], count, out);
        for address in &self.addresses {
            out.extend_from_slice(&address.octets());
        }
        out.extend_from_slice(&self.auth_data);
        fill_checksum(&mut out[start..]);
    }
}

/// A VRRPv2 advertisement over IPv6.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advert6 {
    /// Virtual router.
    pub vrid: u8,
    /// Priority, 0 when leaving.
    pub priority: u8,
    /// Authentication type: 0 none, 1 password (which is not sent).
    pub auth_type: u8,
    /// Interval in seconds.
    pub interval: u8,
    /// The addresses in the order of the configuration, at most 255.
    pub addresses: Vec<Ipv6Addr>,
}

impl Advert6 {
    /// Reads a message: version 2, type 1, the right length and checksum.
    pub fn parse(ends: Ends, bytes: &[u8]) -> Result<Advert6, ParseError> {
        let packet = Packet::new(bytes).ok_or(ParseError::Short)?;
        if bytes[0] != ADVERTISEMENT {
            return Err(ParseError::Form);
        }
        if packet.length() != packet.expected_length6() {
            return Err(ParseError::Length);
        }
        let sum = Sum::pseudo6(ends.source, ends.destination, ipv6::VRRP, bytes.len());
        if sum.with(bytes).finish() != 0 || be16(bytes, CHECKSUM_AT) == 0xffff {
            return Err(ParseError::Checksum);
        }
        Ok(Advert6 {
            vrid: packet.vrid(),
            priority: packet.priority(),
            auth_type: packet.auth_type(),
            interval: packet.seconds(),
            addresses: packet.addresses6().collect(),
        })
    }

    /// Appends the message with its checksum.
    pub fn emit(&self, ends: Ends, out: &mut Vec<u8>) {
        let start = out.len();
        let count = self.addresses.len();
        emit_fixed([self.vrid, self.priority, self.auth_type, self.interval], count, out);
        for address in &self.addresses {
            out.extend_from_slice(&address.octets());
        }
        let length = out.len() - start;
        let before = Sum::pseudo6(ends.source, ends.destination, ipv6::VRRP, length);
        checksum::fill(&mut out[start..], CHECKSUM_AT, before);
    }
}

/// Appends the fixed part with a checksum of zero.
fn emit_fixed(fields: [u8; 4], count: usize, out: &mut Vec<u8>) {
    let [vrid, priority, auth_type, interval] = fields;
    let count = u8::try_from(count).expect("an advert has at most 255 addresses");
    out.extend_from_slice(&[ADVERTISEMENT, vrid, priority, count, auth_type, interval, 0, 0]);
}

/// Puts the right checksum into a message over IPv4.
pub fn fill_checksum(message: &mut [u8]) {
    checksum::fill(message, CHECKSUM_AT, Sum::default());
}
