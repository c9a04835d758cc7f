//! A run as a world with a real clock would tell it: everything late by up to 3 ms, each host in its own order, and no
//! cause but those of acts.

use std::collections::BTreeMap;

use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::capture::Capture;
use vrrplab_sim::rng::Rng;
use vrrplab_sim::trace::{Cause, Event, Name, Trace, What};

/// No event is later than this.
const LATEST: u64 = 3_000;

pub(crate) fn as_of_a_real_clock(trace: &Trace, capture: &Capture) -> (Trace, Capture) {
    let (mut trace, mut capture) = (trace.clone(), capture.clone());
    let mut rng = Rng::new(1, 2);
    let mut last: BTreeMap<Option<Name>, Instant> = BTreeMap::new();
    for Event { at, host, what, cause } in &mut trace.events {
        // A laboratory notes an act before it acts, whatever it hears of late.
        if matches!(what, What::Fault(_)) {
            continue;
        }
        let late = *at + Duration::from_micros(rng.below(LATEST));
        *at = late.max(last.get(host).copied().unwrap_or_default());
        // One switch tells that a frame came and what became of it.
        if let What::Lost { frame: Some(frame), .. } | What::Touched { frame, .. } = what {
            *at = capture.frames[*frame as usize - 1].at.max(*at);
        }
        last.insert(host.clone(), *at);
        if let What::Tx { frame, .. } = what {
            capture.frames[*frame as usize - 1].at = *at;
        }
        *cause = Cause::None;
    }
    trace.events.sort_by_key(|event| event.at);
    (trace, capture)
}
