//! What can run on the nodes: our engine, keepalived, FRR's vrrpd, or a program of the user's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use vrrplab_sim::scenario::{Role, Scenario};

/// A kind of daemon.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// The real keepalived of this machine.
    Keepalived,
    /// Our engine as a daemon.
    Engine,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::Keepalived => "keepalived",
            Subject::Engine => "engine",
        })
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Subject, String> {
        match text {
            "keepalived" => Ok(Subject::Keepalived),
            "engine" => Ok(Subject::Engine),
            other => Err(format!("`{other}` is no subject: engine or keepalived")),
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
        for part in text.split(',') {
            match part.split_once('=') {
                Some((node, subject)) if node != "exec" => {
                    subjects.by_node.insert(node.to_string(), subject.parse()?);
                }
                _ if subjects.all.is_none() => subjects.all = Some(part.parse()?),
                _ => return Err(format!("`{part}`: one subject for all nodes, others as NODE=SUBJECT")),
            }
        }
        Ok(subjects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_read_what_they_print() {
        for text in ["keepalived", "engine", "a=keepalived,b=engine", "engine,ka1=keepalived"] {
            assert_eq!(text.parse::<Subjects>().map(|s| s.to_string()), Ok(text.to_string()));
        }
        assert!("keepalive".parse::<Subjects>().is_err());
        assert!("engine,keepalived".parse::<Subjects>().is_err());
        let mixed: Subjects = "engine,ka1=keepalived".parse().expect("it reads");
        assert_eq!((mixed.of("ka1"), mixed.of("ka2")), (Some(&Subject::Keepalived), Some(&Subject::Engine)));
    }
}
