//! A switch that asks all hosts about their groups (RFC 3376).
//!
//! Absent on purpose: the election of a querier, MLD.

use std::net::Ipv4Addr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::Duration;
use vrrplab_engine::wire::ethernet;
use vrrplab_engine::wire::igmp::{ALL_HOSTS, Igmp};

use super::PortId;

/// Seconds between queries (RFC 3376, 8.2).
const INTERVAL: u8 = 125;
/// Tenths of a second to answer (RFC 3376, 8.3).
const MAX_RESPONSE: u8 = 100;

/// From one query to the next: 125 s (RFC 3376, 8.2). The first is at time zero.
pub const QUERY_INTERVAL: Duration = Duration::from_secs(INTERVAL as u64);

/// A switch that asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Querier {
    /// Where its queries come in: a port that nothing else is at.
    pub port: PortId,
}

impl Querier {
    /// Puts its query behind `out`, a whole frame.
    pub fn query(&self, out: &mut Vec<u8>) {
        let segment = self.port.segment as u16;
        let [high, low] = segment.to_be_bytes();
        // No host has this address: theirs begin with 02:00 and are counted up.
        let source = Mac([0x02, 0xff, 0, 0, high, low]);
        let message = Igmp::Query { max_response: MAX_RESPONSE, interval: INTERVAL };
        igmp_frame(out, source, ALL_HOSTS, &message, Ipv4Addr::UNSPECIFIED);
    }
}

/// Puts an IGMP message behind `out`, as a frame to the station of its group.
pub(crate) fn igmp_frame(out: &mut Vec<u8>, source: Mac, to: Ipv4Addr, message: &Igmp, from: Ipv4Addr) {
    ethernet::Header { destination: Mac::of_group(to), source, ethertype: ethernet::IPV4 }.emit(out);
    message.emit_packet(from, out);
}
