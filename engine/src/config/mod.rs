//! keepalived.conf: text in, the daemon's running meaning and the findings out.
//!
//! The two are kept apart: [`Reading::config`] is what the daemon would run, whatever it complains about;
//! [`Reading::findings`] is what a person should know. Reading never stops at the first mistake.

mod model;

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
