//! `HTTP_GET` and `SSL_GET`: fetch pages and look at what comes.

use super::super::keywords::Scope;
use super::super::lex::Word;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::values::unsigned;
use super::super::walk::Walker;
use super::checker::Common;
use super::model::{CheckerKind, Http, Regex, Url};
use super::values::{IGNORED, Trailing, first_word, switch, whole};

/// The range of status codes, and those that are good if none is given.
const CODES: std::ops::RangeInclusive<u32> = 100..=599;
const GOOD: (u16, u16) = (200, 299);

pub(super) fn read(w: &mut Walker<'_>, s: &Statement, common: &mut Common, tls: bool) -> Option<CheckerKind> {
    let mut http = Http { tls, protocol: "1.0", ..Http::default() };
    for (name, line) in super::inside(w, Scope::HttpGet, s) {
        match name {
            "url" => http.urls.extend(url(w, line)),
            "virtualhost" => http.virtualhost = first_word(w.report, line).or(http.virtualhost),
            "fast_recovery" => http.fast_recovery = switch(w.report, line).unwrap_or(http.fast_recovery),
            "enable_sni" => http.enable_sni = switch(w.report, line).unwrap_or(http.enable_sni),
            "http_protocol" => http.protocol = protocol(w.report, line).unwrap_or(http.protocol),
            "nb_get_retry" => {
                let message = "`nb_get_retry` is an old name";
                w.report.warn(
                    "deprecated",
                    line.keyword().at,
                    message,
                    "complains and takes it",
                    "write `retry`",
                );
                let read = whole(w.report, line, 0..=u32::MAX, Trailing::Dropped);
                common.timing.retry = read.or(common.timing.retry);
            }
            _ => {
                common.read(w.report, name, line);
            }
        }
    }
    if http.urls.is_empty() {
        let message = format!("`{}` has no usable `url`", s.keyword().text);
        w.report.error(
            "missing-keyword",
            s.keyword().at,
            message,
            "crashes",
            "add `url { path / }` in lines of its own",
        );
        return None;
    }
    Some(CheckerKind::Http(http))
}

fn protocol(report: &mut Report, s: &Statement) -> Option<&'static str> {
    let word = first_word(report, s)?;
    match word.as_str() {
        "1.0" => Some("1.0"),
        "1.0c" | "1.0C" => Some("1.0C"),
        "1.1" => Some("1.1"),
        _ => {
            let message = format!("`{word}` is not a version of HTTP");
            let help = "write 1.0, 1.0C (with Connection: close) or 1.1";
            report.warn("unknown-word", s.arguments()[0].at, message, IGNORED, help);
            None
        }
    }
}

fn url(w: &mut Walker<'_>, s: &Statement) -> Option<Url> {
    let (mut url, mut codes, mut regex) = (Url::default(), Vec::new(), Regex::default());
    for (name, line) in super::inside(w, Scope::Url, s) {
        match name {
            "path" => url.path.clone_from(&line.arguments()[0].text),
            "digest" => digest(w.report, &mut url, &line.arguments()[0]),
            "status_code" => codes.extend(line.arguments().iter().filter_map(|word| code(w.report, word))),
            "virtualhost" => url.virtualhost = first_word(w.report, line).or(url.virtualhost),
            _ => pattern(w.report, &mut regex, name, line),
        }
    }
    if url.path.is_empty() {
        let message = "`url` has no `path`";
        w.report.warn("missing-keyword", s.keyword().at, message, "skips it", "add `path /`");
        return None;
    }
    if codes.is_empty() {
        codes.push(GOOD);
    }
    url.status_codes = merged(codes);
    url.regex = (!regex.pattern.is_empty()).then_some(regex);
    Some(url)
}

fn digest(report: &mut Report, url: &mut Url, word: &Word) {
    let message = if url.digest.is_some() {
        "`digest` was already given".to_string()
    } else if word.text.len() != 32 {
        format!("a digest has 32 digits, this one {}", word.text.len())
    } else {
        let byte = |i| word.text.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (0..32).step_by(2).map(byte).collect::<Option<Vec<_>>>() {
            Some(bytes) => {
                url.digest = bytes.try_into().ok();
                return;
            }
            None => format!("`{}` has digits that are not hexadecimal", word.text),
        }
    };
    report.warn("invalid-digest", word.at, message, IGNORED, "write what `keepalived --genhash` prints");
}

/// A status code or a range of them.
fn code(report: &mut Report, word: &Word) -> Option<(u16, u16)> {
    let (first, last) = word.text.split_once('-').unwrap_or((&word.text, &word.text));
    let read = |text| unsigned(text, &CODES).ok().map(|n| n as u16);
    let range = read(first).zip(read(last)).filter(|(first, last)| first <= last);
    if range.is_none() {
        let message = format!("`{}` is not a status code from 100 to 599, or two of them", word.text);
        report.warn(
            "invalid-status-code",
            word.at,
            message,
            "ignores this word",
            "write as in `200-299 301`",
        );
    }
    range
}

/// The ranges in order, with those that touch made one.
fn merged(mut codes: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    codes.sort_unstable();
    let mut out: Vec<(u16, u16)> = Vec::new();
    for (first, last) in codes {
        match out.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => out.push((first, last)),
        }
    }
    out
}

/// The words of a regular expression; patterns are not compiled here.
fn pattern(report: &mut Report, regex: &mut Regex, name: &str, s: &Statement) {
    let number = |i: usize| s.arguments().get(i).and_then(|word| unsigned(&word.text, &(0..=u32::MAX)).ok());
    match name {
        "regex" => regex.pattern = first_word(report, s).unwrap_or_default(),
        "regex_no_match" => regex.no_match = true,
        "regex_options" => regex.options.extend(s.arguments().iter().map(|word| word.text.clone())),
        "regex_min_offset" => regex.min_offset = number(0).unwrap_or(regex.min_offset),
        "regex_max_offset" => regex.max_offset = number(0).unwrap_or(regex.max_offset),
        _ => regex.stack = number(0).zip(number(1)).or(regex.stack),
    }
}
