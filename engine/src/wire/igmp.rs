//! Group membership as a host and a snooping switch speak it (RFC 3376): general queries and version 3 reports
//! about whole groups, whole packets with the router alert option and time to live 1.

use std::net::Ipv4Addr;

use super::checksum::internet;
use super::{ParseError, be16, ip4, ipv4};

/// Where reports go: all routers that speak version 3.
pub const REPORTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);
/// Where general queries go: all hosts.
pub const ALL_HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
/// IP protocol number.
pub const PROTOCOL: u8 = 2;

const QUERY: u8 = 0x11;
const REPORT: u8 = 0x22;
/// Bytes of the IP header: 20 and the router alert option.
const HEADER: usize = 24;

/// What a host says about a group (RFC 3376, 4.2.12).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Record {
    /// MODE_IS_EXCLUDE without sources: it is a member. The answer to a query.
    Member,
    /// CHANGE_TO_INCLUDE without sources: it leaves.
    Leave,
    /// CHANGE_TO_EXCLUDE without sources: it joins.
    Join,
}

const RECORDS: [(Record, u8); 3] = [(Record::Member, 2), (Record::Leave, 3), (Record::Join, 4)];

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Igmp {
    /// Who is a member of anything?
    Query {
        /// Tenths of a second within which to answer, below 128.
        max_response: u8,
        /// Seconds between queries, below 128.
        interval: u8,
    },
    /// Memberships of one host.
    Report(Vec<(Record, Ipv4Addr)>),
}

impl Igmp {
    /// The message in an IPv4 packet's payload. Records about sources and other messages are not understood.
    pub fn parse(bytes: &[u8]) -> Result<Igmp, ParseError> {
        if bytes.len() < 8 {
            return Err(ParseError::Short);
        }
        if internet(bytes) != 0 {
            return Err(ParseError::Checksum);
        }
        match bytes[0] {
            QUERY if bytes.len() == 12 && ip4(bytes, 4).is_unspecified() && be16(bytes, 10) == 0 => {
                match (bytes[1], bytes[9]) {
                    (max_response @ 0..128, interval @ 0..128) => Ok(Igmp::Query { max_response, interval }),
                    _ => Err(ParseError::Form),
                }
            }
            REPORT => report(bytes),
            _ => Err(ParseError::Form),
        }
    }

    /// Appends the whole packet, IP header first. A report without an address of its own is from 0.0.0.0.
    pub fn emit_packet(&self, source: Ipv4Addr, out: &mut Vec<u8>) {
        let start = out.len();
        let to = match self {
            Igmp::Query { .. } => ALL_HOSTS,
            Igmp::Report(_) => REPORTS,
        };
        // Version 4, six words of header; internetwork control; don't fragment; time to live 1.
        out.extend_from_slice(&[0x46, 0xc0, 0, 0, 0, 0, 0x40, 0, 1, PROTOCOL, 0, 0]);
        out.extend_from_slice(&source.octets());
        out.extend_from_slice(&to.octets());
        out.extend_from_slice(&[0x94, 4, 0, 0]);
        self.emit(out);
        let length = (out.len() - start) as u16;
        out[start + 2..start + 4].copy_from_slice(&length.to_be_bytes());
        ipv4::fill_checksum(&mut out[start..start + HEADER]);
    }

    fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        match self {
            // Robustness 2 (RFC 3376, 4.1.6).
            Igmp::Query { max_response, interval } => {
                out.extend_from_slice(&[QUERY, *max_response, 0, 0, 0, 0, 0, 0, 2, *interval, 0, 0]);
            }
            Igmp::Report(records) => {
                out.extend_from_slice(&[REPORT, 0, 0, 0, 0, 0]);
                out.extend_from_slice(&(records.len() as u16).to_be_bytes());
                for (record, group) in records {
                    let kind = RECORDS.iter().find(|(r, _)| r == record).map_or(0, |(_, kind)| *kind);
                    out.extend_from_slice(&[kind, 0, 0, 0]);
                    out.extend_from_slice(&group.octets());
                }
            }
        }
        let sum = internet(&out[start..]);
        out[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
    }
}

fn report(bytes: &[u8]) -> Result<Igmp, ParseError> {
    let (records, rest) = bytes[8..].as_chunks::<8>();
    if records.len() != usize::from(be16(bytes, 6)) || !rest.is_empty() {
        return Err(ParseError::Length);
    }
    let record = |r: &[u8; 8]| {
        let kind = RECORDS.iter().find(|(_, kind)| *kind == r[0]).filter(|_| r[1..4] == [0, 0, 0]);
        kind.map(|(kind, _)| (*kind, ip4(r, 4))).ok_or(ParseError::Form)
    };
    records.iter().map(record).collect::<Result<_, _>>().map(Igmp::Report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Recorded: a Linux host whose daemon starts.
    const JOIN: [u8; 40] = [
        0x46, 0xc0, 0x00, 0x28, 0x00, 0x00, 0x40, 0x00, 0x01, 0x02, 0x38, 0xa7, 0xc0, 0xa8, 0x0a, 0xaa, 0xe0,
        0x00, 0x00, 0x16, 0x94, 0x04, 0x00, 0x00, 0x22, 0x00, 0xf9, 0xeb, 0x00, 0x00, 0x00, 0x01, 0x04, 0x00,
        0x00, 0x00, 0xe0, 0x00, 0x00, 0x12,
    ];

    #[test]
    fn a_report_is_to_the_byte_what_linux_sends() {
        let group = Ipv4Addr::new(224, 0, 0, 18);
        let mut packet = Vec::new();
        Igmp::Report(vec![(Record::Join, group)]).emit_packet(Ipv4Addr::new(192, 168, 10, 170), &mut packet);
        assert_eq!(packet, JOIN);
    }

    proptest! {
        #[test]
        fn a_message_reads_what_it_wrote(groups in prop::collection::vec((0..3usize, any::<u32>()), 0..5), q: (u8, u8), query: bool) {
            let records = groups.into_iter().map(|(k, g)| (RECORDS[k].0, Ipv4Addr::from(g))).collect();
            let message = match query {
                true => Igmp::Query { max_response: q.0 & 0x7f, interval: q.1 & 0x7f },
                false => Igmp::Report(records),
            };
            let mut packet = Vec::new();
            message.emit_packet(Ipv4Addr::LOCALHOST, &mut packet);
            let (header, payload) = ipv4::Header::parse(&packet).unwrap();
            prop_assert_eq!((header.protocol, header.ttl), (PROTOCOL, 1));
            prop_assert_eq!(Igmp::parse(payload), Ok(message));
        }

        #[test]
        fn any_bytes_are_a_message_or_an_error(mut bytes: Vec<u8>, fix: bool) {
            if fix && bytes.len() >= 4 {
                bytes[2..4].fill(0);
                let sum = internet(&bytes);
                bytes[2..4].copy_from_slice(&sum.to_be_bytes());
            }
            let _ = Igmp::parse(&bytes);
        }
    }
}
