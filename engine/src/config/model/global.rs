//! `global_defs` and the keywords of the top level.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::time::Duration;

/// Settings that decide nothing here: the keyword and its value as keepalived spells it.
pub type Settings = BTreeMap<&'static str, String>;

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
    /// `vrrp_mcast_group6`. Default ff02::12.
    pub mcast_group6: Ipv6Addr,
    /// `vrrp_garp_interval`: least gap between two gratuitous ARPs on an interface. Default 0: no pacing.
    pub garp_interval: Duration,
    /// `vrrp_gna_interval`: the same for unsolicited neighbour advertisements.
    pub gna_interval: Duration,
    /// `enable_script_security`.
    pub script_security: bool,
    /// `script_user`: user and, if given, group.
    pub script_user: Option<(String, Option<String>)>,
    /// `vrrp_startup_delay`, 1 ms to 4294.967295 s. Default 0.
    pub startup_delay: Duration,
    /// `dynamic_interfaces`: interfaces may come later; the flag: and may change (`allow_if_changes`).
    pub dynamic_interfaces: Option<bool>,
    /// `default_interface`.
    pub default_interface: Option<String>,
    /// Everything else: processes, logs, SNMP, D-Bus, servers.
    pub other: Settings,
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
            mcast_group6: Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12),
            garp_interval: Duration::ZERO,
            gna_interval: Duration::ZERO,
            script_security: false,
            script_user: None,
            startup_delay: Duration::ZERO,
            dynamic_interfaces: None,
            default_interface: None,
            other: Settings::new(),
        }
    }
}
