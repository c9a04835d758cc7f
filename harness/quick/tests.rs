//! What a few configurations are made into, and what is said if they do not suffice.

use std::net::Ipv4Addr;

use vrrplab_engine::config::{Address, Config, Instance};

use super::*;
use crate::diagnostic::render;

/// A configuration with one instance on `ens33`.
fn config(addresses: &[&str], source: Option<Ipv4Addr>) -> Arc<Reading> {
    let mut instance = Instance::named("VI_1");
    instance.interface = "ens33".to_string();
    instance.addresses = addresses.iter().map(|a| Address::plain(a.parse().unwrap(), "ens33")).collect();
    instance.mcast_src_ip = source;
    let config = Config { instances: vec![instance], ..Config::default() };
    Arc::new(Reading { config, ..Reading::default() })
}

fn pair(virtual_address: &str) -> Options {
    let reading = config(&[virtual_address], None);
    let configs = vec![("ka1.conf".to_string(), Arc::clone(&reading)), ("ka2.conf".to_string(), reading)];
    Options { configs, acts: Vec::new(), addresses: Vec::new(), duration: None }
}

/// Hosts and their addresses, one a line.
fn network(options: &Options) -> String {
    let scenario = scenario(options).unwrap_or_else(|m| panic!("{}", drawn(&m)));
    let mut lines = Vec::new();
    for host in &scenario.hosts {
        for link in &host.links {
            let addresses: Vec<String> = link.addresses.iter().map(ToString::to_string).collect();
            let segment = &scenario.segments[link.segment.0].name;
            let addresses = addresses.join(" ");
            lines.push(format!("{} {} on {segment} {} {addresses}", host.name, link.name, link.mac));
        }
    }
    lines.join("\n")
}

fn drawn(mistakes: &Mistakes) -> String {
    render(&mistakes.findings, std::slice::from_ref(&mistakes.source), false)
}

#[track_caller]
fn check_mistakes(options: &Options, expected: &str) {
    let mistakes = scenario(options).expect_err("there are mistakes");
    assert_eq!(drawn(&mistakes), expected.strip_prefix('\n').unwrap());
}

#[test]
fn two_configurations_are_a_laboratory() {
    let options = pair("192.168.10.240/24");
    assert_eq!(
        network(&options),
        "\
ka1 ens33 on ens33 02:00:00:00:00:01 192.168.10.1/24
ka2 ens33 on ens33 02:00:00:00:00:02 192.168.10.2/24
probe eth0 on ens33 02:00:00:00:00:03 192.168.10.3/24"
    );
    let scenario = scenario(&options).unwrap();
    assert_eq!((scenario.name.as_str(), scenario.title.as_str()), ("ka1+ka2", "ka1 and ka2"));
    assert_eq!(scenario.duration, Duration::from_secs(30));
    let Role::Client(client) = &scenario.hosts[2].role else { panic!() };
    assert_eq!(client.ping.unwrap().to, Ipv4Addr::new(192, 168, 10, 240));
}

#[test]
fn addresses_of_the_text_and_the_command_line_are_kept_and_avoided() {
    let mut options = pair("192.168.10.1/24");
    options.configs.push(("x/ka1.conf".to_string(), config(&[], Some(Ipv4Addr::new(192, 168, 10, 3)))));
    options.addresses = vec!["ka2:ens33=192.168.10.2/24".to_string()];
    assert_eq!(
        network(&options),
        "\
ka1 ens33 on ens33 02:00:00:00:00:01 192.168.10.4/24
ka2 ens33 on ens33 02:00:00:00:00:02 192.168.10.2/24
ka1-2 ens33 on ens33 02:00:00:00:00:03 192.168.10.3/24
probe eth0 on ens33 02:00:00:00:00:04 192.168.10.5/24"
    );
}

#[test]
fn one_address_from_the_command_line_says_the_network_for_all() {
    let mut options = pair("192.168.10.240/32");
    options.addresses = vec!["ka1=192.168.10.170/24".to_string()];
    assert_eq!(
        network(&options),
        "\
ka1 ens33 on ens33 02:00:00:00:00:01 192.168.10.170/24
ka2 ens33 on ens33 02:00:00:00:00:02 192.168.10.1/24
probe eth0 on ens33 02:00:00:00:00:03 192.168.10.2/24"
    );
}

#[test]
fn a_network_that_nothing_implies_is_asked_for() {
    check_mistakes(
        &pair("192.168.10.240/32"),
        "
error[unknown-network]: no virtual address says which network ens33 of ka1 is in
 --> command line:1:13
  |
1 | vrrplab run ka1.conf ka2.conf
  |             ^^^^^^^^
  |
  = help: --address ka1:ens33=192.168.10.170/24

error[unknown-network]: no virtual address says which network ens33 of ka2 is in
 --> command line:1:22
  |
1 | vrrplab run ka1.conf ka2.conf
  |                      ^^^^^^^^
  |
  = help: --address ka2:ens33=192.168.10.170/24
",
    );
}

#[test]
fn a_small_network_can_be_full() {
    check_mistakes(
        &pair("192.168.10.1/30"),
        "
error[full-network]: no address of 192.168.10.0/30 is left for ens33 of ka2
 --> command line:1:22
  |
1 | vrrplab run ka1.conf ka2.conf
  |                      ^^^^^^^^
  |
  = help: --address ka2:ens33=192.168.10.170/24
",
    );
}

#[test]
fn acts_are_in_the_order_of_time() {
    let mut options = pair("192.168.10.240/24");
    options.acts = vec![(Verb::Start, "ka1@20s".to_string()), (Verb::Crash, "ka1@10s".to_string())];
    let script = scenario(&options).unwrap().script;
    let ten = When::At(Instant::from_micros(10_000_000));
    assert_eq!(script[0].when, ten);
    assert_eq!(script[1].fault, Fault::Start { node: HostIndex(0), config: None });
}

#[test]
fn all_mistakes_of_the_command_line_come_at_once() {
    let mut options = pair("192.168.10.240/24");
    options.acts = vec![(Verb::Crash, "ka3@10s".to_string()), (Verb::Stop, "ka1".to_string())];
    options.addresses = vec!["ka1:eth0=192.168.10.170".to_string()];
    options.duration = Some("30".to_string());
    check_mistakes(
        &options,
        "
error[unknown-name]: no node is called `ka3`
 --> command line:1:39
  |
1 | vrrplab run ka1.conf ka2.conf --crash ka3@10s --stop ka1 --address ka1:eth0=192.168.10.170 --...
  |                                       ^^^
  |
  = help: did you mean `ka1`?

error[bad-act]: `ka1` does not say which node and when
 --> command line:1:54
  |
1 | vrrplab run ka1.conf ka2.conf --crash ka3@10s --stop ka1 --address ka1:eth0=192.168.10.170 --...
  |                                                      ^^^
  |
  = help: --stop ka1@10s

error[bad-address]: `192.168.10.170` is no IPv4 address with a prefix length
 --> command line:1:77
  |
1 | vrrplab run ka1.conf ka2.conf --crash ka3@10s --stop ka1 --address ka1:eth0=192.168.10.170 --...
  |                                                                             ^^^^^^^^^^^^^^
  |
  = help: for example 192.168.10.170/24

error[bad-time]: `30` is no time
 --> command line:1:103
  |
1 | ...-address ka1:eth0=192.168.10.170 --duration 30
  |                                                ^^
  |
  = help: a time is a number with a unit: \"3.7s\", \"100ms\", \"50us\"
",
    );
}

#[test]
fn nothing_to_run_is_a_mistake_too() {
    let options = Options { configs: Vec::new(), acts: Vec::new(), addresses: Vec::new(), duration: None };
    let mistakes = scenario(&options).unwrap_err();
    assert_eq!(mistakes.findings[0].code, "missing-config");
}

#[test]
fn nodes_are_named_after_their_files() {
    let paths =
        ["/etc/ka1/keepalived.conf", "ka2/keepalived.conf", "ka2.conf", "./-ü b.conf", "keepalived.conf"];
    assert_eq!(names(paths.into_iter()), ["ka1", "ka2", "ka2-2", "__b", "keepalived"]);
}
