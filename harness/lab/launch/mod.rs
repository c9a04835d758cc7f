//! How each subject is started: which files it wants, which program with which arguments. Everything else (signals, faults,
//! frames, addresses) is the same for all of them.

mod exec;
pub(super) mod frr;
mod identity;
mod keepalived;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vrrplab_engine::config::Reading;
use vrrplab_sim::scenario::{HostIndex, Scenario};
use vrrplab_sim::trace::Name;

use super::Clock;
use super::host::Macvlan;
use crate::files;
use crate::subject::{Subject, Subjects};
use crate::template::Template;

/// What a subject needs on its node and how it is started.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Launch {
    /// Files to write, by path in the node.
    pub(super) files: BTreeMap<PathBuf, String>,
    /// Files of the machine that have another text on the node, from before it runs anything.
    pub(super) covers: BTreeMap<PathBuf, String>,
    /// Program and arguments.
    pub(super) argv: Vec<String>,
    /// What is added to its environment.
    pub(super) environment: BTreeMap<String, String>,
    /// A program that it needs.
    pub(super) beside: Option<Beside>,
    /// Interfaces that it needs.
    pub(super) macvlans: Vec<Macvlan>,
    /// The FIFO in which it tells its states, by path in the node.
    pub(super) claims: Option<Claims>,
    /// If it tells its states in its log: by what its lines call a router, the instance and its priority.
    pub(super) logs: BTreeMap<String, (Name, u8)>,
    /// It may never tell a state.
    pub(super) may_be_silent: bool,
    /// All that runs on the node is its, whatever the program: a shell and what it starts.
    pub(super) is_all: bool,
}

/// A program that runs beside a daemon, is there before it and stays when it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Beside {
    /// Program and arguments.
    pub(super) argv: Vec<String>,
    /// Its socket, by which the daemon knows that it is there; one that is left from before its power was lost is removed.
    pub(super) socket: PathBuf,
}

/// A notify FIFO of keepalived's form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Claims {
    /// Where.
    pub(super) path: PathBuf,
    /// The configuration asks for it: its lines are what a user would see.
    pub(super) of_the_user: Option<vrrplab_engine::boundary::Fifo>,
}

/// Who runs where, and what their configurations are made of.
#[derive(Clone, Debug)]
pub(super) struct Crew {
    subjects: Subjects,
    template: Option<Template>,
    /// Which program each is.
    identities: BTreeMap<Subject, String>,
}

impl Crew {
    /// With the text of this template.
    pub(super) fn new(subjects: &Subjects, template: Option<&Path>) -> Result<Crew, String> {
        let read = |path: &Path| {
            let source = files::read_source(path)?;
            Template::new(source).map_err(|wrong| format!("{}: {}", path.display(), wrong[0].message))
        };
        let identities = subjects.kinds().into_iter().map(|s| Ok((s.clone(), identity::of(s)?)));
        let identities = identities.collect::<Result<_, String>>()?;
        Ok(Crew { subjects: subjects.clone(), template: template.map(read).transpose()?, identities })
    }

    fn subject(&self, name: &str) -> Result<&Subject, String> {
        self.subjects.of(name).ok_or_else(|| format!("no subject for {name}"))
    }

    /// How the daemon of a node is started with this configuration.
    pub(super) fn launch(
        &self,
        scenario: &Scenario,
        node: HostIndex,
        reading: &Reading,
        time: Clock,
    ) -> Result<Launch, String> {
        let host = &scenario.hosts[node.0];
        match self.subject(&host.name)? {
            Subject::Keepalived(None) => Ok(keepalived::launch(vec!["keepalived".to_string()], reading)),
            Subject::Keepalived(Some(version)) => {
                Ok(keepalived::launch(keepalived::program(version)?.words(), reading))
            }
            Subject::Engine => {
                let own = std::env::current_exe().map_err(|e| format!("our own program: {e}"))?;
                let mut words = vec![own.to_string_lossy().into_owned(), "daemon".to_string()];
                // Where computing is free it has to be told what its work takes.
                words.extend((time == Clock::Virtual).then(|| "--spend".to_string()));
                Ok(keepalived::launch(words, reading))
            }
            Subject::Frr(version) => frr::launch(version.as_ref(), host, reading),
            Subject::Exec(command) => exec::launch(command, self.template.as_ref(), host, reading),
        }
    }

    /// What runs on a node, in the words of the trace: `runs keepalived v2.2.7 (/usr/sbin/keepalived, sha256 …)`.
    pub(super) fn identity(&self, name: &str) -> Option<String> {
        self.subjects.of(name).and_then(|subject| self.identities.get(subject)).cloned()
    }
}
