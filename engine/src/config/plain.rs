//! Keywords that only leave a value behind: processes, logs, SNMP, D-Bus, servers.
//!
//! They are checked as the daemon checks them and kept as text, as nothing that is simulated depends on them.

use super::keywords::{Keyword, Role, Takes};
use super::model::Settings;
use super::report::Report;
use super::tree::Statement;
use super::values::{signed, switch};

/// What a plain keyword takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Plain {
    /// Nothing; words behind it are not looked at.
    Flag,
    /// A switch.
    Switch,
    /// A whole number; outside the range the line is ignored.
    Number(i64, i64),
    /// A whole number; outside the range the nearest that is possible.
    Clamped(i64, i64),
    /// A whole number, or none for the last one.
    Optional(i64, i64, i64),
    /// One word, and nothing is wrong without.
    MaybeWord,
    /// One word, and nothing is wrong without; only the first line counts.
    First,
    /// One word; the others are not looked at.
    Word,
    /// One word and no other.
    OnlyWord,
    /// A name of at most 15 bytes.
    ShortName,
    /// Words.
    Words,
    /// Numbers of processors.
    Processors,
    /// Some of these words, each at most once and with `+` or `-` in front.
    Checks,
    /// Nothing, or one of these words.
    OneOf(&'static [&'static str]),
    /// Buffer sizes and policies.
    Buffers,
    /// Permissions: octal, or names of bits with `|` between them.
    Umask,
    /// What this build of the daemon has not got.
    NotBuilt,
}

const fn row(name: &'static str, takes: Takes, kind: Plain) -> Keyword {
    Keyword { name, takes, role: Role::Plain(kind) }
}

/// A keyword that stops the daemon without its value.
const fn needs(name: &'static str, kind: Plain) -> Keyword {
    row(name, Takes::Value, kind)
}

/// A keyword that may stand alone, or is only ignored then.
const fn may(name: &'static str, kind: Plain) -> Keyword {
    row(name, Takes::Words, kind)
}

const UNSIGNED: i64 = u32::MAX as i64;
const SIGNED: (i64, i64) = (i32::MIN as i64, i32::MAX as i64);

/// What stands outside blocks.
pub(super) const TOP: &[Keyword] = &[
    needs("child_wait_time", Plain::Number(0, UNSIGNED)),
    may("instance", Plain::Word),
    may("net_namespace", Plain::Word),
    may("net_namespace_ipvs", Plain::MaybeWord),
    may("namespace_with_ipsets", Plain::Flag),
    may("use_pid_dir", Plain::Flag),
    may("linkbeat_use_polling", Plain::Flag),
];

/// The plain keywords of `global_defs`.
pub(super) const GLOBAL: &[Keyword] = &[
    may("smtp_helo_name", Plain::MaybeWord),
    may("no_email_faults", Plain::Flag),
    may("process_names", Plain::Flag),
    needs("process_name", Plain::ShortName),
    needs("vrrp_process_name", Plain::ShortName),
    needs("checker_process_name", Plain::ShortName),
    needs("lvs_process_name", Plain::ShortName),
    needs("bfd_process_name", Plain::ShortName),
    may("vrrp_priority", Plain::Number(-20, 19)),
    may("checker_priority", Plain::Number(-20, 19)),
    may("bfd_priority", Plain::Number(-20, 19)),
    may("vrrp_rt_priority", Plain::Clamped(1, 99)),
    may("checker_rt_priority", Plain::Clamped(1, 99)),
    may("bfd_rt_priority", Plain::Clamped(1, 99)),
    may("vrrp_no_swap", Plain::Flag),
    may("checker_no_swap", Plain::Flag),
    may("bfd_no_swap", Plain::Flag),
    may("vrrp_cpu_affinity", Plain::Processors),
    may("checker_cpu_affinity", Plain::Processors),
    may("bfd_cpu_affinity", Plain::Processors),
    needs("vrrp_rlimit_rttime", Plain::Number(1, UNSIGNED)),
    needs("checker_rlimit_rttime", Plain::Number(1, UNSIGNED)),
    needs("bfd_rlimit_rttime", Plain::Number(1, UNSIGNED)),
    needs("vrrp_rlimit_rtime", Plain::Number(1, UNSIGNED)),
    needs("checker_rlimit_rtime", Plain::Number(1, UNSIGNED)),
    needs("bfd_rlimit_rtime", Plain::Number(1, UNSIGNED)),
    may("max_auto_priority", Plain::Optional(-1, 99, 99)),
    may("min_auto_priority_delay", Plain::Number(1, 10_000_000)),
    may("vrrp_netlink_cmd_rcv_bufs", Plain::Number(0, UNSIGNED)),
    may("vrrp_netlink_monitor_rcv_bufs", Plain::Number(0, UNSIGNED)),
    may("lvs_netlink_cmd_rcv_bufs", Plain::Number(0, UNSIGNED)),
    may("lvs_netlink_monitor_rcv_bufs", Plain::Number(0, UNSIGNED)),
    may("process_monitor_rcv_bufs", Plain::Number(0, UNSIGNED)),
    may("vrrp_netlink_cmd_rcv_bufs_force", Plain::Switch),
    may("vrrp_netlink_monitor_rcv_bufs_force", Plain::Switch),
    may("lvs_netlink_cmd_rcv_bufs_force", Plain::Switch),
    may("lvs_netlink_monitor_rcv_bufs_force", Plain::Switch),
    may("process_monitor_rcv_bufs_force", Plain::Switch),
    may("vrrp_rx_bufs_policy", Plain::Buffers),
    may("vrrp_rx_bufs_multiplier", Plain::Number(1, UNSIGNED)),
    may("rs_init_notifies", Plain::Switch),
    may("no_checker_emails", Plain::Switch),
    may("checker_log_all_failures", Plain::Switch),
    may("smtp_alert_checker", Plain::Switch),
    may("lvs_flush", Plain::Flag),
    may("lvs_flush_on_stop", Plain::OneOf(&["VS"])),
    may("lvs_flush_onstop", Plain::OneOf(&["VS"])),
    may("enable_dbus", Plain::Flag),
    may("dbus_service_name", Plain::Word),
    may("enable_snmp_checker", Plain::Flag),
    may("enable_snmp_vrrp", Plain::Flag),
    may("enable_snmp_keepalived", Plain::Flag),
    may("enable_snmp_rfc", Plain::Flag),
    may("enable_snmp_rfcv2", Plain::Flag),
    may("enable_snmp_rfcv3", Plain::Flag),
    may("enable_traps", Plain::Flag),
    may("snmp_socket", Plain::OnlyWord),
    may("fifo_write_vrrp_states_on_reload", Plain::Flag),
    may("notify_fifo", Plain::Words),
    may("vrrp_notify_fifo", Plain::Words),
    may("lvs_notify_fifo", Plain::Words),
    may("notify_fifo_script", Plain::Words),
    may("vrrp_notify_fifo_script", Plain::Words),
    may("lvs_notify_fifo_script", Plain::Words),
    may("startup_script", Plain::Words),
    may("shutdown_script", Plain::Words),
    may("startup_script_timeout", Plain::Number(1, 1000)),
    may("shutdown_script_timeout", Plain::Number(1, 1000)),
    may("log_unknown_vrids", Plain::Flag),
    may("disable_local_igmp", Plain::Flag),
    may("nftables", Plain::First),
    may("nftables_counters", Plain::Flag),
    may("nftables_ifindex", Plain::Flag),
    needs("nftables_priority", Plain::Number(SIGNED.0, SIGNED.1)),
    may("nftables_ipvs", Plain::First),
    needs("nftables_ipvs_priority", Plain::Number(SIGNED.0, SIGNED.1)),
    needs("nftables_ipvs_start_fwmark", Plain::Number(1, UNSIGNED)),
    may("vrrp_iptables", Plain::NotBuilt),
    needs("vmac_prefix", Plain::Word),
    needs("vmac_addr_prefix", Plain::Word),
    needs("random_seed", Plain::Number(0, UNSIGNED)),
    needs("config_save_dir", Plain::Word),
    may("tmp_config_directory", Plain::Word),
    may("data_use_instance", Plain::Switch),
    may("include_check", Plain::Checks),
    may("reload_check_config", Plain::MaybeWord),
    may("reload_file", Plain::MaybeWord),
    may("reload_repeat", Plain::Flag),
    may("reload_time_file", Plain::OnlyWord),
    needs("umask", Plain::Umask),
];

const IGNORED: &str = "ignores the line";

/// Reads a plain keyword.
pub(super) fn read(report: &mut Report, settings: &mut Settings, keyword: &Keyword, s: &Statement) {
    let Role::Plain(kind) = keyword.role else { return };
    if kind == Plain::First && is_given(settings, keyword.name) {
        let message = format!("`{}` was already given", keyword.name);
        report.warn(
            "repeated-keyword",
            s.keyword().at,
            message,
            "keeps the first",
            "remove one of the lines",
        );
        return;
    }
    if let Some(value) = value(report, kind, s) {
        settings.insert(keyword.name, value);
    }
}

/// Whether a keyword was given; `vrrp_iptables` makes this daemon use nftables.
fn is_given(settings: &Settings, name: &str) -> bool {
    settings.contains_key(name) || name == "nftables" && settings.contains_key("vrrp_iptables")
}

fn value(report: &mut Report, kind: Plain, s: &Statement) -> Option<String> {
    let words = s.arguments();
    let joined = || words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
    match kind {
        Plain::Flag => Some("true".into()),
        Plain::Switch => switch(report, s).map(|on| on.to_string()),
        Plain::MaybeWord | Plain::First => Some(words.first().map_or_else(String::new, |w| w.text.clone())),
        Plain::OneOf(known) => match words.first() {
            Some(word) if !known.contains(&word.text.as_str()) => unknown(report, s, 0, &known.join(" or ")),
            word => Some(word.map_or_else(|| "true".into(), |w| w.text.clone())),
        },
        Plain::Optional(_, _, alone) if words.is_empty() => Some(alone.to_string()),
        Plain::Checks => checks(report, s),
        Plain::NotBuilt => {
            let message = format!("this keepalived has no `{}`", s.keyword().text);
            let daemon = "uses nftables instead";
            report.warn("not-built", s.keyword().at, message, daemon, "write `nftables`");
            Some(joined())
        }
        _ if words.is_empty() => {
            let message = format!("`{}` has no value", s.keyword().text);
            report.warn("missing-value", s.keyword().at, message, IGNORED, "");
            None
        }
        Plain::Word => Some(words[0].text.clone()),
        Plain::OnlyWord if words.len() > 1 => unknown(report, s, 1, "one word"),
        Plain::OnlyWord => Some(words[0].text.clone()),
        Plain::Words => Some(joined()),
        Plain::ShortName => short_name(report, s),
        Plain::Number(least, most) | Plain::Optional(least, most, _) => {
            signed(report, &s.keyword().text, &words[0], least..=most, IGNORED).map(|n| n.to_string())
        }
        Plain::Clamped(least, most) => clamped(report, s, least, most),
        Plain::Processors => processors(report, s),
        Plain::Buffers => buffers(report, s),
        Plain::Umask => umask(report, s),
    }
}

/// Complains about word number `n` behind the keyword.
fn unknown(report: &mut Report, s: &Statement, n: usize, wanted: &str) -> Option<String> {
    let word = &s.arguments()[n];
    let message = format!("`{}` does not go with `{}`", word.text, s.keyword().text);
    report.warn("invalid-value", word.at, message, IGNORED, format!("write {wanted}"));
    None
}

fn short_name(report: &mut Report, s: &Statement) -> Option<String> {
    let word = &s.arguments()[0];
    let used: String = word.text.chars().take(15).collect();
    if used.len() < word.text.len() {
        let message = format!("`{}` is longer than 15 characters", word.text);
        report.warn("name-too-long", word.at, message, format!("cuts it to `{used}`"), "shorten it");
    }
    Some(used)
}

fn clamped(report: &mut Report, s: &Statement, least: i64, most: i64) -> Option<String> {
    let (name, word) = (&s.keyword().text, &s.arguments()[0]);
    let any = i64::from(i32::MIN)..=i64::from(i32::MAX);
    match super::values::integer(&word.text, &any) {
        Ok(n) if !(least..=most).contains(&n) => {
            let used = n.clamp(least, most);
            signed(report, name, word, least..=most, &format!("takes {used}"));
            Some(used.to_string())
        }
        _ => signed(report, name, word, least..=most, IGNORED).map(|n| n.to_string()),
    }
}

/// How many processors there are depends on the host.
fn processors(report: &mut Report, s: &Statement) -> Option<String> {
    let name = &s.keyword().text;
    let read = s.arguments().iter().map(|word| signed(report, name, word, 0..=1023, IGNORED));
    let read: Option<Vec<_>> = read.collect();
    read.map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

fn checks(report: &mut Report, s: &Statement) -> Option<String> {
    const KNOWN: &[&str] = &["readable", "match", "wildcard_match", "brace_match"];
    let mut good = Vec::new();
    for (n, word) in s.arguments().iter().enumerate() {
        match KNOWN.contains(&word.text.trim_start_matches(['+', '-'])) {
            true => good.push(word.text.as_str()),
            false => {
                unknown(report, s, n, &KNOWN.join(", "));
            }
        }
    }
    Some(good.join(" "))
}

fn buffers(report: &mut Report, s: &Statement) -> Option<String> {
    for (n, word) in s.arguments().iter().enumerate() {
        let number = super::values::integer(&word.text, &(0..=UNSIGNED)).is_ok();
        if !matches!(word.text.as_str(), "MTU" | "ADVERT") && !number {
            return unknown(report, s, n, "`MTU`, `ADVERT` or a number of bytes");
        }
        if number {
            return Some(word.text.clone());
        }
    }
    s.arguments().last().map(|word| word.text.clone())
}

/// Octal or hexadecimal as C reads it, or bits like `IRWXG | IRWXO`.
fn umask(report: &mut Report, s: &Statement) -> Option<String> {
    const WANTED: &str = "three octal digits, or names of bits as in `IRWXG | IRWXO`";
    let text = &s.arguments()[0].text;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let (digits, base) = match text.strip_prefix("0x") {
            Some(digits) => (digits, 16),
            None if text.starts_with('0') => (text.as_str(), 8),
            None => (text.as_str(), 10),
        };
        let mask = u32::from_str_radix(digits, base).ok().filter(|mask| *mask <= 0o777);
        return match mask {
            Some(_) if s.arguments().len() > 1 => unknown(report, s, 1, WANTED),
            Some(mask) => Some(format!("0{mask:o}")),
            None => unknown(report, s, 0, WANTED),
        };
    }
    let mut mask = 0;
    for (n, word) in s.arguments().iter().enumerate() {
        for bit in word.text.split('|').filter(|bit| !bit.is_empty()) {
            match BITS.iter().find(|(name, _)| *name == bit) {
                Some((_, value)) => mask |= value,
                None => return unknown(report, s, n, WANTED),
            }
        }
    }
    Some(format!("0{mask:o}"))
}

const BITS: &[(&str, u32)] = &[
    ("IRUSR", 0o400),
    ("IWUSR", 0o200),
    ("IXUSR", 0o100),
    ("IRWXU", 0o700),
    ("IRGRP", 0o040),
    ("IWGRP", 0o020),
    ("IXGRP", 0o010),
    ("IRWXG", 0o070),
    ("IROTH", 0o004),
    ("IWOTH", 0o002),
    ("IXOTH", 0o001),
    ("IRWXO", 0o007),
];

#[cfg(test)]
mod tests {
    use super::super::{NoSources, read};

    /// Reads keywords of `global_defs` with their values, and compares what is kept. keepalived takes all of them.
    #[track_caller]
    fn kept(rows: &[(&str, &str, &str)]) {
        let lines: Vec<_> = rows.iter().map(|(name, value, _)| format!("{name} {value}\n")).collect();
        let reading = read("keepalived.conf", &format!("global_defs {{\n{}}}\n", lines.concat()), &NoSources);
        let said: Vec<_> = reading.findings.iter().map(|f| &f.message).collect();
        assert!(said.is_empty(), "{said:?}");
        for (name, value, expected) in rows {
            let found = reading.config.global.other.get(name).map(String::as_str);
            assert_eq!(found, Some(*expected), "{name} {value}");
        }
    }

    #[test]
    fn processes_have_names_and_priorities() {
        kept(&[
            ("bfd_cpu_affinity", "0", "0"),
            ("bfd_no_swap", "", "true"),
            ("bfd_priority", "-2", "-2"),
            ("bfd_process_name", "bfd", "bfd"),
            ("bfd_rlimit_rttime", "10000", "10000"),
            ("bfd_rt_priority", "20", "20"),
            ("checker_cpu_affinity", "0", "0"),
            ("checker_no_swap", "", "true"),
            ("checker_priority", "-3", "-3"),
            ("checker_process_name", "checker", "checker"),
            ("checker_rlimit_rttime", "10001", "10001"),
            ("checker_rt_priority", "21", "21"),
            ("lvs_process_name", "lvs", "lvs"),
            ("max_auto_priority", "", "99"),
            ("min_auto_priority_delay", "1000", "1000"),
            ("process_name", "kd", "kd"),
            ("process_names", "", "true"),
            ("random_seed", "9", "9"),
            ("umask", "027", "027"),
            ("vrrp_cpu_affinity", "0", "0"),
            ("vrrp_no_swap", "", "true"),
            ("vrrp_priority", "-4", "-4"),
            ("vrrp_process_name", "vrrp", "vrrp"),
            ("vrrp_rlimit_rttime", "10002", "10002"),
            ("vrrp_rt_priority", "22", "22"),
        ]);
    }

    #[test]
    fn sockets_have_buffers() {
        kept(&[
            ("lvs_netlink_cmd_rcv_bufs", "1000", "1000"),
            ("lvs_netlink_cmd_rcv_bufs_force", "on", "true"),
            ("lvs_netlink_monitor_rcv_bufs", "1001", "1001"),
            ("lvs_netlink_monitor_rcv_bufs_force", "off", "false"),
            ("process_monitor_rcv_bufs", "1002", "1002"),
            ("process_monitor_rcv_bufs_force", "on", "true"),
            ("vrrp_netlink_cmd_rcv_bufs", "1003", "1003"),
            ("vrrp_netlink_cmd_rcv_bufs_force", "on", "true"),
            ("vrrp_netlink_monitor_rcv_bufs", "1004", "1004"),
            ("vrrp_netlink_monitor_rcv_bufs_force", "on", "true"),
            ("vrrp_rx_bufs_multiplier", "3", "3"),
            ("vrrp_rx_bufs_policy", "MTU", "MTU"),
        ]);
    }

    #[test]
    fn mail_snmp_and_pipes_are_kept() {
        kept(&[
            ("checker_log_all_failures", "on", "true"),
            ("dbus_service_name", "org.example", "org.example"),
            ("enable_dbus", "", "true"),
            ("enable_snmp_checker", "", "true"),
            ("enable_snmp_keepalived", "", "true"),
            ("enable_snmp_rfc", "", "true"),
            ("enable_snmp_rfcv2", "", "true"),
            ("enable_snmp_rfcv3", "", "true"),
            ("enable_snmp_vrrp", "", "true"),
            ("enable_traps", "", "true"),
            ("fifo_write_vrrp_states_on_reload", "", "true"),
            ("log_unknown_vrids", "", "true"),
            ("lvs_notify_fifo", "/tmp/lvs", "/tmp/lvs"),
            ("no_checker_emails", "on", "true"),
            ("no_email_faults", "", "true"),
            ("notify_fifo", "/tmp/all", "/tmp/all"),
            ("rs_init_notifies", "on", "true"),
            ("shutdown_script_timeout", "4", "4"),
            ("smtp_alert_checker", "off", "false"),
            ("smtp_helo_name", "ka1", "ka1"),
            ("snmp_socket", "udp:localhost:705", "udp:localhost:705"),
            ("startup_script_timeout", "3", "3"),
            ("vrrp_notify_fifo", "/tmp/vrrp", "/tmp/vrrp"),
        ]);
    }

    #[test]
    fn reloads_nftables_and_services_are_kept() {
        kept(&[
            ("config_save_dir", "/tmp", "/tmp"),
            ("data_use_instance", "on", "true"),
            ("disable_local_igmp", "", "true"),
            ("include_check", "+match", "+match"),
            ("lvs_flush", "", "true"),
            ("lvs_flush_on_stop", "VS", "VS"),
            ("lvs_flush_onstop", "", "true"),
            ("nftables_counters", "", "true"),
            ("nftables_ifindex", "", "true"),
            ("nftables_ipvs_priority", "-5", "-5"),
            ("nftables_ipvs_start_fwmark", "7", "7"),
            ("nftables_priority", "5", "5"),
            ("reload_check_config", "/tmp/reload.log", "/tmp/reload.log"),
            ("reload_file", "/tmp/reload", "/tmp/reload"),
            ("reload_repeat", "", "true"),
            ("reload_time_file", "/tmp/time", "/tmp/time"),
            ("tmp_config_directory", "/tmp", "/tmp"),
            ("vmac_addr_prefix", "va", "va"),
            ("vmac_prefix", "vm", "vm"),
        ]);
    }

    #[test]
    fn the_top_level_has_plain_keywords_too() {
        let text = "child_wait_time 3\ninstance one\nnet_namespace low\nnet_namespace_ipvs high\n\
                    namespace_with_ipsets\nuse_pid_dir\nlinkbeat_use_polling\n";
        let reading = read("keepalived.conf", text, &NoSources);
        let said: Vec<_> = reading.findings.iter().map(|f| &f.message).collect();
        assert!(said.is_empty(), "{said:?}");
        let kept: Vec<_> = reading.config.top.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected = "child_wait_time=3 instance=one linkbeat_use_polling=true namespace_with_ipsets=true \
                        net_namespace=low net_namespace_ipvs=high use_pid_dir=true";
        assert_eq!(kept.join(" "), expected);
    }
}
