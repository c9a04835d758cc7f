//! How the commands end that daemons run: `[[node.NAME.script]]`, and the act `script`.

use std::ops::Range;

use vrrplab_engine::config::Tracks;

use super::super::{End, Fault, NodeSpec, ScriptModel};
use super::hosts::{Lab, Wanted};
use super::page::{Item, Page, Table};
use crate::world::USUAL;

const KEYS: [&str; 5] = ["match", "exit", "takes", "hangs", "stubborn"];

pub(super) fn models<'a>(page: &Page<'a>, item: Option<Item<'a>>) -> Vec<ScriptModel> {
    let items = item.and_then(|i| page.array(i)).unwrap_or_default();
    items.iter().filter_map(|i| model(page, &page.table(i, "a script", &KEYS)?)).collect()
}

/// `script = { node, match, … }`.
pub(super) fn act<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Fault> {
    let keys = [["node"].as_slice(), &KEYS].concat();
    let table = page.table(item, "a script", &keys)?;
    let node = table.need(page, "node", "node = \"ka1\"").and_then(|i| lab.host(page, i, Wanted::Node));
    let model = model(page, &table);
    Some(Fault::Script { node: node?, model: model? })
}

fn model<'a>(page: &Page<'a>, table: &Table<'a>) -> Option<ScriptModel> {
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
    let end = if hangs { End::Never } else { End::Exit(status?) };
    Some(ScriptModel { pattern: pattern?.into(), end, takes: takes?, stubborn })
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
