//! Distributions in a file: JSON with every sample, so that a later run can be compared with it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Distribution;
use crate::files;

/// Which form the file has; a reader refuses others.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    vrrplab_election: u32,
    distributions: Vec<Distribution>,
}

/// Writes them all.
pub fn write(path: &Path, distributions: Vec<Distribution>) -> Result<(), String> {
    let saved = Saved { vrrplab_election: FORMAT, distributions };
    let text = serde_json::to_string(&saved).expect("figures and names are JSON");
    files::write_whole(path, format!("{text}\n").as_bytes())
}

/// Reads what [`write()`] wrote; an error is one line.
pub fn read(path: &Path) -> Result<Vec<Distribution>, String> {
    let text = files::read_text(path)?;
    let wrong = |why: String| {
        format!("{}: {why}; `vrrplab bench election --save` writes such a file", path.display())
    };
    let saved: Saved = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    if saved.vrrplab_election != FORMAT {
        return Err(wrong(format!("its format is {}, not {FORMAT}", saved.vrrplab_election)));
    }
    Ok(saved.distributions)
}
