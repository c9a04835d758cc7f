//! What tracked scripts return, for the log: a line whenever that changes, in keepalived's words.

use std::collections::BTreeMap;

use vrrplab_engine::boundary::{Effect, Effects, Exit, JobId, Timer};
use vrrplab_engine::config::Config;

/// The scripts that run, and what each returned last.
#[derive(Default, Debug)]
pub(super) struct Results {
    running: BTreeMap<JobId, usize>,
    last: BTreeMap<usize, Exit>,
}

impl Results {
    /// Scripts are started: by their timers, and by the start of the daemon before anything else is.
    pub(super) fn started(&mut self, config: &Config, effects: &Effects, starts: bool) {
        for timed in effects.iter() {
            let Effect::Spawn { job, argv, .. } = timed.effect else { continue };
            if timed.because.timer == Some(Timer::Script) || starts {
                let same = |argv_of: &[String]| effects.words(argv).eq(argv_of.iter().map(String::as_str));
                let script = config.scripts.iter().position(|s| same(&s.command.argv));
                self.running.extend(script.map(|n| (job, n)));
            }
        }
    }

    /// A child has ended. What there is to say.
    pub(super) fn ended(&mut self, config: &Config, job: JobId, exit: Exit) -> Option<String> {
        let script = self.running.remove(&job)?;
        let before = self.last.insert(script, exit).unwrap_or(Exit::SUCCESS);
        let name = &config.scripts[script].name;
        (before != exit).then(|| match exit {
            Exit::Status(status) => format!("Script `{name}` now returning {status}"),
            Exit::Signal(signal) => format!("Script `{name}` now ended by signal {signal}"),
        })
    }
}
