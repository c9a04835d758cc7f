//! `late takeover` and `forbidden preemption`: who spoke, who heard it, and who had to speak or to be silent.
//! Hearing is derived from what left a port and who could hear it; an advert that its reader's socket dropped is
//! taken back when the loss is seen. Version 3 and AH adverts are not decoded in traces and not judged.

use std::net::Ipv4Addr;

use vrrplab_engine::config::Version;
use vrrplab_engine::time::{Duration, Instant};

use super::bounds::{HAND_OVER, SLACK};
use super::spans::{Report, Spans, Words};
use super::view::Network;
use crate::frame::Summary;

/// A VRRPv2 advert on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Advert<'a> {
    pub(super) vrid: u8,
    pub(super) priority: u8,
    interval: Duration,
    addresses: &'a [Ipv4Addr],
}

impl Advert<'_> {
    pub(super) fn of(summary: &Summary) -> Option<Advert<'_>> {
        match summary {
            Summary::Vrrp2 { vrid, priority, interval, addresses } => {
                Some(Advert { vrid: *vrid, priority: *priority, interval: *interval, addresses })
            }
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Election {
    /// By member.
    voices: Vec<Voice>,
    /// With the last advert heard.
    late: Spans<usize, Option<u32>>,
    forbidden: Spans<usize>,
    late_judged: bool,
    forbidden_judged: bool,
}

/// An instance as the network hears it, and what it heard.
#[derive(Clone, Default, Debug)]
struct Voice {
    speaking: bool,
    heard: Option<Heard>,
    before: Option<Heard>,
}

/// An advert that an instance had to accept.
#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Instant,
    frame: u32,
    host: usize,
    priority: u8,
}

impl Election {
    pub(super) fn new(net: &Network) -> Election {
        Election {
            voices: vec![Voice::default(); net.plan.members.len()],
            late: Spans::new(),
            forbidden: Spans::new(),
            late_judged: false,
            forbidden_judged: false,
        }
    }

    pub(super) fn advance(&mut self, now: Instant, net: &Network) {
        for m in self.late.ripe(now) {
            let since = self.late.since(m).unwrap_or(now);
            let frame = self.late.subject(m).copied().flatten();
            self.late.violate(m, late_words(net, m, since, frame));
        }
    }

    /// An advert left a link. Gives the instance that begins to speak with it.
    pub(super) fn advert(
        &mut self,
        now: Instant,
        net: &Network,
        from: (usize, usize),
        frame: u32,
        advert: Advert<'_>,
    ) -> Option<usize> {
        let member = |m: usize| &net.plan.members[m];
        let sends = |m: &usize| (member(*m).host, member(*m).link) == (from.0, Some(from.1));
        let sender = net.plan.members_with(advert.vrid).iter().copied().find(sends);
        let sender = sender.filter(|&m| member(m).readable());
        let began = sender.filter(|&m| self.speak(now, net, m, advert.priority));
        for &m in net.plan.members_with(advert.vrid) {
            if listens(net, m, from) {
                let accepted = sender.is_some_and(|s| accepts(net, m, s, advert));
                self.hear(
                    now,
                    net,
                    m,
                    Heard { at: now, frame, host: from.0, priority: advert.priority },
                    accepted,
                );
            }
        }
        began
    }

    /// An instance speaks; whether it begins to.
    fn speak(&mut self, now: Instant, net: &Network, m: usize, priority: u8) -> bool {
        if priority == 0 {
            self.fall_silent(now, net, m);
            return false;
        }
        self.late_judged = true;
        self.late.off(now, m);
        if std::mem::replace(&mut self.voices[m].speaking, true) {
            return false;
        }
        // What is still on its way, or in the socket of a daemon at work, was not heard: two backups whose timers
        // fire together preempt nobody.
        let settled = latency(net, m) + HAND_OVER;
        let voice = &self.voices[m];
        let heard = [voice.heard, voice.before].into_iter().flatten().find(|h| now > h.at + settled);
        if let Some(words) = heard.and_then(|heard| forbidden_words(now, net, m, heard)) {
            self.forbidden.on(now, m, now, ());
            self.forbidden.violate(m, words);
        }
        true
    }

    fn hear(&mut self, now: Instant, net: &Network, m: usize, heard: Heard, accepted: bool) {
        self.late_judged = true;
        let voice = &mut self.voices[m];
        if accepted {
            self.forbidden_judged |= net.plan.members[m].config().nopreempt;
            voice.before = voice.heard.replace(heard);
        }
        if !voice.speaking {
            self.late.off(now, m);
            let member = &net.plan.members[m];
            let wait = if accepted && heard.priority == 0 { member.skew() } else { member.master_down() };
            self.late.on(now, m, now + allowance(net, m, wait), Some(heard.frame));
        }
    }

    /// A frame did not get into a host's socket after all.
    pub(super) fn lost(&mut self, now: Instant, net: &Network, host: usize, frame: u32) {
        for m in net.plan.members_of(host) {
            let voice = &mut self.voices[m];
            if voice.heard.is_some_and(|h| h.frame == frame) {
                voice.heard = voice.before;
                // A farewell that was not heard hurries nobody.
                if self.late.since(m).is_some() {
                    let wait = net.plan.members[m].master_down();
                    self.late.on(now, m, now + allowance(net, m, wait), None);
                }
            }
        }
    }

    /// An advert that a host heard reaches it so much later: so much longer it waits.
    pub(super) fn delayed(&mut self, now: Instant, net: &Network, host: usize, frame: u32, by: Duration) {
        for m in net.plan.members_of(host) {
            let heard = self.voices[m].heard.filter(|h| h.frame == frame);
            if let (Some(heard), true) = (heard, self.late.since(m).is_some()) {
                let member = &net.plan.members[m];
                let wait = if heard.priority == 0 { member.skew() } else { member.master_down() };
                self.late.on(now, m, now + by + allowance(net, m, wait), Some(frame));
            }
        }
    }

    /// An address of this host is gone: whoever managed it has stepped down.
    pub(super) fn gave_up(&mut self, now: Instant, net: &Network, host: usize, place: usize) {
        for m in net.plan.members_of(host) {
            if self.voices[m].speaking && net.plan.members[m].places.iter().any(|(p, _)| *p == place) {
                self.fall_silent(now, net, m);
            }
        }
    }

    /// The daemon of this host is gone, or a new one: it has heard nothing.
    pub(super) fn forget(&mut self, now: Instant, net: &Network, host: usize) {
        for m in net.plan.members_of(host) {
            self.fall_silent(now, net, m);
            self.late.off(now, m);
            self.voices[m] = Voice::default();
        }
    }

    fn fall_silent(&mut self, now: Instant, net: &Network, m: usize) {
        self.voices[m].speaking = false;
        self.forbidden.off(now, m);
        self.update_member(now, net, m);
    }

    /// Who takes part may have changed.
    pub(super) fn update(&mut self, now: Instant, net: &Network) {
        for m in 0..net.plan.members.len() {
            self.update_member(now, net, m);
        }
    }

    /// A backup's time begins when it begins to listen.
    fn update_member(&mut self, now: Instant, net: &Network, m: usize) {
        let member = &net.plan.members[m];
        if self.voices[m].speaking || !member.readable() || !net.able(m) {
            self.late.off(now, m);
        } else if self.late.since(m).is_none() {
            self.late.on(now, m, now + allowance(net, m, member.master_down()), None);
        }
    }

    /// The reports on late takeovers and on forbidden preemptions.
    pub(super) fn finish(self) -> (Report, Report) {
        (self.late.report(self.late_judged), self.forbidden.report(self.forbidden_judged))
    }
}

/// Whether an advert from there arrives at this instance, whatever it thinks of it.
fn listens(net: &Network, m: usize, from: (usize, usize)) -> bool {
    let member = &net.plan.members[m];
    let there = |link| net.reaches(from, (member.host, link));
    member.host != from.0 && member.readable() && net.able(m) && member.link.is_some_and(there)
}

/// Whether it must accept the advert (RFC 3768, 7.1): same authentication, interval and addresses.
fn accepts(net: &Network, m: usize, sender: usize, advert: Advert<'_>) -> bool {
    let (member, sender) = (&net.plan.members[m], &net.plan.members[sender]);
    let config = member.config();
    config.version == Version::V2
        && config.auth == sender.config().auth
        && config.advert_int == advert.interval
        && member.advertised().count() == advert.addresses.len()
        && member.advertised().all(|a| advert.addresses.contains(&a))
}

/// A timer of this instance, and what may come on top.
fn allowance(net: &Network, m: usize, wait: Duration) -> Duration {
    wait + SLACK + latency(net, m)
}

/// How long an advert is on its way to this instance.
fn latency(net: &Network, m: usize) -> Duration {
    let member = &net.plan.members[m];
    let segment = member.link.map(|l| net.plan.hosts[member.host].links[l].segment.0);
    segment.map_or(Duration::ZERO, |s| net.plan.latency[s])
}

/// RFC 3768, 6.4.2: a backup whose Master_Down_Timer fires must become Master.
fn late_words(net: &Network, m: usize, since: Instant, frame: Option<u32>) -> Words {
    let member = &net.plan.members[m];
    let name = net.plan.name(member.host);
    let heard = match frame {
        Some(n) => format!("has heard no advert since #{n} at {since}"),
        None => format!("has listened since {since} and heard no advert"),
    };
    Words {
        host: Some(name.clone()),
        what: format!("{name} has not taken over virtual router {}", member.config().vrid),
        cause: format!(
            "{} on {name} {heard}; its Master_Down_Interval is {}",
            member.name,
            member.master_down()
        ),
    }
}

/// RFC 3768, 6.1 Preempt_Mode: a backup that must not preempt accepts every advert and waits for silence.
fn forbidden_words(now: Instant, net: &Network, m: usize, heard: Heard) -> Option<Words> {
    let member = &net.plan.members[m];
    let ago = now.saturating_since(heard.at);
    if !member.config().nopreempt || heard.priority == 0 || ago >= member.master_down() {
        return None;
    }
    let (name, master) = (net.plan.name(member.host), net.plan.name(heard.host));
    Some(Words {
        host: Some(name.clone()),
        what: format!(
            "{name} took virtual router {} from {master} although it has nopreempt",
            member.config().vrid
        ),
        cause: format!(
            "it heard #{} of {master} with priority {} only {ago} before, and its Master_Down_Interval is {}",
            heard.frame,
            heard.priority,
            member.master_down()
        ),
    })
}
