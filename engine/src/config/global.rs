//! `global_defs`: what it sets itself and what it gives to instances that say nothing else.

use super::instance::extra_garp;
use super::keywords::{Keyword, Role, Scope, Takes};
use super::model::{ExtraGarp, Garp, Global, Version};
use super::report::Report;
use super::tree::Statement;
use super::values::{group4, group6, lenient, lenient_seconds, number, seconds, signed, switch};
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
    pub(super) strict: bool,
    pub(super) min_garp: bool,
    pub(super) check_unicast_src: bool,
    pub(super) extra_garp: Option<ExtraGarp>,
    pub(super) smtp_alert: Option<bool>,
    pub(super) smtp_alert_vrrp: Option<bool>,
    pub(super) notify_priority_changes: bool,
}

impl Draft {
    /// Keeps what instances have copied, for whoever wants to see it.
    pub(super) fn keep(&mut self) {
        let garp = GarpDraft::default().over(&self.garp, self.min_garp);
        let seconds = |time: Duration| (time.as_micros() / 1_000_000).to_string();
        let alert =
            |set: Option<bool>| set.map_or("unset", |on| if on { "true" } else { "false" }).to_string();
        let kept: [(&'static str, String); 15] = [
            ("vrrp_version", if self.version == Some(Version::V3) { "3" } else { "2" }.into()),
            ("vrrp_strict", self.strict.to_string()),
            ("vrrp_check_unicast_src", self.check_unicast_src.to_string()),
            ("vrrp_skip_check_adv_addr", self.skip_check_adv_addr.to_string()),
            ("vrrp_lower_prio_no_advert", self.lower_prio_no_advert.to_string()),
            ("vrrp_higher_prio_send_advert", self.higher_prio_send_advert.to_string()),
            ("vrrp_notify_priority_changes", self.notify_priority_changes.to_string()),
            ("vrrp_down_timer_adverts", self.down_timer_adverts.unwrap_or(3).to_string()),
            ("vrrp_garp_master_delay", seconds(garp.master_delay)),
            ("vrrp_garp_master_repeat", garp.master_repeat.to_string()),
            ("vrrp_garp_master_refresh", seconds(garp.master_refresh)),
            ("vrrp_garp_master_refresh_repeat", garp.master_refresh_repeat.to_string()),
            ("smtp_alert", alert(self.smtp_alert)),
            ("smtp_alert_vrrp", alert(self.smtp_alert_vrrp)),
            ("vrrp_min_garp", self.min_garp.to_string()),
        ];
        self.global.other.extend(kept);
        if let Some(extra) = self.extra_garp {
            let all = if extra.all { "all " } else { "" };
            self.global.other.insert("vrrp_garp_extra_if", format!("{all}{}", seconds(extra.every)));
        }
    }
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
    row("vrrp_mcast_group6", Takes::Value, |r, d, s| {
        d.global.mcast_group6 = group6(r, s).unwrap_or(d.global.mcast_group6);
    }),
    row("vrrp_strict", Takes::Words, |_, d, _| d.strict = true),
    row("vrrp_min_garp", Takes::Words, |r, d, s| d.min_garp = switch(r, s).unwrap_or(d.min_garp)),
    row("vrrp_check_unicast_src", Takes::Words, |_, d, _| d.check_unicast_src = true),
    row("vrrp_startup_delay", Takes::Value, |r, d, s| {
        let daemon = "complains and ignores the line";
        d.global.startup_delay =
            seconds(r, s, 1_000..=LONGEST_MICROS, daemon).unwrap_or(d.global.startup_delay);
    }),
    row("vrrp_garp_extra_if", Takes::Words, |r, d, s| d.extra_garp = extra_garp(r, s, 1).or(d.extra_garp)),
    row("vrrp_vmac_garp_intvl", Takes::Words, |r, d, s| {
        let message = "`vrrp_vmac_garp_intvl` is an old keyword";
        let daemon = "takes it for `vrrp_garp_extra_if`";
        r.warn("deprecated", s.keyword().at, message, daemon, "write `vrrp_garp_extra_if`");
        d.extra_garp = extra_garp(r, s, 1).or(d.extra_garp);
    }),
    row("smtp_alert", Takes::Words, |r, d, s| d.smtp_alert = switch(r, s).or(d.smtp_alert)),
    row("smtp_alert_vrrp", Takes::Words, |r, d, s| d.smtp_alert_vrrp = switch(r, s).or(d.smtp_alert_vrrp)),
    row("vrrp_notify_priority_changes", Takes::Words, |r, d, s| {
        d.notify_priority_changes = switch(r, s).unwrap_or(d.notify_priority_changes);
    }),
    row("default_interface", Takes::Words, |r, d, s| d.global.default_interface = word(r, s)),
    row("dynamic_interfaces", Takes::Words, dynamic_interfaces),
    row("lvs_sync_daemon", Takes::Words, lvs_sync_daemon),
    row("lvs_timeouts", Takes::Words, lvs_timeouts),
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

fn notification_email(report: &mut Report, d: &mut Draft, s: &Statement) {
    if s.block.as_ref().is_none_or(Vec::is_empty) {
        let message = "`notification_email` names nobody";
        report.warn("empty-block", s.keyword().at, message, "ignores it", "remove the block");
    }
    let lines = s.block.iter().flatten();
    d.global.notification_email.extend(lines.flat_map(|line| &line.words).map(|word| word.text.clone()));
}

/// Any argument switches it on; only one has a meaning.
fn dynamic_interfaces(report: &mut Report, d: &mut Draft, s: &Statement) {
    let word = s.arguments().first();
    d.global.dynamic_interfaces = Some(word.is_some_and(|word| word.text == "allow_if_changes"));
    if let Some(word) = word.filter(|word| word.text != "allow_if_changes") {
        let message = format!("`{}` does not go with `dynamic_interfaces`", word.text);
        let daemon = "ignores the word and takes the keyword";
        report.warn("invalid-value", word.at, message, daemon, "write `allow_if_changes`, or nothing");
    }
}

/// `INTERFACE [INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]`.
fn lvs_sync_daemon(report: &mut Report, d: &mut Draft, s: &Statement) {
    let Some(interface) = word(report, s) else { return };
    if d.global.other.contains_key("lvs_sync_daemon") {
        let message = "`lvs_sync_daemon` was already given";
        report.warn("repeated-keyword", s.keyword().at, message, "keeps the first", "write one of them");
        return;
    }
    if interface.len() > 15 {
        let message = format!("`{interface}` is longer than 15 characters");
        report.warn("name-too-long", s.arguments()[0].at, message, IGNORED, "write the name of an interface");
        return;
    }
    let words: Vec<_> = s.arguments().iter().map(|w| w.text.as_str()).collect();
    d.global.other.insert("lvs_sync_daemon", words.join(" "));
    let mut words = s.arguments().iter().skip(2);
    while let Some(word) = words.next() {
        let most = match word.text.as_str() {
            "id" | "ttl" => 255,
            "maxlen" | "port" => 65535,
            "group" => {
                words.next();
                continue;
            }
            text if text.parse::<u8>().is_ok() => continue,
            text => {
                let message = format!("`{text}` is not an option of `lvs_sync_daemon`");
                let help = "write `id`, `maxlen`, `port`, `ttl` or `group`";
                report.warn("unknown-option", word.at, message, "ignores it", help);
                continue;
            }
        };
        if let Some(value) = words.next() {
            signed(report, &word.text, value, 0..=most, "ignores it");
        }
    }
}

/// `[tcp N] [tcpfin N] [udp N]`.
fn lvs_timeouts(report: &mut Report, d: &mut Draft, s: &Statement) {
    let words = s.arguments();
    if words.len() < 2 {
        let message = "`lvs_timeouts` names no time-out";
        report.warn(
            "missing-value",
            s.keyword().at,
            message,
            IGNORED,
            "write `tcp`, `tcpfin` or `udp` and seconds",
        );
        return;
    }
    let mut n = 0;
    while let Some(word) = words.get(n) {
        n += 1;
        match (word.text.as_str(), words.get(n)) {
            ("tcp" | "tcpfin" | "udp", Some(value)) => {
                signed(report, &word.text, value, 0..=i32::MAX.into(), "ignores it");
                n += 1;
            }
            _ => {
                let message = format!("`{}` is not an option of `lvs_timeouts`", word.text);
                report.warn(
                    "unknown-option",
                    word.at,
                    message,
                    "ignores it",
                    "write `tcp`, `tcpfin` or `udp`",
                );
            }
        }
    }
    let words: Vec<_> = words.iter().map(|w| w.text.as_str()).collect();
    d.global.other.insert("lvs_timeouts", words.join(" "));
}

/// A host name cannot be checked without a resolver, so it is believed.
fn smtp_server(report: &mut Report, d: &mut Draft, s: &Statement) {
    if let Some(port) = s.arguments().get(1)
        && signed(report, "smtp_server", port, 0..=65535, IGNORED).is_none()
    {
        return;
    }
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
    let found = lenient_seconds(report, &s.keyword().text, &s.arguments()[0], 1..=LONGEST_MICROS, daemon);
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
            let most = if name == "garp_master_refresh" { u32::MAX } else { LONGEST_SECONDS };
            let Some(n) = lenient(report, s, 0..=most) else { return };
            let time = Some(Duration::from_secs(n.into()));
            match name {
                "garp_master_delay" => self.master_delay = time,
                "garp_master_refresh" => self.master_refresh = time,
                _ => self.lower_prio_delay = time,
            }
        }
    }

    /// The options for lower priorities that are given, and whether they ask for nothing.
    pub(super) fn lower_prio(&self) -> Vec<(&'static str, bool)> {
        let delay = self.lower_prio_delay.map(|delay| ("garp_lower_prio_delay", delay == Duration::ZERO));
        let repeat = self.lower_prio_repeat.map(|repeat| ("garp_lower_prio_repeat", repeat == 0));
        delay.into_iter().chain(repeat).collect()
    }

    /// What an instance runs with. Its lower priority options follow the global ones, not its own.
    ///
    /// `vrrp_min_garp` changes what is still a default, whether by chance or not.
    pub(super) fn over(&self, global: &GarpDraft, least: bool) -> Garp {
        let mut default = Garp::default();
        if least {
            let is = |set: Option<Duration>, default| set.is_none_or(|set| set == default);
            let mut global = *global;
            if is(global.master_delay, default.master_delay) {
                global.master_delay = None;
            }
            global.master_repeat = global.master_repeat.filter(|n| *n != default.master_repeat);
            global.master_refresh_repeat = global.master_refresh_repeat.filter(|n| *n != 1);
            default.master_delay = Duration::ZERO;
            default.master_repeat = 1;
            default.master_refresh_repeat = 0;
            return self.above(&global, default);
        }
        self.above(global, default)
    }

    fn above(&self, global: &GarpDraft, default: Garp) -> Garp {
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
