//! `after = { … }`: what an act waits for.

use std::net::IpAddr;

use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::Duration;

use super::super::{Anchor, When};
use super::expect::instance;
use super::hosts::{Lab, Wanted};
use super::page::{Item, Page, Table, suggestion};

/// What can be waited for, each with the keys that only it has.
const ANCHORS: &[(&str, &[&str])] =
    &[("advert", &[]), ("state", &["is", "instance"]), ("address", &["on", "gone"]), ("takeover", &[])];

const STATES: [Announced; 4] = [Announced::Backup, Announced::Master, Announced::Fault, Announced::Stop];

pub(super) fn read<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<When> {
    let kinds: Vec<&'static str> = ANCHORS.iter().map(|(kind, _)| *kind).collect();
    let mut keys = kinds.clone();
    keys.extend(ANCHORS.iter().flat_map(|(_, own)| *own));
    keys.extend(["nth", "plus"]);
    let table = page.table(item, "an `after`", &keys)?;
    let plus = table.get("plus").map_or(Some(Duration::ZERO), |i| page.time(i));
    let kind = the_kind(page, &table, &kinds, &keys)?;
    for (other, own) in ANCHORS.iter().filter(|(k, _)| *k != kind) {
        for key in table.present(own) {
            let message = format!("`{key}` belongs to `{other}`, not to `{kind}`");
            page.error("misplaced-key", table.key_span(key), message, "");
        }
    }
    let nth = match (table.get("nth"), kind) {
        (Some(item), _) => count(page, item),
        // Nobody means the first of many without saying so.
        (None, "advert") => table.need(page, "nth", "nth = 1").and(None),
        (None, _) => Some(1),
    };
    let anchor = anchor(page, &table, kind, lab);
    Some(When::After { anchor: anchor?, nth: nth?, plus: plus? })
}

/// The one thing that is waited for.
fn the_kind<'a>(
    page: &Page<'a>,
    table: &Table<'a>,
    kinds: &[&'static str],
    known: &[&str],
) -> Option<&'static str> {
    match table.present(kinds)[..] {
        [kind] => return Some(kind),
        // A misspelt one has been reported as an unknown key.
        [] if table.has_others(known) => {}
        [] => {
            let help = format!("one of: {}", kinds.join(", "));
            page.error("missing-key", table.span.clone(), "this `after` does not say after what", help);
        }
        [first, second, ..] => {
            let message = format!("this `after` waits for `{first}` already");
            page.error("several-times", table.key_span(second), message, "an act waits for one thing");
        }
    }
    None
}

fn count<'a>(page: &Page<'a>, item: Item<'a>) -> Option<u32> {
    let nth = page.number(item)?;
    if nth == 0 {
        page.error("bad-number", item.span(), "`nth` counts from 1", "nth = 1");
    }
    Some(nth)
}

fn anchor<'a>(page: &Page<'a>, table: &Table<'a>, kind: &str, lab: &Lab) -> Option<Anchor> {
    let item = table.get(kind)?;
    match kind {
        "advert" => lab.host(page, item, Wanted::Node).map(Anchor::Advert),
        "state" => state(page, table, item, lab),
        "address" => {
            let address = managed(page, item, lab);
            let on = match table.get("on") {
                Some(item) => Some(lab.host(page, item, Wanted::Node)?),
                None => None,
            };
            let gone = table.get("gone").map_or(Some(false), |i| page.truth(i));
            Some(Anchor::Address { address: address?, on, added: !gone? })
        }
        _ => managed(page, item, lab).map(Anchor::Takeover),
    }
}

fn managed<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<IpAddr> {
    let text = page.text(item)?;
    let Ok(address) = text.parse::<IpAddr>() else {
        let help = match text.split_once('/') {
            Some((address, _)) if address.parse::<IpAddr>().is_ok() => {
                format!("without the prefix length: \"{address}\"")
            }
            _ => "an address such as \"192.168.10.240\"".to_string(),
        };
        page.error("bad-address", item.span(), format!("`{text}` is no address"), help);
        return None;
    };
    lab.check_managed(page, item, address);
    Some(address)
}

fn state<'a>(page: &Page<'a>, table: &Table<'a>, item: Item<'a>, lab: &Lab) -> Option<Anchor> {
    let node = lab.host(page, item, Wanted::Node);
    let is = table.need(page, "is", "is = \"MASTER\"").and_then(|i| {
        let word = page.text(i)?;
        let found = STATES.into_iter().find(|s| s.word() == word);
        if found.is_none() {
            let words = STATES.map(Announced::word);
            page.error("unknown-word", i.span(), format!("`{word}` is no state"), suggestion(word, &words));
        }
        found
    });
    let node = node?;
    let instance = instance(page, table, node, lab);
    Some(Anchor::State { node, instance: instance?, is: is? })
}
