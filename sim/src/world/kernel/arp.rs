//! ARP as Linux answers and asks it (net/ipv4/arp.c). By default a host answers on every link for every address
//! that it has, and asks in the name of the packet that waits: with several links on one segment a neighbour
//! learns whichever answer comes first (ARP flux).

use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::addr::Mac;
use vrrplab_engine::wire::arp::{Arp, Operation};

use super::super::World;
use super::Kernel;
use super::headers::Headers;
use super::input::Arrival;
use crate::neighbour::{News, Override};
use crate::observer::Observer;
use crate::scenario::Direction;
use crate::trace::{Cause, Loss};

impl Kernel {
    /// `arp_ignore` and `arp_filter`: whether a request for an address of ours that came by this link is answered.
    fn answers_arp(&self, link: usize, arp: &Arp) -> bool {
        let (l, target, sender) = (&self.links[link], IpAddr::V4(arp.target), IpAddr::V4(arp.sender));
        let here = || l.has(target);
        let known = match l.settings.arp_ignore {
            1 => here(),
            2 => l.addresses.iter().any(|c| c.address == target && c.contains(sender)),
            8 => false,
            // 3 is about addresses of scope host, which there are none of here; 4 to 7 mean nothing.
            _ => true,
        };
        known && (!l.settings.arp_filter || self.route(sender, None).is_some_and(|hop| hop.link == link))
    }

    /// `arp_announce`: in whose name a request is sent, given the packet that waits for it.
    pub(super) fn announced_as(&self, link: usize, target: Ipv4Addr) -> Option<Ipv4Addr> {
        let l = &self.links[link];
        let target = IpAddr::V4(target);
        let waiting = self.neighbours.last_waiting((link, target));
        let source = waiting.and_then(Headers::parse).map(|p| p.source).filter(|s| self.has(*s));
        let in_network = |s: &IpAddr| l.primaries().any(|c| c.contains(target) && c.contains(*s));
        let wanted = match l.settings.arp_announce {
            0 => source,
            1 => source.filter(in_network),
            _ => None,
        };
        match wanted.or_else(|| self.select_address(link, target))? {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        }
    }
}

/// `arp_is_garp`: a gratuitous reply also names its sender's station as the target's.
fn announces(arp: &Arp) -> bool {
    arp.is_gratuitous() && (arp.operation == Operation::Request || arp.target_mac == arp.sender_mac)
}

impl World {
    pub(super) fn receive_arp<O: Observer>(&mut self, h: usize, arrival: &Arrival<'_>, observer: &mut O) {
        let Ok(arp) = Arp::parse(arrival.payload) else { return };
        let link = arrival.link;
        let kernel = &self.hosts[h].kernel;
        if kernel.filter.drops_arp(Direction::In, &arp, link) {
            return self.lost(h, arrival.frame, arrival.number, Loss::Filtered, observer);
        }
        if kernel.links[link].settings.drop_gratuitous_arp && arp.is_gratuitous() {
            return;
        }
        let asks_us = arp.operation == Operation::Request
            && kernel.has(arp.target.into())
            && !kernel.is_martian(link, &arp.sender.into());
        if !asks_us {
            self.hear_arp(h, arrival, &arp, observer);
        } else if kernel.answers_arp(link, &arp) {
            self.answer_arp(h, arrival, &arp, observer);
        }
    }

    /// News of a neighbour.
    fn hear_arp<O: Observer>(&mut self, h: usize, arrival: &Arrival<'_>, arp: &Arp, observer: &mut O) {
        let kernel = &mut self.hosts[h].kernel;
        let key = (arrival.link, IpAddr::V4(arp.sender));
        let announces = announces(arp) && !kernel.has(key.1);
        let before = kernel.neighbours.get(key);
        let accepts = kernel.links[arrival.link].settings.arp_accept;
        if accepts && (announces || arp.operation == Operation::Reply) && !kernel.has(key.1) {
            kernel.neighbours.learn(key, self.now);
        }
        let news = News {
            mac: Some(arp.sender_mac),
            answer: arp.operation == Operation::Reply && !arrival.ethernet.destination.is_group(),
            unsolicited: announces,
            overrides: if announces { Override::Always } else { Override::AfterLock },
        };
        kernel.neighbours.heard(key, news, self.now);
        let cause = Cause::Frame(arrival.number);
        self.neighbour_changed(h, key, before, cause, observer);
        self.release(h, key, cause, observer);
    }

    fn answer_arp<O: Observer>(&mut self, h: usize, arrival: &Arrival<'_>, arp: &Arp, observer: &mut O) {
        let (link, cause) = (arrival.link, Cause::Frame(arrival.number));
        let kernel = &mut self.hosts[h].kernel;
        let key = (link, IpAddr::V4(arp.sender));
        let before = kernel.neighbours.get(key);
        kernel.neighbours.asked_by(key, arp.sender_mac, self.now);
        let reply = Arp {
            operation: Operation::Reply,
            sender_mac: kernel.links[link].mac,
            sender: arp.target,
            target_mac: arp.sender_mac,
            target: arp.sender,
        };
        self.neighbour_changed(h, key, before, cause, observer);
        self.send_arp(h, link, &reply, arp.sender_mac, cause, observer);
        self.release(h, key, cause, observer);
    }

    /// A request to one station or to all.
    pub(super) fn ask<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        target: Ipv4Addr,
        to: Option<Mac>,
        observer: &mut O,
    ) {
        let kernel = &self.hosts[h].kernel;
        let Some(sender) = kernel.announced_as(link, target) else { return };
        let (sender_mac, target_mac) = (kernel.links[link].mac, Mac::default());
        let arp = Arp { operation: Operation::Request, sender_mac, sender, target_mac, target };
        self.send_arp(h, link, &arp, to.unwrap_or(Mac::BROADCAST), Cause::None, observer);
    }

    fn send_arp<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        arp: &Arp,
        to: Mac,
        cause: Cause,
        observer: &mut O,
    ) {
        let frame = self.frames.make(|f| arp.emit_frame(to, f));
        if self.hosts[h].kernel.filter.drops_arp(Direction::Out, arp, link) {
            self.filtered(h, self.frames.get(frame), cause, observer);
            self.frames.free(frame);
        } else {
            self.transmit(h, link, frame, cause, observer);
        }
    }
}
