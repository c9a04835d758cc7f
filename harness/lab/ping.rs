//! Clients' pings: echo requests from a client's own namespace, and who answers them, as the switch sees it.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::Instant;
use vrrplab_engine::wire::icmp::Echo;
use vrrplab_engine::wire::icmp6::Ends;
use vrrplab_engine::wire::{ethernet, ipv4, ipv6};
use vrrplab_sim::ping::Pinger;
use vrrplab_sim::scenario::Ping;
use vrrplab_sim::trace::{Answerer, Cause, What};

use super::world::{Due, Lab};
use crate::kernel::namespace::Namespaces;

/// A client's stream of echo requests.
#[derive(Debug)]
pub(super) struct Prober {
    socket: Socket,
    pub(super) pinger: Pinger,
}

impl Prober {
    /// A prober in a client's namespace; `host` is its place in the scenario.
    pub(super) fn open(inside: &Namespaces, ping: Ping, host: usize) -> io::Result<Prober> {
        let socket = inside.within(|| match ping.to {
            IpAddr::V4(_) => Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)),
            IpAddr::V6(_) => Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6)),
        })??;
        socket.set_nonblocking(true)?;
        Ok(Prober { socket, pinger: Pinger::new(ping, host) })
    }

    fn send(&self, echo: &Echo<'_>) {
        let mut message = Vec::new();
        match self.pinger.ping().to {
            IpAddr::V4(_) => echo.emit(&mut message),
            // The kernel knows the source and sums up anew.
            IpAddr::V6(to) => echo.emit6(Ends { source: to, destination: to }, &mut message),
        }
        // Nobody to send to is an answer too: none comes.
        let _ = self.socket.send_to(&message, &SocketAddr::new(self.pinger.ping().to, 0).into());
        let mut unread = [std::mem::MaybeUninit::uninit(); 2048];
        while self.socket.recv(&mut unread).is_ok() {}
    }
}

impl Lab {
    /// A client's next echo request. The one before counts as unanswered if no reply has come.
    pub(super) fn ping(&mut self, due: Instant, h: usize) -> io::Result<()> {
        let prober = self.probers[h].as_mut().expect("only a client pings");
        let (news, echo) = prober.pinger.request();
        prober.send(&echo);
        let every = prober.pinger.ping().every;
        if let Some(what) = news {
            self.tell(self.clock.now(), Some(h), what, Cause::None);
        }
        self.later(due + every, Due::Ping(h));
        Ok(())
    }

    /// A frame goes to a host: it may be the answer that its client waits for.
    pub(super) fn answered(&mut self, h: usize, frame: &[u8]) {
        let Some(prober) = &mut self.probers[h] else { return };
        let Some((from, mac, echo)) = reply(frame) else { return };
        if !prober.pinger.answered(from, &echo, mac) {
            return;
        }
        let at = |host: &&vrrplab_sim::scenario::Host| host.links.iter().any(|l| l.mac == mac);
        let host = self.scenario.hosts.iter().find(at).map(|host| host.name.clone());
        let forwards = self.scenario.hosts[h].next_hop(from).is_some_and(|hop| hop != from);
        let by = Some(Answerer { mac, host, forwards });
        self.tell(self.clock.now(), Some(h), What::Answer { address: from, by }, Cause::None);
    }
}

/// Who sends an echo reply by which station.
fn reply(frame: &[u8]) -> Option<(IpAddr, Mac, Echo<'_>)> {
    let (header, packet) = ethernet::Header::parse(frame).ok()?;
    let (from, echo) = match header.ethertype {
        ethernet::IPV4 => {
            let (ip, payload) = ipv4::Header::parse(packet).ok()?;
            if ip.protocol != ipv4::ICMP {
                return None;
            }
            (IpAddr::V4(ip.source), Echo::parse(payload).ok()?)
        }
        ethernet::IPV6 => {
            let (ip, payload) = ipv6::Header::parse(packet).ok()?;
            if ip.next != ipv6::ICMP {
                return None;
            }
            let ends = Ends { source: ip.source, destination: ip.destination };
            (IpAddr::V6(ip.source), Echo::parse6(ends, payload).ok()?)
        }
        _ => return None,
    };
    Some((from, header.source, echo))
}
