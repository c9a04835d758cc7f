//! One deadline for each of many slots, the earliest at hand: a binary heap that knows where each slot is.
//! Setting, moving and clearing cost O(log n), looking costs nothing. Equal deadlines come out in the order in
//! which they were set. Nothing allocates after the slots are known.

use crate::time::Instant;

const NOWHERE: u32 = u32::MAX;

/// Deadline, order of setting, slot.
type Entry = (Instant, u64, u32);

/// Deadlines of slots 0 to n - 1.
#[derive(Clone, Default, Debug)]
pub struct Schedule {
    /// The earliest first.
    heap: Vec<Entry>,
    /// Where in `heap` each slot is.
    place: Vec<u32>,
    set: u64,
}

impl Schedule {
    /// No deadlines, `slots` slots.
    pub fn new(slots: usize) -> Schedule {
        Schedule { heap: Vec::with_capacity(slots), place: vec![NOWHERE; slots], set: 0 }
    }

    /// The earliest deadline and its slot.
    pub fn first(&self) -> Option<(Instant, usize)> {
        self.heap.first().map(|&(at, _, slot)| (at, slot as usize))
    }

    /// The deadline of a slot.
    pub fn get(&self, slot: usize) -> Option<Instant> {
        let place = self.place[slot];
        (place != NOWHERE).then(|| self.heap[place as usize].0)
    }

    /// Gives a slot this deadline, or takes it away.
    pub fn set(&mut self, slot: usize, at: Option<Instant>) {
        let Some(at) = at else { return self.clear(slot) };
        self.set += 1;
        let entry = (at, self.set, slot as u32);
        let place = self.place[slot];
        if place == NOWHERE {
            self.heap.push(entry);
            self.rise(self.heap.len() - 1, entry);
        } else {
            self.settle(place as usize, entry);
        }
    }

    fn clear(&mut self, slot: usize) {
        let place = self.place[slot];
        if place == NOWHERE {
            return;
        }
        self.place[slot] = NOWHERE;
        let last = self.heap.pop().expect("a placed slot is in the heap");
        if place as usize != self.heap.len() {
            self.settle(place as usize, last);
        }
    }

    /// Puts an entry where it belongs, from a place that is free.
    fn settle(&mut self, i: usize, entry: Entry) {
        if i > 0 && entry < self.heap[(i - 1) / 2] { self.rise(i, entry) } else { self.sink(i, entry) }
    }

    fn rise(&mut self, mut i: usize, entry: Entry) {
        while i > 0 && entry < self.heap[(i - 1) / 2] {
            self.put(i, self.heap[(i - 1) / 2]);
            i = (i - 1) / 2;
        }
        self.put(i, entry);
    }

    fn sink(&mut self, mut i: usize, entry: Entry) {
        loop {
            let mut child = 2 * i + 1;
            if child + 1 < self.heap.len() && self.heap[child + 1] < self.heap[child] {
                child += 1;
            }
            if child >= self.heap.len() || entry < self.heap[child] {
                break;
            }
            self.put(i, self.heap[child]);
            i = child;
        }
        self.put(i, entry);
    }

    fn put(&mut self, i: usize, entry: Entry) {
        self.heap[i] = entry;
        self.place[entry.2 as usize] = i as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the plainest possible model: a table that is searched.
        #[test]
        fn the_first_is_what_a_search_finds(acts in prop::collection::vec((0..9usize, prop::option::of(0..50u64)), 0..200)) {
            let mut schedule = Schedule::new(9);
            let mut table = [None; 9];
            for (order, (slot, at)) in acts.into_iter().enumerate() {
                schedule.set(slot, at.map(Instant::from_micros));
                table[slot] = at.map(|at| (at, order));
                let first = (0..9).filter_map(|s| table[s].map(|(at, order)| (at, order, s))).min();
                prop_assert_eq!(schedule.first(), first.map(|(at, _, s)| (Instant::from_micros(at), s)));
                for (s, entry) in table.iter().enumerate() {
                    prop_assert_eq!(schedule.get(s), entry.map(|(at, _)| Instant::from_micros(at)));
                }
            }
        }
    }
}
