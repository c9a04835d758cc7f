//! `vrrp_sync_group`, `track_group`, `garp_group`, and the lists of interfaces at the top level.

use super::instance::notify;
use super::keywords::{Keyword, Role, Scope, Takes};
use super::lex::{At, Word};
use super::model::{GarpGroup, LinkDelay, LinkPolling, Notify, Tracks};
use super::report::Report;
use super::track::{Kind, Known, Named, tracks};
use super::tree::Statement;
use super::values::{lenient_seconds, surplus, switch};
use crate::time::Duration;

/// A `vrrp_sync_group` while reading.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) at: At,
    /// The members and where they stand.
    pub(super) members: Vec<(String, At)>,
    /// Whether there is a `group` block.
    pub(super) has_group: bool,
    pub(super) tracks: Tracks,
    pub(super) places: Vec<Named>,
    pub(super) notify: Notify,
    pub(super) smtp_alert: Option<bool>,
    pub(super) tracking_weight: bool,
    pub(super) notify_priority_changes: Option<bool>,
    pub(super) known: Known,
}

impl Draft {
    pub(super) fn new(name: &Word, known: &Known) -> Draft {
        Draft {
            name: name.text.clone(),
            at: name.at,
            members: Vec::new(),
            has_group: false,
            tracks: Tracks::default(),
            places: Vec::new(),
            notify: Notify::default(),
            smtp_alert: None,
            tracking_weight: false,
            notify_priority_changes: None,
            known: known.clone(),
        }
    }

    fn track(&mut self, report: &mut Report, kind: Kind, s: &Statement) {
        tracks(report, &self.known, &mut self.tracks, &mut self.places, kind, s);
    }
}

const fn row(name: &'static str, takes: Takes, read: fn(&mut Report, &mut Draft, &Statement)) -> Keyword {
    Keyword { name, takes, role: Role::Group(read) }
}

const LIST: Takes = Takes::Block(Scope::List);

/// `vrrp_sync_group`.
pub(super) const KEYWORDS: &[Keyword] = &[
    row("group", LIST, members),
    row("track_interface", LIST, |r, d, s| d.track(r, Kind::Interface, s)),
    row("track_script", LIST, |r, d, s| d.track(r, Kind::Script, s)),
    row("track_file", LIST, |r, d, s| d.track(r, Kind::File, s)),
    row("track_process", LIST, |r, d, s| d.track(r, Kind::Process, s)),
    row("track_bfd", LIST, |r, d, s| d.track(r, Kind::Bfd, s)),
    row("notify", Takes::Value, |r, d, s| notify(r, &mut d.notify.any, s)),
    row("notify_master", Takes::Value, |r, d, s| notify(r, &mut d.notify.master, s)),
    row("notify_backup", Takes::Value, |r, d, s| notify(r, &mut d.notify.backup, s)),
    row("notify_fault", Takes::Value, |r, d, s| notify(r, &mut d.notify.fault, s)),
    row("notify_stop", Takes::Value, |r, d, s| notify(r, &mut d.notify.stop, s)),
    row("smtp_alert", Takes::Words, |r, d, s| d.smtp_alert = switch(r, s).or(d.smtp_alert)),
    row("notify_priority_changes", Takes::Words, |r, d, s| {
        d.notify_priority_changes = switch(r, s).or(d.notify_priority_changes);
    }),
    row("sync_group_tracking_weight", Takes::Words, |_, d, _| d.tracking_weight = true),
    row("global_tracking", Takes::Words, |r, d, s| {
        d.tracking_weight = true;
        let message = "`global_tracking` is an old keyword";
        let daemon = "takes it for `sync_group_tracking_weight`";
        r.warn(
            "deprecated",
            s.keyword().at,
            message,
            daemon,
            "write `track_script` and the like in the group",
        );
    }),
];

fn members(report: &mut Report, d: &mut Draft, s: &Statement) {
    surplus(report, s, 0);
    if d.has_group && !d.members.is_empty() {
        let message = "the members were already given";
        report.warn(
            "repeated-keyword",
            s.keyword().at,
            message,
            "keeps the first",
            "write one `group` block",
        );
        return;
    }
    d.has_group = true;
    if s.block.as_ref().is_none_or(Vec::is_empty) {
        let message = format!("the `group` of `{}` is empty", d.name);
        report.warn("empty-block", s.keyword().at, message, "ignores it", "name the instances");
    }
    d.members = names(s);
}

/// All words in a list.
pub(super) fn names(s: &Statement) -> Vec<(String, At)> {
    let words = s.block.iter().flatten().flat_map(|line| &line.words);
    words.map(|word| (word.text.clone(), word.at)).collect()
}

const fn garp(
    name: &'static str,
    takes: Takes,
    read: fn(&mut Report, &mut GarpGroup, &Statement),
) -> Keyword {
    Keyword { name, takes, role: Role::Garp(read) }
}

/// `garp_group`.
pub(super) const GARP: &[Keyword] = &[
    garp("garp_interval", Takes::Value, |r, d, s| d.garp_interval = pacing(r, s).or(d.garp_interval)),
    garp("gna_interval", Takes::Value, |r, d, s| d.gna_interval = pacing(r, s).or(d.gna_interval)),
    garp("interface", Takes::Value, |r, d, s| paced(r, d, &s.arguments()[0].text, s.arguments()[0].at)),
    garp("interfaces", LIST, |r, d, s| {
        surplus(r, s, 0);
        if s.block.as_ref().is_none_or(Vec::is_empty) {
            r.warn("empty-block", s.keyword().at, "`interfaces` names none", "ignores it", "");
        }
        for (name, at) in names(s) {
            paced(r, d, &name, at);
        }
    }),
];

/// An interface of a `garp_group`.
fn paced(report: &mut Report, d: &mut GarpGroup, name: &str, at: At) {
    if d.interfaces.iter().any(|known| known == name) {
        let message = format!("{name} is already in this `garp_group`");
        report.warn("repeated-keyword", at, message, "ignores it", "name it once");
    } else {
        d.interfaces.push(name.to_string());
    }
}

fn pacing(report: &mut Report, s: &Statement) -> Option<Duration> {
    let (name, word) = (&s.keyword().text, &s.arguments()[0]);
    lenient_seconds(report, name, word, 0..=i32::MAX as u64, "ignores the line")
}

/// A finished `garp_group`; the daemon drops one without an interval, and an interface that has a group.
pub(super) fn garp_group(
    report: &mut Report,
    groups: &mut Vec<GarpGroup>,
    mut group: GarpGroup,
    s: &Statement,
) {
    group.interfaces.retain(|interface| {
        let taken = groups.iter().any(|g| g.interfaces.contains(interface));
        if taken {
            let message = format!("{interface} already has a `garp_group`");
            report.warn("repeated-keyword", s.keyword().at, message, "keeps the first", "name it once");
        }
        !taken
    });
    if group.garp_interval.is_none() && group.gna_interval.is_none() {
        let message = "this `garp_group` has no interval";
        report.warn("missing-keyword", s.keyword().at, message, "drops the group", "add `garp_interval`");
    } else {
        groups.push(group);
    }
}

/// `interface_up_down_delays`: `INTERFACE DOWN [UP]`.
pub(super) fn delays(report: &mut Report, all: &mut Vec<LinkDelay>, s: &Statement) {
    surplus(report, s, 0);
    for line in s.block.iter().flatten() {
        let mut read = |n: usize| {
            let word = line.arguments().get(n)?;
            lenient_seconds(report, "interface_up_down_delays", word, 0..=255_000_000, "ignores the line")
        };
        let Some(down) = read(0) else { continue };
        let up = if line.arguments().len() > 1 { read(1) } else { Some(Duration::ZERO) };
        if let Some(up) = up {
            let interface = line.keyword().text.clone();
            all.retain(|delay| delay.interface != interface);
            all.push(LinkDelay { interface, down, up });
        }
    }
}

/// `linkbeat_interfaces`: `INTERFACE [MII|ETHTOOL|IOCTL]`.
pub(super) fn polling(report: &mut Report, all: &mut Vec<LinkPolling>, s: &Statement) {
    surplus(report, s, 0);
    for line in s.block.iter().flatten() {
        let interface = line.keyword().text.clone();
        let by = match line.arguments() {
            [] => None,
            [word] if matches!(word.text.as_str(), "MII" | "ETHTOOL" | "IOCTL") => Some(word.text.clone()),
            [word, ..] => {
                let message = format!("`{}` does not go here", word.text);
                let help = "write `MII`, `ETHTOOL` or `IOCTL`, and nothing else";
                report.warn("extra-words", word.at, message, "ignores it", help);
                None
            }
        };
        all.push(LinkPolling { interface, by });
    }
}
