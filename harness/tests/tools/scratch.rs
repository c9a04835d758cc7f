//! A place for a test's files.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A new folder of our own.
pub(crate) fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("vrrplab-test-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a scratch folder can be made");
    folder
}
