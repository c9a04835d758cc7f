//! The same scenarios on the real kernel: every scenario that needs no simulator runs in network namespaces with our engine as a
//! daemon, with the real keepalived and, as far as it goes, with FRR, and agrees with the simulator, or `golden/deviations.toml` says where it does not and why.
//!
//! Nothing is tried twice. A run that differs on a machine whose timers were late is neither a success nor a failure, and
//! shows as ignored; if more than one in twenty is so, the whole fails. `VRRPLAB_REQUIRE=netns,keepalived` turns what this machine
//! cannot do into failures.

#[path = "tools/everywhere.rs"]
mod everywhere;
#[path = "tools/known.rs"]
mod known;
#[path = "tools/wants.rs"]
mod wants;

use std::process::ExitCode;

use everywhere::{World, worlds};
use vrrplab_engine::time::Duration;

/// Laboratories at a time: they wait most of the time.
const AT_ONCE: usize = 64;
/// Four scenarios are longer than all tests may take.
const LONGEST: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    worlds(World {
        name: "netns",
        subjects: &["engine", "keepalived", "frr"],
        at_once: AT_ONCE,
        longest: LONGEST,
        kernel: None,
    })
}
