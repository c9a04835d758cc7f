//! `vrrp_script`, `vrrp_track_process`, `track_file`, and the `track_…` blocks that refer to them.

use std::collections::BTreeMap;

use super::instance::notify_words;
use super::keywords::{Keyword, Role, Takes};
use super::lex::{At, Word};
use super::model::{InitFile, ParamMatch, Script, Track, TrackFile, TrackProcess, Tracks, Weight};
use super::report::Report;
use super::tree::Statement;
use super::values::{bad_number, integer, lenient, lenient_seconds, signed, unsigned};
use crate::finding::did_you_mean;
use crate::time::Duration;

const IGNORED: &str = "ignores the line";

/// The trackers that the text has defined so far, with their weights.
#[derive(Clone, Default, Debug)]
pub(super) struct Known {
    pub(super) scripts: BTreeMap<String, Weight>,
    pub(super) files: BTreeMap<String, Weight>,
    pub(super) processes: BTreeMap<String, Weight>,
    pub(super) bfds: BTreeMap<String, Weight>,
    /// Names that a later line defines, which is too late.
    pub(super) later: Vec<String>,
}

const fn script(name: &'static str, takes: Takes, read: fn(&mut Report, &mut Script, &Statement)) -> Keyword {
    Keyword { name, takes, role: Role::Script(read) }
}

/// `vrrp_script`.
pub(super) const SCRIPT: &[Keyword] = &[
    script("script", Takes::Words, |r, d, s| {
        if let Some(command) = notify_words(r, s) {
            d.command.argv = command.argv;
        }
    }),
    script("interval", Takes::Value, |r, d, s| d.interval = whole_seconds(r, s).unwrap_or(d.interval)),
    script("timeout", Takes::Value, |r, d, s| d.timeout = whole_seconds(r, s).or(d.timeout)),
    script("weight", Takes::Value, |r, d, s| {
        let text = &s.arguments()[0].text;
        let asked = integer(text, &(i64::from(i32::MIN)..=i64::from(i32::MAX))).ok();
        let daemon = match asked.and_then(|n| i16::try_from(n).ok()) {
            Some(n) => format!("complains and takes {n}"),
            None => "complains and takes the digits in front".into(),
        };
        let read = signed(r, &s.keyword().text, &s.arguments()[0], -253..=253, &daemon);
        let value = read.or(asked).unwrap_or_else(|| front(text));
        d.weight =
            Weight { value: value.clamp(i16::MIN.into(), i16::MAX.into()) as i16, reverse: reverse(r, s) };
    }),
    script("rise", Takes::Value, |r, d, s| d.rise = times(r, s)),
    script("fall", Takes::Value, |r, d, s| d.fall = times(r, s)),
    script("init_fail", Takes::Words, |_, d, _| d.init_fail = true),
    script("user", Takes::Value, |_, d, s| {
        let words = s.arguments();
        d.command.user = Some((words[0].text.clone(), words.get(1).map(|w| w.text.clone())));
    }),
];

impl Script {
    pub(super) fn named(name: &str) -> Script {
        Script {
            name: name.into(),
            command: super::model::Command { argv: Vec::new(), user: None },
            interval: Duration::from_secs(1),
            timeout: None,
            weight: Weight::default(),
            rise: 1,
            fall: 1,
            init_fail: false,
        }
    }
}

fn front(text: &str) -> i64 {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().unwrap_or(0)
}

/// `reverse` behind a weight; another word is complained about.
fn reverse(report: &mut Report, s: &Statement) -> bool {
    match s.arguments().get(1) {
        Some(word) if word.text == "reverse" => true,
        Some(word) => {
            unknown_option(report, word, &["reverse"]);
            false
        }
        None => false,
    }
}

fn unknown_option(report: &mut Report, word: &Word, known: &[&'static str]) {
    let message = format!("`{}` is not an option here", word.text);
    let help = did_you_mean(&word.text, known.iter().copied());
    let help = help.map_or(format!("write {}", known.join(" or ")), |w| format!("did you mean `{w}`?"));
    report.warn("unknown-option", word.at, message, "ignores it", help);
}

/// Whole seconds, at least one.
fn whole_seconds(report: &mut Report, s: &Statement) -> Option<Duration> {
    let seconds = lenient(report, s, 0..=4294)?;
    if seconds == 0 && unsigned(&s.arguments()[0].text, &(0..=0)).is_ok() {
        let message = format!("`{}` must be at least 1", s.keyword().text);
        report.warn("number-out-of-range", s.arguments()[0].at, message, "takes 1", "write 1");
    }
    Some(Duration::from_secs(seconds.max(1).into()))
}

/// How many times in a row; a bad number becomes 1.
fn times(report: &mut Report, s: &Statement) -> u32 {
    let word = &s.arguments()[0];
    let range = 1..=i32::MAX as u32;
    match unsigned(&word.text, &range) {
        Ok(n) => n,
        Err(bad) => {
            let used = u32::try_from(front(&word.text)).unwrap_or(1).max(1);
            let used = if range.contains(&used) && bad == super::values::Bad::Form { used } else { 1 };
            let wanted = "a whole number from 1 to 2147483647";
            bad_number(report, &s.keyword().text, word, bad, wanted, &format!("takes {used}"));
            used
        }
    }
}

const fn process(
    name: &'static str,
    takes: Takes,
    read: fn(&mut Report, &mut TrackProcess, &Statement),
) -> Keyword {
    Keyword { name, takes, role: Role::Process(read) }
}

/// `vrrp_track_process`.
pub(super) const PROCESS: &[Keyword] = &[
    process("process", Takes::Value, |r, d, s| {
        if s.arguments()[0].text.is_empty() {
            lacks(r, s);
        }
        d.process = s.arguments().iter().map(|word| word.text.clone()).collect();
        d.full_command |= d.process.len() > 1;
    }),
    process("param_match", Takes::Words, |r, d, s| match s.arguments().first().map(|w| w.text.as_str()) {
        None => {
            d.param_match = ParamMatch::Exact;
            d.full_command = true;
        }
        Some("initial") => (d.param_match, d.full_command) = (ParamMatch::Initial, true),
        Some("partial") => (d.param_match, d.full_command) = (ParamMatch::Partial, true),
        Some(_) => unknown_option(r, &s.arguments()[0], &["initial", "partial"]),
    }),
    process("weight", Takes::Words, |r, d, s| d.weight = weight(r, s).unwrap_or(d.weight)),
    process("quorum", Takes::Value, |r, d, s| {
        d.quorum = lenient(r, s, 1..=65535).map_or(d.quorum, |n| n as u16);
    }),
    process("quorum_max", Takes::Value, |r, d, s| {
        d.quorum_max = lenient(r, s, 0..=65535).map(|n| n as u16).or(d.quorum_max);
    }),
    process("delay", Takes::Value, |r, d, s| {
        if let Some(delay) = lasting(r, s) {
            (d.fork_delay, d.terminate_delay) = (delay, delay);
        }
    }),
    process("fork_delay", Takes::Value, |r, d, s| d.fork_delay = lasting(r, s).unwrap_or(d.fork_delay)),
    process("terminate_delay", Takes::Value, |r, d, s| {
        d.terminate_delay = lasting(r, s).unwrap_or(d.terminate_delay);
    }),
    process("full_command", Takes::Words, |_, d, _| d.full_command = true),
];

fn lasting(report: &mut Report, s: &Statement) -> Option<Duration> {
    lenient_seconds(report, &s.keyword().text, &s.arguments()[0], 1..=3_600_000_000, IGNORED)
}

impl TrackProcess {
    pub(super) fn named(name: &str) -> TrackProcess {
        TrackProcess {
            name: name.into(),
            process: Vec::new(),
            param_match: ParamMatch::Exact,
            weight: Weight::default(),
            quorum: 1,
            quorum_max: None,
            fork_delay: Duration::ZERO,
            terminate_delay: Duration::ZERO,
            full_command: false,
        }
    }
}

const fn file(
    name: &'static str,
    takes: Takes,
    read: fn(&mut Report, &mut TrackFile, &Statement),
) -> Keyword {
    Keyword { name, takes, role: Role::File(read) }
}

/// `track_file`.
pub(super) const FILE: &[Keyword] = &[
    file("file", Takes::Words, |r, d, s| match s.arguments().first() {
        Some(word) => d.file = word.text.clone(),
        None => lacks(r, s),
    }),
    file("weight", Takes::Words, |r, d, s| d.weight = weight(r, s).unwrap_or(d.weight)),
    file("init_file", Takes::Words, init_file),
];

impl TrackFile {
    pub(super) fn named(name: &str) -> TrackFile {
        let weight = Weight { value: 1, reverse: false };
        TrackFile { name: name.into(), file: String::new(), weight, init: None }
    }
}

fn lacks(report: &mut Report, s: &Statement) {
    let message = format!("`{}` has no value", s.keyword().text);
    report.warn("missing-value", s.keyword().at, message, IGNORED, "");
}

fn weight(report: &mut Report, s: &Statement) -> Option<Weight> {
    let Some(word) = s.arguments().first() else {
        lacks(report, s);
        return None;
    };
    let value = loose(report, &s.keyword().text, word, 254);
    let reverse = reverse(report, s);
    value.map(|value| Weight { value, reverse })
}

/// A weight; of what is no number the digits in front.
fn loose(report: &mut Report, name: &str, word: &Word, most: i64) -> Option<i16> {
    let digits = word.text.strip_prefix(['+', '-']).unwrap_or(&word.text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let used = Some(front(&word.text)).filter(|n| *n <= most);
        let daemon = used.map_or(IGNORED.to_string(), |n| format!("complains and takes {n}"));
        signed(report, name, word, -most..=most, &daemon);
        return used.map(|n| n as i16);
    }
    signed(report, name, word, -most..=most, "ignores it").map(|n| n as i16)
}

fn init_file(report: &mut Report, d: &mut TrackFile, s: &Statement) {
    let mut init = InitFile::default();
    for word in s.arguments() {
        match word.text.as_str() {
            "overwrite" => init.overwrite = true,
            text if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                let most = i64::from(i32::MAX);
                init.value = signed(report, "init_file", word, -most..=most, "takes 0").unwrap_or(0) as i32;
                if !(-254..=254).contains(&init.value) {
                    let message = format!("`{text}` is more than a priority can move");
                    report.warn("number-out-of-range", word.at, message, "takes it", "write -254 to 254");
                }
            }
            _ => unknown_option(report, word, &["overwrite"]),
        }
    }
    d.init = Some(init);
}

/// What kind of tracker a `track_…` block names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Interface,
    Script,
    File,
    Process,
    Bfd,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Interface => "interface",
            Kind::Script => "vrrp_script",
            Kind::File => "track_file",
            Kind::Process => "vrrp_track_process",
            Kind::Bfd => "bfd_instance",
        }
    }

    fn list(self, tracks: &mut Tracks) -> &mut Vec<Track> {
        match self {
            Kind::Interface => &mut tracks.interfaces,
            Kind::Script => &mut tracks.scripts,
            Kind::File => &mut tracks.files,
            Kind::Process => &mut tracks.processes,
            Kind::Bfd => &mut tracks.bfds,
        }
    }

    fn known(self, known: &Known) -> Option<&BTreeMap<String, Weight>> {
        match self {
            Kind::Interface => None,
            Kind::Script => Some(&known.scripts),
            Kind::File => Some(&known.files),
            Kind::Process => Some(&known.processes),
            Kind::Bfd => Some(&known.bfds),
        }
    }
}

/// A tracker's name and where an instance or a group names it.
pub(super) type Named = (Kind, String, At);

/// Reads a `track_…` block. Whether interfaces exist is the host's matter.
pub(super) fn tracks(
    report: &mut Report,
    known: &Known,
    tracks: &mut Tracks,
    places: &mut Vec<Named>,
    kind: Kind,
    s: &Statement,
) {
    super::values::surplus(report, s, 0);
    for line in s.block.iter().flatten() {
        let word = line.keyword();
        let weights = kind.known(known);
        let Some(weight) =
            weights.map_or(Some(Weight::default()), |weights| weights.get(&word.text).copied())
        else {
            not_found(report, known, kind, word);
            continue;
        };
        if kind.list(tracks).iter().any(|track| track.name == word.text) {
            let message = format!("`{}` is already tracked", word.text);
            report.warn(
                "repeated-keyword",
                word.at,
                message,
                "keeps the first",
                "remove one of the two lines",
            );
            continue;
        }
        let weight = own_weight(report, kind, weight, line.arguments());
        places.push((kind, word.text.clone(), word.at));
        kind.list(tracks).push(Track { name: word.text.clone(), weight });
    }
}

fn not_found(report: &mut Report, known: &Known, kind: Kind, word: &Word) {
    let message = format!("there is no {} `{}`", kind.word(), word.text);
    let names = kind.known(known).map(BTreeMap::keys).into_iter().flatten();
    let help = match did_you_mean(&word.text, names.map(String::as_str)) {
        _ if known.later.contains(&word.text) => format!("move the {} above this block", kind.word()),
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("add a {}", kind.word()),
    };
    if kind == Kind::File && !known.files.is_empty() {
        report.error("unknown-tracker", word.at, message, "crashes while reading", help);
    } else {
        report.warn("unknown-tracker", word.at, message, "does not track it", help);
    }
}

/// `weight N [reverse]` behind a name; without, the tracker's own.
fn own_weight(report: &mut Report, kind: Kind, mut weight: Weight, words: &[Word]) -> Weight {
    let Some(word) = words.first() else { return weight };
    if word.text != "weight" {
        unknown_option(report, word, &["weight"]);
        return weight;
    }
    let Some(number) = words.get(1) else {
        report.warn("missing-value", word.at, "`weight` has no value", "ignores it", "write a number");
        return weight;
    };
    let most = if kind == Kind::Bfd { 253 } else { 254 };
    let Some(mut value) = loose(report, "weight", number, most) else { return weight };
    if value.abs() == 254 && matches!(kind, Kind::Interface | Kind::Script) {
        value = 253 * value.signum();
        let message = "a weight of 254 is not possible here";
        report.warn("number-out-of-range", number.at, message, format!("takes {value}"), "write 253");
    }
    weight = Weight { value, reverse: false };
    match words.get(2) {
        Some(word) if word.text == "reverse" => weight.reverse = true,
        Some(word) if word.text == "noreverse" && kind != Kind::Interface => {}
        Some(word) => unknown_option(report, word, &["reverse", "noreverse"]),
        None => {}
    }
    weight
}
