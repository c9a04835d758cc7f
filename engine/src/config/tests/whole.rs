//! Whole configurations: a tutorial's, broken and working, and a corpus.

use std::path::Path;

use super::*;

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
