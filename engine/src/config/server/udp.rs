//! `UDP_CHECK`: sends a datagram and may want a reply.

use super::super::keywords::Scope;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::walk::Walker;
use super::checker::Common;
use super::model::{CheckerKind, Udp};
use super::values::{IGNORED, Trailing, whole};

pub(super) fn read(w: &mut Walker<'_>, s: &Statement, common: &mut Common) -> CheckerKind {
    let mut udp = Udp { max_reply_length: 255, ..Udp::default() };
    for (name, line) in super::inside(w, Scope::UdpCheck, s) {
        let length =
            |report: &mut Report| whole(report, line, 0..=65535, Trailing::Refused).map(|n| n as u16);
        match name {
            "payload" => {
                if let Some(bytes) = hex(w.report, line, false) {
                    udp.payload = Some(bytes.into_iter().map(|(byte, _)| byte).collect());
                }
            }
            "require_reply" => {
                udp.require_reply = true;
                if !line.arguments().is_empty() {
                    udp.reply = hex(w.report, line, true).unwrap_or_default();
                }
            }
            "min_reply_length" => udp.min_reply_length = length(w.report).unwrap_or(udp.min_reply_length),
            "max_reply_length" => udp.max_reply_length = length(w.report).unwrap_or(udp.max_reply_length),
            _ => {
                common.read(w.report, name, line);
            }
        }
    }
    if udp.min_reply_length > udp.max_reply_length {
        let message =
            format!("a reply of {} to {} bytes is impossible", udp.min_reply_length, udp.max_reply_length);
        w.report.warn("impossible-length", s.keyword().at, message, "finds the server down for ever", "");
    }
    CheckerKind::Udp(udp)
}

/// Hexadecimal digits, in pairs from the left; a pattern's `x` matches everything. Blanks may stand between bytes.
fn hex(report: &mut Report, s: &Statement, pattern: bool) -> Option<Vec<(u8, u8)>> {
    let place = s.arguments().first().unwrap_or(s.keyword()).at;
    let groups: Vec<_> = s.arguments().iter().flat_map(|word| word.text.split_ascii_whitespace()).collect();
    let read = (!groups.is_empty()).then_some(groups).and_then(|groups| {
        let mut out = Vec::new();
        for group in groups {
            let digits: Vec<char> = group.chars().collect();
            for pair in digits.chunks(2) {
                let mut byte = (0u8, 0u8);
                for digit in pair {
                    let (value, mask) = match digit.to_digit(16) {
                        Some(value) => (value as u8, 15),
                        None if pattern && matches!(digit, 'x' | 'X') => (0, 0),
                        None => return None,
                    };
                    byte = (byte.0 << 4 | value, byte.1 << 4 | mask);
                }
                out.push(byte);
            }
        }
        Some(out)
    });
    if read.is_none() {
        let message = format!("`{}` needs hexadecimal digits", s.keyword().text);
        report.warn("invalid-hex", place, message, IGNORED, "write bytes as in `0a1b2c`, without 0x");
    }
    read
}
