//! `real_server`: what its keywords set, and its checkers.

use std::net::IpAddr;

use super::super::keywords::Scope;
use super::super::lex::At;
use super::super::model::Command;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::walk::Walker;
use super::checker::{self, Timing};
use super::model::{Family, Forwarding};
use super::values::{Trailing, address_port, first_word, only_word, script, switch, whole};
use super::virtual_server::forwarding;

/// A real server while reading.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) place: At,
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) timing: Timing,
    pub(super) weight: Option<u32>,
    pub(super) forwarding: Option<Forwarding>,
    pub(super) inhibit: Option<bool>,
    pub(super) uthreshold: u32,
    pub(super) lthreshold: u32,
    pub(super) notify_up: Option<Command>,
    pub(super) notify_down: Option<Command>,
    pub(super) virtualhost: Option<String>,
    pub(super) snmp_name: Option<String>,
    pub(super) smtp_alert: Option<bool>,
    pub(super) checkers: Vec<checker::Draft>,
}

/// Reads a block. The first server that is not tunnelled to decides the virtual server's family.
pub(super) fn read(
    w: &mut Walker<'_>,
    s: &Statement,
    family: &mut Option<Family>,
    default: Option<Forwarding>,
) -> Option<Draft> {
    let (address, port) = address_port(w.report, s.arguments(), "a real server", "skips the block")?;
    let mut d = Draft {
        place: s.arguments()[0].at,
        address,
        port,
        timing: Timing::default(),
        weight: None,
        forwarding: None,
        inhibit: None,
        uthreshold: 0,
        lthreshold: 0,
        notify_up: None,
        notify_down: None,
        virtualhost: None,
        snmp_name: None,
        smtp_alert: None,
        checkers: Vec::new(),
    };
    for (name, line) in super::inside(w, Scope::RealServer, s) {
        if line.block.is_some() {
            let read = checker::read(w, name, line, &d);
            d.checkers.extend(read);
        } else {
            word(w.report, &mut d, name, line);
        }
    }
    let tunnelled = matches!(d.forwarding.or(default), Some(Forwarding::Tunnel(_)));
    if !tunnelled && *family.get_or_insert(Family::of(address)) != Family::of(address) {
        let message = format!("{address} is not of the virtual server's family");
        let help = "only tunnels lead from one family to the other: write `lvs_method TUN`";
        w.report.warn("family-mismatch", d.place, message, "skips the real server", help);
        return None;
    }
    Some(d)
}

fn word(report: &mut Report, d: &mut Draft, name: &str, s: &Statement) {
    let any = |report: &mut Report| whole(report, s, 0..=u32::MAX, Trailing::Dropped);
    match name {
        "weight" => d.weight = whole(report, s, 0..=i32::MAX as u32, Trailing::Dropped).or(d.weight),
        "lvs_method" => d.forwarding = forwarding(report, s).or(d.forwarding),
        "inhibit_on_failure" => d.inhibit = switch(report, s).or(d.inhibit),
        "uthreshold" => d.uthreshold = any(report).unwrap_or(d.uthreshold),
        "lthreshold" => d.lthreshold = any(report).unwrap_or(d.lthreshold),
        "notify_up" => script(report, &mut d.notify_up, s),
        "notify_down" => script(report, &mut d.notify_down, s),
        "virtualhost" => d.virtualhost = first_word(report, s).or(d.virtualhost.take()),
        "snmp_name" => d.snmp_name = only_word(report, s).or(d.snmp_name.take()),
        "smtp_alert" => d.smtp_alert = switch(report, s).or(d.smtp_alert),
        "retry" => d.timing.retry = whole(report, s, 1..=u32::MAX, Trailing::Refused).or(d.timing.retry),
        _ => {
            d.timing.read(report, name, s);
        }
    }
}
