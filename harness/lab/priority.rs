//! A laboratory goes before other work where it may, and its daemons with it, all alike: what is measured is a failover, not who
//! else uses the machine. As a usual process, whatever its niceness, a daemon waits for 20 to 60 ms every few seconds while a build
//! takes both processors; in the class SCHED_RR (sched(7)) never more than 7 ms.
//!
//! The switch goes before the daemons. In one class a daemon that sends two hundred gratuitous ARPs kept it from carrying them
//! for 100 ms, the length of a turn. Daemons that work go before those that still read their files, 30 ms of computing, and
//! laboratories before those that are being built; these go before other work all the same, because they hold the kernel's lock of all
//! interfaces, for which others wait. To write down what was seen has no hurry. A refusal is felt as noise, which is measured.

use nix::unistd::Pid;

/// Whoever computes for so long without waiting for anything, in microseconds, is ended by a signal (RLIMIT_RTTIME, getrlimit(2)) instead of
/// taking the machine from everybody else.
const PATIENCE: u64 = 1_000_000;

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
    schedule(0, libc::SCHED_OTHER, 0);
}

/// `process` 0 is the calling one; one that has ended meanwhile needs nothing.
fn schedule(process: i32, class: i32, place: i32) {
    let parameters = libc::sched_param { sched_priority: place };
    // SAFETY: the structure is the one that sched_setscheduler(2) reads, and lives through the call.
    unsafe { libc::sched_setscheduler(process, class, &raw const parameters) };
}
