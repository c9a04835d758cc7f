//! `global_defs`.

use super::*;

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
