//! What FRR's vrrpd cannot be told of a keepalived.conf (FRR's user manual, "VRRP"; looked at with 8.4.4). Notify scripts are no
//! reason: who has the addresses does not hang on them, and vrrpd runs none.

use vrrplab_engine::config::{Auth, Config, Family, Garp, Global, Instance, Tracks, Version};
use vrrplab_engine::time::Duration;
use vrrplab_sim::scenario::{Fault, HostIndex, Role, Scenario};

/// The longest interval that vrrpd takes.
const LONGEST: Duration = Duration::from_millis(40_950);
/// The finest.
const FINEST: Duration = Duration::from_millis(10);

/// Why a node cannot be vrrpd, if it cannot.
pub(super) fn unfit(scenario: &Scenario, node: HostIndex) -> Option<String> {
    let host = &scenario.hosts[node.0];
    let Role::Node(spec) = &host.role else { return None };
    let links: Vec<&str> = host.links.iter().map(|link| &*link.name).collect();
    let wanted = std::iter::once(&spec.reading)
        .chain(scenario.later_of(node))
        .find_map(|r| configuration(&r.config, &links));
    let what = wanted.or_else(|| acts(scenario, node, &spec.reading.config))?;
    Some(format!("{}: frr has no {what}", host.name))
}

fn acts(scenario: &Scenario, node: HostIndex, config: &Config) -> Option<String> {
    scenario.script.iter().find_map(|act| match &act.fault {
        Fault::Reload { node: n, .. } if *n == node => Some("reload: it is told by its shell".to_string()),
        Fault::Address { node: n, cidr, .. } if *n == node => {
            let of = config
                .instances
                .iter()
                .find(|i| i.addresses.iter().any(|a| a.cidr.address == cidr.address))?;
            Some(format!("virtual address on {}: it is on an interface of its own", of.interface))
        }
        _ => None,
    })
}

fn configuration(config: &Config, links: &[&str]) -> Option<String> {
    let Global { startup_delay, garp_interval, gna_interval, .. } = config.global;
    let all = [
        ("vrrp_sync_group", !config.groups.is_empty()),
        ("virtual_server", !config.virtual_servers.is_empty()),
        ("bfd_instance", !config.bfd_instances.is_empty()),
        ("static addresses, routes and rules", has_static(config)),
        ("vrrp_startup_delay", startup_delay > Duration::ZERO),
        ("vrrp_garp_interval", garp_interval > Duration::ZERO || gna_interval > Duration::ZERO),
    ];
    let general = all.into_iter().find(|(_, wanted)| *wanted).map(|(what, _)| what.to_string());
    let of = |i: &Instance| instance(i, links).map(|what| format!("{what} ({})", i.name));
    general.or_else(|| config.instances.iter().find_map(of)).or_else(|| pairs(&config.instances))
}

fn has_static(config: &Config) -> bool {
    !(config.static_addresses.is_empty() && config.static_routes.is_empty() && config.static_rules.is_empty())
}

fn instance(i: &Instance, links: &[&str]) -> Option<String> {
    let fixed = [
        ("authentication", i.auth != Auth::None),
        ("unicast", !i.unicast.peers.is_empty()),
        ("preempt_delay", i.preempt_delay > Duration::ZERO),
        ("tracking", i.tracks != Tracks::default()),
        ("track_src_ip", i.track_src_ip),
        ("strict_mode", i.strict),
        ("priority 255: an owner has the address on the interface itself", i.is_owner()),
        ("lower_prio_no_advert", i.lower_prio_no_advert),
        ("higher_prio_send_advert", i.higher_prio_send_advert),
        ("down_timer_adverts", i.down_timer_adverts != 3),
        ("source or group of one's own", has_own_ends(i)),
        ("gratuitous ARP but one", i.garp != Garp::default()),
        ("smtp_alert", i.smtp_alert),
        ("no_accept", !i.accept),
        ("vrf", i.vrf.is_some()),
        ("virtual_routes and virtual_rules", !(i.routes.is_empty() && i.rules.is_empty())),
        ("IPv6 in version 2", i.family == Family::V6 && i.version == Version::V2),
        ("advert without addresses", i.addresses.is_empty()),
    ];
    let found = fixed.into_iter().find(|(_, wanted)| *wanted).map(|(what, _)| what.to_string());
    found.or_else(|| interval(i)).or_else(|| addresses(i)).or_else(|| {
        let missing = !links.contains(&i.interface.as_str());
        missing.then(|| format!("interface {}", i.interface))
    })
}

fn has_own_ends(i: &Instance) -> bool {
    let usual = Instance::named("");
    i.mcast_src_ip.is_some()
        || i.mcast_src_ip6.is_some()
        || (i.mcast_dst_ip, i.mcast_dst_ip6) != (usual.mcast_dst_ip, usual.mcast_dst_ip6)
}

fn interval(i: &Instance) -> Option<String> {
    let takes = i.advert_int.as_micros().is_multiple_of(FINEST.as_micros()) && i.advert_int <= LONGEST;
    (!takes).then(|| format!("advert_int of {}: 10 ms to 40.95 s", i.advert_int))
}

/// They go on a macvlan above the interface, one a family.
fn addresses(i: &Instance) -> Option<String> {
    let elsewhere = |a: &&vrrplab_engine::config::Address| {
        a.dev != i.interface || a.peer.is_some() || Family::of(a.cidr.address) != i.family
    };
    let found = i.addresses.iter().chain(&i.excluded).find(elsewhere)?;
    Some(format!("{} in another family or on another interface than its router", found.cidr))
}

/// IPv4 and IPv6 of one number are one router to vrrpd, with one priority.
fn pairs(instances: &[Instance]) -> Option<String> {
    let timing = |i: &Instance| (i.priority, i.advert_int, i.version, i.nopreempt);
    instances.iter().enumerate().find_map(|(n, one)| {
        let same = |o: &&Instance| o.vrid == one.vrid && o.interface == one.interface;
        let other = instances[n + 1..].iter().find(same)?;
        let differ = timing(one) != timing(other);
        differ.then(|| format!("priority of each family: {} and {} are one router", one.name, other.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(lines: &str) -> Option<String> {
        let text = format!(
            "vrrp_instance I {{\n interface eth0\n virtual_router_id 1\n version 3\n {lines}\n \
             virtual_ipaddress {{\n 10.0.0.1/24\n }}\n}}\n"
        );
        let reading = vrrplab_engine::config::read("k", &text, &vrrplab_engine::config::NoSources);
        configuration(&reading.config, &["eth0"])
    }

    #[test]
    fn what_vrrpd_has_no_words_for_is_named() {
        assert_eq!(refused("priority 200\n nopreempt\n advert_int 0.5\n notify /n.sh"), None);
        let unicast = "unicast_peer {\n 10.0.0.9\n }";
        assert_eq!(refused(unicast).as_deref(), Some("unicast (I)"));
        assert_eq!(refused("preempt_delay 5").as_deref(), Some("preempt_delay (I)"));
        assert_eq!(refused("track_interface {\n eth1\n }").as_deref(), Some("tracking (I)"));
        assert!(refused("state MASTER\n priority 255").is_some_and(|why| why.starts_with("priority 255")));
    }
}
