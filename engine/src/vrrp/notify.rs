//! What the daemon tells of its states: scripts, FIFOs, mail (vrrp_notify.c).

use super::mail::About;
use super::process::{Vrrp, id};
use crate::boundary::{Announced, Effect, Effects, Fifo, GroupId, GroupNotification, JobId, Notification};
use crate::config::{Command, Config, Notify};
use std::collections::BTreeSet;

/// What belongs to notifications: who is told, and the children that tell.
#[derive(Clone, Default, Debug)]
pub(super) struct Notices {
    instances: Vec<Told>,
    groups: Vec<Told>,
    /// The FIFOs that are configured.
    fifos: Vec<Fifo>,
    /// Number of the last child; the first is 1.
    last_job: u32,
    /// Notify scripts that have not ended.
    running: BTreeSet<JobId>,
}

/// Who is told about an instance or a group.
#[derive(Clone, Debug)]
struct Told {
    name: String,
    notify: Notify,
    priority_changes: bool,
}

impl Notices {
    pub(super) fn new(config: &Config) -> Notices {
        let instances = config.instances.iter().map(|i| Told {
            name: i.name.clone(),
            notify: i.notify.clone(),
            priority_changes: i.notify_priority_changes,
        });
        let groups = config.groups.iter().map(|g| Told {
            name: g.name.clone(),
            notify: g.notify.clone(),
            priority_changes: g.notify_priority_changes,
        });
        let known = |key: &str| config.global.other.contains_key(key);
        let fifos = [("notify_fifo", Fifo::Global), ("vrrp_notify_fifo", Fifo::Vrrp)];
        Notices {
            instances: instances.collect(),
            groups: groups.collect(),
            fifos: fifos.into_iter().filter(|(key, _)| known(key)).map(|(_, fifo)| fifo).collect(),
            last_job: 0,
            running: BTreeSet::new(),
        }
    }
}

impl Notices {
    /// After a reload: numbers go on, and what runs, notify script or not, is only waited for.
    pub(super) fn take_jobs(&mut self, old: &Notices, more: impl Iterator<Item = JobId>) {
        self.last_job = old.last_job;
        self.running = old.running.iter().copied().chain(more).collect();
    }

    /// What an instance or a group is called.
    pub(super) fn name(&self, of: About) -> &str {
        match of {
            About::Instance(i) => &self.instances[i].name,
            About::Group(g) => &self.groups[g].name,
        }
    }
}

/// Runs a command with these words behind its own.
pub(super) fn spawn<const N: usize>(job: JobId, command: &Command, more: [&str; N], out: &mut Effects) {
    let argv = out.store_words(command.argv.iter().map(String::as_str).chain(more));
    let user = command.user.iter().flat_map(|(user, group)| [Some(user.as_str()), group.as_deref()]);
    let user = out.store_words(user.flatten());
    out.push(Effect::Spawn { job, argv, user });
}

impl Vrrp {
    pub(super) fn next_job(&mut self) -> JobId {
        self.notices.last_job += 1;
        JobId(self.notices.last_job)
    }

    /// An instance announces its state, unless its group has done so for it: the state's own script, the
    /// generic one, the FIFOs.
    pub(super) fn notify(&mut self, i: usize, state: Announced, out: &mut Effects) {
        if self.group_has_told(i, state) {
            return;
        }
        let priority = self.instances[i].priority();
        out.push(Effect::Notify(Notification { instance: id(i), state, priority }));
        self.tell(About::Instance(i), state, priority, out);
    }

    /// A group announces its state.
    pub(super) fn notify_group(&mut self, g: usize, state: Announced, out: &mut Effects) {
        out.push(Effect::NotifyGroup(GroupNotification { group: GroupId(g as u16), state }));
        self.tell(About::Group(g), state, 0, out);
    }

    fn tell(&mut self, subject: About, state: Announced, priority: u8, out: &mut Effects) {
        let (kind, told) = match subject {
            About::Instance(i) => ("INSTANCE", &self.notices.instances[i]),
            About::Group(g) => ("GROUP", &self.notices.groups[g]),
        };
        let own = match state {
            Announced::Master => &told.notify.master,
            Announced::Backup => &told.notify.backup,
            Announced::Fault => &told.notify.fault,
            Announced::Stop => &told.notify.stop,
            Announced::Deleted => &told.notify.deleted,
            Announced::MasterRxLowerPri => &told.notify.master_rx_lower_pri,
        };
        // Only the script made for it, and the FIFOs, hear of lower adverts.
        let any = told.notify.any.as_ref().filter(|_| state != Announced::MasterRxLowerPri);
        let mut job = self.notices.last_job;
        let mut next = || {
            job += 1;
            JobId(job)
        };
        let mut started = [None, None];
        if let Some(command) = own {
            let job = *started[0].insert(next());
            spawn(job, command, [], out);
        }
        if let Some(command) = any {
            let job = *started[1].insert(next());
            spawn(job, command, [kind, &told.name, state.word(), &priority.to_string()], out);
        }
        for &fifo in &self.notices.fifos {
            let line = format!("{kind} \"{}\" {} {priority}\n", told.name, state.word());
            let bytes = out.store(line.as_bytes());
            out.push(Effect::Fifo { fifo, bytes });
        }
        self.notices.last_job = job;
        self.notices.running.extend(started.into_iter().flatten());
        self.mail(subject, state, out);
    }

    /// With `notify_priority_changes` the FIFOs hear of a new priority.
    pub(super) fn announce_priority(&mut self, i: usize, out: &mut Effects) {
        let told = &self.notices.instances[i];
        if !told.priority_changes {
            return;
        }
        let word = if self.instances[i].is_master() { "MASTER_PRIORITY" } else { "BACKUP_PRIORITY" };
        let priority = self.instances[i].priority();
        for &fifo in &self.notices.fifos {
            let line = format!("INSTANCE \"{}\" {word} {priority}\n", told.name);
            let bytes = out.store(line.as_bytes());
            out.push(Effect::Fifo { fifo, bytes });
        }
    }

    /// A notify script has ended; nothing follows.
    pub(super) fn notifier_ended(&mut self, job: JobId) {
        self.notices.running.remove(&job);
    }

    /// Children that still run when the daemon ends.
    pub(crate) fn children(&self) -> impl Iterator<Item = JobId> {
        self.scripts.jobs().chain(self.notices.running.iter().copied())
    }
}
