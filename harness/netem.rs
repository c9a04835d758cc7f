//! What the kernel's netem (tc-netem(8)) can do of what a scenario asks of a segment with `switch = "netem"`, and with which
//! settings. It stands at each port, where frames leave to their receiver.

use vrrplab_engine::time::Duration;
use vrrplab_sim::scenario::{
    Bottleneck, Fault, Impairment, Medium, NetworkFault, QueueLimit, Scenario, SegmentIndex, Share, Traffic,
};

/// Why a laboratory with netem cannot be built on a kernel without it.
pub const NO_NETEM: &str = "this kernel has no netem";
/// How many frames it holds at a time where no `rate` has a queue: netem counts those on their way as well.
const MANY: u32 = 10_000;
/// Netem keeps half of it in 31 bits of nanoseconds.
const MOST_JITTER: Duration = Duration::from_secs(4);

/// The settings at one port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Netem {
    /// Nanoseconds that a frame takes on the average.
    pub delay: u64,
    /// Nanoseconds that it takes more or less, each as likely.
    pub jitter: u64,
    /// The share that is lost.
    pub loss: Share,
    /// The share that comes twice.
    pub duplicate: Share,
    /// Bytes a second, if they are limited.
    pub rate: Option<u64>,
    /// How many frames it holds.
    pub limit: u32,
}

impl Netem {
    /// All of these at once, behind a switch that takes `latency`; the error is what of it netem cannot do. What it can do
    /// together it can also do in part.
    pub fn of<'a>(
        latency: Duration,
        impairments: impl IntoIterator<Item = &'a Impairment>,
    ) -> Result<Netem, &'static str> {
        let (loss, duplicate) = (Share::NONE, Share::NONE);
        let delay = latency.as_micros() * 1000;
        let mut all = Netem { delay, jitter: 0, loss, duplicate, rate: None, limit: MANY };
        for impairment in impairments {
            all.add(impairment)?;
        }
        Ok(all)
    }

    fn add(&mut self, i: &Impairment) -> Result<(), &'static str> {
        can(i)?;
        // Ours is uniform from 0, netem's around the delay.
        let half = i.jitter.as_micros() * 500;
        if half > 0 && self.jitter > 0 {
            return Err("two `jitter`s do not add up to one");
        }
        self.jitter += half;
        self.delay += i.delay.as_micros() * 1000 + half;
        self.loss = either(self.loss, i.loss);
        self.duplicate = either(self.duplicate, i.duplicate);
        if let Some(Bottleneck { rate, queue }) = i.bottleneck {
            if self.rate.is_some() {
                return Err("two `rate`s are two queues, and it has one");
            }
            self.rate = Some(rate.bits() / 8);
            if let QueueLimit::Frames(waiting) = queue {
                // And the one that is being sent.
                self.limit = waiting.saturating_add(1);
            }
        }
        Ok(())
    }
}

/// The share to which one thing or another happens, or both.
fn either(a: Share, b: Share) -> Share {
    let (a, b) = (u64::from(a.ppm()), u64::from(b.ppm()));
    Share::from_ppm((a + b - a * b / 1_000_000) as u32)
}

/// What netem cannot do at all.
fn can(i: &Impairment) -> Result<(), &'static str> {
    let bottleneck = |fits: fn(&Bottleneck) -> bool| i.bottleneck.as_ref().is_none_or(fits);
    let rules = [
        (i.frames == Traffic::All, "`frames`: it does not tell kinds of frames apart"),
        (i.from.is_none(), "`from`: it stands where frames leave, and does not see who sent them"),
        (i.reorder.is_none(), "`reorder`: it hurries a share of the frames, and holds none back"),
        (i.corrupt.is_none(), "`corrupt`: it flips bits of Ethernet headers as well"),
        (i.jitter <= MOST_JITTER, "`jitter`: 4 s are the most"),
        (bottleneck(|b| b.rate.bits() % 8 == 0), "`rate`: it counts whole bytes a second"),
        (bottleneck(|b| matches!(b.queue, QueueLimit::Frames(_))), "`queue`: it counts frames, not bytes"),
    ];
    rules.into_iter().find(|(fine, _)| !fine).map_or(Ok(()), |(_, why)| Err(why))
}

/// What netem cannot do of all that this segment suffers in the course of a scenario.
pub fn unfit(scenario: &Scenario, segment: SegmentIndex) -> Option<&'static str> {
    let spec = &scenario.segments[segment.0];
    let acts = scenario.script.iter().filter_map(|act| match &act.fault {
        Fault::Network(NetworkFault::Impair { on, impairment, .. }) if *on == Medium::Segment(segment) => {
            Some(impairment)
        }
        _ => None,
    });
    Netem::of(spec.latency, spec.impairments.iter().chain(acts)).err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adds_up_is_added_up() {
        let half = Share::from_ppm(500_000);
        let rate = "64kbit/s".parse().expect("it is a rate");
        let bottleneck = Some(Bottleneck { rate, queue: QueueLimit::Frames(9) });
        let ms = Duration::from_millis;
        let slow = Impairment { delay: ms(20), jitter: ms(4), bottleneck, ..Impairment::default() };
        let lossy = Impairment { loss: half, delay: ms(1), ..Impairment::default() };
        let got = Netem::of(Duration::from_micros(50), [&slow, &lossy, &lossy]);
        let loss = Share::from_ppm(750_000);
        let expected = Netem {
            delay: 24_050_000,
            jitter: 2_000_000,
            loss,
            duplicate: Share::NONE,
            rate: Some(8_000),
            limit: 10,
        };
        assert_eq!(got, Ok(expected), "0.05 + 20 + 1 + 1 ms, and half of 4 ms on the average");
        assert!(Netem::of(Duration::ZERO, [&slow, &slow]).is_err(), "neither queues nor jitters add up");
    }
}
