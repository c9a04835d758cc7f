//! SIGHUP as tables of before and after; what 2.2.7 does is recorded as `reload-…`.

#[path = "tools/lab.rs"]
mod lab;

use std::sync::Arc;

use proptest::prelude::*;
use vrrplab_engine::addr::Mac;
use vrrplab_engine::boundary::{Cost, Effects, HostFacts, Input, LinkFacts};
use vrrplab_engine::config::{Address, Config, Instance};
use vrrplab_engine::time::Duration;
use vrrplab_engine::vrrp::State;

use lab::{Lab, instance};

const ADVERT: &str = "advert of vrid 7 with priority 100 to 224.0.0.18";

fn config(change: impl FnOnce(&mut Instance)) -> Config {
    let mut instance = instance();
    change(&mut instance);
    Config { instances: vec![instance], ..Config::default() }
}

/// The bench's host as it is while the daemon holds these addresses.
fn host(virtual_ones: &[&str]) -> HostFacts {
    let own = ["10.0.0.1/24", "fe80::1/64"];
    let addresses = own.iter().chain(virtual_ones).map(|a| a.parse().unwrap()).collect();
    let mac = Mac([2, 0, 0, 0, 0, 1]);
    let link = LinkFacts { name: "eth0".into(), mac, mtu: 1500, up: true, addresses };
    HostFacts { hostname: "a".into(), links: vec![link], ..HostFacts::default() }
}

fn reload(lab: &mut Lab, config: Config) -> Vec<String> {
    let held: &[&str] = if lab.state() == Some(State::Master) { &["10.0.0.100/24"] } else { &[] };
    let host = host(held);
    lab.give(Input::Reload { config: Some(Arc::new(config)), host: &host })
}

fn addresses(all: &[&str]) -> Vec<Address> {
    all.iter().map(|a| Address::plain(a.parse().unwrap(), "eth0")).collect()
}

/// What a master does at a reload, without what it always does: its advert, and its sockets anew.
#[test]
fn a_master_changes_what_differs() {
    let garps = |address: &str| vec![format!("gratuitous ARP for {address}"); 5];
    let both =
        |a: &str, b: &str| (0..5).flat_map(|_| [a, b]).map(|a| format!("gratuitous ARP for {a}")).collect();
    let plain = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
    type Row = (&'static str, fn(&mut Instance), [Vec<String>; 2]);
    let rows: [Row; 6] = [
        ("nothing", |_| {}, [vec![], vec![]]),
        ("priority", |i| i.priority = 60, [vec![], vec![]]),
        ("name", |i| i.name = "W".into(), [vec![], vec![]]),
        (
            "one more",
            |i| i.addresses = addresses(&["10.0.0.100/24", "10.0.0.101/24"]),
            [vec![], [plain(&["add 10.0.0.101/24"]), both("10.0.0.100", "10.0.0.101")].concat()],
        ),
        (
            "another",
            |i| i.addresses = addresses(&["10.0.0.102/24"]),
            [plain(&["remove 10.0.0.100/24"]), [plain(&["add 10.0.0.102/24"]), garps("10.0.0.102")].concat()],
        ),
        (
            "another VRID",
            |i| i.vrid = 8,
            [
                plain(&[
                    "advert of vrid 7 with priority 0 to 224.0.0.18",
                    "remove 10.0.0.100/24",
                    "announce FAULT 100",
                ]),
                plain(&["announce BACKUP 100"]),
            ],
        ),
    ];
    for (what, change, [before, after]) in rows {
        let mut lab = lab::lab(|_| {}).master();
        let mut expected = plain(&[ADVERT]);
        expected.extend(before);
        expected.extend(plain(&["close 0", "Reloaded", "open 0 on 0 for 224.0.0.18"]));
        expected.extend(after);
        assert_eq!(reload(&mut lab, config(change)), expected, "{what}");
        let wait = if what == "another VRID" { Duration::from_micros(3_609_375) } else { Duration::ZERO };
        assert_eq!(lab.wait(), Some(wait), "{what}");
    }
}

#[test]
fn a_backup_waits_anew_with_its_new_priority() {
    let mut lab = lab::lab(|_| {}).started();
    lab.pass(Duration::from_millis(1_500));
    let done = reload(&mut lab, config(|i| i.priority = 200));
    assert_eq!(done, ["close 0", "Reloaded", "open 0 on 0 for 224.0.0.18"]);
    assert_eq!((lab.state(), lab.wait()), (Some(State::Backup), Some(Duration::from_micros(3_218_750))));
}

#[test]
fn an_instance_that_goes_says_so_unless_it_was_in_fault() {
    let gone = Config::default;
    let mut lab = lab::lab(|_| {}).started();
    assert_eq!(reload(&mut lab, gone()), ["announce FAULT 100", "close 0", "Reloaded"]);
    let mut lab = lab::lab(|i| i.notify_deleted = true).started();
    assert_eq!(reload(&mut lab, gone()), ["announce DELETED 100", "close 0", "Reloaded"]);
    let mut lab = lab::lab(|_| {}).started();
    lab.link(false);
    assert_eq!(reload(&mut lab, gone()), ["close 0", "Reloaded"]);
}

#[test]
fn a_text_that_is_refused_is_the_end_and_leaves_the_addresses() {
    let mut lab = lab::lab(|_| {}).master();
    let host = host(&["10.0.0.100/24"]);
    assert_eq!(lab.give(Input::Reload { config: None, host: &host }), [ADVERT, "exit"]);
    assert_eq!(lab.wait(), None);
}

#[test]
fn a_second_burst_is_forgotten() {
    let mut lab = lab::lab(|_| {}).master();
    reload(&mut lab, config(|_| {}));
    let mut garps = 0;
    for _ in 0..20 {
        garps += lab.ripen().iter().filter(|line| line.starts_with("gratuitous")).count();
    }
    assert_eq!(garps, 0);
}

proptest! {
    /// A reload with the same text changes nothing but its timers, wherever it comes, and however often.
    #[test]
    fn the_same_text_changes_no_state(
        steps in prop::collection::vec((0..4u8, 0..2_000_000u64), 0..30),
        priority in 1..=254u8,
    ) {
        let text = || config(|i| i.priority = priority);
        let mut lab = lab::with(text()).started();
        for (step, wait) in steps {
            let until = lab.now + Duration::from_micros(wait);
            while lab.node.deadline().is_some_and(|at| at <= until) {
                lab.ripen();
            }
            lab.now = until;
            match step {
                0 => drop(lab.hear(lab::HIGH, 150)),
                1 => drop(lab.hear(lab::LOW, 10)),
                _ => {
                    let (state, counters) = (lab.state(), lab.counters().sent);
                    let lines = reload(&mut lab, text());
                    let adverts = u64::from(state == Some(State::Master));
                    prop_assert_eq!(lab.state(), state);
                    prop_assert_eq!(lab.counters().sent, counters + adverts);
                    prop_assert_eq!(lines.len() as u64, 3 + adverts, "{:?}", lines);
                }
            }
        }
    }
}

/// A text that takes time to read: one sign before, and nothing until it is read. Then everything is as without.
#[test]
fn a_daemon_that_reads_does_nothing_else() {
    let four = Duration::from_secs(4);
    let mut lab = lab::lab(|_| {}).master();
    lab.out = Effects::new(Cost { reload: four, ..Cost::FREE });
    let mut quick = lab::lab(|_| {}).master();
    let began = lab.now;
    assert_eq!(lab.give(Input::Hangup), [ADVERT]);
    assert_eq!(lab.out.now(), began + four, "it is away for as long as it reads");
    assert_eq!(lab.node.deadline(), None, "no timer runs out meanwhile");
    lab.now = lab.out.now();
    let whole = reload(&mut quick, config(|i| i.priority = 60));
    assert_eq!([vec![ADVERT.to_string()], reload(&mut lab, config(|i| i.priority = 60))].concat(), whole);
    assert_eq!(lab.state(), Some(State::Master));
    assert_eq!(lab.node.deadline(), Some(lab.now), "its next advert is due at once");
}
