//! What a bad network does to frames: shares, rates and the table `impair`.

use std::fmt;
use std::str::FromStr;

use vrrplab_engine::time::Duration;

use super::HostIndex;

/// A share of frames in parts per million, 0 to 1,000,000: `12.5%`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Share(u32);

impl Share {
    /// No frame.
    pub const NONE: Share = Share(0);
    /// As many parts as there are.
    const WHOLE: u32 = 1_000_000;

    /// So many parts per million; more than all is all.
    pub const fn from_ppm(ppm: u32) -> Share {
        Share(if ppm > Share::WHOLE { Share::WHOLE } else { ppm })
    }

    /// Parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// Whether no frame is meant.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether a number that is uniform over all of `u64` falls into this share.
    pub const fn takes(self, number: u64) -> bool {
        ((number as u128 * Share::WHOLE as u128) >> 64) < self.0 as u128
    }
}

/// `12.5%`, the shortest exact form.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 10_000, self.0 % 10_000);
        let part = format!("{part:04}");
        match part.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            part => write!(f, "{whole}.{part}%"),
        }
    }
}

/// Why a text is no [`Share`] or [`Rate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuantityError(&'static str);

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for QuantityError {}

/// A percentage from 0% to 100% with at most four digits behind the point.
impl FromStr for Share {
    type Err = QuantityError;
    fn from_str(s: &str) -> Result<Share, QuantityError> {
        const FORM: QuantityError = QuantityError("a share of frames is a percentage: \"5%\", \"0.01%\"");
        let number = s.strip_suffix('%').ok_or(FORM)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) {
            return Err(FORM);
        }
        if part.len() > 4 {
            return Err(QuantityError("a share has at most four digits behind the point"));
        }
        let whole: u32 = whole.parse().ok().filter(|w| *w <= 100).ok_or(ABOVE)?;
        let part: u32 = format!("{part:0<4}").parse().map_err(|_| FORM)?;
        let ppm = whole * 10_000 + part;
        if ppm > Share::WHOLE { Err(ABOVE) } else { Ok(Share(ppm)) }
    }
}

const ABOVE: QuantityError = QuantityError("more than 100% of the frames cannot be meant");

/// A rate in bits a second, above 0: `64kbit/s`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate(u64);

const UNITS: [(&str, u64); 4] =
    [("Gbit/s", 1_000_000_000), ("Mbit/s", 1_000_000), ("kbit/s", 1_000), ("bit/s", 1)];

impl Rate {
    /// Bits a second.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// How long `bytes` take, rounded up to microseconds.
    pub const fn time_for(self, bytes: usize) -> Duration {
        Duration::from_micros((bytes as u64 * 8_000_000).div_ceil(self.0))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &&(&str, u64)| self.0.is_multiple_of(*factor);
        let (unit, factor) = UNITS.iter().find(fits).unwrap_or(&("bit/s", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

impl FromStr for Rate {
    type Err = QuantityError;
    fn from_str(s: &str) -> Result<Rate, QuantityError> {
        const FORM: QuantityError =
            QuantityError("a rate is \"9600bit/s\", \"64kbit/s\", \"10Mbit/s\" or so");
        let unit = UNITS.iter().find_map(|(unit, factor)| Some((s.strip_suffix(unit)?, factor)));
        let (number, factor) = unit.ok_or(FORM)?;
        let rate = number.parse::<u64>().ok().and_then(|n| n.checked_mul(*factor)).ok_or(FORM)?;
        match rate {
            0 => Err(QuantityError("with no bits a second nothing ever arrives: loss = \"100%\" says so")),
            1..=1_000_000_000_000 => Ok(Rate(rate)),
            _ => Err(QuantityError("a rate of more than 1000Gbit/s")),
        }
    }
}

/// How much may wait behind the frame that is being sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueLimit {
    /// `queue = 10`: so many frames.
    Frames(u32),
    /// `queue = "3000B"`: so many bytes of frames.
    Bytes(u32),
}

/// `rate` and `queue`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bottleneck {
    /// `rate`: of each port towards its receiver, in bytes of the frame as it is captured.
    pub rate: Rate,
    /// `queue`: what does not fit is dropped. Default: 100 frames.
    pub queue: QueueLimit,
}

/// The frames that an impairment is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Traffic {
    /// `all`.
    #[default]
    All,
    /// `multicast`: to a group, adverts among them, but not broadcasts.
    Multicast,
    /// `unicast`: to one station.
    Unicast,
    /// `arp`.
    Arp,
    /// `vrrp`: IP protocols 112 and 51, over IPv4 and IPv6.
    Vrrp,
}

impl Traffic {
    /// Each with its word.
    pub const WORDS: [(Traffic, &'static str); 5] = [
        (Traffic::All, "all"),
        (Traffic::Multicast, "multicast"),
        (Traffic::Unicast, "unicast"),
        (Traffic::Arp, "arp"),
        (Traffic::Vrrp, "vrrp"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Traffic::WORDS.iter().find(|(t, _)| *t == self).map_or("", |(_, word)| word)
    }
}

/// `impair = { from, to, frames, loss, delay, jitter, duplicate, reorder, gap, corrupt, rate, queue }`: what
/// happens to each frame on its way from one port to another, in the order of these fields. Chances are
/// independent from frame to frame and from field to field.
///
/// Corruption happens behind the check of the frame check sequence, as a bad network card or memory does it: a
/// switch drops a frame whose check sequence is wrong, which is `loss`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Impairment {
    /// `from`: only frames that this host sends. Left out: any.
    pub from: Option<HostIndex>,
    /// `to`: only frames on their way to this host. Left out: any.
    pub to: Option<HostIndex>,
    /// `frames`. Default: all.
    pub frames: Traffic,
    /// `loss`: the share that does not arrive.
    pub loss: Share,
    /// `delay`: every frame is so much later.
    pub delay: Duration,
    /// `jitter`: and by a time uniform over the microseconds 0 to this, its end included. Frames may overtake
    /// one another.
    pub jitter: Duration,
    /// `duplicate`: the share that arrives twice, the copy right behind.
    pub duplicate: Share,
    /// `reorder`: the share that is held back, so that others overtake it.
    pub reorder: Share,
    /// `gap`: for how long.
    pub gap: Duration,
    /// `corrupt`: the share that arrives with one bit wrong, each bit behind the Ethernet header as likely.
    pub corrupt: Share,
    /// `rate` and `queue`.
    pub bottleneck: Option<Bottleneck>,
}

impl Impairment {
    /// How much longer than usual a small frame can take.
    pub fn worst_delay(&self) -> Duration {
        const SMALL: usize = 128;
        let queue = self.bottleneck.map_or(Duration::ZERO, |b| match b.queue {
            QueueLimit::Frames(n) => b.rate.time_for(SMALL * (n as usize + 2)),
            QueueLimit::Bytes(n) => b.rate.time_for(SMALL * 2 + n as usize),
        });
        self.delay + self.jitter + self.gap + queue
    }
}

/// What it does: `vrrp loss 30% delay 10ms jitter 5ms`.
impl fmt::Display for Impairment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.frames.word())?;
        let share = |f: &mut fmt::Formatter<'_>, name, share: Share| match share.is_none() {
            true => Ok(()),
            false => write!(f, " {name} {share}"),
        };
        let time = |f: &mut fmt::Formatter<'_>, name, time: Duration| match time.is_zero() {
            true => Ok(()),
            false => write!(f, " {name} {time}"),
        };
        share(f, "loss", self.loss)?;
        time(f, "delay", self.delay)?;
        time(f, "jitter", self.jitter)?;
        share(f, "duplicate", self.duplicate)?;
        share(f, "reorder", self.reorder)?;
        time(f, "gap", self.gap)?;
        share(f, "corrupt", self.corrupt)?;
        match self.bottleneck {
            None => Ok(()),
            Some(Bottleneck { rate, queue: QueueLimit::Frames(n) }) => write!(f, " rate {rate} queue {n}"),
            Some(Bottleneck { rate, queue: QueueLimit::Bytes(n) }) => write!(f, " rate {rate} queue {n}B"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_what_they_print() {
        for ppm in [0, 1, 10, 999, 10_000, 125_000, 999_999, 1_000_000] {
            let share = Share::from_ppm(ppm);
            assert_eq!(share.to_string().parse(), Ok(share));
        }
        assert_eq!("12.5%".parse(), Ok(Share::from_ppm(125_000)));
        for text in ["", "%", "5", "0.5", "-1%", "1.%", ".5%", "1.00001%", "100.0001%", "1e1%", "5 %"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_takes_its_part_of_all_numbers() {
        assert!(!Share::NONE.takes(0) && Share::from_ppm(1_000_000).takes(u64::MAX));
        let half = Share::from_ppm(500_000);
        assert!(half.takes(u64::MAX / 2) && !half.takes(u64::MAX / 2 + 1));
    }

    #[test]
    fn rates_read_what_they_print_and_time_is_rounded_up() {
        for text in ["1bit/s", "9600bit/s", "64kbit/s", "10Mbit/s", "1Gbit/s", "1000Gbit/s"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for text in ["", "64", "64k", "0bit/s", "1.5Mbit/s", "1001Gbit/s", "99999999999999999999Gbit/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        let rate: Rate = "3Mbit/s".parse().unwrap();
        assert_eq!(rate.time_for(60), Duration::from_micros(160));
        assert_eq!(rate.time_for(61), Duration::from_micros(163));
    }
}
