//! `[[at]]`: when, and one verb. The script comes out in the order of time; acts after something keep their
//! order behind those with a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::config::Reading;
use vrrplab_engine::time::{Duration, Instant};

use super::super::{Act, Fault, Host, HostIndex, NetworkFault, SegmentIndex, TrunkIndex, When};
use super::hosts::{Lab, Wanted};
use super::page::{Item, Page, Table, suggestion};
use super::{Files, anchor, hosts, network, route};
use toml::de::DeValue;

/// The verbs, each with the keys that only it has.
const VERBS: &[(&str, &[&str])] = &[
    ("crash", &["back"]),
    ("kill", &[]),
    ("stop", &[]),
    ("start", &["config"]),
    ("reload", &["config"]),
    ("pause", &[]),
    ("resume", &[]),
    ("carrier", &["state", "link"]),
    ("address", &[]),
    ("filter", &[]),
    ("partition", &["segment"]),
    ("heal", &[]),
    ("mute", &[]),
    ("unmute", &[]),
    ("script", &[]),
    ("file", &[]),
    ("process", &[]),
    ("impair", &[]),
    ("clear", &[]),
    ("trunk", &["state"]),
];

/// When a crashed host is back if nothing is said.
const BACK: Duration = Duration::from_millis(10);

/// Gives the acts, and the configurations that some of them start a node with.
pub(super) fn read<'a>(
    page: &Page<'a>,
    item: Option<Item<'a>>,
    lab: &Lab,
    files: &dyn Files,
    duration: Duration,
) -> (Vec<Act>, Vec<Arc<Reading>>) {
    let items = item.and_then(|i| page.array(i)).unwrap_or_default();
    let mut later = Later { files, configurations: Vec::new() };
    let mut acts: Vec<Act> = items.iter().filter_map(|i| act(page, i, lab, &mut later, duration)).collect();
    acts.sort_by_key(|a| match a.when {
        When::At(at) => (0, at),
        When::After { .. } => (1, Instant::ZERO),
    });
    (acts, later.configurations)
}

/// Which node gets which configuration later.
pub(super) fn later(script: &[Act], configurations: &[Arc<Reading>]) -> Vec<(HostIndex, Arc<Reading>)> {
    let given = |act: &Act| match act.fault {
        Fault::Start { node, config: Some(config) } | Fault::Reload { node, config: Some(config) } => {
            Some((node, Arc::clone(&configurations[config])))
        }
        _ => None,
    };
    script.iter().filter_map(given).collect()
}

/// Configurations that nodes get later.
struct Later<'a> {
    files: &'a dyn Files,
    configurations: Vec<Arc<Reading>>,
}

impl Later<'_> {
    /// `config` beside a verb, with a file's name or a text: its place, or that there is none.
    fn read<'a>(
        &mut self,
        page: &Page<'a>,
        table: &Table<'a>,
        host: &Host,
        how: &str,
    ) -> Option<Option<usize>> {
        let Some(item) = table.get("config") else { return Some(None) };
        let who = format!("{}, {how}", host.name);
        self.configurations.push(hosts::configuration(page, item, &who, self.files)?);
        Some(Some(self.configurations.len() - 1))
    }
}

fn act<'a>(
    page: &Page<'a>,
    item: Item<'a>,
    lab: &Lab,
    later: &mut Later<'_>,
    duration: Duration,
) -> Option<Act> {
    let verbs: Vec<&'static str> = VERBS.iter().map(|(v, _)| *v).collect();
    let mut keys = vec!["time", "after"];
    keys.extend(&verbs);
    keys.extend(VERBS.iter().flat_map(|(_, own)| *own));
    let table = page.table(item, "an [[at]]", &keys)?;
    let when = when(page, &table, lab, duration);
    let verb = the_verb(page, &table, &verbs, &keys, "[[at]]")?;
    let mut said = BTreeSet::new();
    let belongs = VERBS.iter().find(|(v, _)| *v == verb).map_or(&[][..], |(_, own)| *own);
    for (other, own) in VERBS.iter().filter(|(v, _)| *v != verb) {
        for key in table.present(own).into_iter().filter(|key| !belongs.contains(key)) {
            if !said.insert(key) {
                continue;
            }
            let message = format!("`{key}` belongs to `{other}`, not to `{verb}`");
            page.error("misplaced-key", table.key_span(key), message, "");
        }
    }
    let fault = fault(page, &table, verb, lab, later)?;
    Some(Act { when: when?, fault })
}

/// The one verb of a table; none and several are mistakes.
pub(super) fn the_verb<'a>(
    page: &Page<'a>,
    table: &Table<'a>,
    verbs: &[&'static str],
    known: &[&str],
    what: &str,
) -> Option<&'static str> {
    match table.present(verbs)[..] {
        [verb] => return Some(verb),
        // A misspelt one has been reported as an unknown key.
        [] if table.has_others(known) => {}
        [] => {
            let help = format!("one of: {}", verbs.join(", "));
            page.error("no-verb", table.span.clone(), format!("this {what} has no verb"), help);
        }
        [first, second, ..] => {
            let message = format!("this {what} has `{first}` already");
            let help = format!("one verb each: write another {what} for `{second}`");
            page.error("several-verbs", table.key_span(second), message, help);
        }
    }
    None
}

fn when<'a>(page: &Page<'a>, table: &Table<'a>, lab: &Lab, duration: Duration) -> Option<When> {
    match (table.get("time"), table.get("after")) {
        (Some(time), None) => page.instant_within(time, duration, false).map(When::At),
        (None, Some(after)) => anchor::read(page, after, lab),
        (Some(_), Some(_)) => {
            let message = "this [[at]] has `time` already";
            page.error("several-times", table.key_span("after"), message, "either `time` or `after`");
            None
        }
        (None, None) => {
            let help = "time = \"10s\", or after = { advert = \"ka1\", nth = 5, plus = \"400ms\" }";
            page.error("missing-key", table.span.clone(), "this [[at]] does not say when", help);
            None
        }
    }
}

fn fault<'a>(
    page: &Page<'a>,
    table: &Table<'a>,
    verb: &'static str,
    lab: &Lab,
    later: &mut Later<'_>,
) -> Option<Fault> {
    let item = table.get(verb)?;
    let node = || lab.host(page, item, Wanted::Node);
    Some(match verb {
        "crash" => {
            let back = back(page, table.get("back"));
            Fault::Crash { node: node()?, back: back? }
        }
        "kill" => Fault::Kill(node()?),
        "stop" => Fault::Stop(node()?),
        "start" => {
            let node = node()?;
            Fault::Start { node, config: later.read(page, table, &lab.hosts[node.0], "started again")? }
        }
        "reload" => {
            let node = node()?;
            Fault::Reload { node, config: later.read(page, table, &lab.hosts[node.0], "reloaded")? }
        }
        "pause" => Fault::Pause(node()?),
        "resume" => Fault::Resume(node()?),
        "carrier" => carrier(page, table, item, lab)?,
        "address" => address(page, item, lab)?,
        "filter" => filter(page, item, lab)?,
        "partition" => partition(page, table, item, lab)?,
        "heal" => Fault::Network(NetworkFault::Heal(lab.segment(page, item)?)),
        "script" => super::jobs::act(page, item, lab)?,
        "file" => super::jobs::file(page, item, lab)?,
        "process" => super::services::act(page, item, lab)?,
        "mute" => pair(page, item, lab).map(|(from, to)| Fault::Network(NetworkFault::Mute { from, to }))?,
        "unmute" => {
            pair(page, item, lab).map(|(from, to)| Fault::Network(NetworkFault::Unmute { from, to }))?
        }
        "impair" => network::act(page, item, lab)
            .map(|(on, impairment, lasts)| Fault::Network(NetworkFault::Impair { on, impairment, lasts }))?,
        "clear" => Fault::Network(NetworkFault::Clear(network::medium(page, item, lab)?)),
        _ => trunk(page, table, item, lab)?,
    })
}

fn back(page: &Page<'_>, item: Option<Item<'_>>) -> Option<Option<Duration>> {
    match item.map(|i| (i, i.get_ref())) {
        None => Some(Some(BACK)),
        Some((_, DeValue::String(word))) if word == "never" => Some(None),
        Some((item, _)) => page.time(item).map(Some),
    }
}

fn carrier<'a>(page: &Page<'a>, table: &Table<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let host = lab.host(page, item, Wanted::Any);
    let up = state(page, table, "carrier");
    let host = host?;
    let link = the_link(page, table, "carrier", &lab.hosts[host.0]);
    Some(Fault::Carrier { host, link: link?, up: up? })
}

/// `state = "down"` or `"up"`.
fn state<'a>(page: &Page<'a>, table: &Table<'a>, of: &str) -> Option<bool> {
    table.need(page, "state", "state = \"down\"").and_then(|i| match page.text(i)? {
        "up" => Some(true),
        "down" => Some(false),
        word => {
            let help = suggestion(word, &["down", "up"]);
            page.error("unknown-word", i.span(), format!("{of} is never `{word}`"), help);
            None
        }
    })
}

fn trunk<'a>(page: &Page<'a>, table: &Table<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let name = page.text(item)?;
    let found = lab.trunks.iter().position(|t| *t.name == *name).map(TrunkIndex);
    if found.is_none() {
        let names: Vec<&str> = lab.trunks.iter().map(|t| &*t.name).collect();
        let message = format!("no trunk is called `{name}`");
        page.error("unknown-name", item.span(), message, suggestion(name, &names));
    }
    let up = state(page, table, "a trunk");
    Some(Fault::Network(NetworkFault::Trunk { trunk: found?, up: up? }))
}

/// The link that a table names; it can be left out where the host has one. `subject` is the key that names
/// the host.
fn the_link<'a>(page: &Page<'a>, table: &Table<'a>, subject: &str, host: &Host) -> Option<usize> {
    let links: Vec<&str> = host.links.iter().map(|l| &*l.name).collect();
    let name = &host.name;
    match table.get("link") {
        Some(i) => {
            let word = page.text(i)?;
            let found = links.iter().position(|l| *l == word);
            if found.is_none() {
                let message = format!("{name} has no link `{word}`");
                page.error("unknown-name", i.span(), message, suggestion(word, &links));
            }
            found
        }
        None if links.len() > 1 => {
            let help = format!("link = \"{}\"", links.join("\" or \""));
            let message = format!("which link? {name} has several");
            page.error("missing-key", table.key_span(subject), message, help);
            None
        }
        None => Some(0),
    }
}

fn address<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let table = page.table(item, "an `address`", &["node", "add", "remove", "link"])?;
    let node = table.need(page, "node", "node = \"ka1\"").and_then(|i| lab.host(page, i, Wanted::Node));
    let example = "remove = \"192.168.10.240/24\"";
    let change = match table.present(&["add", "remove"])[..] {
        [] if table.has_others(&["node", "add", "remove", "link"]) => None,
        [] => {
            let message = "this `address` neither adds nor removes one";
            page.error("missing-key", table.span.clone(), message, example);
            None
        }
        [verb] => table.get(verb).and_then(|i| Some((verb == "add", cidr(page, i)?))),
        [..] => {
            let message = "this `address` has `add` already";
            page.error("several-verbs", table.key_span("remove"), message, "one of them");
            None
        }
    };
    let node = node?;
    let link = the_link(page, &table, "node", &lab.hosts[node.0]);
    let (added, cidr) = change?;
    Some(Fault::Address { node, link: link?, cidr, added })
}

fn filter<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let table = page.table(item, "a `filter`", &["host", "add", "remove"])?;
    let host = table.need(page, "host", "host = \"ka1\"").and_then(|i| lab.host(page, i, Wanted::Any));
    let (host, change) = (host?, table.present(&["add", "remove"]));
    let [verb] = change[..] else {
        let message = "a `filter` has either `add` or `remove`";
        page.error("missing-key", table.span.clone(), message, "add = { drop = \"vrrp\" }");
        return None;
    };
    let rule = route::rule(page, table.get(verb)?, &lab.hosts[host.0].links)?;
    Some(Fault::Filter { host, rule, added: verb == "add" })
}

/// An address with its prefix: without one it could be no address of a link.
fn cidr<'a>(page: &Page<'a>, item: Item<'a>) -> Option<Cidr> {
    let text = page.text(item)?;
    let cidr = text.parse().ok().filter(|_| text.contains('/'));
    if cidr.is_none() {
        let message = format!("`{text}` is no address with a prefix");
        page.error("bad-address", item.span(), message, "192.168.10.240/24");
    }
    cidr
}

fn partition<'a>(page: &Page<'a>, table: &Table<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let segment = lab.the_segment(page, table);
    let groups = page.array(item)?;
    if groups.len() < 2 || groups.len() > usize::from(u8::MAX) {
        let help = "partition = [[\"ka1\", \"probe\"], [\"ka2\"]]";
        page.error("bad-partition", item.span(), "a partition has two groups or more", help);
        return None;
    }
    let segment = segment?;
    let mut placed = BTreeMap::new();
    for (number, group) in groups.iter().enumerate() {
        for item in page.array(group).unwrap_or_default() {
            place(page, item, number, segment, lab, &mut placed);
        }
    }
    let group = |i| placed.get(&HostIndex(i)).copied().unwrap_or(0);
    Some(Fault::Network(NetworkFault::Partition {
        segment,
        group: (0..lab.hosts.len()).map(group).collect(),
    }))
}

/// Puts one host into its group.
fn place<'a>(
    page: &Page<'a>,
    item: Item<'a>,
    number: usize,
    segment: SegmentIndex,
    lab: &Lab,
    placed: &mut BTreeMap<HostIndex, u8>,
) {
    let Some(host) = lab.host(page, item, Wanted::Any) else { return };
    let Host { name, links, .. } = &lab.hosts[host.0];
    if !links.is_empty() && !links.iter().any(|l| l.segment == segment) {
        let message = format!("{name} is not on segment {}", lab.segments[segment.0].name);
        page.error("wrong-host", item.span(), message, "");
    }
    if placed.insert(host, number as u8).is_some() {
        page.error("duplicate-name", item.span(), format!("{name} is in a group already"), "");
    }
}

fn pair<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<(HostIndex, HostIndex)> {
    let table = page.table(item, "a mute", &["from", "to"])?;
    let from = table.need(page, "from", "from = \"ka1\"").and_then(|i| lab.host(page, i, Wanted::Any));
    let to = table.need(page, "to", "to = \"ka2\"").and_then(|i| lab.host(page, i, Wanted::Any));
    let (from, to) = (from?, to?);
    if from == to {
        page.error("wrong-host", item.span(), "`from` and `to` are the same host", "");
    }
    let [one, other] = [from, to].map(|h| &lab.hosts[h.0]);
    let met = one.links.iter().any(|l| other.links.iter().any(|o| o.segment == l.segment));
    if !met && !one.links.is_empty() && !other.links.is_empty() {
        let message = format!("{} and {} are on no common segment", one.name, other.name);
        let help = "what is between segments is a trunk: impair = { on = \"uplink\", loss = \"100%\" }";
        page.error("wrong-host", item.span(), message, help);
    }
    Some((from, to))
}
