//! Files and processes of hosts, as far as daemons track them: they belong to the host and outlive the daemon.

use std::collections::BTreeMap;

use vrrplab_engine::boundary::{FileId, ProcessId};
use vrrplab_engine::config::Config;

use super::World;
use super::daemon::Waiting;
use crate::scenario::Role;

/// What is on a host beside its network.
#[derive(Clone, Default, Debug)]
pub(super) struct Things {
    files: BTreeMap<String, String>,
    /// How many processes run, by a part of their command line.
    processes: BTreeMap<String, u32>,
}

impl Things {
    pub(super) fn new(role: &Role) -> Things {
        match role {
            Role::Node(node) => Things { files: node.files.clone(), processes: node.processes.clone() },
            Role::Client(_) => Things::default(),
        }
    }

    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect()
    }

    /// How many run of each process that a configuration tracks.
    pub(super) fn processes(&self, config: &Config) -> Vec<u32> {
        let running = |command: &str| {
            let matching = self.processes.iter().filter(|(pattern, _)| command.contains(pattern.as_str()));
            matching.map(|(_, n)| n).sum()
        };
        config.processes.iter().map(|p| running(&p.process.join(" "))).collect()
    }
}

impl World {
    /// The daemon writes a tracked file; of its own writing it hears too, and finds nothing new.
    pub(super) fn write_file(&mut self, h: usize, file: FileId, text: String) {
        let daemon = self.hosts[h].daemon.as_ref().expect("a daemon writes files");
        let path = daemon.config().files[usize::from(file.0)].file.clone();
        self.hosts[h].things.files.insert(path, text);
    }

    /// Somebody writes a file, or removes it.
    pub(super) fn change_file(&mut self, n: usize, h: usize, path: &str, content: Option<&str>) {
        let files = &mut self.hosts[h].things.files;
        match content {
            Some(text) => drop(files.insert(path.to_string(), text.to_string())),
            None => drop(files.remove(path)),
        }
        let Some(daemon) = &self.hosts[h].daemon else { return };
        let tracked = daemon.config().files.iter().enumerate().filter(|(_, f)| f.file == path);
        let tracked: Vec<FileId> = tracked.map(|(n, _)| FileId(n as u16)).collect();
        for file in tracked {
            let content = content.map(|text| text.as_bytes().to_vec());
            self.tell_daemon_later(h, Waiting::File(file, content), World::origin_of_act(n));
        }
    }

    /// So many processes of this kind run from now on.
    pub(super) fn change_processes(&mut self, n: usize, h: usize, pattern: &str, running: u32) {
        let before = self.running(h);
        self.hosts[h].things.processes.insert(pattern.to_string(), running);
        let after = self.running(h);
        for (id, (_, now)) in before.iter().zip(&after).enumerate().filter(|(_, (was, now))| was != now) {
            let input = Waiting::Processes(ProcessId(id as u16), *now);
            self.tell_daemon_later(h, input, World::origin_of_act(n));
        }
    }

    fn running(&self, h: usize) -> Vec<u32> {
        let daemon = self.hosts[h].daemon.as_ref();
        daemon.map_or(Vec::new(), |d| self.hosts[h].things.processes(d.config()))
    }
}
