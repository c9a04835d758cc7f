//! `KEYWORDS.md` is what the tables say. Where it is not, run this with `VRRPLAB_ACCEPT=1` and read the difference.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use vrrplab_engine::config::{NoSources, Status, keywords, read};
use vrrplab_engine::finding::Finding;

#[test]
fn the_list_of_keywords_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (file, made) = (root.join("KEYWORDS.md"), document(&tests(&root.join("src/config"))));
    if std::env::var_os("VRRPLAB_ACCEPT").is_some_and(|v| !v.is_empty()) {
        fs::write(&file, &made).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    let differs = written.lines().zip(made.lines()).find(|(a, b)| a != b);
    assert!(written == made, "KEYWORDS.md is out of date, first at {differs:?}: run with VRRPLAB_ACCEPT=1");
}

#[test]
fn every_block_has_keywords_and_no_keyword_twice() {
    let mut seen = BTreeMap::new();
    for keyword in keywords() {
        assert_eq!(seen.insert((keyword.block, keyword.name), ()), None, "{keyword:?}");
        assert!(!keyword.block.is_empty() && !keyword.name.is_empty(), "{keyword:?}");
    }
}

/// Each keyword of the tables is known where they say it stands, and with one more letter it is not.
#[test]
fn every_keyword_is_known_where_it_stands() {
    for keyword in keywords() {
        for (word, known) in [(keyword.name.to_string(), true), (format!("{}q", keyword.name), false)] {
            let marked = format!("{word} 1");
            let text = within(keyword.block, &marked);
            let reading = read("k.conf", &text, &NoSources);
            let at = text.rfind(&marked).unwrap();
            let unknown = |f: &Finding| f.code == "unknown-keyword" && f.place.span == (at..at + word.len());
            assert_eq!(reading.findings.iter().any(unknown), !known, "{word} in {}:\n{text}", keyword.block);
        }
    }
}

/// A configuration with this line in a block of this kind.
fn within(block: &str, line: &str) -> String {
    let (outer, head) = match block {
        "the top level" => return format!("{line}\n"),
        "global_defs" | "SSL" => (None, block.to_string()),
        "authentication" => (Some("vrrp_instance"), block.to_string()),
        "virtual_server" => (None, "virtual_server 10.0.0.1 80".to_string()),
        "real_server" => (Some("virtual_server"), "real_server 10.0.0.2 80".to_string()),
        "url" => (Some("HTTP_GET"), block.to_string()),
        "host" => (Some("SMTP_CHECK"), block.to_string()),
        check if check.ends_with("_CHECK") || check == "HTTP_GET" => (Some("real_server"), block.to_string()),
        named => (None, format!("{named} N")),
    };
    let text = format!("{head} {{\n{line}\n}}");
    outer.map_or_else(|| format!("{text}\n"), |outer| within(outer, &text))
}

fn document(tests: &[(String, String)]) -> String {
    let all = keywords();
    let count = |status| all.iter().filter(|k| k.status == status).count();
    let (read, not_simulated) = (count(Status::Modelled), count(Status::Differs));
    let recognised = count(Status::Recognised);
    let mut out = format!(
        "# Keywords of keepalived.conf\n\n\
         Made from the reader's tables by `engine/tests/keywords.rs`; `VRRPLAB_ACCEPT=1 cargo test -p \
         vrrplab-engine --test keywords` writes it anew.\n\n\
         {} keywords. *Read*, {read}: checked, and their values are in the configuration. *Read, not simulated*, \
         {not_simulated}:\nthe same, but a simulation does without them and says so. *Recognised*, {recognised}: known, \
         without a value of their own.\n\nThat each is known where it stands is shown by \
         `every_keyword_is_known_where_it_stands`; the column names a test\nof what it means, `-` where only the \
         comparison with running daemons has it.\n",
        all.len()
    );
    let mut block = "";
    for keyword in &all {
        if keyword.block != block {
            block = keyword.block;
            let head = "| keyword | takes | status | test |\n|---|---|---|---|\n";
            write!(out, "\n## {block}\n\n{head}").unwrap();
        }
        let status = match keyword.status {
            Status::Modelled => "read",
            Status::Recognised => "recognised",
            Status::Differs => "read, not simulated",
        };
        let test = tests.iter().find(|(_, body)| mentions(body, keyword.name)).map_or("", |(name, _)| name);
        let test = if test.is_empty() { "-".to_string() } else { format!("`{test}`") };
        writeln!(out, "| `{}` | {} | {status} | {test} |", keyword.name, keyword.takes).unwrap();
    }
    out
}

/// Whether a text has the word, not as a part of a longer one.
fn mentions(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let behind = text[at + word.len()..].chars().next();
        // In a Rust text, a line of a configuration may begin with the `n` of `\n`.
        let before = text[..at].strip_suffix("\\n").map_or_else(|| text[..at].chars().next_back(), |_| None);
        !before.is_some_and(part) && !behind.is_some_and(part)
    })
}

/// The tests of the reader: names and bodies, in the order of files and lines.
fn tests(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in files(folder) {
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("#[test]").skip(1) {
            let part = part.split("\n}\n").next().unwrap_or(part);
            let name = part.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            found.extend(name.map(|(name, body)| (name.to_string(), quoted(body))));
        }
    }
    found
}

/// What stands between quotes: configurations, not the code around them.
fn quoted(body: &str) -> String {
    let body = body.replace("\\\"", "'");
    body.split('"').skip(1).step_by(2).collect::<Vec<_>>().join("\n")
}

/// The sources, without the tests of lints, which are about other things.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("lint") {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
