//! The sequence number of authenticated adverts. keepalived keeps one for what it sends and what it accepts, and that
//! is how a new master goes on above the number of the old one (vrrp_ipsecah.h:seq_counter; recorded: `auth-ah`).

/// From here on the number stands still (vrrp.c:vrrp_update_pkt).
const LAST: u32 = 0xffff_fffd;

/// The highest number seen or sent.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Replay {
    highest: u32,
    /// The number stands still: whoever becomes master next starts anew.
    exhausted: bool,
}

impl Replay {
    /// The number of the next advert.
    pub(super) fn next(&mut self) -> u32 {
        if self.highest > LAST {
            self.exhausted = true;
        } else {
            self.highest += 1;
        }
        self.highest
    }

    /// Whether a received number is new; if it is, it counts as seen. For a backup that ends the standstill.
    pub(super) fn accept(&mut self, sequence: u32, is_backup: bool) -> bool {
        let new = sequence > self.highest;
        if new {
            self.highest = sequence;
            self.exhausted &= !is_backup;
        }
        new
    }

    /// A master answers an advert with this number of somebody worse.
    pub(super) fn answer(&mut self, sequence: u32) {
        *self = Replay { highest: sequence.wrapping_add(1), exhausted: false };
    }

    /// A master yields.
    pub(super) fn yielded(&mut self) {
        self.exhausted = false;
    }

    /// A backup becomes master.
    pub(super) fn mastered(&mut self) {
        if self.exhausted {
            *self = Replay::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_goes_on_above_what_was_accepted() {
        let mut replay = Replay::default();
        assert_eq!((replay.next(), replay.next()), (1, 2));
        assert!(replay.accept(9, true));
        assert!(!replay.accept(9, true));
        assert!(!replay.accept(3, true));
        assert_eq!(replay.next(), 10);
        replay.answer(4);
        assert_eq!(replay.next(), 6);
    }

    #[test]
    fn at_its_end_the_number_stands_still_until_somebody_becomes_master() {
        let mut replay = Replay::default();
        assert!(replay.accept(LAST, true));
        assert_eq!((replay.next(), replay.next(), replay.next()), (LAST + 1, LAST + 1, LAST + 1));
        replay.mastered();
        assert_eq!(replay.next(), 1);
    }
}
