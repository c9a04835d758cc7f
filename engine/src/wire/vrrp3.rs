//! VRRPv3 advertisements (RFC 5798 and 9568, 5.2), over IPv4 and IPv6. The checksum covers a pseudo header of
//! either. The layout is in [`super::vrrp`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::checksum::{self, Sum};
use super::vrrp::{CHECKSUM_AT, INTERVAL_MASK, Packet};
use super::{ParseError, be16, ipv4, ipv6};

/// Version 3 and type 1 in the first byte.
pub const ADVERTISEMENT: u8 = 0x31;

/// The addresses of a virtual router, of one family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Addresses {
    /// IPv4.
    V4(Vec<Ipv4Addr>),
    /// IPv6.
    V6(Vec<Ipv6Addr>),
}

/// A VRRPv3 advertisement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advert {
    /// Virtual router.
    pub vrid: u8,
    /// Priority, 0 when leaving.
    pub priority: u8,
    /// Interval in centiseconds, 0–4095.
    pub interval: u16,
    /// The addresses in the order of the configuration, at most 255.
    pub addresses: Addresses,
}

/// From whom to whom a message goes, of one family: part of its checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ends {
    /// IPv4: from, to.
    V4(Ipv4Addr, Ipv4Addr),
    /// IPv6: from, to.
    V6(Ipv6Addr, Ipv6Addr),
}

impl Ends {
    /// The ends, if they are of one family.
    pub fn of(source: IpAddr, destination: IpAddr) -> Option<Ends> {
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Some(Ends::V4(source, destination)),
            (IpAddr::V6(source), IpAddr::V6(destination)) => Some(Ends::V6(source, destination)),
            _ => None,
        }
    }

    /// The sum over the pseudo header of a message of that many bytes.
    pub fn sum(self, length: usize) -> Sum {
        match self {
            Ends::V4(source, destination) => Sum::pseudo4(source, destination, ipv4::VRRP, length),
            Ends::V6(source, destination) => Sum::pseudo6(source, destination, ipv6::VRRP, length),
        }
    }
}

impl Advert {
    /// Reads a message: version 3, type 1, reserved bits zero, the right length and checksum.
    pub fn parse(ends: Ends, bytes: &[u8]) -> Result<Advert, ParseError> {
        let packet = Packet::new(bytes).ok_or(ParseError::Short)?;
        if bytes[0] != ADVERTISEMENT || be16(bytes, 4) & !INTERVAL_MASK != 0 {
            return Err(ParseError::Form);
        }
        let expected = match ends {
            Ends::V4(..) => packet.expected_length4(),
            Ends::V6(..) => packet.expected_length6(),
        };
        if packet.length() != expected {
            return Err(ParseError::Length);
        }
        // A checksum of 0xffff sums up as well as 0, but is never sent.
        if ends.sum(bytes.len()).with(bytes).finish() != 0 || be16(bytes, CHECKSUM_AT) == 0xffff {
            return Err(ParseError::Checksum);
        }
        let addresses = match ends {
            Ends::V4(..) => Addresses::V4(packet.addresses4().collect()),
            Ends::V6(..) => Addresses::V6(packet.addresses6().collect()),
        };
        let (vrid, priority, interval) = (packet.vrid(), packet.priority(), packet.centiseconds());
        Ok(Advert { vrid, priority, interval, addresses })
    }

    /// Appends the message with its checksum.
    pub fn emit(&self, ends: Ends, out: &mut Vec<u8>) {
        let start = out.len();
        let count = match &self.addresses {
            Addresses::V4(all) => all.len(),
            Addresses::V6(all) => all.len(),
        };
        let count = u8::try_from(count).expect("an advert has at most 255 addresses");
        out.extend_from_slice(&[ADVERTISEMENT, self.vrid, self.priority, count]);
        out.extend_from_slice(&(self.interval & INTERVAL_MASK).to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        match &self.addresses {
            Addresses::V4(all) => all.iter().for_each(|a| out.extend_from_slice(&a.octets())),
            Addresses::V6(all) => all.iter().for_each(|a| out.extend_from_slice(&a.octets())),
        }
        fill_checksum(&mut out[start..], ends);
    }
}

/// Puts the right checksum into a message, as the kernel does for IPv6.
pub fn fill_checksum(message: &mut [u8], ends: Ends) {
    checksum::fill(message, CHECKSUM_AT, ends.sum(message.len()));
}
