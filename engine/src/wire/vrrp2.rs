//! The VRRPv2 message over IPv4 (RFC 3768, 5.3):
//!
//! ```text
//!  0: version 2, type 1   1: virtual router id   2: priority   3: count of addresses
//!  4: authentication type 5: interval, seconds   6: checksum over the message
//!  8: addresses, 4 bytes each, then 8 bytes of authentication data
//! ```
//!
//! [`Packet`] is a view of bytes for the receive path, which must check in keepalived's order and count each
//! reason; [`Advert`] is a message with meaning.

use std::net::Ipv4Addr;

use super::checksum::internet;
use super::{ParseError, be16, ip4};

/// Version 2 and type 1 in the first byte.
pub const ADVERTISEMENT: u8 = 0x21;
/// Bytes before the addresses.
pub const FIXED: usize = 8;
/// Bytes of authentication data behind them.
pub const AUTH_DATA: usize = 8;
/// Where the priority is.
pub const PRIORITY_AT: usize = 2;
/// Where the checksum is.
pub const CHECKSUM_AT: usize = 6;

/// The bytes of a message, at least [`FIXED`] long.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a>(&'a [u8]);

impl<'a> Packet<'a> {
    /// A view of `bytes`, or `None` if they are shorter than the fixed part.
    pub fn new(bytes: &'a [u8]) -> Option<Packet<'a>> {
        (bytes.len() >= FIXED).then_some(Packet(bytes))
    }

    /// The version.
    pub fn version(self) -> u8 {
        self.0[0] >> 4
    }

    /// The type; 1 is an advertisement.
    pub fn kind(self) -> u8 {
        self.0[0] & 0x0f
    }

    /// The virtual router.
    pub fn vrid(self) -> u8 {
        self.0[1]
    }

    /// The priority.
    pub fn priority(self) -> u8 {
        self.0[PRIORITY_AT]
    }

    /// How many addresses it says it has.
    pub fn count(self) -> u8 {
        self.0[3]
    }

    /// The authentication type.
    pub fn auth_type(self) -> u8 {
        self.0[4]
    }

    /// The advert interval in seconds.
    pub fn interval(self) -> u8 {
        self.0[5]
    }

    /// How long a message with that many addresses is.
    pub fn expected_length(self) -> usize {
        FIXED + 4 * usize::from(self.count()) + AUTH_DATA
    }

    /// Whether the length is the expected one.
    pub fn has_expected_length(self) -> bool {
        self.0.len() == self.expected_length()
    }

    /// Whether the checksum over all bytes is right.
    pub fn checksum_is_right(self) -> bool {
        internet(self.0) == 0
    }

    /// The addresses; needs the expected length.
    pub fn addresses(self) -> impl Iterator<Item = Ipv4Addr> + 'a {
        let bytes = self.0;
        (0..usize::from(self.count())).map(move |i| ip4(bytes, FIXED + 4 * i))
    }

    /// The authentication data; needs the expected length.
    pub fn auth_data(self) -> &'a [u8] {
        &self.0[self.0.len() - AUTH_DATA..]
    }
}

/// A VRRPv2 advertisement.
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
        if !packet.has_expected_length() {
            return Err(ParseError::Length);
        }
        // A checksum of 0xffff sums up as well as 0, but is never sent.
        if !packet.checksum_is_right() || be16(bytes, CHECKSUM_AT) == 0xffff {
            return Err(ParseError::Checksum);
        }
        let mut auth_data = [0; AUTH_DATA];
        auth_data.copy_from_slice(packet.auth_data());
        Ok(Advert {
            vrid: packet.vrid(),
            priority: packet.priority(),
            auth_type: packet.auth_type(),
            interval: packet.interval(),
            addresses: packet.addresses().collect(),
            auth_data,
        })
    }

    /// Appends the message with its checksum.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let count = u8::try_from(self.addresses.len()).expect("an advert has at most 255 addresses");
        out.extend_from_slice(&[
            ADVERTISEMENT,
            self.vrid,
            self.priority,
            count,
            self.auth_type,
            self.interval,
        ]);
        out.extend_from_slice(&[0, 0]);
        for address in &self.addresses {
            out.extend_from_slice(&address.octets());
        }
        out.extend_from_slice(&self.auth_data);
        fill_checksum(&mut out[start..]);
    }
}

/// Puts the right checksum into a message.
pub fn fill_checksum(message: &mut [u8]) {
    message[CHECKSUM_AT..CHECKSUM_AT + 2].fill(0);
    let sum = internet(message);
    message[CHECKSUM_AT..CHECKSUM_AT + 2].copy_from_slice(&sum.to_be_bytes());
}
