//! Texts to lines of words: what the daemon sees once conditions, definitions, sequences and includes are done.
//!
//! The daemon reads twice: its first process reads the files and writes a copy of them, without comments and
//! with included files in place; the others read the copy. What comes out differs where something is undone
//! twice. The first reading here also is the one that findings are about, so it is kinder where a person means
//! something else: braces of unknown variables are letters, odd spaces are spaces.

use std::collections::VecDeque;

use super::Options;
use super::define::{Definitions, ROOM, Replaced, Trouble, World};
use super::files::{Copied, LONGEST, Open, is_include};
use super::lex::{At, Line, brace, words};
use super::report::Report;
use super::sequence::{self, Bad, Sequence};
use super::sources::Sources;
use super::text::{Text, is_blank};
use crate::finding::Source;

/// More lines out of sequences and blocks than this are left out.
const MOST_LINES: usize = 20_000;
/// More pieces of one line than this come from a definition that never ends: what is behind a brace is read anew.
const MOST_PIECES: usize = 5_000;
/// A line is looked at again at most so often.
const MOST_ROUNDS: usize = 1_000;

/// What the two readings see.
pub(super) struct Loaded {
    /// As a person means it.
    pub(super) meant: Vec<Line>,
    /// As the process for VRRP sees it, where that can be something else.
    pub(super) seen: Option<Vec<Line>>,
}

/// Whether reading a text twice is reading it once: nothing in it is undone, put in or cut, so the copy says what
/// the file says. Most of a large configuration is like that.
fn reads_the_same_twice(text: &str) -> bool {
    let special = |b: u8| !b.is_ascii() || matches!(b, b'\\' | b'$' | b'@' | b'~' | b'\0');
    !text.bytes().any(special)
        && !text.contains("include")
        && text.split('\n').all(|line| line.len() < LONGEST)
}

/// Reads a text and what it includes.
pub(super) fn load(report: &mut Report, main: Source, sources: &dyn Sources, options: &Options) -> Loaded {
    let once = reads_the_same_twice(&main.text);
    let mut first = Loader::new(report, sources, options, true);
    first.copies = !once;
    first.start(main);
    first.run();
    if once {
        return Loaded { meant: first.out, seen: None };
    }
    let (meant, copy, count) = (first.out, first.copy, first.count);
    let mut muted = report.muted();
    let mut second = Loader::new(&mut muted, sources, options, false);
    second.count = count;
    second.files.push(Open::copy(copy));
    second.run();
    Loaded { meant, seen: Some(second.out) }
}

pub(super) struct Loader<'a> {
    pub(super) report: &'a mut Report,
    pub(super) sources: &'a dyn Sources,
    options: &'a Options,
    /// The reading that findings are about, and that makes the copy.
    pub(super) first: bool,
    /// The files being read, the main one first.
    pub(super) files: Vec<Open>,
    pub(super) opened: usize,
    pub(super) copy: Vec<Copied>,
    /// Whether a copy is needed.
    pub(super) copies: bool,
    pub(super) include_check: u8,
    definitions: Definitions,
    /// The block definition whose lines are being read.
    pub(super) defining: Option<String>,
    sequences: Vec<Sequence>,
    /// How many sequences the daemon believes to have; a bad `~LST` makes it one too few.
    count: u32,
    /// How many it had when it started with the current block.
    depth: u32,
    /// Lines of a block definition that are still to be read, and those of enclosing ones.
    block: VecDeque<Text>,
    blocks: Vec<(VecDeque<Text>, u32)>,
    /// What stands behind a brace.
    pub(super) residue: Option<Text>,
    /// Whether the current line says `include` as it stands in the file.
    pub(super) plain_include: bool,
    work: usize,
    /// How often the current line was cut at a brace.
    pieces: usize,
    /// A definition without end was met.
    hung: bool,
    pub(super) out: Vec<Line>,
    /// Open blocks, and which of them is `global_defs`.
    level: usize,
    global: Option<usize>,
}

impl<'a> Loader<'a> {
    fn new(
        report: &'a mut Report,
        sources: &'a dyn Sources,
        options: &'a Options,
        first: bool,
    ) -> Loader<'a> {
        Loader {
            report,
            sources,
            options,
            first,
            files: Vec::new(),
            opened: 0,
            copy: Vec::new(),
            copies: first,
            include_check: 0,
            definitions: Definitions::new(options.seed),
            defining: None,
            sequences: Vec::new(),
            count: 0,
            depth: 0,
            block: VecDeque::new(),
            blocks: Vec::new(),
            residue: None,
            plain_include: false,
            work: 0,
            pieces: 0,
            hung: false,
            out: Vec::new(),
            level: 0,
            global: None,
        }
    }

    fn run(&mut self) {
        loop {
            if self.first && !self.copies && self.residue.is_none() {
                self.plain_lines();
            }
            let Some(line) = self.line() else { break };
            self.finish(line);
        }
        if self.first {
            self.report.settle_mentions(|name| self.definitions.get(name).and_then(|d| d.at));
        }
    }

    /// The next line that is none of the loader's own.
    fn line(&mut self) -> Option<Text> {
        loop {
            let text = self.next()?;
            if let Some(name) = self.defining.take() {
                let goes_on = self.definitions.extend(&name, text);
                self.defining = goes_on.then_some(name);
                continue;
            }
            let Some(text) = self.replaced(text) else { continue };
            if !is_include(&text) {
                return Some(text);
            }
            self.include(&text);
        }
    }

    /// The next line to look at: the rest of one, a round of a sequence, a line of a block or of a file.
    fn next(&mut self) -> Option<Text> {
        self.plain_include = false;
        if let Some(text) = self.residue.take() {
            self.pieces += 1;
            if self.pieces > MOST_PIECES && !self.hung {
                self.trouble(Trouble::Endless, text.chars[0].at);
            }
            return Some(text);
        }
        self.pieces = 0;
        self.limit();
        if self.count > self.depth && !self.sequences.is_empty() {
            return self.round();
        }
        if let Some(line) = self.block.pop_front() {
            self.work += 1;
            if self.block.is_empty() {
                (self.block, self.depth) = self.blocks.pop().unwrap_or_default();
            }
            return Some(line);
        }
        let line = self.physical()?;
        self.plain_include = is_include(&line);
        Some(line)
    }

    /// The lines of a block definition end here, without a last one.
    pub(super) fn end_definition(&mut self) {
        if let Some(name) = self.defining.take() {
            self.definitions.end_block(&name);
        }
    }

    fn round(&mut self) -> Option<Text> {
        self.work += 1;
        let sequence = self.sequences.last_mut()?;
        let (at, line) = (sequence.at, sequence.line.clone());
        for (name, value) in sequence.next() {
            self.definitions.set(name, &value, at);
        }
        if sequence.is_done() {
            self.sequences.pop();
            self.count = self.count.wrapping_sub(1);
        }
        Some(line)
    }

    /// Stops what would make more lines than anybody can read.
    fn limit(&mut self) {
        if self.work <= MOST_LINES {
            return;
        }
        let sequence = self.sequences.last().map(|s| s.at);
        let block = self.block.front().and_then(|line| line.at(0, 1));
        if let Some(at) = sequence.or(block) {
            let message = format!("sequences and definitions make more than {MOST_LINES} lines");
            self.report.once("too-many-lines", at, message, "reads them all, if it has the time", "");
        }
        self.sequences.clear();
        self.block.clear();
        self.blocks.clear();
        (self.count, self.depth) = (0, 0);
    }

    /// A line with its condition checked and its definitions put in, if something is left of it.
    fn replaced(&mut self, mut text: Text) -> Option<Text> {
        let mut length = text.len();
        for _ in 0..MOST_ROUNDS {
            if text.get(0) == '@' {
                text = self.condition(&text, &mut length)?;
            }
            if let Some((name, goes_on)) = self.definitions.define(&text) {
                self.defining = goes_on.then_some(name);
                return None;
            }
            if text.starts_with("~SEQ") || text.starts_with("~LST") {
                self.sequence(&text);
                return None;
            }
            if text.get(0) == '~' || self.hung || text.find(0, |c| c == '$').is_none() {
                break;
            }
            let Some(again) = self.replace(&mut text) else { break };
            if !again {
                break;
            }
        }
        (!text.is_empty()).then_some(text)
    }

    /// Puts definitions in; whether the line is to be looked at again, or nothing if it stayed as it was.
    fn replace(&mut self, text: &mut Text) -> Option<bool> {
        let directory = self.directory();
        let world = World { directory: &directory, id: self.options.id.as_deref().unwrap_or_default() };
        let replaced = self.definitions.replace(std::mem::take(text), ROOM, &world);
        let Replaced { text: new, any, blocks, trouble, uses } = replaced;
        *text = new;
        for (at, name, defined) in uses {
            self.report.used(at, name, defined);
        }
        if let Some((trouble, at)) = trouble {
            self.trouble(trouble, at);
            if trouble != Trouble::Garbled {
                return None;
            }
        }
        for lines in blocks {
            self.work += lines.len();
            let outer = std::mem::replace(&mut self.block, lines);
            if !outer.is_empty() {
                self.blocks.push((outer, self.depth));
            }
            self.depth = self.count;
        }
        if !any {
            return None;
        }
        self.comment_again(text);
        Some(text.get(0) == '@' || text.find(0, |c| c == '$').is_some())
    }

    fn trouble(&mut self, trouble: Trouble, at: At) {
        match trouble {
            Trouble::Endless => {
                self.hung = true;
                self.report.once(
                    "endless-definition",
                    at,
                    "putting in this definition never ends",
                    "never gets past this line",
                    "do not use a definition in its own value",
                );
            }
            Trouble::TooLong => {
                let message = format!("with its definitions this line is longer than {} bytes", ROOM - 1);
                self.report.warn("line-too-long", at, message, "leaves the rest of the line as it is", "");
            }
            Trouble::Garbled => {
                self.report.warn(
                    "random-garbles",
                    at,
                    "`${_RANDOM min max}` stands before the end of a line",
                    "garbles what is behind it",
                    "end the line with it",
                );
            }
        }
    }

    /// The daemon looks for comments once more where definitions were put in.
    fn comment_again(&mut self, text: &mut Text) {
        let start = text.skip_blanks(0);
        *text = text.slice(start, text.len());
        text.trim_end();
        let again = text.decommented();
        let lost = (0..text.len()).find(|&i| again.get(i) != text.get(i)).and_then(|i| text.at(i, i + 1));
        match lost.filter(|_| self.first) {
            // A `\#` is meant as a letter; what comes out of `${_HASH}` is meant as a comment.
            Some(at) if at.end - at.start == 1 => self.report.second_comment(Some(at)),
            _ => *text = again,
        }
    }

    /// A line behind `@ID` or `@^ID`, if it counts.
    fn condition(&mut self, text: &Text, length: &mut usize) -> Option<Text> {
        let not = text.get(1) == '^';
        let start = 1 + usize::from(not);
        let end = text.find(start, is_blank)?;
        if self.options.id.is_none() && self.first {
            self.report.without_id(text.at(0, end));
        }
        if (text.string(start, end) == self.options.id.as_deref().unwrap_or_default()) == not {
            return None;
        }
        let line = text.skip_blanks(end);
        if text.len() > *length && self.first {
            self.report.garbled_condition(text.at(0, end), line > *length);
        }
        // The daemon moves as many characters as the line had before its definitions were put in.
        let stale = *length;
        *length = stale.saturating_sub(line);
        let mut out = text.slice(line, text.len());
        if !self.first && text.len() > stale && line <= stale {
            out.chars.truncate(*length + 1);
            out.chars.extend_from_slice(&text.chars[*length + 1..]);
        }
        Some(out)
    }

    fn sequence(&mut self, text: &Text) {
        let directory = self.directory();
        let world = World { directory: &directory, id: self.options.id.as_deref().unwrap_or_default() };
        let definitions = &mut self.definitions;
        match sequence::parse(text, |range| definitions.replace(range, 64, &world).text) {
            Ok(sequence) => {
                self.sequences.push(sequence);
                self.count = self.count.wrapping_add(1);
            }
            Err(bad) => {
                if text.starts_with("~LST") {
                    self.count = self.count.wrapping_sub(1);
                }
                if let Some(at) = text.at(0, text.len()) {
                    self.report.bad_sequence(at, bad, bad == Bad::Open);
                }
            }
        }
    }

    /// A line to words and braces.
    fn finish(&mut self, mut text: Text) {
        match brace(&text, self.first) {
            Some(0) => {
                let behind = text.skip_blanks(1);
                self.rest(&text, behind);
                let at = text.chars[0].at;
                self.push(if text.get(0) == '{' { Line::Open(at) } else { Line::Close(at) });
                return;
            }
            Some(i) => {
                self.rest(&text, i);
                text.chars.truncate(i);
            }
            None => {}
        }
        text.trim_end();
        if self.first {
            self.look_at(&mut text);
        }
        match words(&text) {
            Some(words) if self.first && words.words.len() == 1 && self.lone_include(&words.words[0]) => {}
            Some(words) => self.push(Line::Words(words)),
            None if self.first => self.report.lost_quote(text.at(0, text.len()), text.get(0)),
            None => {}
        }
    }

    fn rest(&mut self, text: &Text, from: usize) {
        let mut rest = text.slice(from, text.len());
        rest.trim_end();
        self.residue = (!rest.is_empty()).then_some(rest);
    }

    /// What a finished line tells about definitions that are missing and spaces that are none.
    fn look_at(&mut self, text: &mut Text) {
        for mention in super::define::mentioned(text) {
            let (block, known) = match self.definitions.get(&mention.name) {
                Some(_) => (self.definitions.is_block(&mention.name), true),
                None => (false, false),
            };
            let behind = text.get(mention.end);
            self.report.mention(text, &mention, known, block, behind);
        }
        let mut quoted = false;
        for i in 0..text.len() {
            let c = text.get(i);
            quoted ^= c == '"';
            if !quoted && !c.is_ascii() && (c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')) {
                self.report.odd_space(text.chars[i].at, c);
                text.chars[i].c = ' ';
            }
        }
    }

    /// Adds a line, and follows the blocks as far as `include_check` needs it.
    fn push(&mut self, line: Line) {
        match &line {
            Line::Open(_) => self.level += 1,
            Line::Close(_) => {
                self.level = self.level.saturating_sub(1);
                self.global = self.global.filter(|level| *level < self.level);
            }
            Line::Words(words) => match words.words[0].text.as_str() {
                "global_defs" => self.global = Some(self.level),
                "include_check" if self.global.is_some_and(|level| level + 1 == self.level) => {
                    self.set_include_check(&words.words[1..]);
                }
                _ => {}
            },
        }
        self.out.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::super::sources::NoSources;
    use super::*;
    use proptest::prelude::*;

    /// The lines of a text, by the short way where there is one, or all by the long way.
    fn lines(text: &str, short: bool) -> Vec<Line> {
        let (mut report, options) = (Report::default(), Options::default());
        let mut loader = Loader::new(&mut report, &NoSources, &options, true);
        loader.copies = !short;
        loader.start(Source { name: "x".into(), text: text.into() });
        loader.run();
        loader.out
    }

    proptest! {
        #[test]
        fn the_short_way_sees_what_the_long_way_sees(text in "([a-z0-9_./:-]{0,6}[ \t{}#!'\"\r\n\x0b]{1,3}){0,24}") {
            prop_assert!(reads_the_same_twice(&text));
            prop_assert_eq!(lines(&text, true), lines(&text, false));
        }
    }
}
