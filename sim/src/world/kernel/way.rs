//! Routes and rules that daemons add. Routes of the main table lead packets; other tables and rules are told in the
//! trace and lead none.

use std::net::IpAddr;

use vrrplab_engine::boundary::AddressOp;
use vrrplab_engine::config::{MAIN_TABLE, Route, Rule};

use super::super::World;
use super::Kernel;
use super::route::Hop;
use crate::observer::Observer;
use crate::trace::{Cause, What};
use crate::way::{Policy, Way};

impl Kernel {
    /// The route of a configuration here. None where Linux refuses it: its link is not there, or its router is on no
    /// network of the link (`fib_check_nh`).
    fn way(&self, route: &Route) -> Option<Way> {
        let named = route.option("dev").map(|dev| self.links.iter().position(|l| &*l.name == dev));
        let via = route.option("via").and_then(|via| via.parse::<IpAddr>().ok());
        let leads = matches!(route.kind.as_str(), "" | "unicast") && route.nexthops.is_empty();
        let link = match (named, via) {
            (Some(link), None) => Some(link?),
            (Some(link), Some(via)) => {
                let link = link?;
                let reached = route.option("onlink").is_some() || self.is_on(link, via);
                Some(reached.then_some(link)?)
            }
            (None, Some(via)) => Some((0..self.links.len()).find(|&link| self.is_on(link, via))?),
            (None, None) if leads => return None,
            (None, None) => None,
        };
        Way::new(route, link.filter(|_| leads).map(|link| self.links[link].name.clone()))
    }

    fn is_on(&self, link: usize, router: IpAddr) -> bool {
        let local = matches!(router, IpAddr::V6(a) if a.is_unicast_link_local());
        local || self.links[link].addresses.iter().any(|c| c.contains(router))
    }

    /// The ways of the main table to `to` that compare like the host's own routes (`before`), or worse: the prefix, and
    /// the hop, none if it leads nowhere.
    pub(super) fn ways_to(&self, to: IpAddr, before: bool) -> impl Iterator<Item = (u8, Option<Hop>)> + '_ {
        let fits =
            move |way: &&Way| way.table == MAIN_TABLE && way.to.contains(to) && (way.metric == 0) == before;
        let mut found: Vec<&Way> = self.ways.iter().filter(fits).collect();
        found.sort_by_key(|way| way.metric);
        found.into_iter().map(move |way| {
            let link = way.link.as_ref().and_then(|name| self.links.iter().position(|l| l.name == *name));
            (way.to.prefix, link.map(|link| Hop { link, next: way.via.unwrap_or(to) }))
        })
    }
}

impl World {
    /// A daemon adds or removes a route. What is there already, or gone already, is left.
    pub(in crate::world) fn change_way<O: Observer>(
        &mut self,
        h: usize,
        op: AddressOp,
        route: &Route,
        cause: Cause,
        observer: &mut O,
    ) {
        let kernel = &mut self.hosts[h].kernel;
        let Some(way) = kernel.way(route) else {
            let text = format!("route {}: Network is unreachable", route.destination);
            return self.tell(observer, Some(h), What::Log(text), cause);
        };
        let place = kernel.ways.iter().position(|known| *known == way);
        let added = op == AddressOp::Add;
        match (added, place) {
            (true, None) => kernel.ways.insert(0, way.clone()),
            (false, Some(place)) => drop(kernel.ways.remove(place)),
            _ => return,
        }
        if O::EVENTS {
            self.tell(observer, Some(h), What::Route { added, route: way.to_string() }, cause);
        }
    }

    /// A daemon adds or removes a rule.
    pub(in crate::world) fn change_policy<O: Observer>(
        &mut self,
        h: usize,
        op: AddressOp,
        rule: &Rule,
        cause: Cause,
        observer: &mut O,
    ) {
        let policies = &mut self.hosts[h].kernel.policies;
        let policy = Policy::new(rule);
        let place = policies.iter().position(|known| *known == policy);
        let added = op == AddressOp::Add;
        match (added, place) {
            (true, None) => policies.push(policy.clone()),
            (false, Some(place)) => drop(policies.remove(place)),
            _ => return,
        }
        if O::EVENTS {
            self.tell(observer, Some(h), What::Rule { added, rule: policy.to_string() }, cause);
        }
    }

    /// Power is lost.
    pub(super) fn forget_ways<O: Observer>(&mut self, h: usize, cause: Cause, observer: &mut O) {
        let kernel = &mut self.hosts[h].kernel;
        let (ways, policies) = (std::mem::take(&mut kernel.ways), std::mem::take(&mut kernel.policies));
        if !O::EVENTS {
            return;
        }
        for rule in policies {
            self.tell(observer, Some(h), What::Rule { added: false, rule: rule.to_string() }, cause);
        }
        for route in ways {
            self.tell(observer, Some(h), What::Route { added: false, route: route.to_string() }, cause);
        }
    }
}
