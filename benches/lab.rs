//! What the benches run: virtual routers on one segment, made without any text.

use std::sync::Arc;

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::Cost;
use vrrplab_engine::config::{Address, Config, Instance, Reading};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::scenario::{Host, Link, NodeSpec, Role, Scenario, Segment, SegmentIndex};

/// The address that all routers share.
const VIRTUAL: &str = "10.0.255.240/16";

/// A configuration with one instance of this priority.
pub(crate) fn config(priority: u8) -> Config {
    let mut instance = Instance::named("VI_1");
    instance.interface = "eth0".to_string();
    instance.vrid = 51;
    instance.priority = priority;
    instance.addresses = vec![Address::plain(VIRTUAL.parse().unwrap(), "eth0")];
    Config { instances: vec![instance], ..Config::default() }
}

/// `count` routers of one virtual router on one segment, priorities 254 downwards: one advertises, all listen.
pub(crate) fn routers(count: u8) -> Arc<Scenario> {
    scenario(count, |n| config(254 - n))
}

/// `count` routers and as many virtual routers, each the master of one and a backup of the others: all advertise, and
/// all check what they hear and arm a timer for it.
pub(crate) fn masters(count: u8) -> Arc<Scenario> {
    scenario(count, |n| {
        let instance = |vrid: u8| {
            let mut instance = Instance::named(format!("VI_{vrid}"));
            instance.interface = "eth0".to_string();
            (instance.vrid, instance.priority) = (vrid + 1, if vrid == n { 254 } else { 100 });
            let address = format!("10.0.255.{vrid}/16").parse().unwrap();
            instance.addresses = vec![Address::plain(address, "eth0")];
            instance
        };
        Config { instances: (0..count).map(instance).collect(), ..Config::default() }
    })
}

fn scenario(count: u8, config: impl Fn(u8) -> Config) -> Arc<Scenario> {
    let host = |n: u8| {
        let address: Cidr = format!("10.0.0.{}/16", n + 1).parse().unwrap();
        let reading = Reading { config: config(n), ..Reading::default() };
        let spec = NodeSpec {
            reading: Arc::new(reading),
            start: Some(Instant::ZERO),
            cost: Cost::RECORDED,
            scripts: Vec::new(),
            files: std::collections::BTreeMap::new(),
            processes: std::collections::BTreeMap::new(),
        };
        let mac = Mac([2, 0, 0, 0, 0, n + 1]);
        let link = Link::new("eth0", mac, SegmentIndex(0), vec![address]);
        Host::new(format!("r{n}"), vec![link], Role::Node(spec))
    };
    Arc::new(Scenario {
        name: format!("{count} routers"),
        title: String::new(),
        story: String::new(),
        covers: Vec::new(),
        duration: Duration::from_secs(60),
        segments: vec![Segment::plain("lan")],
        trunks: Vec::new(),
        hosts: (0..count).map(host).collect(),
        script: Vec::new(),
        configurations: Vec::new(),
        expectations: Vec::new(),
    })
}
