//! Streams between daemons and servers, without frames: bytes arrive after the segment's latency while there is
//! a path (power, carrier, no partition in between) and are lost, for good, while there is none. What a daemon
//! connects to is looked up by address; a host without a server there refuses, no host at all is silent.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use vrrplab_engine::boundary::{ConnId, KeptStreamEvent, Origin};
use vrrplab_engine::time::Duration;

use super::daemon::Waiting;
use super::kernel::Kernel;
use super::queue::Item;
use super::{World, cause_of_origin};
use crate::fabric::PortId;
use crate::mailbox::{Mailbox, Reaction};
use crate::observer::Observer;
use crate::trace::What;

/// A stream that a daemon has opened.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    host: usize,
    epoch: u32,
    conn: ConnId,
    server: usize,
    mailbox: Option<Mailbox>,
    /// Why it was opened.
    origin: Origin,
    /// What is on its way, by number.
    going: BTreeMap<u32, Going>,
    last: u32,
}

/// Something on its way along a stream.
#[derive(Clone, Debug)]
enum Going {
    /// The daemon asks for the connection.
    Ask,
    ToServer(Vec<u8>),
    ToDaemon(KeptStreamEvent),
}

impl World {
    pub(super) fn connect(&mut self, h: usize, conn: ConnId, to: SocketAddr, origin: Origin) {
        self.counts.streams += 1;
        let number = self.counts.streams;
        let owns = |host: &super::Host| {
            host.kernel.links.iter().flat_map(|l| &l.addresses).any(|c| c.address == to.ip())
        };
        let server = if to.ip().is_loopback() { Some(h) } else { self.hosts.iter().position(owns) };
        // Nobody has the address: the daemon hears nothing.
        let Some(server) = server else { return };
        let smtp = self.scenario.hosts[server].smtp.as_ref();
        let mailbox = smtp.filter(|m| m.port == to.port()).map(Mailbox::new);
        let (epoch, going) = (self.hosts[h].epoch, BTreeMap::new());
        let stream = Stream { host: h, epoch, conn, server, mailbox, origin, going, last: 0 };
        self.streams.insert(number, stream);
        self.set_out(number, Duration::ZERO, Going::Ask);
    }

    fn number_of(&self, h: usize, conn: ConnId) -> Option<u32> {
        let epoch = self.hosts[h].epoch;
        let same = |s: &Stream| s.host == h && s.conn == conn && s.epoch == epoch;
        self.streams.iter().find(|(_, s)| same(s)).map(|(n, _)| *n)
    }

    pub(super) fn write<O: Observer>(&mut self, h: usize, conn: ConnId, bytes: Vec<u8>, observer: &mut O) {
        let Some(number) = self.number_of(h, conn) else { return };
        if O::EVENTS {
            let cause = cause_of_origin(self.streams[&number].origin);
            for line in String::from_utf8_lossy(&bytes).lines() {
                let what = What::Smtp { conn: number, out: true, line: line.to_string() };
                self.tell(observer, Some(h), what, cause);
            }
        }
        self.set_out(number, Duration::ZERO, Going::ToServer(bytes));
    }

    pub(super) fn hang_up(&mut self, h: usize, conn: ConnId) {
        if let Some(number) = self.number_of(h, conn) {
            self.streams.remove(&number);
        }
    }

    /// Puts something on its way, after a while; without a path it is lost.
    fn set_out(&mut self, number: u32, after: Duration, going: Going) {
        let stream = &self.streams[&number];
        let Some(latency) = self.path(stream.host, stream.server) else { return };
        let stream = self.streams.get_mut(&number).expect("the stream is there");
        stream.last += 1;
        let item = Item::Stream { number, going: stream.last };
        stream.going.insert(stream.last, going);
        self.queue.push(self.now + after + latency, item);
    }

    /// How long bytes take from one host to the other, if they can pass both ways.
    fn path(&self, a: usize, b: usize) -> Option<Duration> {
        if a == b {
            return Some(Duration::ZERO);
        }
        let (from, to) = (&self.hosts[a].kernel, &self.hosts[b].kernel);
        if !from.powered || !to.powered {
            return None;
        }
        let ports = |h: usize, kernel: &Kernel| -> Vec<PortId> {
            let links = kernel.links.iter().enumerate().filter(|(_, l)| l.carrier);
            links.map(|(l, _)| self.fabric.port(h, l)).collect()
        };
        let (from, to) = (ports(a, from), ports(b, to));
        let x = from.iter().find(|x| to.iter().any(|y| self.fabric.is_open(**x, *y)))?;
        Some(self.fabric.latency(x.segment))
    }

    /// Something arrives along a stream.
    pub(super) fn stream_arrives<O: Observer>(&mut self, number: u32, going: u32, observer: &mut O) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        let Some(going) = stream.going.remove(&going) else { return };
        if self.hosts[stream.host].epoch != stream.epoch {
            self.streams.remove(&number);
            return;
        }
        match going {
            Going::Ask => {
                let greeting = stream.mailbox.as_ref().map(Mailbox::greeting);
                let told =
                    if greeting.is_some() { KeptStreamEvent::Connected } else { KeptStreamEvent::Failed };
                self.set_out(number, Duration::ZERO, Going::ToDaemon(told));
                if let Some(reaction) = greeting {
                    self.react(number, reaction, observer);
                }
            }
            Going::ToServer(bytes) => {
                let Some(mailbox) = &mut stream.mailbox else { return };
                for reaction in mailbox.hear(&bytes) {
                    self.react(number, reaction, observer);
                }
            }
            Going::ToDaemon(told) => {
                let (h, conn, origin) = (stream.host, stream.conn, stream.origin);
                self.told(number, h, &told, observer);
                self.tell_daemon_later(h, Waiting::Stream(conn, told), origin);
            }
        }
    }

    fn told<O: Observer>(&self, number: u32, h: usize, told: &KeptStreamEvent, observer: &mut O) {
        if let (true, KeptStreamEvent::Data(bytes)) = (O::EVENTS, told) {
            let cause = cause_of_origin(self.streams[&number].origin);
            for line in String::from_utf8_lossy(bytes).lines() {
                let what = What::Smtp { conn: number, out: false, line: line.to_string() };
                self.tell(observer, Some(h), what, cause);
            }
        }
    }

    fn react<O: Observer>(&mut self, number: u32, reaction: Reaction, observer: &mut O) {
        match reaction {
            Reaction::Reply { after, line } => {
                let bytes = format!("{line}\r\n").into_bytes();
                self.set_out(number, after, Going::ToDaemon(KeptStreamEvent::Data(bytes)));
            }
            Reaction::Close { after } => {
                self.set_out(number, after, Going::ToDaemon(KeptStreamEvent::Closed));
            }
            Reaction::Taken { subject } => {
                let stream = &self.streams[&number];
                let cause = cause_of_origin(stream.origin);
                self.tell(observer, Some(stream.server), What::Mail { conn: number, subject }, cause);
            }
        }
    }
}
