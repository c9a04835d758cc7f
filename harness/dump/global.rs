//! The global part of the dump, as far as it decides what instances do or what people are told. What the daemon
//! prefers by itself (its host's name, `eth0`, its user) is left out.

use vrrplab_engine::config::effective::Setting;

/// Dump words and the keywords they stand for; the value is copied, with `true` and `false` for switches.
const WORDS: &[(&str, &str)] = &[
    ("Router ID", "router_id"),
    ("Email notification from", "notification_email_from"),
    ("Default smtp_alert", "smtp_alert"),
    ("Default smtp_alert_vrrp", "smtp_alert_vrrp"),
    ("VRRP notify priority changes", "vrrp_notify_priority_changes"),
    ("VRRP IPv4 mcast group", "vrrp_mcast_group4"),
    ("VRRP IPv6 mcast group", "vrrp_mcast_group6"),
    ("Gratuitous ARP delay", "vrrp_garp_master_delay"),
    ("Gratuitous ARP repeat", "vrrp_garp_master_repeat"),
    ("Gratuitous ARP refresh timer", "vrrp_garp_master_refresh"),
    ("Gratuitous ARP refresh repeat", "vrrp_garp_master_refresh_repeat"),
    ("Num adverts before down", "vrrp_down_timer_adverts"),
    ("Send advert after receive lower priority advert", "vrrp_lower_prio_no_advert"),
    ("Send advert after receive higher priority advert", "vrrp_higher_prio_send_advert"),
    ("Gratuitous ARP interval", "vrrp_garp_interval"),
    ("Gratuitous NA interval", "vrrp_gna_interval"),
    ("VRRP default protocol version", "vrrp_version"),
    ("VRRP check unicast_src", "vrrp_check_unicast_src"),
    ("VRRP skip check advert addresses", "vrrp_skip_check_adv_addr"),
    ("VRRP strict mode", "vrrp_strict"),
    ("Smtp server connection timeout", "smtp_connect_timeout"),
];

/// Keywords that are not in the table and shown all the same.
const OTHERS: &[&str] =
    &["notification_email", "smtp_server", "enable_script_security", "dynamic_interfaces"];

/// Whether the settings of a dump would have this keyword of `global_defs`.
pub(super) fn shows(keyword: &str) -> bool {
    WORDS.iter().any(|(_, shown)| *shown == keyword) || OTHERS.contains(&keyword)
}

/// The global settings of a dump from the host `host`.
pub fn global(dump: &str, host: &str) -> Vec<Setting> {
    let (mut top, mut inside, mut mail) = (Vec::new(), Vec::new(), Vec::new());
    let part = dump.lines().skip(1).take_while(|line| !line.starts_with("------<"));
    let (mut has_server, mut in_mail) = (false, false);
    for line in part {
        let deeper = line.starts_with("   ");
        if in_mail && deeper {
            mail.push(Setting::value(line.trim(), ""));
            continue;
        }
        in_mail = line == " Email notification to:";
        match line.trim().split_once(" = ").unwrap_or((line.trim(), "")) {
            ("Instance name", name) => top.push(Setting::value("instance", name)),
            ("Smtp server", server) => {
                has_server = true;
                inside.push(Setting::value("smtp_server", server));
            }
            ("Smtp server port", port) if port != "25" => {
                if let Some(Setting { value: Some(server), .. }) = inside.last_mut() {
                    server.push_str(&format!(" {port}"));
                }
            }
            ("Smtp server connection timeout", _) if !has_server => {}
            ("Dynamic interfaces", "true") => inside.push(Setting::value("dynamic_interfaces", "")),
            ("Allow interface changes", "true") => {
                inside.retain(|s: &Setting| s.name != "dynamic_interfaces");
                inside.push(Setting::value("dynamic_interfaces", "allow_if_changes"));
            }
            ("Script security enabled", _) => inside.push(Setting::value("enable_script_security", true)),
            ("Script security disabled", _) => inside.push(Setting::value("enable_script_security", false)),
            (word, value) if !value.ends_with(host) => {
                let known = WORDS.iter().find(|(known, _)| *known == word);
                inside.extend(known.map(|(_, keyword)| Setting::value(*keyword, spelled(keyword, value))));
            }
            _ => {}
        }
    }
    if !mail.is_empty() {
        inside.push(Setting::block("notification_email", None, mail));
    }
    if !inside.is_empty() {
        top.push(Setting::block("global_defs", None, inside));
    }
    top
}

fn spelled(keyword: &str, value: &str) -> String {
    match (keyword, value) {
        ("vrrp_lower_prio_no_advert", _) => (value != "true").to_string(),
        ("vrrp_garp_interval" | "vrrp_gna_interval", _) => {
            value.trim_end_matches('0').trim_end_matches('.').to_string()
        }
        (_, "yes" | "on") => "true".into(),
        (_, "no" | "off") => "false".into(),
        _ => value.into(),
    }
}
