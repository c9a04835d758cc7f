//! ICMP errors, whole packets: the header, the error, and the beginning of the packet that it is about (RFC 792;
//! RFC 4443, 3). Linux quotes as much of it as fits into 576 bytes, and into 1280 for IPv6.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::checksum::{self, internet};
use super::icmp6::Ends;
use super::{ipv4, ipv6};

/// Bytes of an error with its quotation at most.
const LONGEST: usize = 576;
const LONGEST6: usize = 1280;

/// Appends an ICMP error of this type and code about `quoted`. Linux gives it precedence 6 (internetwork control).
pub fn emit(
    (kind, code): (u8, u8),
    source: Ipv4Addr,
    destination: Ipv4Addr,
    quoted: &[u8],
    out: &mut Vec<u8>,
) {
    let quoted = &quoted[..quoted.len().min(LONGEST - ipv4::HEADER - 8)];
    let total_length = (ipv4::HEADER + 8 + quoted.len()) as u16;
    let (tos, ttl, protocol) = (0xc0, 64, ipv4::ICMP);
    ipv4::Header { tos, total_length, id: 0, fragment: 0, ttl, protocol, source, destination }.emit(out);
    let start = out.len();
    out.extend_from_slice(&[kind, code, 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(quoted);
    let sum = internet(&out[start..]);
    out[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
}

/// Appends an ICMPv6 error of this type, code and value about `quoted`.
pub fn emit6(
    (kind, code, value): (u8, u8, u32),
    source: Ipv6Addr,
    destination: Ipv6Addr,
    quoted: &[u8],
    out: &mut Vec<u8>,
) {
    let quoted = &quoted[..quoted.len().min(LONGEST6 - ipv6::HEADER - 8)];
    let (next, hop_limit) = (ipv6::ICMP, 64);
    let header = ipv6::Header { class: 0, flow: 0, payload_length: 0, next, hop_limit, source, destination };
    header.emit_around(out, |out| {
        let start = out.len();
        out.extend_from_slice(&[kind, code, 0, 0]);
        out.extend_from_slice(&value.to_be_bytes());
        out.extend_from_slice(quoted);
        let before = Ends { source, destination }.sum(out.len() - start);
        checksum::fill(&mut out[start..], 2, before);
    });
}

#[cfg(test)]
mod tests {
    use super::super::icmp6;
    use super::*;

    #[test]
    fn errors_quote_the_packet_up_to_their_limit() {
        let (a, b) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        for (quoted, length) in [(40, 68), (1000, 576)] {
            let mut packet = Vec::new();
            emit((3, 2), a, b, &vec![7; quoted], &mut packet);
            let (header, message) = ipv4::Header::parse(&packet).unwrap();
            assert_eq!((header.source, header.destination, packet.len()), (a, b, length));
            assert_eq!((message[..2].to_vec(), internet(message)), (vec![3, 2], 0));
        }
        let (a, b) = (Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED);
        let mut packet = Vec::new();
        emit6((4, 1, 6), a, b, &[7; 2000], &mut packet);
        let (_, message) = ipv6::Header::parse(&packet).unwrap();
        let (kind, code, body) = icmp6::parse(Ends { source: a, destination: b }, message).unwrap();
        assert_eq!((kind, code, &body[..5], packet.len()), (4, 1, &[0, 0, 0, 6, 7][..], 1280));
    }
}
