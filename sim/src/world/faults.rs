//! The script: what the laboratory does to hosts and wires.

use std::sync::Arc;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::{KernelEvent, LinkId, Signal};

use super::World;
use super::queue::Item;
use crate::anchors::Sight;
use crate::observer::Observer;
use crate::scenario::{Fault, HostIndex, Medium, NetworkFault, Scenario, SegmentIndex};
use crate::trace::{Cause, What};

impl World {
    /// Something happened that acts may wait for: those are set going.
    pub(super) fn noticed(&mut self, sight: Sight<'_>) {
        if self.anchors.is_empty() {
            return;
        }
        for (plus, act) in self.anchors.meet(sight) {
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
                // First, so that nobody is left to say goodbye.
                self.hosts[node.0].kernel.powered = false;
                self.end_daemon(node.0);
                self.hosts[node.0].things.lose_power();
                self.forget_everything(node.0, cause, observer);
                if let Some(back) = back {
                    self.queue.push(self.now + *back, Item::Power { host: node.0, act: n });
                }
            }
            Fault::Kill(node) => self.end_daemon(node.0),
            Fault::Stop(node) => self.signal(node.0, Signal::Term, origin, observer),
            Fault::Start { node, config } => {
                if let Some(config) = config {
                    self.hosts[node.0].reading = Some(Arc::clone(&scenario.configurations[*config]));
                }
                if !self.hosts[node.0].kernel.powered {
                    self.power_on(node.0, n, observer);
                }
                self.start_daemon(node.0, origin, observer);
            }
            Fault::Reload { node, config } => {
                if let Some(config) = config {
                    self.hosts[node.0].reading = Some(Arc::clone(&scenario.configurations[*config]));
                }
                self.reload_daemon(node.0, origin, observer);
            }
            Fault::Pause(node) => self.pause(node.0, true),
            Fault::Resume(node) => self.pause(node.0, false),
            Fault::Carrier { host, link, up } => self.set_carrier(n, *host, *link, *up, observer),
            Fault::Address { node, link, cidr, added } => {
                self.stranger(n, (node.0, *link), *cidr, *added, observer);
            }
            Fault::Filter { host, rule, added } => self.hosts[host.0].kernel.filter.change(rule, *added),
            Fault::File { node, path, content } => self.change_file(n, node.0, path, content.as_deref()),
            Fault::Process { node, pattern, running } => {
                self.change_processes(n, node.0, pattern, *running);
            }
            Fault::Script { node, model } => self.set_model(node.0, model),
            Fault::Network(fault) => {
                if let Some(end) = self.fabric.act(n, fault, self.now) {
                    self.queue.push(end, Item::EndOfImpairment { act: n });
                }
            }
        }
    }

    /// The bare host is back with its own addresses.
    pub(super) fn power_on<O: Observer>(&mut self, h: usize, act: usize, observer: &mut O) {
        if self.hosts[h].kernel.powered {
            return;
        }
        self.hosts[h].kernel.powered = true;
        for link in 0..self.hosts[h].kernel.links.len() {
            self.fabric.plug(h, link, self.now);
        }
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
        } else {
            self.fabric.plug(host.0, link, self.now);
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

    /// The time of an act's impairment is over, unless something else has ended it before.
    pub(super) fn end_impairment<O: Observer>(&mut self, act: usize, observer: &mut O) {
        if self.fabric.end_impairment(act) {
            let text = format!("over: act {}", act + 1);
            self.tell(observer, None, What::Fault(text), Cause::Fault(act as u32 + 1));
        }
    }
}

/// An act in words: `crash a`, `partition lan: a | b probe`, `mute a -> b`.
pub fn describe(scenario: &Scenario, fault: &Fault) -> String {
    let name = |h: &HostIndex| &scenario.hosts[h.0].name;
    let lan = |s: &SegmentIndex| &scenario.segments[s.0].name;
    match fault {
        Fault::Crash { node, .. } => format!("crash {}", name(node)),
        Fault::Kill(node) => format!("kill {}", name(node)),
        Fault::Stop(node) => format!("stop {}", name(node)),
        Fault::Start { node, config: None } => format!("start {}", name(node)),
        Fault::Start { node, config: Some(_) } => format!("start {} with another configuration", name(node)),
        Fault::Reload { node, config: None } => format!("reload {}", name(node)),
        Fault::Reload { node, config: Some(_) } => {
            format!("reload {} with another configuration", name(node))
        }
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
        Fault::Network(NetworkFault::Partition { segment, group }) => {
            let on_it = |h: usize| scenario.hosts[h].links.iter().any(|l| l.segment == *segment);
            let groups = (0..=group.iter().copied().max().unwrap_or(0)).map(|g| {
                let members = (0..group.len()).filter(|&h| group[h] == g && on_it(h));
                members.map(|h| scenario.hosts[h].name.to_string()).collect::<Vec<_>>().join(" ")
            });
            format!("partition {}: {}", lan(segment), groups.collect::<Vec<_>>().join(" | "))
        }
        Fault::Network(NetworkFault::Heal(segment)) => format!("heal {}", lan(segment)),
        Fault::File { node, path, content: None } => format!("file {} {path} absent", name(node)),
        Fault::File { node, path, content: Some(text) } => format!("file {} {path} `{text}`", name(node)),
        Fault::Process { node, pattern, running } => format!("process {} {pattern} {running}", name(node)),
        Fault::Script { node, model } => super::jobs::describe(name(node), model),
        Fault::Network(NetworkFault::Mute { from, to }) => format!("mute {} -> {}", name(from), name(to)),
        Fault::Network(NetworkFault::Unmute { from, to }) => format!("unmute {} -> {}", name(from), name(to)),
        Fault::Network(NetworkFault::Impair { on, impairment, lasts }) => {
            let ends = match (&impairment.from, &impairment.to) {
                (None, None) => String::new(),
                (Some(from), None) => format!(" {} -> any", name(from)),
                (None, Some(to)) => format!(" any -> {}", name(to)),
                (Some(from), Some(to)) => format!(" {} -> {}", name(from), name(to)),
            };
            let lasts = lasts.map_or(String::new(), |lasts| format!(" for {lasts}"));
            format!("impair {}{ends}: {impairment}{lasts}", medium(scenario, *on))
        }
        Fault::Network(NetworkFault::Clear(on)) => format!("clear {}", medium(scenario, *on)),
        Fault::Network(NetworkFault::Trunk { trunk, up }) => {
            let name = &scenario.trunks[trunk.0].name;
            format!("trunk {name} {}", if *up { "up" } else { "down" })
        }
    }
}

/// The name of what an impairment is on.
fn medium(scenario: &Scenario, on: Medium) -> &str {
    match on {
        Medium::Segment(s) => &scenario.segments[s.0].name,
        Medium::Trunk(t) => &scenario.trunks[t.0].name,
    }
}
