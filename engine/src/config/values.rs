//! Numbers, times, switches and addresses as keepalived reads them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use super::lex::Word;
use super::report::Report;
use super::tree::Statement;
use crate::time::Duration;

/// Why a word is not the number that is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bad {
    /// No number at all.
    Form,
    /// Below zero.
    Negative,
    /// Too small or too large.
    Range,
}

/// Reads a whole number; a leading `+` is fine.
pub(super) fn unsigned(text: &str, range: &RangeInclusive<u32>) -> Result<u32, Bad> {
    // The empty word `""` is 0 to the daemon.
    let digits = if text.is_empty() { "0" } else { text.strip_prefix('+').unwrap_or(text) };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let negative =
            digits.strip_prefix('-').is_some_and(|d| d.bytes().next().is_some_and(|b| b.is_ascii_digit()));
        return Err(if negative { Bad::Negative } else { Bad::Form });
    }
    digits.parse().ok().filter(|n| range.contains(n)).ok_or(Bad::Range)
}

/// Reads seconds with decimals as microseconds. What is finer is rounded; the flag says so.
pub(super) fn decimal(text: &str) -> Result<(u64, bool), Bad> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let good = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !good(whole) || !good(fraction) {
        let negative =
            digits.starts_with('-') && digits[1..].bytes().next().is_some_and(|b| b.is_ascii_digit());
        return Err(if negative { Bad::Negative } else { Bad::Form });
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| Bad::Range)? };
    let digit = |i: usize| u64::from(fraction.as_bytes().get(i).map_or(0, |b| b - b'0'));
    let micros = (0..6).fold(0, |sum, i| sum * 10 + digit(i)) + u64::from(digit(6) >= 5);
    let total = whole.checked_mul(1_000_000).and_then(|us| us.checked_add(micros)).ok_or(Bad::Range)?;
    Ok((total, fraction.len() > 6))
}

/// Complains about a word that is not the number that is wanted; the number of the finding.
pub(super) fn bad_number(
    report: &mut Report,
    keyword: &str,
    word: &Word,
    bad: Bad,
    range: &str,
    daemon: &str,
) -> usize {
    let (code, what) = match bad {
        Bad::Form => ("invalid-number", "is not a number"),
        Bad::Negative => ("number-out-of-range", "is negative"),
        Bad::Range => ("number-out-of-range", "is out of range"),
    };
    let message = format!("`{}` for `{keyword}` {what}", word.text);
    report.warn(code, word.at, message, daemon, format!("write {range}"))
}

/// The whole number that is a statement's first argument.
pub(super) fn number(
    report: &mut Report,
    s: &Statement,
    range: RangeInclusive<u32>,
    daemon: &str,
) -> Option<u32> {
    let word = &s.arguments()[0];
    let wanted = format!("a whole number from {} to {}", range.start(), range.end());
    unsigned(&word.text, &range)
        .map_err(|bad| bad_number(report, &s.keyword().text, word, bad, &wanted, daemon))
        .ok()
}

/// Reads a whole number with a sign.
pub(super) fn integer(text: &str, range: &RangeInclusive<i64>) -> Result<i64, Bad> {
    let text = if text.is_empty() { "0" } else { text };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Bad::Form);
    }
    let number = text.parse().ok().filter(|n| range.contains(n));
    number.ok_or(if text.starts_with('-') && *range.start() >= 0 { Bad::Negative } else { Bad::Range })
}

/// The number with a sign that is a word behind a keyword or option.
pub(super) fn signed(
    report: &mut Report,
    name: &str,
    word: &Word,
    range: RangeInclusive<i64>,
    daemon: &str,
) -> Option<i64> {
    let wanted = format!("a whole number from {} to {}", range.start(), range.end());
    integer(&word.text, &range).map_err(|bad| bad_number(report, name, word, bad, &wanted, daemon)).ok()
}

/// Words that the daemon does not look at, where it complains about them.
pub(super) fn surplus(report: &mut Report, s: &Statement, most: usize) {
    if let Some(word) = s.arguments().get(most) {
        let message = format!("`{}` takes no `{}`", s.keyword().text, word.text);
        report.warn("extra-words", word.at, message, "ignores it", "remove it");
    }
}

/// The same where the daemon complains and still takes the digits in front of what is no number, or 0.
pub(super) fn lenient(report: &mut Report, s: &Statement, range: RangeInclusive<u32>) -> Option<u32> {
    let word = &s.arguments()[0];
    let bad = match unsigned(&word.text, &range) {
        Ok(n) => return Some(n),
        Err(bad) => bad,
    };
    let used = digits_in_front(&word.text).filter(|n| bad == Bad::Form && range.contains(n));
    let daemon = used.map_or("ignores the line".to_string(), |n| format!("complains and takes {n}"));
    let wanted = format!("a whole number from {} to {}", range.start(), range.end());
    bad_number(report, &s.keyword().text, word, bad, &wanted, &daemon);
    used
}

/// What the daemon makes of a word that is no number.
fn digits_in_front(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { Some(0) } else { text[..digits].parse().ok() }
}

/// The seconds that are a statement's first argument, between two numbers of microseconds.
pub(super) fn seconds(
    report: &mut Report,
    s: &Statement,
    micros: RangeInclusive<u64>,
    daemon: &str,
) -> Option<Duration> {
    seconds_of(report, &s.keyword().text, &s.arguments()[0], micros, daemon)
}

/// The seconds that are a word behind a keyword.
pub(super) fn seconds_of(
    report: &mut Report,
    keyword: &str,
    word: &Word,
    micros: RangeInclusive<u64>,
    daemon: &str,
) -> Option<Duration> {
    let shown = |us: u64| Duration::from_micros(us).to_string();
    let wanted = format!("seconds from {} to {}", shown(*micros.start()), shown(*micros.end()));
    let read = decimal(&word.text)
        .and_then(|(us, fine)| if micros.contains(&us) { Ok((us, fine)) } else { Err(Bad::Range) });
    match read {
        Ok((us, fine)) => {
            if fine {
                let message = format!("`{}` has more than six decimals", word.text);
                report.warn("too-many-decimals", word.at, message, "rounds it to microseconds", "");
            }
            Some(Duration::from_micros(us))
        }
        Err(bad) => {
            bad_number(report, keyword, word, bad, &wanted, daemon);
            None
        }
    }
}

/// The same where the daemon complains and still takes the digits in front of what is no number, but as
/// microseconds.
pub(super) fn lenient_seconds(
    report: &mut Report,
    keyword: &str,
    word: &Word,
    micros: RangeInclusive<u64>,
    ignored: &str,
) -> Option<Duration> {
    let used = match decimal(&word.text) {
        Err(Bad::Form) => digits_in_front(&word.text).map(u64::from).filter(|us| micros.contains(us)),
        _ => None,
    };
    let used = used.map(Duration::from_micros);
    let daemon = used.map_or(ignored.to_string(), |time| format!("complains and takes {time}"));
    seconds_of(report, keyword, word, micros, &daemon).or(used)
}

/// A switch: without argument it is on. `None` after complaining about another word.
pub(super) fn switch(report: &mut Report, s: &Statement) -> Option<bool> {
    match s.arguments().first() {
        None => Some(true),
        Some(word) => match word.text.as_str() {
            "true" | "on" | "yes" => Some(true),
            "false" | "off" | "no" => Some(false),
            text => {
                let message = format!("`{text}` for `{}` is neither true nor false", s.keyword().text);
                report.warn(
                    "invalid-switch",
                    word.at,
                    message,
                    "ignores the line",
                    "write `true` or `false`",
                );
                None
            }
        },
    }
}

/// The IPv6 multicast address that is a statement's first argument.
pub(super) fn group6(report: &mut Report, s: &Statement) -> Option<Ipv6Addr> {
    let word = &s.arguments()[0];
    let group = word.text.parse().ok().filter(Ipv6Addr::is_multicast);
    if group.is_none() {
        let message = format!("`{}` is not an IPv6 multicast address", word.text);
        report.warn("invalid-address", word.at, message, "ignores the line", "write one from ff00::/8");
    }
    group
}

/// The IPv4 multicast address that is a statement's first argument.
pub(super) fn group4(report: &mut Report, s: &Statement) -> Option<Ipv4Addr> {
    let word = &s.arguments()[0];
    let group = word.text.parse().ok().filter(Ipv4Addr::is_multicast);
    if group.is_none() {
        let message = format!("`{}` is not an IPv4 multicast address", word.text);
        report.warn("invalid-address", word.at, message, "ignores the line", "write one from 224.0.0.0/4");
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        let byte = |text| unsigned(text, &(1..=255));
        assert_eq!((byte("7"), byte("+7"), byte("007"), byte("255")), (Ok(7), Ok(7), Ok(7), Ok(255)));
        assert_eq!(
            (byte("0"), byte("256"), byte("99999999999")),
            (Err(Bad::Range), Err(Bad::Range), Err(Bad::Range))
        );
        assert_eq!(
            (byte("-1"), byte("0x64"), byte("1.5"), byte("")),
            (Err(Bad::Negative), Err(Bad::Form), Err(Bad::Form), Err(Bad::Range))
        );
    }

    #[test]
    fn decimals_are_microseconds() {
        assert_eq!(
            (decimal("1"), decimal(".5"), decimal("1.")),
            (Ok((1_000_000, false)), Ok((500_000, false)), Ok((1_000_000, false)))
        );
        assert_eq!(
            (decimal("1.0000006"), decimal("2.0000004")),
            (Ok((1_000_001, true)), Ok((2_000_000, true)))
        );
        assert_eq!(
            (decimal("-1"), decimal("."), decimal("1s")),
            (Err(Bad::Negative), Ok((0, false)), Err(Bad::Form))
        );
    }
}
