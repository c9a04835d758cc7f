//! What concerns interfaces rather than instances: pacing groups, delays, polling, groups of trackers.

use crate::time::Duration;

/// A `garp_group`: interfaces that share one pacing.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct GarpGroup {
    /// `interface` and `interfaces`.
    pub interfaces: Vec<String>,
    /// `garp_interval`, up to 2147.483647 s. Default: the global `vrrp_garp_interval`.
    pub garp_interval: Option<Duration>,
    /// `gna_interval`, the same for neighbour advertisements.
    pub gna_interval: Option<Duration>,
}

/// A line of `interface_up_down_delays`, each 0–255 s.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkDelay {
    /// The interface.
    pub interface: String,
    /// How long a link must be down before that counts.
    pub down: Duration,
    /// How long it must be up again. Default 0.
    pub up: Duration,
}

/// A line of `linkbeat_interfaces`: an interface that is polled every second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkPolling {
    /// The interface.
    pub interface: String,
    /// `MII`, `ETHTOOL` or `IOCTL`; `None` tries them in this order.
    pub by: Option<String>,
}

/// A `track_group`: instances that bring static objects back when one of them comes up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrackGroup {
    /// Its name.
    pub name: String,
    /// `group`: names of instances.
    pub members: Vec<String>,
}
