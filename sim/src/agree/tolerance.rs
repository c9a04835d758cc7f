//! How far an event may be off.

use vrrplab_engine::time::Duration;

/// How far a run may be off its reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tolerance {
    /// An event, seen from its cause.
    pub cause: Duration,
    /// What each own advert since the cause adds to that.
    pub an_advert: Duration,
    /// What each gratuitous ARP or neighbour advertisement of the same node since the cause adds.
    pub an_announcement: Duration,
    /// An event on the clock, where no cause of it was seen in the reference.
    pub without_cause: Duration,
    /// An act of the script.
    pub act: Duration,
}

impl Tolerance {
    /// Both clocks are virtual: what is left are a daemon's own microseconds, which the model knows on average.
    pub const RECORDED: Tolerance = Tolerance {
        cause: Duration::from_millis(1),
        an_advert: Duration::from_micros(10),
        an_announcement: Duration::ZERO,
        without_cause: Duration::from_micros(1_999),
        act: Duration::from_micros(999),
    };

    /// The same for a daemon that counts in hundredths of a second, as VRRPv3's fields do, and rounds a skew to them: vrrpd. The
    /// script waits for what starts beside a daemon, which is looked for every ten milliseconds.
    pub const CENTISECONDS: Tolerance =
        Tolerance { cause: Duration::from_millis(11), act: Duration::from_millis(25), ..Tolerance::RECORDED };

    /// What an idle machine may take to run a daemon whose timer has fired.
    pub const IDLE: Duration = Duration::from_millis(25);
    /// The same on a machine that does other things as well.
    pub const LOADED: Duration = Duration::from_millis(60);

    /// The clock of one run is real. An event waits until its daemon is scheduled, 0.1 to 1 ms as a rule; `base`
    /// ([`Tolerance::IDLE`] or [`Tolerance::LOADED`]) covers the rare long wait. keepalived arms its advert timer when
    /// it has sent, not from when it should have, so that each advert keeps the lateness of all before it: a wakeup
    /// with its timer slack and the work take up to 0.3 ms. Where no cause was seen, two waits may come together.
    pub const fn real(base: Duration) -> Tolerance {
        let an_advert = Duration::from_micros(300);
        // With `-D` keepalived writes a line of its log for each, and more before each burst.
        let an_announcement = Duration::from_micros(200);
        Tolerance { cause: base, an_advert, an_announcement, without_cause: base.times(2), act: base }
    }

    /// So long after a cause that the reference has, with so many adverts and announcements between.
    pub(super) const fn after(&self, adverts: u64, announcements: u64) -> Duration {
        let work =
            self.an_advert.times(adverts).as_micros() + self.an_announcement.times(announcements).as_micros();
        Duration::from_micros(self.cause.as_micros() + work)
    }
}
