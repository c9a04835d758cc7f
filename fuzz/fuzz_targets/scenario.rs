//! Scenario files: whatever the text, there are scenarios or errors, and findings that can be drawn.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use vrrplab_engine::config::{self, NoSources, Reading};
use vrrplab_engine::finding::Severity;
use vrrplab_sim::scenario::{self, Files};

struct Nobody;

impl Files for Nobody {
    fn config(&self, path: &str) -> Result<Arc<Reading>, String> {
        Ok(self.inline(path, "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\n}\n"))
    }

    fn text(&self, path: &str) -> Result<String, String> {
        Err(format!("{path}: not here"))
    }
    fn inline(&self, name: &str, text: &str) -> Arc<Reading> {
        Arc::new(config::read(name, text, &NoSources))
    }
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let file = scenario::read("scenarios/a.toml", &text, &Nobody);
    let errors = file.findings.iter().any(|f| f.severity == Severity::Error);
    assert_eq!(errors, file.scenarios.is_empty(), "{:?}", file.findings);
    // Drawing takes longer than reading.
    let few = file.findings.len().min(5);
    vrrplab::diagnostic::render(&file.findings[..few], &[file.source], false);
});
