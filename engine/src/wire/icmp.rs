//! ICMP echo (RFC 792): what a client's ping sends and a host's kernel answers.

use super::checksum::internet;
use super::{ParseError, be16};

/// An echo request or reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Echo<'a> {
    /// Reply, or request.
    pub reply: bool,
    /// Identifier of the pinging process.
    pub id: u16,
    /// Number of the request.
    pub sequence: u16,
    /// What is sent along and comes back.
    pub data: &'a [u8],
}

impl<'a> Echo<'a> {
    /// Reads the payload of an IPv4 packet with protocol ICMP.
    pub fn parse(bytes: &'a [u8]) -> Result<Echo<'a>, ParseError> {
        let (head, data) = bytes.split_at_checked(8).ok_or(ParseError::Short)?;
        let reply = match (head[0], head[1]) {
            (8, 0) => false,
            (0, 0) => true,
            _ => return Err(ParseError::Form),
        };
        if internet(bytes) != 0 {
            return Err(ParseError::Checksum);
        }
        Ok(Echo { reply, id: be16(head, 4), sequence: be16(head, 6), data })
    }

    /// Appends the message with its checksum.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[if self.reply { 0 } else { 8 }, 0, 0, 0]);
        out.extend_from_slice(&self.id.to_be_bytes());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(self.data);
        let sum = internet(&out[start..]);
        out[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
    }
}
