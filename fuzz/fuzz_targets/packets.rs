//! Packet formats: nothing on the wire makes a parser panic, and what is parsed is emitted as it came.
//!
//! Few inputs would have a right checksum by luck, so each message is also tried with it put right.

#![no_main]

use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use vrrplab_engine::wire::checksum::{self, Sum};
use vrrplab_engine::wire::icmp::Echo;
use vrrplab_engine::wire::icmp6::{self, Ends};
use vrrplab_engine::wire::ndisc::{Advertisement, Solicitation};
use vrrplab_engine::wire::{
    ParseError, ah, arp, ethernet, icmp_error, igmp, ipv4, ipv6, mld, vrrp, vrrp2, vrrp3,
};
use vrrplab_sim::frame::Summary;

const V4: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(224, 0, 0, 18));
const V6: Ends = Ends {
    source: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    destination: Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12),
};

/// What is parsed means the same when it was written and read again; its bytes then.
fn again<'a, T: PartialEq + Debug>(
    bytes: &'a [u8],
    parse: impl for<'b> Fn(&'b [u8]) -> Result<T, ParseError>,
    emit: impl Fn(&T, &mut Vec<u8>),
) -> Option<Vec<u8>> {
    let message = parse(bytes).ok()?;
    let mut out = Vec::new();
    emit(&message, &mut out);
    assert_eq!(parse(&out).as_ref(), Ok(&message));
    Some(out)
}

/// The same to the byte.
fn same<T: PartialEq + Debug>(
    bytes: &[u8],
    parse: impl for<'b> Fn(&'b [u8]) -> Result<T, ParseError>,
    emit: impl Fn(&T, &mut Vec<u8>),
) {
    if let Some(out) = again(bytes, parse, emit) {
        assert_eq!(out, bytes);
    }
}

/// The message with its checksum put right.
fn righted(bytes: &[u8], at: usize, before: Sum) -> Vec<u8> {
    let mut message = bytes.to_vec();
    if message.len() >= at + 2 {
        checksum::fill(&mut message, at, before);
    }
    message
}

fn vrrp(bytes: &[u8]) {
    let (v4, v6) = (vrrp3::Ends::V4(V4.0, V4.1), vrrp3::Ends::V6(V6.source, V6.destination));
    for message in [bytes, &righted(bytes, 6, Sum::default())] {
        same(message, vrrp2::Advert::parse, vrrp2::Advert::emit);
    }
    for message in [bytes, &righted(bytes, 6, v6.sum(bytes.len()))] {
        same(message, |b| vrrp2::Advert6::parse(V6, b), |advert, out| advert.emit(V6, out));
    }
    for ends in [v4, v6] {
        for message in [bytes, &righted(bytes, 6, ends.sum(bytes.len()))] {
            same(message, |b| vrrp3::Advert::parse(ends, b), |advert, out| advert.emit(ends, out));
        }
    }
    if let Some(packet) = vrrp::Packet::new(bytes) {
        packet.addresses4().for_each(drop);
        packet.addresses6().for_each(drop);
        let _ = (packet.auth_data(), packet.checksum2_is_right(), packet.checksum3_is_right(V4.0, V4.1));
    }
}

fn icmp(bytes: &[u8]) {
    for message in [bytes, &righted(bytes, 2, Sum::default())] {
        if let Ok(echo) = Echo::parse(message) {
            let mut out = Vec::new();
            echo.emit(&mut out);
            assert_eq!(Echo::parse(&out), Ok(echo));
        }
        if let Ok(igmp) = igmp::Igmp::parse(message) {
            let mut packet = Vec::new();
            igmp.emit_packet(V4.0, &mut packet);
            let (_, payload) = ipv4::Header::parse(&packet).expect("a whole packet");
            assert_eq!(igmp::Igmp::parse(payload), Ok(igmp));
        }
    }
    for message in [bytes, &righted(bytes, 2, V6.sum(bytes.len()))] {
        let _ = icmp6::parse(V6, message);
        if let Ok(echo) = Echo::parse6(V6, message) {
            let mut out = Vec::new();
            echo.emit6(V6, &mut out);
            assert_eq!(out, message);
        }
        // Options that they do not know are skipped, reserved bits are ignored.
        again(message, |b| Solicitation::parse(V6, b), |m, out| m.emit(V6, out));
        again(message, |b| Advertisement::parse(V6, b), |m, out| m.emit(V6, out));
        again(message, |b| mld::Query::parse(V6, b), |m, out| m.emit(V6, out));
        same(message, |b| mld::Report::parse(V6, b), |m, out| m.emit(V6, out));
    }
    let mut out = Vec::new();
    icmp_error::emit((3, 1), V4.0, V4.1, bytes, &mut out);
    icmp_error::emit6((1, 3, 0), V6.source, V6.destination, bytes, &mut out);
}

fn headers(bytes: &[u8]) {
    if let Ok((header, rest)) = ah::Header::parse(bytes) {
        let mut out = Vec::new();
        header.emit(&mut out);
        out.extend_from_slice(rest);
        assert_eq!(out, bytes);
    }
    if let Ok((header, payload)) = ipv6::Header::parse(bytes) {
        let mut out = Vec::new();
        header.emit(&mut out);
        assert!(bytes.starts_with(&out), "{header:?}");
        let _ = ipv6::behind_options(header.next, payload);
    }
    if let Ok((header, _)) = ethernet::Header::parse(bytes) {
        let mut out = Vec::new();
        header.emit(&mut out);
        assert!(bytes.starts_with(&out), "{header:?}");
    }
    if let Ok(arp) = arp::Arp::parse(bytes) {
        let mut out = Vec::new();
        arp.emit(&mut out);
        assert!(bytes.starts_with(&out), "{arp:?}");
    }
    let _ = (ipv4::Header::parse(bytes), ipv4::Header::parse_unchecked(bytes));
    let _ = Summary::of(bytes).to_string();
}

fuzz_target!(|bytes: &[u8]| {
    vrrp(bytes);
    icmp(bytes);
    headers(bytes);
});
