//! The load balancer's half of a configuration: `virtual_server`, its groups, real servers and checkers,
//! `bfd_instance` and `SSL`.
//!
//! Reading order: `model`, `keywords`, `values`, `virtual_server`, `real_server`, `checker` with a file for each
//! kind that has words of its own, `complete` (inheritance and the daemon's corrections), `group`, `bfd`.

mod bfd;
mod checker;
mod complete;
mod dns;
pub mod effective;
mod group;
mod http;
pub(super) mod keywords;
mod misc;
mod model;
mod real_server;
mod smtp;
#[cfg(test)]
mod tests;
mod track;
mod udp;
mod values;
mod virtual_server;

pub use model::*;

use super::keywords::Scope;
use super::model::Config;
use super::report::Report;
use super::tree::Statement;
use super::walk::Walker;

/// What has been read so far. BFD instances and files must stand above the servers that name them, groups
/// need not.
#[derive(Default, Debug)]
pub(super) struct Draft {
    virtual_servers: Vec<virtual_server::Draft>,
    pub(super) groups: Vec<ServerGroup>,
    pub(super) bfd: Vec<BfdInstance>,
    pub(super) ssl: Option<Ssl>,
    /// Names of the `track_file` blocks above.
    pub(super) track_files: Vec<String>,
}

impl Draft {
    /// Makes the daemon's corrections and hands everything over.
    pub(super) fn complete(self, report: &mut Report, config: &mut Config) {
        let alert = |name| match config.global.other.get(name).map(String::as_str) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        let smtp_alert = alert("smtp_alert_checker").or(alert("smtp_alert"));
        let defaults = complete::Defaults { smtp_alert };
        config.virtual_servers = complete::complete(report, self.virtual_servers, &self.groups, defaults);
        config.server_groups = self.groups;
        config.bfd_instances = self.bfd;
        config.ssl = self.ssl;
    }
}

/// Reads a block of the top level that belongs to this half.
pub(super) fn block(w: &mut Walker<'_>, s: &Statement) -> bool {
    match s.keyword().text.as_str() {
        "virtual_server" => virtual_server::read(w, s),
        "virtual_server_group" => group::read(w, s),
        "bfd_instance" => bfd::read(w, s),
        "SSL" => ssl(w, s),
        "track_file" | "vrrp_track_file" => {
            w.servers.track_files.extend(s.arguments().first().map(|name| name.text.clone()));
            return false;
        }
        _ => return false,
    }
    true
}

/// The statements of a block that can be read, with the keyword that each starts with.
fn inside<'a>(w: &mut Walker<'_>, scope: Scope, s: &'a Statement) -> Vec<(&'static str, &'a Statement)> {
    let lines = s.block.iter().flatten();
    lines.filter_map(|line| w.known(scope, line).map(|keyword| (keyword.name, line))).collect()
}

fn ssl(w: &mut Walker<'_>, s: &Statement) {
    if w.servers.ssl.is_some() {
        let message = "`SSL` already stands above";
        w.report.warn(
            "repeated-keyword",
            s.keyword().at,
            message,
            "forgets the first",
            "keep one of the two",
        );
    }
    let mut ssl = Ssl::default();
    for (name, line) in inside(w, Scope::Ssl, s) {
        let Some(word) = values::first_word(w.report, line) else { continue };
        let slot = match name {
            "password" => &mut ssl.password,
            "ca" => &mut ssl.ca,
            "certificate" => &mut ssl.certificate,
            _ => &mut ssl.key,
        };
        if slot.replace(word).is_some() {
            let message = format!("`{name}` was already given");
            w.report.warn("repeated-keyword", line.all, message, "takes the last", "remove one of the two");
        }
    }
    w.servers.ssl = Some(ssl);
}
