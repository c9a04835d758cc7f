//! The tree of statements, keyword by keyword, handed to whoever reads each.

use super::complete::complete;
use super::instance::{Draft, differs};
use super::keywords::{Keyword, Role, Scope, Takes, all, find, home, needs_argument, title};
use super::model::Config;
use super::report::Report;
use super::tree::Statement;
use super::{global, server};
use crate::finding::{Severity, did_you_mean};

/// Reads all statements and says what the daemon would run.
pub(super) fn walk(report: &mut Report, statements: &[Statement]) -> Config {
    let mut walker = Walker {
        report,
        global: global::Draft::default(),
        instances: Vec::new(),
        servers: server::Draft::default(),
    };
    walker.root(statements);
    let Walker { global, instances, servers, .. } = walker;
    let mut config = complete(report, global, instances);
    servers.complete(report, &mut config);
    config
}

pub(super) struct Walker<'a> {
    pub(super) report: &'a mut Report,
    global: global::Draft,
    instances: Vec<Draft>,
    pub(super) servers: server::Draft,
}

/// What the general checks make of a statement.
enum Step {
    /// Its keyword is fine here.
    Known(Keyword),
    /// Nobody knows it; the number of the finding and the keyword that may be meant.
    Unknown(usize, Option<&'static str>),
    /// It lacks its argument; the number of the finding.
    Lacks(Keyword, usize),
}

impl Walker<'_> {
    fn root(&mut self, statements: &[Statement]) {
        for s in statements {
            let Step::Known(keyword) = self.step(Scope::Root, s) else { continue };
            if server::block(self, s) {
                continue;
            }
            let block = s.block.as_deref().unwrap_or_default();
            match (keyword.role, keyword.takes) {
                (Role::Open, Takes::Block(Scope::Global)) => self.global(block),
                (Role::Open, _) => self.instance(s, block),
                _ => self.later(keyword, s),
            }
        }
    }

    fn global(&mut self, block: &[Statement]) {
        for s in block {
            if let Step::Known(keyword) = self.step(Scope::Global, s) {
                match keyword.role {
                    Role::Global(read) => read(self.report, &mut self.global, s),
                    _ => self.later(keyword, s),
                }
            }
        }
    }

    fn instance(&mut self, s: &Statement, block: &[Statement]) {
        let [name] = s.arguments() else {
            let message = "`vrrp_instance` needs exactly one name";
            self.report.warn(
                "missing-name",
                s.all,
                message,
                "skips the block",
                "write `vrrp_instance NAME {`",
            );
            return;
        };
        if self.instances.iter().any(|d| d.instance.name == name.text) {
            let message = format!("`vrrp_instance {}` already exists", name.text);
            self.report.warn("duplicate-name", name.at, message, "skips the block", "write another name");
            return;
        }
        let mut d = Draft::new(name);
        self.instance_block(Scope::Instance, block, &mut d);
        self.instances.push(d);
    }

    /// The lines of an instance or of its `authentication`.
    fn instance_block(&mut self, scope: Scope, block: &[Statement], d: &mut Draft) {
        for s in block {
            match self.step(scope, s) {
                Step::Known(keyword) => {
                    let place = s.arguments().first().unwrap_or(s.keyword()).at;
                    d.set.insert(keyword.name.to_string(), place);
                    match keyword.role {
                        Role::Open => {
                            let block = s.block.as_deref().unwrap_or_default();
                            self.instance_block(Scope::Authentication, block, d);
                        }
                        Role::Instance(read) => {
                            read(self.report, d, s);
                        }
                        _ => self.later(keyword, s),
                    }
                }
                Step::Lacks(keyword, number) => {
                    d.suspects.insert(keyword.name, number);
                    d.auth_trouble |= scope == Scope::Authentication;
                }
                Step::Unknown(number, meant) => {
                    d.auth_trouble |= scope == Scope::Authentication || meant == Some("authentication");
                    d.address_trouble |= meant == Some("virtual_ipaddress");
                    d.suspects.extend(meant.map(|name| (name, number)));
                }
            }
        }
    }

    /// A keyword that is recognised and not modelled: said once, and what is inside is checked for typos.
    fn later(&mut self, keyword: Keyword, s: &Statement) {
        if self.report.first_mention(keyword.name) {
            match keyword.role {
                Role::Differs => differs(self.report, s.keyword()),
                _ => {
                    let message = format!("`{}` is recognised but not modelled yet", keyword.name);
                    let texts = [message, String::new(), String::new()];
                    self.report.add(Severity::Note, "not-modelled", s.keyword().at, texts);
                }
            }
        }
        self.inside(keyword, s);
    }

    fn inside(&mut self, keyword: Keyword, s: &Statement) {
        let Takes::Block(scope) = keyword.takes else { return };
        if scope != Scope::List {
            for s in s.block.iter().flatten() {
                if let Step::Known(keyword) = self.step(scope, s) {
                    self.inside(keyword, s);
                }
            }
        }
    }

    /// The keyword of a statement of the load balancer's half, if it can be read.
    pub(super) fn known(&mut self, scope: Scope, s: &Statement) -> Option<Keyword> {
        match self.step(scope, s) {
            Step::Known(keyword) => Some(keyword),
            _ => None,
        }
    }

    /// The checks that are the same for every keyword.
    fn step(&mut self, scope: Scope, s: &Statement) -> Step {
        let Some(keyword) = find(scope, &s.keyword().text) else { return self.unknown(scope, s) };
        let name = keyword.name;
        let lacks = needs_argument(scope, keyword) && s.arguments().is_empty();
        match (lacks, s.open_quote) {
            (true, None) => {
                let message = format!("`{name}` lacks its value");
                let number = self.report.error(
                    "missing-argument",
                    s.keyword().at,
                    message,
                    "stops at this line",
                    "add the value",
                );
                Step::Lacks(keyword, number)
            }
            (true, Some(quote)) => {
                let message = "this quote is never closed";
                let daemon = format!("loses the rest of the line and stops, as `{name}` lacks its value");
                let number =
                    self.report.error("open-quote", quote, message, daemon, "close it in the same line");
                Step::Lacks(keyword, number)
            }
            (false, Some(quote)) => {
                let message = "this quote is never closed";
                self.report.warn(
                    "open-quote",
                    quote,
                    message,
                    "loses the rest of the line",
                    "close it in the same line",
                );
                Step::Known(keyword)
            }
            (false, None) => Step::Known(keyword),
        }
    }

    fn unknown(&mut self, scope: Scope, s: &Statement) -> Step {
        let word = s.keyword();
        let meant = did_you_mean(&word.text, all(scope).map(|keyword| keyword.name));
        let help = match (meant, home(&word.text)) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, Some(Scope::Root)) => format!("`{}` belongs at the top level", word.text),
            (None, Some(home)) => format!("`{}` belongs in `{}`", word.text, title(home)),
            (None, None) if word.text.starts_with("//") => "write `#` for a comment".to_string(),
            (None, None) => String::new(),
        };
        let title = title(scope);
        let daemon = match (&s.block, scope) {
            (Some(_), Scope::Root) => {
                "ignores it and its `{`, and reads the block's lines as top-level ones".to_string()
            }
            (Some(_), _) => format!("ignores it and its `{{`, and the block's `}}` already closes `{title}`"),
            (None, Scope::Authentication) => {
                "ignores the line; without type and password there is no authentication".to_string()
            }
            (None, _) => "ignores the line".to_string(),
        };
        let place = match scope {
            Scope::Root => "at the top level".to_string(),
            _ => format!("in `{title}`"),
        };
        let message = format!("`{}` is not a keyword {place}", word.text);
        Step::Unknown(self.report.warn("unknown-keyword", word.at, message, daemon, help), meant)
    }
}
