//! The effective configuration as a tree of settings: what the daemon runs after every default, copy and
//! correction. Text and JSON are made from it, and it is what a daemon's own dump is compared with.

use super::model::{
    Address, Auth, Broadcast, Command, Config, Family, GarpGroup, Instance, Notify, OldChecksum, Route,
    RouteOption, Rule, Script, SyncGroup, Track, TrackFile, TrackProcess, Tracks, Version, VmacKind, Weight,
};
use crate::addr::Cidr;
use crate::time::Duration;

/// A setting, or a block of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The keyword that sets it, in keepalived's spelling: `advert_int`; of a list's entry what identifies it.
    pub name: String,
    /// Its value in keepalived's spelling and unit; `None` for a block.
    pub value: Option<String>,
    /// What is inside a block, in a fixed order.
    pub inside: Vec<Setting>,
}

impl Setting {
    /// A setting with its value.
    #[expect(clippy::needless_pass_by_value, reason = "callers write numbers and texts alike")]
    pub fn value(name: impl Into<String>, value: impl ToString) -> Setting {
        Setting { name: name.into(), value: Some(value.to_string()), inside: Vec::new() }
    }

    /// A block; `value` is its name where it has one (`vrrp_instance VI_1`).
    pub fn block(name: impl Into<String>, value: Option<&str>, inside: Vec<Setting>) -> Setting {
        Setting { name: name.into(), value: value.map(String::from), inside }
    }
}

impl Config {
    /// What the daemon runs, in a fixed order: `global_defs`, static objects, instances, groups,
    /// trackers, servers, BFD instances.
    pub fn effective(&self) -> Vec<Setting> {
        let mut all: Vec<_> = self.top.iter().map(|(name, value)| Setting::value(*name, value)).collect();
        all.push(Setting::block("global_defs", None, self.global_settings()));
        all.extend(self.garp_groups.iter().map(garp_group));
        all.extend(self.link_delays.iter().map(|delay| {
            let value = format!("{} {}", seconds(delay.down), seconds(delay.up));
            Setting::block(
                "interface_up_down_delays",
                None,
                vec![Setting::value(delay.interface.as_str(), value)],
            )
        }));
        all.extend(list("static_ipaddress", self.static_addresses.iter().map(address)));
        all.extend(list("static_routes", self.static_routes.iter().map(route)));
        all.extend(list("static_rules", self.static_rules.iter().map(rule)));
        all.extend(self.track_groups.iter().map(|g| {
            let members = g.members.iter().map(|name| Setting::value(name.as_str(), ""));
            Setting::block("track_group", Some(&g.name), members.collect())
        }));
        all.extend(self.instances.iter().map(instance));
        all.extend(self.groups.iter().map(sync_group));
        all.extend(self.scripts.iter().filter(|s| self.tracked(|t| &t.scripts, &s.name)).map(script));
        all.extend(self.files.iter().filter(|f| self.tracked(|t| &t.files, &f.name)).map(file));
        all.extend(self.processes.iter().map(process));
        all.extend(super::server::effective::effective(self));
        all
    }

    /// Whether anybody tracks what is called `name`; the daemon drops other scripts and files.
    fn tracked(&self, list: fn(&Tracks) -> &Vec<Track>, name: &str) -> bool {
        let mut all = self.instances.iter().map(|i| &i.tracks).chain(self.groups.iter().map(|g| &g.tracks));
        all.any(|tracks| list(tracks).iter().any(|track| track.name == name))
    }

    fn global_settings(&self) -> Vec<Setting> {
        let g = &self.global;
        let mut all = Vec::new();
        all.extend(g.router_id.as_ref().map(|id| Setting::value("router_id", id)));
        all.extend(list(
            "notification_email",
            g.notification_email.iter().map(|to| Setting::value(to.as_str(), "")),
        ));
        all.extend(
            g.notification_email_from.as_ref().map(|from| Setting::value("notification_email_from", from)),
        );
        if let Some(server) = &g.smtp_server {
            all.push(Setting::value("smtp_server", server));
            all.push(Setting::value("smtp_connect_timeout", seconds(g.smtp_connect_timeout)));
        }
        all.push(Setting::value("vrrp_mcast_group4", g.mcast_group4));
        all.push(Setting::value("vrrp_mcast_group6", g.mcast_group6));
        all.push(Setting::value("vrrp_garp_interval", seconds(g.garp_interval)));
        all.push(Setting::value("vrrp_gna_interval", seconds(g.gna_interval)));
        all.push(Setting::value("enable_script_security", g.script_security));
        if g.startup_delay > Duration::ZERO {
            all.push(Setting::value("vrrp_startup_delay", seconds(g.startup_delay)));
        }
        let dynamic = g.dynamic_interfaces.map(|change| if change { "allow_if_changes" } else { "" });
        all.extend(dynamic.map(|word| Setting::value("dynamic_interfaces", word)));
        all.extend(g.default_interface.as_ref().map(|name| Setting::value("default_interface", name)));
        all.extend(g.other.iter().map(|(name, value)| Setting::value(*name, value)));
        all
    }
}

/// Seconds with as many decimals as they need.
fn seconds(time: Duration) -> String {
    let micros = time.as_micros();
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A block of entries, if there are any.
fn list(name: &str, entries: impl Iterator<Item = Setting>) -> Option<Setting> {
    let entries: Vec<_> = entries.collect();
    (!entries.is_empty()).then(|| Setting::block(name, None, entries))
}

fn garp_group(group: &GarpGroup) -> Setting {
    let mut inside = Vec::new();
    inside.extend(group.garp_interval.map(|time| Setting::value("garp_interval", seconds(time))));
    inside.extend(group.gna_interval.map(|time| Setting::value("gna_interval", seconds(time))));
    inside.extend(list("interfaces", group.interfaces.iter().map(|name| Setting::value(name.as_str(), ""))));
    Setting::block("garp_group", None, inside)
}

/// An address without the length of a host.
fn shown(cidr: Cidr) -> String {
    if cidr.prefix == Cidr::longest(cidr.address) { cidr.address.to_string() } else { cidr.to_string() }
}

fn address(a: &Address) -> Setting {
    let mut words = Vec::new();
    let broadcast = a.broadcast.map(|b| match b {
        Broadcast::Address(ip) => ip.to_string(),
        Broadcast::Set => a.cidr.broadcast().map_or("+".into(), |ip| ip.to_string()),
        Broadcast::Cleared => a.cidr.network().address.to_string(),
    });
    words.extend(broadcast.map(|b| format!("brd {b}")));
    words.push(format!("dev {}", if a.dev.is_empty() { "eth0" } else { &a.dev }));
    words.extend(a.vmac.then(|| "use_vmac".to_string()));
    words.push(format!("scope {}", a.scope.as_deref().unwrap_or("global")));
    // The kernel has none for IPv6.
    let label = a.label.as_ref().filter(|_| a.cidr.address.is_ipv4());
    words.extend(label.map(|label| format!("label {label}")));
    words.extend(a.peer.map(|peer| format!("peer {peer}")));
    words.extend(a.flags.iter().cloned());
    words.extend(a.track_group.as_ref().map(|group| format!("track_group {group}")));
    words.extend(a.preferred_lft.map(|lft| format!("preferred_lft {}", seconds(lft))));
    Setting::value(shown(a.cidr), words.join(" "))
}

fn options(options: &[RouteOption]) -> String {
    let words = options.iter().map(|o| match o.value.as_str() {
        "" => o.name.to_string(),
        value => format!("{} {value}", o.name),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn route(r: &Route) -> Setting {
    let name =
        if r.kind.is_empty() { r.destination.clone() } else { format!("{} {}", r.kind, r.destination) };
    let hops = r.nexthops.iter().map(|hop| format!("nexthop {}", options(hop)));
    let words: Vec<_> = std::iter::once(options(&r.options)).filter(|o| !o.is_empty()).chain(hops).collect();
    Setting::value(name, words.join(" "))
}

fn rule(r: &Rule) -> Setting {
    Setting::value("rule", options(&r.options))
}

fn weight(w: Weight) -> String {
    format!("{}{}", w.value, if w.reverse { " reverse" } else { "" })
}

fn tracks(t: &Tracks) -> Vec<Setting> {
    let block = |name: &str, tracks: &[Track]| {
        list(
            name,
            tracks
                .iter()
                .map(|track| Setting::value(track.name.as_str(), format!("weight {}", weight(track.weight)))),
        )
    };
    let all = [
        block("track_interface", &t.interfaces),
        block("track_script", &t.scripts),
        block("track_file", &t.files),
        block("track_process", &t.processes),
        block("track_bfd", &t.bfds),
    ];
    all.into_iter().flatten().collect()
}

/// A command as the daemon shows it: every word in quotes.
fn command(c: &Command) -> String {
    c.argv.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}

fn notify(n: &Notify) -> Vec<Setting> {
    let all = [
        ("notify_master", &n.master),
        ("notify_backup", &n.backup),
        ("notify_fault", &n.fault),
        ("notify_stop", &n.stop),
        ("notify", &n.any),
        ("notify_master_rx_lower_pri", &n.master_rx_lower_pri),
    ];
    let set = all.into_iter().filter_map(|(name, c)| Some(Setting::value(name, command(c.as_ref()?))));
    set.collect()
}

fn instance(i: &Instance) -> Setting {
    let mut all = basics(i);
    all.extend(timers(i));
    all.extend(addressing(i));
    all.extend(list("virtual_ipaddress", i.addresses.iter().map(address)));
    all.extend(list("virtual_ipaddress_excluded", i.excluded.iter().map(address)));
    all.extend(list("virtual_routes", i.routes.iter().map(route)));
    all.extend(list("virtual_rules", i.rules.iter().map(rule)));
    all.extend(tracks(&i.tracks));
    all.extend(notify(&i.notify));
    Setting::block("vrrp_instance", Some(&i.name), all)
}

fn basics(i: &Instance) -> Vec<Setting> {
    let mut all = vec![
        Setting::value("version", if i.version == Version::V2 { 2 } else { 3 }),
        Setting::value("interface", &i.interface),
        Setting::value("virtual_router_id", i.vrid),
        Setting::value("priority", i.priority),
        Setting::value("advert_int", seconds(i.advert_int)),
    ];
    all.extend(i.sync_group.as_ref().map(|name| Setting::value("sync_group", name)));
    match i.auth {
        Auth::None => {}
        Auth::Pass(pass) => {
            let pass = String::from_utf8_lossy(&pass).trim_end_matches('\0').to_string();
            all.push(Setting::value("auth_type", "PASS"));
            all.push(Setting::value("auth_pass", pass));
        }
        Auth::Ah(_) => all.push(Setting::value("auth_type", "AH")),
    }
    all.extend(
        [
            ("nopreempt", i.nopreempt),
            ("accept", i.accept),
            ("strict_mode", i.strict),
            ("skip_check_adv_addr", i.skip_check_adv_addr),
            ("dont_track_primary", i.dont_track_primary),
            ("lower_prio_no_advert", i.lower_prio_no_advert),
            ("higher_prio_send_advert", i.higher_prio_send_advert),
            ("promote_secondaries", i.promote_secondaries),
            ("smtp_alert", i.smtp_alert),
            ("notify_deleted", i.notify_deleted),
            ("notify_priority_changes", i.notify_priority_changes),
        ]
        .map(|(name, on)| Setting::value(name, on)),
    );
    if i.debug > 0 {
        all.push(Setting::value("debug", i.debug));
    }
    all.extend(i.kernel_rx_buf_size.map(|bytes| Setting::value("kernel_rx_buf_size", bytes)));
    all
}

fn timers(i: &Instance) -> Vec<Setting> {
    let g = &i.garp;
    let mut all = vec![
        Setting::value("garp_master_delay", seconds(g.master_delay)),
        Setting::value("garp_master_repeat", g.master_repeat),
        Setting::value("garp_master_refresh", seconds(g.master_refresh)),
        Setting::value("garp_master_refresh_repeat", g.master_refresh_repeat),
        Setting::value("garp_lower_prio_delay", seconds(g.lower_prio_delay)),
        Setting::value("garp_lower_prio_repeat", g.lower_prio_repeat),
        Setting::value("down_timer_adverts", i.down_timer_adverts),
    ];
    if i.preempt_delay > Duration::ZERO {
        all.push(Setting::value("preempt_delay", seconds(i.preempt_delay)));
    }
    all
}

fn addressing(i: &Instance) -> Vec<Setting> {
    let mut all = Vec::new();
    all.extend(i.vmac.as_ref().map(|vmac| Setting::value("use_vmac", &vmac.name)));
    let source = i.unicast.source.map(|ip| ip.to_string());
    let source =
        source.or(i.mcast_src_ip.map(|ip| ip.to_string())).or(i.mcast_src_ip6.map(|ip| ip.to_string()));
    let above = i.vmac.as_ref().and_then(|vmac| match &vmac.kind {
        VmacKind::Ipvlan(address, _) => address.map(|ip| ip.to_string()),
        VmacKind::Macvlan(_) => None,
    });
    all.extend(source.or(above).map(|ip| Setting::value("mcast_src_ip", ip)));
    if i.unicast.peers.is_empty() {
        let group = match i.family {
            Family::V4 => i.mcast_dst_ip.to_string(),
            Family::V6 => i.mcast_dst_ip6.to_string(),
        };
        all.push(Setting::value("mcast_dst_ip", group));
        return all;
    }
    let ttl = i.unicast.ttl.or((i.family == Family::V4).then_some(255));
    all.extend(ttl.map(|ttl| Setting::value("unicast_ttl", ttl)));
    all.push(Setting::value("check_unicast_src", i.unicast.check_source));
    let checksum = match i.unicast.old_checksum {
        OldChecksum::Auto => "no",
        OldChecksum::Always => "yes",
        OldChecksum::Never => "never",
    };
    all.push(Setting::value("old_unicast_checksum", checksum));
    let peers = i.unicast.peers.iter();
    let shown = |ttl: (u8, u8)| format!("min_ttl {} max_ttl {}", ttl.0, ttl.1);
    all.extend(list(
        "unicast_peer",
        peers.map(|p| Setting::value(p.address.to_string(), shown((p.min_ttl, p.max_ttl)))),
    ));
    all
}

fn sync_group(g: &SyncGroup) -> Setting {
    let mut all = Vec::new();
    all.extend(list("group", g.members.iter().map(|name| Setting::value(name.as_str(), ""))));
    all.push(Setting::value("smtp_alert", g.smtp_alert));
    all.push(Setting::value("sync_group_tracking_weight", g.tracking_weight));
    all.extend(tracks(&g.tracks));
    all.extend(notify(&g.notify));
    Setting::block("vrrp_sync_group", Some(&g.name), all)
}

fn script(s: &Script) -> Setting {
    let mut all = vec![
        Setting::value("script", command(&s.command)),
        Setting::value("interval", seconds(s.interval)),
        Setting::value("timeout", seconds(s.timeout.unwrap_or(Duration::ZERO))),
        Setting::value("weight", weight(s.weight)),
        Setting::value("rise", s.rise),
        Setting::value("fall", s.fall),
    ];
    if s.init_fail {
        all.push(Setting::value("init_fail", true));
    }
    Setting::block("vrrp_script", Some(&s.name), all)
}

fn file(f: &TrackFile) -> Setting {
    let all = vec![Setting::value("file", &f.file), Setting::value("weight", weight(f.weight))];
    Setting::block("track_file", Some(&f.name), all)
}

fn process(p: &TrackProcess) -> Setting {
    let mut all = vec![
        Setting::value("process", p.process.join(" ")),
        Setting::value("weight", weight(p.weight)),
        Setting::value("quorum", p.quorum),
        Setting::value("fork_delay", seconds(p.fork_delay)),
        Setting::value("terminate_delay", seconds(p.terminate_delay)),
        Setting::value("full_command", p.full_command),
    ];
    all.extend(p.quorum_max.map(|most| Setting::value("quorum_max", most)));
    Setting::block("vrrp_track_process", Some(&p.name), all)
}
