//! Group membership as hosts' kernels report it, on segments whose switch listens: two reports when a daemon
//! joins a group or leaves it, the second up to 1 s later (recorded; RFC 3376, 8.11 with robustness 2), and an
//! answer to each query. And the queries of switches that ask.
//!
//! Absent on purpose: reports where no switch snoops; MLD.

use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::time::Duration;
use vrrplab_engine::wire::igmp::{Igmp, REPORTS, Record};

use super::World;
use super::queue::Item;
use crate::fabric::{QUERY_INTERVAL, igmp_frame};
use crate::frame::Summary;
use crate::observer::Observer;
use crate::rng::Rng;
use crate::trace::{Cause, What};

/// Within this time a change is reported again (RFC 3376, 8.11).
const UNSOLICITED: Duration = Duration::from_secs(1);

/// What a host reports about one of its links.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Saying {
    /// It is a member of this group now.
    Join(Ipv4Addr),
    /// It no longer is.
    Leave(Ipv4Addr),
    /// All its memberships.
    Answer,
}

impl World {
    /// A daemon's first socket of a group was opened on a link, or its last one was closed.
    pub(super) fn membership_changed(&mut self, h: usize, link: usize, group: Ipv4Addr, member: bool) {
        let kernel = &self.hosts[h].kernel;
        if !kernel.powered || !self.fabric.snoops(self.fabric.port(h, link).segment) {
            return;
        }
        let saying = if member { Saying::Join(group) } else { Saying::Leave(group) };
        let again = self.now + self.within(h, link, UNSOLICITED);
        for at in [self.now, again] {
            self.queue.push(at, Item::Report { host: h, link, saying });
        }
    }

    /// A time from 1 µs to `most`, drawn for this link at this instant.
    fn within(&self, h: usize, link: usize, most: Duration) -> Duration {
        let own = Rng::new(self.seed, ((h as u64) << 32) | link as u64).next_u64();
        let mut rng = Rng::new(own, self.now.as_micros());
        Duration::from_micros(1 + rng.below(most.as_micros()))
    }

    /// A query reached a host: it answers with all its memberships within the time that the query gives.
    pub(super) fn queried(&mut self, h: usize, link: usize, message: &[u8]) {
        let Ok(Igmp::Query { max_response, .. }) = Igmp::parse(message) else { return };
        if self.memberships(h, link).is_empty() {
            return;
        }
        let most = Duration::from_millis(u64::from(max_response.max(1)) * 100);
        let at = self.now + self.within(h, link, most);
        self.queue.push(at, Item::Report { host: h, link, saying: Saying::Answer });
    }

    /// The groups that this host's daemon listens to on a link, each once.
    fn memberships(&self, h: usize, link: usize) -> Vec<Ipv4Addr> {
        let mut groups = self.hosts[h].daemon.as_ref().map(|d| d.groups(link)).unwrap_or_default();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// A host reports what it had in mind, if it is still true.
    pub(super) fn report<O: Observer>(&mut self, h: usize, link: usize, saying: Saying, observer: &mut O) {
        let groups = self.memberships(h, link);
        let records = match saying {
            Saying::Join(group) if groups.contains(&group) => vec![(Record::Join, group)],
            Saying::Leave(group) if !groups.contains(&group) => vec![(Record::Leave, group)],
            Saying::Answer if !groups.is_empty() => groups.into_iter().map(|g| (Record::Member, g)).collect(),
            _ => return,
        };
        let own = &self.hosts[h].kernel.links[link];
        if !self.hosts[h].kernel.powered || !own.carrier {
            return;
        }
        let first = own.addresses.iter().find_map(|c| match c.address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
        let source = own.mac;
        let frame = self.frames.make(|f| {
            igmp_frame(f, source, REPORTS, &Igmp::Report(records), first.unwrap_or(Ipv4Addr::UNSPECIFIED));
        });
        self.transmit(h, link, frame, Cause::None, observer);
    }

    /// A switch asks all hosts, and sets the next time going.
    pub(super) fn query<O: Observer>(&mut self, n: usize, observer: &mut O) {
        self.queue.push(self.now + QUERY_INTERVAL, Item::Query(n));
        let querier = self.fabric.queriers()[n];
        let frame = self.frames.make(|f| querier.query(f));
        self.counts.sent += 1;
        let number = self.counts.sent as u32;
        let bytes = self.frames.get(frame);
        let links: usize = self.hosts.iter().map(|h| h.kernel.links.len()).sum();
        observer.frame(number, self.now, links + n, 0, bytes);
        let port = querier.port;
        if O::EVENTS {
            let link = self.scenario.segments[port.segment].name.clone();
            let what = What::Tx { frame: number, link, summary: Summary::of(bytes) };
            self.tell(observer, None, what, Cause::None);
        }
        let at = self.now + self.fabric.latency(port.segment);
        self.queue.push(at, Item::Arrive { port, frame, number });
    }
}
