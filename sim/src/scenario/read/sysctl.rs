//! `sysctl`: settings of a host's kernel, by their short names or as sysctl.conf has them.
//!
//! ```toml
//! [node.ka1]
//! sysctl = { ip_forward = 1, net.ipv4.conf.eth1.rp_filter = 1 }
//! link.eth0 = { address = "192.168.10.170/24", sysctl = { arp_ignore = 1 } }
//! ```
//! A short name of a host means `conf.all` and `neigh.default`, of a link that link. Of `conf.all` and the
//! link's own value the greater counts, as in Linux.

use vrrplab_engine::time::Duration;

use super::super::host::{HostSettings, LinkSettings};
use super::page::{Item, Page, suggestion};
use crate::neighbour::{Ageing, Manners, Timing};
use toml::de::DeValue;

/// A setting: its name, its family (`4`, `6`, `.` both, `-` the whole host) and the values it can have.
const KEYS: &[(&str, char, u32, u32)] = &[
    ("arp_ignore", '4', 0, 8),
    ("arp_announce", '4', 0, 2),
    ("arp_filter", '4', 0, 1),
    ("arp_accept", '4', 0, 1),
    ("drop_gratuitous_arp", '4', 0, 1),
    ("rp_filter", '4', 0, 2),
    ("accept_local", '4', 0, 1),
    ("promote_secondaries", '4', 0, 1),
    ("forwarding", '.', 0, 1),
    ("drop_unsolicited_na", '6', 0, 1),
    ("base_reachable_time", '.', 1, MOST),
    ("base_reachable_time_ms", '.', 1, MOST),
    ("delay_first_probe_time", '.', 0, MOST),
    ("retrans_time_ms", '.', 1, MOST),
    ("ucast_solicit", '.', 0, MOST),
    ("mcast_solicit", '.', 0, MOST),
    ("locktime", '4', 0, MOST),
    ("gc_stale_time", '.', 0, MOST),
    ("ip_forward", '-', 0, 1),
    ("gc_thresh1", '-', 0, MOST),
    ("rmem_default", '-', 2304, MOST),
];
/// More than ten days, in whatever unit.
const MOST: u32 = 1_000_000_000;

/// One setting as it was given.
pub(super) struct Setting {
    name: &'static str,
    /// IPv4, IPv6.
    families: [bool; 2],
    /// `None`: the whole host, or all its links.
    link: Option<String>,
    value: u32,
}

/// The settings of a table, all mistakes told. Keys with dots are tables in tables.
pub(super) fn read(page: &Page<'_>, item: Option<Item<'_>>, own_link: Option<&str>) -> Vec<Setting> {
    let mut settings = Vec::new();
    if let Some(item) = item {
        collect(page, item, "", own_link, &mut settings);
    }
    settings
}

fn collect(page: &Page<'_>, item: Item<'_>, path: &str, own_link: Option<&str>, out: &mut Vec<Setting>) {
    for named in page.named(Some(item), "a `sysctl`") {
        let path = if path.is_empty() { named.name.to_string() } else { format!("{path}.{}", named.name) };
        if named.item.get_ref().is_table() {
            collect(page, named.item, &path, own_link, out);
        } else if let Some(setting) = setting(page, &path, &named.span, named.item, own_link) {
            out.push(setting);
        }
    }
}

fn setting(
    page: &Page<'_>,
    path: &str,
    span: &std::ops::Range<usize>,
    item: Item<'_>,
    own_link: Option<&str>,
) -> Option<Setting> {
    // sysctl writes an interface with dots in its name `eth0/100`.
    let parts: Vec<&str> = path.split('.').collect();
    let (word, families, link) = match parts[..] {
        [word] => (word, [true; 2], own_link.map(str::to_string)),
        ["net", "core", word @ "rmem_default"] | ["net", "ipv4", word @ "ip_forward"] => {
            (word, [true; 2], None)
        }
        ["net", family @ ("ipv4" | "ipv6"), "conf" | "neigh", link, word] => {
            let link = (!matches!(link, "all" | "default")).then(|| link.replace('/', "."));
            (word, [family == "ipv4", family == "ipv6"], link)
        }
        _ => ("", [false; 2], None),
    };
    let Some(&(name, family, least, most)) = KEYS.iter().find(|k| k.0 == word) else {
        let message = format!("`{path}` is not a setting that matters here");
        let known: Vec<&str> = KEYS.iter().map(|k| k.0).collect();
        page.error("unknown-key", span.clone(), message, suggestion(parts[parts.len() - 1], &known));
        return None;
    };
    if family == '-' && link.is_some() {
        let message = format!("`{word}` is a setting of the host");
        page.error("misplaced-key", span.clone(), message, "write it in the `sysctl` of the host itself");
    }
    let value = page.number(item)?;
    if !(least..=most).contains(&value) {
        let message = format!("`{word}` is never {value}");
        page.error("bad-number", item.span(), message, format!("{least} to {most}"));
        return None;
    }
    let families = [families[0] && family != '6', families[1] && family != '4'];
    Some(Setting { name, families, link, value })
}

/// Says so if a setting is for a link that the host does not have.
pub(super) fn check_links(page: &Page<'_>, item: Option<Item<'_>>, settings: &[Setting], links: &[&str]) {
    for setting in settings {
        let unknown = setting.link.as_deref().filter(|l| !links.contains(l));
        if let (Some(link), Some(item)) = (unknown, item) {
            let message = format!("`{}` is for {link}, which this host does not have", setting.name);
            page.error("unknown-name", item.span(), message, suggestion(link, links));
        }
    }
}

/// The settings of the host itself.
pub(super) fn host(settings: &[Setting]) -> HostSettings {
    let mut host = HostSettings::default();
    for setting in settings {
        match setting.name {
            "rmem_default" => host.receive_buffer = setting.value,
            "gc_thresh1" => host.gc_threshold = setting.value,
            _ => {}
        }
    }
    host
}

/// The settings of one link: what is said for all, then what is said for it. `ageing`: its neighbours are kept
/// in another way than Linux does.
pub(super) fn link(settings: &[Setting], name: &str, ageing: Option<Ageing>) -> LinkSettings {
    let mut link = LinkSettings::default();
    let general = settings.iter().filter(|s| s.link.is_none());
    for setting in general.chain(settings.iter().filter(|s| s.link.as_deref() == Some(name))) {
        apply(&mut link, setting);
    }
    if let Some(ageing) = ageing {
        link.neighbours = [Manners::Ageing(ageing); 2];
    }
    link
}

fn apply(link: &mut LinkSettings, setting: &Setting) {
    let value = setting.value;
    let greater = |old: &mut u8| *old = (*old).max(value as u8);
    let or = |old: &mut bool| *old |= value > 0;
    match setting.name {
        "arp_ignore" => greater(&mut link.arp_ignore),
        "arp_announce" => greater(&mut link.arp_announce),
        "rp_filter" => greater(&mut link.rp_filter),
        "arp_filter" => or(&mut link.arp_filter),
        "arp_accept" => or(&mut link.arp_accept),
        "drop_gratuitous_arp" => or(&mut link.drop_gratuitous_arp),
        "drop_unsolicited_na" => or(&mut link.drop_unsolicited_na),
        "accept_local" => or(&mut link.accept_local),
        "promote_secondaries" => or(&mut link.promote_secondaries),
        "ip_forward" => link.forwarding[0] = value > 0,
        // Writing `conf.all.forwarding` sets it on every interface; afterwards each has its own.
        "forwarding" => {
            for (own, _) in link.forwarding.iter_mut().zip(setting.families).filter(|(_, f)| *f) {
                *own = value > 0;
            }
        }
        name => {
            for (own, _) in link.neighbours.iter_mut().zip(setting.families).filter(|(_, f)| *f) {
                if let Manners::Linux(timing) = own {
                    timed(timing, name, value);
                }
            }
        }
    }
}

fn timed(timing: &mut Timing, name: &str, value: u32) {
    let (value, number) = (u64::from(value), value);
    match name {
        "base_reachable_time" => timing.base_reachable = Duration::from_secs(value),
        "base_reachable_time_ms" => timing.base_reachable = Duration::from_millis(value),
        "delay_first_probe_time" => timing.delay = Duration::from_secs(value),
        "retrans_time_ms" => timing.retransmit = Duration::from_millis(value),
        "ucast_solicit" => timing.unicast = number,
        "mcast_solicit" => timing.multicast = number,
        "locktime" => timing.lock = Duration::from_millis(10 * value),
        "gc_stale_time" => timing.gc_stale = Duration::from_secs(value),
        _ => {}
    }
}

/// `neighbour`: `"linux"`, `"cisco"`, `"bsd"`, `"deaf"`, or `{ timeout = "4h", gratuitous = false }`.
pub(super) fn ageing(page: &Page<'_>, item: Item<'_>) -> Option<Ageing> {
    const KINDS: [(&str, Option<Ageing>); 4] = [
        ("linux", None),
        ("cisco", Some(Ageing::CISCO)),
        ("bsd", Some(Ageing::BSD)),
        ("deaf", Some(Ageing::DEAF)),
    ];
    if let DeValue::String(word) = item.get_ref() {
        let known = KINDS.iter().find(|(w, _)| w == word);
        if known.is_none() {
            let words = KINDS.map(|(w, _)| w);
            let message = format!("`{word}` is no way to keep neighbours");
            page.error("unknown-word", item.span(), message, suggestion(word, &words));
        }
        return known?.1;
    }
    let table = page.table(item, "a way to keep neighbours", &["timeout", "gratuitous"])?;
    let timeout = table.need(page, "timeout", "timeout = \"14400s\"").and_then(|i| page.time(i))?;
    let gratuitous = table.get("gratuitous").map_or(Some(true), |i| page.truth(i))?;
    Some(Ageing { timeout, gratuitous })
}
