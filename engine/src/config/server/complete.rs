//! What follows from whole servers: inheritance, defaults, and the daemon's corrections in the daemon's order.

use std::net::IpAddr;

use super::super::report::Report;
use super::checker::{self, Timing};
use super::model::{
    Checker, CheckerKind, Family, Forwarding, GroupEntry, Protocol, RealServer, ServerGroup, Service,
    SorryServer, VirtualServer,
};
use super::real_server;
use super::values::IGNORED;
use super::virtual_server::{Draft, PERSISTENCE};
use crate::time::Duration;

/// What `global_defs` says for servers that say nothing themselves.
#[derive(Clone, Copy, Default, Debug)]
pub(in super::super) struct Defaults {
    /// `smtp_alert_checker`, or else `smtp_alert`.
    pub(in super::super) smtp_alert: Option<bool>,
}

/// The servers as the daemon runs them; those it ignores are gone.
pub(in super::super) fn complete(
    report: &mut Report,
    drafts: Vec<Draft>,
    groups: &[ServerGroup],
    defaults: Defaults,
) -> Vec<VirtualServer> {
    drafts.into_iter().filter_map(|d| server(report, d, groups, defaults)).collect()
}

fn server(
    report: &mut Report,
    mut d: Draft,
    groups: &[ServerGroup],
    defaults: Defaults,
) -> Option<VirtualServer> {
    d.vs.smtp_alert = d.smtp_alert.or(defaults.smtp_alert).unwrap_or(false);
    sorry_family(report, &mut d);
    family(&mut d);
    if d.servers.is_empty() {
        let message = "this virtual server has no real servers";
        report.warn("no-real-servers", d.name, message, "ignores it", "add a `real_server` block");
        return None;
    }
    let group = match &d.vs.service {
        Service::Group(name) => groups.iter().find(|group| group.name == *name),
        _ => None,
    };
    if let (Service::Group(name), None) = (&d.vs.service, group) {
        let message = format!("there is no usable `virtual_server_group {name}`");
        report.warn("unknown-name", d.name, message, "ignores the virtual server", "add the group");
        return None;
    }
    protocol(report, &mut d, group);
    required(report, &mut d);
    sorry_inhibit(report, &mut d);
    ports(report, &mut d, group);
    quorum(report, &mut d);
    inherit(&mut d, defaults);
    Some(d.vs)
}

/// A sorry server of the other family is only reached through a tunnel.
fn sorry_family(report: &mut Report, d: &mut Draft) {
    let Some((sorry, method)) = &d.sorry else { return };
    let tunnelled = matches!(method.or(d.forwarding), Some(Forwarding::Tunnel(_)));
    let own = Family::of(sorry.address);
    if !tunnelled && *d.family.get_or_insert(own) != own {
        let message = format!("{} is not of the virtual server's family", sorry.address);
        report.warn("family-mismatch", d.place("sorry_server"), message, "skips the sorry server", "");
        d.sorry = None;
    }
}

/// Servers that are all tunnelled to decide the family if they agree.
fn family(d: &mut Draft) {
    let sorry = d.sorry.as_ref().map(|(sorry, _)| sorry.address);
    let mut families = d.servers.iter().map(|rs| rs.address).chain(sorry).map(Family::of);
    let first = families.next().unwrap_or(Family::V4);
    let agreed = if families.all(|family| family == first) { first } else { Family::V4 };
    d.vs.family = d.family.unwrap_or(agreed);
}

fn protocol(report: &mut Report, d: &mut Draft, group: Option<&ServerGroup>) {
    let entries = group.map_or(&[][..], |group| &group.entries);
    let marks = |f: &dyn Fn(Option<Family>) -> bool| {
        entries.iter().any(|entry| matches!(entry, GroupEntry::Mark(_, family) if f(*family)))
    };
    let marked = matches!(d.vs.service, Service::Mark(_));
    if d.vs.ha_suspend && marked {
        let message = "`ha_suspend` needs an address to follow, not a mark";
        report.warn("ha-suspend-cleared", d.place("ha_suspend"), message, IGNORED, "remove the line");
        d.vs.ha_suspend = false;
    }
    let addressed = entries.iter().any(|entry| matches!(entry, GroupEntry::Addresses(..)));
    let only_marks =
        marked || (group.is_some() && !addressed && marks(&|f| f.is_none_or(|f| f == d.vs.family)));
    match d.vs.protocol {
        None if !marked && (group.is_none() || addressed) => {
            let message = "no `protocol`: it is UDP then";
            report.warn(
                "missing-keyword",
                d.name,
                message,
                "takes UDP",
                "add `protocol TCP` or `protocol UDP`",
            );
            d.vs.protocol = Some(Protocol::Udp);
        }
        Some(_) if only_marks => {
            let message = "a firewall mark has no protocol";
            report.warn("useless-keyword", d.place("protocol"), message, IGNORED, "remove the line");
            d.vs.protocol = None;
        }
        _ => {}
    }
    if d.vs.one_packet && !matches!(d.vs.protocol, Some(Protocol::Udp) | None) {
        let message = "`ops` is for UDP only";
        report.warn("useless-keyword", d.place("ops"), message, IGNORED, "remove the line");
        d.vs.one_packet = false;
    }
    let portless = match &d.vs.service {
        Service::Address(_, port) => *port == 0,
        Service::Mark(_) => false,
        Service::Group(_) => entries.iter().any(|entry| matches!(entry, GroupEntry::Addresses(_, _, 0))),
    };
    if portless && d.vs.persistence_timeout.is_none() {
        let message = "a service without a port must be persistent";
        let help = "add the port, or `persistence_timeout`";
        report.warn(
            "missing-port",
            d.name,
            message,
            format!("makes it persistent for {PERSISTENCE} s"),
            help,
        );
        d.vs.persistence_timeout = Some(PERSISTENCE);
    }
}

fn required(report: &mut Report, d: &mut Draft) {
    let missing = [
        (d.scheduler.is_none(), "lb_algo", "wlc"),
        (d.forwarding.is_none() && uses_default(d), "lb_kind", "NAT"),
    ];
    for (missing, keyword, default) in missing {
        if missing {
            let message = format!("no `{keyword}` that can be used");
            let help = format!("write `{keyword} {default}` if that is meant");
            report.warn("missing-keyword", d.name, message, format!("takes {default}"), help);
        }
    }
    d.vs.scheduler = d.scheduler.unwrap_or("wlc");
    d.vs.forwarding = d.forwarding.unwrap_or(Forwarding::Nat);
    for rs in &mut d.servers {
        rs.forwarding = rs.forwarding.or(Some(d.vs.forwarding));
    }
    if let Some((sorry, method)) = d.sorry.take() {
        let forwarding = method.unwrap_or(d.vs.forwarding);
        d.vs.sorry_server = Some(SorryServer { forwarding, ..sorry });
    }
}

/// Whether somebody forwards as the virtual server says.
fn uses_default(d: &Draft) -> bool {
    d.servers.iter().any(|rs| rs.forwarding.is_none()) || d.sorry.as_ref().is_some_and(|(_, m)| m.is_none())
}

/// Twice the same server, and ports that forwarding cannot change.
fn ports(report: &mut Report, d: &mut Draft, group: Option<&ServerGroup>) {
    let mut seen: Vec<(IpAddr, u16)> = Vec::new();
    d.servers.retain(|rs| {
        let fresh = !seen.contains(&(rs.address, rs.port));
        seen.push((rs.address, rs.port));
        if !fresh {
            let message = format!("{} stands above with the same port", rs.address);
            report.warn("duplicate-server", rs.place, message, "skips the second", "remove one of the two");
        }
        fresh
    });
    let port = match &d.vs.service {
        Service::Address(_, port) => *port,
        Service::Mark(_) => 0,
        Service::Group(_) if group.is_some() => return,
        Service::Group(_) => 0,
    };
    for rs in &mut d.servers {
        let nat = rs.forwarding == Some(Forwarding::Nat);
        rs.port = own_port(report, rs.place, rs.port, port, nat);
    }
    let place = d.place("sorry_server");
    if let Some(sorry) = d.vs.sorry_server.as_mut().filter(|sorry| sorry.forwarding != Forwarding::Nat) {
        sorry.port = own_port(report, place, sorry.port, port, false);
    }
}

fn own_port(report: &mut Report, at: super::super::lex::At, own: u16, service: u16, nat: bool) -> u16 {
    if own == 0 || own == service || nat {
        return if own == 0 { service } else { own };
    }
    let message = format!("only NAT can change the port, and the service's is {service}");
    let help = if service == 0 { "remove the port".to_string() } else { format!("write {service}") };
    report.warn("port-mismatch", at, message, format!("takes {service}"), help);
    service
}

fn quorum(report: &mut Report, d: &mut Draft) {
    let weights = d.servers.iter().map(|rs| u64::from(rs.weight.unwrap_or(d.weight)));
    let total: u64 = weights.sum();
    if u64::from(d.vs.quorum) > total {
        let message = format!("a quorum of {} is above the total weight, {total}", d.vs.quorum);
        report.warn("quorum-too-high", d.place("quorum"), message, format!("takes {total}"), "lower it");
        d.vs.quorum = total as u32;
    }
    if d.vs.hysteresis >= d.vs.quorum {
        let taken = d.vs.quorum.wrapping_sub(1);
        let message = format!("a hysteresis of {} is not below the quorum, {}", d.vs.hysteresis, d.vs.quorum);
        let help = if d.vs.quorum == 0 { "give a server a weight" } else { "lower it" };
        report.warn("hysteresis-too-high", d.place("hysteresis"), message, format!("takes {taken}"), help);
        d.vs.hysteresis = taken;
    }
}

/// Equal servers: as the real one, so the sorry one.
fn sorry_inhibit(report: &mut Report, d: &mut Draft) {
    let place = d.place("sorry_server");
    let Some(sorry) = &mut d.vs.sorry_server else { return };
    for rs in &d.servers {
        let inhibit = rs.inhibit.unwrap_or(d.vs.inhibit_on_failure);
        let same = (rs.address, rs.port) == (sorry.address, sorry.port);
        if same && inhibit != sorry.inhibit {
            let message = "the sorry server is a real server too, and they differ in what a failure does";
            let daemon = format!(
                "makes the sorry server {}",
                if sorry.inhibit { "not inhibited" } else { "inhibited" }
            );
            report.warn("inhibit-mismatch", place, message, daemon, "give both the same");
            sorry.inhibit = inhibit;
        }
    }
}

fn inherit(d: &mut Draft, defaults: Defaults) {
    let outer = Timing { alpha: Some(d.vs.alpha), ..d.timing };
    d.vs.delay_loop = outer.delay_loop.unwrap_or(d.vs.delay_loop);
    d.vs.connect_timeout = outer.connect_timeout.unwrap_or(d.vs.connect_timeout);
    (d.vs.retry, d.vs.delay_before_retry, d.vs.warmup) =
        (outer.retry, outer.delay_before_retry, outer.warmup);
    let drafts = std::mem::take(&mut d.servers);
    d.vs.real_servers = drafts.into_iter().map(|rs| real(d, rs, outer, defaults)).collect();
}

fn real(d: &Draft, rs: real_server::Draft, outer: Timing, defaults: Defaults) -> RealServer {
    let timing = rs.timing.over(outer);
    let delay_loop = timing.delay_loop.unwrap_or(d.vs.delay_loop);
    let connect_timeout = timing.connect_timeout.unwrap_or(d.vs.connect_timeout);
    let whole = Timing { delay_loop: Some(delay_loop), connect_timeout: Some(connect_timeout), ..timing };
    RealServer {
        address: rs.address,
        port: rs.port,
        weight: rs.weight.unwrap_or(d.weight),
        forwarding: rs.forwarding.unwrap_or(d.vs.forwarding),
        alpha: timing.alpha.unwrap_or(false),
        inhibit_on_failure: rs.inhibit.unwrap_or(d.vs.inhibit_on_failure),
        delay_loop,
        retry: timing.retry,
        delay_before_retry: timing.delay_before_retry,
        warmup: timing.warmup,
        connect_timeout,
        uthreshold: rs.uthreshold,
        lthreshold: rs.lthreshold,
        notify_up: rs.notify_up,
        notify_down: rs.notify_down,
        virtualhost: rs.virtualhost,
        snmp_name: rs.snmp_name,
        smtp_alert: rs.smtp_alert.or(defaults.smtp_alert).unwrap_or(true),
        checkers: rs.checkers.into_iter().map(|c| check(c, whole)).collect(),
    }
}

fn check(c: checker::Draft, outer: Timing) -> Checker {
    let timing = c.timing.over(outer);
    let delay_loop = timing.delay_loop.unwrap_or(Duration::from_secs(60));
    let (retry, delay) = match c.kind {
        CheckerKind::Http(_) => (1, Duration::from_secs(3)),
        CheckerKind::Dns(..) => (3, delay_loop),
        CheckerKind::Misc(_) => (0, Duration::from_secs(1)),
        _ => (1, Duration::from_secs(1)),
    };
    let mut connection = c.connection;
    if let (Some(connection), Some(timeout)) = (&mut connection, timing.connect_timeout) {
        connection.timeout = timeout;
    }
    Checker {
        kind: c.kind,
        alpha: timing.alpha.unwrap_or(false),
        delay_loop,
        warmup: timing.warmup.unwrap_or(delay_loop),
        retry: timing.retry.unwrap_or(retry),
        delay_before_retry: timing.delay_before_retry.unwrap_or(delay),
        log_all_failures: c.log_all_failures,
        connection,
    }
}
