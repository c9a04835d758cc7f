//! Lines to a tree of statements, with the braces put right.
//!
//! The daemon loses its place at the first brace that is wrong: an unknown block's lines are read as the
//! enclosing block's, and its `}` closes that. A person means something else, and one mistake should be one
//! finding, so here a brace that is missing or surplus is looked for where the keywords say it must be.

use std::borrow::Cow;

use super::keywords::{Keyword, Scope, Takes, find, title};
use super::lex::{At, Line, Word, Words};
use super::report::Report;

/// Blocks nested deeper than this are nonsense.
const DEEPEST: usize = 64;

/// A line of words with the block that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Never empty; the first is the keyword.
    pub(super) words: Vec<Word>,
    /// From the keyword to the end of the last word.
    pub(super) all: At,
    /// What stands behind the keyword, as it stands there.
    pub(super) rest: Option<String>,
    /// A quote that nothing closes.
    pub(super) open_quote: Option<At>,
    /// What the block contains, whether its keyword takes one or not.
    pub(super) block: Option<Vec<Statement>>,
}

impl Statement {
    pub(super) fn keyword(&self) -> &Word {
        &self.words[0]
    }

    /// The words after the keyword.
    pub(super) fn arguments(&self) -> &[Word] {
        &self.words[1..]
    }

    /// What stands behind the keyword, for who splits it by other rules. Of words without quotes and backslashes
    /// only the number of blanks between them is lost.
    pub(super) fn rest(&self) -> Cow<'_, str> {
        match &self.rest {
            Some(rest) => Cow::Borrowed(rest),
            None => {
                Cow::Owned(self.arguments().iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// Builds the tree of a whole text.
pub(super) fn build(report: &mut Report, lines: Vec<Line>) -> Vec<Statement> {
    let balance = lines.iter().map(|line| match line {
        Line::Open(_) => 1,
        Line::Close(_) => -1,
        Line::Words(_) => 0,
    });
    let balance = balance.sum();
    let mut builder =
        Builder { report, lines: lines.into_iter(), balance, scopes: vec![Scope::Root], ended: false };
    builder.statements().0
}

/// Whether both say the same in the same blocks.
pub(super) fn same(a: &[Statement], b: &[Statement]) -> bool {
    let says = |a: &Statement, b: &Statement| {
        a.words.len() == b.words.len()
            && a.words.iter().zip(&b.words).all(|(a, b)| a.text == b.text)
            && same(a.block.as_deref().unwrap_or_default(), b.block.as_deref().unwrap_or_default())
    };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| says(a, b))
}

/// Why a block's statements end.
enum End {
    Closed,
    /// A line that cannot stand in this block, but in an enclosing one.
    Before(At),
    OfText,
}

struct Builder<'a> {
    report: &'a mut Report,
    lines: std::vec::IntoIter<Line>,
    /// `{` less `}` in the whole text, less what was put right so far.
    balance: i64,
    /// The open blocks, the top level first.
    scopes: Vec<Scope>,
    /// A block that is open at the end of the text was reported.
    ended: bool,
}

impl Builder<'_> {
    fn scope(&self) -> Scope {
        self.scopes[self.scopes.len() - 1]
    }

    fn peek(&self) -> Option<&Line> {
        self.lines.as_slice().first()
    }

    /// The line behind the current one, if it must stand outside the innermost block.
    fn strayed(&self) -> Option<At> {
        match self.peek() {
            Some(Line::Words(next)) if self.belongs_outside(&next.words[0].text) => Some(next.words[0].at),
            _ => None,
        }
    }

    /// Reads the statements of the innermost open block.
    fn statements(&mut self) -> (Vec<Statement>, End) {
        let mut out = Vec::new();
        loop {
            match self.lines.next() {
                None => return (out, End::OfText),
                Some(Line::Close(at)) => {
                    if self.is_surplus(at) {
                        continue;
                    }
                    return (out, End::Closed);
                }
                Some(Line::Open(at)) => {
                    let message = "a `{` without a keyword before it".to_string();
                    self.report.warn(
                        "unexpected-brace",
                        at,
                        message,
                        ignores_brace(self.scope()),
                        "remove the block",
                    );
                    self.block(Scope::Unknown, at, None);
                }
                Some(Line::Words(words)) => {
                    let statement = self.statement(words);
                    out.push(statement);
                }
            }
            if let Some(next) = self.strayed() {
                self.balance -= 1;
                return (out, End::Before(next));
            }
        }
    }

    fn statement(&mut self, line: Words) -> Statement {
        let Words { words, all, rest, open_quote } = line;
        let keyword = match self.scope() {
            Scope::List | Scope::Unknown => None,
            scope => find(scope, &words[0].text),
        };
        let block = match self.peek() {
            Some(Line::Open(at)) => {
                let at = *at;
                self.lines.next();
                let scope = self.inner_scope(keyword, at, &words[0]);
                Some(self.block(scope, at, Some(&words[0])))
            }
            _ => match keyword {
                Some(Keyword { takes: Takes::Block(scope), .. }) => Some(self.unopened(scope, &words[0])),
                _ => None,
            },
        };
        Statement { words, all, rest, open_quote, block }
    }

    /// What kind of block a keyword's `{` opens; complains if it should not.
    fn inner_scope(&mut self, keyword: Option<Keyword>, open: At, word: &Word) -> Scope {
        match keyword {
            Some(Keyword { takes: Takes::Block(scope), .. }) => scope,
            Some(_) => {
                let message = format!("`{}` takes no block", word.text);
                self.report.warn(
                    "unexpected-brace",
                    open,
                    message,
                    ignores_brace(self.scope()),
                    "remove the braces and what is between them",
                );
                Scope::Unknown
            }
            None => Scope::Unknown,
        }
    }

    /// Reads a block whose `{` is at `open`.
    fn block(&mut self, scope: Scope, open: At, keyword: Option<&Word>) -> Vec<Statement> {
        if self.scopes.len() > DEEPEST {
            return Vec::new();
        }
        self.scopes.push(scope);
        let (statements, end) = match self.strayed() {
            Some(next) => {
                self.balance -= 1;
                (Vec::new(), End::Before(next))
            }
            None => self.statements(),
        };
        self.scopes.pop();
        let name = keyword.map_or("this block".to_string(), |word| format!("`{}`", word.text));
        let place = keyword.map_or(open, |word| word.at);
        match end {
            End::Closed => {}
            End::Before(next) => {
                let next = self.report.text(next).to_string();
                let daemon = format!("reads `{next}` and what follows as part of {name}");
                self.report.warn(
                    "missing-close",
                    place,
                    format!("{name} is not closed before `{next}`"),
                    daemon,
                    format!("add a `}}` before `{next}`"),
                );
            }
            End::OfText if !self.ended => {
                self.ended = true;
                let daemon = "complains about the braces and runs with what it has read";
                self.report.warn(
                    "missing-close",
                    place,
                    format!("{name} is never closed"),
                    daemon,
                    "add a `}`",
                );
            }
            End::OfText => {}
        }
        statements
    }

    /// A keyword that takes a block, without a `{`: what looks like its block is taken for it.
    fn unopened(&mut self, scope: Scope, word: &Word) -> Vec<Statement> {
        let daemon = "complains and takes the lines that follow for its block, up to the next `}`";
        let help = format!("write `{} … {{`", word.text);
        self.report.warn("missing-open", word.at, format!("`{}` has no block", word.text), daemon, help);
        let outer = self.scope();
        let inside = match self.peek() {
            Some(Line::Words(next)) => {
                let next = &next.words[0].text;
                find(outer, next).is_none() && (scope == Scope::List || find(scope, next).is_some())
            }
            _ => false,
        };
        if !inside || self.scopes.len() > DEEPEST {
            return Vec::new();
        }
        self.balance += 1;
        self.scopes.push(scope);
        let (statements, _) = self.statements();
        self.scopes.pop();
        statements
    }

    /// Whether a line must stand outside the innermost block, because a `}` is missing somewhere.
    fn belongs_outside(&self, word: &str) -> bool {
        let Some((inner, outer)) = self.scopes.split_last() else { return false };
        if self.balance <= 0 || outer.is_empty() {
            return false;
        }
        let opens = |scope| matches!(find(scope, word), Some(Keyword { takes: Takes::Block(_), .. }));
        match inner {
            Scope::Unknown => opens(Scope::Root),
            Scope::List => outer.iter().any(|scope| find(*scope, word).is_some()),
            _ => find(*inner, word).is_none() && outer.iter().any(|scope| find(*scope, word).is_some()),
        }
    }

    /// Whether a `}` closes nothing, or closes a block that goes on behind it. Complains if so.
    fn is_surplus(&mut self, at: At) -> bool {
        let message = match self.scopes.len() {
            1 => "a `}` that closes nothing".to_string(),
            depth if self.balance < 0 => {
                let (inner, outer) = (self.scopes[depth - 1], self.scopes[depth - 2]);
                let Some(Line::Words(next)) = self.peek() else { return false };
                let next = &next.words[0].text;
                if find(outer, next).is_some() || find(inner, next).is_none() {
                    return false;
                }
                format!("this `}}` closes {} before `{next}`", title(inner))
            }
            _ => return false,
        };
        self.balance += 1;
        self.report.warn(
            "surplus-close",
            at,
            message,
            "reads the lines behind it as part of the enclosing block",
            "remove it",
        );
        true
    }
}

/// What the daemon makes of a block that it does not expect.
fn ignores_brace(scope: Scope) -> String {
    let title = title(scope);
    format!(
        "ignores the `{{`, reads the lines behind it as part of {title} and takes the `}}` for the end of {title}"
    )
}
