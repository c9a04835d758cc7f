//! Gratuitous ARP, and for IPv6 unsolicited neighbour advertisements: bursts now, bursts later, and the pacing of `garp_interval`
//! and `gna_interval`.
//!
//! Observed on keepalived 2.2.7: a later burst is a timer of its own that nothing cancels; it is silent if the
//! instance is not master when it fires. With pacing an address is either waiting or not: repeats of a burst
//! fall together, so five of them make two frames.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::IpAddr;

use super::instance::{Instance, Managed};
use crate::addr::Mac;
use crate::boundary::{Effect, Effects, LinkFacts, LinkId, Origin};
use crate::time::{Duration, Instant};
use crate::wire::arp::Arp;
use crate::wire::ndisc::Advertisement;

/// What is due later.
#[derive(Clone, Debug)]
pub(super) struct GarpTimers {
    bursts: BinaryHeap<Reverse<Burst>>,
    order: u64,
    pace: Pace,
    /// With pacing: before these instants the link sends no further gratuitous ARP, and no advertisement.
    next_at: Vec<[Option<Instant>; 2]>,
    /// The host forwards IPv6: advertisements say so.
    forwards6: bool,
    frame: Vec<u8>,
}

/// The least gaps on a link, of gratuitous ARPs and of advertisements; zero: none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pace {
    pub(super) garp: Duration,
    pub(super) gna: Duration,
}

impl Pace {
    fn of(self, address: IpAddr) -> Duration {
        if address.is_ipv4() { self.garp } else { self.gna }
    }
}

/// A burst that is due later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Burst {
    pub(super) at: Instant,
    order: u64,
    pub(super) instance: usize,
    pub(super) repeat: u32,
    pub(super) origin: Origin,
}

impl GarpTimers {
    pub(super) fn new(links: usize, pace: Pace, forwards6: bool) -> GarpTimers {
        let (bursts, frame) = (BinaryHeap::new(), Vec::with_capacity(96));
        GarpTimers { bursts, order: 0, pace, next_at: vec![[None; 2]; links], forwards6, frame }
    }

    /// The daemon stops: nothing is due any more.
    pub(super) fn clear(&mut self) {
        self.bursts.clear();
        self.next_at.fill([None; 2]);
    }

    fn next_at(&mut self, link: LinkId, address: IpAddr) -> &mut Option<Instant> {
        &mut self.next_at[usize::from(link.0)][usize::from(address.is_ipv6())]
    }

    /// The next burst that is due.
    pub(super) fn first(&self) -> Option<Burst> {
        self.bursts.peek().map(|b| b.0)
    }

    pub(super) fn pop(&mut self) -> Option<Burst> {
        self.bursts.pop().map(|b| b.0)
    }

    /// Plans a burst of `repeat` frames for each address of `instance`, `delay` from now.
    pub(super) fn plan(&mut self, instance: usize, repeat: u32, delay: Duration, out: &Effects) {
        if delay.is_zero() {
            return;
        }
        self.order += 1;
        let at = out.now() + delay;
        self.bursts.push(Reverse(Burst { at, order: self.order, instance, repeat, origin: out.origin() }));
    }

    /// A burst now: the addresses in turn, `repeat` times. Returns when a paced frame waits, if one does.
    pub(super) fn burst(
        &mut self,
        instance: &mut Instance,
        links: &[LinkFacts],
        repeat: u32,
        out: &mut Effects,
    ) -> Option<Instant> {
        let mut waiting = None;
        for _ in 0..repeat {
            for i in 0..instance.spec.managed.len() {
                let Managed { link, cidr, .. } = instance.spec.managed[i];
                match *self.next_at(link, cidr.address) {
                    Some(next) if out.now() < next => {
                        instance.garp_waits[i] = true;
                        waiting = Some(waiting.map_or(next, |w: Instant| w.min(next)));
                    }
                    _ => self.send(instance, i, links, out),
                }
            }
        }
        waiting
    }

    /// Sends what waits on links that may send again. Returns when the next one may, if any still waits.
    pub(super) fn drain(
        &mut self,
        instances: &mut [Instance],
        links: &[LinkFacts],
        out: &mut Effects,
    ) -> Option<Instant> {
        let mut waiting: Option<Instant> = None;
        for instance in instances.iter_mut().filter(|i| i.is_master()) {
            for i in 0..instance.spec.managed.len() {
                if !instance.garp_waits[i] {
                    continue;
                }
                let Managed { link, cidr, .. } = instance.spec.managed[i];
                match *self.next_at(link, cidr.address) {
                    Some(next) if next > out.now() => {
                        waiting = Some(waiting.map_or(next, |w| w.min(next)));
                    }
                    _ => {
                        instance.garp_waits[i] = false;
                        self.send(instance, i, links, out);
                    }
                }
            }
        }
        waiting
    }

    fn send(&mut self, instance: &Instance, i: usize, links: &[LinkFacts], out: &mut Effects) {
        let Managed { link, cidr, .. } = instance.spec.managed[i];
        self.announce(link, cidr.address, links, out);
    }

    /// Tells the neighbours on a link that an address is here.
    pub(super) fn announce(&mut self, link: LinkId, address: IpAddr, links: &[LinkFacts], out: &mut Effects) {
        let mac = links[usize::from(link.0)].mac;
        self.frame.clear();
        match address {
            IpAddr::V4(address) => {
                Arp::gratuitous(mac, address).emit_frame(Mac::BROADCAST, &mut self.frame);
            }
            IpAddr::V6(address) => {
                Advertisement::unsolicited(mac, address, self.forwards6).emit_frame(mac, &mut self.frame);
            }
        }
        let gap = self.pace.of(address);
        if !gap.is_zero() {
            *self.next_at(link, address) = Some(out.now() + gap);
        }
        let bytes = out.store(&self.frame);
        out.push(Effect::Frame { link, bytes });
    }
}
