//! `vrrplab run --hold`: a laboratory that stays, so that somebody can look around in it.

#[cfg(feature = "netns")]
use std::io::BufRead;

use clap::ValueEnum;

use super::Console;
use super::inputs::Input;
use super::world::{Cell, World};

/// A laboratory that stays until this is dropped.
#[cfg(feature = "netns")]
pub(super) type Held = crate::lab::Held;

/// There is none without the real kernel's world.
#[cfg(not(feature = "netns"))]
#[derive(Debug)]
pub(super) enum Held {}

/// When a laboratory stays.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(super) enum Hold {
    /// When a verdict failed
    Failure,
    /// In any case
    Always,
}

impl Hold {
    /// Whether one stays after a run that came to this.
    pub(super) fn is_for(self, passed: bool) -> bool {
        self == Hold::Always || !passed
    }
}

/// Why nothing can be held here.
pub(super) fn mistake(cells: &[Cell], inputs: &[Input]) -> Option<String> {
    let names: Vec<&str> = inputs.iter().map(|input| input.scenario.name.as_str()).collect();
    match (cells, &names[..]) {
        ([cell], _) if cell.world != World::Netns => {
            Some("--hold is for laboratories: add --world netns".to_string())
        }
        ([_], [_]) => None,
        ([_], _) => Some(format!("--hold is for one scenario, not for {}", names.join(", "))),
        _ => Some("--hold is for one world and one subject".to_string()),
    }
}

/// Says how to get in, and waits for a line, or the end, of standard input.
#[cfg(feature = "netns")]
pub(super) fn wait(held: Held, console: &mut Console<'_>) {
    match held.doors() {
        Ok(doors) => {
            let width = doors.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            let lines = doors.iter().map(|(name, door)| format!("          {name:<width$}  {door}\n"));
            let lines: String = lines.collect();
            console.complain(&format!("  held    until Enter or Ctrl-C; a shell on a host:\n{lines}"));
        }
        Err(error) => console.complain(&format!("  held    until Enter or Ctrl-C; {error}\n")),
    }
    let _ = std::io::stdin().lock().read_line(&mut String::new());
    drop(held);
}

#[cfg(not(feature = "netns"))]
pub(super) fn wait(held: Held, _: &mut Console<'_>) {
    match held {}
}
