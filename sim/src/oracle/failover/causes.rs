//! What led to an advert: the adverts and acts before it, by the numbers that causes name.

use std::collections::VecDeque;

use vrrplab_engine::time::{Duration, Instant};

use super::Trigger;
use crate::trace::Cause;

/// An advert that left a port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) frame: u32,
    pub(super) at: Instant,
    pub(super) host: usize,
    pub(super) vrid: u8,
    pub(super) priority: u8,
    /// As the advert says it.
    pub(super) interval: Duration,
}

/// An act of the script that was performed.
#[derive(Clone, Copy, Debug)]
struct Done {
    number: u32,
    at: Instant,
    /// The last frame before it.
    after: u32,
}

/// What was said and done so far.
#[derive(Clone, Default, Debug)]
pub(super) struct History {
    adverts: VecDeque<Sent>,
    acts: Vec<Done>,
    frames: u32,
}

/// How far back an advert can have armed a timer that fires now: more than the 255 intervals of the longest
/// `down_timer_adverts`, with sixteen masters at once.
const REMEMBERED: usize = 4_096;

/// Where a takeover came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    pub(super) trigger: Trigger,
    pub(super) fault: Instant,
    /// The last advert of the old master, farewells aside.
    pub(super) last: Sent,
    /// What armed the timer, if it was an advert.
    pub(super) armed: Option<Sent>,
}

impl History {
    /// A frame of any kind left a port.
    pub(super) fn frame(&mut self, frame: u32) {
        self.frames = frame;
    }

    pub(super) fn advert(&mut self, sent: Sent) {
        if self.adverts.len() == REMEMBERED {
            self.adverts.pop_front();
        }
        self.adverts.push_back(sent);
    }

    pub(super) fn act(&mut self, at: Instant, number: u32) {
        self.acts.push(Done { number, at, after: self.frames });
    }

    /// The next act after this instant.
    pub(super) fn next_act(&self, after: Instant) -> Option<Instant> {
        self.acts.iter().map(|act| act.at).find(|at| *at > after)
    }

    fn advert_numbered(&self, frame: u32) -> Option<Sent> {
        let place = self.adverts.binary_search_by_key(&frame, |sent| sent.frame).ok()?;
        Some(self.adverts[place])
    }

    /// The last advert of this sender up to that frame that was no farewell.
    fn alive(&self, of: Sent) -> Option<Sent> {
        let same = |sent: &&Sent| sent.host == of.host && sent.vrid == of.vrid && sent.priority > 0;
        self.adverts.iter().rev().filter(|sent| sent.frame <= of.frame).find(same).copied()
    }

    /// Where a takeover with this cause began. `last` is the last advert of the old master on any port, `started`
    /// when the new one's daemon was started.
    pub(super) fn beginning(&self, cause: Cause, last: Sent, started: Instant) -> Beginning {
        let armed = match cause {
            Cause::TimerOfFrame(_, n) | Cause::Frame(n) => self.advert_numbered(n),
            _ => None,
        };
        let heard = armed.and_then(|sent| self.alive(sent));
        let by_act = match cause {
            Cause::TimerOfFault(_, n) | Cause::Fault(n) if n > 0 => {
                self.acts.iter().rev().find(|act| act.number == n)
            }
            _ => None,
        };
        let last = heard.unwrap_or(last);
        // Only a daemon that has heard nothing counts from its own start.
        let own_start = matches!(cause, Cause::TimerOfFault(_, 0));
        let since = self.acts.iter().find(|act| act.after >= last.frame);
        let (trigger, fault) = match by_act.or(since) {
            _ if own_start => (Trigger::Start, started),
            Some(act) => (Trigger::Act(act.number), act.at),
            None => (Trigger::Silence, last.at),
        };
        Beginning { trigger, fault, last, armed }
    }
}
