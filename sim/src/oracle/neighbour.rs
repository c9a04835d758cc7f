//! `stale neighbour`: a client's neighbour entry for a virtual address points at a host that does not hold it
//! while another one does (RFC 3768, 6.4.2: a new Master broadcasts a gratuitous ARP so that this never lasts; RFC 9568,
//! 6.4.2, over IPv6 an unsolicited neighbour advertisement).

use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::{Duration, Instant};

use super::spans::{Report, Spans, Words};
use super::view::Network;
use crate::trace::NeighbourState;

#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    /// By client and place.
    entries: BTreeMap<(usize, usize), Mac>,
    /// By client, place and sender: the last announcement that could reach the client.
    announcements: BTreeMap<(usize, usize, usize), (Instant, u32)>,
    stale: Spans<(usize, usize)>,
    judged: bool,
}

impl Neighbours {
    pub(super) fn new() -> Neighbours {
        Neighbours {
            entries: BTreeMap::new(),
            announcements: BTreeMap::new(),
            stale: Spans::new(),
            judged: false,
        }
    }

    pub(super) fn advance(&mut self, now: Instant, net: &Network) {
        for key in self.stale.ripe(now) {
            if let Some(words) = self.words(net, key) {
                self.stale.violate(key, words);
            }
        }
    }

    /// A client's neighbour table changed. Entries that point nowhere mislead nobody.
    pub(super) fn entry(
        &mut self,
        now: Instant,
        net: &Network,
        client: usize,
        address: IpAddr,
        mac: Option<Mac>,
        state: NeighbourState,
    ) {
        if !net.plan.hosts[client].is_client {
            return;
        }
        let used = mac.filter(|_| !matches!(state, NeighbourState::Incomplete | NeighbourState::Failed));
        let places: Vec<usize> = net.plan.places_of(address).collect();
        for place in places {
            if net.plan.links_on(client, net.plan.places[place].segment).next().is_none() {
                continue;
            }
            match used {
                Some(mac) => self.entries.insert((client, place), mac),
                None => self.entries.remove(&(client, place)),
            };
            self.judged |= used.is_some();
            self.update_entry(now, net, (client, place));
        }
    }

    /// Where a client sends frames for a place, if it knows.
    pub(super) fn entry_of(&self, key: (usize, usize)) -> Option<Mac> {
        self.entries.get(&key).copied()
    }

    /// A gratuitous ARP, or an unsolicited neighbour advertisement, left a link.
    pub(super) fn announced(
        &mut self,
        now: Instant,
        net: &Network,
        from: (usize, usize),
        frame: u32,
        address: IpAddr,
    ) {
        let segment = net.plan.hosts[from.0].links[from.1].segment.0;
        let Some(place) = net.plan.place(address, segment) else { return };
        for client in net.plan.clients() {
            if net.plan.links_on(client, segment).any(|l| net.reaches(from, (client, l))) {
                self.announcements.insert((client, place, from.0), (now, frame));
            }
        }
    }

    /// Who holds this place, or who hears whom, may have changed.
    pub(super) fn update(&mut self, now: Instant, net: &Network, place: usize) {
        let keys: Vec<_> = self.entries.keys().filter(|k| k.1 == place).copied().collect();
        for key in keys {
            self.update_entry(now, net, key);
        }
    }

    fn update_entry(&mut self, now: Instant, net: &Network, key: (usize, usize)) {
        if self.right_holders(net, key).is_some() {
            let since = self.stale.since(key).unwrap_or(now);
            self.stale.on(now, key, since + net.plan.allows.stale(), ());
        } else if let Some(closed) = self.stale.off(now, key)
            && now.saturating_since(closed.since) > tolerance(net, key)
        {
            self.stale.moment(closed.since, Some(now), || moment_words(net, key));
        }
    }

    /// The hosts that hold the address in the client's component, if the client's entry misses them all. The Ethernet address of
    /// a virtual router is its holder's, whoever that is.
    fn right_holders(&self, net: &Network, (client, place): (usize, usize)) -> Option<Vec<usize>> {
        let mac = self.entries.get(&(client, place))?;
        let side = net.component_on(client, net.plan.places[place].segment)?;
        let holders = net.holders(place, side);
        let right = mac.is_virtual_router() || net.plan.owner_of(*mac).is_some_and(|h| holders.contains(&h));
        (!right && !holders.is_empty()).then_some(holders)
    }

    /// Where the entry points, for those that wonder why a ping is not answered:
    /// `it sends to 02:00:00:00:00:02 (b), which does not hold it`.
    pub(super) fn misled(&self, net: &Network, key: (usize, usize)) -> Option<String> {
        self.right_holders(net, key)?;
        let mac = self.entries.get(&key)?;
        Some(format!("it sends to {mac} ({}), which does not hold it", owner(net, *mac)))
    }

    fn words(&self, net: &Network, key: (usize, usize)) -> Option<Words> {
        let (client, place) = key;
        let holders = self.right_holders(net, key)?;
        let mac = *self.entries.get(&key)?;
        let address = net.plan.places[place].address;
        let name = net.plan.name(client);
        let verb = if holders.len() == 1 { "holds" } else { "hold" };
        let what = format!(
            "{name} sends {address} to {mac} ({}), {} {verb} it",
            owner(net, mac),
            net.plan.list(&holders)
        );
        let mut cause: Vec<String> = holders.iter().map(|&h| self.silence(net, key, h)).collect();
        cause.extend(net.plan.owner_of(mac).and_then(|wrong| left(net, place, wrong)));
        Some(Words { host: Some(name.clone()), what, cause: cause.join("; ") })
    }

    /// `a has held it since 3.609528, its last gratuitous ARP for it that reached probe was at 8.609555 (#18)`.
    fn silence(&self, net: &Network, (client, place): (usize, usize), holder: usize) -> String {
        let name = net.plan.name(holder);
        let since = net.held(place, holder).map_or(Instant::ZERO, |h| h.taken.0);
        let kind = match net.plan.places[place].address {
            IpAddr::V4(_) => "gratuitous ARP",
            IpAddr::V6(_) => "neighbour advertisement",
        };
        match self.announcements.get(&(client, place, holder)) {
            Some((at, frame)) => format!(
                "{name} has held it since {since}, its last {kind} for it that reached {} was at {at} \
                 (#{frame})",
                net.plan.name(client)
            ),
            None => format!(
                "{name} has held it since {since} and has sent no {kind} for it that could reach {}",
                net.plan.name(client)
            ),
        }
    }

    pub(super) fn finish(mut self, end: Instant, net: &Network) -> Report {
        for key in self.stale.keys() {
            let since = self.stale.since(key).unwrap_or(end);
            if end.saturating_since(since) > tolerance(net, key) {
                self.stale.moment(since, None, || moment_words(net, key));
            }
        }
        self.stale.report(self.judged)
    }
}

/// An announcement needs its time on the wire.
fn tolerance(net: &Network, key: (usize, usize)) -> Duration {
    net.plan.latency[net.plan.places[key.1].segment] + net.plan.allows.hand_over()
}

fn owner(net: &Network, mac: Mac) -> String {
    net.plan.owner_of(mac).map_or_else(|| "no host of this scenario".into(), |h| net.plan.name(h).to_string())
}

/// How the host that the entry points at came to lose the address.
fn left(net: &Network, place: usize, host: usize) -> Option<String> {
    let (at, cause) = net.held(place, host)?.given_up?;
    Some(format!("{} gave it up at {at}{}", net.plan.name(host), net.why(cause)))
}

fn moment_words(net: &Network, (client, place): (usize, usize)) -> Words {
    let (name, address) = (net.plan.name(client), net.plan.places[place].address);
    let cause = net.last_given_up(place).unwrap_or_else(|| net.last_act());
    Words {
        host: Some(name.clone()),
        what: format!("{name} sent {address} to a host that did not hold it"),
        cause,
    }
}
