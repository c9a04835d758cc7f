//! Addresses that the daemon adds and removes.

use std::net::IpAddr;

use crate::addr::Cidr;
use crate::time::Duration;

/// An address that comes and goes with mastership, with the options of `ip address`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Address and prefix; without one /32 or /128.
    pub cidr: Cidr,
    /// `dev`. Default: the instance's interface, filled in.
    pub dev: String,
    /// `brd`.
    pub broadcast: Option<Broadcast>,
    /// `scope`, as written.
    pub scope: Option<String>,
    /// `label`.
    pub label: Option<String>,
    /// `peer`.
    pub peer: Option<Cidr>,
    /// The flag words among the options, in the order of the text: `home`, `-nodad`, `mngtmpaddr`,
    /// `noprefixroute`, `autojoin`, `no_track`.
    pub flags: Vec<String>,
    /// `preferred_lft`: `None` is `forever` or not given.
    pub preferred_lft: Option<Duration>,
    /// `use_vmac`: on a VMAC above `dev`.
    pub vmac: bool,
    /// `track_group` of a static address.
    pub track_group: Option<String>,
}

impl Address {
    /// An address without options on `dev`.
    pub fn plain(cidr: Cidr, dev: impl Into<String>) -> Address {
        Address {
            cidr,
            dev: dev.into(),
            broadcast: None,
            scope: None,
            label: None,
            peer: None,
            flags: Vec::new(),
            preferred_lft: None,
            vmac: false,
            track_group: None,
        }
    }

    /// Whether the daemon ignores that somebody else removes it.
    pub fn no_track(&self) -> bool {
        self.flags.iter().any(|f| f == "no_track")
    }
}

/// `brd` of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broadcast {
    /// `brd +`: host bits set.
    Set,
    /// `brd -`: host bits cleared.
    Cleared,
    /// `brd ADDRESS`.
    Address(IpAddr),
}
