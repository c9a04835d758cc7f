//! What one configuration shows by itself, an instance at a time.

use super::super::{Version, WantedState};
use super::tracking::{tracks, tracks_anything};
use super::view::{View, note, warn};
use crate::finding::Finding;
use crate::time::Duration;

/// Below this, what a scheduler or a hypervisor takes away now and then is as long as a master's silence may be.
const HASTY: Duration = Duration::from_millis(300);

pub(super) fn lints(view: &View<'_>) -> Vec<Finding> {
    let checks = [
        strict_unicast,
        strict_drops,
        group_is_routed,
        hasty,
        nopreempt_weight,
        nothing_tracked,
        state_master,
    ];
    checks.iter().filter_map(|check| check(view)).collect()
}

fn strict_unicast(view: &View<'_>) -> Option<Finding> {
    let strict = view.strict()?;
    let peers = view.line("unicast_peer").filter(|_| view.unicast())?;
    let message = format!("strict mode has no unicast, which `{}` uses", view.instance.name);
    // 2.2.7 was run; what later ones do was read.
    let daemon =
        "2.2.7 says nothing and runs it; later versions call it a failure: the standard knows multicast only";
    let help = format!("remove `{}`", strict.keyword().text);
    Some(warn("lint-strict-unicast", view.at(peers), message, daemon, help))
}

/// The most frequent question about keepalived: everything looks well, and the address does not answer.
fn strict_drops(view: &View<'_>) -> Option<Finding> {
    let strict = view.strict().filter(|_| !view.instance.is_owner() && view.line("accept").is_none())?;
    let message = format!("in strict mode `{}` does not accept packets to its addresses", view.instance.name);
    let daemon = "has the firewall drop what is sent to an address of a router that is not its owner: it \
                  answers ARP, and neither ping nor any service";
    let help = format!("remove `{}`", strict.keyword().text);
    Some(warn("lint-strict-drops", view.at(strict), message, daemon, help))
}

fn group_is_routed(view: &View<'_>) -> Option<Finding> {
    let group = view.instance.mcast_dst_ip;
    if view.unicast() || view.is_ipv6() || group.octets()[..3] == [224, 0, 0] {
        return None;
    }
    let line = view.line("mcast_dst_ip").or_else(|| view.global("vrrp_mcast_group4"))?;
    let message = format!("{group} is outside 224.0.0.0/24");
    let daemon = "sends adverts to a group that switches with IGMP snooping forward only to who asked for it: \
                  where nobody queries, each node hears itself alone and becomes master";
    Some(warn("lint-group-snooped", view.at(line), message, daemon, "use 224.0.0.18"))
}

fn hasty(view: &View<'_>) -> Option<Finding> {
    let interval = view.instance.advert_int;
    if view.instance.version != Version::V3 || interval >= HASTY {
        return None;
    }
    let message = format!("an `advert_int` of {interval} forgives a silence of about {}", interval.times(3));
    let daemon =
        "takes over whenever the master is kept from its processor, or reloads, for longer than that";
    let help = "measure how late adverts are before going below 0.3, or raise `down_timer_adverts`";
    Some(note("lint-hasty", view.place("advert_int"), message, daemon, help))
}

fn nopreempt_weight(view: &View<'_>) -> Option<Finding> {
    if !view.instance.nopreempt {
        return None;
    }
    let tracks = tracks(view);
    let track = tracks.iter().find(|track| track.weight != 0)?;
    let message = format!("a failing `{}` hands nothing over to a node with `nopreempt`", track.name());
    let daemon = "with `nopreempt` a backup does not take over from a living master, however low that one's \
                  priority sinks: the service stays where it is broken";
    let help = "take the weight away: then a failure means FAULT, and the master falls silent";
    Some(warn("lint-nopreempt-weight", view.at_keyword(track.line), message, daemon, help))
}

fn nothing_tracked(view: &View<'_>) -> Option<Finding> {
    if tracks_anything(view) || view.is_tracked_by_group() {
        return None;
    }
    let message = format!("`{}` tracks nothing", view.instance.name);
    let daemon = "keeps the addresses here as long as keepalived itself lives and the interface is up, whatever \
                  becomes of the service behind them";
    let help = "add a `vrrp_script` that asks the service, and `track_script`";
    Some(note("lint-nothing-tracked", view.place("vrrp_instance"), message, daemon, help))
}

/// `state MASTER` beside a priority below 255: read by everybody as a promise, and only a first guess.
fn state_master(view: &View<'_>) -> Option<Finding> {
    if view.instance.state != WantedState::Master || view.instance.is_owner() || view.instance.nopreempt {
        return None;
    }
    let message = "`state MASTER` decides nothing: the priority does";
    let daemon = "starts as backup all the same, and becomes master when nobody of higher priority is heard for \
                  three intervals";
    Some(note(
        "lint-state-master",
        view.place("state"),
        message,
        daemon,
        "`state BACKUP` on every node says the same",
    ))
}
