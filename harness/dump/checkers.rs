//! The checker part of a daemon's data dump as the settings that the engine makes of a configuration.
//!
//! Left out as runtime state: `Alive`, `alive`, `reloaded`, `quorum_state_up`, `effective weight` and its like,
//! `num failed checkers`, `RS set`, `Enabled`, `Up`, `Has run`, `Current weight`, `Retries iterations`,
//! `Failed URL`, `Last ran`, `Last status`, `ref count`. Left out as unusable: `Hashed` (never on),
//! `Regex options` (prints all of them), `uid:gid` and `System is compiled`, which belong to the host, and
//! `Default delay before retry`, which the resolved value replaces.

use vrrplab_engine::config::effective::Setting;

/// Dump words and the keywords they stand for; the value is copied as it is.
const WORDS: &[(&str, &str)] = &[
    ("VirtualHost", "virtualhost"),
    ("Virtualhost", "virtualhost"),
    ("Virtual host", "virtualhost"),
    ("SNMP name", "snmp_name"),
    ("connection timeout", "connect_timeout"),
    ("Timeout", "connect_timeout"),
    ("delay_loop", "delay_loop"),
    ("Delay loop", "delay_loop"),
    ("lvs_sched", "lb_algo"),
    ("sh-port", "sh-port"),
    ("sh-fallback", "sh-fallback"),
    ("mh-port", "mh-port"),
    ("mh-fallback", "mh-fallback"),
    ("flag-1", "flag-1"),
    ("flag-2", "flag-2"),
    ("flag-3", "flag-3"),
    ("persistence timeout", "persistence_timeout"),
    ("persistence granularity", "persistence_granularity"),
    ("persistence engine", "persistence_engine"),
    ("pe", "persistence_engine"),
    ("protocol", "protocol"),
    ("Retry count", "retry"),
    ("Retries", "retry"),
    ("Retry delay", "delay_before_retry"),
    ("Delay before retry", "delay_before_retry"),
    ("Warmup", "warmup"),
    ("Using smtp notification", "smtp_alert"),
    ("Alpha", "alpha"),
    ("Log all failures", "log_all_failures"),
    ("Bind i/f", "bind_if"),
    ("Mark", "fwmark"),
    ("helo", "helo_name"),
    ("Type", "type"),
    ("Name", "name"),
    ("timeout", "misc_timeout"),
    ("dynamic", "misc_dynamic"),
    ("Payload len", "payload"),
    ("Require reply", "require_reply"),
    ("Min reply length", "min_reply_length"),
    ("Max reply length", "max_reply_length"),
    ("Reply data len", "reply"),
    ("digest", "digest"),
    ("Tracked file", "track_file"),
];

/// Commands, before ` notify script`.
const SCRIPTS: &[(&str, &str)] = &[
    ("Quorum up", "quorum_up"),
    ("Quorum down", "quorum_down"),
    ("RS up", "notify_up"),
    ("RS down", "notify_down"),
];

/// Reads the groups and virtual servers of a dump; the checkers go into their real servers by name.
pub fn checkers(dump: &str) -> Vec<Setting> {
    let mut reader = Reader::default();
    for line in dump.lines() {
        reader.line(line.trim());
    }
    for checker in reader.out.iter_mut().flat_map(|s| &mut s.inside).flat_map(|rs| &mut rs.inside) {
        // A checker that only listens has no timing of its own.
        if checker.name == "BFD_CHECK" {
            checker.inside.retain(|s| matches!(&*s.name, "name" | "alpha"));
        }
    }
    for server in reader.out.iter_mut().filter(|s| s.name == "virtual_server") {
        // Shown only where it is on.
        if !server.inside.iter().any(|s| s.name == "ha_suspend") {
            server.inside.push(Setting::value("ha_suspend", false));
        }
    }
    reader.out
}

#[derive(Default)]
struct Reader {
    out: Vec<Setting>,
    /// Where `VS -> RS` lines look their server up: service as the daemon names it, and the place in `out`.
    checking: bool,
    sorry: bool,
    /// The server and checker that lines now belong to.
    checker: Option<(usize, usize)>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if line.starts_with("------<") {
            self.checking = line.contains("Health checkers");
            self.sorry = false;
            return;
        }
        if self.checking {
            self.checker_line(line);
        } else {
            self.server_line(line);
        }
    }

    /// The innermost open block of the servers' part.
    fn inner(&mut self) -> Option<&mut Vec<Setting>> {
        let server = self.out.last_mut()?;
        match server.inside.last() {
            Some(last) if last.name == "real_server" => server.inside.last_mut().map(|rs| &mut rs.inside),
            _ => Some(&mut server.inside),
        }
    }

    fn push(&mut self, name: &str, value: impl ToString) {
        if let Some(inside) = self.inner() {
            inside.push(Setting::value(name, value));
        }
    }

    fn server_line(&mut self, line: &str) {
        let open = |name: &str, value: String| Setting::block(name, Some(&value), Vec::new());
        if let Some(name) = line.strip_prefix("Virtual Server Group = ") {
            let name = name.split(',').next().unwrap_or_default();
            self.out.push(open("virtual_server_group", name.to_string()));
        } else if let Some(address) = line.strip_prefix("VS VIP = ") {
            self.out.push(open("virtual_server", address.replace(", VPORT =", "")));
        } else if let Some(mark) = line.strip_prefix("VS FWMARK = ") {
            self.out.push(open("virtual_server", format!("fwmark {mark}")));
        } else if let Some(name) = line.strip_prefix("VS GROUP = ") {
            let name = name.trim_start_matches('[').split(']').next().unwrap_or_default();
            self.out.push(open("virtual_server", format!("group {name}")));
        } else if let Some((address, port)) = line
            .split_once(" = ")
            .filter(|(k, _)| k.starts_with("VIP"))
            .and_then(|(_, v)| v.split_once(", VPORT = "))
        {
            self.push(address, port);
        } else if let Some(mark) = line.strip_prefix("FWMARK = ") {
            self.push("fwmark", mark.replace("IPv4", "inet").replace("IPv6", "inet6"));
        } else if let Some(server) = line.strip_prefix("RIP = ") {
            let words: Vec<_> = server.split(", ").collect();
            let name = format!("{} {}", words[0], words[1].trim_start_matches("RPORT = "));
            let weight = words[2].split(' ').nth(2).unwrap_or_default();
            if let Some(vs) = self.out.last_mut() {
                let inside = vec![Setting::value("weight", weight)];
                vs.inside.push(Setting::block("real_server", Some(&name), inside));
            }
        } else {
            self.setting_line(line);
        }
    }

    fn setting_line(&mut self, line: &str) {
        if let Some((name, value)) = line.split_once(" notify script = ")
            && let Some((_, keyword)) = SCRIPTS.iter().find(|(word, _)| *word == name)
        {
            let command = value.rsplit_once(", uid:gid").map_or(value, |(command, _)| command);
            self.push(keyword, command.replace('\'', ""));
            return;
        }
        if let Some((_, method)) = line.split_once("forwarding method = ") {
            let real = self.inner().is_some_and(|b| b.first().is_some_and(|s| s.name == "weight"));
            let name = match (self.sorry, real) {
                (true, _) => "sorry_server_lvs_method",
                (_, true) => "lvs_method",
                _ => "lb_kind",
            };
            self.push(name, forwarding(method));
        } else if let Some(family) = line.strip_prefix("Address family = ") {
            self.push("ip_family", family);
        } else if let Some(on) = line.strip_prefix("One packet scheduling = ") {
            self.push("ops", on.starts_with("enabled"));
        } else if let Some(quorum) = line.strip_prefix("quorum = ") {
            let (quorum, hysteresis) = quorum.split_once(", hysteresis = ").unwrap_or((quorum, "0"));
            self.push("quorum", quorum);
            self.push("hysteresis", hysteresis);
        } else if line == "Using HA suspend" {
            self.push("ha_suspend", true);
        } else if let Some(server) =
            line.strip_prefix("sorry server ").and_then(|l| l.split_once("= ")).map(|(_, s)| s)
        {
            self.sorry = true;
            self.push("sorry_server", bracketed(server));
        } else if let Some(limits) = line.strip_prefix("connection limit range = ") {
            let (low, high) = limits.split_once(" -> ").unwrap_or((limits, "0"));
            self.push("lthreshold", low);
            self.push("uthreshold", high);
        } else if let Some((name, on)) = line.split_once(" is ") {
            let name = match name {
                "Inhibit on failure" if self.sorry => "sorry_server_inhibit",
                "Inhibit on failure" => "inhibit_on_failure",
                other => &other.to_lowercase(),
            };
            self.push(name, on == "ON");
        } else if let Some((name, value)) = known(line) {
            self.push(name, value);
        }
    }

    fn checker_line(&mut self, line: &str) {
        if let Some((vs, rs)) = line.split_once(" -> ").filter(|(_, rs)| rs.starts_with('[')) {
            self.checker = self.find(vs, &bracketed(rs));
            if let Some(rs) = self.real_server() {
                rs.inside.push(Setting::block("", None, Vec::new()));
            }
            return;
        }
        let Some(block) = self.real_server().and_then(|rs| rs.inside.last_mut()) else { return };
        if let Some(method) = line.strip_prefix("Keepalive method = ") {
            let (name, protocol) = method.split_once(", http protocol ").unwrap_or((method, ""));
            block.name = name.to_string();
            if !protocol.is_empty() {
                block.inside.push(Setting::value("http_protocol", protocol));
            }
        } else if let Some(to) = line.strip_prefix("Dest = ") {
            let to = bracketed(to);
            let (ip, port) = to.split_once(' ').unwrap_or((&to, "0"));
            block.inside.push(Setting::value("connect_ip", ip));
            block.inside.push(Setting::value("connect_port", port));
        } else if let Some(from) = line.strip_prefix("Bind to = ") {
            let from = bracketed(from);
            let (ip, port) = from.split_once(' ').unwrap_or((&from, "0"));
            block.inside.push(Setting::value("bindto", ip));
            block.inside.push(Setting::value("bind_port", port));
        } else if let Some(path) = line.strip_prefix("Checked url = ") {
            block.inside.push(Setting::block("url", Some(path), Vec::new()));
        } else if let Some(script) = line.strip_prefix("script = ") {
            block.inside.push(Setting::value("misc_path", script.replace('\'', "")));
        } else {
            checker_setting(block, line);
        }
    }

    fn real_server(&mut self) -> Option<&mut Setting> {
        let (vs, rs) = self.checker?;
        self.out.get_mut(vs)?.inside.get_mut(rs)
    }

    fn find(&self, vs: &str, rs: &str) -> Option<(usize, usize)> {
        let name = match vs.strip_prefix("FWM ") {
            Some(mark) => format!("fwmark {mark}"),
            None => bracketed(vs),
        };
        let group = format!("group {}", vs.trim_start_matches('[').split(']').next().unwrap_or_default());
        let same = |s: &Setting| s.value.as_ref().is_some_and(|v| *v == name || *v == group);
        let vs = self.out.iter().position(|s| s.name == "virtual_server" && same(s))?;
        let inside = &self.out[vs].inside;
        let rs = inside.iter().position(|s| s.name == "real_server" && s.value.as_deref() == Some(rs))?;
        Some((vs, rs))
    }
}

/// A line of a checker that has a keyword of its own; status codes and `virtualhost` belong to the latest `url`.
fn checker_setting(block: &mut Setting, line: &str) {
    let digits = !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if let Some(url) = block.inside.last_mut().filter(|s| s.name == "url") {
        if digits {
            match url.inside.iter_mut().find(|s| s.name == "status_code") {
                Some(Setting { value: Some(value), .. }) => *value = format!("{value} {line}"),
                _ => url.inside.push(Setting::value("status_code", line)),
            }
            return;
        }
        if let Some(pattern) = line.strip_prefix("Regex = ") {
            url.inside.push(Setting::value("regex", pattern.trim_matches('"')));
            return;
        }
        if let Some((name, value)) = known(line) {
            url.inside.push(Setting::value(name, value));
        }
        return;
    }
    if let Some(on) = line.strip_prefix("Enable SNI ") {
        block.inside.push(Setting::value("enable_sni", on == "set"));
    } else if let Some(on) = line.strip_prefix("Fast recovery ") {
        block.inside.push(Setting::value("fast_recovery", on == "set"));
    } else if let Some((name, value)) = known(line) {
        block.inside.push(Setting::value(name, value));
    }
}

/// A word of the table with its value in keepalived's spelling.
fn known(line: &str) -> Option<(&'static str, String)> {
    let (word, value) = line.split_once(" = ").or_else(|| line.strip_suffix(" =").map(|word| (word, "")))?;
    let (_, name) = WORDS.iter().find(|(dump, _)| *dump == word)?;
    let value = match value {
        "enabled" | "yes" | "YES" | "ON" => "true".to_string(),
        "disabled" | "no" | "NO" | "OFF" => "false".to_string(),
        _ => match value.strip_suffix(" us").and_then(|us| us.parse::<u64>().ok()) {
            Some(us) => format!("{}.{:06}", us / 1_000_000, us % 1_000_000),
            None => value.trim_matches('\'').to_string(),
        },
    };
    Some((name, value))
}

/// `[ADDRESS]:tcp:80` as `ADDRESS 80`.
fn bracketed(text: &str) -> String {
    let (address, rest) = text.trim_start_matches('[').split_once(']').unwrap_or((text, ""));
    format!("{address} {}", rest.rsplit(':').next().unwrap_or_default())
}

/// `TUN, type = GUE, port = 6080, checksum` as `lb_kind` has it.
fn forwarding(text: &str) -> String {
    let Some(tunnel) = text.strip_prefix("TUN, type = ") else { return text.to_string() };
    let checksum = |word: &str| match word {
        "checksum" => "csum",
        "remote checksum" => "remcsum",
        _ => "nocsum",
    };
    let words: Vec<_> = tunnel.split(", ").collect();
    match words[..] {
        ["GUE", port, sum] => {
            format!("TUN type gue port {} {}", port.trim_start_matches("port = "), checksum(sum))
        }
        ["GRE", sum] => format!("TUN type gre {}", checksum(sum)),
        _ => format!("TUN type {}", words[0].to_lowercase()),
    }
}
