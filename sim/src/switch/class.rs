//! What a switch can tell of a frame without understanding it: its kind and how many it is for.

use vrrplab_engine::addr::Mac;
use vrrplab_engine::wire::{ethernet, ipv4};

use crate::scenario::Traffic;

/// EtherType of IPv6.
const IPV6: u16 = 0x86dd;

/// The class of a frame. A frame's fate hangs on how many of its class came before it on its way, so that
/// chatter of another class changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Class {
    /// What it carries.
    pub kind: Kind,
    /// Whom it is for.
    pub cast: Cast,
}

/// What a frame carries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// VRRP: IP protocol 112, or 51 (its authentication header), over IPv4 or IPv6.
    Vrrp,
    /// ARP.
    Arp,
    /// Anything else.
    Other,
}

/// Whom a frame is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cast {
    /// One station.
    Unicast,
    /// A group.
    Multicast,
    /// All.
    Broadcast,
}

impl Class {
    /// The class of a frame with a whole Ethernet header.
    pub fn of(frame: &[u8]) -> Class {
        let cast = match frame.first_chunk::<6>().map(|m| Mac(*m)) {
            Some(Mac::BROADCAST) => Cast::Broadcast,
            Some(mac) if mac.is_group() => Cast::Multicast,
            _ => Cast::Unicast,
        };
        Class { kind: kind(frame), cast }
    }

    /// Whether an impairment of this traffic concerns the frame.
    pub fn is_of(self, traffic: Traffic) -> bool {
        match traffic {
            Traffic::All => true,
            Traffic::Multicast => self.cast == Cast::Multicast,
            Traffic::Unicast => self.cast == Cast::Unicast,
            Traffic::Arp => self.kind == Kind::Arp,
            Traffic::Vrrp => self.kind == Kind::Vrrp,
        }
    }

    /// Its number among the classes, for keys.
    pub(super) fn number(self) -> u64 {
        self.kind as u64 * 3 + self.cast as u64
    }
}

fn kind(frame: &[u8]) -> Kind {
    let ethertype = frame.get(12..14).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
    let protocol = match ethertype {
        ethernet::ARP => return Kind::Arp,
        ethernet::IPV4 => frame.get(23),
        IPV6 => frame.get(20),
        _ => None,
    };
    match protocol {
        Some(&(ipv4::VRRP | ipv4::AH)) => Kind::Vrrp,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(to: [u8; 6], ethertype: u16, at: usize, protocol: u8) -> Vec<u8> {
        let mut frame = to.to_vec();
        frame.extend([2, 0, 0, 0, 0, 1]);
        frame.extend(ethertype.to_be_bytes());
        frame.resize(60, 0);
        frame[at] = protocol;
        frame
    }

    #[test]
    fn adverts_are_known_in_both_families_with_and_without_ah() {
        let group = [1, 0, 0x5e, 0, 0, 0x12];
        let station = [2, 0, 0, 0, 0, 2];
        for (to, cast) in [(group, Cast::Multicast), (station, Cast::Unicast), ([0xff; 6], Cast::Broadcast)] {
            for (ethertype, at) in [(0x0800, 23), (0x86dd, 20)] {
                for protocol in [112, 51] {
                    assert_eq!(
                        Class::of(&frame(to, ethertype, at, protocol)),
                        Class { kind: Kind::Vrrp, cast }
                    );
                }
                assert_eq!(Class::of(&frame(to, ethertype, at, 1)), Class { kind: Kind::Other, cast });
            }
            assert_eq!(Class::of(&frame(to, 0x0806, 23, 112)), Class { kind: Kind::Arp, cast });
        }
        assert_eq!(Class::of(&[]), Class { kind: Kind::Other, cast: Cast::Unicast });
    }

    #[test]
    fn every_class_has_its_number_and_belongs_to_what_it_says() {
        let mut numbers = Vec::new();
        for kind in [Kind::Vrrp, Kind::Arp, Kind::Other] {
            for cast in [Cast::Unicast, Cast::Multicast, Cast::Broadcast] {
                let class = Class { kind, cast };
                numbers.push(class.number());
                assert!(class.is_of(Traffic::All));
                assert_eq!(class.is_of(Traffic::Vrrp), kind == Kind::Vrrp);
                assert_eq!(class.is_of(Traffic::Arp), kind == Kind::Arp);
                assert_eq!(class.is_of(Traffic::Multicast), cast == Cast::Multicast);
                assert_eq!(class.is_of(Traffic::Unicast), cast == Cast::Unicast);
            }
        }
        assert_eq!(numbers, (0..9).collect::<Vec<_>>());
    }
}
