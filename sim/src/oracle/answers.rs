//! `unanswered`: a client's ping stays without answer although a node of its component holds the address; and
//! the figure users feel, the longest outage of each client. For a client behind a virtual router the address is
//! that router, and the answer comes from beyond it. RFC 3768, 6.4.3: the Master must answer ARP
//! requests for the address and forward what is sent to it; keepalived's hosts answer ping as well.

use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::time::{Duration, Instant};

use super::Measure;
use super::neighbour::Neighbours;
use super::spans::{Report, Spans, Words};
use super::view::Network;
use crate::scenario::Ping;

#[derive(Clone, Debug)]
pub(super) struct Answers {
    clients: BTreeMap<usize, Client>,
    silent: Spans<(usize, usize)>,
    judged: bool,
}

/// What a client that pings a virtual address has seen.
#[derive(Clone, Debug)]
pub(super) struct Client {
    ping: Ping,
    places: Vec<usize>,
    answered: bool,
    /// Whether there ever was an answer: outages count from there.
    pub(super) ever: bool,
    /// The outage that lasts, with what came before it.
    outage: Option<(Instant, String)>,
    pub(super) longest: Option<Outage>,
}

/// A span without answers.
#[derive(Clone, Debug)]
pub(super) struct Outage {
    pub(super) from: Instant,
    pub(super) length: Duration,
    /// Whether it ended within the run.
    pub(super) over: bool,
    /// What came before it, in words.
    pub(super) before: String,
}

impl Answers {
    pub(super) fn new(net: &Network) -> Answers {
        let client = |h: usize| {
            let ping = net.plan.hosts[h].ping?;
            let places = net.plan.hosts[h].next_hop.into_iter().flat_map(|next| net.plan.places_of(next));
            let places =
                places.filter(|&p| net.plan.links_on(h, net.plan.places[p].segment).next().is_some());
            let places = places.collect();
            Some((h, Client { ping, places, answered: false, ever: false, outage: None, longest: None }))
        };
        let clients = net.plan.clients().filter_map(client).collect();
        Answers { clients, silent: Spans::new(), judged: false }
    }

    pub(super) fn advance(&mut self, now: Instant, net: &Network, neighbours: &Neighbours) {
        for key in self.silent.ripe(now) {
            self.silent.violate(key, words(net, neighbours, key));
        }
    }

    /// A client's ping begins to be answered, or ceases to be.
    pub(super) fn answer(&mut self, now: Instant, net: &Network, host: usize, to: IpAddr, answered: bool) {
        let Some(client) = self.clients.get_mut(&host).filter(|c| c.ping.to == to) else { return };
        client.answered = answered;
        if answered {
            client.ever = true;
            client.end_outage(now, true);
        } else if client.ever && client.outage.is_none() {
            client.outage = Some((now, net.last_act()));
        }
        for place in client.places.clone() {
            self.update_client(now, net, (host, place));
        }
    }

    /// Who holds this place, or who hears whom, may have changed.
    pub(super) fn update(&mut self, now: Instant, net: &Network, place: usize) {
        let keys = self.clients.iter().filter(|(_, c)| c.places.contains(&place)).map(|(h, _)| (*h, place));
        for key in keys.collect::<Vec<_>>() {
            self.update_client(now, net, key);
        }
    }

    fn update_client(&mut self, now: Instant, net: &Network, key: (usize, usize)) {
        let client = &self.clients[&key.0];
        let side = net.component_on(key.0, net.plan.places[key.1].segment);
        let held = side.is_some_and(|side| !net.holders(key.1, side).is_empty());
        self.judged |= held;
        if held && !client.answered {
            let since = self.silent.since(key).unwrap_or(now);
            self.silent.on(now, key, since + net.plan.allows.answer() + client.ping.every, ());
        } else {
            self.silent.off(now, key);
        }
    }

    /// The report of the oracle, what each client felt, and the figures.
    pub(super) fn finish(
        mut self,
        end: Instant,
        net: &Network,
    ) -> (Report, BTreeMap<usize, Client>, Vec<Measure>) {
        let mut measures = Vec::new();
        for (host, client) in &mut self.clients {
            client.end_outage(end, false);
            if client.ever {
                let outage = client.longest.as_ref();
                measures.push(Measure {
                    name: format!("longest outage of {}", net.plan.name(*host)),
                    value: outage.map_or(Duration::ZERO, |o| o.length),
                    at: outage.map(|o| o.from),
                });
            }
        }
        (self.silent.report(self.judged), self.clients, measures)
    }
}

impl Client {
    fn end_outage(&mut self, now: Instant, over: bool) {
        let Some((from, before)) = self.outage.take() else { return };
        let length = now.saturating_since(from);
        if self.longest.as_ref().is_none_or(|l| length > l.length) {
            self.longest = Some(Outage { from, length, over, before });
        }
    }
}

fn words(net: &Network, neighbours: &Neighbours, key: (usize, usize)) -> Words {
    let (client, place) = (key.0, &net.plan.places[key.1]);
    let holders =
        net.component_on(client, place.segment).map(|side| net.holders(key.1, side)).unwrap_or_default();
    let verb = if holders.len() == 1 { "holds" } else { "hold" };
    let name = net.plan.name(client);
    let list = net.plan.list(&holders);
    let what = match net.plan.hosts[client].ping {
        Some(ping) if ping.to != place.address => {
            format!("{name} gets no answer from {} through {}, {list} {verb} it", ping.to, place.address)
        }
        _ => format!("{name} gets no answer from {}, {list} {verb} it", place.address),
    };
    let mutes = holders.iter().flat_map(|&h| [net.muted(client, h), net.muted(h, client)]).flatten();
    let mut reasons: Vec<String> = mutes.collect();
    reasons.extend(neighbours.misled(net, key));
    if reasons.is_empty() {
        reasons.push(net.last_act());
    }
    Words { host: Some(name.clone()), what, cause: reasons.join("; ") }
}
