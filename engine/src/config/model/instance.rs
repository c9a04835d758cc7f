//! `vrrp_instance`: one virtual router.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::Address;
use super::notify::Notify;
use super::route::{Route, Rule};
use super::track::Tracks;
use crate::time::Duration;

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
    /// `mcast_src_ip` of an IPv6 instance.
    pub mcast_src_ip6: Option<Ipv6Addr>,
    /// `mcast_dst_ip` of an IPv6 instance, or `vrrp_mcast_group6`.
    pub mcast_dst_ip6: Ipv6Addr,
    /// The notify scripts.
    pub notify: Notify,
    /// The address family of the adverts. Default: that of the first address.
    pub family: Family,
    /// The `vrrp_sync_group` it belongs to.
    pub sync_group: Option<String>,
    /// `strict_mode`, or `vrrp_strict`.
    pub strict: bool,
    /// The `track_…` blocks; what the daemon drops in a sync group is dropped.
    pub tracks: Tracks,
    /// What concerns unicast; used if there are peers.
    pub unicast: Unicast,
    /// `track_src_ip`: a fault while the configured source address is absent.
    pub track_src_ip: bool,
    /// `use_vmac` or `use_ipvlan`.
    pub vmac: Option<Vmac>,
    /// `use_vmac_addr`: VMACs for addresses on other interfaces as well.
    pub vmac_addr: bool,
    /// `vmac_xmit_base`: adverts leave through the interface below.
    pub vmac_xmit_base: bool,
    /// `garp_extra_if`.
    pub garp_extra: Option<ExtraGarp>,
    /// `accept` and `no_accept`: whether the addresses take traffic. Default: yes, with `strict` only of owners.
    pub accept: bool,
    /// `promote_secondaries`.
    pub promote_secondaries: bool,
    /// `smtp_alert`. Default: `smtp_alert_vrrp`, then `smtp_alert`, then off.
    pub smtp_alert: bool,
    /// `notify_deleted` without a script: a deleted instance is DELETED instead of FAULT.
    pub notify_deleted: bool,
    /// `notify_priority_changes`. Default: `vrrp_notify_priority_changes`.
    pub notify_priority_changes: bool,
    /// `kernel_rx_buf_size` in bytes; `None` leaves it to the kernel.
    pub kernel_rx_buf_size: Option<u32>,
    /// `vrf`.
    pub vrf: Option<String>,
    /// `debug`, 0–4. Default 0.
    pub debug: u8,
    /// `virtual_routes`.
    pub routes: Vec<Route>,
    /// `virtual_rules`.
    pub rules: Vec<Rule>,
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
            mcast_src_ip6: None,
            mcast_dst_ip6: Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12),
            notify: Notify::default(),
            family: Family::V4,
            sync_group: None,
            strict: false,
            tracks: Tracks::default(),
            unicast: Unicast::default(),
            track_src_ip: false,
            vmac: None,
            vmac_addr: false,
            vmac_xmit_base: false,
            garp_extra: None,
            accept: true,
            promote_secondaries: false,
            smtp_alert: false,
            notify_deleted: false,
            notify_priority_changes: false,
            kernel_rx_buf_size: None,
            vrf: None,
            debug: 0,
            routes: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// Whether this router owns the addresses (RFC 3768, 5.3.4: priority 255).
    pub fn is_owner(&self) -> bool {
        self.priority == 255
    }
}

/// An address family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub const fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// What an instance says about unicast.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unicast {
    /// `unicast_src_ip`.
    pub source: Option<IpAddr>,
    /// `unicast_peer`; empty means multicast.
    pub peers: Vec<Peer>,
    /// `unicast_ttl`, 0–255. Default over IPv4: 255; over IPv6: the kernel's.
    pub ttl: Option<u8>,
    /// `check_unicast_src`, `vrrp_check_unicast_src`, or a peer with TTL bounds.
    pub check_source: bool,
    /// `unicast_fault_no_peer`.
    pub fault_no_peer: bool,
    /// `old_unicast_checksum`.
    pub old_checksum: OldChecksum,
}

impl Default for Unicast {
    fn default() -> Unicast {
        Unicast {
            source: None,
            peers: Vec::new(),
            ttl: None,
            check_source: false,
            fault_no_peer: false,
            old_checksum: OldChecksum::Auto,
        }
    }
}

/// A line of `unicast_peer`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer {
    /// The peer.
    pub address: IpAddr,
    /// `min_ttl`, 0–255. Default 0.
    pub min_ttl: u8,
    /// `max_ttl`, 0–255. Default 255.
    pub max_ttl: u8,
}

/// `old_unicast_checksum`: the checksum of version 3 that releases before 1.3.7 sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OldChecksum {
    /// Finds out from the first advert.
    Auto,
    /// Uses it.
    Always,
    /// `never`.
    Never,
}

/// `use_vmac` or `use_ipvlan`: an interface of its own above the real one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vmac {
    /// Which of the two.
    pub kind: VmacKind,
    /// Its name. Default `vmac_prefix`, a dot and the router's number.
    pub name: String,
}

/// The kind of an interface above the real one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VmacKind {
    /// `use_vmac`; with another address than the protocol's.
    Macvlan(Option<Vec<u8>>),
    /// `use_ipvlan` with its own address and its type.
    Ipvlan(Option<IpAddr>, String),
}

/// `garp_extra_if`: gratuitous ARPs for interfaces that carry no adverts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExtraGarp {
    /// `all`: not only for VMACs.
    pub all: bool,
    /// The period, 1–86400 s.
    pub every: Duration,
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
    /// Type 2, IPsec AH: the key, zero padded.
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
