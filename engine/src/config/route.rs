//! Lines of `virtual_routes`, `virtual_rules` and their static counterparts.
//!
//! Names of tables, protocols and scopes come from files of the host; here the usual ones are known.

use std::net::IpAddr;

use super::lex::Word;
use super::model::{Family, Route, RouteOption, Rule};
use super::report::Report;
use super::tree::Statement;
use super::values::{Bad, bad_number, decimal, integer, signed};
use crate::addr::Cidr;
use crate::finding::did_you_mean;

/// What an option's value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    /// No value.
    Nothing,
    /// Any word.
    Name,
    /// An address.
    Address,
    /// An address with a prefix length, `all`, `any` or `default`.
    Network,
    /// A whole number.
    Number(i64, i64),
    /// The same, with `lock` before it.
    Locked(i64),
    /// A time up to so many milliseconds, with `s` or `ms` behind it, `lock` before it.
    Time(u64),
    /// One of the names, or a number up to the given one.
    Named(&'static [&'static str], i64),
    /// One of the words.
    OneOf(&'static [&'static str]),
    /// `5`, `0x5/0xff`.
    Mark,
    /// `1/2`.
    Realms,
    /// `5-6`.
    Span,
    /// Everything up to the end of the line.
    Rest,
}

const UNSIGNED: i64 = u32::MAX as i64;
const TABLES: &[&str] = &["main", "default", "local", "unspec"];
const SCOPES: &[&str] = &["global", "link", "host", "site", "nowhere"];
const PROTOCOLS: &[&str] = &[
    "redirect",
    "kernel",
    "boot",
    "static",
    "gated",
    "ra",
    "mrt",
    "zebra",
    "bird",
    "dnrouted",
    "xorp",
    "ntk",
    "dhcp",
    "keepalived",
    "babel",
    "bgp",
    "isis",
    "ospf",
    "rip",
    "eigrp",
];
const KINDS: &[&str] = &[
    "unicast",
    "local",
    "broadcast",
    "anycast",
    "multicast",
    "nat",
    "throw",
    "unreachable",
    "prohibit",
    "blackhole",
    "xresolve",
];

/// The options of a route: spelling, first spelling, value.
const ROUTE: &[(&str, &str, Value)] = &[
    ("src", "src", Value::Address),
    ("as", "as", Value::Rest),
    ("via", "via", Value::Address),
    ("gw", "via", Value::Address),
    ("from", "from", Value::Network),
    ("tos", "tos", Value::Number(0, 255)),
    ("dsfield", "tos", Value::Number(0, 255)),
    ("table", "table", Value::Named(TABLES, UNSIGNED)),
    ("protocol", "protocol", Value::Named(PROTOCOLS, 255)),
    ("scope", "scope", Value::Named(SCOPES, 255)),
    ("metric", "metric", Value::Number(0, UNSIGNED)),
    ("priority", "metric", Value::Number(0, UNSIGNED)),
    ("preference", "metric", Value::Number(0, UNSIGNED)),
    ("dev", "dev", Value::Name),
    ("oif", "dev", Value::Name),
    ("vrf", "vrf", Value::Name),
    ("onlink", "onlink", Value::Nothing),
    ("encap", "encap", Value::Rest),
    ("expires", "expires", Value::Number(0, UNSIGNED)),
    ("mtu", "mtu", Value::Locked(UNSIGNED)),
    ("hoplimit", "hoplimit", Value::Number(0, 255)),
    ("advmss", "advmss", Value::Locked(UNSIGNED)),
    ("rtt", "rtt", Value::Time(960_000)),
    ("rttvar", "rttvar", Value::Time(480_000)),
    ("reordering", "reordering", Value::Locked(UNSIGNED)),
    ("window", "window", Value::Number(0, UNSIGNED)),
    ("cwnd", "cwnd", Value::Locked(UNSIGNED)),
    ("ssthresh", "ssthresh", Value::Locked(UNSIGNED)),
    ("realms", "realms", Value::Realms),
    ("rto_min", "rto_min", Value::Time(120_000)),
    ("initcwnd", "initcwnd", Value::Number(0, UNSIGNED)),
    ("initrwnd", "initrwnd", Value::Number(0, UNSIGNED)),
    ("features", "features", Value::OneOf(&["ecn"])),
    ("quickack", "quickack", Value::Number(0, 1)),
    ("congctl", "congctl", Value::Name),
    ("pref", "pref", Value::OneOf(&["low", "medium", "high"])),
    ("ttl-propagate", "ttl-propagate", Value::OneOf(&["enabled", "disabled"])),
    ("fastopen_no_cookie", "fastopen_no_cookie", Value::Number(0, 1)),
    ("append", "append", Value::Nothing),
    ("prepend", "prepend", Value::Nothing),
    ("no_track", "no_track", Value::Nothing),
    ("track_group", "track_group", Value::Name),
];

/// The options of a next hop.
const HOP: &[(&str, &str, Value)] = &[
    ("as", "as", Value::Rest),
    ("via", "via", Value::Address),
    ("dev", "dev", Value::Name),
    ("oif", "dev", Value::Name),
    ("weight", "weight", Value::Number(0, 256)),
    ("onlink", "onlink", Value::Nothing),
    ("encap", "encap", Value::Rest),
    ("realms", "realms", Value::Realms),
];

/// What a rule does; only one of them.
const ACTIONS: &[&str] = &["table", "goto", "nop", "blackhole", "prohibit", "unreachable", "l3mdev"];

const RULE: &[(&str, &str, Value)] = &[
    ("not", "not", Value::Nothing),
    ("from", "from", Value::Network),
    ("to", "to", Value::Network),
    ("iif", "iif", Value::Name),
    ("dev", "iif", Value::Name),
    ("oif", "oif", Value::Name),
    ("fwmark", "fwmark", Value::Mark),
    ("tos", "tos", Value::Number(0, 255)),
    ("dsfield", "tos", Value::Number(0, 255)),
    (
        "ipproto",
        "ipproto",
        Value::Named(&["tcp", "udp", "icmp", "sctp", "dccp", "gre", "esp", "ah", "vrrp"], 255),
    ),
    ("sport", "sport", Value::Span),
    ("dport", "dport", Value::Span),
    ("uidrange", "uidrange", Value::Span),
    ("tunnel-id", "tunnel-id", Value::Number(0, i64::MAX)),
    ("realms", "realms", Value::Realms),
    ("suppress_prefixlength", "suppress_prefixlength", Value::Number(0, i32::MAX as i64)),
    ("suppress_ifgroup", "suppress_ifgroup", Value::Named(&["default"], UNSIGNED)),
    ("protocol", "protocol", Value::Number(0, 255)),
    ("priority", "priority", Value::Number(0, UNSIGNED)),
    ("preference", "priority", Value::Number(0, UNSIGNED)),
    ("order", "priority", Value::Number(0, UNSIGNED)),
    ("table", "table", Value::Named(TABLES, UNSIGNED)),
    ("lookup", "table", Value::Named(TABLES, UNSIGNED)),
    ("l3mdev", "l3mdev", Value::Nothing),
    ("goto", "goto", Value::Number(0, UNSIGNED)),
    ("nop", "nop", Value::Nothing),
    ("blackhole", "blackhole", Value::Nothing),
    ("prohibit", "prohibit", Value::Nothing),
    ("unreachable", "unreachable", Value::Nothing),
    ("no_track", "no_track", Value::Nothing),
    ("track_group", "track_group", Value::Name),
];

const SKIPS_ROUTE: &str = "skips this route";
const SKIPS_RULE: &str = "skips this rule";

/// Reads the options of one line.
struct Reader<'a> {
    report: &'a mut Report,
    words: std::slice::Iter<'a, Word>,
    /// The family that the first address has decided.
    v4: Option<bool>,
    skips: &'static str,
}

impl<'a> Reader<'a> {
    fn bad(&mut self, word: &Word, what: &str, help: &str) {
        let message = format!("`{}` is not {what}", word.text);
        self.report.warn("invalid-value", word.at, message, self.skips, help);
    }

    /// The option that starts with `word`. `None`: the daemon skips the line.
    fn option(&mut self, word: &Word, known: &[(&str, &'static str, Value)]) -> Option<RouteOption> {
        let Some((_, name, value)) = known.iter().find(|(spelling, _, _)| *spelling == word.text) else {
            let message = format!("`{}` is not an option here", word.text);
            let meant = did_you_mean(&word.text, known.iter().map(|(spelling, _, _)| *spelling));
            let help = meant.map_or(String::new(), |meant| format!("did you mean `{meant}`?"));
            self.report.warn("unknown-option", word.at, message, self.skips, help);
            return None;
        };
        if *value == Value::Nothing {
            return Some(RouteOption { name, value: String::new() });
        }
        let Some(first) = self.words.next() else {
            let message = format!("`{}` lacks its value", word.text);
            self.report.error("missing-argument", word.at, message, "stops at this line", "add the value");
            return None;
        };
        let value = self.value(word, first, *value)?;
        Some(RouteOption { name, value })
    }

    fn value(&mut self, option: &Word, word: &'a Word, kind: Value) -> Option<String> {
        let text = &word.text;
        match kind {
            Value::Rest
                if option.text == "encap" && !matches!(text.as_str(), "ip" | "ip6" | "mpls" | "ila") =>
            {
                self.bad(word, "an encapsulation", "write `ip`, `ip6`, `mpls` or `ila`");
                return None;
            }
            Value::Rest => {
                let rest: Vec<_> = std::iter::once(text.as_str())
                    .chain(self.words.by_ref().map(|w| w.text.as_str()))
                    .collect();
                return Some(rest.join(" "));
            }
            Value::Locked(_) | Value::Time(_) if text == "lock" => {
                let number = self.words.next()?;
                return self.value(option, number, kind).map(|value| format!("lock {value}"));
            }
            Value::Address if text == "inet" || text == "inet6" => {
                let address = self.words.next()?;
                return self.value(option, address, kind);
            }
            Value::Name if option.text == "congctl" && text == "lock" => {
                return Some(format!("lock {}", self.words.next()?.text));
            }
            _ => {}
        }
        let number = |most| integer(text, &(0..=most)).is_ok();
        match kind {
            Value::Address => return self.address(word),
            Value::Network => return self.network(word),
            Value::Number(least, most) => {
                signed(self.report, &option.text, word, least..=most, self.skips)?;
            }
            Value::Locked(most) => {
                signed(self.report, &option.text, word, 0..=most, self.skips)?;
            }
            Value::Named(names, most) if !names.contains(&text.as_str()) && !number(most) => {
                self.bad(word, &format!("a {}", option.text), &format!("write a number up to {most}"));
                return None;
            }
            Value::OneOf(names) if !names.contains(&text.as_str()) => {
                self.bad(
                    word,
                    &format!("a value of `{}`", option.text),
                    &format!("write {}", names.join(" or ")),
                );
                return None;
            }
            Value::Time(most) => self.time(option, word, most)?,
            Value::Mark if !text.split('/').all(number_in) => {
                self.bad(word, "a mark", "write `5` or `0x5/0xff`");
                return None;
            }
            Value::Realms if !text.split('/').all(number_in) => {
                self.bad(word, "a realm", "write `1` or `1/2`");
                return None;
            }
            Value::Span if text.split('-').count() != 2 || !text.split('-').all(number_in) => {
                self.bad(word, "a range", "write `5-6`");
                return None;
            }
            _ => {}
        }
        Some(text.clone())
    }

    /// Milliseconds, or what the unit behind the number says. What is finer is rounded.
    fn time(&mut self, option: &Word, word: &Word, most: u64) -> Option<()> {
        let text = word.text.to_ascii_lowercase();
        let (digits, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
            (Some(digits), _) => (digits, 1),
            (None, Some(digits)) => (digits, 1000),
            (None, None) => (text.as_str(), 1),
        };
        // Read as if it were seconds: a millisecond is a million of what comes out.
        let in_range =
            |n: u64| n.checked_mul(unit).is_some_and(|n| n.saturating_add(500_000) / 1_000_000 <= most);
        let bad = match decimal(digits) {
            Ok(_) if digits.is_empty() && !text.is_empty() => Bad::Form,
            Ok((n, _)) if !in_range(n) => Bad::Range,
            Ok(_) => {
                let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                if decimals > if unit == 1 { 0 } else { 3 } {
                    let message = format!("`{}` is finer than a millisecond", word.text);
                    self.report.warn("too-many-decimals", word.at, message, "rounds it", "");
                }
                return Some(());
            }
            Err(bad) => bad,
        };
        let wanted = format!("milliseconds up to {most}, or a number with `s` or `ms`");
        bad_number(self.report, &option.text, word, bad, &wanted, self.skips);
        None
    }

    /// Whether a family fits; the first one decides.
    fn family(&mut self, word: &Word, v4: bool) -> Option<()> {
        if *self.v4.get_or_insert(v4) != v4 {
            let message = "IPv4 and IPv6 do not mix";
            self.report.warn("family-mismatch", word.at, message, self.skips, "write one of them");
            return None;
        }
        Some(())
    }

    fn address(&mut self, word: &Word) -> Option<String> {
        let Ok(address) = word.text.parse::<IpAddr>() else {
            self.bad(word, "an address", "write one without a prefix length");
            return None;
        };
        self.family(word, address.is_ipv4())?;
        Some(address.to_string())
    }

    fn network(&mut self, word: &Word) -> Option<String> {
        if matches!(word.text.as_str(), "all" | "any" | "default") {
            return Some(word.text.clone());
        }
        let Some(cidr) = super::address::cidr(self.report, word) else {
            self.bad(word, "a network", "write ADDRESS/LENGTH, as in 10.1.0.0/16");
            return None;
        };
        self.family(word, cidr.address.is_ipv4())?;
        Some(shown(cidr))
    }
}

/// As the daemon writes it: a host without its prefix length.
fn shown(cidr: Cidr) -> String {
    if cidr.prefix == Cidr::longest(cidr.address) { cidr.address.to_string() } else { cidr.to_string() }
}

fn number_in(text: &str) -> bool {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).is_ok(),
        None => text.parse::<u32>().is_ok(),
    }
}

/// Reads a route. `None` where the daemon skips it; that is reported.
pub(super) fn route(report: &mut Report, line: &Statement, is_static: bool) -> Option<Route> {
    let mut reader = Reader { report, words: line.words.iter(), v4: None, skips: SKIPS_ROUTE };
    let mut route = Route {
        kind: String::new(),
        destination: String::new(),
        family: Family::V4,
        options: Vec::new(),
        nexthops: Vec::new(),
    };
    let own = if is_static { ROUTE.len() } else { ROUTE.len() - 1 };
    while let Some(word) = reader.words.next() {
        let text = word.text.as_str();
        match text {
            "nexthop" | "or" => {
                nexthops(&mut reader, &mut route, word)?;
                break;
            }
            "default" | "default6" => {
                reader.v4 = (text == "default6").then_some(false).or(reader.v4);
                route.destination = "default".into();
            }
            _ if KINDS.contains(&text) && route.kind.is_empty() => route.kind = text.into(),
            "to" => {
                let word = reader.words.next()?;
                route.destination = reader.network(word)?;
            }
            _ if ROUTE[..own].iter().any(|(spelling, _, _)| *spelling == text) => {
                let option = reader.option(word, &ROUTE[..own])?;
                old_spelling(&mut reader, word);
                for_ipv6(&mut reader, word)?;
                route.options.retain(|o| o.name != option.name);
                route.options.push(option);
            }
            _ if route.destination.is_empty()
                && text.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':') =>
            {
                route.destination = reader.network(word)?;
            }
            _ => {
                reader.option(word, &ROUTE[..own])?;
            }
        }
    }
    route.family = family_of(&reader);
    if route.destination.is_empty() {
        let message = "this route has no destination";
        report.warn("missing-value", line.all, message, SKIPS_ROUTE, "write where it leads to");
        return None;
    }
    let has_protocol = !route.no_track() && foreign(report, line, route.option("protocol"), "route");
    if has_protocol {
        route.options.retain(|o| o.name != "protocol");
    }
    untracked(report, line, &mut route);
    Some(route)
}

fn family_of(reader: &Reader<'_>) -> Family {
    if reader.v4 == Some(false) { Family::V6 } else { Family::V4 }
}

/// What is tracked belongs to keepalived: by that the daemon tells its own from others'.
fn foreign(report: &mut Report, line: &Statement, protocol: Option<&str>, what: &str) -> bool {
    let Some(given) = protocol.filter(|p| !matches!(*p, "keepalived" | "18")) else { return false };
    let message = format!("a {what} of protocol {given} cannot be tracked");
    report.warn("protocol-reset", line.all, message, "makes it protocol keepalived (18)", "add `no_track`");
    true
}

fn old_spelling(reader: &mut Reader<'_>, word: &Word) {
    if word.text == "gw" {
        reader.report.warn("deprecated", word.at, "`gw` is an old word", "takes it for `via`", "write `via`");
    }
}

/// Some options are for IPv6 only.
fn for_ipv6(reader: &mut Reader<'_>, word: &Word) -> Option<()> {
    let only = matches!(word.text.as_str(), "pref" | "expires" | "from");
    if only && reader.v4 == Some(true) {
        let message = format!("`{}` is for IPv6 routes", word.text);
        reader.report.warn("family-mismatch", word.at, message, reader.skips, "remove it");
        return None;
    }
    Some(())
}

/// `nexthop …` up to the end of the line, or the old `or ADDRESS`.
fn nexthops(reader: &mut Reader<'_>, route: &mut Route, first: &Word) -> Option<()> {
    if first.text == "or" {
        let message = "`or` is an old word";
        reader.report.warn("deprecated", first.at, message, "takes it for `nexthop`", "write `nexthop via`");
        let word = reader.words.next()?;
        let value = reader.address(word)?;
        let via = route.options.iter().position(|o| o.name == "via");
        route.nexthops.extend(via.map(|i| vec![route.options.remove(i)]));
        route.nexthops.push(vec![RouteOption { name: "via", value }]);
        return Some(());
    }
    route.nexthops.push(Vec::new());
    while let Some(word) = reader.words.next() {
        if word.text == "nexthop" {
            route.nexthops.push(Vec::new());
        } else if HOP.iter().any(|(spelling, _, _)| *spelling == word.text) {
            let option = reader.option(word, HOP);
            route.nexthops.last_mut()?.extend(option);
        } else {
            let message = format!("`{}` is not an option of a next hop", word.text);
            reader.report.warn("unknown-option", word.at, message, "ignores the rest of the line", "");
            break;
        }
    }
    Some(())
}

/// A route without an interface cannot be watched.
fn untracked(report: &mut Report, line: &Statement, route: &mut Route) {
    if route.option("dev").is_none() && route.option("no_track").is_none() {
        let message = format!("the route to {} names no interface", route.destination);
        let daemon = "does not notice when somebody removes it";
        report.warn("route-not-tracked", line.all, message, daemon, "add `dev`, or `no_track`");
        route.options.push(RouteOption { name: "no_track", value: String::new() });
    }
}

/// Reads a rule. `None` where the daemon skips it; that is reported.
pub(super) fn rule(report: &mut Report, line: &Statement, is_static: bool) -> Option<Rule> {
    let mut reader = Reader { report, words: line.words.iter(), v4: None, skips: SKIPS_RULE };
    let mut rule = Rule { family: Family::V4, options: Vec::new() };
    let own = if is_static { RULE.len() } else { RULE.len() - 1 };
    while let Some(word) = reader.words.next() {
        if word.text == "type" {
            continue;
        }
        let option = reader.option(word, &RULE[..own])?;
        let is_action = ACTIONS.contains(&option.name);
        if is_action && rule.options.iter().any(|o| ACTIONS.contains(&o.name)) {
            let message = "a rule does only one thing";
            reader.report.warn("conflict", word.at, message, SKIPS_RULE, format!("remove `{}`", word.text));
            return None;
        }
        rule.options.push(option);
    }
    rule.family = family_of(&reader);
    action(report, line, &mut rule)
}

/// A rule must do something, and should say when.
fn action(report: &mut Report, line: &Statement, rule: &mut Rule) -> Option<Rule> {
    if !rule.options.iter().any(|o| ACTIONS.contains(&o.name)) {
        report.warn("missing-value", line.all, "this rule does nothing", SKIPS_RULE, "add `table`");
        return None;
    }
    let number = |name: &str| rule.option(name).and_then(|value| value.parse::<u32>().ok());
    if let Some(target) = number("goto")
        && number("priority").is_none_or(|priority| priority >= target)
    {
        let message = format!("`goto {target}` needs a lower `priority` than {target}");
        report.warn("conflict", line.all, message, SKIPS_RULE, "add or lower `priority`");
        return None;
    }
    if !rule.no_track() && foreign(report, line, rule.option("protocol"), "rule") {
        rule.options.retain(|o| o.name != "protocol");
    }
    if rule.option("priority").is_none() {
        let message = "this rule has no `priority`";
        report.warn("missing-value", line.all, message, "counts down from 16384", "add `priority`");
        let value = report.next_priority(rule.family).to_string();
        rule.options.push(RouteOption { name: "priority", value });
    }
    Some(rule.clone())
}
