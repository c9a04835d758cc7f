//! What the nodes of a virtual router must have in common. keepalived compares most of it advert by advert and
//! throws away what differs, so each node hears nobody and becomes master.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::{Auth, Version};
use super::Lint;
use super::group::{Group, Part};
use super::view::{note, warn};

pub(super) fn lints(group: &Group<'_>, out: &mut Vec<Lint>) {
    let (first, others) = group.parts.split_first().expect("a group has parts");
    for other in others {
        let checks = [version, casting, interval, authentication, addresses, order, timing, announcing];
        out.extend(checks.iter().filter_map(|check| check(first, other)));
    }
    peers(group, out);
}

const DEAF: &str = "throws away every advert of the other, so both become master and stay it";

fn version(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    let number = |part: &Part<'_>| if part.view.instance.version == Version::V2 { 2 } else { 3 };
    let (ours, theirs) = (number(a), number(b));
    let message =
        format!("{} speaks version {theirs} for VRID {}, {} version {ours}", b.node, vrid(b), a.node);
    (ours != theirs).then(|| {
        let place = b.view.place("version");
        b.lint(warn("lint-version-differs", place, message, DEAF, "write the same `version` on every node"))
    })
}

fn casting(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    let (ours, theirs) = (a.view.unicast(), b.view.unicast());
    let kind = |unicast| if unicast { "unicast" } else { "multicast" };
    let message = format!("{} sends {}, {} {}", b.node, kind(theirs), a.node, kind(ours));
    let help = "write `unicast_peer` on every node, or on none";
    (ours != theirs)
        .then(|| b.lint(warn("lint-casting-differs", b.view.place("unicast_peer"), message, DEAF, help)))
}

/// Version 3 carries the interval and goes along with it; version 2 does not count what it throws away either.
fn interval(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    let (ours, theirs) = (a.view.instance.advert_int, b.view.instance.advert_int);
    if ours == theirs || a.view.instance.version != b.view.instance.version {
        return None;
    }
    let message = format!("{} has an `advert_int` of {theirs}, {} of {ours}", b.node, a.node);
    let place = b.view.place("advert_int");
    let help = "write the same `advert_int` on every node";
    Some(b.lint(match b.view.instance.version {
        Version::V2 => {
            let daemon = format!("{DEAF}; no counter shows it");
            warn("lint-interval-differs", place, message, daemon, help)
        }
        Version::V3 => {
            let daemon =
                "goes by the interval of whoever is master: a takeover takes longer after one of them";
            note("lint-interval-differs", place, message, daemon, help)
        }
    }))
}

fn authentication(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    let (ours, theirs) = (a.view.instance.auth, b.view.instance.auth);
    let kind = |auth| match auth {
        Auth::None => "no authentication",
        Auth::Pass(_) => "PASS",
        Auth::Ah(_) => "AH",
    };
    let message = match (kind(ours), kind(theirs)) {
        _ if ours == theirs => return None,
        (x, y) if x == y => {
            format!("{} and {} have different passwords for VRID {}", a.node, b.node, vrid(b))
        }
        (x, y) => format!("{} uses {y} for VRID {}, {} {x}", b.node, vrid(b), a.node),
    };
    let place = b.view.place("auth_pass");
    let help = "write the same `authentication` on every node";
    Some(b.lint(warn("lint-auth-differs", place, message, format!("{DEAF}, logging each advert"), help)))
}

fn advertised(part: &Part<'_>) -> Vec<IpAddr> {
    part.view.instance.addresses.iter().map(|a| a.cidr.address).collect()
}

fn addresses(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    let (ours, theirs) = (advertised(a), advertised(b));
    let sets: [BTreeSet<IpAddr>; 2] = [ours.iter().copied().collect(), theirs.iter().copied().collect()];
    if sets[0] == sets[1] {
        return None;
    }
    let names = |of: usize, than: usize| {
        let more: Vec<String> = sets[of].difference(&sets[than]).map(ToString::to_string).collect();
        more.join(", ")
    };
    let message = match (names(0, 1), names(1, 0)) {
        _ if sets[0].is_disjoint(&sets[1]) => {
            format!("{} and {} use VRID {} for different addresses", a.node, b.node, vrid(b))
        }
        (missing, extra) if extra.is_empty() => format!("{} lacks {missing}, which {} has", b.node, a.node),
        (_, extra) => format!("{} has {extra}, which {} lacks", b.node, a.node),
    };
    let place = match sets[1].difference(&sets[0]).next() {
        Some(extra) => b.view.address_place(*extra),
        None => b.view.place("virtual_ipaddress"),
    };
    let daemon = "throws away adverts with other addresses than its own, so both become master, also for the \
                  addresses that they share";
    let help = "list the same addresses on every node, or use another VRID; behind a reload of one node the \
                other must follow at once";
    Some(b.lint(warn("lint-addresses-differ", place, message, daemon, help)))
}

fn order(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    let (mut ours, mut theirs) = (advertised(a), advertised(b));
    let same = ours == theirs;
    ours.sort();
    theirs.sort();
    if same || ours != theirs {
        return None;
    }
    let message =
        format!("{} lists the addresses of VRID {} in another order than {}", b.node, vrid(b), a.node);
    let daemon = "does not mind; other implementations of VRRP may";
    Some(b.lint(note(
        "lint-order-differs",
        b.view.place("virtual_ipaddress"),
        message,
        daemon,
        "sort the lists",
    )))
}

fn timing(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    let (ours, theirs) = (a.view.instance.down_timer_adverts, b.view.instance.down_timer_adverts);
    let message = format!("{} waits for {theirs} adverts, {} for {ours}", b.node, a.node);
    let daemon = "takes over sooner on one node than on the other";
    let help = "write the same `down_timer_adverts` on every node";
    (ours != theirs).then(|| {
        b.lint(note("lint-down-timer-differs", b.view.place("down_timer_adverts"), message, daemon, help))
    })
}

fn announcing(a: &Part<'_>, b: &Part<'_>) -> Option<Lint> {
    if a.view.instance.garp == b.view.instance.garp {
        return None;
    }
    let keywords =
        ["garp_master_delay", "garp_master_repeat", "garp_master_refresh", "garp_lower_prio_repeat"];
    let written = keywords.iter().find(|keyword| b.view.line(keyword).is_some());
    let place = b.view.place(written.unwrap_or(&"garp_master_delay"));
    let message = format!("{} announces its addresses differently from {}", b.node, a.node);
    let daemon =
        "leaves neighbours with stale entries longer after a takeover in one direction than in the other";
    let help = "write the same `garp_…` lines on every node";
    Some(b.lint(note("lint-garp-differs", place, message, daemon, help)))
}

/// With unicast a node hears only who names it.
fn peers(group: &Group<'_>, out: &mut Vec<Lint>) {
    for speaker in group.parts.iter().filter(|part| part.view.unicast()) {
        let peers = speaker.view.peers();
        for listener in group.parts.iter().filter(|part| part.member != speaker.member) {
            let Some(source) = listener.view.source().filter(|source| !peers.contains(source)) else {
                continue;
            };
            let message = format!("{} sends nothing to {} ({source})", speaker.node, listener.node);
            let daemon = format!("{} never hears it and becomes master beside it", listener.node);
            let help = format!("add {source} to `unicast_peer`");
            let place = speaker.view.place("unicast_peer");
            out.push(speaker.lint(warn("lint-peer-missing", place, message, daemon, help)));
        }
    }
}

fn vrid(part: &Part<'_>) -> u8 {
    part.view.instance.vrid
}
