use super::*;
use crate::scenario::{
    Act, ClientSpec, Host, HostIndex, Impairment, Link, Medium, Role, Segment, SegmentIndex, Share, Snooping,
    Trunk, TrunkIndex, When,
};
use crate::scenario::{NetworkFault, Traffic};
use vrrplab_engine::wire::igmp::{ALL_HOSTS, Igmp, REPORTS, Record};

const BROADCAST: [u8; 60] = [0xff; 60];

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

/// Hosts 0 and 1 on segment 0, host 2 on segment 1 and with a second link on segment 0, a trunk between the two.
fn lab() -> Scenario {
    let host = |n: u8, segments: &[usize]| {
        let link = |(l, s): (usize, &usize)| {
            let mac = Mac([2, 0, 0, 0, l as u8, n]);
            Link::new(format!("eth{l}"), mac, SegmentIndex(*s), Vec::new())
        };
        let links = segments.iter().enumerate().map(link).collect();
        Host::new(format!("h{n}"), links, Role::Client(ClientSpec { ping: None }))
    };
    Scenario {
        name: String::new(),
        title: String::new(),
        story: String::new(),
        covers: Vec::new(),
        duration: Duration::from_secs(60),
        segments: vec![Segment::plain("near"), Segment::plain("far")],
        trunks: vec![Trunk {
            name: "uplink".into(),
            between: [SegmentIndex(0), SegmentIndex(1)],
            latency: Duration::from_micros(7),
            impairments: Vec::new(),
        }],
        hosts: vec![host(0, &[0]), host(1, &[0]), host(2, &[1, 0])],
        script: Vec::new(),
        configurations: Vec::new(),
        expectations: Vec::new(),
    }
}

/// Where a frame of this link goes, by seat.
fn ways(fabric: &mut Fabric, host: usize, link: usize, frame: &[u8], now: Instant) -> Vec<(Seat, Outcome)> {
    let mut hops = vec![Hop { to: fabric.port(0, 0), outcome: Outcome::Passes }];
    fabric.arrive(fabric.port(host, link), frame, now, &mut hops);
    hops.into_iter().map(|hop| (fabric.seat(hop.to), hop.outcome)).collect()
}

fn host(host: usize, link: usize) -> Seat {
    Seat::Host { host, link }
}

const UPLINK: Seat = Seat::Trunk { trunk: 0, end: 0 };

fn from_to(source: u8, destination: u8) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source];
    frame.resize(60, 0);
    frame
}

#[test]
fn a_frame_goes_to_all_seats_of_its_switch_until_its_station_is_known() {
    let mut fabric = Fabric::new(&lab(), 1);
    let all = [host(1, 0), host(2, 1), UPLINK].map(|seat| (seat, Outcome::Passes));
    assert_eq!(ways(&mut fabric, 0, 0, &from_to(0, 1), at(0)), all);
    assert_eq!(ways(&mut fabric, 1, 0, &from_to(1, 0), at(0)), [(host(0, 0), Outcome::Passes)]);
    assert_eq!(ways(&mut fabric, 1, 0, &from_to(1, 1), at(0)), [], "not back to where it came from");
    assert_eq!(ways(&mut fabric, 1, 0, &BROADCAST[..11], at(0)), [], "no frame at all");
    fabric.unplug(0, 0);
    assert_eq!(ways(&mut fabric, 1, 0, &from_to(1, 0), at(0)).len(), 3, "forgotten with its link");
}

#[test]
fn a_partition_separates_hosts_and_leaves_trunks_with_the_first_group() {
    let mut fabric = Fabric::new(&lab(), 1);
    let (a, b) = (fabric.port(0, 0), fabric.port(1, 0));
    let split = NetworkFault::Partition { segment: SegmentIndex(0), group: vec![0, 1, 0] };
    assert_eq!(fabric.act(0, &split, at(1)), None);
    let lost = Outcome::Lost(Loss::Partition);
    let parted = [(host(1, 0), lost.clone()), (host(2, 1), Outcome::Passes), (UPLINK, Outcome::Passes)];
    assert_eq!(ways(&mut fabric, 0, 0, &BROADCAST, at(1)), parted);
    assert_eq!(ways(&mut fabric, 1, 0, &BROADCAST, at(1)).iter().filter(|w| w.1 == lost).count(), 3);
    assert_eq!((fabric.island(a), fabric.island(b), fabric.is_open(a, b)), (0, 1, false));
    fabric.act(1, &NetworkFault::Heal(SegmentIndex(0)), at(2));
    assert!(ways(&mut fabric, 0, 0, &BROADCAST, at(2)).iter().all(|w| w.1 == Outcome::Passes));
    assert!(fabric.is_open(a, b) && !fabric.is_open(a, fabric.port(2, 0)), "the last is elsewhere");
}

#[test]
fn muting_is_one_way_and_about_all_links() {
    let mut fabric = Fabric::new(&lab(), 1);
    let (from, to) = (HostIndex(2), HostIndex(0));
    fabric.act(0, &NetworkFault::Mute { from, to }, at(0));
    let muted = (host(0, 0), Outcome::Lost(Loss::Muted));
    assert_eq!(ways(&mut fabric, 2, 1, &BROADCAST, at(0))[0], muted);
    assert!(ways(&mut fabric, 0, 0, &BROADCAST, at(0)).contains(&(host(2, 1), Outcome::Passes)));
    assert!(!fabric.is_open(fabric.port(0, 0), fabric.port(2, 1)), "a stream needs both");
    fabric.act(1, &NetworkFault::Unmute { from, to }, at(0));
    assert_eq!(ways(&mut fabric, 2, 1, &BROADCAST, at(0))[0], (host(0, 0), Outcome::Passes));
}

#[test]
fn a_trunk_takes_its_time_and_nothing_crosses_while_it_is_down() {
    let mut fabric = Fabric::new(&lab(), 1);
    let (to, when) = fabric.cross(0, 0, at(1)).unwrap();
    assert_eq!(fabric.seat(to), Seat::Trunk { trunk: 0, end: 1 });
    // The cable and the switch behind it.
    assert_eq!(when, at(1) + Duration::from_micros(7 + 50));
    let mut hops = Vec::new();
    fabric.arrive(to, &from_to(9, 8), when, &mut hops);
    assert_eq!(hops, [Hop { to: fabric.port(2, 0), outcome: Outcome::Passes }]);
    assert_eq!(ways(&mut fabric, 2, 0, &from_to(0, 9), at(1)).len(), 1);

    let trunk = |up| NetworkFault::Trunk { trunk: TrunkIndex(0), up };
    fabric.act(0, &trunk(false), at(2));
    for end in [0, 1] {
        assert_eq!(fabric.cross(0, end, at(2)), Err(Loss::TrunkDown));
    }
    fabric.act(1, &trunk(true), at(3));
    assert!(fabric.cross(0, 0, at(3)).is_ok());
}

/// An impairment that loses everything, for 2 s.
fn nothing_passes(on: Medium) -> NetworkFault {
    let impairment = Impairment { loss: Share::from_ppm(1_000_000), ..Impairment::default() };
    NetworkFault::Impair { on, impairment, lasts: Some(Duration::from_secs(2)) }
}

#[test]
fn an_impairment_says_when_it_ends_and_ends_once() {
    let mut fabric = Fabric::new(&lab(), 1);
    let near = Medium::Segment(SegmentIndex(0));
    assert_eq!(fabric.act(4, &nothing_passes(near), at(1)), Some(at(3)));
    let lost = Outcome::Lost(Loss::Impaired);
    assert!(ways(&mut fabric, 0, 0, &BROADCAST, at(1)).iter().all(|w| w.1 == lost));
    assert_eq!(ways(&mut fabric, 2, 0, &BROADCAST, at(1)).len(), 1, "the other segment has none");
    assert!(!fabric.end_impairment(3) && fabric.end_impairment(4) && !fabric.end_impairment(4));
    assert!(ways(&mut fabric, 0, 0, &BROADCAST, at(3)).iter().all(|w| w.1 == Outcome::Passes));

    fabric.act(5, &nothing_passes(near), at(4));
    fabric.act(6, &NetworkFault::Clear(near), at(5));
    assert!(ways(&mut fabric, 0, 0, &BROADCAST, at(5)).iter().all(|w| w.1 == Outcome::Passes));
    assert!(!fabric.end_impairment(5), "it was over already");
}

#[test]
fn what_a_trunk_suffers_is_its_own_at_both_ends() {
    let mut scenario = lab();
    let (near, uplink) = (Medium::Segment(SegmentIndex(0)), Medium::Trunk(TrunkIndex(0)));
    let late = Impairment { delay: Duration::from_millis(5), frames: Traffic::All, ..Impairment::default() };
    scenario.trunks[0].impairments = vec![late];
    let mut fabric = Fabric::new(&scenario, 1);
    let touched = |fabric: &mut Fabric, host, link| -> Vec<Seat> {
        let ways = ways(fabric, host, link, &BROADCAST, at(1));
        let touched =
            ways.into_iter().filter(|w| matches!(&w.1, Outcome::Touched(f) if f.later == late.delay));
        touched.map(|w| w.0).collect()
    };
    let end = |end| vec![Seat::Trunk { trunk: 0, end }];
    assert_eq!((touched(&mut fabric, 0, 0), touched(&mut fabric, 2, 0)), (end(0), end(1)));
    fabric.act(0, &NetworkFault::Clear(near), at(1));
    assert_eq!(touched(&mut fabric, 0, 0), end(0), "the segment's have ended, of which there are none");
    fabric.act(1, &NetworkFault::Clear(uplink), at(1));
    assert_eq!((touched(&mut fabric, 0, 0), touched(&mut fabric, 2, 0)), (vec![], vec![]));
}

#[test]
fn frames_are_counted_before_an_impairment_of_the_script_begins() {
    let mut scenario = lab();
    let near = Medium::Segment(SegmentIndex(0));
    let impairment = Impairment { jitter: Duration::from_secs(3600), ..Impairment::default() };
    let fault = NetworkFault::Impair { on: near, impairment, lasts: None };
    scenario.script = vec![Act { when: When::At(at(1)), fault: fault.clone().into() }];
    let second = |before: usize| {
        let mut fabric = Fabric::new(&scenario, 1);
        (0..before).for_each(|_| drop(ways(&mut fabric, 0, 0, &BROADCAST, at(0))));
        assert_eq!(fabric.act(0, &fault, at(1)), None, "it lasts");
        (before..2).map(|_| ways(&mut fabric, 0, 0, &BROADCAST, at(1))).last().unwrap()
    };
    assert_eq!(second(0), second(1));
}

#[test]
fn ports_wait_at_the_start_and_after_each_plug() {
    let mut scenario = lab();
    scenario.segments[0].forward_delay = Duration::from_secs(30);
    scenario.segments[0].forward_delay_at_start = true;
    let mut fabric = Fabric::new(&scenario, 1);
    let refused = [(host(0, 0), Outcome::Refused(Loss::NotForwarding))];
    assert_eq!(ways(&mut fabric, 0, 0, &BROADCAST, at(29)), refused);
    assert_eq!(ways(&mut fabric, 0, 0, &BROADCAST, at(30)).len(), 3);
    fabric.plug(1, 0, at(31));
    let waits = (host(1, 0), Outcome::Lost(Loss::NotForwarding));
    assert_eq!(ways(&mut fabric, 0, 0, &BROADCAST, at(60))[0], waits);
    assert_eq!(ways(&mut fabric, 0, 0, &BROADCAST, at(61))[0].1, Outcome::Passes);
    assert_eq!(ways(&mut fabric, 2, 0, &BROADCAST, at(0)).len(), 1, "the other segment does not wait");
}

#[test]
fn a_querier_asks_all_and_learns_who_wants_what() {
    let mut scenario = lab();
    let timeout = Duration::from_secs(260);
    let (querier, strict, unregistered_flooded) = (true, true, false);
    scenario.segments[0].snooping = Some(Snooping { querier, timeout, strict, unregistered_flooded });
    let mut fabric = Fabric::new(&scenario, 1);
    let [querier] = *fabric.queriers() else { panic!("one switch asks") };
    assert_eq!((fabric.seat(querier.port), fabric.snoops(0), fabric.snoops(1)), (Seat::Querier, true, false));
    let (mut query, mut hops) = (Vec::new(), Vec::new());
    querier.query(&mut query);
    fabric.arrive(querier.port, &query, at(0), &mut hops);
    assert_eq!(hops.len(), 4);
    assert!(hops.iter().all(|hop| hop.outcome == Outcome::Passes), "{ALL_HOSTS} is flooded");

    let group = Ipv4Addr::new(224, 0, 0, 18);
    let mut report = Vec::new();
    let message = Igmp::Report(vec![(Record::Join, group)]);
    igmp_frame(&mut report, Mac([2, 0, 0, 0, 0, 1]), REPORTS, &message, Ipv4Addr::UNSPECIFIED);
    let heard = |ways: Vec<(Seat, Outcome)>| -> Vec<Seat> {
        ways.into_iter().filter(|w| w.1 == Outcome::Passes).map(|w| w.0).collect()
    };
    assert_eq!(
        heard(ways(&mut fabric, 1, 0, &report, at(1))),
        [Seat::Querier],
        "reports go to routers alone"
    );
    let mut advert = report;
    advert[30..34].copy_from_slice(&group.octets());
    vrrplab_engine::wire::ipv4::fill_checksum(&mut advert[14..38]);
    assert_eq!(fabric.group(fabric.port(0, 0), &advert), Some(group));
    assert_eq!(heard(ways(&mut fabric, 0, 0, &advert, at(2))), [host(1, 0), Seat::Querier]);
}
