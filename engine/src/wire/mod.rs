//! Wire formats: bytes to meaning and back, one protocol a file.
//!
//! Each has a `parse` that takes any bytes and never panics, and an `emit` that appends to a buffer; the two are
//! inverse, and the tests say so for every message and for arbitrary bytes.

pub mod ah;
pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod icmp;
pub mod icmp6;
pub mod igmp;
pub mod ipv4;
pub mod ipv6;
pub mod mld;
pub mod ndisc;
pub mod vrrp;
pub mod vrrp2;
pub mod vrrp3;

/// Why bytes are not the message they were taken for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ParseError {
    /// Fewer bytes than the message needs.
    Short,
    /// A version or format number that this is not.
    Form,
    /// A length field that contradicts the bytes.
    Length,
    /// The checksum is wrong.
    Checksum,
}

/// The big-endian 16-bit number at `at`.
pub(crate) fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// The IPv4 address at `at`.
pub(crate) fn ip4(bytes: &[u8], at: usize) -> std::net::Ipv4Addr {
    std::net::Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3])
}

/// The IPv6 address at `at`.
pub(crate) fn ip6(bytes: &[u8], at: usize) -> std::net::Ipv6Addr {
    let octets: [u8; 16] = bytes[at..at + 16].try_into().expect("sixteen bytes are sixteen");
    octets.into()
}
