//! What a reader of a user's text has to say about it: where, what is wrong, what the daemon makes of it and
//! what to write instead. Findings are data; drawing them with a caret is the harness's work.

use std::ops::Range;
use std::sync::Arc;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// The daemon complains or does something else than the text says, and starts.
    Warning,
    /// The daemon refuses to start, or the text has no meaning.
    Error,
}

/// A piece of a source text: bytes `span` of the file called `file`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    /// Name of the file as the user knows it.
    pub file: Arc<str>,
    /// Byte range in the file's text. Never beyond its end, always on character borders.
    pub span: Range<usize>,
}

/// One thing to say about a user's text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A short stable name, kebab-case: `unknown-keyword`, `number-out-of-range`.
    pub code: &'static str,
    /// Where.
    pub place: Place,
    /// What is wrong, one line, without a full stop.
    pub message: String,
    /// What the daemon does with it, one line. Empty where that is evident.
    pub daemon: String,
    /// What to write instead, one line. Empty if there is nothing to suggest.
    pub help: String,
}

impl Finding {
    /// A finding without consequence and advice; add them with [`Finding::daemon`] and [`Finding::help`].
    pub fn new(severity: Severity, code: &'static str, place: Place, message: impl Into<String>) -> Finding {
        Finding { severity, code, place, message: message.into(), daemon: String::new(), help: String::new() }
    }

    /// Adds what the daemon does with it.
    #[must_use]
    pub fn daemon(mut self, text: impl Into<String>) -> Finding {
        self.daemon = text.into();
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Finding {
        self.help = text.into();
        self
    }
}

/// A text that findings point into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Name as the user knows it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset.min(self.text.len())];
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// The candidate closest to `word`, if it is close enough to be what was meant.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|c| (edit_distance(word, c), c))
        .filter(|&(d, _)| d <= limit)
        .min_by_key(|&(d, _)| d)
        .map(|(_, c)| c)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let substitute = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitute.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word() {
        let known = ["auth_pass", "auth_type", "advert_int"];
        assert_eq!(did_you_mean("uth_pass", known), Some("auth_pass"));
        assert_eq!(did_you_mean("auht_type", known), Some("auth_type"));
        assert_eq!(did_you_mean("interface", known), None);
    }
}
