//! A host's IPv4 neighbour table as Linux keeps it (net/core/neighbour.c, net/ipv4/arp.c), with its default
//! settings. What matters to a failover: a gratuitous ARP changes an entry but makes none; an entry in use is
//! checked 15 to 45 s after its last confirmation, by unicast, and only when that stays unanswered does the
//! host ask all. So a host that missed an announcement keeps sending to the wrong router for that long.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::{Duration, Instant};

use crate::rng::Rng;
use crate::trace::NeighbourState;

/// `delay_first_probe_time`.
const DELAY: Duration = Duration::from_secs(5);
/// `retrans_time`.
const RETRANSMIT: Duration = Duration::from_secs(1);
/// `ucast_solicit` and `mcast_solicit`.
const PROBES: u32 = 3;
/// `locktime`: an entry that has just changed believes no other answer, unless it is gratuitous.
const LOCK: Duration = Duration::from_secs(1);
/// `base_reachable_time`; the time in force is 0.5 to 1.5 of it, drawn for each table.
const BASE_REACHABLE: Duration = Duration::from_secs(30);
/// Packets that wait for an answer (`unres_qlen_bytes` allows about 100 small ones).
const WAITING: usize = 100;

/// The table of one host.
#[derive(Clone, Debug)]
pub struct Neighbours {
    entries: BTreeMap<Ipv4Addr, Entry>,
    reachable: Duration,
}

#[derive(Clone, Debug)]
struct Entry {
    mac: Option<Mac>,
    state: NeighbourState,
    /// When the state ends by itself.
    until: Option<Instant>,
    probes: u32,
    changed: Instant,
    waiting: Vec<Vec<u8>>,
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// Send a request to this station, or to all.
    Ask(Ipv4Addr, Mac),
    /// The neighbour does not answer.
    GiveUp(Ipv4Addr),
    /// A state ended, nothing to send.
    Quiet(Ipv4Addr),
}

/// An entry as it is seen.
pub type Seen = (Option<Mac>, NeighbourState);

impl Neighbours {
    /// An empty table.
    pub fn new(rng: &mut Rng) -> Neighbours {
        let base = BASE_REACHABLE.as_micros();
        let reachable = Duration::from_micros(base / 2 + rng.below(base));
        Neighbours { entries: BTreeMap::new(), reachable }
    }

    /// The entry for an address.
    pub fn get(&self, address: Ipv4Addr) -> Option<Seen> {
        self.entries.get(&address).map(|e| (e.mac, e.state))
    }

    /// A packet (from its IP header on) is to go to `address`: use the entry, or let the packet wait in it.
    pub fn send(&mut self, address: Ipv4Addr, packet: &[u8], now: Instant) -> Way {
        let entry = self.entries.entry(address).or_insert_with(|| Entry {
            mac: None,
            state: NeighbourState::Failed,
            until: None,
            probes: 0,
            changed: now,
            waiting: Vec::new(),
        });
        match (entry.state, entry.mac) {
            (NeighbourState::Stale, Some(mac)) => {
                entry.state = NeighbourState::Delay;
                entry.until = Some(now + DELAY);
                Way::To(mac)
            }
            (NeighbourState::Reachable | NeighbourState::Delay | NeighbourState::Probe, Some(mac)) => {
                Way::To(mac)
            }
            (state, _) => {
                let ask = state != NeighbourState::Incomplete;
                if ask {
                    entry.state = NeighbourState::Incomplete;
                    entry.mac = None;
                    entry.probes = 1;
                    entry.until = Some(now + RETRANSMIT);
                }
                if entry.waiting.len() == WAITING {
                    entry.waiting.remove(0);
                }
                entry.waiting.push(packet.to_vec());
                Way::Wait { ask }
            }
        }
    }

    /// Somebody asked us for one of our addresses and told its own: an entry is made.
    pub fn asked_by(&mut self, address: Ipv4Addr, mac: Mac, now: Instant) {
        let entry = self.entries.entry(address).or_insert_with(|| Entry {
            mac: None,
            state: NeighbourState::Incomplete,
            until: None,
            probes: 0,
            changed: now,
            waiting: Vec::new(),
        });
        update(entry, mac, NeighbourState::Stale, true, now, self.reachable);
    }

    /// Any other ARP of `address`: an existing entry may change. `answer` is a reply sent to us alone.
    pub fn heard(&mut self, address: Ipv4Addr, mac: Mac, answer: bool, gratuitous: bool, now: Instant) {
        let Some(entry) = self.entries.get_mut(&address) else { return };
        let state = if answer { NeighbourState::Reachable } else { NeighbourState::Stale };
        let override_ = gratuitous || now.saturating_since(entry.changed) > LOCK;
        update(entry, mac, state, override_, now, self.reachable);
    }

    /// The packets that waited for this address and where they go, if it is known now.
    pub fn release(&mut self, address: Ipv4Addr) -> Option<(Mac, Vec<Vec<u8>>)> {
        let entry = self.entries.get_mut(&address)?;
        let mac = entry.mac?;
        (!entry.waiting.is_empty()).then(|| (mac, std::mem::take(&mut entry.waiting)))
    }

    /// When the table's next timer fires.
    pub fn deadline(&self) -> Option<Instant> {
        self.entries.values().filter_map(|e| e.until).min()
    }

    /// Fires one timer that is due.
    pub fn fire(&mut self, now: Instant) -> Option<Due> {
        let (&address, entry) =
            self.entries.iter_mut().find(|(_, e)| e.until.is_some_and(|until| until <= now))?;
        let due = match (entry.state, entry.mac) {
            (NeighbourState::Reachable, _) => {
                entry.state = NeighbourState::Stale;
                entry.until = None;
                Due::Quiet(address)
            }
            (NeighbourState::Delay, Some(mac)) => {
                entry.state = NeighbourState::Probe;
                entry.probes = 1;
                entry.until = Some(now + RETRANSMIT);
                Due::Ask(address, mac)
            }
            (NeighbourState::Probe, Some(mac)) if entry.probes < PROBES => {
                entry.probes += 1;
                entry.until = Some(now + RETRANSMIT);
                Due::Ask(address, mac)
            }
            (NeighbourState::Incomplete, _) if entry.probes < PROBES => {
                entry.probes += 1;
                entry.until = Some(now + RETRANSMIT);
                Due::Ask(address, Mac::BROADCAST)
            }
            _ => {
                entry.state = NeighbourState::Failed;
                entry.mac = None;
                entry.until = None;
                entry.waiting.clear();
                Due::GiveUp(address)
            }
        };
        Some(due)
    }

    /// Carrier was lost: every entry goes.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// neigh_update: a valid entry changes its address only if the news overrides, and does not become stale by
/// hearing again what it knows.
fn update(
    entry: &mut Entry,
    mac: Mac,
    state: NeighbourState,
    override_: bool,
    now: Instant,
    reachable: Duration,
) {
    let valid = entry.mac.is_some();
    let same = entry.mac == Some(mac);
    if valid && ((same && state == NeighbourState::Stale) || (!same && !override_)) {
        return;
    }
    if !same {
        entry.changed = now;
    }
    entry.mac = Some(mac);
    entry.state = state;
    entry.probes = 0;
    entry.until = (state == NeighbourState::Reachable).then(|| now + reachable);
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIP: Ipv4Addr = Ipv4Addr::new(192, 168, 10, 240);
    const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const B: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn at(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    fn resolved(by: Mac) -> Neighbours {
        let mut table = Neighbours::new(&mut Rng::new(1, 1));
        assert_eq!(table.send(VIP, b"ping", at(0)), Way::Wait { ask: true });
        table.heard(VIP, by, true, false, at(0));
        assert_eq!(table.release(VIP), Some((by, vec![b"ping".to_vec()])));
        table
    }

    #[test]
    fn a_gratuitous_arp_moves_an_entry_at_once_but_makes_none() {
        let mut table = resolved(A);
        table.heard(VIP, B, false, true, at(1));
        assert_eq!(table.get(VIP), Some((Some(B), NeighbourState::Stale)));
        let other = Ipv4Addr::new(192, 168, 10, 241);
        table.heard(other, B, false, true, at(1));
        assert_eq!(table.get(other), None);
    }

    #[test]
    fn an_answer_within_the_lock_time_does_not_move_it() {
        let mut table = resolved(A);
        table.heard(VIP, B, true, false, at(900));
        assert_eq!(table.get(VIP), Some((Some(A), NeighbourState::Reachable)));
        table.heard(VIP, B, true, false, at(1100));
        assert_eq!(table.get(VIP), Some((Some(B), NeighbourState::Reachable)));
    }

    #[test]
    fn a_silent_neighbour_is_given_up_after_delay_and_three_probes() {
        let mut table = resolved(A);
        let stale = table.deadline().unwrap();
        assert!((15..45).contains(&(stale.as_micros() / 1_000_000)), "{stale}");
        assert_eq!(table.fire(stale), Some(Due::Quiet(VIP)));
        assert_eq!(table.deadline(), None);
        assert_eq!(table.send(VIP, b"ping", stale), Way::To(A));
        let mut now = stale + DELAY;
        for _ in 0..3 {
            assert_eq!(table.fire(now), Some(Due::Ask(VIP, A)));
            assert_eq!(table.fire(now), None);
            now += RETRANSMIT;
        }
        assert_eq!(table.fire(now), Some(Due::GiveUp(VIP)));
        assert_eq!(table.send(VIP, b"ping", now), Way::Wait { ask: true });
    }
}
