//! Events in any order: the judge is never confused, whatever a world tells it.

use proptest::prelude::*;

use super::*;

/// Every fault that a script can hold, in the lab.
fn script() -> Scenario {
    let carrier = |up| Fault::Carrier { host: A, link: 0, up };
    let faults = [
        crash(A),
        Fault::Kill(B),
        Fault::Stop(A),
        Fault::Start { node: A, config: None },
        Fault::Start { node: B, config: None },
        Fault::Pause(B),
        Fault::Resume(B),
        carrier(false),
        carrier(true),
        Fault::Network(NetworkFault::Partition { segment: LAN, group: vec![0, 1, 1] }),
        Fault::Network(NetworkFault::Heal(LAN)),
        Fault::Network(NetworkFault::Mute { from: A, to: PROBE }),
        Fault::Network(NetworkFault::Unmute { from: A, to: PROBE }),
        Fault::Address { node: B, link: 0, cidr: vip(), added: true },
    ];
    let all = [
        Oracle::TwoHolders,
        Oracle::NoHolder,
        Oracle::StaleNeighbour,
        Oracle::Unanswered,
        Oracle::LateTakeover,
        Oracle::ForbiddenPreemption,
        Oracle::StateMismatch,
    ];
    let lab = lab_with(|_, b| b.nopreempt = true);
    let lab = all.into_iter().fold(lab, |lab, o| lab.expect(Rule::Never(o)).expect(Rule::Sometimes(o)));
    let lab =
        lab.expect(Rule::Master { address: VIP.into(), node: A, by: ms(9_000), until: Some(ms(15_000)) });
    faults.into_iter().fold(lab, Scenario::act)
}

fn tell(run: &mut Run, kind: u8, number: u8) {
    let name = if number.is_multiple_of(2) { "a" } else { "b" };
    let mac = (number < 6).then_some(number);
    match kind {
        0 => run.advert(name, number.saturating_mul(20)),
        1 => run.takes(name, 100),
        2 => run.leaves(name),
        3 => run.garp(name, number),
        4 => run.neighbour(mac, NeighbourState::Reachable),
        5 => run.answer(mac),
        6 => {
            run.claim(name, [Announced::Master, Announced::Backup, Announced::Stop][usize::from(number % 3)])
        }
        7 => run.queue_full(name, number),
        8 => run.event(None, Cause::None, What::Fault(format!("start {name}"))),
        9 => run.event(None, Cause::Fault(1), What::Fault(format!("power {name}"))),
        _ => run.fault(u32::from(number), "act"),
    };
}

proptest! {
    #[test]
    fn violations_are_well_formed(events in prop::collection::vec((0_u64..2_000, 0_u8..16, 0_u8..16), 0..60)) {
        let mut run = script().run();
        let mut now = 0;
        for (gap, kind, number) in events {
            now += gap;
            tell(run.at(now), kind, number);
        }
        let judgement = run.end(now + 5_000);
        prop_assert_eq!(judgement.verdicts.len(), 7 + 15);
        for verdict in &judgement.verdicts {
            let bad = matches!(verdict.outcome, Outcome::Fail | Outcome::Known(_));
            // `sometimes` passes by what it shows.
            prop_assert!(!bad || !verdict.violations.is_empty(), "{:?}", verdict);
            for v in &verdict.violations {
                prop_assert!(v.from <= ms(now + 5_000) && v.until.is_none_or(|u| v.from <= u), "{:?}", v);
                prop_assert!(!v.what.is_empty() && !v.cause.is_empty(), "{:?}", v);
            }
        }
        let held = judgement.oracle(Oracle::TwoHolders).unwrap().outcome != Outcome::Vacuous;
        prop_assert!(held || !judgement.passed());
    }
}
