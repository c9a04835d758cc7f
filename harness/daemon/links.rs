//! The host's interfaces and addresses, as the daemon knows them, and what the kernel reports of them.
//!
//! Every change of an address comes back from netlink, ours too, and a message that was lost says nothing. So a
//! message about an address is only taken for a reason to look: the addresses are read anew and compared with what
//! was known, and our own changes are known already. Nothing is left to tell an echo by, and nothing to lose.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::{AddressOp, KernelEvent, LinkFacts, LinkId};
use vrrplab_engine::config::{Route, Rule};

use super::routes;
use crate::kernel::netlink::{AddressOptions, AddressState, Change, LinkState, Monitor, Netlink, Watch};

/// The interfaces of this host; [`LinkId`] counts them.
#[derive(Debug)]
pub(super) struct Links {
    netlink: Netlink,
    monitor: Monitor,
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    /// 0 while there is no interface of that name.
    index: u32,
    name: String,
    mac: Mac,
    mtu: u16,
    up: bool,
    addresses: Vec<Cidr>,
}

/// What the kernel reports.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct News {
    /// For the engine, in order.
    pub(super) events: Vec<KernelEvent>,
    /// Interfaces that are others than before under the same name: sockets bound to the old ones are deaf.
    pub(super) replaced: Vec<LinkId>,
    /// Routes and rules that somebody else changed.
    pub(super) strange: Vec<Change>,
}

impl Links {
    /// Those of the calling thread's namespace. The monitor is opened first, so that no change falls in between.
    /// `more` is watched as well: routes and rules only where there are any to watch, because a router may have a million.
    pub(super) fn open(more: &[Watch]) -> io::Result<Links> {
        let watched = [&[Watch::Links, Watch::Addresses4, Watch::Addresses6], more].concat();
        let monitor = Monitor::open(&watched)?;
        let mut netlink = Netlink::open()?;
        let known = netlink.links()?.into_iter().map(Known::new).collect();
        let mut links = Links { netlink, monitor, known };
        links.compare_addresses(&[], &mut News::default())?;
        Ok(links)
    }

    /// What a starting daemon finds.
    pub(super) fn facts(&self) -> Vec<LinkFacts> {
        let facts = |k: &Known| LinkFacts {
            name: k.name.clone(),
            mac: k.mac,
            mtu: k.mtu,
            up: k.up,
            addresses: k.addresses.clone(),
        };
        self.known.iter().map(facts).collect()
    }

    /// Name and index of an interface; index 0: it is gone.
    pub(super) fn get(&self, link: LinkId) -> (&str, u32) {
        let known = &self.known[usize::from(link.0)];
        (&known.name, known.index)
    }

    /// The index of an interface that is there.
    pub(super) fn index(&self, name: &str) -> Option<u32> {
        self.known.iter().find(|k| k.name == name && k.index != 0).map(|k| k.index)
    }

    /// Adds or removes a route.
    pub(super) fn change_route(&mut self, op: AddressOp, route: &Route) -> io::Result<()> {
        let message = routes::route(route, op, &|name| self.index(name)).map_err(io::Error::other)?;
        match op {
            AddressOp::Add => self.netlink.add_route(message, routes::precedence(route)),
            AddressOp::Remove => self.netlink.delete_route(message),
        }
    }

    /// Adds or removes a rule.
    pub(super) fn change_rule(&mut self, op: AddressOp, rule: &Rule) -> io::Result<()> {
        match op {
            AddressOp::Add => self.netlink.add_rule(routes::rule(rule)),
            AddressOp::Remove => self.netlink.delete_rule(routes::rule(rule)),
        }
    }

    /// Adds or removes an address. What is there already, or gone already, is no error: then the kernel's word about
    /// it is still to come or has come.
    pub(super) fn change(
        &mut self,
        op: AddressOp,
        link: LinkId,
        cidr: Cidr,
        options: &AddressOptions,
    ) -> io::Result<()> {
        let known = &mut self.known[usize::from(link.0)];
        let result = match op {
            AddressOp::Add => self.netlink.add_address(known.index, cidr, options),
            AddressOp::Remove => self.netlink.delete_address(known.index, cidr),
        };
        let place = known.addresses.iter().position(|c| *c == cidr);
        match (op, place, &result) {
            (AddressOp::Add, None, Ok(())) => known.addresses.push(cidr),
            (AddressOp::Remove, Some(place), Ok(())) => drop(known.addresses.remove(place)),
            _ => {}
        }
        match result {
            Err(error) if op == AddressOp::Add && error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) if op == AddressOp::Remove && error.kind() == io::ErrorKind::AddrNotAvailable => {
                Ok(())
            }
            result => result,
        }
    }

    /// What has changed since the last time.
    pub(super) fn news(&mut self) -> io::Result<News> {
        let mut news = News::default();
        match self.monitor.read() {
            Ok(changes) => {
                let (mut addresses, mut removed) = (false, Vec::new());
                for change in changes {
                    match change {
                        Change::Link(state) => self.link_changed(&state, &mut news),
                        Change::LinkGone(index) => {
                            self.link_gone(index, &mut news);
                            addresses = true;
                        }
                        Change::AddressAdded(_) => addresses = true,
                        Change::AddressRemoved(state) => {
                            addresses = true;
                            removed.push((state.index, state.cidr));
                        }
                        Change::Route { by, .. } | Change::Rule { by, .. } => {
                            if by != self.netlink.port() {
                                news.strange.push(change);
                            }
                        }
                        Change::Neighbour(_) => {}
                    }
                }
                if addresses || !news.replaced.is_empty() {
                    self.compare_addresses(&removed, &mut news)?;
                }
            }
            // Something was dropped: whatever it was, it shows.
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
                self.compare_links(&mut news)?;
                self.compare_addresses(&[], &mut news)?;
            }
            Err(error) => return Err(error),
        }
        Ok(news)
    }

    fn link_changed(&mut self, state: &LinkState, news: &mut News) {
        let Some(place) = self.known.iter().position(|k| k.name == state.name) else { return };
        let known = &mut self.known[place];
        let link = LinkId(place as u16);
        if known.index != state.index {
            known.index = state.index;
            news.replaced.push(link);
        }
        if known.up != state.up {
            known.up = state.up;
            news.events.push(KernelEvent::Link { link, up: state.up });
        }
    }

    fn link_gone(&mut self, index: u32, news: &mut News) {
        let Some(place) = self.known.iter().position(|k| k.index == index) else { return };
        let known = &mut self.known[place];
        known.index = 0;
        if std::mem::replace(&mut known.up, false) {
            news.events.push(KernelEvent::Link { link: LinkId(place as u16), up: false });
        }
    }

    fn compare_links(&mut self, news: &mut News) -> io::Result<()> {
        let found = self.netlink.links()?;
        let gone = |k: &&Known| k.index != 0 && found.iter().all(|f| f.index != k.index);
        for index in self.known.iter().filter(gone).map(|k| k.index).collect::<Vec<_>>() {
            self.link_gone(index, news);
        }
        for state in &found {
            self.link_changed(state, news);
        }
        Ok(())
    }

    /// What went is told in the order in which the kernel removed it: secondary addresses before their primary.
    fn compare_addresses(&mut self, order: &[(u32, Cidr)], news: &mut News) -> io::Result<()> {
        let found = self.netlink.addresses()?;
        for (place, known) in self.known.iter_mut().enumerate() {
            let link = LinkId(place as u16);
            let here = |a: &&AddressState| known.index != 0 && a.index == known.index;
            let now: Vec<Cidr> = found.iter().filter(here).map(|a| a.cidr).collect();
            let gone = known.addresses.iter().filter(|c| !now.contains(c));
            let mut gone: Vec<Cidr> = gone.copied().collect();
            gone.sort_by_key(|cidr| {
                order.iter().position(|o| *o == (known.index, *cidr)).unwrap_or(usize::MAX)
            });
            news.events.extend(gone.into_iter().map(|cidr| KernelEvent::AddressRemoved { link, cidr }));
            let added = now.iter().filter(|c| !known.addresses.contains(c));
            news.events.extend(added.map(|&cidr| KernelEvent::AddressAdded { link, cidr }));
            known.addresses = now;
        }
        Ok(())
    }
}

impl AsFd for Links {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.monitor.as_fd()
    }
}

impl Known {
    fn new(state: LinkState) -> Known {
        let LinkState { index, name, mac, mtu, up, .. } = state;
        let (mac, mtu) = (mac.unwrap_or(Mac([0; 6])), u16::try_from(mtu).unwrap_or(u16::MAX));
        Known { index, name, mac, mtu, up, addresses: Vec::new() }
    }
}
