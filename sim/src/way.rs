//! Routes and rules of daemons, as far as every world can tell of them: in the same words in each trace.

use std::fmt;
use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::config::{Family, MAIN_TABLE, Route, Rule, network};

use crate::trace::Name;

/// A route: `10.1.0.0/16 via 10.0.0.9 dev eth0`, `blackhole 10.4.0.0/16 table 77 metric 5`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// What becomes of packets if they are not sent on: `blackhole`, …; empty if they are.
    pub kind: String,
    /// Where to.
    pub to: Cidr,
    /// Over which router.
    pub via: Option<IpAddr>,
    /// By which link; none if packets are not sent on, or by several.
    pub link: Option<Name>,
    /// The number of its table.
    pub table: u32,
    /// What the kernel compares it by, 0 is the best.
    pub metric: u32,
}

/// What the kernel gives an IPv6 route without a metric.
const METRIC6: u32 = 1024;

impl Way {
    /// A route of a configuration on a host that sends its packets by `link`.
    pub fn new(route: &Route, link: Option<Name>) -> Option<Way> {
        let metric = route.metric().filter(|&metric| metric > 0 || route.family == Family::V4);
        let usual = if route.family == Family::V6 { METRIC6 } else { 0 };
        Some(Way {
            kind: if route.kind == "unicast" { String::new() } else { route.kind.clone() },
            to: route.to()?.network(),
            via: route.option("via").and_then(|via| via.parse().ok()),
            link: link.filter(|_| route.nexthops.is_empty()),
            table: route.table(),
            metric: metric.unwrap_or(usual),
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.kind.is_empty() {
            write!(f, "{} ", self.kind)?;
        }
        write!(f, "{}", self.to)?;
        self.via.map_or(Ok(()), |via| write!(f, " via {via}"))?;
        self.link.as_ref().map_or(Ok(()), |link| write!(f, " dev {link}"))?;
        if self.table != MAIN_TABLE {
            write!(f, " table {}", self.table)?;
        }
        if self.metric != 0 { write!(f, " metric {}", self.metric) } else { Ok(()) }
    }
}

/// A rule: `300 from 10.0.0.0/24 to 10.3.0.0/16 table 77`, `301 blackhole`. What else it looks at is not told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Its priority.
    pub priority: u32,
    /// From whom.
    pub from: Option<Cidr>,
    /// To whom.
    pub to: Option<Cidr>,
    /// `table 77`, `blackhole`, `goto 400`, …
    pub action: String,
}

impl Policy {
    /// A rule of a configuration.
    pub fn new(rule: &Rule) -> Policy {
        let side = |name: &str| rule.option(name).and_then(|text| network(text, rule.family));
        let side = |name: &str| side(name).filter(|cidr| cidr.prefix > 0).map(|cidr| cidr.network());
        let words = ["nop", "blackhole", "prohibit", "unreachable", "l3mdev"];
        let action = match (rule.table(), rule.option("goto")) {
            (Some(table), _) => format!("table {table}"),
            (None, Some(target)) => format!("goto {target}"),
            (None, None) => {
                words.into_iter().find(|word| rule.option(word).is_some()).unwrap_or_default().to_string()
            }
        };
        Policy { priority: rule.priority(), from: side("from"), to: side("to"), action }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.priority)?;
        self.from.map_or(Ok(()), |from| write!(f, " from {from}"))?;
        self.to.map_or(Ok(()), |to| write!(f, " to {to}"))?;
        write!(f, " {}", self.action)
    }
}
