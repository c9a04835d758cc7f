//! Packet formats: nothing on the wire makes a parser panic, and what is parsed is emitted as it came.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vrrplab_engine::wire::{arp, ethernet, icmp, ipv4, vrrp2};
use vrrplab_sim::frame::Summary;

fuzz_target!(|bytes: &[u8]| {
    let mut out = Vec::new();
    if let Ok(arp) = arp::Arp::parse(bytes) {
        arp.emit(&mut out);
        assert!(bytes.starts_with(&out), "{arp:?}");
    }
    if let Ok(advert) = vrrp2::Advert::parse(bytes) {
        out.clear();
        advert.emit(&mut out);
        assert_eq!(vrrp2::Advert::parse(&out), Ok(advert));
    }
    if let Ok(echo) = icmp::Echo::parse(bytes) {
        out.clear();
        echo.emit(&mut out);
        assert_eq!(icmp::Echo::parse(&out).as_ref(), Ok(&echo));
    }
    if let Some(packet) = vrrp2::Packet::new(bytes).filter(|packet| packet.has_expected_length()) {
        packet.addresses().for_each(drop);
        let _ = (packet.auth_data(), packet.checksum_is_right());
    }
    let _ = (ethernet::Header::parse(bytes), ipv4::Header::parse(bytes), ipv4::Header::parse_unchecked(bytes));
    let _ = Summary::of(bytes).to_string();
});
