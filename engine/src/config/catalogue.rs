//! The keywords as a list that others may read: documentation is made from it.

use super::keywords::{BLOCKS, Role, Scope, Takes, all, not_simulated, title};

/// What is known about one keyword in one kind of block.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KeywordFacts {
    /// The kind of block, in words: `the top level`, `vrrp_instance`.
    pub block: &'static str,
    /// The keyword.
    pub name: &'static str,
    /// What follows it, in words.
    pub takes: String,
    /// What becomes of it.
    pub status: Status,
}

/// What becomes of a keyword.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Status {
    /// It is read: checked, and its value is in the configuration.
    Modelled,
    /// It is known, without a value of its own.
    Recognised,
    /// It is read, and the simulation does without it: it differs from the daemon.
    Differs,
}

/// Every keyword of every kind of block: by block in the order of the tables, by name within it.
pub fn keywords() -> Vec<KeywordFacts> {
    let mut scopes = vec![Scope::Root];
    for (_, scope) in BLOCKS {
        if !scopes.contains(scope) && !matches!(scope, Scope::List | Scope::Unknown) {
            scopes.push(*scope);
        }
    }
    let mut found = Vec::new();
    for scope in scopes {
        let mut here: Vec<KeywordFacts> = all(scope)
            .map(|keyword| KeywordFacts {
                block: title(scope),
                name: keyword.name,
                takes: takes(keyword.takes),
                status: match (keyword.role, not_simulated(scope, keyword.name)) {
                    (_, Some(_)) => Status::Differs,
                    (Role::Later, None) => Status::Recognised,
                    (_, None) => Status::Modelled,
                },
            })
            .collect();
        here.sort();
        here.dedup_by_key(|k| k.name);
        found.append(&mut here);
    }
    found
}

fn takes(takes: Takes) -> String {
    match takes {
        Takes::Words => "nothing, or words".to_string(),
        Takes::Value => "a value".to_string(),
        Takes::Block(Scope::List) => "a list".to_string(),
        Takes::Block(_) => "a block".to_string(),
    }
}
