//! Each oracle once holding and once violated.

use super::*;

fn outcome(judgement: &Judgement, oracle: Oracle) -> &Outcome {
    &judgement.oracle(oracle).unwrap().outcome
}

fn violation(judgement: &Judgement, oracle: Oracle) -> (Instant, Option<Instant>, &str, &str) {
    let verdict = judgement.oracle(oracle).unwrap();
    assert_eq!(verdict.outcome, Outcome::Fail, "{verdict:#?}");
    only(verdict)
}

/// a crashes after its advert at 7.414 s, b takes over at 11.023 s and the client follows.
fn crash_of_a() -> Run {
    let mut run = lab().act(crash(A)).settled();
    run.at(4_414).adverts("a", 150, 7_414);
    run.at(7_800).fault(1, "crash a").answer(None);
    run.at(11_024).takes("b", 100).follows(2);
    run.at(12_024).adverts("b", 100, 20_024);
    run
}

#[test]
fn an_empty_trace_is_vacuous_and_does_not_pass() {
    let judgement = lab().run().end(0);
    assert_eq!(judgement.verdicts.len(), 7);
    assert!(judgement.verdicts.iter().all(|v| v.outcome == Outcome::Vacuous));
    assert!(judgement.vacuous() && !judgement.passed());
}

#[test]
fn a_takeover_within_its_bound_is_clean_and_measured() {
    let judgement = crash_of_a().end(20_500);
    assert_clean(&judgement);
    let without = measure(&judgement, "longest without holder of 192.168.10.240");
    assert_eq!(without, Some(("3.224s".into(), Some(ms(7_800)))));
    let outage = measure(&judgement, "longest outage of probe");
    assert_eq!(outage, Some(("3.224s".into(), Some(ms(7_800)))));
    assert_eq!(measure(&judgement, "longest with two holders of 192.168.10.240"), None);
}

#[test]
fn the_oracles_come_first_and_in_order() {
    let judgement = lab().expect(Rule::Never(Oracle::TwoHolders)).settled().end(4_000);
    let oracles: Vec<Option<Oracle>> = judgement.verdicts.iter().map(|v| v.oracle).collect();
    assert_eq!(oracles[0], Some(Oracle::TwoHolders));
    assert_eq!(oracles[6], Some(Oracle::StateMismatch));
    assert_eq!(oracles[7..], [None]);
    assert_eq!(judgement.verdicts[7].line, Some(10));
}

#[test]
fn a_preempting_master_may_overlap_for_a_path_delay() {
    let mut run = lab().run();
    run.event(None, Cause::None, What::Fault("start b".into()));
    run.at(3_609).takes("b", 100).follows(2).at(4_609).adverts("b", 100, 5_609);
    run.at(6_000).event(None, Cause::None, What::Fault("start a".into()));
    run.at(6_609).adverts("b", 100, 8_609);
    run.at(9_414).takes("a", 150).follows(1);
    run.at(9_415).leaves("b").at(10_414).adverts("a", 150, 20_414);
    let judgement = run.end(20_500);
    assert_clean(&judgement);
    assert_eq!(measure(&judgement, "longest with two holders of 192.168.10.240"), None);
}

#[test]
fn two_holders_who_do_not_hear_each_other_are_a_violation_with_the_mute_as_cause() {
    let mut run = lab().act(Fault::Network(NetworkFault::Mute { from: A, to: B })).settled();
    run.at(4_414).advert("a", 150).at(5_000).fault(1, "mute a b");
    run.at(5_414).adverts("a", 150, 7_414).at(8_023).takes("b", 100);
    run.at(8_414).adverts("a", 150, 20_000);
    let judgement = run.end(20_500);
    let (from, until, what, cause) = violation(&judgement, Oracle::TwoHolders);
    assert_eq!((from, until), (ms(8_023), None));
    assert_eq!(what, "a and b both hold 192.168.10.240");
    assert_eq!(cause, "b does not hear a since act 1 at 5.000000 (mute a b)");
}

#[test]
fn two_holders_until_the_bound_are_measured_only() {
    let mut run = lab()
        .act(Fault::Network(NetworkFault::Mute { from: A, to: B }))
        .act(Fault::Network(NetworkFault::Unmute { from: A, to: B }))
        .settled();
    run.at(4_414).fault(1, "mute a b").at(8_023).takes("b", 100);
    run.at(8_414).fault(2, "unmute a b");
    run.advert("a", 150).leaves("b");
    let judgement = run.at(9_414).adverts("a", 150, 20_000).end(20_000);
    assert_eq!(outcome(&judgement, Oracle::TwoHolders), &Outcome::Pass);
    let two = measure(&judgement, "longest with two holders of 192.168.10.240");
    assert_eq!(two, Some(("391ms".into(), Some(ms(8_023)))));
}

#[test]
fn each_side_of_a_partition_may_have_its_holder() {
    let split = Fault::Network(NetworkFault::Partition { segment: LAN, group: vec![0, 1, 0] });
    let mut run = lab().act(split).settled();
    run.at(4_414).advert("a", 150).at(5_000).fault(1, "partition lan a probe | b");
    run.at(5_414).adverts("a", 150, 7_414).at(8_023).takes("b", 100);
    for t in 8..20 {
        run.at(t * 1_000 + 414).advert("a", 150).at(t * 1_000 + 1_023).advert("b", 100);
    }
    assert_clean(&run.end(20_100));
}

#[test]
fn a_killed_daemon_leaves_a_second_holder() {
    let mut run = lab().act(Fault::Kill(A)).settled();
    run.at(5_000).fault(1, "kill a").at(7_023).takes("b", 100).at(8_023).adverts("b", 100, 15_000);
    let (from, _, what, cause) = &violation_of(&run.end(15_000), Oracle::TwoHolders);
    assert_eq!(*from, ms(7_023));
    assert_eq!(what, "a and b both hold 192.168.10.240");
    assert_eq!(cause, "the daemon of a was killed by act 1 at 5.000000 (kill a)");
}

fn violation_of(judgement: &Judgement, oracle: Oracle) -> (Instant, Option<Instant>, String, String) {
    let (from, until, what, cause) = violation(judgement, oracle);
    (from, until, what.into(), cause.into())
}

#[test]
fn other_passwords_are_named_as_cause() {
    let pass = |text: &[u8; 8]| vrrplab_engine::config::Auth::Pass(*text);
    let lab = lab_with(|a, b| (a.auth, b.auth) = (pass(b"one\0\0\0\0\0"), pass(b"two\0\0\0\0\0")));
    let mut run = lab.settled();
    run.at(3_609).takes("b", 100);
    let (_, _, _, cause) = violation_of(&run.end(9_000), Oracle::TwoHolders);
    assert_eq!(cause, "a and b refuse each other's adverts: their authentication differs");
}

#[test]
fn an_address_that_nobody_takes_over_is_a_violation() {
    let mut run = lab().act(crash(A)).settled();
    run.at(7_800).fault(1, "crash a").address("a", false, Cause::Fault(1));
    let judgement = run.end(20_000);
    let (from, until, what, cause) = violation(&judgement, Oracle::NoHolder);
    assert_eq!((from, until), (ms(7_800), None));
    assert_eq!(what, "nobody holds 192.168.10.240, b could");
    assert_eq!(cause, "a gave it up at 7.800000 by act 1 at 7.800000 (crash a)");
}

#[test]
fn a_paused_master_keeps_its_address() {
    let mut run = lab().act(Fault::Pause(A)).act(Fault::Resume(A)).settled();
    run.at(3_500).fault(1, "pause a").at(7_024).takes("b", 100).at(8_024).adverts("b", 100, 11_024);
    run.at(11_500).fault(2, "resume a").advert("a", 150).leaves("b").at(12_500).adverts("a", 150, 20_000);
    let (from, until, _, cause) = violation_of(&run.end(20_000), Oracle::TwoHolders);
    assert_eq!((from, until), (ms(7_024), Some(ms(11_500))));
    assert_eq!(cause, "the daemon of a is paused since act 1 at 3.500000 (pause a)");
}

#[test]
fn without_carrier_nobody_holds_and_nobody_must() {
    let carrier = |up| Fault::Carrier { host: A, link: 0, up };
    let mut run = lab().act(carrier(false)).act(carrier(true)).settled();
    run.at(4_414).advert("a", 150).at(5_000).fault(1, "carrier a down").leaves("a").answer(None);
    run.at(8_024).takes("b", 100).follows(2).at(9_024).adverts("b", 100, 12_024);
    run.at(12_500).fault(2, "carrier a up").at(13_024).adverts("b", 100, 15_024);
    run.at(15_914).takes("a", 150).follows(1).leaves("b").at(16_914).adverts("a", 150, 20_000);
    assert_clean(&run.end(20_000));
}

#[test]
fn without_a_live_daemon_nobody_has_to_hold() {
    let mut run = lab().act(crash(A)).act(Fault::Kill(B)).settled();
    run.at(4_000).fault(2, "kill b").fault(1, "crash a");
    assert_clean(&run.end(30_000));
}

#[test]
fn a_fault_at_the_end_of_the_run_is_no_violation() {
    let mut run = lab().act(crash(A)).settled();
    run.at(4_414).adverts("a", 150, 7_414).at(8_000).fault(1, "crash a").answer(None);
    assert_clean(&run.end(8_000));
}

/// S01: a and b are apart, b serves the client; then a's advert comes first and b yields without a word.
fn silent_heal() -> Run {
    let split = Fault::Network(NetworkFault::Partition { segment: LAN, group: vec![0, 1, 1] });
    let mut run = lab().act(split).act(Fault::Network(NetworkFault::Heal(LAN))).settled();
    run.at(4_414).advert("a", 150).at(5_000).fault(1, "partition lan a | b probe").answer(None);
    run.at(5_414).adverts("a", 150, 7_414).at(8_023).takes("b", 100).follows(2);
    for t in 8..18 {
        run.at(t * 1_000 + 414).advert("a", 150).at(t * 1_000 + 1_000).advert("b", 100);
    }
    run.at(18_000).fault(2, "heal lan");
    run.at(18_414).advert("a", 150).leaves("b").answer(None);
    run
}

#[test]
fn a_healed_split_that_nobody_announces_leaves_a_stale_neighbour() {
    let judgement = silent_heal().at(19_414).adverts("a", 150, 25_000).end(25_000);
    let (from, until, what, cause) = violation(&judgement, Oracle::StaleNeighbour);
    assert_eq!((from, until), (ms(18_414), None));
    assert_eq!(what, "probe sends 192.168.10.240 to 02:00:00:00:00:02 (b), a holds it");
    assert_eq!(
        cause,
        "a has held it since 3.414000, its last gratuitous ARP for it that reached probe was at 3.414000 (#2); \
         b gave it up at 18.414000 after hearing #29"
    );
    let (_, _, what, cause) = violation(&judgement, Oracle::Unanswered);
    assert_eq!(what, "probe gets no answer from 192.168.10.240, a holds it");
    assert_eq!(cause, "it sends to 02:00:00:00:00:02 (b), which does not hold it");
    assert!(!judgement.passed());
}

#[test]
fn a_refreshing_gratuitous_arp_in_time_is_enough() {
    let mut run = silent_heal();
    run.at(19_000).follows(1).at(19_414).adverts("a", 150, 25_000);
    let judgement = run.end(25_000);
    assert_eq!(outcome(&judgement, Oracle::StaleNeighbour), &Outcome::Pass);
    assert_eq!(outcome(&judgement, Oracle::Unanswered), &Outcome::Pass);
}

#[test]
fn a_stale_entry_ends_when_it_fails() {
    let mut run = silent_heal();
    run.at(23_000).neighbour(None, NeighbourState::Failed);
    let (from, until, ..) = violation_of(&run.end(25_000), Oracle::StaleNeighbour);
    assert_eq!((from, until), (ms(18_414), Some(ms(23_000))));
}

#[test]
fn the_ethernet_address_of_a_virtual_router_is_never_stale() {
    let mut run = silent_heal();
    let (address, state) = (VIP.into(), NeighbourState::Reachable);
    let mac = Some(Mac([0, 0, 0x5e, 0, 1, 100]));
    run.at(23_000).event(Some("probe"), Cause::None, What::Neighbour { address, mac, state });
    let (from, until, ..) = violation_of(&run.end(25_000), Oracle::StaleNeighbour);
    assert_eq!((from, until), (ms(18_414), Some(ms(23_000))));
}

#[test]
fn a_lab_without_clients_has_no_stale_neighbours_to_judge() {
    let mut lab = lab();
    lab.hosts.pop();
    let mut run = lab.run();
    run.event(None, Cause::None, What::Fault("start a".into())).at(3_414).takes("a", 150);
    let judgement = run.end(4_000);
    assert_eq!(outcome(&judgement, Oracle::StaleNeighbour), &Outcome::Vacuous);
    assert_eq!(outcome(&judgement, Oracle::Unanswered), &Outcome::Vacuous);
    assert!(judgement.passed());
}

#[test]
fn a_client_that_is_not_heard_gets_no_answer() {
    let mut run = lab().act(Fault::Network(NetworkFault::Mute { from: PROBE, to: A })).settled();
    run.at(4_000).fault(1, "mute probe a").answer(None);
    run.at(4_414).adverts("a", 150, 8_000);
    let (from, _, _, cause) = violation_of(&run.end(8_000), Oracle::Unanswered);
    assert_eq!(from, ms(4_000));
    assert_eq!(cause, "a does not hear probe since act 1 at 4.000000 (mute probe a)");
}

#[test]
fn a_backup_that_sleeps_too_long_is_late() {
    let mut run = lab().act(crash(A)).settled();
    run.at(7_800).fault(1, "crash a").at(9_000).takes("b", 100);
    let (from, until, what, cause) = violation_of(&run.end(9_000), Oracle::LateTakeover);
    assert_eq!((from, until), (ms(3_414), Some(ms(9_000))));
    assert_eq!(what, "b has not taken over virtual router 100");
    let told = "VI_1 on b has heard no advert since #1 at 3.414000; its Master_Down_Interval is 3.609375s";
    assert_eq!(cause, told);
}

#[test]
fn a_farewell_hurries_the_backup() {
    let story = |takeover: u64| {
        let mut run = lab().act(Fault::Stop(A)).settled();
        run.at(5_000).fault(1, "stop a").advert("a", 0).leaves("a").answer(None);
        run.at(takeover).takes("b", 100).follows(2).end(takeover + 100)
    };
    assert_clean(&story(5_610));
    assert_eq!(outcome(&story(6_000), Oracle::LateTakeover), &Outcome::Fail);
}

#[test]
fn a_farewell_that_was_lost_hurries_nobody() {
    let mut run = lab().act(Fault::Stop(A)).settled();
    run.at(5_000).fault(1, "stop a").advert("a", 0).queue_full("b", 0).leaves("a").answer(None);
    run.at(7_024).takes("b", 100).follows(2);
    assert_clean(&run.end(7_100));
}

#[test]
fn nopreempt_waits_for_silence() {
    let story = |takeover: u64| {
        let mut run = lab_with(|a, _| a.nopreempt = true).run();
        run.event(None, Cause::None, What::Fault("start b".into()));
        run.at(3_610).takes("b", 100).follows(2);
        run.at(4_000).event(None, Cause::None, What::Fault("start a".into()));
        run.at(4_610).adverts("b", 100, 6_610);
        run.at(takeover).takes("a", 150).leaves("b").follows(1).end(takeover + 100)
    };
    let judgement = story(7_414);
    let (from, until, what, cause) = violation(&judgement, Oracle::ForbiddenPreemption);
    assert_eq!((from, until), (ms(7_414), None));
    assert_eq!(what, "a took virtual router 100 from b although it has nopreempt");
    assert_eq!(
        cause,
        "it heard #5 of b with priority 100 only 804ms before, and its Master_Down_Interval is 3.414062s"
    );
    assert_eq!(outcome(&story(10_025), Oracle::ForbiddenPreemption), &Outcome::Pass);
}

#[test]
fn backups_whose_timers_fire_together_preempt_nobody() {
    let mut run = lab_with(|a, b| (a.nopreempt, b.nopreempt) = (true, true)).run();
    run.event(None, Cause::None, What::Fault("start a".into()));
    run.event(None, Cause::None, What::Fault("start b".into()));
    run.at(3_414).takes("a", 150);
    run.now += Duration::from_micros(30);
    run.takes("b", 100).leaves("b");
    assert_eq!(outcome(&run.end(3_500), Oracle::ForbiddenPreemption), &Outcome::Pass);
}

#[test]
fn a_master_that_cannot_be_heard_may_be_replaced_despite_nopreempt() {
    let lab = lab_with(|_, b| b.nopreempt = true).act(Fault::Network(NetworkFault::Mute { from: A, to: B }));
    let mut run = lab.settled();
    run.at(3_500).fault(1, "mute a b").at(4_414).adverts("a", 150, 6_414);
    run.at(7_024).takes("b", 100);
    assert_eq!(outcome(&run.end(7_100), Oracle::ForbiddenPreemption), &Outcome::Pass);
}

#[test]
fn a_master_that_lacks_its_address_and_a_backup_that_keeps_it_are_mismatches() {
    let mut run = lab().settled();
    run.claim("a", Announced::Master).claim("b", Announced::Backup);
    run.at(4_414).advert("a", 150).leaves("a").at(4_600).address("a", true, Cause::None);
    let (from, until, what, cause) = violation_of(&run.end(5_000), Oracle::StateMismatch);
    assert_eq!((from, until), (ms(4_414), Some(ms(4_600))));
    assert_eq!(what, "a says MASTER for VI_1 and lacks 192.168.10.240");
    assert_eq!(cause, "it said so at 3.414000; the address went at 4.414000 after hearing #3");

    let mut run = lab().settled();
    run.claim("a", Announced::Master).at(4_000).claim("a", Announced::Backup);
    let (_, until, what, _) = violation_of(&run.end(5_000), Oracle::StateMismatch);
    assert_eq!((until, &*what), (None, "a says BACKUP for VI_1 and still has 192.168.10.240"));
}

#[test]
fn words_and_addresses_that_differ_for_a_moment_agree() {
    let mut run = lab().settled();
    run.claim("a", Announced::Master).at(4_000).claim("a", Announced::Backup).at(4_050).leaves("a");
    assert_eq!(outcome(&run.end(4_100), Oracle::StateMismatch), &Outcome::Pass);
}

#[test]
fn an_address_of_the_link_itself_contradicts_no_backup() {
    let mut lab = lab();
    lab.hosts[0].links[0].addresses.push(vip());
    let mut run = lab.run();
    run.event(None, Cause::None, What::Fault("start a".into())).claim("a", Announced::Backup);
    assert_eq!(outcome(&run.end(3_000), Oracle::StateMismatch), &Outcome::Pass);
}

#[test]
fn a_lost_advert_starts_the_clock_again() {
    let story = |lost: bool| {
        let mut run = lab().settled();
        run.at(20_000).address("a", false, Cause::None);
        if lost {
            run.advert("a", 150).queue_full("b", 150);
        }
        run.at(22_000).address("a", true, Cause::None).end(22_000)
    };
    assert_eq!(outcome(&story(false), Oracle::NoHolder), &Outcome::Fail);
    assert_eq!(outcome(&story(true), Oracle::NoHolder), &Outcome::Pass);
}

#[test]
fn a_host_that_comes_back_bare_holds_nothing() {
    let mut run = crash_of_a();
    run.at(20_500).event(None, Cause::Fault(1), What::Fault("power a".into()));
    run.at(21_024).adverts("b", 100, 25_000);
    assert_clean(&run.end(25_000));
}
