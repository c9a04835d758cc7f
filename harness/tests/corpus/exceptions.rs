//! Complaints of keepalived that the reader leaves out on purpose, each with its reason.

use std::fs;
use std::path::Path;

use libtest_mimic::Failed;
use toml::de::DeTable;

use super::complaint::Complaint;

/// At most one complaint in so many.
const RARE: usize = 50;

/// The list beside this test.
pub(crate) struct Exceptions {
    list: Vec<Exception>,
}

struct Exception {
    file: String,
    /// A part of the message.
    message: String,
    happened: usize,
}

impl Exceptions {
    pub(crate) fn read() -> Result<Exceptions, Failed> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/tests/corpus-exceptions.toml");
        let text = fs::read_to_string(path)?;
        let table = DeTable::parse(&text)?;
        let rows = table.get_ref().get("exception").and_then(|rows| rows.get_ref().as_array());
        let mut list = Vec::new();
        for row in rows.into_iter().flatten() {
            let text = |key: &str| row.get_ref().get(key)?.get_ref().as_str().map(String::from);
            let has_reason = text("reason").is_some_and(|reason| !reason.is_empty());
            match (text("file"), text("message")) {
                (Some(file), Some(message)) if has_reason => {
                    list.push(Exception { file, message, happened: 0 });
                }
                _ => return Err("an exception needs file, message and reason".into()),
            }
        }
        Ok(Exceptions { list })
    }

    /// Whether a complaint that we do not have is one of them.
    pub(crate) fn excuse(&mut self, file: &str, complaint: &Complaint) -> bool {
        let of = |e: &&mut Exception| e.file == file && complaint.message.contains(&e.message);
        match self.list.iter_mut().find(of) {
            Some(exception) => {
                exception.happened += 1;
                true
            }
            None => false,
        }
    }

    /// There may be few, and each must still be one.
    pub(crate) fn judge(&self, total: usize) -> Result<(), Failed> {
        let happened: usize = self.list.iter().map(|e| e.happened).sum();
        if happened * RARE > total {
            return Err(format!("{happened} exceptions among {total} complaints are too many").into());
        }
        match self.list.iter().find(|e| e.happened == 0) {
            Some(e) => Err(format!("no exception any more: {}: {}", e.file, e.message).into()),
            None => Ok(()),
        }
    }
}
