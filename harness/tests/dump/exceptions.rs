//! Settings that differ from the daemon's on purpose, each with its reason.

use std::fs;
use std::path::Path;

use glob::Pattern;
use libtest_mimic::Failed;
use toml::de::DeTable;

/// The list beside this test.
pub(crate) struct Exceptions {
    list: Vec<Exception>,
}

struct Exception {
    file: Pattern,
    path: Pattern,
    happened: usize,
}

impl Exceptions {
    pub(crate) fn read() -> Result<Exceptions, Failed> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/tests/dump-exceptions.toml");
        let text = fs::read_to_string(path)?;
        let table = DeTable::parse(&text)?;
        let rows = table.get_ref().get("exception").and_then(|rows| rows.get_ref().as_array());
        let mut list = Vec::new();
        for row in rows.into_iter().flatten() {
            let text = |key: &str| row.get_ref().get(key)?.get_ref().as_str();
            let (Some(file), Some(path), Some(_)) =
                (text("file"), text("path"), text("reason").filter(|reason| !reason.is_empty()))
            else {
                return Err("an exception needs file, path and reason".into());
            };
            list.push(Exception { file: Pattern::new(file)?, path: Pattern::new(path)?, happened: 0 });
        }
        Ok(Exceptions { list })
    }

    /// Whether a difference, `PATH: …`, is one of them.
    pub(crate) fn excuse(&mut self, file: &str, difference: &str) -> bool {
        match self.list.iter_mut().find(|e| e.file.matches(file) && e.path.matches(difference)) {
            Some(exception) => {
                exception.happened += 1;
                true
            }
            None => false,
        }
    }

    /// Each must still be one.
    pub(crate) fn judge(&self) -> Result<(), Failed> {
        match self.list.iter().find(|e| e.happened == 0) {
            Some(e) => Err(format!("no exception any more: {}: {}", e.file, e.path).into()),
            None => Ok(()),
        }
    }
}
