//! The story of a load balancer's configuration: what is said about it and what runs.
//! Every verdict here was taken from keepalived 2.2.7 itself.

use super::super::effective::Setting;
use super::super::{NoSources, read};
use super::{CheckerKind, Forwarding, Tunnel, VirtualServer, effective};

/// Reads a text and compares what is said about it, as `LINE code`.
#[track_caller]
fn check(text: &str, expected: &[&str]) -> Vec<VirtualServer> {
    let reading = read("keepalived.conf", text, &NoSources);
    let line = |offset| reading.sources[0].line_column(offset).0;
    let said: Vec<_> =
        reading.findings.iter().map(|f| format!("{} {}", line(f.place.span.start), f.code)).collect();
    assert_eq!(said, expected, "{text}");
    reading.config.virtual_servers
}

/// A virtual server with `lines` from line 5 and one real server with `inner`.
#[track_caller]
fn server(lines: &str, inner: &str, expected: &[&str]) -> VirtualServer {
    let head = "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n";
    let mut servers =
        check(&format!("{head}{lines}\nreal_server 10.0.0.2 80 {{\n{inner}\n}}\n}}\n"), expected);
    servers.remove(0)
}

#[test]
fn times_come_from_outside_unless_said_nearer() {
    let vs = server("delay_loop 7.5\nretry 6", "connect_timeout 9\nTCP_CHECK {\nretry 0\n}", &[]);
    let checker = &vs.real_servers[0].checkers[0];
    assert_eq!((checker.delay_loop.as_micros(), checker.warmup.as_micros()), (7_500_000, 7_500_000));
    assert_eq!((checker.retry, checker.connection.as_ref().unwrap().timeout.as_micros()), (0, 9_000_000));
}

#[test]
fn letters_behind_a_time_make_microseconds_of_it() {
    let vs = server("delay_loop 30000000.5x", "weight 3.7", &["5 invalid-number", "7 invalid-number"]);
    assert_eq!((vs.delay_loop.as_micros(), vs.real_servers[0].weight), (300_000_005, 3));
}

#[test]
fn a_quorum_that_cannot_be_reached_is_lowered() {
    let vs = server("quorum 5\nhysteresis 7", "weight 4", &["5 quorum-too-high", "6 hysteresis-too-high"]);
    assert_eq!((vs.quorum, vs.hysteresis), (4, 3));
    let vs = server("", "weight 0", &["1 quorum-too-high", "1 hysteresis-too-high"]);
    assert_eq!((vs.quorum, vs.hysteresis), (0, u32::MAX));
}

#[test]
fn a_bad_tunnel_is_still_a_tunnel() {
    let vs = server("lb_kind TUN type gue", "", &["5 invalid-tunnel"]);
    assert_eq!(vs.forwarding, Forwarding::Tunnel(Tunnel::Ipip));
}

#[test]
fn only_nat_changes_ports() {
    let vs = server("lb_kind DR", "}\nreal_server 10.0.0.3 81 {", &["8 port-mismatch"]);
    assert_eq!(vs.real_servers[1].port, 80);
}

#[test]
fn a_page_checker_without_a_page_crashes_the_daemon() {
    let text =
        "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\nreal_server 10.0.0.2 80 {
HTTP_GET {\n}\n}\n}\n";
    assert!(read("keepalived.conf", text, &NoSources).refused());
}

#[test]
fn status_codes_are_joined() {
    let inner = "HTTP_GET {\nurl {\npath /\nstatus_code 200 x 201\nstatus_code 250-260 255-300\n}\n}";
    let vs = server("", inner, &["10 invalid-status-code"]);
    let CheckerKind::Http(http) = &vs.real_servers[0].checkers[0].kind else { panic!() };
    assert_eq!(http.urls[0].status_codes, [(200, 201), (250, 300)]);
}

#[test]
fn each_old_smtp_host_is_a_checker() {
    let vs = server("", "SMTP_CHECK {\nhost {\nconnect_port 26\n}\nhost {\n}\n}", &[]);
    let ports = vs.real_servers[0].checkers.iter().map(|c| c.connection.as_ref().unwrap().port);
    assert_eq!(ports.collect::<Vec<_>>(), [26, 80]);
}

#[test]
fn families_do_not_mix_without_a_tunnel() {
    check(
        "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\nreal_server fd00::2 80 {\n}\n}\n",
        &["1 no-real-servers", "5 family-mismatch"],
    );
}

#[test]
fn settings_have_keepalives_spelling() {
    let text = "virtual_server fwmark 3 {\nlb_algo sh\nsh-port\nlb_kind DR\nreal_server 10.0.0.2 {\n}\n}\n";
    let reading = read("keepalived.conf", text, &NoSources);
    let settings = effective::effective(&reading.config);
    assert_eq!(settings[0].value.as_deref(), Some("fwmark 3"));
    assert!(settings[0].inside.contains(&Setting::value("sh-port", true)));
    assert!(settings[0].inside.contains(&Setting::value("delay_loop", "60.000000")));
}
