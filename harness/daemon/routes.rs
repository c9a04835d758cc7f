//! Routes and rules as keepalived 2.2.7 asks the kernel for them, and whose a removed one was
//! (vrrp_iproute.c:netlink_route, vrrp_iprule.c:netlink_rule, keepalived_netlink.c:route_is_ours, compare_rule).

use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteMetric, RouteMplsTtlPropagation,
    RouteNextHop, RouteNextHopFlags, RoutePreference, RouteProtocol, RouteRealm, RouteScope, RouteType,
};
use netlink_packet_route::rule::{
    RuleAction, RuleAttribute, RuleFlags, RuleMessage, RulePortRange, RuleUidRange,
};
use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::{AddressOp, InstanceId, KernelEvent, LineId};
use vrrplab_engine::config::{Config, Family, Route, RouteOption, Rule, network, number};

use crate::kernel::netlink::{Change, KEEPALIVED, Precedence, Watch};

/// What is to be watched: virtual ones that are tracked, and static ones of a track group (vrrp.c:vrrp_complete_instance,
/// process_static_entries). Other static ones are noticed only where these are watched.
pub(super) fn watched(config: &Config) -> Vec<Watch> {
    let fixed = config.static_routes.iter().filter(|r| r.option("track_group").is_some());
    let routes = config.instances.iter().flat_map(|i| &i.routes).filter(|r| !r.no_track()).chain(fixed);
    let fixed = config.static_rules.iter().filter(|r| r.option("track_group").is_some());
    let rules = config.instances.iter().flat_map(|i| &i.rules).filter(|r| !r.no_track()).chain(fixed);
    let of_route = |r: &Route| if r.family == Family::V4 { Watch::Routes4 } else { Watch::Routes6 };
    let of_rule = |r: &Rule| if r.family == Family::V4 { Watch::Rules4 } else { Watch::Rules6 };
    let mut watched: Vec<Watch> = routes.map(of_route).chain(rules.map(of_rule)).collect();
    watched.sort_by_key(|watch| *watch as u32);
    watched.dedup();
    watched
}

/// The index of the interface of a name.
pub(super) type Index<'a> = &'a dyn Fn(&str) -> Option<u32>;

/// Where a route stands among others to the same network.
pub(super) fn precedence(route: &Route) -> Precedence {
    if route.option("append").is_some() { Precedence::Last } else { Precedence::First }
}

/// A route, as it is added or removed. An error says what is missing on this host.
pub(super) fn route(route: &Route, op: AddressOp, index: Index<'_>) -> Result<RouteMessage, String> {
    let option = |name: &str| route.option(name);
    let value = |name: &str| option(name).and_then(number);
    let mut message = RouteMessage::default();
    let header = &mut message.header;
    header.address_family = family(route.family);
    let table = route.table();
    header.table = u8::try_from(table).unwrap_or(0);
    header.tos = value("tos").unwrap_or(0) as u8;
    header.protocol = option("protocol").and_then(protocol).unwrap_or(KEEPALIVED).into();
    let adds = op == AddressOp::Add;
    let kind = kind(&route.kind);
    header.kind = kind.unwrap_or(if adds { RouteType::Unicast } else { RouteType::Unspec });
    header.scope = match option("scope").and_then(scope) {
        Some(scope) => scope.into(),
        None if adds => RouteScope::Universe,
        None => RouteScope::NoWhere,
    };
    header.flags.set(RouteFlags::Onlink, option("onlink").is_some());
    let mut attributes = Vec::new();
    if header.table == 0 {
        attributes.push(RouteAttribute::Table(table));
    }
    let to = route.to().ok_or_else(|| format!("no such network: {}", route.destination))?;
    header.destination_prefix_length = to.prefix;
    attributes.extend((to.prefix > 0).then(|| RouteAttribute::Destination(wire(to.network().address))));
    if let Some(from) = option("from").and_then(|text| network(text, route.family)) {
        header.source_prefix_length = from.prefix;
        attributes.push(RouteAttribute::Source(wire(from.network().address)));
    }
    attributes.extend(address(option("src")).map(RouteAttribute::PrefSource));
    attributes.extend(address(option("via")).map(RouteAttribute::Gateway));
    if let Some(dev) = option("dev") {
        attributes.push(RouteAttribute::Oif(index(dev).ok_or_else(|| format!("no interface {dev}"))?));
    }
    attributes.extend(value("metric").map(RouteAttribute::Priority));
    attributes.extend(option("realms").and_then(realms).map(RouteAttribute::Realm));
    attributes.extend(value("expires").map(RouteAttribute::Expires));
    attributes.extend(option("pref").map(|word| RouteAttribute::Preference(preference(word))));
    attributes.extend(option("ttl-propagate").map(|word| RouteAttribute::TtlPropagate(propagation(word))));
    let metrics = metrics(route);
    attributes.extend((!metrics.is_empty()).then_some(RouteAttribute::Metrics(metrics)));
    if !route.nexthops.is_empty() {
        let hops = route.nexthops.iter().map(|hop| next_hop(hop, index));
        attributes.push(RouteAttribute::MultiPath(hops.collect::<Result<_, _>>()?));
    }
    message.attributes = attributes;
    Ok(message)
}

fn next_hop(options: &[RouteOption], index: Index<'_>) -> Result<RouteNextHop, String> {
    let option = |name: &str| options.iter().find(|o| o.name == name).map(|o| o.value.as_str());
    let mut hop = RouteNextHop::default();
    hop.attributes.extend(address(option("via")).map(RouteAttribute::Gateway));
    hop.attributes.extend(option("realms").and_then(realms).map(RouteAttribute::Realm));
    if let Some(dev) = option("dev") {
        hop.interface_index = index(dev).ok_or_else(|| format!("no interface {dev}"))?;
    }
    hop.hops = option("weight").and_then(number).map_or(0, |weight| weight.saturating_sub(1) as u8);
    hop.flags.set(RouteNextHopFlags::Onlink, option("onlink").is_some());
    Ok(hop)
}

/// What the route says about connections: a value, and a bit for one that is locked.
fn metrics(route: &Route) -> Vec<RouteMetric> {
    let (mut metrics, mut locked) = (Vec::new(), 0);
    for (name, bit, read, make) in METRICS {
        let Some(value) = route.option(name) else { continue };
        let (value, is_locked) = value.strip_prefix("lock ").map_or((value, false), |value| (value, true));
        if let Some(value) = read(value) {
            metrics.push(make(value));
            locked |= u32::from(is_locked) << bit;
        }
    }
    if let Some(algorithm) = route.option("congctl") {
        let (word, is_locked) =
            algorithm.strip_prefix("lock ").map_or((algorithm, false), |word| (word, true));
        metrics.push(RouteMetric::CcAlgo(word.to_string()));
        locked |= u32::from(is_locked) << 16;
    }
    if locked != 0 && !metrics.is_empty() {
        metrics.push(RouteMetric::Lock(locked));
    }
    metrics
}

type Metric = (&'static str, u32, fn(&str) -> Option<u32>, fn(u32) -> RouteMetric);

/// Name, number in the kernel (`RTAX_…`), how it is read, what it is.
const METRICS: [Metric; 15] = [
    ("mtu", 2, number, RouteMetric::Mtu),
    ("window", 3, number, RouteMetric::Window),
    ("rtt", 4, |text| time(text, 8), RouteMetric::Rtt),
    ("rttvar", 5, |text| time(text, 4), RouteMetric::RttVar),
    ("ssthresh", 6, number, RouteMetric::SsThresh),
    ("cwnd", 7, number, RouteMetric::Cwnd),
    ("advmss", 8, number, RouteMetric::Advmss),
    ("reordering", 9, number, RouteMetric::Reordering),
    ("hoplimit", 10, number, RouteMetric::Hoplimit),
    ("initcwnd", 11, number, RouteMetric::InitCwnd),
    ("features", 12, |word| (word == "ecn").then_some(1), RouteMetric::Features),
    ("rto_min", 13, |text| time(text, 1), RouteMetric::RtoMin),
    ("initrwnd", 14, number, RouteMetric::InitRwnd),
    ("quickack", 15, number, RouteMetric::QuickAck),
    ("fastopen_no_cookie", 17, number, RouteMetric::FastopenNoCookie),
];

/// A rule, as it is added or removed.
pub(super) fn rule(rule: &Rule) -> RuleMessage {
    let option = |name: &str| rule.option(name);
    let value = |name: &str| option(name).and_then(number);
    let mut message = RuleMessage::default();
    let header = &mut message.header;
    header.family = family(rule.family);
    header.tos = value("tos").unwrap_or(0) as u8;
    header.flags.set(RuleFlags::Invert, option("not").is_some());
    header.action = action(rule);
    let mut attributes = Vec::new();
    if let Some(table) = rule.table() {
        header.table = u8::try_from(table).unwrap_or(0);
        attributes.extend((table > 255).then_some(RuleAttribute::Table(table)));
    }
    let side = |name: &str| option(name).and_then(|text| network(text, rule.family)).filter(|c| c.prefix > 0);
    if let Some(Cidr { address, prefix }) = side("from").map(|c| c.network()) {
        header.src_len = prefix;
        attributes.push(RuleAttribute::Source(address));
    }
    if let Some(Cidr { address, prefix }) = side("to").map(|c| c.network()) {
        header.dst_len = prefix;
        attributes.push(RuleAttribute::Destination(address));
    }
    attributes.extend(value("priority").map(RuleAttribute::Priority));
    if let Some(mark) = option("fwmark") {
        let (mark, mask) = mark.split_once('/').map_or((mark, None), |(mark, mask)| (mark, Some(mask)));
        attributes.extend(number(mark).map(RuleAttribute::FwMark));
        attributes.extend(mask.and_then(number).map(RuleAttribute::FwMask));
    }
    attributes.extend(option("realms").and_then(realms).map(RuleAttribute::Realm));
    attributes.extend(value("suppress_prefixlength").map(RuleAttribute::SuppressPrefixLen));
    let group =
        option("suppress_ifgroup").and_then(|word| if word == "default" { Some(0) } else { number(word) });
    attributes.extend(group.map(RuleAttribute::SuppressIfGroup));
    attributes.extend(option("iif").map(|name| RuleAttribute::Iifname(name.to_string())));
    attributes.extend(option("oif").map(|name| RuleAttribute::Oifname(name.to_string())));
    attributes.extend(option("tunnel-id").and_then(|id| id.parse().ok()).map(RuleAttribute::TunId));
    let users = option("uidrange").and_then(span);
    attributes.extend(users.map(|(start, end)| RuleAttribute::UidRange(RuleUidRange { start, end })));
    attributes.extend(option("l3mdev").map(|_| RuleAttribute::L3MDev(true)));
    let protocol = option("protocol").and_then(number).map(|n| n as u8);
    let protocol = protocol.or_else(|| (!rule.no_track()).then_some(KEEPALIVED));
    attributes.extend(protocol.map(|number| RuleAttribute::Protocol(number.into())));
    let ip = option("ipproto").and_then(ip_protocol);
    attributes.extend(ip.map(|number| RuleAttribute::IpProtocol(i32::from(number).into())));
    let ports = |name: &str| {
        option(name).and_then(span).map(|(a, b)| RulePortRange { start: a as u16, end: b as u16 })
    };
    attributes.extend(ports("sport").map(RuleAttribute::SourcePortRange));
    attributes.extend(ports("dport").map(RuleAttribute::DestinationPortRange));
    attributes.extend(value("goto").map(RuleAttribute::Goto));
    message.attributes = attributes;
    message
}

fn action(rule: &Rule) -> RuleAction {
    let actions = [
        ("goto", RuleAction::Goto),
        ("nop", RuleAction::Nop),
        ("blackhole", RuleAction::Blackhole),
        ("prohibit", RuleAction::Prohibit),
        ("unreachable", RuleAction::Unreachable),
    ];
    let found = actions.into_iter().find(|(name, _)| rule.option(name).is_some());
    found.map_or(RuleAction::ToTable, |(_, action)| action)
}

/// The removal of a route or a rule of this configuration by somebody else.
pub(super) fn event(change: &Change, config: &Config, index: Index<'_>) -> Option<KernelEvent> {
    match change {
        Change::Route { added: false, route: gone, .. } => {
            let ours = |route: &&Route| is_route(route, gone, index);
            find(config, |i| &i.routes, &config.static_routes, ours).map(KernelEvent::RouteRemoved)
        }
        Change::Rule { added: false, rule: gone, .. } => {
            let ours = |rule: &&Rule| is_rule(&self::rule(rule), gone);
            find(config, |i| &i.rules, &config.static_rules, ours).map(KernelEvent::RuleRemoved)
        }
        _ => None,
    }
}

fn find<'a, T>(
    config: &'a Config,
    of: impl Fn(&'a vrrplab_engine::config::Instance) -> &'a Vec<T>,
    fixed: &'a [T],
    ours: impl Fn(&&'a T) -> bool,
) -> Option<LineId> {
    let place = |lines: &'a [T]| lines.iter().position(|line| ours(&line)).map(|n| n as u16);
    let mut instances = config.instances.iter().enumerate();
    let virtual_one = instances
        .find_map(|(i, instance)| Some(LineId { of: Some(InstanceId(i as u16)), n: place(of(instance))? }));
    virtual_one.or_else(|| Some(LineId { of: None, n: place(fixed)? }))
}

/// By table, network, metric, class of traffic and, if it is given, interface: an IPv6 route without a metric is not
/// recognised, because the kernel gives it 1024.
fn is_route(ours: &Route, gone: &RouteMessage, index: Index<'_>) -> bool {
    let Ok(ours_message) = route(ours, AddressOp::Remove, index) else { return false };
    let is = |of: &RouteMessage, which: fn(&RouteAttribute) -> bool| {
        of.attributes.iter().find(|a| which(a)).cloned()
    };
    let same = |which: fn(&RouteAttribute) -> bool| is(&ours_message, which) == is(gone, which);
    let (a, b) = (&ours_message.header, &gone.header);
    let table = |m: &RouteMessage| {
        let long =
            m.attributes.iter().find_map(|a| if let RouteAttribute::Table(t) = a { Some(*t) } else { None });
        long.unwrap_or(m.header.table.into())
    };
    let metric = |m: &RouteMessage| {
        let found = m
            .attributes
            .iter()
            .find_map(|a| if let RouteAttribute::Priority(p) = a { Some(*p) } else { None });
        found.unwrap_or(0)
    };
    b.protocol == RouteProtocol::from(KEEPALIVED)
        && a.address_family == b.address_family
        && a.destination_prefix_length == b.destination_prefix_length
        && a.tos == b.tos
        && table(&ours_message) == table(gone)
        && metric(&ours_message) == metric(gone)
        && same(|a| matches!(a, RouteAttribute::Destination(_)))
        && (ours.option("dev").is_none() || same(|a| matches!(a, RouteAttribute::Oif(_))))
}

/// All that we asked for is in it.
fn is_rule(ours: &RuleMessage, gone: &RuleMessage) -> bool {
    let (a, b) = (&ours.header, &gone.header);
    let table = |m: &RuleMessage| {
        let long =
            m.attributes.iter().find_map(|a| if let RuleAttribute::Table(t) = a { Some(*t) } else { None });
        long.unwrap_or(m.header.table.into())
    };
    let tables = |a: &&RuleAttribute| !matches!(a, RuleAttribute::Table(_));
    a.family == b.family
        && (a.action, a.tos, a.src_len, a.dst_len) == (b.action, b.tos, b.src_len, b.dst_len)
        && a.flags.contains(RuleFlags::Invert) == b.flags.contains(RuleFlags::Invert)
        && table(ours) == table(gone)
        && ours.attributes.iter().filter(tables).all(|attribute| gone.attributes.contains(attribute))
}

fn family(family: Family) -> AddressFamily {
    match family {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    }
}

fn wire(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

fn address(text: Option<&str>) -> Option<RouteAddress> {
    text?.parse().ok().map(wire)
}

fn span(text: &str) -> Option<(u32, u32)> {
    let (start, end) = text.split_once('-')?;
    Some((number(start)?, number(end)?))
}

/// Without a unit it is what the kernel counts in, `per_ms` in a millisecond (get_time_rtt).
fn time(text: &str, per_ms: u32) -> Option<u32> {
    let text = text.to_ascii_lowercase();
    let thousandths = |digits: &str| {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction =
            fraction.parse::<u64>().unwrap_or(0) * 10_u64.pow(3_u32.saturating_sub(fraction.len() as u32));
        Some(whole.parse::<u64>().ok()? * 1000 + fraction)
    };
    let value = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => digits.parse::<u64>().ok()? * u64::from(per_ms),
        (None, Some(digits)) => thousandths(digits)? * u64::from(per_ms),
        (None, None) => text.parse().ok()?,
    };
    Some(value.clamp(200 * u64::from(per_ms), 120_000 * u64::from(per_ms)) as u32)
}

fn realms(text: &str) -> Option<RouteRealm> {
    let (source, destination) = text.split_once('/').unwrap_or(("0", text));
    Some(RouteRealm { source: number(source)? as u16, destination: number(destination)? as u16 })
}

fn preference(word: &str) -> RoutePreference {
    match word {
        "low" => RoutePreference::Low,
        "high" => RoutePreference::High,
        _ => RoutePreference::Medium,
    }
}

fn propagation(word: &str) -> RouteMplsTtlPropagation {
    if word == "enabled" { RouteMplsTtlPropagation::Enabled } else { RouteMplsTtlPropagation::Disabled }
}

fn kind(word: &str) -> Option<RouteType> {
    let kinds = [
        "",
        "unicast",
        "local",
        "broadcast",
        "anycast",
        "multicast",
        "blackhole",
        "unreachable",
        "prohibit",
        "throw",
        "nat",
        "xresolve",
    ];
    let place = kinds.iter().position(|kind| *kind == word)?;
    (place > 0).then(|| RouteType::from(place as u8))
}

/// The names that the reader of configurations knows, or a number.
fn named(word: &str, names: &[(&str, u32)]) -> Option<u32> {
    names.iter().find(|(name, _)| *name == word).map(|(_, value)| *value).or_else(|| number(word))
}

fn scope(word: &str) -> Option<u8> {
    let scopes = [("global", 0), ("site", 200), ("link", 253), ("host", 254), ("nowhere", 255)];
    named(word, &scopes).map(|scope| scope as u8)
}

fn protocol(word: &str) -> Option<u8> {
    let protocols = [
        ("redirect", 1),
        ("kernel", 2),
        ("boot", 3),
        ("static", 4),
        ("gated", 8),
        ("ra", 9),
        ("mrt", 10),
        ("zebra", 11),
        ("bird", 12),
        ("dnrouted", 13),
        ("xorp", 14),
        ("ntk", 15),
        ("dhcp", 16),
        ("keepalived", u32::from(KEEPALIVED)),
        ("babel", 42),
        ("bgp", 186),
        ("isis", 187),
        ("ospf", 188),
        ("rip", 189),
        ("eigrp", 192),
    ];
    named(word, &protocols).map(|protocol| protocol as u8)
}

fn ip_protocol(word: &str) -> Option<u8> {
    let protocols = [
        ("icmp", 1),
        ("tcp", 6),
        ("udp", 17),
        ("dccp", 33),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("vrrp", 112),
        ("sctp", 132),
    ];
    named(word, &protocols).map(|protocol| protocol as u8)
}
