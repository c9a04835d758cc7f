//! `vrrplab doctor`: what this machine can do.

use clap::Args;

use super::{Console, Exit, Format};
use crate::doctor::{self, Check};

#[derive(Args, Clone, Debug)]
pub(super) struct DoctorArguments {
    /// For people, or for machines: one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn doctor(arguments: &DoctorArguments, console: &mut Console<'_>) -> Exit {
    let mut checks = kernel();
    checks.extend(doctor::programs());
    let text = match arguments.format {
        Format::Text => doctor::text(&checks, console.colour),
        Format::Json => doctor::json(&checks),
    };
    console.say(&text);
    if checks.iter().any(Check::prevents) { Exit::Machine } else { Exit::Pass }
}

#[cfg(not(feature = "netns"))]
fn kernel() -> Vec<Check> {
    use crate::doctor::State;
    let built = Check::new("built", State::Missing, "without the real kernel's world", "--world netns");
    vec![built.essential().remedy("cargo build --features netns")]
}

/// What is tried in namespaces is tried by a process of its own.
#[cfg(feature = "netns")]
fn kernel() -> Vec<Check> {
    let mut checks = match probed() {
        Ok(checks) => checks,
        Err(why) => vec![refused(&why)],
    };
    let root = nix::unistd::Uid::effective().is_root();
    checks.extend(doctor::machine(root));
    checks.push(virtual_clock());
    checks
}

#[cfg(feature = "netns")]
fn virtual_clock() -> Check {
    use crate::doctor::State;
    let check = |state, found: String| {
        Check::new("virtual clock", state, found, "--world uml; cargo test --features uml")
    };
    match crate::uml::kernel() {
        Ok(kernel) => check(State::Ok, kernel.display().to_string()),
        Err(why) => check(State::Missing, why).remedy("ci/uml/build.sh"),
    }
}

#[cfg(feature = "netns")]
fn probed() -> Result<Vec<Check>, String> {
    let program = std::env::current_exe().map_err(|e| format!("our own program: {e}"))?;
    let done = std::process::Command::new(&program)
        .arg("probe")
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).trim().to_string());
    }
    let lines = String::from_utf8_lossy(&done.stdout).into_owned();
    lines.lines().map(|line| serde_json::from_str(line).map_err(|e| format!("{line}: {e}"))).collect()
}

/// Why there are no namespaces, and what would permit them: see `lab::confine`.
#[cfg(feature = "netns")]
fn refused(why: &str) -> Check {
    use crate::doctor::State;
    use crate::lab::confine::PERMIT;
    let (why, advice) = why.split_once(PERMIT).unwrap_or((why, ""));
    let check = Check::new("namespaces", State::Missing, why.trim(), "every laboratory").essential();
    if advice.is_empty() { check } else { check.remedy(advice.trim()) }
}

/// `vrrplab probe`: what `vrrplab doctor` asks a process of its own for.
#[cfg(feature = "netns")]
pub(super) fn probe(console: &mut Console<'_>) -> Exit {
    use crate::lab::{confine, probe};
    match confine::enter(std::os::unix::process::parent_id()) {
        Ok(means) => {
            let mut checks = vec![probe::permitted(means)];
            checks.extend(probe::probe());
            console.say(&doctor::json(&checks));
            Exit::Pass
        }
        Err(why) => {
            console.complain(&format!("{why}\n"));
            Exit::Machine
        }
    }
}
