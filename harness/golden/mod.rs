//! What is accepted: our own traces, exact to the byte, and runs of the real keepalived that were recorded once.
//!
//! `golden/<scenario>/engine.trace` is ours; `keepalived-<version>.trace` and `.pcapng` beside it are a run of the real daemon in the world
//! with the virtual clock, as `vrrplab golden record` wrote it; `keepalived-<version>/` is a recording of an older recorder.

pub mod deviations;
pub mod recorded;
pub mod recording;

use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;
use vrrplab_sim::agree::{Disagreement, Lanes, Tolerance, agree};
use vrrplab_sim::capture::Capture;
use vrrplab_sim::trace::Trace;

use crate::files;
use recording::RecordingError;

/// Lines that a difference shows around a change.
const CONTEXT: usize = 2;
/// Lines of a difference that are shown in all.
const SHOWN: usize = 40;

/// The golden folder of one scenario.
#[derive(Clone, Debug)]
pub struct Golden {
    folder: PathBuf,
}

/// A recording of a real daemon.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// `keepalived-2.2.7`.
    pub name: String,
    /// Where it is.
    pub folder: PathBuf,
}

impl Golden {
    /// The golden folder of `scenario` below `root`, the folder `golden`.
    pub fn of(root: &Path, scenario: &str) -> Golden {
        Golden { folder: root.join(scenario) }
    }

    /// The recordings of this scenario, in the order of their names.
    pub fn references(&self) -> Vec<Reference> {
        let reference = |folder: PathBuf| {
            let name = folder.file_name()?.to_str()?.to_string();
            folder.join("cap.pcap").is_file().then_some(Reference { name, folder })
        };
        self.entries().into_iter().filter_map(reference).collect()
    }

    /// What is in the folder, in the order of the names; nothing if there is no folder.
    fn entries(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        found.sort();
        found
    }

    fn trace(&self) -> PathBuf {
        self.folder.join("engine.trace")
    }

    /// Compares a run with the accepted one; the error is a difference to read.
    pub fn compare(&self, trace: &Trace) -> Result<(), String> {
        let path = self.trace();
        let accept = "vrrplab golden accept, and read the difference";
        let accepted = fs::read_to_string(&path)
            .map_err(|e| format!("{}: {e}\nif the run is right: {accept}", path.display()))?;
        let ours = trace.to_string();
        if accepted == ours {
            return Ok(());
        }
        let diff = TextDiff::from_lines(&accepted, &ours).unified_diff().context_radius(CONTEXT).to_string();
        let lines = diff.lines().count();
        let shown: Vec<&str> = diff.lines().take(SHOWN).collect();
        let more = lines.saturating_sub(SHOWN);
        let more = if more > 0 { format!("\n… and {more} lines more") } else { String::new() };
        Err(format!("- accepted, + this run\n{}{more}\nif this run is right: {accept}", shown.join("\n")))
    }

    /// Makes this run the accepted one. Whether it changed anything.
    pub fn accept(&self, trace: &Trace) -> Result<bool, String> {
        let (path, ours) = (self.trace(), trace.to_string());
        if fs::read_to_string(&path).is_ok_and(|accepted| accepted == ours) {
            return Ok(false);
        }
        files::write_whole(&path, ours.as_bytes()).map(|()| true)
    }
}

/// Where a run and the recording in `folder` part. Nodes and instances of the run must be named as in the recording.
pub fn differs_from_recording(
    folder: &Path,
    trace: &Trace,
    capture: &Capture,
) -> Result<Vec<Disagreement>, RecordingError> {
    let reference = recording::read(folder)?;
    Ok(agree(&Lanes::of(trace, capture), &reference, &Tolerance::RECORDED).disagreements)
}

#[cfg(test)]
mod tests;
