//! What an instance's configuration lets it do besides winning elections: which priorities its trackers can give it,
//! what can take it to FAULT, how long it may wait for its first state, and whom it moves together with.
//!
//! A daemon's word that it cannot take part is believed where there is a way to be so, and nowhere else: whether a
//! script succeeds is known to the daemon alone, but a link that is up is seen.

use vrrplab_engine::config::{Config, Instance, Track, Tracks};
use vrrplab_engine::time::Duration;

use super::bounds;

/// The ways of one instance, its own trackers and those of its group taken together.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// The lowest effective priority that its trackers can leave it with.
    pub(super) lowest: u8,
    /// The highest.
    pub(super) highest: u8,
    /// Whether a script, process, file or BFD session decides about FAULT: nobody else sees those.
    pub(super) unseen: bool,
    /// The interfaces that decide about FAULT, by their place in the host; `None` is one that the host has not.
    pub(super) links: Vec<Option<usize>>,
    /// If it has no state before a script has returned: how long that may take.
    pub(super) first_result: Option<Duration>,
    /// The other members of its group, as instances of the scenario.
    pub(super) siblings: Vec<usize>,
}

impl Ways {
    /// Of the instance at this place of a configuration; `number` tells the number in the scenario of an instance at
    /// a place.
    pub(super) fn new(
        config: &Config,
        index: usize,
        number: impl Fn(usize) -> usize,
        link: impl Fn(&str) -> Option<usize>,
    ) -> Ways {
        let instance = &config.instances[index];
        let group = config.groups.iter().find(|g| Some(&g.name) == instance.sync_group.as_ref());
        let tracks: Vec<&Tracks> =
            [Some(&instance.tracks), group.map(|g| &g.tracks)].into_iter().flatten().collect();
        let decides = |t: &&Track| t.weight.value == 0;
        let scripts = tracks.iter().flat_map(|t| t.scripts.iter().filter(decides));
        let hidden =
            |t: &&Tracks| !t.files.is_empty() || t.processes.iter().chain(&t.bfds).any(|x| decides(&x));
        let result = scripts
            .clone()
            .filter_map(|t| config.scripts.iter().find(|s| s.name == t.name))
            .map(bounds::first_result);
        let interfaces = tracks.iter().flat_map(|t| t.interfaces.iter().filter(decides));
        let members = group.into_iter().flat_map(|g| &g.members);
        let places = members.filter_map(|name| config.instances.iter().position(|i| i.name == *name));
        let (lowest, highest) = priorities(instance, &tracks);
        Ways {
            lowest,
            highest,
            unseen: scripts.clone().next().is_some() || tracks.iter().any(hidden),
            links: interfaces.map(|t| link(&t.name)).collect(),
            first_result: result.max(),
            siblings: places.filter(|&p| p != index).map(number).collect(),
        }
    }
}

/// A tracker with a weight adds it or adds nothing; what a file can say has no bound.
fn priorities(instance: &Instance, tracks: &[&Tracks]) -> (u8, u8) {
    if instance.is_owner() {
        return (instance.priority, instance.priority);
    }
    let plain = tracks.iter().flat_map(|t| [&t.interfaces, &t.scripts, &t.processes, &t.bfds]).flatten();
    let (mut down, mut up) = (0, 0);
    for track in plain {
        let share = i32::from(track.weight.value) * if track.weight.reverse { -1 } else { 1 };
        down += share.min(0);
        up += share.max(0);
    }
    let weighs = |t: &Track| t.weight.value != 0;
    let files = tracks.iter().flat_map(|t| &t.files).filter(|t| weighs(t)).count();
    let file = 253 * i32::try_from(files).unwrap_or(2);
    let clamp = |shares: i32| (i32::from(instance.priority) + shares).clamp(1, 254) as u8;
    (clamp(down - file), clamp(up + file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_engine::config::{SyncGroup, Weight};

    fn track(name: &str, value: i16, reverse: bool) -> Track {
        Track { name: name.into(), weight: Weight { value, reverse } }
    }

    fn ways(tracks: Tracks) -> Ways {
        let instance = Instance { priority: 100, tracks, ..Instance::named("VI_1") };
        let config = Config { instances: vec![instance], ..Config::default() };
        Ways::new(&config, 0, |p| p, |name| (name == "eth1").then_some(1))
    }

    #[test]
    fn weights_add_up_to_a_range_and_are_no_way_to_fault() {
        let scripts = vec![track("x", -30, false), track("y", -20, true), track("z", 10, false)];
        let found = ways(Tracks { scripts, ..Tracks::default() });
        assert_eq!((found.lowest, found.highest), (70, 130));
        assert!(!found.unseen && found.first_result.is_none());
        let found = ways(Tracks { files: vec![track("f", 1, false)], ..Tracks::default() });
        assert_eq!((found.lowest, found.highest), (1, 254));
        assert!(found.unseen, "its product can be so low that it is FAULT");
    }

    #[test]
    fn what_has_no_weight_is_a_way_to_fault() {
        let found = ways(Tracks { scripts: vec![track("x", 0, false)], ..Tracks::default() });
        assert!(found.unseen);
        let found = ways(Tracks { interfaces: vec![track("eth1", 0, false)], ..Tracks::default() });
        assert!(!found.unseen, "a link is seen");
        assert_eq!(found.links, [Some(1)]);
        let found = ways(Tracks { interfaces: vec![track("eth1", -10, false)], ..Tracks::default() });
        assert!(found.links.is_empty());
    }

    #[test]
    fn a_group_shares_its_trackers_and_knows_its_members() {
        let member = |name: &str| Instance { sync_group: Some("G".into()), ..Instance::named(name) };
        let group = SyncGroup {
            name: "G".into(),
            members: vec!["VI_1".into(), "VI_3".into()],
            tracks: Tracks { scripts: vec![track("x", 0, false)], ..Tracks::default() },
            notify: vrrplab_engine::config::Notify::default(),
            smtp_alert: false,
            tracking_weight: false,
            notify_priority_changes: false,
        };
        let instances = vec![member("VI_1"), Instance::named("VI_2"), member("VI_3")];
        let config = Config { instances, groups: vec![group], ..Config::default() };
        let of = |index| Ways::new(&config, index, |p| 7 + p, |_| None);
        assert_eq!((of(0).siblings, of(2).siblings), (vec![9], vec![7]));
        assert!(of(2).unseen);
        assert!(of(1).siblings.is_empty() && !of(1).unseen);
    }
}
