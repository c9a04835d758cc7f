//! keepalived.conf: text in, the daemon's running meaning and the findings out.
//!
//! The two are kept apart: [`Reading::config`] is what the daemon would run, whatever it complains about;
//! [`Reading::findings`] is what a person should know. Reading never stops at the first mistake.

//!
//! Reading order: `lex` (words), `load` (includes), `tree` (blocks), `keywords` (what may stand where), `walk`
//! (keyword by keyword) with `global`, `plain`, `instance`, `vmac`, `group`, `track`, `route`, `address` and
//! `values`, `complete` (what follows from all), `effective` (what runs, in keepalived's spelling).

mod address;
mod complete;
pub mod effective;
mod global;
mod group;
mod instance;
mod keywords;
mod lex;
mod load;
mod model;
mod plain;
mod report;
mod route;
#[cfg(test)]
mod tests;
mod track;
mod tree;
mod values;
mod vmac;
mod walk;

pub use load::{NoSources, Sources};
pub use model::*;

use crate::finding::{Finding, Severity, Source};

/// The outcome of reading a configuration.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What the daemon runs. Where it would refuse to start, the best that can be made of the text.
    pub config: Config,
    /// Everything there is to say, in the order of the text.
    pub findings: Vec<Finding>,
    /// The texts that findings point into; the main file first.
    pub sources: Vec<Source>,
}

impl Reading {
    /// Whether the daemon would refuse to start.
    pub fn refused(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }
}

/// Reads the configuration `text` of the file `name`; included files come from `sources`.
///
/// Never panics and never stops early: whatever the text is, there is a configuration and a list of findings.
pub fn read(name: &str, text: &str, sources: &dyn Sources) -> Reading {
    let mut report = report::Report::default();
    let lines = load::load(&mut report, name, text, sources);
    let config = walk::walk(&mut report, lines);
    let (findings, sources) = report.into_parts();
    Reading { config, findings, sources }
}
