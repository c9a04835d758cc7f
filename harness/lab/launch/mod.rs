//! How each subject is started: which files it wants, which program with which arguments. Everything else (signals, faults,
//! frames, addresses) is the same for all of them.

mod keepalived;

use std::collections::BTreeMap;
use std::path::PathBuf;

use vrrplab_engine::config::Reading;
use vrrplab_sim::scenario::{HostIndex, Scenario};

use crate::subject::Subject;

/// What a subject needs on its node and how it is started.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Launch {
    /// Files to write, by path in the node.
    pub(super) files: BTreeMap<PathBuf, String>,
    /// Program and arguments.
    pub(super) argv: Vec<String>,
    /// The FIFO in which it tells its states, by path in the node.
    pub(super) claims: Option<Claims>,
}

/// A notify FIFO of keepalived's form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Claims {
    /// Where.
    pub(super) path: PathBuf,
    /// The configuration asks for it: its lines are what a user would see.
    pub(super) of_the_user: Option<vrrplab_engine::boundary::Fifo>,
}

/// How a subject is started on a node with this configuration.
pub(super) fn launch(
    subject: &Subject,
    scenario: &Scenario,
    node: HostIndex,
    reading: &Reading,
) -> Result<Launch, String> {
    let _ = (scenario, node);
    match subject {
        Subject::Keepalived => Ok(keepalived::launch("keepalived", &[], reading)),
        Subject::Engine => {
            let own = std::env::current_exe().map_err(|e| format!("our own program: {e}"))?;
            Ok(keepalived::launch(&own.to_string_lossy(), &["daemon"], reading))
        }
    }
}
