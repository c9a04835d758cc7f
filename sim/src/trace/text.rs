//! The text form of a trace: one line an event, and `Display` and `FromStr` are inverse.
//!
//! ```text
//! # vrrp/master-crash  world=sim  subject=engine  seed=1  duration=20s
//!    3.609375 ka1   tx    #7   vrrp2 vrid 100 prio 100 adv 1s 192.168.10.240    <- master-down of start
//!    3.609375 ka1   addr  + 192.168.10.240/24 eth0                              <- master-down of start
//!    8.009375 --    fault crash ka1
//! ```
//! Columns are fixed where the text is short enough and make room where it is not. A link is named only where
//! it is not `eth0` (`#7 via eth1 vrrp2 …`): a takeover's lines have no room for it in 100 columns, and those of
//! a first takeover, caused by the start of the daemon, need a few more. Free text is escaped so that a line stays a
//! line and only a cause looks like a cause.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use vrrplab_engine::boundary::{Announced, Exit, Fifo, Timer};
use vrrplab_engine::vrrp::State;

use super::{Answerer, Cause, Event, Header, Loss, Name, NeighbourState, Touch, Trace, What};
use crate::frame::Summary;

/// The column at which causes stand, counted from 0.
const CAUSE_COLUMN: usize = 78;
/// The link that goes without saying.
const USUAL_LINK: &str = "eth0";

const STATES: [State; 3] = [State::Backup, State::Master, State::Fault];
const ANNOUNCED: [(Announced, &str); 6] = [
    (Announced::Backup, "Backup"),
    (Announced::Master, "Master"),
    (Announced::Fault, "Fault"),
    (Announced::Stop, "Stop"),
    (Announced::Deleted, "Deleted"),
    (Announced::MasterRxLowerPri, "heard-lower"),
];
const FIFOS: [(Fifo, &str); 2] = [(Fifo::Global, "global"), (Fifo::Vrrp, "vrrp")];
const LOSSES: [(Loss, &str); 11] = [
    (Loss::NoCarrier, "no-carrier"),
    (Loss::Partition, "partition"),
    (Loss::Muted, "muted"),
    (Loss::QueueFull, "queue-full"),
    (Loss::Filtered, "filtered"),
    (Loss::Impaired, "impaired"),
    (Loss::TailDrop, "tail-drop"),
    (Loss::Policed, "policed"),
    (Loss::NotForwarding, "not-forwarding"),
    (Loss::Pruned, "pruned"),
    (Loss::TrunkDown, "trunk-down"),
];
const NEIGHBOUR_STATES: [(NeighbourState, &str); 6] = [
    (NeighbourState::Incomplete, "incomplete"),
    (NeighbourState::Reachable, "reachable"),
    (NeighbourState::Stale, "stale"),
    (NeighbourState::Delay, "delay"),
    (NeighbourState::Probe, "probe"),
    (NeighbourState::Failed, "failed"),
];

/// Why a text is no trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceError {
    /// Its line, from 1; a single event is line 1.
    pub line: usize,
    /// What should have been there.
    pub expected: &'static str,
    /// What is there.
    pub found: String,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected {}, found `{}`", self.line, self.expected, self.found)
    }
}

impl std::error::Error for TraceError {}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.header)?;
        self.events.iter().try_for_each(|event| writeln!(f, "{event}"))
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { scenario, world, subject, seed, duration } = self;
        write!(f, "# {}  world={}  subject={}", Word(scenario), Word(world), Word(subject))?;
        write!(f, "  seed={seed}  duration={duration}")
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.as_ref().map_or("--".to_string(), |name| Word(name).to_string());
        let (kind, detail) = self.what.kind_and_detail();
        let line = format!("{:>11} {host:<5} {kind:<5} {detail}", self.at);
        match self.cause {
            Cause::None => f.write_str(&line),
            cause => write!(f, "{line:<width$} <- {cause}", width = CAUSE_COLUMN - 1),
        }
    }
}

impl What {
    /// The word of the third column and what follows it.
    fn kind_and_detail(&self) -> (&'static str, String) {
        match self {
            What::Tx { frame, link, summary } if **link == *USUAL_LINK => {
                ("tx", format!("{:<4} {summary}", format!("#{frame}")))
            }
            What::Tx { frame, link, summary } => ("tx", format!("#{frame} via {} {summary}", Word(link))),
            What::Lost { frame, why, summary } => {
                let frame = frame.map_or("--".to_string(), |n| format!("#{n}"));
                ("lost", format!("{frame:<4} {} {summary}", name_in(&LOSSES, *why)))
            }
            What::Touched { frame, how, summary } => {
                ("touch", format!("{:<4} {how} {summary}", format!("#{frame}")))
            }
            What::Address { added, cidr, link } => {
                ("addr", format!("{} {cidr} {}", sign(*added), Word(link)))
            }
            What::Route { added, route } => ("route", format!("{} {}", sign(*added), Text(route))),
            What::Rule { added, rule } => ("rule", format!("{} {}", sign(*added), Text(rule))),
            What::Neighbour { address, mac, state } => {
                let at = mac.map_or(String::new(), |mac| format!(" at {mac}"));
                ("neigh", format!("{address}{at} {}", name_in(&NEIGHBOUR_STATES, *state)))
            }
            What::Answer { address, by } => ("answer", format!("{address} {}", answerer(by.as_ref()))),
            What::Claim { instance, from, to, priority } => {
                let from = from.map_or(String::new(), |state| format!("{} -> ", state.name()));
                ("claim", format!("{} {from}{} {priority}", Word(instance), name_in(&ANNOUNCED, *to)))
            }
            What::Group { group, to } => ("group", format!("{} {}", Word(group), name_in(&ANNOUNCED, *to))),
            What::Spawn { job, command } => ("job", format!("#{job} runs {}", Text(command))),
            What::Exit { job, exit: Exit::Status(status) } => ("job", format!("#{job} exit {status}")),
            What::Exit { job, exit: Exit::Signal(signal) } => ("job", format!("#{job} signal {signal}")),
            What::Fifo { fifo, line } => ("fifo", format!("{} {}", name_in(&FIFOS, *fifo), Text(line))),
            What::Smtp { conn, out, line } => {
                ("smtp", format!("#{conn} {} {}", if *out { '>' } else { '<' }, Text(line)))
            }
            What::Mail { conn, subject } => ("mail", format!("#{conn} {}", Text(subject))),
            What::Log(text) => ("log", Text(text).to_string()),
            What::Fault(text) => ("fault", Text(text).to_string()),
        }
    }
}

fn sign(added: bool) -> char {
    if added { '+' } else { '-' }
}

fn answerer(by: Option<&Answerer>) -> String {
    let Some(Answerer { mac, host, forwards }) = by else { return "by nobody".to_string() };
    let how = if *forwards { "through" } else { "by" };
    let host = host.as_ref().map_or(String::new(), |host| format!(" ({})", Word(host)));
    format!("{how} {mac}{host}")
}

/// `delayed 3ms`, `duplicated`, `held 2ms`, `corrupted bit 133`, `queued 7.5ms`.
impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Touch::Delayed(by) => write!(f, "delayed {by}"),
            Touch::Duplicated => f.write_str("duplicated"),
            Touch::Held(by) => write!(f, "held {by}"),
            Touch::Corrupted(bit) => write!(f, "corrupted bit {bit}"),
            Touch::Queued(by) => write!(f, "queued {by}"),
        }
    }
}

/// Without the arrow: `#7`, `act 2`, `start`, `master-down of #7`.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::None => f.write_str("nothing"),
            Cause::Frame(n) => write!(f, "#{n}"),
            Cause::Fault(0) => f.write_str("start"),
            Cause::Fault(n) => write!(f, "act {n}"),
            Cause::Job(n) => write!(f, "job {n}"),
            Cause::TimerOfJob(timer, n) => write!(f, "{} of job {n}", timer.name()),
            Cause::TimerOfFrame(timer, n) => write!(f, "{} of #{n}", timer.name()),
            Cause::TimerOfFault(timer, n) => write!(f, "{} of {}", timer.name(), Cause::Fault(*n)),
        }
    }
}

impl FromStr for Trace {
    type Err = TraceError;
    fn from_str(s: &str) -> Result<Trace, TraceError> {
        let mut lines = s.lines().enumerate();
        let at_line = |i: usize| move |error: TraceError| TraceError { line: i + 1, ..error };
        let header = lines.next().map_or("", |(_, line)| line).parse()?;
        let events = lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(i, line)| line.parse().map_err(at_line(i)))
            .collect::<Result<_, _>>()?;
        Ok(Trace { header, events })
    }
}

impl FromStr for Header {
    type Err = TraceError;
    fn from_str(s: &str) -> Result<Header, TraceError> {
        let mut words = Words::of(s);
        words.exact("#", "a header: `# scenario  world=…`")?;
        Ok(Header {
            scenario: words.name("the scenario's name")?.to_string(),
            world: words.value("world=", "world=…")?,
            subject: words.value("subject=", "subject=…")?,
            seed: words.keyed("seed=", "seed= and a number")?,
            duration: words.keyed("duration=", "duration= and a time such as 20s")?,
        })
        .and_then(|header| words.end().map(|()| header))
    }
}

impl FromStr for Event {
    type Err = TraceError;
    fn from_str(s: &str) -> Result<Event, TraceError> {
        // Names and texts are escaped: the first ` <- ` is the cause's.
        let (head, cause) = match s.split_once(" <- ") {
            Some((head, cause)) => (head, cause.parse()?),
            None => (s, Cause::None),
        };
        let mut words = Words::of(head);
        let at = words.parse("a time in seconds such as 3.609375")?;
        let host = match words.next("the host, or --")? {
            "--" => None,
            name => Some(words.unescaped(name, "the host, or --")?.into()),
        };
        let what = words.what()?;
        words.end()?;
        Ok(Event { at, host, what, cause })
    }
}

impl FromStr for Cause {
    type Err = TraceError;
    fn from_str(s: &str) -> Result<Cause, TraceError> {
        let error = || TraceError {
            line: 1,
            expected: "a cause: `#7`, `act 2`, `start`, `master-down of #7`",
            found: s.to_string(),
        };
        let words: Vec<&str> = s.split_whitespace().collect();
        let number = |text: &str| text.parse().map_err(|_| error());
        let act = |text: &str| number(text).and_then(|n| if n == 0 { Err(error()) } else { Ok(n) });
        let frame = |text: &str| text.strip_prefix('#').ok_or_else(error).and_then(number);
        let timer = |name: &str| Timer::ALL.into_iter().find(|t| t.name() == name).ok_or_else(error);
        match words[..] {
            ["nothing"] => Ok(Cause::None),
            ["start"] => Ok(Cause::Fault(0)),
            [n] => Ok(Cause::Frame(frame(n)?)),
            ["act", n] => Ok(Cause::Fault(act(n)?)),
            ["job", n] => Ok(Cause::Job(number(n)?)),
            [name, "of", "job", n] => Ok(Cause::TimerOfJob(timer(name)?, number(n)?)),
            [name, "of", "start"] => Ok(Cause::TimerOfFault(timer(name)?, 0)),
            [name, "of", n] => Ok(Cause::TimerOfFrame(timer(name)?, frame(n)?)),
            [name, "of", "act", n] => Ok(Cause::TimerOfFault(timer(name)?, act(n)?)),
            _ => Err(error()),
        }
    }
}

/// The words of a line, taken one after the other.
struct Words<'a> {
    rest: &'a str,
}

type Taken<T> = Result<T, TraceError>;

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Words<'a> {
        Words { rest: line.trim() }
    }

    fn error<T>(&self, expected: &'static str, found: &str) -> Taken<T> {
        Err(TraceError { line: 1, expected, found: found.to_string() })
    }

    fn next(&mut self, expected: &'static str) -> Taken<&'a str> {
        let (word, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        if word.is_empty() {
            return self.error(expected, "the end of the line");
        }
        self.rest = rest.trim_start_matches(' ');
        Ok(word)
    }

    fn peek(&self) -> &'a str {
        self.rest.split(' ').next().unwrap_or("")
    }

    fn parse<T: FromStr>(&mut self, expected: &'static str) -> Taken<T> {
        let word = self.next(expected)?;
        word.parse().or_else(|_| self.error(expected, word))
    }

    fn exact(&mut self, word: &str, expected: &'static str) -> Taken<()> {
        let found = self.next(expected)?;
        if found == word { Ok(()) } else { self.error(expected, found) }
    }

    fn one_of<T: Copy>(&mut self, table: &[(T, &str)], expected: &'static str) -> Taken<T> {
        let word = self.next(expected)?;
        let found = table.iter().find(|(_, name)| *name == word);
        found.map_or_else(|| self.error(expected, word), |(value, _)| Ok(*value))
    }

    fn unescaped(&self, word: &str, expected: &'static str) -> Taken<String> {
        unescape(word).map_or_else(|| self.error(expected, word), Ok)
    }

    fn name(&mut self, expected: &'static str) -> Taken<Name> {
        let word = self.next(expected)?;
        Ok(self.unescaped(word, expected)?.into())
    }

    /// The text after a key.
    fn after(&mut self, key: &str, expected: &'static str) -> Taken<&'a str> {
        let word = self.next(expected)?;
        word.strip_prefix(key).map_or_else(|| self.error(expected, word), Ok)
    }

    fn value(&mut self, key: &str, expected: &'static str) -> Taken<String> {
        let value = self.after(key, expected)?;
        self.unescaped(value, expected)
    }

    fn keyed<T: FromStr>(&mut self, key: &str, expected: &'static str) -> Taken<T> {
        let value = self.after(key, expected)?;
        value.parse().or_else(|_| self.error(expected, value))
    }

    /// All that is left.
    fn remainder(&mut self) -> &'a str {
        std::mem::take(&mut self.rest)
    }

    fn end(&self) -> Taken<()> {
        if self.rest.is_empty() { Ok(()) } else { self.error("the end of the line", self.rest) }
    }

    fn what(&mut self) -> Taken<What> {
        const CONNECTION: &str = "# and the number of the connection";
        const KIND: &str = "tx, lost, touch, addr, route, rule, neigh, answer, claim, group, job, fifo, smtp, mail, log or fault";
        match self.next(KIND)? {
            "tx" => self.tx(),
            "lost" => self.lost(),
            "touch" => self.touched(),
            "addr" => self.address(),
            "route" => Ok(What::Route { added: self.sign()?, route: self.free_text()? }),
            "rule" => Ok(What::Rule { added: self.sign()?, rule: self.free_text()? }),
            "neigh" => self.neighbour(),
            "answer" => self.answer(),
            "claim" => self.claim(),
            "group" => self.group(),
            "job" => self.job(),
            "fifo" => {
                let fifo = self.one_of(&FIFOS, "global or vrrp")?;
                Ok(What::Fifo { fifo, line: self.free_text()? })
            }
            "smtp" => {
                let conn = self.keyed("#", CONNECTION)?;
                let out = self.one_of(&[(true, ">"), (false, "<")], "> or <")?;
                Ok(What::Smtp { conn, out, line: self.free_text()? })
            }
            "mail" => {
                let conn = self.keyed("#", CONNECTION)?;
                Ok(What::Mail { conn, subject: self.free_text()? })
            }
            "log" => Ok(What::Log(self.free_text()?)),
            "fault" => Ok(What::Fault(self.free_text()?)),
            other => self.error(KIND, other),
        }
    }

    fn tx(&mut self) -> Taken<What> {
        let frame = self.keyed("#", "# and the number of the frame")?;
        let mut link = USUAL_LINK.into();
        if self.peek() == "via" {
            self.next("via")?;
            link = self.name("the link")?;
        }
        Ok(What::Tx { frame, link, summary: self.summary()? })
    }

    fn lost(&mut self) -> Taken<What> {
        let frame = match self.peek() {
            "--" => self.next("--").map(|_| None)?,
            _ => Some(self.keyed("#", "# and the number of the frame, or --")?),
        };
        let why = self.one_of(&LOSSES, "why it was lost, such as partition")?;
        Ok(What::Lost { frame, why, summary: self.summary()? })
    }

    fn touched(&mut self) -> Taken<What> {
        const HOW: &str = "delayed, duplicated, held, corrupted or queued";
        let frame = self.keyed("#", "# and the number of the frame")?;
        let how = match self.next(HOW)? {
            "delayed" => Touch::Delayed(self.parse("a time such as 3ms")?),
            "duplicated" => Touch::Duplicated,
            "held" => Touch::Held(self.parse("a time such as 3ms")?),
            "corrupted" => {
                self.exact("bit", "bit")?;
                Touch::Corrupted(self.parse("the number of a bit")?)
            }
            "queued" => Touch::Queued(self.parse("a time such as 3ms")?),
            other => return self.error(HOW, other),
        };
        Ok(What::Touched { frame, how, summary: self.summary()? })
    }

    fn summary(&mut self) -> Taken<Summary> {
        let text = self.remainder();
        text.parse().or_else(|_| self.error("the summary of a frame", text))
    }

    fn sign(&mut self) -> Taken<bool> {
        self.one_of(&[(true, "+"), (false, "-")], "+ or -")
    }

    fn address(&mut self) -> Taken<What> {
        let added = self.sign()?;
        let cidr = self.parse("an address with its prefix length")?;
        Ok(What::Address { added, cidr, link: self.name("the link")? })
    }

    fn neighbour(&mut self) -> Taken<What> {
        let address = self.parse("an address")?;
        let mut mac = None;
        if self.peek() == "at" {
            self.next("at")?;
            mac = Some(self.parse("an Ethernet address")?);
        }
        let state = self.one_of(&NEIGHBOUR_STATES, "the state of a neighbour such as stale")?;
        Ok(What::Neighbour { address, mac, state })
    }

    fn answer(&mut self) -> Taken<What> {
        const HOST: &str = "the host in parentheses";
        let address = self.parse("an address")?;
        let forwards = self.one_of(&[(false, "by"), (true, "through")], "by or through")?;
        if !forwards && self.peek() == "nobody" {
            self.next("nobody")?;
            return Ok(What::Answer { address, by: None });
        }
        let mac = self.parse("an Ethernet address, or nobody")?;
        let host = match self.remainder() {
            "" => None,
            word => match word.strip_prefix('(').and_then(|name| name.strip_suffix(')')) {
                Some(name) => Some(self.unescaped(name, HOST)?.into()),
                None => return self.error(HOST, word),
            },
        };
        Ok(What::Answer { address, by: Some(Answerer { mac, host, forwards }) })
    }

    fn claim(&mut self) -> Taken<What> {
        const STATE: &str = "Backup, Master, Fault, Stop or heard-lower";
        let instance = self.name("the name of an instance")?;
        let first = self.next(STATE)?;
        let mut from = None;
        let mut to = Words::of(first);
        if self.peek() == "->" {
            let state = STATES.into_iter().find(|state| state.name() == first);
            from = Some(state.map_or_else(|| self.error("Backup, Master or Fault", first), Ok)?);
            self.next("->")?;
            to = Words::of(self.next(STATE)?);
        }
        let to = to.one_of(&ANNOUNCED, STATE)?;
        Ok(What::Claim { instance, from, to, priority: self.parse("a priority")? })
    }

    fn group(&mut self) -> Taken<What> {
        let group = self.name("the name of a group")?;
        Ok(What::Group { group, to: self.one_of(&ANNOUNCED, "Backup, Master, Fault or Stop")? })
    }

    fn job(&mut self) -> Taken<What> {
        const WHAT: &str = "runs, exit or signal";
        let job = self.keyed("#", "# and the number of the child")?;
        match self.next(WHAT)? {
            "runs" => Ok(What::Spawn { job, command: self.free_text()? }),
            "exit" => Ok(What::Exit { job, exit: Exit::Status(self.parse("a status up to 255")?) }),
            "signal" => Ok(What::Exit { job, exit: Exit::Signal(self.parse("a signal's number")?) }),
            other => self.error(WHAT, other),
        }
    }

    fn free_text(&mut self) -> Taken<String> {
        let text = self.remainder();
        self.unescaped(text, "text with escapes such as \\n and \\u{7f}")
    }
}

fn name_in<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> &'static str {
    table.iter().find(|(v, _)| *v == value).map_or("", |(_, name)| name)
}

/// A text as one word: white space is escaped, the empty text is `\0`.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A host named like the laboratory itself is not the laboratory.
        if self.0 == "--" {
            return f.write_str("\\u{2d}-");
        }
        escape(f, self.0, char::is_whitespace)
    }
}

/// A text to the end of its line: inner spaces stay.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.0.trim_start();
        let (start, rest) = self.0.split_at(self.0.len() - inner.len());
        let (inner, end) = rest.split_at(inner.trim_end().len());
        if self.0.is_empty() {
            return escape(f, "", |_| false);
        }
        start.chars().try_for_each(|c| escape_char(f, c))?;
        escape_part(f, inner, |_| false)?;
        end.chars().try_for_each(|c| escape_char(f, c))
    }
}

fn escape(f: &mut fmt::Formatter<'_>, text: &str, also: fn(char) -> bool) -> fmt::Result {
    if text.is_empty() { f.write_str("\\0") } else { escape_part(f, text, also) }
}

fn escape_part(f: &mut fmt::Formatter<'_>, text: &str, also: fn(char) -> bool) -> fmt::Result {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let arrow = c == '<' && rest.peek() == Some(&'-');
        if c == '\\' || arrow || c.is_control() || also(c) { escape_char(f, c)? } else { f.write_char(c)? }
    }
    Ok(())
}

fn escape_char(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '\n' => f.write_str("\\n"),
        '\\' | '<' => write!(f, "\\{c}"),
        c => write!(f, "\\u{{{:x}}}", u32::from(c)),
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                'n' => out.push('\n'),
                '0' => {}
                c @ ('\\' | '<') => out.push(c),
                'u' => {
                    let (digits, after) = rest.as_str().strip_prefix('{')?.split_once('}')?;
                    out.push(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?);
                    rest = after.chars();
                }
                _ => return None,
            },
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::any_summary;
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr};

    use vrrplab_engine::addr::Cidr;
    use vrrplab_engine::addr::Mac;
    use vrrplab_engine::time::{Duration, Instant};

    fn pick<T: Copy + fmt::Debug + 'static>(table: &'static [(T, &str)]) -> impl Strategy<Value = T> {
        (0..table.len()).prop_map(|i| table[i].0)
    }

    fn any_name() -> impl Strategy<Value = Name> {
        prop_oneof![
            3 => "[a-z]{1,8}[0-9.]{0,2}",
            1 => any::<String>(),
            1 => "[-<> #()\\\\n\n]{0,6}",
        ]
        .prop_map(Name::from)
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[-<> #\\\\nu{}\n\t]{0,12}", "[ a-z<-]{0,20} <- #[0-9]"]
    }

    fn any_ip() -> impl Strategy<Value = Ipv4Addr> {
        any::<u32>().prop_map(Ipv4Addr::from)
    }

    fn any_mac() -> impl Strategy<Value = Mac> {
        any::<[u8; 6]>().prop_map(Mac)
    }

    fn any_address() -> impl Strategy<Value = IpAddr> {
        any_cidr().prop_map(|cidr| cidr.address)
    }

    fn any_answerer() -> impl Strategy<Value = Answerer> {
        (any_mac(), proptest::option::of(any_name()), any::<bool>())
            .prop_map(|(mac, host, forwards)| Answerer { mac, host, forwards })
    }

    fn any_cidr() -> impl Strategy<Value = Cidr> {
        prop_oneof![
            (any_ip(), 0..=32u8).prop_map(|(a, prefix)| Cidr { address: a.into(), prefix }),
            (any::<u128>(), 0..=128u8)
                .prop_map(|(a, prefix)| Cidr { address: std::net::Ipv6Addr::from(a).into(), prefix }),
        ]
    }

    fn any_touch() -> impl Strategy<Value = Touch> {
        let time = || (0..1u64 << 50).prop_map(Duration::from_micros);
        prop_oneof![
            time().prop_map(Touch::Delayed),
            Just(Touch::Duplicated),
            time().prop_map(Touch::Held),
            any::<u32>().prop_map(Touch::Corrupted),
            time().prop_map(Touch::Queued),
        ]
    }

    fn any_what() -> impl Strategy<Value = What> {
        let state = (0..STATES.len()).prop_map(|i| STATES[i]);
        prop_oneof![
            (any::<u32>(), prop_oneof![Just(Name::from("eth0")), any_name()], any_summary())
                .prop_map(|(frame, link, summary)| What::Tx { frame, link, summary }),
            (any::<Option<u32>>(), pick(&LOSSES), any_summary())
                .prop_map(|(frame, why, summary)| What::Lost { frame, why, summary }),
            (any::<u32>(), any_touch(), any_summary()).prop_map(|(frame, how, summary)| What::Touched {
                frame,
                how,
                summary
            }),
            (any::<bool>(), any_cidr(), any_name()).prop_map(|(added, cidr, link)| What::Address {
                added,
                cidr,
                link
            }),
            (any::<bool>(), any_text()).prop_map(|(added, route)| What::Route { added, route }),
            (any::<bool>(), any_text()).prop_map(|(added, rule)| What::Rule { added, rule }),
            (any_address(), proptest::option::of(any_mac()), pick(&NEIGHBOUR_STATES))
                .prop_map(|(address, mac, state)| What::Neighbour { address, mac, state }),
            (any_address(), proptest::option::of(any_answerer()))
                .prop_map(|(address, by)| What::Answer { address, by }),
            (any_name(), proptest::option::of(state), pick(&ANNOUNCED), any::<u8>())
                .prop_map(|(instance, from, to, priority)| What::Claim { instance, from, to, priority }),
            (any_name(), pick(&ANNOUNCED)).prop_map(|(group, to)| What::Group { group, to }),
            (any::<u32>(), any_text()).prop_map(|(job, command)| What::Spawn { job, command }),
            (any::<u32>(), any::<u8>()).prop_map(|(job, n)| What::Exit { job, exit: Exit::Status(n) }),
            (any::<u32>(), any::<u8>()).prop_map(|(job, n)| What::Exit { job, exit: Exit::Signal(n) }),
            (pick(&FIFOS), any_text()).prop_map(|(fifo, line)| What::Fifo { fifo, line }),
            (any::<u32>(), any::<bool>(), any_text()).prop_map(|(conn, out, line)| What::Smtp {
                conn,
                out,
                line
            }),
            (any::<u32>(), any_text()).prop_map(|(conn, subject)| What::Mail { conn, subject }),
            any_text().prop_map(What::Log),
            any_text().prop_map(What::Fault),
        ]
    }

    fn any_cause() -> impl Strategy<Value = Cause> {
        let timer = || (0..Timer::ALL.len()).prop_map(|i| Timer::ALL[i]);
        prop_oneof![
            Just(Cause::None),
            any::<u32>().prop_map(Cause::Frame),
            any::<u32>().prop_map(Cause::Fault),
            any::<u32>().prop_map(Cause::Job),
            (timer(), any::<u32>()).prop_map(|(timer, n)| Cause::TimerOfJob(timer, n)),
            (timer(), any::<u32>()).prop_map(|(timer, n)| Cause::TimerOfFrame(timer, n)),
            (timer(), any::<u32>()).prop_map(|(timer, n)| Cause::TimerOfFault(timer, n)),
        ]
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let at = prop_oneof![0..100_000_000u64, any::<u64>()].prop_map(Instant::from_micros);
        (at, proptest::option::of(any_name()), any_what(), any_cause())
            .prop_map(|(at, host, what, cause)| Event { at, host, what, cause })
    }

    proptest! {
        #[test]
        fn an_event_reads_what_it_prints(event in any_event()) {
            let line = event.to_string();
            prop_assert!(!line.contains('\n') && line == line.trim_end(), "{line:?}");
            prop_assert_eq!(line.parse(), Ok(event));
        }

        #[test]
        fn a_trace_reads_what_it_prints(
            events in proptest::collection::vec(any_event(), 0..5),
            words in (any::<String>(), any::<String>(), any::<String>()),
            seed: u64,
            duration: u64,
        ) {
            let (scenario, world, subject) = words;
            let duration = Duration::from_micros(duration);
            let trace = Trace { header: Header { scenario, world, subject, seed, duration }, events };
            prop_assert_eq!(trace.to_string().parse(), Ok(trace));
        }

        #[test]
        fn any_text_is_a_trace_or_an_error(text: String, cut: usize, event in any_event()) {
            let _ = text.parse::<Trace>();
            let line: String = event.to_string().chars().skip(cut % 60).collect();
            let _ = line.parse::<Event>();
        }
    }

    const SAMPLE: &str = "\
# vrrp/master-crash  world=sim  subject=engine  seed=1  duration=20s
   0.000000 --    fault start ka1
   0.000004 ka1   claim VI_1 Backup 100                                       <- act 1
   3.609375 ka1   tx    #7   vrrp2 vrid 100 prio 100 adv 1s 192.168.10.240    <- master-down of start
   3.609377 ka1   addr  + 192.168.10.240/24 eth0                              <- master-down of start
   3.609384 ka1   tx    #8   garp request 192.168.10.240 at 02:00:00:00:00:01 <- master-down of #100
   3.609386 ka1   claim VI_1 Backup -> Master 100                             <- master-down of start
   4.100000 probe answer 192.168.10.240 by 02:00:00:00:00:01 (ka1)            <- #9
   4.200000 ka2   lost  #9   muted vrrp2 vrid 100 prio 100 adv 1s 192.168.10.240 <- #9
   4.300000 probe neigh 192.168.10.240 incomplete
   4.400000 ka1   tx    #10 via eth1 arp 192.168.10.240 is-at 02:00:00:00:00:01
   8.009375 --    fault crash ka1
";

    #[test]
    fn the_columns_are_these() {
        let trace: Trace = SAMPLE.parse().unwrap();
        assert_eq!(trace.to_string(), SAMPLE);
        // Only the first takeover, caused by the start of the daemon, is longer than a page is wide.
        let usual = |line: &&str| !line.contains(" of start");
        assert!(SAMPLE.lines().filter(usual).all(|line| line.len() <= 100), "a usual line is short");
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, error) in [
            ("", "line 1: expected a header: `# scenario  world=…`, found `the end of the line`"),
            ("# x world=sim subject=e seed=x", "line 1: expected seed= and a number, found `x`"),
            ("soon ka1 tx", "line 2: expected a time in seconds such as 3.609375, found `soon`"),
            ("1.0 ka1 tx 7", "line 2: expected # and the number of the frame, found `7`"),
            ("1.0 ka1 tx #7 vrrp9", "line 2: expected the summary of a frame, found `vrrp9`"),
            ("1.0 ka1 addr * 1.2.3.4 eth0", "line 2: expected + or -, found `*`"),
            ("1.0 ka1 addr + 1.2.3.4/9 eth0 x", "line 2: expected the end of the line, found `x`"),
            ("1.0 ka1 claim V Stop -> Master 1", "line 2: expected Backup, Master or Fault, found `Stop`"),
        ] {
            let header = "# x  world=sim  subject=engine  seed=1  duration=20s\n";
            let text = if error.starts_with("line 1") { text.to_string() } else { format!("{header}{text}") };
            assert_eq!(text.parse::<Trace>().unwrap_err().to_string(), error);
        }
    }
}
