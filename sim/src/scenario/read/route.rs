//! `route` and `filter` of a host.

use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;

use super::super::Link;
use super::super::host::{DIRECTIONS, DROPPED, Direction, FilterRule, Route};
use super::page::{Item, Page, suggestion};
use toml::de::DeValue;

/// `route = ["default via 192.168.10.240", "10.1.0.0/16 dev eth1"]`, or a single text.
pub(super) fn routes(page: &Page<'_>, item: Option<Item<'_>>, links: &[Link]) -> Vec<Route> {
    let items = match item.map(|i| (i, i.get_ref())) {
        None => return Vec::new(),
        Some((item, DeValue::String(_))) => std::slice::from_ref(item),
        Some((item, _)) => page.array(item).unwrap_or_default(),
    };
    items.iter().filter_map(|i| route(page, i, links)).collect()
}

fn route(page: &Page<'_>, item: Item<'_>, links: &[Link]) -> Option<Route> {
    let text = page.text(item)?;
    let wrong = |message: String, help: String| {
        page.error("bad-route", item.span(), message, help);
        None
    };
    let example =
        || "\"default via 192.168.10.240\", or \"10.1.0.0/16 via 192.168.10.240 dev eth0\"".to_string();
    let mut words = text.split_whitespace();
    let to = words.next().unwrap_or_default();
    let (mut via, mut link) = (None::<IpAddr>, None);
    while let Some(word) = words.next() {
        match (word, words.next()) {
            ("via", Some(router)) => match router.parse() {
                Ok(router) => via = Some(router),
                Err(_) => return wrong(format!("`{router}` is no address"), example()),
            },
            ("dev", Some(name)) => {
                link = links.iter().position(|l| &*l.name == name);
                if link.is_none() {
                    let names: Vec<&str> = links.iter().map(|l| &*l.name).collect();
                    return wrong(format!("there is no link `{name}` here"), suggestion(name, &names));
                }
            }
            _ => return wrong(format!("`{word}` does not belong into a route"), example()),
        }
    }
    let to = match (to, via) {
        ("default", Some(IpAddr::V6(_))) => "::/0".parse(),
        ("default", _) => "0.0.0.0/0".parse(),
        _ => to.parse::<Cidr>(),
    };
    let Ok(to) = to else { return wrong(format!("`{text}` does not begin with a network"), example()) };
    if via.is_some_and(|v| v.is_ipv4() != to.address.is_ipv4()) {
        return wrong(format!("`{text}` mixes IPv4 and IPv6"), example());
    }
    let reaching = |v: IpAddr| links.iter().position(|l| l.addresses.iter().any(|a| a.contains(v)));
    match (link, via) {
        (Some(link), via) => Some(Route { to: to.network(), via, link }),
        (None, None) => wrong(format!("`{text}` says neither `via` nor `dev`"), example()),
        (None, Some(router)) => match reaching(router) {
            Some(link) => Some(Route { to: to.network(), via, link }),
            None => {
                wrong(format!("{router} is in no network of this host"), "a router is a neighbour".into())
            }
        },
    }
}

/// `filter = [{ drop = "vrrp", direction = "in", from = "192.168.10.0/24" }]`.
pub(super) fn filter(page: &Page<'_>, item: Option<Item<'_>>, links: &[Link]) -> Vec<FilterRule> {
    let items = item.and_then(|i| page.array(i)).unwrap_or_default();
    items.iter().filter_map(|i| rule(page, i, links)).collect()
}

/// One rule of a filter.
pub(super) fn rule(page: &Page<'_>, item: Item<'_>, links: &[Link]) -> Option<FilterRule> {
    let table = page.table(item, "a rule", &["drop", "direction", "from", "to", "link"])?;
    let what = table.need(page, "drop", "drop = \"vrrp\"").and_then(|i| one_of(page, i, &DROPPED));
    let direction = table.get("direction").map_or(Some(Direction::In), |i| one_of(page, i, &DIRECTIONS));
    let network = |key| match table.get(key) {
        None => Some(None),
        Some(item) => network(page, item).map(Some),
    };
    let names: Vec<(&str, usize)> = links.iter().enumerate().map(|(n, l)| (&*l.name, n)).collect();
    let link = table.get("link").map_or(Some(None), |i| one_of(page, i, &names).map(Some));
    Some(FilterRule {
        what: what?,
        direction: direction?,
        from: network("from")?,
        to: network("to")?,
        link: link?,
    })
}

fn network(page: &Page<'_>, item: Item<'_>) -> Option<Cidr> {
    let text = page.text(item)?;
    let read = text.parse().ok();
    if read.is_none() {
        let help = "an address or a network: \"192.168.10.0/24\"";
        page.error("bad-address", item.span(), format!("`{text}` is no address"), help);
    }
    read
}

fn one_of<T: Copy>(page: &Page<'_>, item: Item<'_>, words: &[(&str, T)]) -> Option<T> {
    let text = page.text(item)?;
    let found = words.iter().find(|(w, _)| *w == text).map(|(_, v)| *v);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
        page.error(
            "unknown-word",
            item.span(),
            format!("`{text}` does not belong here"),
            suggestion(text, &known),
        );
    }
    found
}
