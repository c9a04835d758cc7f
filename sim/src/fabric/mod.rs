//! The network of a scenario: all switches and trunks with their faults. Frames and instants in; which ports
//! each frame leaves by, and what becomes of it on the way, out. It knows nothing of who is behind a port: the
//! simulator's hosts and real ones hang on the same fabric, so that every fault means the same to both.
//!
//! One file an idea: `acts` what the script does to the network, `impair` what impairments are in force,
//! `querier` switches that ask about groups. What one switch does is in [`crate::switch`].
//!
//! Absent on purpose: carriers and power of hosts. Whoever hangs hosts on a fabric knows them, says so by
//! [`Fabric::plug`] and [`Fabric::unplug`], and hands nothing to a link without a carrier.

mod acts;
mod impair;
mod querier;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::{Duration, Instant};

use crate::scenario::Scenario;
use crate::switch::fate::Fate;
use crate::switch::{Reach, Switch};
use crate::trace::Loss;
use impair::InForce;
pub(crate) use querier::igmp_frame;
pub use querier::{QUERY_INTERVAL, Querier};

/// All switches and trunks of a scenario with their faults. The same frames at the same instants go the same ways.
#[derive(Clone, Debug)]
pub struct Fabric {
    seed: u64,
    switches: Vec<Switch>,
    /// Who is at each port of each switch.
    seats: Vec<Vec<Seat>>,
    /// The port of each link of each host.
    ports: Vec<Vec<PortId>>,
    cables: Vec<Cable>,
    queriers: Vec<Querier>,
    in_force: Vec<InForce>,
}

/// A port of a switch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PortId {
    /// Its switch: an index into [`Scenario::segments`].
    pub segment: usize,
    /// Its number there.
    pub port: usize,
}

/// Who is at a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seat {
    /// A link of a host.
    Host {
        /// An index into [`Scenario::hosts`].
        host: usize,
        /// An index into its links.
        link: usize,
    },
    /// An end of a trunk.
    Trunk {
        /// An index into [`Scenario::trunks`].
        trunk: usize,
        /// 0 or 1, as in [`crate::scenario::Trunk::between`].
        end: usize,
    },
    /// The switch itself, which asks about groups.
    Querier,
}

/// What becomes of a frame between two ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It leaves as it came, at once.
    Passes,
    /// It leaves, but later, more than once or with errors.
    Touched(Box<Fate>),
    /// The switch did not take it in: nobody gets it.
    Refused(Loss),
    /// It does not leave by this port. A frame that is [`Loss::Pruned`] is a loss only to who wants it.
    Lost(Loss),
}

/// One way of a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hop {
    /// Where it leaves; of a frame that was refused, the port where it came in.
    pub to: PortId,
    /// How.
    pub outcome: Outcome,
}

/// A trunk.
#[derive(Clone, Debug)]
struct Cable {
    latency: Duration,
    up: bool,
    ends: [PortId; 2],
}

impl Fabric {
    /// The network of this scenario at time zero. The seed decides what impairments do.
    pub fn new(scenario: &Scenario, seed: u64) -> Fabric {
        let switches: Vec<Switch> = scenario.segments.iter().map(Switch::of).collect();
        let mut fabric = Fabric {
            seed,
            seats: vec![Vec::new(); switches.len()],
            switches,
            ports: Vec::with_capacity(scenario.hosts.len()),
            cables: Vec::with_capacity(scenario.trunks.len()),
            queriers: Vec::new(),
            in_force: Vec::new(),
        };
        for (host, spec) in scenario.hosts.iter().enumerate() {
            let links = spec.links.iter().enumerate();
            let ports = links.map(|(link, l)| fabric.add_port(l.segment.0, Seat::Host { host, link }));
            let ports = ports.collect();
            fabric.ports.push(ports);
        }
        for (trunk, spec) in scenario.trunks.iter().enumerate() {
            let ends = [0, 1].map(|end| fabric.add_port(spec.between[end].0, Seat::Trunk { trunk, end }));
            fabric.cables.push(Cable { latency: spec.latency, up: true, ends });
        }
        for (segment, spec) in scenario.segments.iter().enumerate() {
            if spec.forward_delay_at_start {
                for port in 0..fabric.seats[segment].len() {
                    fabric.switches[segment].plug(port, Instant::ZERO);
                }
            }
            if spec.snooping.is_some_and(|snooping| snooping.querier) {
                let port = fabric.add_port(segment, Seat::Querier);
                fabric.queriers.push(Querier { port });
            }
        }
        fabric.impair_from_the_beginning(scenario);
        fabric
    }

    fn add_port(&mut self, segment: usize, seat: Seat) -> PortId {
        self.seats[segment].push(seat);
        let switch = &mut self.switches[segment];
        let port = match seat {
            Seat::Trunk { .. } => switch.add_trunk_port(),
            Seat::Host { .. } | Seat::Querier => switch.add_port(),
        };
        PortId { segment, port }
    }

    /// The port of a host's link.
    pub fn port(&self, host: usize, link: usize) -> PortId {
        self.ports[host][link]
    }

    /// Who is at a port.
    pub fn seat(&self, at: PortId) -> Seat {
        self.seats[at.segment][at.port]
    }

    /// Which side of a partition a port is on; without one all are on side 0.
    pub fn island(&self, at: PortId) -> u8 {
        self.switches[at.segment].island(at.port)
    }

    /// How long a switch takes from port to port.
    pub fn latency(&self, segment: usize) -> Duration {
        self.switches[segment].latency
    }

    /// Whether a switch listens to what hosts say of groups: only then do they have to say it.
    pub fn snoops(&self, segment: usize) -> bool {
        self.switches[segment].snoops()
    }

    /// The group of a frame that the switch of a port hands to its members alone.
    pub fn group(&self, at: PortId, frame: &[u8]) -> Option<Ipv4Addr> {
        self.switches[at.segment].group(frame)
    }

    /// The switches that ask about groups, in the order of the segments.
    pub fn queriers(&self) -> &[Querier] {
        &self.queriers
    }

    /// Whether two ports are of one switch, with neither a partition nor a mute between them in either direction.
    pub fn is_open(&self, a: PortId, b: PortId) -> bool {
        let switch = &self.switches[a.segment];
        a.segment == b.segment
            && switch.obstacle(a.port, b.port).is_none()
            && switch.obstacle(b.port, a.port).is_none()
    }

    /// A frame that came in by a port is on the other side of the switch, [`Fabric::latency`] after it was sent:
    /// where it goes. `hops` is emptied and filled again. A frame without its two stations goes nowhere.
    pub fn arrive(&mut self, from: PortId, frame: &[u8], now: Instant, hops: &mut Vec<Hop>) {
        hops.clear();
        let Some((destination, source)) = stations(frame) else { return };
        let PortId { segment, port } = from;
        let switch = &mut self.switches[segment];
        let plain = switch.is_plain();
        if !plain && let Err(why) = switch.admits(port, frame, now) {
            hops.push(Hop { to: from, outcome: Outcome::Refused(why) });
            return;
        }
        let reach = switch.forward(port, source, destination);
        let group = if plain { None } else { switch.group(frame) };
        let mut hop = |to: usize| {
            let outcome = if plain {
                switch.obstacle(port, to).map_or(Outcome::Passes, Outcome::Lost)
            } else {
                Outcome::of(switch.passes((port, to), group, frame, now))
            };
            Hop { to: PortId { segment, port: to }, outcome }
        };
        match reach {
            Reach::Port(to) if to == port => {}
            Reach::Port(to) => hops.push(hop(to)),
            Reach::Flood => hops.extend((0..port).chain(port + 1..self.seats[segment].len()).map(hop)),
        }
    }

    /// A frame enters a trunk at an end: by which port of the other switch it comes in, and when it is on the
    /// other side of that. Then it [arrives](Fabric::arrive) there.
    pub fn cross(&self, trunk: usize, end: usize, now: Instant) -> Result<(PortId, Instant), Loss> {
        let cable = &self.cables[trunk];
        if !cable.up {
            return Err(Loss::TrunkDown);
        }
        let to = cable.ends[1 - end];
        Ok((to, now + cable.latency + self.latency(to.segment)))
    }
}

impl Outcome {
    fn of(fate: Result<Option<Fate>, Loss>) -> Outcome {
        match fate {
            Ok(None) => Outcome::Passes,
            Ok(Some(fate)) => Outcome::Touched(Box::new(fate)),
            Err(why) => Outcome::Lost(why),
        }
    }
}

/// Destination and source of a frame.
fn stations(frame: &[u8]) -> Option<(Mac, Mac)> {
    let (destination, rest) = frame.split_first_chunk()?;
    Some((Mac(*destination), Mac(*rest.first_chunk()?)))
}
