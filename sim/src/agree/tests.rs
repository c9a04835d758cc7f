use super::damage::change_priority;
use super::*;
use crate::capture::{Capture, Captured, Port};
use std::fmt::Write as _;

/// An advert of the n-th node, with IP header and without its checksum, which nobody reads here.
fn advert(node: u8, priority: u8) -> Vec<u8> {
    let mut frame = vec![1, 0, 0x5e, 0, 0, 18, 2, 0, 0, 0, 0, node, 8, 0, 0x45, 0xc0, 0, 40, 0, 0, 0, 0, 255];
    frame.extend([112, 0, 0, 10, 0, 0, node, 224, 0, 0, 18]);
    let mut pdu = vec![0x21, 7, priority, 1, 0, 1, 0, 0, 10, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0];
    let checksum = !sum(&pdu);
    pdu[6..8].copy_from_slice(&checksum.to_be_bytes());
    frame.extend(pdu);
    frame
}

/// The Internet checksum before its complement.
fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.as_chunks::<2>().0.iter().map(|&word| u32::from(u16::from_be_bytes(word)));
    let sum: u32 = words.sum();
    ((sum & 0xffff) + (sum >> 16)) as u16
}

/// A run of nodes a and b from lines of a trace; each `tx` is an advert, `island` tells where it was seen.
fn run(lines: &[&str], island: u8) -> Lanes {
    let mut text = "# x world=sim subject=engine seed=0 duration=9s\n".to_string();
    let mut capture = Capture::default();
    for host in ["a", "b"] {
        capture.ports.push(Port { host: host.into(), link: "eth0".into() });
    }
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        if words[2] == "tx" {
            let port = usize::from(words[1] == "b");
            let at = words[0].parse().unwrap();
            let bytes = advert(port as u8 + 1, 100);
            // Only b is ever behind a partition.
            let island = if port == 1 { island } else { 0 };
            capture.frames.push(Captured { at, port, island, bytes, comments: vec![] });
        }
        writeln!(text, "{}", line.replace("ADV", "vrrp2 vrid 7 prio 100 adv 1s 10.0.0.100")).unwrap();
    }
    Lanes::of(&text.parse().unwrap(), &capture)
}

/// The same as somebody else's laboratory would have recorded it.
fn recorded(lines: &[&str]) -> Lanes {
    let mut lanes = run(lines, 0);
    lanes.end = None;
    lanes
}

fn first(ours: &[&str], reference: &[&str]) -> Option<String> {
    let found = agree(&run(ours, 0), &recorded(reference), &Tolerance::RECORDED).disagreements;
    report(&found).map(|report| report.lines().next().unwrap_or("").to_string())
}

const START: &str = "0.0 -- fault start a";

#[test]
fn instants_are_counted_from_their_cause() {
    let ours = [START, "1.0 a tx #1 ADV <- start", "2.0 a tx #2 ADV <- advert of #1"];
    // Each is 0.9 ms late from its cause, which makes 1.8 ms on the clock.
    let drifted = [START, "1.0009 a tx #1 ADV", "2.0018 a tx #2 ADV"];
    assert_eq!(first(&ours, &drifted), None);
    let late = [START, "1.0 a tx #1 ADV", "2.0011 a tx #2 ADV"];
    let report = "2.000000 a.eth0, adverts of vrid 7: 1.1ms earlier than in the reference";
    assert_eq!(first(&ours, &late).as_deref(), Some(report));
    let early = [START, "1.0 a tx #1 ADV", "1.9989 a tx #2 ADV"];
    let report = "1.998900 a.eth0, adverts of vrid 7: 1.1ms later than in the reference";
    assert_eq!(first(&ours, &early).as_deref(), Some(report));
}

#[test]
fn own_adverts_since_the_cause_widen_the_tolerance() {
    let start = [START, "1.0 a tx #1 ADV <- start", "2.0 a tx #2 ADV <- advert of #1"];
    let late = [START, "1.0 a tx #1 ADV", "2.0 a tx #2 ADV", "4.001005 a claim V Stop 1"];
    assert_eq!(first(&[&start[..], &["4.0 a claim V Stop 1 <- #1"]].concat(), &late), None);
    assert!(first(&[&start[..], &["4.0 a claim V Stop 1 <- #2"]].concat(), &late).is_some());
}

#[test]
fn without_a_cause_the_clock_counts() {
    let ours = ["1.0 a tx #1 ADV"];
    assert_eq!(first(&ours, &["1.001 a tx #1 ADV"]), None);
    assert!(first(&ours, &["1.001001 a tx #1 ADV"]).is_some());
    // A cause that no switch knows is none.
    let unknown = ["1.0 a tx #1 ADV <- #9"];
    assert_eq!(first(&unknown, &["1.001999 a tx #1 ADV"]), None);
    assert!(first(&unknown, &["1.002 a tx #1 ADV"]).is_some());
    // One that names itself neither.
    assert_eq!(first(&["1.0 a tx #1 ADV <- #1"], &["1.0 a tx #1 ADV"]), None);
}

#[test]
fn behind_a_partition_the_causes_cause_counts() {
    let ours = [
        "1.0 a tx #1 ADV",
        "3.0 b tx #2 ADV <- master-down of #1",
        "4.0 b tx #3 ADV <- advert of #2",
        "4.5 b claim V Stop 1 <- linger of #3",
    ];
    let reference = |claim| ["1.0009 a tx #1 ADV", claim];
    let ours = run(&ours, 1);
    // Counted from #1, with two adverts of b since: 1.02 ms.
    for (claim, agrees) in [("4.501920 b claim V Stop 1", true), ("4.501921 b claim V Stop 1", false)] {
        assert_eq!(
            agree(&ours, &recorded(&reference(claim)), &Tolerance::RECORDED).holds(),
            agrees,
            "{claim}"
        );
    }
}

#[test]
fn sequences_are_exact() {
    let ours = ["1.0 a claim V Backup 1", "2.0 a claim V Master 1"];
    let missing = "2.000000 a, states of V: missing in ours";
    assert_eq!(first(&ours[..1], &ours).as_deref(), Some(missing));
    let extra = "2.000000 a, states of V: not in the reference";
    assert_eq!(first(&ours, &ours[..1]).as_deref(), Some(extra));
    let other = ["1.0 a claim V Backup 1", "2.0 a claim V Master 2"];
    assert_eq!(first(&ours, &other).as_deref(), Some("2.000000 a, states of V: something else"));
    let unknown = ["1.0 a claim V Backup 1", "1.5 a claim V heard-lower 1", "2.0 a claim V Master 1"];
    assert_eq!(first(&unknown, &ours), None);
}

#[test]
fn the_laboratorys_own_addresses_do_not_count() {
    let reference = ["0.0 -- fault start a", "1.0 a addr + 10.0.0.100/24 eth0", "2.0 -- fault crash a"];
    let crash = ["2.01 a addr - 10.0.0.100/24 eth0", "2.02 a addr + fe80::1/64 eth0"];
    assert_eq!(first(&[&reference[..], &crash].concat(), &reference), None);
    let back = ["3.0 -- fault start a", "4.0 a addr - 10.0.0.100/24 eth0"];
    let ours = [&reference[..], &crash, &back].concat();
    assert!(first(&ours, &[&reference[..], &back[..1]].concat()).is_some());
    let mut silent = recorded(&reference);
    silent.nodes.insert("a".into());
    silent.base.insert(("a".into(), "10.0.0.1/24".parse().unwrap()));
    let chatty = ["0.5 a addr + 10.0.0.1/24 eth0", "0.6 b addr + 10.0.0.2/24 eth0"];
    let chatty = [&reference[..1], &chatty, &reference[1..]].concat();
    assert!(agree(&run(&chatty, 0), &silent, &Tolerance::RECORDED).holds());
}

#[test]
fn links_that_nobody_captured_do_not_count() {
    let both = run(&[START, "1.0 a tx #1 ADV"], 0);
    let mut silent = recorded(&[START]);
    assert!(!agree(&both, &silent, &Tolerance::RECORDED).holds());
    silent.links.insert("eth0".into());
    assert!(!agree(&both, &silent, &Tolerance::RECORDED).holds());
    silent.links = ["eth1".into()].into();
    assert!(agree(&both, &silent, &Tolerance::RECORDED).holds());
}

#[test]
fn another_script_shows() {
    let report = "1.000000 `crash a` happens in the reference, nothing at that time in ours";
    assert_eq!(first(&[START], &[START, "1.0 -- fault crash a"]).as_deref(), Some(report));
}

#[test]
fn an_act_of_ours_that_the_reference_lacks_shows() {
    let report = "1.000000 `crash a` happens in ours, nothing at that time in the reference";
    assert_eq!(first(&[START, "1.0 -- fault crash a"], &[START]).as_deref(), Some(report));
    let back = ["1.0 -- fault crash a <- act 1", "2.0 -- fault power a <- act 1"];
    assert_eq!(first(&back, &back[..1]), None);
}

#[test]
fn an_act_that_moved_by_more_than_a_millisecond_shows() {
    let crash = |at: &str| format!("{at} -- fault crash a");
    let differs = |ours: &str, reference: &str| first(&[ours], &[reference]).is_some();
    assert!(!differs(&crash("1.0"), &crash("1.000999")));
    assert!(differs(&crash("1.0"), &crash("1.0011")));
    assert!(differs(&crash("1.0011"), &crash("1.0")));
}

#[test]
fn an_act_stands_for_one_act_of_the_reference() {
    let twice = ["1.0 -- fault cut b", "1.0 -- fault cut c"];
    assert!(first(&twice[..1], &twice).is_some());
    assert_eq!(
        first(&["1.0 -- fault partition lan: a | b", "1.0 -- fault carrier c eth0 down"], &twice),
        None
    );
    assert!(first(&["1.0 -- fault stop a"], &["1.0 -- fault stop b"]).is_some());
    assert!(first(&["1.0 -- fault heal lan"], &["1.0 -- fault stop b"]).is_some());
}

#[test]
fn a_changed_priority_keeps_its_checksum() {
    for priority in 0..=255 {
        let mut frame = advert(1, priority);
        change_priority(&mut frame);
        assert_eq!(frame[36], priority ^ 1);
        assert_eq!(sum(&frame[34..]), 0xffff, "{priority}");
    }
}
