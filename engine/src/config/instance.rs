//! `vrrp_instance`: what its keywords set. What follows from all of them together is in `complete`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::address::address;
use super::global::{GarpDraft, switched_on_anyway, version};
use super::keywords::{Keyword, Role, Scope, Takes};
use super::lex::{At, Word, command_words};
use super::model::{
    Address, Command, ExtraGarp, Family, Instance, OldChecksum, Peer, Version, VmacKind, WantedState,
};
use super::report::Report;
use super::route::{route, rule};
use super::track::{Kind, Known, Named, tracks};
use super::tree::Statement;
use super::values::{lenient, lenient_seconds, number, seconds, signed, surplus, switch};

/// An instance while reading: what the text says, before defaults and corrections.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) instance: Instance,
    pub(super) name: At,
    /// Where each keyword was last given its value: the first argument, or the keyword if it has none.
    pub(super) set: BTreeMap<&'static str, At>,
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
    pub(super) known: Known,
    /// Where each tracker is named.
    pub(super) track_places: Vec<Named>,
    pub(super) strict: Option<bool>,
    pub(super) accept: Option<bool>,
    pub(super) smtp_alert: Option<bool>,
    pub(super) notify_priority_changes: Option<bool>,
    pub(super) vmac: Option<(VmacKind, Option<String>)>,
    /// The last keyword that only means something with peers.
    pub(super) unicast_word: Option<At>,
}

/// `auth_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AuthType {
    Pass,
    Ah,
}

impl Draft {
    pub(super) fn new(name: &Word, known: &Known) -> Draft {
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
            known: known.clone(),
            track_places: Vec::new(),
            strict: None,
            accept: None,
            smtp_alert: None,
            notify_priority_changes: None,
            vmac: None,
            unicast_word: None,
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

    fn track(&mut self, report: &mut Report, kind: Kind, s: &Statement) {
        tracks(report, &self.known, &mut self.instance.tracks, &mut self.track_places, kind, s);
    }
}

const IGNORED: &str = "ignores the line";

const LIST: Takes = Takes::Block(Scope::List);

const fn row(name: &'static str, takes: Takes, handle: fn(&mut Report, &mut Draft, &Statement)) -> Keyword {
    Keyword { name, takes, role: Role::Instance(handle) }
}

pub(super) const KEYWORDS: &[Keyword] = &[
    Keyword { name: "authentication", takes: Takes::Block(Scope::Authentication), role: Role::Open },
    row("state", Takes::Value, state),
    row("interface", Takes::Value, interface),
    row("virtual_router_id", Takes::Value, virtual_router_id),
    row("priority", Takes::Value, priority),
    row("advert_int", Takes::Value, |r, d, s| {
        let read = seconds(r, s, 10_000..=255_000_000, IGNORED);
        d.instance.advert_int = read.unwrap_or(d.instance.advert_int);
    }),
    row("version", Takes::Value, own_version),
    row("native_ipv6", Takes::Words, |r, d, s| {
        if !d.fits(Family::V6) {
            let message = "`native_ipv6` does not go with IPv4 addresses";
            r.warn("family-mismatch", s.keyword().at, message, IGNORED, "remove it");
        }
    }),
    row("virtual_ipaddress", LIST, |r, d, s| addresses(r, d, s, false)),
    row("virtual_ipaddress_excluded", LIST, |r, d, s| addresses(r, d, s, true)),
    row("nopreempt", Takes::Words, |_, d, _| d.instance.nopreempt = true),
    row("preempt", Takes::Words, |_, d, _| d.instance.nopreempt = false),
    row("preempt_delay", Takes::Value, |r, d, s| {
        let (name, word) = (&s.keyword().text, &s.arguments()[0]);
        let read = lenient_seconds(r, name, word, 0..=1_000_000_000, IGNORED);
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
    row("unicast_peer", LIST, unicast_peer),
    row("unicast_ttl", Takes::Value, |r, d, s| {
        d.instance.unicast.ttl = lenient(r, s, 0..=255).map(|n| n as u8).or(d.instance.unicast.ttl);
    }),
    row("check_unicast_src", Takes::Words, |_, d, s| {
        d.instance.unicast.check_source = true;
        d.unicast_word = Some(s.keyword().at);
    }),
    row("unicast_fault_no_peer", Takes::Words, |_, d, _| d.instance.unicast.fault_no_peer = true),
    row("old_unicast_checksum", Takes::Words, old_unicast_checksum),
    row("track_src_ip", Takes::Words, |_, d, _| d.instance.track_src_ip = true),
    row("strict_mode", Takes::Words, |r, d, s| d.strict = switch(r, s).or(d.strict)),
    row("track_interface", LIST, |r, d, s| d.track(r, Kind::Interface, s)),
    row("track_script", LIST, |r, d, s| d.track(r, Kind::Script, s)),
    row("track_file", LIST, |r, d, s| d.track(r, Kind::File, s)),
    row("track_process", LIST, |r, d, s| d.track(r, Kind::Process, s)),
    row("track_bfd", LIST, |r, d, s| d.track(r, Kind::Bfd, s)),
    row("use_vmac", Takes::Words, super::vmac::use_vmac),
    row("use_ipvlan", Takes::Words, super::vmac::use_ipvlan),
    row("use_vmac_addr", Takes::Words, |_, d, _| d.instance.vmac_addr = true),
    row("vmac_xmit_base", Takes::Words, |_, d, _| d.instance.vmac_xmit_base = true),
    row("vrf", Takes::Value, |_, d, s| d.instance.vrf = Some(s.arguments()[0].text.clone())),
    row("garp_extra_if", Takes::Words, |r, d, s| {
        d.instance.garp_extra = extra_garp(r, s, 0).or(d.instance.garp_extra);
    }),
    row("vmac_garp_intvl", Takes::Words, |r, d, s| {
        deprecated(r, s, "takes it for `garp_extra_if`", "write `garp_extra_if`");
        d.instance.garp_extra = extra_garp(r, s, 0).or(d.instance.garp_extra);
    }),
    row("accept", Takes::Words, |_, d, _| d.accept = Some(true)),
    row("no_accept", Takes::Words, |_, d, _| d.accept = Some(false)),
    row("promote_secondaries", Takes::Words, |_, d, _| d.instance.promote_secondaries = true),
    row("smtp_alert", Takes::Words, |r, d, s| d.smtp_alert = switch(r, s).or(d.smtp_alert)),
    row("notify_deleted", Takes::Words, |r, d, s| {
        d.instance.notify_deleted = true;
        if !s.arguments().is_empty() {
            notify(r, &mut d.instance.notify.deleted, s);
        }
    }),
    row("notify_priority_changes", Takes::Words, |r, d, s| {
        d.notify_priority_changes = switch(r, s).or(d.notify_priority_changes);
    }),
    row("kernel_rx_buf_size", Takes::Words, |r, d, s| {
        let [word] = s.arguments() else {
            let message = "`kernel_rx_buf_size` needs one number";
            r.warn("missing-value", s.all, message, IGNORED, "write a number of bytes");
            return;
        };
        let read = signed(r, "kernel_rx_buf_size", word, 0..=u32::MAX.into(), IGNORED);
        d.instance.kernel_rx_buf_size = read.map(|n| n as u32).or(d.instance.kernel_rx_buf_size);
    }),
    row("debug", Takes::Value, |r, d, s| {
        d.instance.debug = lenient(r, s, 0..=4).map_or(d.instance.debug, |n| n as u8);
    }),
    row("linkbeat_use_polling", Takes::Words, |r, _, s| {
        deprecated(r, s, "polls the interface", "name the interface in `linkbeat_interfaces`");
    }),
    row("lvs_sync_daemon_interface", Takes::Value, |r, _, s| {
        deprecated(r, s, "takes it for `lvs_sync_daemon`", "write `lvs_sync_daemon` in `global_defs`");
    }),
    row("virtual_routes", LIST, |r, d, s| {
        surplus(r, s, 0);
        d.instance.routes.extend(s.block.iter().flatten().filter_map(|line| route(r, line, false)));
    }),
    row("virtual_rules", LIST, |r, d, s| {
        surplus(r, s, 0);
        d.instance.rules.extend(s.block.iter().flatten().filter_map(|line| rule(r, line, false)));
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

/// Complains about an old keyword.
fn deprecated(report: &mut Report, s: &Statement, daemon: &str, help: &str) {
    let message = format!("`{}` is an old keyword", s.keyword().text);
    report.warn("deprecated", s.keyword().at, message, daemon, help);
}

/// `[all] SECONDS`, for an instance or for all.
pub(super) fn extra_garp(report: &mut Report, s: &Statement, least: i64) -> Option<ExtraGarp> {
    let mut words = s.arguments();
    let all = words.first().is_some_and(|word| word.text == "all");
    if all {
        words = &words[1..];
    }
    let Some(word) = words.last() else {
        let message = format!("`{}` has no time", s.keyword().text);
        report.warn("missing-value", s.keyword().at, message, IGNORED, "write seconds from 1 to 86400");
        return None;
    };
    let seconds = signed(report, &s.keyword().text, word, least..=u32::MAX.into(), IGNORED)?;
    let every = crate::time::Duration::from_secs(seconds as u64);
    Some(ExtraGarp { all, every })
}

fn old_unicast_checksum(report: &mut Report, d: &mut Draft, s: &Statement) {
    d.unicast_word = Some(s.keyword().at);
    match s.arguments().first() {
        None => d.instance.unicast.old_checksum = OldChecksum::Always,
        Some(word) if word.text == "never" => d.instance.unicast.old_checksum = OldChecksum::Never,
        Some(word) => {
            let message = format!("`{}` does not go with `old_unicast_checksum`", word.text);
            report.warn("invalid-value", word.at, message, IGNORED, "write `never`, or nothing");
        }
    }
}

/// `ADDRESS [min_ttl N] [max_ttl N]`.
fn unicast_peer(report: &mut Report, d: &mut Draft, s: &Statement) {
    surplus(report, s, 0);
    d.unicast_word = Some(s.keyword().at);
    for line in s.block.iter().flatten() {
        let word = line.keyword();
        let text = word.text.split('/').next().unwrap_or_default();
        let address = text.parse::<IpAddr>().ok().filter(|ip| d.fits(Family::of(*ip)));
        let Some(address) = address else {
            let message = format!("`{}` is not an address of this instance's family", word.text);
            report.warn(
                "invalid-address",
                word.at,
                message,
                "skips this peer",
                "write the peer's own address",
            );
            continue;
        };
        let mut peer = Peer { address, min_ttl: 0, max_ttl: 255 };
        let mut words = line.arguments().iter();
        while let Some(word) = words.next() {
            peer_option(report, d, &mut peer, word, words.next());
        }
        if peer.min_ttl > peer.max_ttl {
            let message = format!("`min_ttl` {} is above `max_ttl` {}", peer.min_ttl, peer.max_ttl);
            report.warn("conflict", line.all, message, "discards all adverts of this peer", "swap them");
        }
        d.unicast = true;
        d.instance.unicast.peers.push(peer);
    }
}

fn peer_option(report: &mut Report, d: &mut Draft, peer: &mut Peer, word: &Word, value: Option<&Word>) {
    let Some(value) = value else {
        let message = format!("`{}` has no value", word.text);
        report.warn("missing-value", word.at, message, "ignores it", "write a number from 0 to 255");
        return;
    };
    let slot = match word.text.as_str() {
        "min_ttl" => &mut peer.min_ttl,
        "max_ttl" => &mut peer.max_ttl,
        text => {
            let message = format!("`{text}` is not an option of a peer");
            report.warn("unknown-option", word.at, message, "ignores it", "write `min_ttl` or `max_ttl`");
            return;
        }
    };
    if let Some(ttl) = signed(report, &word.text, value, 0..=255, "ignores it") {
        *slot = ttl as u8;
        d.instance.unicast.check_source = true;
    }
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

/// A name that is too long for the kernel counts as none.
fn interface(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    if word.text.len() > 15 {
        let message = format!("`{}` is longer than 15 characters", word.text);
        report.warn("name-too-long", word.at, message, IGNORED, "write the name of an interface");
    } else {
        d.instance.interface.clone_from(&word.text);
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
    surplus(report, s, 0);
    for line in s.block.iter().flatten() {
        let address =
            address(report, line, false).filter(|address| excluded || advertised(report, d, line, address));
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
    let family = Family::of(address.cidr.address);
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
        Ok(IpAddr::V6(source)) if d.fits(Family::V6) => d.instance.mcast_src_ip6 = Some(source),
        _ => {
            let message = format!("`{}` is not an address of this instance's family", word.text);
            report.warn("invalid-address", word.at, message, IGNORED, "write an address of this host");
        }
    }
}

fn unicast_src_ip(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    d.unicast_word = Some(s.keyword().at);
    let text = word.text.split('/').next().unwrap_or_default();
    let source = text.parse::<IpAddr>().ok().filter(|ip| d.fits(Family::of(*ip)));
    if source.is_none() {
        let message = format!("`{}` is not an address of this instance's family", word.text);
        report.warn("invalid-address", word.at, message, IGNORED, "write an address of this host");
    }
    d.instance.unicast.source = source.or(d.instance.unicast.source);
}

/// Even an address that is no group decides the family.
fn mcast_dst_ip(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = &s.arguments()[0];
    let group = word.text.parse::<IpAddr>().ok();
    let group = group.filter(|ip| d.fits(Family::of(*ip)));
    match group.filter(IpAddr::is_multicast) {
        Some(IpAddr::V4(group)) => {
            d.instance.mcast_dst_ip = group;
            d.mcast_dst = true;
        }
        Some(IpAddr::V6(group)) => {
            d.instance.mcast_dst_ip6 = group;
            d.mcast_dst = true;
        }
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
pub(super) fn notify_words(report: &mut Report, s: &Statement) -> Option<Command> {
    let mut words = command_words(&s.rest()).into_iter();
    let argv = command_words(&words.next().unwrap_or_default());
    if argv.is_empty() {
        let message = format!("`{}` has an empty command", s.keyword().text);
        report.warn("missing-value", s.all, message, IGNORED, "");
        return None;
    }
    Some(Command { argv, user: words.next().map(|user| (user, words.next())) })
}

/// One of the notify scripts; the first counts.
pub(super) fn notify(report: &mut Report, slot: &mut Option<Command>, s: &Statement) {
    let Some(command) = notify_words(report, s) else { return };
    if slot.is_some() {
        let message = format!("`{}` was already given", s.keyword().text);
        report.warn("repeated-keyword", s.all, message, "keeps the first", "call both from one script");
    } else {
        *slot = Some(command);
    }
}
