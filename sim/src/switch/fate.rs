//! What impairments do to a frame between two ports.
//!
//! A frame's fate is a pure function of the seed, the switch, the port it came from, the port it goes to, its
//! class and how many of its class went the same way before it; not the next number of a stream. Other traffic
//! shifts nothing. The one exception is a bottleneck, whose queue is shared by all that goes to a port.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::wire::ethernet;

use super::class::Class;
use crate::rng::Rng;
use crate::scenario::{Bottleneck, Impairment, QueueLimit};
use crate::trace::{Loss, Touch};

/// What becomes of a frame that is not lost.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Fate {
    /// How much later than usual it arrives.
    pub later: Duration,
    /// How many copies arrive besides.
    pub copies: u32,
    /// The bits that are wrong on arrival, counted from the end of the Ethernet header.
    pub flipped: Vec<u32>,
    /// What was done, for the trace.
    pub touches: Vec<Touch>,
}

impl Fate {
    /// Puts the errors into a frame.
    pub fn corrupt(&self, frame: &mut [u8]) {
        for bit in &self.flipped {
            frame[ethernet::HEADER + (bit / 8) as usize] ^= 0x80 >> (bit % 8);
        }
    }
}

/// The ports that an impairment is about; `None` is any.
pub type Ends = Option<BTreeSet<usize>>;

/// The impairments of one switch.
#[derive(Clone, Debug)]
pub struct Impairments {
    seed: u64,
    switch: u64,
    rules: Vec<Rule>,
    /// How many frames of a class went from one port to another.
    counts: BTreeMap<(usize, usize, Class), u64>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// Its name: it draws its own numbers, whatever else is in force.
    id: u64,
    from: Ends,
    to: Ends,
    impairment: Impairment,
    /// By port: what waits there and when each frame will be through, with its length.
    queues: BTreeMap<usize, VecDeque<(Instant, usize)>>,
}

/// What a number decides. The order is part of what a seed means.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Loss = 1,
    Jitter,
    Duplicate,
    Reorder,
    Corrupt,
    Bit,
}

/// A frame between two ports.
struct Passage {
    seed: u64,
    to: usize,
    length: usize,
    now: Instant,
}

impl Impairments {
    /// No impairment yet at this switch, whose number is part of every frame's fate.
    pub fn new(seed: u64, switch: usize) -> Impairments {
        Impairments { seed, switch: switch as u64, rules: Vec::new(), counts: BTreeMap::new() }
    }

    /// One more impairment, which goes by `id`.
    pub fn add(&mut self, id: u64, from: Ends, to: Ends, impairment: Impairment) {
        self.rules.push(Rule { id, from, to, impairment, queues: BTreeMap::new() });
    }

    /// This impairment is over; whether it was in force.
    pub fn remove(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() != before
    }

    /// The fate of a frame from one port to another; `None` is that nothing happens to it. Frames are counted
    /// here, whether an impairment is in force or not.
    pub fn fate(
        &mut self,
        (from, to): (usize, usize),
        frame: &[u8],
        now: Instant,
    ) -> Result<Option<Fate>, Loss> {
        let class = Class::of(frame);
        let n = self.counts.entry((from, to, class)).or_insert(0);
        *n += 1;
        if self.rules.is_empty() {
            return Ok(None);
        }
        let key = [self.switch, from as u64, to as u64, class.number(), *n];
        let seed = key.iter().fold(self.seed, |seed, part| Rng::new(seed, *part).next_u64());
        let passage = Passage { seed, to, length: frame.len(), now };
        let mut fate = Fate::default();
        let is_at = |ends: &Ends, port| ends.as_ref().is_none_or(|ends| ends.contains(&port));
        for rule in &mut self.rules {
            if class.is_of(rule.impairment.frames) && is_at(&rule.from, from) && is_at(&rule.to, to) {
                rule.apply(&passage, &mut fate)?;
            }
        }
        Ok((!fate.touches.is_empty()).then_some(fate))
    }
}

impl Rule {
    fn apply(&mut self, passage: &Passage, fate: &mut Fate) -> Result<(), Loss> {
        let draw = |purpose: Purpose| Rng::new(passage.seed ^ self.id.rotate_left(32), purpose as u64);
        let takes = |share: crate::scenario::Share, purpose| {
            !share.is_none() && share.takes(draw(purpose).next_u64())
        };
        let i = &self.impairment;
        if takes(i.loss, Purpose::Loss) {
            return Err(Loss::Impaired);
        }
        let jitter = match i.jitter.as_micros() {
            0 => Duration::ZERO,
            most => Duration::from_micros(draw(Purpose::Jitter).below(most + 1)),
        };
        if i.delay + jitter > Duration::ZERO {
            fate.later += i.delay + jitter;
            fate.touches.push(Touch::Delayed(i.delay + jitter));
        }
        if takes(i.duplicate, Purpose::Duplicate) {
            fate.copies += 1;
            fate.touches.push(Touch::Duplicated);
        }
        if takes(i.reorder, Purpose::Reorder) {
            fate.later += i.gap;
            fate.touches.push(Touch::Held(i.gap));
        }
        let bits = passage.length.saturating_sub(ethernet::HEADER) as u64 * 8;
        if bits > 0 && takes(i.corrupt, Purpose::Corrupt) {
            let bit = draw(Purpose::Bit).below(bits) as u32;
            fate.flipped.push(bit);
            fate.touches.push(Touch::Corrupted(bit));
        }
        if let Some(bottleneck) = i.bottleneck {
            let queue = self.queues.entry(passage.to).or_default();
            let wait = squeeze(queue, bottleneck, passage.length, passage.now).ok_or(Loss::TailDrop)?;
            fate.later += wait;
            fate.touches.push(Touch::Queued(wait));
        }
        Ok(())
    }
}

/// How long a frame takes through a bottleneck; `None` if it does not fit into the queue.
fn squeeze(
    queue: &mut VecDeque<(Instant, usize)>,
    bottleneck: Bottleneck,
    length: usize,
    now: Instant,
) -> Option<Duration> {
    while queue.front().is_some_and(|(through, _)| *through <= now) {
        queue.pop_front();
    }
    // The first of them is being sent; the others wait.
    let waiting = queue.iter().skip(1);
    let fits = match bottleneck.queue {
        QueueLimit::Frames(most) => waiting.count() < most as usize,
        QueueLimit::Bytes(most) => waiting.map(|(_, l)| l).sum::<usize>() + length <= most as usize,
    };
    if !queue.is_empty() && !fits {
        return None;
    }
    let begins = queue.back().map_or(now, |(through, _)| *through);
    let through = begins + bottleneck.rate.time_for(length);
    queue.push_back((through, length));
    Some(through - now)
}
