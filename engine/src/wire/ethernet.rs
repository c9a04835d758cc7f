//! Ethernet II: destination, source, type.

use super::{ParseError, be16};
use crate::addr::Mac;

/// Length of the header in bytes.
pub const HEADER: usize = 14;
/// EtherType of IPv4.
pub const IPV4: u16 = 0x0800;
/// EtherType of ARP.
pub const ARP: u16 = 0x0806;
/// EtherType of IPv6.
pub const IPV6: u16 = 0x86dd;

/// The header of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// To.
    pub destination: Mac,
    /// From.
    pub source: Mac,
    /// What follows.
    pub ethertype: u16,
}

impl Header {
    /// The header and what follows it.
    pub fn parse(frame: &[u8]) -> Result<(Header, &[u8]), ParseError> {
        let (head, payload) = frame.split_at_checked(HEADER).ok_or(ParseError::Short)?;
        let mac =
            |at: usize| Mac([head[at], head[at + 1], head[at + 2], head[at + 3], head[at + 4], head[at + 5]]);
        Ok((Header { destination: mac(0), source: mac(6), ethertype: be16(head, 12) }, payload))
    }

    /// Appends the header.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.destination.0);
        out.extend_from_slice(&self.source.0);
        out.extend_from_slice(&self.ethertype.to_be_bytes());
    }
}
