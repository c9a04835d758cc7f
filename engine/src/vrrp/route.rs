//! Routes and rules that come and go with mastership, and what is static: there while the daemon runs.
//!
//! | event                                       | routes and rules                                    |
//! |---------------------------------------------|-----------------------------------------------------|
//! | start                                       | rules of a run before are removed; its routes stay  |
//! | master                                      | routes, then rules are added, after the addresses   |
//! | no longer master                            | rules, then routes are removed, before the addresses |
//! | a stranger removes one of a master          | as if it were an address: farewell, skew            |
//! | a stranger removes a static one             | added again at once, if the daemon watches          |
//! | the interface of a route goes down          | FAULT by the tracker that the route implies         |
//! | the interface of a static one comes up      | static addresses and routes are added again         |
//!
//! Of a daemon that was killed 2.2.7 leaves the routes to the next master, which finds them added and removes them
//! when it leaves (recorded; vrrp.c:vrrp_restore_interface forces rules and addresses only).

use super::instance::{Instance, Managed};
use super::process::{Vrrp, id};
use crate::addr::Cidr;
use crate::boundary::{AddressOp, Effect, Effects, InstanceId, LineId, LinkId};
use crate::config::{self, Config};

/// A route or a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Line {
    /// Whether it is in the kernel, as far as this daemon knows.
    set: bool,
    /// Whether it matters that somebody else removes it.
    tracked: bool,
    /// The interface of a route.
    link: Option<LinkId>,
}

/// The routes or the rules of an instance, or the static ones.
#[derive(Clone, Default, Debug)]
pub(super) struct Lines(Vec<Line>);

impl Lines {
    pub(super) fn of_routes(routes: &[config::Route], link_of: impl Fn(&str) -> Option<LinkId>) -> Lines {
        let line = |r: &config::Route| {
            let link = r.option("dev").and_then(&link_of);
            Line { set: false, tracked: !r.no_track(), link }
        };
        Lines(routes.iter().map(line).collect())
    }

    pub(super) fn of_rules(rules: &[config::Rule]) -> Lines {
        Lines(rules.iter().map(|r| Line { set: false, tracked: !r.no_track(), link: None }).collect())
    }

    /// Adds what is not set, or removes what is; `force`: whether it is or not.
    fn change(&mut self, op: AddressOp, force: bool, mut push: impl FnMut(u16)) {
        let wanted = op == AddressOp::Add;
        for (n, line) in self.0.iter_mut().enumerate() {
            if force || line.set != wanted {
                push(n as u16);
            }
            line.set = wanted;
        }
    }

    /// Before a reload: removes what is set and is not `kept` by its place.
    fn shed(&self, kept: impl Fn(usize) -> bool, mut push: impl FnMut(u16)) {
        let set = self.0.iter().enumerate().filter(|(_, line)| line.set);
        set.filter(|(n, _)| !kept(*n)).for_each(|(n, _)| push(n as u16));
    }

    /// After a reload: what was set under the same words is set. Neither list is long.
    fn inherit<T: PartialEq>(&mut self, words: &[T], old: &Lines, before: &[T]) {
        for (line, words) in self.0.iter_mut().zip(words) {
            line.set = before.iter().zip(&old.0).any(|(b, old)| b == words && old.set);
        }
    }

    /// It is gone; whether that matters.
    fn lost(&mut self, n: u16) -> bool {
        let line = &mut self.0[usize::from(n)];
        line.set = false;
        line.tracked
    }
}

/// Adds or removes the routes of an owner that it is given.
fn routes_of(of: Option<InstanceId>, op: AddressOp, out: &mut Effects) -> impl FnMut(u16) {
    move |n| out.push(Effect::Route { op, route: LineId { of, n } })
}

/// The same for rules.
fn rules_of(of: Option<InstanceId>, op: AddressOp, out: &mut Effects) -> impl FnMut(u16) {
    move |n| out.push(Effect::Rule { op, rule: LineId { of, n } })
}

/// What is there while the daemon runs.
#[derive(Clone, Default, Debug)]
pub(super) struct Fixed {
    addresses: Vec<Managed>,
    routes: Lines,
    rules: Lines,
}

impl Fixed {
    pub(super) fn new(config: &Config, link_of: impl Fn(&str) -> Option<LinkId>) -> Fixed {
        let managed = |a: &config::Address| {
            Some(Managed { link: link_of(&a.dev)?, cidr: a.cidr, tracked: !a.no_track() })
        };
        Fixed {
            addresses: config.static_addresses.iter().filter_map(managed).collect(),
            routes: Lines::of_routes(&config.static_routes, &link_of),
            rules: Lines::of_rules(&config.static_rules),
        }
    }

    fn change_routes(&mut self, op: AddressOp, out: &mut Effects) {
        self.routes.change(op, false, routes_of(None, op, out));
    }

    fn change_rules(&mut self, op: AddressOp, force: bool, out: &mut Effects) {
        self.rules.change(op, force, rules_of(None, op, out));
    }
}

impl Vrrp {
    pub(super) fn change_routes(&mut self, i: usize, op: AddressOp, out: &mut Effects) {
        self.instances[i].routes.change(op, false, routes_of(Some(id(i)), op, out));
    }

    pub(super) fn change_rules(&mut self, i: usize, op: AddressOp, out: &mut Effects) {
        self.instances[i].rules.change(op, false, rules_of(Some(id(i)), op, out));
    }

    /// What a daemon that was killed may have left, the static rules first.
    pub(super) fn clear_static_rules(&mut self, out: &mut Effects) {
        self.fixed.change_rules(AddressOp::Remove, true, out);
    }

    /// The same of an instance.
    pub(super) fn clear_rules(&mut self, i: usize, out: &mut Effects) {
        let op = AddressOp::Remove;
        self.instances[i].rules.change(op, true, rules_of(Some(id(i)), op, out));
    }

    /// Before a reload: a master removes the rules and routes that it is not to have any more.
    pub(super) fn shed_lines(
        &self,
        i: usize,
        before: &config::Instance,
        after: &config::Instance,
        out: &mut Effects,
    ) {
        let (of, op) = (Some(id(i)), AddressOp::Remove);
        let Instance { rules, routes, .. } = &self.instances[i];
        let kept = |n: usize| after.rules.contains(&before.rules[n]);
        rules.shed(kept, rules_of(of, op, out));
        let kept = |n: usize| after.routes.contains(&before.routes[n]);
        routes.shed(kept, routes_of(of, op, out));
    }

    /// After a reload: a master that goes on adds the routes and rules that are new.
    pub(super) fn take_lines(
        &mut self,
        n: usize,
        old: &Instance,
        [before, after]: [&config::Instance; 2],
        out: &mut Effects,
    ) {
        self.instances[n].routes.inherit(&after.routes, &old.routes, &before.routes);
        self.instances[n].rules.inherit(&after.rules, &old.rules, &before.rules);
        self.change_routes(n, AddressOp::Add, out);
        self.change_rules(n, AddressOp::Add, out);
    }

    /// Before a reload: what is static and not in `after` goes.
    pub(super) fn shed_fixed(&mut self, next: &Vrrp, [before, after]: [&Config; 2], out: &mut Effects) {
        let (of, op) = (None, AddressOp::Remove);
        let kept = |n: usize| after.static_rules.contains(&before.static_rules[n]);
        self.fixed.rules.shed(kept, rules_of(of, op, out));
        let kept = |n: usize| after.static_routes.contains(&before.static_routes[n]);
        self.fixed.routes.shed(kept, routes_of(of, op, out));
        for m in self.fixed.addresses.clone() {
            let same = |o: &Managed| (o.link, o.cidr) == (m.link, m.cidr);
            if !next.fixed.addresses.iter().any(same) {
                self.change_address(op, m.link, m.cidr, out);
            }
        }
    }

    /// After a reload: what is static and was not there comes.
    pub(super) fn take_fixed(&mut self, old: &Vrrp, [before, after]: [&Config; 2], out: &mut Effects) {
        self.fixed.routes.inherit(&after.static_routes, &old.fixed.routes, &before.static_routes);
        self.fixed.rules.inherit(&after.static_rules, &old.fixed.rules, &before.static_rules);
        self.add_fixed(out);
    }

    /// What is static comes (vrrp_daemon.c:start_vrrp).
    pub(super) fn add_fixed(&mut self, out: &mut Effects) {
        self.change_fixed_addresses(AddressOp::Add, out);
        self.fixed.change_routes(AddressOp::Add, out);
        self.fixed.change_rules(AddressOp::Add, false, out);
    }

    /// An instance without a source may have one now: the kernel tells of static addresses when the instances run.
    pub(super) fn fixed_addresses_came(&mut self, out: &mut Effects) {
        for n in 0..self.fixed.addresses.len() {
            self.sources_changed(self.fixed.addresses[n].link, out);
        }
    }

    /// What is static goes (vrrp_daemon.c:vrrp_terminate_phase1).
    pub(super) fn remove_fixed(&mut self, out: &mut Effects) {
        self.fixed.change_rules(AddressOp::Remove, false, out);
        self.fixed.change_routes(AddressOp::Remove, out);
        self.change_fixed_addresses(AddressOp::Remove, out);
    }

    fn change_fixed_addresses(&mut self, op: AddressOp, out: &mut Effects) {
        for n in 0..self.fixed.addresses.len() {
            let Managed { link, cidr, .. } = self.fixed.addresses[n];
            self.change_address(op, link, cidr, out);
        }
    }

    /// Somebody removed a route.
    pub(super) fn route_was_taken(&mut self, route: LineId, out: &mut Effects) {
        match route.of {
            Some(i) if self.instances[usize::from(i.0)].routes.lost(route.n) => self.line_was_taken(i, out),
            None if self.fixed.routes.lost(route.n) => self.fixed.change_routes(AddressOp::Add, out),
            _ => {}
        }
    }

    /// Somebody removed a rule.
    pub(super) fn rule_was_taken(&mut self, rule: LineId, out: &mut Effects) {
        match rule.of {
            Some(i) if self.instances[usize::from(i.0)].rules.lost(rule.n) => self.line_was_taken(i, out),
            None if self.fixed.rules.lost(rule.n) => self.fixed.change_rules(AddressOp::Add, false, out),
            _ => {}
        }
    }

    /// keepalived_netlink.c:netlink_route_filter, netlink_rule_filter (recorded).
    fn line_was_taken(&mut self, InstanceId(i): InstanceId, out: &mut Effects) {
        if self.instances[usize::from(i)].is_master() {
            self.leave_for_skew(usize::from(i), out);
        }
    }

    /// Somebody removed a static address: it comes back (keepalived_netlink.c:netlink_if_address_filter).
    pub(super) fn fixed_address_was_taken(&mut self, link: LinkId, cidr: Cidr, out: &mut Effects) {
        let ours = |m: &Managed| m.tracked && m.link == link && m.cidr == cidr;
        if self.fixed.addresses.iter().any(ours) {
            self.change_address(AddressOp::Add, link, cidr, out);
        }
    }

    /// With an interface the kernel drops its static routes, and does not say so; when it is back they come back, and
    /// the static addresses with them (vrrp_if.c:interface_down, interface_up).
    pub(super) fn fixed_link_changed(&mut self, link: LinkId, up: bool, out: &mut Effects) {
        for line in self.fixed.routes.0.iter_mut().filter(|l| l.link == Some(link)) {
            line.set &= up;
        }
        if !up {
            return;
        }
        for n in 0..self.fixed.addresses.len() {
            let Managed { link: on, cidr, tracked } = self.fixed.addresses[n];
            if tracked && on == link {
                self.change_address(AddressOp::Add, link, cidr, out);
            }
        }
        let mut add = routes_of(None, AddressOp::Add, out);
        for (n, line) in self.fixed.routes.0.iter_mut().enumerate() {
            if line.tracked && line.link == Some(link) {
                line.set = true;
                add(n as u16);
            }
        }
    }
}
