//! The VRRP part of the dump. A line is a keyword's value, the head of a list, an entry of it, or runtime state.
//!
//! Runtime state is left out: `State`, `Wantstate`, `Master …`, counters of faults, `Last transition`, timers,
//! sockets, effective priorities, a source address that the configuration does not give, `Status`, `Result`, and
//! everything about interfaces.

use vrrplab_engine::config::effective::Setting;

/// What a line of an instance says: the text before ` = `, the keyword, and how its value is spelled.
const INSTANCE: &[(&str, &str, Spelling)] = &[
    ("VRRP Version", "version", Spelling::Same),
    ("Sync group", "sync_group", Spelling::Same),
    ("Virtual Router ID", "virtual_router_id", Spelling::Same),
    ("Priority", "priority", Spelling::Same),
    ("Gratuitous ARP delay", "garp_master_delay", Spelling::Same),
    ("Gratuitous ARP repeat", "garp_master_repeat", Spelling::Same),
    ("Gratuitous ARP refresh", "garp_master_refresh", Spelling::Same),
    ("Gratuitous ARP refresh repeat", "garp_master_refresh_repeat", Spelling::Same),
    ("Gratuitous ARP lower priority delay", "garp_lower_prio_delay", Spelling::Same),
    ("Gratuitous ARP lower priority repeat", "garp_lower_prio_repeat", Spelling::Same),
    ("Down timer adverts", "down_timer_adverts", Spelling::Same),
    ("Send advert after receive lower priority advert", "lower_prio_no_advert", Spelling::Not),
    ("Send advert after receive higher priority advert", "higher_prio_send_advert", Spelling::Switch),
    ("Advert interval", "advert_int", Spelling::Interval),
    ("Accept", "accept", Spelling::Switch),
    ("Preempt", "nopreempt", Spelling::Not),
    ("Preempt delay", "preempt_delay", Spelling::First),
    ("Promote_secondaries", "promote_secondaries", Spelling::Switch),
    ("Authentication type", "auth_type", Spelling::Authentication),
    ("Password", "auth_pass", Spelling::Same),
    ("Debug level", "debug", Spelling::Same),
    ("Kernel rx buffer size", "kernel_rx_buf_size", Spelling::Same),
    ("Unicast TTL", "unicast_ttl", Spelling::Same),
    ("Check unicast src", "check_unicast_src", Spelling::Switch),
    ("Unicast checksum compatibility", "old_unicast_checksum", Spelling::Same),
    ("Using smtp notification", "smtp_alert", Spelling::Switch),
    ("Notify deleted", "notify_deleted", Spelling::Switch),
    ("Notify priority changes", "notify_priority_changes", Spelling::Switch),
    ("Using src_ip", "mcast_src_ip", Spelling::FromConfiguration),
];

/// The same for `vrrp_script`, `track_file` and `vrrp_track_process`.
const TRACKER: &[(&str, &str, Spelling)] = &[
    ("Command", "script", Spelling::Same),
    ("Interval", "interval", Spelling::First),
    ("Timeout", "timeout", Spelling::First),
    ("Weight", "weight", Spelling::Same),
    ("Rise", "rise", Spelling::Same),
    ("Fall", "fall", Spelling::Same),
    ("File", "file", Spelling::Same),
    ("Process", "process", Spelling::Same),
    ("Min processes", "quorum", Spelling::Same),
    ("Max processes", "quorum_max", Spelling::Same),
    ("Terminate delay", "terminate_delay", Spelling::Decimal),
    ("Fork delay", "fork_delay", Spelling::Decimal),
    ("Full command", "full_command", Spelling::Same),
];

/// Lists: the head of the line and the block that its entries belong to.
const LISTS: &[(&str, &str)] = &[
    ("Virtual IP (", "virtual_ipaddress"),
    ("Virtual IP Excluded", "virtual_ipaddress_excluded"),
    ("Unicast Peer", "unicast_peer"),
    ("Tracked interfaces", "track_interface"),
    ("Tracked scripts", "track_script"),
    ("Tracked files", "track_file"),
    ("Tracked process", "track_process"),
    ("Tracked BFDs", "track_bfd"),
    ("VRRP member instances", "group"),
];

/// Notify scripts: `… state transition script = COMMAND, uid:gid N:N`.
const NOTIFY: &[(&str, &str)] = &[
    ("Master state", "notify_master"),
    ("Backup state", "notify_backup"),
    ("Fault state", "notify_fault"),
    ("Stop state", "notify_stop"),
    ("Generic state", "notify"),
    ("Master rx lower pri state", "notify_master_rx_lower_pri"),
];

/// How the dump spells a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Spelling {
    /// As the keyword.
    Same,
    /// The first word, a number with a unit behind it.
    First,
    /// A number with six decimals and `s`.
    Decimal,
    /// `yes`, `true`, `enabled`, `Deleted` are on.
    Switch,
    /// The opposite of the keyword.
    Not,
    /// `1 sec` or `500 milli-sec`.
    Interval,
    /// `SIMPLE_PASSWORD`, `IPSEC_AH`, `none`.
    Authentication,
    /// Only with `(from configuration)`.
    FromConfiguration,
}

/// The settings that the VRRP part of a dump shows.
pub fn vrrp(dump: &str) -> Vec<Setting> {
    let mut reader = Reader::default();
    for line in dump.lines() {
        reader.line(line);
    }
    reader.finish();
    reader.out
}

#[derive(Default)]
struct Reader {
    out: Vec<Setting>,
    /// The block that is read: keyword, name, what is inside.
    block: Option<(&'static str, String, Vec<Setting>)>,
    /// The list that is read.
    list: Option<&'static str>,
}

impl Reader {
    fn finish(&mut self) {
        self.list = None;
        if let Some((keyword, name, mut inside)) = self.block.take() {
            if keyword == "vrrp_instance" {
                for flag in ["strict_mode", "skip_check_adv_addr", "dont_track_primary"] {
                    if !inside.iter().any(|s| s.name == flag) {
                        inside.push(Setting::value(flag, false));
                    }
                }
            }
            if keyword == "vrrp_sync_group" && !inside.iter().any(|s| s.name == "sync_group_tracking_weight")
            {
                inside.push(Setting::value("sync_group_tracking_weight", false));
            }
            if keyword == "track_group" {
                inside = inside.into_iter().flat_map(|list| list.inside).collect();
            }
            let name = (keyword != "static_ipaddress").then_some(name.as_str());
            self.out.push(Setting::block(keyword, name, inside));
        }
    }

    fn line(&mut self, line: &str) {
        let depth = line.len() - line.trim_start().len();
        let text = line.trim();
        if text.starts_with("------<") {
            self.finish();
            if text.contains("< Static Addresses >") {
                self.block = Some(("static_ipaddress", String::new(), Vec::new()));
            }
        } else if self.block.as_ref().is_some_and(|(keyword, ..)| *keyword == "static_ipaddress") {
            self.push(address(text));
        } else if depth <= 1 {
            self.open(text);
        } else if self.block.is_some() {
            match depth {
                3 => self.field(text),
                _ => self.entry(text),
            }
        }
    }

    fn open(&mut self, text: &str) {
        const HEADS: &[(&str, &str)] = &[
            ("VRRP Instance = ", "vrrp_instance"),
            ("VRRP Sync Group = ", "vrrp_sync_group"),
            ("VRRP Script = ", "vrrp_script"),
            ("Track file = ", "track_file"),
            ("VRRP Track process = ", "vrrp_track_process"),
            ("Static Track Group = ", "track_group"),
        ];
        self.finish();
        let head = HEADS.iter().find_map(|(head, keyword)| Some((*keyword, text.strip_prefix(head)?)));
        if let Some((keyword, name)) = head {
            let name = if keyword == "vrrp_sync_group" {
                name.rsplit_once(", ").map_or(name, |n| n.0)
            } else {
                name
            };
            self.block = Some((keyword, name.to_string(), Vec::new()));
        }
    }

    fn push(&mut self, setting: Setting) {
        if let Some((_, _, inside)) = &mut self.block {
            inside.push(setting);
        }
    }

    fn field(&mut self, text: &str) {
        self.list = LISTS.iter().find(|(head, _)| text.starts_with(head)).map(|(_, keyword)| *keyword);
        if self.list.is_some() {
            return;
        }
        let Some((keyword, _, inside)) = &mut self.block else { return };
        let (head, value) = text.split_once(" = ").or_else(|| text.split_once(" : ")).unwrap_or((text, ""));
        if let Some(script) = head.strip_suffix(" transition script") {
            let notify = NOTIFY.iter().find(|(head, _)| *head == script);
            let command = value.rsplit_once(", uid:gid").map_or(value, |(command, _)| command);
            inside.extend(notify.map(|(_, keyword)| Setting::value(*keyword, command)));
            return;
        }
        if head == "Parameters" {
            if let Some(process) = inside.iter_mut().find(|s| s.name == "process") {
                process.value = process.value.take().map(|process| format!("{process} {value}"));
            }
            return;
        }
        let is_instance = *keyword == "vrrp_instance";
        let table = if is_instance || *keyword == "vrrp_sync_group" { INSTANCE } else { TRACKER };
        if *keyword == "vrrp_sync_group" && head == "Notify priority changes" {
            return;
        }
        if let Some((_, name, spelling)) = table.iter().find(|(line, _, _)| *line == head) {
            inside.extend(spelled(*spelling, value).map(|value| Setting::value(*name, value)));
        }
        match (is_instance, head) {
            (true, "Interface") => {
                let interface = value.split_once(" on ").map_or(value, |(_, base)| base);
                inside.push(Setting::value("interface", interface.split(',').next().unwrap_or(interface)));
            }
            (true, _) if head.starts_with("Use VMAC, i/f name") || head.starts_with("Use IPVLAN, i/f ") => {
                let name = head.split(',').nth(1).and_then(|part| part.split_whitespace().last());
                inside.push(Setting::value("use_vmac", name.unwrap_or_default()));
            }
            (true, _) if head.starts_with("Multicast address ") => {
                let group = head["Multicast address ".len()..].split(',').next().unwrap_or_default();
                inside.push(Setting::value("mcast_dst_ip", group));
            }
            (false, "sync group tracking weight set") => {
                inside.push(Setting::value("sync_group_tracking_weight", true));
            }
            (true, "VRRP interface tracking disabled") => {
                inside.push(Setting::value("dont_track_primary", true));
            }
            (true, "Skip checking advert IP addresses") => {
                inside.push(Setting::value("skip_check_adv_addr", true));
            }
            (true, "Enforcing strict VRRP compliance") => inside.push(Setting::value("strict_mode", true)),
            _ => {}
        }
    }

    fn entry(&mut self, text: &str) {
        let flag = match text {
            "VRRP interface tracking disabled" => Some("dont_track_primary"),
            "Skip checking advert IP addresses" => Some("skip_check_adv_addr"),
            "Enforcing strict VRRP compliance" => Some("strict_mode"),
            _ => None,
        };
        if let Some(flag) = flag {
            self.push(Setting::value(flag, true));
        }
        let Some(list) = self.list else { return };
        let entry = match list {
            "group" => Setting::value(text, ""),
            "virtual_ipaddress" | "virtual_ipaddress_excluded" => address(text),
            _ => {
                let (name, value) = text.split_once([' ', ',']).unwrap_or((text, ""));
                Setting::value(name.trim_end_matches(':'), value.trim())
            }
        };
        let Some((_, _, inside)) = &mut self.block else { return };
        match inside.iter_mut().find(|s| s.name == list && s.value.is_none()) {
            Some(block) => block.inside.push(entry),
            None => inside.push(Setting::block(list, None, vec![entry])),
        }
    }
}

/// `10.0.0.9/24 dev vrrp.5@eth0 scope global set`: what is installed is runtime state, and so is the VMAC.
fn address(text: &str) -> Setting {
    let (name, options) = text.split_once(' ').unwrap_or((text, ""));
    let options = options.replace(" preferred_lft forever", "");
    let words = options.split(' ').filter(|word| !matches!(*word, "set" | "deprecated"));
    let words: Vec<_> = words.map(|word| word.rsplit('@').next().unwrap_or(word)).collect();
    Setting::value(name, words.join(" "))
}

fn spelled(spelling: Spelling, value: &str) -> Option<String> {
    let first = value.split(' ').next().unwrap_or_default();
    let on = matches!(first, "yes" | "true" | "enabled" | "Deleted");
    let value = match spelling {
        Spelling::Same => value.to_string(),
        Spelling::First => first.to_string(),
        Spelling::Decimal => {
            let digits = value.trim_end_matches('s').trim_end_matches('0').trim_end_matches('.');
            digits.to_string()
        }
        Spelling::Switch => on.to_string(),
        Spelling::Not => (!on).to_string(),
        Spelling::Interval if value.ends_with("milli-sec") => {
            let millis: u32 = first.parse().ok()?;
            let text = format!("{}.{:03}", millis / 1000, millis % 1000);
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
        Spelling::Interval => first.to_string(),
        Spelling::Authentication => match value {
            "SIMPLE_PASSWORD" => "PASS".into(),
            "IPSEC_AH" => "AH".into(),
            _ => return None,
        },
        Spelling::FromConfiguration if value.ends_with("(from configuration)") => first.to_string(),
        Spelling::FromConfiguration => return None,
    };
    Some(value)
}
