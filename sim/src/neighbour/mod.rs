//! A host's neighbour tables as Linux keeps them (net/core/neighbour.c, net/ipv4/arp.c, net/ipv6/ndisc.c); IPv4
//! and IPv6 share the machine. What matters to a failover: a gratuitous ARP or an unsolicited neighbour
//! advertisement changes an entry but makes none; an entry in use is checked 15 to 45 s after its last
//! confirmation, by unicast, and only when that stays unanswered does the host ask all. So a host that missed
//! an announcement keeps sending to the wrong router for that long.
//!
//! Absent on purpose: duplicate address detection (keepalived adds its addresses with `nodad`), proxies, the
//! redrawing of the reachable time every 300 s.

mod manners;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::{Duration, Instant};

use crate::rng::Rng;
use crate::trace::NeighbourState;
pub use manners::{Ageing, Manners, Timing};

/// Packets that wait for an answer (`unres_qlen_bytes` allows about 100 small ones).
const WAITING: usize = 100;

/// An entry is for an address on a link of the host.
pub type Key = (usize, IpAddr);

/// The tables of one host.
#[derive(Clone, Debug)]
pub struct Neighbours {
    entries: BTreeMap<Key, Entry>,
    /// By link: IPv4, IPv6.
    links: Vec<[Kept; 2]>,
    /// `gc_thresh1`: with fewer entries than this nothing is ever forgotten for being old.
    gc_threshold: usize,
}

/// How a link keeps the entries of one family.
#[derive(Clone, Copy, Debug)]
struct Kept {
    manners: Manners,
    /// `reachable_time`, drawn once.
    reachable: Duration,
}

#[derive(Clone, Debug)]
struct Entry {
    mac: Option<Mac>,
    state: NeighbourState,
    /// When the state ends by itself.
    until: Option<Instant>,
    probes: u32,
    /// When state or address changed last.
    changed: Instant,
    /// When a packet last went there.
    used: Instant,
    waiting: Vec<Vec<u8>>,
}

impl Entry {
    fn new(state: NeighbourState, now: Instant) -> Entry {
        Entry { mac: None, state, until: None, probes: 0, changed: now, used: now, waiting: Vec::new() }
    }
}

/// What a packet to a neighbour has to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Go there.
    To(Mac),
    /// Wait. `ask` says that a request to all must be sent now.
    Wait {
        /// Whether to ask.
        ask: bool,
    },
}

/// What a timer of the table asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Due {
    /// Send a request to this station, or to all.
    Ask(Option<Mac>),
    /// The neighbour does not answer; these packets waited for it.
    GiveUp(Vec<Vec<u8>>),
    /// A state ended, nothing to send.
    Quiet,
}

/// What was heard of a neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct News {
    /// Its address; a neighbour advertisement that answers a unicast solicitation need not say it.
    pub mac: Option<Mac>,
    /// Whether it answers us, which confirms that it hears us.
    pub answer: bool,
    /// Whether it announces itself although nobody asked.
    pub unsolicited: bool,
    /// Whether another address than the known one is believed.
    pub overrides: Override,
}

/// Whether news replace an address that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Override {
    /// Always: a gratuitous ARP, a request, an advertisement with the override flag.
    Always,
    /// If the entry has not changed for `locktime`: ARP.
    AfterLock,
    /// Never, but the entry is no longer confirmed: an advertisement without the flag (RFC 4861, 7.2.5 I).
    Never,
}

/// An entry as it is seen.
pub type Seen = (Option<Mac>, NeighbourState);

impl Neighbours {
    /// Empty tables for a host with these links.
    pub fn new(
        manners: impl IntoIterator<Item = [Manners; 2]>,
        gc_threshold: usize,
        rng: &mut Rng,
    ) -> Neighbours {
        let mut kept = |manners: Manners| {
            let reachable = match manners {
                Manners::Linux(timing) => {
                    let base = timing.base_reachable.as_micros();
                    Duration::from_micros(base / 2 + rng.below(base.max(1)))
                }
                Manners::Ageing(ageing) => ageing.timeout,
            };
            Kept { manners, reachable }
        };
        let links = manners.into_iter().map(|both| both.map(&mut kept)).collect();
        Neighbours { entries: BTreeMap::new(), links, gc_threshold }
    }

    fn kept(&self, (link, address): Key) -> Kept {
        self.links[link][usize::from(address.is_ipv6())]
    }

    /// The entry for an address.
    pub fn get(&self, key: Key) -> Option<Seen> {
        self.entries.get(&key).map(|e| (e.mac, e.state))
    }

    /// A packet (from its IP header on) is to go to a neighbour: use the entry, or let the packet wait in it.
    pub fn send(&mut self, key: Key, packet: &[u8], now: Instant) -> Way {
        let kept = self.kept(key);
        if !self.entries.contains_key(&key) {
            self.forget_old(now);
        }
        let entry = self.entries.entry(key).or_insert_with(|| Entry::new(NeighbourState::Failed, now));
        entry.used = now;
        match (entry.state, entry.mac, kept.manners) {
            (NeighbourState::Stale, Some(mac), Manners::Linux(timing)) => {
                entry.enter(NeighbourState::Delay, Some(now + timing.delay), now);
                Way::To(mac)
            }
            (NeighbourState::Incomplete | NeighbourState::Failed, ..) | (_, None, _) => {
                let ask = entry.state != NeighbourState::Incomplete;
                if ask {
                    entry.mac = None;
                    entry.probes = 1;
                    entry.enter(NeighbourState::Incomplete, Some(now + kept.timing().retransmit), now);
                }
                if entry.waiting.len() == WAITING {
                    entry.waiting.remove(0);
                }
                entry.waiting.push(packet.to_vec());
                Way::Wait { ask }
            }
            (_, Some(mac), _) => Way::To(mac),
        }
    }

    /// Somebody asked us for one of our addresses and told its own: an entry is made.
    pub fn asked_by(&mut self, key: Key, mac: Mac, now: Instant) {
        self.learn(key, now);
        let news = News { mac: Some(mac), answer: false, unsolicited: false, overrides: Override::Always };
        self.heard(key, news, now);
    }

    /// Makes an entry if there is none, for news that may do so (`arp_accept`).
    pub fn learn(&mut self, key: Key, now: Instant) {
        if !self.entries.contains_key(&key) {
            self.forget_old(now);
            self.entries.insert(key, Entry::new(NeighbourState::Incomplete, now));
        }
    }

    /// News of a neighbour: an existing entry may change.
    pub fn heard(&mut self, key: Key, news: News, now: Instant) {
        let kept = self.kept(key);
        let Some(entry) = self.entries.get_mut(&key) else { return };
        match kept.manners {
            Manners::Linux(timing) => entry.update(news, timing, now, kept.reachable),
            Manners::Ageing(ageing) => {
                let Some(mac) = news.mac else { return };
                if entry.mac.is_none() || !news.unsolicited || ageing.gratuitous {
                    entry.mac = Some(mac);
                    entry.enter(NeighbourState::Reachable, Some(now + ageing.timeout), now);
                }
            }
        }
    }

    /// The packets that waited for this neighbour and where they go, if it is known now.
    pub fn release(&mut self, key: Key) -> Option<(Mac, Vec<Vec<u8>>)> {
        let entry = self.entries.get_mut(&key)?;
        let mac = entry.mac?;
        (!entry.waiting.is_empty()).then(|| (mac, std::mem::take(&mut entry.waiting)))
    }

    /// The packet that waited last: what a request is sent for.
    pub fn last_waiting(&self, key: Key) -> Option<&[u8]> {
        self.entries.get(&key)?.waiting.last().map(Vec::as_slice)
    }

    /// When the next timer fires.
    pub fn deadline(&self) -> Option<Instant> {
        self.entries.values().filter_map(|e| e.until).min()
    }

    /// The first entry whose timer is due.
    pub fn due(&self, now: Instant) -> Option<Key> {
        let due = |e: &Entry| e.until.is_some_and(|until| until <= now);
        self.entries.iter().find(|(_, e)| due(e)).map(|(key, _)| *key)
    }

    /// Fires the timer of this entry, which is due.
    pub fn fire(&mut self, key: Key, now: Instant) -> Due {
        let kept = self.kept(key);
        let timing = kept.timing();
        let Some(entry) = self.entries.get_mut(&key) else { return Due::Quiet };
        let again = Some(now + timing.retransmit);
        match (entry.state, entry.mac, kept.manners) {
            (_, Some(_), Manners::Ageing(_)) => {
                entry.fail(now);
                Due::Quiet
            }
            (NeighbourState::Reachable, ..) => {
                entry.enter(NeighbourState::Stale, None, now);
                Due::Quiet
            }
            (NeighbourState::Delay, Some(mac), _) => {
                entry.probes = 1;
                entry.enter(NeighbourState::Probe, again, now);
                Due::Ask(Some(mac))
            }
            (NeighbourState::Probe, Some(mac), _) if entry.probes < timing.unicast => {
                entry.probes += 1;
                entry.until = again;
                Due::Ask(Some(mac))
            }
            (NeighbourState::Incomplete, ..) if entry.probes < timing.multicast => {
                entry.probes += 1;
                entry.until = again;
                Due::Ask(None)
            }
            _ => Due::GiveUp(entry.fail(now)),
        }
    }

    /// `neigh_periodic_work`, done when an entry is to be made: a table that has grown to `gc_thresh1` forgets
    /// what failed or was unused for `gc_stale_time`, unless a check is under way. The kernel does it every
    /// half `base_reachable_time`; nobody sees the difference before the next entry is made.
    fn forget_old(&mut self, now: Instant) {
        if self.entries.len() < self.gc_threshold {
            return;
        }
        let links = &self.links;
        self.entries.retain(|&(link, address), e| {
            let Manners::Linux(timing) = links[link][usize::from(address.is_ipv6())].manners else {
                return true;
            };
            let checked =
                matches!(e.state, NeighbourState::Incomplete | NeighbourState::Delay | NeighbourState::Probe);
            let unused = now.saturating_since(e.used) > timing.gc_stale;
            checked || !(e.state == NeighbourState::Failed || unused)
        });
    }

    /// Power or carrier is lost: the entries of this link go.
    pub fn clear(&mut self, link: usize) {
        self.entries.retain(|key, _| key.0 != link);
    }
}

impl Kept {
    fn timing(self) -> Timing {
        match self.manners {
            Manners::Linux(timing) => timing,
            Manners::Ageing(_) => Timing::DEFAULT,
        }
    }
}

impl Entry {
    fn enter(&mut self, state: NeighbourState, until: Option<Instant>, now: Instant) {
        if self.state != state {
            self.changed = now;
        }
        self.state = state;
        self.until = until;
    }

    /// Gives the packets that waited.
    fn fail(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.mac = None;
        self.enter(NeighbourState::Failed, None, now);
        std::mem::take(&mut self.waiting)
    }

    /// `neigh_update`: a valid entry changes its address only if the news override, and does not become stale
    /// by hearing again what it knows.
    fn update(&mut self, news: News, timing: Timing, now: Instant, reachable: Duration) {
        let Some(mac) = news.mac.or(self.mac) else { return };
        let (valid, same) = (self.mac.is_some(), self.mac == Some(mac));
        let overrides = match news.overrides {
            Override::Always => true,
            Override::AfterLock => now.saturating_since(self.changed) > timing.lock,
            Override::Never => false,
        };
        if valid && same && !news.answer {
            return;
        }
        if valid && !same && !overrides {
            let confirmed = matches!(self.state, NeighbourState::Reachable);
            if news.overrides == Override::Never && confirmed {
                self.enter(NeighbourState::Stale, None, now);
            }
            return;
        }
        if !same {
            self.changed = now;
        }
        self.mac = Some(mac);
        self.probes = 0;
        match news.answer {
            true => self.enter(NeighbourState::Reachable, Some(now + reachable), now),
            false => self.enter(NeighbourState::Stale, None, now),
        }
    }
}
