//! The hosts of a scenario: `[node.NAME]`, `[client.NAME]` and their links. A thing with
//! a mistake is still known by its name, so that one mistake is reported once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::Cost;
use vrrplab_engine::config::{Config, Reading};
use vrrplab_engine::time::{Duration, Instant};

use super::super::{ClientSpec, Host, HostIndex, Link, NodeSpec, Ping, Role, Segment, SegmentIndex, Trunk};
use super::page::{Item, Named, Page, Table, suggestion};
use super::{Files, jobs, network, route, services, sysctl};
use toml::de::DeValue;

/// The network as it is read.
#[derive(Clone)]
pub(super) struct Lab {
    pub(super) segments: Vec<Segment>,
    pub(super) trunks: Vec<Trunk>,
    pub(super) hosts: Vec<Host>,
    /// By host: its configuration was found, and a daemon would run it. Otherwise nothing follows from what
    /// it seems to lack.
    pub(super) readable: Vec<bool>,
    /// What acts give nodes to run, as soon as the acts are read.
    pub(super) later: Vec<(HostIndex, Arc<Reading>)>,
}

/// The keys of `cost`.
const COST: &[&str] =
    &["receive", "send", "garp", "address", "address_add", "address_remove", "notify", "reload"];

/// Which hosts a name may stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Node,
    Client,
    Any,
}

/// The MAC address of the n-th link of a scenario, from 1: 02:00:00:00:00:01 and up.
pub fn default_mac(n: u32) -> Mac {
    let [a, b, c, d] = n.to_be_bytes();
    Mac([0x02, 0, a, b, c, d])
}

pub(super) fn read(page: &Page<'_>, root: &Table<'_>, files: &dyn Files) -> Lab {
    let segments = network::segments(page, root);
    let nodes = page.named(root.get("node"), "[node.NAME]");
    if nodes.is_empty() {
        page.error("missing-node", root.span.clone(), "a scenario needs nodes", "[node.ka1]");
    }
    let clients = page.named(root.get("client"), "[client.NAME]");
    let mut lab =
        Lab { segments, trunks: Vec::new(), hosts: Vec::new(), readable: Vec::new(), later: Vec::new() };
    lab.trunks = network::trunks(page, root, &lab);
    let mut seen = Seen::default();
    for named in nodes {
        let (host, readable) = node(page, &named, &lab, &mut seen, files);
        lab.hosts.push(host);
        lab.readable.push(readable);
    }
    for named in clients {
        let host = client(page, &named, &lab, &mut seen, files);
        lab.hosts.push(host);
        lab.readable.push(true);
    }
    pings(page, root, &lab);
    network::impairments(page, root, &mut lab);
    lab
}

/// Names stand in traces between blanks, and `--` is the laboratory there.
pub(super) fn check_name(page: &Page<'_>, name: &str, span: &std::ops::Range<usize>) {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('-') || !name.chars().all(good) {
        let help = "names are made of letters, digits, `-`, `_` and `.`, and do not begin with `-`";
        page.error("bad-name", span.clone(), format!("`{name}` cannot be a name"), help);
    }
}

/// What may occur only once.
#[derive(Default)]
struct Seen {
    names: BTreeSet<String>,
    links: u32,
    macs: BTreeMap<Mac, String>,
    addresses: BTreeMap<(usize, IpAddr), String>,
}

fn check_host_name(page: &Page<'_>, named: &Named<'_>, seen: &mut Seen) {
    check_name(page, named.name, &named.span);
    if !seen.names.insert(named.name.to_string()) {
        let message = format!("`{}` is already the name of a node", named.name);
        page.error("duplicate-name", named.span.clone(), message, "nodes and clients have different names");
    }
}

fn node(page: &Page<'_>, named: &Named<'_>, lab: &Lab, seen: &mut Seen, files: &dyn Files) -> (Host, bool) {
    check_host_name(page, named, seen);
    let keys = [
        "config",
        "start",
        "cost",
        "link",
        "script",
        "files",
        "process",
        "processes",
        "sysctl",
        "neighbour",
        "route",
        "filter",
        "smtp",
    ];
    let table = page.entry(named, "a node", &keys);
    let mut spec = NodeSpec {
        reading: unread(),
        start: Some(Instant::ZERO),
        cost: Cost::RECORDED,
        scripts: Vec::new(),
        files: BTreeMap::new(),
        processes: BTreeMap::new(),
    };
    let mut readable = false;
    let mut host = bare(named);
    if let Some(table) = table {
        kernel(page, &table, named, lab, seen, &mut host);
        let config = table.need(page, "config", "config = \"ka1.conf\", or the text itself between '''");
        if let Some(reading) = config.and_then(|i| configuration(page, i, named.name, files)) {
            readable = !reading.refused();
            spec.reading = reading;
        }
        if let Some(item) = table.get("start") {
            spec.start = start(page, item);
        }
        if let Some(item) = table.get("cost") {
            spec.cost = cost(page, item);
        }
        host.services = services::read(page, table.get("process"), &host, files);
        spec.files = jobs::files(page, table.get("files"));
        spec.processes = jobs::processes(page, table.get("processes"));
        let known = jobs::processes_of(&host, &spec);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        spec.scripts = jobs::models(page, table.get("script"), &known);
        if readable {
            jobs::unmodelled(page, &spec, named.name, table.key_span("config"));
        }
        if readable && !host.links.is_empty() {
            interfaces(page, &spec.reading.config, &host.links, named.name, table.key_span("config"));
        }
    }
    (Host { role: Role::Node(spec), ..host }, readable)
}

/// A host of which nothing is known yet.
fn bare(named: &Named<'_>) -> Host {
    Host::new(named.name, Vec::new(), Role::Client(ClientSpec { ping: None }))
}

/// What nodes and clients have in common: links, settings, routes, filter.
fn kernel(
    page: &Page<'_>,
    table: &Table<'_>,
    named: &Named<'_>,
    lab: &Lab,
    seen: &mut Seen,
    host: &mut Host,
) {
    host.smtp = table.get("smtp").and_then(|i| jobs::mailbox(page, i));
    let own = links(page, table, named, lab, seen);
    let mut settings = sysctl::read(page, table.get("sysctl"), None);
    let names: Vec<&str> = own.iter().map(|(l, _)| &*l.name).collect();
    sysctl::check_links(page, table.get("sysctl"), &settings, &names);
    host.settings = sysctl::host(&settings);
    let ageing = table.get("neighbour").and_then(|i| sysctl::ageing(page, i));
    let mut links = Vec::new();
    for (link, own) in own {
        settings.extend(own);
        links.push(link);
    }
    for link in &mut links {
        link.settings = sysctl::link(&settings, &link.name, ageing);
    }
    host.routes = route::routes(page, table.get("route"), &links);
    host.filter = route::filter(page, table.get("filter"), &links);
    host.links = links;
}

/// Stands for a configuration that could not be found.
fn unread() -> Arc<Reading> {
    Arc::new(Reading::default())
}

/// `config`: a text of several lines is the configuration itself, one of a single line is its path.
pub(super) fn configuration<'a>(
    page: &Page<'a>,
    item: Item<'a>,
    who: &str,
    files: &dyn Files,
) -> Option<Arc<Reading>> {
    let text = page.text(item)?;
    if text.contains('\n') {
        let name = format!("{} (node {who})", page.file());
        return Some(files.inline(&name, &padded(page, item, text)));
    }
    files.config(text).map_err(|why| page.error("unreadable-config", item.span(), why, "")).ok()
}

/// An inline text after as many empty lines as precede it in the scenario. TOML drops a line end right after
/// the opening quotes.
fn padded(page: &Page<'_>, item: Item<'_>, text: &str) -> String {
    let span = item.span();
    let quoted = page.text_at(span.clone());
    let opening =
        if quoted.get(3..).is_some_and(|t| t.starts_with('\n') || t.starts_with("\r\n")) { 1 } else { 0 };
    let lines = page.line(span.start) - 1 + opening;
    format!("{}{text}", "\n".repeat(lines))
}

pub(super) fn start(page: &Page<'_>, item: Item<'_>) -> Option<Instant> {
    match item.get_ref() {
        DeValue::String(text) if text == "never" => None,
        _ => page.instant(item),
    }
}

fn cost(page: &Page<'_>, item: Item<'_>) -> Cost {
    match item.get_ref() {
        DeValue::String(word) if word == "recorded" => Cost::RECORDED,
        DeValue::String(word) if word == "free" => Cost::FREE,
        DeValue::String(word) => {
            let message = format!("`{word}` is no cost");
            page.error("unknown-word", item.span(), message, suggestion(word, &["recorded", "free"]));
            Cost::RECORDED
        }
        _ => page.table(item, "a cost", COST).map_or(Cost::RECORDED, |table| listed_cost(page, &table)),
    }
}

/// What a table of costs leaves out is as recorded. `address` is for both, adding and removing.
fn listed_cost(page: &Page<'_>, table: &Table<'_>) -> Cost {
    let time = |key, default| table.get(key).and_then(|i| page.time(i)).unwrap_or(default);
    Cost {
        receive: time("receive", Cost::RECORDED.receive),
        send: time("send", Cost::RECORDED.send),
        garp: time("garp", Cost::RECORDED.garp),
        address_add: time("address_add", time("address", Cost::RECORDED.address_add)),
        address_remove: time("address_remove", time("address", Cost::RECORDED.address_remove)),
        notify: time("notify", Cost::RECORDED.notify),
        reload: time("reload", Cost::RECORDED.reload),
    }
}

/// Interfaces that the configuration uses and the host does not have.
pub(super) fn interfaces(
    page: &Page<'_>,
    config: &Config,
    links: &[Link],
    who: &str,
    span: std::ops::Range<usize>,
) {
    let mut missing = BTreeSet::new();
    for instance in &config.instances {
        missing.insert(instance.interface.as_str());
        missing.extend(instance.addresses.iter().chain(&instance.excluded).map(|a| a.dev.as_str()));
    }
    for interface in missing {
        if !interface.is_empty() && !links.iter().any(|l| &*l.name == interface) {
            let message = format!("this configuration uses interface {interface}, which {who} does not have");
            let help =
                format!("link.{interface} = {{ segment = \"lan\", address = [\"192.168.10.170/24\"] }}");
            page.warning("missing-interface", span.clone(), message, help);
        }
    }
}

fn client(page: &Page<'_>, named: &Named<'_>, lab: &Lab, seen: &mut Seen, files: &dyn Files) -> Host {
    check_host_name(page, named, seen);
    let keys = ["link", "ping", "process", "smtp", "sysctl", "neighbour", "route", "filter"];
    let table = page.entry(named, "a client", &keys);
    let mut host = bare(named);
    let mut ping = None;
    if let Some(table) = table {
        kernel(page, &table, named, lab, seen, &mut host);
        host.services = services::read(page, table.get("process"), &host, files);
        ping = table.get("ping").and_then(|i| self::ping(page, i));
    }
    Host { role: Role::Client(ClientSpec { ping }), ..host }
}

fn ping(page: &Page<'_>, item: Item<'_>) -> Option<Ping> {
    let table = page.table(item, "a ping", &["to", "every"])?;
    let to = table.need(page, "to", "to = \"192.168.10.240\"").and_then(|i| page.ip(i));
    let mut every = Duration::from_millis(100);
    if let Some(item) = table.get("every") {
        every = page.time(item)?;
        if every.is_zero() {
            page.error("bad-time", item.span(), "a ping every 0 s", "every = \"100ms\"");
        }
    }
    Some(Ping { to: to?, every })
}

/// A client that pings what nobody can ever have.
fn pings(page: &Page<'_>, root: &Table<'_>, lab: &Lab) {
    for named in page.named(root.get("client"), "[client.NAME]") {
        let to = named.item.get_ref().get("ping").and_then(|p| p.get_ref().get("to"));
        let Some((item, address)) = to.and_then(|i| Some((i, i.get_ref().as_str()?.parse().ok()?))) else {
            continue;
        };
        let known = |c: &Cidr| c.address == address;
        if !lab.hosts.iter().flat_map(|h| &h.links).flat_map(|l| &l.addresses).any(known) {
            lab.check_managed(page, item, address);
        }
    }
}

/// The links of a host, each with the settings written there.
fn links(
    page: &Page<'_>,
    table: &Table<'_>,
    host: &Named<'_>,
    lab: &Lab,
    seen: &mut Seen,
) -> Vec<(Link, Vec<sysctl::Setting>)> {
    let named = page.named(table.get("link"), "link.NAME");
    if named.is_empty() && table.get("link").is_none_or(|i| i.get_ref().is_table()) {
        let help = "link.eth0 = { segment = \"lan\", address = [\"192.168.10.170/24\"] }";
        page.error("missing-link", host.span.clone(), format!("{} is not on the network", host.name), help);
    }
    named.iter().map(|n| link(page, n, host.name, lab, seen)).collect()
}

fn link(
    page: &Page<'_>,
    named: &Named<'_>,
    host: &str,
    lab: &Lab,
    seen: &mut Seen,
) -> (Link, Vec<sysctl::Setting>) {
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | ':');
    if named.name.is_empty() || named.name.len() > 15 || named.name.contains(bad) {
        let message = format!("`{}` cannot be the name of an interface", named.name);
        page.error("bad-name", named.span.clone(), message, "at most 15 characters, no blanks, `/` or `:`");
    }
    seen.links += 1;
    let table = page.entry(named, "a link", &["segment", "address", "mac", "sysctl"]);
    let segment = match &table {
        Some(t) => lab.the_segment(page, t).unwrap_or(SegmentIndex(0)),
        None => SegmentIndex(0),
    };
    let owner = format!("{host} {}", named.name);
    let given = table.as_ref().and_then(|t| t.get("mac"));
    let addresses = table.as_ref().and_then(|t| t.get("address"));
    let own = sysctl::read(page, table.as_ref().and_then(|t| t.get("sysctl")), Some(named.name));
    let mac = mac(page, given, &owner, &named.span, seen);
    let addresses = addresses.map(|i| self::addresses(page, i, segment, &owner, seen)).unwrap_or_default();
    (Link::new(named.name, mac, segment, addresses), own)
}

fn mac(
    page: &Page<'_>,
    given: Option<Item<'_>>,
    owner: &str,
    link: &std::ops::Range<usize>,
    seen: &mut Seen,
) -> Mac {
    let default = default_mac(seen.links);
    let (mac, span) = match given {
        None => (default, link.clone()),
        Some(item) => {
            let Some(text) = page.text(item) else { return default };
            let Ok(mac) = text.parse::<Mac>() else {
                let help = "an Ethernet address is six pairs of digits: \"02:00:00:00:00:01\"";
                page.error("bad-mac", item.span(), format!("`{text}` is no Ethernet address"), help);
                return default;
            };
            if mac.is_group() || mac == Mac::default() {
                let help = "the first pair of a host's address is even: \"02:00:00:00:00:01\"";
                page.error("bad-mac", item.span(), format!("{mac} cannot be the address of a host"), help);
                return default;
            }
            (mac, item.span())
        }
    };
    if let Some(other) = seen.macs.insert(mac, owner.to_string()) {
        page.error("duplicate-mac", span, format!("{mac} is already the address of {other}"), "");
    }
    mac
}

fn addresses(
    page: &Page<'_>,
    item: Item<'_>,
    segment: SegmentIndex,
    owner: &str,
    seen: &mut Seen,
) -> Vec<Cidr> {
    let items = match item.get_ref() {
        DeValue::String(_) => std::slice::from_ref(item),
        _ => page.array(item).unwrap_or_default(),
    };
    items.iter().filter_map(|i| address(page, i, segment, owner, seen)).collect()
}

fn address(
    page: &Page<'_>,
    item: Item<'_>,
    segment: SegmentIndex,
    owner: &str,
    seen: &mut Seen,
) -> Option<Cidr> {
    let text = page.text(item)?;
    let Ok(cidr) = text.parse::<Cidr>() else {
        let help = "an address with its prefix length: \"192.168.10.170/24\"";
        page.error("bad-address", item.span(), format!("`{text}` is no address"), help);
        return None;
    };
    if !text.contains('/') {
        let help = format!("with the length of its network, for example \"{text}/24\"");
        page.error("bad-address", item.span(), format!("`{text}` has no prefix length"), help);
    }
    if let Some(other) = seen.addresses.insert((segment.0, cidr.address), owner.to_string()) {
        let message = format!("{} is already the address of {other}", cidr.address);
        page.error("duplicate-address", item.span(), message, "");
    }
    Some(cidr)
}

impl Lab {
    /// The host of a name.
    pub(super) fn host<'a>(&self, page: &Page<'a>, item: Item<'a>, wanted: Wanted) -> Option<HostIndex> {
        let name = page.text(item)?;
        let fits = |h: &Host| match h.role {
            Role::Node(_) => wanted != Wanted::Client,
            Role::Client(_) => wanted != Wanted::Node,
        };
        if let Some(i) = self.hosts.iter().position(|h| &*h.name == name) {
            if fits(&self.hosts[i]) {
                return Some(HostIndex(i));
            }
            let (is, needed) = if wanted == Wanted::Node { ("client", "node") } else { ("node", "client") };
            let message = format!("{name} is a {is}, a {needed} belongs here");
            page.error("wrong-host", item.span(), message, self.one_of("", fits));
            return None;
        }
        let what = match wanted {
            Wanted::Node => "node",
            Wanted::Client => "client",
            Wanted::Any => "host",
        };
        let message = format!("no {what} is called `{name}`");
        page.error("unknown-name", item.span(), message, self.one_of(name, fits));
        None
    }

    fn one_of(&self, word: &str, fits: impl Fn(&Host) -> bool) -> String {
        let names: Vec<&str> = self.hosts.iter().filter(|h| fits(h)).map(|h| &*h.name).collect();
        suggestion(word, &names)
    }

    pub(super) fn segment<'a>(&self, page: &Page<'a>, item: Item<'a>) -> Option<SegmentIndex> {
        let name = page.text(item)?;
        let found = self.segments.iter().position(|s| &*s.name == name).map(SegmentIndex);
        if found.is_none() {
            let names: Vec<&str> = self.segments.iter().map(|s| &*s.name).collect();
            let message = format!("no segment is called `{name}`");
            page.error("unknown-segment", item.span(), message, suggestion(name, &names));
        }
        found
    }

    /// The segment that a table names; it can be left out where there is one.
    pub(super) fn the_segment<'a>(&self, page: &Page<'a>, table: &Table<'a>) -> Option<SegmentIndex> {
        match table.get("segment") {
            Some(item) => self.segment(page, item),
            None if self.segments.len() == 1 => Some(SegmentIndex(0)),
            // That there is no segment at all has been said.
            None if self.segments.is_empty() => None,
            None => {
                let names: Vec<&str> = self.segments.iter().map(|s| &*s.name).collect();
                let help = format!("segment = \"{}\"", names.join("\" or \""));
                page.error("missing-key", table.span.clone(), "which segment? there are several", help);
                None
            }
        }
    }

    /// What acts give this node to run, or any node.
    pub(super) fn later_of(&self, node: Option<HostIndex>) -> impl Iterator<Item = &Arc<Reading>> {
        self.later
            .iter()
            .filter(move |(of, _)| node.is_none_or(|node| node == *of))
            .map(|(_, reading)| reading)
    }

    /// Says so if no node's configuration manages this address.
    pub(super) fn check_managed(&self, page: &Page<'_>, item: Item<'_>, address: IpAddr) {
        let mut managed = BTreeSet::new();
        for host in &self.hosts {
            let Role::Node(node) = &host.role else { continue };
            for instance in self.later_of(None).chain([&node.reading]).flat_map(|r| &r.config.instances) {
                managed.extend(instance.addresses.iter().chain(&instance.excluded).map(|a| a.cidr.address));
            }
        }
        if self.readable.iter().all(|r| *r) && !managed.contains(&address) {
            let known: Vec<String> = managed.iter().map(ToString::to_string).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!("{address} is in no node's configuration");
            page.warning("unmanaged-address", item.span(), message, suggestion(&address.to_string(), &known));
        }
    }
}
