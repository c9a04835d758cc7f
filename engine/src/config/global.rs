//! `global_defs`: what it sets itself and what it gives to instances that say nothing else.

use super::keywords::{Keyword, Role, Scope, Takes};
use super::model::{Garp, Global, Version};
use super::report::Report;
use super::tree::Statement;
use super::values::{group4, lenient, number, seconds, switch};
use crate::time::Duration;

/// The global settings while reading.
///
/// The daemon reads `global_defs` before anything else, so these hold for every instance, wherever the block
/// stands in the text.
#[derive(Default, Debug)]
pub(super) struct Draft {
    pub(super) global: Global,
    pub(super) garp: GarpDraft,
    pub(super) version: Option<Version>,
    pub(super) down_timer_adverts: Option<u8>,
    pub(super) lower_prio_no_advert: bool,
    pub(super) higher_prio_send_advert: bool,
    pub(super) skip_check_adv_addr: bool,
}

const IGNORED: &str = "ignores the line";

/// The longest time that fits into 32 bits of microseconds.
const LONGEST_MICROS: u64 = u32::MAX as u64;
const LONGEST_SECONDS: u32 = u32::MAX / 1_000_000;

const fn row(name: &'static str, takes: Takes, handle: fn(&mut Report, &mut Draft, &Statement)) -> Keyword {
    Keyword { name, takes, role: Role::Global(handle) }
}

pub(super) const KEYWORDS: &[Keyword] = &[
    row("notification_email", Takes::Block(Scope::List), notification_email),
    row("notification_email_from", Takes::Words, |r, d, s| d.global.notification_email_from = word(r, s)),
    row("router_id", Takes::Words, |r, d, s| d.global.router_id = word(r, s)),
    row("smtp_server", Takes::Value, smtp_server),
    row("smtp_connect_timeout", Takes::Value, smtp_connect_timeout),
    row("script_user", Takes::Words, script_user),
    row("enable_script_security", Takes::Words, |_, d, _| d.global.script_security = true),
    row("vrrp_version", Takes::Value, |r, d, s| d.version = version(r, s).or(d.version)),
    row("vrrp_mcast_group4", Takes::Value, |r, d, s| {
        d.global.mcast_group4 = group4(r, s).unwrap_or(d.global.mcast_group4);
    }),
    row("vrrp_garp_interval", Takes::Value, |r, d, s| {
        d.global.garp_interval = pacing(r, s).unwrap_or(d.global.garp_interval);
    }),
    row("vrrp_gna_interval", Takes::Value, |r, d, s| {
        d.global.gna_interval = pacing(r, s).unwrap_or(d.global.gna_interval);
    }),
    row("vrrp_skip_check_adv_addr", Takes::Words, skip_check_adv_addr),
    row("vrrp_down_timer_adverts", Takes::Value, |r, d, s| {
        d.down_timer_adverts = lenient(r, s, 1..=100).map(|n| n as u8).or(d.down_timer_adverts);
    }),
    row("vrrp_lower_prio_no_advert", Takes::Words, |r, d, s| {
        d.lower_prio_no_advert = switch(r, s).unwrap_or(d.lower_prio_no_advert);
    }),
    row("vrrp_higher_prio_send_advert", Takes::Words, |r, d, s| {
        d.higher_prio_send_advert = switch(r, s).unwrap_or(d.higher_prio_send_advert);
    }),
    row("vrrp_garp_master_delay", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("vrrp_garp_master_repeat", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("vrrp_garp_master_refresh", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("vrrp_garp_master_refresh_repeat", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("vrrp_garp_lower_prio_delay", Takes::Value, |r, d, s| d.garp.read(r, s)),
    row("vrrp_garp_lower_prio_repeat", Takes::Value, |r, d, s| d.garp.read(r, s)),
];

/// The first argument of a keyword that the daemon ignores without one.
fn word(report: &mut Report, s: &Statement) -> Option<String> {
    let word = s.arguments().first().map(|word| word.text.clone());
    if word.is_none() {
        let message = format!("`{}` has no value", s.keyword().text);
        report.warn("missing-value", s.keyword().at, message, IGNORED, "");
    }
    word
}

fn notification_email(_: &mut Report, d: &mut Draft, s: &Statement) {
    let lines = s.block.iter().flatten();
    d.global.notification_email.extend(lines.flat_map(|line| &line.words).map(|word| word.text.clone()));
}

/// A host name cannot be checked without a resolver, so it is believed.
fn smtp_server(_: &mut Report, d: &mut Draft, s: &Statement) {
    let words: Vec<_> = s.arguments().iter().take(2).map(|word| word.text.as_str()).collect();
    d.global.smtp_server = Some(words.join(" "));
}

fn smtp_connect_timeout(report: &mut Report, d: &mut Draft, s: &Statement) {
    let Some(seconds) = lenient(report, s, 0..=LONGEST_SECONDS) else { return };
    at_least_one(report, s);
    d.global.smtp_connect_timeout = Duration::from_secs(seconds.max(1).into());
}

fn script_user(report: &mut Report, d: &mut Draft, s: &Statement) {
    let Some(user) = word(report, s) else { return };
    d.global.script_user = Some((user, s.arguments().get(1).map(|group| group.text.clone())));
}

/// Zero is the default, but writing it is out of range.
fn pacing(report: &mut Report, s: &Statement) -> Option<Duration> {
    let daemon = "complains and ignores the line; without it there is no pacing";
    let found = seconds(report, s, 1..=LONGEST_MICROS, daemon);
    if found.is_none() && s.arguments()[0].text.parse() == Ok(0) {
        report.advise("remove the line: no pacing is the default");
    }
    found
}

/// The daemon looks at the keyword only, so `false` switches it on as well.
fn skip_check_adv_addr(report: &mut Report, d: &mut Draft, s: &Statement) {
    d.skip_check_adv_addr = true;
    switched_on_anyway(report, s);
}

/// Complains about a `false` that the daemon does not understand as one.
pub(super) fn switched_on_anyway(report: &mut Report, s: &Statement) {
    if let Some(word) =
        s.arguments().first().filter(|word| !matches!(word.text.as_str(), "true" | "on" | "yes"))
    {
        let message = format!("`{}` is not looked at", word.text);
        report.warn("switched-on-anyway", word.at, message, "switches it on all the same", "remove the line");
    }
}

/// `version` and `vrrp_version`.
pub(super) fn version(report: &mut Report, s: &Statement) -> Option<Version> {
    let number = number(report, s, 2..=3, IGNORED)?;
    Some(if number == 2 { Version::V2 } else { Version::V3 })
}

/// Complains about a plain zero, which the daemon takes for one.
fn at_least_one(report: &mut Report, s: &Statement) {
    let word = &s.arguments()[0];
    if word.text.parse() == Ok(0) {
        let message = format!("`{}` must be at least 1", s.keyword().text);
        report.warn("number-out-of-range", word.at, message, "takes 1", "write 1");
    }
}

/// Gratuitous ARP options as far as the text gives them, for all instances or for one.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct GarpDraft {
    master_delay: Option<Duration>,
    master_repeat: Option<u32>,
    master_refresh: Option<Duration>,
    master_refresh_repeat: Option<u32>,
    lower_prio_delay: Option<Duration>,
    lower_prio_repeat: Option<u32>,
}

impl GarpDraft {
    /// Reads one of the `garp_*` keywords; the global ones have the same names behind `vrrp_`.
    pub(super) fn read(&mut self, report: &mut Report, s: &Statement) {
        let name = s.keyword().text.as_str();
        let name = name.strip_prefix("vrrp_").unwrap_or(name);
        if name.ends_with("repeat") {
            let Some(n) = lenient(report, s, 0..=u32::MAX) else { return };
            if name != "garp_lower_prio_repeat" {
                at_least_one(report, s);
            }
            match name {
                "garp_master_repeat" => self.master_repeat = Some(n.max(1)),
                "garp_master_refresh_repeat" => self.master_refresh_repeat = Some(n.max(1)),
                _ => self.lower_prio_repeat = Some(n),
            }
        } else {
            let Some(n) = lenient(report, s, 0..=LONGEST_SECONDS) else { return };
            let time = Some(Duration::from_secs(n.into()));
            match name {
                "garp_master_delay" => self.master_delay = time,
                "garp_master_refresh" => self.master_refresh = time,
                _ => self.lower_prio_delay = time,
            }
        }
    }

    /// What an instance runs with. Its lower priority options follow the global ones, not its own.
    pub(super) fn over(&self, global: &GarpDraft) -> Garp {
        let default = Garp::default();
        let delay = global.master_delay.unwrap_or(default.master_delay);
        let repeat = global.master_repeat.unwrap_or(default.master_repeat);
        let refresh_repeat = self.master_refresh_repeat.or(global.master_refresh_repeat);
        Garp {
            master_delay: self.master_delay.unwrap_or(delay),
            master_repeat: self.master_repeat.unwrap_or(repeat),
            master_refresh: self.master_refresh.or(global.master_refresh).unwrap_or(default.master_refresh),
            master_refresh_repeat: refresh_repeat.unwrap_or(default.master_refresh_repeat),
            lower_prio_delay: self.lower_prio_delay.or(global.lower_prio_delay).unwrap_or(delay),
            lower_prio_repeat: self.lower_prio_repeat.or(global.lower_prio_repeat).unwrap_or(repeat),
        }
    }
}
