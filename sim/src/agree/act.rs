//! What the laboratory did, and which acts of two runs are the same.

use vrrplab_engine::time::{Duration, Instant};

use crate::trace::Name;

/// How the return of a host's power begins.
pub(super) const POWER: &str = "power ";
/// What is done to a daemon or its host begins with the same two words in a trace and in a recording.
const TO_DAEMONS: [&str; 7] = ["start", "reload", "stop", "crash", "kill", "pause", "resume"];

/// Something that the laboratory did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    /// When.
    pub at: Instant,
    /// What: `crash ka1`.
    pub text: String,
    /// Which act of the script it is, from 1; 0 for what is none.
    pub number: u32,
}

impl Act {
    /// Whether it is what a cause of this node calls act `number`: 0 is the first start of its daemon.
    pub(super) fn is(&self, number: u32, node: &Name) -> bool {
        self.number == number && (number > 0 || self.text.strip_prefix("start ") == Some(node))
    }

    /// Whether it is done to a daemon or to its host as a whole.
    fn is_to_daemon(&self) -> bool {
        self.text.split(' ').next().is_some_and(|verb| TO_DAEMONS.contains(&verb))
    }

    /// A host that comes back after a crash is a consequence of that act, which no reference tells of.
    pub(super) fn is_of_a_script(&self) -> bool {
        // What is done to a network at instant 0 is how the laboratory is built: a recorder has its set-up for that.
        let builds = self.at == Instant::ZERO && !self.is_to_daemon();
        !self.text.starts_with(POWER) && !builds
    }

    /// Whether an act of a reference is this one: no farther away than `within`, and what is done to a daemon must be
    /// the same. Of other acts a reference has the commands that did them.
    pub(super) fn may_be(&self, reference: &Act, within: Duration) -> bool {
        // Behind the daemon a trace may say what it is started with.
        fn act(act: &Act) -> Vec<&str> {
            act.text.split(' ').take(2).collect()
        }
        let same = match self.is_to_daemon() || reference.is_to_daemon() {
            true => act(self) == act(reference),
            false => true,
        };
        same && self.at.distance(reference.at) <= within
    }
}
