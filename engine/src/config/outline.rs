//! The blocks and lines of a text after reading, with their places.
//!
//! A [`Config`](super::Config) has what the daemon runs, with defaults filled in and corrections made. Advice is
//! often about what somebody wrote, or where: that is looked up here.

use std::collections::BTreeMap;

use super::lex::{At, Word};
use super::tree::Statement;
use crate::finding::{Place, Source};

/// The statements of a configuration. Empty for one that was not read from a text.
#[derive(Clone, Default, Debug)]
pub struct Outline {
    statements: Vec<Statement>,
    /// The statements of each keyword: there may be thousands of instances and one `global_defs`.
    by_keyword: BTreeMap<String, Vec<usize>>,
}

impl Outline {
    pub(super) fn new(statements: Vec<Statement>) -> Outline {
        let mut by_keyword: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, statement) in statements.iter().enumerate() {
            let keyword = statement.keyword().text.as_str();
            match by_keyword.get_mut(keyword) {
                Some(all) => all.push(i),
                None => drop(by_keyword.insert(keyword.to_string(), vec![i])),
            }
        }
        Outline { statements, by_keyword }
    }

    /// The blocks or lines `keyword` at the top level.
    pub(super) fn all(&self, keyword: &str) -> impl Iterator<Item = &Statement> {
        let all = self.by_keyword.get(keyword).into_iter().flatten();
        all.map(|i| &self.statements[*i])
    }

    /// The first block `keyword NAME`.
    pub(super) fn named(&self, keyword: &str, name: &str) -> Option<&Statement> {
        self.all(keyword).find(|s| s.arguments().first().is_some_and(|word| word.text == name))
    }
}

impl Statement {
    /// The lines inside.
    pub(super) fn inside(&self) -> &[Statement] {
        self.block.as_deref().unwrap_or_default()
    }

    /// The last line `keyword` inside: with most keywords it is the one that counts.
    pub(super) fn line(&self, keyword: &str) -> Option<&Statement> {
        self.inside().iter().rfind(|s| s.keyword().text == keyword)
    }

    /// What a person would point at: the value, or the keyword if it has none.
    pub(super) fn value(&self) -> &Word {
        self.arguments().first().unwrap_or(self.keyword())
    }
}

/// A place as findings have it.
pub(super) fn place(sources: &[Source], at: At) -> Place {
    let file = sources.get(at.file).map_or_else(|| "".into(), |source| source.name.clone());
    Place { file, span: at.start..at.end }
}
