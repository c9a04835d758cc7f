//! What follows from a whole configuration: defaults, corrections, and what no single line is to blame for.
//! The checks stand in the daemon's order, as later ones see what earlier ones corrected.

use std::net::Ipv4Addr;

use super::global;
use super::instance::{AuthType, Draft, Family};
use super::model::{Auth, Config, Instance, Version, WantedState};
use super::report::Report;
use crate::time::Duration;

/// As many addresses as fit into an advert.
const MOST_ADDRESSES: usize = 255;

/// The longest `advert_int` of version 3.
const LONGEST_V3: Duration = Duration::from_millis(40_950);

/// Fills in the defaults and makes the daemon's corrections.
pub(super) fn complete(report: &mut Report, global: global::Draft, mut drafts: Vec<Draft>) -> Config {
    for d in &mut drafts {
        required(report, d);
        version(report, d, &global);
        priority(report, d);
        preemption(report, d);
        interval(report, d);
        authentication(report, d);
        addresses(report, d);
        inherit(d, &global);
    }
    duplicate_vrids(report, &drafts);
    duplicate_addresses(report, &drafts);
    Config { global: global.global, instances: drafts.into_iter().map(|d| d.instance).collect() }
}

/// What the daemon cannot start without. A line that was meant to say it is the better place to point at.
fn required(report: &mut Report, d: &mut Draft) {
    d.instance.vrid = d.vrid.unwrap_or(0);
    let missing = [
        ("virtual_router_id", d.vrid.is_none(), "`virtual_router_id` with a number from 1 to 255"),
        ("interface", d.instance.interface.is_empty(), "`interface` with the name of an interface"),
    ];
    for (keyword, missing, help) in missing {
        if !missing || d.incomplete {
            continue;
        }
        let daemon = format!("refuses to start: the instance has no `{keyword}`");
        if let Some(&suspect) = d.suspects.get(keyword) {
            report.is_fatal(suspect, &daemon);
        } else {
            let message = format!("`vrrp_instance {}` has no `{keyword}`", d.instance.name);
            report.error("missing-keyword", d.name, message, daemon, format!("add {help}"));
        }
    }
}

fn version(report: &mut Report, d: &mut Draft, global: &global::Draft) {
    let deduced = (d.family == Some(Family::V6)).then_some(Version::V3);
    d.instance.version = d.version.or(deduced).or(global.version).unwrap_or(Version::V2);
    let what = match (d.family, d.instance.version) {
        (Some(Family::V6), _) => "IPv6",
        (_, Version::V3) => "version 3",
        _ => return,
    };
    let place = if what == "IPv6" { d.address_places[0].first().copied() } else { None };
    let place = place.unwrap_or(d.place("version"));
    report.warn("not-simulated", place, format!("{what} is read but not simulated yet"), "", "");
}

fn priority(report: &mut Report, d: &mut Draft) {
    let (state, priority) = match (d.state, d.priority) {
        (Some(WantedState::Master), None) => (WantedState::Master, 255),
        (None, Some(255)) => (WantedState::Master, 255),
        (state, priority) => (state.unwrap_or(WantedState::Backup), priority.unwrap_or(100)),
    };
    d.instance.state = state;
    d.instance.priority = priority;
    if d.state == Some(WantedState::Master) && d.priority.is_none() && !d.incomplete {
        let message = "`state MASTER` without `priority` means 255, the owner of the addresses";
        report.add(
            crate::finding::Severity::Note,
            "implied-owner",
            d.place("state"),
            [message.into(), "becomes master at once and never yields".into(), "add `priority`".into()],
        );
    }
}

fn preemption(report: &mut Report, d: &mut Draft) {
    let master = d.instance.state == WantedState::Master;
    if d.instance.nopreempt && (d.instance.priority == 255 || master) {
        let why = if d.instance.priority == 255 { "priority 255" } else { "`state MASTER`" };
        let message = format!("`nopreempt` does not go with {why}");
        let help = if d.instance.priority == 255 {
            "lower the priority"
        } else {
            "write `state BACKUP` on every node"
        };
        report.warn("nopreempt-cleared", d.place("nopreempt"), message, "ignores `nopreempt`", help);
        d.instance.nopreempt = false;
    }
    let why = match d.instance {
        Instance { preempt_delay: Duration::ZERO, .. } => return,
        _ if master => "`state MASTER`",
        Instance { nopreempt: true, .. } => "`nopreempt`",
        _ => return,
    };
    let message = format!("`preempt_delay` does not go with {why}");
    let help = if master { "write `state BACKUP`" } else { "remove one of the two" };
    report.warn("preempt-delay-cleared", d.place("preempt_delay"), message, "ignores `preempt_delay`", help);
    d.instance.preempt_delay = Duration::ZERO;
}

fn interval(report: &mut Report, d: &mut Draft) {
    let asked = d.instance.advert_int;
    let (unit, shortest, longest, name) = match d.instance.version {
        Version::V2 => (1_000_000, 1, Duration::from_secs(255), "version 2 has whole seconds"),
        Version::V3 => (10_000, 1, LONGEST_V3, "version 3 has hundredths of a second up to 40.95"),
    };
    let units = ((asked.as_micros() + unit / 2) / unit).max(shortest);
    let used = Duration::from_micros(units * unit).min(longest);
    if used != asked {
        let message = format!("an `advert_int` of {asked} is not possible: {name}");
        let help = match d.instance.version {
            Version::V2 => "write whole seconds, or `version 3` on every node",
            Version::V3 => "write a multiple of 0.01 up to 40.95",
        };
        report.warn("interval-rounded", d.place("advert_int"), message, format!("takes {used}"), help);
        d.instance.advert_int = used;
    }
}

fn authentication(report: &mut Report, d: &mut Draft) {
    let daemon = "runs without authentication";
    d.instance.auth = match (d.auth_type, d.auth_pass) {
        (None, None) => Auth::None,
        (Some(_), None) => {
            if !d.auth_trouble && !d.incomplete {
                let message = "`auth_type` without `auth_pass`";
                report.warn("no-password", d.place("auth_type"), message, daemon, "add `auth_pass`");
            }
            Auth::None
        }
        (None, Some(_)) => {
            if !d.auth_trouble && !d.incomplete {
                let message = "`auth_pass` without `auth_type`";
                report.warn("no-auth-type", d.place("auth_pass"), message, daemon, "add `auth_type PASS`");
            }
            Auth::None
        }
        (Some(_), Some(_)) if d.instance.version == Version::V3 => {
            let message = "version 3 has no authentication";
            report.warn("auth-ignored", d.place("auth_type"), message, daemon, "remove the block");
            Auth::None
        }
        (Some(AuthType::Pass), Some(pass)) => Auth::Pass(pass),
        (Some(AuthType::Ah), Some(key)) => {
            report.warn("not-simulated", d.place("auth_type"), "AH is read but not simulated yet", "", "");
            if d.instance.state == WantedState::Master {
                let message = "`state MASTER` does not go with AH";
                report.warn(
                    "state-cleared",
                    d.place("state"),
                    message,
                    "takes it for BACKUP",
                    "write `state BACKUP`",
                );
                d.instance.state = WantedState::Backup;
            }
            Auth::Ah(key)
        }
    };
}

fn addresses(report: &mut Report, d: &mut Draft) {
    let addresses = &mut d.instance.addresses;
    if addresses.is_empty() && !d.address_trouble && !d.incomplete {
        let message = format!("`vrrp_instance {}` has no virtual address", d.instance.name);
        let daemon = "complains and takes part in elections for nothing";
        report.warn("no-address", d.name, message, daemon, "add `virtual_ipaddress { … }`");
    }
    if addresses.len() > MOST_ADDRESSES {
        let message = format!("{} addresses do not fit into an advert of {MOST_ADDRESSES}", addresses.len());
        let daemon = "treats the rest as `virtual_ipaddress_excluded`";
        let place = d.address_places[0].get(MOST_ADDRESSES).copied().unwrap_or(d.name);
        report.warn("too-many-addresses", place, message, daemon, "move them there");
        d.instance.excluded.splice(0..0, addresses.split_off(MOST_ADDRESSES));
        let moved = d.address_places[0].split_off(MOST_ADDRESSES);
        d.address_places[1].splice(0..0, moved);
    }
    let interface = &d.instance.interface;
    for address in d.instance.addresses.iter_mut().chain(&mut d.instance.excluded) {
        if address.dev.is_empty() {
            address.dev.clone_from(interface);
        }
    }
}

/// What the text does not say comes from `global_defs`.
fn inherit(d: &mut Draft, global: &global::Draft) {
    let instance = &mut d.instance;
    instance.garp = d.garp.over(&global.garp);
    instance.down_timer_adverts = d.down_timer_adverts.or(global.down_timer_adverts).unwrap_or(3);
    instance.lower_prio_no_advert = d.lower_prio_no_advert.unwrap_or(global.lower_prio_no_advert);
    instance.higher_prio_send_advert = d.higher_prio_send_advert.unwrap_or(global.higher_prio_send_advert);
    instance.skip_check_adv_addr |= global.skip_check_adv_addr;
    if !d.mcast_dst {
        instance.mcast_dst_ip = global.global.mcast_group4;
    }
}

/// What makes a virtual router of an instance. Cheap to compare first: there may be thousands.
fn router(d: &Draft) -> (u8, Ipv4Addr, bool, &str) {
    let Instance { vrid, mcast_dst_ip, interface, .. } = &d.instance;
    (*vrid, *mcast_dst_ip, d.family == Some(Family::V6), interface)
}

/// Two instances with one virtual router on one interface. Unicast ones and other groups have other sockets.
fn duplicate_vrids(report: &mut Report, drafts: &[Draft]) {
    for (i, d) in drafts.iter().enumerate() {
        let same = |other: &&Draft| router(other) == router(d) && !other.unicast && !other.incomplete;
        if d.vrid.is_none() || d.instance.interface.is_empty() || d.unicast || d.incomplete {
            continue;
        }
        if let Some(other) = drafts[..i].iter().find(same) {
            let Instance { vrid, interface, .. } = &d.instance;
            let message =
                format!("`{}` already has virtual router {vrid} on {interface}", other.instance.name);
            let help = "write another `virtual_router_id`";
            report.error("duplicate-vrid", d.place("virtual_router_id"), message, "refuses to start", help);
        }
    }
}

/// One address twice on one interface: the daemon says nothing.
fn duplicate_addresses(report: &mut Report, drafts: &[Draft]) {
    let mut seen = std::collections::BTreeSet::new();
    for d in drafts {
        let lists = [&d.instance.addresses, &d.instance.excluded];
        for (addresses, places) in lists.into_iter().zip(&d.address_places) {
            for (address, place) in addresses.iter().zip(places) {
                let ip = address.cidr.address;
                if !seen.insert((ip, &address.dev)) {
                    let message = format!("{ip} is given twice for {}", address.dev);
                    report.warn(
                        "duplicate-address",
                        *place,
                        message,
                        "says nothing and has it twice",
                        "remove one",
                    );
                }
            }
        }
    }
}
