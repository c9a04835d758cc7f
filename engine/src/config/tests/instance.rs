//! Instances: keywords, corrections, and what several of them share.

use super::*;

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
fn other_interfaces_groups_and_unicast_may_share_a_vrid() {
    let other =
        |line: &str| PLAIN.replace("VI_1", "VI_2").replace(".9", ".8").replace("interface eth0", line);
    check(&format!("{PLAIN}{}", other("interface eth1")), &[]);
    check(&format!("{PLAIN}{}", other("interface eth0\nmcast_dst_ip 224.0.0.55")), &[]);
    check(&format!("{PLAIN}{}", other("interface eth0\nunicast_peer {\n10.0.0.2\n}")), &[]);
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
