//! Dumps made by hand: what is a setting, what is state, and what a difference looks like.

use super::*;

const DUMP: &str = "------< VRRP Topology >------
 VRRP Instance = V
   VRRP Version = 2
   State = BACKUP
   Flags: none
   Interface = vrrp.5, vmac on eth0
   Using src_ip = 10.0.0.5
   Multicast address 224.0.0.18
   Send advert after receive lower priority advert = true
   Advert interval = 500 milli-sec
   Preempt = disabled
   Virtual IP (1):
     10.0.0.9/24 dev vrrp.5@eth0 scope global set
   Tracked files :
     f, weight 4 reverse
------< VRRP Sync groups >------
 VRRP Sync Group = G, BACKUP
   VRRP member instances :
     V
";

#[test]
fn a_dump_is_settings_without_state() {
    let settings = flat(&vrrp(DUMP));
    let shown: Vec<_> = settings.iter().map(|(path, value)| format!("{path}={value}")).collect();
    assert_eq!(
        shown,
        [
            "vrrp_instance V/advert_int=0.5",
            "vrrp_instance V/dont_track_primary=false",
            "vrrp_instance V/interface=eth0",
            "vrrp_instance V/lower_prio_no_advert=false",
            "vrrp_instance V/mcast_dst_ip=224.0.0.18",
            "vrrp_instance V/nopreempt=true",
            "vrrp_instance V/skip_check_adv_addr=false",
            "vrrp_instance V/strict_mode=false",
            "vrrp_instance V/track_file/f=weight 4 reverse",
            "vrrp_instance V/version=2",
            "vrrp_instance V/virtual_ipaddress/10.0.0.9/24=dev eth0 scope global",
            "vrrp_sync_group G/group/V=",
            "vrrp_sync_group G/sync_group_tracking_weight=false",
        ]
    );
}

#[test]
fn differences_name_the_path_and_both_values() {
    let block = |inside| vec![Setting::block("vrrp_instance", Some("V"), inside)];
    let ours = block(vec![Setting::value("priority", 100), Setting::value("version", 2)]);
    let theirs = block(vec![Setting::value("priority", 90), Setting::value("debug", 1)]);
    assert_eq!(
        compare(&ours, &theirs),
        [
            "vrrp_instance V/debug: not ours, the daemon has `1`",
            "vrrp_instance V/priority: `100`, the daemon has `90`",
            "vrrp_instance V/version: `2`, the daemon has none",
        ]
    );
    assert!(compare(&ours, &ours).is_empty());
}
