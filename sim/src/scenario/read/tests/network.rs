//! Mistakes about switches, trunks, impairments and what acts wait for.

use super::*;
use crate::scenario::{
    ArpPolicer, Bottleneck, Impairment, Medium, QueueLimit, Share, Snooping, SwitchKind, Traffic, TrunkIndex,
};

/// The valid text with this under `[segment.lan]`, whose first line is line 4.
#[track_caller]
fn check_segment(keys: &str, expected: &str) {
    check(&VALID.replacen("[segment.lan]\n", &format!("[segment.lan]\n{keys}\n"), 1), expected);
}

/// The valid text with two more segments, and this behind it, whose first line counts as line 1.
#[track_caller]
fn check_trunks(more: &str, expected: &str) {
    let base = VALID.replace("{ address", "{ segment = \"lan\", address") + "[segment.x]\n[segment.y]\n";
    let lines = base.lines().count();
    let found = findings(&format!("{base}{more}"));
    let shift = |line: &str| {
        let (n, rest) = line.split_once(':').expect("a finding has a line");
        format!("{}:{rest}", n.parse::<usize>().unwrap() - lines)
    };
    assert_eq!(found.lines().map(shift).collect::<Vec<_>>().join("\n"), expected.trim());
}

#[test]
fn shares_rates_and_queues_have_their_forms() {
    check_segment(
        r#"impair = [
{ loss = 5 },
{ loss = 0.05 },
{ loss = "0.05" },
{ duplicate = "101%" },
{ corrupt = "1.23456%" },
{ rate = "64k" },
{ rate = "0bit/s" },
{ rate = "64kbit/s", queue = "10" },
{ delay = 5 },
]"#,
        r#"
5:10 wrong-type: a percentage belongs here | write "5%"
6:10 wrong-type: a percentage belongs here | a share is a percentage: "5%" for 0.05 of all frames, or "0.05%"
7:10 bad-share: `0.05` is no share of frames | a share is a percentage: "5%" for 0.05 of all frames, or "0.05%"
8:15 bad-share: `101%` is no share of frames | more than 100% of the frames cannot be meant
9:13 bad-share: `1.23456%` is no share of frames | a share has at most four digits behind the point
10:10 bad-rate: `64k` is no rate | a rate is "9600bit/s", "64kbit/s", "10Mbit/s" or so
11:10 bad-rate: `0bit/s` is no rate | with no bits a second nothing ever arrives: loss = "100%" says so
12:30 bad-queue: `10` is no length of a queue | frames: 10, or bytes: "3000B"
13:11 wrong-type: a time belongs here, this is an integer | write "5s""#,
    );
}

#[test]
fn an_impairment_does_something_to_somebody_on_it() {
    check_segment(
        r#"impair = [
{},
{ frames = "vrrp", from = "a" },
{ los = "5%" },
{ loss = "1%", frames = "arps" },
{ loss = "1%", from = "c" },
{ reorder = "1%" },
{ loss = "1%", gap = "1s", queue = 3 },
{ loss = "1%", on = "lan" },
]"#,
        r#"
5:1 missing-key: this impairment does nothing | one or more of: loss, delay, jitter, duplicate, reorder, corrupt, rate
6:1 missing-key: this impairment does nothing | one or more of: loss, delay, jitter, duplicate, reorder, corrupt, rate
7:3 unknown-key: an impairment has no `los` | did you mean `loss`?
8:25 unknown-word: no frames are `arps` | did you mean `arp`?
9:23 unknown-name: no host is called `c` | one of: a, b, probe
10:3 missing-key: how long is a frame held back? | gap = "1500ms"
11:16 misplaced-key: `gap` means something only together with `reorder`
11:28 misplaced-key: `queue` means something only together with `rate` | rate = "64kbit/s"
12:16 unknown-key: an impairment has no `on` | one of: from, to, frames, loss, delay, jitter, duplicate, reorder, gap, corrupt, rate, queue"#,
    );
}

#[test]
fn a_switch_is_described_by_what_it_has() {
    check_segment(
        r#"snooping = { strict = "yes", timeout = "0s", unregistered = "flod", querier = 1 }
forward_delay_at_start = true
arp_policer = { burst = 0 }
stp = true
switch = "kernal""#,
        r#"
4:23 wrong-type: true or false belongs here, this is a string
4:40 bad-time: a time above 0 s belongs here | timeout = "260s"
4:61 unknown-word: a group without members is never `flod` | did you mean `flood`?
4:79 wrong-type: true or false belongs here, this is an integer
5:1 missing-key: no `forward_delay` is given that could begin at the start | forward_delay = "30s"
6:15 missing-key: a policer needs `rate` | rate = 50
6:25 bad-number: a policer that lets nothing pass | burst = 5
7:1 unknown-key: a segment has no `stp` | one of: switch, latency, impair, snooping, forward_delay, forward_delay_at_start, arp_policer
8:10 unknown-word: a switch is `ours`, `kernel` or `netem`, not `kernal` | did you mean `kernel`?"#,
    );
    check_segment(
        "snooping = \"on\"\narp_policer = { rate = 0 }\nforward_delay = 30",
        r#"
4:12 wrong-type: snooping belongs here, this is a string
5:24 bad-number: a policer that lets nothing pass | rate = 50
6:17 wrong-type: a time belongs here, this is an integer | write "30s""#,
    );
    check_segment("snooping = false", "");
}

#[test]
fn trunks_connect_two_segments_and_make_no_loop() {
    check_trunks(
        r#"[trunk.one]
between = ["lan", "x"]
[trunk.two]
between = ["x", "y"]
[trunk.three]
between = ["y", "lan"]
[trunk.four]
between = ["x", "x"]
[trunk.five]
between = ["x"]
[trunk.six]
latency = "1ms"
[trunk.x]
between = ["lan", "z"]
"#,
        r#"
6:11 loop: y and lan are connected already: this makes a loop | without a spanning tree a frame goes round in a loop for ever; leave one trunk out
8:11 loop: a trunk from x to itself | without a spanning tree a frame goes round in a loop for ever; leave one trunk out
10:11 bad-trunk: a trunk is between two segments, this is a list of 1 | between = ["lan1", "lan2"]
11:8 missing-key: a trunk needs `between` | between = ["lan1", "lan2"]
13:8 duplicate-name: `x` is already the name of a segment | segments and trunks have different names
14:19 unknown-segment: no segment is called `z` | one of: lan, x, y"#,
    );
}

#[test]
fn impairments_and_trunks_in_acts_are_of_this_network() {
    check_trunks(
        r#"[trunk.t]
between = ["lan", "x"]
[[at]]
time = "1s"
impair = { loss = "1%" }
[[at]]
time = "1s"
impair = { on = "t", from = "a", loss = "1%" }
[[at]]
time = "1s"
impair = { on = "x", from = "a", loss = "1%", for = "0s" }
[[at]]
time = "1s"
impair = { on = "lam", loss = "1%" }
[[at]]
time = "1s"
impair = { on = "x", from = "a", loss = "1%" }
[[at]]
time = "1s"
clear = "w"
[[at]]
time = "1s"
trunk = "tt"
state = "down"
[[at]]
time = "1s"
trunk = "t"
state = "cut"
[[at]]
time = "1s"
kill = "a"
state = "down"
[[at]]
time = "1s"
mute = { from = "a", to = "far" }
[client.far]
link.eth0 = { segment = "x" }
"#,
        r#"
5:10 missing-key: on what? there are several | on = "lan" or "x" or "y" or "t"
8:29 wrong-host: no host is at trunk t | a trunk is impaired as a whole: leave it out
11:53 bad-time: a time above 0 s belongs here | for = "10s"
14:17 unknown-segment: no segment or trunk is called `lam` | did you mean `lan`?
17:29 wrong-host: a is not on segment x
20:9 unknown-segment: no segment or trunk is called `w` | one of: lan, x, y, t
23:9 unknown-name: no trunk is called `tt` | did you mean `t`?
28:9 unknown-word: a trunk is never `cut` | one of: down, up
32:1 misplaced-key: `state` belongs to `carrier`, not to `kill`
35:8 wrong-host: a and far are on no common segment | what is between segments is a trunk: impair = { on = "uplink", loss = "100%" }"#,
    );
}

#[test]
fn what_an_act_waits_for_can_happen() {
    check_more(
        r#"[[at]]
after = { state = "a", is = "MASTR", instance = "VI_2" }
kill = "a"
[[at]]
after = { state = "probe" }
kill = "a"
[[at]]
after = { address = "192.168.10.240/24", on = "c", gone = "yes" }
kill = "a"
[[at]]
after = { takeover = "192.168.10.241", on = "a" }
kill = "a"
[[at]]
after = { advert = "a" }
kill = "a"
[[at]]
after = { advert = "a", state = "b", nth = 1 }
kill = "a"
[[at]]
after = { plus = "1s" }
kill = "a"
[[at]]
after = { takeover = "192.168.10.240", nth = 0, plus = 1 }
kill = "a"
"#,
        r#"
2:29 unknown-word: `MASTR` is no state | did you mean `MASTER`?
2:49 unknown-name: a has no instance `VI_2` | did you mean `VI_1`?
5:9 missing-key: an `after` needs `is` | is = "MASTER"
5:19 wrong-host: probe is a client, a node belongs here | one of: a, b
8:21 bad-address: `192.168.10.240/24` is no address | without the prefix length: "192.168.10.240"
8:47 unknown-name: no node is called `c` | one of: a, b
11:22 unmanaged-address: 192.168.10.241 is in no node's configuration | did you mean `192.168.10.240`?
11:40 misplaced-key: `on` belongs to `address`, not to `takeover`
14:9 missing-key: an `after` needs `nth` | nth = 1
17:25 several-times: this `after` waits for `advert` already | an act waits for one thing
20:9 missing-key: this `after` does not say after what | one of: advert, state, address, takeover
23:46 bad-number: `nth` counts from 1 | nth = 1
23:56 wrong-type: a time belongs here, this is an integer | write "1s""#,
    );
}

const FULL: &str = r#"title = "T"
duration = "30s"
[segment.lan]
snooping = { querier = true, timeout = "100s", strict = true, unregistered = "flood" }
forward_delay = "30s"
forward_delay_at_start = true
arp_policer = { rate = 50 }
impair = { loss = "0.0001%" }
[segment.x]
switch = "kernel"
snooping = true
[trunk.t]
between = ["x", "lan"]
latency = "3us"
impair = [{ delay = "1ms" }, { rate = "64kbit/s" }]
[node.a]
config = "a.conf"
link.eth0 = { segment = "lan" }
[node.b]
config = "b.conf"
link.eth0 = { segment = "x" }
[[at]]
time = "1s"
impair = { on = "t", jitter = "2ms", for = "3s" }
[[at]]
time = "2s"
clear = "t"
[[at]]
time = "3s"
trunk = "t"
state = "down"
[[at]]
time = "4s"
[at.impair]
on = "lan"
to = "a"
frames = "multicast"
duplicate = "1%"
reorder = "2%"
gap = "1s"
corrupt = "3%"
rate = "1Mbit/s"
queue = "1500B"
[[at]]
after = { state = "a", is = "FAULT", nth = 2, plus = "1ms" }
kill = "a"
[[at]]
after = { address = "192.168.10.240", gone = true, on = "b" }
kill = "a"
[[at]]
after = { takeover = "192.168.10.240" }
kill = "a"
"#;

#[test]
fn a_network_means_what_it_says() {
    assert_eq!(findings(FULL), "");
    let scenario = &read("x.toml", FULL, &Stub).scenarios[0];
    let [lan, x] = &scenario.segments[..] else { panic!() };
    let timeout = Duration::from_secs(100);
    let snooping = Snooping { querier: true, timeout, strict: true, unregistered_flooded: true };
    assert_eq!(lan.snooping, Some(snooping));
    let usual = Duration::from_secs(260);
    let plain = Snooping { querier: false, timeout: usual, strict: false, unregistered_flooded: false };
    assert_eq!(x.snooping, Some(plain));
    assert_eq!((lan.switch, x.switch), (SwitchKind::Ours, SwitchKind::Kernel));
    let netem = FULL.replace("switch = \"kernel\"", "switch = \"netem\"");
    assert_eq!(read("x.toml", &netem, &Stub).scenarios[0].segments[1].switch, SwitchKind::Netem);
    let wrong = findings(&FULL.replace("switch = \"kernel\"", "switch = \"netme\""));
    assert!(wrong.contains("`ours`, `kernel` or `netem`, not `netme`"), "{wrong}");
    assert_eq!((lan.forward_delay, lan.forward_delay_at_start), (Duration::from_secs(30), true));
    assert_eq!(lan.arp_policer, Some(ArpPolicer { rate: 50, burst: 1 }));
    assert_eq!(lan.impairments, [Impairment { loss: Share::from_ppm(1), ..Impairment::default() }]);
    let [trunk] = &scenario.trunks[..] else { panic!() };
    assert_eq!((&*trunk.name, trunk.between), ("t", [SegmentIndex(1), SegmentIndex(0)]));
    assert_eq!(trunk.latency, Duration::from_micros(3));
    let delay = Impairment { delay: Duration::from_millis(1), ..Impairment::default() };
    let rate = "64kbit/s".parse().unwrap();
    let bottleneck = Some(Bottleneck { rate, queue: QueueLimit::Frames(100) });
    assert_eq!(trunk.impairments, [delay, Impairment { bottleneck, ..Impairment::default() }]);
}

#[test]
fn acts_on_a_network_mean_what_they_say() {
    let script = read("x.toml", FULL, &Stub).scenarios[0].script.clone();
    let faults: Vec<&Fault> = script.iter().map(|a| &a.fault).collect();
    let on = Medium::Trunk(TrunkIndex(0));
    let impairment = Impairment { jitter: Duration::from_millis(2), ..Impairment::default() };
    assert_eq!(
        *faults[0],
        Fault::Network(NetworkFault::Impair { on, impairment, lasts: Some(Duration::from_secs(3)) })
    );
    assert_eq!(*faults[1], Fault::Network(NetworkFault::Clear(on)));
    assert_eq!(*faults[2], Fault::Network(NetworkFault::Trunk { trunk: TrunkIndex(0), up: false }));
    let rate = "1Mbit/s".parse().unwrap();
    let impairment = Impairment {
        to: Some(HostIndex(0)),
        frames: Traffic::Multicast,
        duplicate: Share::from_ppm(10_000),
        reorder: Share::from_ppm(20_000),
        gap: Duration::from_secs(1),
        corrupt: Share::from_ppm(30_000),
        bottleneck: Some(Bottleneck { rate, queue: QueueLimit::Bytes(1500) }),
        ..Impairment::default()
    };
    assert_eq!(
        *faults[3],
        Fault::Network(NetworkFault::Impair {
            on: Medium::Segment(SegmentIndex(0)),
            impairment,
            lasts: None
        })
    );
    let when: Vec<&When> = script[4..].iter().map(|a| &a.when).collect();
    let (node, instance) = (HostIndex(0), "VI_1".into());
    let anchor = Anchor::State { node, instance, is: Announced::Fault };
    assert_eq!(*when[0], When::After { anchor, nth: 2, plus: Duration::from_millis(1) });
    let address = "192.168.10.240".parse().unwrap();
    let anchor = Anchor::Address { address, on: Some(HostIndex(1)), added: false };
    assert_eq!(*when[1], When::After { anchor, nth: 1, plus: Duration::ZERO });
    let anchor = Anchor::Takeover(address);
    assert_eq!(*when[2], When::After { anchor, nth: 1, plus: Duration::ZERO });
}
