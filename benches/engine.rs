//! Nanoseconds for an advert received by a backup (checked, timer re-armed) and for one sent by a master.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group};
use vrrplab_engine::addr::Mac;
use vrrplab_engine::boundary::{Cost, Effect, HostFacts, LinkFacts, Origin, Packet, SockId};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::{Effects, Input, Node};

use crate::lab;

fn started(priority: u8, address: &str) -> (Node, Effects) {
    let link = LinkFacts {
        name: "eth0".to_string(),
        mac: Mac([2, 0, 0, 0, 0, priority]),
        mtu: 1500,
        up: true,
        addresses: vec![address.parse().unwrap()],
    };
    let facts = HostFacts { hostname: "r".to_string(), links: vec![link], ..HostFacts::default() };
    let mut node = Node::new(Arc::new(lab::config(priority)), &facts);
    let mut effects = Effects::new(Cost::FREE);
    node.handle(Input::Start, Instant::ZERO, &mut effects);
    (node, effects)
}

/// A master, and when its next advert is due.
fn master() -> (Node, Effects, Instant) {
    let (mut node, mut effects) = started(200, "10.0.0.1/16");
    let now = node.deadline().unwrap();
    effects.clear(Origin(0));
    node.handle(Input::Wake, now, &mut effects);
    let now = node.deadline().unwrap();
    (node, effects, now)
}

fn adverts(c: &mut Criterion) {
    let mut group = c.benchmark_group("advert");
    group.throughput(Throughput::Elements(1));

    let (mut node, mut effects, mut now) = master();
    group.bench_function("sent", |b| {
        b.iter(|| {
            effects.clear(Origin(0));
            node.handle(Input::Wake, now, &mut effects);
            now = node.deadline().unwrap().max(now);
            effects.len()
        });
    });

    let (mut node, mut effects, at) = master();
    effects.clear(Origin(0));
    node.handle(Input::Wake, at, &mut effects);
    let Effect::Send { bytes, .. } = effects.get(0).effect else { panic!("a master advertises") };
    let packet = effects.bytes(bytes).to_vec();
    let (mut node, mut effects) = started(100, "10.0.0.2/16");
    let mut now = Instant::ZERO;
    group.bench_function("received", |b| {
        b.iter(|| {
            effects.clear(Origin(0));
            now += Duration::from_micros(1);
            node.handle(Input::Packet { sock: SockId(0), packet: Packet::V4(&packet) }, now, &mut effects);
            assert!(effects.is_empty(), "the advert is accepted");
        });
    });
    group.finish();
}

criterion_group!(benches, adverts);
