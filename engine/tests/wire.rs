//! Wire formats against captured packets and against themselves.

use proptest::collection::vec;
use proptest::prelude::*;
use vrrplab_engine::addr::Mac;
use vrrplab_engine::wire::arp::{Arp, Operation};
use vrrplab_engine::wire::icmp::Echo;
use vrrplab_engine::wire::ipv4::Header;
use vrrplab_engine::wire::vrrp2::{Advert, Packet};
use vrrplab_engine::wire::{ParseError, ethernet};

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

proptest! {
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
        let _ = Packet::new(&bytes).map(|p| (p.version(), p.checksum_is_right(), p.has_expected_length()));
        if let Ok(advert) = Advert::parse(&bytes) {
            let mut again = Vec::new();
            advert.emit(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }
}
