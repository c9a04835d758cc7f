//! A frame in one line, for people and for comparison: [`Summary`] reads any bytes and never fails.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::Duration;
use vrrplab_engine::wire::icmp6::Ends;
use vrrplab_engine::wire::ndisc::{self, Advertisement, Solicitation};
use vrrplab_engine::wire::vrrp::Packet;
use vrrplab_engine::wire::{ah, ipv4, ipv6};

/// A VRRP advertisement, of either version and family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advert {
    /// Version, 2 or 3.
    pub version: u8,
    /// The authentication header before it.
    pub ah: Option<Ah>,
    /// Virtual router.
    pub vrid: u8,
    /// Priority; 0 is a farewell.
    pub priority: u8,
    /// Advert interval.
    pub interval: Duration,
    /// The addresses in the order of the packet, all of one family.
    pub addresses: Vec<IpAddr>,
    /// To whom, if it is unicast.
    pub to: Option<IpAddr>,
}

/// What an authentication header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ah {
    /// Security parameters index, which is the sender's address.
    pub spi: Ipv4Addr,
    /// Sequence number.
    pub sequence: u32,
}

/// What a frame is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Summary {
    /// A VRRP advertisement: `vrrp2 vrid 100 prio 100 adv 1s 192.168.10.240`, `vrrp3 …`; unicast ends with
    /// `to 192.168.10.180`, and before an authenticated one stands `ah spi 192.168.10.170 seq 7`.
    Vrrp(Advert),
    /// A gratuitous ARP (sender = target): `garp request 192.168.10.240 at 02:00:00:00:00:01`.
    Garp {
        /// Request (1) or reply (2).
        reply: bool,
        /// The announced address.
        address: Ipv4Addr,
        /// Its Ethernet address.
        mac: Mac,
    },
    /// `arp who-has 192.168.10.240 tell 192.168.10.1`.
    ArpRequest {
        /// The wanted address.
        target: Ipv4Addr,
        /// Who asks.
        sender: Ipv4Addr,
    },
    /// `arp 192.168.10.240 is-at 02:00:00:00:00:01`.
    ArpReply {
        /// The address.
        address: Ipv4Addr,
        /// Its Ethernet address.
        mac: Mac,
    },
    /// A neighbour advertisement: `na fe80::10:240 at 02:00:00:00:00:01 override`, with the flags that are set of
    /// `router`, `solicited` and `override`; without its option `at unknown`.
    NeighbourAdvertisement(Advertisement),
    /// A neighbour solicitation: `ns who-has fd00:10::180 tell fd00:10::170`.
    NeighbourSolicitation {
        /// The wanted address.
        target: Ipv6Addr,
        /// Who asks; `::` looks for duplicates.
        sender: Ipv6Addr,
    },
    /// `icmp echo-request 192.168.10.1 > 192.168.10.240 seq 7`, and `echo-reply`; ICMPv6 the same.
    Echo {
        /// Whether it is the reply.
        reply: bool,
        /// From.
        source: IpAddr,
        /// To.
        destination: IpAddr,
        /// Sequence number.
        sequence: u16,
    },
    /// Another IP packet: `ip proto 2 192.168.10.170 > 224.0.0.22 40 bytes` (length of the IP packet); for IPv6 the
    /// protocol behind hop-by-hop options.
    Ip {
        /// Protocol number.
        protocol: u8,
        /// From.
        source: IpAddr,
        /// To.
        destination: IpAddr,
        /// Bytes of the packet as captured.
        length: usize,
    },
    /// Anything else: `eth 0x88cc 90 bytes`. Frames shorter than an Ethernet header have type 0.
    Other {
        /// EtherType.
        ethertype: u16,
        /// Bytes of the frame.
        length: usize,
    },
}

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const PROTOCOL_ICMP: u8 = 1;
/// The IP protocol number of VRRP (RFC 3768, 5.2.4).
pub const PROTOCOL_VRRP: u8 = 112;

impl Summary {
    /// Reads an Ethernet frame. Bytes after the end of the IP packet are padding and ignored; what a header
    /// promises and the bytes do not hold makes the frame one step less understood, never an error.
    pub fn of(bytes: &[u8]) -> Summary {
        let ethertype = u16_at(bytes, 12).unwrap_or(0);
        let inner = match (ethertype, bytes.get(14..)) {
            (ETHERTYPE_IPV4, Some(packet)) => of_ipv4(packet),
            (ETHERTYPE_ARP, Some(packet)) => of_arp(packet, bytes[0] & 1 == 1),
            (ETHERTYPE_IPV6, Some(packet)) => of_ipv6(packet),
            _ => None,
        };
        inner.unwrap_or(Summary::Other { ethertype, length: bytes.len() })
    }
}

fn of_ipv4(packet: &[u8]) -> Option<Summary> {
    let first = *packet.first()?;
    let header = usize::from(first & 0x0f) * 4;
    let total = usize::from(u16_at(packet, 2)?);
    if first >> 4 != 4 || header < 20 || packet.len() < header || total < header {
        return None;
    }
    let packet = &packet[..total.min(packet.len())];
    let (source, destination) = (address_at(packet, 12)?, address_at(packet, 16)?);
    let protocol = packet[9];
    // A later fragment starts in the middle of something.
    let whole = u16_at(packet, 6)? & 0x1fff == 0;
    let payload = match protocol {
        PROTOCOL_VRRP | ipv4::AH if whole => of_vrrp(protocol, &packet[header..], destination.into()),
        PROTOCOL_ICMP if whole => of_echo(&packet[header..], source, destination),
        _ => None,
    };
    let (source, destination) = (source.into(), destination.into());
    Some(payload.unwrap_or(Summary::Ip { protocol, source, destination, length: packet.len() }))
}

fn of_ipv6(packet: &[u8]) -> Option<Summary> {
    let (header, payload) = ipv6::Header::parse(packet).ok()?;
    let ipv6::Header { source, destination, .. } = header;
    let (protocol, behind) = ipv6::behind_options(header.next, payload).unwrap_or((header.next, payload));
    let read = match protocol {
        ipv6::VRRP => of_vrrp(protocol, behind, destination.into()),
        ipv6::ICMP => of_icmp6(behind, Ends { source, destination }),
        _ => None,
    };
    let length = ipv6::HEADER + payload.len();
    let (source, destination) = (source.into(), destination.into());
    Some(read.unwrap_or(Summary::Ip { protocol, source, destination, length }))
}

/// What the message says, whatever its checksum.
fn of_icmp6(message: &[u8], ends: Ends) -> Option<Summary> {
    let Ends { source, destination } = ends;
    match message {
        [kind @ (128 | 129), 0, _, _, _, _, high, low, ..] => Some(Summary::Echo {
            reply: *kind == 129,
            source: source.into(),
            destination: destination.into(),
            sequence: u16::from_be_bytes([*high, *low]),
        }),
        [ndisc::SOLICITATION, ..] => {
            let asked = Solicitation::parse(ends, message).ok()?;
            Some(Summary::NeighbourSolicitation { target: asked.target, sender: source })
        }
        [ndisc::ADVERTISEMENT, ..] => {
            Advertisement::parse(ends, message).ok().map(Summary::NeighbourAdvertisement)
        }
        _ => None,
    }
}

fn of_vrrp(protocol: u8, payload: &[u8], to: IpAddr) -> Option<Summary> {
    let (ah, pdu) = match protocol {
        ipv4::AH => {
            let (header, pdu) = ah::Header::parse(payload).ok().filter(|(h, _)| h.next == PROTOCOL_VRRP)?;
            (Some(Ah { spi: Ipv4Addr::from_bits(header.spi), sequence: header.sequence }), pdu)
        }
        _ => (None, payload),
    };
    let packet = Packet::new(pdu).filter(|p| p.kind() == 1)?;
    let interval = match packet.version() {
        2 => Duration::from_secs(u64::from(packet.seconds())),
        3 => Duration::from_millis(10 * u64::from(packet.centiseconds())),
        _ => return None,
    };
    let addresses: Vec<IpAddr> = match to {
        IpAddr::V4(_) => packet.addresses4().map(IpAddr::V4).collect(),
        IpAddr::V6(_) => packet.addresses6().map(IpAddr::V6).collect(),
    };
    (addresses.len() == usize::from(packet.count())).then(|| {
        Summary::Vrrp(Advert {
            version: packet.version(),
            ah,
            vrid: packet.vrid(),
            priority: packet.priority(),
            interval,
            addresses,
            to: Some(to).filter(|to| !to.is_multicast()),
        })
    })
}

fn of_echo(message: &[u8], source: Ipv4Addr, destination: Ipv4Addr) -> Option<Summary> {
    let &[kind @ (0 | 8), 0, _, _, _, _, high, low, ..] = message else { return None };
    let (source, destination) = (source.into(), destination.into());
    Some(Summary::Echo { reply: kind == 0, source, destination, sequence: u16::from_be_bytes([high, low]) })
}

/// Gratuitous is what is told to everybody. A kernel that still has an address answers another's gratuitous request for it, to that
/// one alone.
fn of_arp(packet: &[u8], to_group: bool) -> Option<Summary> {
    // Ethernet addresses for IPv4 addresses, request or reply.
    let &[0, 1, 8, 0, 6, 4, 0, operation @ (1 | 2), ref rest @ ..] = packet else { return None };
    let mac = Mac(*rest.first_chunk()?);
    let (sender, target) = (address_at(rest, 6)?, address_at(rest, 16)?);
    let reply = operation == 2;
    Some(match reply {
        _ if sender == target && (to_group || !reply) => Summary::Garp { reply, address: sender, mac },
        true => Summary::ArpReply { address: sender, mac },
        false => Summary::ArpRequest { target, sender },
    })
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn address_at(bytes: &[u8], offset: usize) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(*bytes.get(offset..)?.first_chunk::<4>()?))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Summary::Vrrp(advert) => write!(f, "{advert}"),
            Summary::NeighbourAdvertisement(said) => {
                write!(f, "na {} at ", said.target)?;
                match said.target_mac {
                    Some(mac) => write!(f, "{mac}")?,
                    None => f.write_str("unknown")?,
                }
                let flags = [said.router, said.solicited, said.override_known];
                let mut set = flags.into_iter().zip(FLAGS).filter(|(set, _)| *set);
                set.try_for_each(|(_, word)| write!(f, " {word}"))
            }
            Summary::NeighbourSolicitation { target, sender } => {
                write!(f, "ns who-has {target} tell {sender}")
            }
            Summary::Garp { reply, address, mac } => {
                write!(f, "garp {} {address} at {mac}", if *reply { "reply" } else { "request" })
            }
            Summary::ArpRequest { target, sender } => write!(f, "arp who-has {target} tell {sender}"),
            Summary::ArpReply { address, mac } => write!(f, "arp {address} is-at {mac}"),
            Summary::Echo { reply, source, destination, sequence } => {
                let kind = if *reply { "reply" } else { "request" };
                write!(f, "icmp echo-{kind} {source} > {destination} seq {sequence}")
            }
            Summary::Ip { protocol, source, destination, length } => {
                write!(f, "ip proto {protocol} {source} > {destination} {length} bytes")
            }
            Summary::Other { ethertype, length } => write!(f, "eth {ethertype:#06x} {length} bytes"),
        }
    }
}

impl fmt::Display for Advert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Ah { spi, sequence }) = self.ah {
            write!(f, "ah spi {spi} seq {sequence} ")?;
        }
        let Advert { version, vrid, priority, interval, .. } = self;
        write!(f, "vrrp{version} vrid {vrid} prio {priority} adv {interval}")?;
        self.addresses.iter().try_for_each(|address| write!(f, " {address}"))?;
        self.to.iter().try_for_each(|to| write!(f, " to {to}"))
    }
}

/// The flags of a neighbour advertisement.
const FLAGS: [&str; 3] = ["router", "solicited", "override"];

fn read_advert(words: &[&str]) -> Result<Advert, SummaryError> {
    let (ah, words) = match words {
        ["ah", "spi", spi, "seq", sequence, rest @ ..] => {
            (Some(Ah { spi: word(spi)?, sequence: word(sequence)? }), rest)
        }
        _ => (None, words),
    };
    let [name @ ("vrrp2" | "vrrp3"), "vrid", vrid, "prio", priority, "adv", interval, rest @ ..] = words
    else {
        return Err(SummaryError);
    };
    let (addresses, to) = match rest {
        [addresses @ .., "to", to] => (addresses, Some(word(to)?)),
        _ => (rest, None),
    };
    Ok(Advert {
        version: if *name == "vrrp2" { 2 } else { 3 },
        ah,
        vrid: word(vrid)?,
        priority: word(priority)?,
        interval: word(interval)?,
        addresses: addresses.iter().map(|address| word(address)).collect::<Result<_, _>>()?,
        to,
    })
}

fn read_advertisement(words: &[&str]) -> Result<Advertisement, SummaryError> {
    let ["na", target, "at", mac, flags @ ..] = words else { return Err(SummaryError) };
    let said = Advertisement {
        router: flags.contains(&FLAGS[0]),
        solicited: flags.contains(&FLAGS[1]),
        override_known: flags.contains(&FLAGS[2]),
        target: word(target)?,
        target_mac: if *mac == "unknown" { None } else { Some(word(mac)?) },
    };
    let set = usize::from(said.router) + usize::from(said.solicited) + usize::from(said.override_known);
    if set == flags.len() { Ok(said) } else { Err(SummaryError) }
}

/// The text is no [`Summary`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SummaryError;

impl fmt::Display for SummaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the summary of a frame")
    }
}

impl std::error::Error for SummaryError {}

/// Reads what `Display` prints.
impl FromStr for Summary {
    type Err = SummaryError;
    fn from_str(s: &str) -> Result<Summary, SummaryError> {
        let words: Vec<&str> = s.split_whitespace().collect();
        Ok(match words[..] {
            ["vrrp2" | "vrrp3" | "ah", ..] => Summary::Vrrp(read_advert(&words)?),
            ["na", ..] => Summary::NeighbourAdvertisement(read_advertisement(&words)?),
            ["ns", "who-has", target, "tell", sender] => {
                Summary::NeighbourSolicitation { target: word(target)?, sender: word(sender)? }
            }
            ["garp", kind @ ("request" | "reply"), address, "at", mac] => {
                Summary::Garp { reply: kind == "reply", address: word(address)?, mac: word(mac)? }
            }
            ["arp", "who-has", target, "tell", sender] => {
                Summary::ArpRequest { target: word(target)?, sender: word(sender)? }
            }
            ["arp", address, "is-at", mac] => Summary::ArpReply { address: word(address)?, mac: word(mac)? },
            ["icmp", kind @ ("echo-request" | "echo-reply"), source, ">", destination, "seq", sequence] => {
                Summary::Echo {
                    reply: kind == "echo-reply",
                    source: word(source)?,
                    destination: word(destination)?,
                    sequence: word(sequence)?,
                }
            }
            ["ip", "proto", protocol, source, ">", destination, length, "bytes"] => Summary::Ip {
                protocol: word(protocol)?,
                source: word(source)?,
                destination: word(destination)?,
                length: word(length)?,
            },
            ["eth", ethertype, length, "bytes"] => {
                let digits = ethertype.strip_prefix("0x").ok_or(SummaryError)?;
                let ethertype = u16::from_str_radix(digits, 16).map_err(|_| SummaryError)?;
                Summary::Other { ethertype, length: word(length)? }
            }
            _ => return Err(SummaryError),
        })
    }
}

fn word<T: FromStr>(text: &str) -> Result<T, SummaryError> {
    text.parse().map_err(|_| SummaryError)
}

/// Generated summaries, for the tests of everything that contains one.
#[cfg(test)]
pub(crate) fn any_summary() -> impl proptest::strategy::Strategy<Value = Summary> {
    use proptest::prelude::*;
    let ip = || any::<u32>().prop_map(Ipv4Addr::from);
    let ip6 = || any::<u128>().prop_map(Ipv6Addr::from);
    let either = || prop_oneof![ip().prop_map(IpAddr::V4), ip6().prop_map(IpAddr::V6)];
    let mac = || any::<[u8; 6]>().prop_map(Mac);
    let interval = (0..1u64 << 50).prop_map(Duration::from_micros);
    let ah = proptest::option::of((ip(), any::<u32>()).prop_map(|(spi, sequence)| Ah { spi, sequence }));
    let addresses = proptest::collection::vec(either(), 0..4);
    let to = proptest::option::of(either());
    prop_oneof![
        (2..4u8, ah, any::<u8>(), any::<u8>(), interval, addresses, to).prop_map(
            |(version, ah, vrid, priority, interval, addresses, to)| {
                Summary::Vrrp(Advert { version, ah, vrid, priority, interval, addresses, to })
            }
        ),
        (any::<[bool; 3]>(), ip6(), proptest::option::of(mac())).prop_map(|(flags, target, target_mac)| {
            let [router, solicited, override_known] = flags;
            let said = Advertisement { router, solicited, override_known, target, target_mac };
            Summary::NeighbourAdvertisement(said)
        }),
        (ip6(), ip6()).prop_map(|(target, sender)| Summary::NeighbourSolicitation { target, sender }),
        (any::<bool>(), ip(), mac()).prop_map(|(reply, address, mac)| Summary::Garp { reply, address, mac }),
        (ip(), ip()).prop_map(|(target, sender)| Summary::ArpRequest { target, sender }),
        (ip(), mac()).prop_map(|(address, mac)| Summary::ArpReply { address, mac }),
        (any::<bool>(), either(), either(), any::<u16>()).prop_map(
            |(reply, source, destination, sequence)| {
                Summary::Echo { reply, source, destination, sequence }
            }
        ),
        (any::<u8>(), either(), either(), any::<usize>()).prop_map(
            |(protocol, source, destination, length)| {
                Summary::Ip { protocol, source, destination, length }
            }
        ),
        (any::<u16>(), any::<usize>()).prop_map(|(ethertype, length)| Summary::Other { ethertype, length }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1];
        frame.extend(ethertype.to_be_bytes());
        frame.extend(payload);
        frame
    }

    /// An IPv4 packet from 192.168.10.170 to 224.0.0.18 with so many words of options.
    fn ipv4(protocol: u8, options: u8, payload: &[u8]) -> Vec<u8> {
        let header = 20 + usize::from(options) * 4;
        let mut packet =
            vec![0x45 + options, 0xc0, 0, (header + payload.len()) as u8, 0, 0, 0, 0, 255, protocol];
        packet.extend([0, 0, 192, 168, 10, 170, 224, 0, 0, 18]);
        packet.resize(header, 1);
        packet.extend(payload);
        packet
    }

    fn advert() -> Vec<u8> {
        let mut pdu = vec![0x21, 100, 90, 2, 1, 3, 0, 0, 192, 168, 10, 240, 192, 168, 10, 241];
        pdu.extend(b"1111\0\0\0\0");
        pdu
    }

    fn arp(operation: u8, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
        let mut packet = vec![0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, 1];
        packet.extend(sender);
        packet.extend([0xff; 6]);
        packet.extend(target);
        ethernet(0x0806, &packet)
    }

    #[test]
    fn adverts_are_read_with_options_and_padding() {
        let text = "vrrp2 vrid 100 prio 90 adv 3s 192.168.10.240 192.168.10.241";
        for options in 0..=10 {
            let mut frame = ethernet(0x0800, &ipv4(112, options, &advert()));
            assert_eq!(Summary::of(&frame).to_string(), text);
            frame.extend([0; 18]);
            assert_eq!(Summary::of(&frame).to_string(), text);
        }
    }

    #[test]
    fn every_kind_has_its_line() {
        let (v, p) = ([192, 168, 10, 240], [192, 168, 10, 1]);
        let ping = [8, 0, 0, 0, 0, 1, 0, 7];
        let pong = [0, 0, 0, 0, 0, 1, 1, 0];
        for (frame, text) in [
            (arp(1, v, v), "garp request 192.168.10.240 at 02:00:00:00:00:01"),
            (arp(2, v, v), "garp reply 192.168.10.240 at 02:00:00:00:00:01"),
            (arp(1, p, v), "arp who-has 192.168.10.240 tell 192.168.10.1"),
            (arp(2, v, p), "arp 192.168.10.240 is-at 02:00:00:00:00:01"),
            (arp(3, v, p), "eth 0x0806 42 bytes"),
            (ethernet(0x0800, &ipv4(1, 0, &ping)), "icmp echo-request 192.168.10.170 > 224.0.0.18 seq 7"),
            (ethernet(0x0800, &ipv4(1, 0, &pong)), "icmp echo-reply 192.168.10.170 > 224.0.0.18 seq 256"),
            (ethernet(0x0800, &ipv4(2, 1, &[0; 16])), "ip proto 2 192.168.10.170 > 224.0.0.18 40 bytes"),
            (ethernet(0x86dd, &[0; 76]), "eth 0x86dd 90 bytes"),
            (vec![1, 2, 3], "eth 0x0000 3 bytes"),
            (vec![], "eth 0x0000 0 bytes"),
        ] {
            assert_eq!(Summary::of(&frame).to_string(), text);
        }
    }

    #[test]
    fn what_is_not_there_is_not_read() {
        let mut short = advert();
        short.truncate(12);
        let frame = ethernet(0x0800, &ipv4(112, 0, &short));
        assert_eq!(Summary::of(&frame).to_string(), "ip proto 112 192.168.10.170 > 224.0.0.18 32 bytes");
        let mut fragment = ipv4(112, 0, &advert());
        fragment[7] = 1;
        let text = Summary::of(&ethernet(0x0800, &fragment)).to_string();
        assert_eq!(text, "ip proto 112 192.168.10.170 > 224.0.0.18 44 bytes");
        for text in [
            "",
            "vrrp2",
            "vrrp2 vrid 300 prio 1 adv 1s",
            "vrrp4 vrid 3 prio 1 adv 1s",
            "ah spi 10.0.0.1 vrrp2 vrid 3 prio 1 adv 1s",
            "na fe80::1 at 02:00:00:00:00:01 router router",
            "na fe80::1 at 02:00:00:00:00:01 overridden",
            "garp 1.2.3.4",
            "eth 86dd 1 bytes",
            "eth 0x1",
        ] {
            assert_eq!(text.parse::<Summary>(), Err(SummaryError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_summary_reads_what_it_prints(summary in any_summary()) {
            prop_assert_eq!(summary.to_string().parse(), Ok(summary));
        }

        #[test]
        fn any_bytes_have_a_summary(bytes: Vec<u8>, kind in 0usize..3, cut: usize, flip: (usize, u8)) {
            let mut frame = match kind {
                0 => bytes,
                1 => ethernet(0x0800, &ipv4(112, 2, &advert())),
                _ => arp(1, [1; 4], [1; 4]),
            };
            if !frame.is_empty() {
                let i = flip.0 % frame.len();
                frame[i] = flip.1;
                frame.truncate(cut % (frame.len() + 1));
            }
            let summary = Summary::of(&frame);
            prop_assert_eq!(summary.to_string().parse(), Ok(summary));
        }
    }
}
