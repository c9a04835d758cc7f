//! The load balancer's half as a tree of settings, in keepalived's spelling and order: seconds are decimal,
//! switches `true` and `false`.

use super::super::effective::Setting;
use super::super::model::{Command, Config};
use super::model::{
    BfdInstance, Checker, CheckerKind, Checksum, Connection, Family, Forwarding, Granularity, GroupEntry,
    Http, Protocol, RealServer, ServerGroup, Service, Tunnel, Url, VirtualServer,
};
use crate::time::Duration;

/// Groups, virtual servers, BFD instances and `SSL`, in this order.
pub fn effective(config: &Config) -> Vec<Setting> {
    let mut out: Vec<_> = config.server_groups.iter().map(group).collect();
    out.extend(config.virtual_servers.iter().map(virtual_server));
    out.extend(config.bfd_instances.iter().map(bfd));
    out.extend(config.ssl.as_ref().map(|ssl| {
        let words = [
            ("password", &ssl.password),
            ("ca", &ssl.ca),
            ("certificate", &ssl.certificate),
            ("key", &ssl.key),
        ];
        let given =
            words.into_iter().filter_map(|(name, word)| word.as_ref().map(|w| Setting::value(name, w)));
        Setting::block("SSL", None, given.collect())
    }));
    out
}

/// A block under construction.
struct Block(Vec<Setting>);

impl Block {
    fn set(&mut self, name: &str, value: impl ToString) {
        self.0.push(Setting::value(name, value));
    }

    fn some(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn time(&mut self, name: &str, time: Duration) {
        self.set(name, seconds(time));
    }

    fn script(&mut self, name: &str, command: Option<&Command>) {
        self.some(name, command.map(|command| command.argv.join(" ")));
    }
}

/// Seconds with six decimals.
fn seconds(time: Duration) -> String {
    format!("{}.{:06}", time.as_micros() / 1_000_000, time.as_micros() % 1_000_000)
}

fn group(group: &ServerGroup) -> Setting {
    let entry = |entry: &GroupEntry| match entry {
        GroupEntry::Addresses(first, last, port) if first == last => Setting::value(first.to_string(), port),
        GroupEntry::Addresses(first, last, port) => Setting::value(format!("{first}-{last}"), port),
        GroupEntry::Mark(mark, None) => Setting::value("fwmark", mark),
        GroupEntry::Mark(mark, Some(family)) => Setting::value("fwmark", format!("{mark} {}", inet(*family))),
    };
    Setting::block("virtual_server_group", Some(&group.name), group.entries.iter().map(entry).collect())
}

fn inet(family: Family) -> &'static str {
    match family {
        Family::V4 => "inet",
        Family::V6 => "inet6",
    }
}

/// What stands behind `virtual_server`.
fn service(service: &Service) -> String {
    match service {
        Service::Address(address, port) => format!("{address} {port}"),
        Service::Mark(mark) => format!("fwmark {mark}"),
        Service::Group(name) => format!("group {name}"),
    }
}

/// What stands behind `lb_kind`.
fn forwarding(forwarding: Forwarding) -> String {
    let sum = |sum| match sum {
        Checksum::None => "nocsum",
        Checksum::Full => "csum",
        Checksum::Remote => "remcsum",
    };
    match forwarding {
        Forwarding::Nat => "NAT".into(),
        Forwarding::Direct => "DR".into(),
        Forwarding::Tunnel(Tunnel::Ipip) => "TUN type ipip".into(),
        Forwarding::Tunnel(Tunnel::Gue(port, checksum)) => {
            format!("TUN type gue port {port} {}", sum(checksum))
        }
        Forwarding::Tunnel(Tunnel::Gre(checksum)) => format!("TUN type gre {}", sum(checksum)),
    }
}

fn virtual_server(vs: &VirtualServer) -> Setting {
    let mut b = Block(Vec::new());
    b.some("virtualhost", vs.virtualhost.as_ref());
    b.some("snmp_name", vs.snmp_name.as_ref());
    b.set("ip_family", inet(vs.family));
    b.time("connect_timeout", vs.connect_timeout);
    b.time("delay_loop", vs.delay_loop);
    b.set("lb_algo", vs.scheduler);
    let names = match vs.scheduler {
        "sh" => ["sh-fallback", "sh-port"],
        "mh" => ["mh-fallback", "mh-port"],
        _ => ["flag-1", "flag-2"],
    };
    b.set(names[0], vs.flags[0]);
    b.set(names[1], vs.flags[1]);
    if !matches!(vs.scheduler, "sh" | "mh") {
        b.set("flag-3", vs.flags[2]);
    }
    b.set("ops", vs.one_packet);
    b.some("persistence_engine", vs.persistence_engine.as_ref());
    b.some("persistence_timeout", vs.persistence_timeout);
    b.some(
        "persistence_granularity",
        vs.persistence_granularity.map(|granularity| match granularity {
            Granularity::V4(mask) => mask.to_string(),
            Granularity::V6(length) => length.to_string(),
        }),
    );
    let protocol = match vs.protocol {
        Some(Protocol::Tcp) => "TCP",
        Some(Protocol::Udp) => "UDP",
        Some(Protocol::Sctp) => "SCTP",
        None => "none",
    };
    b.set("protocol", protocol);
    for (name, on) in [("alpha", vs.alpha), ("omega", vs.omega)] {
        b.set(name, on);
    }
    b.some("retry", vs.retry);
    b.some("delay_before_retry", vs.delay_before_retry.map(seconds));
    b.some("warmup", vs.warmup.map(seconds));
    b.set("inhibit_on_failure", vs.inhibit_on_failure);
    b.set("quorum", vs.quorum);
    b.set("hysteresis", vs.hysteresis);
    b.script("quorum_up", vs.quorum_up.as_ref());
    b.script("quorum_down", vs.quorum_down.as_ref());
    b.set("ha_suspend", vs.ha_suspend);
    b.set("smtp_alert", vs.smtp_alert);
    b.set("lb_kind", forwarding(vs.forwarding));
    if let Some(sorry) = &vs.sorry_server {
        b.set("sorry_server", format!("{} {}", sorry.address, sorry.port));
        b.set("sorry_server_lvs_method", forwarding(sorry.forwarding));
        b.set("sorry_server_inhibit", sorry.inhibit);
    }
    b.0.extend(vs.real_servers.iter().map(real_server));
    Setting::block("virtual_server", Some(&service(&vs.service)), b.0)
}

fn real_server(rs: &RealServer) -> Setting {
    let mut b = Block(Vec::new());
    b.set("weight", rs.weight);
    b.set("lvs_method", forwarding(rs.forwarding));
    b.set("alpha", rs.alpha);
    b.time("connect_timeout", rs.connect_timeout);
    b.set("lthreshold", rs.lthreshold);
    b.set("uthreshold", rs.uthreshold);
    b.time("delay_loop", rs.delay_loop);
    b.some("retry", rs.retry);
    b.some("delay_before_retry", rs.delay_before_retry.map(seconds));
    b.some("warmup", rs.warmup.map(seconds));
    b.set("inhibit_on_failure", rs.inhibit_on_failure);
    b.script("notify_up", rs.notify_up.as_ref());
    b.script("notify_down", rs.notify_down.as_ref());
    b.some("virtualhost", rs.virtualhost.as_ref());
    b.set("smtp_alert", rs.smtp_alert);
    b.some("snmp_name", rs.snmp_name.as_ref());
    b.0.extend(rs.checkers.iter().map(checker));
    Setting::block("real_server", Some(&format!("{} {}", rs.address, rs.port)), b.0)
}

fn checker(checker: &Checker) -> Setting {
    let mut b = Block(Vec::new());
    let follows = matches!(checker.kind, CheckerKind::File(_) | CheckerKind::Bfd(_));
    if !matches!(checker.kind, CheckerKind::File(_)) {
        b.set("alpha", checker.alpha);
    }
    if !follows {
        b.time("delay_loop", checker.delay_loop);
        b.time("warmup", checker.warmup);
        b.set("retry", checker.retry);
        if checker.retry > 0 {
            b.time("delay_before_retry", checker.delay_before_retry);
        }
    }
    if !matches!(checker.kind, CheckerKind::Bfd(_)) {
        b.set("log_all_failures", checker.log_all_failures);
    }
    if let Some(c) = &checker.connection {
        connection(&mut b, c);
    }
    let name = match &checker.kind {
        CheckerKind::Tcp => "TCP_CHECK",
        CheckerKind::Ping => "PING_CHECK",
        CheckerKind::Http(http) => {
            web(&mut b, http);
            if http.tls { "SSL_GET" } else { "HTTP_GET" }
        }
        CheckerKind::Smtp(helo) => {
            b.set("helo_name", helo);
            "SMTP_CHECK"
        }
        CheckerKind::Dns(kind, name) => {
            b.set("type", kind);
            b.set("name", name);
            "DNS_CHECK"
        }
        CheckerKind::Misc(misc) => {
            b.set("misc_path", misc.script.join(" "));
            b.set("misc_timeout", misc.timeout);
            b.set("misc_dynamic", misc.dynamic);
            "MISC_CHECK"
        }
        CheckerKind::Udp(udp) => {
            b.some("payload", udp.payload.as_ref().map(Vec::len));
            b.set("require_reply", udp.require_reply);
            if udp.require_reply {
                b.set("min_reply_length", udp.min_reply_length);
                b.set("max_reply_length", udp.max_reply_length);
                b.set("reply", udp.reply.len());
            }
            "UDP_CHECK"
        }
        CheckerKind::File(file) => {
            b.set("track_file", &file.file);
            "FILE_CHECK"
        }
        CheckerKind::Bfd(name) => {
            b.set("name", name);
            "BFD_CHECK"
        }
    };
    Setting::block(name, None, b.0)
}

fn connection(b: &mut Block, c: &Connection) {
    b.set("connect_ip", c.address);
    b.set("connect_port", c.port);
    if c.bind_to.is_some() || c.bind_port != 0 {
        b.some("bindto", c.bind_to);
        b.set("bind_port", c.bind_port);
    }
    b.some("bind_if", c.bind_if.as_ref());
    if c.fwmark != 0 {
        b.set("fwmark", c.fwmark);
    }
    b.time("connect_timeout", c.timeout);
}

fn web(b: &mut Block, http: &Http) {
    b.set("http_protocol", http.protocol);
    b.some("virtualhost", http.virtualhost.as_ref());
    b.set("enable_sni", http.enable_sni);
    b.set("fast_recovery", http.fast_recovery);
    b.0.extend(http.urls.iter().map(url));
}

fn url(url: &Url) -> Setting {
    let mut b = Block(Vec::new());
    b.some("digest", url.digest.map(|digest| digest.map(|byte| format!("{byte:02x}")).concat()));
    let range = |(first, last): &(u16, u16)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    b.set("status_code", url.status_codes.iter().map(range).collect::<Vec<_>>().join(" "));
    b.some("virtualhost", url.virtualhost.as_ref());
    b.some("regex", url.regex.as_ref().map(|regex| &regex.pattern));
    Setting::block("url", Some(&url.path), b.0)
}

fn bfd(bfd: &BfdInstance) -> Setting {
    let mut b = Block(Vec::new());
    let millis = |time: Duration| format!("{}.{:03}", time.as_micros() / 1000, time.as_micros() % 1000);
    b.set("neighbor_ip", bfd.neighbor);
    b.some("source_ip", bfd.source);
    b.set("min_rx", millis(bfd.min_rx));
    b.set("min_tx", millis(bfd.min_tx));
    b.set("idle_tx", millis(bfd.idle_tx));
    b.set("multiplier", bfd.multiplier);
    b.set(if bfd.neighbor.is_ipv4() { "ttl" } else { "hoplimit" }, bfd.ttl);
    b.set("max_hops", bfd.max_hops);
    b.set("passive", bfd.passive);
    b.set("vrrp", bfd.vrrp);
    b.set("checker", bfd.checker);
    Setting::block("bfd_instance", Some(&bfd.name), b.0)
}
