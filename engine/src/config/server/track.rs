//! `FILE_CHECK` and `BFD_CHECK`: follow something that stands above at the top level.

use super::super::keywords::Scope;
use super::super::report::Report;
use super::super::tree::Statement;
use super::super::values::{Bad, bad_number};
use super::super::walk::Walker;
use super::checker::Common;
use super::model::{CheckerKind, FileWatch};
use super::real_server;
use super::values::{IGNORED, first_word};

const SKIPPED: &str = "skips the checker";

pub(super) fn file(w: &mut Walker<'_>, s: &Statement) -> Option<CheckerKind> {
    let mut watch = FileWatch::default();
    for (name, line) in super::inside(w, Scope::FileCheck, s) {
        if name == "weight" {
            weight(w.report, &mut watch, line);
            continue;
        }
        let word = &line.arguments()[0];
        if w.servers.track_files.contains(&word.text) {
            watch.file.clone_from(&word.text);
        } else {
            let message = format!("there is no `track_file {}` above", word.text);
            w.report.warn(
                "unknown-name",
                word.at,
                message,
                IGNORED,
                "move the `track_file` block above the servers",
            );
        }
    }
    if watch.file.is_empty() {
        let message = "`FILE_CHECK` has no usable `track_file`";
        w.report.warn("missing-keyword", s.keyword().at, message, SKIPPED, "add `track_file`");
        return None;
    }
    Some(CheckerKind::File(watch))
}

fn weight(report: &mut Report, watch: &mut FileWatch, s: &Statement) {
    let Some(word) = s.arguments().first() else {
        first_word(report, s);
        return;
    };
    match word.text.parse::<i32>() {
        Ok(n) if n != i32::MIN => watch.weight = Some(n),
        _ => {
            let bad = if word.text.parse::<f64>().is_ok() { Bad::Range } else { Bad::Form };
            let wanted = "a whole number from -2147483647 to 2147483647";
            bad_number(report, "weight", word, bad, wanted, IGNORED);
            return;
        }
    }
    match s.arguments().get(1) {
        Some(word) if word.text == "reverse" => watch.reverse = true,
        Some(word) if word.text == "noreverse" => watch.reverse = false,
        Some(word) => {
            let message = format!("`{}` is not an option of a weight", word.text);
            report.warn("unknown-option", word.at, message, "ignores this word", "write `reverse`");
        }
        None => {}
    }
}

pub(super) fn bfd(
    w: &mut Walker<'_>,
    s: &Statement,
    common: &mut Common,
    rs: &real_server::Draft,
) -> Option<CheckerKind> {
    let mut followed: Option<String> = None;
    let mut complained = false;
    for (name, line) in super::inside(w, Scope::BfdCheck, s) {
        if name == "alpha" {
            common.timing.read(w.report, name, line);
            continue;
        }
        let place = line.arguments().first().unwrap_or(line.keyword()).at;
        let [word] = line.arguments() else {
            w.report.warn("missing-name", place, "`name` takes one name", SKIPPED, "");
            complained = true;
            continue;
        };
        let known = w.servers.bfd.iter().any(|bfd| bfd.name == word.text && bfd.checker);
        let again = rs.checkers.iter().any(|c| c.kind == CheckerKind::Bfd(word.text.clone()));
        let message = match &followed {
            _ if !known => format!("there is no `bfd_instance {}` for checkers above", word.text),
            Some(_) => "`name` was already given".to_string(),
            None if again => format!("another checker already follows `{}`", word.text),
            None => {
                followed = Some(word.text.clone());
                continue;
            }
        };
        complained = true;
        w.report.warn("unknown-name", place, message, SKIPPED, "");
    }
    if followed.is_none() && !complained {
        let message = "`BFD_CHECK` has no `name`";
        w.report.warn("missing-keyword", s.keyword().at, message, SKIPPED, "add `name`");
    }
    followed.map(CheckerKind::Bfd)
}
