//! Multicast listener discovery, version 2 (RFC 3810, 5): which groups a link has listeners of. Packets with it
//! have hop limit 1 and a router alert ([`super::ipv6::emit_router_alert`]).

use std::net::Ipv6Addr;

use super::icmp6::{self, Ends};
use super::{ParseError, be16, ip6};
use crate::time::Duration;

/// ICMPv6 type of a query.
pub const QUERY: u8 = 130;
/// ICMPv6 type of a report of version 2.
pub const REPORT: u8 = 143;
/// Where reports go.
pub const ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);

/// What a record of a report says about its group (RFC 3810, 5.2.12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Listens to the sources alone.
    IsInclude = 1,
    /// Listens to all but the sources.
    IsExclude = 2,
    /// Listens from now on to the sources alone; without sources: leaves.
    ToInclude = 3,
    /// Listens from now on to all but the sources; without sources: joins.
    ToExclude = 4,
    /// Listens to more sources.
    Allow = 5,
    /// Listens to fewer sources.
    Block = 6,
}

impl Kind {
    const ALL: [Kind; 6] =
        [Kind::IsInclude, Kind::IsExclude, Kind::ToInclude, Kind::ToExclude, Kind::Allow, Kind::Block];
}

/// One group of a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// What is said.
    pub kind: Kind,
    /// Of which group.
    pub group: Ipv6Addr,
    /// The sources it is about.
    pub sources: Vec<Ipv6Addr>,
}

/// A report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Its groups, at most 65,535.
    pub records: Vec<Record>,
}

impl Report {
    /// Reads an ICMPv6 message.
    pub fn parse(ends: Ends, bytes: &[u8]) -> Result<Report, ParseError> {
        let (kind, code, body) = icmp6::parse(ends, bytes)?;
        let (head, mut rest) = body.split_at_checked(4).ok_or(ParseError::Short)?;
        if (kind, code) != (REPORT, 0) || head[..2] != [0, 0] {
            return Err(ParseError::Form);
        }
        let mut records = Vec::new();
        for _ in 0..be16(head, 2) {
            let (record, behind) = record(rest)?;
            records.push(record);
            rest = behind;
        }
        if rest.is_empty() { Ok(Report { records }) } else { Err(ParseError::Length) }
    }

    /// Appends the message.
    pub fn emit(&self, ends: Ends, out: &mut Vec<u8>) {
        icmp6::emit(REPORT, ends, out, |out| {
            let count = u16::try_from(self.records.len()).expect("a report has at most 65,535 groups");
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&count.to_be_bytes());
            for record in &self.records {
                out.extend_from_slice(&[record.kind as u8, 0]);
                emit_sources(&record.sources, |out| out.extend_from_slice(&record.group.octets()), out);
            }
        });
    }
}

fn record(bytes: &[u8]) -> Result<(Record, &[u8]), ParseError> {
    let (head, rest) = bytes.split_at_checked(20).ok_or(ParseError::Short)?;
    let kind = Kind::ALL.into_iter().find(|k| *k as u8 == head[0]).ok_or(ParseError::Form)?;
    if head[1] != 0 {
        return Err(ParseError::Form);
    }
    let (sources, rest) = sources(rest, be16(head, 2))?;
    Ok((Record { kind, group: ip6(head, 4), sources }, rest))
}

/// So many addresses, and what is behind them.
fn sources(bytes: &[u8], count: u16) -> Result<(Vec<Ipv6Addr>, &[u8]), ParseError> {
    let (sources, rest) = bytes.split_at_checked(16 * usize::from(count)).ok_or(ParseError::Length)?;
    Ok((sources.chunks_exact(16).map(|s| ip6(s, 0)).collect(), rest))
}

/// Appends the number of sources, what `between` appends, and the sources.
fn emit_sources(sources: &[Ipv6Addr], between: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let count = u16::try_from(sources.len()).expect("a group has at most 65,535 sources");
    out.extend_from_slice(&count.to_be_bytes());
    between(out);
    for source in sources {
        out.extend_from_slice(&source.octets());
    }
}

/// A router asks who listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    /// Maximum response code: up to 32,767 it is milliseconds, see [`Query::response_within`].
    pub response_code: u16,
    /// To which group; unspecified: to any.
    pub group: Ipv6Addr,
    /// `S`: routers do not count this as news.
    pub suppress: bool,
    /// Robustness variable, 0–7.
    pub robustness: u8,
    /// The querier's interval code: up to 127 it is seconds.
    pub interval_code: u8,
    /// From which sources; none: from any.
    pub sources: Vec<Ipv6Addr>,
}

impl Query {
    /// Within what time listeners answer (RFC 3810, 5.1.3).
    pub fn response_within(&self) -> Duration {
        let code = u64::from(self.response_code);
        let millis = if code < 0x8000 { code } else { (code & 0xfff | 0x1000) << ((code >> 12 & 7) + 3) };
        Duration::from_millis(millis)
    }

    /// Reads an ICMPv6 message of version 2 (28 bytes or more).
    pub fn parse(ends: Ends, bytes: &[u8]) -> Result<Query, ParseError> {
        let (kind, code, body) = icmp6::parse(ends, bytes)?;
        let (head, rest) = body.split_at_checked(24).ok_or(ParseError::Short)?;
        if (kind, code) != (QUERY, 0) || head[2..4] != [0, 0] || head[20] >> 4 != 0 {
            return Err(ParseError::Form);
        }
        let (sources, rest) = sources(rest, be16(head, 22))?;
        if !rest.is_empty() {
            return Err(ParseError::Length);
        }
        Ok(Query {
            response_code: be16(head, 0),
            group: ip6(head, 4),
            suppress: head[20] & 8 != 0,
            robustness: head[20] & 7,
            interval_code: head[21],
            sources,
        })
    }

    /// Appends the message.
    pub fn emit(&self, ends: Ends, out: &mut Vec<u8>) {
        icmp6::emit(QUERY, ends, out, |out| {
            out.extend_from_slice(&self.response_code.to_be_bytes());
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&self.group.octets());
            out.extend_from_slice(&[u8::from(self.suppress) << 3 | self.robustness & 7, self.interval_code]);
            emit_sources(&self.sources, |_| {}, out);
        });
    }
}
