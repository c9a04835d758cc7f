//! Synchronisation groups and their members, and the trackers that a member or an owner may not have.

use super::super::model::{SyncGroup, Weight};
use super::super::report::Report;
use super::super::track::Kind;
use super::super::{global, group, instance::Draft};

/// The groups that are left, with their members told.
pub(super) fn groups(
    report: &mut Report,
    global: &global::Draft,
    drafts: Vec<group::Draft>,
    instances: &mut [Draft],
) -> Vec<SyncGroup> {
    let mut groups = Vec::new();
    for d in drafts {
        let members = members(report, &d, instances);
        if members.is_empty() {
            let message = format!("`vrrp_sync_group {}` has no instance", d.name);
            report.warn("empty-group", d.at, message, "drops the group", "name instances in `group { … }`");
            continue;
        }
        if members.len() == 1 {
            let message = format!("`vrrp_sync_group {}` has only one instance", d.name);
            report.warn("lonely-group", d.at, message, "complains", "name at least two");
        }
        groups.push(SyncGroup {
            name: d.name,
            members,
            tracks: d.tracks,
            notify: d.notify,
            smtp_alert: d.smtp_alert.or(global.smtp_alert_vrrp).or(global.smtp_alert).unwrap_or(false),
            tracking_weight: d.tracking_weight,
            notify_priority_changes: d.notify_priority_changes.unwrap_or(global.notify_priority_changes),
        });
    }
    for group in groups.iter().filter(|group| group.notify_priority_changes) {
        for d in instances.iter_mut().filter(|d| group.members.contains(&d.instance.name)) {
            d.notify_priority_changes.get_or_insert(true);
        }
    }
    groups
}

fn members(report: &mut Report, d: &group::Draft, instances: &mut [Draft]) -> Vec<String> {
    let mut members = Vec::new();
    for (name, at) in &d.members {
        let Some(member) = instances.iter_mut().find(|i| i.instance.name == *name) else {
            let message = format!("there is no vrrp_instance `{name}`");
            report.warn("unknown-instance", *at, message, "leaves it out of the group", "");
            continue;
        };
        if member.instance.sync_group.is_some() {
            let message = format!("`{name}` is already in a group");
            report.warn("repeated-member", *at, message, "keeps the first", "name it once");
            continue;
        }
        member.instance.sync_group = Some(d.name.clone());
        members.push(name.clone());
    }
    members
}

/// Weights do not go with a group, unless that says otherwise, nor with an owner.
pub(super) fn weights(report: &mut Report, d: &mut Draft, groups: &[SyncGroup]) {
    own_interface(report, d);
    let group = groups.iter().find(|group| Some(&group.name) == d.instance.sync_group.as_ref());
    if let Some(group) = group {
        tracked_twice(report, d, group);
    }
    let owner = d.instance.is_owner();
    let why = match group {
        _ if owner => "an address owner",
        Some(group) if !group.tracking_weight => "a sync group",
        _ => return,
    };
    let mut told = Vec::new();
    let tracks = &mut d.instance.tracks;
    let weighs = |weight: Weight| weight.value != 0;
    told.extend(
        tracks.interfaces.iter().filter(|t| weighs(t.weight)).map(|t| (Kind::Interface, t.name.clone())),
    );
    if owner {
        tracks.interfaces.retain(|track| !weighs(track.weight));
    } else {
        tracks.interfaces.iter_mut().for_each(|track| track.weight = Weight::default());
    }
    told.extend(tracks.scripts.iter().filter(|t| weighs(t.weight)).map(|t| (Kind::Script, t.name.clone())));
    tracks.scripts.retain(|track| !weighs(track.weight));
    told.extend(tracks.files.iter().filter(|t| weighs(t.weight)).map(|t| (Kind::File, t.name.clone())));
    tracks.files.retain(|track| track.weight.value == 1 || !weighs(track.weight));
    tracks.files.iter_mut().for_each(|track| track.weight = Weight::default());
    for (kind, name) in told {
        let place = d.track_places.iter().find(|(k, n, _)| *k == kind && *n == name);
        let place = place.map_or(d.name, |(_, _, at)| *at);
        let message = format!("`{name}` has a weight, which does not go with {why}");
        let daemon = "ignores the weight, or the tracker with it";
        report.warn("weight-ignored", place, message, daemon, "give it the weight 0");
    }
}

/// The own interface is tracked anyway.
fn own_interface(report: &mut Report, d: &mut Draft) {
    let own = &d.instance.interface;
    let tracks = &mut d.instance.tracks.interfaces;
    if let Some(i) = tracks.iter().position(|track| track.name == *own) {
        tracks.remove(i);
        let place = d.track_places.iter().find(|(k, n, _)| *k == Kind::Interface && n == own);
        let place = place.map_or(d.name, |(_, _, at)| *at);
        let message = format!("{own} is this instance's own interface");
        report.warn("own-interface", place, message, "ignores it: that is tracked anyway", "remove it");
    }
}

/// An interface that a member and its group both track.
fn tracked_twice(report: &mut Report, d: &Draft, group: &SyncGroup) {
    let own = |name: &String| *name == d.instance.interface;
    for track in &group.tracks.interfaces {
        let name = &track.name;
        if own(name) || d.instance.tracks.interfaces.iter().any(|t| t.name == *name) {
            let message = format!("`{}` and its group both track {name}", d.instance.name);
            report.warn("tracked-twice", d.name, message, "complains", "remove one of the two");
        }
    }
}
