//! Events a second of the simulator on one core: an event is a timer fired, a frame sent or a frame delivered.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::hash::RunHash;
use vrrplab_sim::observer::{Observer, Unobserved};
use vrrplab_sim::world::World;

use crate::lab;

/// How much virtual time one iteration takes: the election at its beginning is one part in a thousand.
const SPAN: Duration = Duration::from_secs(4_000);

fn run<O: Observer>(routers: u8, observer: &mut O) -> u64 {
    let mut world = World::new(lab::routers(routers), 1);
    world.run_until(Instant::ZERO + SPAN, observer);
    world.counts().events()
}

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("events");
    group.sample_size(20);
    for routers in [2, 16, 64] {
        group.throughput(Throughput::Elements(run(routers, &mut Unobserved)));
        group.bench_function(BenchmarkId::new("unobserved", routers), |b| {
            b.iter(|| run(routers, &mut Unobserved));
        });
        group.bench_function(BenchmarkId::new("hashed", routers), |b| {
            b.iter(|| run(routers, &mut RunHash::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, events);
