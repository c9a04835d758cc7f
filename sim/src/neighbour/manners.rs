//! How a host keeps neighbours: Linux with its settings, or a table that only ages, as other systems have it.

use vrrplab_engine::time::Duration;

/// How the entries of one interface and one family live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manners {
    /// As Linux does: confirmed, stale, checked.
    Linux(Timing),
    /// An entry is used unchecked until it is so old. See [`Ageing`].
    Ageing(Ageing),
}

/// `net.ipv4.neigh.NAME.*` and `net.ipv6.neigh.NAME.*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// `base_reachable_time_ms`; the time in force is 0.5 to 1.5 of it, drawn for each interface. Default 30 s.
    pub base_reachable: Duration,
    /// `delay_first_probe_time`: how long a stale entry is used before it is checked. Default 5 s.
    pub delay: Duration,
    /// `retrans_time_ms`: from one request to the next. Default 1 s.
    pub retransmit: Duration,
    /// `ucast_solicit`: requests to the station itself before an entry fails. Default 3.
    pub unicast: u32,
    /// `mcast_solicit`: requests to all before a resolution fails. Default 3.
    pub multicast: u32,
    /// `locktime` (IPv4; 1/100 s): an entry that has just changed believes no other answer, unless it is
    /// gratuitous. Default 1 s.
    pub lock: Duration,
    /// `gc_stale_time`: an entry that is unused for so long may be forgotten. Default 60 s.
    pub gc_stale: Duration,
}

impl Timing {
    /// The kernel's defaults.
    pub const DEFAULT: Timing = Timing {
        base_reachable: Duration::from_secs(30),
        delay: Duration::from_secs(5),
        retransmit: Duration::from_secs(1),
        unicast: 3,
        multicast: 3,
        lock: Duration::from_secs(1),
        gc_stale: Duration::from_secs(60),
    };
}

/// A table without reachability: what answered once is believed until it is old. So a router that takes an
/// address without a word that this table hears stays unknown to it for up to `timeout`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ageing {
    /// From the last time somebody told the address until the entry is forgotten. Packets do not refresh it.
    pub timeout: Duration,
    /// Whether an announcement that nobody asked for (a gratuitous ARP, an unsolicited neighbour
    /// advertisement) changes an entry.
    pub gratuitous: bool,
}

impl Ageing {
    /// `neighbour = "cisco"`: the ARP cache of Cisco IOS, 14,400 s; gratuitous ARPs change entries.
    pub const CISCO: Ageing = Ageing { timeout: Duration::from_secs(14_400), gratuitous: true };
    /// `neighbour = "bsd"`: FreeBSD's `net.link.ether.inet.max_age`, 1,200 s; gratuitous ARPs change entries.
    pub const BSD: Ageing = Ageing { timeout: Duration::from_secs(1_200), gratuitous: true };
    /// `neighbour = "deaf"`: Cisco's time, and announcements are ignored, as hardened firewalls and cloud
    /// gateways do.
    pub const DEAF: Ageing = Ageing { timeout: Duration::from_secs(14_400), gratuitous: false };
}
