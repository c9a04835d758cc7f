//! One Ethernet segment: a learning switch with its faults. Ports are numbered; who sits behind them is the
//! world's affair.

use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::Duration;

use crate::trace::Loss;

/// A switch.
#[derive(Clone, Debug)]
pub struct Switch {
    /// From port to port.
    pub latency: Duration,
    ports: Vec<Port>,
    table: BTreeMap<Mac, usize>,
    muted: BTreeSet<(usize, usize)>,
}

#[derive(Clone, Debug)]
struct Port {
    /// Which side of a partition; 0 is the switch itself.
    island: u8,
    /// What the table last learned from here: spares a look for every frame of the same station.
    last: Option<Mac>,
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
    /// A switch without ports.
    pub fn new(latency: Duration) -> Switch {
        Switch { latency, ports: Vec::new(), table: BTreeMap::new(), muted: BTreeSet::new() }
    }

    /// One more port.
    pub fn add_port(&mut self) -> usize {
        self.ports.push(Port { island: 0, last: None });
        self.ports.len() - 1
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

    /// What keeps a frame from one port from reaching another, if anything.
    pub fn obstacle(&self, from: usize, to: usize) -> Option<Loss> {
        if self.ports[from].island != self.ports[to].island {
            Some(Loss::Partition)
        } else if !self.muted.is_empty() && self.muted.contains(&(from, to)) {
            Some(Loss::Muted)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const B: Mac = Mac([2, 0, 0, 0, 0, 2]);

    #[test]
    fn a_switch_floods_until_it_has_learned_and_follows_a_station_that_moves() {
        let mut switch = Switch::new(Duration::from_micros(1));
        let (p, q, r) = (switch.add_port(), switch.add_port(), switch.add_port());
        assert_eq!(switch.forward(p, A, B), Reach::Flood);
        assert_eq!(switch.forward(q, B, A), Reach::Port(p));
        assert_eq!(switch.forward(p, A, B), Reach::Port(q));
        assert_eq!(switch.forward(r, B, A), Reach::Port(p));
        assert_eq!(switch.forward(p, A, B), Reach::Port(r));
        assert_eq!(switch.forward(q, B, A), Reach::Port(p), "and back again");
        assert_eq!(switch.forward(p, A, B), Reach::Port(q));
        assert_eq!(switch.forward(p, A, Mac::BROADCAST), Reach::Flood);
    }

    #[test]
    fn a_partition_separates_and_muting_works_one_way() {
        let mut switch = Switch::new(Duration::from_micros(1));
        let (p, q) = (switch.add_port(), switch.add_port());
        switch.mute(p, q, true);
        assert_eq!((switch.obstacle(p, q), switch.obstacle(q, p)), (Some(Loss::Muted), None));
        switch.mute(p, q, false);
        switch.set_island(q, 1);
        assert_eq!(
            (switch.obstacle(p, q), switch.obstacle(q, p)),
            (Some(Loss::Partition), Some(Loss::Partition))
        );
    }
}
