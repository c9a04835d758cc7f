//! Lines to statements with the block structure that the daemon itself makes of them.
//!
//! It knows no blocks but those of its keywords. A `{` that it does not expect is ignored, the next `}` ends the
//! innermost block that it knows, and the lines of a list are all that comes before the next `}`. What another
//! of its processes reads, it skips by counting braces.

use std::collections::BTreeSet;

use super::keywords::{Scope, Takes, find};
use super::lex::{Line, Word, Words};
use super::report::Report;
use super::tree::Statement;

/// Blocks nested deeper than this are left out.
const DEEPEST: usize = 64;

/// Builds the statements that the process for VRRP reads.
pub(super) fn build(lines: Vec<Line>) -> Vec<Statement> {
    let mut builder = Builder { lines: lines.into_iter(), named: BTreeSet::new() };
    builder.block(Scope::Root, 0)
}

struct Builder {
    lines: std::vec::IntoIter<Line>,
    /// Blocks so far: a second one of the same name is skipped.
    named: BTreeSet<(String, String)>,
}

impl Builder {
    fn opens(&self) -> bool {
        matches!(self.lines.as_slice().first(), Some(Line::Open(_)))
    }

    /// The statements up to the `}` that ends a block.
    fn block(&mut self, scope: Scope, depth: usize) -> Vec<Statement> {
        let mut out = Vec::new();
        while let Some(line) = self.lines.next() {
            match line {
                Line::Words(words) => {
                    let statement = self.statement(scope, words, depth);
                    out.push(statement);
                }
                Line::Close(_) if depth > 0 => break,
                Line::Open(_) | Line::Close(_) => {}
            }
        }
        out
    }

    fn statement(&mut self, scope: Scope, line: Words, depth: usize) -> Statement {
        let Words { words, all, rest, open_quote } = line;
        let takes = find(scope, &words[0].text).map(|keyword| keyword.takes);
        let block = match takes {
            Some(Takes::Block(_)) if self.opens() && self.skips(scope, &words) => {
                self.lines.next();
                Some(self.skipped(0))
            }
            Some(Takes::Block(_)) if scope == Scope::Root && is_others(&words[0].text) => None,
            Some(Takes::Block(Scope::List)) => Some(self.list()),
            Some(Takes::Block(inner)) if depth < DEEPEST => {
                if self.opens() {
                    self.lines.next();
                }
                Some(self.block(inner, depth + 1))
            }
            _ => None,
        };
        Statement { words, all, rest, open_quote, block }
    }

    /// Whether a block is skipped: another process reads it, it lacks its name, or the name is taken.
    fn skips(&mut self, scope: Scope, words: &[Word]) -> bool {
        if scope != Scope::Root {
            return false;
        }
        let keyword = words[0].text.as_str();
        match keyword {
            _ if is_others(keyword) => true,
            "vrrp_instance" | "vrrp_sync_group" | "track_group" => {
                let name = words.get(1).filter(|_| words.len() == 2);
                !name.is_some_and(|name| self.named.insert((keyword.to_string(), name.text.clone())))
            }
            _ => false,
        }
    }

    /// What is between braces, by counting them.
    fn skipped(&mut self, depth: usize) -> Vec<Statement> {
        let mut out = Vec::new();
        let mut deeper = 0;
        while let Some(line) = self.lines.next() {
            match line {
                Line::Words(words) => {
                    let Words { words, all, rest, open_quote } = words;
                    let opens = self.opens() && depth < DEEPEST;
                    let block = opens.then(|| {
                        self.lines.next();
                        self.skipped(depth + 1)
                    });
                    out.push(Statement { words, all, rest, open_quote, block });
                }
                Line::Open(_) => deeper += 1,
                Line::Close(_) if deeper > 0 => deeper -= 1,
                Line::Close(_) => break,
            }
        }
        out
    }

    /// Lines of values: all up to the next `}`, a further `{` too.
    fn list(&mut self) -> Vec<Statement> {
        if self.opens() {
            self.lines.next();
        }
        let mut out = Vec::new();
        for line in self.lines.by_ref() {
            out.push(match line {
                Line::Words(Words { words, all, rest, open_quote }) => {
                    Statement { words, all, rest, open_quote, block: None }
                }
                Line::Open(at) => {
                    let words = vec![Word { text: "{".to_string(), at }];
                    Statement { words, all: at, rest: None, open_quote: None, block: None }
                }
                Line::Close(_) => break,
            });
        }
        out
    }
}

/// Whether the process for VRRP leaves a keyword of the top level to others.
fn is_others(keyword: &str) -> bool {
    matches!(keyword, "virtual_server" | "virtual_server_group" | "SSL")
}

/// What can make the daemon lose its place.
const STRUCTURAL: &[&str] =
    &["missing-close", "missing-open", "surplus-close", "unexpected-brace", "undefined", "include-brace"];

/// Tells in the first finding about the structure what the daemon makes of the rest.
pub(super) fn compare(report: &mut Report, seen: &Report) {
    let first = report.structural(STRUCTURAL).or(report.structural(&["unknown-keyword"]));
    let Some(number) = first else { return };
    let more = seen.count("unknown-keyword").saturating_sub(report.count("unknown-keyword"));
    if more > 0 {
        let lines = if more == 1 { "1 more line" } else { &format!("{more} more lines") };
        report.and_then(number, &format!("in all it does not know {lines}"));
    }
    if report.fatal().next().is_none() {
        let fatal = seen.fatal().map(|f| f.message.clone()).next();
        if let Some(message) = fatal {
            report.is_fatal(number, &format!("loses its place and stops: {message}"));
        }
    }
}
