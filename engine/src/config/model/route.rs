//! Routes and policy rules. Their options are checked and kept as words: nothing here decides elections.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Family;
use crate::addr::Cidr;

/// A line of `virtual_routes` or `static_routes`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// What kind of route: `unicast`, `blackhole`, …; empty for an ordinary one.
    pub kind: String,
    /// Where to: `10.1.0.0/16`, `default`.
    pub destination: String,
    /// What it is a route of: its addresses decide, and without any it is IPv4.
    pub family: Family,
    /// Its options.
    pub options: Vec<RouteOption>,
    /// `nexthop`: what each next hop says.
    pub nexthops: Vec<Vec<RouteOption>>,
}

/// A line of `virtual_rules` or `static_rules`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// What it is a rule of: its addresses decide, and without any it is IPv4.
    pub family: Family,
    /// What it matches and does.
    pub options: Vec<RouteOption>,
}

/// An option of a route or a rule in its first spelling: `table` for `lookup`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteOption {
    /// `via`, `table`, …
    pub name: &'static str,
    /// Its value as written, empty if it takes none.
    pub value: String,
}

impl Route {
    /// The value of an option, if it is given.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|o| o.name == name).map(|o| o.value.as_str())
    }
}

impl Route {
    /// Where to, as a network: `default` is the one of length 0.
    pub fn to(&self) -> Option<Cidr> {
        network(&self.destination, self.family)
    }

    /// The number of its table; main, 254, if it names none.
    pub fn table(&self) -> u32 {
        self.option("table").and_then(table).unwrap_or(MAIN_TABLE)
    }

    /// Its metric, if it has one.
    pub fn metric(&self) -> Option<u32> {
        self.option("metric").and_then(number)
    }

    /// Whether the daemon ignores that somebody else removes it.
    pub fn no_track(&self) -> bool {
        self.option("no_track").is_some()
    }
}

/// The table `main`.
pub const MAIN_TABLE: u32 = 254;

/// A table by its name in a fresh `rt_tables`, or by its number.
fn table(word: &str) -> Option<u32> {
    match word {
        "unspec" => Some(0),
        "default" => Some(253),
        "main" => Some(MAIN_TABLE),
        "local" => Some(255),
        _ => number(word),
    }
}

/// A number as options have it: `10`, `0xa`.
pub fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A network as routes and rules write it: `10.1.0.0/16`, `10.1.0.1`, `default`.
pub fn network(text: &str, family: Family) -> Option<Cidr> {
    let everything = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    match text {
        "all" | "any" | "default" => Some(Cidr { address: everything, prefix: 0 }),
        _ => text.parse().ok().or_else(|| text.parse().ok().map(Cidr::host)),
    }
}

impl Rule {
    /// Its priority; rules without one were given one.
    pub fn priority(&self) -> u32 {
        self.option("priority").and_then(number).unwrap_or(0)
    }

    /// The number of the table that it leads to, if it leads to one.
    pub fn table(&self) -> Option<u32> {
        self.option("table").and_then(table)
    }

    /// Whether the daemon ignores that somebody else removes it.
    pub fn no_track(&self) -> bool {
        self.option("no_track").is_some()
    }

    /// The value of an option, if it is given.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|o| o.name == name).map(|o| o.value.as_str())
    }
}
