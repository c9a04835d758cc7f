//! The text of a scenario with its spans, and the findings about it: typed access to TOML where every refusal
//! says what stands there, what belongs there and what was probably meant.

use std::cell::RefCell;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use vrrplab_engine::finding::{Finding, Place, Severity, did_you_mean};
use vrrplab_engine::time::{Duration, Instant};

/// A value with its span.
pub(super) type Item<'a> = &'a Spanned<DeValue<'a>>;

/// No time in a scenario is longer than ten years: sums of a few stay far from the end of [`Instant`].
pub(super) const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// The text and what there is to say about it. Findings are collected behind a shared reference, so that
/// reading can be written as expressions.
pub(super) struct Page<'a> {
    file: Arc<str>,
    text: &'a str,
    findings: RefCell<Vec<Finding>>,
    /// The lines on which TOML itself is broken, as byte ranges.
    broken: RefCell<Vec<Range<usize>>>,
}

/// A table whose keys are all known.
pub(super) struct Table<'a> {
    map: &'a DeTable<'a>,
    /// Where to say that something is missing.
    pub(super) span: Range<usize>,
    /// What it is, with an article: `a node`.
    what: &'static str,
}

impl<'a> Page<'a> {
    pub(super) fn new(file: Arc<str>, text: &'a str) -> Page<'a> {
        Page { file, text, findings: RefCell::default(), broken: RefCell::default() }
    }

    pub(super) fn file(&self) -> Arc<str> {
        Arc::clone(&self.file)
    }

    pub(super) fn text_at(&self, span: Range<usize>) -> &'a str {
        &self.text[self.clamp(span)]
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        let end = self.clamp(offset..offset).start;
        self.text.as_bytes()[..end].iter().filter(|&&b| b == b'\n').count() + 1
    }

    pub(super) fn error(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.say(Severity::Error, code, span, message, help);
    }

    pub(super) fn warning(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.say(Severity::Warning, code, span, message, help);
    }

    fn say(
        &self,
        severity: Severity,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = Place { file: self.file(), span: self.clamp(span) };
        let finding = Finding::new(severity, code, place, one_line(&message.into()));
        self.findings.borrow_mut().push(finding.help(one_line(&help.into())));
    }

    /// A mistake in the TOML itself.
    pub(super) fn syntax(&self, span: Option<Range<usize>>, message: &str) {
        let span = self.clamp(span.unwrap_or(0..0));
        let start = self.text[..span.start].rfind('\n').map_or(0, |i| i + 1);
        let end = self.text[span.end..].find('\n').map_or(self.text.len(), |i| span.end + i) + 1;
        self.broken.borrow_mut().push(start..end);
        self.error("toml", span, message.trim_end_matches('.'), "");
    }

    /// The findings in the order of the text, each once. Where TOML is broken, what seems to be missing or
    /// unknown may just be unreadable: then only those remain that are about a readable line.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        let mut findings = self.findings.into_inner();
        let broken = self.broken.into_inner();
        // Without a header its keys are in another table.
        let header = broken.iter().any(|b| self.text[b.start..].trim_start().starts_with('['));
        let follows = |f: &Finding| {
            header
                || ["missing-", "empty-", "unknown-n", "unknown-seg", "no-"]
                    .iter()
                    .any(|p| f.code.starts_with(p))
                || broken.iter().any(|b| b.contains(&f.place.span.start))
        };
        findings.retain(|f| broken.is_empty() || f.code == "toml" || !follows(f));
        findings.sort_by_key(|f| (f.place.span.start, f.place.span.end));
        findings.dedup();
        findings
    }

    /// A span inside the text, on character borders.
    fn clamp(&self, span: Range<usize>) -> Range<usize> {
        let border = |mut i: usize| {
            i = i.min(self.text.len());
            while !self.text.is_char_boundary(i) {
                i -= 1;
            }
            i
        };
        let start = border(span.start);
        start..border(span.end).max(start)
    }

    /// The whole document; `None`, with a finding, if nothing stands in it.
    pub(super) fn root(&self, map: &'a DeTable<'a>, keys: &[&str]) -> Option<Table<'a>> {
        if map.is_empty() {
            let help = "a scenario has a title, a duration, a [segment.NAME] and nodes; see README.md";
            self.error("empty-scenario", 0..0, "nothing stands in this scenario", help);
            return None;
        }
        self.known_keys(map, "a scenario", keys);
        Some(Table { map, span: 0..0, what: "a scenario" })
    }

    /// A table with nothing but `keys`.
    pub(super) fn table(&self, item: Item<'a>, what: &'static str, keys: &[&str]) -> Option<Table<'a>> {
        let DeValue::Table(map) = item.get_ref() else {
            self.wrong_type(item, what, "");
            return None;
        };
        self.known_keys(map, what, keys);
        Some(Table { map, span: item.span(), what })
    }

    /// A named table; what it lacks is said at its name.
    pub(super) fn entry(&self, named: &Named<'a>, what: &'static str, keys: &[&str]) -> Option<Table<'a>> {
        let table = self.table(named.item, what, keys)?;
        Some(Table { span: named.span.clone(), ..table })
    }

    fn known_keys(&self, map: &DeTable<'_>, what: &str, keys: &[&str]) {
        for (key, _) in map {
            let word = key.get_ref().as_ref();
            if !keys.contains(&word) {
                let message = format!("{what} has no `{word}`");
                self.error("unknown-key", key.span(), message, suggestion(word, keys));
            }
        }
    }

    /// The entries of a table of named things, in the order of the text (the map has them by name).
    pub(super) fn named(&self, item: Option<Item<'a>>, what: &'static str) -> Vec<Named<'a>> {
        let Some(item) = item else { return Vec::new() };
        let DeValue::Table(map) = item.get_ref() else {
            self.wrong_type(item, what, "");
            return Vec::new();
        };
        let mut named: Vec<_> =
            map.iter().map(|(k, item)| Named { name: k.get_ref().as_ref(), span: k.span(), item }).collect();
        named.sort_by_key(|n| n.span.start);
        named
    }

    pub(super) fn text(&self, item: Item<'a>) -> Option<&'a str> {
        match item.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            _ => {
                self.wrong_type(item, "a text", "write it in quotes");
                None
            }
        }
    }

    pub(super) fn array(&self, item: Item<'a>) -> Option<&'a [Spanned<DeValue<'a>>]> {
        match item.get_ref() {
            DeValue::Array(list) => Some(list.as_ref()),
            _ => {
                self.wrong_type(item, "a list", "write it in [ ]");
                None
            }
        }
    }

    pub(super) fn truth(&self, item: Item<'a>) -> Option<bool> {
        if let DeValue::Boolean(truth) = item.get_ref() {
            return Some(*truth);
        }
        self.wrong_type(item, "true or false", "");
        None
    }

    /// A number that counts something.
    pub(super) fn number(&self, item: Item<'a>) -> Option<u32> {
        let DeValue::Integer(number) = item.get_ref() else {
            self.wrong_type(item, "a whole number", "");
            return None;
        };
        let read = u32::from_str_radix(number.as_str(), number.radix()).ok();
        if read.is_none() {
            self.error("bad-number", item.span(), format!("{number} is not a number of things"), "");
        }
        read
    }

    pub(super) fn flag(&self, item: Item<'a>) -> Option<bool> {
        let DeValue::Boolean(flag) = item.get_ref() else {
            self.wrong_type(item, "true or false", "without quotes");
            return None;
        };
        Some(*flag)
    }

    pub(super) fn time(&self, item: Item<'a>) -> Option<Duration> {
        let text = match item.get_ref() {
            DeValue::String(text) => text,
            DeValue::Integer(n) => {
                self.wrong_type(item, "a time", &format!("write \"{n}s\""));
                return None;
            }
            DeValue::Float(n) => {
                self.wrong_type(item, "a time", &format!("write \"{}s\"", n.as_str()));
                return None;
            }
            _ => {
                self.wrong_type(
                    item,
                    "a time",
                    "a time is a text with a unit: \"3.7s\", \"100ms\", \"50us\"",
                );
                return None;
            }
        };
        match text.parse::<Duration>() {
            Ok(time) if time <= LONGEST => Some(time),
            Ok(_) => {
                self.error("bad-time", item.span(), format!("`{text}` is longer than ten years"), "");
                None
            }
            Err(error) => {
                self.error("bad-time", item.span(), format!("`{text}` is no time"), error.to_string());
                None
            }
        }
    }

    pub(super) fn instant(&self, item: Item<'a>) -> Option<Instant> {
        self.time(item).map(|d| Instant::ZERO + d)
    }

    /// An instant that lies within the run; the end itself belongs to it if `end` says so.
    pub(super) fn instant_within(&self, item: Item<'a>, duration: Duration, end: bool) -> Option<Instant> {
        let at = self.instant(item)?;
        let last = Instant::ZERO + duration;
        if at < last || (at == last && end) {
            return Some(at);
        }
        let message = format!("{} is after the end of the run", self.text_at(item.span()));
        self.error("after-the-end", item.span(), message, format!("the duration is \"{duration}\""));
        None
    }

    pub(super) fn ip(&self, item: Item<'a>) -> Option<IpAddr> {
        let text = self.text(item)?;
        let read = text.parse().ok();
        if read.is_none() {
            let help = match text.split_once('/') {
                Some((address, _)) if address.parse::<IpAddr>().is_ok() => {
                    format!("without the prefix length: \"{address}\"")
                }
                _ => "for example \"192.168.10.240\" or \"fd00:10::240\"".to_string(),
            };
            self.error("bad-address", item.span(), format!("`{text}` is no address"), help);
        }
        read
    }

    fn wrong_type(&self, item: Item<'_>, wanted: &str, help: &str) {
        let (article, found) = match item.get_ref().type_str() {
            t @ ("integer" | "array") => ("an", t),
            t => ("a", t),
        };
        let message = format!("{wanted} belongs here, this is {article} {found}");
        self.error("wrong-type", item.span(), message, help);
    }
}

/// One entry of a table of named things.
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) span: Range<usize>,
    pub(super) item: Item<'a>,
}

impl<'a> Table<'a> {
    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        self.map.get(key)
    }

    /// Where the key stands.
    pub(super) fn key_span(&self, key: &str) -> Range<usize> {
        self.map.get_key_value(key).map_or(self.span.clone(), |(k, _)| k.span())
    }

    /// The value of a key that has no default.
    pub(super) fn need(&self, page: &Page<'_>, key: &str, example: &str) -> Option<Item<'a>> {
        let item = self.get(key);
        if item.is_none() {
            page.error("missing-key", self.span.clone(), format!("{} needs `{key}`", self.what), example);
        }
        item
    }

    /// Which of `keys` are there, in the order of the text.
    pub(super) fn present(&self, keys: &[&'static str]) -> Vec<&'static str> {
        let mut present: Vec<_> = keys.iter().copied().filter(|k| self.map.contains_key(*k)).collect();
        present.sort_by_key(|k| self.key_span(k).start);
        present
    }

    /// Whether there is a key beside `keys`.
    pub(super) fn has_others(&self, keys: &[&str]) -> bool {
        self.map.keys().any(|k| !keys.contains(&k.get_ref().as_ref()))
    }
}

/// Findings quote what stands in the text, which may be anything.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// What to write instead of `word`: the closest of the known words, or all of them. To a single letter every
/// other one is close.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    let close = did_you_mean(word, known.iter().copied()).filter(|_| word.chars().nth(1).is_some());
    match close {
        Some(close) => format!("did you mean `{close}`?"),
        None if known.is_empty() => String::new(),
        None => format!("one of: {}", known.join(", ")),
    }
}
