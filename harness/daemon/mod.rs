//! The engine as a daemon on this machine, in the place of keepalived: its sockets, netlink, children, FIFOs and signals
//! are keepalived 2.2.7's as far as others can see them.
//!
//! One thread and one poll(2), and beside it at most a thread that counts processes. A round of the loop reads
//! everything that is there, then fires what is due, because that is the order in which keepalived does it: after a
//! pause the adverts that wait are read before the timer that they would have kept from firing. An effect is carried
//! out as soon as it is asked for. Work costs nothing of our own ([`Cost::FREE`]): the machine takes the time that it
//! takes, and a timer counts from the reading of the clock that its input came with, which is some ten microseconds
//! before its work is done. Only on a virtual clock, which computing does not move, it waits for as long as its work
//! should take: two routers that do the same with nothing in between would meet in one instant, turn after turn.
//!
//! Reading order: `turn` (the loop), `host` (the effects), `links`, `sockets`, `frames`, `addresses`, `routes`, `filter`,
//! `children`, `fifo`, `streams`, `watch`; `reload`; `wording`, `results` and `log`; `prepare` (what is done before).

mod addresses;
mod children;
mod dump;
mod fifo;
mod filter;
mod frames;
mod host;
mod links;
mod log;
mod pid;
mod prepare;
mod reload;
mod results;
mod routes;
mod signals;
mod sockets;
mod streams;
mod systemd;
mod turn;
mod watch;
mod wording;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use vrrplab_engine::boundary::Cost;
use vrrplab_engine::config::Config;

pub use log::LogOptions;

/// What the command line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Unless `-n`: into the background.
    pub background: bool,
    /// `-V`: a stop leaves the addresses and says no farewell.
    pub keep_addresses: bool,
    /// `-p` and `-r`.
    pub pid_files: Vec<PathBuf>,
    /// `-d`: the configuration goes to the log.
    pub dump: bool,
    /// `-u`; keepalived's own otherwise.
    pub umask: Option<u32>,
    /// Where log lines go.
    pub log: LogOptions,
    /// What its work costs on a clock that computing does not move.
    pub cost: Cost,
    /// The words of the command line, for the log.
    pub words: Vec<String>,
    /// Lines about what was asked for and means nothing here.
    pub remarks: Vec<String>,
    /// Where the configuration is from: SIGHUP reads it again.
    pub source: Source,
}

/// A configuration's file and how it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// `-f`.
    pub file: PathBuf,
    /// `-i`, and the seed of random sequences.
    pub reading: vrrplab_engine::config::Options,
}

/// Runs the daemon until it is told to stop.
pub fn run(mut config: Config, options: &Options) -> io::Result<()> {
    if options.background {
        prepare::detach()?;
    }
    let mut log = log::Log::open(options.log.clone());
    log.line(&format!("Starting vrrplab v{} in the place of Keepalived v2.2.7", env!("CARGO_PKG_VERSION")));
    log.line(&format!("Command line: {}", quoted(&options.words)));
    for remark in options.remarks.iter().chain(&prepare::missing(&config)) {
        log.line(remark);
    }
    let pids = pid::PidFiles::write(&options.pid_files).inspect_err(|error| log.line(&error.to_string()))?;
    prepare::umask(&config, options.umask);
    for line in prepare::config(&mut config).into_iter().chain(prepare::priorities(&config)) {
        log.line(&line);
    }
    if options.dump {
        dump::configuration(&config).lines().for_each(|line| log.line(line));
    }
    let mut daemon = turn::Daemon::open(Arc::new(config), options, log)?;
    let result = daemon.run();
    drop(pids);
    result
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}
