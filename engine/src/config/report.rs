//! Where findings are collected while reading, and what a reader needs to place them.

use std::collections::{BTreeMap, BTreeSet};

use super::lex::At;
use super::model::Family;
use super::remarks::Unresolved;
use crate::finding::{Finding, Place, Severity, Source};

/// Findings and the texts they point into.
#[derive(Default, Debug)]
pub(super) struct Report {
    findings: Vec<((usize, usize), Finding)>,
    pub(super) sources: Vec<Source>,
    noted: BTreeSet<&'static str>,
    /// Findings that explain others about the same place.
    suspects: Vec<usize>,
    /// Names that were not defined where they were used.
    pub(super) unresolved: Vec<Unresolved>,
    /// By file and start: the end of a use, the name and where it is defined.
    uses: BTreeMap<(usize, usize), (usize, String, At)>,
    /// How many rules of each family had to be given a priority.
    unranked: [u32; 2],
    /// How many findings are about the text before its definitions were put in.
    plain: usize,
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

    /// The priority of the next rule of this family that has none (vrrp_iprule.c:alloc_rule).
    pub(super) fn next_priority(&mut self, family: Family) -> u32 {
        let given = &mut self.unranked[usize::from(family == Family::V6)];
        *given += 1;
        16_385 - *given
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

    /// A report with the same texts that nobody is going to read.
    pub(super) fn muted(&self) -> Report {
        Report { sources: self.sources.clone(), ..Report::default() }
    }

    /// Whether nothing was said so far.
    pub(super) fn is_silent(&self) -> bool {
        self.findings.is_empty()
    }

    /// The number of a text, which may be known already.
    pub(super) fn source(&mut self, source: &Source) -> usize {
        let known = self.sources.iter().position(|s| s.name == source.name && s.text == source.text);
        known.unwrap_or_else(|| {
            self.sources.push(source.clone());
            self.sources.len() - 1
        })
    }

    /// Adds a warning that explains whatever else is wrong at its place.
    pub(super) fn suspect(
        &mut self,
        code: &'static str,
        at: At,
        message: impl Into<String>,
        daemon: &str,
        help: impl Into<String>,
    ) {
        let number = self.warn(code, at, message, daemon, help);
        self.suspects.push(number);
    }

    /// A definition was used: what is said about its value may name it.
    pub(super) fn used(&mut self, at: At, name: String, defined: At) {
        self.uses.entry((at.file, at.start)).or_insert((at.end, name, defined));
    }

    /// From here on, findings are about what definitions made of the text.
    pub(super) fn loaded(&mut self) {
        self.plain = self.findings.len();
    }

    /// The findings about the block structure, or what may break it.
    pub(super) fn structural(&self, codes: &[&str]) -> Option<usize> {
        let found = self.findings.iter().enumerate().filter(|(_, (_, f))| codes.contains(&f.code));
        found.min_by_key(|(_, (order, _))| *order).map(|(i, _)| i)
    }

    /// How many findings have this code, and the place of the first.
    pub(super) fn count(&self, code: &str) -> usize {
        self.findings.iter().filter(|(_, f)| f.code == code).count()
    }

    /// The findings so far that stop the daemon.
    pub(super) fn fatal(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().map(|(_, f)| f).filter(|f| f.severity == Severity::Error)
    }

    /// Adds to what the daemon does about a finding.
    pub(super) fn and_then(&mut self, number: usize, more: &str) {
        let daemon = &mut self.findings[number].1.daemon;
        if !daemon.is_empty() {
            daemon.push_str("; ");
        }
        daemon.push_str(more);
    }

    /// The findings in the order of the text; one for each mistake.
    pub(super) fn into_parts(mut self) -> (Vec<Finding>, Vec<Source>) {
        self.name_definitions();
        self.explain();
        let (mut said, uses) = (BTreeSet::new(), &self.uses);
        self.findings.retain(|((file, start), f)| {
            // A sequence makes the same mistake with other values.
            let end = f.place.span.end;
            let used = uses.range((*file, *start)..(*file, end)).next().is_some();
            let message = if used { String::new() } else { f.message.clone() };
            said.insert((*file, *start, end, f.code, message))
        });
        self.findings.sort_by_key(|(order, _)| *order);
        (self.findings.into_iter().map(|(_, finding)| finding).collect(), self.sources)
    }

    /// Says in findings about values which definition they come from.
    fn name_definitions(&mut self) {
        for ((file, start), finding) in self.findings.iter_mut().skip(self.plain) {
            let end = finding.place.span.end;
            let used = self.uses.range((*file, *start)..(*file, end)).next();
            if let Some((_, (_, name, defined))) = used.filter(|(_, (last, ..))| *last <= end) {
                let source = &self.sources[defined.file];
                let (line, _) = source.line_column(defined.start);
                let place = if defined.file == *file { String::new() } else { format!("{}:", source.name) };
                finding.message.push_str(&format!(" (`${name}`, line {place}{line})"));
            }
        }
    }

    /// Drops findings that others explain, and keeps what they say about the daemon.
    fn explain(&mut self) {
        let mut suspects = BTreeMap::new();
        for &number in &self.suspects {
            suspects.entry(self.findings[number].0).or_insert(number);
        }
        let mut dropped = BTreeSet::new();
        for i in self.plain..self.findings.len() {
            let ((file, start), other) = &self.findings[i];
            let (end, severity) = (other.place.span.end, other.severity);
            let Some((_, &number)) = suspects.range((*file, *start)..(*file, end)).next() else { continue };
            if severity > Severity::Note {
                dropped.insert(i);
                let daemon = other.daemon.clone();
                let finding = &mut self.findings[number].1;
                finding.severity = finding.severity.max(severity);
                if !daemon.is_empty() {
                    finding.daemon = format!("leaves it as it is and {daemon}");
                }
            }
        }
        let mut number = 0;
        self.findings.retain(|_| {
            number += 1;
            !dropped.contains(&(number - 1))
        });
    }
}
