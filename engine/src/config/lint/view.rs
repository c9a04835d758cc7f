//! An instance as lints look at it: what runs, beside what was written and where.

use std::net::IpAddr;

use super::super::tree::Statement;
use super::super::{Instance, Reading, outline};
use crate::finding::{Finding, Place, Severity};

/// An instance with its text.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) reading: &'a Reading,
    pub(super) instance: &'a Instance,
    block: Option<&'a Statement>,
}

/// The instances of a configuration.
pub(super) fn views(reading: &Reading) -> impl Iterator<Item = View<'_>> {
    // The same order as in the text; looking each one up by its name is slow where there are thousands.
    let mut blocks = reading.outline.all("vrrp_instance");
    reading.config.instances.iter().map(move |instance| {
        let own = |s: &&Statement| s.arguments().first().is_some_and(|word| word.text == instance.name);
        View { reading, instance, block: blocks.find(own) }
    })
}

impl<'a> View<'a> {
    /// The last line `keyword` of the instance.
    pub(super) fn line(&self, keyword: &str) -> Option<&'a Statement> {
        self.block.and_then(|block| block.line(keyword))
    }

    /// The line `keyword` in `global_defs`.
    pub(super) fn global(&self, keyword: &str) -> Option<&'a Statement> {
        self.reading.outline.all("global_defs").find_map(|block| block.line(keyword))
    }

    /// Where `keyword` was given its value in the instance or in its `authentication`; else the instance's name.
    pub(super) fn place(&self, keyword: &str) -> Place {
        let inner = || self.line("authentication").and_then(|block| block.line(keyword));
        match self.line(keyword).or_else(inner).or(self.block) {
            Some(statement) => self.at(statement),
            None => self.nowhere(),
        }
    }

    /// The value of a statement.
    pub(super) fn at(&self, statement: &Statement) -> Place {
        outline::place(&self.reading.sources, statement.value().at)
    }

    /// The keyword of a statement: what identifies the line of a list.
    pub(super) fn at_keyword(&self, statement: &Statement) -> Place {
        outline::place(&self.reading.sources, statement.keyword().at)
    }

    /// Whether a sync group that tracks something has it as a member.
    pub(super) fn is_tracked_by_group(&self) -> bool {
        let name = |s: &Statement| s.words.iter().any(|word| word.text == self.instance.name);
        self.reading.outline.all("vrrp_sync_group").any(|group| {
            let tracks = group.inside().iter().any(|s| s.keyword().text.starts_with("track_"));
            tracks && group.line("group").is_some_and(|list| list.inside().iter().any(name))
        })
    }

    /// Where an address is listed, or the list.
    pub(super) fn address_place(&self, address: IpAddr) -> Place {
        let starts = |s: &&Statement| {
            let text = s.keyword().text.as_str();
            text.split('/').next().is_some_and(|ip| ip.parse() == Ok(address))
        };
        let lists = ["virtual_ipaddress", "virtual_ipaddress_excluded"];
        let line =
            lists.iter().filter_map(|list| self.line(list)).find_map(|l| l.inside().iter().find(starts));
        match line {
            Some(line) => outline::place(&self.reading.sources, line.keyword().at),
            None => self.place("virtual_ipaddress"),
        }
    }

    fn nowhere(&self) -> Place {
        let file = self.reading.sources.first().map_or_else(|| "".into(), |source| source.name.clone());
        Place { file, span: 0..0 }
    }

    /// `vrrp_strict`, or `strict_mode` of the instance, which wins.
    pub(super) fn strict(&self) -> Option<&'a Statement> {
        match self.line("strict_mode") {
            Some(own) => Some(own).filter(|s| switched_on(s)),
            None => self.global("vrrp_strict").filter(|s| switched_on(s)),
        }
    }

    /// The addresses in `unicast_peer`.
    pub(super) fn peers(&self) -> Vec<IpAddr> {
        let lines = self.line("unicast_peer").into_iter().flat_map(|s| s.inside());
        lines.filter_map(|s| s.keyword().text.parse().ok()).collect()
    }

    /// Whether adverts go to named peers.
    pub(super) fn unicast(&self) -> bool {
        self.line("unicast_peer").is_some_and(|s| !s.inside().is_empty())
    }

    /// The address that adverts come from, where the text says it.
    pub(super) fn source(&self) -> Option<IpAddr> {
        let lines = ["unicast_src_ip", "mcast_src_ip"].iter().filter_map(|keyword| self.line(keyword));
        lines.filter_map(|s| s.value().text.parse().ok()).next()
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.instance.addresses.first().is_some_and(|a| a.cidr.address.is_ipv6())
    }
}

fn switched_on(statement: &Statement) -> bool {
    !statement.arguments().first().is_some_and(|w| matches!(w.text.as_str(), "false" | "off" | "no"))
}

/// A lint that foretells trouble: what is wrong, what will happen, what to write instead.
pub(super) fn warn(
    code: &'static str,
    place: Place,
    message: impl Into<String>,
    daemon: impl Into<String>,
    help: impl Into<String>,
) -> Finding {
    Finding::new(Severity::Warning, code, place, message).daemon(daemon).help(help)
}

/// A lint that is worth a thought.
pub(super) fn note(
    code: &'static str,
    place: Place,
    message: impl Into<String>,
    daemon: impl Into<String>,
    help: impl Into<String>,
) -> Finding {
    Finding::new(Severity::Note, code, place, message).daemon(daemon).help(help)
}
