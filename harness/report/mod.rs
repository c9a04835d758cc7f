//! What a person, or a machine, is told about a run.

pub mod availability;
pub mod distribution;
pub mod effective;
pub mod findings;
mod json;
pub mod junit;
mod paint;
mod timeline;
mod verdicts;

pub use json::json;
pub use paint::Paint;

use vrrplab_engine::time::Duration;
use vrrplab_sim::run::Run;

use crate::notes::Notes;

/// Columns of a terminal that everybody has.
pub const WIDTH: usize = 100;

/// The whole story of a run: title, timeline, verdicts, figures.
pub fn text(run: &Run, colour: bool) -> String {
    let paint = Paint::new(colour);
    let head = format!("{}: {}", run.scenario.name, run.scenario.title);
    let mut out = format!("{}\n", paint.bold(&cut(&head, WIDTH)));
    let header = &run.trace.header;
    let sub =
        format!("world {}, {}, {}, seed {}", header.world, header.subject, header.duration, header.seed);
    out.push_str(&format!("{}\n\n", paint.dim(&sub)));
    out.push_str(&timeline::timeline(run, paint));
    out.push('\n');
    out.push_str(&verdicts::verdicts(run, paint, verdicts::Detail::All));
    out
}

/// One line for a run that is as it should be, and what is wrong with one that is not.
pub fn brief(run: &Run, colour: bool) -> String {
    let paint = Paint::new(colour);
    let mut out = format!("{} {}\n", verdicts::word(run, paint), run.scenario.name);
    if !run.judgement.passed() {
        out.push_str(&verdicts::verdicts(run, paint, verdicts::Detail::Failures));
    }
    out
}

/// How well the machine kept up.
pub fn notes(notes: &Notes, colour: bool) -> String {
    let micros = Duration::from_micros;
    // Frames that a bridge of the kernel carries are not timed.
    let switch = match notes.residence.count {
        0 => String::new(),
        _ => format!(
            " half of all frames through the switch in {}, 99 % in {};",
            notes.residence.at_most(500),
            notes.residence.at_most(990)
        ),
    };
    let text = format!(
        "timers late by up to {} before and {} during the run; daemons waited for a processor {} at most, witnesses \
         for that and the kernel {};{switch} {} frames dropped",
        micros(notes.late_before),
        micros(notes.late_during),
        micros(notes.waited),
        micros(notes.witnessed),
        notes.dropped
    );
    let paint = Paint::new(colour);
    wrap(&text, WIDTH - 10).iter().enumerate().fold(String::new(), |mut out, (n, line)| {
        let head = if n == 0 { "  machine " } else { "          " };
        out.push_str(&format!("{}\n", paint.dim(&format!("{head}{line}"))));
        out
    })
}

/// The text, cut to so many columns.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// The text in lines of at most so many columns, broken between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_to_their_columns() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(wrap("aa bb cc dd", 5), ["aa bb", "cc dd"]);
        assert_eq!(wrap("", 5), [""; 0]);
    }
}
