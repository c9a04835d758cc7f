//! `virtual_server_group`: addresses, ranges, prefixes and firewall marks that one virtual server serves.

use std::net::{IpAddr, Ipv6Addr};

use super::super::lex::Word;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::values::{bad_number, unsigned};
use super::super::walk::Walker;
use super::model::{Family, GroupEntry, ServerGroup};
use super::values::address_port;

const SKIPPED: &str = "skips the line";

pub(super) fn read(w: &mut Walker<'_>, s: &Statement) {
    let [name, extra @ ..] = s.arguments() else { return };
    if let Some(extra) = extra.first() {
        let message = "`virtual_server_group` takes one name";
        w.report.error(
            "extra-words",
            extra.at,
            message,
            "stops at this line",
            "remove what is behind the name",
        );
        return;
    }
    let mut entries = Vec::new();
    for line in s.block.iter().flatten() {
        entries.extend(entry(w.report, line));
    }
    entries.sort_by_key(|entry| matches!(entry, GroupEntry::Mark(..)));
    let group = ServerGroup { name: name.text.clone(), entries };
    if check(w.report, name, &group) {
        w.servers.groups.push(group);
    }
}

/// Whether the daemon keeps a group.
fn check(report: &mut Report, name: &Word, group: &ServerGroup) -> bool {
    let addresses = |wanted: Family| {
        group.entries.iter().any(|e| matches!(e, GroupEntry::Addresses(a, ..) if Family::of(*a) == wanted))
    };
    let of = |family: Family| {
        addresses(family)
            || group.entries.iter().any(|e| matches!(e, GroupEntry::Mark(_, Some(f)) if *f == family))
    };
    let open = group.entries.iter().any(|e| matches!(e, GroupEntry::Mark(_, None)));
    let (message, help) = if group.entries.is_empty() {
        (format!("`virtual_server_group {}` has no usable line", name.text), "add an address and port")
    } else if open && of(Family::V4) && of(Family::V6) {
        let message = format!("group `{}` has both families and a mark that belongs to none", name.text);
        (message, "write `inet` or `inet6` behind the mark")
    } else {
        return true;
    };
    report.warn("unusable-group", name.at, message, "removes the group", help);
    false
}

fn entry(report: &mut Report, line: &Statement) -> Option<GroupEntry> {
    if line.keyword().text == "fwmark" {
        return mark(report, line);
    }
    let word = line.keyword();
    let split = word.text.find(['-', '/']).unwrap_or(word.text.len());
    let mut words = line.words.clone();
    words[0].text.truncate(split);
    let (first, port) = address_port(report, &words, "a group", SKIPPED)?;
    let rest = &word.text[split..];
    let last = match rest.chars().next() {
        Some('-') => range(report, word, first, &rest[1..]),
        Some(_) => prefix(report, word, first, &rest[1..]),
        None => Some(first),
    };
    Some(GroupEntry::Addresses(first, last?, port))
}

fn mark(report: &mut Report, line: &Statement) -> Option<GroupEntry> {
    let Some(word) = line.arguments().first() else {
        let message = "`fwmark` lacks its value";
        report.error("missing-argument", line.keyword().at, message, "stops at this line", "add the mark");
        return None;
    };
    let mark = unsigned(&word.text, &(0..=u32::MAX)).map_err(|bad| {
        bad_number(report, "fwmark", word, bad, "a whole number from 0 to 4294967295", SKIPPED)
    });
    let family = match line.arguments().get(1) {
        None => None,
        Some(word) if word.text == "inet" => Some(Family::V4),
        Some(word) if word.text == "inet6" => Some(Family::V6),
        Some(word) => {
            let message = format!("`{}` is not an address family", word.text);
            report.warn("unknown-word", word.at, message, SKIPPED, "write `inet` or `inet6`");
            return None;
        }
    };
    mark.ok().map(|mark| GroupEntry::Mark(mark, family))
}

/// The end of a range: a whole address or what replaces the last part of the first.
fn range(report: &mut Report, word: &Word, first: IpAddr, end: &str) -> Option<IpAddr> {
    let mut bad = |message: String| {
        report.warn("invalid-range", word.at, message, SKIPPED, "write FIRST-LAST, as in 10.0.0.1-9");
        None
    };
    if let Ok(last) = end.parse::<IpAddr>() {
        return match last.is_ipv4() == first.is_ipv4() {
            false => bad(format!("`{}` has two families", word.text)),
            true if last < first => bad(format!("`{}` ends before it starts", word.text)),
            true => Some(last),
        };
    }
    let (read, least, most) = match first {
        IpAddr::V4(v4) => (end.parse::<u32>().ok(), u32::from(v4.octets()[3]), 255),
        IpAddr::V6(v6) => (u32::from_str_radix(end, 16).ok(), u32::from(v6.segments()[7]), 65535),
    };
    match (read.filter(|n| *n <= most), first) {
        (None, _) => bad(format!("`{end}` is not the end of a range")),
        (Some(n), _) if n <= least => bad(format!("`{}` ends before it starts", word.text)),
        (Some(n), IpAddr::V4(v4)) => Some(IpAddr::V4((u32::from(v4) - least + n).into())),
        (Some(n), IpAddr::V6(v6)) => {
            let base = u128::from(v6) - u128::from(least);
            Some(IpAddr::V6(Ipv6Addr::from(base + u128::from(n))))
        }
    }
}

/// The last address of a prefix.
fn prefix(report: &mut Report, word: &Word, first: IpAddr, length: &str) -> Option<IpAddr> {
    let most = if first.is_ipv4() { 32 } else { 128 };
    let Ok(length) = unsigned(length, &(0..=most)) else {
        let message = format!("`{}` has no prefix length up to {most}", word.text);
        report.warn("number-out-of-range", word.at, message, SKIPPED, "");
        return None;
    };
    let host = most - length;
    let mask = if host == 128 { u128::MAX } else { (1u128 << host) - 1 };
    let (bits, last) = match first {
        IpAddr::V4(v4) => {
            let bits = u128::from(u32::from(v4));
            (bits, IpAddr::V4(((bits | mask) as u32).into()))
        }
        IpAddr::V6(v6) => (u128::from(v6), IpAddr::V6((u128::from(v6) | mask).into())),
    };
    if bits & mask != 0 {
        let message = format!("`{}` has bits behind its prefix", word.text);
        report.warn("invalid-address", word.at, message, SKIPPED, "write the first address of the network");
        return None;
    }
    Some(last)
}
