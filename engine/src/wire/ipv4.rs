//! The IPv4 header (RFC 791), without options when sent.

use std::net::Ipv4Addr;

use super::checksum::internet;
use super::{ParseError, be16, ip4};

/// Bytes of a header without options.
pub const HEADER: usize = 20;
/// Protocol number of ICMP.
pub const ICMP: u8 = 1;
/// Protocol number of VRRP.
pub const VRRP: u8 = 112;
/// Protocol number of the IPsec authentication header.
pub const AH: u8 = 51;

/// The header of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Type of service.
    pub tos: u8,
    /// Bytes of the packet, this header included.
    pub total_length: u16,
    /// Identification.
    pub id: u16,
    /// Flags and fragment offset.
    pub fragment: u16,
    /// Time to live.
    pub ttl: u8,
    /// What follows.
    pub protocol: u8,
    /// From.
    pub source: Ipv4Addr,
    /// To.
    pub destination: Ipv4Addr,
}

impl Header {
    /// The header, and what follows it up to the total length. Options are skipped. The checksum must be right.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), ParseError> {
        let header = Header::parse_unchecked(bytes)?;
        let length = header_length(bytes);
        if internet(&bytes[..length]) != 0 {
            return Err(ParseError::Checksum);
        }
        let total = usize::from(header.total_length);
        let payload = bytes.get(length..total).ok_or(ParseError::Length)?;
        Ok((header, payload))
    }

    /// The header alone, whatever its checksum and total length say.
    #[inline]
    pub fn parse_unchecked(bytes: &[u8]) -> Result<Header, ParseError> {
        if bytes.len() < HEADER {
            return Err(ParseError::Short);
        }
        if bytes[0] >> 4 != 4 || header_length(bytes) < HEADER {
            return Err(ParseError::Form);
        }
        if bytes.len() < header_length(bytes) {
            return Err(ParseError::Short);
        }
        Ok(Header {
            tos: bytes[1],
            total_length: be16(bytes, 2),
            id: be16(bytes, 4),
            fragment: be16(bytes, 6),
            ttl: bytes[8],
            protocol: bytes[9],
            source: ip4(bytes, 12),
            destination: ip4(bytes, 16),
        })
    }

    /// Appends the header with its checksum.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0x45, self.tos]);
        out.extend_from_slice(&self.total_length.to_be_bytes());
        out.extend_from_slice(&self.id.to_be_bytes());
        out.extend_from_slice(&self.fragment.to_be_bytes());
        out.extend_from_slice(&[self.ttl, self.protocol, 0, 0]);
        out.extend_from_slice(&self.source.octets());
        out.extend_from_slice(&self.destination.octets());
        fill_checksum(&mut out[start..]);
    }
}

/// Bytes of the header of a packet, options included: 0–60, by its first byte.
pub fn header_length(bytes: &[u8]) -> usize {
    usize::from(bytes[0] & 0x0f) * 4
}

/// Bytes of a packet as its header says; needs a whole header.
pub fn total_length(bytes: &[u8]) -> u16 {
    be16(bytes, 2)
}

/// Puts the right header checksum into a packet, as the kernel does for raw sockets.
pub fn fill_checksum(packet: &mut [u8]) {
    let length = header_length(packet).min(packet.len());
    packet[10..12].fill(0);
    let sum = internet(&packet[..length]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
}
