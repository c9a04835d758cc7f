//! Where findings are collected while reading, and what a reader needs to place them.

use std::collections::BTreeSet;

use super::lex::At;
use crate::finding::{Finding, Place, Severity, Source};

/// Findings and the texts they point into.
#[derive(Default, Debug)]
pub(super) struct Report {
    findings: Vec<((usize, usize), Finding)>,
    pub(super) sources: Vec<Source>,
    noted: BTreeSet<&'static str>,
}

impl Report {
    /// Adds a finding and returns its number.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: At,
        [message, daemon, help]: [String; 3],
    ) -> usize {
        let place = Place { file: self.sources[at.file].name.clone(), span: at.start..at.end };
        let finding = Finding::new(severity, code, place, message).daemon(daemon).help(help);
        self.findings.push(((at.file, at.start), finding));
        self.findings.len() - 1
    }

    /// Adds a warning: what is wrong, what the daemon does, what to write instead.
    pub(super) fn warn(
        &mut self,
        code: &'static str,
        at: At,
        message: impl Into<String>,
        daemon: impl Into<String>,
        help: impl Into<String>,
    ) -> usize {
        self.add(Severity::Warning, code, at, [message.into(), daemon.into(), help.into()])
    }

    /// Adds an error: what is wrong, what the daemon does, what to write instead.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        at: At,
        message: impl Into<String>,
        daemon: impl Into<String>,
        help: impl Into<String>,
    ) -> usize {
        self.add(Severity::Error, code, at, [message.into(), daemon.into(), help.into()])
    }

    /// Makes an error of a finding that turns out to stop the daemon, so that one mistake stays one finding.
    pub(super) fn is_fatal(&mut self, number: usize, daemon: &str) {
        let finding = &mut self.findings[number].1;
        if finding.severity < Severity::Error {
            finding.severity = Severity::Error;
            finding.daemon = daemon.into();
        }
    }

    /// Replaces the advice of the latest finding by better advice.
    pub(super) fn advise(&mut self, help: &str) {
        if let Some((_, finding)) = self.findings.last_mut() {
            finding.help = help.into();
        }
    }

    /// Whether `keyword` is mentioned for the first time.
    pub(super) fn first_mention(&mut self, keyword: &'static str) -> bool {
        self.noted.insert(keyword)
    }

    /// The text at a place.
    pub(super) fn text(&self, at: At) -> &str {
        &self.sources[at.file].text[at.start..at.end]
    }

    /// The findings in the order of the text.
    pub(super) fn into_parts(mut self) -> (Vec<Finding>, Vec<Source>) {
        self.findings.sort_by_key(|(order, _)| *order);
        (self.findings.into_iter().map(|(_, finding)| finding).collect(), self.sources)
    }
}
