//! The real clock: the instants of a run, counted from its beginning, and a timer that a poll loop waits for.
//!
//! A run counts on `CLOCK_MONOTONIC`. Stamps that the kernel puts on packets are of `CLOCK_REALTIME`; the distance of
//! the two is taken anew whenever it is asked for, so that a step of the wall clock shifts nothing but what lies between
//! a stamp and its reading.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::{ClockId as Clock, ClockNanosleepFlags, clock_gettime, clock_nanosleep};
use vrrplab_engine::time::Instant;

/// The clock of a run.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    /// `CLOCK_MONOTONIC` at [`Instant::ZERO`], in nanoseconds.
    zero: i128,
}

fn nanos(clock: Clock) -> i128 {
    let now = clock_gettime(clock).expect("this clock is there on every Linux");
    i128::from(now.tv_sec()) * 1_000_000_000 + i128::from(now.tv_nsec())
}

impl RunClock {
    /// The clock of a run that begins now.
    pub fn start() -> RunClock {
        RunClock { zero: nanos(Clock::CLOCK_MONOTONIC) }
    }

    /// From now on [`Instant::ZERO`] is what was this instant.
    pub fn begin_at(&mut self, at: Instant) {
        self.zero += i128::from(at.as_micros()) * 1_000;
    }

    /// The present; [`Instant::ZERO`] before the beginning.
    pub fn now(&self) -> Instant {
        instant(nanos(Clock::CLOCK_MONOTONIC) - self.zero)
    }

    /// Sleeps until then, to the nanosecond if the timer slack of the thread allows that.
    pub fn wait_until(&self, at: Instant) {
        let until = self.monotonic(at);
        let flags = ClockNanosleepFlags::TIMER_ABSTIME;
        // A signal that is blocked does not interrupt it; any other is worth no more than coming too early by that.
        let _ = clock_nanosleep(Clock::CLOCK_MONOTONIC, flags, &until);
    }

    /// When a packet was stamped: `stamp` is nanoseconds of `CLOCK_REALTIME`, as the kernel gives them.
    pub fn of_stamp(&self, stamp: i128) -> Instant {
        let apart = nanos(Clock::CLOCK_REALTIME) - nanos(Clock::CLOCK_MONOTONIC);
        instant(stamp - apart - self.zero)
    }

    /// The same instant on `CLOCK_MONOTONIC`, for a timer.
    fn monotonic(&self, at: Instant) -> TimeSpec {
        let nanos = self.zero + i128::from(at.as_micros()) * 1_000;
        // Zero would disarm the timer.
        let nanos = nanos.max(1);
        TimeSpec::new((nanos / 1_000_000_000) as i64, (nanos % 1_000_000_000) as i64)
    }
}

fn instant(nanos: i128) -> Instant {
    Instant::from_micros(u64::try_from(nanos / 1_000).unwrap_or(0))
}

/// A timer that makes a descriptor readable. Unlike the time-out of poll it is not rounded to milliseconds.
#[derive(Debug)]
pub struct Alarm {
    timer: TimerFd,
    set: Option<Instant>,
}

impl Alarm {
    /// A timer that is not set.
    pub fn new() -> io::Result<Alarm> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        Ok(Alarm { timer: TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?, set: None })
    }

    /// It goes off then, at once if that is past; with `None` never.
    pub fn set(&mut self, clock: &RunClock, at: Option<Instant>) -> io::Result<()> {
        if self.set == at {
            return Ok(());
        }
        match at {
            Some(at) => self
                .timer
                .set(Expiration::OneShot(clock.monotonic(at)), TimerSetTimeFlags::TFD_TIMER_ABSTIME)?,
            None => self.timer.unset()?,
        }
        self.set = at;
        Ok(())
    }

    /// It has gone off, and is quiet again.
    pub fn silence(&mut self) -> io::Result<()> {
        self.set = None;
        Ok(self.timer.unset()?)
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_engine::time::Duration;

    #[test]
    fn a_stamp_of_now_is_now() {
        let clock = RunClock::start();
        let before = clock.now();
        let stamped = clock.of_stamp(nanos(Clock::CLOCK_REALTIME));
        // Both clocks are read one after the other: a scheduler may come between.
        let apart = stamped.max(before).saturating_since(stamped.min(before));
        assert!(apart < Duration::from_secs(1), "{before} {stamped}");
    }

    #[test]
    fn an_alarm_goes_off_once_it_is_due_and_not_before() {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let clock = RunClock::start();
        let mut alarm = Alarm::new().expect("a timer");
        let due = clock.now() + Duration::from_millis(20);
        alarm.set(&clock, Some(due)).expect("a timer can be set");
        let mut fds = [PollFd::new(alarm.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::NONE).expect("poll"), 1);
        assert!(clock.now() >= due);
        alarm.silence().expect("a timer can be unset");
        let mut fds = [PollFd::new(alarm.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::ZERO).expect("poll"), 0, "it is quiet");
    }
}
