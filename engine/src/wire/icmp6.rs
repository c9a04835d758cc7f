//! ICMPv6 (RFC 4443): the frame of its messages, whose checksum covers a pseudo header, and echo. Neighbour
//! discovery is in [`super::ndisc`], listener discovery in [`super::mld`].

use std::net::Ipv6Addr;

use super::checksum::{self, Sum};
use super::icmp::Echo;
use super::{ParseError, be16, ipv6};

/// Type of an echo request.
pub const ECHO_REQUEST: u8 = 128;
/// Type of an echo reply.
pub const ECHO_REPLY: u8 = 129;

/// From whom to whom a message goes: part of its checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// From.
    pub source: Ipv6Addr,
    /// To.
    pub destination: Ipv6Addr,
}

impl Ends {
    /// The sum over the pseudo header of an ICMPv6 message of that many bytes.
    pub fn sum(self, length: usize) -> Sum {
        Sum::pseudo6(self.source, self.destination, ipv6::ICMP, length)
    }
}

/// Type, code and body of a message; its checksum must be right.
pub fn parse(ends: Ends, bytes: &[u8]) -> Result<(u8, u8, &[u8]), ParseError> {
    let (head, body) = bytes.split_at_checked(4).ok_or(ParseError::Short)?;
    // A checksum of 0xffff sums up as well as 0, but is never sent.
    if ends.sum(bytes.len()).with(bytes).finish() != 0 || be16(head, 2) == 0xffff {
        return Err(ParseError::Checksum);
    }
    Ok((head[0], head[1], body))
}

/// Appends a message with code 0 and its checksum; `body` appends what follows the checksum.
pub fn emit(kind: u8, ends: Ends, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[kind, 0, 0, 0]);
    body(out);
    let before = ends.sum(out.len() - start);
    checksum::fill(&mut out[start..], 2, before);
}

impl<'a> Echo<'a> {
    /// Reads an ICMPv6 message.
    pub fn parse6(ends: Ends, bytes: &'a [u8]) -> Result<Echo<'a>, ParseError> {
        let (kind, code, body) = parse(ends, bytes)?;
        let reply = match (kind, code) {
            (ECHO_REQUEST, 0) => false,
            (ECHO_REPLY, 0) => true,
            _ => return Err(ParseError::Form),
        };
        let (head, data) = body.split_at_checked(4).ok_or(ParseError::Short)?;
        Ok(Echo { reply, id: be16(head, 0), sequence: be16(head, 2), data })
    }

    /// Appends it as an ICMPv6 message.
    pub fn emit6(&self, ends: Ends, out: &mut Vec<u8>) {
        emit(if self.reply { ECHO_REPLY } else { ECHO_REQUEST }, ends, out, |out| {
            out.extend_from_slice(&self.id.to_be_bytes());
            out.extend_from_slice(&self.sequence.to_be_bytes());
            out.extend_from_slice(self.data);
        });
    }
}
