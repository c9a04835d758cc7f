//! What checkers have in common: times, the connection, and which file reads the words of each kind.

use std::net::IpAddr;

use super::super::keywords::Scope;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::walk::Walker;
use super::model::{CheckerKind, Connection};
use super::values::{ANY, IGNORED, SOME, TIMEOUT, Trailing, seconds, switch, whole};
use super::{dns, http, misc, real_server, smtp, track, udp};
use crate::time::Duration;

/// The longest name of an interface.
const LONGEST_INTERFACE: usize = 15;

/// Times that virtual servers give to real servers and those to checkers.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Timing {
    pub(super) alpha: Option<bool>,
    pub(super) delay_loop: Option<Duration>,
    pub(super) warmup: Option<Duration>,
    pub(super) retry: Option<u32>,
    pub(super) delay_before_retry: Option<Duration>,
    pub(super) connect_timeout: Option<Duration>,
}

impl Timing {
    /// Reads one of the words that mean the same everywhere; false if it is another.
    pub(super) fn read(&mut self, report: &mut Report, name: &str, s: &Statement) -> bool {
        match name {
            "alpha" => self.alpha = switch(report, s).or(self.alpha),
            "delay_loop" => self.delay_loop = seconds(report, s, SOME).or(self.delay_loop),
            "warmup" => self.warmup = seconds(report, s, ANY).or(self.warmup),
            "delay_before_retry" => {
                self.delay_before_retry = seconds(report, s, ANY).or(self.delay_before_retry);
            }
            "connect_timeout" => self.connect_timeout = seconds(report, s, TIMEOUT).or(self.connect_timeout),
            _ => return false,
        }
        true
    }

    /// These, and where nothing is said the outer ones.
    pub(super) fn over(self, outer: Timing) -> Timing {
        Timing {
            alpha: self.alpha.or(outer.alpha),
            delay_loop: self.delay_loop.or(outer.delay_loop),
            warmup: self.warmup.or(outer.warmup),
            retry: self.retry.or(outer.retry),
            delay_before_retry: self.delay_before_retry.or(outer.delay_before_retry),
            connect_timeout: self.connect_timeout.or(outer.connect_timeout),
        }
    }
}

/// A checker while reading.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: CheckerKind,
    pub(super) timing: Timing,
    pub(super) log_all_failures: bool,
    /// `None` for kinds that do not connect.
    pub(super) connection: Option<Connection>,
}

/// The words of a checker that all or most kinds have.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) timing: Timing,
    pub(super) log_all_failures: bool,
    pub(super) connection: Connection,
    /// A connection word was there.
    pub(super) connects: bool,
}

impl Common {
    pub(super) fn of(rs: &real_server::Draft) -> Common {
        let connection = Connection {
            address: rs.address,
            port: rs.port,
            timeout: Duration::ZERO,
            bind_to: None,
            bind_port: 0,
            bind_if: None,
            fwmark: 0,
        };
        Common { timing: Timing::default(), log_all_failures: false, connection, connects: false }
    }

    /// Reads a word; false if it belongs to one kind of checker only.
    pub(super) fn read(&mut self, report: &mut Report, name: &str, s: &Statement) -> bool {
        match name {
            "retry" => {
                self.timing.retry = whole(report, s, 0..=u32::MAX, Trailing::Dropped).or(self.timing.retry);
            }
            "log_all_failures" => {
                self.log_all_failures = switch(report, s).unwrap_or(self.log_all_failures);
            }
            "connect_timeout" => {
                self.connects = true;
                self.timing.read(report, name, s);
            }
            _ if self.timing.read(report, name, s) => {}
            _ => {
                let known = self.connection_word(report, name, s);
                self.connects |= known;
                return known;
            }
        }
        true
    }

    fn connection_word(&mut self, report: &mut Report, name: &str, s: &Statement) -> bool {
        let port = |report: &mut Report| whole(report, s, 1..=65535, Trailing::Dropped).map(|n| n as u16);
        let c = &mut self.connection;
        match name {
            "connect_ip" => {
                let bound = c.bind_to;
                c.address = address(report, s).filter(|ip| fits(report, s, *ip, bound)).unwrap_or(c.address);
            }
            "connect_port" => c.port = port(report).unwrap_or(c.port),
            "bindto" => {
                let to = Some(c.address);
                c.bind_to = address(report, s).filter(|ip| fits(report, s, *ip, to)).or(c.bind_to);
            }
            "bind_port" => c.bind_port = port(report).unwrap_or(c.bind_port),
            "bind_if" if s.arguments()[0].text.len() > LONGEST_INTERFACE => {
                let message = format!("the name has more than {LONGEST_INTERFACE} characters");
                report.warn(
                    "name-too-long",
                    s.arguments()[0].at,
                    message,
                    IGNORED,
                    "write an interface's name",
                );
            }
            "bind_if" => c.bind_if = Some(s.arguments()[0].text.clone()),
            "fwmark" => c.fwmark = whole(report, s, 0..=u32::MAX, Trailing::Dropped).unwrap_or(c.fwmark),
            _ => return false,
        }
        true
    }

    /// What depends on several words.
    pub(super) fn finish(&self, report: &mut Report, s: &Statement) {
        let c = &self.connection;
        if matches!(c.address, IpAddr::V6(v6) if v6.is_unicast_link_local()) && c.bind_if.is_none() {
            let message = format!("{} is a link-local address, and `bind_if` is missing", c.address);
            report.warn("missing-keyword", s.keyword().at, message, "cannot connect", "add `bind_if`");
        }
    }
}

/// Whether both ends are of one family so far; the daemon compares line by line.
fn fits(report: &mut Report, s: &Statement, ip: IpAddr, other: Option<IpAddr>) -> bool {
    let fits = other.is_none_or(|other| other.is_ipv4() == ip.is_ipv4());
    if !fits {
        let message = format!("{ip} is not of the family of the other end");
        let help = "write an address of the same family, and `connect_ip` above `bindto`";
        report.warn("family-mismatch", s.arguments()[0].at, message, IGNORED, help);
    }
    fits
}

fn address(report: &mut Report, s: &Statement) -> Option<IpAddr> {
    let word = &s.arguments()[0];
    let read = word.text.parse().ok();
    if read.is_none() {
        let message = format!("`{}` is not an address", word.text);
        report.warn("invalid-address", word.at, message, IGNORED, "write one without a port or prefix");
    }
    read
}

/// Reads a checker; an SMTP one may become several, a broken one none.
pub(super) fn read(w: &mut Walker<'_>, name: &str, s: &Statement, rs: &real_server::Draft) -> Vec<Draft> {
    let mut common = Common::of(rs);
    let kind = match name {
        "SMTP_CHECK" => return smtp::read(w, s, rs),
        "HTTP_GET" | "SSL_GET" => http::read(w, s, &mut common, name == "SSL_GET"),
        "DNS_CHECK" => Some(dns::read(w, s, &mut common)),
        "MISC_CHECK" => misc::read(w, s, &mut common),
        "UDP_CHECK" => Some(udp::read(w, s, &mut common)),
        "FILE_CHECK" => track::file(w, s),
        "BFD_CHECK" => track::bfd(w, s, &mut common, rs),
        _ => {
            for (name, line) in super::inside(w, Scope::TcpCheck, s) {
                common.read(w.report, name, line);
            }
            Some(if name == "PING_CHECK" { CheckerKind::Ping } else { CheckerKind::Tcp })
        }
    };
    common.finish(w.report, s);
    let connects = !matches!(name, "MISC_CHECK" | "FILE_CHECK" | "BFD_CHECK");
    let draft = |kind| Draft {
        kind,
        timing: common.timing,
        log_all_failures: common.log_all_failures,
        connection: connects.then_some(common.connection),
    };
    kind.map(draft).into_iter().collect()
}
