//! `late takeover` and `forbidden preemption`: who spoke, who heard it, and who had to speak or to be silent.
//! Hearing is derived from what left a port and who could hear it; an advert that its reader's socket dropped is
//! taken back when the loss is seen.

use vrrplab_engine::config::{Family, Version};
use vrrplab_engine::time::{Duration, Instant};

use super::spans::{NEVER, Report, Spans, Words};
use super::view::Network;
use crate::frame::Advert;

#[derive(Clone, Debug)]
pub(super) struct Election {
    /// By member.
    voices: Vec<Voice>,
    /// By member: who hears what it said last.
    audiences: Vec<Option<Audience>>,
    /// No member's wait is over before this.
    next: Instant,
    /// Those whose wait is over.
    late: Spans<usize>,
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
    /// While it is a backup.
    wait: Option<Wait>,
}

/// What a backup may wait for an advert. Every backup waits all the time, so this is no span of its own.
#[derive(Clone, Copy, Debug)]
struct Wait {
    since: Instant,
    due: Instant,
    /// The advert that it began with.
    frame: Option<u32>,
    /// Whether it is over: then there is a span in `late`.
    over: bool,
}

/// An advert that an instance had to accept.
#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Instant,
    frame: u32,
    host: u32,
    priority: u8,
}

/// Who hears an advert, and what it means to them. Masters repeat themselves, so it is worth remembering.
#[derive(Clone, Debug)]
struct Audience {
    /// As it was said last.
    advert: Advert,
    /// [`Network::changes`] when it was.
    changes: u64,
    listeners: Vec<Listener>,
}

#[derive(Clone, Copy, Debug)]
struct Listener {
    member: usize,
    /// Whether it must accept the advert, if the sequence number is new.
    accepts: bool,
    nopreempt: bool,
    /// How long it may wait when it has accepted it.
    allowed: Duration,
}

impl Audience {
    fn new(net: &Network, from: (usize, usize), sender: Option<usize>, advert: &Advert) -> Audience {
        let hearing = net.plan.members_with(advert.vrid).iter().filter(|m| listens(net, **m, from, advert));
        let listener = |&m: &usize| {
            let (member, own) = (&net.plan.members[m], net.plan.members[m].config().advert_int);
            let wait = member.longest_wait(advert.priority == 0, own.max(advert.interval));
            Listener {
                member: m,
                accepts: sender.is_some_and(|s| accepts(net, m, s, advert)),
                nopreempt: member.config().nopreempt,
                allowed: allowance(net, m, wait),
            }
        };
        Audience {
            advert: advert.clone(),
            changes: net.changes(),
            listeners: hearing.map(listener).collect(),
        }
    }

    /// Whether it is that of this advert as well; sequence numbers are looked at by themselves.
    fn is_of(&self, net: &Network, advert: &Advert) -> bool {
        let Advert { version, ah: _, vrid, priority, interval, addresses, to } = &self.advert;
        let now = (advert.version, advert.vrid, advert.priority, advert.interval, advert.to);
        let alike = (*version, *vrid, *priority, *interval, *to) == now;
        self.changes == net.changes() && alike && *addresses == advert.addresses
    }
}

impl Election {
    pub(super) fn new(net: &Network) -> Election {
        let count = net.plan.members.len();
        Election {
            voices: vec![Voice::default(); count],
            audiences: vec![None; count],
            next: NEVER,
            late: Spans::new(),
            forbidden: Spans::new(),
            late_judged: false,
            forbidden_judged: false,
        }
    }

    pub(super) fn advance(&mut self, now: Instant, net: &Network) {
        if now <= self.next {
            return;
        }
        self.next = NEVER;
        for m in 0..self.voices.len() {
            let Some(wait) = self.voices[m].wait.filter(|wait| !wait.over) else { continue };
            // A member of a group waits for the others.
            let group = || self.group_due(net, m).filter(|due| *due >= now);
            let due = if wait.due < now { group().unwrap_or(wait.due) } else { wait.due };
            let over = due < now;
            if over {
                let down = net.plan.members[m].longest_wait(false, self.slowest(net, m));
                self.late.on(wait.since, m, due, ());
                self.late.violate(m, late_words(net, m, wait.since, wait.frame, down));
            } else {
                self.next = self.next.min(due);
            }
            self.voices[m].wait = Some(Wait { due, over, ..wait });
        }
    }

    /// The wait of this instance begins anew, whatever it was.
    fn wait_anew(&mut self, now: Instant, m: usize, due: Instant, frame: Option<u32>) {
        self.wait_no_more(now, m);
        self.voices[m].wait = Some(Wait { since: now, due, frame, over: false });
        self.next = self.next.min(due);
    }

    /// The wait of this instance goes on until then.
    fn wait_until(&mut self, m: usize, due: Instant) {
        if let Some(wait) = &mut self.voices[m].wait {
            wait.due = due;
            self.next = self.next.min(due);
        }
    }

    fn wait_no_more(&mut self, now: Instant, m: usize) {
        if self.voices[m].wait.take().is_some_and(|wait| wait.over) {
            self.late.off(now, m);
        }
    }

    /// When the last of the other members of a group must want to be Master: until then all wait.
    fn group_due(&self, net: &Network, m: usize) -> Option<Instant> {
        let waiting = net.siblings(m).iter().filter(|&&s| !self.voices[s].speaking);
        waiting.filter_map(|&s| Some(self.voices[s].wait?.due)).max()
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
        let known = sender.and_then(|m| self.audiences[m].take()).filter(|known| known.is_of(net, advert));
        let audience = known.unwrap_or_else(|| Audience::new(net, from, sender, advert));
        let heard = Heard { at: now, frame, host: from.0 as u32, priority: advert.priority };
        for listener in &audience.listeners {
            self.hear(now, net, listener, heard, advert);
        }
        if let Some(m) = sender {
            self.audiences[m] = Some(audience);
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
        self.wait_no_more(now, m);
        if std::mem::replace(&mut self.voices[m].speaking, true) {
            return false;
        }
        // What is still on its way, or in the socket of a daemon at work, was not heard: two backups whose timers
        // fire together preempt nobody.
        let settled = latency(net, m) + net.plan.allows.hand_over();
        let voice = &self.voices[m];
        let heard = [voice.heard, voice.before].into_iter().flatten().find(|h| now > h.at + settled);
        let down = net.plan.members[m].shortest_wait(self.quickest(net, m));
        if let Some(words) = heard.and_then(|heard| forbidden_words(now, net, m, heard, down)) {
            self.forbidden.on(now, m, now, ());
            self.forbidden.violate(m, words);
        }
        true
    }

    fn hear(&mut self, now: Instant, net: &Network, listener: &Listener, heard: Heard, advert: &Advert) {
        self.late_judged = true;
        let m = listener.member;
        let accepted = listener.accepts && self.is_new(m, advert);
        let voice = &mut self.voices[m];
        if accepted {
            voice.interval = Some(advert.interval);
            self.forbidden_judged |= listener.nopreempt;
            voice.before = voice.heard.replace(heard);
        }
        if !voice.speaking {
            let member = &net.plan.members[m];
            let allowed = match accepted {
                true => listener.allowed,
                false => allowance(net, m, member.longest_wait(false, self.slowest(net, m))),
            };
            let counted = net.counts_from(now, member.host);
            let mut due = counted + allowed;
            // An advert that it discards during the start-up delay has it count what is left from the delay's end.
            if counted > now
                && let Some(before) = self.voices[m].wait
            {
                due = due.max(counted + before.due.saturating_since(now));
            }
            self.wait_anew(now, m, due, Some(heard.frame));
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
                let wait = net.plan.members[m].longest_wait(false, interval);
                self.wait_until(m, net.counts_from(now, host) + allowance(net, m, wait));
            }
        }
    }

    /// An advert that a host heard reaches it so much later: so much longer it waits.
    pub(super) fn delayed(&mut self, now: Instant, net: &Network, host: usize, frame: u32, by: Duration) {
        for m in net.plan.members_of(host) {
            let heard = self.voices[m].heard.filter(|h| h.frame == frame);
            let interval = self.slowest(net, m);
            if let Some(heard) = heard {
                let wait = net.plan.members[m].longest_wait(heard.priority == 0, interval);
                self.wait_until(m, net.counts_from(now, host) + by + allowance(net, m, wait));
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
            self.wait_no_more(now, m);
            self.voices[m] = Voice::default();
        }
    }

    /// The daemon of this host reads its configuration: masters go on, backups wait anew and know no interval but
    /// their own.
    pub(super) fn reload(&mut self, now: Instant, net: &Network, host: usize) {
        for m in net.plan.members_of(host) {
            let speaking = self.voices[m].speaking && net.plan.is_present(m);
            if !speaking {
                self.fall_silent(now, net, m);
            }
            self.wait_no_more(now, m);
            let sequence = self.voices[m].sequence;
            self.voices[m] = Voice { speaking, sequence, ..Voice::default() };
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
            self.wait_no_more(now, m);
        } else if self.voices[m].wait.is_none() {
            let wait = member.longest_wait(false, self.slowest(net, m)) + undecided.unwrap_or_default();
            self.wait_anew(now, m, net.counts_from(now, member.host) + allowance(net, m, wait), None);
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
    wait + net.plan.allows.takeover() + latency(net, m)
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
    if !member.config().nopreempt || heard.priority == 0 || ago + net.plan.allows.slack >= down {
        return None;
    }
    let (name, master) = (net.plan.name(member.host), net.plan.name(heard.host as usize));
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
