//! A line of text whose characters remember where they stand, through comments, definitions and sequences.
//!
//! A character that comes out of a definition stands where the definition is used, so that whatever is said about
//! it points at a line that somebody wrote; only the lines of a block definition keep their own places.

use super::lex::At;

/// A character and the piece of source it stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Char {
    pub(super) c: char,
    pub(super) at: At,
}

/// A line, or the lines of a block definition.
#[derive(Clone, Default, Debug)]
pub(super) struct Text {
    pub(super) chars: Vec<Char>,
}

impl Text {
    /// The piece `text[start..end]` of source number `file`.
    pub(super) fn of_source(file: usize, text: &str, start: usize, end: usize) -> Text {
        let mut chars = Vec::with_capacity(end - start);
        chars.extend(text[start..end].char_indices().map(|(i, c)| {
            let start = start + i;
            Char { c, at: At { file, start, end: start + c.len_utf8() } }
        }));
        Text { chars }
    }

    /// A text that stands in no source, at the place where it is used.
    pub(super) fn at_place(text: &str, at: At) -> Text {
        Text { chars: text.chars().map(|c| Char { c, at }).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// Length as the daemon counts it.
    pub(super) fn bytes(&self) -> usize {
        self.chars.iter().map(|c| c.c.len_utf8()).sum()
    }

    /// The character at a position, or NUL behind the end.
    pub(super) fn get(&self, i: usize) -> char {
        self.chars.get(i).map_or('\0', |c| c.c)
    }

    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        prefix.chars().enumerate().all(|(i, c)| self.get(i) == c)
    }

    /// The first position from `from` on whose character is like that.
    pub(super) fn find(&self, from: usize, like: impl Fn(char) -> bool) -> Option<usize> {
        (from..self.len()).find(|&i| like(self.chars[i].c))
    }

    /// The first position from `from` on that is not blank.
    pub(super) fn skip_blanks(&self, from: usize) -> usize {
        self.find(from, |c| !is_blank(c)).unwrap_or(self.len().max(from))
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> Text {
        Text { chars: self.chars.get(start..end).unwrap_or_default().to_vec() }
    }

    pub(super) fn string(&self, start: usize, end: usize) -> String {
        let piece = self.chars.get(start..end).unwrap_or_default();
        let mut out = String::with_capacity(piece.len());
        out.extend(piece.iter().map(|c| c.c));
        out
    }

    pub(super) fn to_text(&self) -> String {
        self.string(0, self.len())
    }

    /// Where a piece of it stands: from its first to its last character, if that is one piece of source.
    pub(super) fn at(&self, start: usize, end: usize) -> Option<At> {
        let piece = self.chars.get(start..end)?;
        let (first, last) = (piece.first()?.at, piece.last()?.at);
        let joined = first.file == last.file && first.start <= last.start && first.end <= last.end;
        Some(if joined { At { end: last.end, ..first } } else { first })
    }

    pub(super) fn trim_end(&mut self) {
        while self.chars.last().is_some_and(|c| is_blank(c.c)) {
            self.chars.pop();
        }
    }

    /// Whether both say the same, wherever they stand.
    pub(super) fn says(&self, other: &Text) -> bool {
        self.len() == other.len() && self.chars.iter().zip(&other.chars).all(|(a, b)| a.c == b.c)
    }

    /// The same as [`Text::decommented`], without a new line where there is nothing to take out of it.
    pub(super) fn into_decommented(mut self) -> Text {
        if self.chars.iter().any(|c| matches!(c.c, '\\' | '#' | '!')) {
            return self.decommented();
        }
        let start = self.skip_blanks(0);
        self.chars.drain(..start);
        self.trim_end();
        self
    }

    /// Without comment, blanks around it and the backslashes that protect `#` and `!`.
    ///
    /// A backslash at the very end makes a line go on, even at the end of a comment.
    pub(super) fn decommented(&self) -> Text {
        let start = self.skip_blanks(0);
        let (mut out, mut quoted, mut comment, mut goes_on) = (Text::default(), false, None, None);
        let mut i = start;
        while i < self.len() {
            let c = self.get(i);
            let next = (i + 1 < self.len()).then(|| self.get(i + 1));
            match (c, next) {
                ('\\', None) => {
                    goes_on = Some(self.chars[i]);
                    break;
                }
                ('\\', Some('#' | '!')) if !quoted => i += 1,
                ('\\', Some(_)) => {
                    out.chars.push(self.chars[i]);
                    i += 1;
                }
                ('"', _) if comment.is_none() => quoted = !quoted,
                ('#' | '!', _) if !quoted && comment.is_none() => comment = Some(out.len()),
                _ => {}
            }
            out.chars.push(self.chars[i]);
            i += 1;
        }
        out.chars.truncate(comment.unwrap_or(usize::MAX));
        out.trim_end();
        out.chars.extend(goes_on);
        out
    }
}

/// What separates words on either side of a line; other white space counts only between words.
pub(super) fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Length of a `${NAME}` that starts at a position, or 0.
pub(super) fn variable_length(text: &Text, start: usize) -> usize {
    if text.get(start) != '$' || text.get(start + 1) != '{' {
        return 0;
    }
    let name = name_length(text, start + 2);
    if name > 0 && text.get(start + 2 + name) == '}' { name + 3 } else { 0 }
}

/// Length of the name of a definition that starts at a position, or 0.
pub(super) fn name_length(text: &Text, start: usize) -> usize {
    let first = text.get(start);
    if !first.is_ascii_alphabetic() && first != '_' {
        return 0;
    }
    let end = text.find(start, |c| !c.is_ascii_alphanumeric() && c != '_');
    end.unwrap_or(text.len()) - start
}
