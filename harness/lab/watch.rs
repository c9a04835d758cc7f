//! What kernels and daemons tell: addresses and neighbours by netlink, states by FIFO, children by their stand-ins, log lines.

use std::collections::BTreeSet;
use std::io;

use netlink_packet_route::neighbour::NeighbourState as Kernel;
use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::{Announced, Exit};
use vrrplab_engine::vrrp::State;
use vrrplab_sim::anchors::Sight;
use vrrplab_sim::trace::{Cause, Name, NeighbourState, What};

use super::host::Above;
use super::launch::frr;
use super::lines;
use super::node::{Lines, processes_of};
use super::priority::has_started;
use super::world::Lab;
use crate::kernel::netlink::{AddressState, Change, LinkState, NeighbourEntry};

impl Lab {
    /// A host's kernel reports changes.
    pub(super) fn kernel_told(&mut self, h: usize) -> io::Result<()> {
        for change in self.hosts[h].monitor.read()? {
            match change {
                Change::AddressAdded(address) => self.address(h, &address, true),
                Change::AddressRemoved(address) => self.address(h, &address, false),
                Change::Neighbour(entry) => self.neighbour(h, &entry),
                Change::Route { added, route, .. } => {
                    if let Some(way) = lines::way(&route, |index| self.link_name(h, index)) {
                        let route = way.to_string();
                        self.tell(self.clock.now(), Some(h), What::Route { added, route }, Cause::None);
                    }
                }
                Change::Rule { added, rule, .. } => {
                    if let Some(policy) = lines::policy(&rule) {
                        let rule = policy.to_string();
                        self.tell(self.clock.now(), Some(h), What::Rule { added, rule }, Cause::None);
                    }
                }
                Change::Link(state) => self.link_above(h, &state),
                Change::LinkGone(index) => {
                    if let Some(above) = self.hosts[h].above.remove(&index).filter(|above| above.live) {
                        above.addresses.iter().for_each(|cidr| self.holds(h, above.link, *cidr, false));
                    }
                }
            }
        }
        Ok(())
    }

    fn address(&mut self, h: usize, address: &AddressState, added: bool) {
        let AddressState { index, cidr, .. } = *address;
        let host = &mut self.hosts[h];
        let above = host.above.get_mut(&index);
        let (link, mac) = match (host.by_index.get(&index), &above) {
            (Some(&link), _) => (link, None),
            (None, Some(above)) => (above.link, above.mac),
            (None, None) => return,
        };
        // What the kernel makes of an Ethernet address it makes and drops by itself.
        let own = [Some(self.scenario.hosts[h].links[link].mac), mac];
        if own.into_iter().flatten().any(|mac| cidr.address == mac.link_local()) {
            return;
        }
        if let Some(above) = above {
            let changed = if added { above.addresses.insert(cidr) } else { above.addresses.remove(&cidr) };
            if !changed || !above.live {
                return;
            }
        }
        self.holds(h, link, cidr, added);
    }

    /// An interface above a link of the host is now so.
    fn link_above(&mut self, h: usize, state: &LinkState) {
        let Some(link) = state.parent.and_then(|parent| self.link_of(h, parent)) else { return };
        let (mac, live, addresses) = (state.mac, state.live, BTreeSet::new());
        let fresh = Above { link, mac, live, addresses };
        let above = self.hosts[h].above.entry(state.index).or_insert(fresh);
        if above.live == live {
            return;
        }
        above.live = live;
        for cidr in above.addresses.clone() {
            self.holds(h, link, cidr, live);
        }
    }

    /// A host has an address now, or has it no longer.
    fn holds(&mut self, h: usize, link: usize, cidr: Cidr, added: bool) {
        let name = self.scenario.hosts[h].links[link].name.clone();
        self.tell(self.clock.now(), Some(h), What::Address { added, cidr, link: name }, Cause::None);
        self.address_seen(h, cidr.address, added);
    }

    fn link_name(&self, h: usize, index: u32) -> Option<Name> {
        Some(self.scenario.hosts[h].links[self.link_of(h, index)?].name.clone())
    }

    fn link_of(&self, h: usize, index: u32) -> Option<usize> {
        self.hosts[h].by_index.get(&index).copied()
    }

    fn neighbour(&mut self, h: usize, entry: &NeighbourEntry) {
        if self.link_of(h, entry.index).is_none() || entry.address.is_multicast() {
            return;
        }
        let state = match entry.state {
            Some(Kernel::Incomplete) => NeighbourState::Incomplete,
            Some(Kernel::Reachable) => NeighbourState::Reachable,
            Some(Kernel::Stale) => NeighbourState::Stale,
            Some(Kernel::Delay) => NeighbourState::Delay,
            Some(Kernel::Probe) => NeighbourState::Probe,
            Some(Kernel::Failed) | None => NeighbourState::Failed,
            // Groups and the host itself.
            Some(_) => return,
        };
        let mac = entry.mac.filter(|_| !matches!(state, NeighbourState::Incomplete | NeighbourState::Failed));
        let what = What::Neighbour { address: entry.address, mac, state };
        self.tell(self.clock.now(), Some(h), what, Cause::None);
    }

    /// A daemon tells its states.
    pub(super) fn claimed(&mut self, h: usize) -> io::Result<()> {
        let now = self.clock.now();
        let Some(node) = &mut self.nodes[h] else { return Ok(()) };
        let lines = node.claims.as_mut().map_or(Ok(Vec::new()), |pipe| pipe.read())?;
        let users = node.launch.claims.as_ref().and_then(|claims| claims.of_the_user);
        for line in lines {
            if let Some(fifo) = users {
                self.tell(now, Some(h), What::Fifo { fifo, line: line.clone() }, Cause::None);
            }
            match parse(&line) {
                Some(Said::Instance(name, to, priority)) => self.claim(h, name, to, priority),
                Some(Said::Group(group, to)) => {
                    self.tell(now, Some(h), What::Group { group, to }, Cause::None);
                }
                None => {
                    let text = format!("not understood in the notify FIFO: {line}");
                    self.tell(now, Some(h), What::Log(text), Cause::None);
                }
            }
        }
        Ok(())
    }

    fn claim(&mut self, h: usize, instance: Name, to: Announced, priority: u8) {
        let now = self.clock.now();
        self.is_there(h);
        let node = self.nodes[h].as_mut().expect("who claims is a node");
        let state = match to {
            Announced::Backup => Some(State::Backup),
            Announced::Master => Some(State::Master),
            Announced::Fault => Some(State::Fault),
            Announced::Stop | Announced::Deleted | Announced::MasterRxLowerPri => None,
        };
        let before = node.announced.get(&instance).copied();
        let from = before.filter(|before| state.is_some_and(|state| state != *before));
        if let Some(state) = state {
            node.announced.insert(instance.clone(), state);
        }
        let sight = instance.clone();
        self.tell(now, Some(h), What::Claim { instance, from, to, priority }, Cause::None);
        self.noticed(now, Sight::State(h, &sight, to));
    }

    /// A daemon works from now on.
    fn is_there(&mut self, h: usize) {
        let now = self.clock.now();
        let node = self.nodes[h].as_mut().expect("who says so is a node");
        // Where its processes cannot be listed it stays among those that start: later now and then, which is measured.
        if node.is_there(now)
            && let Ok(own) = processes_of(&self.hosts[h])
        {
            own.into_iter().for_each(has_started);
        }
    }

    /// Stand-ins of commands tell what they do.
    pub(super) fn jobs_told(&mut self, h: usize) -> io::Result<()> {
        let now = self.clock.now();
        let Some(node) = &mut self.nodes[h] else { return Ok(()) };
        for line in node.jobs.read()? {
            let mut words = line.splitn(3, ' ');
            let (Some(verb), Some(pid), Some(rest)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let Ok(pid) = pid.parse::<u32>() else { continue };
            let node = self.nodes[h].as_mut().expect("stand-ins are of nodes");
            let what = match verb {
                "start" => {
                    let job = self.record.next_job();
                    node.children.insert(pid, job);
                    What::Spawn { job, command: rest.to_string() }
                }
                _ => {
                    let (Some(job), Ok(number)) = (node.children.remove(&pid), rest.parse()) else {
                        continue;
                    };
                    let exit = if verb == "exit" { Exit::Status(number) } else { Exit::Signal(number) };
                    What::Exit { job, exit }
                }
            };
            self.tell(now, Some(h), what, Cause::None);
        }
        Ok(())
    }

    /// A daemon writes log lines.
    pub(super) fn logged(&mut self, h: usize) -> io::Result<()> {
        let Some(node) = &mut self.nodes[h] else { return Ok(()) };
        let lines = node.log.as_mut().map_or(Ok(Vec::new()), |pipe| pipe.read())?;
        // What has ended is readable for ever, and a daemon may close its log long before it ends.
        if node.log.as_ref().is_some_and(Lines::has_ended) {
            node.log = None;
        }
        for line in lines {
            if line.contains(STARTED) {
                self.is_there(h);
            }
            self.log_line(h, undated(&line));
        }
        Ok(())
    }

    fn log_line(&mut self, h: usize, line: &str) {
        let now = self.clock.now();
        let routers = self.nodes[h].as_ref().map(|node| &node.launch.logs).filter(|logs| !logs.is_empty());
        let said = routers.map_or(frr::Said::Words, |routers| frr::said(line, routers));
        if said != frr::Said::Nothing {
            self.tell(now, Some(h), What::Log(line.to_string()), Cause::None);
        }
        if let frr::Said::State(instance, to, priority) = said {
            self.claim(h, instance, to, priority);
        }
    }
}

/// What keepalived logs when it begins to work.
const STARTED: &str = "Startup complete";

/// What a daemon says in its FIFO.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Said {
    Instance(Name, Announced, u8),
    Group(Name, Announced),
}

/// `INSTANCE "VI_1" MASTER 100` · `GROUP "G1" MASTER 0`
fn parse(line: &str) -> Option<Said> {
    let (kind, rest) = line.split_once(" \"")?;
    let (name, rest) = rest.split_once("\" ")?;
    let mut words = rest.split(' ');
    let (state, priority) = (words.next()?, words.next()?);
    let all = [
        Announced::Backup,
        Announced::Master,
        Announced::Fault,
        Announced::Stop,
        Announced::Deleted,
        Announced::MasterRxLowerPri,
    ];
    let to = all.into_iter().find(|to| to.word() == state)?;
    match kind {
        "INSTANCE" => Some(Said::Instance(name.into(), to, priority.parse().ok()?)),
        "GROUP" => Some(Said::Group(name.into(), to)),
        _ => None,
    }
}

/// A line without the date that keepalived puts before it on a console, `Mon Nov 23 21:45:06 2026: `, or FRR, `2026/11/23 21:45:06 `.
fn undated(line: &str) -> &str {
    let bytes = line.as_bytes();
    if bytes.get(24..26) == Some(b": ") && bytes.get(3) == Some(&b' ') {
        return line.get(26..).unwrap_or(line);
    }
    let frr = bytes.get(4) == Some(&b'/') && bytes.get(7) == Some(&b'/') && bytes.get(19) == Some(&b' ');
    if frr { line.get(20..).unwrap_or(line) } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_fifo_are_understood() {
        let instance = Said::Instance("VI_1".into(), Announced::Master, 100);
        assert_eq!(parse("INSTANCE \"VI_1\" MASTER 100"), Some(instance));
        assert_eq!(parse("GROUP \"G 1\" FAULT 0"), Some(Said::Group("G 1".into(), Announced::Fault)));
        for wrong in
            ["", "INSTANCE", "INSTANCE \"x\" ASLEEP 1", "INSTANCE \"x\" MASTER 300", "OTHER \"x\" STOP 1"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_date_is_no_part_of_a_line() {
        assert_eq!(
            undated("Mon Nov 23 21:45:06 2026: (VI_1) Entering MASTER STATE"),
            "(VI_1) Entering MASTER STATE"
        );
        assert_eq!(undated("(VI_1) Entering MASTER STATE"), "(VI_1) Entering MASTER STATE");
        assert_eq!(undated("2026/11/23 22:19:24 VRRP: x"), "VRRP: x");
    }
}
