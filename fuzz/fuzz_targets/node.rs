//! A daemon that is sent anything: packets, wakes and changes of the kernel's, in any order.
//!
//! The input is a sequence of steps: a byte that says what happens, a byte of time, and for a packet its length
//! and its bytes. Packets get a right VRRP checksum half of the time, or few would pass the first checks.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use vrrplab_engine::addr::Mac;
use vrrplab_engine::boundary::{Cost, HostFacts, KernelEvent, LinkFacts, LinkId, Origin, Packet, Signal, SockId};
use vrrplab_engine::config::{self, NoSources};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::wire::vrrp2;
use vrrplab_engine::{Effects, Input, Node};

const CONFIG: &str = "
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        10.0.0.240/24
    }
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 52
    nopreempt
    authentication {
        auth_type PASS
        auth_pass secret
    }
    virtual_ipaddress {
        10.0.0.241/24
    }
}
";

fn node() -> Node {
    let reading = config::read("a.conf", CONFIG, &NoSources);
    let link = LinkFacts {
        name: "eth0".to_string(),
        mac: Mac([2, 0, 0, 0, 0, 1]),
        mtu: 1500,
        up: true,
        addresses: vec!["10.0.0.1/24".parse().expect("an address")],
    };
    Node::new(Arc::new(reading.config), &HostFacts { hostname: "a".to_string(), links: vec![link], ..HostFacts::default() })
}

fuzz_target!(|bytes: &[u8]| {
    let (mut node, mut effects, mut now) = (node(), Effects::new(Cost::RECORDED), Instant::ZERO);
    node.handle(Input::Start, now, &mut effects);
    let mut rest = bytes;
    while let [what, time, tail @ ..] = rest {
        rest = tail;
        now = now + Duration::from_micros(u64::from(*time) * u64::from(*time) * 100);
        effects.clear(Origin(0));
        match what % 8 {
            0 | 1 => node.handle(Input::Wake, now, &mut effects),
            2 => now = node.deadline().unwrap_or(now).max(now),
            3 => {
                let link = LinkId(0);
                let up = what & 8 != 0;
                node.handle(Input::Kernel(KernelEvent::Link { link, up }), now, &mut effects);
            }
            4 if *what == 252 => node.handle(Input::Signal(Signal::Term), now, &mut effects),
            _ => {
                let length = tail.first().map_or(0, |n| usize::from(*n)).min(tail.len().saturating_sub(1));
                let mut packet = tail.get(1..=length).unwrap_or_default().to_vec();
                rest = tail.get(length + 1..).unwrap_or_default();
                if what & 16 != 0 && packet.len() >= 28 {
                    vrrp2::fill_checksum(&mut packet[20..]);
                }
                node.handle(Input::Packet { sock: SockId(0), packet: Packet::V4(&packet) }, now, &mut effects);
            }
        }
        for i in 0..effects.len() {
            let _ = effects.get(i);
        }
    }
});
