//! The files that a configuration is made of, line by line, and its `include` lines.

use std::collections::VecDeque;
use std::sync::Arc;

use super::lex::{Word, is_space, plain};
use super::load::Loader;
use super::sources::{alternatives, is_pattern};
use super::text::Text;
use crate::finding::{Severity, Source};

/// Files nested deeper than this are left out.
const DEEPEST: usize = 32;
/// More files than this are left out.
const MOST_FILES: usize = 1_000;
/// What the daemon reads at once: a longer line becomes several.
pub(super) const LONGEST: usize = 1023;

/// What may be missing: `include` lines name what stops the daemon.
const UNREADABLE: u8 = 1;
const MISSING: u8 = 2;
const WILDCARD: u8 = 4;
const BRACE: u8 = 8;

/// A line of the copy that the daemon's processes read.
#[derive(Clone, Debug)]
pub(super) enum Copied {
    Line(Text),
    /// A file begins that is in this directory.
    Enter(Arc<str>),
    Leave,
}

/// A file being read, and those of the same `include` that are still to be read.
#[derive(Debug)]
pub(super) struct Open {
    name: Arc<str>,
    stream: Stream,
    waiting: VecDeque<Source>,
    /// What `include_check` was before.
    include_check: u8,
    /// Whether it goes into the copy.
    copied: bool,
}

#[derive(Debug)]
enum Stream {
    File { number: usize, text: Arc<str>, at: usize },
    Copy { lines: std::vec::IntoIter<Copied>, directories: Vec<Arc<str>> },
}

impl Open {
    /// The copy as a file.
    pub(super) fn copy(copy: Vec<Copied>) -> Open {
        let stream = Stream::Copy { lines: copy.into_iter(), directories: Vec::new() };
        Open { name: "".into(), stream, waiting: VecDeque::new(), include_check: 0, copied: false }
    }
}

/// The directory of a file.
fn directory(name: &str) -> Arc<str> {
    match name.rsplit_once('/') {
        Some(("", _)) => "/".into(),
        Some((directory, _)) => directory.into(),
        None => ".".into(),
    }
}

/// What a line includes: where its pattern starts and what must not be missing.
fn include(text: &Text) -> Option<(usize, u8)> {
    let checks = match text.get(7) {
        c if is_space(c) => return text.starts_with("include").then_some((8, 0)),
        'r' => UNREADABLE,
        'm' => UNREADABLE | MISSING,
        'w' => UNREADABLE | MISSING | WILDCARD,
        'b' => UNREADABLE | BRACE,
        'a' => UNREADABLE | MISSING | WILDCARD | BRACE,
        _ => return None,
    };
    (text.starts_with("include") && is_space(text.get(8))).then_some((9, checks))
}

/// Whether a line includes files.
pub(super) fn is_include(text: &Text) -> bool {
    include(text).is_some()
}

impl Loader<'_> {
    /// Opens the main file.
    pub(super) fn start(&mut self, main: Source) {
        self.open(VecDeque::from([main]), true);
    }

    /// The directory of the file being read.
    pub(super) fn directory(&self) -> Arc<str> {
        match self.files.last() {
            Some(Open { stream: Stream::Copy { directories, .. }, .. }) => {
                directories.last().cloned().unwrap_or_else(|| ".".into())
            }
            Some(open) => directory(&open.name),
            None => ".".into(),
        }
    }

    /// Starts with the first of these files.
    fn open(&mut self, mut waiting: VecDeque<Source>, copied: bool) {
        let Some(source) = waiting.pop_front() else { return };
        self.opened += 1;
        let number = self.report.source(&source);
        if copied && self.first {
            self.copy.push(Copied::Enter(directory(&source.name)));
        }
        let stream = Stream::File { number, text: source.text, at: 0 };
        let include_check = self.include_check;
        self.files.push(Open { name: source.name, stream, waiting, include_check, copied });
    }

    /// The next line of the files that is not empty, without comment. Empty lines end block definitions.
    pub(super) fn physical(&mut self) -> Option<Text> {
        loop {
            let Some(line) = self.raw() else {
                let Open { waiting, include_check, copied, stream, .. } = self.files.pop()?;
                self.include_check = include_check;
                if copied && self.first && matches!(stream, Stream::File { .. }) {
                    self.copy.push(Copied::Leave);
                }
                self.open(waiting, copied);
                continue;
            };
            let empty = line.is_empty();
            let text = line.into_decommented();
            if self.copies && self.files.last().is_some_and(|open| open.copied) {
                self.copy(&text);
            }
            if empty {
                self.end_definition();
            } else if !text.is_empty() {
                return Some(text);
            }
        }
    }

    /// Takes lines as long as they need nothing but to be split. Only for a text that reads the same twice.
    pub(super) fn plain_lines(&mut self) {
        let Some(Open { stream: Stream::File { number, text, at }, .. }) = self.files.last_mut() else {
            return;
        };
        while *at < text.len() {
            let end = text[*at..].find('\n').map_or(text.len(), |length| *at + length + 1);
            if text[*at..end].contains(['"', '\'']) {
                return;
            }
            plain(*number, text, *at..end, &mut self.out);
            *at = end;
        }
    }

    /// The next line of the file being read, as it stands there; nothing at its end.
    fn raw(&mut self) -> Option<Text> {
        let open = self.files.last_mut()?;
        match &mut open.stream {
            Stream::Copy { lines, directories } => loop {
                match lines.next()? {
                    Copied::Line(text) => return Some(text),
                    Copied::Enter(directory) => directories.push(directory),
                    Copied::Leave => drop(directories.pop()),
                }
            },
            Stream::File { number, text, at } => {
                if *at >= text.len() {
                    return None;
                }
                let start = *at;
                let line = text[start..].find('\n').map_or(text.len(), |length| start + length + 1);
                let end = if line - start > LONGEST { floor(text, start + LONGEST) } else { line };
                *at = end;
                let piece = &text[start..end];
                let length = piece.find('\0').unwrap_or(piece.trim_end_matches(['\n', '\r']).len());
                let out = Text::of_source(*number, text, start, start + length);
                if end < line && self.first {
                    self.report.long_line(out.at(out.len().saturating_sub(1), out.len()), LONGEST);
                }
                Some(self.without_mark(out, start))
            }
        }
    }

    /// A text without the mark of its encoding. The daemon takes it for letters.
    fn without_mark(&mut self, mut text: Text, start: usize) -> Text {
        if self.first && start == 0 && text.get(0) == '\u{feff}' {
            let mark = text.chars.remove(0);
            self.report.odd_space(mark.at, mark.c);
        }
        text
    }

    /// Adds a line to the copy and tells what happens to it when it is read again.
    fn copy(&mut self, text: &Text) {
        let again = text.decommented();
        if text.get(0) == '!' {
            self.report.copied_bang(text.at(0, 1));
        } else if !again.says(text) {
            let lost = (0..text.len()).find(|&i| again.get(i) != text.get(i)).unwrap_or(0);
            self.report.second_comment(text.at(lost, lost + 1));
        }
        self.copy.push(Copied::Line(if is_include(text) { Text::default() } else { text.clone() }));
    }

    /// Whether a line is the word `include` and nothing else; says so.
    pub(super) fn lone_include(&mut self, word: &Word) -> bool {
        let lone = matches!(
            word.text.as_str(),
            "include" | "includer" | "includem" | "includew" | "includeb" | "includea"
        );
        if lone {
            let message = format!("`{}` names no file", word.text);
            let daemon = "skips the line, as an unknown keyword";
            self.report.warn("include-nothing", word.at, message, daemon, "name a file or a pattern");
        }
        lone
    }

    /// Reads the files that a line names.
    pub(super) fn include(&mut self, text: &Text) {
        let Some((start, checks)) = include(text) else { return };
        let start = text.skip_blanks(start);
        let mut end = text.len();
        let mut copied = true;
        if let Some(close) = surplus_close(text, start).filter(|_| self.first) {
            self.report.brace_in_include(text.at(close, close + 1));
            self.residue = Some(text.slice(close, text.len()));
            end = close;
            copied = false;
        }
        let mut pattern = text.slice(start, end);
        pattern.trim_end();
        let Some(at) = pattern.at(0, pattern.len()) else { return };
        let pattern = pattern.to_text();
        let checks = checks | self.include_check;
        let files = self.find(&pattern, at, checks);
        let files = self.without_loops(files, at);
        if self.first && copied && !self.plain_include && !files.is_empty() {
            self.report.read_twice(at);
        }
        self.open(files, copied);
    }

    /// The files that a pattern matches.
    fn find(&mut self, pattern: &str, at: super::lex::At, checks: u8) -> VecDeque<Source> {
        let directory = self.directory();
        let (mut files, mut missing, mut found) = (VecDeque::new(), false, false);
        for one in alternatives(pattern) {
            let included = self.sources.include(&one, &directory);
            found |= !included.files.is_empty() || !included.unreadable.is_empty();
            let none = included.files.is_empty() && included.unreadable.is_empty();
            missing |= included.no_directory || (none && !is_pattern(&one));
            for why in included.unreadable {
                let severity = severity(checks & UNREADABLE != 0, Severity::Warning);
                self.report.include(
                    "include-unreadable",
                    severity,
                    at,
                    format!("cannot read {why}"),
                    pattern,
                );
            }
            files.extend(included.files);
        }
        let braces = pattern.contains('{');
        let (stops, message) = match (found, missing) {
            (true, false) => return files,
            (true, true) => (checks & BRACE != 0, format!("some files of `{pattern}` are missing")),
            (false, true) => {
                let check = if braces { BRACE } else { MISSING };
                (checks & check != 0, format!("no file matches `{pattern}`"))
            }
            (false, false) => (checks & WILDCARD != 0, format!("no file matches `{pattern}`")),
        };
        let mild = if missing { Severity::Warning } else { Severity::Note };
        self.report.include("include-nothing", severity(stops, mild), at, message, pattern);
        if stops { VecDeque::new() } else { files }
    }

    /// Leaves out files that are being read already.
    fn without_loops(&mut self, mut files: VecDeque<Source>, at: super::lex::At) -> VecDeque<Source> {
        files.retain(|file| {
            let inside = self.files.iter().any(|open| open.name == file.name);
            if inside {
                let message = format!("`{}` includes itself", file.name);
                let daemon = "reads it again and again until it can open no more files";
                self.report.warn("include-loop", at, message, daemon, "remove one of the includes");
            }
            !inside
        });
        if self.files.len() > DEEPEST || self.opened + files.len() > MOST_FILES {
            self.report.once("too-many-files", at, "these are too many files", "reads them all", "");
            files.clear();
        }
        files
    }

    /// `include_check`: what must not be missing from here on.
    pub(super) fn set_include_check(&mut self, words: &[Word]) {
        if words.is_empty() {
            self.include_check = UNREADABLE | MISSING | WILDCARD | BRACE;
        }
        for (i, word) in words.iter().enumerate() {
            let name = word.text.trim_start_matches(['+', '-']);
            let flag = match name {
                "read" => UNREADABLE,
                "match" => MISSING,
                "wildcard_match" => WILDCARD,
                "brace_match" => BRACE,
                _ => 0,
            };
            match word.text.as_bytes().first() {
                Some(b'+') => self.include_check |= flag,
                Some(b'-') => self.include_check &= !flag,
                _ if i == 0 && flag == 0 => self.include_check = 0,
                _ if i == 0 => self.include_check = UNREADABLE | flag,
                _ => {}
            }
            if flag == 0 && self.first {
                self.report.bad_check(word);
            }
        }
    }
}

fn severity(stops: bool, otherwise: Severity) -> Severity {
    if stops { Severity::Error } else { otherwise }
}

/// The last character border not behind a position.
fn floor(text: &str, position: usize) -> usize {
    (0..=position).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// Where a `}` stands in a pattern that closes nothing in it.
fn surplus_close(text: &Text, start: usize) -> Option<usize> {
    let mut depth = 0usize;
    for i in start..text.len() {
        match text.get(i) {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(i),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
