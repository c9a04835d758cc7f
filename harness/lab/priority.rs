//! A laboratory goes before other work where it may, and its daemons with it, all alike: what is measured is a failover, not who
//! else uses the machine. As a usual process, whatever its niceness, a daemon waits for 20 to 60 ms every few seconds while a build
//! takes both processors; in the class SCHED_RR (sched(7)) never more than 7 ms.
//!
//! The switch goes before the daemons. In one class a daemon that sends two hundred gratuitous ARPs kept it from carrying them
//! for 100 ms, the length of a turn. Daemons that work go before those that still read their files, 30 ms of computing, and
//! laboratories before those that are being built; these go before other work all the same, because they hold the kernel's lock of all
//! interfaces, for which others wait. To write down what was seen has no hurry. A refusal is felt as noise, which is measured.

use std::time::Duration;

use nix::unistd::Pid;

/// Whoever computes for so long without waiting for anything, in microseconds, is ended by a signal (RLIMIT_RTTIME, getrlimit(2)) instead of
/// taking the machine from everybody else.
const PATIENCE: u64 = 1_000_000;

/// Whoever computes for so long is like any other again before that: in the kernel, no signal ends it.
pub(super) const FAIR: Duration = Duration::from_millis(500);

/// The switch.
pub(super) const SWITCH: i32 = 3;
/// Daemons that work.
pub(super) const DAEMONS: i32 = 2;
/// Daemons that start, services, and laboratories that are being built.
pub(super) const STARTING: i32 = 1;

/// Moves the calling process, and what it starts from now on, into that place of SCHED_RR. Makes only
/// system calls.
pub(super) fn go_first(place: i32) {
    let limit = libc::rlimit { rlim_cur: PATIENCE, rlim_max: PATIENCE };
    // SAFETY: the structure is the one that setrlimit(2) reads, and lives through the call.
    let limited = unsafe { libc::setrlimit(libc::RLIMIT_RTTIME, &raw const limit) } == 0;
    // Without the limit the process stays as it was.
    if limited {
        schedule(0, libc::SCHED_RR, place);
    }
}

/// Moves a daemon that has started into the place of those that work.
pub(super) fn has_started(process: Pid) {
    schedule(process.as_raw(), libc::SCHED_RR, DAEMONS);
}

/// The calling process is like any other again.
pub(super) fn go_back() {
    send_back(Pid::from_raw(0));
}

/// So is another one.
pub(super) fn send_back(process: Pid) {
    schedule(process.as_raw(), libc::SCHED_OTHER, 0);
}

/// Does something in the last place of the laboratory's, for which the kernel may wait without sleeping for somebody who goes behind
/// the switch: see `confine`.
pub(super) fn behind<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: these only ask about the calling process; the structure is the one that sched_getparam(2) writes.
    let place = unsafe {
        let mut parameters = libc::sched_param { sched_priority: 0 };
        libc::sched_getparam(0, &raw mut parameters);
        parameters.sched_priority
    };
    if place <= STARTING {
        return work();
    }
    schedule(0, libc::SCHED_RR, STARTING);
    let done = work();
    schedule(0, libc::SCHED_RR, place);
    done
}

/// `process` 0 is the calling one; one that has ended meanwhile needs nothing.
fn schedule(process: i32, class: i32, place: i32) {
    let parameters = libc::sched_param { sched_priority: place };
    // SAFETY: the structure is the one that sched_setscheduler(2) reads, and lives through the call.
    unsafe { libc::sched_setscheduler(process, class, &raw const parameters) };
}
