//! Reads the recording of a real keepalived: a folder with `case.toml` (nodes and actions), `cap.pcap` (every
//! frame on the switch), `packets.txt` (VRRP and ARP as tcpdump prints them, times from the first daemon's
//! start), `states.txt` (what notify scripts were told) and `addr.txt` (addresses that came and went).
//!
//! The capture's clock began when the recorder's kernel did. Where time 0 lies on it follows from
//! `packets.txt`, which must agree with the capture frame by frame: a recording that does not is an error.
//! Ethernet addresses tell the nodes: 02:00:00:00:00:0N is the N-th of `case.toml`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::agree::Lanes;
use vrrplab_sim::trace::{Cause, Name};

use crate::pcapng::{self, Foreign};

/// The interface of every node at the recorder's switch; frames on others are not in its capture.
const LINK: &str = "eth0";

/// What acts contain that serve the recorder and touch no daemon: captures, readers of FIFOs, the mail server that
/// a scenario has from the start, looks at what is there.
const OF_THE_RECORDER: [&str; 6] = ["tcpdump", "mkfifo", "/run/smtp.py", "tf-content", ".conf2 ", "nft list"];

/// Why a folder is no recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordingError {
    /// The file.
    pub path: PathBuf,
    /// Its line, if it has lines.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))?;
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for RecordingError {}

/// The recording in a folder, as lanes.
pub fn read(folder: &Path) -> Result<Lanes, RecordingError> {
    let case = Case::read(&folder.join("case.toml"))?;
    let mut lanes = Lanes::default();
    lanes.nodes = case.nodes.iter().cloned().collect();
    lanes.base = case.base.iter().cloned().collect();
    lanes.links.insert(case.link.clone());
    acts_and_addresses(&mut lanes, &case, folder)?;
    states(&mut lanes, &case, folder)?;
    for frame in frames(folder)? {
        lanes.frames_until = Some(frame.at);
        if let Some(node) = case.node_of(&frame.bytes) {
            lanes.frame(frame.at, node, &case.link, &frame.bytes);
        }
    }
    Ok(lanes)
}

/// What a case says about its laboratory.
struct Case {
    /// The interface of every node; `link` where the case renamed it.
    link: Name,
    nodes: Vec<Name>,
    base: Vec<(Name, Cidr)>,
    /// Starts of daemons and actions, in the order of time.
    acts: Vec<(Instant, String)>,
}

impl Case {
    fn read(path: &Path) -> Result<Case, RecordingError> {
        let text = text_of(path)?;
        let fail =
            |what: &str| RecordingError { path: path.to_path_buf(), line: None, what: what.to_string() };
        let table = DeTable::parse(&text).map_err(|error| fail(&error.to_string()))?;
        let link = table.get_ref().get("link").and_then(|link| link.get_ref().as_str()).unwrap_or(LINK);
        let mut case = Case { link: link.into(), nodes: Vec::new(), base: Vec::new(), acts: Vec::new() };
        let nodes = table.get_ref().get("nodes").and_then(|nodes| nodes.get_ref().as_table());
        let mut nodes: Vec<_> = nodes.ok_or_else(|| fail("no nodes"))?.iter().collect();
        // Tables are sorted by name; the order of the text numbers the Ethernet addresses.
        nodes.sort_by_key(|(name, _)| name.span().start);
        for (name, node) in nodes {
            case.node(name.get_ref(), node.get_ref()).ok_or_else(|| fail("a node without addresses"))?;
        }
        let acts = table.get_ref().get("at").and_then(|at| at.get_ref().as_array());
        for act in acts.into_iter().flatten() {
            case.act(act.get_ref()).ok_or_else(|| fail("an action without `t` and `do`"))?;
        }
        case.acts.sort_by_key(|(at, _)| *at);
        case.drop_remains_of_crashes();
        Ok(case)
    }

    fn node(&mut self, name: &str, node: &DeValue<'_>) -> Option<()> {
        let name = Name::from(name);
        let start = match node.get("start").map(|start| start.get_ref()) {
            None => Some(Instant::ZERO),
            Some(DeValue::Boolean(false)) => None,
            Some(start) => Some(seconds(start)?),
        };
        self.acts.extend(start.map(|at| (at, format!("start {name}"))));
        for address in node.get("ip")?.get_ref().as_array()? {
            self.base.push((name.clone(), address.get_ref().as_str()?.parse().ok()?));
        }
        self.nodes.push(name);
        Some(())
    }

    fn act(&mut self, act: &DeValue<'_>) -> Option<()> {
        let text = act.get("do")?.get_ref().as_str()?;
        if !OF_THE_RECORDER.iter().any(|tool| text.contains(tool)) {
            self.acts.push((seconds(act.get("t")?.get_ref())?, text.to_string()));
        }
        Some(())
    }

    /// A case takes further interfaces of a crashed node down by hand, within these milliseconds: that is the crash.
    fn drop_remains_of_crashes(&mut self) {
        let within = Duration::from_millis(20);
        let crashes: Vec<(Instant, String)> =
            self.acts.iter().filter(|(_, a)| a.starts_with("crash ")).cloned().collect();
        self.acts.retain(|(at, act)| {
            let of = |(crash, text): &(Instant, String)| {
                act.strip_prefix("sh ")
                    .is_some_and(|rest| rest.split(' ').next() == text.strip_prefix("crash "))
                    && *at >= *crash
                    && at.saturating_since(*crash) <= within
            };
            !crashes.iter().any(of)
        });
    }

    /// The node that sent a frame.
    fn node_of(&self, frame: &[u8]) -> Option<&Name> {
        match frame.get(6..12)? {
            [2, 0, 0, 0, 0, n] => self.nodes.get(usize::from(*n).checked_sub(1)?),
            _ => None,
        }
    }

    fn named(&self, name: &str) -> Option<&Name> {
        self.nodes.iter().find(|node| &***node == name)
    }
}

/// A number of seconds, whole or not.
fn seconds(value: &DeValue<'_>) -> Option<Instant> {
    match value {
        DeValue::Integer(number) => number.as_str().parse().ok(),
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

/// In one order of time, because a crash tells which address events do not count.
fn acts_and_addresses(lanes: &mut Lanes, case: &Case, folder: &Path) -> Result<(), RecordingError> {
    let mut acts = case.acts.iter().peekable();
    each_line(&folder.join("addr.txt"), "`time node add|del [6] address`", |words| {
        let (at, node, verb, cidr) = match words[..] {
            [at, node, verb, cidr] | [at, node, verb, "6", cidr] => (at, node, verb, cidr),
            _ => return None,
        };
        let at = at.parse().ok()?;
        while let Some((when, text)) = acts.next_if(|(when, _)| *when <= at) {
            lanes.act(*when, text, Cause::None);
        }
        let added = ["del", "add"].iter().position(|v| *v == verb)? == 1;
        lanes.address(at, case.named(node)?, cidr.parse().ok()?, added, Cause::None);
        Some(())
    })?;
    acts.for_each(|(when, text)| lanes.act(*when, text, Cause::None));
    Ok(())
}

fn states(lanes: &mut Lanes, case: &Case, folder: &Path) -> Result<(), RecordingError> {
    let announced =
        [Announced::Backup, Announced::Master, Announced::Fault, Announced::Stop, Announced::Deleted];
    each_line(&folder.join("states.txt"), "`time node INSTANCE name STATE priority`", |words| {
        // What a group announces is no state of an instance.
        if let [_, _, "GROUP", ..] = words {
            return Some(());
        }
        let &[at, node, "INSTANCE", instance, state, priority] = words else { return None };
        let to = announced.into_iter().find(|to| to.word() == state)?;
        let (at, priority) = (at.parse().ok()?, priority.parse().ok()?);
        lanes.state(at, case.named(node)?, &instance.into(), to, priority, Cause::None);
        Some(())
    })
}

/// A frame of the recording on its own clock.
struct Frame {
    at: Instant,
    bytes: Vec<u8>,
}

/// The frames after the first daemon's start.
fn frames(folder: &Path) -> Result<Vec<Frame>, RecordingError> {
    let path = folder.join("cap.pcap");
    let fail = |what: String| RecordingError { path: path.clone(), line: None, what };
    let bytes = fs::read(&path).map_err(|error| fail(error.to_string()))?;
    let captured = pcapng::read_legacy(&bytes).map_err(|error| fail(error.to_string()))?;
    let start = start_of(&captured, &printed(&folder.join("packets.txt"))?).map_err(fail)?;
    let after = captured.into_iter().filter(|frame| frame.nanos >= start);
    Ok(after
        .map(|frame| Frame {
            at: Instant::from_micros((frame.nanos - start + 500) / 1_000),
            bytes: frame.bytes,
        })
        .collect())
}

/// A line of `packets.txt`.
struct Printed {
    /// In nanoseconds, printed in whole microseconds.
    nanos: u64,
    /// Destination and source, as a frame begins.
    macs: [Mac; 2],
    /// Bytes of the frame.
    length: usize,
}

fn printed(path: &Path) -> Result<Vec<Printed>, RecordingError> {
    let mut lines = Vec::new();
    each_line(path, "`time mac > mac, ethertype …, length n: …`", |words| {
        let [at, source, ">", destination, "ethertype", ..] = words else { return None };
        // Streams are not compared, and their frames have no line here.
        if words.contains(&"Flags") {
            return Some(());
        }
        // Before the first daemon's start hosts have their own business.
        let Some(at) = at.parse::<Instant>().ok() else { return at.starts_with('-').then_some(()) };
        let macs = [destination.strip_suffix(',')?.parse().ok()?, source.parse().ok()?];
        let length = words.iter().position(|word| *word == "length")? + 1;
        let length = words.get(length)?.strip_suffix(':')?.parse().ok()?;
        lines.push(Printed { nanos: at.as_micros() * 1_000, macs, length });
        Some(())
    })?;
    Ok(lines)
}

/// The capture's time at time 0. Every printed time is rounded to a microsecond, and so allows an interval: the start
/// lies in all of them. Which kinds of frame are printed depends on the case; each line is of the next frame with
/// its addresses, its length and a time that fits.
fn start_of(captured: &[Foreign], printed: &[Printed]) -> Result<u64, String> {
    let first = printed.first().ok_or("no VRRP frame")?;
    let begins = captured.iter().filter(|frame| first.is(frame) && frame.nanos >= first.nanos);
    let mut starts = Vec::new();
    // The line at which the best of the failed attempts ended.
    let mut trouble = 0;
    for frame in begins {
        match fit(captured, printed, frame.nanos - first.nanos) {
            Ok(start) => starts.push(start),
            Err(line) => trouble = trouble.max(line),
        }
    }
    let (earliest, latest) = (starts.iter().min(), starts.iter().max());
    match (earliest, latest) {
        (Some(earliest), Some(latest)) if latest - earliest <= 1_000 => Ok(*earliest),
        (Some(_), _) => Err("packets.txt fits the capture at several places".to_string()),
        (None, _) => Err(format!("line {} of packets.txt has no frame", trouble + 1)),
    }
}

impl Printed {
    fn is(&self, frame: &Foreign) -> bool {
        frame.bytes.starts_with(&self.macs.map(|mac| mac.0).concat()) && frame.bytes.len() == self.length
    }
}

/// The start if it is about there: every line has its frame. The error is the first line, from 0, that has none.
fn fit(captured: &[Foreign], printed: &[Printed], about: u64) -> Result<u64, usize> {
    let (mut earliest, mut latest) = (about.saturating_sub(500), about + 500);
    let mut frames = captured.iter();
    for (i, line) in printed.iter().enumerate() {
        let fits = |frame: &&Foreign| {
            let start = frame.nanos.saturating_sub(line.nanos);
            line.is(frame) && start + 500 >= earliest && start <= latest + 500
        };
        let frame = frames.find(fits).ok_or(i)?;
        let start = frame.nanos - line.nanos;
        earliest = earliest.max(start.saturating_sub(500));
        latest = latest.min(start + 500);
    }
    Ok(earliest.midpoint(latest))
}

fn text_of(path: &Path) -> Result<String, RecordingError> {
    let fail = |error: std::io::Error| RecordingError {
        path: path.to_path_buf(),
        line: None,
        what: error.to_string(),
    };
    fs::read_to_string(path).map_err(fail)
}

/// Hands the words of each line to `take`, which refuses a line with `None`.
fn each_line(
    path: &Path,
    form: &str,
    mut take: impl FnMut(&[&str]) -> Option<()>,
) -> Result<(), RecordingError> {
    for (i, line) in text_of(path)?.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        take(&words).ok_or_else(|| RecordingError {
            path: path.to_path_buf(),
            line: Some(i + 1),
            what: format!("expected {form}, found `{line}`"),
        })?;
    }
    Ok(())
}
