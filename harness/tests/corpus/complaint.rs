//! keepalived's messages: which are about the text itself, and where.

use std::collections::BTreeSet;
use std::fmt;

use vrrplab_engine::config::keywords;

use super::block_before;

/// Something that keepalived says about a text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    pub(crate) place: Place,
    pub(crate) message: String,
    /// Once a brace is wrong, good lines land in wrong blocks: one finding at the brace is enough for them.
    pub(crate) follows: bool,
}

/// Where keepalived says it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Line(usize),
    /// It is told at the end of a block and about all of it.
    Block(usize),
    File,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Line(line) => write!(f, "line {line}: {}", self.message),
            Place::Block(line) => write!(f, "block before line {line}: {}", self.message),
            Place::File => f.write_str(&self.message),
        }
    }
}

/// What a message is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// The text at that line.
    Text,
    /// A whole block, told at its end.
    Block,
    /// A brace or what comes of one.
    Brace,
    /// The machine: users, scripts, interfaces, name servers, features of the build.
    Machine,
    /// The continuation of another message, or the daemon's own end.
    Nothing,
}

/// The first pattern that a message contains decides.
const MESSAGES: &[(&str, About)] = &[
    ("Unable to set default user", About::Machine),
    ("Error setting global script uid/gid", About::Machine),
    ("Unable to set uid/gid for script", About::Machine),
    ("Failed to set uid/gid for misc checker", About::Machine),
    ("SECURITY VIOLATION", About::Machine),
    ("since not found/accessible", About::Machine),
    ("WARNING - interface", About::Machine),
    ("WARNING - VRF interface", About::Machine),
    ("tracked interface", About::Machine),
    ("Non-existent interface", About::Machine),
    ("Unknown interface!", About::Machine),
    ("already exists and is not a private macvlan", About::Machine),
    ("Config files missing", About::Machine),
    ("Invalid smtp server", About::Machine),
    ("iptables not supported", About::Machine),
    ("Unknown protocol", About::Machine),
    ("Please use global lvs_sync_daemon", About::Nothing),
    ("double free or corruption", About::Nothing),
    ("Unexpected '{'", About::Brace),
    ("Unknown keyword '}'", About::Brace),
    ("Extra '}'", About::Brace),
    ("Missing '{'", About::Brace),
    ("No script set for vrrp_script", About::Block),
    ("has no neighbor address set", About::Block),
    ("empty notification_email block", About::Block),
    ("unicast_ttl without unicast peers", About::Block),
    ("with use_vmac requires vmac_xmit_base", About::Block),
    ("don't match - skipping", About::Block),
    ("startup script missing", About::Block),
    ("garp_group already specified", About::Block),
];

/// The complaints of a verdict that the text causes, each once: keepalived reads a text up to four times.
pub(crate) fn complaints(verdict: &str, text: &str) -> BTreeSet<Complaint> {
    let known: BTreeSet<&str> = keywords().iter().map(|k| k.name).collect();
    let lines: Vec<&str> = verdict.lines().filter(|line| !line.starts_with('#')).collect();
    let removed = removed_scripts(&lines, text);
    let mut found = BTreeSet::new();
    for (line, message) in lines.iter().map(|line| split(line)).filter(|(_, m)| !m.trim().is_empty()) {
        let pattern = MESSAGES.iter().find(|(pattern, _)| message.contains(pattern));
        let about = pattern.map_or(About::Text, |(_, about)| *about);
        let script = message.split_once("track script ").and_then(|(_, rest)| rest.split_once(" not found"));
        if matches!(about, About::Machine | About::Nothing)
            || script.is_some_and(|(name, _)| removed.contains(name))
        {
            continue;
        }
        let place = match (line, about) {
            (None, _) => Place::File,
            (Some(line), About::Block) => Place::Block(line),
            (Some(line), _) => Place::Line(line),
        };
        let misplaced = message.strip_prefix("Unknown keyword '").and_then(|rest| rest.strip_suffix('\''));
        let follows = about == About::Brace || misplaced.is_some_and(|word| known.contains(word));
        found.insert(Complaint { place, message: message.to_string(), follows });
    }
    found
}

/// The scripts that keepalived drops because the machine lacks their users: who names them finds them missing.
fn removed_scripts<'a>(messages: &[&'a str], text: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for (line, message) in messages.iter().map(|message| split(message)) {
        if let Some((_, rest)) = message.split_once("Unable to set default user for vrrp script ") {
            found.extend(rest.strip_suffix(" - removing"));
        } else if let (true, Some(line)) = (message.starts_with("Unable to set uid/gid for script"), line) {
            // It names the command; the script is the one in whose block the line is.
            let head = text.lines().nth(block_before(text, line) - 1).unwrap_or_default();
            let mut words = head.split_whitespace();
            found.extend(words.next().filter(|word| *word == "vrrp_script").and(words.next()));
        }
    }
    found
}

/// The line that a message names, `(Line 4) …` or `(FILE: Line 4) …`, and the message.
fn split(text: &str) -> (Option<usize>, &str) {
    let parts = || {
        let (head, message) = text.strip_prefix('(')?.split_once(") ")?;
        let number = head.strip_prefix("Line ").or_else(|| head.split_once(": Line ").map(|(_, n)| n))?;
        Some((number.parse().ok()?, message))
    };
    parts().map_or((None, text), |(line, message)| (Some(line), message))
}
