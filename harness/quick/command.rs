//! The command line as a text: rebuilt from the options, each value with its place, so that a mistake in a flag
//! is drawn like a mistake in a file.

use std::ops::Range;
use std::sync::Arc;

use vrrplab_engine::finding::{Finding, Place, Severity, Source, did_you_mean};
use vrrplab_engine::time::Duration;

use super::{Mistakes, Options};

/// What findings call it.
const NAME: &str = "command line";

/// No run takes longer than ten years.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// The text, where its values are, and what there is to say about them.
pub(super) struct CommandLine {
    text: String,
    file: Arc<str>,
    pub(super) findings: Vec<Finding>,
    /// `vrrplab run`.
    pub(super) program: Word,
    pub(super) configs: Vec<Word>,
    pub(super) acts: Vec<Word>,
    pub(super) addresses: Vec<Word>,
    pub(super) duration: Word,
}

/// The place of one value.
#[derive(Clone)]
pub(super) struct Word(Range<usize>);

impl Word {
    /// A piece of it.
    pub(super) fn part(&self, part: Range<usize>) -> Word {
        Word(self.0.start + part.start..self.0.start + part.end)
    }
}

impl CommandLine {
    pub(super) fn new(options: &Options) -> CommandLine {
        let mut text = String::from("vrrplab run");
        let program = Word(0..text.len());
        let mut add = |flag: &str, value: &str| {
            if !flag.is_empty() {
                text.push(' ');
                text.push_str(flag);
            }
            text.push(' ');
            text.push_str(value);
            Word(text.len() - value.len()..text.len())
        };
        let configs = options.configs.iter().map(|(path, _)| add("", path)).collect();
        let acts = options.acts.iter().map(|(verb, value)| add(verb.flag(), value)).collect();
        let addresses = options.addresses.iter().map(|value| add("--address", value)).collect();
        let duration = match &options.duration {
            Some(value) => add("--duration", value),
            None => program.clone(),
        };
        let file = NAME.into();
        CommandLine { text, file, findings: Vec::new(), program, configs, acts, addresses, duration }
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        at: &Word,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = Place { file: Arc::clone(&self.file), span: at.0.clone() };
        self.findings.push(Finding::new(Severity::Error, code, place, message).help(help));
    }

    /// A time such as `10s`.
    pub(super) fn time(&mut self, text: &str, at: &Word) -> Option<Duration> {
        match text.parse::<Duration>() {
            Ok(time) if time <= LONGEST => return Some(time),
            Ok(_) => self.error("bad-time", at, format!("`{text}` is longer than ten years"), ""),
            Err(error) => self.error("bad-time", at, format!("`{text}` is no time"), error.to_string()),
        }
        None
    }

    /// The number of a node.
    pub(super) fn node(&mut self, name: &str, at: &Word, names: &[String]) -> Option<usize> {
        let found = names.iter().position(|n| n == name);
        if found.is_none() {
            let help = match did_you_mean(name, names.iter().map(String::as_str)) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("one of: {}", names.join(", ")),
            };
            self.error("unknown-name", at, format!("no node is called `{name}`"), help);
        }
        found
    }

    pub(super) fn mistakes(mut self) -> Mistakes {
        self.findings.sort_by_key(|f| (f.place.span.start, f.place.span.end));
        Mistakes { findings: self.findings, source: Source { name: self.file, text: self.text.into() } }
    }
}
