//! How an address is added: the attributes that keepalived 2.2.7 gives it (strace, `ip address`).

use std::net::IpAddr;

use netlink_packet_route::address::{AddressFlags, AddressScope};
use vrrplab_engine::addr::Cidr;
use vrrplab_engine::config::{Address, Broadcast, Config};

use super::wording::all;
use crate::kernel::netlink::AddressOptions;

/// The options of an address on an interface of this name.
///
/// An IPv6 address is added without duplicate address detection, because the other master may still hold it; with
/// /128 it is deprecated as well, so that the host does not choose it for connections of its own.
pub(super) fn options(config: &Config, link: &str, cidr: Cidr) -> AddressOptions {
    let mut addresses = config.instances.iter().flat_map(all).chain(&config.static_addresses);
    let Some(address) = addresses.find(|a| a.cidr == cidr && a.dev == link) else {
        return AddressOptions::default();
    };
    let is_v6 = cidr.address.is_ipv6();
    let has = |flag: &str| address.flags.iter().any(|f| f == flag);
    let mut more = AddressFlags::empty();
    more.set(AddressFlags::Homeaddress, has("home"));
    more.set(AddressFlags::Managetempaddr, has("mngtmpaddr"));
    more.set(AddressFlags::Mcautojoin, has("autojoin"));
    let preferred = address.preferred_lft.map(|d| (d.as_micros() / 1_000_000) as u32);
    AddressOptions {
        without_detection: is_v6 && !has("-nodad"),
        label: address.label.clone(),
        broadcast: broadcast(address),
        scope: address.scope.as_deref().and_then(scope),
        deprecated: is_v6 && cidr.prefix == 128 && preferred.is_none(),
        preferred,
        without_route: has("noprefixroute"),
        peer: address.peer.map(|p| p.address),
        more: Some(more),
    }
}

fn broadcast(address: &Address) -> Option<std::net::Ipv4Addr> {
    let found = match address.broadcast? {
        Broadcast::Set => address.cidr.broadcast(),
        Broadcast::Cleared => Some(address.cidr.network().address),
        Broadcast::Address(given) => Some(given),
    };
    match found {
        Some(IpAddr::V4(found)) => Some(found),
        _ => None,
    }
}

/// The words of `ip address`, or a number (rt_scopes).
fn scope(word: &str) -> Option<AddressScope> {
    Some(match word {
        "global" => AddressScope::Universe,
        "site" => AddressScope::Site,
        "link" => AddressScope::Link,
        "host" => AddressScope::Host,
        "nowhere" => AddressScope::Nowhere,
        number => AddressScope::from(number.parse::<u8>().ok()?),
    })
}
