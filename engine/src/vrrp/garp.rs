//! Gratuitous ARP: bursts now, bursts later, and the pacing of `garp_interval`.
//!
//! Observed on keepalived 2.2.7: a later burst is a timer of its own that nothing cancels; it is silent if the
//! instance is not master when it fires. With pacing an address is either waiting or not: repeats of a burst
//! fall together, so five of them make two frames.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::IpAddr;

use super::instance::Instance;
use crate::addr::Mac;
use crate::boundary::{Effect, Effects, LinkFacts, LinkId, Origin};
use crate::time::{Duration, Instant};
use crate::wire::arp::Arp;

/// What is due later.
#[derive(Clone, Debug)]
pub(super) struct GarpTimers {
    bursts: BinaryHeap<Reverse<Burst>>,
    order: u64,
    interval: Duration,
    /// With pacing: before this instant the link sends no further one.
    next_at: Vec<Option<Instant>>,
    frame: Vec<u8>,
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
    pub(super) fn new(links: usize, interval: Duration) -> GarpTimers {
        let frame = Vec::with_capacity(64);
        GarpTimers { bursts: BinaryHeap::new(), order: 0, interval, next_at: vec![None; links], frame }
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
                let link = instance.spec.managed[i].link;
                match self.next_at[usize::from(link.0)] {
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
                let link = usize::from(instance.spec.managed[i].link.0);
                if self.next_at[link].is_none_or(|next| next <= out.now()) {
                    instance.garp_waits[i] = false;
                    self.send(instance, i, links, out);
                } else {
                    let next = self.next_at[link].expect("a link that waits knows for when");
                    waiting = Some(waiting.map_or(next, |w| w.min(next)));
                }
            }
        }
        waiting
    }

    fn send(&mut self, instance: &Instance, i: usize, links: &[LinkFacts], out: &mut Effects) {
        let managed = &instance.spec.managed[i];
        let IpAddr::V4(address) = managed.cidr.address else { return };
        let LinkId(link) = managed.link;
        self.frame.clear();
        Arp::gratuitous(links[usize::from(link)].mac, address).emit_frame(Mac::BROADCAST, &mut self.frame);
        let bytes = out.store(&self.frame);
        if !self.interval.is_zero() {
            self.next_at[usize::from(link)] = Some(out.now() + self.interval);
        }
        out.push(Effect::Frame { link: managed.link, bytes });
    }
}
