//! Numbers: ranges, digits, and what is given twice.

use super::*;

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
