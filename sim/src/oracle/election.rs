//! `late takeover` and `forbidden preemption`: who spoke, who heard it, and who had to speak or to be silent.
//! Hearing is derived from what left a port and who could hear it; an advert that its reader's socket dropped is
//! taken back when the loss is seen.

use vrrplab_engine::config::{Family, Version};
use vrrplab_engine::time::{Duration, Instant};

use super::bounds::{HAND_OVER, SLACK};
use super::spans::{Report, Spans, Words};
use super::view::Network;
use crate::frame::Advert;

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
    /// The interval of the last advert that it had to accept, which version 3 learns.
    interval: Option<Duration>,
    /// The highest sequence number of authenticated adverts, of its own and of those it had to accept.
    sequence: u32,
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
            if let Some(due) = self.group_due(net, m).filter(|due| *due >= now) {
                let frame = self.late.subject(m).copied().flatten();
                self.late.on(now, m, due, frame);
                continue;
            }
            let since = self.late.since(m).unwrap_or(now);
            let frame = self.late.subject(m).copied().flatten();
            let down = net.plan.members[m].longest_wait(false, self.slowest(net, m));
            self.late.violate(m, late_words(net, m, since, frame, down));
        }
    }

    /// When the last of the other members of a group must want to be Master: until then all wait.
    fn group_due(&self, net: &Network, m: usize) -> Option<Instant> {
        let waiting = net.siblings(m).iter().filter(|&&s| !self.voices[s].speaking);
        waiting.filter_map(|&s| self.late.due(s)).max()
    }

    /// An advert left a link. Gives the instance that begins to speak with it.
    pub(super) fn advert(
        &mut self,
        now: Instant,
        net: &Network,
        from: (usize, usize),
        frame: u32,
        advert: &Advert,
    ) -> Option<usize> {
        let sends = |m: &usize| net.plan.members[*m].sends(from, advert);
        let sender = net.plan.members_with(advert.vrid).iter().copied().find(sends);
        if let (Some(m), Some(ah)) = (sender, advert.ah) {
            self.voices[m].sequence = ah.sequence;
        }
        let began = sender.filter(|&m| self.speak(now, net, m, advert.priority));
        for &m in net.plan.members_with(advert.vrid) {
            if listens(net, m, from, advert) {
                let accepted = sender.is_some_and(|s| accepts(net, m, s, advert)) && self.is_new(m, advert);
                if accepted {
                    self.voices[m].interval = Some(advert.interval);
                }
                let heard = Heard { at: now, frame, host: from.0, priority: advert.priority };
                self.hear(now, net, m, heard, accepted);
            }
        }
        began
    }

    /// Whether an authenticated advert is no repetition (RFC 2402, 3.4.3); if so, it counts as seen.
    fn is_new(&mut self, m: usize, advert: &Advert) -> bool {
        let Some(ah) = advert.ah else { return true };
        let highest = &mut self.voices[m].sequence;
        let new = ah.sequence > *highest;
        *highest = ah.sequence.max(*highest);
        new
    }

    /// The longest that this instance may count in now: its own interval, or the one it was told.
    fn slowest(&self, net: &Network, m: usize) -> Duration {
        let own = net.plan.members[m].config().advert_int;
        self.voices[m].interval.map_or(own, |told| told.max(own))
    }

    /// The shortest.
    fn quickest(&self, net: &Network, m: usize) -> Duration {
        let own = net.plan.members[m].config().advert_int;
        self.voices[m].interval.map_or(own, |told| told.min(own))
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
        let down = net.plan.members[m].shortest_wait(self.quickest(net, m));
        if let Some(words) = heard.and_then(|heard| forbidden_words(now, net, m, heard, down)) {
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
            let (member, interval) = (&net.plan.members[m], self.slowest(net, m));
            let farewell = accepted && heard.priority == 0;
            let counted = net.counts_from(now, member.host);
            let mut due = counted + allowance(net, m, member.longest_wait(farewell, interval));
            // An advert that it discards during the start-up delay has it count what is left from the delay's end.
            if counted > now
                && let Some(before) = self.late.due(m)
            {
                due = due.max(counted + before.saturating_since(now));
            }
            self.late.anew(now, m, due, Some(heard.frame));
        }
    }

    /// A frame did not get into a host's socket after all.
    pub(super) fn lost(&mut self, now: Instant, net: &Network, host: usize, frame: u32) {
        for m in net.plan.members_of(host) {
            let interval = self.slowest(net, m);
            let voice = &mut self.voices[m];
            if voice.heard.is_some_and(|h| h.frame == frame) {
                voice.heard = voice.before;
                // A farewell that was not heard hurries nobody.
                if self.late.since(m).is_some() {
                    let wait = net.plan.members[m].longest_wait(false, interval);
                    self.late.on(now, m, net.counts_from(now, host) + allowance(net, m, wait), None);
                }
            }
        }
    }

    /// An advert that a host heard reaches it so much later: so much longer it waits.
    pub(super) fn delayed(&mut self, now: Instant, net: &Network, host: usize, frame: u32, by: Duration) {
        for m in net.plan.members_of(host) {
            let heard = self.voices[m].heard.filter(|h| h.frame == frame);
            let interval = self.slowest(net, m);
            if let (Some(heard), true) = (heard, self.late.since(m).is_some()) {
                let member = &net.plan.members[m];
                let farewell = heard.priority == 0;
                let wait = member.longest_wait(farewell, interval);
                let due = net.counts_from(now, host) + by + allowance(net, m, wait);
                self.late.on(now, m, due, Some(frame));
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
        let undecided = net.undecided(m);
        if self.voices[m].speaking || !(net.able(m) || undecided.is_some()) {
            self.late.off(now, m);
        } else if self.late.since(m).is_none() {
            let wait = member.longest_wait(false, self.slowest(net, m)) + undecided.unwrap_or_default();
            self.late.on(now, m, net.counts_from(now, member.host) + allowance(net, m, wait), None);
        }
    }

    /// The reports on late takeovers and on forbidden preemptions.
    pub(super) fn finish(self) -> (Report, Report) {
        (self.late.report(self.late_judged), self.forbidden.report(self.forbidden_judged))
    }
}

/// Whether an advert from there arrives at this instance, whatever it thinks of it.
fn listens(net: &Network, m: usize, from: (usize, usize), advert: &Advert) -> bool {
    let member = &net.plan.members[m];
    let there = |link| net.reaches(from, (member.host, link));
    let ours =
        |to| net.plan.hosts[member.host].links.iter().any(|l| l.addresses.iter().any(|c| c.address == to));
    let family = advert.addresses.iter().all(|a| Family::of(*a) == member.config().family);
    let cast = match advert.to {
        None => !member.is_unicast(),
        Some(to) => member.is_unicast() && ours(to),
    };
    member.host != from.0 && family && cast && net.able(m) && member.link.is_some_and(there)
}

/// Whether it must accept the advert (RFC 3768 and 9568, 7.1): same version, authentication, interval in version 2,
/// and addresses.
fn accepts(net: &Network, m: usize, sender: usize, advert: &Advert) -> bool {
    let (member, sender) = (&net.plan.members[m], &net.plan.members[sender]);
    let config = member.config();
    config.version == sender.config().version
        && config.auth == sender.config().auth
        && (config.version == Version::V3 || config.advert_int == advert.interval)
        && member.advertised().count() == advert.addresses.len()
        && member.advertised().all(|a| advert.addresses.contains(&a))
        && member.takes_from(sender)
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
fn late_words(net: &Network, m: usize, since: Instant, frame: Option<u32>, down: Duration) -> Words {
    let member = &net.plan.members[m];
    let name = net.plan.name(member.host);
    let heard = match frame {
        Some(n) => format!("has heard no advert since #{n} at {since}"),
        None => format!("has listened since {since} and heard no advert"),
    };
    Words {
        host: Some(name.clone()),
        what: format!("{name} has not taken over virtual router {}", member.config().vrid),
        cause: format!("{} on {name} {heard}; its Master_Down_Interval is {down}", member.name),
    }
}

/// RFC 3768, 6.1 Preempt_Mode: a backup that must not preempt accepts every advert and waits for silence.
fn forbidden_words(now: Instant, net: &Network, m: usize, heard: Heard, down: Duration) -> Option<Words> {
    let member = &net.plan.members[m];
    let ago = now.saturating_since(heard.at);
    if !member.config().nopreempt || heard.priority == 0 || ago >= down {
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
            "it heard #{} of {master} with priority {} only {ago} before, and its Master_Down_Interval is {down}",
            heard.frame, heard.priority
        ),
    })
}
