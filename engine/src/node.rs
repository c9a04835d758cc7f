//! One daemon: the supervisor over its processes. Today there is the VRRP process; checkers come beside it.

use std::sync::Arc;

use crate::boundary::{Effect, Effects, HostFacts, Input, KillSignal, Signal, Timer};
use crate::config::Config;
use crate::quirks::Quirks;
use crate::time::{Duration, Instant};
use crate::vrrp::Vrrp;

/// How long a stopping daemon with instances stays to let notify scripts finish
/// (vrrp_daemon.c:vrrp_terminate_phase1).
const LINGER: Duration = Duration::from_secs(1);

/// A daemon. See the crate's contract.
#[derive(Clone, Debug)]
pub struct Node {
    config: Arc<Config>,
    vrrp: Vrrp,
    life: Life,
    now: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Loaded,
    Running,
    /// It reads its configuration again, and nothing else.
    Reading,
    Stopping {
        exit_at: Instant,
    },
    Ended,
}

impl Node {
    /// A daemon with this configuration on this host, not started yet. It behaves like keepalived 2.2.7.
    pub fn new(config: Arc<Config>, host: &HostFacts) -> Node {
        Node::with_quirks(config, host, &Quirks::V2_2_7)
    }

    /// The same, behaving like another version.
    pub fn with_quirks(config: Arc<Config>, host: &HostFacts, quirks: &'static Quirks) -> Node {
        let vrrp = Vrrp::new(&config, host, quirks);
        Node { config, vrrp, life: Life::Loaded, now: Instant::ZERO }
    }

    /// Hands over an input at its instant and fills `out`, which the world has cleared.
    pub fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut Effects) {
        assert!(now >= self.now, "time goes back from {} to {now}", self.now);
        self.now = now;
        out.begin(now);
        match (self.life, input) {
            (Life::Loaded, Input::Start) => {
                self.life = Life::Running;
                self.vrrp.start(out);
            }
            (_, Input::Start) => panic!("a daemon starts once"),
            (Life::Running, Input::Wake) => self.vrrp.wake(now, out),
            (Life::Running, Input::Packet { sock, packet }) => self.vrrp.packet(sock, packet, out),
            (Life::Running, Input::Kernel(event)) => self.vrrp.kernel(event, out),
            (Life::Running, Input::Signal(Signal::Term)) => self.stop(out),
            (Life::Running, Input::Hangup) => {
                self.hang_up(out);
                out.spend_reload();
            }
            (Life::Running, Input::Reload { config, host }) => {
                self.hang_up(out);
                self.reload(config, host, out);
            }
            (Life::Reading, Input::Reload { config, host }) => self.reload(config, host, out),
            (Life::Stopping { exit_at }, Input::Wake) if exit_at <= now => {
                out.fired(Timer::Linger, out.origin());
                self.exit(out);
            }
            (Life::Running, Input::Job { job, exit }) => self.vrrp.job(job, exit, out),
            (Life::Stopping { .. }, Input::Job { job, .. }) => self.vrrp.forget(job),
            (Life::Running, Input::Stream { conn, event }) => self.vrrp.stream(conn, event, out),
            (Life::Running, Input::File { file, content }) => self.vrrp.file(file, content, out),
            (Life::Running, Input::Processes { process, running }) => {
                self.vrrp.processes(process, running, out);
            }
            (Life::Loaded | Life::Reading | Life::Stopping { .. } | Life::Ended, _) => {}
        }
    }

    fn stop(&mut self, out: &mut Effects) {
        self.vrrp.stop(out);
        if self.config.instances.is_empty() {
            self.exit(out);
        } else {
            self.life = Life::Stopping { exit_at: out.now() + LINGER };
        }
    }

    /// What comes before the text is read.
    fn hang_up(&mut self, out: &mut Effects) {
        self.vrrp.announce_reload(out);
        self.life = Life::Reading;
    }

    /// A text that keepalived refuses ends it: its parent gives up when the VRRP process says that the configuration
    /// is wrong.
    fn reload(&mut self, config: Option<Arc<Config>>, host: &HostFacts, out: &mut Effects) {
        match config {
            Some(config) => {
                self.life = Life::Running;
                let before = std::mem::replace(&mut self.config, config);
                self.vrrp.reload(&before, &self.config, host, out);
            }
            None => self.exit(out),
        }
    }

    fn exit(&mut self, out: &mut Effects) {
        self.life = Life::Ended;
        for job in self.vrrp.children().collect::<Vec<_>>() {
            out.push(Effect::Kill { job, signal: KillSignal::Kill });
        }
        out.push(Effect::Exit);
    }

    /// When it wants to be woken; `None`: not before the next input.
    pub fn deadline(&self) -> Option<Instant> {
        match self.life {
            Life::Running => self.vrrp.deadline(),
            Life::Stopping { exit_at } => Some(exit_at),
            Life::Loaded | Life::Reading | Life::Ended => None,
        }
    }

    /// Its configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Its VRRP process.
    pub fn vrrp(&self) -> &Vrrp {
        &self.vrrp
    }
}
