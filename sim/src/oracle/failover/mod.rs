//! Failovers, taken apart: when the old master fell silent, when the network could know, who spoke next, and when
//! clients followed. [`Failovers`] observes a run and gives one [`Failover`] for each takeover of each address.
//!
//! It stands among the oracles because it sees the network with their eyes: the same holders, the same hearing, the
//! same neighbour entries. It judges nothing.

mod causes;
mod felt;
mod watch;

use std::net::IpAddr;
use std::sync::Arc;

use vrrplab_engine::time::{Duration, Instant};

use crate::scenario::Scenario;
use crate::trace::Name;
use crate::world::World;
pub use watch::Failovers;

/// What a takeover began with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Trigger {
    /// This act of the script, counted from 1: the first one after the last advert that the new master heard of the
    /// old one, or the one that armed the new master's timer (a daemon that was started and preempts).
    Act(u32),
    /// A node's own first start: it was late, and preempts.
    Start,
    /// No act: adverts were lost, or a master fell silent by itself.
    Silence,
}

/// A node took an address over from another, or from itself after an interruption.
///
/// `fault ≤ expired ≤ elected ≤ announced ≤ relearned`, so the four parts add up to the [total](Failover::total)
/// without rest. Everything is *seen*: adverts and gratuitous ARP as they leave a port, entries as a client has them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failover {
    /// The virtual address.
    pub address: IpAddr,
    /// Where.
    pub segment: Name,
    /// What it began with.
    pub trigger: Trigger,
    /// Which takeover of this address with this beginning, from 1.
    pub nth: u32,
    /// The old master: who advertised the address last.
    pub from: Name,
    /// The new master.
    pub to: Name,
    /// The act or the start; with [`Trigger::Silence`] the last advert.
    pub fault: Instant,
    /// The last advert of the old master that the new one heard, farewells aside.
    pub last_advert: Instant,
    /// When the new master's timer runs out by the protocol's formula: Master_Down_Interval after the last advert
    /// arrived, or after its own start; Skew_Time after a farewell arrived (RFC 3768, 6.1). An advert arrives one
    /// latency of the segment after it was sent. Never before `fault` nor after `elected`.
    pub expired: Instant,
    /// The new master's first advert.
    pub elected: Instant,
    /// Its first gratuitous ARP for the address.
    pub announced: Option<Instant>,
    /// When clients had followed.
    pub relearned: Relearned,
    /// How long two or more powered hosts of one component held the address, from `fault` until the next act after
    /// `elected`, the next takeover's fault, or the end. The protocol's own hand-over (one path delay) counts.
    pub two_holders: Duration,
    /// What each client that pings the address felt in the same time, in the order of the scenario.
    pub clients: Vec<Felt>,
}

/// When the neighbour entries of clients pointed at the new master.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relearned {
    /// The last of the clients that hear the new master and had an entry for the address before.
    At(Instant),
    /// No client had an entry: nobody had anything to learn.
    NoClient,
    /// Not before the next act, the next takeover or the end.
    Never,
}

/// What a client that pings the address felt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Felt {
    /// Who.
    pub client: Name,
    /// How long nobody answered: from sending the first request without an answer to the first answer.
    pub unanswered: Duration,
    /// How often another node than the new master answered after `elected`, times the interval of its requests.
    pub wrong_node: Duration,
    /// Whether it was answered when the time was over.
    pub over: bool,
}

impl Failover {
    /// From the fault until the new master's timer ran out: what the protocol needs to be sure.
    pub fn detect(&self) -> Duration {
        self.expired - self.fault
    }

    /// From there to the first advert: what the daemon's work, its pauses and late frames add.
    pub fn elect(&self) -> Duration {
        self.elected - self.expired
    }

    /// From the first advert to the first gratuitous ARP.
    pub fn announce(&self) -> Option<Duration> {
        self.announced.map(|at| at - self.elected)
    }

    /// From there until clients' entries pointed at the new master; zero without clients.
    pub fn relearn(&self) -> Option<Duration> {
        self.end().zip(self.announced).map(|(end, announced)| end - announced)
    }

    /// From the fault to the end of all that; `None` if it never came to its end.
    pub fn total(&self) -> Option<Duration> {
        self.end().map(|end| end - self.fault)
    }

    /// From the old master's last advert to the new one's first. The phase of the fault is not in it.
    pub fn takeover(&self) -> Duration {
        self.elected - self.last_advert
    }

    fn end(&self) -> Option<Instant> {
        match self.relearned {
            Relearned::At(at) => Some(at),
            Relearned::NoClient => self.announced,
            Relearned::Never => None,
        }
    }
}

/// The failovers of one run, in the order of time, and at one instant in that of the scenario's addresses.
pub fn measure(scenario: &Arc<Scenario>, seed: u64) -> Vec<Failover> {
    let end = Instant::ZERO + scenario.duration;
    let mut failovers = Failovers::new(scenario);
    World::new(Arc::clone(scenario), seed).run_until(end, &mut failovers);
    failovers.finish(end)
}
