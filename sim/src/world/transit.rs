//! A frame from port to port: out of a host, through switches and trunks, into hosts.

use super::World;
use super::anchors::Sight;
use super::frames::{self, FrameId};
use super::queue::Item;
use crate::frame::Summary;
use crate::observer::Observer;
use crate::switch::Reach;
use crate::switch::class::{Class, Kind};
use crate::switch::fate::Fate;
use crate::trace::{Cause, Loss, What};

/// Who is at a port of a switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seat {
    /// A link of a host.
    Host(usize, usize),
    /// One end of a trunk, 0 or 1.
    Trunk(usize, usize),
    /// The switch itself, which asks about groups.
    Querier,
}

/// A trunk.
#[derive(Clone, Debug)]
pub(super) struct Cable {
    pub(super) latency: vrrplab_engine::time::Duration,
    pub(super) up: bool,
    /// Segment and port of each end.
    pub(super) ends: [(usize, usize); 2],
}

/// A frame that is in a switch.
#[derive(Clone, Copy)]
struct Passing<'a> {
    segment: usize,
    from: usize,
    bytes: &'a [u8],
    number: u32,
}

impl World {
    /// A frame leaves a port of a host.
    pub(super) fn transmit<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        frame: FrameId,
        cause: Cause,
        observer: &mut O,
    ) {
        let port = &self.hosts[h].kernel.links[link];
        let bytes = self.frames.get(frame);
        if !port.carrier || !self.hosts[h].kernel.powered {
            if O::EVENTS {
                let what = What::Lost { frame: None, why: Loss::NoCarrier, summary: Summary::of(bytes) };
                self.tell(observer, Some(h), what, cause);
            }
            self.frames.free(frame);
            return;
        }
        self.counts.sent += 1;
        let number = self.counts.sent as u32;
        let (segment, at_switch, global) = (port.segment, port.port, port.global);
        let switch = &self.switches[segment];
        observer.frame(number, self.now, global, switch.island(at_switch), bytes);
        self.queue.push(self.now + switch.latency, Item::Arrive { segment, port: at_switch, frame, number });
        if O::EVENTS {
            let summary = Summary::of(bytes);
            let what = What::Tx { frame: number, link: port.name.clone(), summary };
            self.tell(observer, Some(h), what, cause);
        }
        if !self.anchors.is_empty() && Class::of(self.frames.get(frame)).kind == Kind::Vrrp {
            self.noticed(Sight::Advert(h));
        }
    }

    /// A frame reaches the switch's other side.
    pub(super) fn arrive<O: Observer>(
        &mut self,
        segment: usize,
        from: usize,
        frame: FrameId,
        number: u32,
        observer: &mut O,
    ) {
        let bytes = self.frames.take(frame);
        let passing = Passing { segment, from, bytes: &bytes, number };
        if self.switches[segment].is_plain() {
            self.spread(passing, World::pass_plainly, observer);
        } else if let Err(why) = self.switches[segment].admits(from, &bytes, self.now) {
            self.refused(passing, why, observer);
        } else {
            self.spread(passing, World::pass, observer);
        }
        self.frames.put_back(frame, bytes);
    }

    /// Lets a frame pass to each port that it goes to.
    fn spread<O: Observer>(
        &mut self,
        frame: Passing<'_>,
        pass: fn(&mut World, Passing<'_>, usize, &mut O),
        observer: &mut O,
    ) {
        let (destination, source) = frames::stations(frame.bytes);
        match self.switches[frame.segment].forward(frame.from, source, destination) {
            Reach::Port(to) if to == frame.from => {}
            Reach::Port(to) => pass(self, frame, to, observer),
            Reach::Flood => {
                for to in (0..self.seats[frame.segment].len()).filter(|&to| to != frame.from) {
                    pass(self, frame, to, observer);
                }
            }
        }
    }

    fn pass_plainly<O: Observer>(&mut self, frame: Passing<'_>, to: usize, observer: &mut O) {
        let Passing { segment, from, bytes, number } = frame;
        if let Some(why) = self.switches[segment].obstacle(from, to) {
            self.lost_on_the_way(self.seats[segment][to], bytes, number, why, observer);
        } else {
            self.deliver(segment, to, bytes, number, observer);
        }
    }

    fn pass<O: Observer>(&mut self, frame: Passing<'_>, to: usize, observer: &mut O) {
        let Passing { segment, from, bytes, number } = frame;
        let switch = &mut self.switches[segment];
        let group = switch.group(bytes);
        match switch.passes((from, to), group, bytes, self.now) {
            Ok(None) => self.deliver(segment, to, bytes, number, observer),
            Ok(Some(fate)) => self.touched(frame, to, &fate, observer),
            Err(why) => {
                let seat = self.seats[segment][to];
                // What a host has not asked for is not lost.
                let wanted = match (seat, group) {
                    (Seat::Host(h, link), Some(group)) if why == Loss::Pruned => {
                        self.hosts[h].daemon.as_ref().is_some_and(|d| d.is_member(link, group))
                    }
                    _ => why != Loss::Pruned,
                };
                if wanted {
                    self.lost_on_the_way(seat, bytes, number, why, observer);
                }
            }
        }
    }

    /// A frame goes on, but not as it was sent.
    fn touched<O: Observer>(&mut self, frame: Passing<'_>, to: usize, fate: &Fate, observer: &mut O) {
        let Passing { segment, bytes, number, .. } = frame;
        if O::EVENTS {
            let seat = self.seats[segment][to];
            let host = if let Seat::Host(h, _) = seat { Some(h) } else { None };
            for &how in &fate.touches {
                let what = What::Touched { frame: number, how, summary: Summary::of(bytes) };
                self.tell(observer, host, what, Cause::Frame(number));
                observer.comment(number, &format!("on the way to {}: {how}", self.seat_name(seat)));
            }
        }
        for _ in 0..=fate.copies {
            let copy = self.frames.make(|f| {
                f.extend_from_slice(bytes);
                fate.corrupt(f);
            });
            self.queue.push(self.now + fate.later, Item::Deliver { segment, port: to, frame: copy, number });
        }
    }

    /// A frame that was touched reaches its port.
    pub(super) fn deliver_late<O: Observer>(
        &mut self,
        segment: usize,
        port: usize,
        frame: FrameId,
        number: u32,
        observer: &mut O,
    ) {
        let bytes = self.frames.take(frame);
        self.deliver(segment, port, &bytes, number, observer);
        self.frames.put_back(frame, bytes);
    }

    fn deliver<O: Observer>(
        &mut self,
        segment: usize,
        to: usize,
        bytes: &[u8],
        number: u32,
        observer: &mut O,
    ) {
        match self.seats[segment][to] {
            Seat::Host(h, link) => {
                let kernel = &self.hosts[h].kernel;
                if kernel.powered && kernel.links[link].carrier {
                    self.counts.delivered += 1;
                    self.receive(h, link, bytes, number, observer);
                }
            }
            Seat::Trunk(trunk, end) => self.cross(trunk, end, bytes, number, observer),
            Seat::Querier => {}
        }
    }

    /// A frame goes over a trunk, away from the end that it entered.
    fn cross<O: Observer>(&mut self, trunk: usize, end: usize, bytes: &[u8], number: u32, observer: &mut O) {
        if !self.cables[trunk].up {
            return self.lost_on_the_way(Seat::Trunk(trunk, end), bytes, number, Loss::TrunkDown, observer);
        }
        let (segment, port) = self.cables[trunk].ends[1 - end];
        let at = self.now + self.cables[trunk].latency + self.switches[segment].latency;
        let frame = self.frames.make(|f| f.extend_from_slice(bytes));
        self.queue.push(at, Item::Arrive { segment, port, frame, number });
    }

    /// A switch does not take a frame in: nobody gets it.
    fn refused<O: Observer>(&mut self, frame: Passing<'_>, why: Loss, observer: &mut O) {
        if O::EVENTS {
            let seat = self.seats[frame.segment][frame.from];
            let host = if let Seat::Host(h, _) = seat { Some(h) } else { None };
            let what = What::Lost { frame: Some(frame.number), why, summary: Summary::of(frame.bytes) };
            self.tell(observer, host, what, Cause::Frame(frame.number));
            let (name, reason) = (self.seat_name(seat), why.words());
            observer.comment(frame.number, &format!("not taken in from {name}: {reason}"));
        }
    }

    fn lost_on_the_way<O: Observer>(
        &mut self,
        seat: Seat,
        bytes: &[u8],
        number: u32,
        why: Loss,
        observer: &mut O,
    ) {
        if O::EVENTS {
            let host = if let Seat::Host(h, _) = seat { Some(h) } else { None };
            let what = What::Lost { frame: Some(number), why, summary: Summary::of(bytes) };
            self.tell(observer, host, what, Cause::Frame(number));
            observer.comment(number, &format!("did not reach {}: {}", self.seat_name(seat), why.words()));
        }
    }

    /// A frame did not get to a host's daemon.
    pub(super) fn lost<O: Observer>(
        &mut self,
        h: usize,
        bytes: &[u8],
        number: u32,
        why: Loss,
        observer: &mut O,
    ) {
        self.lost_on_the_way(Seat::Host(h, 0), bytes, number, why, observer);
    }

    fn seat_name(&self, seat: Seat) -> String {
        match seat {
            Seat::Host(h, _) => self.hosts[h].name.to_string(),
            Seat::Trunk(t, _) => format!("trunk {}", self.scenario.trunks[t].name),
            Seat::Querier => "the switch".to_string(),
        }
    }
}
