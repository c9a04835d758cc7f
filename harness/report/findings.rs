//! Findings for machines, one JSON object each, and the sum of them for people.

use serde::Serialize;
use vrrplab_engine::finding::{Finding, Severity, Source};

#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    daemon: &'a str,
    help: &'a str,
}

/// The finding as one line. Lines and columns count from 1, columns in characters; the end is behind the last one.
pub fn json(finding: &Finding, sources: &[Source]) -> String {
    let source = sources.iter().find(|s| s.name == finding.place.file);
    let at = |offset| source.map_or((1, 1), |source| source.line_column(offset));
    let ((line, column), (end_line, end_column)) = (at(finding.place.span.start), at(finding.place.span.end));
    let report = Report {
        file: &finding.place.file,
        line,
        column,
        end_line,
        end_column,
        severity: word(finding.severity),
        code: finding.code,
        message: &finding.message,
        daemon: &finding.daemon,
        help: &finding.help,
    };
    serde_json::to_string(&report).expect("a finding has nothing that JSON cannot say")
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// `2 errors, 1 warning, 3 notes`; `nothing to say` without any.
pub fn sum(findings: &[&Finding]) -> String {
    let part = |severity| match findings.iter().filter(|f| f.severity == severity).count() {
        0 => None,
        1 => Some(format!("1 {}", word(severity))),
        n => Some(format!("{n} {}s", word(severity))),
    };
    let parts: Vec<String> =
        [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(part).collect();
    if parts.is_empty() { "nothing to say".to_string() } else { parts.join(", ") }
}
