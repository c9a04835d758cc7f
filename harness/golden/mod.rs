//! Runs of the real keepalived that were recorded once, and the comparison of our runs with them.

pub mod recording;

use std::path::Path;

use vrrplab_sim::agree::{Lanes, agree, report};
use vrrplab_sim::capture::Capture;
use vrrplab_sim::trace::Trace;

use recording::RecordingError;

/// Compares a run with the recording in `folder`: `Ok(None)` if they agree, else a report of where they part.
/// Nodes and instances of the run must be named as in the recording.
pub fn agree_with_recording(
    folder: &Path,
    trace: &Trace,
    capture: &Capture,
) -> Result<Option<String>, RecordingError> {
    let reference = recording::read(folder)?;
    Ok(report(&agree(&Lanes::of(trace, capture), &reference)))
}

#[cfg(test)]
mod tests;
