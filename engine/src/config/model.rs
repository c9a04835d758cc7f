//! The running meaning of a configuration: every value in range, every default filled in.
//! Defaults and ranges are keepalived 2.2.7's.

use std::net::{IpAddr, Ipv4Addr};

use super::server::{BfdInstance, ServerGroup, Ssl, VirtualServer};
use crate::addr::Cidr;
use crate::time::Duration;

/// A whole configuration as the daemon runs it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Config {
    /// `global_defs`.
    pub global: Global,
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
}

/// What `global_defs` says, as far as it is not a default that instances have copied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Global {
    /// `router_id`: names the node in mails. Default: the host name, here `None`.
    pub router_id: Option<String>,
    /// `notification_email`: recipients of mail.
    pub notification_email: Vec<String>,
    /// `notification_email_from`.
    pub notification_email_from: Option<String>,
    /// `smtp_server` with its port, as written.
    pub smtp_server: Option<String>,
    /// `smtp_connect_timeout`, at least 1 s. Default 30 s.
    pub smtp_connect_timeout: Duration,
    /// `vrrp_mcast_group4`. Default 224.0.0.18.
    pub mcast_group4: Ipv4Addr,
    /// `vrrp_garp_interval`: least gap between two gratuitous ARPs on an interface. Default 0: no pacing.
    pub garp_interval: Duration,
    /// `vrrp_gna_interval`: the same for unsolicited neighbour advertisements.
    pub gna_interval: Duration,
    /// `enable_script_security`.
    pub script_security: bool,
    /// `script_user`: user and, if given, group.
    pub script_user: Option<(String, Option<String>)>,
}

impl Default for Global {
    fn default() -> Global {
        Global {
            router_id: None,
            notification_email: Vec::new(),
            notification_email_from: None,
            smtp_server: None,
            smtp_connect_timeout: Duration::from_secs(30),
            mcast_group4: Ipv4Addr::new(224, 0, 0, 18),
            garp_interval: Duration::ZERO,
            gna_interval: Duration::ZERO,
            script_security: false,
            script_user: None,
        }
    }
}

/// The protocol version an instance speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Version {
    /// VRRPv2, RFC 3768.
    V2,
    /// VRRPv3, RFC 5798 and 9568.
    V3,
}

/// One `vrrp_instance`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// `state`: what the text asks for; only an owner (priority 255) starts as master. Default backup.
    pub state: WantedState,
    /// `interface`: carries the adverts.
    pub interface: String,
    /// `virtual_router_id`, 1–255.
    pub vrid: u8,
    /// `priority`, 1–255; 255 is the address owner. Default 100.
    pub priority: u8,
    /// `version`. Default 2.
    pub version: Version,
    /// `advert_int`: for v2 whole seconds 1–255, for v3 centiseconds up to 40.95 s. Default 1 s.
    pub advert_int: Duration,
    /// `authentication`. Version 2 only.
    pub auth: Auth,
    /// `virtual_ipaddress`, in the order of the text: advertised.
    pub addresses: Vec<Address>,
    /// `virtual_ipaddress_excluded`: managed, never advertised.
    pub excluded: Vec<Address>,
    /// `nopreempt`, after the daemon's corrections (cleared with `state MASTER` and for an owner).
    pub nopreempt: bool,
    /// `preempt_delay`, 0–1000 s, after the same corrections.
    pub preempt_delay: Duration,
    /// The gratuitous ARP options.
    pub garp: Garp,
    /// `down_timer_adverts`, 1–100. Default 3.
    pub down_timer_adverts: u8,
    /// `lower_prio_no_advert`.
    pub lower_prio_no_advert: bool,
    /// `higher_prio_send_advert`.
    pub higher_prio_send_advert: bool,
    /// `skip_check_adv_addr`.
    pub skip_check_adv_addr: bool,
    /// `dont_track_primary`: the state of `interface` does not matter.
    pub dont_track_primary: bool,
    /// `mcast_src_ip`: source of adverts. Default: the interface's first address that is not virtual.
    pub mcast_src_ip: Option<Ipv4Addr>,
    /// `mcast_dst_ip`, or `vrrp_mcast_group4`.
    pub mcast_dst_ip: Ipv4Addr,
    /// The notify scripts.
    pub notify: Notify,
}

impl Instance {
    /// An instance with every default, for text that says nothing but its name.
    pub fn named(name: impl Into<String>) -> Instance {
        Instance {
            name: name.into(),
            state: WantedState::Backup,
            interface: String::new(),
            vrid: 0,
            priority: 100,
            version: Version::V2,
            advert_int: Duration::from_secs(1),
            auth: Auth::None,
            addresses: Vec::new(),
            excluded: Vec::new(),
            nopreempt: false,
            preempt_delay: Duration::ZERO,
            garp: Garp::default(),
            down_timer_adverts: 3,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            skip_check_adv_addr: false,
            dont_track_primary: false,
            mcast_src_ip: None,
            mcast_dst_ip: Ipv4Addr::new(224, 0, 0, 18),
            notify: Notify::default(),
        }
    }

    /// Whether this router owns the addresses (RFC 3768, 5.3.4: priority 255).
    pub fn is_owner(&self) -> bool {
        self.priority == 255
    }
}

/// `state` in the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WantedState {
    /// `state MASTER`.
    Master,
    /// `state BACKUP`, or none.
    Backup,
}

/// `authentication`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Auth {
    /// Type 0.
    None,
    /// Type 1: the password, zero padded.
    Pass([u8; 8]),
    /// Type 2, IPsec AH: the key, zero padded. Read, not yet spoken.
    Ah([u8; 8]),
}

/// Gratuitous ARP options of an instance, after copying the global ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Garp {
    /// `garp_master_delay`: gap between the two bursts; zero: no second one. Default 5 s.
    pub master_delay: Duration,
    /// `garp_master_repeat`: frames for each address in a burst, at least 1. Default 5.
    pub master_repeat: u32,
    /// `garp_master_refresh`: period of refreshes; zero: none. Default 0.
    pub master_refresh: Duration,
    /// `garp_master_refresh_repeat`, at least 1. Default 1.
    pub master_refresh_repeat: u32,
    /// `garp_lower_prio_delay`. Default: the global `vrrp_garp_master_delay`, not the instance's.
    pub lower_prio_delay: Duration,
    /// `garp_lower_prio_repeat`; zero: no burst. Default: the global `vrrp_garp_master_repeat`.
    pub lower_prio_repeat: u32,
}

impl Default for Garp {
    fn default() -> Garp {
        Garp {
            master_delay: Duration::from_secs(5),
            master_repeat: 5,
            master_refresh: Duration::ZERO,
            master_refresh_repeat: 1,
            lower_prio_delay: Duration::from_secs(5),
            lower_prio_repeat: 5,
        }
    }
}

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

/// The notify scripts of an instance.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Notify {
    /// `notify_master`.
    pub master: Option<Command>,
    /// `notify_backup`.
    pub backup: Option<Command>,
    /// `notify_fault`.
    pub fault: Option<Command>,
    /// `notify_stop`.
    pub stop: Option<Command>,
    /// `notify`: run on every change with type, name, state and priority added.
    pub any: Option<Command>,
    /// `notify_master_rx_lower_pri`.
    pub master_rx_lower_pri: Option<Command>,
}

/// A command and whom to run it as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// User and group, where given.
    pub user: Option<(String, Option<String>)>,
}
