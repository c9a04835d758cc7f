use super::damage::change_priority;
use super::*;
use crate::capture::{Capture, Captured, Port};
use vrrplab_engine::time::Instant;

use crate::trace::Trace;
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
    let (trace, capture) = told(lines, island);
    Lanes::of(&trace, &capture)
}

fn told(lines: &[&str], island: u8) -> (Trace, Capture) {
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
    (text.parse().unwrap(), capture)
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

/// Both runs of this laboratory, with the tolerance of an idle machine.
fn real(ours: &[&str], reference: &[&str]) -> Agreement {
    agree(&run(ours, 0), &run(reference, 0), &Tolerance::real(Tolerance::IDLE))
}

fn first_real(ours: &[&str], reference: &[&str]) -> Option<String> {
    let found = real(ours, reference).disagreements;
    report(&found).map(|report| report.lines().next().unwrap_or("").to_string())
}

#[test]
fn a_real_clock_is_allowed_more_and_not_much_more() {
    let ours = [START, "1.0 a tx #1 ADV <- start", "2.0 a tx #2 ADV <- advert of #1"];
    let late = |at: &'static str| [START, "1.01 a tx #1 ADV", at];
    assert_eq!(first_real(&ours, &late("2.035 a tx #2 ADV")), None);
    let report = "2.000000 a.eth0, adverts of vrid 7: 25.001ms earlier than in the reference";
    assert_eq!(first_real(&ours, &late("2.035001 a tx #2 ADV")).as_deref(), Some(report));
    let loaded = Tolerance::real(Tolerance::LOADED);
    assert!(agree(&run(&ours, 0), &run(&late("2.035001 a tx #2 ADV"), 0), &loaded).holds());
}

#[test]
fn each_advert_since_the_cause_may_add_to_the_lateness() {
    let ours = [START, "1.0 a tx #1 ADV", "2.0 a tx #2 ADV", "3.0 a tx #3 ADV <- start"];
    // Two adverts between: 25.6 ms.
    let late = |at: &'static str| [START, "1.0 a tx #1 ADV", "2.0 a tx #2 ADV", at];
    assert_eq!(first_real(&ours, &late("3.0256 a tx #3 ADV")), None);
    assert!(first_real(&ours, &late("3.025601 a tx #3 ADV")).is_some());
}

#[test]
fn the_event_that_is_farthest_off_is_told() {
    let ours = [START, "1.0 a tx #1 ADV <- start", "2.0 a tx #2 ADV <- advert of #1"];
    let found = real(&ours, &[START, "1.003 a tx #1 ADV", "1.997 a tx #2 ADV"]);
    assert!(found.holds());
    let largest = found.largest.unwrap();
    assert_eq!(
        (largest.lane.to_string().as_str(), largest.at.to_string()),
        ("a.eth0, adverts of vrid 7", "2.000000".into())
    );
    assert_eq!(largest.distance.to_string(), "6ms later than in the reference");
    assert_eq!(real(&[START], &[START]).largest, None);
}

#[test]
fn an_act_that_waited_is_where_it_is_in_its_own_run() {
    let run_with = |advert: &str, act: &str, stop: &str| {
        [
            START.to_string(),
            format!("{advert} a tx #1 ADV"),
            format!("{act} -- fault stop a <- act 1"),
            format!("{stop} a claim V Stop 1"),
        ]
    };
    let told = |lines: [String; 4], cause: &str| {
        let mut lines = lines;
        lines[3].push_str(cause);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        run(&lines, 0)
    };
    let ours = told(run_with("1.0", "1.4", "1.5"), " <- act 1");
    let idle = Tolerance::real(Tolerance::IDLE);
    let against = |reference: [String; 4]| report(&agree(&ours, &told(reference, ""), &idle).disagreements);
    // The advert is 20 ms late, the act after it another 20, and what it causes 20 more.
    assert_eq!(against(run_with("1.02", "1.44", "1.56")), None);
    let late = against(run_with("1.02", "1.446", "1.546")).unwrap();
    assert!(late.starts_with("1.400000 `stop a` is 26ms earlier than in the reference\n"), "{late}");
    let late = against(run_with("1.0", "1.4", "1.526")).unwrap();
    let expected = "1.500000 a, states of V: 26ms earlier than in the reference\n  25ms allowed, counted from `stop a` at 1.400000, in the reference at 1.400000\n";
    assert!(late.starts_with(expected), "{late}");
}

#[test]
fn acts_of_two_worlds_are_the_same_by_number_and_text() {
    let act = |text: &str| format!("1.0 -- fault {text}");
    let differ = |ours: &str, theirs: &str| real(&[&act(ours)], &[&act(theirs)]).disagreements.len();
    assert_eq!(differ("cut t <- act 1", "cut t <- act 1"), 0);
    assert_eq!(differ("cut t <- act 1", "cut t <- act 2"), 2);
    assert_eq!(differ("cut t <- act 1", "cut u <- act 1"), 2);
}

#[test]
fn at_the_end_of_a_run_either_may_have_one_more() {
    // The runs last 9 s.
    let [before, last] = [START, "8.98 a tx #1 ADV <- start"];
    assert_eq!(first_real(&[before, last], &[before]), None);
    assert_eq!(first_real(&[before], &[before, last]), None);
    let early = "8.97 a tx #1 ADV <- start";
    assert!(first_real(&[before, early], &[before]).is_some());
    assert!(first_real(&[before], &[before, early]).is_some());
    // A recording does not say when it ended.
    assert!(first(&[before], &[before, last]).is_some());
}

#[test]
fn without_any_cause_the_last_act_counts_as_well() {
    let lines = |act: &str, claim: &str| {
        [
            START.to_string(),
            "1.0 a tx #1 ADV".to_string(),
            format!("{act} -- fault stop a <- act 1"),
            format!("{claim} a claim V Stop 1"),
        ]
    };
    let told = |lines: [String; 4]| run(&lines.each_ref().map(|line| line.as_str()), 0);
    let differ = |claim: &str| {
        let (ours, theirs) = (told(lines("1.4", "1.5")), told(lines("1.42", claim)));
        !agree(&ours, &theirs, &Tolerance::real(Tolerance::IDLE)).holds()
    };
    assert!(!differ("1.545"));
    assert!(differ("1.546"));
}

/// a is to be crashed at about the time of its third advert; b waits for its silence.
fn crash(adverts: usize, at: &str, takeover: &str) -> Vec<String> {
    let mut lines = vec![START.to_string()];
    let causes = ["start", "advert of #1", "advert of #2"];
    lines.extend((1..=adverts).map(|n| format!("{n}.0 a tx #{n} ADV <- {}", causes[n - 1])));
    lines.push(format!("{at} -- fault crash a <- act 1"));
    lines.push(format!("{takeover} b tx #{} ADV <- master-down of #{adverts}", adverts + 1));
    lines
}

fn race_of(ours: &[String], reference: &[String]) -> Vec<Option<String>> {
    let told = |lines: &[String]| run(&lines.iter().map(String::as_str).collect::<Vec<_>>(), 0);
    let found = agree(&told(ours), &told(reference), &Tolerance::real(Tolerance::IDLE));
    found.disagreements.into_iter().map(|disagreement| disagreement.race).collect()
}

#[test]
fn an_advert_at_the_moment_of_a_crash_is_a_race() {
    let (sent, unsent) = (crash(3, "3.005", "6.6"), crash(2, "2.99", "5.6"));
    let by_crash = Some("`crash a`".to_string());
    // The advert, and the takeover that is counted from it.
    assert_eq!(race_of(&sent, &unsent), [by_crash.clone(), by_crash.clone()]);
    assert_eq!(race_of(&unsent, &sent), [by_crash.clone(), by_crash]);
}

#[test]
fn an_advert_long_before_a_crash_is_no_race() {
    let (sent, unsent) = (crash(3, "3.05", "6.6"), crash(2, "3.05", "5.6"));
    assert_eq!(race_of(&sent, &unsent), [None, None]);
    // One takeover that is too late is no race even if the advert may be one.
    let (sent, unsent) = (crash(3, "3.005", "6.6"), crash(2, "2.99", "5.8"));
    assert_eq!(race_of(&sent, &unsent), [Some("`crash a`".to_string()), None]);
}

#[test]
fn what_an_act_causes_is_not_in_a_race_with_it() {
    let ours = [START, "1.0 a tx #1 ADV", "1.4 -- fault stop a <- act 1", "1.401 a tx #2 ADV <- act 1"];
    let found = real(&ours, &ours[..3]).disagreements;
    assert_eq!(found.into_iter().map(|found| found.race).collect::<Vec<_>>(), [None]);
}

fn speakers(ours: &[&str], reference: &[&str]) -> Option<String> {
    let tolerance = Tolerance::real(Tolerance::IDLE);
    report(&agree_speakers(&run(ours, 0), &run(reference, 0), &tolerance).disagreements)
        .map(|report| report.lines().next().unwrap_or("").to_string())
}

#[test]
fn speakers_do_not_count_adverts() {
    let takeover = "5.6 b tx #4 ADV <- master-down of #3";
    let ours = [
        START,
        "1.0 a tx #1 ADV <- start",
        "2.0 a tx #2 ADV <- advert of #1",
        "2.1 a tx #3 ADV <- advert of #2",
        takeover,
    ];
    assert_eq!(speakers(&ours, &[START, "1.0 a tx #1 ADV", "2.11 a tx #2 ADV", "5.62 b tx #3 ADV"]), None);
    // The takeover is counted from the last advert of either.
    let late = speakers(&ours, &[START, "1.0 a tx #1 ADV", "2.2 a tx #2 ADV", "5.62 b tx #3 ADV"]);
    assert_eq!(late.as_deref(), Some("5.600000 b.eth0, adverts of vrid 7: 80ms later than in the reference"));
    // After a silence it speaks anew.
    let silent = speakers(&ours, &[START, "1.0 a tx #1 ADV", "2.6 a tx #2 ADV", "5.62 b tx #3 ADV"]);
    assert_eq!(silent.as_deref(), Some("2.600000 a.eth0, adverts of vrid 7: missing in ours"));
}

#[test]
fn speakers_are_counted_from_the_first_word() {
    let ours = [START, "0.0 a claim I Backup 100", "1.0 a tx #1 ADV <- start"];
    let slow = |word: &str| speakers(&ours, &[START, word, "1.3 a tx #1 ADV"]);
    assert_eq!(slow("0.31 a claim I Backup 100"), None);
    assert!(slow("0.0 a claim I Backup 100").is_some_and(|why| why.contains("300ms")));
}

#[test]
fn speakers_have_priorities_and_say_farewell() {
    let spoken = |priorities: &[u8]| {
        let mut lanes = run(&[], 0);
        for (n, priority) in (1..).zip(priorities) {
            lanes.frame(
                Instant::from_micros(n * 1_000_000),
                &"a".into(),
                &"eth0".into(),
                &advert(1, *priority),
            );
        }
        lanes
    };
    let turns = |lanes: &Lanes| -> Vec<String> {
        let told = lanes.speakers().lanes.into_values().flatten();
        told.filter(|entry| entry.what != Content::LastAdvert)
            .map(|e| format!("{} {}", e.at, e.what))
            .collect()
    };
    let told =
        ["1.000000 speaks with priority 100", "3.000000 speaks with priority 80", "4.000000 says farewell"];
    assert_eq!(turns(&spoken(&[100, 100, 80, 0])), told);
    let real = Tolerance::real(Tolerance::IDLE);
    assert!(agree_speakers(&spoken(&[100, 0]), &spoken(&[100, 0]), &real).holds());
    assert!(!agree_speakers(&spoken(&[100, 0]), &spoken(&[100, 100]), &real).holds());
}

#[test]
fn the_far_side_of_a_partition_is_seen_where_both_runs_are_ours() {
    let lines = ["1.0 b tx #1 ADV"];
    assert_eq!(run(&lines, 1).entry_count(), 0);
    let (trace, capture) = told(&lines, 1);
    assert_eq!(Lanes::whole(&trace, &capture).entry_count(), 1);
}
