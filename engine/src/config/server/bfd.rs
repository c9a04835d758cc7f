//! `bfd_instance`: a session whose state checkers and VRRP can follow.

use std::net::IpAddr;

use super::super::keywords::Scope;
use super::super::model::Weight;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::values::{Bad, bad_number, decimal};
use super::super::walk::Walker;
use super::model::BfdInstance;
use super::values::{IGNORED, Trailing, whole};
use crate::time::Duration;

/// The longest name.
const LONGEST: usize = 31;
/// The longest interval, in milliseconds.
const MOST_MS: u64 = 4_294_967;
const SKIPPED: &str = "skips the instance";

pub(super) fn read(w: &mut Walker<'_>, s: &Statement) {
    let Some(name) = s.arguments().first() else {
        let message = "`bfd_instance` has no name";
        w.report.error("missing-name", s.keyword().at, message, "crashes", "write `bfd_instance NAME {`");
        return;
    };
    let mut bfd = BfdInstance {
        name: name.text.clone(),
        neighbor: IpAddr::from([0, 0, 0, 0]),
        source: None,
        min_rx: Duration::from_millis(10),
        min_tx: Duration::from_millis(10),
        idle_tx: Duration::from_secs(1),
        multiplier: 5,
        passive: false,
        ttl: 0,
        max_hops: 0,
        weight: 0,
        weight_reverse: false,
        vrrp: false,
        checker: false,
    };
    if w.servers.bfd.iter().any(|other| other.name == name.text) {
        let message = format!("`bfd_instance {}` already exists", name.text);
        w.report.warn("duplicate-name", name.at, message, "skips the block", "write another name");
        return;
    }
    if name.text.len() > LONGEST {
        let message = format!("the name has more than {LONGEST} characters");
        w.report.warn("name-too-long", name.at, message, "skips the block", "write a shorter one");
        return;
    }
    let mut neighbor = None;
    let mut bad_neighbor = false;
    for (keyword, line) in super::inside(w, Scope::Bfd, s) {
        match keyword {
            "neighbor_ip" | "neighbour_ip" => {
                neighbor = read_neighbor(w, line);
                bad_neighbor |= neighbor.is_none();
                if bad_neighbor {
                    return;
                }
            }
            _ => word(w.report, &mut bfd, keyword, line),
        }
    }
    let Some(neighbor) = neighbor else {
        let message = format!("`bfd_instance {}` has no `neighbor_ip`", name.text);
        w.report.warn("missing-keyword", name.at, message, SKIPPED, "add `neighbor_ip`");
        return;
    };
    bfd.neighbor = neighbor;
    finish(w, s, bfd);
}

fn read_neighbor(w: &mut Walker<'_>, line: &Statement) -> Option<IpAddr> {
    let Some(word) = line.arguments().first() else {
        let message = "`neighbor_ip` lacks its value";
        w.report.error("missing-argument", line.keyword().at, message, "crashes", "add the address");
        return None;
    };
    let read = word.text.parse::<IpAddr>().ok();
    let taken = read.is_some_and(|ip| w.servers.bfd.iter().any(|other| other.neighbor == ip));
    let message = match read {
        None => format!("`{}` is not an address", word.text),
        Some(_) if taken => format!("another instance already has the neighbour {}", word.text),
        ok => return ok,
    };
    w.report.warn("invalid-address", word.at, message, SKIPPED, "write the neighbour's address");
    None
}

fn word(report: &mut Report, bfd: &mut BfdInstance, keyword: &str, line: &Statement) {
    let small = |report: &mut Report| whole(report, line, 1..=255, Trailing::Refused).map(|n| n as u8);
    match keyword {
        "source_ip" => match line.arguments()[0].text.parse() {
            Ok(ip) => bfd.source = Some(ip),
            Err(_) => {
                let message = format!("`{}` is not an address", line.arguments()[0].text);
                report.warn("invalid-address", line.arguments()[0].at, message, IGNORED, "");
            }
        },
        "min_rx" => bfd.min_rx = interval(report, line, 1).unwrap_or(bfd.min_rx),
        "min_tx" => bfd.min_tx = interval(report, line, 1).unwrap_or(bfd.min_tx),
        "idle_tx" => bfd.idle_tx = interval(report, line, 1000).unwrap_or(bfd.idle_tx),
        "multiplier" => bfd.multiplier = small(report).unwrap_or(bfd.multiplier),
        "passive" => bfd.passive = true,
        "ttl" | "hoplimit" => bfd.ttl = small(report).unwrap_or(bfd.ttl),
        "max_hops" => bfd.max_hops = signed(report, line, -1, 255).unwrap_or(bfd.max_hops),
        "weight" => {
            bfd.weight = signed(report, line, -253, 253).unwrap_or(bfd.weight);
            match line.arguments().get(1) {
                Some(word) if word.text == "reverse" => bfd.weight_reverse = true,
                Some(word) => {
                    let message = format!("`{}` is not an option of a weight", word.text);
                    report.warn("unknown-option", word.at, message, "ignores this word", "write `reverse`");
                }
                None => {}
            }
        }
        "vrrp" => bfd.vrrp = true,
        _ => bfd.checker = true,
    }
}

/// Milliseconds with decimals.
fn interval(report: &mut Report, s: &Statement, least: u64) -> Option<Duration> {
    let word = &s.arguments()[0];
    let read = decimal(&word.text).map(|(thousandths, _)| thousandths / 1000);
    match read {
        Ok(us) if (least * 1000..=MOST_MS * 1000).contains(&us) => Some(Duration::from_micros(us)),
        bad => {
            let bad = bad.err().unwrap_or(Bad::Range);
            let wanted = format!("milliseconds from {least} to {MOST_MS}");
            bad_number(report, &s.keyword().text, word, bad, &wanted, IGNORED);
            None
        }
    }
}

fn signed(report: &mut Report, s: &Statement, least: i16, most: i16) -> Option<i16> {
    let word = &s.arguments()[0];
    let bad = match word.text.parse::<i64>() {
        Ok(n) if (i64::from(least)..=i64::from(most)).contains(&n) => return Some(n as i16),
        Ok(_) => Bad::Range,
        Err(_) => Bad::Form,
    };
    let wanted = format!("a whole number from {least} to {most}");
    bad_number(report, &s.keyword().text, word, bad, &wanted, IGNORED);
    None
}

/// What depends on several lines.
fn finish(w: &mut Walker<'_>, s: &Statement, mut bfd: BfdInstance) {
    let name = s.arguments()[0].at;
    if bfd.source.is_some_and(|source| source.is_ipv4() != bfd.neighbor.is_ipv4()) {
        let message = "`source_ip` and `neighbor_ip` are of two families";
        w.report.warn("family-mismatch", name, message, SKIPPED, "");
        return;
    }
    if bfd.ttl == 0 {
        bfd.ttl = if bfd.neighbor.is_ipv4() { 255 } else { 64 };
    }
    if bfd.max_hops == -1 || bfd.max_hops > i16::from(bfd.ttl) {
        if bfd.max_hops > i16::from(bfd.ttl) || bfd.ttl < 255 {
            let message = "`max_hops` is above the TTL";
            w.report.warn("number-out-of-range", name, message, format!("takes {}", bfd.ttl), "");
        }
        bfd.max_hops = bfd.ttl.into();
    }
    if !bfd.vrrp && !bfd.checker {
        (bfd.vrrp, bfd.checker) = (true, true);
    }
    let weight = Weight { value: bfd.weight, reverse: bfd.weight_reverse };
    w.known.bfds.insert(bfd.name.clone(), weight);
    w.servers.bfd.push(bfd);
}
