//! The judge: an observer that hands each event to the oracles and expectations, and collects what they found.
//! Order matters: first time passes (what outlasted its allowance is a violation of the network as it was), then
//! the event changes the network, then everything that depends on the change looks again.

use std::collections::BTreeMap;

use vrrplab_engine::time::{Duration, Instant};

use super::answers::Answers;
use super::claims::Claims;
use super::election::Election;
use super::expect::{Expectations, Findings};
use super::holders::Holders;
use super::neighbour::Neighbours;
use super::spans::Report;
use super::view::{Network, Touched};
use super::{Judgement, Outcome, Verdict, name_of};
use crate::frame::Summary;
use crate::observer::Observer;
use crate::scenario::{Act, Oracle, Rule, Scenario};
use crate::trace::{Event, Loss, Touch, What};

/// Judges a run while it happens. What is seen decides; a daemon's claims serve `state and addresses differ`, the
/// `sequence` expectation and explanations, and excuse an instance that says FAULT where it can have a reason. Memory is bounded by the scenario and the number of violations.
#[derive(Clone, Debug)]
pub struct Judge {
    script: Vec<Act>,
    net: Network,
    holders: Holders,
    neighbours: Neighbours,
    answers: Answers,
    election: Election,
    claims: Claims,
    expectations: Expectations,
}

impl Judge {
    /// A judge for one run of this scenario on a virtual clock.
    pub fn new(scenario: &Scenario) -> Judge {
        Judge::with_slack(scenario, Duration::ZERO)
    }

    /// A judge for a run on a real clock, on which anything may be late by `slack`: every allowance of the oracles and
    /// every instant and span of the expectations is wider by it. Events may have no cause, and those of one moment may
    /// come in any order.
    pub fn with_slack(scenario: &Scenario, slack: Duration) -> Judge {
        let net = Network::new(scenario, slack);
        let mut judge = Judge {
            script: scenario.script.clone(),
            holders: Holders::new(),
            neighbours: Neighbours::new(),
            answers: Answers::new(&net),
            election: Election::new(&net),
            claims: Claims::new(&net),
            expectations: Expectations::new(scenario, slack),
            net,
        };
        judge.look_again(Instant::ZERO);
        judge
    }

    /// The run is over at `end`: what lasts is judged as it stands, and violations that last have no end.
    pub fn finish(mut self, end: Instant) -> Judgement {
        self.advance(end);
        let (two, none, mut measures) = self.holders.finish(end, &self.net);
        let (unanswered, clients, outages) = self.answers.finish(end, &self.net);
        measures.extend(outages);
        let (late, forbidden) = self.election.finish();
        let reports: BTreeMap<Oracle, Report> = [
            (Oracle::TwoHolders, two),
            (Oracle::NoHolder, none),
            (Oracle::StaleNeighbour, self.neighbours.finish(end, &self.net)),
            (Oracle::Unanswered, unanswered),
            (Oracle::LateTakeover, late),
            (Oracle::ForbiddenPreemption, forbidden),
            (Oracle::StateMismatch, self.claims.finish()),
        ]
        .into();
        let mut verdicts: Vec<Verdict> =
            reports.iter().map(|(o, r)| oracle_verdict(*o, r, &self.expectations)).collect();
        let findings = Findings { net: &self.net, reports: &reports, clients: &clients };
        verdicts.extend(self.expectations.finish(end, &findings));
        Judgement { verdicts, measures }
    }

    fn advance(&mut self, now: Instant) {
        self.holders.advance(now, &self.net);
        self.neighbours.advance(now, &self.net);
        self.answers.advance(now, &self.net, &self.neighbours);
        self.election.advance(now, &self.net);
        self.claims.advance(now, &self.net);
    }

    /// Anything may have changed.
    fn look_again(&mut self, now: Instant) {
        for place in 0..self.net.plan.places.len() {
            self.look_at(now, place);
        }
        self.election.update(now, &self.net);
        for host in 0..self.net.plan.hosts.len() {
            self.claims.update_host(now, &self.net, host);
        }
        self.expectations.holders(now, &self.net);
    }

    fn look_at(&mut self, now: Instant, place: usize) {
        self.holders.update(now, &self.net, place);
        for &tied in &self.net.plan.places[place].tied {
            self.holders.update(now, &self.net, tied);
        }
        self.neighbours.update(now, &self.net, place);
        self.answers.update(now, &self.net, place);
    }

    fn fault(&mut self, event: &Event, text: &str) {
        let touched = self.net.fault(&self.script, event, text);
        match touched {
            Some(Touched::New(host)) => self.forget(event.at, host),
            Some(Touched::Reloaded(host)) => {
                self.election.reload(event.at, &self.net, host);
                self.claims.reload(event.at, &self.net, host);
            }
            None => {}
        }
        self.look_again(event.at);
    }

    fn forget(&mut self, at: Instant, host: usize) {
        self.election.forget(at, &self.net, host);
        self.claims.forget(at, &self.net, host);
    }

    /// A frame left a port.
    fn sent(&mut self, at: Instant, from: (usize, usize), frame: u32, summary: &Summary) {
        if let Summary::Vrrp(advert) = summary {
            self.net.sent_advert(from.0, advert.vrid, frame);
            let began = self.election.advert(at, &self.net, from, frame, advert);
            self.expectations.advert(at, &self.net, from.0, (frame, advert.vrid), began.is_some());
        }
        match summary {
            Summary::Garp { address, .. } => {
                self.neighbours.announced(at, &self.net, from, frame, (*address).into());
            }
            Summary::NeighbourAdvertisement(na) if !na.solicited => {
                self.neighbours.announced(at, &self.net, from, frame, na.target.into());
            }
            _ => {}
        }
        self.expectations.frame(at, from.0, summary);
    }

    /// A frame did not arrive. Partitions, mutes, carriers and cut trunks are faults of the script and known from
    /// there.
    fn lost(&mut self, at: Instant, host: usize, frame: Option<u32>, why: Loss, summary: &Summary) {
        let (Summary::Vrrp(advert), Some(frame)) = (summary, frame) else { return };
        match why {
            Loss::NoCarrier | Loss::Partition | Loss::Muted | Loss::TrunkDown => return,
            Loss::QueueFull => self.net.lost_advert(at, host),
            // A rule stays, and what follows from it is to be judged.
            Loss::Filtered => {}
            Loss::Impaired | Loss::TailDrop | Loss::Policed | Loss::NotForwarding | Loss::Pruned => {
                self.net.network_lost_advert(at, host, advert.vrid, frame);
            }
        }
        self.unheard(at, host, frame);
    }

    /// An advert that a host could hear did not get there as it was sent. Whose port refused it is its sender:
    /// then nobody heard it.
    fn unheard(&mut self, at: Instant, host: usize, frame: u32) {
        if self.net.sent_by(host, frame) {
            for other in 0..self.net.plan.hosts.len() {
                self.election.lost(at, &self.net, other, frame);
            }
        } else {
            self.election.lost(at, &self.net, host, frame);
        }
        for place in 0..self.net.plan.places.len() {
            self.holders.update(at, &self.net, place);
        }
    }

    /// A frame was touched on its way to a host: an advert that comes late is waited for, and one with a wrong
    /// bit is none.
    fn touched(&mut self, at: Instant, host: usize, frame: u32, how: Touch, summary: &Summary) {
        let Summary::Vrrp(advert) = summary else { return };
        match how {
            Touch::Duplicated => {}
            Touch::Corrupted(_) => {
                self.net.network_lost_advert(at, host, advert.vrid, frame);
                self.unheard(at, host, frame);
            }
            Touch::Delayed(by) | Touch::Held(by) | Touch::Queued(by) => {
                self.election.delayed(at, &self.net, host, frame, by);
            }
        }
    }

    fn seen(&mut self, event: &Event, host: usize) {
        let at = event.at;
        match &event.what {
            What::Tx { frame, link, summary } => {
                if let Some(link) = self.net.plan.link(host, link) {
                    self.sent(at, (host, link), *frame, summary);
                }
            }
            What::Lost { frame, why, summary } => self.lost(at, host, *frame, *why, summary),
            What::Touched { frame, how, summary } => self.touched(at, host, *frame, *how, summary),
            What::Address { added, cidr, link } => {
                let Some(link) = self.net.plan.link(host, link) else { return };
                let place = self.net.address(at, event.cause, host, link, cidr.address, *added);
                let Some(place) = place else { return };
                if !added {
                    self.election.gave_up(at, &self.net, host, place);
                }
                self.look_at(at, place);
                self.claims.update_host(at, &self.net, host);
                self.expectations.holders(at, &self.net);
            }
            What::Neighbour { address, mac, state } => {
                self.neighbours.entry(at, &self.net, host, *address, *mac, *state);
            }
            What::Answer { address, by } => {
                self.answers.answer(at, &self.net, host, *address, by.is_some());
            }
            What::Claim { instance, to, .. } => {
                if self.net.claim(at, host, instance, *to) {
                    self.look_again(at);
                }
                self.claims.claim(at, &self.net, host, instance, *to);
                self.expectations.claim(at, host, instance, *to);
            }
            What::Spawn { command, .. } => self.expectations.command(at, host, command),
            What::Fifo { line, .. } => self.expectations.fifo(at, host, line),
            What::Mail { subject, .. } => self.expectations.mail(at, host, subject),
            What::Group { .. } | What::Exit { .. } | What::Smtp { .. } => {}
            What::Route { .. } | What::Rule { .. } => {}
            What::Log(_) | What::Fault(_) => {}
        }
    }
}

impl Observer for Judge {
    const EVENTS: bool = true;

    fn event(&mut self, event: &Event) {
        self.advance(event.at);
        if let What::Fault(text) = &event.what {
            self.fault(event, text);
        } else if let Some(host) = event.host.as_deref().and_then(|name| self.net.plan.host(name)) {
            self.seen(event, host);
        }
    }

    fn frame(&mut self, _: u32, _: Instant, _: usize, _: u8, _: &[u8]) {}
    fn comment(&mut self, _: u32, _: &str) {}
}

/// An oracle's verdict; a violation that the scenario announces is known.
fn oracle_verdict(oracle: Oracle, report: &Report, expectations: &Expectations) -> Verdict {
    let known = expectations.rules().find_map(|rule| match rule {
        Rule::Known { oracle: o, because } if *o == oracle => Some(because.clone()),
        _ => None,
    });
    let outcome = match (report.violations.is_empty(), known) {
        (false, Some(because)) => Outcome::Known(because),
        (false, None) => Outcome::Fail,
        (true, _) if report.judged => Outcome::Pass,
        (true, _) => Outcome::Vacuous,
    };
    Verdict {
        property: name_of(oracle).into(),
        oracle: Some(oracle),
        line: None,
        outcome,
        violations: report.violations.clone(),
    }
}
