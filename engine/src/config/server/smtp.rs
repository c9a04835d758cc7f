//! `SMTP_CHECK`, which its old `host` blocks turn into one checker each.

use super::super::keywords::Scope;
use super::super::tree::Statement;
use super::super::walk::Walker;
use super::checker::{Common, Draft};
use super::model::CheckerKind;
use super::real_server;
use super::values::first_word;

const HELO: &str = "smtpchecker.keepalived.org";

/// The outer connection is a checker of its own only if it says something; times are common to all, the last
/// one counts; a host without `connect_timeout` has none.
pub(super) fn read(w: &mut Walker<'_>, s: &Statement, rs: &real_server::Draft) -> Vec<Draft> {
    let mut common = Common::of(rs);
    let mut helo = HELO.to_string();
    let mut hosts = Vec::new();
    for (name, line) in super::inside(w, Scope::SmtpCheck, s) {
        match name {
            "helo_name" => helo = first_word(w.report, line).unwrap_or(helo),
            "host" => {
                let mut host = Common::of(rs);
                host.timing = common.timing;
                host.timing.connect_timeout = None;
                for (name, line) in super::inside(w, Scope::Host, line) {
                    host.read(w.report, name, line);
                }
                host.finish(w.report, line);
                let timeout = host.timing.connect_timeout.unwrap_or_default();
                common.timing =
                    super::checker::Timing { connect_timeout: common.timing.connect_timeout, ..host.timing };
                hosts.push((host.connection, timeout));
            }
            _ => {
                common.read(w.report, name, line);
            }
        }
    }
    common.finish(w.report, s);
    let draft = |connection, timing| Draft {
        kind: CheckerKind::Smtp(helo.clone()),
        timing,
        log_all_failures: common.log_all_failures,
        connection: Some(connection),
    };
    let mut out = Vec::new();
    if common.connects || hosts.is_empty() {
        out.push(draft(common.connection.clone(), common.timing));
    }
    out.extend(hosts.into_iter().map(|(connection, timeout)| {
        draft(connection, super::checker::Timing { connect_timeout: Some(timeout), ..common.timing })
    }));
    out
}
