//! What the script does to the network, and links that come and go.

use vrrplab_engine::time::Instant;

use super::{Fabric, Seat};
use crate::scenario::{HostIndex, NetworkFault, SegmentIndex};

impl Fabric {
    /// Does the script's act of this number. Returns when it ends by itself, if it does: then [`Fabric::end_impairment`] is due.
    pub fn act(&mut self, number: usize, fault: &NetworkFault, now: Instant) -> Option<Instant> {
        match fault {
            NetworkFault::Partition { segment, group } => self.partition(*segment, |host| group[host]),
            NetworkFault::Heal(segment) => self.partition(*segment, |_| 0),
            NetworkFault::Mute { from, to } => self.mute(*from, *to, true),
            NetworkFault::Unmute { from, to } => self.mute(*from, *to, false),
            NetworkFault::Impair { on, impairment, lasts } => {
                self.impair_by_act(number, *on, impairment);
                return lasts.map(|lasts| now + lasts);
            }
            NetworkFault::Clear(on) => self.clear(*on),
            NetworkFault::Trunk { trunk, up } => self.set_trunk(trunk.0, *up, now),
        }
        None
    }

    /// A host's link comes up: carrier or power is back.
    pub fn plug(&mut self, host: usize, link: usize, now: Instant) {
        let at = self.port(host, link);
        self.switches[at.segment].plug(at.port, now);
    }

    /// A host's link goes down: what its switch learned there is forgotten.
    pub fn unplug(&mut self, host: usize, link: usize) {
        let at = self.port(host, link);
        self.switches[at.segment].unplug(at.port);
    }

    fn partition(&mut self, segment: SegmentIndex, island: impl Fn(usize) -> u8) {
        for (port, seat) in self.seats[segment.0].iter().enumerate() {
            // Other switches belong to the first group.
            let side = if let Seat::Host { host, .. } = seat { island(*host) } else { 0 };
            self.switches[segment.0].set_island(port, side);
        }
    }

    fn mute(&mut self, from: HostIndex, to: HostIndex, muted: bool) {
        for a in &self.ports[from.0] {
            for b in self.ports[to.0].iter().filter(|b| b.segment == a.segment) {
                self.switches[a.segment].mute(a.port, b.port, muted);
            }
        }
    }

    /// The cable between two switches is cut or mended.
    fn set_trunk(&mut self, trunk: usize, up: bool, now: Instant) {
        let cable = &mut self.cables[trunk];
        if cable.up == up {
            return;
        }
        cable.up = up;
        for at in cable.ends {
            if up {
                self.switches[at.segment].plug(at.port, now);
            } else {
                self.switches[at.segment].unplug(at.port);
            }
        }
    }
}
