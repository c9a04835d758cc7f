//! Where two runs differ, as data and as text.

use std::collections::BTreeSet;
use std::fmt;

use vrrplab_engine::time::Instant;

use super::act::Act;
use super::compare::Distance;
use super::lane::{Content, Entry, Lane};

/// Lines of a lane that a report shows before and after the difference.
const CONTEXT: usize = 3;
/// Columns of a report.
const WIDTH: usize = 100;

/// A point where two runs differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disagreement {
    /// When, on the side that is earlier.
    pub at: Instant,
    /// In which lane; `None` if the laboratory itself did something else.
    pub lane: Option<Lane>,
    /// How.
    pub difference: Difference,
    /// What it was in a race with, if the traces prove that either could be first: `` `crash a` ``.
    pub race: Option<String>,
    /// Our lane around it, one line an entry.
    pub ours: Vec<String>,
    /// The reference's lane around it.
    pub reference: Vec<String>,
}

/// How two runs differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// The reference's laboratory acted and ours did not do that at that instant.
    Script(String),
    /// Our laboratory acted and the reference's did not at that instant.
    OwnScript(String),
    /// The reference has an event where ours has none.
    Missing,
    /// We have an event where the reference has none.
    Extra,
    /// The events are not the same; for frames that look the same, where they differ.
    Content(String),
    /// The same event at another time.
    Time(Distance),
    /// The same act at another time.
    Act {
        /// Which.
        act: String,
        /// How far it is off.
        distance: Distance,
    },
}

/// Where two frames differ that look the same.
pub(super) fn first_difference(ours: &Content, reference: &Content) -> String {
    let (Content::Frame(a), Content::Frame(b)) = (ours, reference) else { return String::new() };
    match a.iter().zip(b).position(|(a, b)| a != b) {
        Some(i) => format!("byte {i} is {:#04x}, in the reference {:#04x}", a[i], b[i]),
        None => format!("{} bytes, in the reference {}", a.len(), b.len()),
    }
}

pub(super) fn around(entries: &[Entry], i: usize) -> Vec<String> {
    let shown = entries.iter().enumerate().skip(i.saturating_sub(CONTEXT)).take(i.min(CONTEXT) + 1 + CONTEXT);
    let mut lines: Vec<String> = shown
        .map(|(j, entry)| format!("{} {:>11} {}", if i == j { '>' } else { ' ' }, entry.at, entry.what))
        .collect();
    if i >= entries.len() {
        lines.push("> nothing more".to_string());
    }
    lines
}

pub(super) fn acts_around(acts: &[Act], at: Instant) -> Vec<String> {
    let i = acts.partition_point(|act| act.at < at);
    let shown = acts.iter().skip(i.saturating_sub(CONTEXT)).take(2 * CONTEXT + 1);
    shown.map(|act| format!("{} {:>11} {}", if act.at == at { '>' } else { ' ' }, act.at, act.text)).collect()
}

/// Several lines, none longer than 100 columns.
impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.lane {
            Some(lane) => line(f, &format!("{} {lane}: {}", self.at, self.difference))?,
            None => line(f, &format!("{} {}", self.at, self.difference))?,
        }
        if let Difference::Time(distance) | Difference::Act { distance, .. } = &self.difference {
            line(f, &format!("  {} allowed, counted from {}", distance.allowed, distance.from))?;
        }
        if let Some(rival) = &self.race {
            line(f, &format!("  a race: whether it or {rival} is first is within what is allowed"))?;
        }
        for (side, lines) in [("ours", &self.ours), ("reference", &self.reference)] {
            line(f, &format!("  {side}"))?;
            lines.iter().try_for_each(|text| line(f, &format!("    {text}")))?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Script(act) => {
                write!(f, "`{act}` happens in the reference, nothing at that time in ours")
            }
            Difference::OwnScript(act) => {
                write!(f, "`{act}` happens in ours, nothing at that time in the reference")
            }
            Difference::Missing => f.write_str("missing in ours"),
            Difference::Extra => f.write_str("not in the reference"),
            Difference::Content(detail) if detail.is_empty() => f.write_str("something else"),
            Difference::Content(detail) => f.write_str(detail),
            Difference::Time(distance) => write!(f, "{distance}"),
            Difference::Act { act, distance } => write!(f, "`{act}` is {distance}"),
        }
    }
}

/// `2ms later than in the reference`
impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.late { "later" } else { "earlier" };
        write!(f, "{} {side} than in the reference", self.off)
    }
}

/// A line cut at the last column.
fn line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    match text.char_indices().nth(WIDTH) {
        None => writeln!(f, "{text}"),
        Some(_) => {
            let end = text.char_indices().nth(WIDTH - 1).map_or(text.len(), |(end, _)| end);
            writeln!(f, "{}…", &text[..end])
        }
    }
}

/// The first disagreement in full, the others as a number; `None` if the runs agree.
pub fn report(disagreements: &[Disagreement]) -> Option<String> {
    let first = disagreements.first()?;
    let lanes: BTreeSet<_> = disagreements.iter().map(|disagreement| &disagreement.lane).collect();
    let others = match disagreements.len() {
        1 => String::new(),
        n => format!("  more differences: {}; lanes that differ: {}\n", n - 1, lanes.len()),
    };
    Some(format!("{first}{others}"))
}
