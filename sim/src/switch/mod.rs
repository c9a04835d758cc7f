//! One Ethernet segment: a learning switch with its faults. Ports are numbered; who sits behind them is the
//! world's affair.
//!
//! One file an idea: `class` what kind of frame it is, `fate` what impairments do to it, `snoop` who hears which
//! group, `police` how much ARP may pass. A switch that does none of this is plain and asks none of it.
//!
//! A frame is asked about twice: [`Switch::admits`] when it comes in by a port, then [`Switch::passes`] for each
//! port that it would leave by.

pub mod class;
pub mod fate;
mod police;
mod snoop;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::{Duration, Instant};

use crate::scenario::Segment;
use crate::trace::Loss;
use class::{Class, Kind};
use fate::{Fate, Impairments};
use police::Policer;
use snoop::Snoop;

/// A switch.
#[derive(Clone, Debug)]
pub struct Switch {
    /// From port to port.
    pub latency: Duration,
    ports: Vec<Port>,
    table: BTreeMap<Mac, usize>,
    muted: BTreeSet<(usize, usize)>,
    /// How long a port whose link came up forwards nothing (spanning tree).
    forward_delay: Duration,
    policer: Option<Policer>,
    snoop: Option<Snoop>,
    impairments: Option<Impairments>,
}

#[derive(Clone, Debug)]
struct Port {
    /// Which side of a partition; 0 is the switch itself.
    island: u8,
    /// What the table last learned from here: spares a look for every frame of the same station.
    last: Option<Mac>,
    /// From when on it forwards.
    forwards: Instant,
    /// Several hosts may be behind it: another switch is.
    shared: bool,
}

/// Where a frame goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// To all ports but its own.
    Flood,
    /// To this port alone.
    Port(usize),
}

impl Switch {
    /// A switch without ports that only learns and forwards.
    pub fn new(latency: Duration) -> Switch {
        Switch {
            latency,
            ports: Vec::new(),
            table: BTreeMap::new(),
            muted: BTreeSet::new(),
            forward_delay: Duration::ZERO,
            policer: None,
            snoop: None,
            impairments: None,
        }
    }

    /// The switch of a segment, without ports and without impairments.
    pub fn of(segment: &Segment) -> Switch {
        Switch {
            forward_delay: segment.forward_delay,
            policer: segment.arp_policer.map(Policer::new),
            snoop: segment.snooping.map(Snoop::new),
            ..Switch::new(segment.latency)
        }
    }

    /// Frames between its ports are counted from now on, and impairments may come.
    pub fn impair(&mut self, seed: u64, number: usize) -> &mut Impairments {
        self.impairments.get_or_insert_with(|| Impairments::new(seed, number))
    }

    /// Whether it listens to what hosts say of groups.
    pub fn snoops(&self) -> bool {
        self.snoop.is_some()
    }

    /// Whether it only learns and forwards: then there is no need to ask whether it admits a frame.
    pub fn is_plain(&self) -> bool {
        self.impairments.is_none()
            && self.snoop.is_none()
            && self.policer.is_none()
            && self.forward_delay.is_zero()
    }

    /// One more port, for one host.
    pub fn add_port(&mut self) -> usize {
        self.ports.push(Port { island: 0, last: None, forwards: Instant::ZERO, shared: false });
        self.ports.len() - 1
    }

    /// One more port, for another switch.
    pub fn add_trunk_port(&mut self) -> usize {
        let port = self.add_port();
        self.ports[port].shared = true;
        port
    }

    /// Which side of a partition a port is on.
    pub fn island(&self, port: usize) -> u8 {
        self.ports[port].island
    }

    /// Puts a port on a side. The table forgets everything: a new side is another switch.
    pub fn set_island(&mut self, port: usize, island: u8) {
        self.ports[port].island = island;
        self.forget();
    }

    /// Frames from one port no longer reach the other, or do so again.
    pub fn mute(&mut self, from: usize, to: usize, muted: bool) {
        if muted {
            self.muted.insert((from, to));
        } else {
            self.muted.remove(&(from, to));
        }
    }

    /// A port lost its link: what was learned there is forgotten.
    pub fn unplug(&mut self, port: usize) {
        self.table.retain(|_, p| *p != port);
        self.ports[port].last = None;
        if let Some(snoop) = &mut self.snoop {
            snoop.unplug(port);
        }
    }

    /// A port's link came up: it forwards when the spanning tree is sure that there is no loop.
    pub fn plug(&mut self, port: usize, now: Instant) {
        self.ports[port].forwards = now + self.forward_delay;
    }

    fn forget(&mut self) {
        self.table.clear();
        for port in &mut self.ports {
            port.last = None;
        }
    }

    /// Learns the source of a frame from `from` and says where it goes.
    pub fn forward(&mut self, from: usize, source: Mac, destination: Mac) -> Reach {
        if !source.is_group() && self.ports[from].last != Some(source) {
            if let Some(old) = self.table.insert(source, from) {
                self.ports[old].last = None;
            }
            self.ports[from].last = Some(source);
        }
        if destination.is_group() {
            return Reach::Flood;
        }
        match self.table.get(&destination) {
            Some(&port) if self.ports[port].island == self.ports[from].island => Reach::Port(port),
            _ => Reach::Flood,
        }
    }

    /// What keeps a frame from one port from reaching another, if anything, in a plain switch.
    pub fn obstacle(&self, from: usize, to: usize) -> Option<Loss> {
        if self.ports[from].island != self.ports[to].island {
            Some(Loss::Partition)
        } else if !self.muted.is_empty() && self.muted.contains(&(from, to)) {
            Some(Loss::Muted)
        } else {
            None
        }
    }

    /// Takes a frame in by a port, or says why not. What it says of groups is learned.
    pub fn admits(&mut self, from: usize, frame: &[u8], now: Instant) -> Result<(), Loss> {
        if self.ports[from].forwards > now {
            return Err(Loss::NotForwarding);
        }
        if let Some(policer) = &mut self.policer
            && Class::of(frame).kind == Kind::Arp
            && !policer.passes(from, now)
        {
            return Err(Loss::Policed);
        }
        if let Some(snoop) = &mut self.snoop {
            snoop.learn(from, self.ports[from].shared, frame, now);
        }
        Ok(())
    }

    /// The group of a frame that goes to its members alone.
    pub fn group(&self, frame: &[u8]) -> Option<Ipv4Addr> {
        self.snoop.as_ref().and_then(|snoop| snoop.group(frame))
    }

    /// What becomes of a frame between two ports; `None` is that it passes untouched. `group` is
    /// [`Switch::group`] of the frame.
    pub fn passes(
        &mut self,
        (from, to): (usize, usize),
        group: Option<Ipv4Addr>,
        frame: &[u8],
        now: Instant,
    ) -> Result<Option<Fate>, Loss> {
        if let Some(why) = self.obstacle(from, to) {
            return Err(why);
        }
        if self.ports[to].forwards > now {
            return Err(Loss::NotForwarding);
        }
        if let (Some(snoop), Some(group)) = (&self.snoop, group)
            && !snoop.goes_to(group, to, now)
        {
            return Err(Loss::Pruned);
        }
        match &mut self.impairments {
            Some(impairments) => impairments.fate((from, to), frame, now),
            None => Ok(None),
        }
    }
}
