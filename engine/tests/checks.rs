//! The checks of received adverts of version 3 over both families, of unicast, and of what is learned on the way:
//! each check alone and in all pairs, where the earlier one must refuse. Version 2 is in `vrrp.rs`.

#[path = "tools/lab.rs"]
mod lab;

use std::net::{Ipv4Addr, Ipv6Addr};

use lab::*;
use vrrplab_engine::boundary::{Input, Packet, SockId};
use vrrplab_engine::config::{Address, Auth, Family, Instance, OldChecksum, Peer, Version};
use vrrplab_engine::vrrp::Reject;
use vrrplab_engine::wire::vrrp3::{Addresses, Advert, Ends, fill_checksum};
use vrrplab_engine::wire::{ah, ipv4, vrrp2};

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const GROUP6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
const HIGH6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const VIP6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100);
const KEY: [u8; 8] = *b"1111\0\0\0\0";

/// Where the message begins in a packet.
const MESSAGE: usize = ipv4::HEADER;

/// The only reason that was counted, if one was.
fn refused(lab: &Lab) -> Option<Reject> {
    let counters = lab.counters();
    let counted: Vec<Reject> = Reject::ALL.into_iter().filter(|r| counters.rejected(*r) > 0).collect();
    assert!(counted.len() <= 1 && counted.iter().all(|r| counters.rejected(*r) == 1), "{counted:?}");
    counted.first().copied()
}

/// Each damage alone, then every two: the earlier check's comes last, because two may be of the same byte.
fn alone_and_in_pairs<D: Copy>(damages: &[(Reject, D)], refusal: impl Fn(&[(Reject, D)]) -> Option<Reject>) {
    assert_eq!(refusal(&[]), None);
    for (i, first) in damages.iter().enumerate() {
        assert_eq!(refusal(&[*first]), Some(first.0));
        for second in &damages[i + 1..] {
            assert_eq!(refusal(&[*second, *first]), Some(first.0), "with {:?}", second.0);
        }
    }
}

fn version_3(instance: &mut Instance) {
    (instance.version, instance.auth) = (Version::V3, Auth::None);
}

/// An advert of version 3, from its IP header on.
fn advert3(from: Ipv4Addr, destination: Ipv4Addr) -> Vec<u8> {
    let mut packet = Vec::new();
    let (total_length, protocol) = ((MESSAGE + 12) as u16, ipv4::VRRP);
    ipv4::Header {
        tos: 0xc0,
        total_length,
        id: 1,
        fragment: 0,
        ttl: 255,
        protocol,
        source: from,
        destination,
    }
    .emit(&mut packet);
    let advert = Advert { vrid: 7, priority: 200, interval: 100, addresses: Addresses::V4(vec![VIP]) };
    advert.emit(Ends::V4(from, destination), &mut packet);
    packet
}

/// One thing wrong with a packet. The checksum is right again afterwards, unless that is what is wrong.
type Damage = fn(&mut Vec<u8>);

const TOO_LONG: (Reject, Damage) = (Reject::Length, |p| {
    p.extend([0; 4]);
    p[3] += 4;
});
// Version 2 has authentication data; without them it would be too short.
const VERSION_2: (Reject, Damage) = (Reject::Version, |p| {
    p[MESSAGE] = 0x20 | (p[MESSAGE] & 0x0f);
    p.extend([0; 8]);
    p[3] += 8;
});
const NO_ADVERT: (Reject, Damage) = (Reject::Type, |p| p[MESSAGE] = (p[MESSAGE] & 0xf0) | 2);
const ONE_MORE: (Reject, Damage) = (Reject::AddressCount, |p| {
    p.splice(MESSAGE + 8..MESSAGE + 8, [10, 0, 0, 101]);
    p[MESSAGE + 3] += 1;
    p[3] += 4;
});
const HEADER_LIES: (Reject, Damage) = (Reject::TotalLength, |p| p[3] += 1);
const WRONG_SUM: (Reject, Damage) = (Reject::Checksum, |_| {});
const OTHER_ADDRESS: (Reject, Damage) = (Reject::AddressList, |p| *p.last_mut().unwrap() ^= 1);

fn damage3(mut packet: Vec<u8>, damages: &[(Reject, Damage)]) -> Vec<u8> {
    for (_, damage) in damages {
        damage(&mut packet);
    }
    let end = |at: usize| Ipv4Addr::new(packet[at], packet[at + 1], packet[at + 2], packet[at + 3]);
    let ends = Ends::V4(end(12), end(16));
    fill_checksum(&mut packet[MESSAGE..], ends);
    if damages.iter().any(|(reason, _)| *reason == Reject::Checksum) {
        packet[MESSAGE + 7] ^= 1;
    }
    packet
}

#[test]
fn version_3_over_ipv4() {
    let damages: [(Reject, Damage); 9] = [
        TOO_LONG,
        (Reject::Ttl, |p| p[8] = 254),
        VERSION_2,
        NO_ADVERT,
        ONE_MORE,
        HEADER_LIES,
        WRONG_SUM,
        (Reject::Destination, |p| p[16..20].copy_from_slice(&OWN.octets())),
        OTHER_ADDRESS,
    ];
    alone_and_in_pairs(&damages, |damages| {
        let mut backup = lab(version_3).started();
        backup.packet(&damage3(advert3(HIGH, GROUP), damages));
        refused(&backup)
    });
}

#[test]
fn reserved_bits_of_version_3_are_ignored() {
    let mut backup = lab(version_3).started();
    let packet = damage3(advert3(HIGH, GROUP), &[(Reject::Type, |p| p[MESSAGE + 4] |= 0xf0)]);
    assert_eq!(backup.packet(&packet), [""; 0]);
    assert_eq!((backup.counters().received, refused(&backup)), (1, None));
}

#[test]
fn unicast_of_version_3() {
    let damages: [(Reject, Damage); 10] = [
        TOO_LONG,
        VERSION_2,
        NO_ADVERT,
        ONE_MORE,
        HEADER_LIES,
        WRONG_SUM,
        (Reject::Destination, |p| p[16..20].copy_from_slice(&GROUP.octets())),
        OTHER_ADDRESS,
        (Reject::NotAPeer, |p| p[15] = 9),
        (Reject::TtlBounds, |p| p[8] = 63),
    ];
    alone_and_in_pairs(&damages, |damages| {
        let mut backup = lab(|i| unicast(i, OldChecksum::Auto)).started();
        backup.packet(&damage3(advert3(HIGH, OWN), damages));
        refused(&backup)
    });
}

/// With one peer, from which between 64 and 255 hops are believed.
fn unicast(instance: &mut Instance, old_checksum: OldChecksum) {
    version_3(instance);
    instance.unicast.peers = vec![Peer { address: HIGH.into(), min_ttl: 64, max_ttl: 255 }];
    (instance.unicast.check_source, instance.unicast.old_checksum) = (true, old_checksum);
}

#[test]
fn a_peers_bounds_include_their_ends() {
    for (ttl, expected) in [
        (63, Some(Reject::TtlBounds)),
        (64, None),
        (128, None),
        (129, Some(Reject::TtlBounds)),
        (255, Some(Reject::TtlBounds)),
    ] {
        let mut backup = lab(|i| {
            unicast(i, OldChecksum::Auto);
            i.unicast.peers[0].max_ttl = 128;
        })
        .started();
        let mut packet = advert3(HIGH, OWN);
        packet[8] = ttl;
        backup.packet(&packet);
        assert_eq!(refused(&backup), expected, "{ttl}");
        // Who does not check believes everybody, at any distance.
        let mut trusting = lab(|i| {
            unicast(i, OldChecksum::Auto);
            i.unicast.check_source = false;
        })
        .started();
        packet[15] = 9;
        trusting.packet(&damage3(packet, &[]));
        assert_eq!(refused(&trusting), None, "{ttl}");
    }
}

#[test]
fn the_old_checksum_is_believed_as_configured_and_learned_for_good() {
    let new = advert3(HIGH, OWN);
    let mut old = new.clone();
    fill_checksum(&mut old[MESSAGE..], Ends::V4(HIGH, GROUP));
    let accepted = |configured: OldChecksum, heard: &[&Vec<u8>]| {
        let mut backup = lab(|i| unicast(i, configured)).started();
        let counts = heard.iter().map(|packet| {
            let before = backup.counters().received;
            backup.packet(packet);
            backup.counters().received > before
        });
        counts.collect::<Vec<bool>>()
    };
    assert_eq!(accepted(OldChecksum::Auto, &[&new, &old, &old, &new]), [true, true, true, false]);
    assert_eq!(accepted(OldChecksum::Always, &[&new, &old, &new]), [false, true, false]);
    assert_eq!(accepted(OldChecksum::Never, &[&new, &old, &new]), [true, false, true]);
    // Multicast has one destination, and both sums are the same.
    let mut multicast = lab(|i| {
        version_3(i);
        i.unicast.old_checksum = OldChecksum::Never;
    })
    .started();
    multicast.packet(&advert3(HIGH, GROUP));
    assert_eq!(multicast.counters().received, 1);
}

/// A message over IPv6 as a socket hands it over.
#[derive(Clone)]
struct Message6 {
    destination: Ipv6Addr,
    hop_limit: u8,
    bytes: Vec<u8>,
}

type Damage6 = fn(&mut Message6);

fn refusal6(damages: &[(Reject, Damage6)]) -> (Option<Reject>, u64) {
    let mut bytes = Vec::new();
    let advert = Advert { vrid: 7, priority: 200, interval: 100, addresses: Addresses::V6(vec![VIP6]) };
    advert.emit(Ends::V6(HIGH6, GROUP6), &mut bytes);
    let mut message = Message6 { destination: GROUP6, hop_limit: 255, bytes };
    damages.iter().for_each(|(_, damage)| damage(&mut message));
    let mut backup = lab(|i| {
        version_3(i);
        i.family = Family::V6;
        i.addresses = vec![Address::plain("fe80::100/64".parse().unwrap(), "eth0")];
    })
    .started();
    let Message6 { destination, hop_limit, bytes } = &message;
    let packet =
        Packet::V6 { source: HIGH6, destination: *destination, hop_limit: *hop_limit, message: bytes };
    backup.give(Input::Packet { sock: SockId(0), packet });
    (refused(&backup), backup.counters().received)
}

#[test]
fn version_3_over_ipv6() {
    let damages: [(Reject, Damage6); 6] = [
        (Reject::Length, |m| m.bytes.extend([0; 16])),
        (Reject::Ttl, |m| m.hop_limit = 254),
        (Reject::Version, |m| m.bytes[0] = 0x20 | (m.bytes[0] & 0x0f)),
        (Reject::Type, |m| m.bytes[0] = (m.bytes[0] & 0xf0) | 2),
        (Reject::AddressCount, |m| {
            m.bytes.extend(GROUP6.octets());
            m.bytes[3] += 1;
        }),
        (Reject::AddressList, |m| m.bytes[23] ^= 1),
    ];
    assert_eq!(refusal6(&[]), (None, 1));
    alone_and_in_pairs(&damages, |damages| refusal6(damages).0);
    // The kernel has checked the checksum, and what is for us alone is dropped unseen.
    assert_eq!(refusal6(&[(Reject::Checksum, |m| m.bytes[6] ^= 1)]), (None, 1));
    let unicast: Damage6 = |m| m.destination = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    assert_eq!(refusal6(&[(Reject::Destination, unicast)]), (None, 0));
}

/// An advert with an authentication header of this sequence number.
fn authenticated(sequence: u32) -> Vec<u8> {
    let plain = advert(HIGH, 200);
    let mut message = plain[MESSAGE..].to_vec();
    message[4] = 2;
    let data = message.len() - 8;
    message[data..].fill(0);
    vrrp2::fill_checksum(&mut message);
    let mut packet = plain[..MESSAGE].to_vec();
    packet[9] = ipv4::AH;
    packet[3] += ah::LENGTH as u8;
    let header = ah::Header { next: ipv4::VRRP, spi: HIGH.to_bits(), sequence, icv: [0; ah::ICV] };
    header.emit(&mut packet);
    packet.extend(message);
    let icv = ah::Key::new(&KEY).icv(&packet, MESSAGE, true);
    packet[MESSAGE + ah::ICV_AT..MESSAGE + ah::LENGTH].copy_from_slice(&icv);
    packet
}

#[test]
fn a_sequence_number_must_be_above_the_highest_one() {
    let mut backup = lab(|i| i.auth = Auth::Ah(KEY)).started();
    let accepted =
        [(0, false), (5, true), (5, false), (4, false), (6, true), (u32::MAX, true), (u32::MAX, false)];
    for (sequence, expected) in accepted.into_iter().chain([(0, false), (7, false)]) {
        let before = backup.counters().received;
        backup.packet(&authenticated(sequence));
        assert_eq!(backup.counters().received > before, expected, "{sequence}");
    }
    assert_eq!(backup.counters().rejected(Reject::Sequence), 6);
}

#[test]
fn a_number_that_a_later_check_refuses_is_old_all_the_same() {
    let mut backup = lab(|i| i.auth = Auth::Ah(KEY)).started();
    let mut packet = authenticated(9);
    packet[MESSAGE + ah::LENGTH + 5] = 2;
    let icv = ah::Key::new(&KEY).icv(&packet, MESSAGE, true);
    packet[MESSAGE + ah::ICV_AT..MESSAGE + ah::LENGTH].copy_from_slice(&icv);
    backup.packet(&packet);
    assert_eq!(refused(&backup), Some(Reject::Interval));
    backup.packet(&authenticated(9));
    assert_eq!(backup.counters().rejected(Reject::Sequence), 1);
    backup.packet(&authenticated(10));
    assert_eq!(backup.counters().received, 1);
}
