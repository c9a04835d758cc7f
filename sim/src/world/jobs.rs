//! Children of daemons: what they run is not run here. The scenario says by a part of the command line how a
//! command ends and how long it takes; what it does not mention succeeds.

use std::sync::Arc;

use vrrplab_engine::boundary::{Bytes, Exit, JobId, KillSignal, Origin};
use vrrplab_engine::time::Duration;

use super::World;
use super::daemon::Waiting;
use super::queue::Item;
use crate::observer::Observer;
use crate::scenario::{End, ScriptModel};
use crate::trace::{Cause, What};

/// What SIGTERM and SIGKILL are called by number.
const SIGTERM: u8 = 15;
const SIGKILL: u8 = 9;

/// How long a command takes that no model is about: from the start of a `test -f` to the daemon's acting on its
/// result 20 to 40 µs pass on a host that does nothing else (recorded: `script-fault`).
pub(crate) const USUAL: Duration = Duration::from_micros(20);

/// A child that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    job: JobId,
    /// Its number in the run.
    number: u32,
    /// Does not end on SIGTERM.
    stubborn: bool,
}

impl World {
    /// The commands of a host from now on; a model with the same pattern is replaced, a new one comes first.
    pub(super) fn set_model(&mut self, h: usize, model: &ScriptModel) {
        let models = &mut self.hosts[h].models;
        match models.iter_mut().find(|m| m.pattern == model.pattern) {
            Some(old) => *old = model.clone(),
            None => models.insert(0, model.clone()),
        }
    }

    pub(super) fn spawn<O: Observer>(
        &mut self,
        h: usize,
        job: JobId,
        argv: Bytes,
        cause: Cause,
        observer: &mut O,
    ) {
        let daemon = self.hosts[h].daemon.as_ref().expect("a daemon starts children");
        let command = daemon.effects().words(argv).collect::<Vec<_>>().join(" ");
        self.counts.jobs += 1;
        let number = self.counts.jobs;
        let model = self.hosts[h].models.iter().find(|m| command.contains(&*m.pattern));
        let (end, takes, stubborn) = match model {
            None => (End::Exit(0), USUAL, false),
            Some(m) if m.needs.as_deref().is_some_and(|name| !self.hosts[h].things.has_process(name)) => {
                (End::Exit(1), m.takes, false)
            }
            Some(m) => (m.end, m.takes, m.stubborn),
        };
        let daemon = self.hosts[h].daemon.as_mut().expect("a daemon starts children");
        daemon.children.push(Child { job, number, stubborn });
        if let End::Exit(status) = end {
            let (epoch, exit) = (self.hosts[h].epoch, Exit::Status(status));
            self.queue.push(self.now + takes, Item::JobEnds { host: h, epoch, number, exit });
        }
        if O::EVENTS {
            self.tell(observer, Some(h), What::Spawn { job: number, command }, cause);
        }
    }

    pub(super) fn kill_child<O: Observer>(
        &mut self,
        h: usize,
        job: JobId,
        signal: KillSignal,
        observer: &mut O,
    ) {
        let daemon = self.hosts[h].daemon.as_ref().expect("a daemon ends children");
        let Some(child) = daemon.children.iter().find(|c| c.job == job).copied() else { return };
        match signal {
            KillSignal::Term if child.stubborn => {}
            KillSignal::Term => self.job_ends(h, child.number, Exit::Signal(SIGTERM), observer),
            KillSignal::Kill => self.job_ends(h, child.number, Exit::Signal(SIGKILL), observer),
        }
    }

    /// A child is over, if it is not already; its daemon hears of it when it reads next.
    pub(super) fn job_ends<O: Observer>(&mut self, h: usize, number: u32, exit: Exit, observer: &mut O) {
        let Some(daemon) = &mut self.hosts[h].daemon else { return };
        let Some(place) = daemon.children.iter().position(|c| c.number == number) else { return };
        let child = daemon.children.remove(place);
        if O::EVENTS {
            self.tell(observer, Some(h), What::Exit { job: number, exit }, Cause::Job(number));
        }
        let origin = Origin(super::JOB | u64::from(number));
        self.tell_daemon_later(h, Waiting::Job(child.job, exit), origin);
    }

    /// The models that hosts begin with.
    pub(super) fn models_of(role: &crate::scenario::Role) -> Vec<ScriptModel> {
        match role {
            crate::scenario::Role::Node(node) => node.scripts.clone(),
            crate::scenario::Role::Client(_) => Vec::new(),
        }
    }
}

/// A model in words, as an act says it.
pub(super) fn describe(node: &Arc<str>, model: &ScriptModel) -> String {
    let end = match model.end {
        _ if model.needs.is_some() => format!("needs {}", model.needs.as_deref().unwrap_or_default()),
        End::Exit(status) => format!("exit {status} after {}", model.takes),
        End::Never if model.stubborn => "hangs and does not heed SIGTERM".to_string(),
        End::Never => "hangs".to_string(),
    };
    format!("script {node} `{}` {end}", model.pattern)
}
