//! `[[expect]]`: one rule each, for all views of the scenario or one of them. A rule is read once for each
//! view, because instances and addresses are those of its configurations; equal findings are dropped later.

use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::{Duration, Instant};

use super::super::{Counted, Expectation, FrameClass, HostIndex, Oracle, Role, Rule};
use super::hosts::{Lab, Wanted};
use super::page::{Item, Page, Table, suggestion};
use super::script::the_verb;
use super::variant::{View, which};
use crate::trace::Name;

const RULES: &[&str] = &[
    "master",
    "outage",
    "sequence",
    "count",
    "mail",
    "command",
    "fifo",
    "never",
    "sometimes",
    "known",
    "takeover",
];

const ORACLES: &[(&str, Oracle)] = &[
    ("two holders", Oracle::TwoHolders),
    ("no holder", Oracle::NoHolder),
    ("stale neighbour", Oracle::StaleNeighbour),
    ("unanswered", Oracle::Unanswered),
    ("late takeover", Oracle::LateTakeover),
    ("forbidden preemption", Oracle::ForbiddenPreemption),
    ("state and addresses differ", Oracle::StateMismatch),
];

const CLASSES: &[(&str, FrameClass)] =
    &[("vrrp", FrameClass::Vrrp), ("garp", FrameClass::Garp), ("priority-0", FrameClass::PriorityZero)];

const STATES: &[(&str, Announced)] = &[
    ("BACKUP", Announced::Backup),
    ("MASTER", Announced::Master),
    ("FAULT", Announced::Fault),
    ("STOP", Announced::Stop),
    ("DELETED", Announced::Deleted),
    ("MASTER_RX_LOWER_PRI", Announced::MasterRxLowerPri),
];

/// The expectations of each view.
pub(super) fn read<'a>(
    page: &Page<'a>,
    item: Option<Item<'a>>,
    views: &[View],
    duration: Duration,
) -> Vec<Vec<Expectation>> {
    let mut expectations = vec![Vec::new(); views.len()];
    let mut known = vec!["variant"];
    known.extend(RULES);
    for item in item.and_then(|i| page.array(i)).unwrap_or_default() {
        let Some(table) = page.table(item, "an [[expect]]", &known) else { continue };
        let views_of = which(page, table.get("variant"), views);
        let Some(verb) = the_verb(page, &table, RULES, &known, "[[expect]]") else { continue };
        let line = page.line(item.span().start);
        for i in views_of {
            if let Some(rule) = rule(page, &table, verb, &views[i].lab, duration) {
                expectations[i].push(Expectation { line, rule });
            }
        }
    }
    expectations
}

fn rule<'a>(
    page: &Page<'a>,
    table: &Table<'a>,
    verb: &'static str,
    lab: &Lab,
    duration: Duration,
) -> Option<Rule> {
    let item = table.get(verb)?;
    match verb {
        "master" => master(page, item, lab, duration),
        "outage" => outage(page, item, lab),
        "sequence" => sequence(page, item, lab),
        "count" | "mail" | "command" | "fifo" => count(page, item, verb, lab, duration),
        "never" => oracle(page, item).map(Rule::Never),
        "sometimes" => oracle(page, item).map(Rule::Sometimes),
        "known" => known(page, item),
        _ => takeover(page, item, lab),
    }
}

/// A word out of a list.
fn word<'a, T: Copy>(page: &Page<'a>, item: Item<'a>, what: &str, words: &[(&str, T)]) -> Option<T> {
    let text = page.text(item)?;
    let found = words.iter().find(|(w, _)| *w == text).map(|(_, t)| *t);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
        page.error("unknown-word", item.span(), format!("`{text}` is no {what}"), suggestion(text, &known));
    }
    found
}

fn oracle<'a>(page: &Page<'a>, item: Item<'a>) -> Option<Oracle> {
    word(page, item, "oracle", ORACLES)
}

fn node<'a>(page: &Page<'a>, table: &Table<'a>, key: &str, lab: &Lab) -> Option<HostIndex> {
    let example = format!("{key} = \"ka1\"");
    table.need(page, key, &example).and_then(|i| lab.host(page, i, Wanted::Node))
}

fn master<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab, duration: Duration) -> Option<Rule> {
    let table = page.table(item, "a `master`", &["address", "node", "by", "until"])?;
    let address = table.need(page, "address", "address = \"192.168.10.240\"");
    let address = address.and_then(|i| {
        let address = page.ip(i)?;
        lab.check_managed(page, i, address);
        Some(address)
    });
    let node = node(page, &table, "node", lab);
    let by = table.need(page, "by", "by = \"13.4s\"");
    let by = by.and_then(|i| page.instant_within(i, duration, false));
    let until = until(page, &table, by, duration);
    Some(Rule::Master { address: address?, node: node?, by: by?, until: until? })
}

/// `until`, which comes after `from`. The outer `None` is a mistake, the inner one the end of the run.
fn until<'a>(
    page: &Page<'a>,
    table: &Table<'a>,
    from: Option<Instant>,
    duration: Duration,
) -> Option<Option<Instant>> {
    let Some(item) = table.get("until") else { return Some(None) };
    let until = page.instant_within(item, duration, true)?;
    if from.is_some_and(|from| until <= from) {
        page.error("bad-time", item.span(), "this span of time ends before it begins", "");
    }
    Some(Some(until))
}

/// `at_least` and `at_most`, of which there is one or both.
type Bounds = (Option<Duration>, Option<Duration>);

fn bounds<'a>(page: &Page<'a>, table: &Table<'a>) -> Option<Bounds> {
    let (least, most) = (table.get("at_least"), table.get("at_most"));
    if least.is_none() && most.is_none() {
        let help = "at_most = \"3.7s\", or at_least";
        page.error("missing-key", table.span.clone(), "this expectation has no bound", help);
        return None;
    }
    let read = |item: Option<Item<'a>>| item.map(|i| page.time(i));
    let bounds = (read(least), read(most));
    if let (Some(Some(least)), Some(Some(most)), Some(item)) = (bounds.0, bounds.1, table.get("at_least"))
        && least > most
    {
        page.error("bad-bounds", item.span(), "`at_least` is more than `at_most`", "");
    }
    Some((bounds.0.flatten(), bounds.1.flatten()))
}

fn outage<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Rule> {
    let table = page.table(item, "an `outage`", &["client", "at_most", "at_least"])?;
    let client = table.need(page, "client", "client = \"probe\"").and_then(|i| {
        let host = lab.host(page, i, Wanted::Client)?;
        if matches!(&lab.hosts[host.0].role, Role::Client(c) if c.ping.is_none()) {
            let message = format!("{} does not ping", lab.hosts[host.0].name);
            let help = "give it a ping: ping = { to = \"192.168.10.240\", every = \"100ms\" }";
            page.error("missing-ping", i.span(), message, help);
        }
        Some(host)
    });
    let bounds = bounds(page, &table);
    let (at_least, at_most) = bounds?;
    Some(Rule::Outage { client: client?, at_most, at_least })
}

fn takeover<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Rule> {
    let table = page.table(item, "a `takeover`", &["from", "to", "at_least", "at_most"])?;
    let from = node(page, &table, "from", lab);
    let to = node(page, &table, "to", lab);
    let bounds = bounds(page, &table);
    if let (Some(from), Some(to), Some(item)) = (from, to, table.get("to"))
        && from == to
    {
        page.error("wrong-host", item.span(), "`from` and `to` are the same node", "");
    }
    let (at_least, at_most) = bounds?;
    Some(Rule::Takeover { from: from?, to: to?, at_least, at_most })
}

fn sequence<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Rule> {
    let table = page.table(item, "a `sequence`", &["node", "instance", "states"])?;
    let node = node(page, &table, "node", lab);
    let states = table.need(page, "states", "states = [\"BACKUP\", \"MASTER\"]");
    let states = states.and_then(|i| page.array(i));
    let states = states.map(|s| s.iter().filter_map(|i| word(page, i, "state", STATES)).collect());
    let node = node?;
    let instance = instance(page, &table, node, lab);
    Some(Rule::Sequence { node, instance: instance?, states: states? })
}

/// `instance`, which can be left out where the node has one.
pub(super) fn instance<'a>(page: &Page<'a>, table: &Table<'a>, node: HostIndex, lab: &Lab) -> Option<Name> {
    let host = &lab.hosts[node.0];
    let Role::Node(spec) = &host.role else { return None };
    let all = [&spec.reading].into_iter().chain(lab.later_of(Some(node)));
    let mut names: Vec<&str> = Vec::new();
    for instance in all.flat_map(|reading| &reading.config.instances) {
        if !names.contains(&instance.name.as_str()) {
            names.push(&instance.name);
        }
    }
    let readable = lab.readable[node.0];
    let Some(item) = table.get("instance") else {
        if names.len() != 1 && readable {
            let message = format!("which instance? {} has {}", host.name, names.len());
            let help = if names.is_empty() { String::new() } else { suggestion("", &names) };
            page.error("missing-key", table.span.clone(), message, help);
        }
        return names.first().map(|n| Name::from(*n));
    };
    let name = page.text(item)?;
    if readable && !names.contains(&name) {
        let message = format!("{} has no instance `{name}`", host.name);
        page.error("unknown-name", item.span(), message, suggestion(name, &names));
    }
    Some(name.into())
}

/// What is counted, by its verb: `count` is about frames.
fn count<'a>(page: &Page<'a>, item: Item<'a>, verb: &str, lab: &Lab, duration: Duration) -> Option<Rule> {
    let (name, of, example) = match verb {
        "count" => ("a `count`", "frames", "frames = \"vrrp\""),
        "mail" => ("a `mail`", "subject", "subject = \"Entering MASTER state\""),
        "command" => ("a `command`", "match", "match = \"notify.sh\""),
        _ => ("a `fifo`", "match", "match = \"MASTER\""),
    };
    let host = if verb == "mail" { "server" } else { "node" };
    let keys = [host, of, "exactly", "at_least", "at_most", "from", "until"];
    let table = page.table(item, name, &keys)?;
    let node = match host {
        "server" => table.need(page, host, "server = \"mx\"").and_then(|i| lab.host(page, i, Wanted::Any)),
        _ => node(page, &table, host, lab),
    };
    let of = table.need(page, of, example);
    let what = match verb {
        "count" => of
            .and_then(|i| word(page, i, "class of frames", CLASSES))
            .and_then(|class| Some(Counted::Frames { node: node?, class })),
        _ => of.and_then(|i| page.text(i)).map(str::to_string).and_then(|text| {
            Some(match verb {
                "mail" => Counted::Mails { server: node?, subject: text },
                "command" => Counted::Commands { node: node?, pattern: text },
                _ => Counted::Lines { node: node?, pattern: text },
            })
        }),
    };
    let numbers = numbers(page, &table);
    let from = match table.get("from") {
        Some(item) => page.instant_within(item, duration, false),
        None => Some(Instant::ZERO),
    };
    let until = until(page, &table, from, duration);
    let (at_least, at_most) = numbers?;
    Some(Rule::Count { what: what?, at_least, at_most, from: from?, until: until? })
}

fn numbers<'a>(page: &Page<'a>, table: &Table<'a>) -> Option<(u32, u32)> {
    let read = |key| table.get(key).map(|i| page.number(i));
    let (exactly, least, most) = (read("exactly"), read("at_least"), read("at_most"));
    match (exactly, least, most) {
        (Some(n), None, None) => n.map(|n| (n, n)),
        (None, None, None) => {
            let help = "exactly = 1, or at_least, at_most";
            page.error("missing-key", table.span.clone(), "how many?", help);
            None
        }
        (None, least, most) => {
            let (least, most) = (least.unwrap_or(Some(0))?, most.unwrap_or(Some(u32::MAX))?);
            if least > most {
                page.error("bad-bounds", table.key_span("at_least"), "`at_least` is more than `at_most`", "");
            }
            Some((least, most))
        }
        (Some(_), ..) => {
            page.error("bad-bounds", table.key_span("exactly"), "`exactly` leaves no room for a bound", "");
            None
        }
    }
}

fn known<'a>(page: &Page<'a>, item: Item<'a>) -> Option<Rule> {
    let table = page.table(item, "a `known`", &["oracle", "because"])?;
    let example = "oracle = \"stale neighbour\"";
    let oracle = table.need(page, "oracle", example).and_then(|i| oracle(page, i));
    let because = table.need(page, "because", "because = \"…\", for whoever reads the report");
    let because = because.and_then(|i| page.text(i));
    Some(Rule::Known { oracle: oracle?, because: because?.to_string() })
}
