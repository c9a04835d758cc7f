//! Trackers, what follows them, and groups of instances that move together.

use super::notify::{Command, Notify};
use crate::time::Duration;

/// How a tracker moves a priority; 0 means that it decides about FAULT instead.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Weight {
    /// −253 to 253; of processes and files −254 to 254.
    pub value: i16,
    /// `reverse`: good and bad change places.
    pub reverse: bool,
}

/// One line of a `track_…` block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Track {
    /// What is tracked.
    pub name: String,
    /// Its own weight, or the tracker's.
    pub weight: Weight,
}

/// The `track_…` blocks of an instance or a group.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tracks {
    /// `track_interface`.
    pub interfaces: Vec<Track>,
    /// `track_script`.
    pub scripts: Vec<Track>,
    /// `track_file`.
    pub files: Vec<Track>,
    /// `track_process`.
    pub processes: Vec<Track>,
    /// `track_bfd`.
    pub bfds: Vec<Track>,
}

/// A `vrrp_script`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// Its name.
    pub name: String,
    /// `script` with its `user`.
    pub command: Command,
    /// `interval`, whole seconds 1–4294. Default 1 s.
    pub interval: Duration,
    /// `timeout`, whole seconds 1–4294. Default: as long as `interval`.
    pub timeout: Option<Duration>,
    /// `weight`. Default 0.
    pub weight: Weight,
    /// `rise`: successes in a row that make it good. Default 1.
    pub rise: u32,
    /// `fall`: failures in a row that make it bad. Default 1.
    pub fall: u32,
    /// `init_fail`: bad until it was good.
    pub init_fail: bool,
}

/// A `vrrp_track_process`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrackProcess {
    /// Its name.
    pub name: String,
    /// `process`: the program and, if given, its parameters.
    pub process: Vec<String>,
    /// `param_match`.
    pub param_match: ParamMatch,
    /// `weight`. Default 0.
    pub weight: Weight,
    /// `quorum`: how many must run, 1–65535. Default 1.
    pub quorum: u16,
    /// `quorum_max`: how many may run, up to 65535. Default: any number.
    pub quorum_max: Option<u16>,
    /// `fork_delay`, up to 3600 s: how long a gained quorum must last. Default 0.
    pub fork_delay: Duration,
    /// `terminate_delay`, up to 3600 s: how long a lost quorum must last. Default 0.
    pub terminate_delay: Duration,
    /// `full_command`: looks at the command line instead of the process's name.
    pub full_command: bool,
}

impl TrackProcess {
    /// The name by which processes are counted, as the kernel has it (`comm`); none where their command lines are looked at:
    /// with `full_command`, or with parameters (core/track_process.c).
    pub fn counted_name(&self) -> Option<&[u8]> {
        let (program, parameters) = self.process.split_first()?;
        let by_name = !self.full_command && parameters.is_empty() && self.param_match == ParamMatch::Exact;
        by_name.then(|| comm(program))
    }

    /// Whether a process with this command line is counted, where that decides.
    pub fn counts_command(&self, argv: &[&[u8]]) -> bool {
        let (Some((program, wanted)), Some((run, given))) = (self.process.split_first(), argv.split_first())
        else {
            return false;
        };
        let same =
            |n: usize| given.len() >= n && wanted.iter().zip(given).take(n).all(|(w, g)| w.as_bytes() == *g);
        program.as_bytes() == *run
            && match (self.param_match, wanted.split_last()) {
                (ParamMatch::Exact, _) => wanted.len() == given.len() && same(wanted.len()),
                (ParamMatch::Initial, _) => same(wanted.len()),
                (ParamMatch::Partial, None) => true,
                (ParamMatch::Partial, Some((last, before))) => {
                    same(before.len())
                        && given.get(before.len()).is_some_and(|g| g.starts_with(last.as_bytes()))
                }
            }
    }
}

/// What the kernel calls a program that is run by this path.
pub fn comm(program: &str) -> &[u8] {
    let name = program.rsplit('/').next().unwrap_or(program).as_bytes();
    &name[..name.len().min(15)]
}

/// `param_match` of a `vrrp_track_process`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ParamMatch {
    /// All parameters are the same. The default when parameters are given.
    #[default]
    Exact,
    /// `initial`: there may be more.
    Initial,
    /// `partial`: the last one may be longer, and there may be more.
    Partial,
}

/// A `track_file`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrackFile {
    /// Its name.
    pub name: String,
    /// `file`: its path.
    pub file: String,
    /// `weight`: what the number in the file is multiplied with. Default 1.
    pub weight: Weight,
    /// `init_file`.
    pub init: Option<InitFile>,
}

/// `init_file`: the daemon writes the file when it starts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct InitFile {
    /// What it writes. Default 0.
    pub value: i32,
    /// Even if there is a file already.
    pub overwrite: bool,
}

/// A `vrrp_sync_group`: instances that change state together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncGroup {
    /// Its name.
    pub name: String,
    /// `group`: its instances, at least one.
    pub members: Vec<String>,
    /// What all members track.
    pub tracks: Tracks,
    /// The notify scripts of the group.
    pub notify: Notify,
    /// `smtp_alert`. Default: `smtp_alert_vrrp`, then `smtp_alert`, then off.
    pub smtp_alert: bool,
    /// `sync_group_tracking_weight`: members keep trackers with weights.
    pub tracking_weight: bool,
    /// `notify_priority_changes`. Default: the global one.
    pub notify_priority_changes: bool,
}
