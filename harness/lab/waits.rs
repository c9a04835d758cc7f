//! How long processes of a laboratory wait for a processor, as the kernel counts it for each (`/proc/PID/schedstat`, the
//! second number): what a daemon is late by without having been slow. The first number is how long it has computed; who does so
//! all the time is not scheduled before others any more.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use nix::unistd::Pid;
use vrrplab_engine::time::Duration;

use super::priority::{FAIR, send_back};
use crate::kernel::processes;

/// How often it is looked at: a wait is told from the next only if that comes later.
const LOOK: std::time::Duration = std::time::Duration::from_millis(20);
/// Who has computed for more than this share of the time between two looks is busy.
const BUSY: (u128, u128) = (9, 10);
/// How often new processes are looked for.
const LIST: std::time::Duration = std::time::Duration::from_millis(250);

/// The processes of a laboratory but the one that calls and process 1.
#[derive(Debug, Default)]
pub(super) struct Waits {
    known: BTreeMap<i32, Process>,
    /// None before the first look.
    looked: Option<Instant>,
    listed: Option<Instant>,
}

#[derive(Debug)]
struct Process {
    counts: File,
    /// How long it has computed and waited.
    now: Counts,
    /// When it was last seen to have done anything else than compute.
    rested: Instant,
}

/// In nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Counts {
    ran: u64,
    waited: u64,
}

impl Waits {
    /// The longest that a process has waited since it was looked at before; none where that was a moment ago. What processes
    /// waited before the first look counts for nothing.
    pub(super) fn look(&mut self) -> io::Result<Option<Duration>> {
        let now = Instant::now();
        if self.looked.is_some_and(|looked| now - looked < LOOK) {
            return Ok(None);
        }
        let since = self.looked.replace(now).map_or(LOOK, |looked| now - looked);
        let mut longest = 0;
        self.known.retain(|pid, process| {
            let Some(counts) = counts(&process.counts) else { return false };
            longest = longest.max(counts.waited - process.now.waited);
            if u128::from(counts.ran - process.now.ran) < since.as_nanos() * BUSY.0 / BUSY.1 {
                process.rested = now;
            } else if now - process.rested >= FAIR {
                send_back(Pid::from_raw(*pid));
            }
            process.now = counts;
            true
        });
        if self.listed.is_none_or(|listed| now - listed >= LIST) {
            let fresh = self.list(now)?;
            longest = longest.max(if self.listed.is_some() { fresh } else { 0 });
            self.listed = Some(now);
        }
        Ok(Some(Duration::from_micros(longest / 1_000)))
    }

    /// Finds new processes; the longest that one of them has waited.
    fn list(&mut self, now: Instant) -> io::Result<u64> {
        let own = std::process::id() as i32;
        let mut longest = 0;
        for (pid, folder) in processes::all()? {
            if pid == 1 || pid == own || self.known.contains_key(&pid) {
                continue;
            }
            // A kernel without CONFIG_SCHED_INFO does not count.
            let Ok(file) = File::open(folder.join("schedstat")) else { continue };
            let Some(counts) = counts(&file) else { continue };
            longest = longest.max(counts.waited);
            self.known.insert(pid, Process { counts: file, now: counts, rested: now });
        }
        Ok(longest)
    }
}

fn counts(file: &File) -> Option<Counts> {
    let mut text = [0; 64];
    let length = file.read_at(&mut text, 0).ok()?;
    read(std::str::from_utf8(&text[..length]).ok()?)
}

/// `ran waited turns`
fn read(counts: &str) -> Option<Counts> {
    let mut numbers = counts.split(' ').map(|number| number.parse().ok());
    Some(Counts { ran: numbers.next()??, waited: numbers.next()?? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_counts_waits() {
        let counts = read("387146 2500 1\n").expect("three numbers");
        assert_eq!((counts.ran, counts.waited), (387_146, 2_500));
        assert!(read("").is_none());
    }

    /// A process that shares a processor with another waits half of the time.
    #[test]
    fn a_process_that_waits_is_seen() {
        use std::process::{Command, Stdio};
        let busy = || {
            let both = "taskset -p -c 0 $$ >/dev/null; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
            Command::new("sh").args(["-c", both]).stdout(Stdio::null()).spawn().expect("a shell")
        };
        let mut children = [busy(), busy()];
        let mut waits = Waits::default();
        let mut sum = Duration::ZERO;
        while children.iter_mut().all(|child| child.try_wait().expect("it is ours").is_none()) {
            if let Some(wait) = waits.look().expect("/proc can be read") {
                sum = Duration::from_micros(sum.as_micros() + wait.as_micros());
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        children.iter_mut().for_each(|child| drop(child.wait()));
        assert!(sum > Duration::from_millis(20), "{sum}");
    }
}
