//! The script: what the laboratory does to hosts and wires.

use std::sync::Arc;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::{KernelEvent, LinkId, Signal};
use vrrplab_engine::time::Duration;

use super::World;
use super::frames::FrameId;
use super::queue::Item;
use crate::observer::Observer;
use crate::scenario::{Fault, HostIndex, Scenario, SegmentIndex};
use crate::trace::{Cause, What};

/// An act that waits for an advert.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    pub(super) node: HostIndex,
    /// How many adverts are still to come.
    pub(super) left: u32,
    pub(super) plus: Duration,
    pub(super) act: usize,
}

impl World {
    /// A frame left a port: acts that wait for this advert are set going.
    pub(super) fn look_for_adverts(&mut self, h: usize, frame: FrameId) {
        if !World::is_advert(self.frames.get(frame)) {
            return;
        }
        let mut due = Vec::new();
        self.watches.retain_mut(|watch| {
            if watch.node.0 == h {
                watch.left -= 1;
                if watch.left == 0 {
                    due.push((watch.plus, watch.act));
                }
            }
            watch.left > 0
        });
        for (plus, act) in due {
            self.queue.push(self.now + plus, Item::Act(act));
        }
    }

    /// Does the n-th act of the script.
    pub(super) fn act<O: Observer>(&mut self, n: usize, observer: &mut O) {
        let scenario = Arc::clone(&self.scenario);
        let fault = &scenario.script[n].fault;
        let (origin, cause) = (World::origin_of_act(n), Cause::Fault(n as u32 + 1));
        self.tell(observer, None, What::Fault(describe(&scenario, fault)), cause);
        match fault {
            Fault::Crash { node, back } => {
                self.end_daemon(node.0);
                self.forget_everything(node.0, cause, observer);
                self.hosts[node.0].kernel.powered = false;
                if let Some(back) = back {
                    self.queue.push(self.now + *back, Item::Power { host: node.0, act: n });
                }
            }
            Fault::Kill(node) => self.end_daemon(node.0),
            Fault::Stop(node) => self.signal(node.0, Signal::Term, origin, observer),
            Fault::Start(node) => {
                if !self.hosts[node.0].kernel.powered {
                    self.power_on(node.0, n, observer);
                }
                self.start_daemon(node.0, origin, observer);
            }
            Fault::Pause(node) => self.pause(node.0, true),
            Fault::Resume(node) => self.pause(node.0, false),
            Fault::Carrier { host, link, up } => self.set_carrier(n, *host, *link, *up, observer),
            Fault::Address { node, link, cidr, added } => {
                self.stranger(n, (node.0, *link), *cidr, *added, observer);
            }
            Fault::Filter { host, rule, added } => self.hosts[host.0].kernel.filter.change(rule, *added),
            Fault::Partition { segment, group } => self.partition(*segment, |h| group[h]),
            Fault::Heal(segment) => self.partition(*segment, |_| 0),
            Fault::Mute { from, to } => self.mute(*from, *to, true),
            Fault::Unmute { from, to } => self.mute(*from, *to, false),
        }
    }

    /// The bare host is back with its own addresses.
    pub(super) fn power_on<O: Observer>(&mut self, h: usize, act: usize, observer: &mut O) {
        if self.hosts[h].kernel.powered {
            return;
        }
        self.hosts[h].kernel.powered = true;
        let cause = Cause::Fault(act as u32 + 1);
        let text = format!("power {}", self.hosts[h].name);
        self.tell(observer, None, What::Fault(text), cause);
        let scenario = Arc::clone(&self.scenario);
        for (l, link) in scenario.hosts[h].links.iter().enumerate() {
            for cidr in &link.addresses {
                self.change_address(h, l, *cidr, true, cause, observer);
            }
        }
    }

    fn set_carrier<O: Observer>(
        &mut self,
        n: usize,
        host: HostIndex,
        link: usize,
        up: bool,
        observer: &mut O,
    ) {
        if self.carrier_of(host.0, link) == up {
            return;
        }
        let kernel = &mut self.hosts[host.0].kernel;
        kernel.links[link].carrier = up;
        if !up {
            self.lose_carrier(host.0, link);
        }
        let event = KernelEvent::Link { link: LinkId(link as u16), up };
        self.kernel_event(host.0, event, World::origin_of_act(n), observer);
    }

    /// Somebody who is not the daemon adds or removes an address; the kernel tells the daemon.
    fn stranger<O: Observer>(
        &mut self,
        n: usize,
        (h, link): (usize, usize),
        cidr: Cidr,
        added: bool,
        observer: &mut O,
    ) {
        let kernel = &self.hosts[h].kernel;
        if !kernel.powered || kernel.links[link].addresses.contains(&cidr) == added {
            return;
        }
        let changed = self.change_address(h, link, cidr, added, Cause::Fault(n as u32 + 1), observer);
        let link = LinkId(link as u16);
        for cidr in changed {
            let event = match added {
                true => KernelEvent::AddressAdded { link, cidr },
                false => KernelEvent::AddressRemoved { link, cidr },
            };
            self.kernel_event(h, event, World::origin_of_act(n), observer);
        }
    }

    fn partition(&mut self, segment: SegmentIndex, island: impl Fn(usize) -> u8) {
        for (port, (h, _)) in self.ports[segment.0].iter().enumerate() {
            self.switches[segment.0].set_island(port, island(*h));
        }
    }

    fn mute(&mut self, from: HostIndex, to: HostIndex, muted: bool) {
        for (segment, ports) in self.ports.iter().enumerate() {
            let of = |host: HostIndex| {
                ports.iter().enumerate().filter(move |(_, p)| p.0 == host.0).map(|(n, _)| n)
            };
            for a in of(from) {
                for b in of(to) {
                    self.switches[segment].mute(a, b, muted);
                }
            }
        }
    }
}

/// An act in words: `crash a`, `partition lan: a | b probe`, `mute a -> b`.
fn describe(scenario: &Scenario, fault: &Fault) -> String {
    let name = |h: &HostIndex| &scenario.hosts[h.0].name;
    let lan = |s: &SegmentIndex| &scenario.segments[s.0].name;
    match fault {
        Fault::Crash { node, .. } => format!("crash {}", name(node)),
        Fault::Kill(node) => format!("kill {}", name(node)),
        Fault::Stop(node) => format!("stop {}", name(node)),
        Fault::Start(node) => format!("start {}", name(node)),
        Fault::Pause(node) => format!("pause {}", name(node)),
        Fault::Resume(node) => format!("resume {}", name(node)),
        Fault::Carrier { host, link, up } => {
            let link = &scenario.hosts[host.0].links[*link].name;
            format!("carrier {} {link} {}", name(host), if *up { "up" } else { "down" })
        }
        Fault::Address { node, link, cidr, added } => {
            let link = &scenario.hosts[node.0].links[*link].name;
            format!("address {} {} {cidr} {link}", name(node), if *added { "+" } else { "-" })
        }
        Fault::Filter { host, rule, added } => {
            let links = &scenario.hosts[host.0].links;
            let rule = rule.words(|link| links[link].name.to_string());
            format!("filter {} {} {rule}", name(host), if *added { "+" } else { "-" })
        }
        Fault::Partition { segment, group } => {
            let on_it = |h: usize| scenario.hosts[h].links.iter().any(|l| l.segment == *segment);
            let groups = (0..=group.iter().copied().max().unwrap_or(0)).map(|g| {
                let members = (0..group.len()).filter(|&h| group[h] == g && on_it(h));
                members.map(|h| scenario.hosts[h].name.to_string()).collect::<Vec<_>>().join(" ")
            });
            format!("partition {}: {}", lan(segment), groups.collect::<Vec<_>>().join(" | "))
        }
        Fault::Heal(segment) => format!("heal {}", lan(segment)),
        Fault::Mute { from, to } => format!("mute {} -> {}", name(from), name(to)),
        Fault::Unmute { from, to } => format!("unmute {} -> {}", name(from), name(to)),
    }
}
