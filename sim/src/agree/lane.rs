//! A lane: what has an order of its own, and what happens in it.

use std::fmt;
use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::Instant;
use vrrplab_engine::wire::{ethernet, ipv4};

use crate::frame::{PROTOCOL_VRRP, Summary};
use crate::trace::{Cause, Name};

/// What has an order of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lane {
    /// The states that an instance announces.
    States {
        /// Whose.
        node: Name,
        /// Which instance.
        instance: Name,
    },
    /// The comings and goings of an address.
    Address {
        /// Where.
        node: Name,
        /// Which.
        cidr: Cidr,
    },
    /// The comings and goings of a route or a rule.
    Line {
        /// Where.
        node: Name,
        /// `route` or `rule`, and what it is in the words of the trace.
        line: String,
    },
    /// Adverts.
    Adverts {
        /// Whose.
        node: Name,
        /// By which link.
        link: Name,
        /// Of which virtual router; `None` if the frame is damaged.
        vrid: Option<u8>,
        /// Over IPv6: another virtual router than that of the same number over IPv4 (RFC 9568, 1.2).
        ipv6: bool,
    },
    /// Gratuitous ARPs, or unsolicited neighbour advertisements.
    Garps {
        /// Whose.
        node: Name,
        /// By which link.
        link: Name,
        /// For which address.
        address: IpAddr,
    },
}

impl Lane {
    /// The node that it is about.
    pub fn node(&self) -> &Name {
        match self {
            Lane::States { node, .. }
            | Lane::Address { node, .. }
            | Lane::Line { node, .. }
            | Lane::Adverts { node, .. }
            | Lane::Garps { node, .. } => node,
        }
    }

    /// The link whose frames it holds; none for what is no frame.
    pub(super) fn link(&self) -> Option<&Name> {
        match self {
            Lane::States { .. } | Lane::Address { .. } | Lane::Line { .. } => None,
            Lane::Adverts { link, .. } | Lane::Garps { link, .. } => Some(link),
        }
    }

    /// The virtual router whose adverts it holds: its number and whether it is over IPv6.
    pub(super) fn router(&self) -> Option<(u8, bool)> {
        match self {
            Lane::Adverts { vrid, ipv6, .. } => Some(((*vrid)?, *ipv6)),
            _ => None,
        }
    }

    /// The lane of a frame that left this port; none for what the kernel sends by itself.
    pub(super) fn of_frame(node: &Name, link: &Name, bytes: &[u8]) -> Option<Lane> {
        let (node, link) = (node.clone(), link.clone());
        match Summary::of(bytes) {
            Summary::Vrrp(advert) => {
                Some(Lane::Adverts { node, link, vrid: Some(advert.vrid), ipv6: is_ipv6(bytes) })
            }
            Summary::Ip { protocol: PROTOCOL_VRRP | ipv4::AH, .. } => {
                Some(Lane::Adverts { node, link, vrid: None, ipv6: is_ipv6(bytes) })
            }
            Summary::Garp { address, .. } => Some(Lane::Garps { node, link, address: address.into() }),
            Summary::NeighbourAdvertisement(said) if !said.solicited => {
                Some(Lane::Garps { node, link, address: said.target.into() })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lane::States { node, instance } => write!(f, "{node}, states of {instance}"),
            Lane::Address { node, cidr } => write!(f, "{node}, address {cidr}"),
            Lane::Line { node, line } => write!(f, "{node}, {line}"),
            Lane::Adverts { node, link, vrid, ipv6 } => {
                let over = if *ipv6 { " over IPv6" } else { "" };
                match vrid {
                    Some(vrid) => write!(f, "{node}.{link}, adverts of vrid {vrid}{over}"),
                    None => write!(f, "{node}.{link}, damaged adverts{over}"),
                }
            }
            Lane::Garps { node, link, address } => {
                let kind = if address.is_ipv4() { "gratuitous ARPs" } else { "neighbour advertisements" };
                write!(f, "{node}.{link}, {kind} for {address}")
            }
        }
    }
}

/// What happened in a lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// This state was announced with this priority.
    State(Announced, u8),
    /// The address, the route or the rule was added, or removed.
    Address {
        /// Added, or removed.
        added: bool,
    },
    /// This frame left the port.
    Frame(Vec<u8>),
    /// Among speakers: the node begins to speak, with this priority.
    Speaks {
        /// 0 is a farewell.
        priority: u8,
    },
    /// Among speakers: its last advert before it falls silent or speaks with another priority. When that is depends
    /// on many adverts before; it is not compared, but counted from.
    LastAdvert,
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::State(state, priority) => write!(f, "{} {priority}", state.word()),
            Content::Address { added: true } => f.write_str("added"),
            Content::Address { added: false } => f.write_str("removed"),
            Content::Frame(bytes) => write!(f, "{}", Summary::of(bytes)),
            Content::Speaks { priority: 0 } => f.write_str("says farewell"),
            Content::Speaks { priority } => write!(f, "speaks with priority {priority}"),
            Content::LastAdvert => f.write_str("last advert of this turn"),
        }
    }
}

/// An event in its lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// What.
    pub what: Content,
    /// Why, in a run of ours.
    pub cause: Cause,
}

pub(super) fn is_ipv6(frame: &[u8]) -> bool {
    frame.get(12..14) == Some(&ethernet::IPV6.to_be_bytes())
}

/// A frame without what its sender's kernel drew by lot: the flow label of IPv6.
pub(super) fn comparable(frame: &[u8]) -> Content {
    let mut bytes = frame.to_vec();
    if let (true, Some([_, class, label @ ..])) = (is_ipv6(frame), bytes.get_mut(14..18)) {
        *class &= 0xf0;
        label.fill(0);
    }
    Content::Frame(bytes)
}
