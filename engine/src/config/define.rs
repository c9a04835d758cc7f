//! Definitions, `$NAME=value`, and putting their values where they are used.
//!
//! Values are put in when a line is read, not when they are defined, and what is put in is searched again. The
//! bare form counts only before a blank, `,`, `)` or the end of the line.

use std::collections::{BTreeMap, VecDeque};

use super::lex::At;
use super::text::{Text, is_blank, name_length};

/// The daemon's room for a line, its end included.
pub(super) const ROOM: usize = 1024;
/// More replacements in one line than this are taken for endless.
const MOST: usize = 10_000;

/// What a name stands for.
#[derive(Clone, Debug)]
enum Value {
    Text(Text),
    /// The directory of the file that is being read.
    Directory,
    /// The configuration id.
    Instance,
    Random,
}

/// One name.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    value: Value,
    /// Its value has several lines, which end in `\n`.
    block: bool,
    /// The name where it was defined last; the daemon's own have none.
    pub(super) at: Option<At>,
}

/// All names so far.
#[derive(Clone, Debug)]
pub(super) struct Definitions {
    known: BTreeMap<String, Definition>,
    random: u64,
}

/// What the daemon's own definitions say.
pub(super) struct World<'a> {
    pub(super) directory: &'a str,
    pub(super) id: &'a str,
}

/// What became of a line.
pub(super) struct Replaced {
    pub(super) text: Text,
    /// Whether anything was put in.
    pub(super) any: bool,
    /// The lines of block definitions that follow, the latest last.
    pub(super) blocks: Vec<VecDeque<Text>>,
    pub(super) trouble: Option<(Trouble, At)>,
    /// Where names were used, and where they are defined.
    pub(super) uses: Vec<(At, String, At)>,
}

/// What can go wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// The line becomes longer than the daemon has room for; the rest stays as it is.
    TooLong,
    /// A definition leads to itself, and the daemon never gets out.
    Endless,
    /// 2.2.7 garbles what stands behind `${_RANDOM min max}`.
    Garbled,
}

/// A use of a name that counts.
struct Use {
    name: String,
    end: usize,
    range: Option<(u64, u64)>,
}

impl Definitions {
    pub(super) fn new(seed: u64) -> Definitions {
        let own = |value| Definition { value, block: false, at: None };
        let nowhere = At { file: 0, start: 0, end: 0 };
        let text = |text| Value::Text(Text::at_place(text, nowhere));
        let known = [
            ("_PWD", Value::Directory),
            ("_INSTANCE", Value::Instance),
            ("_RANDOM", Value::Random),
            ("_HASH", text("#")),
            ("_BANG", text("!")),
        ];
        let known = known.into_iter().map(|(name, value)| (name.to_string(), own(value)));
        Definitions { known: known.collect(), random: seed }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Definition> {
        self.known.get(name)
    }

    pub(super) fn is_block(&self, name: &str) -> bool {
        self.get(name).is_some_and(|d| d.block)
    }

    /// Takes a line that is a definition; the name, and whether its lines go on.
    pub(super) fn define(&mut self, line: &Text) -> Option<(String, bool)> {
        let length = name_length(line, 1);
        if line.get(0) != '$' || length == 0 || line.get(length + 1) != '=' {
            return None;
        }
        let name = line.string(1, length + 1);
        let mut value = line.slice(line.skip_blanks(length + 2), line.len());
        let goes_on = value.chars.last().is_some_and(|c| c.c == '\\');
        if goes_on {
            let end = value.chars.pop();
            value.trim_end();
            if !value.is_empty() {
                value.chars.extend(end.map(|end| super::text::Char { c: '\n', ..end }));
            }
        }
        let at = line.at(0, length + 1);
        self.known.insert(name.clone(), Definition { value: Value::Text(value), block: goes_on, at });
        Some((name, goes_on))
    }

    /// Adds a line to a block definition. Says whether more follow.
    pub(super) fn extend(&mut self, name: &str, mut line: Text) -> bool {
        let goes_on = line.chars.last().is_some_and(|c| c.c == '\\');
        if goes_on {
            let end = line.chars.pop();
            line.trim_end();
            if !line.is_empty() {
                line.chars.extend(end.map(|end| super::text::Char { c: '\n', ..end }));
            }
        } else {
            self.end_block(name);
        }
        if let Some(Definition { value: Value::Text(value), .. }) = self.known.get_mut(name) {
            value.chars.append(&mut line.chars);
        }
        goes_on
    }

    /// No line follows: an empty block is no block.
    pub(super) fn end_block(&mut self, name: &str) {
        if let Some(definition) = self.known.get_mut(name) {
            let empty = matches!(&definition.value, Value::Text(value) if value.is_empty());
            definition.block &= !empty;
        }
    }

    /// Sets a variable of a sequence.
    pub(super) fn set(&mut self, name: String, value: &str, at: At) {
        let block = self.is_block(&name);
        let value = Value::Text(Text::at_place(value, at));
        self.known.insert(name, Definition { value, block, at: None });
    }

    /// The use whose `$` is at a position, if the daemon takes it for one.
    fn used(&self, text: &Text, start: usize) -> Option<Use> {
        let braces = text.get(start + 1) == '{';
        let first = start + 1 + usize::from(braces);
        let length = name_length(text, first);
        if length == 0 {
            return None;
        }
        let (behind, name) = (first + length, text.string(first, first + length));
        let definition = self.known.get(&name)?;
        let last = behind + usize::from(braces) == text.len();
        if definition.block && !last {
            return None;
        }
        if !braces {
            let ends = behind == text.len() || matches!(text.get(behind), ' ' | '\t' | ',' | ')');
            return ends.then_some(Use { name, end: behind, range: None });
        }
        let close = text.find(behind, |c| c != ' ' && !c.is_ascii_digit())?;
        if text.get(close) != '}' {
            return None;
        }
        let range = text.string(behind, close);
        if range.trim_start().is_empty() {
            // Blanks before the brace are let through and not counted.
            return Some(Use { name, end: behind + 1, range: None });
        }
        if range.ends_with(' ') || !matches!(definition.value, Value::Random) {
            return None;
        }
        let mut numbers = range.split(' ').filter(|n| !n.is_empty()).map(|n| n.parse().unwrap_or(u64::MAX));
        let range = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(32767));
        Some(Use { name, end: close + 1, range: Some(range) })
    }

    /// Puts values where names are used. `room` is the longest that the line may become, its end included.
    pub(super) fn replace(&mut self, line: Text, room: usize, world: &World<'_>) -> Replaced {
        let mut out =
            Replaced { text: line, any: false, blocks: Vec::new(), trouble: None, uses: Vec::new() };
        let (mut i, mut bytes, mut steps) = (0, out.text.bytes(), 0);
        while i + 1 < out.text.len() {
            let found = if out.text.get(i) == '$' { self.used(&out.text, i) } else { None };
            let (Some(found), Some(place)) = (found, out.text.chars.get(i)) else {
                i += 1;
                continue;
            };
            let place = out.text.at(i, found.end).unwrap_or(place.at);
            let (value, rest) = self.value(&found, place, world);
            bytes = bytes + value.bytes() - out.text.slice(i, found.end).bytes();
            steps += 1;
            if bytes >= room || steps > MOST {
                let trouble = if steps > MOST { Trouble::Endless } else { Trouble::TooLong };
                out.trouble = Some((trouble, place));
                return out;
            }
            if let Some(defined) = self.known.get(&found.name).and_then(|d| d.at) {
                out.uses.push((place, found.name.clone(), defined));
            }
            out.any = true;
            out.blocks.extend(rest);
            let sequence = value.get(value.skip_blanks(0)) == '~';
            if put(&mut out.text, i, &found, value) {
                out.trouble = Some((Trouble::Garbled, place));
                bytes = out.text.bytes();
            }
            if sequence {
                break;
            }
        }
        out
    }

    /// What a use stands for: the text and, for a block, the lines behind its first.
    fn value(&mut self, found: &Use, place: At, world: &World<'_>) -> (Text, Option<VecDeque<Text>>) {
        let Some(definition) = self.known.get(&found.name) else { return (Text::default(), None) };
        match &definition.value {
            Value::Directory => (Text::at_place(world.directory, place), None),
            Value::Instance => (Text::at_place(world.id, place), None),
            Value::Random => {
                let (min, max) = found.range.unwrap_or((0, 32767));
                let value = self.random(min, max).to_string();
                (Text::at_place(&value[..value.len().min(max.to_string().len())], place), None)
            }
            Value::Text(text) if definition.block => {
                let lines = text.chars.split(|c| c.c == '\n').map(|line| Text { chars: line.to_vec() });
                let mut lines: VecDeque<Text> = lines.collect();
                (lines.pop_front().unwrap_or_default(), Some(lines))
            }
            Value::Text(text) => {
                let chars = text.chars.iter().map(|c| super::text::Char { at: place, ..*c });
                (Text { chars: chars.collect() }, None)
            }
        }
    }

    /// A number from the seed; the daemon's come from the clock.
    fn random(&mut self, min: u64, max: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = self.random >> 33;
        match max.wrapping_sub(min).wrapping_add(1) {
            0 => number,
            span => (number % span).wrapping_add(min),
        }
    }
}

/// Puts a value in. Says whether the daemon garbles the rest of the line: where the value is shorter than a use
/// with a range, it moves one character too few.
fn put(text: &mut Text, start: usize, found: &Use, value: Text) -> bool {
    let garbles = found.range.is_some() && value.len() < found.end - start && found.end + 1 < text.len();
    if garbles {
        let behind = text.chars[found.end];
        let length = value.len();
        text.chars.splice(start..start + length + 1, value.chars.into_iter().chain([behind]));
    } else {
        text.chars.splice(start..found.end, value.chars);
    }
    garbles
}

/// A name that a finished line still mentions.
pub(super) struct Mention {
    pub(super) name: String,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) braces: bool,
}

/// Names that a finished line still mentions.
pub(super) fn mentioned(text: &Text) -> Vec<Mention> {
    let mention = |start: usize| {
        let braces = text.get(start + 1) == '{';
        let first = start + 1 + usize::from(braces);
        let length = name_length(text, first);
        let behind = first + length;
        let close = text.find(behind, |c| c != ' ' && !c.is_ascii_digit());
        let end = match close {
            Some(close) if braces && text.get(close) == '}' => close + 1,
            _ if braces => return None,
            _ => behind,
        };
        (length > 0).then(|| Mention { name: text.string(first, behind), start, end, braces })
    };
    (0..text.len()).filter(|&i| text.get(i) == '$').filter_map(mention).collect()
}

/// Whether a character ends the bare form.
pub(super) fn ends_name(c: char) -> bool {
    is_blank(c) || matches!(c, ',' | ')' | '\0')
}
