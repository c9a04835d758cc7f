//! The tree of statements, keyword by keyword, handed to whoever reads each.

use std::collections::{BTreeMap, BTreeSet};

use super::address::address;
use super::complete::complete;
use super::instance::Draft;
use super::keywords::{Keyword, Role, Scope, Takes, all, find, home, needs_argument, not_simulated, title};
use super::lex::Word;
use super::model::{Config, GarpGroup, Script, TrackFile, TrackGroup, TrackProcess, VmacKind, Weight};
use super::report::Report;
use super::route::{route, rule};
use super::track::Known;
use super::tree::Statement;
use super::values::surplus;
use super::{global, group, plain, server};
use crate::finding::{Severity, did_you_mean};

/// Reads all statements and says what the daemon would run.
pub(super) fn walk(report: &mut Report, statements: &[Statement]) -> Config {
    let mut walker = Walker {
        report,
        global: global::Draft::default(),
        config: Config::default(),
        instances: Vec::new(),
        groups: Vec::new(),
        known: Known::default(),
        names: BTreeSet::new(),
        own: BTreeMap::new(),
        servers: server::Draft::default(),
    };
    walker.known.later = names_of_trackers(statements);
    walker.root(statements);
    let Walker { global, config, instances, groups, servers, .. } = walker;
    let mut config = complete(report, config, global, instances, groups);
    servers.complete(report, &mut config);
    config
}

/// All trackers that the text defines, wherever.
fn names_of_trackers(statements: &[Statement]) -> Vec<String> {
    const TRACKERS: &[&str] =
        &["vrrp_script", "vrrp_track_process", "track_file", "vrrp_track_file", "bfd_instance"];
    let trackers = statements.iter().filter(|s| TRACKERS.contains(&s.keyword().text.as_str()));
    trackers.filter_map(|s| s.arguments().first()).map(|name| name.text.clone()).collect()
}

pub(super) struct Walker<'a> {
    pub(super) report: &'a mut Report,
    global: global::Draft,
    /// What needs no completion.
    config: Config,
    instances: Vec<Draft>,
    groups: Vec<group::Draft>,
    pub(super) known: Known,
    /// The blocks that have been read, by keyword and name.
    names: BTreeSet<(String, String)>,
    /// The names that instances gave to interfaces of their own, and which instance did.
    own: BTreeMap<String, String>,
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
            if let ("bfd_instance", Some(name)) = (keyword.name, s.arguments().first()) {
                self.known.bfds.insert(name.text.clone(), Weight::default());
            }
            if server::block(self, s) {
                continue;
            }
            match keyword.role {
                Role::Open => {
                    self.mention(Scope::Root, &keyword, s);
                    self.open(&keyword, s);
                }
                Role::Plain(_) => plain::read(self.report, &mut self.config.top, &keyword, s),
                _ => self.later(keyword, s),
            }
        }
    }

    /// Reads a block of the top level.
    fn open(&mut self, keyword: &Keyword, s: &Statement) {
        match keyword.name {
            "global_defs" => self.global(s),
            "vrrp_instance" => self.instance(s),
            "vrrp_sync_group" => self.sync_group(s),
            "vrrp_script" => self.script(s),
            "vrrp_track_process" => self.process(s),
            "track_file" | "vrrp_track_file" => self.file(s),
            "track_group" => self.track_group(s),
            "garp_group" => self.garp_group(s),
            "interface_up_down_delays" => group::delays(self.report, &mut self.config.link_delays, s),
            "linkbeat_interfaces" => group::polling(self.report, &mut self.config.link_polling, s),
            _ => self.statics(keyword.name, s),
        }
    }

    fn statics(&mut self, name: &str, s: &Statement) {
        surplus(self.report, s, 0);
        for line in s.block.iter().flatten() {
            match name {
                "static_routes" => self.config.static_routes.extend(route(self.report, line, true)),
                "static_rules" => self.config.static_rules.extend(rule(self.report, line, true)),
                _ => self.config.static_addresses.extend(address(self.report, line, true)),
            }
            let group = line.arguments().windows(2).find(|pair| pair[0].text == "track_group");
            if let Some([_, group]) = group
                && !self.config.track_groups.iter().any(|g| g.name == group.text)
            {
                let message = format!("there is no track_group `{}` above", group.text);
                let help = "write the `track_group` block above this one";
                self.report.warn("unknown-tracker", group.at, message, "does not track it", help);
            }
        }
    }

    /// Says once what a keyword does that is not simulated.
    fn mention(&mut self, scope: Scope, keyword: &Keyword, s: &Statement) {
        let Some(effect) = not_simulated(scope, keyword.name) else { return };
        if self.report.first_mention(keyword.name) {
            let message = format!("`{}` is read but not simulated yet: {effect}", keyword.name);
            self.report.warn("not-simulated", s.keyword().at, message, "", "");
        }
    }

    fn global(&mut self, s: &Statement) {
        for s in s.block.iter().flatten() {
            if let Step::Known(keyword) = self.step(Scope::Global, s) {
                self.mention(Scope::Global, &keyword, s);
                match keyword.role {
                    Role::Global(read) => read(self.report, &mut self.global, s),
                    Role::Plain(_) => plain::read(self.report, &mut self.global.global.other, &keyword, s),
                    _ => self.later(keyword, s),
                }
            }
        }
    }

    /// The lines of a block that needs nothing from elsewhere.
    fn lines(&mut self, scope: Scope, s: &Statement, mut read: impl FnMut(&mut Report, Role, &Statement)) {
        for s in s.block.iter().flatten() {
            if let Step::Known(keyword) = self.step(scope, s) {
                read(self.report, keyword.role, s);
            }
        }
    }

    fn script(&mut self, s: &Statement) {
        let Some(name) = s.arguments().first() else { return };
        let mut script = Script::named(&name.text);
        self.lines(Scope::Script, s, |report, role, s| {
            if let Role::Script(read) = role {
                read(report, &mut script, s);
            }
        });
        if script.command.argv.is_empty() {
            let message = format!("`vrrp_script {}` has no `script`", name.text);
            self.report.warn("missing-keyword", name.at, message, "drops it", "add `script`");
            return;
        }
        self.known.scripts.insert(name.text.clone(), script.weight);
        self.config.scripts.push(script);
    }

    fn process(&mut self, s: &Statement) {
        let Some(name) = s.arguments().first() else { return };
        let mut process = TrackProcess::named(&name.text);
        self.lines(Scope::Process, s, |report, role, s| {
            if let Role::Process(read) = role {
                read(report, &mut process, s);
            }
        });
        if process.process.is_empty() {
            let message = format!("`vrrp_track_process {}` has no `process`", name.text);
            self.report.warn("missing-keyword", name.at, message, "drops it", "add `process`");
            return;
        }
        if let Some(most) = process.quorum_max.filter(|most| *most < process.quorum) {
            if most == 0 {
                process.quorum = 0;
            } else {
                let message = "`quorum_max` is below `quorum`";
                let help = "raise `quorum_max`";
                self.report.warn("conflict", name.at, message, "ignores `quorum_max`", help);
                process.quorum_max = None;
            }
        }
        self.known.processes.insert(name.text.clone(), process.weight);
        self.config.processes.push(process);
    }

    fn file(&mut self, s: &Statement) {
        let Some(name) = s.arguments().first() else { return };
        let mut file = TrackFile::named(&name.text);
        self.lines(Scope::TrackFile, s, |report, role, s| {
            if let Role::File(read) = role {
                read(report, &mut file, s);
            }
        });
        if file.file.is_empty() {
            let message = format!("`track_file {}` has no `file`", name.text);
            self.report.warn("missing-keyword", name.at, message, "drops it", "add `file`");
            return;
        }
        self.known.files.insert(name.text.clone(), file.weight);
        self.config.files.push(file);
    }

    fn garp_group(&mut self, s: &Statement) {
        let mut group = GarpGroup::default();
        self.lines(Scope::GarpGroup, s, |report, role, s| {
            if let Role::Garp(read) = role {
                read(report, &mut group, s);
            }
        });
        group::garp_group(self.report, &mut self.config.garp_groups, group, s);
    }

    fn track_group(&mut self, s: &Statement) {
        let Some(name) = self.only_name(s) else { return };
        let mut group = TrackGroup { name: name.text.clone(), members: Vec::new() };
        let mut empty = None;
        self.lines(Scope::TrackGroup, s, |report, _, s| {
            surplus(report, s, 0);
            let members = group::names(s);
            empty = members.is_empty().then_some(s.keyword().at);
            group.members.extend(members.into_iter().map(|(name, _)| name));
        });
        if let Some(at) = empty {
            let message = format!("the `group` of `{}` is empty", name.text);
            self.report.warn("empty-block", at, message, "ignores it", "name the instances");
        }
        self.config.track_groups.push(group);
    }

    fn sync_group(&mut self, s: &Statement) {
        let Some(name) = self.only_name(s) else { return };
        let mut d = group::Draft::new(name, &self.known);
        self.lines(Scope::SyncGroup, s, |report, role, s| {
            if let Role::Group(read) = role {
                read(report, &mut d, s);
            }
        });
        self.groups.push(d);
    }

    /// The one name that a block needs, if it has one that is new.
    fn only_name<'s>(&mut self, s: &'s Statement) -> Option<&'s Word> {
        let keyword = &s.keyword().text;
        let [name] = s.arguments() else {
            let message = format!("`{keyword}` needs exactly one name");
            let help = format!("write `{keyword} NAME {{`");
            self.report.warn("missing-name", s.all, message, "skips the block", help);
            return None;
        };
        if !self.names.insert((keyword.clone(), name.text.clone())) {
            let message = format!("`{keyword} {}` already exists", name.text);
            self.report.warn("duplicate-name", name.at, message, "skips the block", "write another name");
            return None;
        }
        Some(name)
    }

    fn instance(&mut self, s: &Statement) {
        let Some(name) = self.only_name(s) else { return };
        let mut d = Draft::new(name, &self.known);
        self.instance_block(Scope::Instance, s.block.as_deref().unwrap_or_default(), &mut d);
        self.own_interface(&mut d);
        self.instances.push(d);
    }

    /// The name that an instance gives to its interface is its own: the daemon ignores one that is taken.
    fn own_interface(&mut self, d: &mut Draft) {
        let Some((kind, name)) = &mut d.vmac else { return };
        let keyword = if matches!(kind, VmacKind::Macvlan(_)) { "use_vmac" } else { "use_ipvlan" };
        let Some(taken) = name.take_if(|name| self.own.contains_key(name)) else {
            self.own.extend(name.clone().map(|name| (name, d.instance.name.clone())));
            return;
        };
        let message = format!("`vrrp_instance {}` already uses the name `{taken}`", self.own[&taken]);
        let help = "write another name, or none";
        self.report.warn("duplicate-interface", d.place(keyword), message, "ignores the name", help);
    }

    /// The lines of an instance or of its `authentication`.
    fn instance_block(&mut self, scope: Scope, block: &[Statement], d: &mut Draft) {
        for s in block {
            match self.step(scope, s) {
                Step::Known(keyword) => {
                    let place = s.arguments().first().unwrap_or(s.keyword()).at;
                    d.set.insert(keyword.name, place);
                    self.mention(scope, &keyword, s);
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
            let message = format!("`{}` is recognised but not modelled yet", keyword.name);
            let texts = [message, String::new(), String::new()];
            self.report.add(Severity::Note, "not-modelled", s.keyword().at, texts);
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
