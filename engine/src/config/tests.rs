//! The reader's story, told in configurations and what is said about them.
//! Every running meaning and every verdict here was taken from keepalived 2.2.7 itself.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::addr::Cidr;
use crate::finding::did_you_mean;
use crate::time::Duration;

/// The findings as lines `LINE:COL severity code: message`.
fn said(reading: &Reading) -> Vec<String> {
    let line = |f: &Finding| {
        let source = reading.sources.iter().find(|source| source.name == f.place.file).unwrap();
        let (line, column) = source.line_column(f.place.span.start);
        let severity = format!("{:?}", f.severity).to_lowercase();
        format!("{line}:{column} {severity} {}: {}", f.code, f.message)
    };
    reading.findings.iter().map(line).collect()
}

/// Reads `text` and compares what is said about it.
#[track_caller]
fn check(text: &str, expected: &[&str]) -> Config {
    let reading = read("keepalived.conf", text, &NoSources);
    assert_eq!(said(&reading), expected, "\n{text}");
    reading.config
}

/// Reads an instance that is complete but for `lines`, which start at line 2.
#[track_caller]
fn instance(lines: &str, expected: &[&str]) -> Instance {
    let text = format!(
        "vrrp_instance VI_1 {{\n{lines}\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {{\n10.0.0.9\n}}\n}}\n"
    );
    let mut config = check(&text, expected);
    assert_eq!(config.instances.len(), 1, "{text}");
    config.instances.remove(0)
}

/// Reads `global_defs` with `lines`, which start at line 2, and an instance behind it.
#[track_caller]
fn global(lines: &str, expected: &[&str]) -> Config {
    check(&format!("global_defs {{\n{lines}\n}}\n{PLAIN}"), expected)
}

const PLAIN: &str = "vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        10.0.0.9
    }
}
";

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

const TUTORIAL: &str = "\
! Configuration File for keepalived
global_defs {
    notification_email {
        admin@example.org # who hears of a failover
        admin@example.org
    }
    notification_email_from keepalived@KA1.example.org
    smtp_server 127.0.0.1
    smtp_connect_timeout 30
    router_id KA1.example.org
    vrrp_skip_check_adv_addr
    vrrp_strict
    vrrp_garp_interval 0
    vrrp_gna_interval 0
    vrrp_mcast_group4 224.0.0.18
}

vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type AH|PASS
        uth_pass 1111
    }
    virtual_ipaddress {
        <IPADDR>/<MASK> brd <IPADDR> dev <STRING> scope <SCOPE> label <LABEL>
        172.25.254.100
        172.25.254.101/24 dev eth1
        172.25.254.102/24 dev eth2 label eth2:1
    }
}
";

#[test]
fn the_tutorials_reference_configuration_says_what_is_wrong_with_it() {
    let config = check(
        TUTORIAL,
        &[
            "13:24 warning number-out-of-range: `0` for `vrrp_garp_interval` is out of range",
            "14:23 warning number-out-of-range: `0` for `vrrp_gna_interval` is out of range",
            "19:11 warning strict-state: strict mode wants `state MASTER` with priority 255 and only then",
            "25:19 warning invalid-auth-type: `AH|PASS` is not a type of authentication",
            "26:9 warning unknown-keyword: `uth_pass` is not a keyword in `authentication`",
            "29:9 warning invalid-address: `<IPADDR>/<MASK>` is not an address",
        ],
    );
    assert_eq!(config.global.notification_email, ["admin@example.org", "admin@example.org"]);
    assert_eq!(config.global.garp_interval, Duration::ZERO);
    let vi = &config.instances[0];
    assert_eq!((vi.vrid, vi.priority, vi.auth, vi.skip_check_adv_addr), (51, 100, Auth::None, true));
    let on: Vec<_> = vi.addresses.iter().map(|a| format!("{} {}", a.cidr, a.dev)).collect();
    assert_eq!(on, ["172.25.254.100/32 eth0", "172.25.254.101/24 eth1", "172.25.254.102/24 eth2"]);
}

#[test]
fn a_finding_tells_what_the_daemon_does_and_what_to_write() {
    let reading = read("keepalived.conf", TUTORIAL, &NoSources);
    let of = |text: &str| {
        let at = TUTORIAL.find(text).unwrap();
        let f = reading.findings.iter().find(|f| f.place.span == (at..at + text.len())).unwrap();
        (f.daemon.as_str(), f.help.as_str())
    };
    assert_eq!(
        of("uth_pass"),
        (
            "ignores the line; without type and password there is no authentication",
            "did you mean `auth_pass`?"
        )
    );
    assert_eq!(of("AH|PASS"), ("ignores the line", "write `PASS` or `AH`"));
    assert!(!reading.refused());
}

#[test]
fn the_tutorials_working_configuration_is_read() {
    let config = check(
        "# 全局设定
global_defs {
    router_id ka1 # 虚拟路由的id
    smtp_server 127.0.0.1 # 邮件服务器ip
    # vrrp_strict # 强制使用vrrp协议
    vrrp_garp_interval 0
}
vrrp_instance VI_1 {
    state MASTER # 主设备
    interface ens33
    virtual_router_id 100
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress { # vip
        192.168.10.240/24 dev ens33 label ens33:0
    }
}
",
        &["6:24 warning number-out-of-range: `0` for `vrrp_garp_interval` is out of range"],
    );
    let mut expected = Instance::named("VI_1");
    expected.state = WantedState::Master;
    expected.interface = "ens33".into();
    expected.vrid = 100;
    expected.auth = Auth::Pass(*b"1111\0\0\0\0");
    let mut address = Address::plain(cidr("192.168.10.240/24"), "ens33");
    address.label = Some("ens33:0".into());
    expected.addresses = vec![address];
    assert_eq!(config.instances, [expected]);
    assert_eq!(config.global.router_id.as_deref(), Some("ka1"));
}

#[test]
fn every_keyword_of_an_instance_sets_its_field() {
    let plain = instance("", &[]);
    type Change = fn(&mut Instance);
    let secs = Duration::from_secs;
    let cases: &[(&str, Change)] = &[
        ("state BACKUP", |_| {}),
        ("priority 99", |i| i.priority = 99),
        ("state MASTER\npriority 99", |i| (i.state, i.priority) = (WantedState::Master, 99)),
        ("advert_int 2", |i| i.advert_int = Duration::from_secs(2)),
        ("version 2", |_| {}),
        ("nopreempt", |i| i.nopreempt = true),
        ("nopreempt\npreempt", |_| {}),
        ("preempt_delay 1.5", |i| i.preempt_delay = Duration::from_millis(1_500)),
        ("garp_master_delay 9", |i| i.garp.master_delay = Duration::from_secs(9)),
        ("garp_master_repeat 9", |i| i.garp.master_repeat = 9),
        ("garp_master_refresh 9", |i| i.garp.master_refresh = Duration::from_secs(9)),
        ("garp_master_refresh_repeat 9", |i| i.garp.master_refresh_repeat = 9),
        ("garp_lower_prio_delay 9", |i| i.garp.lower_prio_delay = Duration::from_secs(9)),
        ("garp_lower_prio_repeat 0", |i| i.garp.lower_prio_repeat = 0),
        ("down_timer_adverts 4", |i| i.down_timer_adverts = 4),
        ("lower_prio_no_advert", |i| i.lower_prio_no_advert = true),
        ("higher_prio_send_advert yes", |i| i.higher_prio_send_advert = true),
        ("skip_check_adv_addr", |i| i.skip_check_adv_addr = true),
        ("dont_track_primary", |i| i.dont_track_primary = true),
        ("mcast_src_ip 10.0.0.1", |i| i.mcast_src_ip = Some([10, 0, 0, 1].into())),
        ("mcast_dst_ip 224.0.0.77", |i| i.mcast_dst_ip = [224, 0, 0, 77].into()),
        ("authentication\n{\nauth_type PASS\nauth_pass \"a#b\"\n}", |i| {
            i.auth = Auth::Pass(*b"a#b\0\0\0\0\0");
        }),
    ];
    for (text, change) in cases {
        let mut expected = plain.clone();
        change(&mut expected);
        assert_eq!(instance(text, &[]), expected, "{text}");
    }
    assert_eq!((plain.advert_int, plain.garp.master_delay, plain.priority), (secs(1), secs(5), 100));
}

#[test]
fn every_global_keyword_sets_its_field() {
    let config = global(
        "router_id \"KA 1\"
notification_email { a@example.org b@example.org }
notification_email_from k@example.org
smtp_server 127.0.0.1 26
smtp_connect_timeout 7
script_user root wheel
enable_script_security
vrrp_version 2
vrrp_skip_check_adv_addr
vrrp_garp_interval 0.5
vrrp_gna_interval 0.000001
vrrp_mcast_group4 224.0.0.99
vrrp_garp_master_delay 9
vrrp_garp_master_repeat 8
vrrp_garp_master_refresh 7
vrrp_garp_master_refresh_repeat 6
vrrp_down_timer_adverts 4
vrrp_lower_prio_no_advert
vrrp_higher_prio_send_advert on",
        &[],
    );
    let expected = Global {
        router_id: Some("KA 1".into()),
        notification_email: vec!["a@example.org".into(), "b@example.org".into()],
        notification_email_from: Some("k@example.org".into()),
        smtp_server: Some("127.0.0.1 26".into()),
        smtp_connect_timeout: Duration::from_secs(7),
        mcast_group4: [224, 0, 0, 99].into(),
        garp_interval: Duration::from_millis(500),
        gna_interval: Duration::from_micros(1),
        script_security: true,
        script_user: Some(("root".into(), Some("wheel".into()))),
        other: config.global.other.clone(),
        ..Global::default()
    };
    assert_eq!(config.global, expected);
    let i = &config.instances[0];
    let garp = Garp {
        master_delay: Duration::from_secs(9),
        master_repeat: 8,
        master_refresh: Duration::from_secs(7),
        master_refresh_repeat: 6,
        lower_prio_delay: Duration::from_secs(9),
        lower_prio_repeat: 8,
    };
    assert_eq!((i.garp, i.down_timer_adverts, i.mcast_dst_ip), (garp, 4, [224, 0, 0, 99].into()));
    assert!(i.lower_prio_no_advert && i.higher_prio_send_advert && i.skip_check_adv_addr);
}

#[test]
fn global_defs_hold_wherever_they_stand_and_instances_overrule_them() {
    let text = format!("{PLAIN}global_defs {{\nvrrp_garp_master_delay 9\nvrrp_down_timer_adverts 7\n}}\n");
    let i = check(&text, &[]).instances.remove(0);
    assert_eq!((i.garp.master_delay, i.down_timer_adverts), (Duration::from_secs(9), 7));
    let text = format!(
        "global_defs {{\nvrrp_lower_prio_no_advert\nvrrp_garp_master_delay 9\n}}\n{}",
        PLAIN.replace("interface", "garp_master_delay 2\nlower_prio_no_advert no\ninterface")
    );
    let i = check(&text, &[]).instances.remove(0);
    assert_eq!(
        (i.garp.master_delay, i.garp.lower_prio_delay),
        (Duration::from_secs(2), Duration::from_secs(9))
    );
    assert!(!i.lower_prio_no_advert);
}

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
fn a_notify_command_has_arguments_and_a_user() {
    let text = "notify \"/bin/n 'a b' c\" root wheel\nnotify_master /bin/m root\nnotify_backup '/bin/b x' # y
notify_fault /bin/f\nnotify_stop /bin/s\nnotify_master_rx_lower_pri /bin/l\nnotify_master /bin/again";
    let notify = instance(text, &["8:1 warning repeated-keyword: `notify_master` was already given"]).notify;
    let command = |argv: &[&str], user: Option<(&str, Option<&str>)>| {
        let user = user.map(|(u, g)| (u.to_string(), g.map(String::from)));
        Some(Command { argv: argv.iter().map(|s| s.to_string()).collect(), user })
    };
    assert_eq!(notify.any, command(&["/bin/n", "a b", "c"], Some(("root", Some("wheel")))));
    assert_eq!(notify.master, command(&["/bin/m"], Some(("root", None))));
    assert_eq!(notify.backup, command(&["/bin/b", "x"], None));
    assert_eq!(notify.fault, command(&["/bin/f"], None));
    assert_eq!(notify.stop, command(&["/bin/s"], None));
    assert_eq!(notify.master_rx_lower_pri, command(&["/bin/l"], None));
}

#[test]
fn numbers_out_of_range_have_the_daemons_meaning() {
    let i = instance(
        "priority 50\npriority 256",
        &["3:10 warning number-out-of-range: `256` for `priority` is out of range"],
    );
    assert_eq!(i.priority, 100);
    let i =
        instance("priority 0x64", &["2:10 warning invalid-number: `0x64` for `priority` is not a number"]);
    assert_eq!(i.priority, 100);
    let out = "2:19 warning number-out-of-range: `0` for `virtual_router_id` is out of range";
    assert_eq!(instance("virtual_router_id 0", &[out]).vrid, 51);
    let i = instance(
        "advert_int 256",
        &["2:12 warning number-out-of-range: `256` for `advert_int` is out of range"],
    );
    assert_eq!(i.advert_int, Duration::from_secs(1));
    let i = instance(
        "garp_master_repeat 0",
        &["2:20 warning number-out-of-range: `garp_master_repeat` must be at least 1"],
    );
    assert_eq!(i.garp.master_repeat, 1);
    instance("preempt_delay -1", &["2:15 warning number-out-of-range: `-1` for `preempt_delay` is negative"]);
    let i = instance(
        "preempt_delay 1.0000006",
        &["2:15 warning too-many-decimals: `1.0000006` has more than six decimals"],
    );
    assert_eq!(i.preempt_delay, Duration::from_micros(1_000_001));
    instance(
        "lower_prio_no_advert 1",
        &["2:22 warning invalid-switch: `1` for `lower_prio_no_advert` is neither true nor false"],
    );
    let on = "2:21 warning switched-on-anyway: `false` is not looked at";
    assert!(instance("skip_check_adv_addr false", &[on]).skip_check_adv_addr);
}

#[test]
fn some_keywords_take_the_digits_in_front() {
    let repeat = |text: &str, what: &str| {
        let message = format!("2:20 warning {what}");
        instance(&format!("garp_master_repeat {text}"), &[&message]).garp.master_repeat
    };
    assert_eq!(repeat("40.96", "invalid-number: `40.96` for `garp_master_repeat` is not a number"), 40);
    assert_eq!(repeat("x", "invalid-number: `x` for `garp_master_repeat` is not a number"), 1);
    assert_eq!(repeat("-7", "number-out-of-range: `-7` for `garp_master_repeat` is negative"), 5);
    assert_eq!(instance("garp_master_refresh 4295", &[]).garp.master_refresh, Duration::from_secs(4295));
}

#[test]
fn version_2_advertises_in_whole_seconds() {
    for (text, secs) in [("0.4", 1), ("1.4", 1), ("1.5", 2), ("2.5", 3)] {
        let message = format!(
            "2:12 warning interval-rounded: an `advert_int` of {} is not possible: version 2 has whole seconds",
            format!("{text}s").parse::<Duration>().unwrap()
        );
        assert_eq!(
            instance(&format!("advert_int {text}"), &[&message]).advert_int,
            Duration::from_secs(secs)
        );
    }
    let text = "advert_int 50\nversion 3";
    let i = instance(
        text,
        &[
            "2:12 warning interval-rounded: an `advert_int` of 50s is not possible: version 3 has hundredths of a second up to 40.95",
        ],
    );
    assert_eq!((i.advert_int, i.version), (Duration::from_millis(40_950), Version::V3));
}

#[test]
fn state_master_corrects_preemption() {
    let i = instance(
        "state MASTER\npriority 100\nnopreempt\npreempt_delay 5",
        &[
            "4:1 warning nopreempt-cleared: `nopreempt` does not go with `state MASTER`",
            "5:15 warning preempt-delay-cleared: `preempt_delay` does not go with `state MASTER`",
        ],
    );
    assert_eq!((i.nopreempt, i.preempt_delay), (false, Duration::ZERO));
    let i = instance(
        "nopreempt\npreempt_delay 5",
        &["3:15 warning preempt-delay-cleared: `preempt_delay` does not go with `nopreempt`"],
    );
    assert_eq!((i.nopreempt, i.preempt_delay), (true, Duration::ZERO));
    let i = instance(
        "state BACKUP\npriority 255\nnopreempt\npreempt_delay 5",
        &["4:1 warning nopreempt-cleared: `nopreempt` does not go with priority 255"],
    );
    assert_eq!((i.state, i.nopreempt, i.preempt_delay), (WantedState::Backup, false, Duration::from_secs(5)));
    let i = instance(
        "state MASTER",
        &["2:7 note implied-owner: `state MASTER` without `priority` means 255, the owner of the addresses"],
    );
    assert!(i.is_owner());
    assert_eq!(instance("priority 255", &[]).state, WantedState::Master);
    let i = instance(
        "state master\nstate MASTER\npriority 1",
        &["2:7 warning invalid-state: `master` is neither MASTER nor BACKUP"],
    );
    assert_eq!(i.state, WantedState::Master);
    let twice = "3:1 warning repeated-keyword: the state was already given, and differently";
    assert_eq!(instance("state BACKUP\nstate MASTER", &[twice]).state, WantedState::Backup);
}

#[test]
fn authentication_needs_type_and_password() {
    let auth =
        |lines: &str, expected: &[&str]| instance(&format!("authentication {{\n{lines}\n}}"), expected).auth;
    let long = auth(
        "auth_type PASS\nauth_pass 123456789",
        &["4:11 warning password-too-long: the password has 9 characters, only 8 count"],
    );
    assert_eq!(long, Auth::Pass(*b"12345678"));
    let none = auth("auth_type PASS", &["3:11 warning no-password: `auth_type` without `auth_pass`"]);
    assert_eq!(none, Auth::None);
    let none = auth("auth_pass 1", &["3:11 warning no-auth-type: `auth_pass` without `auth_type`"]);
    assert_eq!(none, Auth::None);
    let none = auth(
        "auth_type pass\nauth_pass 1",
        &["3:11 warning invalid-auth-type: `pass` is not a type of authentication"],
    );
    assert_eq!(none, Auth::None);
    let ah = auth("auth_type AH\nauth_pass 1", &[]);
    assert_eq!(ah, Auth::Ah(*b"1\0\0\0\0\0\0\0"));
    let v3 = instance(
        "version 3\nauthentication {\nauth_type PASS\nauth_pass 1\n}",
        &["4:11 warning auth-ignored: version 3 has no authentication"],
    );
    assert_eq!(v3.auth, Auth::None);
}

#[test]
fn the_first_address_decides_the_family() {
    let text = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\nfe80::9\n10.0.0.9\n}\n}\n";
    let i = check(
        text,
        &["6:1 warning family-mismatch: `10.0.0.9` is not of the family of this instance's first address"],
    )
    .instances
    .remove(0);
    assert_eq!((i.version, i.addresses.len()), (Version::V3, 1));
}

#[test]
fn what_stops_the_daemon_is_an_error() {
    check(
        "vrrp_instance A {\n}\n",
        &[
            "1:15 error missing-keyword: `vrrp_instance A` has no `virtual_router_id`",
            "1:15 error missing-keyword: `vrrp_instance A` has no `interface`",
            "1:15 warning no-address: `vrrp_instance A` has no virtual address",
        ],
    );
    instance("priority", &["2:1 error missing-argument: `priority` lacks its value"]);
    instance("priority \"100", &["2:10 error open-quote: this quote is never closed"]);
    check(
        &format!("{PLAIN}{}", PLAIN.replace("VI_1", "VI_2").replace(".9", ".8")),
        &["10:23 error duplicate-vrid: `VI_1` already has virtual router 51 on eth0"],
    );
    check(
        &PLAIN.replace("51", "256"),
        &["3:23 error number-out-of-range: `256` for `virtual_router_id` is out of range"],
    );
    check(
        &PLAIN.replace("virtual_router_id", "virtual_router_ip"),
        &["3:5 error unknown-keyword: `virtual_router_ip` is not a keyword in `vrrp_instance`"],
    );
}

#[test]
fn other_interfaces_groups_and_unicast_may_share_a_vrid() {
    let other =
        |line: &str| PLAIN.replace("VI_1", "VI_2").replace(".9", ".8").replace("interface eth0", line);
    check(&format!("{PLAIN}{}", other("interface eth1")), &[]);
    check(&format!("{PLAIN}{}", other("interface eth0\nmcast_dst_ip 224.0.0.55")), &[]);
    check(&format!("{PLAIN}{}", other("interface eth0\nunicast_peer {\n10.0.0.2\n}")), &[]);
}

#[test]
fn lints_cost_nothing() {
    let i = instance(
        "virtual_ipaddress {\n10.0.0.9/24\n}",
        &["8:1 warning duplicate-address: 10.0.0.9 is given twice for eth0"],
    );
    assert_eq!(i.addresses.len(), 2);
    check(&format!("{PLAIN}{PLAIN}"), &["8:15 warning duplicate-name: `vrrp_instance VI_1` already exists"]);
    check(
        &format!("vrrp_instance {{\npriority 7\n}}\n{PLAIN}"),
        &["1:1 warning missing-name: `vrrp_instance` needs exactly one name"],
    );
}

#[test]
fn unknown_keywords_get_a_suggestion_and_their_block_is_read_over() {
    let unknown = "vrrp_script foo {\nscrip x\n}\nfoo {\nbar {\n}\n}\n// x\npriority 7\n";
    let config = check(
        &format!("{unknown}{PLAIN}"),
        &[
            "1:13 warning missing-keyword: `vrrp_script foo` has no `script`",
            "2:1 warning unknown-keyword: `scrip` is not a keyword in `vrrp_script`",
            "4:1 warning unknown-keyword: `foo` is not a keyword at the top level",
            "8:1 warning unknown-keyword: `//` is not a keyword at the top level",
            "9:1 warning unknown-keyword: `priority` is not a keyword at the top level",
        ],
    );
    assert_eq!(config.instances.len(), 1);
    let help: Vec<_> = read("x", unknown, &NoSources).findings.into_iter().map(|f| f.help).collect();
    assert_eq!(
        help,
        [
            "add `script`",
            "did you mean `script`?",
            "",
            "write `#` for a comment",
            "`priority` belongs in `vrrp_instance`"
        ]
    );
    assert_eq!(did_you_mean("scrip", ["script"]), Some("script"));
}

/// A mistake in the braces is one finding; what runs is what the daemon makes of the rest: router ids and how
/// many addresses, compared with its data.
#[test]
fn a_brace_that_is_wrong_is_one_finding() {
    let at = |text: &str, runs: &[(u8, usize)], expected: &str| {
        let config = check(text, &[expected]);
        let found: Vec<_> = config.instances.iter().map(|i| (i.vrid, i.addresses.len())).collect();
        assert_eq!(found, runs, "{text}");
    };
    let other = PLAIN.replace("VI_1", "VI_2").replace("eth0", "eth1").replace("51", "52");
    let open = PLAIN.strip_suffix("}\n").unwrap();
    at(open, &[(51, 1)], "1:1 warning missing-close: `vrrp_instance` is never closed");
    let next = "1:1 warning missing-close: `vrrp_instance` is not closed before `vrrp_instance`";
    at(&format!("{open}{other}"), &[(52, 2)], next);
    let inner = PLAIN.replacen("    }\n", "    priority 9\n", 1);
    at(&inner, &[(51, 1)], "4:5 warning missing-close: `virtual_ipaddress` is not closed before `priority`");
    let surplus = "8:1 warning surplus-close: a `}` that closes nothing";
    at(&format!("{PLAIN}}}\n{other}"), &[(51, 1), (52, 1)], surplus);
    let early = PLAIN.replacen("51\n", "51\n}\n", 1);
    let closes = "4:1 warning surplus-close: this `}` closes vrrp_instance before `virtual_ipaddress`";
    at(&early, &[(51, 0)], closes);
    let none = "1:1 warning missing-open: `vrrp_instance` has no block";
    at(&PLAIN.replacen(" {", "", 1), &[(51, 1)], none);
    let list = "4:5 warning missing-open: `virtual_ipaddress` has no block";
    at(&PLAIN.replace("ipaddress {", "ipaddress"), &[(51, 1)], list);
    let takes = "4:12 warning unexpected-brace: `priority` takes no block";
    at(&PLAIN.replace("51", "51\npriority 9 {\nfoo\n}"), &[(51, 0)], takes);
    let loose = "1:1 warning unexpected-brace: a `{` without a keyword before it";
    at(&format!("{{\n}}\n{PLAIN}"), &[(51, 1)], loose);
}

#[test]
fn braces_may_stand_anywhere() {
    let text = "vrrp_instance VI_1{interface eth0
        virtual_router_id 51\n virtual_ipaddress { 10.0.0.9 } }";
    assert_eq!(check(text, &[]).instances, check(PLAIN, &[]).instances);
}

#[test]
fn what_is_not_modelled_is_said_once() {
    let text = format!(
        "virtual_server 10.0.0.9 80 {{\nlb_algo rr\nreal_server 10.0.0.1 80 {{\nTCP_CHECK {{\nretri 3\n}}\n}}\n}}
virtual_server 10.0.0.9 81 {{\n}}\n{}",
        PLAIN.replace("eth0", "eth0\ntrack_bfd {\nx\n}\nsmtp_alert")
    );
    check(
        &text,
        &[
            "1:16 warning missing-keyword: no `protocol`: it is UDP then",
            "1:16 warning missing-keyword: no `lb_kind` that can be used",
            "5:1 warning unknown-keyword: `retri` is not a keyword in `TCP_CHECK`",
            "9:16 warning no-real-servers: this virtual server has no real servers",
            "13:1 warning not-simulated: `track_bfd` is read but not simulated yet: BFD sessions change neither priority nor state",
            "14:1 warning unknown-tracker: there is no bfd_instance `x`",
        ],
    );
}

#[test]
fn trackers_are_defined_above_and_weights_do_not_go_with_groups() {
    let text = format!(
        "vrrp_script s {{\nscript \"/bin/true a\"\ninterval 2\nweight 300\nrise 0\n}}\n{}vrrp_sync_group G {{\ngroup {{\nVI_1\nVI_9\n}}\n}}\n",
        PLAIN.replace("eth0", "eth0\ntrack_script {\ns\nt\n}")
    );
    let config = check(
        &text,
        &[
            "4:8 warning number-out-of-range: `300` for `weight` is out of range",
            "5:6 warning number-out-of-range: `0` for `rise` is out of range",
            "10:1 warning weight-ignored: `s` has a weight, which does not go with a sync group",
            "11:1 warning unknown-tracker: there is no vrrp_script `t`",
            "18:17 warning lonely-group: `vrrp_sync_group G` has only one instance",
            "21:1 warning unknown-instance: there is no vrrp_instance `VI_9`",
        ],
    );
    assert_eq!(config.scripts[0].weight, Weight { value: 300, reverse: false });
    assert_eq!((config.scripts[0].command.argv.len(), config.groups[0].members.len()), (2, 1));
    assert_eq!(config.instances[0].sync_group.as_deref(), Some("G"));
}

#[test]
fn strict_mode_takes_away_what_the_rfc_does_not_know() {
    let i = instance(
        "strict_mode\npreempt_delay 5\ndown_timer_adverts 5\naccept",
        &[
            "3:15 warning preempt-delay-cleared: `preempt_delay` does not go with strict mode",
            "4:20 warning strict-reset: `down_timer_adverts` does not go with strict mode",
            "5:1 warning strict-reset: `accept` does not go with strict mode",
        ],
    );
    assert!(i.strict && !i.accept && i.lower_prio_no_advert && i.down_timer_adverts == 3);
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

/// Files that only exist in this test.
struct Files(&'static [(&'static str, &'static str)]);

impl Sources for Files {
    fn include(&self, pattern: &str, directory: &str) -> Included {
        let path = if pattern.starts_with('/') { pattern.into() } else { format!("{directory}/{pattern}") };
        let matching = self
            .0
            .iter()
            .filter(|(name, _)| path.strip_suffix('*').map_or(*name == path, |p| name.starts_with(p)));
        let (secret, files): (Vec<_>, Vec<_>) = matching.partition(|(name, _)| name.ends_with("secret"));
        Included {
            files: files
                .iter()
                .map(|(name, text)| Source { name: (*name).into(), text: (*text).into() })
                .collect(),
            unreadable: secret.iter().map(|(name, _)| format!("{name}: permission denied")).collect(),
            no_directory: path.ends_with("/*") && path.contains("nowhere"),
        }
    }
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
fn what_is_given_twice_counts_once() {
    let twice = |name: &str| format!("3:1 warning repeated-keyword: `{name}` was already given");
    let config = global("lvs_sync_daemon eth0 A\nlvs_sync_daemon eth0 B", &[&twice("lvs_sync_daemon")]);
    assert_eq!(config.global.other["lvs_sync_daemon"], "eth0 A");
    let config = global("nftables one\nnftables two", &[&twice("nftables")]);
    assert_eq!(config.global.other["nftables"], "one");
    global("nftables_ipvs\nnftables_ipvs two", &[&twice("nftables_ipvs")]);
    let built = "2:1 warning not-built: this keepalived has no `vrrp_iptables`";
    global("vrrp_iptables IN OUT\nnftables", &[built, &twice("nftables")]);
    global("notification_email {\n}", &["2:1 warning empty-block: `notification_email` names nobody"]);
    let group = "garp_group {\ngarp_interval 1\ninterface eth1\ninterfaces {\neth1\neth2\n}\n}\n";
    let paced = "1:1 warning not-simulated: `garp_group` is read but not simulated yet: every interface is \
                 paced on its own";
    let again = "5:1 warning repeated-keyword: eth1 is already in this `garp_group`";
    let config = check(&format!("{group}{PLAIN}"), &[paced, again]);
    assert_eq!(config.garp_groups[0].interfaces, ["eth1", "eth2"]);
}

#[test]
fn an_instances_own_interface_has_one_name_that_no_other_has() {
    let plain = PLAIN.replace("51\n", "51\nuse_vmac one 00:11:22:33:44:55\n");
    let other = PLAIN.replace("VI_1", "VI_2").replace("51\n", "52\nuse_vmac one\n");
    let other = other.replace("10.0.0.9", "10.0.0.10");
    let reading = read("keepalived.conf", &format!("{plain}{other}"), &NoSources);
    let said = said(&reading);
    let taken = "12:10 warning duplicate-interface: `vrrp_instance VI_1` already uses the name `one`";
    assert_eq!(said[1..], [taken]);
    let name = |n: usize| reading.config.instances[n].vmac.as_ref().map(|vmac| vmac.name.as_str());
    assert_eq!((name(0), name(1)), (Some("one"), Some("vrrp.52")));
    let mentioned = "2:1 warning not-simulated: `use_vmac` is read but not simulated yet: adverts and \
                     addresses stay on the interface itself";
    let named = "3:10 warning extra-words: the interface already has a name";
    let address = "3:14 warning extra-words: the interface already has a MAC address";
    let i = instance(
        "use_vmac one 00:11:22:33:44:55\nuse_vmac two 00:11:22:33:44:66",
        &[mentioned, named, address],
    );
    assert_eq!(i.vmac.unwrap().name, "one");
}

#[test]
fn an_ipv6_address_takes_no_label() {
    let text = format!("static_ipaddress {{\nfe80::4/64 dev eth0 label eth0:1\n}}\n{PLAIN}");
    let config = check(&text, &["2:21 warning invalid-label: an IPv6 address takes no label"]);
    assert_eq!(config.static_addresses[0].label, None);
}

#[test]
fn includes_are_read_in_place_and_findings_name_the_file() {
    let files = Files(&[
        ("/etc/keepalived/conf.d/a", "vrrp_instance A {\ninclude vips\n"),
        ("/etc/keepalived/conf.d/b", "interface eth0\nvirtual_router_id 0\nvirtual_router_id 7\n}\n"),
        ("/etc/keepalived/conf.d/secret", ""),
        ("/etc/keepalived/conf.d/vips", "virtual_ipaddress {\n10.0.0.9\n}\ninclude vips\n"),
    ]);
    let text = "include conf.d/a\ninclude conf.d/b\ninclude conf.d/x*\ninclude conf.d/secret\n";
    let reading = read("/etc/keepalived/keepalived.conf", text, &files);
    let files: Vec<_> = reading.findings.iter().map(|f| f.place.file.rsplit('/').next().unwrap()).collect();
    let said = said(&reading);
    let both: Vec<_> = files.iter().zip(&said).map(|(file, said)| format!("{file}:{said}")).collect();
    assert_eq!(
        both,
        [
            "keepalived.conf:3:9 note include-nothing: no file matches `conf.d/x*`",
            "keepalived.conf:4:9 warning include-unreadable: cannot read /etc/keepalived/conf.d/secret: permission denied",
            "vips:4:9 warning include-loop: `/etc/keepalived/conf.d/vips` includes itself",
            "b:2:19 warning number-out-of-range: `0` for `virtual_router_id` is out of range",
        ]
    );
    assert_eq!((reading.config.instances[0].vrid, reading.config.instances[0].addresses.len()), (7, 1));
    assert_eq!(reading.sources.len(), 4);
}

/// Reads with a configuration id and compares what is said.
#[track_caller]
fn with_id(id: &str, text: &str, expected: &[&str]) -> Config {
    let options = Options { id: Some(id.into()), seed: 1 };
    let reading = read_with("keepalived.conf", text, &NoSources, &options);
    assert_eq!(said(&reading), expected, "\n{text}");
    reading.config
}

#[test]
fn conditions_definitions_and_sequences_make_instances() {
    let text = "$IF=eth0\n$INST= \\\nvrrp_instance I${i} { \\\ninterface $IF \\\nvirtual_router_id ${i} \\\n\
        virtual_ipaddress { \\\n~SEQ(j, 1, 2) 10.${i}.0.${j} \\\n} \\\n}\n~SEQ(i, 1, 3, 7) $INST\n";
    let config = with_id("low", text, &[]);
    let found: Vec<_> = config.instances.iter().map(|i| (i.vrid, i.addresses.len())).collect();
    assert_eq!(found, [(1, 2), (4, 2), (7, 2)]);
    let text = PLAIN.replace("eth0", "eth0\n@low priority 5\n@^low priority 6");
    assert_eq!(with_id("low", &text, &[]).instances[0].priority, 5);
    assert_eq!(with_id("high", &text, &[]).instances[0].priority, 6);
}

#[test]
fn a_definition_that_is_missing_is_one_finding() {
    let text = PLAIN.replace("51", "$VRID");
    with_id("a", &text, &["3:23 error undefined: `$VRID` is not defined"]);
    let text = format!("$N=300\n{}", PLAIN.replace("51", "51\npriority $N"));
    let out = "5:10 warning number-out-of-range: `300` for `priority` is out of range (`$N`, line 1)";
    with_id("a", &text, &[out]);
    let text = format!("$X=$X\n{}", PLAIN.replace("eth0", "eth0\nrouter $X"));
    let reading = read("x", &text, &NoSources);
    assert!(reading.findings.iter().any(|f| f.code == "endless-definition"));
}

#[test]
fn a_backslash_protects_a_comment_sign_only_once() {
    let text = PLAIN.replace("eth0", "eth0\nauthentication {\nauth_type PASS\nauth_pass a\\#b\n}");
    let config = check(&text, &["5:13 warning second-comment: this starts a comment after all"]);
    assert_eq!(config.instances[0].auth, Auth::Pass(*b"a\0\0\0\0\0\0\0"));
}

/// Whatever was read: findings in order, each within its text and on character borders.
fn sound(reading: &Reading) {
    for f in &reading.findings {
        let source = reading.sources.iter().find(|source| source.name == f.place.file).unwrap();
        assert!(source.text.get(f.place.span.clone()).is_some(), "{f:?}");
        assert!(!f.place.span.is_empty() && !f.message.is_empty(), "{f:?}");
    }
    for i in &reading.config.instances {
        assert!(i.priority > 0 && i.down_timer_adverts > 0 && i.garp.master_repeat > 0);
        assert!(i.advert_int >= Duration::from_millis(10));
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC*") {
        sound(&read("x", &text, &NoSources));
    }

    #[test]
    fn any_words_are_read(words in prop::collection::vec(
        prop::sample::select(vec![
            "{", "}", "\n", "\n", " ", " ", "\"", "'", "\\", "#", "!", "$X", "$X=", "${X}", "@a", "~SEQ", "~SEQ(i, 1, 3) ", "~LST(i, a, b)", "$Y=", "${Y}", "${i}", "\\\n", "$_HASH ", "${_RANDOM 1 5}", "\u{a0}", "é", "0", "255",
            "1.5", "10.0.0.9/24", "fe80::1", "dev", "brd", "+", "global_defs", "vrrp_instance", "A", "virtual_ipaddress",
            "authentication", "auth_pass", "auth_type", "PASS", "AH", "state", "MASTER", "priority", "interface",
            "virtual_router_id", "vrrp_script", "virtual_server", "notify", "include", "unicast_peer", "advert_int",
        ]),
        0..120,
    )) {
        sound(&read("x", &words.concat(), &NoSources));
        sound(&read("x", &words.join(" "), &NoSources));
    }

    #[test]
    fn a_mutated_text_is_read(cut in 0..TUTORIAL.len(), length in 0..40usize, put in "[ {}\"#!\\\\\na-z0-9é]{0,6}") {
        let end = (cut + length).min(TUTORIAL.len());
        let text = format!("{}{put}{}", &TUTORIAL[..cut], &TUTORIAL[end..]);
        sound(&read("x", &text, &NoSources));
    }
}

#[test]
fn deep_nesting_is_no_problem() {
    for text in
        ["{".repeat(100_000), "a{".repeat(100_000), "}".repeat(1_000), "vrrp_instance\n".repeat(1_000)]
    {
        sound(&read("x", &text, &NoSources));
    }
}

/// Reads every `*.conf` of the directory in `VRRPLAB_CORPUS`, if it is set, and prints what there is to say.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test, not the engine, asks for the directory")]
fn a_corpus_is_read() {
    let Ok(directory) = std::env::var("VRRPLAB_CORPUS") else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(Path::new(&directory)).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "conf")) {
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        let name = file.file_stem().unwrap().to_string_lossy();
        let reading = read(&name, &text, &NoSources);
        sound(&reading);
        println!("{name} instances {}", reading.config.instances.len());
        said(&reading).iter().for_each(|line| println!("{name} {line}"));
    }
}

#[test]
fn a_bfd_session_has_times_and_limits() {
    let text = format!(
        "bfd_instance one {{\nneighbor_ip 10.0.0.2\nsource_ip 10.0.0.1\nmin_rx 20\nmin_tx 30\nidle_tx 2000\n\
         multiplier 4\npassive\nttl 10\nmax_hops 3\nweight -10\nvrrp\n}}\n\
         bfd_instance two {{\nneighbour_ip 10.0.0.3\nhoplimit 11\nmax_hops 11\nchecker\n}}\n{PLAIN}"
    );
    let sessions = check(&text, &[]).bfd_instances;
    let (one, two) = (&sessions[0], &sessions[1]);
    let ip = |n: u8| std::net::IpAddr::from([10, 0, 0, n]);
    assert_eq!((one.neighbor, one.source, two.neighbor), (ip(2), Some(ip(1)), ip(3)));
    let times = [one.min_rx, one.min_tx, one.idle_tx, two.min_rx, two.min_tx, two.idle_tx];
    assert_eq!(times.map(|time| time.as_micros() / 1000), [20, 30, 2000, 10, 10, 1000]);
    assert_eq!((one.multiplier, one.passive, one.weight, one.vrrp, one.checker), (4, true, -10, true, false));
    assert_eq!((two.multiplier, two.passive, two.weight, two.vrrp, two.checker), (5, false, 0, false, true));
    assert_eq!([(one.ttl, one.max_hops), (two.ttl, two.max_hops)], [(10, 3), (11, 11)]);
}

#[test]
fn scripts_and_processes_have_limits() {
    let text = format!(
        "vrrp_script s {{\nscript \"/bin/true 1\"\ntimeout 3\nfall 2\ninit_fail\nuser root wheel\n}}\n\
         vrrp_track_process p {{\nprocess sshd -D\nparam_match initial\nfull_command\nquorum 2\nquorum_max 4\n\
         fork_delay 1\nterminate_delay 2\n}}\n\
         vrrp_track_process q {{\nprocess cron\ndelay 1.5\n}}\n\
         vrrp_track_file f {{\nfile /tmp/f\ninit_file 5 overwrite\n}}\n{PLAIN}"
    );
    let config = check(&text, &[]);
    let s = &config.scripts[0];
    let user = Some(("root".to_string(), Some("wheel".to_string())));
    assert_eq!((s.timeout, s.fall, s.init_fail), (Some(Duration::from_secs(3)), 2, true));
    assert_eq!(s.command.user, user);
    let (p, q) = (&config.processes[0], &config.processes[1]);
    assert_eq!((p.quorum, p.quorum_max, p.full_command, q.full_command), (2, Some(4), true, false));
    let delays = |p: &TrackProcess| [p.fork_delay, p.terminate_delay].map(|time| time.as_micros() / 1000);
    assert_eq!([delays(p), delays(q)], [[1000, 2000], [1500, 1500]]);
    let init = config.files[0].init.as_ref().unwrap();
    assert_eq!((init.value, init.overwrite), (5, true));
}

#[test]
fn rarer_keywords_of_an_instance_set_their_fields_too() {
    type Change = fn(&mut Instance);
    let plain = instance("", &[]);
    let cases: [(&str, Change); 8] = [
        ("garp_extra_if all 5", |i| {
            i.garp_extra = Some(ExtraGarp { all: true, every: Duration::from_secs(5) });
        }),
        ("kernel_rx_buf_size 4096", |i| i.kernel_rx_buf_size = Some(4096)),
        ("no_accept", |i| i.accept = false),
        ("notify_deleted", |i| i.notify_deleted = true),
        ("notify_priority_changes on", |i| i.notify_priority_changes = true),
        ("promote_secondaries", |i| i.promote_secondaries = true),
        ("debug 2", |i| i.debug = 2),
        ("track_interface {\neth1 weight 5\n}", |i| {
            let weight = Weight { value: 5, reverse: false };
            i.tracks.interfaces = vec![Track { name: "eth1".into(), weight }];
        }),
    ];
    for (text, change) in cases {
        let mut expected = plain.clone();
        change(&mut expected);
        let text = PLAIN.replacen("51", &format!("51\n{text}"), 1);
        let reading = read("keepalived.conf", &text, &NoSources);
        assert!(reading.findings.iter().all(|f| f.code == "not-simulated"), "{:?}", said(&reading));
        assert_eq!(reading.config.instances[0], expected, "{text}");
    }
}

#[test]
fn unicast_has_a_ttl_a_source_and_a_checksum() {
    let lines = "check_unicast_src\nold_unicast_checksum never\nunicast_src_ip 10.0.0.1\nunicast_ttl 64\n\
                 unicast_fault_no_peer\nunicast_peer {\n10.0.0.2\n}";
    let text = PLAIN.replacen("51", &format!("51\n{lines}"), 1);
    let reading = read("keepalived.conf", &text, &NoSources);
    assert!(reading.findings.iter().all(|f| f.code == "not-simulated"), "{:?}", said(&reading));
    let unicast = &reading.config.instances[0].unicast;
    assert_eq!((unicast.ttl, unicast.check_source, unicast.fault_no_peer), (Some(64), true, true));
    assert_eq!(unicast.source, Some([10, 0, 0, 1].into()));
    assert_eq!((unicast.old_checksum, unicast.peers.len()), (OldChecksum::Never, 1));
}
