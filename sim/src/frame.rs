//! A frame in one line, for people and for comparison: [`Summary`] reads any bytes and never fails.

use std::net::Ipv4Addr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::Duration;

/// What a frame is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Summary {
    /// A VRRPv2 advertisement over IPv4: `vrrp2 vrid 100 prio 100 adv 1s 192.168.10.240`.
    Vrrp2 {
        /// Virtual router.
        vrid: u8,
        /// Priority; 0 is a farewell.
        priority: u8,
        /// Advert interval.
        interval: Duration,
        /// The addresses in the order of the packet.
        addresses: Vec<Ipv4Addr>,
    },
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
    /// `icmp echo-request 192.168.10.1 > 192.168.10.240 seq 7`, and `echo-reply`.
    Echo {
        /// Whether it is the reply.
        reply: bool,
        /// From.
        source: Ipv4Addr,
        /// To.
        destination: Ipv4Addr,
        /// Sequence number.
        sequence: u16,
    },
    /// Another IPv4 packet: `ip proto 2 192.168.10.170 > 224.0.0.22 40 bytes` (length of the IP packet).
    Ip {
        /// Protocol number.
        protocol: u8,
        /// From.
        source: Ipv4Addr,
        /// To.
        destination: Ipv4Addr,
        /// Bytes of the packet as captured.
        length: usize,
    },
    /// Anything else: `eth 0x86dd 90 bytes`. Frames shorter than an Ethernet header have type 0.
    Other {
        /// EtherType.
        ethertype: u16,
        /// Bytes of the frame.
        length: usize,
    },
}
