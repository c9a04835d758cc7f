//! `[variant.NAME]`: the same laboratory with other configurations. The plain scenario is the view without a
//! name.

use std::sync::Arc;

use super::super::Role;
use super::Files;
use super::hosts::{self, Lab};
use super::page::{Item, Named, Page, Table, suggestion};

/// The laboratory as one scenario of the file sees it.
pub(super) struct View {
    /// `None` is the plain one.
    pub(super) variant: Option<String>,
    /// Its own title, if it has one.
    pub(super) title: Option<String>,
    pub(super) lab: Lab,
}

/// The plain view, then one for each variant.
pub(super) fn views<'a>(page: &Page<'a>, item: Option<Item<'a>>, lab: Lab, files: &dyn Files) -> Vec<View> {
    let mut views = vec![View { variant: None, title: None, lab }];
    for named in page.named(item, "[variant.NAME]") {
        hosts::check_name(page, named.name, &named.span);
        if named.name == "base" {
            let help = "`base` is what expectations call the scenario without a variant";
            page.error("bad-name", named.span.clone(), "a variant cannot be called `base`", help);
        }
        let mut lab = views[0].lab.clone();
        let title = page
            .entry(&named, "a variant", &["title", "node"])
            .and_then(|table| variant(page, &table, &named, &mut lab, files));
        views.push(View { variant: Some(named.name.to_string()), title, lab });
    }
    views
}

/// Replaces configurations in `lab` and returns the variant's title.
fn variant<'a>(
    page: &Page<'a>,
    table: &Table<'a>,
    variant: &Named<'a>,
    lab: &mut Lab,
    files: &dyn Files,
) -> Option<String> {
    let nodes = page.named(table.get("node"), "node.NAME");
    if nodes.is_empty() {
        let help = "node.ka1.config = \"other.conf\"";
        page.error("missing-key", variant.span.clone(), "this variant changes nothing", help);
    }
    for named in nodes {
        replace(page, &named, variant.name, lab, files);
    }
    table.get("title").and_then(|t| page.text(t)).map(str::to_string)
}

fn replace<'a>(page: &Page<'a>, named: &Named<'a>, variant: &str, lab: &mut Lab, files: &dyn Files) {
    let Some(table) = page.entry(named, "a variant's node", &["config"]) else { return };
    let found = lab.hosts.iter().position(|h| &*h.name == named.name);
    let Some(i) = found.filter(|&i| matches!(lab.hosts[i].role, Role::Node(_))) else {
        let nodes = lab.hosts.iter().filter(|h| matches!(h.role, Role::Node(_)));
        let nodes: Vec<&str> = nodes.map(|h| &*h.name).collect();
        let message = format!("no node is called `{}`", named.name);
        page.error("unknown-name", named.span.clone(), message, suggestion(named.name, &nodes));
        return;
    };
    let who = format!("{}, variant {variant}", named.name);
    let item = table.need(page, "config", "config = \"other.conf\"");
    let reading = item.and_then(|i| hosts::configuration(page, i, &who, files));
    lab.readable[i] = reading.as_ref().is_some_and(|r| !r.refused());
    if let (Some(reading), host) = (reading, &mut lab.hosts[i]) {
        if lab.readable[i] {
            hosts::interfaces(page, &reading.config, &host.links, named.name, table.key_span("config"));
        }
        if let Role::Node(node) = &mut host.role {
            node.reading = Arc::clone(&reading);
        }
    }
}

/// Which views an expectation with this `variant` is for: their places in `views`.
pub(super) fn which<'a>(page: &Page<'a>, item: Option<Item<'a>>, views: &[View]) -> Vec<usize> {
    let Some(item) = item else { return (0..views.len()).collect() };
    let Some(name) = page.text(item) else { return Vec::new() };
    if name == "base" {
        return vec![0];
    }
    let found = views.iter().position(|v| v.variant.as_deref() == Some(name));
    if found.is_none() {
        let mut names: Vec<&str> = views.iter().filter_map(|v| v.variant.as_deref()).collect();
        names.push("base");
        let message = format!("no variant is called `{name}`");
        page.error("unknown-name", item.span(), message, suggestion(name, &names));
    }
    found.into_iter().collect()
}
