//! The running meaning of the load balancer's half: virtual servers, their real servers and the checkers.
//! Everything is inherited and corrected already, as the daemon's own dump shows it; ranges are keepalived 2.2.7's.

use std::net::{IpAddr, Ipv4Addr};

use super::super::model::Command;
use crate::time::Duration;

/// One `virtual_server`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VirtualServer {
    /// What traffic it takes.
    pub service: Service,
    /// Family of its addresses, given or that of the first server.
    pub family: Family,
    /// `delay_loop`: period of the checkers, at least 1 µs. Default 60 s.
    pub delay_loop: Duration,
    /// `lb_algo`. Default `wlc`.
    pub scheduler: &'static str,
    /// The scheduler flags; 1, 2, 3 of `flag-N`. `sh-fallback` and `mh-fallback` are 1, `sh-port` and `mh-port` 2.
    pub flags: [bool; 3],
    /// `lb_kind`. Default NAT.
    pub forwarding: Forwarding,
    /// `protocol`. Default UDP; `None` for a firewall mark.
    pub protocol: Option<Protocol>,
    /// `persistence_timeout`: 1–2678400 s; `None`: not persistent.
    pub persistence_timeout: Option<u32>,
    /// `persistence_granularity`; `None`: whole addresses.
    pub persistence_granularity: Option<Granularity>,
    /// `persistence_engine`, at most 15 characters.
    pub persistence_engine: Option<String>,
    /// `ops`: one-packet scheduling, UDP only.
    pub one_packet: bool,
    /// `ha_suspend`: checkers rest while the address is elsewhere.
    pub ha_suspend: bool,
    /// `alpha`: servers start down.
    pub alpha: bool,
    /// `omega`: the down scripts run at the end.
    pub omega: bool,
    /// `inhibit_on_failure`: default of the real servers.
    pub inhibit_on_failure: bool,
    /// `quorum`: total weight that is needed, after lowering it to what there is.
    pub quorum: u32,
    /// `hysteresis`, below the quorum; 4294967295 where the quorum is 0.
    pub hysteresis: u32,
    /// `quorum_up`.
    pub quorum_up: Option<Command>,
    /// `quorum_down`.
    pub quorum_down: Option<Command>,
    /// `retry`, from 1. `None`: each checker's own default.
    pub retry: Option<u32>,
    /// `delay_before_retry`. `None`: each checker's own default.
    pub delay_before_retry: Option<Duration>,
    /// `warmup`. `None`: the delay loop.
    pub warmup: Option<Duration>,
    /// `connect_timeout`, 1 µs to 4294.967295 s. Default 5 s.
    pub connect_timeout: Duration,
    /// `virtualhost`.
    pub virtualhost: Option<String>,
    /// `snmp_name`.
    pub snmp_name: Option<String>,
    /// `smtp_alert`. Default off.
    pub smtp_alert: bool,
    /// `sorry_server`.
    pub sorry_server: Option<SorryServer>,
    /// In the order of the text, never empty.
    pub real_servers: Vec<RealServer>,
}

/// What traffic a virtual server takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Service {
    /// An address and port; port 0 is every port.
    Address(IpAddr, u16),
    /// Packets with a firewall mark.
    Mark(u32),
    /// The addresses and marks of a `virtual_server_group`.
    Group(String),
}

/// Family of a virtual server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// Transport protocol of a virtual server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// How packets reach a real server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forwarding {
    /// Addresses are rewritten.
    Nat,
    /// The frame goes to the server's MAC address.
    Direct,
    /// In a tunnel.
    Tunnel(Tunnel),
}

/// Kind of a tunnel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tunnel {
    /// IP in IP.
    Ipip,
    /// Generic UDP encapsulation to a port from 1.
    Gue(u16, Checksum),
    /// Generic routing encapsulation; no remote checksum.
    Gre(Checksum),
}

/// Checksum of a tunnel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checksum {
    /// `nocsum`, the default.
    None,
    /// `csum`.
    Full,
    /// `remcsum`.
    Remote,
}

/// Which clients persistence takes for one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Granularity {
    /// A mask, which need not be contiguous.
    V4(Ipv4Addr),
    /// A prefix length, 1–128.
    V6(u8),
}

/// Takes over when the quorum is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SorryServer {
    /// Address.
    pub address: IpAddr,
    /// Port; the virtual server's where forwarding cannot change it, with NAT 0 if none is given.
    pub port: u16,
    /// `sorry_server_lvs_method`.
    pub forwarding: Forwarding,
    /// `sorry_server_inhibit`.
    pub inhibit: bool,
}

/// One `real_server`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RealServer {
    /// Address.
    pub address: IpAddr,
    /// Port; the virtual server's where none is given or forwarding cannot change it.
    pub port: u16,
    /// `weight`, 0–2147483647. Default: the virtual server's, else 1.
    pub weight: u32,
    /// `lvs_method`.
    pub forwarding: Forwarding,
    /// `alpha`.
    pub alpha: bool,
    /// `inhibit_on_failure`: a failed server keeps its place with weight 0.
    pub inhibit_on_failure: bool,
    /// `delay_loop`.
    pub delay_loop: Duration,
    /// `retry`.
    pub retry: Option<u32>,
    /// `delay_before_retry`.
    pub delay_before_retry: Option<Duration>,
    /// `warmup`.
    pub warmup: Option<Duration>,
    /// `connect_timeout`.
    pub connect_timeout: Duration,
    /// `uthreshold`: connections at which it gets no more; 0: no limit.
    pub uthreshold: u32,
    /// `lthreshold`: connections below which it gets some again.
    pub lthreshold: u32,
    /// `notify_up`.
    pub notify_up: Option<Command>,
    /// `notify_down`.
    pub notify_down: Option<Command>,
    /// `virtualhost`, its own; checkers fall back on the virtual server's.
    pub virtualhost: Option<String>,
    /// `snmp_name`.
    pub snmp_name: Option<String>,
    /// `smtp_alert`. Default on.
    pub smtp_alert: bool,
    /// In the order of the text.
    pub checkers: Vec<Checker>,
}

/// One checker of a real server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checker {
    /// What it does.
    pub kind: CheckerKind,
    /// `alpha`.
    pub alpha: bool,
    /// `delay_loop`.
    pub delay_loop: Duration,
    /// `warmup`: the first check is put off by a random part of it.
    pub warmup: Duration,
    /// `retry`: further attempts before a server is down.
    pub retry: u32,
    /// `delay_before_retry`.
    pub delay_before_retry: Duration,
    /// `log_all_failures`.
    pub log_all_failures: bool,
    /// Where it connects, if it does.
    pub connection: Option<Connection>,
}

/// Where a checker connects and from where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// `connect_ip`. Default: the real server's address.
    pub address: IpAddr,
    /// `connect_port`. Default: the port as the real server's line gives it, 0 without one.
    pub port: u16,
    /// `connect_timeout`; 0 in an SMTP `host` that gives none.
    pub timeout: Duration,
    /// `bindto`.
    pub bind_to: Option<IpAddr>,
    /// `bind_port`; 0: any.
    pub bind_port: u16,
    /// `bind_if`.
    pub bind_if: Option<String>,
    /// `fwmark`; 0: none.
    pub fwmark: u32,
}

/// What a checker does, with the words of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CheckerKind {
    /// `TCP_CHECK`.
    Tcp,
    /// `PING_CHECK`.
    Ping,
    /// `HTTP_GET`, `SSL_GET`.
    Http(Http),
    /// `SMTP_CHECK` with its `helo_name`. Default `smtpchecker.keepalived.org`.
    Smtp(String),
    /// `DNS_CHECK` with `type` (default SOA) and `name` (default the root).
    Dns(&'static str, String),
    /// `MISC_CHECK`.
    Misc(Misc),
    /// `UDP_CHECK`.
    Udp(Udp),
    /// `FILE_CHECK`.
    File(FileWatch),
    /// `BFD_CHECK` with the name of a `bfd_instance`.
    Bfd(String),
}

/// The words of `HTTP_GET` and `SSL_GET`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Http {
    /// `SSL_GET`.
    pub tls: bool,
    /// `http_protocol`: `1.0`, `1.0C` or `1.1`.
    pub protocol: &'static str,
    /// `virtualhost`.
    pub virtualhost: Option<String>,
    /// `enable_sni`.
    pub enable_sni: bool,
    /// `fast_recovery`.
    pub fast_recovery: bool,
    /// The `url` blocks, at least one.
    pub urls: Vec<Url>,
}

/// One `url`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Url {
    /// `path`.
    pub path: String,
    /// `digest`: MD5 of the body.
    pub digest: Option<[u8; 16]>,
    /// `status_code` as ranges within 100–599, in order and apart. Default 200–299.
    pub status_codes: Vec<(u16, u16)>,
    /// `virtualhost`.
    pub virtualhost: Option<String>,
    /// `regex` and its options.
    pub regex: Option<Regex>,
}

/// `regex` of a `url`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Regex {
    /// The pattern, in PCRE2's language.
    pub pattern: String,
    /// `regex_no_match`: the body must not match.
    pub no_match: bool,
    /// `regex_options`.
    pub options: Vec<String>,
    /// `regex_min_offset`, bytes.
    pub min_offset: u32,
    /// `regex_max_offset`, bytes; 0: none.
    pub max_offset: u32,
    /// `regex_stack`, start and most bytes.
    pub stack: Option<(u32, u32)>,
}

/// The words of `MISC_CHECK`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Misc {
    /// `misc_path`.
    pub script: Vec<String>,
    /// `misc_timeout`, whole seconds 0–4294; 0: the delay loop.
    pub timeout: u32,
    /// `misc_dynamic`: the exit code sets the weight.
    pub dynamic: bool,
    /// `user` and group.
    pub user: Option<(String, Option<String>)>,
}

/// The words of `UDP_CHECK`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Udp {
    /// `payload`; `None`: an empty datagram.
    pub payload: Option<Vec<u8>>,
    /// `require_reply`.
    pub require_reply: bool,
    /// The bytes that a reply must have, each with the mask of the bits that count.
    pub reply: Vec<(u8, u8)>,
    /// `min_reply_length`, bytes. Default 0.
    pub min_reply_length: u16,
    /// `max_reply_length`, bytes. Default 255.
    pub max_reply_length: u16,
}

/// The words of `FILE_CHECK`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FileWatch {
    /// `track_file`.
    pub file: String,
    /// `weight` in place of the file's own.
    pub weight: Option<i32>,
    /// `reverse`.
    pub reverse: bool,
}

/// One `virtual_server_group`, never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerGroup {
    /// Its name.
    pub name: String,
    /// The lines, addresses before marks.
    pub entries: Vec<GroupEntry>,
}

/// A line of a `virtual_server_group`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GroupEntry {
    /// Addresses from the first to the last, with a port; port 0: every port.
    Addresses(IpAddr, IpAddr, u16),
    /// A firewall mark, perhaps of one family only.
    Mark(u32, Option<Family>),
}

/// One `bfd_instance`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BfdInstance {
    /// Its name, at most 31 characters.
    pub name: String,
    /// `neighbor_ip`.
    pub neighbor: IpAddr,
    /// `source_ip`.
    pub source: Option<IpAddr>,
    /// `min_rx`, 1 ms – 4294967 ms. Default 10 ms.
    pub min_rx: Duration,
    /// `min_tx`, the same range and default.
    pub min_tx: Duration,
    /// `idle_tx`, 1 s – 4294967 ms. Default 1 s.
    pub idle_tx: Duration,
    /// `multiplier`, 1–255. Default 5.
    pub multiplier: u8,
    /// `passive`: waits for the neighbour.
    pub passive: bool,
    /// `ttl` or `hoplimit`, 1–255. Default 255, for IPv6 64.
    pub ttl: u8,
    /// `max_hops`, -1–255 and not above the TTL; -1: no limit. Default 0.
    pub max_hops: i16,
    /// `weight`, -253–253. Default 0.
    pub weight: i16,
    /// `reverse` behind the weight.
    pub weight_reverse: bool,
    /// VRRP hears of its state.
    pub vrrp: bool,
    /// Checkers hear of its state.
    pub checker: bool,
}

/// The `SSL` block.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ssl {
    /// `password` of the key.
    pub password: Option<String>,
    /// `ca`: a file.
    pub ca: Option<String>,
    /// `certificate`: a file.
    pub certificate: Option<String>,
    /// `key`: a file.
    pub key: Option<String>,
}
