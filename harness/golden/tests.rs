//! The comparison is tested on every recording with a run made from the recording itself: it agrees, and after
//! any one change to the recording it does not.

use std::path::PathBuf;

use vrrplab_engine::boundary::Timer;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::wire::{igmp, ipv6};
use vrrplab_sim::agree::{Content, Entry, Lane};
use vrrplab_sim::capture::{Captured, Port};
use vrrplab_sim::frame::Summary;
use vrrplab_sim::trace::{Cause, Event, Header, Name, What};

use super::*;
use vrrplab_sim::agree::report;

const CASES: [&str; 14] = [
    "auth-mismatch",
    "dual-master",
    "equal-priority",
    "link-down",
    "master-crash",
    "master-stop",
    "multicast-split",
    "nopreempt",
    "one-way",
    "pause",
    "preempt-delay",
    "preempt-return",
    "silent-heal",
    "three-nodes",
];

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/vrrp").join(case).join("keepalived-2.2.7")
}

/// Events this close belong together.
const BURST: Duration = Duration::from_micros(300);

/// A run as we would have made it: the recording's events, with likely causes.
#[derive(Default)]
struct Forged {
    events: Vec<Event>,
    capture: Capture,
    /// Instant and node of each frame, and whether it is an advert.
    frames: Vec<(Instant, Name, bool)>,
    acts: Vec<Instant>,
}

impl Forged {
    fn from(reference: &Lanes) -> (Trace, Capture) {
        let mut run = Forged::default();
        let nodes: Vec<Name> = reference.nodes.iter().cloned().collect();
        run.capture.ports =
            nodes.iter().map(|node| Port { host: node.clone(), link: "eth0".into() }).collect();
        let mut entries: Vec<(&Lane, &Entry)> = Vec::new();
        for (lane, inside) in &reference.lanes {
            entries.extend(inside.iter().map(|entry| (lane, entry)));
        }
        entries.sort_by_key(|(_, entry)| entry.at);
        let mut acts = reference.acts.iter().peekable();
        for (lane, entry) in entries {
            while let Some(act) = acts.next_if(|act| act.at <= entry.at) {
                run.act(act.at, &act.text);
            }
            run.entry(lane, entry);
        }
        acts.for_each(|act| run.act(act.at, &act.text));
        // What the reference leaves out, a run of ours may have.
        for (node, cidr) in &reference.base {
            let what = What::Address { added: false, cidr: *cidr, link: "eth0".into() };
            run.events.push(Event { at: Instant::ZERO, host: Some(node.clone()), what, cause: Cause::None });
        }
        (Trace { header: header(), events: run.events }, run.capture)
    }

    fn act(&mut self, at: Instant, text: &str) {
        self.acts.push(at);
        let what = What::Fault(text.to_string());
        self.events.push(Event { at, host: None, what, cause: Cause::Fault(self.acts.len() as u32) });
    }

    fn entry(&mut self, lane: &Lane, entry: &Entry) {
        let cause = self.cause(lane.node(), entry.at);
        let what = match (lane, &entry.what) {
            (_, Content::Frame(bytes)) => self.tx(lane, entry.at, bytes),
            (Lane::Address { cidr, .. }, Content::Address { added }) => {
                What::Address { added: *added, cidr: *cidr, link: "eth0".into() }
            }
            (Lane::States { instance, .. }, &Content::State(to, priority)) => {
                What::Claim { instance: instance.clone(), from: None, to, priority }
            }
            _ => unreachable!("{lane} holds {:?}", entry.what),
        };
        self.events.push(Event { at: entry.at, host: Some(lane.node().clone()), what, cause });
    }

    fn tx(&mut self, lane: &Lane, at: Instant, bytes: &[u8]) -> What {
        let port = self.capture.ports.iter().position(|port| port.host == *lane.node()).unwrap();
        self.capture.frames.push(Captured { at, port, island: 0, bytes: bytes.to_vec(), comments: vec![] });
        self.frames.push((at, lane.node().clone(), matches!(lane, Lane::Adverts { .. })));
        What::Tx { frame: self.frames.len() as u32, link: "eth0".into(), summary: Summary::of(bytes) }
    }

    /// The laboratory or another node just now, else a timer since the last advert before this burst.
    fn cause(&self, node: &Name, at: Instant) -> Cause {
        let just_now = |then: Instant| at.saturating_since(then) <= BURST;
        if self.acts.last().is_some_and(|&act| just_now(act)) {
            return Cause::Fault(self.acts.len() as u32);
        }
        let last = |wanted: &dyn Fn(&(Instant, Name, bool)) -> bool| {
            self.frames.iter().rposition(wanted).map(|i| i as u32 + 1)
        };
        if let Some(frame) = last(&|(then, from, _)| just_now(*then) && from != node) {
            return Cause::Frame(frame);
        }
        match last(&|(then, _, advert)| *advert && !just_now(*then)) {
            Some(frame) => Cause::TimerOfFrame(Timer::Advert, frame),
            None => Cause::TimerOfFault(Timer::MasterDown, 1),
        }
    }
}

fn header() -> Header {
    Header {
        scenario: "forged".to_string(),
        world: "sim".to_string(),
        subject: "keepalived".to_string(),
        seed: 0,
        duration: Duration::from_secs(60),
    }
}

#[test]
fn every_recording_agrees_with_itself() {
    for case in CASES {
        let reference = recording::read(&folder(case)).unwrap();
        assert!(reference.entry_count() > 20, "{case}: {}", reference.entry_count());
        let (trace, capture) = Forged::from(&reference);
        let differences = differs_from_recording(&folder(case), &trace, &capture).unwrap();
        assert_eq!(differences, [], "{case}");
        // The text form loses nothing that the comparison needs.
        assert_eq!(trace.to_string().parse::<Trace>(), Ok(trace), "{case}");
    }
}

/// Compares the forged run of every case with every change that `damage` can make to its recording.
fn every_change_shows(damage: fn(&Lanes, usize) -> Option<Lanes>) {
    for case in CASES {
        let reference = recording::read(&folder(case)).unwrap();
        let (trace, capture) = Forged::from(&reference);
        let ours = Lanes::of(&trace, &capture);
        let mut changes = 0;
        while let Some(damaged) = damage(&reference, changes) {
            let report = report(&agree(&ours, &damaged, &Tolerance::RECORDED).disagreements)
                .unwrap_or_else(|| panic!("{case}: change {changes}"));
            assert!(report.lines().all(|line| line.chars().count() <= 100), "{report}");
            changes += 1;
        }
        assert!(changes > 10, "{case}: {changes}");
    }
}

#[test]
fn a_missing_frame_shows() {
    every_change_shows(Lanes::without_frame);
}

#[test]
fn any_event_two_milliseconds_late_shows() {
    every_change_shows(|reference, k| reference.moved(k, Duration::from_millis(2)));
}

#[test]
fn an_act_a_bit_over_a_millisecond_late_shows() {
    for case in CASES {
        let reference = recording::read(&folder(case)).unwrap();
        let (trace, capture) = Forged::from(&reference);
        let ours = Lanes::of(&trace, &capture);
        for k in 0..reference.acts.len() {
            let moved = reference.with_act_moved(k, Duration::from_micros(1_100)).unwrap();
            assert!(!agree(&ours, &moved, &Tolerance::RECORDED).holds(), "{case}: act {k}");
        }
    }
}

#[test]
fn another_priority_shows() {
    every_change_shows(Lanes::with_other_priority);
}

#[test]
fn a_report_shows_both_sides() {
    let reference = recording::read(&folder("master-stop")).unwrap();
    let (trace, capture) = Forged::from(&reference);
    let damaged = reference.with_other_priority(8).unwrap();
    let report =
        report(&agree(&Lanes::of(&trace, &capture), &damaged, &Tolerance::RECORDED).disagreements).unwrap();
    let expected = "\
10.687681 b.eth0, adverts of vrid 100: byte 36 is 0x50, in the reference 0x51
  ours
    >   10.687681 vrrp2 vrid 100 prio 80 adv 1s 192.168.10.240
        11.687702 vrrp2 vrid 100 prio 80 adv 1s 192.168.10.240
        12.687703 vrrp2 vrid 100 prio 80 adv 1s 192.168.10.240
        13.687704 vrrp2 vrid 100 prio 80 adv 1s 192.168.10.240
  reference
    >   10.687681 vrrp2 vrid 100 prio 81 adv 1s 192.168.10.240
        11.687702 vrrp2 vrid 100 prio 80 adv 1s 192.168.10.240
        12.687703 vrrp2 vrid 100 prio 80 adv 1s 192.168.10.240
        13.687704 vrrp2 vrid 100 prio 80 adv 1s 192.168.10.240
";
    assert_eq!(report, expected, "{report}");
}

#[test]
fn a_late_event_is_counted_from_its_cause() {
    let reference = recording::read(&folder("master-stop")).unwrap();
    let (trace, capture) = Forged::from(&reference);
    let late = reference.moved(10, Duration::from_millis(2)).unwrap();
    let found = agree(&Lanes::of(&trace, &capture), &late, &Tolerance::RECORDED).disagreements;
    let expected = "\
5.609545 a.eth0, adverts of vrid 100: 2ms earlier than in the reference
  1ms allowed, counted from #7 at 4.609544, in the reference at 4.609544
  ours
";
    let report = report(&found).unwrap();
    assert!(report.starts_with(expected), "{report}");
    // The next advert is counted from this one.
    assert!(report.ends_with("\n  more differences: 1; lanes that differ: 1\n"), "{report}");
}

/// What the reader leaves out of a capture is what the kernel sends by itself, and nothing of it comes before
/// the first daemon but that.
#[test]
fn what_has_no_lane_is_the_kernels() {
    for case in CASES {
        let bytes = fs::read(folder(case).join("cap.pcap")).unwrap();
        let frames = crate::pcapng::read_legacy(&bytes).unwrap();
        let judged = recording::read(&folder(case)).unwrap().lanes.into_iter();
        let judged = judged.filter(|(lane, _)| matches!(lane, Lane::Adverts { .. } | Lane::Garps { .. }));
        let judged: usize = judged.map(|(_, entries)| entries.len()).sum();
        // Memberships of groups, and what IPv6 does when a link comes up.
        let kernel = frames.iter().filter(|frame| {
            matches!(
                Summary::of(&frame.bytes),
                Summary::Ip { protocol: igmp::PROTOCOL | ipv6::ICMP, .. }
                    | Summary::NeighbourSolicitation { .. }
            )
        });
        assert_eq!(judged + kernel.count(), frames.len(), "{case}");
    }
}

#[test]
fn a_recording_that_was_touched_is_refused() {
    let copy = std::env::temp_dir().join(format!("vrrplab-recording-{}", std::process::id()));
    fs::create_dir_all(&copy).unwrap();
    for file in ["case.toml", "cap.pcap", "packets.txt", "states.txt", "addr.txt"] {
        fs::copy(folder("master-stop").join(file), copy.join(file)).unwrap();
    }
    let with = |file: &str, from: &str, to: &str| {
        let text = fs::read_to_string(copy.join(file)).unwrap();
        fs::write(copy.join(file), text.replacen(from, to, 1)).unwrap();
        let error = recording::read(&copy).unwrap_err().to_string();
        fs::write(copy.join(file), text).unwrap();
        error.rsplit_once('/').unwrap().1.to_string()
    };
    let moved = with("packets.txt", "4.609544", "4.609546");
    assert_eq!(moved, "cap.pcap: line 7 of packets.txt has no frame");
    let other = with("packets.txt", "02:00:00:00:00:01", "02:00:00:00:00:02");
    // The other node sends frames of that length later, but no announcement after them.
    assert_eq!(other, "cap.pcap: line 2 of packets.txt has no frame");
    let text = fs::read_to_string(copy.join("packets.txt")).unwrap();
    let first = text.split_inclusive('\n').next().unwrap();
    assert_eq!(
        with("packets.txt", &text, first),
        "cap.pcap: packets.txt fits the capture at several places",
        "one advert looks like the next"
    );
    let state = with("states.txt", "MASTER", "ACTIVE");
    assert!(state.starts_with("states.txt:3: expected `time node INSTANCE"), "{state}");
    assert_eq!(with("case.toml", "do = 'stop a'", ""), "case.toml: an action without `t` and `do`");
    fs::remove_dir_all(&copy).unwrap();
}
