//! `golden/deviations.toml`, where runs of real daemons are known to differ.

use std::path::Path;

use vrrplab::golden::deviations::{self, Deviations};
use vrrplab::{diagnostic, files};

/// Its rows, each about one of these scenarios; the error is what is wrong with it.
pub(crate) fn deviations<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Deviations, String> {
    const FILE: &str = "golden/deviations.toml";
    let text = files::read_text(&Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE))?;
    let names: Vec<&str> = names.into_iter().collect();
    let file = deviations::read(FILE, &text, &names);
    match file.findings.is_empty() {
        true => Ok(file.deviations),
        false => Err(diagnostic::render(&file.findings, std::slice::from_ref(&file.source), false)),
    }
}
