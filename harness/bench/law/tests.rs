//! The law against the simulator itself: equals are left alone, a rise of a tenth is found.

use std::sync::{Arc, LazyLock};

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::Cost;
use vrrplab_engine::config::{Address, Config, Instance, Reading};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::rng::Rng;
use vrrplab_sim::scenario::{
    Act, ClientSpec, Fault, Host, HostIndex, Link, NodeSpec, Ping, Role, Scenario, Segment, SegmentIndex,
    When,
};

use super::super::{Distribution, Plan, Sample};
use super::{LogFactorials, Worse, rises};

/// Two routers and a client; the master loses power after 5 s.
fn lab() -> Scenario {
    let vip: Cidr = "192.168.10.240/24".parse().unwrap();
    let host = |name: &str, n: u8, role: Role| {
        let addresses = vec![format!("192.168.10.{n}/24").parse().unwrap()];
        let link = Link::new("eth0", Mac([2, 0, 0, 0, 0, n]), SegmentIndex(0), addresses);
        Host::new(name, vec![link], role)
    };
    let node = |priority: u8| {
        let mut instance = Instance::named("VI_1");
        instance.interface = "eth0".into();
        (instance.vrid, instance.priority) = (51, priority);
        instance.addresses = vec![Address::plain(vip, "eth0")];
        let config = Config { instances: vec![instance], ..Config::default() };
        let reading = Arc::new(Reading { config, ..Reading::default() });
        Role::Node(NodeSpec {
            reading,
            start: Some(Instant::ZERO),
            cost: Cost::RECORDED,
            scripts: Vec::new(),
            files: std::collections::BTreeMap::new(),
            processes: std::collections::BTreeMap::new(),
        })
    };
    let ping = Ping { to: "192.168.10.240".parse().unwrap(), every: Duration::from_millis(200) };
    let crash = Fault::Crash { node: HostIndex(0), back: None };
    Scenario {
        name: "crash".into(),
        title: String::new(),
        story: String::new(),
        covers: Vec::new(),
        duration: Duration::from_millis(9_000),
        segments: vec![Segment::plain("lan")],
        trunks: Vec::new(),
        hosts: vec![
            host("a", 1, node(200)),
            host("b", 2, node(100)),
            host("probe", 3, Role::Client(ClientSpec { ping: Some(ping) })),
        ],
        script: vec![Act { when: When::At(Instant::from_micros(5_000_000)), fault: crash }],
        configurations: Vec::new(),
        expectations: Vec::new(),
    }
}

fn plan(first: u64, runs: u64, threads: usize) -> Plan {
    Plan { scenario: Arc::new(lab()), first, runs, threads, starts: false }
}

/// 201 times 200 runs, no seed twice.
static MANY: LazyLock<Vec<Distribution>> =
    LazyLock::new(|| (0..201).map(|n| plan(1 + n * 200, 200, 2).distribution()).collect());

/// Every figure of these measures, longer by this many parts in a thousand.
fn longer(of: &Distribution, measures: &[&str], thousandths: u64) -> Distribution {
    changed(of, measures, |sample| sample.micros += sample.micros * thousandths / 1_000)
}

fn changed(of: &Distribution, measures: &[&str], mut change: impl FnMut(&mut Sample)) -> Distribution {
    let mut new = of.clone();
    let series = new.groups.iter_mut().flat_map(|group| &mut group.measures);
    for series in series.filter(|series| measures.contains(&series.name.as_str())) {
        series.samples.iter_mut().for_each(&mut change);
    }
    new
}

#[test]
fn of_200_comparisons_of_equals_at_most_two_fail() {
    let alarms = MANY.windows(2).filter(|pair| !rises(&pair[0], &pair[1]).is_empty()).count();
    assert!(alarms <= 2, "{alarms} false alarms of 200");
}

#[test]
fn of_200_failovers_that_take_a_tenth_longer_at_least_190_are_found() {
    for measure in ["total", "takeover", "detect", "probe unanswered"] {
        let found = MANY.windows(2).filter(|pair| {
            let rises = rises(&pair[0], &longer(&pair[1], &[measure], 100));
            rises.iter().any(|rise| matches!(&rise.what, Worse::Longer { measure: m, .. } if m == measure))
        });
        let found = found.count();
        assert!(found >= 190, "{found} of 200 longer by a tenth are found by {measure}");
    }
}

#[test]
fn one_run_in_twenty_that_takes_a_second_longer_is_found_in_the_tail() {
    let (before, now) = (plan(1, 1_000, 2).distribution(), plan(1_001, 1_000, 2).distribution());
    let mut dice = Rng::new(1, 1);
    let now = changed(&now, &["total"], |sample| {
        if dice.below(20) == 0 {
            sample.micros += 1_000_000;
        }
    });
    let rises = rises(&before, &now);
    let [rise] = &rises[..] else { panic!("one measure: {rises:?}") };
    let Worse::Longer { measure, quantile, .. } = &rise.what else { panic!("{rise:?}") };
    assert_eq!((measure.as_str(), *quantile), ("total", 990));
    let shown = now.groups[0].measure("total").unwrap().samples.iter().find(|s| s.seed == rise.seed).unwrap();
    assert!(shown.micros > 3_700_000, "the seed shows it: {shown:?}");
}

#[test]
fn a_rise_that_nobody_feels_is_none() {
    let now = longer(&MANY[1], &["total", "takeover"], 10);
    assert_eq!(rises(&MANY[0], &now), [], "a hundredth");
    let now = changed(&MANY[1], &["announce"], |sample| sample.micros *= 50);
    assert_eq!(rises(&MANY[0], &now), [], "half a millisecond");
    assert_ne!(rises(&MANY[0], &changed(&MANY[1], &["announce"], |s| s.micros += 2_000)), []);
}

#[test]
fn what_is_faster_is_no_rise() {
    let faster = changed(&MANY[1], &["total", "takeover"], |sample| sample.micros /= 2);
    assert_eq!(rises(&MANY[0], &faster), []);
}

#[test]
fn a_failover_that_no_longer_happens_is_found() {
    let gone = Distribution { groups: Vec::new(), ..MANY[1].clone() };
    let rises = rises(&MANY[0], &gone);
    assert_eq!(rises.len(), 1);
    assert_eq!(rises[0].what, Worse::Unfinished { before: (200, 200), now: (0, 200) });
}

#[test]
fn the_outcome_does_not_depend_on_the_number_of_threads() {
    let one = plan(5, 101, 1).distribution();
    assert_eq!(one.runs, 101);
    for threads in [2, 3, 200] {
        assert_eq!(plan(5, 101, threads).distribution(), one, "{threads} threads");
    }
}

#[test]
fn the_chance_is_hypergeometric() {
    let log = LogFactorials::up_to(20);
    let chance = |ours, theirs, drawn, least| log.chance(ours, theirs, drawn, least);
    // Of 5 and 5 balls 4 are drawn: all ours in 5 of 210 cases, at least 3 in 5 + 50.
    assert!((chance(5, 5, 4, 4) - 5.0 / 210.0).abs() < 1e-12);
    assert!((chance(5, 5, 4, 3) - 55.0 / 210.0).abs() < 1e-12);
    assert!((chance(5, 5, 4, 0) - 1.0).abs() < 1e-12);
    assert!((chance(10, 2, 12, 10) - 1.0).abs() < 1e-12, "all are drawn");
    assert!(chance(5, 5, 4, 5) == 0.0, "more than were drawn");
}
