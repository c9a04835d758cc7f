//! Simulated hosts that are sent any frames: routers of both families behind a switch that snoops, with filters and
//! answers of their own. Nothing panics, and the same frames give the same number of events twice.
//!
//! The input is a sequence of frames: a byte that says who sends and after how long, a byte of length, and the bytes.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use vrrplab_engine::config::{self, NoSources, Reading};
use vrrplab_engine::time::Duration;
use vrrplab_engine::wire::ethernet;
use vrrplab_sim::observer::{Observer, Unobserved};
use vrrplab_sim::record::Recorder;
use vrrplab_sim::scenario::{self, Files, Scenario};
use vrrplab_sim::world::{Counts, World};

const SCENARIO: &str = include_str!("host.toml");

struct Inline;

impl Files for Inline {
    fn config(&self, path: &str) -> Result<Arc<Reading>, String> {
        Err(format!("{path}: not here"))
    }
    fn text(&self, path: &str) -> Result<String, String> {
        Err(format!("{path}: not here"))
    }
    fn inline(&self, name: &str, text: &str) -> Arc<Reading> {
        Arc::new(config::read(name, text, &NoSources))
    }
}

static LAB: LazyLock<Arc<Scenario>> = LazyLock::new(|| {
    let mut file = scenario::read("host.toml", SCENARIO, &Inline);
    assert_eq!(file.scenarios.len(), 1, "{:?}", file.findings);
    Arc::new(file.scenarios.remove(0))
});

/// Destinations that somebody listens to: the routers, all, the groups of VRRP, and the bytes as they are.
const STATIONS: [Option<[u8; 6]>; 8] = [
    Some([2, 0, 0, 0, 0, 1]),
    Some([2, 0, 0, 0, 0, 2]),
    Some([0xff; 6]),
    Some([1, 0, 0x5e, 0, 0, 18]),
    Some([0x33, 0x33, 0, 0, 0, 0x12]),
    Some([0x33, 0x33, 0xff, 0, 0, 1]),
    Some([1, 0, 0x5e, 0, 0, 1]),
    None,
];

fn life<O: Observer>(bytes: &[u8], observer: &mut O) -> Counts {
    let mut world = World::new(Arc::clone(&LAB), 1);
    let mut rest = bytes;
    while let [what, length, tail @ ..] = rest {
        let (piece, behind) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = behind;
        let until = world.now() + Duration::from_micros(u64::from(what >> 4).pow(4) * 40);
        world.run_until(until, observer);
        let mut frame = piece.to_vec();
        if frame.len() >= ethernet::HEADER {
            if let Some(to) = STATIONS[usize::from(what & 7)] {
                frame[..6].copy_from_slice(&to);
            }
            world.inject("probe", "eth0", &frame, observer);
        }
    }
    let end = world.now() + Duration::from_secs(2);
    world.run_until(end, observer);
    world.counts()
}

fuzz_target!(|bytes: &[u8]| {
    let mut recorder = Recorder::new(Vec::new());
    assert_eq!(life(bytes, &mut Unobserved), life(bytes, &mut recorder), "watching changes what happens");
});
