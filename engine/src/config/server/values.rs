//! Numbers, times, ports and words as this half of keepalived reads them.
//!
//! The checker process is more forgiving than `keepalived -t`: with letters behind the digits most keywords take
//! the digits, and a time then loses its point and counts microseconds (`1x` is a microsecond, `5.5x` are 55).

use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::super::lex::{Word, command_words};
use super::super::model::Command;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::values::{Bad, bad_number, decimal, unsigned};
use crate::finding::did_you_mean;
use crate::time::Duration;

pub(super) const IGNORED: &str = "ignores the line";

/// Times of any length.
pub(super) const ANY: RangeInclusive<u64> = 0..=u64::MAX - 1;
/// Times that must not be zero.
pub(super) const SOME: RangeInclusive<u64> = 1..=u64::MAX - 1;
/// Times that the daemon keeps in 32 bits of microseconds.
pub(super) const TIMEOUT: RangeInclusive<u64> = 1..=u32::MAX as u64;

/// What the daemon does with letters behind the digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trailing {
    Refused,
    Dropped,
}

/// The whole number that is a statement's first argument.
pub(super) fn whole(
    report: &mut Report,
    s: &Statement,
    range: RangeInclusive<u32>,
    trailing: Trailing,
) -> Option<u32> {
    whole_or(report, s, range, trailing, IGNORED)
}

/// The same with another consequence than that the line is ignored.
pub(super) fn whole_or(
    report: &mut Report,
    s: &Statement,
    range: RangeInclusive<u32>,
    trailing: Trailing,
    daemon: &str,
) -> Option<u32> {
    let word = &s.arguments()[0];
    let bad = match unsigned(word.text.trim_start(), &range) {
        Ok(n) => return Some(n),
        Err(bad) => bad,
    };
    let digits: String = word.text.chars().take_while(char::is_ascii_digit).collect();
    let read = if digits.is_empty() { Some(0) } else { digits.parse().ok() };
    let used = read.filter(|n| range.contains(n) && bad == Bad::Form && trailing == Trailing::Dropped);
    let daemon = used.map_or(daemon.to_string(), |n| format!("complains and takes {n}"));
    let wanted = format!("a whole number from {} to {}", range.start(), range.end());
    bad_number(report, &s.keyword().text, word, bad, &wanted, &daemon);
    used
}

/// The seconds that are a statement's first argument, between two numbers of microseconds.
pub(super) fn seconds(report: &mut Report, s: &Statement, micros: RangeInclusive<u64>) -> Option<Duration> {
    let word = &s.arguments()[0];
    let bad = match decimal(word.text.trim_start()) {
        Ok((us, fine)) if micros.contains(&us) => {
            if fine {
                let message = format!("`{}` has more than six decimals", word.text);
                report.warn("too-many-decimals", word.at, message, "rounds it to microseconds", "");
            }
            return Some(Duration::from_micros(us));
        }
        Ok(_) => Bad::Range,
        Err(bad) => bad,
    };
    let used = (bad == Bad::Form).then(|| leading_micros(&word.text)).flatten();
    let used = used.filter(|us| micros.contains(us));
    let daemon = used.map_or(IGNORED.to_string(), |us| format!("complains and takes {us} microseconds"));
    let least = Duration::from_micros(*micros.start());
    let wanted = match *micros.end() {
        end if end < ANY.end() - 1 => format!("seconds from {least} to {}", Duration::from_micros(end)),
        _ => format!("seconds from {least}"),
    };
    bad_number(report, &s.keyword().text, word, bad, &wanted, &daemon);
    used.map(Duration::from_micros)
}

/// The digits in front of whatever is wrong, with the point left out.
fn leading_micros(text: &str) -> Option<u64> {
    let mut points = 0;
    let number = text.chars().take_while(|c| {
        points += usize::from(*c == '.');
        c.is_ascii_digit() || (*c == '.' && points == 1)
    });
    let digits: String = number.filter(char::is_ascii_digit).collect();
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

/// A switch that may be said without a word; complains about others than true and false.
pub(super) fn switch(report: &mut Report, s: &Statement) -> Option<bool> {
    super::super::values::switch(report, s)
}

/// A word without which the daemon complains and goes on.
pub(super) fn first_word(report: &mut Report, s: &Statement) -> Option<String> {
    let word = s.arguments().first().map(|word| word.text.clone());
    if word.is_none() {
        let message = format!("`{}` has no value", s.keyword().text);
        report.warn("missing-value", s.keyword().at, message, IGNORED, "add the value");
    }
    word
}

/// Exactly one word.
pub(super) fn only_word(report: &mut Report, s: &Statement) -> Option<String> {
    if let [_, extra, ..] = s.arguments() {
        let message = format!("`{}` takes one word", s.keyword().text);
        report.warn("extra-words", extra.at, message, IGNORED, "put the words in quotes");
        return None;
    }
    first_word(report, s)
}

/// An address with the port behind it, as servers are named; port 0 is none.
pub(super) fn address_port(
    report: &mut Report,
    words: &[Word],
    what: &str,
    daemon: &str,
) -> Option<(IpAddr, u16)> {
    let word = &words[0];
    let port = match words.get(1) {
        None => Some(0),
        Some(port) => match unsigned(&port.text, &(0..=65535)) {
            Ok(n) => Some(n as u16),
            Err(bad) => {
                bad_number(report, "the port", port, bad, "a port from 1 to 65535", daemon);
                None
            }
        },
    };
    match address(&word.text) {
        Some(address) => port.map(|port| (address, port)),
        None => {
            if port.is_some() {
                let message = format!("`{}` is not an address of {what}", word.text);
                let help = match word.text.rsplit_once(':') {
                    Some((host, port)) if !host.contains(':') => format!("write `{host} {port}`"),
                    _ => "write ADDRESS PORT, as in 192.168.10.1 80".to_string(),
                };
                report.warn("invalid-address", word.at, message, daemon, help);
            }
            None
        }
    }
}

/// An address, of which the daemon overlooks a prefix length.
fn address(text: &str) -> Option<IpAddr> {
    text.split('/').next().unwrap_or_default().parse().ok()
}

/// One of a list of words.
pub(super) fn one_of(
    report: &mut Report,
    s: &Statement,
    known: &[&'static str],
    what: &str,
    ignore_case: bool,
) -> Option<&'static str> {
    let word = &s.arguments()[0];
    let found =
        known.iter().find(|k| **k == word.text || (ignore_case && k.eq_ignore_ascii_case(&word.text)));
    if found.is_none() {
        let message = format!("`{}` is not {what}", word.text);
        let close = known.iter().find(|k| k.eq_ignore_ascii_case(&word.text)).copied();
        let help = match close.or_else(|| did_you_mean(&word.text, known.iter().copied())) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write one of {}", known.join(", ")),
        };
        report.warn("unknown-word", word.at, message, IGNORED, help);
    }
    found.copied()
}

/// A script with the user behind it. The first one counts.
pub(super) fn script(report: &mut Report, slot: &mut Option<Command>, s: &Statement) {
    let name = &s.keyword().text;
    let mut words = command_words(&s.rest()).into_iter();
    let argv = command_words(&words.next().unwrap_or_default());
    if slot.is_some() {
        let message = format!("`{name}` was already given");
        report.warn("repeated-keyword", s.all, message, "keeps the first", "call both from one script");
    } else if argv.is_empty() {
        report.warn("missing-value", s.all, format!("`{name}` has an empty command"), IGNORED, "");
    } else {
        *slot = Some(Command { argv, user: words.next().map(|user| (user, words.next())) });
    }
}
