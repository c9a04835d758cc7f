//! `DNS_CHECK`: asks for a name.

use super::super::keywords::Scope;
use super::super::tree::Statement;
use super::super::walk::Walker;
use super::checker::Common;
use super::model::CheckerKind;
use super::values::{IGNORED, one_of};

const TYPES: &[&str] = &["A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"];

pub(super) fn read(w: &mut Walker<'_>, s: &Statement, common: &mut Common) -> CheckerKind {
    let (mut kind, mut asked) = ("SOA", None);
    for (name, line) in super::inside(w, Scope::DnsCheck, s) {
        match name {
            "type" => kind = one_of(w.report, line, TYPES, "a type of DNS record", true).unwrap_or(kind),
            "name" => {
                let word = &line.arguments()[0];
                let (code, message) = if asked.is_some() {
                    ("repeated-keyword", "`name` was already given".to_string())
                } else if word.text.contains("..") {
                    ("invalid-name", format!("`{}` has an empty part", word.text))
                } else {
                    asked = Some(word.text.clone());
                    continue;
                };
                w.report.warn(code, word.at, message, IGNORED, "");
            }
            _ => {
                common.read(w.report, name, line);
            }
        }
    }
    CheckerKind::Dns(kind, asked.unwrap_or_default())
}
