//! `vrrp_script`: runs at fixed intervals, counts results, ends what takes too long
//! (vrrp_scheduler.c:vrrp_script_thread, vrrp_script_child_thread).

use super::process::Vrrp;
use super::track::{Standing, Tracker};
use crate::boundary::{Effect, Effects, Exit, JobId, KillSignal, Origin, ScriptId, Timer};
use crate::config::{self, Config};
use crate::quirks::Quirks;
use crate::schedule::Schedule;
use crate::time::{Duration, Instant};

/// How long after SIGTERM comes SIGKILL, and after that the next one.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long after a SIGKILL that did not help comes the next one.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// The tracked scripts and their timers.
#[derive(Clone, Default, Debug)]
pub(super) struct Scripts {
    list: Vec<Script>,
    /// When script n runs next, in slot n.
    schedule: Schedule,
    /// The runs that go on, in the order of their start.
    runs: Vec<Run>,
}

#[derive(Clone, Debug)]
struct Script {
    id: ScriptId,
    command: config::Command,
    interval: Duration,
    timeout: Duration,
    counter: Counter,
    life: Life,
    armed_by: Origin,
}

/// A run of a script. keepalived keeps `Life` by script, not by run: with two runs at once the end of one makes
/// the daemon forget that the other has to be ended (recorded: `script-slow`).
#[derive(Clone, Debug)]
struct Run {
    script: usize,
    job: JobId,
    /// When it has taken too long.
    limit_at: Option<Instant>,
    armed_by: Origin,
}

/// What the daemon believes that a script does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Idle,
    Running,
    /// SIGTERM was sent.
    Asked,
    /// SIGKILL was sent.
    Forced,
}

/// Counts results: `fall` failures in a row make a script bad, `rise` successes good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Counter {
    /// 0 to rise + fall - 1; good from `rise` on.
    result: u32,
    rise: u32,
    fall: u32,
    /// Until the first result.
    fresh: bool,
}

impl Counter {
    /// A script that was never run: one success is enough, and one failure. With `init_fail` it is bad until
    /// `rise` successes, but not in 2.2.7, where that does nothing (recorded: `script-init-fail-slow`).
    pub(super) fn new(rise: u32, fall: u32, init_fail: bool) -> Counter {
        Counter { result: if init_fail { 0 } else { rise - 1 }, rise, fall, fresh: !init_fail }
    }

    fn is_good(&self) -> bool {
        self.result >= self.rise
    }

    /// Goes on from what another one has counted, as far as `rise` and `fall` let it.
    fn recall(&mut self, old: Counter) {
        if old.fresh {
            return;
        }
        let full = self.rise + self.fall - 1;
        let result = match old.result {
            0 => 0,
            bad if bad < old.rise => (self.rise + bad).saturating_sub(old.rise),
            good if good == old.rise + old.fall - 1 => full,
            good => full.min(self.rise + good - old.rise),
        };
        (self.result, self.fresh) = (result, false);
    }

    /// Counts one result. Some(good) if that changes what the script is.
    pub(super) fn count(&mut self, success: bool) -> Option<bool> {
        let fresh = std::mem::replace(&mut self.fresh, false);
        let was_good = self.result >= self.rise;
        if success && self.result + 1 < self.rise {
            self.result += 1;
        } else if success {
            self.result = self.rise + self.fall - 1;
        } else if self.result > self.rise {
            self.result -= 1;
        } else {
            self.result = 0;
        }
        let good = self.result >= self.rise;
        (good != was_good || (fresh && !success)).then_some(good)
    }
}

impl Scripts {
    /// The scripts that `is_followed` says somebody follows.
    pub(super) fn new(config: &Config, quirks: &Quirks, is_followed: impl Fn(ScriptId) -> bool) -> Scripts {
        let all = config.scripts.iter().enumerate().map(|(n, s)| (ScriptId(n as u16), s));
        let list: Vec<Script> = all
            .filter(|(id, _)| is_followed(*id))
            .map(|(id, s)| Script {
                id,
                command: s.command.clone(),
                interval: s.interval,
                timeout: s.timeout.unwrap_or(s.interval),
                counter: Counter::new(s.rise, s.fall, s.init_fail && quirks.init_fail_works),
                life: Life::Idle,
                armed_by: Origin::default(),
            })
            .collect();
        let schedule = Schedule::new(list.len());
        Scripts { list, schedule, runs: Vec::new() }
    }

    /// When the next script is run or the next run has taken too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.schedule.first().map(|(at, _)| at), self.limit().map(|(at, _)| at)].into_iter().flatten().min()
    }

    fn limit(&self) -> Option<(Instant, usize)> {
        let limits = self.runs.iter().enumerate();
        limits.filter_map(|(n, r)| r.limit_at.map(|at| (at, n))).min()
    }

    pub(super) fn forget(&mut self, job: JobId) {
        self.runs.retain(|r| r.job != job);
    }

    /// All children that still run.
    pub(super) fn jobs(&self) -> impl Iterator<Item = JobId> {
        self.runs.iter().map(|r| r.job)
    }
}

impl Vrrp {
    /// Standings before the first run: `init_fail` is bad from the start.
    pub(super) fn preset_scripts(&mut self) {
        for script in &self.scripts.list {
            let standing = if script.counter.fresh { Standing::Unknown } else { Standing::Bad };
            self.tracking.preset(Tracker::Script(script.id), standing);
        }
    }

    /// What was known of the scripts that are still there, by name, before a reload (vrrp.c:clear_diff_script). One
    /// that had not returned yet is as unknown as before (recorded: `reload-script-init`).
    pub(super) fn recall_scripts(&mut self, old: &Vrrp, before: &Config, config: &Config) {
        for script in &mut self.scripts.list {
            let name = &config.scripts[usize::from(script.id.0)].name;
            let same = |s: &&Script| before.scripts[usize::from(s.id.0)].name == *name;
            let Some(known) = old.scripts.list.iter().find(same) else { continue };
            script.counter.recall(known.counter);
            if !script.counter.fresh {
                let standing = if script.counter.is_good() { Standing::Good } else { Standing::Bad };
                self.tracking.preset(Tracker::Script(script.id), standing);
            }
        }
    }

    /// Runs every tracked script for the first time.
    pub(super) fn start_scripts(&mut self, out: &mut Effects) {
        for n in 0..self.scripts.list.len() {
            self.scripts.list[n].armed_by = out.origin();
            self.run_script(n, out);
        }
    }

    /// Fires the earliest timer of the scripts: a run that takes too long, or the next run.
    pub(super) fn fire_script(&mut self, out: &mut Effects) {
        let next = self.scripts.schedule.first();
        match (next, self.scripts.limit()) {
            (Some((at, n)), limit) if limit.is_none_or(|(limit, _)| at < limit) => {
                out.fired(Timer::Script, self.scripts.list[n].armed_by);
                self.run_script(n, out);
            }
            (_, Some((_, run))) => self.end_run(run, out),
            _ => panic!("a timer of a script is due"),
        }
    }

    /// Version 2.2.7 complains of a run that is not over, and starts the next one all the same, unless it is just
    /// ending the other (recorded: `script-slow`, `script-stubborn`).
    fn run_script(&mut self, n: usize, out: &mut Effects) {
        let next = out.now() + self.scripts.list[n].interval;
        self.scripts.schedule.set(n, Some(next));
        if matches!(self.scripts.list[n].life, Life::Asked | Life::Forced) {
            return;
        }
        let job = self.next_job();
        let script = &mut self.scripts.list[n];
        script.life = Life::Running;
        let limit_at = Some(out.now() + script.timeout);
        self.scripts.runs.push(Run { script: n, job, limit_at, armed_by: script.armed_by });
        super::notify::spawn(job, &script.command, [], out);
    }

    /// SIGTERM after the timeout, SIGKILL two seconds later, and again.
    fn end_run(&mut self, run: usize, out: &mut Effects) {
        let run = &mut self.scripts.runs[run];
        let script = &mut self.scripts.list[run.script];
        out.fired(Timer::ScriptLimit, run.armed_by);
        let (life, signal, wait) = match script.life {
            // Another run's end has made the daemon forget this one.
            Life::Idle => {
                run.limit_at = None;
                return;
            }
            Life::Running => (Life::Asked, KillSignal::Term, PATIENCE),
            Life::Asked => (Life::Forced, KillSignal::Kill, PATIENCE),
            Life::Forced => (Life::Forced, KillSignal::Kill, LAST_PATIENCE),
        };
        script.life = life;
        run.limit_at = Some(out.now() + wait);
        out.push(Effect::Kill { job: run.job, signal });
    }

    /// The daemon stops: what runs is asked to end, and nothing runs any more.
    pub(super) fn stop_scripts(&mut self, out: &mut Effects) {
        for run in &mut self.scripts.runs {
            run.limit_at = None;
            out.push(Effect::Kill { job: run.job, signal: KillSignal::Term });
        }
        self.scripts.schedule = Schedule::new(self.scripts.list.len());
    }

    /// A child has ended. Whether it was the run of a script.
    pub(super) fn script_ended(&mut self, job: JobId, exit: Exit, out: &mut Effects) -> bool {
        let Some(place) = self.scripts.runs.iter().position(|r| r.job == job) else { return false };
        let run = self.scripts.runs.remove(place);
        let script = &mut self.scripts.list[run.script];
        script.life = Life::Idle;
        let tracker = Tracker::Script(script.id);
        if let Some(good) = script.counter.count(exit == Exit::SUCCESS) {
            self.judge(tracker, if good { Standing::Good } else { Standing::Bad }, out);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the words of the manual: good after `rise` successes in a row, bad after `fall` failures in
        /// a row; at first, one result is enough.
        #[test]
        fn counting_is_counting_in_a_row(
            (rise, fall) in (1..5u32, 1..5u32),
            init_fail: bool,
            results in prop::collection::vec(any::<bool>(), 0..60),
        ) {
            let mut counter = Counter::new(rise, fall, init_fail);
            let mut good = init_fail.then_some(false);
            let (mut successes, mut failures) = (0, 0);
            for success in results {
                (successes, failures) = if success { (successes + 1, 0) } else { (0, failures + 1) };
                let now = match good {
                    None => Some(success),
                    Some(false) if successes >= rise => Some(true),
                    Some(true) if failures >= fall => Some(false),
                    same => same,
                };
                let change = counter.count(success);
                prop_assert_eq!(change, if now == good { None } else { now });
                good = now;
            }
        }
    }
}
