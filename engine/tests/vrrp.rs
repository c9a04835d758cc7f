//! Stories straight against a daemon, without a network: each check of a received advert and their order, each
//! row of the table of transitions, timers to the microsecond, and the contract of [`Node`].
//!
//! `transitions.txt` is every pair of state and event in words; VRRPLAB_ACCEPT=1 writes it anew.

#[path = "tools/lab.rs"]
mod lab;

use lab::*;
use vrrplab_engine::Node;
use vrrplab_engine::boundary::{Input, InstanceId, Packet, SockId};
use vrrplab_engine::config::Config;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::vrrp::{Reject, State};
use vrrplab_engine::wire::vrrp2::fill_checksum;

const SKEW: Duration = Duration::from_micros(609_375);
const DOWN: Duration = Duration::from_micros(3_609_375);
const SECOND: Duration = Duration::from_secs(1);
const MICRO: Duration = Duration::from_micros(1);

/// Where the message begins.
const MESSAGE: usize = 20;

/// One thing wrong with a packet. The checksum is right again afterwards, unless that is what is wrong.
type Damage = fn(&mut Vec<u8>);

/// Every reason to refuse multicast of version 2 with a password, in keepalived's order.
const DAMAGES: [(Reject, Damage); 13] = [
    (Reject::Length, |p| {
        p.extend([0; 4]);
        p[3] += 4;
    }),
    (Reject::Ttl, |p| p[8] = 254),
    // Version 3 has no authentication data; with them it would be too long.
    (Reject::Version, |p| {
        p[MESSAGE] = 0x30 | (p[MESSAGE] & 0x0f);
        p.truncate(p.len() - 8);
        p[3] -= 8;
    }),
    (Reject::AuthTypeInvalid, |p| p[MESSAGE + 4] = 3),
    (Reject::AuthTypeMismatch, |p| p[MESSAGE + 4] = 0),
    (Reject::Password, |p| *p.last_mut().unwrap() ^= 1),
    (Reject::Interval, |p| p[MESSAGE + 5] = 2),
    (Reject::Type, |p| p[MESSAGE] = (p[MESSAGE] & 0xf0) | 2),
    (Reject::AddressCount, |p| {
        p.splice(MESSAGE + 8..MESSAGE + 8, [10, 0, 0, 101]);
        p[MESSAGE + 3] += 1;
        p[3] += 4;
    }),
    (Reject::TotalLength, |p| p[3] += 1),
    (Reject::Checksum, |_| {}),
    (Reject::Destination, |p| p[16..20].copy_from_slice(&OWN.octets())),
    (Reject::AddressList, |p| {
        let at = p.len() - 9;
        p[at] ^= 1;
    }),
];

/// An advert with all this wrong.
fn damaged(damages: &[(Reject, Damage)]) -> Vec<u8> {
    let mut packet = advert(HIGH, 200);
    // The earlier check's damage last: two may be of the same byte.
    for (_, damage) in damages.iter().rev() {
        damage(&mut packet);
    }
    fill_checksum(&mut packet[MESSAGE..]);
    if damages.iter().any(|(reason, _)| *reason == Reject::Checksum) {
        packet[MESSAGE + 7] ^= 1;
    }
    packet
}

/// The only reason that was counted.
fn refused(lab: &Lab) -> Reject {
    let counters = lab.counters();
    let counted: Vec<Reject> = Reject::ALL.into_iter().filter(|r| counters.rejected(*r) > 0).collect();
    let [reason] = counted[..] else { panic!("counted {counted:?}") };
    assert_eq!(counters.rejected(reason), 1);
    reason
}

#[test]
fn each_check_refuses_for_its_own_reason_and_counts_it() {
    for (reason, damage) in DAMAGES {
        let mut backup = lab(|_| {}).started();
        let did = backup.packet(&damaged(&[(reason, damage)]));
        assert_eq!(did, [format!("log: refused, {}", reason.words())]);
        assert_eq!(refused(&backup), reason);
        // keepalived counts an advert as received before it compares the addresses.
        let counted = reason == Reject::AddressList;
        assert_eq!(backup.counters().received, u64::from(counted), "{reason:?}");
    }
    let mut backup = lab(|_| {}).started();
    assert_eq!(backup.packet(&damaged(&[])), [""; 0]);
    assert_eq!(backup.counters().received, 1);
}

#[test]
fn a_packet_wrong_in_two_ways_is_refused_for_the_earlier_check() {
    for (i, first) in DAMAGES.into_iter().enumerate() {
        for second in &DAMAGES[i + 1..] {
            let mut backup = lab(|_| {}).started();
            backup.packet(&damaged(&[first, *second]));
            assert_eq!(refused(&backup), first.0, "with {:?}", second.0);
        }
    }
}

#[test]
fn what_is_no_advert_for_us_is_not_even_refused() {
    let mut other = advert(HIGH, 200);
    other[MESSAGE + 1] = 8;
    let mut tcp = advert(HIGH, 200);
    tcp[9] = 6;
    let short = advert(HIGH, 200)[..MESSAGE + 7].to_vec();
    for packet in [other, tcp, short, Vec::new()] {
        let mut master = lab(|_| {}).master();
        master.pass(Duration::from_millis(400));
        assert_eq!(master.packet(&packet), [""; 0]);
        assert_eq!(master.wait(), Some(Duration::from_millis(600)), "its advert is not put off");
        assert!(Reject::ALL.into_iter().all(|r| master.counters().rejected(r) == 0));
    }
}

#[test]
fn a_refused_advert_puts_off_a_master_and_not_a_backup() {
    for damage in DAMAGES {
        let mut backup = lab(|_| {}).started();
        backup.pass(SECOND).packet(&damaged(&[damage]));
        assert_eq!(backup.wait(), Some(Duration::from_micros(2_609_375)), "{:?}", damage.0);
        let mut master = lab(|_| {}).master();
        master.pass(Duration::from_millis(400)).packet(&damaged(&[damage]));
        assert_eq!(master.wait(), Some(SECOND), "{:?}", damage.0);
        let mut deaf = lab(|i| i.lower_prio_no_advert = true).master();
        deaf.pass(Duration::from_millis(400)).packet(&damaged(&[damage]));
        assert_eq!(deaf.wait(), Some(Duration::from_millis(600)), "{:?}", damage.0);
    }
}

#[test]
fn a_farewell_leaves_a_backup_its_skew_whatever_its_priority_is() {
    for (priority, skew) in [(1, 996_093), (100, 609_375), (200, 218_750), (254, 7_812), (255, 3_906)] {
        let mut backup = lab(|i| i.priority = priority).started();
        backup.pass(SECOND).hear(HIGH, 0);
        assert_eq!(backup.wait(), Some(Duration::from_micros(skew)), "priority {priority}");
    }
    let mut slow = lab(|i| i.nopreempt = true).started();
    slow.hear(HIGH, 0);
    assert_eq!(slow.wait(), Some(SKEW));
}

#[test]
fn preempt_delay_ends_to_the_microsecond() {
    let delay = Duration::from_secs(5);
    let heard_at = |after: Duration| {
        let mut backup = lab(|i| i.preempt_delay = delay).started();
        // The first worse advert starts the delay, and counts as a master's.
        backup.pass(SECOND).hear(HIGH, 50);
        assert_eq!(backup.wait(), Some(DOWN));
        backup.pass(Duration::from_secs(3)).hear(HIGH, 50);
        backup.pass(after.saturating_sub(Duration::from_secs(3)));
        let did = backup.hear(HIGH, 50);
        (did.len(), backup.wait().unwrap())
    };
    assert_eq!(heard_at(delay.saturating_sub(MICRO)), (0, DOWN));
    let left = DOWN.saturating_sub(Duration::from_secs(2));
    assert_eq!(heard_at(delay), (1, left));
    assert_eq!(heard_at(delay + MICRO), (1, left.saturating_sub(MICRO)));
}

#[test]
fn a_better_advert_ends_a_preempt_delay() {
    let mut backup = lab(|i| i.preempt_delay = Duration::from_secs(5)).started();
    backup.hear(HIGH, 50);
    backup.pass(Duration::from_secs(3)).hear(HIGH, 100);
    backup.pass(Duration::from_secs(3)).hear(HIGH, 50);
    assert_eq!(backup.wait(), Some(DOWN), "6 s after the first, 0 s after the second beginning");
    // A farewell is no end of it, but needs no more than the skew.
    backup.hear(HIGH, 0);
    assert_eq!(backup.wait(), Some(SKEW));
}

#[test]
fn an_early_wake_does_nothing() {
    for mut lab in [lab(|_| {}).started(), lab(|_| {}).master()] {
        let deadline = lab.node.deadline();
        lab.now = Instant::from_micros(deadline.unwrap().as_micros() - 1);
        assert_eq!(lab.wake(), [""; 0]);
        assert_eq!(lab.node.deadline(), deadline);
        lab.pass(MICRO);
        assert_ne!(lab.wake(), [""; 0]);
    }
}

#[test]
#[should_panic(expected = "time goes back from 1.000000 to 0.999999")]
fn time_does_not_go_back() {
    let mut lab = lab(|_| {}).started();
    lab.pass(SECOND).wake();
    lab.now = Instant::from_micros(lab.now.as_micros() - 1);
    lab.wake();
}

/// Two virtual routers on one interface.
fn two() -> Lab {
    let mut second = instance();
    (second.name, second.vrid) = ("W".into(), 8);
    second.addresses[0].cidr = "10.0.0.200/24".parse().unwrap();
    with(Config { instances: vec![instance(), second], ..Config::default() })
}

#[test]
fn one_wake_fires_one_timer() {
    let mut lab = two().started();
    let due = lab.node.deadline();
    assert_eq!(lab.ripen()[0], "advert of vrid 7 with priority 100 to 224.0.0.18");
    assert_eq!(lab.node.vrrp().state(InstanceId(1)), Some(State::Backup));
    assert_eq!(lab.node.deadline(), due, "the other one is due too");
    assert_eq!(lab.wake()[0], "advert of vrid 8 with priority 100 to 224.0.0.18");
    assert_eq!(lab.wake(), [""; 0]);
}

#[test]
fn two_instances_on_one_interface_share_a_socket() {
    let mut lab = two();
    let opened = lab.give(Input::Start);
    let opens: Vec<&String> = opened.iter().filter(|line| line.starts_with("open")).collect();
    assert_eq!(opens, ["open 0 on 0 for 224.0.0.18"]);
    // An advert by that socket is for the instance of its virtual router alone.
    let mut packet = advert(HIGH, 200);
    packet[MESSAGE + 1] = 8;
    let at = packet.len() - 9;
    packet[at] = 200;
    fill_checksum(&mut packet[MESSAGE..]);
    lab.give(Input::Packet { sock: SockId(0), packet: Packet::V4(&packet) });
    let received = |i| lab.node.vrrp().counters(InstanceId(i)).received;
    assert_eq!((received(0), received(1)), (0, 1));
}

#[test]
fn another_group_is_another_socket() {
    let mut second = instance();
    (second.name, second.vrid) = ("W".into(), 8);
    second.mcast_dst_ip = "224.0.0.19".parse().unwrap();
    let mut lab = with(Config { instances: vec![instance(), second], ..Config::default() });
    let opened = lab.give(Input::Start);
    assert_eq!(opened[..2], ["open 0 on 0 for 224.0.0.18", "open 1 on 0 for 224.0.0.19"]);
}

#[test]
fn the_same_inputs_give_the_same_effects_to_the_byte() {
    let life = || {
        let mut lab = two().started();
        let mut all = String::new();
        for step in 0..200_u64 {
            match step % 7 {
                0 => drop(lab.hear(HIGH, (step % 256) as u8)),
                1 => drop(lab.link(step % 3 == 0)),
                2 => drop(lab.hear(LOW, 100)),
                _ => drop(lab.pass(Duration::from_micros(step * 7_919)).wake()),
            }
            for timed in lab.out.iter() {
                all.push_str(&format!("{timed:?}"));
            }
            all.push_str(&format!("{:?} {:?}\n", lab.out, lab.node.deadline()));
        }
        all
    };
    let all = life();
    assert!(all.contains("Send") && all.contains("Frame"));
    assert_eq!(all, life());
}

#[test]
fn a_start_is_announced_unless_the_owner_is_master_at_once() {
    use vrrplab_engine::config::WantedState;
    let announced = |priority, state| {
        let mut lab = lab(|i| (i.priority, i.state) = (priority, state));
        let did = lab.give(Input::Start);
        (did.last().unwrap().clone(), lab.wait().unwrap().as_micros())
    };
    let backup = |priority| format!("announce BACKUP {priority}");
    assert_eq!(announced(100, WantedState::Master), (backup(100), 3_609_375));
    assert_eq!(announced(255, WantedState::Backup), (backup(255), 3_003_906));
    let opened = "open 0 on 0 for 224.0.0.18".to_string();
    assert_eq!(announced(255, WantedState::Master), (opened, 1));
}

#[test]
fn a_daemon_that_ended_hears_nothing() {
    let mut lab = lab(|_| {}).master();
    let did = lab.term();
    let end = ["advert of vrid 7 with priority 0 to 224.0.0.18", "remove 10.0.0.100/24", "close 0"];
    assert_eq!(did[..3], end);
    assert_eq!(did[3..], ["announce STOP 100"]);
    assert_eq!(lab.hear(HIGH, 200), [""; 0]);
    assert_eq!(lab.wait(), Some(SECOND));
    assert_eq!(lab.ripen(), ["exit"]);
    assert_eq!(lab.node.deadline(), None);
    assert_eq!(lab.term(), [""; 0]);
}

#[test]
fn a_cloned_daemon_goes_its_own_way() {
    let mut lab = lab(|_| {}).started();
    let before: Node = lab.node.clone();
    lab.ripen();
    assert_eq!(lab.state(), Some(State::Master));
    assert_eq!(before.vrrp().state(V), Some(State::Backup));
}

mod transitions {
    use super::*;

    /// A daemon in a state, 400 ms after what brought it there.
    type State = (&'static str, fn() -> Lab);
    /// What happens to it.
    type Event = (&'static str, fn(&mut Lab) -> Vec<String>);

    fn heard(change: impl FnOnce(&mut vrrplab_engine::config::Instance), priority: u8) -> Lab {
        let mut lab = lab(change).started();
        lab.hear(HIGH, priority);
        lab
    }

    const STATES: [State; 7] = [
        ("Backup", || heard(|_| {}, 200)),
        ("Backup with nopreempt", || heard(|i| i.nopreempt = true, 200)),
        ("Backup inside its preempt_delay", || heard(|i| i.preempt_delay = SECOND, 50)),
        ("Master", || lab(|_| {}).master()),
        ("Master with lower_prio_no_advert", || lab(|i| i.lower_prio_no_advert = true).master()),
        ("Master with higher_prio_send_advert", || lab(|i| i.higher_prio_send_advert = true).master()),
        ("Fault", || {
            let mut lab = lab(|_| {}).started();
            lab.link(false);
            lab
        }),
    ];

    const EVENTS: [Event; 14] = [
        ("its timer runs out", |l| if l.node.deadline().is_some() { l.ripen() } else { Vec::new() }),
        ("priority 0", |l| l.hear(HIGH, 0)),
        ("lower priority", |l| l.hear(HIGH, 50)),
        ("own priority, lower address", |l| l.hear(LOW, 100)),
        ("own priority, own address", |l| l.hear(OWN, 100)),
        ("own priority, higher address", |l| l.hear(HIGH, 100)),
        ("higher priority", |l| l.hear(LOW, 200)),
        ("a refused advert", |l| l.packet(&damaged(&[DAMAGES[5]]))),
        ("link down", |l| l.link(false)),
        ("link up", |l| l.link(true)),
        ("own address removed", |l| l.taken("10.0.0.1/24")),
        ("virtual address removed", |l| l.taken("10.0.0.100/24")),
        ("virtual address added", |l| l.given("10.0.0.100/24")),
        ("SIGTERM", Lab::term),
    ];

    /// Equal lines in a row as one, with their number.
    fn counted(lines: &[String]) -> String {
        let chunks = lines.chunk_by(|a, b| a == b).map(|chunk| match chunk.len() {
            1 => format!("    {}\n", chunk[0]),
            n => format!("    {} × {n}\n", chunk[0]),
        });
        chunks.collect()
    }

    fn table() -> String {
        let mut text =
            "# What a daemon does in each state with each event, 400 ms after it came there.\n".to_string();
        for (state, make) in STATES {
            for (event, happens) in EVENTS {
                let mut lab = make();
                lab.pass(Duration::from_millis(400));
                let did = happens(&mut lab);
                let state_now = lab.state().map_or("ended", |s| s.name());
                let wait = lab.wait().map_or("nothing to wait for".to_string(), |w| format!("waits {w}"));
                text.push_str(&format!("\n{state}: {event}\n{}    -> {state_now}, {wait}\n", counted(&did)));
            }
        }
        text
    }

    #[test]
    fn every_pair_of_state_and_event_is_as_accepted() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transitions.txt");
        let table = table();
        if std::env::var_os("VRRPLAB_ACCEPT").is_some() {
            std::fs::write(path, &table).unwrap();
        }
        let accepted = std::fs::read_to_string(path).unwrap_or_default();
        for (ours, accepted) in table.split("\n\n").zip(accepted.split("\n\n")) {
            assert_eq!(ours, accepted, "VRRPLAB_ACCEPT=1 accepts it");
        }
        assert!(table == accepted, "the table has another length; VRRPLAB_ACCEPT=1 accepts it");
    }
}
