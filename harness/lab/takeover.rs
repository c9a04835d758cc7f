//! Takeovers by turns: two pairs of routers, each pair on a bridge of the kernel. In a round each pair's master is killed
//! once, its backup takes over, and the killed one comes back as the backup. Both pairs run all the time in the same
//! laboratory, and which comes first in a round is drawn by lot, so that whatever else the machine does it does to both.
//!
//! The laboratory sleeps while a takeover is under way: frames wait in its packet sockets with the kernel's stamps.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;
use vrrplab_engine::time::Duration;
use vrrplab_engine::vrrp::State;
use vrrplab_sim::rng::Rng;
use vrrplab_sim::scenario::Scenario;
use vrrplab_sim::switch::class::{Class, Kind};

use super::Clock;
use super::launch::Crew;
use super::node::{Node, processes_of};
use super::priority::{SWITCH, go_first};
use super::world::Lab;
use crate::bench::takeover::{Plan, Sample, Samples};
use crate::files::Beside;
use crate::subject::Subjects;

/// Measures it all, and says how it was measured. `progress` is told how many rounds are done. The process must be in
/// namespaces of its own: see [`super::confine`].
pub fn measure(plan: &Plan, mut progress: impl FnMut(u32)) -> Result<(Samples, Vec<String>), String> {
    let beside = Beside::file("takeover.toml".as_ref());
    let read = vrrplab_sim::scenario::read("takeover.toml", &plan.scenario(), &beside);
    let scenario = read.scenarios.into_iter().next().ok_or("the laboratory's own scenario is wrong")?;
    let [a, b] = &plan.subjects;
    let crew = Crew::new(&format!("a1={a},a2={a},b1={b},b2={b}").parse::<Subjects>()?, None)?;
    let fail = |error: io::Error| error.to_string();
    let before = load();
    let mut pairs = Pairs::start(plan, Arc::new(scenario), crew).map_err(fail)?;
    let mut rounds = Vec::with_capacity(plan.runs as usize);
    for n in 0..plan.warm_up + plan.runs {
        let round = pairs.round(n).map_err(fail)?;
        if n >= plan.warm_up {
            rounds.push(round);
        }
        progress(n + 1);
    }
    let subjects = plan.subjects.each_ref().map(ToString::to_string);
    Ok((Samples { interval: plan.interval, subjects, rounds }, pairs.notes(plan, &before)))
}

/// Load averages of 1, 5 and 15 minutes.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// Both pairs.
struct Pairs {
    lab: Lab,
    interval: Duration,
    down: Duration,
    /// By pair: which of its two hosts is the master.
    master: [usize; 2],
    /// Each host's last advert.
    last: Adverts,
    rng: Rng,
    /// How daemons were scheduled, as was seen after each takeover.
    classes: [BTreeSet<String>; 2],
    /// How often a takeover was not one: the other router spoke before its master was killed.
    void: u32,
}

/// By host: the stamp of an advert, in nanoseconds.
type Adverts = [Option<i128>; 4];

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
/// From one look to the next while nothing is measured.
const LOOK: Duration = Duration::from_millis(5);
/// How much longer than the Master_Down_Interval is slept before the first look.
const ROOM: Duration = Duration::from_millis(20);
/// `Rng::new`'s purpose.
const PHASE: u64 = 0x7a6b;

impl Pairs {
    /// Builds the laboratory and starts all four daemons.
    fn start(plan: &Plan, scenario: Arc<Scenario>, crew: Crew) -> io::Result<Pairs> {
        let mut lab = Lab::build(scenario, plan.seed, crew, Clock::Real)?;
        go_first(SWITCH);
        lab.settle()?;
        for h in 0..4 {
            // No details, and no syslog: how fast somebody logs is not compared.
            let node = lab.nodes[h].as_mut().expect("all hosts are nodes");
            node.launch.argv.retain(|word| word != "-D");
            node.launch.argv.push("-G".to_string());
            lab.start(h)?;
        }
        let mut pairs = Pairs {
            lab,
            interval: plan.interval,
            down: plan.master_down(),
            master: [0; 2],
            last: [None; 4],
            rng: Rng::new(plan.seed, PHASE),
            classes: [BTreeSet::new(), BTreeSet::new()],
            void: 0,
        };
        for pair in 0..2 {
            pairs.wait(|pairs, _| {
                let found = (0..2).find(|m| pairs.is(pair * 2 + m, State::Master));
                pairs.master[pair] = found.unwrap_or(0);
                found.is_some()
            })?;
        }
        Ok(pairs)
    }

    /// A takeover of each pair; which was first is in the samples.
    fn round(&mut self, round: u32) -> io::Result<[Sample; 2]> {
        let first = self.rng.below(2) as usize;
        let mut samples = [Sample { round, second: false, excess: 0 }; 2];
        for (second, pair) in [(false, first), (true, 1 - first)] {
            let excess = loop {
                match self.takeover(pair)? {
                    Some(excess) => break excess,
                    None => self.void += 1,
                }
            };
            samples[pair] = Sample { round, second, excess };
        }
        Ok(samples)
    }

    /// One takeover of a pair: how much later than the Master_Down_Interval after the old master's last advert the new
    /// master's first was, in nanoseconds. `None` if the new master spoke while the old one lived.
    fn takeover(&mut self, pair: usize) -> io::Result<Option<i64>> {
        let (old, new) = (pair * 2 + self.master[pair], pair * 2 + 1 - self.master[pair]);
        self.wait(|pairs, _| pairs.is(new, State::Backup))?;
        // It hears the master, and then the master dies anywhere in its interval.
        self.wait(|_, adverts| adverts[old].is_some())?;
        pause(Duration::from_micros(self.rng.below(self.interval.as_micros())));
        self.look()?;
        let killed = wall_clock();
        self.lab.signal(old, Signal::SIGKILL)?;
        pause(self.down + ROOM);
        let mut first = None;
        self.wait(|_, adverts| {
            first = first.or(adverts[new]);
            first.is_some()
        })?;
        let (first, last) = (first.expect("it has come"), self.last[old].expect("it was heard"));
        self.note_class(new)?;
        self.wait(|pairs, _| !pairs.lab.nodes[old].as_ref().is_some_and(Node::runs))?;
        self.lab.start(old)?;
        self.master[pair] = 1 - self.master[pair];
        self.wait(|pairs, _| pairs.is(old, State::Backup))?;
        let excess = first - last - i128::from(self.down.as_micros()) * 1_000;
        Ok(i64::try_from(excess).ok().filter(|_| first > killed))
    }

    /// Looks until it is so; `done` is given the first advert of each host since the last look.
    fn wait(&mut self, mut done: impl FnMut(&mut Pairs, Adverts) -> bool) -> io::Result<()> {
        let patience = self.lab.clock.now() + PATIENCE;
        loop {
            let adverts = self.look()?;
            if done(self, adverts) {
                return Ok(());
            }
            if self.lab.clock.now() > patience {
                let states =
                    (0..4).map(|h| format!("{:?}", self.lab.nodes[h].as_ref().map(|n| &n.announced)));
                let states = states.collect::<Vec<_>>().join(" ");
                return Err(io::Error::other(format!("the routers do not do what they should: {states}")));
            }
            pause(LOOK);
        }
    }

    /// Reads all that waits: frames, states, log lines, ends of processes.
    fn look(&mut self) -> io::Result<Adverts> {
        let mut adverts = [None; 4];
        for (h, first) in adverts.iter_mut().enumerate() {
            while let Some(frame) = self.lab.hosts[h].links[0].port.receive()? {
                if Class::of(frame.bytes).kind == Kind::Vrrp {
                    first.get_or_insert(frame.stamp);
                    self.last[h] = Some(frame.stamp);
                }
            }
            self.lab.claimed(h)?;
            self.lab.logged(h)?;
            match self.lab.hosts[h].monitor.read() {
                Err(error) if error.kind() != io::ErrorKind::OutOfMemory => return Err(error),
                _ => {}
            }
        }
        self.lab.reap()?;
        Ok(adverts)
    }

    fn is(&self, h: usize, state: State) -> bool {
        let node = self.lab.nodes[h].as_ref().expect("all hosts are nodes");
        node.announced.values().next() == Some(&state)
    }

    /// keepalived may have itself scheduled otherwise when it finds itself late.
    fn note_class(&mut self, h: usize) -> io::Result<()> {
        for pid in processes_of(&self.lab.hosts[h])? {
            // proc_pid_stat(5), behind the name: 19 nice, 40 rt_priority, 41 policy.
            let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
            let fields: Vec<&str> =
                stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
            let field = |n: usize| fields.get(n - 3).copied().unwrap_or("?");
            let policy = match field(41) {
                "0" => "SCHED_OTHER",
                "1" => "SCHED_FIFO",
                "2" => "SCHED_RR",
                other => other,
            };
            self.classes[h / 2].insert(format!("{policy} nice {} rt {}", field(19), field(40)));
        }
        Ok(())
    }

    /// How it was measured.
    fn notes(&self, plan: &Plan, before: &str) -> Vec<String> {
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let kernel = nix::sys::utsname::uname().map(|u| u.release().to_string_lossy().into_owned());
        let kernel = kernel.unwrap_or_default();
        let class = |pair: usize| self.classes[pair].iter().cloned().collect::<Vec<_>>().join(", ");
        let identity = |node: &str| self.lab.crew.identity(node).unwrap_or_default();
        vec![
            format!("{} {}", plan.subjects[0], identity("a1")),
            format!("{} {}", plan.subjects[1], identity("b1")),
            format!(
                "Linux {kernel}, {cores} processors, load averages {before} at the beginning, {} at the end",
                load()
            ),
            format!("scheduled as: {} {}; {} {}", plan.subjects[0], class(0), plan.subjects[1], class(1)),
            format!(
                "{} rounds before the first were not counted; {} takeovers were void, because the other router spoke \
                 first",
                plan.warm_up, self.void
            ),
        ]
    }
}

fn pause(time: Duration) {
    std::thread::sleep(std::time::Duration::from_micros(time.as_micros()));
}

/// Nanoseconds of the clock that stamps frames.
fn wall_clock() -> i128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i128::try_from(now.as_nanos()).unwrap_or(i128::MAX)
}
