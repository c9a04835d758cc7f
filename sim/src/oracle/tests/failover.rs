//! Failovers of the whole simulator, taken apart; the figures are the protocol's.

use vrrplab_engine::config::{Family, Version};

use super::*;
use crate::oracle::failover::{Failover, Relearned, Trigger, measure};

const LATENCY: Duration = Duration::from_micros(50);

fn at(ms_: u64, fault: Fault) -> Act {
    Act { when: When::At(ms(ms_)), fault }
}

fn failovers(script: Vec<Act>) -> Vec<Failover> {
    measure(&Arc::new(Scenario { script, ..lab() }), 1)
}

/// The only one that an act of this script causes.
fn failover(fault: Fault) -> Failover {
    let mut all = failovers(vec![at(10_000, fault)]);
    assert_eq!(all.len(), 1, "{all:?}");
    let one = all.remove(0);
    assert_eq!((one.trigger, one.nth), (Trigger::Act(1), 1));
    assert_eq!((&*one.from, &*one.to, one.fault), ("a", "b", ms(10_000)));
    let parts = [Some(one.detect()), Some(one.elect()), one.announce(), one.relearn()];
    let sum = parts.iter().flatten().fold(Duration::ZERO, |sum, part| sum + *part);
    assert_eq!(one.total(), Some(sum), "the parts add up");
    one
}

/// b's Skew_Time and Master_Down_Interval with priority 100.
const SKEW: Duration = Duration::from_micros(609_375);
const DOWN: Duration = Duration::from_micros(3_609_375);

#[test]
fn a_crash_is_noticed_a_master_down_interval_after_the_last_advert() {
    let one = failover(crash(A));
    assert_eq!(one.last_advert, Instant::from_micros(9_414_062), "a's seventh advert");
    assert_eq!(one.takeover(), LATENCY + DOWN, "work costs nothing here");
    assert_eq!((one.detect(), one.elect()), (one.last_advert + LATENCY + DOWN - one.fault, Duration::ZERO));
    assert_eq!(one.relearned, Relearned::At(one.announced.unwrap() + LATENCY));
    assert_eq!(one.two_holders, Duration::ZERO);
    let probe = &one.clients[0];
    assert!(probe.over && probe.wrong_node.is_zero());
    // From the request at 10.0 s, which nobody answers, to the first answer after 13.023 s.
    assert!((3_100_000..3_101_000).contains(&probe.unanswered.as_micros()), "{probe:?}");
}

#[test]
fn a_farewell_leaves_the_skew_alone() {
    let one = failover(Fault::Stop(A));
    assert_eq!((one.detect(), one.elect()), (LATENCY + SKEW, Duration::ZERO));
    assert_eq!(one.last_advert, Instant::from_micros(9_414_062), "a farewell is no advert of a master");
    assert_eq!(one.two_holders, Duration::ZERO);
}

#[test]
fn work_after_a_farewell_belongs_to_the_election() {
    let mut lab = Scenario { script: vec![at(10_000, Fault::Stop(A))], ..lab() };
    let Role::Node(b) = &mut lab.hosts[1].role else { panic!("b is a node") };
    b.cost = Cost::RECORDED;
    let all = measure(&Arc::new(lab), 1);
    assert_eq!(all[0].detect(), LATENCY + SKEW, "by the formula, not by the first advert");
    assert!(!all[0].elect().is_zero(), "{all:?}");
}

#[test]
fn a_master_whose_address_a_stranger_removes_takes_it_over_from_itself() {
    let removed = Fault::Address { node: A, link: 0, cidr: vip(), added: false };
    let all = failovers(vec![at(10_000, removed)]);
    let told: Vec<_> = all.iter().map(|f| (&*f.from, &*f.to)).collect();
    assert_eq!(told, [("a", "a")], "its Skew_Time is shorter than b's: {all:?}");
}

#[test]
fn a_killed_daemon_leaves_its_address_behind() {
    let one = failover(Fault::Kill(A));
    let end = ms(30_000);
    assert_eq!(one.two_holders, end - one.elected, "a holds it to the end");
    assert_eq!(one.clients[0].unanswered, Duration::ZERO, "a's kernel answers");
    assert_eq!(one.clients[0].wrong_node, Duration::ZERO, "b's gratuitous ARP came in time");
}

#[test]
fn a_client_that_does_not_hear_the_new_master_is_answered_by_the_old_one() {
    let mute = Fault::Network(NetworkFault::Mute { from: B, to: PROBE });
    let all = failovers(vec![at(9_900, mute), at(10_000, Fault::Kill(A))]);
    assert_eq!(all.len(), 1, "{all:?}");
    let [probe] = &all[0].clients[..] else { panic!("one client") };
    assert_eq!(all[0].relearned, Relearned::Never);
    assert_eq!(all[0].total(), None);
    assert!(probe.wrong_node > Duration::from_secs(16), "{probe:?}");
}

#[test]
fn one_act_can_cause_a_takeover_and_the_next_another() {
    let all = failovers(vec![at(10_000, crash(A)), at(20_000, Fault::Start { node: A, config: None })]);
    let told: Vec<_> = all.iter().map(|f| (f.trigger, &*f.from, &*f.to)).collect();
    assert_eq!(told, [(Trigger::Act(1), "a", "b"), (Trigger::Act(2), "b", "a")]);
    assert_eq!(all[1].fault, ms(20_000));
    assert_eq!(all[1].detect(), Duration::from_micros(3_414_062), "a counts from its own start");
}

#[test]
fn an_old_master_behind_a_partition_is_left_at_the_last_advert_that_was_heard() {
    let split = Fault::Network(NetworkFault::Partition { segment: LAN, group: vec![1, 0, 0] });
    let one = failover(split);
    assert_eq!(one.takeover(), LATENCY + DOWN, "a goes on, but b does not hear it");
    assert_eq!(one.two_holders, Duration::ZERO, "each has a component of its own");
}

#[test]
fn without_clients_nobody_has_anything_to_learn() {
    let mut lab = Scenario { script: vec![at(10_000, crash(A))], ..lab() };
    lab.hosts.pop();
    let all = measure(&Arc::new(lab), 1);
    assert_eq!((all[0].relearned, all[0].relearn()), (Relearned::NoClient, Some(Duration::ZERO)));
    assert!(all[0].clients.is_empty());
}

#[test]
fn a_client_that_never_hears_of_it_is_an_unfinished_failover() {
    // The run ends before b takes over what the client asks for.
    let script = vec![at(10_000, crash(A))];
    let lab = Scenario { script, duration: Duration::from_micros(13_024_000), ..lab() };
    let all = measure(&Arc::new(lab), 1);
    assert!(!all[0].clients[0].over, "{all:?}");
}

#[test]
fn a_varied_scenario_begins_its_script_anywhere_within_an_interval() {
    let lab = Scenario {
        script: vec![at(10_000, crash(A)), at(20_000, Fault::Start { node: A, config: None })],
        ..lab()
    };
    let when = |s: &Scenario, n: usize| match s.script[n].when {
        When::At(at) => at,
        When::After { .. } => unreachable!("the script has instants"),
    };
    let phases: Vec<u64> =
        (0..400).map(|seed| (when(&lab.varied(seed, false), 0) - ms(10_000)).as_micros()).collect();
    assert!(phases.iter().all(|phase| *phase < 1_000_000));
    for quarter in 0..4 {
        let there = phases.iter().filter(|phase| **phase / 250_000 == quarter).count();
        assert!((60..140).contains(&there), "{there} of 400 in quarter {quarter}");
    }
    let varied = lab.varied(7, false);
    assert_eq!(when(&varied, 1) - when(&varied, 0), Duration::from_secs(10), "acts keep their distances");
    assert_eq!(varied.duration, lab.duration + Duration::from_secs(1));
    let starts = |s: &Scenario| {
        let start = |h: &Host| match &h.role {
            Role::Node(node) => node.start,
            Role::Client(_) => None,
        };
        s.hosts.iter().filter_map(start).collect::<Vec<_>>()
    };
    assert_eq!(starts(&varied), starts(&lab));
    let started = starts(&lab.varied(7, true));
    assert!(started[0] != started[1] && started.iter().all(|at| *at < ms(1_000)), "{started:?}");
}

/// The lab over IPv6: version 3, and what each manages besides its link-local address.
fn lab6(script: Vec<Act>) -> Scenario {
    let vip: Cidr = "fd00:10::240/64".parse().unwrap();
    let instance6 = |priority| Instance {
        version: Version::V3,
        family: Family::V6,
        addresses: ["fe80::10:240/64", "fd00:10::240/64"]
            .map(|a| Address::plain(a.parse().unwrap(), "eth0"))
            .to_vec(),
        ..instance(priority)
    };
    let mut lab = Scenario { script, ..lab() };
    lab.hosts[0] = node("a", 1, instance6(150));
    lab.hosts[1] = node("b", 2, instance6(100));
    let ping = Some(Ping { to: vip.address, every: Duration::from_millis(100) });
    lab.hosts[2] = host("probe", 3, Role::Client(ClientSpec { ping }));
    for (number, host) in lab.hosts.iter_mut().enumerate() {
        let addresses = ["fe80", "fd00:10"].map(|net| format!("{net}::{}/64", number + 1).parse().unwrap());
        let link = Link::new("eth0", host.links[0].mac, LAN, addresses.to_vec());
        *host = Host::new(&*host.name, vec![link], host.role.clone());
    }
    lab
}

#[test]
fn over_ipv6_a_neighbour_advertisement_announces_the_new_master() {
    let all = measure(&Arc::new(lab6(vec![at(10_000, crash(A))])), 1);
    let of = |address: &str| all.iter().find(|f| f.address.to_string() == address).expect("it moved");
    assert_eq!(all.len(), 2, "{all:?}");
    // Version 3 counts Skew_Time in the interval: (256 - 100) / 256 s, 3.609375 s in all.
    let one = of("fd00:10::240");
    assert_eq!((&*one.from, &*one.to, one.takeover()), ("a", "b", LATENCY + DOWN));
    let announced = one.announced.expect("b announces itself");
    assert_eq!(one.relearned, Relearned::At(announced + LATENCY), "probe hears it one latency later");
    assert!(one.clients[0].over && one.clients[0].wrong_node.is_zero(), "{one:?}");
    // Nobody ever asked for the link-local one.
    assert_eq!(of("fe80::10:240").relearned, Relearned::NoClient);
    assert!(of("fe80::10:240").announced.is_some());
}
