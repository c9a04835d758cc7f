//! The laboratory on a kernel whose clock is virtual: User Mode Linux with `time-travel=inf-cpu`, where waiting takes no time and computing
//! none of the run's. What runs there is the laboratory of the `lab` module, unchanged; here is only how it gets there and back.
//!
//! `launch` boots the kernel, in namespaces of its own, so that nothing is left however it ends; `boot` is process 1 inside. The two
//! talk by the files of one folder, which the host sees as it is and the kernel as a mount.

mod boot;
mod launch;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::files;

pub use boot::boot;
pub use launch::launch;

/// The variable that names a kernel.
const VARIABLE: &str = "VRRPLAB_UML";
/// Below the user's cache, where `ci/uml/build.sh` leaves the newest that it has built.
const BUILT: &str = "vrrplab/uml/linux";
/// What builds one.
const REMEDY: &str = "ci/uml/build.sh builds one, or VRRPLAB_UML names it";

/// What process 1 is told to run, in the file [`ORDER`].
#[derive(Serialize, Deserialize, Debug)]
struct Order {
    /// Program and arguments.
    argv: Vec<String>,
    /// Where.
    folder: PathBuf,
    /// `PATH`.
    path: String,
    /// Where versions of daemons are: inside there is no HOME.
    roots: Option<PathBuf>,
}

/// The files of the folder that both sides see.
const ORDER: &str = "order";
/// What the laboratory handed back.
const PARCEL: &str = "parcel";
/// What it complained of.
const WORDS: &str = "words";
/// Its exit status.
const STATUS: &str = "status";
/// What the kernel said.
const CONSOLE: &str = "console";

/// The kernel that there is, or why there is none.
pub fn kernel() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) {
        let named = PathBuf::from(named);
        return match named.is_file() {
            // Inside, paths count from the root.
            true => std::path::absolute(&named).map_err(|e| format!("{}: {e}", named.display())),
            false => Err(format!("{VARIABLE}: no file {}", named.display())),
        };
    }
    let built = files::cache().map(|cache| cache.join(BUILT)).filter(|path| path.is_file());
    built.ok_or_else(|| format!("no User Mode Linux kernel: {REMEDY}"))
}
