//! Neighbour discovery as Linux does it (RFC 4861, 7.2; net/ipv6/ndisc.c). An address is answered for on its own
//! link only, and the answer is a packet like any other: it uses the asker's entry, which is checked later.
//! Absent on purpose: duplicate address detection; keepalived adds its addresses with `nodad`.

use std::net::{IpAddr, Ipv6Addr};

use vrrplab_engine::addr::Mac;
use vrrplab_engine::wire::icmp6::Ends;
use vrrplab_engine::wire::ndisc::{self, Advertisement, Solicitation, solicited_node};

use super::super::World;
use super::headers::Headers;
use super::input::Arrival;
use crate::neighbour::{News, Override};
use crate::observer::Observer;
use crate::scenario::Direction;
use crate::trace::{Cause, NeighbourState};

impl World {
    pub(super) fn receive_discovery<O: Observer>(
        &mut self,
        h: usize,
        arrival: &Arrival<'_>,
        packet: &Headers<'_>,
        observer: &mut O,
    ) {
        let (IpAddr::V6(source), IpAddr::V6(destination)) = (packet.source, packet.destination) else {
            return;
        };
        // Nobody forwards with a hop limit of 255 (RFC 4861, 7.1).
        if packet.hops != 255 {
            return;
        }
        let ends = Ends { source, destination };
        if let Ok(asked) = Solicitation::parse(ends, packet.payload) {
            self.receive_solicitation(h, arrival, ends, &asked, observer);
        } else if let Ok(told) = Advertisement::parse(ends, packet.payload) {
            self.receive_advertisement(h, arrival, ends, &told, observer);
        }
    }

    fn receive_solicitation<O: Observer>(
        &mut self,
        h: usize,
        arrival: &Arrival<'_>,
        ends: Ends,
        asked: &Solicitation,
        observer: &mut O,
    ) {
        let (link, cause) = (arrival.link, Cause::Frame(arrival.number));
        let kernel = &mut self.hosts[h].kernel;
        // An unspecified source asks whether the address is free; nobody does so here.
        if !kernel.links[link].has(asked.target.into()) || ends.source.is_unspecified() {
            return;
        }
        let key = (link, IpAddr::V6(ends.source));
        if let Some(mac) = asked.source_mac {
            let before = kernel.neighbours.get(key);
            kernel.neighbours.asked_by(key, mac, self.now);
            self.neighbour_changed(h, key, before, cause, observer);
            self.release(h, key, cause, observer);
        }
        // Who asked us alone knows our station.
        let to_all = ends.destination.is_multicast();
        let own = &self.hosts[h].kernel.links[link];
        let reply = Advertisement {
            router: own.settings.forwarding[1],
            solicited: true,
            override_known: to_all,
            target: asked.target,
            target_mac: to_all.then_some(own.mac),
        };
        let packet =
            packet_of(Ends { source: asked.target, destination: ends.source }, |e, out| reply.emit(e, out));
        self.output(h, &packet, Some(link), cause, observer);
    }

    fn receive_advertisement<O: Observer>(
        &mut self,
        h: usize,
        arrival: &Arrival<'_>,
        ends: Ends,
        told: &Advertisement,
        observer: &mut O,
    ) {
        let kernel = &mut self.hosts[h].kernel;
        let key = (arrival.link, IpAddr::V6(told.target));
        let before = kernel.neighbours.get(key);
        let deaf = !told.solicited && kernel.links[arrival.link].settings.drop_unsolicited_na;
        let failed = before.is_some_and(|(_, state)| state == NeighbourState::Failed);
        // An answer to all is a forgery (RFC 4861, 7.1.2).
        if deaf || failed || (told.solicited && ends.destination.is_multicast()) {
            return;
        }
        let news = News {
            mac: told.target_mac,
            answer: told.solicited,
            unsolicited: !told.solicited,
            overrides: if told.override_known { Override::Always } else { Override::Never },
        };
        kernel.neighbours.heard(key, news, self.now);
        let cause = Cause::Frame(arrival.number);
        self.neighbour_changed(h, key, before, cause, observer);
        self.release(h, key, cause, observer);
    }

    /// A solicitation to one station, or to the group of its address.
    pub(super) fn ask6<O: Observer>(
        &mut self,
        h: usize,
        link: usize,
        target: Ipv6Addr,
        to: Option<Mac>,
        observer: &mut O,
    ) {
        let kernel = &self.hosts[h].kernel;
        let waiting = kernel.neighbours.last_waiting((link, target.into()));
        let asked_for = waiting.and_then(Headers::parse).map(|p| p.source);
        let asked_for = asked_for.filter(|s| kernel.links[link].has(*s));
        let hop = super::route::Hop { link, next: target.into() };
        let Some(IpAddr::V6(source)) = asked_for.or_else(|| kernel.source_for(target.into(), hop)) else {
            return;
        };
        let solicitation = Solicitation { target, source_mac: Some(kernel.links[link].mac) };
        let destination = if to.is_some() { target } else { solicited_node(target) };
        let packet = packet_of(Ends { source, destination }, |e, out| solicitation.emit(e, out));
        let station = to.unwrap_or(Mac::of_group6(destination));
        let dropped = Headers::parse(&packet).is_some_and(|p| kernel.filter.drops(Direction::Out, &p, link));
        if !dropped {
            self.send_packet(h, link, station, &packet, Cause::None, observer);
        }
    }
}

fn packet_of(ends: Ends, message: impl FnOnce(Ends, &mut Vec<u8>)) -> Vec<u8> {
    let mut packet = Vec::with_capacity(72);
    ndisc::header(ends).emit_around(&mut packet, |out| message(ends, out));
    packet
}
