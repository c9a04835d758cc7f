//! `MISC_CHECK`: asks a script.

use super::super::keywords::Scope;
use super::super::lex::command_words;
use super::super::tree::Statement;
use super::super::walk::Walker;
use super::checker::Common;
use super::model::{CheckerKind, Misc};
use super::values::{Trailing, first_word, whole};

pub(super) fn read(w: &mut Walker<'_>, s: &Statement, common: &mut Common) -> Option<CheckerKind> {
    let mut misc = Misc::default();
    for (name, line) in super::inside(w, Scope::MiscCheck, s) {
        match name {
            "misc_path" => {
                let command = command_words(&line.rest()).into_iter().next().unwrap_or_default();
                misc.script = command_words(&command);
            }
            "misc_timeout" => {
                misc.timeout = whole(w.report, line, 0..=4294, Trailing::Dropped).unwrap_or(misc.timeout);
            }
            "misc_dynamic" => misc.dynamic = true,
            "user" => {
                let group = line.arguments().get(1).map(|word| word.text.clone());
                misc.user = first_word(w.report, line).map(|user| (user, group)).or(misc.user);
            }
            _ => {
                common.read(w.report, name, line);
            }
        }
    }
    if misc.script.is_empty() {
        let message = "`MISC_CHECK` has no `misc_path`";
        w.report.warn("missing-keyword", s.keyword().at, message, "skips the checker", "add `misc_path`");
        return None;
    }
    Some(CheckerKind::Misc(misc))
}
