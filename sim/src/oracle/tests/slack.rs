//! A real clock: wider allowances, no causes, and events of one moment in any order.

use proptest::prelude::*;

use super::*;

/// What a rule makes of a run in which a, last heard at 7.414 s, crashes at 7.8 s and b takes over at 11.024 s.
fn outcome(rule: &Rule, slack: u64) -> Outcome {
    let lab = lab().expect(rule.clone()).act(crash(A));
    let mut run = lab.settled_with(Duration::from_millis(slack));
    run.at(4_414).adverts("a", 150, 7_414).at(7_800).fault(1, "crash a").answer(None);
    run.at(11_024).takes("b", 100).follows(2).at(12_024).adverts("b", 100, 20_024);
    let judgement = run.end(20_100);
    judgement.verdicts.into_iter().find(|verdict| verdict.line == Some(10)).unwrap().outcome
}

/// The rule is broken with less than this slack and kept with as much.
#[track_caller]
fn needs(slack: u64, rule: &Rule) {
    assert_eq!(outcome(rule, slack - 1), Outcome::Fail, "{} ms", slack - 1);
    assert_eq!(outcome(rule, slack), Outcome::Pass, "{slack} ms");
}

#[test]
fn expectations_are_wider_by_the_slack() {
    let span = |ms| Some(Duration::from_millis(ms));
    let master = |node, by, until: Option<u64>| Rule::Master {
        address: VIP.into(),
        node,
        by: ms(by),
        until: until.map(ms),
    };
    needs(24, &master(B, 11_000, None));
    needs(100, &master(A, 5_000, Some(7_900)));
    needs(10, &Rule::Takeover { from: A, to: B, at_least: None, at_most: span(3_600) });
    needs(10, &Rule::Takeover { from: A, to: B, at_least: span(3_620), at_most: None });
    needs(24, &Rule::Outage { client: PROBE, at_least: None, at_most: span(3_200) });
    needs(26, &Rule::Outage { client: PROBE, at_least: span(3_250), at_most: None });
    let garps = |at_least, from, until: Option<u64>| Rule::Count {
        what: Counted::Frames { node: B, class: FrameClass::Garp },
        at_least,
        at_most: at_least,
        from: ms(from),
        until: until.map(ms),
    };
    needs(6, &garps(1, 11_030, None));
    needs(25, &garps(0, 11_000, None));
    needs(5, &garps(1, 0, Some(11_020)));
    needs(6, &garps(0, 0, Some(11_030)));
}

#[test]
fn what_is_wrong_at_the_end_of_a_run_stays_wrong() {
    let rule = Rule::Master { address: VIP.into(), node: A, by: ms(20_090), until: None };
    assert_eq!(outcome(&rule, 1_000), Outcome::Fail);
    let rule = Rule::Master { address: VIP.into(), node: A, by: ms(20_101), until: None };
    assert_eq!(outcome(&rule, 1_000), Outcome::Vacuous);
}

/// In the lab where a is master this becomes a violation with less than 40 ms of slack.
#[track_caller]
fn violated_by(oracle: Oracle, lab: &Scenario, story: impl Fn(&mut Run)) {
    for (slack, outcome) in [(39, Outcome::Fail), (40, Outcome::Pass)] {
        let mut run = lab.settled_with(Duration::from_millis(slack));
        run.claim("a", Announced::Master).at(4_414);
        story(&mut run);
        let judgement = run.end(20_000);
        assert_eq!(judgement.oracle(oracle).unwrap().outcome, outcome, "{slack} ms");
    }
}

#[test]
fn oracles_allow_more_by_the_slack() {
    let lab = lab();
    violated_by(Oracle::StaleNeighbour, &lab, |run| {
        run.at(5_000).neighbour(Some(2), NeighbourState::Stale);
        run.at(6_040).neighbour(Some(1), NeighbourState::Stale);
    });
    violated_by(Oracle::Unanswered, &lab, |run| {
        run.at(5_000).answer(None).at(6_140).answer(Some(1));
    });
    violated_by(Oracle::StateMismatch, &lab, |run| {
        run.at(5_000).claim("a", Announced::Backup).at(5_140).claim("a", Announced::Master);
    });
    violated_by(Oracle::NoHolder, &lab, |run| {
        run.at(15_000).leaves("a").at(15_041).address("a", true, Cause::None);
    });
    violated_by(Oracle::TwoHolders, &lab, |run| {
        run.at(15_000).address("b", true, Cause::None).at(15_041).leaves("b");
    });
    // b has 3.609375 s after the last advert, 100 ms and 50 us on the way.
    violated_by(Oracle::LateTakeover, &lab, |run| {
        run.adverts("a", 150, 6_414).at(10_163).takes("b", 100).at(11_000).adverts("b", 100, 20_000);
    });
    violated_by(Oracle::ForbiddenPreemption, &lab_with(|_, b| b.nopreempt = true), |run| {
        run.adverts("a", 150, 6_414).at(9_984).takes("b", 100);
    });
}

/// What a capture, a kernel and a daemon tell of a crash of a and a takeover by b: in microseconds.
fn told() -> Vec<(u64, &'static str, What)> {
    let address = |added| What::Address { added, cidr: vip(), link: "eth0".into() };
    let claim = |to| What::Claim { instance: "VI_1".into(), from: None, to, priority: 100 };
    let mut frame = 0;
    let mut tx = |summary| {
        frame += 1;
        What::Tx { frame, link: "eth0".into(), summary }
    };
    let mut told = Vec::new();
    let turns = [("a", 1, 150, 3_414_000, 7), ("b", 2, 100, 13_024_000, 8)];
    for (node, number, priority, from, adverts) in turns {
        told.push((from, node, address(true)));
        told.push((from + 100, node, claim(Announced::Master)));
        told.push((from + 50, node, tx(Summary::Garp { reply: false, address: VIP, mac: mac(number) })));
        told.push((
            from + 400,
            "probe",
            What::Neighbour { address: VIP.into(), mac: Some(mac(number)), state: NeighbourState::Stale },
        ));
        let by = Some(Answerer { mac: mac(number), host: None, forwards: false });
        told.push((from + 100_000, "probe", What::Answer { address: VIP.into(), by }));
        told.extend((0..adverts).map(|n| (from + n * 1_000_000, node, tx(advert(priority)))));
    }
    told
}

/// A judge is told all this, besides the start of both and the crash of a at 10 s; in the order of time if `sorted`.
fn judged(mut told: Vec<(u64, &'static str, What)>, sorted: bool) -> Judgement {
    if sorted {
        told.sort_by_key(|(at, ..)| *at);
    }
    let mut run = lab().act(crash(A)).run_with(Duration::from_millis(25));
    run.event(None, Cause::None, What::Fault("start a".into()));
    run.event(None, Cause::None, What::Fault("start b".into()));
    let mut crashed = false;
    for (at, host, what) in told {
        if at > 10_000_000 && !std::mem::replace(&mut crashed, true) {
            run.at(10_000).fault(1, "crash a");
        }
        run.now = Instant::from_micros(at);
        run.event(Some(host), Cause::None, what);
    }
    run.end(21_000)
}

/// Some events early or late by less than a millisecond, some twice, and what no scenario knows.
fn noisy(noise: &[(u64, bool, u8)]) -> Vec<(u64, &'static str, What)> {
    let mut noisy = Vec::new();
    for ((at, host, what), (shift, twice, stranger)) in told().into_iter().zip(noise) {
        let at = at + shift - 500;
        if *twice && !matches!(what, What::Tx { .. }) {
            noisy.push((at + 300, host, what.clone()));
        }
        let strange = |link: &str| What::Address { added: *twice, cidr: vip(), link: link.into() };
        match stranger {
            0 => noisy.push((at, "nobody", what.clone())),
            1 => noisy.push((at, "a", strange("eth7"))),
            2 => noisy.push((at, "a", What::Tx { frame: 99, link: "eth7".into(), summary: advert(1) })),
            // Gone twice, and before it ever came.
            3 => noisy.push((at, "probe", What::Address { added: false, cidr: vip(), link: "eth0".into() })),
            _ => {}
        }
        noisy.push((at, host, what));
    }
    noisy
}

proptest! {
    #[test]
    fn the_order_of_a_moment_changes_no_verdict(
        noise in prop::collection::vec((0_u64..1_000, any::<bool>(), 0_u8..8), 30),
    ) {
        let judgement = judged(noisy(&noise), true);
        prop_assert!(judgement.passed(), "{:#?}", judgement.verdicts);
    }

    #[test]
    fn no_order_at_all_confuses_the_judge(
        noise in prop::collection::vec((0_u64..1_000, any::<bool>(), 0_u8..8), 30),
        order in Just((0..60_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let all = noisy(&noise);
        let told = order.iter().filter_map(|i| all.get(*i).cloned()).collect();
        prop_assert_eq!(judged(told, false).verdicts.len(), 7);
    }
}
