//! `track_file` and `vrrp_track_process`: numbers in files and numbers of processes
//! (trackers/track_file.c, core/track_process.c).

use super::process::Vrrp;
use super::track::{Standing, Tracker};
use crate::boundary::{Effect, Effects, FileId, HostFacts, Origin, ProcessId, Timer};
use crate::config::{Config, TrackProcess};
use crate::time::Instant;

/// The tracked processes, and the files that the daemon writes when it starts.
#[derive(Clone, Default, Debug)]
pub(super) struct Watches {
    processes: Vec<Process>,
    /// What `init_file` writes.
    init: Vec<(FileId, String)>,
}

#[derive(Clone, Debug)]
struct Process {
    spec: TrackProcess,
    good: bool,
    /// When a new finding counts, unless it goes back before.
    due: Option<(Instant, Origin)>,
}

/// The number in a file; what is no number counts as 0, as does no file (recorded: `track-file`).
pub(super) fn number(content: &[u8]) -> i32 {
    let text = String::from_utf8_lossy(content);
    let text = text.trim_start();
    let digits = text.trim_start_matches(['-', '+']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let length = text.len() - digits.len() + end;
    // What is too large for a number is too large for a priority.
    let limit = if text.starts_with('-') { i32::MIN } else { i32::MAX };
    if end == 0 || text.len() - digits.len() > 1 { 0 } else { text[..length].parse().unwrap_or(limit) }
}

fn in_quorum(spec: &TrackProcess, running: u32) -> bool {
    running >= u32::from(spec.quorum) && spec.quorum_max.is_none_or(|max| running <= u32::from(max))
}

impl Vrrp {
    /// What files and processes say before anybody has a state.
    pub(super) fn preset_watches(&mut self, config: &Config, host: &HostFacts) {
        for (n, file) in config.files.iter().enumerate() {
            let id = FileId(n as u16);
            if !self.tracking.is_followed(Tracker::File(id)) {
                continue;
            }
            let found = host.files.get(&file.file);
            let written = file.init.filter(|init| init.overwrite || found.is_none());
            let value = match written {
                Some(init) => {
                    self.watches.init.push((id, format!("{}\n", init.value)));
                    init.value
                }
                None => found.map_or(0, |content| number(content)),
            };
            self.tracking.preset(Tracker::File(id), Standing::Value(value));
        }
        for (n, spec) in config.processes.iter().enumerate() {
            let good = in_quorum(spec, host.processes.get(n).copied().unwrap_or(0));
            let standing = if good { Standing::Good } else { Standing::Bad };
            self.tracking.preset(Tracker::Process(ProcessId(n as u16)), standing);
            self.watches.processes.push(Process { spec: spec.clone(), good, due: None });
        }
    }

    /// What files say at a reload: `init_file` counts only for those that are not there (recorded:
    /// `reload-track-file-init`).
    pub(super) fn reread_files(&mut self, config: &Config, host: &HostFacts) {
        let found = |id: FileId| host.files.get(&config.files[usize::from(id.0)].file);
        self.watches.init.retain(|(id, _)| found(*id).is_none());
        for n in 0..config.files.len() {
            let id = FileId(n as u16);
            if let Some(content) = found(id) {
                self.tracking.preset(Tracker::File(id), Standing::Value(number(content)));
            }
        }
    }

    pub(super) fn write_files(&mut self, out: &mut Effects) {
        for (file, text) in std::mem::take(&mut self.watches.init) {
            let bytes = out.store(text.as_bytes());
            out.push(Effect::WriteFile { file, bytes });
        }
    }

    /// A tracked file was written, replaced or removed.
    pub(crate) fn file(&mut self, file: FileId, content: Option<&[u8]>, out: &mut Effects) {
        let value = content.map_or(0, number);
        self.judge(Tracker::File(file), Standing::Value(value), out);
    }

    /// Another number of processes runs: a quorum gained counts after `fork_delay`, one lost after
    /// `terminate_delay`.
    pub(crate) fn processes(&mut self, id: ProcessId, running: u32, out: &mut Effects) {
        let process = &mut self.watches.processes[usize::from(id.0)];
        let good = in_quorum(&process.spec, running);
        if good == process.good {
            process.due = None;
            return;
        }
        let delay = if good { process.spec.fork_delay } else { process.spec.terminate_delay };
        if delay.is_zero() {
            self.process_counts(id, out);
        } else if process.due.is_none() {
            process.due = Some((out.now() + delay, out.origin()));
        }
    }

    fn process_counts(&mut self, id: ProcessId, out: &mut Effects) {
        let process = &mut self.watches.processes[usize::from(id.0)];
        process.due = None;
        process.good = !process.good;
        let standing = if process.good { Standing::Good } else { Standing::Bad };
        self.judge(Tracker::Process(id), standing, out);
    }

    pub(super) fn quorum_deadline(&self) -> Option<Instant> {
        self.watches.processes.iter().filter_map(|p| p.due.map(|(at, _)| at)).min()
    }

    pub(super) fn fire_quorum(&mut self, out: &mut Effects) {
        let due = self.watches.processes.iter().enumerate().filter_map(|(n, p)| p.due.map(|d| (d, n)));
        let ((_, origin), n) = due.min().expect("a quorum's time has come");
        out.fired(Timer::Quorum, origin);
        self.process_counts(ProcessId(n as u16), out);
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_file_s_number_is_what_it_begins_with() {
        for (content, value) in [
            ("", 0),
            ("5", 5),
            ("-30\n", -30),
            (" +7 x", 7),
            ("x", 0),
            ("--1", 0),
            ("99999999999", i32::MAX),
            ("-99999999999", i32::MIN),
        ] {
            assert_eq!(number(content.as_bytes()), value, "{content:?}");
        }
    }
}
