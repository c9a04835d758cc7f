//! What the scenario's author expects: each `[[expect]]` keeps what it needs while the run goes on and gives one
//! verdict at its end. An expectation that found nothing to judge is vacuous.

use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::{Duration, Instant};

use super::answers::Client;
use super::spans::Report;
use super::view::Network;
use super::{Outcome, Verdict, Violation, name_of};
use crate::frame::Summary;
use crate::scenario::{Counted, Expectation, FrameClass, HostIndex, Oracle, Rule, Scenario};
use crate::trace::Name;

/// IP protocol number of VRRP.
const VRRP: u8 = 112;

#[derive(Clone, Debug)]
pub(super) struct Expectations {
    all: Vec<(Expectation, Progress)>,
    /// How far anything may be off on the clock of the run.
    slack: Duration,
    names: Vec<Name>,
}

/// What an expectation has seen.
#[derive(Clone, Debug)]
enum Progress {
    /// Judged from the reports of oracles and clients.
    AtEnd,
    /// The wrong holders that there are now, and those that there were.
    Holders { wrong: Option<Wrong>, violations: Vec<Violation> },
    /// The states announced, as many as are worth showing, and when the first wrong one came.
    States { seen: Vec<Announced>, more: bool, wrong: Option<Instant> },
    /// How many there were for certain, and at most: what is within the slack of the beginning or the end of the
    /// time in which it counts may count.
    Count { certain: u32, possible: u32 },
    /// By virtual router: the last advert that reached the successor; and the takeovers seen.
    Takeovers { last: BTreeMap<u8, (Instant, u32)>, seen: u32, violations: Vec<Violation> },
}

/// An address in the wrong hands.
#[derive(Clone, Debug)]
struct Wrong {
    since: Instant,
    holders: Vec<usize>,
    what: String,
    cause: String,
}

/// What the oracles found and the clients felt.
pub(super) struct Findings<'a> {
    pub(super) net: &'a Network,
    pub(super) reports: &'a BTreeMap<Oracle, Report>,
    pub(super) clients: &'a BTreeMap<usize, Client>,
}

impl Expectations {
    pub(super) fn new(scenario: &Scenario, slack: Duration) -> Expectations {
        let progress = |rule: &Rule| match rule {
            Rule::Master { .. } => Progress::Holders { wrong: None, violations: Vec::new() },
            Rule::Sequence { .. } => Progress::States { seen: Vec::new(), more: false, wrong: None },
            Rule::Count { .. } => Progress::Count { certain: 0, possible: 0 },
            Rule::Takeover { .. } => {
                Progress::Takeovers { last: BTreeMap::new(), seen: 0, violations: Vec::new() }
            }
            Rule::Outage { .. } | Rule::Never(_) | Rule::Sometimes(_) | Rule::Known { .. } => Progress::AtEnd,
        };
        Expectations {
            all: scenario.expectations.iter().map(|e| (e.clone(), progress(&e.rule))).collect(),
            slack,
            names: scenario.hosts.iter().map(|h| h.name.clone()).collect(),
        }
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.all.iter().map(|(e, _)| &e.rule)
    }

    /// Who holds an address may have changed.
    pub(super) fn holders(&mut self, now: Instant, net: &Network) {
        for (expectation, progress) in &mut self.all {
            let Rule::Master { address, node, by, until } = expectation.rule else { continue };
            let (by, until) = widened(self.slack, by, until);
            let Progress::Holders { wrong, violations } = progress else { continue };
            let holders = net.all_holders(address);
            if wrong.as_ref().is_some_and(|w| w.holders == holders) {
                continue;
            }
            if let Some(old) = wrong.take() {
                violations.extend(old.within(by, until, Some(now)));
            }
            if holders != [node.0] {
                let what = format!("{} instead of {}", holds(net, address, &holders), net.plan.name(node.0));
                *wrong = Some(Wrong { since: now, what, cause: history(net, address, &holders), holders });
            }
        }
    }

    /// A frame left a port of this host.
    pub(super) fn frame(&mut self, now: Instant, host: usize, summary: &Summary) {
        self.count(now, |what| match what {
            Counted::Frames { node, class } => node.0 == host && is(*class, summary),
            _ => false,
        });
    }

    /// A daemon of this host ran a command.
    pub(super) fn command(&mut self, now: Instant, host: usize, command: &str) {
        self.count(now, |what| match what {
            Counted::Commands { node, pattern } => node.0 == host && command.contains(pattern),
            _ => false,
        });
    }

    /// It wrote a line to a FIFO.
    pub(super) fn fifo(&mut self, now: Instant, host: usize, line: &str) {
        self.count(now, |what| match what {
            Counted::Lines { node, pattern } => node.0 == host && line.contains(pattern),
            _ => false,
        });
    }

    /// A server on this host took a mail.
    pub(super) fn mail(&mut self, now: Instant, host: usize, taken: &str) {
        self.count(now, |what| match what {
            Counted::Mails { server, subject } => server.0 == host && taken.contains(subject),
            _ => false,
        });
    }

    fn count(&mut self, now: Instant, is: impl Fn(&Counted) -> bool) {
        for (expectation, progress) in &mut self.all {
            let Rule::Count { what, from, until, .. } = &expectation.rule else { continue };
            let Progress::Count { certain, possible } = progress else { continue };
            if is(what) {
                // Nothing comes before the beginning of the run, so nothing is late for it.
                let lateness = if *from == Instant::ZERO { Duration::ZERO } else { self.slack };
                let counts = *from + lateness <= now && until.is_none_or(|until| now + self.slack < until);
                let may = *from <= now + self.slack && until.is_none_or(|until| now < until + self.slack);
                *certain += u32::from(counts);
                *possible += u32::from(may);
            }
        }
    }

    /// An advert left this host; `began` if its instance did not speak before.
    pub(super) fn advert(
        &mut self,
        now: Instant,
        net: &Network,
        host: usize,
        (frame, vrid): (u32, u8),
        began: bool,
    ) {
        for (expectation, progress) in &mut self.all {
            let Rule::Takeover { from, to, at_least, at_most } = expectation.rule else { continue };
            let Progress::Takeovers { last, seen, violations } = progress else { continue };
            if host == from.0 && net.hears(to.0, from.0) {
                last.insert(vrid, (now, frame));
            } else if host == to.0 && began {
                let Some((since, last)) = last.remove(&vrid) else { continue };
                *seen += 1;
                let took = now.saturating_since(since);
                let limits = Limits { at_least, at_most };
                let slack = self.slack;
                violations.extend(limits.broken_by(took, slack).map(|limit| Violation {
                    from: since,
                    until: Some(now),
                    host: Some(net.plan.name(host).clone()),
                    what: format!("{} took over after {took}, {limit}", net.plan.name(host)),
                    cause: format!("#{last} was the last advert that reached it, #{frame} its first"),
                }));
            }
        }
    }

    /// A daemon announced a state.
    pub(super) fn claim(&mut self, now: Instant, host: usize, name: &str, to: Announced) {
        // Hearing a lower priority is an event, not a state.
        if to == Announced::MasterRxLowerPri {
            return;
        }
        for (expectation, progress) in &mut self.all {
            let Rule::Sequence { node, instance, states } = &expectation.rule else { continue };
            let Progress::States { seen, more, wrong } = progress else { continue };
            if node.0 != host || &**instance != name {
                continue;
            }
            // One more than expected is enough to show what went wrong.
            if seen.len() > states.len() {
                *more = true;
                continue;
            }
            if states.get(seen.len()) != Some(&to) {
                wrong.get_or_insert(now);
            }
            seen.push(to);
        }
    }

    pub(super) fn finish(self, end: Instant, findings: &Findings<'_>) -> Vec<Verdict> {
        let (names, slack) = (self.names, self.slack);
        let verdict = |(expectation, progress): (Expectation, Progress)| {
            let (outcome, violations) = conclude(&expectation.rule, progress, (end, slack), findings);
            Verdict {
                property: property(&names, &expectation.rule),
                oracle: None,
                line: Some(expectation.line),
                outcome,
                violations,
            }
        };
        self.all.into_iter().map(verdict).collect()
    }
}

type Conclusion = (Outcome, Vec<Violation>);

/// The time in which the holder must be right, on a clock with so much slack.
fn widened(slack: Duration, by: Instant, until: Option<Instant>) -> (Instant, Option<Instant>) {
    let earlier = |until: Instant| Instant::ZERO + until.saturating_since(Instant::ZERO + slack);
    (by + slack, until.map(earlier))
}

fn conclude(
    rule: &Rule,
    progress: Progress,
    (end, slack): (Instant, Duration),
    findings: &Findings<'_>,
) -> Conclusion {
    match (rule, progress) {
        (Rule::Master { by, until, .. }, Progress::Holders { wrong, mut violations }) => {
            let (from, until) = widened(slack, *by, *until);
            // What is wrong when the run ends stays wrong, however near the end it should have been right.
            violations.extend(wrong.and_then(|w| w.within_run(from.min(end.max(*by)), until, end)));
            if end < *by { (Outcome::Vacuous, Vec::new()) } else { none_of(violations) }
        }
        (Rule::Sequence { node, states, .. }, Progress::States { seen, more, wrong }) => {
            sequence(findings.net.plan.name(node.0), states, &seen, more, wrong, end)
        }
        (Rule::Count { what, at_least, at_most, from, .. }, Progress::Count { certain, possible }) => {
            // The number as near to what is expected as it may be.
            let n = (*at_least).clamp(certain, possible.max(certain));
            count(findings.net, what, n, (*at_least, *at_most), *from)
        }
        (Rule::Takeover { from, to, .. }, Progress::Takeovers { seen: 0, .. }) => {
            let (from, to) = (findings.net.plan.name(from.0), findings.net.plan.name(to.0));
            let what = format!("{to} never took over from {from}");
            failed(end, Some(to), what, format!("{to} did not begin to speak after an advert of {from}"))
        }
        (Rule::Takeover { .. }, Progress::Takeovers { violations, .. }) => none_of(violations),
        (Rule::Outage { client, at_most, at_least }, _) => {
            let limits = Limits { at_least: *at_least, at_most: *at_most };
            outage(findings, client.0, limits, (end, slack))
        }
        (Rule::Never(oracle), _) => never(&findings.reports[oracle]),
        (Rule::Sometimes(oracle), _) => sometimes(&findings.reports[oracle], *oracle, end),
        (Rule::Known { oracle, because }, _) => known(&findings.reports[oracle], *oracle, because, end),
        (Rule::Master { .. } | Rule::Sequence { .. } | Rule::Count { .. } | Rule::Takeover { .. }, _) => {
            unreachable!("each rule was given its own progress")
        }
    }
}

fn none_of(violations: Vec<Violation>) -> Conclusion {
    if violations.is_empty() { (Outcome::Pass, violations) } else { (Outcome::Fail, violations) }
}

fn failed(at: Instant, host: Option<&Name>, what: String, cause: String) -> Conclusion {
    (Outcome::Fail, vec![Violation { from: at, until: None, host: host.cloned(), what, cause }])
}

fn never(report: &Report) -> Conclusion {
    match none_of(report.happened()) {
        (Outcome::Pass, _) if !report.judged => (Outcome::Vacuous, Vec::new()),
        conclusion => conclusion,
    }
}

fn sometimes(report: &Report, oracle: Oracle, end: Instant) -> Conclusion {
    let happened = report.happened();
    if happened.is_empty() {
        let cause = if report.judged { "it was watched all the time" } else { "there was nothing to judge" };
        return failed(end, None, format!("{} did not happen", name_of(oracle)), cause.into());
    }
    (Outcome::Pass, happened)
}

fn known(report: &Report, oracle: Oracle, because: &str, end: Instant) -> Conclusion {
    if report.violations.is_empty() {
        return failed(
            end,
            None,
            format!("{} did not happen", name_of(oracle)),
            format!("the scenario says it does: {because}"),
        );
    }
    (Outcome::Known(because.into()), report.violations.clone())
}

/// At least, at most.
#[derive(Clone, Copy)]
struct Limits {
    at_least: Option<Duration>,
    at_most: Option<Duration>,
}

impl Limits {
    /// The limit that this breaks by more than the slack, in words.
    fn broken_by(self, span: Duration, slack: Duration) -> Option<String> {
        let short =
            self.at_least.filter(|least| span + slack < *least).map(|l| format!("at least {l} is expected"));
        short.or_else(|| {
            self.at_most.filter(|most| span > *most + slack).map(|m| format!("at most {m} is allowed"))
        })
    }

    fn words(self) -> String {
        let least = self.at_least.map(|l| format!(" at least {l}"));
        let most = self.at_most.map(|m| format!(" at most {m}"));
        [least, most].into_iter().flatten().collect::<Vec<_>>().join(" and")
    }
}

fn outage(
    findings: &Findings<'_>,
    client: usize,
    limits: Limits,
    (end, slack): (Instant, Duration),
) -> Conclusion {
    let name = findings.net.plan.name(client);
    let Some(felt) = findings.clients.get(&client) else { return (Outcome::Vacuous, Vec::new()) };
    if !felt.ever {
        let cause = findings.net.last_act();
        return failed(Instant::ZERO, Some(name), format!("{name} never got an answer"), cause);
    }
    let length = felt.longest.as_ref().map_or(Duration::ZERO, |o| o.length);
    let Some(limit) = limits.broken_by(length, slack) else { return (Outcome::Pass, Vec::new()) };
    let Some(longest) = &felt.longest else {
        let cause = "every ping was answered".into();
        return failed(end, Some(name), format!("{name} had no outage, {limit}"), cause);
    };
    let violation = Violation {
        from: longest.from,
        until: longest.over.then(|| longest.from + length),
        host: Some(name.clone()),
        what: format!("{name} had no answer for {length}, {limit}"),
        cause: longest.before.clone(),
    };
    (Outcome::Fail, vec![violation])
}

fn sequence(
    node: &Name,
    states: &[Announced],
    seen: &[Announced],
    more: bool,
    wrong: Option<Instant>,
    end: Instant,
) -> Conclusion {
    if seen == states {
        return (Outcome::Pass, Vec::new());
    }
    let etc = if more { " ..." } else { "" };
    let what = format!("{node} announced {}{etc}, not {}", words(seen), words(states));
    let cause = match wrong {
        Some(_) => format!("announcement {} differs", 1 + common(seen, states)),
        None => format!("only {} of {} announcements were made", seen.len(), states.len()),
    };
    failed(wrong.unwrap_or(end), Some(node), what, cause)
}

fn common(a: &[Announced], b: &[Announced]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

fn words(states: &[Announced]) -> String {
    if states.is_empty() {
        return "nothing".into();
    }
    states.iter().map(|s| s.word()).collect::<Vec<_>>().join(" ")
}

fn count(net: &Network, what: &Counted, n: u32, (least, most): (u32, u32), from: Instant) -> Conclusion {
    if (least..=most).contains(&n) {
        return (Outcome::Pass, Vec::new());
    }
    let node = net.plan.name(host_of(what).0);
    let words = match what {
        Counted::Frames { class, .. } => {
            format!("{node} sent {n} {} frames, not {}", class_name(*class), range(least, most))
        }
        Counted::Mails { subject, .. } => {
            format!("{node} took `{subject}` {}, not {}", times(n, n), times(least, most))
        }
        Counted::Commands { pattern, .. } => {
            format!("{node} ran `{pattern}` {}, not {}", times(n, n), times(least, most))
        }
        Counted::Lines { pattern, .. } => {
            format!("{node} wrote `{pattern}` to a FIFO {}, not {}", times(n, n), times(least, most))
        }
    };
    failed(from, Some(node), words, format!("counted from {from}"))
}

fn host_of(what: &Counted) -> HostIndex {
    match what {
        Counted::Mails { server: host, .. }
        | Counted::Frames { node: host, .. }
        | Counted::Commands { node: host, .. }
        | Counted::Lines { node: host, .. } => *host,
    }
}

fn times(least: u32, most: u32) -> String {
    match (least, most) {
        (0, 0) => "never".to_string(),
        (1, 1) => "once".to_string(),
        _ => format!("{} times", range(least, most)),
    }
}

fn range(least: u32, most: u32) -> String {
    match (least, most) {
        (l, m) if l == m => format!("{l}"),
        (0, m) => format!("at most {m}"),
        (l, u32::MAX) => format!("at least {l}"),
        (l, m) => format!("{l} to {m}"),
    }
}

fn class_name(class: FrameClass) -> &'static str {
    match class {
        FrameClass::Vrrp => "vrrp",
        FrameClass::PriorityZero => "priority-0",
        FrameClass::Garp => "garp",
    }
}

/// An advert that cannot be read counts as one of unknown priority.
fn is(class: FrameClass, summary: &Summary) -> bool {
    match (class, summary) {
        (FrameClass::Vrrp, Summary::Vrrp(_)) => true,
        (FrameClass::Vrrp, Summary::Ip { protocol, .. }) => *protocol == VRRP,
        (FrameClass::PriorityZero, Summary::Vrrp(advert)) => advert.priority == 0,
        (FrameClass::Garp, Summary::Garp { .. }) => true,
        (FrameClass::Garp, Summary::NeighbourAdvertisement(said)) => !said.solicited,
        _ => false,
    }
}

impl Wrong {
    /// The part of it that the expectation forbids: until `end`, in `by..until`.
    fn within(self, by: Instant, until: Option<Instant>, end: Option<Instant>) -> Option<Violation> {
        let over = end.is_some_and(|end| end <= by.max(self.since));
        if over || until.is_some_and(|until| until <= self.since.max(by)) {
            return None;
        }
        let until = match (end, until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Some(Violation { from: self.since.max(by), until, host: None, what: self.what, cause: self.cause })
    }

    /// The same for what lasts when the run ends. At `by` itself it must be over, even if the run ends there.
    fn within_run(self, by: Instant, until: Option<Instant>, end: Instant) -> Option<Violation> {
        let until = until.filter(|until| *until <= end);
        if end < by { None } else { self.within(by, until, None) }
    }
}

/// `a and b hold 192.168.10.240`.
fn holds(net: &Network, address: IpAddr, holders: &[usize]) -> String {
    let verb = if holders.len() > 1 { "hold" } else { "holds" };
    format!("{} {verb} {address}", net.plan.list(holders))
}

/// How the holders came to hold it, or how the last one lost it.
fn history(net: &Network, address: IpAddr, holders: &[usize]) -> String {
    let places: Vec<usize> = net.plan.places_of(address).collect();
    let taken = |&h: &usize| {
        let (at, cause) = places.iter().find_map(|&p| net.held(p, h))?.taken;
        Some(format!("{} took it at {at}{}", net.plan.name(h), net.why(cause)))
    };
    let told: Vec<String> = holders.iter().filter_map(taken).collect();
    if !told.is_empty() {
        return told.join("; ");
    }
    let gone = places.iter().find_map(|&p| net.last_given_up(p));
    gone.unwrap_or_else(|| "nobody has held it".into())
}

fn property(names: &[Name], rule: &Rule) -> String {
    let name = |h: &HostIndex| &names[h.0];
    let time = |t: &Instant| Duration::from_micros(t.as_micros());
    match rule {
        Rule::Master { address, node, by, until } => {
            let until = until.map(|u| format!(" until {}", time(&u))).unwrap_or_default();
            format!("master of {address} is {} by {}{until}", name(node), time(by))
        }
        Rule::Outage { client, at_most, at_least } => {
            let limits = Limits { at_least: *at_least, at_most: *at_most };
            format!("outage of {}{}", name(client), limits.words())
        }
        Rule::Sequence { node, instance, states } => {
            format!("{instance} on {} announces {}", name(node), words(states))
        }
        Rule::Count { what, at_least, at_most, .. } => {
            let (node, times) = (name(&host_of(what)), times(*at_least, *at_most));
            match what {
                Counted::Frames { class, .. } => {
                    format!("{node} sends {} {} frames", range(*at_least, *at_most), class_name(*class))
                }
                Counted::Mails { subject, .. } => format!("{node} takes `{subject}` {times}"),
                Counted::Commands { pattern, .. } => format!("{node} runs `{pattern}` {times}"),
                Counted::Lines { pattern, .. } => format!("{node} writes `{pattern}` to a FIFO {times}"),
            }
        }
        Rule::Never(oracle) => format!("never {}", name_of(*oracle)),
        Rule::Sometimes(oracle) => format!("sometimes {}", name_of(*oracle)),
        Rule::Known { oracle, .. } => format!("known {}", name_of(*oracle)),
        Rule::Takeover { from, to, at_least, at_most } => {
            let limits = Limits { at_least: *at_least, at_most: *at_most };
            format!("takeover from {} by {}{}", name(from), name(to), limits.words())
        }
    }
}
