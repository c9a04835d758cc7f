//! The keywords of keepalived 2.2.7 as data: which stand where, what they need and who reads them.
//!
//! The lists were checked against the daemon: each word with and without a parameter in each block.

use super::instance::Draft;
use super::report::Report;
use super::tree::Statement;
use super::{global, instance, server};

/// A kind of block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Scope {
    Root,
    Global,
    Instance,
    Authentication,
    SyncGroup,
    Script,
    Process,
    TrackFile,
    TrackGroup,
    GarpGroup,
    Bfd,
    VirtualServer,
    RealServer,
    TcpCheck,
    HttpGet,
    SmtpCheck,
    DnsCheck,
    MiscCheck,
    UdpCheck,
    FileCheck,
    BfdCheck,
    Url,
    Host,
    Ssl,
    /// Lines of values, no keywords: `virtual_ipaddress`.
    List,
    /// The block of a keyword that nobody knows.
    Unknown,
}

/// What follows a keyword.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Takes {
    /// Nothing, or words that may be missing.
    Words,
    /// At least one word: without it the daemon stops.
    Value,
    /// A block.
    Block(Scope),
}

type Handle<T> = fn(&mut Report, &mut T, &Statement);

/// Who reads a keyword.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// Opens a block that is walked with its own table.
    Open,
    /// Sets something global.
    Global(Handle<global::Draft>),
    /// Sets something of an instance.
    Instance(Handle<Draft>),
    /// Read by the load balancer's half.
    Server,
    /// Recognised, without influence on what is simulated.
    Later,
    /// Recognised, and what is simulated differs without it.
    Differs,
}

/// One keyword in one kind of block.
#[derive(Clone, Copy)]
pub(super) struct Keyword {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) role: Role,
}

/// The keyword `name` of a block.
pub(super) fn find(scope: Scope, name: &str) -> Option<Keyword> {
    all(scope).find(|keyword| keyword.name == name)
}

/// The keywords of a block.
pub(super) fn all(scope: Scope) -> impl Iterator<Item = Keyword> {
    let modelled: &[Keyword] = match scope {
        Scope::Root => ROOT,
        Scope::Global => global::KEYWORDS,
        Scope::Instance => instance::KEYWORDS,
        Scope::Authentication => instance::AUTHENTICATION,
        _ => &[],
    };
    modelled.iter().copied().chain(listed(server::keywords::TABLE, scope, Role::Server)).chain(listed(
        LATER,
        scope,
        Role::Later,
    ))
}

/// Whether the daemon stops at a keyword that lacks its argument.
pub(super) fn needs_argument(scope: Scope, keyword: Keyword) -> bool {
    match (keyword.takes, scope) {
        (Takes::Value, _) => true,
        (Takes::Block(_), Scope::Root | Scope::VirtualServer) => NAMED.contains(&keyword.name),
        _ => false,
    }
}

/// Blocks without a name stop the daemon; `vrrp_instance` and `vrrp_sync_group` are only skipped.
const NAMED: &[&str] = &[
    "vrrp_script",
    "track_file",
    "vrrp_track_file",
    "virtual_server",
    "virtual_server_group",
    "real_server",
];

/// What to call a kind of block.
pub(super) fn title(scope: Scope) -> &'static str {
    match scope {
        Scope::Root => "the top level",
        Scope::List => "a list",
        Scope::Unknown => "an unknown block",
        _ => BLOCKS.iter().find(|(_, s)| *s == scope).map_or("a block", |(name, _)| name),
    }
}

/// The kinds of block that know `name`, for somebody who wrote it elsewhere.
pub(super) fn home(name: &str) -> Option<Scope> {
    let scopes = std::iter::once(Scope::Root).chain(BLOCKS.iter().map(|(_, s)| *s));
    scopes.filter(|s| *s != Scope::List).find(|s| find(*s, name).is_some())
}

const ROOT: &[Keyword] = &[
    Keyword { name: "global_defs", takes: Takes::Block(Scope::Global), role: Role::Open },
    Keyword { name: "vrrp_instance", takes: Takes::Block(Scope::Instance), role: Role::Open },
    Keyword { name: "track_file", takes: Takes::Block(Scope::TrackFile), role: Role::Later },
];

/// The words of a block in a table.
fn listed(
    table: &'static [(Scope, &'static str)],
    scope: Scope,
    role: Role,
) -> impl Iterator<Item = Keyword> {
    table.iter().filter(move |(s, _)| *s == scope).flat_map(move |(_, list)| later(list, role))
}

/// A list of words: `=` needs a value, `{` opens a list, `!` makes the simulation differ. Those in `BLOCKS`
/// open a block.
fn later(list: &'static str, role: Role) -> impl Iterator<Item = Keyword> {
    list.split_ascii_whitespace().map(move |word| {
        let name = word.trim_end_matches(['=', '{', '!']);
        let block = BLOCKS.iter().find(|(block, _)| *block == name);
        let takes = match block {
            Some(&(_, scope)) => Takes::Block(scope),
            None if word.contains('{') => Takes::Block(Scope::List),
            None if word.contains('=') => Takes::Value,
            None => Takes::Words,
        };
        let role = if word.ends_with('!') { Role::Differs } else { role };
        Keyword { name, takes, role }
    })
}

pub(super) const BLOCKS: &[(&str, Scope)] = &[
    ("vrrp_instance", Scope::Instance),
    ("global_defs", Scope::Global),
    ("authentication", Scope::Authentication),
    ("vrrp_sync_group", Scope::SyncGroup),
    ("vrrp_script", Scope::Script),
    ("vrrp_track_process", Scope::Process),
    ("track_group", Scope::TrackGroup),
    ("garp_group", Scope::GarpGroup),
    ("bfd_instance", Scope::Bfd),
    ("virtual_server", Scope::VirtualServer),
    ("real_server", Scope::RealServer),
    ("TCP_CHECK", Scope::TcpCheck),
    ("PING_CHECK", Scope::TcpCheck),
    ("HTTP_GET", Scope::HttpGet),
    ("SSL_GET", Scope::HttpGet),
    ("SMTP_CHECK", Scope::SmtpCheck),
    ("DNS_CHECK", Scope::DnsCheck),
    ("MISC_CHECK", Scope::MiscCheck),
    ("UDP_CHECK", Scope::UdpCheck),
    ("FILE_CHECK", Scope::FileCheck),
    ("BFD_CHECK", Scope::BfdCheck),
    ("url", Scope::Url),
    ("host", Scope::Host),
    ("SSL", Scope::Ssl),
    ("vrrp_track_file", Scope::TrackFile),
    ("virtual_server_group", Scope::List),
    ("static_ipaddress", Scope::List),
    ("static_routes", Scope::List),
    ("static_rules", Scope::List),
    ("interface_up_down_delays", Scope::List),
    ("linkbeat_interfaces", Scope::List),
    ("virtual_routes", Scope::List),
    ("virtual_rules", Scope::List),
    ("unicast_peer", Scope::List),
    ("track_interface", Scope::List),
    ("track_script", Scope::List),
    ("track_process", Scope::List),
    ("track_bfd", Scope::List),
    ("group", Scope::List),
    ("interfaces", Scope::List),
];

/// Recognised, not modelled yet.
const LATER: &[(Scope, &str)] = &[
    (
        Scope::Root,
        "vrrp_sync_group! vrrp_script vrrp_track_process vrrp_track_file track_group garp_group!
        interface_up_down_delays! linkbeat_interfaces linkbeat_use_polling static_ipaddress static_routes
        static_rules child_wait_time= instance
        namespace_with_ipsets net_namespace net_namespace_ipvs use_pid_dir",
    ),
    (
        Scope::Global,
        "vrrp_strict! vrrp_min_garp! vrrp_startup_delay=! vrrp_check_unicast_src dynamic_interfaces
        default_interface vrrp_mcast_group6= vrrp_garp_extra_if vrrp_vmac_garp_intvl
        bfd_cpu_affinity bfd_no_swap bfd_priority bfd_process_name= bfd_rlimit_rtime= bfd_rlimit_rttime=
        bfd_rt_priority checker_cpu_affinity checker_log_all_failures checker_no_swap checker_priority
        checker_process_name= checker_rlimit_rtime= checker_rlimit_rttime= checker_rt_priority config_save_dir=
        data_use_instance dbus_service_name disable_local_igmp enable_dbus enable_snmp_checker
        enable_snmp_keepalived enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_vrrp enable_traps
        fifo_write_vrrp_states_on_reload include_check instance log_unknown_vrids lvs_flush lvs_flush_on_stop
        lvs_flush_onstop lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs
        lvs_netlink_monitor_rcv_bufs_force lvs_notify_fifo lvs_notify_fifo_script lvs_process_name=
        lvs_sync_daemon lvs_timeouts max_auto_priority min_auto_priority_delay nftables nftables_counters
        nftables_ifindex nftables_ipvs nftables_ipvs_priority= nftables_ipvs_start_fwmark= nftables_priority=
        no_checker_emails no_email_faults notify_fifo notify_fifo_script process_monitor_rcv_bufs
        process_monitor_rcv_bufs_force process_name= process_names random_seed= reload_check_config reload_file
        reload_repeat reload_time_file rs_init_notifies shutdown_script shutdown_script_timeout smtp_alert
        smtp_alert_checker smtp_alert_vrrp smtp_helo_name snmp_socket startup_script startup_script_timeout
        tmp_config_directory umask= vmac_addr_prefix= vmac_prefix= vrrp_cpu_affinity vrrp_iptables
        vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs
        vrrp_netlink_monitor_rcv_bufs_force vrrp_no_swap vrrp_notify_fifo vrrp_notify_fifo_script
        vrrp_notify_priority_changes vrrp_priority vrrp_process_name= vrrp_rlimit_rtime= vrrp_rlimit_rttime=
        vrrp_rt_priority vrrp_rx_bufs_multiplier vrrp_rx_bufs_policy",
    ),
    (
        Scope::Instance,
        "strict_mode! track_interface! track_script! track_file{! track_process! track_bfd! use_vmac! use_vmac_addr!
        use_ipvlan! vmac_xmit_base! unicast_fault_no_peer! track_src_ip! vrf! check_unicast_src unicast_ttl=
        accept debug= garp_extra_if kernel_rx_buf_size linkbeat_use_polling lvs_sync_daemon_interface= no_accept
        notify_deleted notify_priority_changes old_unicast_checksum promote_secondaries smtp_alert virtual_routes
        virtual_rules vmac_garp_intvl",
    ),
    (
        Scope::SyncGroup,
        "group global_tracking notify= notify_backup= notify_fault= notify_master= notify_priority_changes
        notify_stop= smtp_alert sync_group_tracking_weight track_bfd track_file{ track_interface track_process
        track_script",
    ),
    (Scope::Script, "fall= init_fail interval= rise= script timeout= user= weight="),
    (
        Scope::Process,
        "delay= fork_delay= full_command param_match process= quorum= quorum_max= terminate_delay= weight",
    ),
    (Scope::TrackFile, "file init_file weight"),
    (Scope::TrackGroup, "group"),
    (Scope::GarpGroup, "garp_interval= gna_interval= interface= interfaces"),
];
