//! Routes and rules beside keepalived: what `ip` shows of them is the same to the letter.

use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use vrrplab_engine::time::Duration;

use super::alike::{alike, seconds};
use super::lab::{Case, Lab, What, priority};

pub(crate) const CASES: &[Case] = &[
    ("alike::routes_and_rules", true, all_of_them),
    ("alike::routes_and_rules_of_ipv6", true, ipv6),
    ("alike::a_stranger_takes_a_route", true, stranger_route),
    ("alike::a_stranger_takes_a_rule", true, stranger_rule),
    ("alike::what_is_static_comes_back", true, watched),
    ("alike::static_routes_alone_are_not_watched", true, unwatched),
    ("alike::a_killed_daemon_leaves_its_routes", true, killed),
];

const FIXED: &str = "
static_ipaddress {
  10.7.0.1/24 dev eth0
  10.7.1.1/24 dev eth0 scope link
}
static_routes {
  10.88.0.0/16 via 10.9.0.9 dev eth0
  10.89.0.0/16 dev eth0 table 99 metric 7 no_track protocol static
}
static_rules {
  from 10.7.0.0/24 table 99 priority 400
  to 10.7.0.0/24 fwmark 0x5/0xff table 1099
}
";

const ROUTES: &str = "
    10.1.0.0/16 via 10.9.0.9
    10.2.0.0/16 dev eth0 metric 5
    src 10.9.0.100 10.3.0.0/16 via 10.9.0.9 table 77
    blackhole 10.4.0.0/16
    default via 10.9.0.9 no_track
    10.5.0.0/16 dev eth0 scope link mtu lock 1400 advmss 1360 initcwnd 20
    10.6.0.1 via 10.9.0.9 dev eth0 protocol static
    10.8.0.0/16 via 10.9.0.9 dev eth0 rtt 800ms rttvar 1.5s rto_min 300ms window 9000 quickack 1
    10.9.5.0/24 dev eth0 tos 16 table 1234 realms 3/4 congctl cubic features ecn
    10.10.0.0/16 nexthop via 10.9.0.8 dev eth0 weight 3 nexthop via 10.9.0.9 dev eth0
    unreachable 10.11.0.0/16 metric 9
    prohibit 10.12.0.0/16
    10.13.0.0/16 via 10.77.0.1 dev eth0 onlink
    10.2.0.0/16 via 10.9.0.8 dev eth0 metric 5 append
    10.14.0.0/16 via 172.31.0.1 no_track";

const RULES: &str = "
    from 10.9.0.100 table 77
    to 10.3.0.0/16 table 77 priority 300
    iif eth0 blackhole
    not from 10.9.0.0/16 tos 16 table main priority 301
    fwmark 7 goto 500 priority 302
    nop priority 500
    oif eth0 unreachable priority 303
    ipproto tcp sport 5-6 dport 80-81 table 5 priority 304
    uidrange 5-6 prohibit priority 305
    from 10.1.0.0/16 table 78 suppress_prefixlength 8 priority 306 no_track protocol 4
    from all table 1079 priority 307";

fn text(fixed: &str, addresses: &str, routes: &str, rules: &str) -> String {
    format!(
        "{fixed}\nvrrp_instance VI_1 {{\n  interface eth0\n  virtual_router_id 51\n  priority 200\n  \
         virtual_ipaddress {{\n{addresses}\n  }}\n  virtual_routes {{{routes}\n  }}\n  virtual_rules {{{rules}\n  }}\n}}\n"
    )
}

/// Routes, rules and addresses as `ip` shows them.
fn shown(lab: &Lab) -> Vec<String> {
    let mut lines = Vec::new();
    for words in [
        &["-4", "route", "show", "table", "all"][..],
        &["-6", "route", "show", "table", "all"],
        &["-4", "rule", "show"],
        &["-6", "rule", "show"],
        &["address", "show", "dev", "eth0"],
    ] {
        lines.extend(lab.within(0, "ip", words).lines().map(|line| line.trim_end().to_string()));
    }
    lines
}

/// Waits for the first advert after the last act.
fn await_master(lab: &mut Lab) {
    lab.until("an advert", seconds(60), |s| s.node == 0 && priority(s) == Some(200));
    lab.watch(Duration::from_millis(300));
}

/// Master, then SIGTERM: what there is after each, the first after it has lasted for so long.
fn master_and_end(lab: &mut Lab, lasts: Duration) -> Vec<String> {
    lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
    lab.watch(lasts);
    let mut notes = shown(lab);
    lab.signal(0, Signal::SIGTERM);
    lab.ends(0, seconds(40));
    notes.extend(shown(lab));
    notes
}

/// Start, master, stop.
fn life(config: &str) -> Result<(), Failed> {
    alike(|lab, who| {
        lab.start(0, who, "", config);
        lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", seconds(20));
        lab.watch(seconds(3));
        let mut notes = shown(lab);
        notes.extend(master_and_end(lab, seconds(5)));
        notes
    })
}

fn all_of_them() -> Result<(), Failed> {
    life(&text(FIXED, "10.9.0.100/24", ROUTES, RULES))
}

fn ipv6() -> Result<(), Failed> {
    let routes = "
    2001:db8:1::/48 via fe80::9 dev eth0
    2001:db8:2::/48 dev eth0 metric 5 pref high expires 1000
    default6 via fe80::9 dev eth0 table 99
    2001:db8:3::/48 from 2001:db8:9::/48 via fe80::9 dev eth0 hoplimit 9
    blackhole 2001:db8:4::/48";
    let rules = "
    from 2001:db8::100 table 77
    to 2001:db8:3::/48 table 78 priority 300";
    life(&text("", "fe80::100\n2001:db8::100", routes, rules))
}

/// What a stranger removes, and what comes of it.
fn taken(words: &'static [&'static str]) -> Result<(), Failed> {
    alike(|lab, who| {
        lab.start(0, who, "", &text(FIXED, "10.9.0.100/24", ROUTES, RULES));
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        lab.act();
        lab.within(0, "ip", words);
        lab.until("a farewell", seconds(10), |s| s.node == 0 && priority(s) == Some(0));
        // It tells when all is removed.
        lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", seconds(10));
        let mut notes = shown(lab);
        await_master(lab);
        notes.extend(shown(lab));
        notes
    })
}

fn stranger_route() -> Result<(), Failed> {
    taken(&["route", "del", "10.6.0.1"])
}

fn stranger_rule() -> Result<(), Failed> {
    taken(&["rule", "del", "priority", "300"])
}

fn watched() -> Result<(), Failed> {
    static_ones("\n    10.2.0.0/16 dev eth0 metric 5", "\n    from 10.9.0.100 table 77")
}

fn unwatched() -> Result<(), Failed> {
    static_ones("", "")
}

fn static_ones(routes: &str, rules: &str) -> Result<(), Failed> {
    alike(|lab, who| {
        lab.start(0, who, "", &text(FIXED, "10.9.0.100/24", routes, rules));
        lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", seconds(20));
        lab.watch(seconds(2));
        for words in [
            &["route", "del", "10.88.0.0/16"][..],
            &["rule", "del", "priority", "400"],
            &["address", "del", "10.7.1.1/24", "dev", "eth0"],
        ] {
            lab.within(0, "ip", words);
        }
        lab.watch(seconds(3));
        let mut notes = shown(lab);
        lab.set_up(0, false);
        lab.watch(seconds(3));
        lab.set_up(0, true);
        lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", seconds(30));
        lab.watch(seconds(3));
        notes.extend(
            shown(lab).into_iter().filter(|line| line.contains("keepalived") || line.contains("inet ")),
        );
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        notes
    })
}

fn killed() -> Result<(), Failed> {
    alike(|lab, who| {
        let config = text(FIXED, "10.9.0.100/24", ROUTES, RULES);
        lab.start(0, who, "", &config);
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        lab.kill(0);
        // Who had them may not have been buried yet.
        for file in ["0.pid", "0.vrrp.pid"] {
            let _ = std::fs::remove_file(lab.folder.join(file));
        }
        let mut notes = shown(lab);
        lab.start(0, who, "", &config);
        lab.until("BACKUP", seconds(30), |s| s.what == What::Line("INSTANCE \"VI_1\" BACKUP 200".into()));
        lab.watch(seconds(2));
        notes.extend(shown(lab));
        notes.extend(master_and_end(lab, seconds(3)));
        notes
    })
}
