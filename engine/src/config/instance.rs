//! `vrrp_instance`: what its keywords set. What follows from all of them together is in `complete`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::address::address;
use super::global::{GarpDraft, switched_on_anyway, version};
use super::keywords::{Keyword, Role, Scope, Takes};
use super::lex::{At, Word, command_words};
use super::model::{Address, Command, Instance, Version, WantedState};
use super::report::Report;
use super::tree::Statement;
use super::values::{lenient, number, seconds, switch};

/// The address family of an instance: that of the first address it is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    V4,
    V6,
}

/// An instance while reading: what the text says, before defaults and corrections.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) instance: Instance,
    pub(super) name: At,
    /// Where each keyword was last given its value: the first argument, or the keyword if it has none.
    pub(super) set: BTreeMap<String, At>,
    /// Findings that stop the daemon if the keyword does not get a good value elsewhere.
    pub(super) suspects: BTreeMap<&'static str, usize>,
    pub(super) vrid: Option<u8>,
    pub(super) state: Option<WantedState>,
    pub(super) priority: Option<u8>,
    pub(super) version: Option<Version>,
    pub(super) family: Option<Family>,
    pub(super) garp: GarpDraft,
    pub(super) down_timer_adverts: Option<u8>,
    pub(super) lower_prio_no_advert: Option<bool>,
    pub(super) higher_prio_send_advert: Option<bool>,
    pub(super) mcast_dst: bool,
    pub(super) auth_type: Option<AuthType>,
    pub(super) auth_pass: Option<[u8; 8]>,
    /// Something in `authentication` was complained about, which explains why it does not work.
    pub(super) auth_trouble: bool,
    /// Where each address stands, `virtual_ipaddress` before `virtual_ipaddress_excluded`.
    pub(super) address_places: [Vec<At>; 2],
    /// An address was complained about, which explains why there are few.
    pub(super) address_trouble: bool,
    /// `unicast_peer` names somebody; without, a `unicast_src_ip` still means multicast.
    pub(super) unicast: bool,
    /// Lines were left out that may set anything.
    pub(super) incomplete: bool,
}

/// `auth_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AuthType {
    Pass,
    Ah,
}

impl Draft {
    pub(super) fn new(name: &Word) -> Draft {
        Draft {
            instance: Instance::named(name.text.clone()),
            name: name.at,
            set: BTreeMap::new(),
            suspects: BTreeMap::new(),
            vrid: None,
            state: None,
            priority: None,
            version: None,
            family: None,
            garp: GarpDraft::default(),
            down_timer_adverts: None,
            lower_prio_no_advert: None,
            higher_prio_send_advert: None,
            mcast_dst: false,
            auth_type: None,
            auth_pass: None,
            auth_trouble: false,
            address_places: [Vec::new(), Vec::new()],
            address_trouble: false,
            unicast: false,
            incomplete: false,
        }
    }

    /// Where a keyword was set, or else the instance's name.
    pub(super) fn place(&self, keyword: &str) -> At {
        self.set.get(keyword).copied().unwrap_or(self.name)
    }

    /// Whether an address of this family fits; the first one decides.
    fn fits(&mut self, family: Family) -> bool {
        *self.family.get_or_insert(family) == family
    }
}

const IGNORED: &str = "ignores the line";

const fn row(name: &'static str, takes: Takes, handle: fn(&mut Report, &mut Draft, &Statement)) -> Keyword {
    Keyword { name, takes, role: Role::Instance(handle) }
}

pub(super) const KEYWORDS: &[Keyword] = &[
    Keyword { name: "authentication", takes: Takes::Block(Scope::Authentication), role: Role::Open },
    row("state", Takes::Value, state),
    row("interface", Takes::Value, |_, d, s| d.instance.interface = s.arguments()[0].text.clone()),
    row("virtual_router_id", Takes::Value, virtual_router_id),
    row("priority", Takes::Value, priority),
    row("advert_int", Takes::Value, |r, d, s| {
        let read = seconds(r, s, 10_000..=255_000_000, IGNORED);
        d.instance.advert_int = read.unwrap_or(d.instance.advert_int);
    }),
    row("version", Takes::Value, own_version),
    row("native_ipv6", Takes::Words, |_, d, _| {
        d.fits(Family::V6);
    }),
    row("virtual_ipaddress", Takes::Block(Scope::List), |r, d, s| addresses(r, d, s, false)),
    row("virtual_ipaddress_excluded", Takes::Block(Scope::List), |r, d, s| addresses(r, d, s, true)),
    row("nopreempt", Takes::Words, |_, d, _| d.instance.nopreempt = true),
    row("preempt", Takes::Words, |_, d, _| d.instance.nopreempt = false),
    row("preempt_delay", Takes::Value, |r, d, s| {
        let read = seconds(r, s, 0..=1_000_000_000, IGNORED);
        d.instance.preempt_delay = read.unwrap_or(d.instance.preempt_delay);
    }),
    row("garp_master_delay", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("garp_master_repeat", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("garp_master_refresh", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("garp_master_refresh_repeat", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("garp_lower_prio_delay", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("garp_lower_prio_repeat", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("down_timer_adverts", Takes::Value, |r, d, s| {
        d.down_timer_adverts = lenient(r, s, 1..=100).map(|n| n as u8).or(d.down_timer_adverts);
    }),
    row("lower_prio_no_advert", Takes::Words, |r, d, s| {
        d.lower_prio_no_advert = switch(r, s).or(d.lower_prio_no_advert);
    }),
    row("higher_prio_send_advert", Takes::Words, |r, d, s| {
        d.higher_prio_send_advert = switch(r, s).or(d.higher_prio_send_advert);
    }),
    row("skip_check_adv_addr", Takes::Words, skip_check_adv_addr),
    row("dont_track_primary", Takes::Words, |_, d, _| d.instance.dont_track_primary = true),
    row("mcast_src_ip", Takes::Value, mcast_src_ip),
    row("mcast_dst_ip", Takes::Value, mcast_dst_ip),
    row("unicast_src_ip", Takes::Value, unicast_src_ip),
    row("unicast_peer", Takes::Block(Scope::List), |r, d, s| {
        d.unicast |= s.block.as_ref().is_some_and(|peers| !peers.is_empty());
        differs(r, s.keyword());
    }),
    row("notify", Takes::Value, |r, d, s| notify(r, &mut d.instance.notify.any, s)),
    row("notify_master", Takes::Value, |r, d, s| notify(r, &mut d.instance.notify.master, s)),
    row("notify_backup", Takes::Value, |r, d, s| notify(r, &mut d.instance.notify.backup, s)),
    row("notify_fault", Takes::Value, |r, d, s| notify(r, &mut d.instance.notify.fault, s)),
    row("notify_stop", Takes::Value, |r, d, s| notify(r, &mut d.instance.notify.stop, s)),
    row("notify_master_rx_lower_pri", Takes::Value, |r, d, s| {
        notify(r, &mut d.instance.notify.master_rx_lower_pri, s);
    }),
];

pub(super) const AUTHENTICATION: &[Keyword] =
    &[row("auth_type", Takes::Value, auth_type), row("auth_pass", Takes::Value, auth_pass)];

/// Complains about a keyword without which the simulation is not what the daemon does.
pub(super) fn differs(report: &mut Report, keyword: &Word) {
    let message =
        format!("`{}` is recognised but not modelled yet: the simulation will differ", keyword.text);
    report.warn("not-modelled", keyword.at, message, "", "");
}

/// A state that is none leaves it open: a later line may still say it.
fn state(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    let wanted = match word.text.as_str() {
        "MASTER" => WantedState::Master,
        "BACKUP" => WantedState::Backup,
        text => {
            let message = format!("`{text}` is neither MASTER nor BACKUP");
            let help = match text.to_ascii_uppercase().as_str() {
                upper @ ("MASTER" | "BACKUP") => format!("write `{upper}`"),
                _ => "write `MASTER` or `BACKUP`".to_string(),
            };
            report.warn("invalid-state", word.at, message, "takes it for BACKUP", help);
            return;
        }
    };
    match d.state {
        Some(first) if first != wanted => {
            let message = "the state was already given, and differently";
            report.warn("repeated-keyword", s.all, message, "keeps the first", "remove one of the two lines");
        }
        _ => d.state = Some(wanted),
    }
}

fn virtual_router_id(report: &mut Report, d: &mut Draft, s: &Statement) {
    let range = 1..=255;
    match super::values::unsigned(&s.arguments()[0].text, &range) {
        Ok(n) => d.vrid = Some(n as u8),
        Err(bad) => {
            let (keyword, word) = (&s.keyword().text, &s.arguments()[0]);
            let wanted = "a whole number from 1 to 255";
            let number = super::values::bad_number(report, keyword, word, bad, wanted, IGNORED);
            d.suspects.insert("virtual_router_id", number);
        }
    }
}

/// A bad priority is not ignored: it becomes the default, whatever stood there before.
fn priority(report: &mut Report, d: &mut Draft, s: &Statement) {
    let n = number(report, s, 1..=255, "takes the default, 100");
    d.priority = Some(n.map_or(100, |n| n as u8));
}

fn own_version(report: &mut Report, d: &mut Draft, s: &Statement) {
    let Some(read) = version(report, s) else { return };
    let known = d.version.or((d.family == Some(Family::V6)).then_some(Version::V3));
    if known.is_some_and(|known| known != read) {
        let message = "this version contradicts what stands above it";
        report.warn(
            "version-conflict",
            s.arguments()[0].at,
            message,
            "keeps the first",
            "remove one of the two",
        );
    } else {
        d.version = Some(read);
    }
}

fn addresses(report: &mut Report, d: &mut Draft, s: &Statement, excluded: bool) {
    if let Some(word) = s.arguments().first() {
        let message = format!("`{}` stands before the `{{`", word.text);
        report.warn(
            "extra-words",
            word.at,
            message,
            "ignores it",
            "write one address a line, between the braces",
        );
    }
    for line in s.block.iter().flatten() {
        let address =
            address(report, line).filter(|address| excluded || advertised(report, d, line, address));
        match address {
            Some(address) => {
                d.address_places[usize::from(excluded)].push(line.keyword().at);
                if excluded { &mut d.instance.excluded } else { &mut d.instance.addresses }.push(address);
            }
            None => d.address_trouble = true,
        }
    }
}

/// Whether an address can be advertised: all of an instance's are of one family.
fn advertised(report: &mut Report, d: &mut Draft, line: &Statement, address: &Address) -> bool {
    let family = if address.cidr.address.is_ipv4() { Family::V4 } else { Family::V6 };
    let fits = d.fits(family);
    if !fits {
        let message =
            format!("`{}` is not of the family of this instance's first address", line.keyword().text);
        let help = "move it to `virtual_ipaddress_excluded`, or to an instance of its own";
        report.warn("family-mismatch", line.keyword().at, message, "skips this address", help);
    }
    fits
}

fn skip_check_adv_addr(report: &mut Report, d: &mut Draft, s: &Statement) {
    if switch(report, s).is_some() {
        d.instance.skip_check_adv_addr = true;
        switched_on_anyway(report, s);
    }
}

fn mcast_src_ip(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    match word.text.parse::<IpAddr>() {
        Ok(IpAddr::V4(source)) if d.fits(Family::V4) => d.instance.mcast_src_ip = Some(source),
        Ok(IpAddr::V6(_)) if d.fits(Family::V6) => differs(report, s.keyword()),
        _ => {
            let message = format!("`{}` is not an address of this instance's family", word.text);
            report.warn("invalid-address", word.at, message, IGNORED, "write an address of this host");
        }
    }
}

/// Not modelled, but like every address of an instance it may be the one that decides the family.
fn unicast_src_ip(report: &mut Report, d: &mut Draft, s: &Statement) {
    if let Ok(source) = s.arguments()[0].text.parse::<IpAddr>() {
        d.fits(if source.is_ipv4() { Family::V4 } else { Family::V6 });
    }
    differs(report, s.keyword());
}

/// Even an address that is no group decides the family.
fn mcast_dst_ip(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    let group = word.text.parse::<IpAddr>().ok();
    let group = group.filter(|ip| d.fits(if ip.is_ipv4() { Family::V4 } else { Family::V6 }));
    match group.filter(IpAddr::is_multicast) {
        Some(IpAddr::V4(group)) => {
            d.instance.mcast_dst_ip = group;
            d.mcast_dst = true;
        }
        Some(IpAddr::V6(_)) => differs(report, s.keyword()),
        None => {
            let message = format!("`{}` is not a multicast address of this instance's family", word.text);
            report.warn("invalid-address", word.at, message, IGNORED, "write one from 224.0.0.0/4");
        }
    }
}

fn auth_type(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    match word.text.as_str() {
        "PASS" => d.auth_type = Some(AuthType::Pass),
        "AH" => d.auth_type = Some(AuthType::Ah),
        text => {
            d.auth_trouble = true;
            let message = format!("`{text}` is not a type of authentication");
            report.warn("invalid-auth-type", word.at, message, "ignores the line", "write `PASS` or `AH`");
        }
    }
}

fn auth_pass(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    let bytes = word.text.as_bytes();
    if bytes.len() > 8 {
        let used = String::from_utf8_lossy(&bytes[..8]).into_owned();
        let message = format!("the password has {} characters, only 8 count", bytes.len());
        report.warn(
            "password-too-long",
            word.at,
            message,
            format!("cuts it to `{used}`"),
            "write at most 8 characters",
        );
    }
    let mut padded = [0; 8];
    for (to, from) in padded.iter_mut().zip(bytes) {
        *to = *from;
    }
    d.auth_pass = (!bytes.is_empty()).then_some(padded);
}

/// The command and its user are split like a shell would, so this starts from the text again.
fn notify(report: &mut Report, slot: &mut Option<Command>, s: &Statement) {
    let mut words = command_words(&s.rest).into_iter();
    let argv = command_words(&words.next().unwrap_or_default());
    let name = &s.keyword().text;
    if argv.is_empty() {
        report.warn("missing-value", s.all, format!("`{name}` has an empty command"), IGNORED, "");
    } else if slot.is_some() {
        let message = format!("`{name}` was already given");
        report.warn("repeated-keyword", s.all, message, "keeps the first", "call both from one script");
    } else {
        *slot = Some(Command { argv, user: words.next().map(|user| (user, words.next())) });
    }
}
