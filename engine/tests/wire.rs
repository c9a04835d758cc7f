//! Wire formats against captured packets and against themselves.

use proptest::collection::vec;
use proptest::prelude::*;
use vrrplab_engine::addr::Mac;
use vrrplab_engine::wire::arp::{Arp, Operation};
use vrrplab_engine::wire::icmp::Echo;
use vrrplab_engine::wire::icmp6::Ends;
use vrrplab_engine::wire::ipv4::Header;
use vrrplab_engine::wire::mld::{Kind, Query, Record, Report};
use vrrplab_engine::wire::ndisc::{Advertisement, Solicitation};
use vrrplab_engine::wire::vrrp::Packet;
use vrrplab_engine::wire::vrrp2::{Advert, Advert6};
use vrrplab_engine::wire::vrrp3;
use vrrplab_engine::wire::{ParseError, ah, ethernet, icmp6, ipv4, ipv6, ndisc};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap()).collect()
}

/// A packet as keepalived 2.2.7 sent it, and what it says.
fn check(packet: &str, source: &str, advert: &Advert) {
    let bytes = hex(packet);
    let (header, message) = Header::parse(&bytes).expect("an IPv4 packet");
    assert_eq!(header.source.to_string(), source);
    assert_eq!((header.tos, header.ttl, header.protocol, header.fragment), (0xc0, 255, 112, 0));
    assert_eq!(Advert::parse(message).as_ref(), Ok(advert));
    let mut again = Vec::new();
    header.emit(&mut again);
    advert.emit(&mut again);
    assert_eq!(again, bytes);
}

#[test]
fn keepalived_s_own_packets_are_read_and_made_to_the_byte() {
    let password = *b"1111\0\0\0\0";
    let advert = Advert {
        vrid: 51,
        priority: 150,
        auth_type: 1,
        interval: 1,
        addresses: vec!["10.0.0.100".parse().unwrap()],
        auth_data: password,
    };
    check(
        "45c0002800010000ff70d0910a000001e0000012 213396010101db030a0000643131313100000000",
        "10.0.0.1",
        &advert,
    );
    let addresses = vec!["10.0.0.200".parse().unwrap()];
    check(
        "45c0002800010000ff70d0900a000002e0000012 213364010101aa3d0a0000c86262626200000000",
        "10.0.0.2",
        &Advert { priority: 100, addresses, auth_data: *b"bbbb\0\0\0\0", ..advert },
    );
    let addresses = vec!["10.0.0.101".parse().unwrap(), "10.0.0.100".parse().unwrap()];
    check(
        "45c0002c00010000ff70d08d0a000001e0000012 21336402000166000a0000650a0000640000000000000000",
        "10.0.0.1",
        &Advert { priority: 100, auth_type: 0, interval: 1, vrid: 51, addresses, auth_data: [0; 8] },
    );
}

#[test]
fn keepalived_s_authenticated_packet_is_read_and_made_to_the_byte() {
    let bytes =
        hex("45c0004000010000ff33d0b60a000001e0000012 700400000a000001000000011599c14ed5008a4df7f4942f
        2133960102013c660a0000640000000000000000");
    let (header, payload) = Header::parse(&bytes).expect("an IPv4 packet");
    let (ah, message) = ah::Header::parse(payload).expect("an authentication header");
    assert_eq!((header.protocol, ah.next, ah.sequence), (ipv4::AH, ipv4::VRRP, 1));
    assert_eq!(ah.spi, header.source.to_bits());
    let advert = Advert::parse(message).expect("an advert");
    assert_eq!((advert.auth_type, advert.auth_data), (2, [0; 8]));
    // The lab's password.
    assert_eq!(ah::Key::new(b"1111\0\0\0\0").icv(&bytes, 20, true), ah.icv);
    let mut again = Vec::new();
    header.emit(&mut again);
    ah.emit(&mut again);
    advert.emit(&mut again);
    assert_eq!(again, bytes);
}

#[test]
fn keepalived_s_adverts_of_version_3_are_read_and_made_to_the_byte() {
    let bytes = hex("45c0002000010000ff70a6aa0a0000010a000002 31339601006419840a000064");
    let (header, message) = Header::parse(&bytes).expect("an IPv4 packet");
    let ends = vrrp3::Ends::V4(header.source, header.destination);
    let addresses = vrrp3::Addresses::V4(vec!["10.0.0.100".parse().unwrap()]);
    let advert = vrrp3::Advert { vrid: 51, priority: 150, interval: 100, addresses };
    assert_eq!(vrrp3::Advert::parse(ends, message).as_ref(), Ok(&advert));
    let mut again = Vec::new();
    header.emit(&mut again);
    advert.emit(ends, &mut again);
    assert_eq!(again, bytes);

    let message = hex("3164c802006408e4 fe800000000000000000000000100240 fd000010000000000000000000000240");
    let ends = vrrp3::Ends::V6("fe80::ff:fe00:1".parse().unwrap(), "ff02::12".parse().unwrap());
    let advert = vrrp3::Advert::parse(ends, &message).expect("an advert");
    let all = vec!["fe80::10:240".parse().unwrap(), "fd00:10::240".parse().unwrap()];
    assert_eq!(advert.addresses, vrrp3::Addresses::V6(all.clone()));
    assert_eq!((advert.vrid, advert.priority, advert.interval), (100, 200, 100));
    let mut again = Vec::new();
    advert.emit(ends, &mut again);
    assert_eq!(again, message);

    // Version 2 over IPv6, which keepalived speaks and no RFC has.
    let message = hex("2164c80200011947 fe800000000000000000000000100240 fd000010000000000000000000000240");
    let ends = Ends { source: "fe80::ff:fe00:1".parse().unwrap(), destination: "ff02::12".parse().unwrap() };
    let advert = Advert6::parse(ends, &message).expect("an advert");
    assert_eq!(advert, Advert6 { vrid: 100, priority: 200, auth_type: 0, interval: 1, addresses: all });
    let mut again = Vec::new();
    advert.emit(ends, &mut again);
    assert_eq!(again, message);
}

/// The ends and the ICMPv6 message of a frame.
fn icmp6_of(frame: &[u8]) -> (ethernet::Header, ipv6::Header, Ends, &[u8]) {
    let (station, packet) = ethernet::Header::parse(frame).expect("a frame");
    let (header, payload) = ipv6::Header::parse(packet).expect("an IPv6 packet");
    let (next, message) = ipv6::behind_options(header.next, payload).expect("its options");
    assert_eq!((station.ethertype, next), (ethernet::IPV6, ipv6::ICMP));
    (station, header, Ends { source: header.source, destination: header.destination }, message)
}

#[test]
fn keepalived_s_neighbour_advertisement_is_read_and_made_to_the_byte() {
    let frame = hex(
        "333300000001020000000001 86dd 60000000 0020 3aff fe800000000000000000000000100240
        ff020000000000000000000000000001 880052fd 20000000 fe800000000000000000000000100240 0201020000000001",
    );
    let (_, _, ends, message) = icmp6_of(&frame);
    let mac = Mac([2, 0, 0, 0, 0, 1]);
    let announced = Advertisement::unsolicited(mac, "fe80::10:240".parse().unwrap(), false);
    assert_eq!(Advertisement::parse(ends, message), Ok(announced));
    let mut again = Vec::new();
    announced.emit_frame(mac, &mut again);
    assert_eq!(again, frame);
}

#[test]
fn linux_s_solicitation_and_answer_are_read_and_made_to_the_byte() {
    let question = hex(
        "3333ff000180 020000000001 86dd 60000000 0020 3aff fd000010000000000000000000000170
        ff0200000000000000000001ff000180 8700790c 00000000 fd000010000000000000000000000180 0101020000000001",
    );
    let (station, header, ends, message) = icmp6_of(&question);
    let (mac, target) = (Mac([2, 0, 0, 0, 0, 1]), "fd00:10::180".parse().unwrap());
    let asked = Solicitation { target, source_mac: Some(mac) };
    assert_eq!(Solicitation::parse(ends, message), Ok(asked));
    assert_eq!(ends.destination, ndisc::solicited_node(target));
    assert_eq!(station.destination, Mac::of_group6(ends.destination));
    let mut again = Vec::new();
    station.emit(&mut again);
    assert_eq!(header, ipv6::Header { payload_length: 32, ..ndisc::header(ends) });
    ndisc::header(ends).emit_around(&mut again, |out| asked.emit(ends, out));
    assert_eq!(again, question);

    let answer = hex(
        "020000000001 020000000002 86dd 60000000 0020 3aff fd000010000000000000000000000180
        fd000010000000000000000000000170 880017ff 60000000 fd000010000000000000000000000180 0201020000000002",
    );
    let (_, _, ends, message) = icmp6_of(&answer);
    let said = Advertisement {
        solicited: true,
        ..Advertisement::unsolicited(Mac([2, 0, 0, 0, 0, 2]), target, false)
    };
    assert_eq!(Advertisement::parse(ends, message), Ok(said));
    let mut again = Vec::new();
    said.emit(ends, &mut again);
    assert_eq!(again, message);
}

#[test]
fn linux_s_listener_report_is_read_and_made_to_the_byte() {
    let frame = hex("333300000016020000000002 86dd 60000000 0024 0001 fe80000000000000000000fffe000002
        ff020000000000000000000000000016 3a00050200000100 8f0070f7 00000001 04000000
        ff020000000000000000000000000012");
    let (station, header, ends, message) = icmp6_of(&frame);
    let join = Record { kind: Kind::ToExclude, group: "ff02::12".parse().unwrap(), sources: Vec::new() };
    let report = Report { records: vec![join] };
    assert_eq!(Report::parse(ends, message), Ok(report.clone()));
    let mut again = Vec::new();
    station.emit(&mut again);
    header.emit_around(&mut again, |out| {
        ipv6::emit_router_alert(ipv6::ICMP, out);
        report.emit(ends, out);
    });
    assert_eq!(again, frame);
}

#[test]
fn every_way_to_be_no_advert_has_its_name() {
    let good = hex("213396010101db030a0000643131313100000000");
    let changed = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        Advert::parse(&bytes)
    };
    assert_eq!(Advert::parse(&good[..7]), Err(ParseError::Short));
    assert_eq!(changed(0, 0x31), Err(ParseError::Form));
    assert_eq!(changed(0, 0x22), Err(ParseError::Form));
    assert_eq!(changed(3, 2), Err(ParseError::Length));
    assert_eq!(changed(2, 151), Err(ParseError::Checksum));
    assert_eq!(Advert::parse(&good[..19]), Err(ParseError::Length));
}

fn advert() -> impl Strategy<Value = Advert> {
    (any::<[u8; 4]>(), vec(any::<[u8; 4]>(), 0..=255), any::<[u8; 8]>()).prop_map(
        |([vrid, priority, auth_type, interval], addresses, auth_data)| Advert {
            vrid,
            priority,
            auth_type,
            interval,
            addresses: addresses.into_iter().map(Into::into).collect(),
            auth_data,
        },
    )
}

fn arp() -> impl Strategy<Value = Arp> {
    (any::<bool>(), any::<[u8; 6]>(), any::<[u8; 4]>(), any::<[u8; 6]>(), any::<[u8; 4]>()).prop_map(
        |(request, sender_mac, sender, target_mac, target)| Arp {
            operation: if request { Operation::Request } else { Operation::Reply },
            sender_mac: Mac(sender_mac),
            sender: sender.into(),
            target_mac: Mac(target_mac),
            target: target.into(),
        },
    )
}

fn ends() -> impl Strategy<Value = Ends> {
    let address = || any::<[u8; 16]>().prop_map(Into::into);
    (address(), address()).prop_map(|(source, destination)| Ends { source, destination })
}

fn report() -> impl Strategy<Value = Report> {
    let kinds =
        [Kind::IsInclude, Kind::IsExclude, Kind::ToInclude, Kind::ToExclude, Kind::Allow, Kind::Block];
    let address = || any::<[u8; 16]>().prop_map(Into::into);
    let record = (proptest::sample::select(kinds.to_vec()), address(), vec(address(), 0..4))
        .prop_map(|(kind, group, sources)| Record { kind, group, sources });
    vec(record, 0..4).prop_map(|records| Report { records })
}

fn advert3() -> impl Strategy<Value = (vrrp3::Ends, vrrp3::Advert)> {
    let v4 = (any::<[[u8; 4]; 2]>(), vec(any::<[u8; 4]>(), 0..=255)).prop_map(|([a, b], all)| {
        let all = all.into_iter().map(Into::into).collect();
        (vrrp3::Ends::V4(a.into(), b.into()), vrrp3::Addresses::V4(all))
    });
    let v6 = (any::<[[u8; 16]; 2]>(), vec(any::<[u8; 16]>(), 0..=255)).prop_map(|([a, b], all)| {
        let all = all.into_iter().map(Into::into).collect();
        (vrrp3::Ends::V6(a.into(), b.into()), vrrp3::Addresses::V6(all))
    });
    (any::<[u8; 2]>(), 0..4096u16, prop_oneof![v4, v6]).prop_map(
        |([vrid, priority], interval, (ends, addresses))| {
            (ends, vrrp3::Advert { vrid, priority, interval, addresses })
        },
    )
}

proptest! {
    #[test]
    fn an_advert_of_version_3_comes_back_from_its_bytes((ends, advert) in advert3(), flip in any::<usize>()) {
        let mut bytes = Vec::new();
        advert.emit(ends, &mut bytes);
        prop_assert_eq!(vrrp3::Advert::parse(ends, &bytes), Ok(advert));
        let bit = flip % (8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(vrrp3::Advert::parse(ends, &bytes).is_err());
    }

    #[test]
    fn an_advert_of_version_2_over_ipv6_comes_back_from_its_bytes(ends in ends(), fields: [u8; 4], all in vec(any::<[u8; 16]>(), 0..=255)) {
        let [vrid, priority, auth_type, interval] = fields;
        let addresses = all.into_iter().map(Into::into).collect();
        let advert = Advert6 { vrid, priority, auth_type, interval, addresses };
        let mut bytes = Vec::new();
        advert.emit(ends, &mut bytes);
        prop_assert_eq!(Advert6::parse(ends, &bytes), Ok(advert));
    }

    #[test]
    fn an_authentication_header_comes_back_from_its_bytes(next: u8, spi: u32, sequence: u32, icv: [u8; 12], data in vec(any::<u8>(), 0..64)) {
        let header = ah::Header { next, spi, sequence, icv };
        let mut bytes = Vec::new();
        header.emit(&mut bytes);
        bytes.extend_from_slice(&data);
        prop_assert_eq!(ah::Header::parse(&bytes), Ok((header, &data[..])));
    }

    /// What may change on the way is not covered, all else is.
    #[test]
    fn authentication_covers_all_that_must_not_change(mut packet in vec(any::<u8>(), 52..120), bit in any::<usize>(), covers_ttl: bool) {
        let key = ah::Key::new(b"1111\0\0\0\0");
        let before = key.icv(&packet, 20, covers_ttl);
        let bit = bit % (8 * packet.len());
        packet[bit / 8] ^= 1 << (bit % 8);
        let free = matches!(bit / 8, 1 | 6 | 7 | 10 | 11 | 32..=43) || bit / 8 == 8 && !covers_ttl;
        prop_assert_eq!(key.icv(&packet, 20, covers_ttl) == before, free);
    }

    #[test]
    fn neighbour_discovery_comes_back_from_its_bytes(ends in ends(), flags: [bool; 3], target: [u8; 16], mac: Option<[u8; 6]>) {
        let (target, mac) = (target.into(), mac.map(Mac));
        let [router, solicited, override_known] = flags;
        let advertisement = Advertisement { router, solicited, override_known, target, target_mac: mac };
        let mut bytes = Vec::new();
        advertisement.emit(ends, &mut bytes);
        prop_assert_eq!(Advertisement::parse(ends, &bytes), Ok(advertisement));
        let solicitation = Solicitation { target, source_mac: mac };
        let mut bytes = Vec::new();
        solicitation.emit(ends, &mut bytes);
        prop_assert_eq!(Solicitation::parse(ends, &bytes), Ok(solicitation));
    }

    #[test]
    fn an_echo_comes_back_from_its_bytes_over_ipv6(ends in ends(), reply: bool, id: u16, sequence: u16, data in vec(any::<u8>(), 0..64)) {
        let echo = Echo { reply, id, sequence, data: &data };
        let mut bytes = Vec::new();
        echo.emit6(ends, &mut bytes);
        prop_assert_eq!(Echo::parse6(ends, &bytes), Ok(echo));
    }

    #[test]
    fn listener_discovery_comes_back_from_its_bytes(ends in ends(), report in report(), code: u16, suppress: bool, robustness in 0..8u8, interval_code: u8) {
        let mut bytes = Vec::new();
        report.emit(ends, &mut bytes);
        prop_assert_eq!(Report::parse(ends, &bytes), Ok(report.clone()));
        let (group, sources) = report.records.first().map_or(([0; 16].into(), Vec::new()), |r| (r.group, r.sources.clone()));
        let query = Query { response_code: code, group, suppress, robustness, interval_code, sources };
        let mut bytes = Vec::new();
        query.emit(ends, &mut bytes);
        prop_assert_eq!(Query::parse(ends, &bytes), Ok(query));
    }

    #[test]
    fn an_ipv6_header_comes_back_from_its_bytes(class: u8, flow in 0..1u32 << 20, next: u8, hop_limit: u8, ends in ends(), data in vec(any::<u8>(), 0..64)) {
        let Ends { source, destination } = ends;
        let payload_length = data.len() as u16;
        let header = ipv6::Header { class, flow, payload_length, next, hop_limit, source, destination };
        let mut bytes = Vec::new();
        header.emit(&mut bytes);
        bytes.extend_from_slice(&data);
        prop_assert_eq!(ipv6::Header::parse(&bytes), Ok((header, &data[..])));
        let mut around = Vec::new();
        ipv6::Header { payload_length: 0, ..header }.emit_around(&mut around, |out| out.extend_from_slice(&data));
        prop_assert_eq!(around, bytes);
    }

    /// Whatever is accepted is exactly what we would have sent; nothing panics.
    #[test]
    fn arbitrary_adverts_of_version_3_are_refused_or_understood_to_the_byte(mut bytes in vec(any::<u8>(), 0..120), (ends, _) in advert3(), advert: bool, sum: bool) {
        if advert && bytes.len() >= 8 {
            let size = if matches!(ends, vrrp3::Ends::V4(..)) { 4 } else { 16 };
            let count = (bytes.len() - 8) / size;
            (bytes[0], bytes[3], bytes[4]) = (0x31, count as u8, bytes[4] & 15);
            bytes.truncate(8 + size * count);
            if sum {
                vrrp3::fill_checksum(&mut bytes, ends);
            }
        }
        if let Ok(advert) = vrrp3::Advert::parse(ends, &bytes) {
            let mut again = Vec::new();
            advert.emit(ends, &mut again);
            prop_assert_eq!(again, bytes);
        } else {
            prop_assert!(!(advert && sum && bytes.len() >= 8));
        }
    }

    /// Whatever ICMPv6 is accepted is what we would have sent, but for options of neighbour discovery that mean
    /// nothing here; nothing panics.
    #[test]
    fn arbitrary_icmp6_is_refused_or_understood_to_the_byte(ends in ends(), mut bytes in vec(any::<u8>(), 0..120), kind in 0..6usize, sum: bool) {
        let _ = ipv6::Header::parse(&bytes);
        let _ = ipv6::behind_options(0, &bytes);
        if let (Some(&kind), true) = ([128, 129, 130, 135, 136, 143].get(kind), sum && bytes.len() >= 4) {
            bytes[..4].copy_from_slice(&[kind, 0, 0, 0]);
            if kind == 143 && bytes.len() >= 28 {
                bytes[4..8].copy_from_slice(&[0, 0, 0, 1]);
                let sources = (bytes.len() - 28) / 16;
                bytes[8..12].copy_from_slice(&[3, 0, 0, sources as u8]);
                bytes.truncate(28 + 16 * sources);
            }
            if kind == 130 && bytes.len() >= 28 {
                bytes[6..8].fill(0);
                bytes[24] &= 15;
                let sources = (bytes.len() - 28) / 16;
                bytes[26..28].copy_from_slice(&[0, sources as u8]);
                bytes.truncate(28 + 16 * sources);
            }
            if kind == 135 || kind == 136 {
                bytes.truncate(24 + bytes.len() % 2 * 8);
                if bytes.len() > 25 {
                    bytes[24..26].copy_from_slice(&[kind - 134, 1]);
                }
                if bytes.len() >= 8 {
                    bytes[4] &= if kind == 136 { 0xe0 } else { 0 };
                    bytes[5..8].fill(0);
                }
            }
            let length = bytes.len();
            vrrplab_engine::wire::checksum::fill(&mut bytes, 2, ends.sum(length));
        }
        let mut again = Vec::new();
        if let Ok(echo) = Echo::parse6(ends, &bytes) {
            echo.emit6(ends, &mut again);
        } else if let Ok(report) = Report::parse(ends, &bytes) {
            report.emit(ends, &mut again);
        } else if let Ok(query) = Query::parse(ends, &bytes) {
            query.emit(ends, &mut again);
        } else if let Ok(solicitation) = Solicitation::parse(ends, &bytes) {
            solicitation.emit(ends, &mut again);
        } else if let Ok(advertisement) = Advertisement::parse(ends, &bytes) {
            advertisement.emit(ends, &mut again);
        } else {
            let _ = icmp6::parse(ends, &bytes);
            return Ok(());
        }
        prop_assert_eq!(again, bytes);
    }

    #[test]
    fn an_advert_comes_back_from_its_bytes(advert in advert()) {
        let mut bytes = Vec::new();
        advert.emit(&mut bytes);
        prop_assert_eq!(Advert::parse(&bytes), Ok(advert));
    }

    #[test]
    fn an_arp_comes_back_from_its_bytes(arp in arp()) {
        let mut bytes = Vec::new();
        arp.emit(&mut bytes);
        prop_assert_eq!(Arp::parse(&bytes), Ok(arp));
    }

    #[test]
    fn an_echo_comes_back_from_its_bytes(reply: bool, id: u16, sequence: u16, data in vec(any::<u8>(), 0..64)) {
        let echo = Echo { reply, id, sequence, data: &data };
        let mut bytes = Vec::new();
        echo.emit(&mut bytes);
        prop_assert_eq!(Echo::parse(&bytes), Ok(echo));
    }

    #[test]
    fn an_ip_header_comes_back_from_its_bytes(head in any::<[u8; 8]>(), source in any::<[u8; 4]>(), to in any::<[u8; 4]>(), data in vec(any::<u8>(), 0..64)) {
        let header = Header {
            tos: head[0],
            total_length: (20 + data.len()) as u16,
            id: u16::from_be_bytes([head[1], head[2]]),
            fragment: u16::from_be_bytes([head[3], head[4]]),
            ttl: head[5],
            protocol: head[6],
            source: source.into(),
            destination: to.into(),
        };
        let mut bytes = Vec::new();
        header.emit(&mut bytes);
        bytes.extend_from_slice(&data);
        prop_assert_eq!(Header::parse(&bytes), Ok((header, &data[..])));
    }

    /// Whatever is accepted is exactly what we would have sent; nothing panics.
    #[test]
    fn arbitrary_bytes_are_refused_or_understood_to_the_byte(mut bytes in vec(any::<u8>(), 0..120), advert: bool, sum: bool) {
        let _ = ethernet::Header::parse(&bytes);
        let _ = Header::parse(&bytes);
        let _ = Echo::parse(&bytes);
        if let Ok(arp) = Arp::parse(&bytes) {
            let mut again = Vec::new();
            arp.emit(&mut again);
            prop_assert_eq!(&again[..], &bytes[..28]);
        }
        if advert && bytes.len() >= 16 {
            bytes[0] = 0x21;
            bytes[3] = ((bytes.len() - 16) / 4) as u8;
            bytes.truncate(16 + 4 * usize::from(bytes[3]));
            if sum {
                vrrplab_engine::wire::vrrp2::fill_checksum(&mut bytes);
            }
        }
        if let Some(packet) = Packet::new(&bytes) {
            packet.addresses4().for_each(drop);
            packet.addresses6().for_each(drop);
            let _ = (packet.auth_data(), packet.expected_length4(), packet.expected_length6());
        }
        let _ = ah::Header::parse(&bytes);
        if let Ok(advert) = Advert::parse(&bytes) {
            let mut again = Vec::new();
            advert.emit(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }
}
