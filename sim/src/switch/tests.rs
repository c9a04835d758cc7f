use super::*;

const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
const B: Mac = Mac([2, 0, 0, 0, 0, 2]);

#[test]
fn a_switch_floods_until_it_has_learned_and_follows_a_station_that_moves() {
    let mut switch = Switch::new(Duration::from_micros(1));
    let (p, q, r) = (switch.add_port(), switch.add_port(), switch.add_port());
    assert_eq!(switch.forward(p, A, B), Reach::Flood);
    assert_eq!(switch.forward(q, B, A), Reach::Port(p));
    assert_eq!(switch.forward(p, A, B), Reach::Port(q));
    assert_eq!(switch.forward(r, B, A), Reach::Port(p));
    assert_eq!(switch.forward(p, A, B), Reach::Port(r));
    assert_eq!(switch.forward(q, B, A), Reach::Port(p), "and back again");
    assert_eq!(switch.forward(p, A, B), Reach::Port(q));
    assert_eq!(switch.forward(p, A, Mac::BROADCAST), Reach::Flood);
}

#[test]
fn a_partition_separates_and_muting_works_one_way() {
    let mut switch = Switch::new(Duration::from_micros(1));
    let (p, q) = (switch.add_port(), switch.add_port());
    switch.mute(p, q, true);
    assert_eq!((switch.obstacle(p, q), switch.obstacle(q, p)), (Some(Loss::Muted), None));
    switch.mute(p, q, false);
    switch.set_island(q, 1);
    assert_eq!(
        (switch.obstacle(p, q), switch.obstacle(q, p)),
        (Some(Loss::Partition), Some(Loss::Partition))
    );
}

/// What happens to frames: each law over 10,000 of them, one seed, with the bound that the law gives. A wrong law
/// misses its bound by far; a right one misses it once in some 100,000 seeds.
mod laws {
    use super::*;
    use crate::scenario::{Bottleneck, Impairment, QueueLimit, Share, Traffic};
    use crate::switch::fate::Fate;
    use crate::trace::Touch;
    use vrrplab_engine::time::Instant;

    const FRAMES: u64 = 10_000;
    const MS: Duration = Duration::from_millis(1);

    /// An advert to its group, 60 bytes.
    fn advert() -> Vec<u8> {
        let mut frame = vec![1, 0, 0x5e, 0, 0, 0x12, 2, 0, 0, 0, 0, 1, 8, 0];
        frame.resize(60, 0x55);
        frame[23] = 112;
        frame
    }

    fn arp() -> Vec<u8> {
        let mut frame = vec![0xff; 6];
        frame.extend([2, 0, 0, 0, 0, 1, 8, 6]);
        frame.resize(60, 0);
        frame
    }

    /// A switch with three ports that does this to all frames.
    fn switch(seed: u64, impairment: Impairment) -> Switch {
        let mut switch = Switch::new(Duration::from_micros(1));
        let _ports: Vec<usize> = (0..3).map(|_| switch.add_port()).collect();
        switch.impair(seed, 0).add(0, None, None, impairment);
        switch
    }

    /// The fates of adverts that go from port 0 to port 1, one every millisecond.
    fn fates(seed: u64, impairment: Impairment) -> Vec<Result<Option<Fate>, Loss>> {
        let mut switch = switch(seed, impairment);
        let frame = advert();
        let at = |n: u64| Instant::ZERO + MS.times(n);
        (0..FRAMES).map(|n| switch.passes((0, 1), None, &frame, at(n))).collect()
    }

    fn touches(fates: &[Result<Option<Fate>, Loss>]) -> Vec<Touch> {
        let touched = fates.iter().filter_map(|f| f.as_ref().ok()).flatten();
        touched.flat_map(|fate| fate.touches.clone()).collect()
    }

    /// |k - np| < 4.5 sigma, squared: (k - np)^2 < 20.25 np(1 - p).
    #[track_caller]
    fn is_binomial(k: usize, n: u64, ppm: u32) {
        let p = f64::from(ppm) / 1e6;
        let (mean, variance) = (n as f64 * p, n as f64 * p * (1.0 - p));
        let off = k as f64 - mean;
        assert!(off * off < 20.25 * variance, "{k} of {n} at {ppm} ppm");
    }

    /// Chi-square over 20 bins, 19 degrees of freedom: 51.8 is exceeded once in 10,000 seeds.
    #[track_caller]
    fn is_uniform(values: impl Iterator<Item = u64>, below: u64) {
        let mut bins = [0u32; 20];
        let mut count = 0u32;
        for value in values {
            assert!(value < below, "{value} is not below {below}");
            bins[(value * 20 / below) as usize] += 1;
            count += 1;
        }
        assert!(count > 1_000, "{count} values say little");
        let expected = f64::from(count) / 20.0;
        let chi: f64 = bins.iter().map(|&b| (f64::from(b) - expected).powi(2) / expected).sum();
        assert!(chi < 51.8, "chi-square {chi} of {bins:?}");
    }

    #[test]
    fn loss_is_binomial_and_has_no_memory() {
        for (seed, ppm) in [(1, 1_000), (2, 50_000), (3, 300_000), (4, 990_000)] {
            let fates = fates(seed, Impairment { loss: Share::from_ppm(ppm), ..Impairment::default() });
            let lost: Vec<bool> = fates.iter().map(|f| *f == Err(Loss::Impaired)).collect();
            is_binomial(lost.iter().filter(|l| **l).count(), FRAMES, ppm);
            let pairs = lost.as_chunks::<2>().0.iter().filter(|p| **p == [true, true]).count();
            let both = (u64::from(ppm) * u64::from(ppm) / 1_000_000) as u32;
            is_binomial(pairs, FRAMES / 2, both);
        }
        let none = fates(5, Impairment { loss: Share::NONE, ..Impairment::default() });
        assert!(none.iter().all(|f| *f == Ok(None)));
        let all = fates(6, Impairment { loss: Share::from_ppm(1_000_000), ..Impairment::default() });
        assert!(all.iter().all(|f| *f == Err(Loss::Impaired)));
    }

    #[test]
    fn delay_is_exact_and_jitter_uniform_with_both_ends() {
        let exact = fates(1, Impairment { delay: MS, ..Impairment::default() });
        assert_eq!(touches(&exact), vec![Touch::Delayed(MS); FRAMES as usize]);
        let jitter = Duration::from_micros(4_999);
        let late = fates(1, Impairment { delay: MS, jitter, ..Impairment::default() });
        let later = |f: &Result<Option<Fate>, Loss>| f.clone().unwrap().unwrap().later.as_micros();
        is_uniform(late.iter().map(|f| later(f) - 1_000), 5_000);
        let coarse = fates(1, Impairment { jitter: Duration::from_micros(19), ..Impairment::default() });
        let zeros = coarse.iter().filter(|f| **f == Ok(None)).count();
        is_binomial(zeros, FRAMES, 50_000);
        let values = coarse.iter().map(|f| f.clone().unwrap().map_or(0, |f| f.later.as_micros()));
        is_uniform(values, 20);
    }

    #[test]
    fn duplicates_and_overtaking_are_binomial() {
        let share = Share::from_ppm(20_000);
        let twice = fates(1, Impairment { duplicate: share, ..Impairment::default() });
        assert!(twice.iter().flatten().flatten().all(|f| f.copies == 1 && f.later.is_zero()));
        is_binomial(touches(&twice).len(), FRAMES, 20_000);
        let held = fates(1, Impairment { reorder: share, gap: MS.times(3), ..Impairment::default() });
        assert!(touches(&held).iter().all(|t| *t == Touch::Held(MS.times(3))));
        is_binomial(touches(&held).len(), FRAMES, 20_000);
        // One field draws another number than the other.
        let places = |fates: &[Result<Option<Fate>, Loss>]| -> Vec<usize> {
            (0..fates.len()).filter(|&n| fates[n] != Ok(None)).collect()
        };
        assert_ne!(places(&twice), places(&held));
    }

    #[test]
    fn every_bit_behind_the_ethernet_header_is_as_likely_and_one_is_wrong() {
        let impairment = Impairment { corrupt: Share::from_ppm(300_000), ..Impairment::default() };
        let fates = fates(1, impairment);
        is_binomial(touches(&fates).len(), FRAMES, 300_000);
        let sent = advert();
        let bits = fates.iter().flatten().flatten().map(|fate| {
            let mut arrived = sent.clone();
            fate.corrupt(&mut arrived);
            let wrong: u32 = sent.iter().zip(&arrived).map(|(a, b)| (a ^ b).count_ones()).sum();
            assert_eq!((wrong, &arrived[..14]), (1, &sent[..14]));
            u64::from(fate.flipped[0])
        });
        is_uniform(bits, (60 - 14) * 8);
    }

    #[test]
    fn a_bottleneck_spaces_frames_by_their_length_and_drops_the_tail() {
        // 60 bytes at 48 kbit/s take 10 ms: of one frame a millisecond every tenth passes once the queue is full.
        let bottleneck = Bottleneck { rate: "48kbit/s".parse().unwrap(), queue: QueueLimit::Frames(5) };
        let fates = fates(1, Impairment { bottleneck: Some(bottleneck), ..Impairment::default() });
        let through = fates.iter().enumerate().filter_map(|(n, f)| {
            f.as_ref().ok().map(|f| n as u64 * 1_000 + f.as_ref().unwrap().later.as_micros())
        });
        let through: Vec<u64> = through.collect();
        let exact: Vec<u64> = (1..=through.len() as u64).map(|k| k * 10_000).collect();
        assert_eq!(through, exact);
        // The one that is being sent and five that wait, then one for each that has been sent.
        assert_eq!(through.len(), 1_000 + 5);
        let lost = |n: usize| fates[n] == Err(Loss::TailDrop);
        assert_eq!(
            (0..31).filter(|&n| lost(n)).collect::<Vec<_>>(),
            [6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29]
        );
    }

    #[test]
    fn a_queue_of_bytes_holds_so_many() {
        let queue = QueueLimit::Bytes(179);
        let bottleneck = Some(Bottleneck { rate: "48kbit/s".parse().unwrap(), queue });
        let mut switch = switch(1, Impairment { bottleneck, ..Impairment::default() });
        let fits = (0..6).map(|_| switch.passes((0, 1), None, &advert(), Instant::ZERO).is_ok());
        assert_eq!(fits.collect::<Vec<_>>(), [true, true, true, false, false, false]);
        let other = switch.passes((0, 2), None, &advert(), Instant::ZERO).unwrap().unwrap();
        assert_eq!(other.later, MS.times(10), "another port has its own queue");
    }

    #[test]
    fn a_rule_is_for_its_frames_and_its_ends() {
        let all = Share::from_ppm(1_000_000);
        let mut switch = switch(1, Impairment::default());
        let port = |p: usize| Some(BTreeSet::from([p]));
        let impairment = Impairment { frames: Traffic::Vrrp, loss: all, ..Impairment::default() };
        switch.impair(1, 0).add(7, port(0), port(1), impairment);
        let lost = |switch: &mut Switch, ends, frame: &[u8]| switch.passes(ends, None, frame, Instant::ZERO);
        assert_eq!(lost(&mut switch, (0, 1), &advert()), Err(Loss::Impaired));
        for ends in [(0, 2), (1, 0), (2, 1)] {
            assert_eq!(lost(&mut switch, ends, &advert()), Ok(None));
        }
        assert_eq!(lost(&mut switch, (0, 1), &arp()), Ok(None));
        assert!(switch.impair(1, 0).remove(7) && !switch.impair(1, 0).remove(7));
        assert_eq!(lost(&mut switch, (0, 1), &advert()), Ok(None));
    }

    proptest::proptest! {
        /// What adverts suffer does not hang on what else is on the wire, nor on what other rules do to that.
        #[test]
        fn chatter_changes_no_advert_s_fate(
            seed: u64,
            chatter in proptest::collection::vec((0usize..3, 0usize..3, 0u8..3), 0..60),
            other: bool,
        ) {
            let noise = Impairment {
                loss: Share::from_ppm(400_000),
                jitter: MS,
                duplicate: Share::from_ppm(200_000),
                reorder: Share::from_ppm(200_000),
                gap: MS,
                corrupt: Share::from_ppm(200_000),
                ..Impairment::default()
            };
            let (mut alone, mut crowded) = (switch(seed, noise), switch(seed, noise));
            if other {
                let impairment = Impairment { frames: Traffic::Arp, loss: Share::from_ppm(500_000), ..noise };
                crowded.impair(seed, 0).add(99, None, None, impairment);
            }
            let mut unicast = advert();
            unicast[0] = 2;
            let mut rest = chatter.iter();
            for _ in 0..30 {
                for (from, to, kind) in rest.by_ref().take(2) {
                    // The same kind of frame between other ports, and other kinds between the same.
                    let frame = match kind { 0 if (*from, *to) != (0, 1) => advert(), 1 => unicast.clone(), _ => arp() };
                    let _ = crowded.passes((*from, *to), None, &frame, Instant::ZERO);
                }
                let ends = (0, 1);
                proptest::prop_assert_eq!(
                    alone.passes(ends, None, &advert(), Instant::ZERO),
                    crowded.passes(ends, None, &advert(), Instant::ZERO)
                );
            }
        }

        /// Another seed, switch, way, class or place in the row is another fate.
        #[test]
        fn every_part_of_the_key_counts(seed: u64) {
            let noise = Impairment { jitter: Duration::from_secs(3600), ..Impairment::default() };
            let draw = |seed: u64, number: usize, ends, frame: &[u8], nth: usize| {
                let mut switch = Switch::new(MS);
                let _ports: Vec<usize> = (0..3).map(|_| switch.add_port()).collect();
                switch.impair(seed, number).add(0, None, None, noise);
                (0..nth).map(|_| switch.passes(ends, None, frame, Instant::ZERO)).last().unwrap().unwrap()
            };
            let base = draw(seed, 0, (0, 1), &advert(), 1);
            let mut broadcast = advert();
            broadcast[..6].fill(0xff);
            proptest::prop_assert_eq!(&base, &draw(seed, 0, (0, 1), &advert(), 1));
            for other in [
                draw(seed ^ 1, 0, (0, 1), &advert(), 1),
                draw(seed, 1, (0, 1), &advert(), 1),
                draw(seed, 0, (2, 1), &advert(), 1),
                draw(seed, 0, (0, 2), &advert(), 1),
                draw(seed, 0, (1, 0), &advert(), 1),
                draw(seed, 0, (0, 1), &arp(), 1),
                draw(seed, 0, (0, 1), &broadcast, 1),
                draw(seed, 0, (0, 1), &advert(), 2),
            ] {
                proptest::prop_assert_ne!(&base, &other);
            }
        }
    }
}

#[test]
fn a_port_that_came_up_forwards_after_its_delay_in_both_directions() {
    let segment = Segment { forward_delay: Duration::from_secs(30), ..Segment::plain("lan") };
    let mut switch = Switch::of(&segment);
    let (p, q) = (switch.add_port(), switch.add_port());
    let at = |s| Instant::ZERO + Duration::from_secs(s);
    let frame = [0xff; 60];
    assert_eq!(switch.admits(p, &frame, at(0)), Ok(()), "ports forward at the beginning");
    switch.plug(p, at(10));
    for (now, forwards) in [(10, false), (39, false), (40, true)] {
        let expected = if forwards { Ok(()) } else { Err(Loss::NotForwarding) };
        assert_eq!(switch.admits(p, &frame, at(now)), expected);
        assert_eq!(switch.passes((q, p), None, &frame, at(now)).map(drop), expected);
        assert_eq!(switch.admits(q, &frame, at(now)), Ok(()));
    }
}
