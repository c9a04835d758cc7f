//! The IPsec authentication header as keepalived puts it between IPv4 and VRRPv2 (RFC 2402 with HMAC-MD5-96, RFC
//! 2403): SPI is the sender's address, the key is the zero padded password.
//!
//! ```text
//!  0: next header   1: length in words less two (4)   2: reserved   4: SPI
//!  8: sequence number   12: 12 bytes of authentication data (ICV)
//! ```

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

use super::ParseError;

/// Bytes of the header.
pub const LENGTH: usize = 24;
/// Where the SPI is.
pub const SPI_AT: usize = 4;
/// Where the sequence number is.
pub const SEQUENCE_AT: usize = 8;
/// Where the authentication data is.
pub const ICV_AT: usize = 12;
/// Bytes of authentication data.
pub const ICV: usize = LENGTH - ICV_AT;
/// The length field: 24 bytes are 6 words.
const WORDS_LESS_TWO: u8 = 4;

/// An authentication header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// What follows.
    pub next: u8,
    /// Security parameters index.
    pub spi: u32,
    /// Sequence number.
    pub sequence: u32,
    /// Authentication data.
    pub icv: [u8; ICV],
}

impl Header {
    /// The header, and what follows it.
    pub fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), ParseError> {
        let (head, rest) = bytes.split_at_checked(LENGTH).ok_or(ParseError::Short)?;
        if head[1..SPI_AT] != [WORDS_LESS_TWO, 0, 0] {
            return Err(ParseError::Form);
        }
        Ok((Header::parse_unchecked(head), rest))
    }

    /// The header of at least [`LENGTH`] bytes, whatever its length field and reserved bytes say: keepalived does not
    /// look at them.
    pub fn parse_unchecked(bytes: &[u8]) -> Header {
        let be32 = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut icv = [0; ICV];
        icv.copy_from_slice(&bytes[ICV_AT..LENGTH]);
        Header { next: bytes[0], spi: be32(SPI_AT), sequence: be32(SEQUENCE_AT), icv }
    }

    /// Appends the header.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.next, WORDS_LESS_TWO, 0, 0]);
        out.extend_from_slice(&self.spi.to_be_bytes());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.icv);
    }
}

/// A key, ready for use. Its state is large and few have one, so it is elsewhere.
#[derive(Clone, Debug)]
pub struct Key(Box<Hmac<Md5>>);

impl Key {
    /// The key that a zero padded password is.
    pub fn new(password: &[u8; 8]) -> Key {
        Key(Box::new(Hmac::new_from_slice(password).expect("HMAC takes keys of any length")))
    }

    /// The authentication data of a packet whose AH begins at `ah`: over the whole packet without what changes on
    /// its way (type of service, fragment, checksum) and without the authentication data itself. keepalived covers
    /// the TTL of multicast, and not that of unicast (vrrp_ipsecah.c; recorded).
    pub fn icv(&self, packet: &[u8], ah: usize, covers_ttl: bool) -> [u8; ICV] {
        let mut mac = Hmac::clone(&self.0);
        let ttl = if covers_ttl { packet[8] } else { 0 };
        mac.update(&[packet[0], 0]);
        mac.update(&packet[2..6]);
        mac.update(&[0, 0, ttl, packet[9], 0, 0]);
        mac.update(&packet[12..ah + ICV_AT]);
        mac.update(&[0; ICV]);
        mac.update(&packet[ah + LENGTH..]);
        let mut icv = [0; ICV];
        icv.copy_from_slice(&mac.finalize().into_bytes()[..ICV]);
        icv
    }
}
