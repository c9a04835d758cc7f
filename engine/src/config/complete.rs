//! What follows from a whole configuration: defaults, corrections, and what no single line is to blame for.
//! The checks stand in the daemon's order, as later ones see what earlier ones corrected.

mod members;
mod strict;

use std::collections::{BTreeMap, BTreeSet};

use super::instance::{AuthType, Draft};
use super::model::{Auth, Config, Family, Instance, Version, Vmac, VmacKind, WantedState};
use super::report::Report;
use super::{global, group};
use crate::time::Duration;

/// As many addresses as fit into an advert: of IPv4 what the format can count, of IPv6 what fits into 1500 bytes.
const fn most_addresses(family: Family) -> usize {
    match family {
        Family::V4 => 255,
        Family::V6 => 89,
    }
}

/// The longest `advert_int` of version 3.
const LONGEST_V3: Duration = Duration::from_millis(40_950);

/// Fills in the defaults and makes the daemon's corrections.
pub(super) fn complete(
    report: &mut Report,
    mut config: Config,
    mut global: global::Draft,
    mut drafts: Vec<Draft>,
    groups: Vec<group::Draft>,
) -> Config {
    name_virtual_macs(&mut drafts, &global);
    config.groups = members::groups(report, &global, groups, &mut drafts);
    for d in &mut drafts {
        d.instance.strict = d.strict.unwrap_or(global.strict);
        required(report, d);
        version(d, &global);
        priority(report, d);
        strict::state(report, d);
        preemption(report, d);
        interval(report, d);
        authentication(report, d);
        addresses(report, d);
        inherit(d, &global);
        strict::timers(report, d);
        strict::traffic(report, d);
        unicast(report, d);
        virtual_macs(report, d);
        members::weights(report, d, &config.groups);
    }
    duplicate_vrids(report, &drafts);
    duplicate_addresses(report, &drafts);
    global.keep();
    config.global = global.global;
    config.instances = drafts.into_iter().map(|d| d.instance).collect();
    config
}

/// What the daemon cannot start without. A line that was meant to say it is the better place to point at.
fn required(report: &mut Report, d: &mut Draft) {
    d.instance.vrid = d.vrid.unwrap_or(0);
    let missing = [
        ("virtual_router_id", d.vrid.is_none(), "`virtual_router_id` with a number from 1 to 255"),
        ("interface", d.instance.interface.is_empty(), "`interface` with the name of an interface"),
    ];
    for (keyword, missing, help) in missing {
        if !missing {
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

fn version(d: &mut Draft, global: &global::Draft) {
    let deduced = (d.family == Some(Family::V6)).then_some(Version::V3);
    d.instance.family = d.family.unwrap_or(Family::V4);
    d.instance.version = d.version.or(deduced).or(global.version).unwrap_or(Version::V2);
}

fn priority(report: &mut Report, d: &mut Draft) {
    let (state, priority) = match (d.state, d.priority) {
        (Some(WantedState::Master), None) => (WantedState::Master, 255),
        (None, Some(255)) => (WantedState::Master, 255),
        (state, priority) => (state.unwrap_or(WantedState::Backup), priority.unwrap_or(100)),
    };
    d.instance.state = state;
    d.instance.priority = priority;
    if d.state == Some(WantedState::Master) && d.priority.is_none() {
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
        Instance { strict: true, .. } => "strict mode",
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
            if !d.auth_trouble {
                let message = "`auth_type` without `auth_pass`";
                report.warn("no-password", d.place("auth_type"), message, daemon, "add `auth_pass`");
            }
            Auth::None
        }
        (None, Some(_)) => {
            if !d.auth_trouble {
                let message = "`auth_pass` without `auth_type`";
                report.warn("no-auth-type", d.place("auth_pass"), message, daemon, "add `auth_type PASS`");
            }
            Auth::None
        }
        (Some(_), Some(_)) if d.instance.strict => {
            let message = "strict mode has no authentication";
            report.warn("auth-ignored", d.place("auth_type"), message, daemon, "remove the block");
            Auth::None
        }
        (Some(_), Some(_)) if d.instance.version == Version::V3 => {
            let message = "version 3 has no authentication";
            report.warn("auth-ignored", d.place("auth_type"), message, daemon, "remove the block");
            Auth::None
        }
        (Some(AuthType::Pass), Some(pass)) => Auth::Pass(pass),
        (Some(AuthType::Ah), Some(_)) if d.instance.family == Family::V6 => {
            let message = "AH does not go with IPv6";
            report.warn("auth-ignored", d.place("auth_type"), message, daemon, "remove the block");
            Auth::None
        }
        (Some(AuthType::Ah), Some(key)) => {
            if d.instance.state == WantedState::Master && !d.instance.is_owner() {
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
    let most = most_addresses(d.instance.family);
    let required = d.instance.strict || d.instance.version == Version::V3;
    if addresses.is_empty() && required {
        let message = format!("`vrrp_instance {}` has no virtual address", d.instance.name);
        let daemon = "refuses to start: version 3 and strict mode need one";
        report.error("no-address", d.name, message, daemon, "add `virtual_ipaddress { … }`");
    } else if addresses.is_empty() && !d.address_trouble {
        let message = format!("`vrrp_instance {}` has no virtual address", d.instance.name);
        let daemon = "complains and takes part in elections for nothing";
        report.warn("no-address", d.name, message, daemon, "add `virtual_ipaddress { … }`");
    }
    if addresses.len() > most {
        let message = format!("{} addresses do not fit into an advert of {most}", addresses.len());
        let daemon = "treats the rest as `virtual_ipaddress_excluded`";
        let place = d.address_places[0].get(most).copied().unwrap_or(d.name);
        report.warn("too-many-addresses", place, message, daemon, "move them there");
        d.instance.excluded.splice(0..0, addresses.split_off(most));
        let moved = d.address_places[0].split_off(most);
        d.address_places[1].splice(0..0, moved);
    }
    let interface = &d.instance.interface;
    for address in d.instance.addresses.iter_mut().chain(&mut d.instance.excluded) {
        if address.dev.is_empty() {
            address.dev.clone_from(interface);
        }
    }
}

/// What only means something with peers, and what means nothing with them.
fn unicast(report: &mut Report, d: &mut Draft) {
    let (peers, unicast) = (!d.instance.unicast.peers.is_empty(), &mut d.instance.unicast);
    if peers {
        if d.mcast_dst {
            let message = "`mcast_dst_ip` means nothing with `unicast_peer`";
            let place = d.place("mcast_dst_ip");
            report.warn("conflict", place, message, "ignores it", "remove one of the two");
        }
        return;
    }
    if let Some(at) = d.unicast_word {
        let message = format!("`{}` means nothing without peers", report.text(at));
        let daemon = "complains and uses multicast";
        report.warn("no-peers", at, message, daemon, "add `unicast_peer { … }`");
    }
    if d.set.contains_key("unicast_ttl") {
        // "Resetting", it says, and sets it to 0 (vrrp_parser.c:vrrp_end_handler).
        unicast.ttl = Some(0);
        let message = "`unicast_ttl` means nothing without peers";
        report.warn("no-peers", d.place("unicast_ttl"), message, "ignores it", "add `unicast_peer { … }`");
    }
}

/// Every interface above a real one needs a name of its own: a name that is taken is forgotten, and without one it is
/// `vrrp.VRID`, for IPv6 then `vrrp6.VRID`, then `vrrp1.VRID` and so on.
fn name_virtual_macs(drafts: &mut [Draft], global: &global::Draft) {
    let mut taken = BTreeSet::new();
    for (_, name) in drafts.iter_mut().filter_map(|d| d.vmac.as_mut()) {
        if name.as_ref().is_some_and(|name| !taken.insert(name.clone())) {
            *name = None;
        }
    }
    let prefix = global.global.other.get("vmac_prefix").map_or("vrrp", String::as_str);
    for d in drafts {
        let vrid = d.vrid.unwrap_or(0);
        let family = if d.family == Some(Family::V6) { "6" } else { "" };
        if let Some((_, name @ None)) = &mut d.vmac {
            let more = (1u32..).map(|n| n.to_string());
            let mut numbers = [String::new(), family.to_string()].into_iter().chain(more);
            *name = numbers.find_map(|n| {
                let name = format!("{prefix}{n}.{vrid}");
                taken.insert(name.clone()).then_some(name)
            });
        }
    }
}

/// Interfaces above the real one.
fn virtual_macs(report: &mut Report, d: &mut Draft) {
    if let Some((kind, name)) = d.vmac.take() {
        let name = name.unwrap_or_default();
        let no_source = matches!(kind, VmacKind::Ipvlan(None, _)) && d.instance.family == Family::V4;
        if no_source {
            let message = "`use_ipvlan` needs an address of its own for IPv4";
            let help = "write `use_ipvlan ADDRESS`";
            report.warn("no-source", d.place("use_ipvlan"), message, "keeps the instance in FAULT", help);
        }
        let is_vmac = matches!(kind, VmacKind::Macvlan(_));
        // The daemon sets it for the new interface without being asked.
        d.instance.promote_secondaries &= !is_vmac;
        d.instance.vmac = Some(Vmac { kind, name });
        if is_vmac && !d.instance.unicast.peers.is_empty() && !d.instance.vmac_xmit_base {
            let message = "`use_vmac` with `unicast_peer` needs `vmac_xmit_base`";
            report.warn("conflict", d.place("use_vmac"), message, "sets it", "add `vmac_xmit_base`");
            d.instance.vmac_xmit_base = true;
        }
    } else if d.instance.vmac_xmit_base {
        let message = "`vmac_xmit_base` means nothing without `use_vmac`";
        report.warn("conflict", d.place("vmac_xmit_base"), message, "ignores it", "add `use_vmac`");
        d.instance.vmac_xmit_base = false;
    }
    if d.instance.vrf.is_some() && !d.instance.interface.is_empty() {
        let message = "`vrf` does not go with `interface`";
        report.warn("conflict", d.place("vrf"), message, "ignores `vrf`", "remove one of the two");
        d.instance.vrf = None;
    }
}

/// What the text does not say comes from `global_defs`.
fn inherit(d: &mut Draft, global: &global::Draft) {
    let instance = &mut d.instance;
    instance.garp = d.garp.over(&global.garp, global.min_garp);
    instance.down_timer_adverts = d.down_timer_adverts.or(global.down_timer_adverts).unwrap_or(3);
    instance.lower_prio_no_advert = d.lower_prio_no_advert.unwrap_or(global.lower_prio_no_advert);
    instance.higher_prio_send_advert = d.higher_prio_send_advert.unwrap_or(global.higher_prio_send_advert);
    instance.skip_check_adv_addr |= global.skip_check_adv_addr;
    instance.smtp_alert = d.smtp_alert.or(global.smtp_alert_vrrp).or(global.smtp_alert).unwrap_or(false);
    instance.notify_priority_changes = d.notify_priority_changes.unwrap_or(global.notify_priority_changes);
    instance.unicast.check_source |= global.check_unicast_src;
    instance.garp_extra = instance.garp_extra.or(global.extra_garp);
    if !d.mcast_dst {
        instance.mcast_dst_ip = global.global.mcast_group4;
        instance.mcast_dst_ip6 = global.global.mcast_group6;
    }
}

/// Two instances with one virtual router on one interface. Unicast ones and other groups have other sockets.
fn duplicate_vrids(report: &mut Report, drafts: &[Draft]) {
    let mut first = BTreeMap::new();
    for d in drafts {
        let Instance { name, vrid, interface, mcast_dst_ip, .. } = &d.instance;
        if d.vrid.is_none() || interface.is_empty() || d.unicast {
            continue;
        }
        let router = (vrid, interface, mcast_dst_ip, d.family == Some(Family::V6));
        if let Some(other) = first.get(&router) {
            let message = format!("`{other}` already has virtual router {vrid} on {interface}");
            let help = "write another `virtual_router_id`";
            report.error("duplicate-vrid", d.place("virtual_router_id"), message, "refuses to start", help);
        } else {
            first.insert(router, name);
        }
    }
}

/// One address twice on one interface: the daemon says nothing.
fn duplicate_addresses(report: &mut Report, drafts: &[Draft]) {
    let mut seen = BTreeSet::new();
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
