//! Segments with `switch = "kernel"`: a bridge of the kernel for each. Frames go from port to port inside the kernel, and
//! the packet sockets at its ports only listen.

use std::io;

use vrrplab_sim::scenario::{Scenario, SwitchKind};

use super::host::LabHost;
use crate::kernel::netlink::Netlink;

/// The bridges, by segment: the index of each, or none where the switch is ours.
#[derive(Debug)]
pub(super) struct Bridges(Vec<Option<u32>>);

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
            all.push(Some(index));
        }
        let bridges = Bridges(all);
        for (h, host) in scenario.hosts.iter().enumerate() {
            for (l, link) in host.links.iter().enumerate() {
                bridges.plug(outside, link.segment.0, &hosts[h].links[l], true)?;
            }
        }
        Ok(bridges)
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
        match self.0[segment] {
            Some(bridge) => outside.set_master(link.outer, if plugged { bridge } else { 0 }),
            None => Ok(()),
        }
    }
}
