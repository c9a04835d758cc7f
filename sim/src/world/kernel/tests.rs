//! What a network of kernels does, told by its trace.

use std::net::Ipv4Addr;
use std::sync::Arc;

use vrrplab_engine::config::{NoSources, Reading};
use vrrplab_engine::time::{Duration, Instant};

use vrrplab_engine::wire::ipv4;

use super::*;
use crate::observer::Unobserved;
use crate::run::run;
use crate::scenario::{Files, read};

/// Configurations stand in the scenario.
struct Inline;

impl Files for Inline {
    fn config(&self, path: &str) -> Result<Arc<Reading>, String> {
        Err(format!("{path}: not here"))
    }
    fn text(&self, path: &str) -> Result<String, String> {
        match path {
            "web.cfg" => Ok("listen web\n".to_string()),
            _ => Err(format!("cannot read {path}: no such file")),
        }
    }
    fn inline(&self, name: &str, text: &str) -> Arc<Reading> {
        Arc::new(vrrplab_engine::config::read(name, text, &NoSources))
    }
}

/// One router whose daemon never starts, a client and a server on two segments; `{...}` are additions.
const ROUTED: &str = r#"
title = "T"
duration = "6s"
[segment.lan]
latency = "1us"
[segment.wan]
latency = "1us"
[node.r]
start = "never"
{router}
config = '''
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress {
        192.168.10.240/24
    }
}
'''
link.eth0 = { segment = "lan", address = ["192.168.10.170/24", "fd00:10::170/64"] }
link.eth1 = { segment = "wan", address = ["10.1.0.1/24", "fd00:20::1/64"] }
[client.server]
{server}
route = ["default via 10.1.0.1", "default via fd00:20::1"]
link.eth0 = { segment = "wan", address = ["10.1.0.5/24", "fd00:20::5/64"] }
[client.probe]
{probe}
link.eth0 = { segment = "lan", address = ["192.168.10.1/24", "fd00:10::1/64"] }
"#;

fn scenario(text: &str) -> Arc<scenario::Scenario> {
    let file = read("t.toml", text, &Inline);
    assert!(!file.scenarios.is_empty(), "{:?}", file.findings);
    Arc::new(file.scenarios[0].clone())
}

fn trace(text: &str) -> String {
    run(&scenario(text), 1).trace.to_string()
}

fn routed(router: &str, server: &str, probe: &str) -> String {
    trace(&ROUTED.replace("{router}", router).replace("{server}", server).replace("{probe}", probe))
}

const FORWARDS: &str = "sysctl = { ip_forward = 1, forwarding = 1 }";
const PING: &str = "route = \"default via 192.168.10.170\"\nping = { to = \"10.1.0.5\", every = \"500ms\" }";

#[track_caller]
fn has(trace: &str, line: &str) {
    assert!(trace.contains(line), "no `{line}` in\n{trace}");
}

#[track_caller]
fn lacks(trace: &str, line: &str) {
    assert!(!trace.contains(line), "`{line}` in\n{trace}");
}

#[test]
fn a_router_sends_on_and_the_answer_comes_through_it() {
    has(&routed(FORWARDS, "", PING), "answer 10.1.0.5 through 02:00:00:00:00:01 (r)");
    let deaf = routed("", "", PING);
    has(&deaf, "answer 10.1.0.5 by nobody");
    lacks(&deaf, "10.1.0.5 tell");
}

#[test]
fn a_router_answers_its_neighbours_over_ipv6_as_well() {
    let near = routed("", "", "ping = { to = \"fd00:10::170\" }");
    has(&near, "answer fd00:10::170 by 02:00:00:00:00:01 (r)");
    has(&near, "neigh fd00:10::170 at 02:00:00:00:00:01 reachable");
    let far = "route = \"default via fd00:10::170\"\nping = { to = \"fd00:20::5\" }";
    has(&routed(FORWARDS, "", far), "answer fd00:20::5 through 02:00:00:00:00:01 (r)");
    has(&routed("", "", far), "answer fd00:20::5 by nobody");
}

#[test]
fn a_link_local_address_answers_on_its_link() {
    let trace = routed("", "", "ping = { to = \"fe80::ff:fe00:1\" }");
    has(&trace, "answer fe80::ff:fe00:1 by 02:00:00:00:00:01 (r)");
}

#[test]
fn who_waits_for_a_dead_neighbour_is_told_after_three_seconds() {
    let ping = PING.replace("10.1.0.5", "10.1.0.9");
    let trace = routed(FORWARDS, "", &ping);
    // Type 3 with 84 bytes quoted.
    has(&trace, "ip proto 1 192.168.10.170 > 192.168.10.1 112 bytes");
    let first = trace.lines().find(|l| l.contains("ip proto 1 ")).unwrap();
    assert!(first.trim_start().starts_with("3.00"), "{first}");
}

#[test]
fn who_goes_nowhere_is_told_at_once() {
    let ping = PING.replace("10.1.0.5", "10.9.0.9");
    let trace = routed(FORWARDS, "", &ping);
    let first = trace.lines().find(|l| l.contains("ip proto 1 ")).unwrap();
    assert!(first.trim_start().starts_with("0.0000"), "{first}");
}

#[test]
fn a_filter_drops_by_direction_protocol_and_address() {
    for (rule, answered) in [
        ("{ drop = \"icmp\", direction = \"forward\" }", false),
        ("{ drop = \"icmp\", direction = \"forward\", from = \"192.168.11.0/24\" }", true),
        ("{ drop = \"icmp\", direction = \"forward\", to = \"10.1.0.5\", link = \"eth1\" }", false),
        ("{ drop = \"icmp\" }", true),
        ("{ drop = \"vrrp\", direction = \"forward\" }", true),
        ("{ drop = \"arp\" }", false),
        ("{ drop = \"arp\", direction = \"out\", link = \"eth1\" }", false),
    ] {
        let trace = routed(&format!("{FORWARDS}\nfilter = [{rule}]"), "", PING);
        assert_eq!(trace.contains("answer 10.1.0.5 through"), answered, "{rule}\n{trace}");
        assert_eq!(trace.contains("filtered"), !answered, "{rule}\n{trace}");
    }
}

#[test]
fn a_filter_can_come_and_go() {
    let acts = "[[at]]\ntime = \"1.1s\"\nfilter = { host = \"server\", add = { drop = \"icmp\" } }\n\
                [[at]]\ntime = \"3.1s\"\nfilter = { host = \"server\", remove = { drop = \"icmp\" } }\n";
    let text = ROUTED.replace("{router}", FORWARDS).replace("{server}", "").replace("{probe}", PING) + acts;
    let trace = trace(&text);
    has(&trace, "fault filter server + drop icmp in");
    let answers: Vec<&str> = trace.lines().filter(|l| l.contains(" answer ")).map(|l| &l[3..4]).collect();
    assert_eq!(answers, ["0", "2", "3"], "{trace}");
}

/// The server hears the client on one link and would answer it on another.
const ASYMMETRIC: &str = r#"
title = "T"
duration = "2s"
[segment.lan]
[segment.wan]
[node.server]
start = "never"
config = '''
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 1
}
'''
{server}
link.eth0 = { segment = "wan", address = "10.1.0.5/24" }
link.eth1 = { segment = "lan", address = "192.168.10.9/24" }
[client.probe]
link.eth0 = { segment = "wan", address = "192.168.10.1/24" }
route = "10.1.0.0/24 dev eth0"
ping = { to = "10.1.0.5" }
"#;

#[test]
fn a_strict_reverse_path_drops_what_comes_by_another_link() {
    for (filter, answers) in [(0, true), (1, false), (2, true)] {
        let server = format!("sysctl = {{ rp_filter = {filter} }}");
        let trace = trace(&ASYMMETRIC.replace("{server}", &server));
        assert_eq!(trace.contains("arp 10.1.0.5 is-at"), answers, "rp_filter {filter}\n{trace}");
    }
}

/// Two links of one host on one segment.
const TWINS: &str = r#"
title = "T"
duration = "2s"
[segment.lan]
latency = "1us"
[node.r]
start = "never"
config = '''
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 1
}
'''
{router}
link.eth0 = { address = "192.168.10.170/24" }
link.eth1 = { address = "192.168.10.171/24" }
[client.probe]
link.eth0 = { address = "192.168.10.1/24" }
ping = { to = "192.168.10.171", every = "500ms" }
"#;

fn replies(router: &str) -> Vec<String> {
    let trace = trace(&TWINS.replace("{router}", router));
    let mut stations: Vec<String> = trace
        .lines()
        .filter(|l| l.contains("arp 192.168.10.171 is-at"))
        .map(|l| l.split("is-at ").nth(1).unwrap()[..17].to_string())
        .collect();
    stations.sort();
    stations
}

#[test]
fn by_default_every_link_answers_for_every_address() {
    let (first, second) = ("02:00:00:00:00:01", "02:00:00:00:00:02");
    assert_eq!(replies(""), [first, second]);
    assert_eq!(replies("sysctl = { arp_ignore = 1 }"), [second]);
    assert_eq!(replies("sysctl = { net.ipv4.conf.eth0.arp_ignore = 8 }"), [second]);
    // The way back to the client is by the first link.
    assert_eq!(replies("sysctl = { arp_filter = 1 }"), [first]);
    assert!(replies("sysctl = { arp_ignore = 8 }").is_empty());
}

#[test]
fn a_request_is_sent_in_the_name_that_arp_announce_allows() {
    // The router's answer to the ping comes from .171, and it has to ask for the client after an hour or so.
    for (announce, name) in [(0, "192.168.10.171"), (1, "192.168.10.171"), (2, "192.168.10.170")] {
        let text = TWINS.replace("{router}", &format!("sysctl = {{ arp_announce = {announce} }}"));
        let mut world = World::new(scenario(&text), 1);
        let packet = ping_packet("192.168.10.171", "192.168.10.7");
        world.output(0, &packet, None, Cause::None, &mut Unobserved);
        let kernel = &world.hosts[0].kernel;
        let asked = kernel.announced_as(0, Ipv4Addr::new(192, 168, 10, 7));
        assert_eq!(asked.unwrap().to_string(), name, "arp_announce {announce}");
    }
}

fn ping_packet(source: &str, destination: &str) -> Vec<u8> {
    let echo = vrrplab_engine::wire::icmp::Echo { reply: false, id: 1, sequence: 1, data: &[] };
    ping::echo_packet(source.parse().unwrap(), destination.parse().unwrap(), &echo)
}

#[test]
fn secondaries_go_with_their_primary() {
    let cidr = |text: &str| text.parse::<Cidr>().unwrap();
    let all =
        ["192.168.10.170/24", "192.168.10.240/24", "192.168.10.250/32", "192.168.10.241/24", "10.0.0.1/24"];
    for (settings, gone, left) in [
        (
            "",
            vec!["192.168.10.240/24", "192.168.10.241/24", "192.168.10.170/24"],
            vec!["192.168.10.250/32", "10.0.0.1/24"],
        ),
        (
            "sysctl = { promote_secondaries = 1 }",
            vec!["192.168.10.170/24"],
            vec!["192.168.10.250/32", "10.0.0.1/24", "192.168.10.240/24", "192.168.10.241/24"],
        ),
    ] {
        let mut world = World::new(scenario(&TWINS.replace("{router}", settings)), 1);
        for address in &all[1..] {
            world.change_address(0, 0, cidr(address), true, Cause::None, &mut Unobserved);
        }
        let link = |world: &World| -> Vec<String> {
            world.hosts[0].kernel.links[0].addresses.iter().map(ToString::to_string).collect()
        };
        assert_eq!(link(&world)[..3], ["192.168.10.170/24", "192.168.10.250/32", "10.0.0.1/24"]);
        let removed = world.change_address(0, 0, cidr(all[0]), false, Cause::None, &mut Unobserved);
        let removed: Vec<String> = removed.iter().map(ToString::to_string).collect();
        assert_eq!(removed, gone);
        let mut kept = link(&world);
        kept.sort();
        let mut left: Vec<String> = left.iter().map(ToString::to_string).collect();
        left.sort();
        assert_eq!(kept, left);
    }
}

#[test]
fn vrrp_to_a_host_without_a_daemon_is_refused() {
    let mut world = World::new(scenario(&TWINS.replace("{router}", "")), 1);
    let mut advert = ping_packet("192.168.10.1", "192.168.10.170");
    advert[9] = ipv4::VRRP;
    ipv4::fill_checksum(&mut advert);
    let mut sent = |after: u64| {
        let before = world.counts().sent;
        world.output(1, &advert, None, Cause::None, &mut Unobserved);
        world.run_until(Instant::ZERO + Duration::from_millis(after), &mut Unobserved);
        world.counts().sent - before
    };
    sent(1);
    // The stations know each other now: the advert and the refusal.
    assert_eq!(sent(2), 2);
}

#[test]
fn nobody_complains_about_a_complaint() {
    let mut world = World::new(scenario(&TWINS.replace("{router}", "")), 1);
    let mut error = Vec::new();
    let (source, to) = (Ipv4Addr::new(192, 168, 10, 1), Ipv4Addr::new(192, 168, 10, 170));
    vrrplab_engine::wire::icmp_error::emit((3, 2), source, to, &[0x45; 28], &mut error);
    let before = world.counts().sent;
    world.send_error(0, &error, errors::Problem::NoHost, Cause::None, &mut Unobserved);
    assert_eq!(world.counts().sent, before);
    world.send_error(
        0,
        &ping_packet("192.168.10.1", "10.0.0.1"),
        errors::Problem::NoHost,
        Cause::None,
        &mut Unobserved,
    );
    assert!(world.counts().sent > before);
}

#[test]
fn a_packet_that_has_no_hop_left_ends_at_the_router() {
    let route = "route = \"default via 192.168.10.170\"";
    let text = ROUTED.replace("{router}", FORWARDS).replace("{server}", "").replace("{probe}", route);
    let complaints = |ttl: u8| {
        let mut world = World::new(scenario(&text), 1);
        let probe = world.hosts.iter().position(|host| &*host.name == "probe").unwrap();
        let mut recorder = crate::record::Recorder::new(Vec::new());
        let mut packet = ping_packet("192.168.10.1", "10.1.0.5");
        packet[8] = ttl;
        ipv4::fill_checksum(&mut packet);
        world.output(probe, &packet, None, Cause::None, &mut recorder);
        world.run_until(Instant::ZERO + Duration::from_secs(1), &mut recorder);
        let summaries = recorder.capture().frames.iter();
        let summaries = summaries.map(|frame| crate::frame::Summary::of(&frame.bytes).to_string());
        summaries.filter(|text| text.starts_with("ip proto 1 192.168.10.170 > 192.168.10.1 ")).count()
    };
    assert_eq!((complaints(1), complaints(2)), (1, 0));
}

/// The router's daemon becomes master after 3.6 s, and is killed or stopped.
fn virtual_routes(routes: &str, end: &str) -> String {
    let rules = "virtual_rules {\nfrom 10.3.0.0/24 blackhole priority 300\n}\n";
    let block =
        format!("virtual_ipaddress {{\n192.168.10.240/24\n}}\nvirtual_routes {{\n{routes}\n}}\n{rules}");
    let text = ROUTED.replace("start = \"never\"\n", "").replace("duration = \"6s\"", "duration = \"8s\"");
    let text = text.replace("virtual_ipaddress {\n        192.168.10.240/24\n    }\n", &block);
    let text = text.replace("\"10.1.0.5/24\"", "\"10.1.0.5/24\", \"10.3.0.5/32\"");
    let probe = PING.replace("10.1.0.5", "10.3.0.5");
    let text = text.replace("{router}", FORWARDS).replace("{server}", "").replace("{probe}", &probe);
    trace(&format!("{text}\n[[at]]\ntime = \"6s\"\n{end} = \"r\"\n"))
}

#[test]
fn a_virtual_route_leads_while_its_daemon_is_master() {
    let through = "answer 10.3.0.5 through 02:00:00:00:00:01 (r)";
    let stopped = virtual_routes("10.3.0.0/24 via 10.1.0.5", "stop");
    has(&stopped, "route + 10.3.0.0/24 via 10.1.0.5 dev eth1");
    has(&stopped, "rule  + 300 from 10.3.0.0/24 blackhole");
    has(&stopped, through);
    has(&stopped, "route - 10.3.0.0/24 via 10.1.0.5 dev eth1");
    has(&stopped, "rule  - 300 from 10.3.0.0/24 blackhole");
    let nobody = stopped.matches("answer 10.3.0.5 by nobody").count();
    assert_eq!(nobody, 2, "before and after\n{stopped}");

    let killed = virtual_routes("10.3.0.0/24 via 10.1.0.5", "kill");
    has(&killed, through);
    lacks(&killed, "route - ");
    lacks(&killed, "rule  - ");
    assert_eq!(killed.matches("answer 10.3.0.5 by nobody").count(), 1, "{killed}");
}

#[test]
fn a_virtual_route_that_does_not_lead_does_not() {
    let cases = [
        ("10.3.0.0/24 via 10.1.0.5\nblackhole 10.3.0.5", "route + blackhole 10.3.0.5/32"),
        ("10.3.0.0/24 via 10.1.0.5 table 77", "route + 10.3.0.0/24 via 10.1.0.5 dev eth1 table 77"),
        ("10.3.0.0/24 via 10.2.0.5", "route 10.3.0.0/24: Network is unreachable"),
        ("10.3.0.0/24 via 10.1.0.5 dev eth0", "route 10.3.0.0/24: Network is unreachable"),
        ("10.3.0.0/24 via 10.1.0.5 dev eth7", "route 10.3.0.0/24: Network is unreachable"),
        ("10.3.0.0/24 via 10.1.0.5 metric 5\n10.3.0.0/24 via 10.1.0.6", "via 10.1.0.6 dev eth1"),
    ];
    for (routes, line) in cases {
        let trace = virtual_routes(routes, "kill");
        has(&trace, line);
        lacks(&trace, "answer 10.3.0.5 through");
    }
}

#[test]
fn without_power_there_are_no_virtual_routes() {
    let crashed = virtual_routes("10.3.0.0/24 via 10.1.0.5", "crash");
    has(&crashed, "route - 10.3.0.0/24 via 10.1.0.5 dev eth1");
    has(&crashed, "rule  - 300 from 10.3.0.0/24 blackhole");
}
