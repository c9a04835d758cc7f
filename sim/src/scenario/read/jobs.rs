//! What surrounds a daemon on its host and is not its network: how commands end, files, processes; and mail
//! servers.

use std::collections::BTreeMap;
use std::ops::Range;

use vrrplab_engine::config::Tracks;
use vrrplab_engine::time::Duration;

use super::super::{End, Fault, Host, Mailbox, NodeSpec, Role, ScriptModel};
use super::hosts::{Lab, Wanted};
use super::page::{Item, Page, Table};
use super::services;
use crate::world::USUAL;

const KEYS: [&str; 6] = ["match", "exit", "takes", "hangs", "stubborn", "needs"];

/// `processes` are the names of those that the scenario knows on the node.
pub(super) fn models<'a>(page: &Page<'a>, item: Option<Item<'a>>, processes: &[&str]) -> Vec<ScriptModel> {
    let items = item.and_then(|i| page.array(i)).unwrap_or_default();
    items.iter().filter_map(|i| model(page, &page.table(i, "a script", &KEYS)?, processes)).collect()
}

/// What `needs` of a script may name.
pub(super) fn processes_of(host: &Host, spec: &NodeSpec) -> Vec<String> {
    let services = host.services.iter().map(|s| s.name().to_string());
    services.chain(spec.processes.keys().cloned()).collect()
}

/// `script = { node, match, … }`.
pub(super) fn act<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let keys = [["node"].as_slice(), &KEYS].concat();
    let table = page.table(item, "a script", &keys)?;
    let node = table.need(page, "node", "node = \"ka1\"").and_then(|i| lab.host(page, i, Wanted::Node));
    let known = node.map(|node| &lab.hosts[node.0]).map_or_else(Vec::new, |host| match &host.role {
        Role::Node(spec) => processes_of(host, spec),
        Role::Client(_) => Vec::new(),
    });
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let model = model(page, &table, &known);
    Some(Fault::Script { node: node?, model: model? })
}

fn model<'a>(page: &Page<'a>, table: &Table<'a>, processes: &[&str]) -> Option<ScriptModel> {
    let pattern = table.need(page, "match", "match = \"test -f\"").and_then(|i| page.text(i));
    let status = table.get("exit").map_or(Some(0), |i| status(page, i));
    let takes = table.get("takes").map_or(Some(USUAL), |i| page.time(i));
    let flag = |key| table.get(key).map_or(Some(false), |i| page.flag(i));
    let (hangs, stubborn) = (flag("hangs")?, flag("stubborn")?);
    if hangs {
        for key in table.present(&["exit", "takes"]) {
            let message = format!("a script that hangs has no `{key}`");
            page.error("misplaced-key", table.key_span(key), message, "");
        }
    } else if stubborn {
        let message = "a script that ends by itself is not stubborn";
        page.error("misplaced-key", table.key_span("stubborn"), message, "hangs = true");
    }
    let needs = table.get("needs").and_then(|i| page.text(i));
    if let Some(needs) = needs {
        services::check_needs(page, table, needs, processes);
        for key in table.present(&["exit", "hangs"]) {
            let message = format!("a script that `needs` a process has no `{key}`: that process decides");
            page.error("misplaced-key", table.key_span(key), message, "");
        }
    }
    let end = if hangs { End::Never } else { End::Exit(status?) };
    let needs = needs.map(Into::into);
    Some(ScriptModel { pattern: pattern?.into(), end, takes: takes?, stubborn, needs })
}

fn status(page: &Page<'_>, item: Item<'_>) -> Option<u8> {
    let number = page.number(item)?;
    let status = u8::try_from(number).ok();
    if status.is_none() {
        page.error("bad-number", item.span(), format!("no command exits with {number}"), "0 to 255");
    }
    status
}

/// Tracked scripts decide elections: one that no model is about deserves a word.
pub(super) fn unmodelled(page: &Page<'_>, spec: &NodeSpec, who: &str, span: Range<usize>) {
    let config = &spec.reading.config;
    let tracks = config.instances.iter().map(|i| &i.tracks).chain(config.groups.iter().map(|g| &g.tracks));
    let tracked = |name: &str| tracks.clone().any(|t: &Tracks| t.scripts.iter().any(|s| s.name == name));
    for script in config.scripts.iter().filter(|s| tracked(&s.name)) {
        let command = script.command.argv.join(" ");
        if !spec.scripts.iter().any(|m| command.contains(&*m.pattern)) {
            let message =
                format!("nothing says how `{command}` of vrrp_script {} ends: it succeeds", script.name);
            let help = format!("[[node.{who}.script]] with match = \"{}\", exit = 0", script.command.argv[0]);
            page.warning("unmodelled-script", span.clone(), message, help);
        }
    }
}

/// `files = { "/run/prio" = "10" }`.
pub(super) fn files<'a>(page: &Page<'a>, item: Option<Item<'a>>) -> BTreeMap<String, String> {
    let named = page.named(item, "files");
    named.iter().filter_map(|n| Some((n.name.to_string(), page.text(n.item)?.to_string()))).collect()
}

/// `processes = { haproxy = 1 }`.
pub(super) fn processes<'a>(page: &Page<'a>, item: Option<Item<'a>>) -> BTreeMap<String, u32> {
    let named = page.named(item, "processes");
    named.iter().filter_map(|n| Some((n.name.to_string(), page.number(n.item)?))).collect()
}

/// `file = { node, path, content }`, or `absent = true` instead of the content.
pub(super) fn file<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let table = page.table(item, "a file", &["node", "path", "content", "absent"])?;
    let node = table.need(page, "node", "node = \"ka1\"").and_then(|i| lab.host(page, i, Wanted::Node));
    let path = table.need(page, "path", "path = \"/run/prio\"").and_then(|i| page.text(i));
    let absent = table.get("absent").map_or(Some(false), |i| page.flag(i))?;
    let content = match table.get("content") {
        Some(_) if absent => {
            let message = "a file that is absent has no `content`";
            page.error("misplaced-key", table.key_span("content"), message, "one of the two");
            None
        }
        Some(item) => page.text(item).map(|text| Some(text.to_string())),
        None if absent => Some(None),
        None => {
            let message = "this `file` has no content";
            page.error("missing-key", table.span.clone(), message, "content = \"10\", or absent = true");
            None
        }
    };
    Some(Fault::File { node: node?, path: path?.to_string(), content: content? })
}

/// `smtp = { port, delay, refuses, reply }`.
pub(super) fn mailbox<'a>(page: &Page<'a>, item: Item<'a>) -> Option<Mailbox> {
    let table = page.table(item, "a mail server", &["port", "delay", "refuses", "reply"])?;
    let port = table.get("port").map_or(Some(25), |i| {
        let port = page.number(i)?;
        let fits = u16::try_from(port).ok().filter(|p| *p > 0);
        if fits.is_none() {
            page.error("bad-number", i.span(), format!("{port} is no port"), "1 to 65535");
        }
        fits
    });
    let delay = table.get("delay").map_or(Some(Duration::ZERO), |i| page.time(i));
    let word = |key| table.get(key).and_then(|i| page.text(i)).map(str::to_string);
    let (refuses, reply) = (word("refuses"), word("reply"));
    if reply.is_some() && refuses.is_none() {
        let message = "`reply` belongs to what is refused";
        page.error("misplaced-key", table.key_span("reply"), message, "refuses = \"RCPT\"");
    }
    Some(Mailbox {
        port: port?,
        delay: delay?,
        refuses,
        reply: reply.unwrap_or_else(|| "550 no".to_string()),
    })
}
