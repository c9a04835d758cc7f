//! Ping: the packets of a client's stream of echo requests, and every host's answers to others.

use std::net::IpAddr;

use vrrplab_engine::wire::icmp::Echo;
use vrrplab_engine::wire::icmp6::Ends;
use vrrplab_engine::wire::{ipv4, ipv6};

use super::super::World;
use super::super::queue::Item;
use super::headers::Headers;
use super::input::Arrival;
use crate::observer::Observer;
use crate::trace::{Answerer, Cause, What};
use vrrplab_engine::addr::Mac;

impl World {
    /// An echo request or reply to an address of ours.
    pub(super) fn receive_echo<O: Observer>(
        &mut self,
        h: usize,
        arrival: &Arrival<'_>,
        packet: &Headers<'_>,
        observer: &mut O,
    ) {
        let echo = match (packet.source, packet.destination) {
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                Echo::parse6(Ends { source, destination }, packet.payload)
            }
            _ => Echo::parse(packet.payload),
        };
        match echo {
            Ok(echo) if echo.reply => self.pong(h, packet.source, &echo, arrival.ethernet.source, observer),
            Ok(echo) => {
                let reply = echo_packet(packet.destination, packet.source, &Echo { reply: true, ..echo });
                let by = is_link_local(packet.source).then_some(arrival.link);
                self.output(h, &reply, by, Cause::Frame(arrival.number), observer);
            }
            Err(_) => {}
        }
    }

    /// A client's next echo request. The one before counts as unanswered if no reply has come.
    pub(in crate::world) fn ping<O: Observer>(&mut self, h: usize, observer: &mut O) {
        let pinger = self.hosts[h].pinger.as_mut().expect("only a client pings");
        let ping = pinger.ping();
        let (news, echo) = pinger.request();
        if let Some(news) = news {
            self.tell(observer, Some(h), news, Cause::None);
        }
        self.queue.push(self.now + ping.every, Item::Ping(h));
        let kernel = &self.hosts[h].kernel;
        let source = kernel.route(ping.to, None).and_then(|hop| kernel.source_for(ping.to, hop));
        if let Some(source) = source {
            self.output(h, &echo_packet(source, ping.to, &echo), None, Cause::None, observer);
        }
    }

    /// A reply came back: remember which station sent it.
    fn pong<O: Observer>(&mut self, h: usize, from: IpAddr, echo: &Echo<'_>, mac: Mac, observer: &mut O) {
        let Some(pinger) = &mut self.hosts[h].pinger else { return };
        if !pinger.answered(from, echo, mac) {
            return;
        }
        let at = |host: &&super::super::Host| host.kernel.links.iter().any(|l| l.mac == mac);
        let host = self.hosts.iter().find(at).map(|host| host.name.clone());
        let hop = self.hosts[h].kernel.route(from, None);
        let forwards = hop.is_some_and(|hop| hop.next != from);
        let by = Some(Answerer { mac, host, forwards });
        self.tell(observer, Some(h), What::Answer { address: from, by }, Cause::None);
    }
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(a) if a.is_unicast_link_local())
}

/// An echo as a whole packet.
pub(super) fn echo_packet(source: IpAddr, destination: IpAddr, echo: &Echo<'_>) -> Vec<u8> {
    let mut packet = Vec::with_capacity(ipv6::HEADER + 8 + echo.data.len());
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let total_length = (ipv4::HEADER + 8 + echo.data.len()) as u16;
            let (fragment, protocol) = (0x4000, ipv4::ICMP);
            let header = ipv4::Header {
                tos: 0,
                total_length,
                id: 0,
                fragment,
                ttl: 64,
                protocol,
                source,
                destination,
            };
            header.emit(&mut packet);
            echo.emit(&mut packet);
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let (next, hop_limit) = (ipv6::ICMP, 64);
            let header =
                ipv6::Header { class: 0, flow: 0, payload_length: 0, next, hop_limit, source, destination };
            header.emit_around(&mut packet, |out| echo.emit6(Ends { source, destination }, out));
        }
        _ => unreachable!("a packet is of one family"),
    }
    packet
}
