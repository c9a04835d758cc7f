//! The reader's story, told in configurations and what is said about them.
//! Every running meaning and every verdict here was taken from keepalived 2.2.7 itself.

mod address;
mod global;
mod instance;
mod number;
mod syntax;
mod track;
mod whole;

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
