//! keepalived.conf: text in, the daemon's running meaning and the findings out.
//!
//! The two are kept apart: [`Reading::config`] is what the daemon would run, whatever it complains about;
//! [`Reading::findings`] is what a person should know. Reading never stops at the first mistake.

//!
//! Reading order: `load` (conditions, definitions, sequences) with `files`, `sources`, `text`, `define` and
//! `sequence`, `lex` (words), `tree` (blocks as they are meant), `daemon` (blocks as they are read), `keywords`
//! (what may stand where), `walk` (keyword by keyword) with `global`, `plain`, `instance`, `vmac`, `group`, `track`,
//! `route`, `address`, `values` and `server`, `complete` (what follows from all), `effective` (what runs, in
//! keepalived's spelling). `report` and `remarks` have what is said.

mod address;
mod catalogue;
mod complete;
mod daemon;
mod define;
pub mod effective;
mod files;
mod global;
mod group;
mod instance;
mod keywords;
mod lex;
pub mod lint;
mod load;
mod model;
mod outline;
mod plain;
mod remarks;
mod report;
mod route;
mod sequence;
pub mod server;
mod sources;
#[cfg(test)]
mod tests;
mod text;
mod track;
mod tree;
mod values;
mod vmac;
mod walk;

pub use catalogue::{KeywordFacts, Status, keywords};
pub use model::*;
pub use outline::Outline;
pub use sources::{Included, NoSources, Sources};

use crate::finding::{Finding, Severity, Source};

/// The outcome of reading a configuration.
#[derive(Clone, Default, Debug)]
pub struct Reading {
    /// What the daemon runs. Where it would refuse to start, the best that can be made of the text.
    pub config: Config,
    /// Everything there is to say, in the order of the text.
    pub findings: Vec<Finding>,
    /// The texts that findings point into; the main file first.
    pub sources: Vec<Source>,
    /// The text's blocks and lines, for who looks at them again: [`lint`].
    pub outline: Outline,
}

impl Reading {
    /// Whether the daemon would refuse to start.
    pub fn refused(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }
}

/// What a reading depends on besides the texts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Options {
    /// The configuration id that `@ID` lines ask for and `$_INSTANCE` stands for: what `-i` gives the daemon, or
    /// the first label of the host's name. Without one no `@ID` line counts.
    pub id: Option<String>,
    /// Where the numbers of `$_RANDOM` come from. The daemon takes the time.
    pub seed: u64,
}

/// Reads the configuration `text` of the file `name`; included files come from `sources`.
///
/// Never panics and never stops early: whatever the text is, there is a configuration and a list of findings.
pub fn read(name: &str, text: &str, sources: &dyn Sources) -> Reading {
    read_with(name, text, sources, &Options::default())
}

/// Reads like [`read`], with a configuration id and a seed.
pub fn read_with(name: &str, text: &str, sources: &dyn Sources, options: &Options) -> Reading {
    let mut report = report::Report::default();
    let main = Source { name: name.into(), text: text.into() };
    let lines = load::load(&mut report, main.clone(), sources, options);
    report.loaded();
    let meant = tree::build(&mut report, lines.meant);
    let mut config = walk::walk(&mut report, &meant);
    // Where nothing is to be said, every brace is where it should be and the daemon reads the blocks so too.
    if lines.seen.is_some() || !report.is_silent() || cfg!(debug_assertions) {
        let silent = lines.seen.is_none() && report.is_silent();
        let seen =
            lines.seen.unwrap_or_else(|| load::load(&mut report.muted(), main, sources, options).meant);
        let seen = daemon::build(seen);
        if !tree::same(&meant, &seen) {
            assert!(!silent, "a text without findings has one structure");
            let mut muted = report.muted();
            config = walk::walk(&mut muted, &seen);
            daemon::compare(&mut report, &muted);
        }
    }
    let (findings, sources) = report.into_parts();
    Reading { config, findings, sources, outline: Outline::new(meant) }
}
