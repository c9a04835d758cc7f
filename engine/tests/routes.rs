//! Routes and rules: what comes and goes with mastership, in the order in which 2.2.7 does it (`ip monitor route rule
//! address` beside it), and what is static.

#[path = "tools/lab.rs"]
mod lab;

use lab::Lab;
use vrrplab_engine::addr::Mac;
use vrrplab_engine::boundary::{
    AddressOp, Cost, Effect, Effects, HostFacts, Input, InstanceId, KernelEvent, LineId, LinkFacts, LinkId,
};
use vrrplab_engine::config::{Config, NoSources, read};
use vrrplab_engine::time::Instant;
use vrrplab_engine::vrrp::State;

const TEXT: &str = "static_ipaddress {\n10.7.0.1/24 dev eth0\n}\n\
    static_routes {\n10.88.0.0/16 via 10.0.0.9 dev eth0\n}\n\
    static_rules {\nfrom 10.7.0.0/24 table 99 priority 400\n}\n\
    vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress {\n10.0.0.100/24\n}\n\
    virtual_routes {\n10.1.0.0/16 via 10.0.0.9\n10.2.0.0/16 dev eth1 metric 5\n}\n\
    virtual_rules {\nfrom 10.0.0.100 table 77\niif eth0 blackhole priority 300\n}\n}\n";

fn config(text: &str) -> Config {
    read("a.conf", text, &NoSources).config
}

fn bench(text: &str) -> Lab {
    let link = |n: u8| LinkFacts {
        name: format!("eth{n}"),
        mac: Mac([2, 0, 0, 0, 0, n]),
        mtu: 1500,
        up: true,
        addresses: vec![format!("10.0.{n}.1/24").parse().unwrap()],
    };
    let host = HostFacts { links: vec![link(0), link(1)], ..HostFacts::default() };
    let node = vrrplab_engine::Node::new(config(text).into(), &host);
    Lab { node, out: Effects::new(Cost::FREE), now: Instant::ZERO }
}

/// The changes among the effects of the last input: `+V route 0`, `-static rule 0`, `+10.7.0.1/24`, and `advert` or
/// `frame` for what is sent.
fn changes(lab: &Lab) -> Vec<String> {
    let sign = |op| if op == AddressOp::Add { '+' } else { '-' };
    let whose = |line: LineId| if line.of.is_some() { "V" } else { "static" };
    let told = |effect| match effect {
        Effect::Address { op, cidr, .. } => Some(format!("{}{cidr}", sign(op))),
        Effect::Route { op, route } => Some(format!("{}{} route {}", sign(op), whose(route), route.n)),
        Effect::Rule { op, rule } => Some(format!("{}{} rule {}", sign(op), whose(rule), rule.n)),
        Effect::Send { .. } => Some("advert".to_string()),
        Effect::Frame { .. } => Some("frame".to_string()),
        _ => None,
    };
    let mut all: Vec<String> = lab.out.iter().filter_map(|timed| told(timed.effect)).collect();
    all.dedup();
    all
}

fn after(lab: &mut Lab, event: KernelEvent) -> Vec<String> {
    lab.give(Input::Kernel(event));
    changes(lab)
}

const COMING: [&str; 7] =
    ["advert", "+10.0.0.100/24", "+V route 0", "+V route 1", "+V rule 0", "+V rule 1", "frame"];
const GOING: [&str; 5] = ["-V rule 0", "-V rule 1", "-V route 0", "-V route 1", "-10.0.0.100/24"];
const FIRST_ROUTE: LineId = LineId { of: Some(InstanceId(0)), n: 1 };

#[test]
fn what_is_static_comes_first_and_rules_of_a_run_before_go() {
    let lab = bench(TEXT).started();
    let rules = ["-static rule 0", "-V rule 0", "-V rule 1"];
    let fixed = ["+10.7.0.1/24", "+static route 0", "+static rule 0"];
    assert_eq!(changes(&lab), [rules, fixed].concat());
}

#[test]
fn a_master_adds_them_after_its_addresses_and_removes_them_before() {
    let mut lab = bench(TEXT).master();
    assert_eq!(changes(&lab), COMING);
    lab.term();
    let fixed = ["-static rule 0", "-static route 0", "-10.7.0.1/24"];
    assert_eq!(changes(&lab), [&["advert"][..], &GOING[..], &fixed[..]].concat());
}

#[test]
fn who_loses_a_route_or_a_rule_to_a_stranger_leaves_for_its_skew() {
    let rule = LineId { of: Some(InstanceId(0)), n: 0 };
    let rest = |gone: &str| GOING.iter().filter(|g| **g != gone).copied().collect::<Vec<_>>();
    for (event, gone) in [
        (KernelEvent::RouteRemoved(FIRST_ROUTE), "-V route 1"),
        (KernelEvent::RuleRemoved(rule), "-V rule 0"),
    ] {
        let mut lab = bench(TEXT).master();
        assert_eq!(after(&mut lab, event), [&["advert"][..], &rest(gone)].concat(), "{event:?}");
        assert_eq!(lab.state(), Some(State::Backup));
        lab.ripen();
        assert_eq!(changes(&lab), COMING, "all of them come back");
    }
}

#[test]
fn a_route_without_an_interface_is_not_missed() {
    let mut lab = bench(TEXT).master();
    let route = LineId { of: Some(InstanceId(0)), n: 0 };
    assert_eq!(after(&mut lab, KernelEvent::RouteRemoved(route)), [""; 0]);
    lab.term();
    assert!(!changes(&lab).contains(&"-V route 0".to_string()), "it is known to be gone");
}

#[test]
fn a_backup_misses_nothing() {
    let mut lab = bench(TEXT).started();
    assert_eq!(after(&mut lab, KernelEvent::RouteRemoved(FIRST_ROUTE)), [""; 0]);
    assert_eq!(lab.state(), Some(State::Backup));
}

#[test]
fn what_is_static_comes_back() {
    let mut lab = bench(TEXT).started();
    let first = LineId { of: None, n: 0 };
    assert_eq!(after(&mut lab, KernelEvent::RouteRemoved(first)), ["+static route 0"]);
    assert_eq!(after(&mut lab, KernelEvent::RuleRemoved(first)), ["+static rule 0"]);
    let cidr = "10.7.0.1/24".parse().unwrap();
    assert_eq!(after(&mut lab, KernelEvent::AddressRemoved { link: LinkId(0), cidr }), ["+10.7.0.1/24"]);
    let link = |up| KernelEvent::Link { link: LinkId(0), up };
    after(&mut lab, link(false));
    assert_eq!(after(&mut lab, link(true)), ["+static route 0"]);
}

#[test]
fn the_interface_of_a_route_is_followed() {
    let link = |up| KernelEvent::Link { link: LinkId(1), up };
    let mut lab = bench(TEXT).master();
    let farewells = [&["advert"][..], &GOING[..]].concat();
    assert_eq!(after(&mut lab, link(false)), farewells);
    assert_eq!(lab.state(), Some(State::Fault));
    after(&mut lab, link(true));
    assert_eq!(lab.state(), Some(State::Backup));

    let mut lab = bench(&TEXT.replace("metric 5", "no_track")).master();
    assert_eq!(after(&mut lab, link(false)), [""; 0]);
    assert_eq!(lab.state(), Some(State::Master));
}

#[test]
fn a_static_address_is_a_source() {
    let bare = TEXT
        .replace("interface eth0", "interface eth2")
        .replace("10.7.0.1/24 dev eth0", "10.7.0.1/24 dev eth2");
    let link = LinkFacts { name: "eth2".into(), mac: Mac([2; 6]), mtu: 1500, up: true, addresses: vec![] };
    let host = HostFacts { links: vec![link], ..HostFacts::default() };
    let node = vrrplab_engine::Node::new(config(&bare).into(), &host);
    let lab = Lab { node, out: Effects::new(Cost::FREE), now: Instant::ZERO }.started();
    assert_eq!(lab.state(), Some(State::Backup));
}

#[test]
fn rules_without_a_priority_count_down_by_family() {
    let config = config(TEXT);
    let priorities: Vec<_> = config.instances[0].rules.iter().map(|r| r.option("priority")).collect();
    assert_eq!(priorities, [Some("16384"), Some("300")]);
    let text = TEXT.replace("priority 300", "").replace("priority 400", "\nfrom 2001:db8::/64 table 9");
    let config = self::config(&text);
    let all = config.static_rules.iter().chain(&config.instances[0].rules);
    let priorities: Vec<_> = all.map(|r| r.option("priority").unwrap()).collect();
    assert_eq!(priorities, ["16384", "16384", "16383", "16382"]);
}

#[test]
fn what_is_tracked_is_of_protocol_keepalived() {
    let protocol = |text: &str| {
        let config = config(&TEXT.replace("metric 5", text));
        config.instances[0].routes[1].option("protocol").map(str::to_string)
    };
    assert_eq!(protocol("protocol static"), None);
    assert_eq!(protocol("protocol static no_track").as_deref(), Some("static"));
}

#[test]
fn the_interface_of_a_static_route_with_a_track_group_is_followed() {
    let link = KernelEvent::Link { link: LinkId(1), up: false };
    let text = |group: &str| {
        let fixed = format!("via 10.0.1.9 dev eth1{group}");
        let text = TEXT.replace("via 10.0.0.9 dev eth0", &fixed).replace("dev eth1 metric 5", "dev eth0");
        format!("track_group G {{\ngroup {{\nV\n}}\n}}\n{text}")
    };
    for (group, state) in [(" track_group G", State::Fault), ("", State::Master)] {
        let mut lab = bench(&text(group)).master();
        after(&mut lab, link);
        assert_eq!(lab.state(), Some(state), "{group}");
    }
}
