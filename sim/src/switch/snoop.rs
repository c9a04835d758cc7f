//! IGMP snooping (RFC 4541): who hears which IPv4 group, learned from the reports of hosts.
//!
//! A real switch floods 224.0.0.0/24 whatever it learned (RFC 4541, 2.1.2); a strict one does not, which is how
//! adverts get lost some minutes after everything was seen to work. IPv6 groups are flooded here: MLD is not
//! snooped yet.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use vrrplab_engine::time::Instant;
use vrrplab_engine::wire::igmp::{ALL_HOSTS, Igmp, PROTOCOL, REPORTS, Record};
use vrrplab_engine::wire::{ethernet, ipv4};

use crate::scenario::Snooping;

/// What a switch knows of groups.
#[derive(Clone, Debug)]
pub(super) struct Snoop {
    policy: Snooping,
    /// By group and port: until when it is believed.
    members: BTreeMap<(Ipv4Addr, usize), Instant>,
    /// Ports from which a query came, until when they count as the way to a router.
    routers: BTreeMap<usize, Instant>,
}

impl Snoop {
    /// Knows nothing.
    pub(super) fn new(policy: Snooping) -> Snoop {
        Snoop { policy, members: BTreeMap::new(), routers: BTreeMap::new() }
    }

    /// Learns from a frame that came in by a port. A host alone at its port leaves at once; behind a port that
    /// `shared` says has several, memberships only age.
    pub(super) fn learn(&mut self, port: usize, shared: bool, frame: &[u8], now: Instant) {
        let Some((header, payload)) = packet(frame) else { return };
        if header.protocol != PROTOCOL {
            return;
        }
        let until = now + self.policy.timeout;
        match Igmp::parse(payload) {
            Ok(Igmp::Query { .. }) => drop(self.routers.insert(port, until)),
            Ok(Igmp::Report(records)) => {
                for (record, group) in records {
                    match record {
                        Record::Join | Record::Member => drop(self.members.insert((group, port), until)),
                        Record::Leave if !shared => drop(self.members.remove(&(group, port))),
                        Record::Leave => {}
                    }
                }
            }
            Err(_) => {}
        }
    }

    /// A port lost its link, and what was learned there with it.
    pub(super) fn unplug(&mut self, port: usize) {
        self.members.retain(|(_, p), _| *p != port);
        self.routers.remove(&port);
    }

    /// The group of a frame that may not go to every port: `None` is to be flooded.
    pub(super) fn group(&self, frame: &[u8]) -> Option<Ipv4Addr> {
        let (header, _) = packet(frame)?;
        let group = header.destination;
        let local = group.octets()[..3] == [224, 0, 0];
        let flooded = match group {
            // Queries go everywhere, reports to routers alone (RFC 4541, 2.1.1).
            ALL_HOSTS => true,
            REPORTS => false,
            _ => !group.is_multicast() || (local && !self.policy.strict),
        };
        (!flooded).then_some(group)
    }

    /// Whether a frame for this group goes to this port.
    pub(super) fn goes_to(&self, group: Ipv4Addr, port: usize, now: Instant) -> bool {
        let lasts = |until: Option<&Instant>| until.is_some_and(|until| *until > now);
        if lasts(self.routers.get(&port)) || lasts(self.members.get(&(group, port))) {
            return true;
        }
        let mut all = self.members.range((group, 0)..=(group, usize::MAX));
        self.policy.unregistered_flooded && group != REPORTS && !all.any(|(_, until)| *until > now)
    }
}

/// The IPv4 packet of a frame.
fn packet(frame: &[u8]) -> Option<(ipv4::Header, &[u8])> {
    let (header, payload) = ethernet::Header::parse(frame).ok()?;
    (header.ethertype == ethernet::IPV4).then(|| ipv4::Header::parse(payload).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_engine::addr::Mac;
    use vrrplab_engine::time::Duration;

    const VRRP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
    const FAR: Ipv4Addr = Ipv4Addr::new(224, 0, 10, 18);

    fn snoop(strict: bool, unregistered_flooded: bool) -> Snoop {
        let timeout = Duration::from_secs(260);
        Snoop::new(Snooping { querier: false, timeout, strict, unregistered_flooded })
    }

    fn framed(message: &Igmp, to: Ipv4Addr) -> Vec<u8> {
        let mut frame = Vec::new();
        let header = ethernet::Header {
            destination: Mac::of_group(to),
            source: Mac([2, 0, 0, 0, 0, 1]),
            ethertype: ethernet::IPV4,
        };
        header.emit(&mut frame);
        message.emit_packet(Ipv4Addr::new(10, 0, 0, 1), &mut frame);
        frame
    }

    fn report(record: Record, group: Ipv4Addr) -> Vec<u8> {
        framed(&Igmp::Report(vec![(record, group)]), REPORTS)
    }

    fn to(group: Ipv4Addr) -> Vec<u8> {
        let mut frame = framed(&Igmp::Report(vec![]), group);
        frame[30..34].copy_from_slice(&group.octets());
        ipv4::fill_checksum(&mut frame[14..38]);
        frame
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn link_local_groups_are_flooded_unless_the_switch_is_strict() {
        assert_eq!(snoop(false, false).group(&to(VRRP)), None);
        assert_eq!(snoop(false, false).group(&to(FAR)), Some(FAR));
        assert_eq!(snoop(true, false).group(&to(VRRP)), Some(VRRP));
        assert_eq!(snoop(true, false).group(&to(ALL_HOSTS)), None);
        assert_eq!(snoop(true, false).group(&to(Ipv4Addr::new(10, 0, 0, 1))), None);
    }

    #[test]
    fn a_member_hears_its_group_until_it_ages_or_leaves() {
        let mut snoop = snoop(true, false);
        snoop.learn(1, false, &report(Record::Join, VRRP), at(0));
        assert!(snoop.goes_to(VRRP, 1, at(259)) && !snoop.goes_to(VRRP, 1, at(260)));
        assert!(!snoop.goes_to(VRRP, 2, at(1)) && !snoop.goes_to(FAR, 1, at(1)));
        snoop.learn(1, false, &report(Record::Member, VRRP), at(300));
        assert!(snoop.goes_to(VRRP, 1, at(559)));
        snoop.learn(1, true, &report(Record::Leave, VRRP), at(301));
        assert!(snoop.goes_to(VRRP, 1, at(301)), "somebody else may be behind that port");
        snoop.learn(1, false, &report(Record::Leave, VRRP), at(302));
        assert!(!snoop.goes_to(VRRP, 1, at(302)));
    }

    #[test]
    fn reports_go_to_routers_alone_and_routers_hear_everything() {
        let mut snoop = snoop(true, true);
        assert!(!snoop.goes_to(REPORTS, 1, at(0)));
        snoop.learn(1, false, &framed(&Igmp::Query { max_response: 100, interval: 125 }, ALL_HOSTS), at(0));
        assert!(snoop.goes_to(REPORTS, 1, at(1)) && snoop.goes_to(FAR, 1, at(1)));
        snoop.unplug(1);
        assert!(!snoop.goes_to(REPORTS, 1, at(1)));
    }

    #[test]
    fn what_nobody_asked_for_is_flooded_only_where_that_is_said() {
        let mut flooding = snoop(true, true);
        assert!(flooding.goes_to(FAR, 1, at(0)) && !snoop(true, false).goes_to(FAR, 1, at(0)));
        flooding.learn(2, false, &report(Record::Join, FAR), at(0));
        assert!(!flooding.goes_to(FAR, 1, at(1)) && flooding.goes_to(FAR, 2, at(1)));
        assert!(flooding.goes_to(FAR, 1, at(260)), "until the last membership has aged");
    }
}
