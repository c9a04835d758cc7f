//! The running meaning of a configuration: every value in range, every default filled in.
//! Defaults and ranges are keepalived 2.2.7's. One file for each subject.

mod address;
mod global;
mod instance;
mod link;
mod notify;
mod route;
mod track;

pub use address::{Address, Broadcast};
pub use global::{Global, Settings};
pub use instance::{
    Auth, ExtraGarp, Family, Garp, Instance, OldChecksum, Peer, Unicast, Version, Vmac, VmacKind, WantedState,
};
pub use link::{GarpGroup, LinkDelay, LinkPolling, TrackGroup};
pub use notify::{Command, Notify};
pub use route::{MAIN_TABLE, Route, RouteOption, Rule, network, number};
pub use track::{
    InitFile, ParamMatch, Script, SyncGroup, Track, TrackFile, TrackProcess, Tracks, Weight, comm,
};

use super::server::{BfdInstance, ServerGroup, Ssl, VirtualServer};
use crate::boundary::LineId;

/// A whole configuration as the daemon runs it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Config {
    /// `global_defs`.
    pub global: Global,
    /// What stands outside blocks: `child_wait_time`, `net_namespace`, …
    pub top: Settings,
    /// The `vrrp_instance` blocks in the order of the text.
    pub instances: Vec<Instance>,
    /// The `virtual_server` blocks that the daemon keeps.
    pub virtual_servers: Vec<VirtualServer>,
    /// The `virtual_server_group` blocks.
    pub server_groups: Vec<ServerGroup>,
    /// The `bfd_instance` blocks.
    pub bfd_instances: Vec<BfdInstance>,
    /// The `SSL` block.
    pub ssl: Option<Ssl>,
    /// The `vrrp_sync_group` blocks, without those that the daemon drops.
    pub groups: Vec<SyncGroup>,
    /// The `vrrp_script` blocks.
    pub scripts: Vec<Script>,
    /// The `vrrp_track_process` blocks.
    pub processes: Vec<TrackProcess>,
    /// The `track_file` blocks.
    pub files: Vec<TrackFile>,
    /// The `track_group` blocks.
    pub track_groups: Vec<TrackGroup>,
    /// The `garp_group` blocks.
    pub garp_groups: Vec<GarpGroup>,
    /// `interface_up_down_delays`.
    pub link_delays: Vec<LinkDelay>,
    /// `linkbeat_interfaces`.
    pub link_polling: Vec<LinkPolling>,
    /// `static_ipaddress`.
    pub static_addresses: Vec<Address>,
    /// `static_routes`.
    pub static_routes: Vec<Route>,
    /// `static_rules`.
    pub static_rules: Vec<Rule>,
}

impl Config {
    /// The route of this number.
    pub fn route(&self, line: LineId) -> &Route {
        let routes = line.of.map_or(&self.static_routes, |i| &self.instances[usize::from(i.0)].routes);
        &routes[usize::from(line.n)]
    }

    /// The rule of this number.
    pub fn rule(&self, line: LineId) -> &Rule {
        let rules = line.of.map_or(&self.static_rules, |i| &self.instances[usize::from(i.0)].rules);
        &rules[usize::from(line.n)]
    }
}
