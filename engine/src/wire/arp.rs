//! ARP for IPv4 over Ethernet (RFC 826). A gratuitous one (RFC 5227, 3) announces its sender's address to all:
//! keepalived sends requests with sender = target and the broadcast address as target hardware address
//! (observed, keepalived 2.2.7).

use std::net::Ipv4Addr;

use super::{ParseError, be16, ethernet, ip4};
use crate::addr::Mac;

/// Bytes of the message.
pub const LENGTH: usize = 28;

/// What an ARP message asks or says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Who has the target address?
    Request,
    /// The sender has the sender address.
    Reply,
}

/// An ARP message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arp {
    /// Request or reply.
    pub operation: Operation,
    /// Hardware address of the sender.
    pub sender_mac: Mac,
    /// Its protocol address.
    pub sender: Ipv4Addr,
    /// Hardware address of the target, whatever that means in a request.
    pub target_mac: Mac,
    /// Protocol address of the target.
    pub target: Ipv4Addr,
}

impl Arp {
    /// keepalived's gratuitous ARP for `address` at `mac`.
    pub fn gratuitous(mac: Mac, address: Ipv4Addr) -> Arp {
        Arp {
            operation: Operation::Request,
            sender_mac: mac,
            sender: address,
            target_mac: Mac::BROADCAST,
            target: address,
        }
    }

    /// Whether it announces its sender rather than asks.
    pub fn is_gratuitous(&self) -> bool {
        self.sender == self.target
    }

    /// Reads the payload of a frame of type ARP; padding behind the message is ignored.
    pub fn parse(bytes: &[u8]) -> Result<Arp, ParseError> {
        let b = bytes.get(..LENGTH).ok_or(ParseError::Short)?;
        if b[..6] != [0, 1, 8, 0, 6, 4] {
            return Err(ParseError::Form);
        }
        let operation = match be16(b, 6) {
            1 => Operation::Request,
            2 => Operation::Reply,
            _ => return Err(ParseError::Form),
        };
        let mac = |at: usize| Mac([b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5]]);
        Ok(Arp { operation, sender_mac: mac(8), sender: ip4(b, 14), target_mac: mac(18), target: ip4(b, 24) })
    }

    /// Appends the message.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0, 1, 8, 0, 6, 4, 0]);
        out.push(if self.operation == Operation::Request { 1 } else { 2 });
        out.extend_from_slice(&self.sender_mac.0);
        out.extend_from_slice(&self.sender.octets());
        out.extend_from_slice(&self.target_mac.0);
        out.extend_from_slice(&self.target.octets());
    }

    /// Appends the whole frame from the sender to `destination`.
    pub fn emit_frame(&self, destination: Mac, out: &mut Vec<u8>) {
        ethernet::Header { destination, source: self.sender_mac, ethertype: ethernet::ARP }.emit(out);
        self.emit(out);
    }
}
