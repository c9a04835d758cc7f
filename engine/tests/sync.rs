//! A group of three, given any order of link changes, adverts and waiting: after each step all members are in one
//! state, but for backups that wait for each other.

#[path = "tools/lab.rs"]
mod lab;

use proptest::prelude::*;
use vrrplab_engine::boundary::{InstanceId, KernelEvent, LinkId};
use vrrplab_engine::config::{Address, Config, Instance, Notify, SyncGroup, Tracks};
use vrrplab_engine::time::Duration;
use vrrplab_engine::vrrp::State;

fn group() -> lab::Lab {
    let member = |n: u8| Instance {
        name: format!("V{n}"),
        vrid: 6 + n,
        sync_group: Some("G".into()),
        // Each has an address of its own: who takes one away must not meet all members by that alone.
        addresses: vec![Address::plain(format!("10.0.0.{}/24", 99 + n).parse().unwrap(), "eth0")],
        ..lab::instance()
    };
    let group = SyncGroup {
        name: "G".into(),
        members: vec!["V1".into(), "V2".into(), "V3".into()],
        tracks: Tracks::default(),
        notify: Notify::default(),
        smtp_alert: false,
        tracking_weight: false,
        notify_priority_changes: false,
    };
    let instances = vec![member(1), member(2), member(3)];
    lab::with(Config { instances, groups: vec![group], ..Config::default() }).started()
}

proptest! {
    #[test]
    fn members_are_in_one_state(steps in prop::collection::vec((0..5u8, 0..4_000u64), 0..60)) {
        let mut lab = group();
        let mut up = true;
        for (step, wait) in steps {
            match step {
                0 => {
                    up = !up;
                    let event = KernelEvent::Link { link: LinkId(0), up };
                    lab.give(vrrplab_engine::boundary::Input::Kernel(event));
                }
                1 => drop(lab.hear(lab::HIGH, 200)),
                2 => drop(lab.hear(lab::HIGH, 0)),
                3 => drop(lab.taken("10.0.0.100/24")),
                _ => {
                    let until = lab.now + Duration::from_millis(wait);
                    while lab.node.deadline().is_some_and(|at| at <= until) {
                        lab.ripen();
                    }
                    lab.now = until;
                }
            }
            let states: Vec<Option<State>> = (0..3).map(|i| lab.node.vrrp().state(InstanceId(i))).collect();
            prop_assert!(states.iter().all(|s| *s == states[0]), "{states:?}");
        }
    }
}
