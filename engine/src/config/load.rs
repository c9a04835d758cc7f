//! The texts and their `include` lines: what the daemon sees as one stream of lines.

use std::sync::Arc;

use super::lex::{Line, Words, is_include, lines};
use super::report::Report;
use crate::finding::Source;

/// Files nested deeper than this are left out.
const DEEPEST: usize = 32;

/// Where `include` lines find their files. The engine opens nothing; whoever reads a configuration decides what
/// exists.
pub trait Sources {
    /// The files that match `pattern`, a glob with `*`, `?`, `[…]` and `{a,b}`, in the order of their names.
    ///
    /// A relative pattern is relative to `directory`: that of the including file, taken from its name (`.` if
    /// the name has none). A file's name is what findings call it and what its own includes are relative to.
    /// Nothing matching is an empty list; `Err` says in one line why a file cannot be read.
    fn include(&self, pattern: &str, directory: &str) -> Result<Vec<Source>, String>;
}

/// A world without other files: every include is empty.
#[derive(Clone, Copy, Default, Debug)]
pub struct NoSources;

impl Sources for NoSources {
    fn include(&self, _pattern: &str, _directory: &str) -> Result<Vec<Source>, String> {
        Ok(Vec::new())
    }
}

/// The lines of `text` with those of included files in place of the includes.
pub(super) fn load(report: &mut Report, name: &str, text: &str, sources: &dyn Sources) -> Vec<Line> {
    let mut loader = Loader { report, sources, open: Vec::new(), out: Vec::new() };
    loader.file(Source { name: name.into(), text: text.into() });
    loader.out
}

struct Loader<'a> {
    report: &'a mut Report,
    sources: &'a dyn Sources,
    /// The files being read, the main one first.
    open: Vec<Arc<str>>,
    out: Vec<Line>,
}

impl Loader<'_> {
    fn file(&mut self, source: Source) {
        let (number, text) = (self.report.sources.len(), source.text.clone());
        self.open.push(source.name.clone());
        self.report.sources.push(source);
        for line in lines(number, &text) {
            match line {
                Line::Words(words) if is_include(&words.words[0].text) => self.include(&words),
                line => self.out.push(line),
            }
        }
        self.open.pop();
    }

    fn include(&mut self, line: &Words) {
        let (keyword, pattern) = (&line.words[0], line.words.get(1));
        let Some(pattern) = pattern else {
            let message = format!("`{}` names no file", keyword.text);
            self.report.warn(
                "include-nothing",
                keyword.at,
                message,
                "skips the line",
                "name a file or a pattern",
            );
            return;
        };
        let directory = self.open.last().and_then(|name| name.rsplit_once('/'));
        let directory = match directory {
            Some(("", _)) => "/",
            Some((directory, _)) => directory,
            None => ".",
        };
        match self.sources.include(&pattern.text, directory) {
            Ok(files) if files.is_empty() => {
                let message = format!("no file matches `{}`", pattern.text);
                self.report.warn("include-nothing", pattern.at, message, "goes on without", "");
            }
            Ok(files) => {
                for file in files {
                    if self.open.contains(&file.name) || self.open.len() > DEEPEST {
                        let message = format!("`{}` includes itself", file.name);
                        self.report.warn(
                            "include-loop",
                            pattern.at,
                            message,
                            "",
                            "remove one of the includes",
                        );
                    } else {
                        self.file(file);
                    }
                }
            }
            Err(why) => {
                let message = format!("cannot read `{}`: {why}", pattern.text);
                self.report.warn("include-unreadable", pattern.at, message, "goes on without", "");
            }
        }
    }
}
