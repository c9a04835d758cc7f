//! `state and addresses differ`: a daemon says Master and its host lacks an address, or it says otherwise and
//! the host still has one (RFC 3768, 6.4: the Master, and only it, answers for the addresses).

use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::Instant;

use super::spans::{Report, Spans, Words};
use super::view::Network;

#[derive(Clone, Debug)]
pub(super) struct Claims {
    /// By member: what its daemon said last, and when.
    said: Vec<Option<(Announced, Instant)>>,
    differ: Spans<usize>,
    judged: bool,
}

impl Claims {
    pub(super) fn new(net: &Network) -> Claims {
        Claims { said: vec![None; net.plan.members.len()], differ: Spans::new(), judged: false }
    }

    pub(super) fn advance(&mut self, now: Instant, net: &Network) {
        for m in self.differ.ripe(now) {
            if let Some(words) = self.words(net, m) {
                self.differ.violate(m, words);
            }
        }
    }

    /// A daemon announced a state. That it heard a lower priority is not one.
    pub(super) fn claim(&mut self, now: Instant, net: &Network, host: usize, instance: &str, to: Announced) {
        let Some(m) = net.plan.member_named(host, instance) else { return };
        if to != Announced::MasterRxLowerPri {
            self.said[m] = Some((to, now));
            self.judged = true;
            self.update_host(now, net, host);
        }
    }

    /// A dead daemon claims nothing, and a new one nothing yet.
    pub(super) fn forget(&mut self, now: Instant, net: &Network, host: usize) {
        for m in net.plan.members_of(host) {
            self.said[m] = None;
        }
        self.update_host(now, net, host);
    }

    /// The daemon of a host reads its configuration: nothing is claimed for what is not in it.
    pub(super) fn reload(&mut self, now: Instant, net: &Network, host: usize) {
        for m in net.plan.members_of(host).filter(|&m| !net.plan.is_present(m)) {
            self.said[m] = None;
        }
        self.update_host(now, net, host);
    }

    /// The addresses of a host may have changed.
    pub(super) fn update_host(&mut self, now: Instant, net: &Network, host: usize) {
        for m in net.plan.members_of(host) {
            if self.wrong(net, m).is_none() {
                self.differ.off(now, m);
            } else if self.differ.since(m).is_none() {
                self.differ.on(now, m, now + net.plan.allows.mismatch(), ());
            }
        }
    }

    /// A place that contradicts what the daemon says.
    fn wrong(&self, net: &Network, m: usize) -> Option<usize> {
        let (said, _) = self.said[m]?;
        let member = &net.plan.members[m];
        let master = said == Announced::Master;
        let contradicts = |&&(place, link): &&(usize, usize)| {
            net.has(place, member.host, link) != master
                && (master || !self.due_to_another(net, m, place, link))
        };
        member.places.iter().find(contradicts).map(|(place, _)| *place)
    }

    /// Whether the host has the address for another reason: another instance of it, or its own link.
    fn due_to_another(&self, net: &Network, m: usize, place: usize, link: usize) -> bool {
        let host = net.plan.members[m].host;
        let address = net.plan.places[place].address;
        let masters = |&o: &usize| o != m && matches!(self.said[o], Some((Announced::Master, _)));
        net.plan.hosts[host].links[link].addresses.iter().any(|a| a.address == address)
            || net
                .plan
                .members_of(host)
                .filter(masters)
                .any(|o| net.plan.members[o].places.contains(&(place, link)))
    }

    fn words(&self, net: &Network, m: usize) -> Option<Words> {
        let place = self.wrong(net, m)?;
        let (said, at) = self.said[m]?;
        let member = &net.plan.members[m];
        let (name, address) = (net.plan.name(member.host), net.plan.places[place].address);
        let held = net.held(place, member.host);
        let (verb, cause) = if said == Announced::Master {
            let gone = held.and_then(|h| h.given_up);
            let gone = gone.map(|(at, cause)| format!("the address went at {at}{}", net.why(cause)));
            ("lacks", gone.unwrap_or_else(|| "the address was never there".into()))
        } else {
            let taken = held.map(|h| format!("the address came at {}{}", h.taken.0, net.why(h.taken.1)));
            ("still has", taken.unwrap_or_default())
        };
        Some(Words {
            host: Some(name.clone()),
            what: format!("{name} says {} for {} and {verb} {address}", said.word(), member.name),
            cause: format!("it said so at {at}; {cause}"),
        })
    }

    pub(super) fn finish(self) -> Report {
        self.differ.report(self.judged)
    }
}
