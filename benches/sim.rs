//! Events a second of the simulator on one core: an event is a timer fired, a frame sent or a frame delivered.
//! `floor` is the least that any event loop does, run beside it: a heap that gives one entry and takes one.
//! `judged` builds every event of the trace and lets all oracles watch; `captured` keeps every event and every frame
//! besides, which is what `vrrplab run` does. `failovers` is what `vrrplab bench election` does.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::hash::RunHash;
use vrrplab_sim::observer::{Observer, Unobserved};
use vrrplab_sim::oracle::Judge;
use vrrplab_sim::oracle::failover::Failovers;
use vrrplab_sim::record::Recorder;
use vrrplab_sim::scenario::Scenario;
use vrrplab_sim::world::World;

use crate::lab;

/// How much virtual time one iteration takes: the election at its beginning is one part in a thousand.
const SPAN: Duration = Duration::from_secs(4_000);

fn run<O: Observer>(routers: u8, observer: &mut O) -> u64 {
    let mut world = World::new(lab::routers(routers), 1);
    world.run_until(Instant::ZERO + SPAN, observer);
    world.counts().events()
}

/// A minute of it: a virtual second has sixty-four times the events.
fn run_masters<O: Observer>(scenario: &Arc<Scenario>, observer: &mut O) -> u64 {
    let mut world = World::new(Arc::clone(scenario), 1);
    world.run_until(Instant::ZERO + Duration::from_secs(60), observer);
    world.counts().events()
}

fn floor(routers: u8, events: u64) -> u64 {
    let mut heap: BinaryHeap<Reverse<(u64, u64)>> =
        (0..u64::from(routers)).map(|n| Reverse((n, n))).collect();
    for n in 0..events {
        let Reverse((at, _)) = heap.pop().expect("the heap is never empty");
        heap.push(Reverse((at + 1_000_000, n)));
    }
    heap.len() as u64
}

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("events");
    group.sample_size(20);
    for routers in [2, 16, 64] {
        let events = run(routers, &mut Unobserved);
        group.throughput(Throughput::Elements(events));
        group.bench_function(BenchmarkId::new("floor", routers), |b| {
            b.iter(|| floor(black_box(routers), events));
        });
        group.bench_function(BenchmarkId::new("unobserved", routers), |b| {
            b.iter(|| run(routers, &mut Unobserved));
        });
        group.bench_function(BenchmarkId::new("hashed", routers), |b| {
            b.iter(|| run(routers, &mut RunHash::default()));
        });
        group.bench_function(BenchmarkId::new("judged", routers), |b| {
            b.iter(|| run(routers, &mut Judge::new(&lab::routers(routers))));
        });
        group.bench_function(BenchmarkId::new("captured", routers), |b| {
            b.iter(|| run(routers, &mut (Recorder::new(Vec::new()), Judge::new(&lab::routers(routers)))));
        });
        group.bench_function(BenchmarkId::new("failovers", routers), |b| {
            b.iter(|| run(routers, &mut Failovers::new(&lab::routers(routers))));
        });
    }
    // Sixty-four masters, each a backup of all others: every frame is checked and arms a timer.
    let scenario = lab::masters(64);
    let events = run_masters(&scenario, &mut Unobserved);
    group.throughput(Throughput::Elements(events));
    group.bench_function("masters/64", |b| b.iter(|| run_masters(&scenario, &mut Unobserved)));
    group.bench_function("masters/64/captured", |b| {
        b.iter(|| run_masters(&scenario, &mut (Recorder::new(Vec::new()), Judge::new(&scenario))));
    });
    group.finish();
}

criterion_group!(benches, events);
