//! Scripts, processes, trackers, notify commands and BFD.

use super::*;

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
