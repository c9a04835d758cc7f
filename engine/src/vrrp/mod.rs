//! VRRP as keepalived runs it. Words: Master and Backup as keepalived and RFC 3768 say; RFC 9568 calls the
//! first one Active. Fault is keepalived's third state: the router cannot take part.

/// The state of an instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Waits for its master to fall silent.
    Backup,
    /// Holds the addresses and advertises.
    Master,
    /// Cannot take part: link down, no address.
    Fault,
}

impl State {
    /// The name in traces: `Backup`, `Master`, `Fault`.
    pub const fn name(self) -> &'static str {
        match self {
            State::Backup => "Backup",
            State::Master => "Master",
            State::Fault => "Fault",
        }
    }
}

/// Why an instance is in FAULT.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FaultReason {
    /// Its interface is down.
    LinkDown,
    /// Its interface does not exist.
    NoInterface,
    /// Its interface has no IPv4 address to advertise from.
    NoAddress,
}

/// Why an advert was refused, in the order in which keepalived checks (vrrp.c, vrrp_check_packet).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reject {
    /// An AH header where none is configured.
    AuthHeader,
    /// The length is not the one of IP header and PDU.
    Length,
    /// The TTL is not 255.
    Ttl,
    /// Another VRRP version.
    Version,
    /// An authentication type that does not exist.
    AuthTypeInvalid,
    /// Another authentication type than configured.
    AuthTypeMismatch,
    /// Another password.
    Password,
    /// Another advert interval.
    Interval,
    /// Not an advertisement.
    Type,
    /// The total length of the IP header is not the packet's.
    TotalLength,
    /// The VRRP checksum.
    Checksum,
    /// A unicast packet on a multicast instance.
    Destination,
    /// Another number of addresses.
    AddressCount,
    /// One of our addresses is not in it.
    AddressList,
}
