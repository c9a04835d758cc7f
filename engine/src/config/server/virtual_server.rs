//! `virtual_server`: what its keywords set. What follows from all of them together is in `complete`.

use std::collections::BTreeMap;

use super::super::keywords::Scope;
use super::super::lex::At;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::values::{bad_number, unsigned};
use super::super::walk::Walker;
use super::checker::Timing;
use super::model::{
    Checksum, Family, Forwarding, Granularity, Protocol, Service, SorryServer, Tunnel, VirtualServer,
};
use super::real_server;
use super::values::{
    IGNORED, Trailing, address_port, first_word, one_of, only_word, script, switch, whole, whole_or,
};
use crate::time::Duration;

/// A virtual server while reading.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) vs: VirtualServer,
    /// Where the service is named.
    pub(super) name: At,
    /// Where each keyword stands last.
    pub(super) set: BTreeMap<&'static str, At>,
    pub(super) timing: Timing,
    pub(super) family: Option<Family>,
    pub(super) scheduler: Option<&'static str>,
    pub(super) forwarding: Option<Forwarding>,
    pub(super) weight: u32,
    pub(super) smtp_alert: Option<bool>,
    pub(super) sorry: Option<(SorryServer, Option<Forwarding>)>,
    pub(super) servers: Vec<real_server::Draft>,
}

const SCHEDULERS: &[&str] =
    &["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos"];

/// What `persistence_timeout` without a number means.
pub(super) const PERSISTENCE: u32 = 360;

pub(super) fn read(w: &mut Walker<'_>, s: &Statement) {
    let Some((service, family)) = service(w.report, s) else { return };
    let mut d = Draft::new(service, family, s.arguments()[0].at);
    for (name, line) in super::inside(w, Scope::VirtualServer, s) {
        d.set.insert(name, line.arguments().first().unwrap_or(line.keyword()).at);
        match name {
            "real_server" => d.servers.extend(real_server::read(w, line, &mut d.family, d.forwarding)),
            _ if timing(w.report, &mut d, name, line) => {}
            _ if scheduling(w.report, &mut d, name, line) => {}
            _ if sorry(w.report, &mut d, name, line) => {}
            _ => other(w.report, &mut d, name, line),
        }
    }
    w.servers.virtual_servers.push(d);
}

/// What the line names, with the family it has.
fn service(report: &mut Report, s: &Statement) -> Option<(Service, Option<Family>)> {
    const SKIPPED: &str = "skips the block";
    let words = s.arguments();
    let kind = words[0].text.as_str();
    if !matches!(kind, "group" | "fwmark") {
        let (address, port) = address_port(report, words, "a virtual server", SKIPPED)?;
        return Some((Service::Address(address, port), Some(Family::of(address))));
    }
    let Some(word) = words.get(1) else {
        let message = format!("`virtual_server {kind}` lacks its value");
        report.error("missing-argument", words[0].at, message, "crashes", "add the value");
        return None;
    };
    if kind == "group" {
        return Some((Service::Group(word.text.clone()), None));
    }
    match unsigned(&word.text, &(0..=u32::MAX)) {
        Ok(0) => {
            let message = "a mark of 0 is no mark";
            report.warn(
                "number-out-of-range",
                word.at,
                message,
                "takes it for some address",
                "write 1 or more",
            );
            None
        }
        Ok(mark) => Some((Service::Mark(mark), None)),
        Err(bad) => {
            bad_number(report, "fwmark", word, bad, "a whole number from 1 to 4294967295", SKIPPED);
            None
        }
    }
}

impl Draft {
    fn new(service: Service, family: Option<Family>, name: At) -> Draft {
        let vs = VirtualServer {
            service,
            family: family.unwrap_or(Family::V4),
            delay_loop: Duration::from_secs(60),
            scheduler: "wlc",
            flags: [false; 3],
            forwarding: Forwarding::Nat,
            protocol: None,
            persistence_timeout: None,
            persistence_granularity: None,
            persistence_engine: None,
            one_packet: false,
            ha_suspend: false,
            alpha: false,
            omega: false,
            inhibit_on_failure: false,
            quorum: 1,
            hysteresis: 0,
            quorum_up: None,
            quorum_down: None,
            retry: None,
            delay_before_retry: None,
            warmup: None,
            connect_timeout: Duration::from_secs(5),
            virtualhost: None,
            snmp_name: None,
            smtp_alert: false,
            sorry_server: None,
            real_servers: Vec::new(),
        };
        Draft {
            vs,
            name,
            set: BTreeMap::new(),
            timing: Timing::default(),
            family,
            scheduler: None,
            forwarding: None,
            weight: 1,
            smtp_alert: None,
            sorry: None,
            servers: Vec::new(),
        }
    }

    /// Where a keyword stands, or else the server's name.
    pub(super) fn place(&self, keyword: &str) -> At {
        self.set.get(keyword).copied().unwrap_or(self.name)
    }
}

fn timing(report: &mut Report, d: &mut Draft, name: &str, s: &Statement) -> bool {
    match name {
        "retry" => d.timing.retry = whole(report, s, 1..=u32::MAX, Trailing::Refused).or(d.timing.retry),
        "alpha" => d.vs.alpha = true,
        _ => return d.timing.read(report, name, s),
    }
    true
}

fn scheduling(report: &mut Report, d: &mut Draft, name: &str, s: &Statement) -> bool {
    match name {
        "lb_algo" | "lvs_sched" => {
            d.scheduler = one_of(report, s, SCHEDULERS, "a scheduler", false).or(d.scheduler);
        }
        "flag-1" => d.vs.flags[0] = true,
        "flag-2" => d.vs.flags[1] = true,
        "flag-3" => d.vs.flags[2] = true,
        "hashed" | "sh-port" | "sh-fallback" | "mh-port" | "mh-fallback" => {
            scheduler_flag(report, d, name, s);
        }
        "lb_kind" | "lvs_method" => d.forwarding = forwarding(report, s).or(d.forwarding),
        "protocol" => {
            d.vs.protocol = match one_of(report, s, &["TCP", "UDP", "SCTP"], "a protocol", true) {
                Some("TCP") => Some(Protocol::Tcp),
                Some("UDP") => Some(Protocol::Udp),
                Some(_) => Some(Protocol::Sctp),
                None => d.vs.protocol,
            };
        }
        "persistence_timeout" if s.arguments().is_empty() => d.vs.persistence_timeout = Some(PERSISTENCE),
        "persistence_timeout" => {
            let read = whole(report, s, 1..=2_678_400, Trailing::Refused);
            d.vs.persistence_timeout = read.or(d.vs.persistence_timeout);
        }
        "persistence_granularity" => granularity(report, d, s),
        "persistence_engine" => d.vs.persistence_engine = Some(engine(report, s)),
        "ops" => d.vs.one_packet = true,
        "ip_family" => ip_family(report, d, s),
        _ => return false,
    }
    true
}

/// Flags that need their scheduler above; for the wrong one of sh and mh the daemon says nothing.
fn scheduler_flag(report: &mut Report, d: &mut Draft, name: &str, s: &Statement) {
    match (d.scheduler, name) {
        (Some("sh"), "sh-port") | (Some("mh"), "mh-port") => d.vs.flags[1] = true,
        (Some("sh"), "sh-fallback") | (Some("mh"), "mh-fallback") => d.vs.flags[0] = true,
        (Some("sh" | "mh"), _) => {}
        _ => {
            let wanted = if name.starts_with("mh") { "mh" } else { "sh" };
            let message = format!("`{name}` needs the scheduler {wanted} in a line above it");
            report.warn(
                "wrong-scheduler",
                s.keyword().at,
                message,
                IGNORED,
                format!("write `lb_algo {wanted}` above"),
            );
        }
    }
}

/// `lb_kind`, `lvs_method` and `sorry_server_lvs_method`. A bad tunnel option still makes it a tunnel.
pub(super) fn forwarding(report: &mut Report, s: &Statement) -> Option<Forwarding> {
    let kind = one_of(report, s, &["NAT", "DR", "TUN"], "a forwarding method", false)?;
    let words = &s.arguments()[1..];
    let tunnel = match tunnel(words) {
        Ok(tunnel) => tunnel,
        Err((at, message)) => {
            let at = words.get(at).or(words.last()).map_or(s.all, |word| word.at);
            let daemon = if kind == "TUN" { "tunnels IP in IP" } else { "ignores the options" };
            let help = "write `TUN type ipip`, `TUN type gue port N` or `TUN type gre`";
            report.warn("invalid-tunnel", at, message, daemon, help);
            Tunnel::Ipip
        }
    };
    Some(match kind {
        "NAT" => Forwarding::Nat,
        "DR" => Forwarding::Direct,
        _ => Forwarding::Tunnel(tunnel),
    })
}

/// The options of a tunnel, or which word is wrong and why.
fn tunnel(words: &[super::super::lex::Word]) -> Result<Tunnel, (usize, String)> {
    let (mut kind, mut port, mut sum) = ("ipip", None, Checksum::None);
    let mut i = 0;
    while let Some(word) = words.get(i) {
        let value = words.get(i + 1).map(|word| word.text.as_str());
        match (word.text.as_str(), value) {
            ("type", Some(value @ ("ipip" | "gue" | "gre"))) => kind = value,
            ("type", Some(value)) => return Err((i + 1, format!("`{value}` is not a type of tunnel"))),
            ("port", Some(value)) => match unsigned(value, &(1..=65535)) {
                Ok(n) => port = Some(n as u16),
                Err(_) => return Err((i + 1, format!("`{value}` is not a port from 1 to 65535"))),
            },
            ("type" | "port", None) => return Err((i, format!("`{}` has no value", word.text))),
            ("nocsum", _) => sum = Checksum::None,
            ("csum", _) => sum = Checksum::Full,
            ("remcsum", _) => sum = Checksum::Remote,
            (text, _) => return Err((i, format!("`{text}` is not an option of a tunnel"))),
        }
        i += if matches!(word.text.as_str(), "type" | "port") { 2 } else { 1 };
    }
    match (kind, port, sum) {
        ("gue", Some(port), sum) => Ok(Tunnel::Gue(port, sum)),
        ("gue", None, _) => Err((0, "a gue tunnel needs a port".into())),
        (kind, Some(_), _) => Err((0, format!("a {kind} tunnel has no port"))),
        ("ipip", _, Checksum::None) => Ok(Tunnel::Ipip),
        ("ipip", ..) => Err((0, "an ipip tunnel has no checksum".into())),
        (_, _, Checksum::Remote) => Err((0, "a gre tunnel has no remote checksum".into())),
        (_, _, sum) => Ok(Tunnel::Gre(sum)),
    }
}

/// Without a family yet, a dot decides; an IPv4 mask may be a plain number as `inet_aton` takes it.
fn granularity(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    let guess = if word.text.contains('.') { Family::V4 } else { Family::V6 };
    let family = d.family.unwrap_or(guess);
    let read = match family {
        Family::V4 => match word.text.parse() {
            Ok(mask) => Some(Granularity::V4(mask)),
            Err(_) => word.text.parse::<u32>().ok().map(|n| Granularity::V4(n.into())),
        },
        Family::V6 => unsigned(&word.text, &(1..=128)).ok().map(|n| Granularity::V6(n as u8)),
    };
    let Some(read) = read else {
        let message = format!("`{}` is not a persistence granularity of this family", word.text);
        let help = "write a mask like 255.255.255.0, or for IPv6 a prefix length";
        report.warn("invalid-granularity", word.at, message, IGNORED, help);
        return;
    };
    d.family = Some(family);
    d.vs.persistence_granularity = Some(read).filter(|g| *g != Granularity::V4([255; 4].into()));
    d.vs.persistence_timeout.get_or_insert(PERSISTENCE);
}

fn engine(report: &mut Report, s: &Statement) -> String {
    let word = &s.arguments()[0];
    let name: String = word.text.chars().take(15).collect();
    if name.len() < word.text.len() {
        let message = format!("`{}` is longer than 15 characters", word.text);
        report.warn("name-too-long", word.at, message, format!("cuts it to `{name}`"), "write `sip`");
    }
    name
}

fn ip_family(report: &mut Report, d: &mut Draft, s: &Statement) {
    let family = match one_of(report, s, &["inet", "inet6"], "an address family", false) {
        Some("inet") => Family::V4,
        Some(_) => Family::V6,
        None => return,
    };
    if *d.family.get_or_insert(family) != family {
        let message = "this is not the family of the addresses";
        report.warn("family-mismatch", s.arguments()[0].at, message, IGNORED, "remove the line");
    }
}

fn sorry(report: &mut Report, d: &mut Draft, name: &str, s: &Statement) -> bool {
    match name {
        "sorry_server" => {
            let Some((address, port)) = address_port(report, s.arguments(), "a server", IGNORED) else {
                return true;
            };
            d.sorry =
                Some((SorryServer { address, port, forwarding: Forwarding::Nat, inhibit: false }, None));
        }
        "sorry_server_inhibit" => match &mut d.sorry {
            Some((sorry, _)) => sorry.inhibit = true,
            None => before_sorry(report, s),
        },
        "sorry_server_lvs_method" => match &mut d.sorry {
            Some(_) if s.arguments().is_empty() => {
                let message = "`sorry_server_lvs_method` lacks its value";
                report.error(
                    "missing-argument",
                    s.keyword().at,
                    message,
                    "stops at this line",
                    "add the value",
                );
            }
            Some((_, method)) => *method = forwarding(report, s).or(*method),
            None => before_sorry(report, s),
        },
        _ => return false,
    }
    true
}

fn before_sorry(report: &mut Report, s: &Statement) {
    let message = format!("`{}` needs a `sorry_server` in a line above it", s.keyword().text);
    report.warn("missing-sorry-server", s.keyword().at, message, IGNORED, "move it below `sorry_server`");
}

fn other(report: &mut Report, d: &mut Draft, name: &str, s: &Statement) {
    match name {
        "ha_suspend" => d.vs.ha_suspend = true,
        "omega" => d.vs.omega = true,
        "inhibit_on_failure" => d.vs.inhibit_on_failure = true,
        "quorum" => {
            let read = whole_or(report, s, 1..=u32::MAX, Trailing::Dropped, "takes 1");
            d.vs.quorum = read.unwrap_or(1);
        }
        "hysteresis" => {
            d.vs.hysteresis = whole(report, s, 0..=u32::MAX, Trailing::Dropped).unwrap_or(d.vs.hysteresis);
        }
        "quorum_up" => script(report, &mut d.vs.quorum_up, s),
        "quorum_down" => script(report, &mut d.vs.quorum_down, s),
        "weight" => d.weight = whole(report, s, 1..=i32::MAX as u32, Trailing::Dropped).unwrap_or(d.weight),
        "virtualhost" => d.vs.virtualhost = first_word(report, s).or(d.vs.virtualhost.take()),
        "snmp_name" => d.vs.snmp_name = only_word(report, s).or(d.vs.snmp_name.take()),
        _ => d.smtp_alert = switch(report, s).or(d.smtp_alert),
    }
}
