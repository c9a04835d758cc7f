//! What there is to say about the language itself: definitions, sequences, comments, spaces and includes.

use super::define::{Mention, ends_name};
use super::lex::{At, Word};
use super::report::Report;
use super::sequence::Bad;
use super::text::Text;
use crate::finding::Severity;

/// A name that stays in the text.
#[derive(Clone, Debug)]
pub(super) struct Unresolved {
    at: At,
    name: String,
    braces: bool,
    /// It is a word of its own, not the middle of one.
    alone: bool,
}

impl Report {
    /// A warning that counts once, whoever meets it again.
    pub(super) fn once(
        &mut self,
        code: &'static str,
        at: At,
        message: impl Into<String>,
        daemon: &str,
        help: &str,
    ) {
        if self.first_mention(code) {
            self.error(code, at, message, daemon, help);
        }
    }

    /// A finished line mentions a name. Those that are unknown are settled when all definitions are known.
    pub(super) fn mention(&mut self, text: &Text, m: &Mention, known: bool, block: bool, behind: char) {
        let Some(at) = text.at(m.start, m.end) else { return };
        let name = &m.name;
        let alone = m.start == 0 || text.get(m.start - 1).is_whitespace();
        if !known {
            self.unresolved.push(Unresolved { at, name: name.clone(), braces: m.braces, alone });
        } else if block && m.end < text.len() {
            let message = format!("`${name}` has several lines and does not end its line");
            self.suspect("definition-inside", at, message, "leaves it as it is", "end the line with it");
        } else if !m.braces && !ends_name(behind) {
            let message = format!("`${name}` is not replaced before `{behind}`");
            let help = format!("write `${{{name}}}`");
            self.suspect("definition-not-used", at, message, "leaves it as it is", help);
        } else if m.braces {
            let message = format!("`{}` is not replaced", text.string(m.start, m.end));
            self.suspect("definition-not-used", at, message, BRACES, format!("write `${{{name}}}`"));
        }
    }

    /// Tells about names that nothing defines, or not yet.
    pub(super) fn settle_mentions(&mut self, defined: impl Fn(&str) -> Option<At>) {
        for Unresolved { at, name, braces, alone } in std::mem::take(&mut self.unresolved) {
            let daemon = if braces { BRACES } else { "leaves it as it is" };
            if defined(&name).is_some_and(|defined| defined.file == at.file && defined.start > at.start) {
                let message = format!("`${name}` is defined further down only");
                self.suspect("undefined", at, message, daemon, "move the definition up");
            } else if name == "_ENV" {
                let message = "`$_ENV` is not known to keepalived 2.2.7";
                self.suspect("undefined", at, message, daemon, "");
            } else if alone || braces {
                self.suspect("undefined", at, format!("`${name}` is not defined"), daemon, "");
            }
        }
    }

    /// A space that the daemon takes for a letter.
    pub(super) fn odd_space(&mut self, at: At, c: char) {
        let what = match c {
            '\u{feff}' => "a byte order mark",
            '\u{a0}' | '\u{202f}' => "a no-break space",
            '\u{200b}' => "a space without width",
            _ => "a space that is not plain",
        };
        self.warn(
            "odd-space",
            at,
            what,
            "takes it for a letter of the word",
            "write a plain space or nothing",
        );
    }

    /// `\#` or `$_HASH`: the daemon looks for comments again.
    pub(super) fn second_comment(&mut self, at: Option<At>) {
        let Some(at) = at else { return };
        let daemon = "looks for comments again later and loses the rest of the line";
        let message = "this starts a comment after all";
        self.warn("second-comment", at, message, daemon, "put the word in double quotes");
    }

    /// A line that starts with `\!`.
    pub(super) fn copied_bang(&mut self, at: Option<At>) {
        let Some(at) = at else { return };
        let message = "a line must not start with `\\!`";
        let daemon = "takes it for the end of the file when it reads its own copy, and crashes";
        self.error("second-comment", at, message, daemon, "put the word in double quotes");
    }

    pub(super) fn without_id(&mut self, at: Option<At>) {
        if let Some(at) = at.filter(|_| self.first_mention("@")) {
            let message = "whether this line counts depends on the configuration id".to_string();
            let daemon = "takes the host's name where `-i` gives no id".to_string();
            self.add(Severity::Note, "condition-without-id", at, [message, daemon, String::new()]);
        }
    }

    /// A condition that comes out of a definition.
    pub(super) fn garbled_condition(&mut self, at: Option<At>, crashes: bool) {
        let Some(at) = at else { return };
        let (message, help) =
            ("this condition comes out of a definition", "write it before the definition's use");
        if crashes {
            self.error("condition-in-definition", at, message, "overwrites its memory and crashes", help);
        } else {
            self.warn("condition-in-definition", at, message, "garbles the line", help);
        }
    }

    pub(super) fn bad_sequence(&mut self, at: At, bad: Bad, crashes: bool) {
        let help = "write `~SEQ(NAME, START, STEP, END) …` or `~LST(NAME, VALUE, …) …`";
        if crashes && bad == Bad::Open && self.text(at).starts_with("~SEQ") {
            self.error("bad-sequence", at, bad.message(), "reads beyond the line and may crash", help);
            return;
        }
        let list = self.text(at).starts_with("~LST");
        let daemon = if list { "skips the line, and holds back later sequences" } else { "skips the line" };
        self.warn("bad-sequence", at, bad.message(), daemon, help);
    }

    /// A line that is nothing but a quote that nothing closes.
    pub(super) fn lost_quote(&mut self, at: Option<At>, first: char) {
        if let Some(at) = at.filter(|_| first == '"') {
            let help = "close it in the same line";
            self.warn("open-quote", at, "this quote is never closed", "loses the line", help);
        }
    }

    pub(super) fn long_line(&mut self, at: Option<At>, longest: usize) {
        let Some(at) = at else { return };
        let message = format!("this line is longer than {longest} bytes");
        self.warn(
            "line-too-long",
            at,
            message,
            "reads what is behind as a line of its own",
            "break the line",
        );
    }

    pub(super) fn brace_in_include(&mut self, at: Option<At>) {
        let Some(at) = at else { return };
        let message = "this `}` is part of the pattern before it";
        self.warn(
            "include-brace",
            at,
            message,
            "finds no such file and misses the brace",
            "write it in a line of its own",
        );
    }

    /// An include behind a condition, a sequence or a brace.
    pub(super) fn read_twice(&mut self, at: At) {
        let message = "this file is read twice, as its include does not start the line";
        let daemon = "reads it when it makes its copy and once more when it reads the copy";
        self.warn("include-twice", at, message, daemon, "start the line with the include");
    }

    /// An include that finds less than it says.
    pub(super) fn include(
        &mut self,
        code: &'static str,
        severity: Severity,
        at: At,
        message: String,
        pattern: &str,
    ) {
        let daemon = match severity {
            Severity::Error => "refuses to start",
            Severity::Warning => "says so and goes on without",
            Severity::Note => "goes on without a word",
        };
        let help = if pattern.contains('"') { "write it without quotes" } else { "" };
        self.add(severity, code, at, [message, daemon.into(), help.into()]);
    }

    pub(super) fn bad_check(&mut self, word: &Word) {
        let message = format!("`{}` is nothing that can be checked", word.text);
        let help = "write `read`, `match`, `wildcard_match` or `brace_match`";
        self.warn("bad-value", word.at, message, "ignores it", help);
    }
}

const BRACES: &str = "leaves it as it is and takes its braces for those of a block";
