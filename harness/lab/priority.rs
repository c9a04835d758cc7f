//! A laboratory goes before other work where it may, and its daemons with it, all alike: what is measured is a failover, not who
//! else uses the machine. As a usual process, whatever its niceness, a daemon waits for 20 to 60 ms every few seconds while a build
//! takes both processors; in the class SCHED_RR (sched(7)) never more than 7 ms.
//!
//! The switch goes before the daemons. In one class a daemon that sends two hundred gratuitous ARPs kept it from carrying them
//! for 100 ms, the length of a turn. A refusal is felt as noise, which is measured.

/// Whoever computes for so long without waiting for anything, in microseconds, is ended by a signal (RLIMIT_RTTIME, getrlimit(2)) instead of
/// taking the machine from everybody else.
const PATIENCE: u64 = 1_000_000;

/// The switch.
pub(super) const SWITCH: i32 = 2;
/// Daemons and services.
pub(super) const DAEMONS: i32 = 1;

/// Moves the calling process, and what it starts from now on, into that place of SCHED_RR. Makes only
/// system calls.
pub(super) fn go_first(place: i32) {
    let parameters = libc::sched_param { sched_priority: place };
    let limit = libc::rlimit { rlim_cur: PATIENCE, rlim_max: PATIENCE };
    // SAFETY: the structures are those that setrlimit(2) and sched_setscheduler(2) read, and live through the calls. Without the limit
    // the process stays as it was.
    unsafe {
        if libc::setrlimit(libc::RLIMIT_RTTIME, &raw const limit) == 0 {
            libc::sched_setscheduler(0, libc::SCHED_RR, &raw const parameters);
        }
    }
}
