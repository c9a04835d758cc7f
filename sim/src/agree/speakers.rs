//! Who speaks: a coarser view of a run, for implementations whose frames differ in their bytes and numbers.
//!
//! A node's adverts of one virtual router over one family by one link become turns: it speaks with one priority until
//! it changes that, says farewell (priority 0, a turn of its own) or is silent for longer than one and a half
//! intervals. A turn's first instant is compared; how many adverts it has is not. Each node is a lane of its own, so
//! who speaks after whom is told by the instants: two that begin within the tolerance of each other have no order.
//! States, addresses and gratuitous ARPs are left out.

use std::collections::BTreeMap;

use vrrplab_engine::time::{Duration, Instant};

use super::compare::{Agreement, agree};
use super::lane::{Content, Entry, Lane};
use super::lanes::Lanes;
use super::tolerance::Tolerance;
use crate::frame::{Advert, Summary};

/// What an advert may be late beyond half of a very short interval.
const LATE: Duration = Duration::from_millis(100);

/// Compares who speaks in our run with who speaks in a reference.
pub fn agree_speakers(ours: &Lanes, reference: &Lanes, tolerance: &Tolerance) -> Agreement {
    agree(&ours.speakers(), &reference.speakers(), tolerance)
}

/// Adverts of one priority in one breath, as places in the lane of the adverts.
struct Turn {
    first: usize,
    last: usize,
    priority: u8,
    /// An advert belongs to it until then.
    until: Instant,
}

impl Turn {
    fn new(place: usize, at: Instant, advert: &Advert) -> Turn {
        let until = silent_after(at, advert);
        Turn { first: place, last: place, priority: advert.priority, until }
    }

    /// Whether this advert goes on with it.
    fn takes(&mut self, place: usize, at: Instant, advert: &Advert) -> bool {
        let same = advert.priority == self.priority && at <= self.until;
        if same {
            (self.last, self.until) = (place, silent_after(at, advert));
        }
        same
    }
}

fn silent_after(at: Instant, advert: &Advert) -> Instant {
    let half = Duration::from_micros(advert.interval.as_micros() / 2);
    at + advert.interval + half.max(LATE)
}

impl Lanes {
    /// The same run with nothing but who speaks: in each lane of adverts, turn by turn, [`Content::Speaks`] at the
    /// first advert and [`Content::LastAdvert`] at the last one, from which takeovers are counted.
    #[must_use]
    pub fn speakers(&self) -> Lanes {
        let mut speakers = self.clone();
        speakers.lanes.clear();
        for (lane, entries) in &self.lanes {
            if let Lane::States { node, .. } = lane {
                let words = speakers.words.entry(node.clone()).or_default();
                words.extend(entries.iter().map(|entry| entry.at));
            }
        }
        let mut places = BTreeMap::new();
        for (lane, entries) in &self.lanes {
            let turns = turns(entries);
            for (number, turn) in turns.iter().enumerate() {
                places.insert((lane, turn.first), 2 * number);
                places.insert((lane, turn.last), 2 * number + 1);
            }
            if !turns.is_empty() {
                let told = turns.iter().flat_map(|turn| turn.entries(entries));
                speakers.lanes.insert(lane.clone(), told.collect());
            }
        }
        // An advert within a turn is no place to count from, but its cause leads to one.
        for source in &mut speakers.sources {
            source.place = source.place.take().and_then(|(lane, i)| {
                let place = *places.get(&(&lane, i))?;
                Some((lane, place))
            });
        }
        speakers
    }
}

impl Turn {
    fn entries(&self, adverts: &[Entry]) -> [Entry; 2] {
        let [first, last] = [self.first, self.last].map(|i| adverts[i].clone());
        let speaks = Content::Speaks { priority: self.priority };
        [Entry { what: speaks, ..first }, Entry { what: Content::LastAdvert, ..last }]
    }
}

fn turns(entries: &[Entry]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let Content::Frame(bytes) = &entry.what else { continue };
        let Summary::Vrrp(advert) = Summary::of(bytes) else { continue };
        if !turns.last_mut().is_some_and(|turn| turn.takes(place, entry.at, &advert)) {
            turns.push(Turn::new(place, entry.at, &advert));
        }
    }
    turns
}
