//! What is set going and will happen: ordered by time, and at one instant by the order of being set going.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use vrrplab_engine::boundary::{Exit, Timed};
use vrrplab_engine::time::Instant;

use super::frames::FrameId;
use super::membership::Saying;
use crate::fabric::PortId;

/// Something that will happen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// A frame reaches the other side of a switch.
    Arrive { port: PortId, frame: FrameId, number: u32 },
    /// A frame that something was done to reaches a port.
    Deliver { port: PortId, frame: FrameId, number: u32 },
    /// A host reports its memberships.
    Report { host: usize, link: usize, saying: Saying },
    /// A switch asks for memberships: the n-th of the fabric's queriers.
    Query(usize),
    /// What the n-th act of the script impaired is as it was.
    EndOfImpairment { act: usize },
    /// A daemon comes to an effect of work it has begun.
    Perform { host: usize, epoch: u32, timed: Timed, frame: Option<FrameId> },
    /// The n-th act of the script.
    Act(usize),
    /// Power returns after the crash that this act was.
    Power { host: usize, act: usize },
    /// A node's first start.
    Start(usize),
    /// A program beside the daemon starts.
    Service { host: usize, service: usize },
    /// A child of a daemon ends, unless it has ended before.
    JobEnds { host: usize, epoch: u32, number: u32, exit: Exit },
    /// Something arrives along a stream.
    Stream { number: u32, going: u32 },
    /// A client's next ping.
    Ping(usize),
}

#[derive(Clone, Debug)]
struct Entry {
    at: Instant,
    order: u64,
    item: Item,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// The queue.
#[derive(Clone, Default, Debug)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    order: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at: Instant, item: Item) {
        self.order += 1;
        self.heap.push(Reverse(Entry { at, order: self.order, item }));
    }

    pub(super) fn first(&self) -> Option<Instant> {
        self.heap.peek().map(|e| e.0.at)
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        self.heap.pop().map(|e| e.0.item)
    }
}
