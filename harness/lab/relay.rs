//! Frames between the hosts: the simulator's own fabric decides where each goes and what becomes of it, and packet sockets carry it
//! there.

use std::io;

use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::anchors::Sight;
use vrrplab_sim::fabric::{Hop, Outcome, PortId, Seat};
use vrrplab_sim::frame::Summary;
use vrrplab_sim::switch::class::{Class, Kind};
use vrrplab_sim::switch::fate::Fate;
use vrrplab_sim::trace::{Cause, Loss, What};

use super::record::Seen;
use super::world::{AT_ONCE, Due, Lab};

/// A frame that leaves the switch later.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) to: PortId,
    pub(super) frame: Vec<u8>,
    pub(super) seen: Seen,
}

impl Lab {
    /// Reads what came out of a host's link and lets it pass.
    pub(super) fn relay(&mut self, h: usize, l: usize) -> io::Result<()> {
        loop {
            let Some(received) = self.hosts[h].links[l].port.receive()? else { return Ok(()) };
            let (stamp, frame) = (received.stamp, received.bytes.to_vec());
            let at = self.clock.of_stamp(stamp);
            if !self.powered[h] || !self.carrier[h][l] {
                continue;
            }
            let from = self.fabric.port(h, l);
            let number = self.port_number(h, l);
            let names = {
                let host = &self.scenario.hosts[h];
                (Some(host.name.clone()), host.links[l].name.clone())
            };
            let seen = self.record.frame(at, (number, self.fabric.island(from)), names, &frame);
            if Class::of(&frame).kind == Kind::Vrrp {
                self.noticed(at, Sight::Advert(h));
            }
            if self.bridges.carries(from.segment) {
                continue;
            }
            let arrives = at + self.fabric.latency(from.segment);
            self.after(arrives, Due::Arrive { from, frame, seen })?;
        }
    }

    /// Does something then, or at once if that is now.
    fn after(&mut self, at: Instant, due: Due) -> io::Result<()> {
        if at > self.clock.now() + AT_ONCE {
            self.later(at, due);
            return Ok(());
        }
        match due {
            Due::Arrive { from, frame, seen } => self.arrive(from, &frame, seen),
            Due::Deliver(delivery) => self.deliver(&delivery),
            _ => unreachable!("only frames are hurried"),
        }
    }

    /// The place of a link among all links, in the order of the scenario.
    fn port_number(&self, h: usize, l: usize) -> usize {
        self.scenario.hosts[..h].iter().map(|host| host.links.len()).sum::<usize>() + l
    }

    /// A frame is on the other side of a switch.
    pub(super) fn arrive(&mut self, from: PortId, frame: &[u8], seen: Seen) -> io::Result<()> {
        let mut hops = Vec::new();
        let now = self.clock.now();
        self.fabric.arrive(from, frame, now, &mut hops);
        for Hop { to, outcome } in hops {
            match outcome {
                Outcome::Passes => self.deliver(&Delivery { to, frame: frame.to_vec(), seen })?,
                Outcome::Touched(fate) => self.touched(to, frame, seen, &fate)?,
                // Who wants a group is not known here: no news of what is pruned.
                Outcome::Lost(Loss::Pruned) => {}
                Outcome::Lost(why) => self.lost(to, seen, why, "did not reach"),
                Outcome::Refused(why) => self.lost(to, seen, why, "not taken in from"),
            }
        }
        Ok(())
    }

    /// A frame goes on, but not as it was sent.
    fn touched(&mut self, to: PortId, frame: &[u8], seen: Seen, fate: &Fate) -> io::Result<()> {
        let now = self.clock.now();
        let (seat, number) = (self.fabric.seat(to), seen.0 + 1);
        let host = if let Seat::Host { host, .. } = seat { Some(host) } else { None };
        for &how in &fate.touches {
            let what = What::Touched { frame: number, how, summary: Summary::of(frame) };
            self.tell(now, host, what, Cause::Frame(number));
            let text = format!("on the way to {}: {how}", self.seat_name(seat));
            self.record.comment(seen, text);
        }
        for _ in 0..=fate.copies {
            let mut copy = frame.to_vec();
            fate.corrupt(&mut copy);
            self.after(now + fate.later, Due::Deliver(Delivery { to, frame: copy, seen }))?;
        }
        Ok(())
    }

    /// A frame leaves a switch by a port.
    pub(super) fn deliver(&mut self, delivery: &Delivery) -> io::Result<()> {
        let Delivery { to, frame, seen } = delivery;
        match self.fabric.seat(*to) {
            Seat::Host { host, link } => {
                if self.powered[host] && self.carrier[host][link] {
                    let now = self.clock.now();
                    self.hosts[host].links[link].port.send(frame)?;
                    self.notes.relayed(now.saturating_since(self.record.at(*seen)));
                    self.answered(host, frame);
                }
                Ok(())
            }
            Seat::Trunk { trunk, end } => match self.fabric.cross(trunk, end, self.clock.now()) {
                Ok((from, at)) => self.after(at, Due::Arrive { from, frame: frame.clone(), seen: *seen }),
                Err(why) => {
                    self.lost(*to, *seen, why, "did not reach");
                    Ok(())
                }
            },
            Seat::Querier => Ok(()),
        }
    }

    fn lost(&mut self, to: PortId, seen: Seen, why: Loss, how: &str) {
        let (seat, number) = (self.fabric.seat(to), seen.0 + 1);
        let host = if let Seat::Host { host, .. } = seat { Some(host) } else { None };
        let summary = Summary::of(self.record.bytes(seen));
        let what = What::Lost { frame: Some(number), why, summary };
        self.tell(self.clock.now(), host, what, Cause::Frame(number));
        let text = format!("{how} {}: {}", self.seat_name(seat), why.words());
        self.record.comment(seen, text);
    }

    fn seat_name(&self, seat: Seat) -> String {
        match seat {
            Seat::Host { host, .. } => self.scenario.hosts[host].name.to_string(),
            Seat::Trunk { trunk, .. } => format!("trunk {}", self.scenario.trunks[trunk].name),
            Seat::Querier => "the switch".to_string(),
        }
    }

    /// A switch asks all hosts about their groups.
    pub(super) fn query(&mut self, q: usize) {
        let querier = self.fabric.queriers()[q];
        let mut frame = Vec::new();
        querier.query(&mut frame);
        let links: usize = self.scenario.hosts.iter().map(|host| host.links.len()).sum();
        let names = (None, self.scenario.segments[querier.port.segment].name.clone());
        let at = self.clock.now();
        let seen = self.record.frame(at, (links + q, 0), names, &frame);
        let latency: Duration = self.fabric.latency(querier.port.segment);
        self.later(at + latency, Due::Arrive { from: querier.port, frame, seen });
    }
}
