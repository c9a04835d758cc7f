//! Segments with `switch = "kernel"` or `"netem"`: a bridge of the kernel for each. Frames go from port to port inside the kernel,
//! and the packet sockets at its ports only listen. With `"netem"` the kernel's netem stands at each port, where frames leave to
//! their host, and does what is in force on the segment.

use std::io;

use vrrplab_engine::time::Duration;
use vrrplab_sim::scenario::{
    HostIndex, Impairment, Medium, NetworkFault, Scenario, SegmentIndex, SwitchKind,
};

use super::host::LabHost;
use crate::kernel::netlink::Netlink;
use crate::netem::Netem;

/// The bridges, by segment; none where the switch is ours.
#[derive(Debug)]
pub(super) struct Bridges(Vec<Option<Bridge>>);

#[derive(Debug)]
struct Bridge {
    index: u32,
    /// None without netem.
    netem: Option<Impaired>,
}

/// What netem does on a segment.
#[derive(Debug)]
struct Impaired {
    latency: Duration,
    /// The impairments that are in force, each with the act that brought it; those from the beginning have none.
    in_force: Vec<(Option<usize>, Impairment)>,
    /// The switch's ends of all cables, each with whose it is.
    ports: Vec<(HostIndex, u32)>,
}

impl Bridges {
    /// Makes them, with all hosts plugged in. Interfaces of the calling thread's namespace must be made without IPv6: a bridge
    /// says nothing of its own.
    pub(super) fn build(
        outside: &mut Netlink,
        scenario: &Scenario,
        hosts: &[LabHost],
    ) -> io::Result<Bridges> {
        let mut all = Vec::with_capacity(scenario.segments.len());
        for (s, segment) in scenario.segments.iter().enumerate() {
            if segment.switch == SwitchKind::Ours {
                all.push(None);
                continue;
            }
            let name = format!("s{s}");
            outside.add_bridge(&name)?;
            let index = outside.link(&name)?.index;
            outside.set_up(index, true)?;
            let netem = (segment.switch == SwitchKind::Netem).then(|| Impaired {
                latency: segment.latency,
                in_force: segment.impairments.iter().map(|impairment| (None, *impairment)).collect(),
                ports: ports(scenario, SegmentIndex(s), hosts),
            });
            all.push(Some(Bridge { index, netem }));
        }
        let bridges = Bridges(all);
        for (h, host) in scenario.hosts.iter().enumerate() {
            for (l, link) in host.links.iter().enumerate() {
                bridges.plug(outside, link.segment.0, &hosts[h].links[l], true)?;
            }
        }
        bridges.netems().try_for_each(|netem| netem.settle(outside))?;
        Ok(bridges)
    }

    fn netems(&self) -> impl Iterator<Item = &Impaired> {
        self.0.iter().flatten().filter_map(|bridge| bridge.netem.as_ref())
    }

    /// Whether the kernel carries the frames of this segment.
    pub(super) fn carries(&self, segment: usize) -> bool {
        self.0[segment].is_some()
    }

    /// Puts the switch's end of a cable on the bridge of its segment, if that has one, or takes it off.
    pub(super) fn plug(
        &self,
        outside: &mut Netlink,
        segment: usize,
        link: &super::host::LabLink,
        plugged: bool,
    ) -> io::Result<()> {
        match &self.0[segment] {
            Some(bridge) => outside.set_master(link.outer, if plugged { bridge.index } else { 0 }),
            None => Ok(()),
        }
    }

    /// Does the script's act of this number, if it is about a segment with netem.
    pub(super) fn act(&mut self, outside: &mut Netlink, act: usize, fault: &NetworkFault) -> io::Result<()> {
        let (NetworkFault::Impair { on, .. } | NetworkFault::Clear(on)) = fault else { return Ok(()) };
        let Medium::Segment(segment) = on else { return Ok(()) };
        let Some(netem) = self.0[segment.0].as_mut().and_then(|bridge| bridge.netem.as_mut()) else {
            return Ok(());
        };
        match fault {
            NetworkFault::Impair { impairment, .. } => netem.in_force.push((Some(act), *impairment)),
            _ => netem.in_force.clear(),
        }
        netem.settle(outside)
    }

    /// The time of an act's impairment is over.
    pub(super) fn end_impairment(&mut self, outside: &mut Netlink, act: usize) -> io::Result<()> {
        for netem in self.0.iter_mut().flatten().filter_map(|bridge| bridge.netem.as_mut()) {
            let before = netem.in_force.len();
            netem.in_force.retain(|(by, _)| *by != Some(act));
            if netem.in_force.len() != before {
                netem.settle(outside)?;
            }
        }
        Ok(())
    }
}

/// The switch's ends of the cables of a segment.
fn ports(scenario: &Scenario, segment: SegmentIndex, hosts: &[LabHost]) -> Vec<(HostIndex, u32)> {
    let links = scenario.hosts.iter().enumerate().flat_map(|(h, host)| {
        host.links.iter().zip(&hosts[h].links).map(move |(spec, link)| (HostIndex(h), spec, link))
    });
    links.filter(|(_, spec, _)| spec.segment == segment).map(|(h, _, link)| (h, link.outer)).collect()
}

impl Impaired {
    /// Gives each port what is in force for it.
    fn settle(&self, outside: &mut Netlink) -> io::Result<()> {
        for (host, port) in &self.ports {
            let here = self.in_force.iter().map(|(_, i)| i).filter(|i| i.to.is_none_or(|to| to == *host));
            let netem = Netem::of(self.latency, here).map_err(io::Error::other)?;
            outside.set_netem(*port, &netem)?;
        }
        Ok(())
    }
}
