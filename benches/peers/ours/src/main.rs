//! The workload on vrrplab: hosts that each send an advert a second to all others, who check it and arm a timer.
//! Arguments: hosts, virtual seconds, and `off` or `on`: whether the capture is kept and the oracles watch.
//! Prints how many events it did.

#[expect(dead_code, reason = "the benches of the simulator run the other one")]
#[path = "../../../lab.rs"]
mod lab;

use std::sync::Arc;

use vrrplab_engine::time::{Duration, Instant};
use vrrplab_sim::observer::{Observer, Unobserved};
use vrrplab_sim::oracle::Judge;
use vrrplab_sim::record::Recorder;
use vrrplab_sim::world::World;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [hosts, seconds, watch] = &arguments[..] else { panic!("hosts, virtual seconds, on or off") };
    let hosts: u8 = hosts.parse().expect("a number of hosts");
    let end = Instant::ZERO + Duration::from_secs(seconds.parse().expect("a number of seconds"));
    let scenario = lab::masters(hosts);
    let world = World::new(Arc::clone(&scenario), 1);
    if watch == "on" {
        events(world, end, &mut (Recorder::new(Vec::new()), Judge::new(&scenario)));
    } else {
        events(world, end, &mut Unobserved);
    }
}

fn events<O: Observer>(mut world: World, end: Instant, observer: &mut O) {
    world.run_until(end, observer);
    println!("{}", world.counts().events());
}
