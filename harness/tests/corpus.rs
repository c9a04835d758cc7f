//! Published configurations and what keepalived 2.2.7 says of each: the reader must not be worse.
//! - `ends`: no text makes it panic or hang;
//! - `takes`: what keepalived takes without a word about the text is no error;
//! - `says`: what keepalived complains about is a finding too, on the same line where it names one, or an exception.
//!
//! The texts are other people's, so they are not here. `VRRPLAB_CORPUS` names a folder of published configurations
//! with verdicts: `NNN.conf`, `verdict.tsv` and `verdict/NNN.txt`.

#[path = "corpus/complaint.rs"]
mod complaint;
#[path = "corpus/exceptions.rs"]
mod exceptions;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use vrrplab_engine::config::{self, NoSources, Reading};
use vrrplab_engine::finding::{Finding, Severity};

use complaint::{Complaint, Place, complaints};
use exceptions::Exceptions;

/// Where the folder is unless `VRRPLAB_CORPUS` says so.
const FOLDER: &str = "../shared/corpus";

/// After these findings keepalived reads good lines in wrong blocks, and what it says of them is their consequence.
const STRUCTURAL: &[(&str, &str)] = &[
    ("unknown-keyword", "a block's lines are read as the enclosing block's, and its `}` closes that"),
    ("unexpected-brace", "the `{` is ignored, so the `}` closes the enclosing block"),
    ("missing-open", "the lines that follow are taken for the block, up to the next `}`"),
    ("missing-close", "what follows is read as part of the block"),
    ("surplus-close", "the enclosing block ends there"),
    ("missing-name", "the block is skipped, or its lines are read as the enclosing block's"),
    ("duplicate-name", "the block is skipped by counting braces"),
    ("undefined", "`${…}` stays, and its braces are taken for those of a block; `$…` has none"),
];

/// What a configuration may take.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = std::env::var_os("VRRPLAB_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER), PathBuf::from);
    let here = folder.join("verdict.tsv").is_file();
    let required = std::env::var("VRRPLAB_REQUIRE").unwrap_or_default();
    let ignored = !here && !required.split(',').any(|r| r == "corpus");
    if ignored {
        eprintln!("ignored: what needs published configurations; there are none in {}", folder.display());
    }
    let test = |name: &str, check: fn(&[Published]) -> Result<(), Failed>| {
        let folder = folder.clone();
        Trial::test(name, move || check(&published(&folder)?)).with_ignored_flag(ignored)
    };
    let trials = vec![test("ends", ends), test("takes", takes), test("says", says)];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One published configuration.
pub(crate) struct Published {
    name: String,
    text: String,
    /// Why keepalived complained: not (`clean`), because of the machine (`env…`), of the text (`own`).
    cause: String,
    verdict: String,
}

fn published(folder: &Path) -> Result<Vec<Published>, Failed> {
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok::<String, String>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut found = Vec::new();
    for row in read(folder.join("verdict.tsv"))?.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [name, _, _, _, cause] = columns[..] else { return Err(format!("not a row: {row}").into()) };
        found.push(Published {
            name: name.to_string(),
            text: read(folder.join(format!("{name}.conf")))?,
            cause: cause.to_string(),
            verdict: read(folder.join(format!("verdict/{name}.txt")))?,
        });
    }
    if found.is_empty() { Err("no configurations".into()) } else { Ok(found) }
}

fn read(published: &Published) -> Reading {
    config::read(&format!("{}.conf", published.name), &published.text, &NoSources)
}

fn ends(all: &[Published]) -> Result<(), Failed> {
    for published in all {
        let (done, wait) = mpsc::channel();
        let (name, text) = (published.name.clone(), published.text.clone());
        thread::spawn(move || {
            let reading = config::read("a.conf", &text, &NoSources);
            vrrplab::diagnostic::render(&reading.findings, &reading.sources, false);
            let _ = done.send(());
        });
        match wait.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(mpsc::RecvTimeoutError::Timeout) => return Err(format!("{name} hangs").into()),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(format!("{name} panics").into()),
        }
    }
    Ok(())
}

fn takes(all: &[Published]) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for published in all.iter().filter(|p| p.cause != "own") {
        let reading = read(published);
        for finding in reading.findings.iter().filter(|f| f.severity == Severity::Error) {
            let line = line_of(&reading, finding);
            wrong.push(format!("{}:{line}: {}: {}", published.name, finding.code, finding.message));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn line_of(reading: &Reading, finding: &Finding) -> usize {
    let source = reading.sources.iter().find(|s| s.name == finding.place.file);
    source.map_or(1, |source| source.line_column(finding.place.span.start).0)
}

fn says(all: &[Published]) -> Result<(), Failed> {
    let mut exceptions = Exceptions::read()?;
    let (mut total, mut missed) = (0, Vec::new());
    for published in all.iter().filter(|p| p.cause == "own") {
        let reading = read(published);
        let said = Said::of(&reading);
        for complaint in complaints(&published.verdict, &published.text) {
            total += 1;
            if !said.covers(&complaint, &published.text) && !exceptions.excuse(&published.name, &complaint) {
                missed.push(format!("{}: {complaint}", published.name));
            }
        }
    }
    let score = 100.0 * (total - missed.len()) as f64 / total as f64;
    println!("{total} complaints, {} missed: {score:.1} %", missed.len());
    for miss in &missed {
        println!("  {miss}");
    }
    exceptions.judge(total)?;
    if missed.is_empty() { Ok(()) } else { Err(format!("{} complaints are missed", missed.len()).into()) }
}

/// Where we have something to say.
struct Said {
    lines: BTreeSet<usize>,
    /// The first line where the braces, or what they belong to, are wrong.
    astray: Option<usize>,
}

impl Said {
    fn of(reading: &Reading) -> Said {
        let complaints =
            reading.findings.iter().filter(|f| f.code != "not-modelled" && f.code != "not-simulated");
        let lines: BTreeSet<usize> = complaints.clone().map(|f| line_of(reading, f)).collect();
        let astray = complaints.filter(|f| is_structural(reading, f)).map(|f| line_of(reading, f)).min();
        Said { lines, astray }
    }

    fn covers(&self, complaint: &Complaint, text: &str) -> bool {
        let on = |from: usize, to: usize| self.lines.range(from..=to).next().is_some();
        match complaint.place {
            Place::Line(line) => {
                let follows = complaint.follows && self.astray.is_some_and(|a| a <= line);
                on(line, line) || follows || definition_used(text, line).is_some_and(|(a, b)| on(a, b))
            }
            Place::Block(line) => on(block_before(text, line), line),
            Place::File => !self.lines.is_empty(),
        }
    }
}

fn is_structural(reading: &Reading, finding: &Finding) -> bool {
    let braces = || {
        let source = reading.sources.iter().find(|s| s.name == finding.place.file);
        source.is_some_and(|source| source.text[finding.place.span.start..].starts_with("${"))
    };
    STRUCTURAL.iter().any(|(code, _)| *code == finding.code) && (finding.code != "undefined" || braces())
}

/// The lines of the definition that a line consists of: keepalived names the line that uses it, we the one in it.
fn definition_used(text: &str, line: usize) -> Option<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let name = lines.get(line - 1)?.trim().strip_prefix('$')?;
    let defines = |line: &&str| {
        let behind = line.trim_start().strip_prefix('$').and_then(|line| line.strip_prefix(name));
        behind.is_some_and(|behind| behind.starts_with('='))
    };
    let first = lines[..line].iter().rposition(defines)?;
    let more = lines[first..].iter().take_while(|line| line.trim_end().ends_with('\\')).count();
    Some((first + 1, first + 1 + more))
}

/// The first line of the block in which, or at whose end, this line is.
pub(crate) fn block_before(text: &str, line: usize) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let mut depth = 0i64;
    for n in (1..line.min(lines.len() + 1)).rev() {
        let code = lines[n - 1].split(['#', '!']).next().unwrap_or_default();
        depth += code.matches('{').count() as i64 - code.matches('}').count() as i64;
        if depth > 0 {
            return n;
        }
    }
    1
}
