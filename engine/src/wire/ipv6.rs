//! The IPv6 header (RFC 8200) and the hop-by-hop header with a router alert that multicast listener reports have.

use std::net::Ipv6Addr;

use super::{ParseError, be16, ip6};

/// Bytes of the header.
pub const HEADER: usize = 40;
/// Next header: hop-by-hop options.
pub const HOP_BY_HOP: u8 = 0;
/// Next header: ICMPv6.
pub const ICMP: u8 = 58;
/// Next header: VRRP.
pub const VRRP: u8 = 112;

/// The header of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Traffic class.
    pub class: u8,
    /// Flow label, 20 bits. Linux fills it with a hash of its own.
    pub flow: u32,
    /// Bytes that follow this header.
    pub payload_length: u16,
    /// What follows.
    pub next: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// From.
    pub source: Ipv6Addr,
    /// To.
    pub destination: Ipv6Addr,
}

impl Header {
    /// The header, and what follows it up to its length.
    pub fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), ParseError> {
        let (head, rest) = bytes.split_at_checked(HEADER).ok_or(ParseError::Short)?;
        if head[0] >> 4 != 6 {
            return Err(ParseError::Form);
        }
        let first = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let header = Header {
            class: (first >> 20) as u8,
            flow: first & 0xf_ffff,
            payload_length: be16(head, 4),
            next: head[6],
            hop_limit: head[7],
            source: ip6(head, 8),
            destination: ip6(head, 24),
        };
        let payload = rest.get(..usize::from(header.payload_length)).ok_or(ParseError::Length)?;
        Ok((header, payload))
    }

    /// Appends the header.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let first = 6 << 28 | u32::from(self.class) << 20 | self.flow & 0xf_ffff;
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&self.payload_length.to_be_bytes());
        out.extend_from_slice(&[self.next, self.hop_limit]);
        out.extend_from_slice(&self.source.octets());
        out.extend_from_slice(&self.destination.octets());
    }

    /// Appends the header and what `fill` appends, with the length of that whatever [`Header::payload_length`]
    /// says.
    pub fn emit_around(&self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
        let start = out.len();
        self.emit(out);
        fill(out);
        let length = (out.len() - start - HEADER) as u16;
        out[start + 4..start + 6].copy_from_slice(&length.to_be_bytes());
    }
}

/// What is behind a hop-by-hop header, if there is one: its protocol and its bytes.
pub fn behind_options(next: u8, payload: &[u8]) -> Result<(u8, &[u8]), ParseError> {
    if next != HOP_BY_HOP {
        return Ok((next, payload));
    }
    let &[next, words, ..] = payload else { return Err(ParseError::Short) };
    let behind = payload.get(8 * (usize::from(words) + 1)..).ok_or(ParseError::Length)?;
    Ok((next, behind))
}

/// Appends a hop-by-hop header with a router alert for multicast listener discovery (RFC 2711, 2.1).
pub fn emit_router_alert(next: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[next, 0, 5, 2, 0, 0, 1, 0]);
}
