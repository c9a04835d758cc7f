//! What can run on the nodes: our engine, keepalived, FRR's vrrpd (either in several versions), or a program of the user's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use vrrplab_sim::scenario::{Role, Scenario};

/// A version that is not the installed one, as its root folder is called: see [`crate::roots`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version(String);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Version, String> {
        // It is a part of a path, and stands in lists of subjects.
        let fits = |c: char| c.is_ascii_alphanumeric() || ".+~_-".contains(c);
        match text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fits) {
            true => Ok(Version(text.to_string())),
            false => {
                Err(format!("`{text}` is no version: letters, digits and . + ~ _ -, as in keepalived@2.3.3"))
            }
        }
    }
}

/// A kind of daemon.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// The real keepalived: this machine's, or a version in a root folder of its own.
    Keepalived(Option<Version>),
    /// Our engine as a daemon.
    Engine,
    /// FRR's zebra and vrrpd: this machine's, or a version in a root folder of its own.
    Frr(Option<Version>),
    /// A program of the user's: what follows `exec:` is given to `/bin/sh -c`.
    Exec(String),
}

impl Subject {
    /// Whether only who speaks can be compared with our engine: others number, fill and announce in their own ways.
    pub fn is_coarse(&self) -> bool {
        matches!(self, Subject::Frr(_) | Subject::Exec(_))
    }

    /// Which version it is, if it is not what is installed.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Subject::Keepalived(version) | Subject::Frr(version) => version.as_ref(),
            Subject::Engine | Subject::Exec(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Keepalived(_) => f.write_str("keepalived")?,
            Subject::Engine => f.write_str("engine")?,
            Subject::Frr(_) => f.write_str("frr")?,
            Subject::Exec(command) => write!(f, "exec:{command}")?,
        }
        self.version().map_or(Ok(()), |version| write!(f, "@{version}"))
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Subject, String> {
        if let Some(command) = text.strip_prefix("exec:") {
            return match command.trim().is_empty() {
                false => Ok(Subject::Exec(command.to_string())),
                true => Err("`exec:` lacks its command: exec:COMMAND".to_string()),
            };
        }
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let of = |kind: fn(Option<Version>) -> Subject| match version {
            Some("") => Err(format!("`{text}` lacks its version: {name}@VERSION")),
            version => version.map(str::parse).transpose().map(kind),
        };
        match name {
            "keepalived" => of(Subject::Keepalived),
            "frr" => of(Subject::Frr),
            "engine" if version.is_none() => Ok(Subject::Engine),
            "engine" => Err(format!("`{text}`: the engine has the version of this program: engine")),
            _ => Err(format!(
                "`{text}` is no subject: engine, keepalived, frr, keepalived@VERSION, frr@VERSION or exec:COMMAND"
            )),
        }
    }
}

/// Who runs where: `keepalived`, or `ka1=keepalived,ka2=engine`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subjects {
    all: Option<Subject>,
    by_node: BTreeMap<String, Subject>,
}

impl Subjects {
    /// The same everywhere.
    pub fn all(subject: Subject) -> Subjects {
        Subjects { all: Some(subject), by_node: BTreeMap::new() }
    }

    /// What runs on this node.
    pub fn of(&self, node: &str) -> Option<&Subject> {
        self.by_node.get(node).or(self.all.as_ref())
    }

    /// Whether anything runs that is compared coarsely.
    pub fn are_coarse(&self) -> bool {
        self.kinds().into_iter().any(Subject::is_coarse)
    }

    /// Each subject once.
    pub fn kinds(&self) -> BTreeSet<&Subject> {
        self.all.iter().chain(self.by_node.values()).collect()
    }

    /// Subjects for one run, or several runs' subjects for all nodes: `ka1=keepalived,ka2=engine` is one, `engine,keepalived`
    /// are two.
    pub fn list(words: &str) -> Result<Vec<Subjects>, String> {
        let parts = parts(words);
        match parts.iter().any(|part| named(part).is_some()) {
            true => Ok(vec![words.parse()?]),
            false => parts.into_iter().map(str::parse).collect(),
        }
    }

    /// What is wrong with it for this scenario, if anything.
    pub fn mistake(&self, scenario: &Scenario) -> Option<String> {
        let nodes: Vec<&str> =
            scenario.hosts.iter().filter(|h| matches!(h.role, Role::Node(_))).map(|h| &*h.name).collect();
        if let Some(stranger) = self.by_node.keys().find(|name| !nodes.contains(&name.as_str())) {
            return Some(format!("{} has no node {stranger}: {}", scenario.name, nodes.join(", ")));
        }
        let missing = nodes.iter().find(|node| self.of(node).is_none())?;
        Some(format!("{}: no subject for {missing}", scenario.name))
    }
}

impl fmt::Display for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.by_node.iter().map(|(node, subject)| format!("{node}={subject}"));
        let parts: Vec<String> = self.all.iter().map(Subject::to_string).chain(named).collect();
        f.write_str(&parts.join(","))
    }
}

impl FromStr for Subjects {
    type Err = String;

    fn from_str(text: &str) -> Result<Subjects, String> {
        let mut subjects = Subjects { all: None, by_node: BTreeMap::new() };
        for part in parts(text) {
            match named(part) {
                Some((node, subject)) => {
                    subjects.by_node.insert(node.to_string(), subject.parse()?);
                }
                None if subjects.all.is_none() => subjects.all = Some(part.parse()?),
                None => return Err(format!("`{part}`: one subject for all nodes, others as NODE=SUBJECT")),
            }
        }
        Ok(subjects)
    }
}

/// What commas separate. A command may have commas of its own: it ends where a subject follows one.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut from) = (Vec::new(), 0);
    for (comma, _) in text.match_indices(',') {
        let of_a_command = named(&text[from..comma]).map_or(&text[from..comma], |(_, subject)| subject);
        let next = &text[comma + 1..];
        let next = next.split_once(',').map_or(next, |(next, _)| next);
        let subject = named(next).map_or(next, |(_, subject)| subject);
        if !of_a_command.starts_with("exec:") || subject.parse::<Subject>().is_ok() {
            found.push(&text[from..comma]);
            from = comma + 1;
        }
    }
    found.push(&text[from..]);
    found
}

/// `NODE=SUBJECT`; a command may have an `=` of its own.
fn named(part: &str) -> Option<(&str, &str)> {
    part.split_once('=').filter(|(node, _)| !node.starts_with("exec:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_read_what_they_print() {
        let commands = ["exec:a --b=c,d", "engine,x=exec:a,b=c,y=frr"];
        let plain =
            ["keepalived", "engine", "frr", "a=keepalived,b=engine", "engine,ka1=keepalived", "frr@10.3"];
        for text in plain.into_iter().chain(commands) {
            assert_eq!(text.parse::<Subjects>().map(|s| s.to_string()), Ok(text.to_string()));
        }
        assert!("keepalive".parse::<Subjects>().is_err());
        assert!("engine,keepalived".parse::<Subjects>().is_err());
        let mixed: Subjects = "engine,ka1=keepalived".parse().expect("it reads");
        assert_eq!(
            (mixed.of("ka1"), mixed.of("ka2")),
            (Some(&Subject::Keepalived(None)), Some(&Subject::Engine))
        );
    }

    #[test]
    fn a_version_is_named_after_its_daemon() {
        let mixed: Subjects = "ka1=keepalived@2.3.3,ka2=keepalived".parse().expect("it reads");
        let version = Some(Version("2.3.3".to_string()));
        assert_eq!(mixed.of("ka1"), Some(&Subject::Keepalived(version)));
        assert_eq!(mixed.of("ka2"), Some(&Subject::Keepalived(None)));
        assert_eq!(mixed.to_string(), "ka1=keepalived@2.3.3,ka2=keepalived");
        assert_eq!(Subjects::list("engine,keepalived,keepalived@2.3.3").map(|list| list.len()), Ok(3));
        assert!("frr@10.3".parse::<Subject>().is_ok_and(|frr| frr.is_coarse()));
        let wrong = |text: &str| text.parse::<Subject>().expect_err("it is no subject");
        assert_eq!(wrong("keepalived@"), "`keepalived@` lacks its version: keepalived@VERSION");
        assert!(wrong("frr@../10.3").starts_with("`../10.3` is no version: "));
        assert!(wrong("engine@1").contains("the version of this program"));
        assert!(wrong("bird@2").contains("is no subject"));
    }

    #[test]
    fn a_command_keeps_its_commas_up_to_the_next_subject() {
        let mixed: Subjects = "x=exec:run --with=a,b --and c,y=frr,z=exec:true".parse().expect("it reads");
        assert_eq!(mixed.of("x"), Some(&Subject::Exec("run --with=a,b --and c".to_string())));
        assert_eq!(
            (mixed.of("y"), mixed.of("z")),
            (Some(&Subject::Frr(None)), Some(&Subject::Exec("true".into())))
        );
        assert!("x=exec:".parse::<Subjects>().is_err());
    }

    #[test]
    fn a_list_is_several_runs_unless_nodes_are_named() {
        let count = |words: &str| Subjects::list(words).map(|list| list.len());
        assert_eq!((count("engine,frr"), count("a=engine,b=frr")), (Ok(2), Ok(1)));
        assert_eq!((count("exec:a=b,c"), count("exec:a=b,engine")), (Ok(1), Ok(2)));
    }
}
