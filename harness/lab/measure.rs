//! How well the machine keeps up, measured before a run and during it.

use std::io;

use vrrplab_engine::time::{Duration, Instant};

use super::host::LabLink;
use crate::kernel::clock::{Alarm, RunClock};
use crate::notes::Notes;

/// How often a timer is tried before a run.
const TRIES: u32 = 50;
/// From one try to the next.
const STEP: Duration = Duration::from_millis(1);

impl Notes {
    /// Tries a timer before the run.
    pub(super) fn measure(&mut self, alarm: &mut Alarm) -> io::Result<()> {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        use std::os::fd::AsFd;
        let text = std::fs::read_to_string("/proc/loadavg")?;
        let load: f64 = text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        self.load = (load * 100.0) as u64 / processors as u64;
        let clock = RunClock::start();
        for n in 1..=TRIES {
            let due = Instant::ZERO + STEP.times(n.into());
            alarm.set(&clock, Some(due))?;
            poll(&mut [PollFd::new(alarm.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE)?;
            alarm.silence()?;
            let late = clock.now().saturating_since(due);
            self.late_before = self.late_before.max(late.as_micros());
        }
        Ok(())
    }

    /// Something was done so late.
    pub(super) fn was_late(&mut self, by: Duration) {
        self.late_during = self.late_during.max(by.as_micros());
    }

    /// A witness was so late.
    pub(super) fn witnessed(&mut self, late: Duration) {
        self.witnessed = self.witnessed.max(late.as_micros());
    }

    /// A process waited so long for a processor.
    pub(super) fn waited(&mut self, wait: Duration) {
        self.waited = self.waited.max(wait.as_micros());
    }

    /// A frame spent so long here.
    pub(super) fn relayed(&mut self, after: Duration) {
        self.residence.add(after);
    }

    /// Counts what was never read.
    pub(super) fn unread(&mut self, links: &[LabLink]) -> io::Result<()> {
        for link in links {
            self.dropped += link.port.dropped()?;
        }
        Ok(())
    }
}
