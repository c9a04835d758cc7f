//! What a hostile network does, seen from outside: every touched frame is marked in the trace and in the capture,
//! a corrupted one is what its receiver reads, and a noisy run is the same however often and wherever it runs.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use vrrplab::files::Beside;
use vrrplab::sweep::sweep;
use vrrplab_engine::time::Instant;
use vrrplab_sim::hash::RunHash;
use vrrplab_sim::run::{Run, run};
use vrrplab_sim::scenario::{self, Scenario};
use vrrplab_sim::trace::{Event, Loss, Touch, What};
use vrrplab_sim::world::World;

/// Two routers and a client that pings; `segment` stands under `[segment.lan]`, `rest` at the end.
fn lab(segment: &str, rest: &str) -> Arc<Scenario> {
    let text = format!(
        r#"title = "T"
duration = "30s"
[segment.lan]
{segment}
[node.a]
config = "pair/a.conf"
link.eth0 = {{ segment = "lan", address = ["192.168.10.170/24"] }}
[node.b]
start = "9us"
config = "pair/b.conf"
link.eth0 = {{ segment = "lan", address = ["192.168.10.180/24"] }}
[client.probe]
link.eth0 = {{ segment = "lan", address = ["192.168.10.1/24"] }}
ping = {{ to = "192.168.10.240" }}
{rest}"#
    );
    scenario_of(&text)
}

/// The scenario that a text is, beside those about networks.
fn scenario_of(text: &str) -> Arc<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/network/t.toml");
    let file = scenario::read("t.toml", text, &Beside::file(&folder));
    assert!(file.findings.is_empty(), "{:#?}", file.findings);
    Arc::new(file.scenarios.into_iter().next().expect("a text without mistakes is a scenario"))
}

fn impaired(impair: &str) -> Run {
    run(&lab(&format!("impair = {{ {impair} }}"), ""), 1)
}

fn losses(run: &Run, why: Loss) -> Vec<&Event> {
    let of = |e: &&Event| matches!(&e.what, What::Lost { why: w, .. } if *w == why);
    run.trace.events.iter().filter(of).collect()
}

fn touches(run: &Run, is: fn(&Touch) -> bool) -> Vec<(&Event, Touch)> {
    let of = |e: &'_ Event| match &e.what {
        What::Touched { how, .. } if is(how) => Some(*how),
        _ => None,
    };
    run.trace.events.iter().filter_map(|e| Some((e, of(e)?))).collect()
}

/// Each such event has its frame, and the capture says the same of it.
fn are_in_the_capture(run: &Run, events: &[&Event]) {
    assert!(events.len() > 5, "only {} are marked", events.len());
    for event in events {
        let (What::Lost { frame: Some(frame), .. } | What::Touched { frame, .. }) = &event.what else {
            panic!("{event} names no frame");
        };
        let words = match &event.what {
            What::Lost { why, .. } => why.words().to_string(),
            What::Touched { how, .. } => how.to_string(),
            _ => String::new(),
        };
        let host = event.host.as_deref().unwrap_or("trunk");
        let comments = &run.capture.frames[*frame as usize - 1].comments;
        let says = |c: &String| c.contains(host) && c.ends_with(&words);
        assert!(comments.iter().any(says), "{event}: {comments:?}");
    }
}

#[test]
fn every_impairment_leaves_its_mark() {
    type Is = fn(&Touch) -> bool;
    let kinds: [(&str, Is); 5] = [
        ("delay = \"1ms\"", |t| matches!(t, Touch::Delayed(_))),
        ("duplicate = \"20%\"", |t| *t == Touch::Duplicated),
        ("reorder = \"20%\", gap = \"5ms\"", |t| matches!(t, Touch::Held(_))),
        ("corrupt = \"20%\"", |t| matches!(t, Touch::Corrupted(_))),
        ("rate = \"1Mbit/s\"", |t| matches!(t, Touch::Queued(_))),
    ];
    for (impair, is) in kinds {
        let run = impaired(impair);
        let events: Vec<&Event> = touches(&run, is).into_iter().map(|(e, _)| e).collect();
        are_in_the_capture(&run, &events);
    }
    let lossy = impaired("loss = \"20%\"");
    are_in_the_capture(&lossy, &losses(&lossy, Loss::Impaired));
    let narrow = impaired("rate = \"64kbit/s\", queue = 2");
    are_in_the_capture(&narrow, &losses(&narrow, Loss::TailDrop));
}

#[test]
fn every_other_drop_leaves_its_mark() {
    let policed = run(&lab("arp_policer = { rate = 1 }", ""), 1);
    are_in_the_capture(&policed, &losses(&policed, Loss::Policed));
    let waiting = run(&lab("forward_delay = \"15s\"\nforward_delay_at_start = true", ""), 1);
    are_in_the_capture(&waiting, &losses(&waiting, Loss::NotForwarding));
    let until = Instant::ZERO + vrrplab_engine::time::Duration::from_secs(15);
    assert!(losses(&waiting, Loss::NotForwarding).iter().all(|e| e.at < until));
    let pruned = run(&lab("snooping = { strict = true, timeout = \"10s\" }", ""), 1);
    are_in_the_capture(&pruned, &losses(&pruned, Loss::Pruned));
    // The client has not asked for adverts: it loses none.
    assert!(losses(&pruned, Loss::Pruned).iter().all(|e| e.host.as_deref() != Some("probe")));
}

/// The logs of daemons, without what they are about.
fn reasons(run: &Run) -> BTreeSet<String> {
    let logs = run.trace.events.iter().filter_map(|e| match &e.what {
        What::Log(text) => text.rsplit_once(": ").map(|(_, reason)| reason.to_string()),
        _ => None,
    });
    logs.collect()
}

#[test]
fn a_corrupted_advert_is_what_the_receiver_reads() {
    let run = impaired("frames = \"vrrp\", corrupt = \"100%\"");
    // No advert ever arrives as it was sent: both are master, and the checks of the packet run for real.
    let reasons = reasons(&run);
    assert!(reasons.iter().any(|r| r.contains("checksum")), "{reasons:?}");
    let masters =
        run.trace.events.iter().filter(|e| {
            matches!(e.what, What::Claim { to: vrrplab_engine::boundary::Announced::Master, .. })
        });
    assert_eq!(masters.count(), 2);
    // What was sent is unharmed.
    let whole = run.capture.frames.iter().filter(|f| f.bytes.len() > 34 && f.bytes[23] == 112);
    assert!(whole.clone().count() > 40);
    for frame in whole {
        assert!(vrrplab_engine::wire::ipv4::Header::parse(&frame.bytes[14..]).is_ok());
    }
}

#[test]
fn an_impairment_ends_by_itself_or_is_cleared() {
    let act = "[[at]]\ntime = \"10s\"\nimpair = { to = \"b\", loss = \"100%\", for = \"2s\" }\n";
    let window = |run: &Run| {
        let at: Vec<u64> = losses(run, Loss::Impaired).iter().map(|e| e.at.as_micros() / 1_000_000).collect();
        (at.first().copied(), at.last().copied())
    };
    assert_eq!(window(&run(&lab("", act), 1)), (Some(10), Some(11)));
    let cleared = format!("{act}[[at]]\ntime = \"11s\"\nclear = \"lan\"\n");
    let cleared = run(&lab("", &cleared), 1);
    assert_eq!(window(&cleared), (Some(10), Some(10)));
    // What is over already does not end once more.
    assert!(!cleared.trace.events.iter().any(|e| e.what == What::Fault("over: act 1".into())));
}

/// Three routers, a client and everything at once.
fn noisy() -> Arc<Scenario> {
    let rest = r#"[node.c]
start = "18us"
config = "pair/b.conf"
link.eth0 = { segment = "lan", address = ["192.168.10.190/24"] }
[[at]]
after = { state = "a", is = "MASTER", plus = "4s" }
crash = "a"
[[at]]
after = { takeover = "192.168.10.240", plus = "3s" }
start = "a"
[[at]]
time = "15s"
impair = { from = "a", to = "b", frames = "vrrp", loss = "50%", for = "5s" }
"#;
    let impair = "impair = [{ loss = \"5%\", delay = \"1ms\", jitter = \"30ms\", duplicate = \"5%\", \
                  reorder = \"5%\", gap = \"1s\", corrupt = \"2%\" }, { rate = \"256kbit/s\", queue = 20 }]\n\
                  snooping = { strict = true, querier = true }\narp_policer = { rate = 100, burst = 20 }";
    lab(impair, rest)
}

fn hash(scenario: &Arc<Scenario>, seed: u64) -> u64 {
    let mut hash = RunHash::default();
    World::new(Arc::clone(scenario), seed).run_until(Instant::ZERO + scenario.duration, &mut hash);
    hash.value()
}

#[test]
fn a_noisy_run_is_the_same_on_one_thread_and_on_two() {
    let scenario = noisy();
    let on = |threads: usize| sweep(0..1_000, threads.try_into().unwrap(), |seed| hash(&scenario, seed));
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), 1_000, "each seed is another run");
}

/// The instants, in microseconds, of lines that contain this text.
fn when(run: &Run, text: &str) -> Vec<u64> {
    let said = run.trace.events.iter().filter(|e| e.to_string().contains(text));
    said.map(|e| e.at.as_micros()).collect()
}

#[test]
fn acts_wait_for_what_is_seen_and_claimed() {
    let acts = r#"[[at]]
after = { state = "a", is = "MASTER", plus = "5s" }
crash = "a"
[[at]]
after = { takeover = "192.168.10.240", plus = "7ms" }
kill = "probe2"
[[at]]
after = { address = "192.168.10.240", on = "a", gone = true, plus = "11ms" }
stop = "probe2"
[[at]]
after = { address = "192.168.10.240", on = "b" }
start = "probe2"
[[at]]
after = { advert = "b", nth = 3, plus = "1us" }
pause = "probe2"
[node.probe2]
start = "never"
config = "pair/b.conf"
link.eth0 = { segment = "lan", address = ["192.168.10.2/24"] }
"#;
    let run = run(&lab("", acts), 1);
    let one = |text: &str| {
        let all = when(&run, text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        all[0]
    };
    let crash = one("fault crash a");
    assert_eq!(crash, one("a     claim VI_1 Backup -> Master") + 5_000_000);
    let taken = one("b     addr  + 192.168.10.240");
    assert_eq!(one("fault kill probe2"), taken + 7_000);
    assert_eq!(one("fault stop probe2"), one("a     addr  - 192.168.10.240") + 11_000);
    assert_eq!(one("fault start probe2"), taken);
    let adverts: Vec<u64> = run
        .trace
        .events
        .iter()
        .filter(|e| e.host.as_deref() == Some("b") && e.to_string().contains("vrrp2"))
        .filter(|e| matches!(e.what, What::Tx { .. }))
        .map(|e| e.at.as_micros())
        .collect();
    assert_eq!(one("fault pause probe2"), adverts[2] + 1);
}

/// The same routers and client on three switches in a row.
fn row(rest: &str) -> Arc<Scenario> {
    let text = format!(
        r#"title = "T"
duration = "30s"
[segment.lan]
[segment.mid]
[segment.far]
[trunk.one]
between = ["lan", "mid"]
[trunk.two]
between = ["far", "mid"]
[node.a]
config = "pair/a.conf"
link.eth0 = {{ segment = "lan", address = ["192.168.10.170/24"] }}
[node.b]
config = "pair/b.conf"
link.eth0 = {{ segment = "far", address = ["192.168.10.180/24"] }}
[client.probe]
link.eth0 = {{ segment = "mid", address = ["192.168.10.1/24"] }}
ping = {{ to = "192.168.10.240" }}
{rest}"#
    );
    scenario_of(&text)
}

#[test]
fn trunks_make_one_network_of_three_switches() {
    let run = run(&row(""), 1);
    assert!(run.judgement.passed(), "{:#?}", run.judgement);
    assert_eq!(when(&run, "Backup -> Master").len(), 1, "b hears a across two trunks");
    // Known stations are not flooded: the way there is two switches and a cable.
    let (ask, answer) = (when(&run, "echo-request"), when(&run, "echo-reply"));
    let last = answer[answer.len() - 1];
    assert!(ask.contains(&(last - (2 * 50 + 1))), "the last answer was at {last}");
}

#[test]
fn a_cut_trunk_separates_and_an_island_takes_its_trunk_along() {
    let cut = "[[at]]\ntime = \"10s\"\ntrunk = \"two\"\nstate = \"down\"\n";
    let run1 = run(&row(cut), 1);
    assert_eq!(when(&run1, "Backup -> Master").len(), 2);
    assert!(run1.judgement.passed(), "each side has its own master: {:#?}", run1.judgement);
    are_in_the_capture(&run1, &losses(&run1, Loss::TrunkDown));
    // The middle switch is split: the client alone on the second side, the trunks on the first.
    let split = "[client.other]\nlink.eth0 = { segment = \"mid\", address = [\"192.168.10.3/24\"] }\n\
                 [[at]]\ntime = \"10s\"\npartition = [[\"other\"], [\"probe\"]]\nsegment = \"mid\"\n";
    let run2 = run(&row(split), 1);
    assert_eq!(when(&run2, "Backup -> Master").len(), 1);
    assert_eq!(
        when(&run2, "probe answer 192.168.10.240 by nobody").iter().filter(|t| **t > 10_000_000).count(),
        1
    );
}

#[test]
fn a_daemon_that_ends_leaves_its_group_and_one_that_crashes_does_not() {
    let reports = |act: &str| {
        let act = format!("[[at]]\ntime = \"10s\"\n{act} = \"b\"\n");
        let run = run(&lab("snooping = true", &act), 1);
        let late = run.capture.frames.iter().filter(|f| f.at >= Instant::from_micros(10_000_000));
        let igmp = late.filter(|f| f.bytes[12..14] == [8, 0] && f.bytes[23] == 2);
        // The record of a report with one group: 3 is leaving.
        igmp.map(|f| f.bytes[14 + 24 + 8]).collect::<Vec<u8>>()
    };
    assert_eq!(reports("stop"), [3, 3]);
    assert_eq!(reports("kill"), [3, 3]);
    assert!(reports("crash").is_empty());
    let silent = run(&lab("", ""), 1);
    assert!(silent.capture.frames.iter().all(|f| f.bytes[23] != 2), "nobody listens there");
}
