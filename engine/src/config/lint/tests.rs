//! What tutorials get wrong, each with the sentence that says so.

use super::super::{NoSources, Reading, read};
use super::*;

/// An instance that is right, but for these lines.
fn node(lines: &str) -> Reading {
    let text = format!(
        "vrrp_script chk {{\n    script /bin/true\n    weight -30\n}}\n\
         vrrp_instance VI_1 {{\n    interface eth0\n    virtual_router_id 51\n{lines}\n    \
         track_interface {{\n        eth1\n    }}\n}}\n"
    );
    read("a.conf", &text, &NoSources)
}

const ADDRESS: &str = "virtual_ipaddress {\n10.0.0.9/24\n}";

/// `CODE: message` of every lint that a node shows by itself.
#[track_caller]
fn one(lines: &str, expected: &[&str]) {
    let reading = node(&format!("{ADDRESS}\n{lines}"));
    assert_eq!(said(alone(&reading).iter()), expected, "{lines}");
}

/// The same for two nodes, with the one that each points at.
#[track_caller]
fn two(a: &str, b: &str, expected: &[&str]) {
    let (a, b) = (node(a), node(b));
    let lints = cluster(&[member("a", &a), member("b", &b)]);
    assert_eq!(said(lints.iter().map(|lint| &lint.finding)), expected);
}

/// Two nodes of different priority with one address and these lines.
#[track_caller]
fn pair(a: &str, b: &str, expected: &[&str]) {
    two(&format!("priority 150\n{ADDRESS}\n{a}"), &format!("priority 100\n{ADDRESS}\n{b}"), expected);
}

fn member<'a>(name: &'a str, reading: &'a Reading) -> Member<'a> {
    Member { name, reading, links: &[] }
}

fn said<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<String> {
    findings.map(|f| format!("{}: {}", f.code.trim_start_matches("lint-"), f.message)).collect()
}

#[test]
fn a_good_configuration_has_no_lints() {
    one("", &[]);
    pair("", "", &[]);
}

#[test]
fn strict_mode_has_surprises() {
    one("strict_mode", &["strict-drops: in strict mode `VI_1` does not accept packets to its addresses"]);
    one(
        "accept\nstrict_mode on\nunicast_peer {\n10.0.0.2\n}",
        &["strict-unicast: strict mode has no unicast, which `VI_1` uses"],
    );
    one("strict_mode off", &[]);
    let text =
        format!("global_defs {{\nvrrp_strict\n}}\nvrrp_instance VI_1 {{\ninterface eth0\n{ADDRESS}\n}}\n");
    let lints = alone(&read("a.conf", &text, &NoSources));
    assert_eq!((lints[0].code, lints[0].place.span.clone()), ("lint-strict-drops", 14..25));
}

#[test]
fn a_group_that_switches_prune_is_no_good() {
    one("mcast_dst_ip 224.0.10.18", &["group-snooped: 224.0.10.18 is outside 224.0.0.0/24"]);
    one("mcast_dst_ip 224.0.0.99", &[]);
}

#[test]
fn short_intervals_need_care() {
    one("version 3\nadvert_int 0.1", &["hasty: an `advert_int` of 100ms forgives a silence of about 300ms"]);
    one("version 3\nadvert_int 0.5", &[]);
}

#[test]
fn nopreempt_makes_weights_useless() {
    let expected = ["nopreempt-weight: a failing `chk` hands nothing over to a node with `nopreempt`"];
    one("nopreempt\ntrack_script {\nchk\n}", &expected);
    one("nopreempt\ntrack_script {\nchk weight 0\n}", &[]);
    one("track_script {\nchk\n}", &[]);
}

#[test]
fn what_the_daemon_says_is_not_said_again() {
    let reading = node(&format!("{ADDRESS}\nstate MASTER\nnopreempt"));
    assert!(reading.findings.iter().any(|f| f.code == "nopreempt-cleared"));
    let told = with_story(reading.findings.into_iter().find(|f| f.code == "nopreempt-cleared").unwrap());
    assert!(told.daemon.contains("second outage"), "{told:?}");
}

#[test]
fn tracking_nothing_is_worth_a_thought() {
    let text = format!("vrrp_instance VI_1 {{\ninterface eth0\nvirtual_router_id 51\n{ADDRESS}\n}}\n");
    let reading = read("a.conf", &text, &NoSources);
    assert_eq!(said(alone(&reading).iter()), ["nothing-tracked: `VI_1` tracks nothing"]);
    let text = format!("vrrp_sync_group G {{\ngroup {{\nVI_1\n}}\ntrack_script {{\nx\n}}\n}}\n{text}");
    assert_eq!(said(alone(&read("a.conf", &text, &NoSources)).iter()), [""; 0]);
}

#[test]
fn the_state_is_no_promise() {
    one("state MASTER\npriority 150", &["state-master: `state MASTER` decides nothing: the priority does"]);
    one("state MASTER\npriority 255", &[]);
}

#[test]
fn nodes_that_disagree_do_not_hear_each_other() {
    pair("", "advert_int 2", &["interval-differs: b has an `advert_int` of 2s, a of 1s"]);
    pair("version 3", "", &["version-differs: b speaks version 2 for VRID 51, a version 3"]);
    let pass = |word: &str| format!("authentication {{\nauth_type PASS\nauth_pass {word}\n}}");
    pair(&pass("one"), &pass("two"), &["auth-differs: a and b have different passwords for VRID 51"]);
    pair(&pass("one"), "", &["auth-differs: b uses no authentication for VRID 51, a PASS"]);
    let peer = "unicast_src_ip 10.0.0.2\nunicast_peer {\n10.0.0.1\n}";
    pair("", peer, &["casting-differs: b sends unicast, a multicast"]);
    pair("down_timer_adverts 5", "", &["down-timer-differs: b waits for 3 adverts, a for 5"]);
    pair("garp_master_refresh 60", "", &["garp-differs: b announces its addresses differently from a"]);
}

#[test]
fn the_password_is_not_in_the_message() {
    let pass =
        |word: &str| node(&format!("{ADDRESS}\nauthentication {{\nauth_type PASS\nauth_pass {word}\n}}"));
    let (a, b) = (pass("hidden1"), pass("hidden2"));
    for lint in cluster(&[member("a", &a), member("b", &b)]) {
        assert!(!format!("{:?}", lint.finding).contains("hidden"), "{lint:?}");
    }
}

#[test]
fn address_lists_must_be_the_same() {
    let list =
        |addresses: &str, priority: u8| format!("priority {priority}\nvirtual_ipaddress {{\n{addresses}\n}}");
    let check = |a: &str, b: &str, expected: &str| two(&list(a, 150), &list(b, 100), &[expected]);
    check("10.0.0.9\n10.0.0.8", "10.0.0.9", "addresses-differ: b lacks 10.0.0.8, which a has");
    check("10.0.0.9", "10.0.0.9\n10.0.0.8", "addresses-differ: b has 10.0.0.8, which a lacks");
    check("10.0.0.9", "10.0.0.8", "addresses-differ: a and b use VRID 51 for different addresses");
    check(
        "10.0.0.9\n10.0.0.8",
        "10.0.0.8\n10.0.0.9",
        "order-differs: b lists the addresses of VRID 51 in another order than a",
    );
}

#[test]
fn a_peer_that_nobody_names_hears_nothing() {
    let cast = |own: &str, peer: &str| format!("unicast_src_ip {own}\nunicast_peer {{\n{peer}\n}}");
    pair(&cast("10.0.0.1", "10.0.0.2"), &cast("10.0.0.2", "10.0.0.1"), &[]);
    pair(
        &cast("10.0.0.1", "10.0.0.3"),
        &cast("10.0.0.2", "10.0.0.1"),
        &["peer-missing: a sends nothing to b (10.0.0.2)"],
    );
}

#[test]
fn every_node_needs_a_priority_of_its_own() {
    let same = |more: &str| format!("{ADDRESS}\n{more}");
    let check = |lines: &str, expected: &str| two(&same(lines), &same(lines), &[expected]);
    check("", "equal-priority: a and b both have priority 100");
    check("state MASTER\npriority 90", "equal-priority: a and b both have `state MASTER` and priority 90");
    check("priority 255", "equal-priority: a and b both claim to own the addresses (priority 255)");
}

#[test]
fn nopreempt_belongs_to_the_greater_priority() {
    pair("nopreempt", "nopreempt", &[]);
    pair("nopreempt", "", &[]);
    pair("", "nopreempt", &["nopreempt-lesser: b has `nopreempt`, but a with the greater priority has not"]);
    let cleared = "state MASTER\nnopreempt";
    pair(cleared, cleared, &["nopreempt-nowhere: every node asks for `nopreempt`, and none has it"]);
}

#[test]
fn a_weight_must_change_who_is_best() {
    let track = |weight: &str| format!("track_script {{\nchk {weight}\n}}");
    let expected = ["weight-too-small: when `chk` fails, a still has priority 120"];
    pair(&track(""), &track(""), &expected);
    pair(&track("weight -50"), &track(""), &["weight-too-small: when `chk` fails, a still has priority 100"]);
    pair(&track("weight -51"), &track(""), &[]);
    pair(&track("weight 51"), &track("weight 51"), &[]);
    pair(
        &track("weight 50"),
        &track("weight 50"),
        &["weight-too-small: when `chk` fails, a still has priority 150"],
    );
    pair(&track("weight 60"), "", &["weight-too-small: when `chk` fails, a still has priority 150"]);
    pair(&track("weight 0"), &track("weight 0"), &[]);
    pair(&track("weight -10 reverse"), "", &[]);
}

#[test]
fn a_mistyped_vrid_makes_two_masters() {
    let text =
        |vrid: u8| format!("vrrp_instance V {{\ninterface eth0\nvirtual_router_id {vrid}\n{ADDRESS}\n}}\n");
    let (a, b) = (read("a.conf", &text(51), &NoSources), read("b.conf", &text(15), &NoSources));
    let lints = cluster(&[member("a", &a), member("b", &b)]);
    assert_eq!(
        said(lints.iter().map(|l| &l.finding)),
        ["vrid-differs: a has 10.0.0.9 under VRID 51, here it is 15"]
    );
    assert_eq!(lints[0].member, 1);
    assert_eq!(&b.sources[0].text[lints[0].finding.place.span.clone()], "15");
}

fn link(segment: usize, address: &str) -> Vec<Link> {
    vec![Link { name: "eth0".to_string(), segment, addresses: vec![address.parse().unwrap()] }]
}

#[test]
fn a_known_network_shows_more() {
    let (a, b) = (node(&format!("priority 150\n{ADDRESS}")), node(ADDRESS));
    let (one, far, other) = (link(0, "10.0.0.1/24"), link(0, "10.0.1.1/24"), link(1, "10.0.0.2/24"));
    let with = |links_a: &[Link], links_b: &[Link]| {
        let members =
            [Member { links: links_a, ..member("a", &a) }, Member { links: links_b, ..member("b", &b) }];
        let lints = cluster(&members);
        said(lints.iter().map(|l| &l.finding))
    };
    assert_eq!(with(&one, &link(0, "10.0.0.2/24")), [""; 0]);
    assert_eq!(with(&one, &far), ["address-outside: 10.0.0.9 is in no network of eth0 (10.0.1.0/24)"]);
    assert_eq!(with(&one, &other), [""; 0], "on another segment it is another virtual router");
    let lone = read("c.conf", "vrrp_instance V {\ninterface eth0\nvirtual_router_id 9\n}\n", &NoSources);
    let members = [
        Member { links: &one, ..member("a", &a) },
        Member { links: &one, ..member("b", &b) },
        Member { links: &one, ..member("c", &lone) },
    ];
    let lints = cluster(&members);
    let lints = said(lints.iter().map(|l| &l.finding));
    assert_eq!(lints, ["vrid-alone: only c has VRID 9 on this segment, a has not"]);
}

#[test]
fn nodes_of_different_networks_are_noticed() {
    pair(
        "mcast_src_ip 10.0.0.1",
        "mcast_src_ip 10.0.1.2",
        &["other-subnet: a speaks from 10.0.0.1 and b from 10.0.1.2, which 10.0.0.9/24 separates"],
    );
    pair("mcast_src_ip 10.0.0.1", "mcast_src_ip 10.0.0.2", &[]);
}
