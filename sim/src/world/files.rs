//! Files and processes of hosts, as far as daemons track them: they belong to the host and outlive the daemon.

use std::collections::BTreeMap;

use vrrplab_engine::boundary::{FileId, Origin, ProcessId};
use vrrplab_engine::config::{Config, TrackProcess};
use vrrplab_engine::time::Instant;

use super::World;
use super::daemon::Waiting;
use crate::observer::Observer;
use crate::scenario::{Host, Role, Service};
use crate::trace::{Cause, What};

/// What is on a host beside its network.
#[derive(Clone, Default, Debug)]
pub(super) struct Things {
    files: BTreeMap<String, String>,
    /// How many processes run as a mere word, by a part of their command line.
    processes: BTreeMap<String, u32>,
    /// The programs beside the daemon, each with whether it runs.
    services: Vec<(Service, bool)>,
}

impl Things {
    pub(super) fn new(host: &Host) -> Things {
        let runs = |service: &Service| service.start == Some(Instant::ZERO);
        let services = host.services.iter().map(|s| (s.clone(), runs(s))).collect();
        let (mut files, processes) = match &host.role {
            Role::Node(node) => (node.files.clone(), node.processes.clone()),
            Role::Client(_) => Default::default(),
        };
        for service in &host.services {
            files.extend(service.files.clone());
        }
        Things { files, processes, services }
    }

    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect()
    }

    /// How many run of each process that a configuration tracks.
    pub(super) fn processes(&self, config: &Config) -> Vec<u32> {
        let running = |track: &TrackProcess| {
            let command = track.process.join(" ");
            let said = self.processes.iter().filter(|(pattern, _)| command.contains(pattern.as_str()));
            let real = self.services.iter().filter(|(s, runs)| *runs && s.is_counted_by(track));
            said.map(|(_, n)| n).sum::<u32>() + real.count() as u32
        };
        config.processes.iter().map(running).collect()
    }

    /// Whether a process of this name runs.
    pub(super) fn has_process(&self, name: &str) -> bool {
        self.services.iter().any(|(s, runs)| *runs && s.name() == name)
            || self.processes.get(name).is_some_and(|n| *n > 0)
    }

    /// No process outlives the power; files are on a disk.
    pub(super) fn lose_power(&mut self) {
        self.processes.values_mut().for_each(|n| *n = 0);
        self.services.iter_mut().for_each(|(_, runs)| *runs = false);
    }

    /// So many with such a command line run from now on.
    fn set_running(&mut self, pattern: &str, running: u32) {
        let matching = self.services.iter_mut().filter(|(s, _)| s.command().contains(pattern));
        let mut none = true;
        for (n, (_, runs)) in matching.enumerate() {
            none = false;
            *runs = n < running as usize;
        }
        if none {
            self.processes.insert(pattern.to_string(), running);
        }
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
        self.hosts[h].things.set_running(pattern, running);
        self.tell_of_processes(h, &before, World::origin_of_act(n));
    }

    /// A program beside the daemon starts with the scenario's clock, if its host has power.
    pub(super) fn start_service<O: Observer>(&mut self, h: usize, service: usize, observer: &mut O) {
        let before = self.running(h);
        let host = &mut self.hosts[h];
        let (spec, runs) = &mut host.things.services[service];
        if !host.kernel.powered || std::mem::replace(runs, true) {
            return;
        }
        let text = format!("run {} {}", host.name, spec.command());
        self.tell(observer, None, What::Fault(text), Cause::None);
        self.tell_of_processes(h, &before, Origin(0));
    }

    fn tell_of_processes(&mut self, h: usize, before: &[u32], origin: Origin) {
        let after = self.running(h);
        for (id, (_, now)) in before.iter().zip(&after).enumerate().filter(|(_, (was, now))| was != now) {
            let input = Waiting::Processes(ProcessId(id as u16), *now);
            self.tell_daemon_later(h, input, origin);
        }
    }

    fn running(&self, h: usize) -> Vec<u32> {
        let daemon = self.hosts[h].daemon.as_ref();
        daemon.map_or(Vec::new(), |d| self.hosts[h].things.processes(d.config()))
    }
}
