//! Runs of real daemons in the world with the virtual clock: `keepalived-2.2.7.trace` says what happened, which program it was, with which
//! arguments and on which kernel; `keepalived-2.2.7.pcapng` has the frames. Written by `vrrplab golden record`, never by hand.

use std::fs;
use std::path::PathBuf;

use vrrplab_engine::time::Duration;
use vrrplab_sim::agree::{Disagreement, Tolerance, agree, report};
use vrrplab_sim::capture::Capture;
use vrrplab_sim::run::Run;
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
    /// The run as it was recorded.
    pub fn read(&self) -> Result<(Trace, Capture), String> {
        let trace: Trace =
            files::read_text(&self.trace)?.parse().map_err(|e| format!("{}: {e}", self.trace.display()))?;
        let path = self.trace.with_extension("pcapng");
        let fail = |what: String| format!("{}: {what}", path.display());
        let bytes = fs::read(&path).map_err(|e| fail(e.to_string()))?;
        let capture = pcapng::read(&bytes).map_err(|e| fail(e.to_string()))?;
        Ok((trace, capture))
    }

    /// Where a run parts from it.
    pub fn differs_from(&self, run: &Run, tolerance: &Tolerance) -> Result<Vec<Disagreement>, String> {
        let (trace, capture) = self.read()?;
        Ok(differences(run, &trace, &capture, tolerance))
    }
}

/// Where a run parts from one that was recorded.
pub fn differences(run: &Run, trace: &Trace, capture: &Capture, tolerance: &Tolerance) -> Vec<Disagreement> {
    let [own, recorded] =
        [(&run.trace, &run.capture), (trace, capture)].map(|(t, c)| lanes(&run.scenario, t, c));
    agree(&own, &recorded, tolerance).disagreements
}

impl Golden {
    /// The runs of real daemons, in the order of their names.
    pub fn recorded(&self) -> Vec<Recorded> {
        let recorded = |trace: PathBuf| {
            let name = trace.file_stem()?.to_str()?.to_string();
            let is_it = trace.extension()? == "trace" && trace.with_extension("pcapng").is_file();
            is_it.then_some(Recorded { name, trace })
        };
        self.entries().into_iter().filter_map(recorded).collect()
    }

    /// Keeps a run of a real daemon.
    pub fn record(&self, run: &Run) -> Result<Change, String> {
        let name = name(&run.trace).ok_or("the trace does not say which daemon ran")?;
        let recorded = Recorded { trace: self.folder.join(format!("{name}.trace")), name };
        let change = match recorded.trace.is_file() {
            false => Change::New,
            true => match report(&recorded.differs_from(run, &REPEATED)?) {
                None => return Ok(Change::Same),
                Some(difference) => Change::Another(difference),
            },
        };
        let mut capture = Vec::new();
        pcapng::write(&run.capture, &mut capture).map_err(|e| e.to_string())?;
        files::write_whole(&recorded.trace.with_extension("pcapng"), &capture)?;
        files::write_whole(&recorded.trace, from_here(&run.trace.to_string()).as_bytes())?;
        Ok(change)
    }
}

/// Files below the working folder are named from there, in whichever folder of whichever machine that was.
fn from_here(text: &str) -> String {
    match std::env::current_dir() {
        Ok(here) => text.replace(&format!("{}/", here.display()), ""),
        Err(_) => text.to_string(),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vrrplab_engine::time::Instant;
    use vrrplab_sim::run::run;
    use vrrplab_sim::trace::{Cause, Event};

    use super::*;

    /// A run as a real daemon's world tells it, with its adverts later by so much.
    fn told(later: Duration) -> Run {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = files::read_scenario(&root.join("scenarios/vrrp/master-stop.toml")).expect("it is there");
        let mut run = run(&Arc::new(file.scenarios[0].clone()), 1);
        let words =
            "runs keepalived v2.2.7 (/usr/sbin/keepalived, sha256 0123) as `keepalived -n`, on Linux 6.1.0";
        let host = run.scenario.hosts[0].name.clone();
        let what = What::Log(words.to_string());
        run.trace.events.insert(0, Event { at: Instant::ZERO, host: Some(host), what, cause: Cause::None });
        let adverts = run.trace.events.iter_mut().filter(|event| matches!(event.what, What::Tx { .. }));
        adverts.for_each(|event| event.at += later);
        run.capture.frames.iter_mut().for_each(|frame| frame.at += later);
        run
    }

    #[test]
    fn a_recording_names_no_folder_of_the_machine() {
        let here = std::env::current_dir().expect("there is one");
        let line = format!("Opening file '{}/scenarios/vrrp/pair/a.conf'.", here.display());
        assert_eq!(from_here(&line), "Opening file 'scenarios/vrrp/pair/a.conf'.");
    }

    #[test]
    fn a_run_is_kept_until_it_is_another_one() {
        let folder = std::env::temp_dir().join(format!("vrrplab-recorded-{}", std::process::id()));
        let golden = Golden::of(&folder, "vrrp/master-stop");
        let micros = |n| told(Duration::from_micros(n));
        assert_eq!(golden.record(&micros(0)), Ok(Change::New));
        let recorded = golden.recorded();
        assert_eq!(recorded.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["keepalived-2.2.7"]);
        assert_eq!(recorded[0].differs_from(&micros(0), &Tolerance::RECORDED), Ok(Vec::new()));
        let before = fs::read(&recorded[0].trace).expect("it was written");
        assert_eq!(golden.record(&micros(4)), Ok(Change::Same));
        assert_eq!(fs::read(&recorded[0].trace).expect("it is there"), before, "the first one stays");
        assert!(matches!(golden.record(&micros(40)), Ok(Change::Another(_))));
        assert_ne!(fs::read(&recorded[0].trace).expect("it is there"), before);
        let late = recorded[0].differs_from(&micros(3_000), &Tolerance::RECORDED).expect("it reads");
        assert!(report(&late).is_some_and(|text| text.contains("later") || text.contains("earlier")));
        fs::remove_dir_all(&folder).expect("it was ours");
    }
}
