//! Strict mode: what the daemon takes away to do as the RFC says.

use super::super::instance::Draft;
use super::super::model::{Family, Version, WantedState};
use super::super::report::Report;
use crate::time::Duration;

const HELP: &str = "remove it, or `vrrp_strict`";

/// Only the owner of the addresses is master by state.
pub(super) fn state(report: &mut Report, d: &mut Draft) {
    if !d.instance.strict {
        return;
    }
    let owner = d.instance.is_owner();
    if (d.instance.state == WantedState::Master) != owner {
        let message = "strict mode wants `state MASTER` with priority 255 and only then";
        let used = if owner { "MASTER" } else { "BACKUP" };
        let help = format!("write `state {used}`");
        report.warn("strict-state", d.place("state"), message, format!("takes it for {used}"), help);
        d.instance.state = if owner { WantedState::Master } else { WantedState::Backup };
    }
}

/// Timers and what is sent for adverts of a lower or higher priority.
pub(super) fn timers(report: &mut Report, d: &mut Draft) {
    if !d.instance.strict {
        return;
    }
    if d.instance.down_timer_adverts != 3 {
        reset(report, d, "down_timer_adverts", "takes 3");
        d.instance.down_timer_adverts = 3;
    }
    for (keyword, nothing) in d.garp.lower_prio() {
        if !nothing {
            reset(report, d, keyword, "takes 0");
        }
    }
    d.instance.garp.lower_prio_delay = Duration::ZERO;
    d.instance.garp.lower_prio_repeat = 0;
    if d.lower_prio_no_advert == Some(false) {
        reset(report, d, "lower_prio_no_advert", "takes true");
    }
    d.instance.lower_prio_no_advert = true;
    if d.instance.higher_prio_send_advert {
        reset(report, d, "higher_prio_send_advert", "takes false");
        d.instance.higher_prio_send_advert = false;
    }
}

/// Whether the addresses take traffic, and in which order they stand.
pub(super) fn traffic(report: &mut Report, d: &mut Draft) {
    d.instance.accept = d.accept.unwrap_or(!d.instance.strict || d.instance.is_owner());
    if !d.instance.strict {
        return;
    }
    if d.instance.is_owner() {
        d.instance.accept = true;
    } else if d.accept == Some(true) && d.instance.version == Version::V2 {
        reset(report, d, "accept", "drops traffic to the addresses");
        d.instance.accept = false;
    }
    if d.instance.vmac_xmit_base && d.vmac.is_some() {
        reset(report, d, "vmac_xmit_base", "ignores it");
        d.instance.vmac_xmit_base = false;
    }
    let first = d.instance.addresses.first().map(|address| address.cidr.address);
    if let (Family::V6, Some(std::net::IpAddr::V6(first))) = (d.instance.family, first)
        && !first.is_unicast_link_local()
    {
        let message = "strict mode wants a link-local address first";
        let place = d.address_places[0].first().copied().unwrap_or(d.name);
        report.warn("strict-order", place, message, "complains", "put an address of fe80::/10 first");
    }
}

fn reset(report: &mut Report, d: &Draft, keyword: &str, daemon: &str) {
    let message = format!("`{keyword}` does not go with strict mode");
    report.warn("strict-reset", d.place(keyword), message, daemon, HELP);
}
