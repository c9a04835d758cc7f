//! `golden/deviations.toml`: where a run is known to differ from the one it is compared with, and why.
//!
//! ```toml
//! [[deviation]]
//! scenario = "vrrp/primary-removed"
//! world    = "netns"
//! subject  = "keepalived"
//! lane     = "b, states of VI_1"   # as a report names it, or "script"; left out: the whole scenario
//! because  = "…"                  # the same for several: scenario, world and subject can be lists
//! sometimes = true                 # it hangs on the clock: not happening is no mistake
//! ```
//! A row that no longer happens is a mistake as well: it would hide the next difference of its kind.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use vrrplab_engine::finding::{Finding, Place, Severity, Source, did_you_mean};
use vrrplab_sim::agree::{Disagreement, report};

/// What a row can say; all but the last two must be there.
const KEYS: [&str; 6] = ["scenario", "world", "subject", "because", "lane", "sometimes"];
/// What a row calls the laboratory's own acts, which are in no lane.
const SCRIPT: &str = "script";

/// A known difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deviation {
    /// The scenario, with its variant behind a slash.
    pub scenario: String,
    /// Where it ran: `netns`.
    pub world: String,
    /// What ran on the nodes: `keepalived`.
    pub subject: String,
    /// In which lane, as reports name it; `None` is any.
    pub lane: Option<String>,
    /// Why.
    pub because: String,
    /// It need not happen in every run.
    pub sometimes: bool,
    /// Where it is written.
    pub place: Place,
}

impl Deviation {
    /// Whether it is about runs of this scenario there.
    fn is_of(&self, [scenario, world, subject]: [&str; 3]) -> bool {
        [&*self.scenario, &*self.world, &*self.subject] == [scenario, world, subject]
    }

    fn explains(&self, found: &Disagreement) -> bool {
        let lane = found.lane.as_ref().map_or(SCRIPT.to_string(), ToString::to_string);
        self.lane.as_ref().is_none_or(|own| *own == lane)
    }

    /// That it did not happen.
    pub fn unused(&self) -> Finding {
        let lane = self.lane.as_ref().map_or(String::new(), |lane| format!(" in lane `{lane}`"));
        let message =
            format!("{} of {} in {} no longer differs{lane}", self.scenario, self.subject, self.world);
        let help = "remove the row, or add `sometimes = true` if it hangs on the clock";
        Finding::new(Severity::Error, "unused-deviation", self.place.clone(), message).help(help)
    }
}

/// All known differences.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Deviations {
    /// In the order of the text.
    pub rows: Vec<Deviation>,
}

/// What the known differences explain of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explained<'a> {
    /// What no row explains.
    pub unexplained: Vec<&'a Disagreement>,
    /// The rows that explain something.
    pub rows: Vec<&'a Deviation>,
    /// The rows about this run that explain nothing although they must: see [`Deviation::unused`].
    pub unused: Vec<&'a Deviation>,
}

impl Explained<'_> {
    /// A report of what no row explains, if there is anything.
    pub fn report(&self) -> Option<String> {
        report(&self.unexplained.iter().copied().cloned().collect::<Vec<_>>())
    }
}

impl Deviations {
    /// Holds the differences of one run against the rows about it.
    pub fn apply<'a>(
        &'a self,
        scenario: &str,
        world: &str,
        subject: &str,
        found: &'a [Disagreement],
    ) -> Explained<'a> {
        let about = self.rows.iter().filter(|row| row.is_of([scenario, world, subject]));
        let (rows, idle): (Vec<_>, Vec<_>) = about.partition(|row| found.iter().any(|f| row.explains(f)));
        let unexplained = found.iter().filter(|f| !rows.iter().any(|row| row.explains(f))).collect();
        Explained { unexplained, rows, unused: idle.into_iter().filter(|row| !row.sometimes).collect() }
    }
}

/// The outcome of reading the file.
#[derive(Clone, Debug)]
pub struct DeviationsFile {
    /// The rows without a mistake.
    pub deviations: Deviations,
    /// All mistakes, in the order of the text.
    pub findings: Vec<Finding>,
    /// The text that findings point into.
    pub source: Source,
}

/// Reads the text of a file with this name; `scenarios` are the names that there are.
pub fn read(file: &str, text: &str, scenarios: &[&str]) -> DeviationsFile {
    let source = Source { name: file.into(), text: text.into() };
    let mut reader =
        Reader { file: Arc::clone(&source.name), scenarios, findings: Vec::new(), rows: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        reader.error("toml", error.span().unwrap_or(0..0), error.message().trim_end_matches('.'), "");
    }
    // Where TOML is broken, what seems to be missing may just be unreadable.
    if errors.is_empty() {
        reader.document(document.get_ref());
    }
    reader.findings.sort_by_key(|finding| finding.place.span.start);
    DeviationsFile { deviations: Deviations { rows: reader.rows }, findings: reader.findings, source }
}

struct Reader<'a> {
    file: Arc<str>,
    scenarios: &'a [&'a str],
    findings: Vec<Finding>,
    rows: Vec<Deviation>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, span: Range<usize>, message: &str, help: impl Into<String>) {
        let place = Place { file: Arc::clone(&self.file), span };
        self.findings.push(Finding::new(Severity::Error, code, place, message).help(help));
    }

    fn document(&mut self, root: &DeTable<'_>) {
        self.known_keys(root, "the file", &["deviation"]);
        let Some(item) = root.get("deviation") else { return };
        let DeValue::Array(rows) = item.get_ref() else {
            self.error(
                "wrong-type",
                item.span(),
                "a list of rows belongs here",
                "begin each with [[deviation]]",
            );
            return;
        };
        for row in rows {
            self.row(row);
        }
    }

    fn row(&mut self, item: &Spanned<DeValue<'_>>) {
        let DeValue::Table(row) = item.get_ref() else {
            self.error("wrong-type", item.span(), "a row belongs here", "begin it with [[deviation]]");
            return;
        };
        let before = self.findings.len();
        self.known_keys(row, "a deviation", &KEYS);
        let [scenarios, worlds, subjects] =
            [KEYS[0], KEYS[1], KEYS[2]].map(|key| self.names(row, item.span(), key));
        let because = self.needed(row, item.span(), KEYS[3]);
        let lane = row.get("lane").map(|lane| self.text(lane));
        let sometimes = row.get("sometimes").is_some_and(|item| self.truth(item));
        for (name, span) in &scenarios {
            self.known_scenario(name, span.clone());
        }
        let Some(because) = because else { return };
        if self.findings.len() > before {
            return;
        }
        let place = Place { file: Arc::clone(&self.file), span: item.span() };
        for (scenario, _) in &scenarios {
            let places = worlds.iter().flat_map(|(world, _)| subjects.iter().map(move |(s, _)| (world, s)));
            for (world, subject) in places {
                self.add(Deviation {
                    scenario: scenario.clone(),
                    world: world.clone(),
                    subject: subject.clone(),
                    lane: lane.clone().flatten(),
                    because: because.clone(),
                    sometimes,
                    place: place.clone(),
                });
            }
        }
    }

    /// A row that says what another one says would be unused for ever.
    fn add(&mut self, new: Deviation) {
        let about = [&*new.scenario, &*new.world, &*new.subject];
        if self.rows.iter().any(|row| row.is_of(about) && row.lane == new.lane) {
            self.error("same-deviation", new.place.span, "there is a row for this already", "remove one");
        } else {
            self.rows.push(new);
        }
    }

    fn known_keys(&mut self, table: &DeTable<'_>, what: &str, keys: &[&str]) {
        for (key, _) in table {
            let word: &str = key.get_ref();
            if !keys.contains(&word) {
                let help = suggestion(word, keys);
                self.error(
                    "unknown-key",
                    key.span(),
                    &format!("{what} has no `{}`", word.escape_debug()),
                    help,
                );
            }
        }
    }

    fn known_scenario(&mut self, name: &str, span: Range<usize>) {
        if !self.scenarios.contains(&name) {
            let close = did_you_mean(name, self.scenarios.iter().copied());
            let help = close.map_or(String::new(), |close| format!("did you mean `{close}`?"));
            let message = format!("there is no scenario `{}`", name.escape_debug());
            self.error("unknown-scenario", span, &message, help);
        }
    }

    /// A text, or several in a list, each with its place.
    fn names(&mut self, row: &DeTable<'_>, span: Range<usize>, key: &str) -> Vec<(String, Range<usize>)> {
        let Some(item) = self.item(row, span, key) else { return Vec::new() };
        let items = match item.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                self.error("empty-list", item.span(), "a list without a name", "");
                return Vec::new();
            }
            DeValue::Array(items) => &items[..],
            _ => std::slice::from_ref(item),
        };
        items.iter().filter_map(|item| Some((self.text(item)?, item.span()))).collect()
    }

    fn needed(&mut self, row: &DeTable<'_>, span: Range<usize>, key: &str) -> Option<String> {
        let item = self.item(row, span, key)?;
        self.text(item)
    }

    fn item<'a, 'i>(
        &mut self,
        row: &'a DeTable<'i>,
        span: Range<usize>,
        key: &str,
    ) -> Option<&'a Spanned<DeValue<'i>>> {
        let item = row.get(key);
        if item.is_none() {
            self.error("missing-key", span, &format!("a deviation needs `{key}`"), format!("{key} = \"…\""));
        }
        item
    }

    fn text(&mut self, item: &Spanned<DeValue<'_>>) -> Option<String> {
        match item.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => return Some(text.to_string()),
            DeValue::String(_) => self.error("empty-text", item.span(), "a text without a word", ""),
            other => {
                let message = format!("a text belongs here, this is of type {}", other.type_str());
                self.error("wrong-type", item.span(), &message, "write it in quotes");
            }
        }
        None
    }

    fn truth(&mut self, item: &Spanned<DeValue<'_>>) -> bool {
        if let DeValue::Boolean(truth) = item.get_ref() {
            return *truth;
        }
        self.error("wrong-type", item.span(), "true or false belongs here", "without quotes");
        false
    }
}

/// What to write instead of a word.
fn suggestion(word: &str, known: &[&str]) -> String {
    match did_you_mean(word, known.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("one of: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::time::Instant;
    use vrrplab_sim::agree::{Difference, Lane};

    use super::*;
    use crate::diagnostic;

    const NAMES: [&str; 2] = ["vrrp/pause", "vrrp/master-crash"];

    fn row(scenario: &str, more: &str) -> String {
        let about = format!("scenario = \"{scenario}\"\nworld = \"netns\"\nsubject = \"keepalived\"\n");
        format!("[[deviation]]\n{about}because = \"of it\"\n{more}\n")
    }

    fn rows(text: &str) -> Deviations {
        let file = read("deviations.toml", text, &NAMES);
        assert_eq!(file.findings, []);
        file.deviations
    }

    fn differs(lane: Option<&str>) -> Disagreement {
        let states = |node: &str| Lane::States { node: node.into(), instance: "VI_1".into() };
        Disagreement {
            at: Instant::ZERO,
            lane: lane.map(states),
            difference: Difference::Missing,
            race: None,
            ours: Vec::new(),
            reference: Vec::new(),
        }
    }

    #[test]
    fn a_row_explains_its_lane_and_no_other() {
        let known = rows(&row("vrrp/pause", "lane = \"b, states of VI_1\""));
        let found = [differs(Some("a")), differs(Some("b")), differs(None)];
        let explained = known.apply("vrrp/pause", "netns", "keepalived", &found);
        assert_eq!(explained.unexplained, [&found[0], &found[2]]);
        assert_eq!((explained.rows.len(), explained.unused.len()), (1, 0));
        for about in [
            ["vrrp/master-crash", "netns", "keepalived"],
            ["vrrp/pause", "uml", "keepalived"],
            ["vrrp/pause", "netns", "frr"],
        ] {
            let other = known.apply(about[0], about[1], about[2], &found);
            assert_eq!((other.unexplained.len(), other.rows.len(), other.unused.len()), (3, 0, 0));
        }
    }

    #[test]
    fn a_row_without_a_lane_explains_its_scenario() {
        let known = rows(&row("vrrp/pause", ""));
        let found = [differs(Some("a")), differs(None)];
        assert_eq!(
            known.apply("vrrp/pause", "netns", "keepalived", &found).unexplained,
            [] as [&Disagreement; 0]
        );
        let script = rows(&row("vrrp/pause", "lane = \"script\""));
        let explained = script.apply("vrrp/pause", "netns", "keepalived", &found);
        assert_eq!(explained.unexplained, [&found[0]]);
    }

    #[test]
    fn a_row_may_be_about_several() {
        let text = "[[deviation]]\nscenario = [\"vrrp/pause\", \"vrrp/master-crash\"]\nworld = \"netns\"\n\
                    subject = [\"engine\", \"keepalived\"]\nbecause = \"of it\"\n";
        let known = rows(text).rows;
        let about: Vec<_> = known.iter().map(|row| (row.scenario.as_str(), row.subject.as_str())).collect();
        let [pause, crash] = NAMES;
        let both = [pause, crash].map(|name| [(name, "engine"), (name, "keepalived")]);
        assert_eq!(about, both.concat());
        let codes = |text: &str| -> Vec<&str> {
            read("deviations.toml", text, &NAMES).findings.iter().map(|f| f.code).collect()
        };
        assert_eq!(codes(&text.replace("master-crash", "crash")), ["unknown-scenario"]);
        assert_eq!(codes(&text.replace("[\"engine\", \"keepalived\"]", "[]")), ["empty-list"]);
        assert_eq!(codes(&text.replace("\"engine\"", "7")), ["wrong-type"]);
    }

    #[test]
    fn a_row_that_no_longer_happens_is_a_mistake_with_its_place() {
        let text = row("vrrp/pause", "lane = \"b, states of VI_1\"") + &row("vrrp/pause", "sometimes = true");
        let file = read("deviations.toml", &text, &NAMES);
        let explained = file.deviations.apply("vrrp/pause", "netns", "keepalived", &[]);
        let unused: Vec<Finding> = explained.unused.iter().map(|row| row.unused()).collect();
        let expected = "\
error[unused-deviation]: vrrp/pause of keepalived in netns no longer differs in lane `b, states of
                         VI_1`
 --> deviations.toml:1:1
";
        let drawn = diagnostic::render(&unused, std::slice::from_ref(&file.source), false);
        assert!(drawn.starts_with(expected), "{drawn}");
        assert_eq!(unused.len(), 1);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "\
devation = 1
[[deviation]]
scenario = \"vrrp/paus\"
word = \"netns\"
subject = 7
because = \" \"
sometimes = \"no\"
";
        let file = read("deviations.toml", text, &NAMES);
        let told: Vec<String> = file
            .findings
            .iter()
            .map(|f| {
                let (line, column) = file.source.line_column(f.place.span.start);
                format!("{line}:{column} {}: {} ({})", f.code, f.message, f.help)
            })
            .collect();
        let expected = [
            "1:1 unknown-key: the file has no `devation` (did you mean `deviation`?)",
            "2:1 missing-key: a deviation needs `world` (world = \"…\")",
            "3:12 unknown-scenario: there is no scenario `vrrp/paus` (did you mean `vrrp/pause`?)",
            "4:1 unknown-key: a deviation has no `word` (did you mean `world`?)",
            "5:11 wrong-type: a text belongs here, this is of type integer (write it in quotes)",
            "6:11 empty-text: a text without a word ()",
            "7:13 wrong-type: true or false belongs here (without quotes)",
        ];
        assert_eq!(told, expected);
        assert_eq!(file.deviations, Deviations::default());
    }

    #[test]
    fn broken_toml_and_the_same_row_twice_are_mistakes() {
        let codes = |text: &str| -> Vec<&str> {
            read("deviations.toml", text, &NAMES).findings.iter().map(|f| f.code).collect()
        };
        assert_eq!(codes("[[deviation"), ["toml"]);
        assert_eq!(codes("deviation = 1"), ["wrong-type"]);
        assert_eq!(codes("deviation = [1]"), ["wrong-type"]);
        assert_eq!(codes(&row("vrrp/pause", "").repeat(2)), ["same-deviation"]);
        assert_eq!(codes("# nothing yet\n"), [] as [&str; 0]);
    }
}
