//! The VRRP message as a view of bytes, whatever its version and family, for the receive path: it checks in
//! keepalived's order and counts each reason, so nothing may be refused before its turn.
//!
//! ```text
//!  0: version, type   1: virtual router id   2: priority   3: count of addresses
//!  4: version 2: authentication type and interval in seconds (RFC 3768, 5.3)
//!     version 3: 4 bits reserved, interval in centiseconds (RFC 9568, 5.2)
//!  6: checksum
//!  8: addresses, 4 or 16 bytes each; version 2 over IPv4: 8 bytes of authentication data behind them
//! ```

use std::net::{Ipv4Addr, Ipv6Addr};

use super::checksum::{Sum, internet};
use super::{be16, ip4, ip6, ipv4};

/// Bytes before the addresses.
pub const FIXED: usize = 8;
/// Bytes of authentication data behind them, in version 2 over IPv4.
pub const AUTH_DATA: usize = 8;
/// Where the priority is.
pub const PRIORITY_AT: usize = 2;
/// Where the checksum is.
pub const CHECKSUM_AT: usize = 6;
/// The bits of the interval of version 3.
pub const INTERVAL_MASK: u16 = 0x0fff;

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

    /// The authentication type of version 2.
    pub fn auth_type(self) -> u8 {
        self.0[4]
    }

    /// The advert interval of version 2, in seconds.
    pub fn seconds(self) -> u8 {
        self.0[5]
    }

    /// The advert interval of version 3, in centiseconds.
    pub fn centiseconds(self) -> u16 {
        be16(self.0, 4) & INTERVAL_MASK
    }

    /// How long a message of that version with that many addresses is over IPv4.
    pub fn expected_length4(self) -> usize {
        let auth = if self.version() == 2 { AUTH_DATA } else { 0 };
        FIXED + 4 * usize::from(self.count()) + auth
    }

    /// How long a message with that many addresses is over IPv6, in either version.
    pub fn expected_length6(self) -> usize {
        FIXED + 16 * usize::from(self.count())
    }

    /// How many bytes there are.
    pub fn length(self) -> usize {
        self.0.len()
    }

    /// Whether the checksum of version 2 over IPv4 is right: it covers the message alone.
    pub fn checksum2_is_right(self) -> bool {
        internet(self.0) == 0
    }

    /// Whether the checksum of version 3 over IPv4 is right for this pseudo header.
    pub fn checksum3_is_right(self, source: Ipv4Addr, destination: Ipv4Addr) -> bool {
        Sum::pseudo4(source, destination, ipv4::VRRP, self.0.len()).with(self.0).finish() == 0
    }

    /// The addresses of an IPv4 message, as far as the bytes go.
    pub fn addresses4(self) -> impl Iterator<Item = Ipv4Addr> + 'a {
        let listed = self.0[FIXED..].chunks_exact(4).take(usize::from(self.count()));
        listed.map(|bytes| ip4(bytes, 0))
    }

    /// The addresses of an IPv6 message, as far as the bytes go.
    pub fn addresses6(self) -> impl Iterator<Item = Ipv6Addr> + 'a {
        let listed = self.0[FIXED..].chunks_exact(16).take(usize::from(self.count()));
        listed.map(|bytes| ip6(bytes, 0))
    }

    /// The last 8 bytes: the authentication data of a version 2 message over IPv4.
    pub fn auth_data(self) -> &'a [u8] {
        &self.0[self.0.len() - AUTH_DATA..]
    }
}
