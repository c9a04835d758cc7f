//! Addresses, routes and rules.

use super::*;

#[test]
fn an_address_has_options() {
    let text = "virtual_ipaddress_excluded {
10.0.0.7/24 brd + dev eth1 scope link label eth1:3
10.0.0.6 peer 10.0.0.44 broadcast 10.0.0.255
10.0.0.5 preferred_lft 7 home -nodad mngtmpaddr noprefixroute autojoin no_track
fe80::9/64 preferred_lft forever
}";
    let excluded = instance(text, &[]).excluded;
    let mut a = Address::plain(cidr("10.0.0.7/24"), "eth1");
    a.broadcast = Some(Broadcast::Set);
    a.scope = Some("link".into());
    a.label = Some("eth1:3".into());
    let mut b = Address::plain(cidr("10.0.0.6"), "eth0");
    b.peer = Some(cidr("10.0.0.44"));
    b.broadcast = Some(Broadcast::Address([10, 0, 0, 255].into()));
    let mut c = Address::plain(cidr("10.0.0.5"), "eth0");
    c.preferred_lft = Some(Duration::from_secs(7));
    c.flags =
        ["home", "-nodad", "mngtmpaddr", "noprefixroute", "autojoin", "no_track"].map(String::from).into();
    assert_eq!(excluded, [a, b, c, Address::plain(cidr("fe80::9/64"), "eth0")]);
}

#[test]
fn an_address_that_the_daemon_does_not_take() {
    let text = "virtual_ipaddress_excluded {
10.0.0.4/33
010.0.0.9
10.0.0.4 dev
10.0.0.5 brd x
10.0.0.6/24 label aaaaaaaaaaaaaaaa
10.0.0.7 scope foo brd +
10.0.0.8 peer 10.0.0.8/24
10.0.0.12 foo dev eth1
fe80::10 scope link
10.0.0.13/
}";
    let excluded = instance(
        text,
        &[
            "3:1 warning number-out-of-range: `33` is not a prefix length from 0 to 32",
            "4:1 warning invalid-address: `010.0.0.9` is not an address",
            "5:10 warning missing-value: `dev` has no value",
            "6:14 warning invalid-broadcast: `x` is not a broadcast address",
            "7:19 warning label-too-long: the label `aaaaaaaaaaaaaaaa` is longer than 15 characters",
            "8:16 warning invalid-scope: `foo` is not a scope",
            "8:24 warning invalid-broadcast: a /32 has no broadcast address",
            "9:15 warning invalid-address: `10.0.0.8/24` is not a peer address of the same family",
            "10:11 warning unknown-option: `foo` is not an option of an address",
            "11:10 warning invalid-scope: an IPv6 address takes no scope",
            "12:1 warning invalid-number: `10.0.0.13/` has no prefix length behind the slash",
        ],
    )
    .excluded;
    let kept: Vec<_> = excluded.iter().map(|a| format!("{} {}", a.cidr, a.dev)).collect();
    let expected = ["10.0.0.4/32 eth0", "10.0.0.7/32 eth0", "10.0.0.8/32 eth0", "10.0.0.12/32 eth1"];
    assert_eq!(kept[..4], expected);
    assert_eq!(kept[4..], ["fe80::10/128 eth0", "10.0.0.13/0 eth0"]);
}

#[test]
fn routes_and_rules_are_checked_option_by_option() {
    let i = instance(
        "virtual_routes {\n10.1.0.0/16 via 10.0.0.1 dev eth0 metric 5\n10.2.0.0/16 gw 10.0.0.1\n10.3.0.0/16 dev eth0 mertic 5\n}\nvirtual_rules {\nfrom 10.0.0.1 table 10\nfrom 10.0.0.1\n}",
        &[
            "4:1 warning route-not-tracked: the route to 10.2.0.0/16 names no interface",
            "4:13 warning deprecated: `gw` is an old word",
            "5:22 warning unknown-option: `mertic` is not an option here",
            "8:1 warning missing-value: this rule has no `priority`",
            "9:1 warning missing-value: this rule does nothing",
        ],
    );
    assert_eq!((i.routes.len(), i.rules.len()), (2, 1));
    assert_eq!(i.routes[0].option("metric"), Some("5"));
}

#[test]
fn times_of_a_route_have_units_and_limits() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("rtt", "960000", &[]),
        ("rtt", "960S", &[]),
        ("rtt", ".5s", &[]),
        ("rtt", "+5ms", &[]),
        ("rtt", "\"\"", &[]),
        ("rtt", "lock 5", &[]),
        ("rtt", "960001", &["number-out-of-range: `960001` for `rtt` is out of range"]),
        ("rtt", "961s", &["number-out-of-range: `961s` for `rtt` is out of range"]),
        ("rtt", "960.0001s", &["too-many-decimals: `960.0001s` is finer than a millisecond"]),
        ("rtt", "1.0", &["too-many-decimals: `1.0` is finer than a millisecond"]),
        ("rtt", "960000.5", &["number-out-of-range: `960000.5` for `rtt` is out of range"]),
        ("rtt", "-1", &["number-out-of-range: `-1` for `rtt` is negative"]),
        ("rtt", "5us", &["invalid-number: `5us` for `rtt` is not a number"]),
        ("rtt", "s", &["invalid-number: `s` for `rtt` is not a number"]),
        ("rttvar", "480s", &[]),
        ("rttvar", "480001", &["number-out-of-range: `480001` for `rttvar` is out of range"]),
        ("rto_min", "120s", &[]),
        ("rto_min", "120001", &["number-out-of-range: `120001` for `rto_min` is out of range"]),
    ];
    for (option, value, expected) in cases {
        let line = format!("10.1.0.0/16 via 10.0.0.2 dev eth0 {option} {value}");
        let text = format!("static_routes {{\n{line}\n}}\n{PLAIN}");
        let reading = read("keepalived.conf", &text, &NoSources);
        let said: Vec<_> = reading.findings.iter().map(|f| format!("{}: {}", f.code, f.message)).collect();
        assert_eq!(said, *expected, "{line}");
    }
}

#[test]
fn an_ipv6_address_takes_no_label() {
    let text = format!("static_ipaddress {{\nfe80::4/64 dev eth0 label eth0:1\n}}\n{PLAIN}");
    let config = check(&text, &["2:21 warning invalid-label: an IPv6 address takes no label"]);
    assert_eq!(config.static_addresses[0].label, None);
}
