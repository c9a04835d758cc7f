//! `[[node.NAME.process]]`: programs beside the daemons.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use toml::de::DeValue;
use vrrplab_engine::time::Instant;

use super::super::{Fault, Host, Service};
use super::Files;
use super::hosts::{Lab, Wanted, start};
use super::page::{Item, Named, Page, Table, suggestion};

const EXAMPLE: &str = "run = \"haproxy -db -f haproxy.cfg\"";
/// What only a shell understands.
const OF_SHELLS: [&str; 9] = ["|", "||", "&", "&&", ";", ">", ">>", "<", "2>&1"];

/// The programs of a host whose links are known already.
pub(super) fn read<'a>(
    page: &Page<'a>,
    item: Option<Item<'a>>,
    host: &Host,
    files: &dyn Files,
) -> Vec<Service> {
    let items = item.and_then(|i| page.array(i)).unwrap_or_default();
    items.iter().filter_map(|i| service(page, i, host, files)).collect()
}

fn service<'a>(page: &Page<'a>, item: Item<'a>, host: &Host, files: &dyn Files) -> Option<Service> {
    let table = page.table(item, "a process", &["run", "files", "start", "ready"])?;
    let argv = table.need(page, "run", EXAMPLE).and_then(|i| command(page, i));
    let named = page.named(table.get("files"), "files");
    let own: BTreeMap<String, String> = named.iter().filter_map(|n| file(page, n, files)).collect();
    let ready = table.get("ready").and_then(|i| ready(page, i, host));
    let start = table.get("start").map_or(Some(Instant::ZERO), |i| start(page, i));
    Some(Service { argv: argv?, files: own, start, ready })
}

/// Words, or a text that is split as a shell splits it; nothing is expanded.
fn command<'a>(page: &Page<'a>, item: Item<'a>) -> Option<Vec<String>> {
    let words: Vec<String> = match item.get_ref() {
        DeValue::Array(_) => {
            let words = page.array(item)?;
            words.iter().map(|word| page.text(word).map(str::to_string)).collect::<Option<_>>()?
        }
        _ => {
            let text = page.text(item)?;
            let split = shlex::split(text);
            if split.is_none() {
                page.error("bad-command", item.span(), "a quote in this command does not end", EXAMPLE);
            }
            let split = split?;
            if let Some(word) = split.iter().find(|word| OF_SHELLS.contains(&word.as_str())) {
                let message = format!("no shell reads this command: `{word}` would be an argument");
                page.error("bad-command", item.span(), message, "run = [\"sh\", \"-c\", \"…\"]");
                return None;
            }
            split
        }
    };
    if words.first().is_none_or(String::is_empty) {
        page.error("bad-command", item.span(), "this command names no program", EXAMPLE);
        return None;
    }
    Some(words)
}

/// A text of several lines is what is in the file, one of a single line is where that is.
fn file<'a>(page: &Page<'a>, named: &Named<'a>, files: &dyn Files) -> Option<(String, String)> {
    let text = page.text(named.item)?;
    if !named.name.starts_with('/') {
        let message = format!("`{}` is no path from the root of the host", named.name);
        page.error("bad-path", named.span.clone(), message, format!("\"/run/{}\"", named.name));
    }
    let content = match text.contains('\n') {
        true => text.to_string(),
        false => {
            files.text(text).map_err(|why| page.error("unreadable-file", named.item.span(), why, "")).ok()?
        }
    };
    Some((named.name.to_string(), content))
}

/// `tcp ADDRESS:PORT`, an address that the host has from the beginning.
fn ready<'a>(page: &Page<'a>, item: Item<'a>, host: &Host) -> Option<SocketAddr> {
    let text = page.text(item)?;
    let own: Vec<_> = host.links.iter().flat_map(|l| &l.addresses).map(|c| c.address).collect();
    let example = own.first().map_or("127.0.0.1".to_string(), ToString::to_string);
    let help = format!("ready = \"tcp {}\"", SocketAddr::new(example.parse().ok()?, 80));
    let Some(at) = text.strip_prefix("tcp ").and_then(|at| at.trim().parse::<SocketAddr>().ok()) else {
        page.error("bad-address", item.span(), format!("`{text}` is no place to connect to"), help);
        return None;
    };
    if !own.contains(&at.ip()) && !at.ip().is_loopback() {
        let message = format!("{} has no address {} before its daemon runs", host.name, at.ip());
        page.error("bad-address", item.span(), message, help);
        return None;
    }
    Some(at)
}

/// `process = { node, match, running }`.
pub(super) fn act<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let table = page.table(item, "a process", &["node", "match", "running"])?;
    let node = table.need(page, "node", "node = \"ka1\"").and_then(|i| lab.host(page, i, Wanted::Any));
    let pattern = table.need(page, "match", "match = \"haproxy\"").and_then(|i| page.text(i));
    let running = table.need(page, "running", "running = 0").and_then(|i| page.number(i));
    let (node, pattern, running) = (node?, pattern?, running?);
    let host = &lab.hosts[node.0];
    let there = host.services.iter().filter(|s| s.command().contains(pattern)).count();
    if there > 0 && running as usize > there {
        let message = format!("{} has {there} of them, not {running}", host.name);
        let help = format!("at most {there}, or another [[node.{}.process]]", host.name);
        page.error("bad-number", table.key_span("running"), message, help);
    }
    Some(Fault::Process { node, pattern: pattern.to_string(), running })
}

/// `needs = "haproxy"`: the name of a process that the scenario knows on this host.
pub(super) fn check_needs(page: &Page<'_>, table: &Table<'_>, wanted: &str, known: &[&str]) {
    if !known.contains(&wanted) {
        let message = format!("no process is called `{wanted}` here");
        let help = match known.is_empty() {
            true => format!("[[node.NAME.process]] with run = \"{wanted}\""),
            false => suggestion(wanted, known),
        };
        page.error("unknown-name", table.key_span("needs"), message, help);
    }
}
