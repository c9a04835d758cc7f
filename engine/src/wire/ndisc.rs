//! Neighbour discovery (RFC 4861, 4.3 and 4.4): who has an address, and who says so. keepalived announces an
//! address of its own with an advertisement nobody asked for: to all nodes, override set, from the address itself
//! (observed, keepalived 2.2.7).

use std::net::Ipv6Addr;

use super::icmp6::{self, Ends};
use super::{ParseError, ethernet, ip6, ipv6};
use crate::addr::Mac;

/// ICMPv6 type of a solicitation.
pub const SOLICITATION: u8 = 135;
/// ICMPv6 type of an advertisement.
pub const ADVERTISEMENT: u8 = 136;
/// All nodes of a link.
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Option type of a sender's link-layer address, and of a target's.
const SOURCE_MAC: u8 = 1;
const TARGET_MAC: u8 = 2;

const ROUTER: u8 = 0x80;
const SOLICITED: u8 = 0x40;
const OVERRIDE: u8 = 0x20;

/// The group in which who has `address` listens (RFC 4291, 2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]))
}

/// Who has the target address?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Solicitation {
    /// The wanted address.
    pub target: Ipv6Addr,
    /// The asking station; none in duplicate address detection, whose source is unspecified.
    pub source_mac: Option<Mac>,
}

/// The target address is here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advertisement {
    /// The sender forwards packets.
    pub router: bool,
    /// It answers a solicitation.
    pub solicited: bool,
    /// It replaces what was known.
    pub override_known: bool,
    /// The address.
    pub target: Ipv6Addr,
    /// Its station.
    pub target_mac: Option<Mac>,
}

impl Solicitation {
    /// Reads an ICMPv6 message. Options that it does not know are skipped.
    pub fn parse(ends: Ends, bytes: &[u8]) -> Result<Solicitation, ParseError> {
        let (_, target, source_mac) = parse(ends, bytes, SOLICITATION, SOURCE_MAC)?;
        Ok(Solicitation { target, source_mac })
    }

    /// Appends the message.
    pub fn emit(&self, ends: Ends, out: &mut Vec<u8>) {
        emit(SOLICITATION, ends, 0, self.target, self.source_mac.map(|mac| (SOURCE_MAC, mac)), out);
    }
}

impl Advertisement {
    /// keepalived's announcement of an address; `router` if the interface forwards.
    pub fn unsolicited(mac: Mac, target: Ipv6Addr, router: bool) -> Advertisement {
        Advertisement { router, solicited: false, override_known: true, target, target_mac: Some(mac) }
    }

    /// Reads an ICMPv6 message. Options that it does not know are skipped.
    pub fn parse(ends: Ends, bytes: &[u8]) -> Result<Advertisement, ParseError> {
        let (flags, target, target_mac) = parse(ends, bytes, ADVERTISEMENT, TARGET_MAC)?;
        let has = |flag: u8| flags & flag != 0;
        Ok(Advertisement {
            router: has(ROUTER),
            solicited: has(SOLICITED),
            override_known: has(OVERRIDE),
            target,
            target_mac,
        })
    }

    /// Appends the message.
    pub fn emit(&self, ends: Ends, out: &mut Vec<u8>) {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags =
            flag(self.router, ROUTER) | flag(self.solicited, SOLICITED) | flag(self.override_known, OVERRIDE);
        emit(ADVERTISEMENT, ends, flags, self.target, self.target_mac.map(|mac| (TARGET_MAC, mac)), out);
    }

    /// Appends the whole frame of an announcement to all nodes, from the address it announces.
    pub fn emit_frame(&self, mac: Mac, out: &mut Vec<u8>) {
        let ends = Ends { source: self.target, destination: ALL_NODES };
        let destination = Mac::of_group6(ends.destination);
        ethernet::Header { destination, source: mac, ethertype: ethernet::IPV6 }.emit(out);
        header(ends).emit_around(out, |out| self.emit(ends, out));
    }
}

/// The IPv6 header of neighbour discovery: hop limit 255 shows that nobody forwarded it.
pub fn header(ends: Ends) -> ipv6::Header {
    let Ends { source, destination } = ends;
    let (next, hop_limit) = (ipv6::ICMP, 255);
    ipv6::Header { class: 0, flow: 0, payload_length: 0, next, hop_limit, source, destination }
}

/// Flags, target and link-layer address of a message of this type.
fn parse(
    ends: Ends,
    bytes: &[u8],
    expected: u8,
    wanted: u8,
) -> Result<(u8, Ipv6Addr, Option<Mac>), ParseError> {
    let (kind, code, body) = icmp6::parse(ends, bytes)?;
    if (kind, code) != (expected, 0) {
        return Err(ParseError::Form);
    }
    let (head, mut options) = body.split_at_checked(20).ok_or(ParseError::Short)?;
    let mut mac = None;
    while let &[option, words, ..] = options {
        let length = 8 * usize::from(words);
        if length == 0 || length > options.len() {
            return Err(ParseError::Length);
        }
        if let (true, &[_, 1, a, b, c, d, e, f, ..]) = (option == wanted, options) {
            mac = Some(Mac([a, b, c, d, e, f]));
        }
        options = &options[length..];
    }
    if options.is_empty() { Ok((head[0], ip6(head, 4), mac)) } else { Err(ParseError::Length) }
}

fn emit(kind: u8, ends: Ends, flags: u8, target: Ipv6Addr, option: Option<(u8, Mac)>, out: &mut Vec<u8>) {
    icmp6::emit(kind, ends, out, |out| {
        out.extend_from_slice(&[flags, 0, 0, 0]);
        out.extend_from_slice(&target.octets());
        if let Some((option, mac)) = option {
            out.extend_from_slice(&[option, 1]);
            out.extend_from_slice(&mac.0);
        }
    });
}
