//! Reading a configuration of 4,000 instances, and the lints over it: a reload must not be felt.

use criterion::{Criterion, Throughput, criterion_group};
use std::hint::black_box;
use vrrplab_engine::config::{NoSources, lint, read};

/// A text of that many instances as operators write them: 32 kinds of line each.
pub(crate) fn text(instances: usize) -> String {
    let mut text = "global_defs {\n    router_id lab\n    vrrp_garp_master_refresh 60\n}\n\n".to_string();
    for n in 0..instances {
        let (vrid, link) = (n % 255 + 1, n / 255);
        text.push_str(&format!(
            "vrrp_instance VI_{n} {{\n    state BACKUP\n    interface eth{link}\n    virtual_router_id {vrid}\n    \
             priority 100\n    advert_int 1\n    nopreempt\n    garp_master_delay 5\n    authentication {{\n        \
             auth_type PASS\n        auth_pass pass{n}\n    }}\n    virtual_ipaddress {{\n        \
             10.{}.{}.1/24 dev eth{link}\n        10.{}.{}.2/24 dev eth{link}\n    }}\n}}\n\n",
            n / 256,
            n % 256,
            n / 256,
            n % 256
        ));
    }
    text
}

fn reading(c: &mut Criterion) {
    let text = text(4000);
    let mut group = c.benchmark_group("config");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read 4000 instances", |b| b.iter(|| black_box(read("a.conf", &text, &NoSources))));
    let reading = read("a.conf", &text, &NoSources);
    assert!(reading.findings.is_empty(), "{:?}", reading.findings.first());
    group.bench_function("lint 4000 instances", |b| b.iter(|| black_box(lint::alone(&reading))));
    let members = ["a", "b"].map(|name| lint::Member { name, reading: &reading, links: &[] });
    group.bench_function("lint a pair of 4000 instances", |b| b.iter(|| black_box(lint::cluster(&members))));
    group.finish();
}

criterion_group!(benches, reading);
