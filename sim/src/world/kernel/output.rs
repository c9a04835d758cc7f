//! A packet's way to its neighbour: it goes, or waits until the neighbour's station is known.

use vrrplab_engine::addr::Mac;
use vrrplab_engine::wire::ethernet;

use super::super::World;
use super::errors::Problem;
use super::headers::Headers;
use super::route::Hop;
use crate::frame::Summary;
use crate::neighbour::{Due, Key, Seen, Way};
use crate::observer::Observer;
use crate::scenario::Direction;
use crate::trace::{Cause, Loss, What};

impl World {
    /// A packet of this host leaves it for one station, by link `by` if one is given. Without a route, nothing
    /// happens.
    pub(in crate::world) fn output<O: Observer>(
        &mut self,
        h: usize,
        packet: &[u8],
        by: Option<usize>,
        cause: Cause,
        observer: &mut O,
    ) {
        let Some(headers) = Headers::parse(packet) else { return };
        let kernel = &self.hosts[h].kernel;
        let Some(hop) = kernel.route(headers.destination, by) else { return };
        if kernel.filter.drops(Direction::Out, &headers, hop.link) {
            return self.filtered_packet(h, packet, cause, observer);
        }
        self.to_neighbour(h, hop, packet, cause, observer);
    }

    pub(super) fn to_neighbour<O: Observer>(
        &mut self,
        h: usize,
        hop: Hop,
        packet: &[u8],
        cause: Cause,
        observer: &mut O,
    ) {
        let neighbours = &mut self.hosts[h].kernel.neighbours;
        let key = (hop.link, hop.next);
        let before = neighbours.get(key);
        let way = neighbours.send(key, packet, self.now);
        self.neighbour_changed(h, key, before, cause, observer);
        match way {
            Way::To(mac) => self.send_packet(h, hop.link, mac, packet, cause, observer),
            Way::Wait { ask: true } => self.solicit(h, key, None, observer),
            Way::Wait { ask: false } => {}
        }
    }

    pub(super) fn send_packet<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        to: Mac,
        packet: &[u8],
        cause: Cause,
        observer: &mut O,
    ) {
        let source = self.hosts[h].kernel.links[link].mac;
        let ethertype = if packet[0] >> 4 == 4 { ethernet::IPV4 } else { ethernet::IPV6 };
        let header = ethernet::Header { destination: to, source, ethertype };
        let frame = self.frames.make(|f| {
            header.emit(f);
            f.extend_from_slice(packet);
        });
        self.transmit(h, link, frame, cause, observer);
    }

    /// The station of a neighbour may be known now: what waited for it goes.
    pub(super) fn release<O: Observer>(&mut self, h: usize, key: Key, cause: Cause, observer: &mut O) {
        if let Some((mac, packets)) = self.hosts[h].kernel.neighbours.release(key) {
            for packet in packets {
                self.send_packet(h, key.0, mac, &packet, cause, observer);
            }
        }
    }

    /// Tells of an entry that is not what it was.
    pub(super) fn neighbour_changed<O: Observer>(
        &mut self,
        h: usize,
        key: Key,
        before: Option<Seen>,
        cause: Cause,
        observer: &mut O,
    ) {
        let neighbours = &self.hosts[h].kernel.neighbours;
        self.kernel_timers.set(h, neighbours.deadline());
        let after = neighbours.get(key);
        if let Some((mac, state)) = after
            && after != before
        {
            self.tell(observer, Some(h), What::Neighbour { address: key.1, mac, state }, cause);
        }
    }

    /// A timer of a neighbour table fires.
    pub(in crate::world) fn neighbour_timer<O: Observer>(&mut self, h: usize, observer: &mut O) {
        let neighbours = &mut self.hosts[h].kernel.neighbours;
        let Some(key) = neighbours.due(self.now) else {
            self.kernel_timers.set(h, neighbours.deadline());
            return;
        };
        let before = neighbours.get(key);
        let due = neighbours.fire(key, self.now);
        self.neighbour_changed(h, key, before, Cause::None, observer);
        match due {
            Due::Ask(to) => self.solicit(h, key, to, observer),
            Due::GiveUp(packets) => {
                for packet in packets {
                    self.undeliverable(h, &packet, observer);
                }
            }
            Due::Quiet => {}
        }
    }

    /// A packet waited in vain: whoever sent it through this host is told.
    fn undeliverable<O: Observer>(&mut self, h: usize, packet: &[u8], observer: &mut O) {
        let Some(headers) = Headers::parse(packet) else { return };
        if !self.hosts[h].kernel.has(headers.source) {
            self.send_error(h, packet, Problem::NoHost, Cause::None, observer);
        }
    }

    /// Asks who has an address: one station, or all.
    fn solicit<O: Observer>(&mut self, h: usize, key: Key, to: Option<Mac>, observer: &mut O) {
        match key.1 {
            std::net::IpAddr::V4(target) => self.ask(h, key.0, target, to, observer),
            std::net::IpAddr::V6(target) => self.ask6(h, key.0, target, to, observer),
        }
    }

    /// A packet that the host's own filter keeps from leaving.
    fn filtered_packet<O: Observer>(&self, h: usize, packet: &[u8], cause: Cause, observer: &mut O) {
        if O::EVENTS {
            let ethertype = if packet[0] >> 4 == 4 { ethernet::IPV4 } else { ethernet::IPV6 };
            let mut frame = Vec::new();
            let nobody = Mac::default();
            ethernet::Header { destination: nobody, source: nobody, ethertype }.emit(&mut frame);
            frame.extend_from_slice(packet);
            self.filtered(h, &frame, cause, observer);
        }
    }

    /// A frame that the host's own filter keeps from leaving.
    pub(in crate::world) fn filtered<O: Observer>(
        &self,
        h: usize,
        frame: &[u8],
        cause: Cause,
        observer: &mut O,
    ) {
        if O::EVENTS {
            let summary = Summary::of(frame);
            self.tell(observer, Some(h), What::Lost { frame: None, why: Loss::Filtered, summary }, cause);
        }
    }
}
