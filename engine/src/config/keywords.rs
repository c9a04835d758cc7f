//! The keywords of keepalived 2.2.7 as data: which stand where, what they need and who reads them.
//!
//! The lists were checked against the daemon: each word with and without a parameter in each block.

use super::instance::Draft;
use super::model::{GarpGroup, Script, TrackFile, TrackProcess};
use super::plain::{self, Plain};
use super::report::Report;
use super::tree::Statement;
use super::{global, group, instance, server, track};

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
    /// Sets something of a synchronisation group.
    Group(Handle<group::Draft>),
    /// Sets something of a script.
    Script(Handle<Script>),
    /// Sets something of a tracked process.
    Process(Handle<TrackProcess>),
    /// Sets something of a tracked file.
    File(Handle<TrackFile>),
    /// Sets something of a pacing group.
    Garp(Handle<GarpGroup>),
    /// Leaves a value behind and nothing else.
    Plain(Plain),
    /// Recognised, without influence on what is simulated.
    Later,
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
        Scope::SyncGroup => group::KEYWORDS,
        Scope::Script => track::SCRIPT,
        Scope::Process => track::PROCESS,
        Scope::TrackFile => track::FILE,
        Scope::GarpGroup => group::GARP,
        _ => &[],
    };
    let plain: &[Keyword] = match scope {
        Scope::Root => plain::TOP,
        Scope::Global => plain::GLOBAL,
        _ => &[],
    };
    modelled
        .iter()
        .chain(plain)
        .copied()
        .chain(listed(server::keywords::TABLE, scope, Role::Server))
        .chain(listed(LATER, scope, Role::Later))
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
    "vrrp_track_process",
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

const fn open(name: &'static str, scope: Scope) -> Keyword {
    Keyword { name, takes: Takes::Block(scope), role: Role::Open }
}

const ROOT: &[Keyword] = &[
    open("global_defs", Scope::Global),
    open("vrrp_instance", Scope::Instance),
    open("vrrp_sync_group", Scope::SyncGroup),
    open("vrrp_script", Scope::Script),
    open("vrrp_track_process", Scope::Process),
    open("track_file", Scope::TrackFile),
    open("vrrp_track_file", Scope::TrackFile),
    open("track_group", Scope::TrackGroup),
    open("garp_group", Scope::GarpGroup),
    open("static_ipaddress", Scope::List),
    open("static_routes", Scope::List),
    open("static_rules", Scope::List),
    open("interface_up_down_delays", Scope::List),
    open("linkbeat_interfaces", Scope::List),
];

/// The words of a block in a table.
fn listed(
    table: &'static [(Scope, &'static str)],
    scope: Scope,
    role: Role,
) -> impl Iterator<Item = Keyword> {
    table.iter().filter(move |(s, _)| *s == scope).flat_map(move |(_, list)| later(list, role))
}

/// What changes elections or their timing and is not simulated yet, with what is missing.
const NOT_SIMULATED: &[(Scope, &str, &str)] = &[
    (Scope::Root, "garp_group", "every interface is paced on its own"),
    (Scope::Root, "interface_up_down_delays", "a link that goes down or up counts at once"),
    (Scope::Instance, "track_bfd", "BFD sessions change neither priority nor state"),
    (Scope::Instance, "use_vmac", "adverts and addresses stay on the interface itself"),
    (Scope::Instance, "use_vmac_addr", "addresses stay on their interfaces"),
    (Scope::Instance, "use_ipvlan", "adverts and addresses stay on the interface itself"),
    (Scope::Instance, "vmac_xmit_base", "adverts leave through the interface itself"),
    (Scope::Instance, "track_src_ip", "the source address may disappear"),
    (Scope::Instance, "vrf", "there are no VRFs"),
];

/// What a simulation lacks without a keyword, if it lacks something.
pub(super) fn not_simulated(scope: Scope, name: &str) -> Option<&'static str> {
    NOT_SIMULATED.iter().find(|(s, n, _)| *s == scope && *n == name).map(|(_, _, effect)| *effect)
}

/// A list of words: `=` needs a value, `{` opens a list. Those in `BLOCKS` open a block.
fn later(list: &'static str, role: Role) -> impl Iterator<Item = Keyword> {
    list.split_ascii_whitespace().map(move |word| {
        let name = word.trim_end_matches(['=', '{']);
        let block = BLOCKS.iter().find(|(block, _)| *block == name);
        let takes = match block {
            Some(&(_, scope)) => Takes::Block(scope),
            None if word.contains('{') => Takes::Block(Scope::List),
            None if word.contains('=') => Takes::Value,
            None => Takes::Words,
        };
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
const LATER: &[(Scope, &str)] = &[(Scope::TrackGroup, "group")];
