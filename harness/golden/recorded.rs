//! Runs of real daemons in the world with the virtual clock: `keepalived-2.2.7.trace` says what happened, which program it was, with which
//! arguments and on which kernel; `keepalived-2.2.7.pcapng` has the frames. Written by `vrrplab golden record`, never by hand.

use std::fs;
use std::path::PathBuf;

use vrrplab_engine::time::Duration;
use vrrplab_sim::agree::{Lanes, Tolerance, agree, report};
use vrrplab_sim::run::Run;
use vrrplab_sim::scenario::Scenario;
use vrrplab_sim::trace::{Trace, What};

use super::Golden;
use crate::agreement::lanes;
use crate::{files, pcapng};

/// How far two recordings of one scenario may be apart.
const REPEATED: Tolerance = Tolerance {
    cause: Duration::from_micros(5),
    an_advert: Duration::ZERO,
    an_announcement: Duration::ZERO,
    without_cause: Duration::from_micros(5),
    act: Duration::from_micros(5),
};

/// A run that was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// `keepalived-2.2.7`.
    pub name: String,
    /// Its trace; the capture is beside it.
    pub trace: PathBuf,
}

/// What became of a recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// There was none.
    New,
    /// It is the one that there was, within 5 µs, which stays as it is.
    Same,
    /// It is another one, and takes the place of the one that there was: where they part.
    Another(String),
}

impl Recorded {
    fn lanes(&self, scenario: &Scenario) -> Result<Lanes, String> {
        let trace: Trace =
            files::read_text(&self.trace)?.parse().map_err(|e| format!("{}: {e}", self.trace.display()))?;
        let path = self.trace.with_extension("pcapng");
        let fail = |what: String| format!("{}: {what}", path.display());
        let bytes = fs::read(&path).map_err(|e| fail(e.to_string()))?;
        let capture = pcapng::read(&bytes).map_err(|e| fail(e.to_string()))?;
        Ok(lanes(scenario, &trace, &capture))
    }

    /// Where a run parts from it, if it does.
    pub fn differs_from(&self, run: &Run, tolerance: &Tolerance) -> Result<Option<String>, String> {
        let own = lanes(&run.scenario, &run.trace, &run.capture);
        Ok(report(&agree(&own, &self.lanes(&run.scenario)?, tolerance).disagreements))
    }
}

impl Golden {
    /// The runs of real daemons, in the order of their names.
    pub fn recorded(&self) -> Vec<Recorded> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let recorded = |trace: PathBuf| {
            let name = trace.file_stem()?.to_str()?.to_string();
            let is_it = trace.extension()? == "trace" && trace.with_extension("pcapng").is_file();
            is_it.then_some(Recorded { name, trace })
        };
        let mut found: Vec<Recorded> = entries.filter_map(|entry| recorded(entry.ok()?.path())).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// Keeps a run of a real daemon.
    pub fn record(&self, run: &Run) -> Result<Change, String> {
        let name = name(&run.trace).ok_or("the trace does not say which daemon ran")?;
        let recorded = Recorded { trace: self.folder.join(format!("{name}.trace")), name };
        let change = match recorded.trace.is_file() {
            false => Change::New,
            true => match recorded.differs_from(run, &REPEATED)? {
                None => return Ok(Change::Same),
                Some(difference) => Change::Another(difference),
            },
        };
        let mut capture = Vec::new();
        pcapng::write(&run.capture, &mut capture).map_err(|e| e.to_string())?;
        files::write_whole(&recorded.trace.with_extension("pcapng"), &capture)?;
        files::write_whole(&recorded.trace, run.trace.to_string().as_bytes())?;
        Ok(change)
    }
}

/// `keepalived-2.2.7`, from what the trace says of the program.
fn name(trace: &Trace) -> Option<String> {
    trace.events.iter().find_map(|event| match &event.what {
        What::Log(words) => {
            let mut words = words.strip_prefix("runs ")?.split(' ');
            let (program, version) = (words.next()?, words.next()?);
            Some(format!("{program}-{}", version.trim_start_matches('v')))
        }
        _ => None,
    })
}
