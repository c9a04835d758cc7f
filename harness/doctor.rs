//! What this machine can do: what each laboratory needs, whether it is here, and the command that installs or permits it.

#[cfg(feature = "netns")]
mod machine;
mod programs;

use serde::{Deserialize, Serialize};

use crate::report::Paint;

#[cfg(feature = "netns")]
pub use machine::machine;
pub use programs::programs;

/// What an examination comes to.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is here.
    Ok,
    /// It is here, and may spoil something.
    Warning,
    /// It is not here.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Check {
    /// What: `namespaces`.
    pub name: String,
    /// How it is.
    pub state: State,
    /// What was found: a version, a figure, an error.
    pub found: String,
    /// What needs it.
    pub needed_for: String,
    /// Without it `--world netns --subject engine` cannot run.
    pub essential: bool,
    /// What installs or permits it, where it is missing or spoils something.
    pub remedy: Option<String>,
}

impl Check {
    /// Something that only some commands need.
    pub fn new(name: &str, state: State, found: impl Into<String>, needed_for: &str) -> Check {
        let (name, needed_for) = (name.to_string(), needed_for.to_string());
        Check { name, state, found: found.into(), needed_for, essential: false, remedy: None }
    }

    /// Without this nothing runs on the real kernel.
    #[must_use]
    pub fn essential(self) -> Check {
        Check { essential: true, ..self }
    }

    /// What to do about it, unless it is as it should be.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Check {
        let remedy = (self.state != State::Ok).then(|| remedy.into());
        Check { remedy, ..self }
    }

    /// Whether it keeps the real kernel's world from running.
    pub fn prevents(&self) -> bool {
        self.essential && self.state == State::Missing
    }
}

/// Columns of a state's word.
const STATE: usize = 8;
/// Columns of a name.
const NAME: usize = 16;
/// Columns of what was found.
const FOUND: usize = 34;

/// A line for each, what helps beneath it, and what it comes to.
pub fn text(checks: &[Check], colour: bool) -> String {
    let paint = Paint::new(colour);
    let mut out = String::new();
    for check in checks {
        let (word, painted): (&str, fn(Paint, &str) -> String) = match check.state {
            State::Ok => ("ok", |p, t| p.good(t)),
            State::Warning => ("warning", |p, t| p.notable(t)),
            State::Missing => ("missing", |p, t| p.bad(t)),
        };
        let gap = " ".repeat(STATE - word.len());
        let line = format!("{}{gap} {:<NAME$} {:<FOUND$}", painted(paint, word), check.name, check.found);
        out += &format!("{line} {}\n", paint.dim(&check.needed_for));
        if let Some(remedy) = &check.remedy {
            out += &format!("{:STATE$} {:NAME$} -> {remedy}\n", "", "");
        }
    }
    let prevented: Vec<&str> = checks.iter().filter(|c| c.prevents()).map(|c| c.name.as_str()).collect();
    out += &match prevented[..] {
        [] => format!("\n{}: everything that it needs is here\n", paint.good("--world netns")),
        _ => format!("\n{}: cannot run here without {}\n", paint.bad("--world netns"), prevented.join(", ")),
    };
    out
}

/// One object a line.
pub fn json(checks: &[Check]) -> String {
    let line = |check| serde_json::to_string(check).expect("texts and words are JSON");
    checks.iter().map(|check| line(check) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_says_what_helps_and_what_cannot_run() {
        let checks = [
            Check::new("veth", State::Ok, "made", "every laboratory").essential().remedy("modprobe veth"),
            Check::new("FRR", State::Missing, "no vrrpd", "--subject frr").remedy("apt-get install frr"),
        ];
        let expected = "\
ok       veth             made                               every laboratory
missing  FRR              no vrrpd                           --subject frr
                          -> apt-get install frr

--world netns: everything that it needs is here
";
        assert_eq!(text(&checks, false), expected);
        let none = [Check::new("veth", State::Missing, "no", "every laboratory").essential()];
        assert!(text(&none, false).ends_with("--world netns: cannot run here without veth\n"));
        let back: Check = serde_json::from_str(json(&checks[1..]).trim()).expect("it is JSON");
        assert_eq!(back, checks[1]);
    }
}
