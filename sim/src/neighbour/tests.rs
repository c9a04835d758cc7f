use std::net::Ipv4Addr;

use super::*;

const VIP: Key = (0, IpAddr::V4(Ipv4Addr::new(192, 168, 10, 240)));
const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
const B: Mac = Mac([2, 0, 0, 0, 0, 2]);

fn at(ms: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(ms)
}

fn table(manners: Manners) -> Neighbours {
    Neighbours::new([[manners; 2]], 128, &mut Rng::new(1, 1))
}

const LINUX: Manners = Manners::Linux(Timing::DEFAULT);

/// Fires what is due.
fn fire(table: &mut Neighbours, now: Instant) -> Option<Due> {
    table.due(now).map(|key| table.fire(key, now))
}

fn answer(mac: Mac) -> News {
    News { mac: Some(mac), answer: true, unsolicited: false, overrides: Override::AfterLock }
}

fn gratuitous(mac: Mac) -> News {
    News { mac: Some(mac), answer: false, unsolicited: true, overrides: Override::Always }
}

fn advertisement(mac: Mac, overrides: Override) -> News {
    News { mac: Some(mac), answer: false, unsolicited: true, overrides }
}

fn resolved(manners: Manners, by: Mac) -> Neighbours {
    let mut table = table(manners);
    assert_eq!(table.send(VIP, b"ping", at(0)), Way::Wait { ask: true });
    table.heard(VIP, answer(by), at(0));
    assert_eq!(table.release(VIP), Some((by, vec![b"ping".to_vec()])));
    table
}

#[test]
fn a_gratuitous_arp_moves_an_entry_at_once_but_makes_none() {
    let mut table = resolved(LINUX, A);
    table.heard(VIP, gratuitous(B), at(1));
    assert_eq!(table.get(VIP), Some((Some(B), NeighbourState::Stale)));
    let other = (0, IpAddr::V4(Ipv4Addr::new(192, 168, 10, 241)));
    table.heard(other, gratuitous(B), at(1));
    assert_eq!(table.get(other), None);
}

#[test]
fn an_answer_within_the_lock_time_does_not_move_it() {
    let mut table = resolved(LINUX, A);
    table.heard(VIP, answer(B), at(900));
    assert_eq!(table.get(VIP), Some((Some(A), NeighbourState::Reachable)));
    table.heard(VIP, answer(B), at(1100));
    assert_eq!(table.get(VIP), Some((Some(B), NeighbourState::Reachable)));
}

#[test]
fn a_silent_neighbour_is_given_up_after_delay_and_three_probes() {
    let mut table = resolved(LINUX, A);
    let stale = table.deadline().unwrap();
    assert!((15..45).contains(&(stale.as_micros() / 1_000_000)), "{stale}");
    assert_eq!(fire(&mut table, stale), Some(Due::Quiet));
    assert_eq!(table.deadline(), None);
    assert_eq!(table.send(VIP, b"ping", stale), Way::To(A));
    let mut now = stale + Timing::DEFAULT.delay;
    for _ in 0..3 {
        assert_eq!(fire(&mut table, now), Some(Due::Ask(Some(A))));
        assert_eq!(fire(&mut table, now), None);
        now += Timing::DEFAULT.retransmit;
    }
    assert_eq!(fire(&mut table, now), Some(Due::GiveUp(vec![])));
    assert_eq!(table.send(VIP, b"ping", now), Way::Wait { ask: true });
}

#[test]
fn who_never_answers_gives_the_packets_back_after_three_requests() {
    let mut table = table(LINUX);
    assert_eq!(table.send(VIP, b"one", at(0)), Way::Wait { ask: true });
    assert_eq!(table.send(VIP, b"two", at(10)), Way::Wait { ask: false });
    assert_eq!(fire(&mut table, at(1000)), Some(Due::Ask(None)));
    assert_eq!(fire(&mut table, at(2000)), Some(Due::Ask(None)));
    assert_eq!(fire(&mut table, at(3000)), Some(Due::GiveUp(vec![b"one".to_vec(), b"two".to_vec()])));
}

/// RFC 4861, 7.2.5: without the override flag another address makes a confirmed entry stale and is not taken.
#[test]
fn an_advertisement_without_override_only_casts_doubt() {
    let mut table = resolved(LINUX, A);
    table.heard(VIP, advertisement(B, Override::Never), at(5000));
    assert_eq!(table.get(VIP), Some((Some(A), NeighbourState::Stale)));
    table.heard(VIP, advertisement(B, Override::Always), at(5001));
    assert_eq!(table.get(VIP), Some((Some(B), NeighbourState::Stale)));
}

#[test]
fn an_advertisement_without_address_confirms_the_known_one() {
    let mut table = resolved(LINUX, A);
    let stale = table.deadline().unwrap();
    fire(&mut table, stale);
    table.heard(VIP, News { mac: None, ..answer(A) }, stale);
    assert_eq!(table.get(VIP), Some((Some(A), NeighbourState::Reachable)));
}

#[test]
fn an_ageing_table_believes_for_hours_what_it_was_told_once() {
    let mut table = resolved(Manners::Ageing(Ageing::DEAF), A);
    table.heard(VIP, gratuitous(B), at(1000));
    for second in (0..14_400).step_by(600) {
        assert_eq!(table.send(VIP, b"ping", at(second * 1000)), Way::To(A));
    }
    assert_eq!(fire(&mut table, at(14_400_000)), Some(Due::Quiet));
    assert_eq!(table.send(VIP, b"ping", at(14_400_000)), Way::Wait { ask: true });
    let mut hearing = resolved(Manners::Ageing(Ageing::CISCO), A);
    hearing.heard(VIP, gratuitous(B), at(1000));
    assert_eq!(hearing.send(VIP, b"ping", at(1001)), Way::To(B));
}

#[test]
fn a_short_reachable_time_finds_out_sooner() {
    let timing = Timing { base_reachable: Duration::from_secs(2), ..Timing::DEFAULT };
    let stale = resolved(Manners::Linux(timing), A).deadline().unwrap();
    assert!((1_000_000..3_000_000).contains(&stale.as_micros()), "{stale}");
}

#[test]
fn only_a_full_table_forgets_what_is_unused() {
    let other = |n: u8| (0, IpAddr::V4(Ipv4Addr::new(10, 0, 0, n)));
    for (threshold, left) in [(128, true), (2, false)] {
        let mut table = Neighbours::new([[LINUX; 2]], threshold, &mut Rng::new(1, 1));
        for n in 1..=2 {
            table.asked_by(other(n), A, at(0));
        }
        table.asked_by(other(3), A, at(61_000));
        assert_eq!(table.get(other(1)).is_some(), left, "{threshold}");
        assert!(table.get(other(3)).is_some());
    }
}

#[test]
fn links_have_tables_of_their_own() {
    let mut table = Neighbours::new([[LINUX; 2]; 2], 128, &mut Rng::new(1, 1));
    table.asked_by(VIP, A, at(0));
    table.asked_by((1, VIP.1), B, at(0));
    table.clear(0);
    assert_eq!(table.get(VIP), None);
    assert_eq!(table.get((1, VIP.1)), Some((Some(B), NeighbourState::Stale)));
}
