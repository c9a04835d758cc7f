//! keepalived.conf: whatever the text, there is a configuration, findings that can be drawn, and lints.
//!
//! The input is a text, with further files behind lines `--- NAME`; includes find those by their name.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vrrplab_engine::config::{self, Included, Sources, lint};
use vrrplab_engine::finding::Source;

struct Files<'a>(Vec<(&'a str, &'a str)>);

impl Sources for Files<'_> {
    fn include(&self, pattern: &str, _directory: &str) -> Included {
        let found = self.0.iter().filter(|(name, _)| *name == pattern || pattern == "*");
        let files = found.map(|(name, text)| Source { name: (*name).into(), text: (*text).into() }).collect();
        Included { files, ..Included::default() }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split("\n--- ");
    let main = parts.next().unwrap_or_default();
    let files = Files(parts.filter_map(|part| part.split_once('\n')).collect());
    let reading = config::read("a.conf", main, &files);
    for finding in reading.findings.iter().chain(&lint::alone(&reading)) {
        let source =
            reading.sources.iter().find(|s| s.name == finding.place.file).expect("findings name a source");
        assert!(source.text.get(finding.place.span.clone()).is_some(), "{finding:?} is outside its text");
    }
    let members = ["a", "b"].map(|name| lint::Member { name, reading: &reading, links: &[] });
    lint::cluster(&members);
    // Drawing takes longer than reading.
    let few = reading.findings.len().min(5);
    vrrplab::diagnostic::render(&reading.findings[..few], &reading.sources, false);
});
