//! The processes of the reader's namespace, as /proc lists them.

use std::fs;
use std::io;
use std::path::PathBuf;

/// The number of each and its folder; by the time it is read, one may have ended.
pub fn all() -> io::Result<impl Iterator<Item = (i32, PathBuf)>> {
    let entries = fs::read_dir("/proc")?.flatten();
    Ok(entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path()))))
}
