//! What daemons hold of the memory, told once an hour: a run that is so long is about what grows.

use std::fs;
use std::io;

use nix::unistd::{Pid, SysconfVar, sysconf};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::trace::{Cause, What};

use super::world::{Due, Lab};

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);

impl Lab {
    /// Queues the first time.
    pub(super) fn weigh_later(&mut self, from: Instant) {
        self.later(from + EVERY, Due::Weigh);
    }

    /// Tells what each daemon holds, all its processes together.
    pub(super) fn weigh(&mut self, at: Instant) -> io::Result<()> {
        self.weigh_later(at);
        let page = sysconf(SysconfVar::PAGE_SIZE)?.expect("pages have a size") as u64;
        for h in 0..self.hosts.len() {
            let Some(node) = &self.nodes[h] else { continue };
            let own = node.processes(&self.hosts[h], &self.services.groups(h))?;
            let pages: u64 = own.iter().filter_map(|pid| resident(*pid)).sum();
            let held = pages * page / 1_024;
            let words = format!("holds {held} kB in {} processes", own.len());
            self.tell(self.clock.now(), Some(h), What::Log(words), Cause::None);
        }
        Ok(())
    }
}

/// Pages of a process that are in memory; none if it has just ended.
fn resident(pid: Pid) -> Option<u64> {
    fs::read_to_string(format!("/proc/{pid}/statm")).ok()?.split(' ').nth(1)?.parse().ok()
}
