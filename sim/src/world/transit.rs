//! A frame from port to port: out of a host, through switches and trunks, into hosts.

use super::World;
use super::frames::FrameId;
use super::queue::Item;
use crate::anchors::Sight;
use crate::fabric::{Hop, Outcome, PortId, Seat};
use crate::frame::Summary;
use crate::observer::Observer;
use crate::switch::class::{Class, Kind};
use crate::switch::fate::Fate;
use crate::trace::{Cause, Loss, What};

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
        let at_switch = self.fabric.port(h, link);
        observer.frame(number, self.now, port.global, self.fabric.island(at_switch), bytes);
        let arrives = self.now + self.fabric.latency(at_switch.segment);
        self.queue.push(arrives, Item::Arrive { port: at_switch, frame, number });
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
        from: PortId,
        frame: FrameId,
        number: u32,
        observer: &mut O,
    ) {
        let bytes = self.frames.take(frame);
        let mut hops = std::mem::take(&mut self.hops);
        self.fabric.arrive(from, &bytes, self.now, &mut hops);
        for &Hop { to, ref outcome } in &hops {
            match outcome {
                Outcome::Passes => self.deliver(to, &bytes, number, observer),
                Outcome::Touched(fate) => self.touched(to, &bytes, number, fate, observer),
                Outcome::Refused(why) => self.refused(to, &bytes, number, *why, observer),
                // What a host has not asked for is not lost.
                Outcome::Lost(Loss::Pruned) if !self.is_wanted(to, &bytes) => {}
                Outcome::Lost(why) => {
                    self.lost_on_the_way(self.fabric.seat(to), &bytes, number, *why, observer);
                }
            }
        }
        self.hops = hops;
        self.frames.put_back(frame, bytes);
    }

    /// Whether the host at a port has joined the group of a frame.
    fn is_wanted(&self, at: PortId, bytes: &[u8]) -> bool {
        let (Seat::Host { host, link }, Some(group)) = (self.fabric.seat(at), self.fabric.group(at, bytes))
        else {
            return false;
        };
        self.hosts[host].daemon.as_ref().is_some_and(|d| d.is_member(link, group))
    }

    /// A frame goes on, but not as it was sent.
    fn touched<O: Observer>(&mut self, to: PortId, bytes: &[u8], number: u32, fate: &Fate, observer: &mut O) {
        if O::EVENTS {
            let seat = self.fabric.seat(to);
            let host = host_of(seat);
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
            self.queue.push(self.now + fate.later, Item::Deliver { port: to, frame: copy, number });
        }
    }

    /// A frame that was touched reaches its port.
    pub(super) fn deliver_late<O: Observer>(
        &mut self,
        port: PortId,
        frame: FrameId,
        number: u32,
        observer: &mut O,
    ) {
        let bytes = self.frames.take(frame);
        self.deliver(port, &bytes, number, observer);
        self.frames.put_back(frame, bytes);
    }

    fn deliver<O: Observer>(&mut self, to: PortId, bytes: &[u8], number: u32, observer: &mut O) {
        match self.fabric.seat(to) {
            Seat::Host { host: h, link } => {
                let kernel = &self.hosts[h].kernel;
                if kernel.powered && kernel.links[link].carrier {
                    self.counts.delivered += 1;
                    self.receive(h, link, bytes, number, observer);
                }
            }
            Seat::Trunk { trunk, end } => self.cross(trunk, end, bytes, number, observer),
            Seat::Querier => {}
        }
    }

    /// A frame goes over a trunk, away from the end that it entered.
    fn cross<O: Observer>(&mut self, trunk: usize, end: usize, bytes: &[u8], number: u32, observer: &mut O) {
        match self.fabric.cross(trunk, end, self.now) {
            Ok((port, at)) => {
                let frame = self.frames.make(|f| f.extend_from_slice(bytes));
                self.queue.push(at, Item::Arrive { port, frame, number });
            }
            Err(why) => self.lost_on_the_way(Seat::Trunk { trunk, end }, bytes, number, why, observer),
        }
    }

    /// A switch does not take a frame in: nobody gets it.
    fn refused<O: Observer>(&mut self, from: PortId, bytes: &[u8], number: u32, why: Loss, observer: &mut O) {
        if O::EVENTS {
            let seat = self.fabric.seat(from);
            let what = What::Lost { frame: Some(number), why, summary: Summary::of(bytes) };
            self.tell(observer, host_of(seat), what, Cause::Frame(number));
            let (name, reason) = (self.seat_name(seat), why.words());
            observer.comment(number, &format!("not taken in from {name}: {reason}"));
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
            let what = What::Lost { frame: Some(number), why, summary: Summary::of(bytes) };
            self.tell(observer, host_of(seat), what, Cause::Frame(number));
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
        self.lost_on_the_way(Seat::Host { host: h, link: 0 }, bytes, number, why, observer);
    }

    fn seat_name(&self, seat: Seat) -> String {
        match seat {
            Seat::Host { host, .. } => self.hosts[host].name.to_string(),
            Seat::Trunk { trunk, .. } => format!("trunk {}", self.scenario.trunks[trunk].name),
            Seat::Querier => "the switch".to_string(),
        }
    }
}

/// The host at a seat.
fn host_of(seat: Seat) -> Option<usize> {
    match seat {
        Seat::Host { host, .. } => Some(host),
        Seat::Trunk { .. } | Seat::Querier => None,
    }
}
