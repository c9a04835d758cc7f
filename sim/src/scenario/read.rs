//! A scenario's text in, its runs and the findings out. Reading never stops at the first mistake, and every
//! finding has the span of the key or value that it is about.
//!
//! One file an idea: `page` the text with its spans and findings, `network` its switches, `hosts` its hosts, `variant` the views of
//! it, `script` the `[[at]]`, `expect` the `[[expect]]`. Mistakes inside a keepalived.conf are not findings
//! here: they stay in its [`Reading`], since a scenario may be about exactly that mistake.

mod anchor;
mod expect;
mod hosts;
mod jobs;
mod network;
mod page;
mod route;
mod script;
mod services;
mod sysctl;
#[cfg(test)]
mod tests;
mod variant;

use std::sync::Arc;

use toml::de::DeTable;
use vrrplab_engine::config::Reading;
use vrrplab_engine::finding::{Finding, Severity, Source};
use vrrplab_engine::time::Duration;

use super::Scenario;
pub use hosts::default_mac;
use page::{Page, Table};
use variant::View;

/// Where configurations come from: the reader of scenarios opens no file and knows no keepalived.conf.
pub trait Files {
    /// The keepalived.conf at `path`, which the scenario file gives relative to itself. An error is one line
    /// that says why there is none.
    fn config(&self, path: &str) -> Result<Arc<Reading>, String>;

    /// The text of another file at `path`, relative to the scenario file.
    fn text(&self, path: &str) -> Result<String, String>;

    /// A keepalived.conf that is written inside the scenario. `name` is what findings call it; `text` begins
    /// with as many empty lines as precede it in the scenario, so that line numbers are the scenario's.
    fn inline(&self, name: &str, text: &str) -> Arc<Reading>;
}

/// The outcome of reading a scenario file.
#[derive(Clone, Debug)]
pub struct ScenarioFile {
    /// The plain scenario and then one for each variant in the order of the text. Empty if a finding is an
    /// error.
    pub scenarios: Vec<Scenario>,
    /// Everything there is to say, in the order of the text.
    pub findings: Vec<Finding>,
    /// The text that findings point into.
    pub source: Source,
}

/// The keys at the top of a scenario file.
const ROOT: &[&str] = &[
    "title", "story", "covers", "duration", "segment", "trunk", "node", "client", "variant", "at", "expect",
];

/// Reads a scenario. `file` is the name as the user knows it; the scenario's own name is [`name_of`] it.
pub fn read(file: &str, text: &str, files: &dyn Files) -> ScenarioFile {
    let source = Source { name: file.into(), text: text.into() };
    let page = Page::new(Arc::clone(&source.name), text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        page.syntax(error.span(), error.message());
    }
    let mut scenarios = match page.root(document.get_ref(), ROOT) {
        Some(root) => scenarios(&page, &root, files),
        None => Vec::new(),
    };
    let findings = page.into_findings();
    if findings.iter().any(|f| f.severity == Severity::Error) {
        scenarios.clear();
    }
    ScenarioFile { scenarios, findings, source }
}

/// The name of the scenario in a file: the path below the folder `scenarios`, without extension, and without
/// the file's own name where its folder has the same: `scenarios/seed/two-routers/two-routers.toml` is
/// `seed/two-routers`.
pub fn name_of(file: &str) -> String {
    let file = file.strip_suffix(".toml").unwrap_or(file);
    let mut parts: Vec<&str> = file.split('/').filter(|p| !matches!(*p, "" | "." | "..")).collect();
    if let Some(at) = parts.iter().rposition(|p| *p == "scenarios") {
        parts.drain(..=at);
    }
    if let [.., folder, own] = parts[..]
        && folder == own
    {
        parts.pop();
    }
    parts.join("/")
}

fn scenarios(page: &Page<'_>, root: &Table<'_>, files: &dyn Files) -> Vec<Scenario> {
    let title = root.need(page, "title", "title = \"The master loses power\"");
    let title = title.and_then(|t| page.text(t)).unwrap_or_default();
    let story = root.get("story").and_then(|t| page.text(t)).unwrap_or_default();
    // Prose: where its lines end in the file means nothing.
    let story = story.split_whitespace().collect::<Vec<_>>().join(" ");
    let covers = covers(page, root);
    let duration = duration(page, root);
    let lab = hosts::read(page, root, files);
    let mut views = variant::views(page, root.get("variant"), lab, files);
    let (script, configurations) = script::read(page, root.get("at"), &views[0].lab, files, duration);
    let later = script::later(&script, &configurations);
    views.iter_mut().for_each(|view| view.lab.later.clone_from(&later));
    let mut expectations = expect::read(page, root.get("expect"), &views, duration).into_iter();
    let name = name_of(&page.file());
    views
        .into_iter()
        .map(|View { variant, title: own, lab }| Scenario {
            name: variant.map_or_else(|| name.clone(), |v| format!("{name}/{v}")),
            title: own.unwrap_or_else(|| title.to_string()),
            story: story.clone(),
            covers: covers.clone(),
            duration,
            segments: lab.segments,
            trunks: lab.trunks,
            hosts: lab.hosts,
            script: script.clone(),
            configurations: configurations.clone(),
            expectations: expectations.next().unwrap_or_default(),
        })
        .collect()
}

fn covers(page: &Page<'_>, root: &Table<'_>) -> Vec<String> {
    let items = root.get("covers").and_then(|i| page.array(i)).unwrap_or_default();
    items.iter().filter_map(|i| page.text(i)).map(str::to_string).collect()
}

/// Without a usable duration the rest is read as if the run were as long as it can be.
fn duration(page: &Page<'_>, root: &Table<'_>) -> Duration {
    let item = root.need(page, "duration", "duration = \"20s\"");
    match item.and_then(|i| page.time(i).map(|d| (i, d))) {
        Some((_, d)) if !d.is_zero() => d,
        Some((item, _)) => {
            page.error("bad-time", item.span(), "a run that takes no time", "duration = \"20s\"");
            page::LONGEST
        }
        None => page::LONGEST,
    }
}
