//! Routes and rules of daemons in the words of the trace: those of protocol keepalived, which the laboratory makes none of.

use std::net::IpAddr;

use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteType,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use vrrplab_engine::addr::Cidr;
use vrrplab_sim::trace::Name;
use vrrplab_sim::way::{Policy, Way};

use crate::kernel::netlink::KEEPALIVED;

/// A route of a daemon, as its kernel tells it.
pub(super) fn way(message: &RouteMessage, link: impl Fn(u32) -> Option<Name>) -> Option<Way> {
    let header = &message.header;
    if header.protocol != RouteProtocol::from(KEEPALIVED) {
        return None;
    }
    let everything = match header.address_family {
        AddressFamily::Inet => IpAddr::from([0; 4]),
        _ => IpAddr::from([0; 16]),
    };
    let to = Cidr { address: everything, prefix: header.destination_prefix_length };
    let leads = header.kind == RouteType::Unicast;
    let kind = kind(header);
    let mut way = Way { kind, to, via: None, link: None, table: header.table.into(), metric: 0 };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(address) => way.to.address = plain(address)?,
            RouteAttribute::Gateway(address) => way.via = plain(address),
            RouteAttribute::Oif(index) if leads => way.link = link(*index),
            RouteAttribute::Table(table) => way.table = *table,
            RouteAttribute::Priority(metric) => way.metric = *metric,
            _ => {}
        }
    }
    Some(way)
}

fn kind(header: &RouteHeader) -> String {
    let word = match header.kind {
        RouteType::BlackHole => "blackhole",
        RouteType::Unreachable => "unreachable",
        RouteType::Prohibit => "prohibit",
        RouteType::Throw => "throw",
        RouteType::Local => "local",
        RouteType::Broadcast => "broadcast",
        RouteType::Anycast => "anycast",
        RouteType::Multicast => "multicast",
        _ => "",
    };
    word.to_string()
}

fn plain(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

/// A rule of a daemon, as its kernel tells it.
pub(super) fn policy(message: &RuleMessage) -> Option<Policy> {
    let header = &message.header;
    if !message.attributes.contains(&RuleAttribute::Protocol(RouteProtocol::from(KEEPALIVED))) {
        return None;
    }
    let (mut policy, mut table, mut target, mut vrf) =
        (Policy { priority: 0, from: None, to: None, action: String::new() }, header.table.into(), 0, false);
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Priority(priority) => policy.priority = *priority,
            RuleAttribute::Source(address) => {
                policy.from = Some(Cidr { address: *address, prefix: header.src_len });
            }
            RuleAttribute::Destination(address) => {
                policy.to = Some(Cidr { address: *address, prefix: header.dst_len });
            }
            RuleAttribute::Table(number) => table = *number,
            RuleAttribute::Goto(priority) => target = *priority,
            RuleAttribute::L3MDev(on) => vrf = *on,
            _ => {}
        }
    }
    policy.action = match header.action {
        RuleAction::Goto => format!("goto {target}"),
        RuleAction::Nop => "nop".to_string(),
        RuleAction::Blackhole => "blackhole".to_string(),
        RuleAction::Prohibit => "prohibit".to_string(),
        RuleAction::Unreachable => "unreachable".to_string(),
        _ if vrf => "l3mdev".to_string(),
        _ => format!("table {table}"),
    };
    Some(policy)
}
