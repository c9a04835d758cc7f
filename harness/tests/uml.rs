//! The same scenarios on a kernel whose clock is virtual: real daemons, no waiting and no noise. Every scenario that needs no simulator agrees
//! with the simulator within a millisecond of its cause, or `golden/deviations.toml` says where it does not and why.
//!
//! `VRRPLAB_UML` names the kernel, otherwise it is the one that `ci/uml/build.sh` has built. `VRRPLAB_REQUIRE=uml` turns the lack of one into a
//! failure.

#[path = "tools/everywhere.rs"]
mod everywhere;
#[path = "tools/known.rs"]
mod known;
#[path = "tools/wants.rs"]
mod wants;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use everywhere::{World, worlds};
use vrrplab_engine::time::Duration;

/// Where there is time for many runs, other versions run as well: `ci/roots/build.sh` fetches them.
const SUBJECTS: [&str; 5] = ["engine", "keepalived", "frr", "keepalived@2.3.3", "frr@10.3"];
/// Virtual seconds are cheap.
const LONGEST: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    // One a processor: nobody waits.
    let at_once = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    worlds(World {
        name: "uml",
        subjects: &SUBJECTS,
        at_once,
        longest: LONGEST,
        kernel: Some(vrrplab::uml::kernel()),
    })
}
