//! Acts that wait for something to be seen or claimed. Whoever runs a script says what happens; the answer is which
//! acts that sets going.

use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::Duration;

use crate::scenario::{Anchor, Scenario, When};

/// What acts can wait for, as it happens. Hosts are indices into [`Scenario::hosts`].
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// An advert leaves a port of this host.
    Advert(usize),
    /// An instance of this host announces a state.
    State(usize, &'a str, Announced),
    /// An address was added (or removed) on this host.
    Address(usize, IpAddr, bool),
}

/// The acts that wait.
#[derive(Clone, Default, Debug)]
pub struct Anchors {
    watches: Vec<Watch>,
    /// On which host each address was last.
    holders: BTreeMap<IpAddr, usize>,
}

#[derive(Clone, Debug)]
struct Watch {
    anchor: Anchor,
    /// How many are still to come.
    left: u32,
    plus: Duration,
    act: usize,
}

impl Anchors {
    /// The acts of this scenario that wait, and the addresses where hosts have them at the beginning.
    pub fn new(scenario: &Scenario) -> Anchors {
        let mut anchors = Anchors::default();
        for (act, spec) in scenario.script.iter().enumerate() {
            if let When::After { anchor, nth, plus } = &spec.when {
                let watch = Watch { anchor: anchor.clone(), left: *nth, plus: *plus, act };
                anchors.watches.push(watch);
            }
        }
        for (h, host) in scenario.hosts.iter().enumerate() {
            for cidr in host.links.iter().flat_map(|l| &l.addresses) {
                anchors.holders.insert(cidr.address, h);
            }
        }
        anchors
    }

    /// Whether no act waits any more.
    pub fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// The acts that waited for this, as indices into [`Scenario::script`], and how long after it they take place.
    pub fn meet(&mut self, sight: Sight<'_>) -> Vec<(Duration, usize)> {
        let moved = match sight {
            Sight::Address(h, address, true) => self.holders.insert(address, h).is_some_and(|old| old != h),
            _ => false,
        };
        let mut due = Vec::new();
        self.watches.retain_mut(|watch| {
            if watch.anchor.is_met_by(sight, moved) {
                watch.left -= 1;
                if watch.left == 0 {
                    due.push((watch.plus, watch.act));
                }
            }
            watch.left > 0
        });
        due
    }
}

impl Anchor {
    fn is_met_by(&self, sight: Sight<'_>, moved: bool) -> bool {
        match (self, sight) {
            (Anchor::Advert(node), Sight::Advert(h)) => node.0 == h,
            (Anchor::State { node, instance, is }, Sight::State(h, name, state)) => {
                node.0 == h && **instance == *name && *is == state
            }
            (Anchor::Address { address, on, added }, Sight::Address(h, seen, was_added)) => {
                *address == seen && on.is_none_or(|on| on.0 == h) && *added == was_added
            }
            (Anchor::Takeover(address), Sight::Address(_, seen, _)) => moved && *address == seen,
            _ => false,
        }
    }
}
