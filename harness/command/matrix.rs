//! `vrrplab run` with several worlds or subjects: one table of what agrees with the first.

use std::num::NonZeroUsize;

use vrrplab_engine::time::Duration;
use vrrplab_sim::agree;

use super::inputs::Input;
use super::world::{Cell, Done, Outcome, World};
use super::{Console, Exit, RunArguments};
use crate::agreement::{self, Verdict};
use crate::sweep::in_order;

/// Columns of a scenario's name.
const NAME: usize = 40;
/// Columns of a cell, if its name is not longer.
const CELL: usize = 18;

/// Columns of this cell.
fn width(cell: &Cell) -> usize {
    cell.to_string().len().max(CELL)
}

pub(super) fn run(
    arguments: &RunArguments,
    cells: &[Cell],
    inputs: &[Input],
    console: &mut Console<'_>,
) -> Exit {
    let head: String = cells
        .iter()
        .map(|cell| format!(" {cell:<width$}", cell = cell.to_string(), width = width(cell)))
        .collect();
    console.say(&format!("{:<NAME$}{}\n", "", head.trim_end()));
    let jobs = arguments.place.jobs.get() * cells.len();
    let mut table = Table { cells, rows: Vec::new(), exit: Exit::Pass };
    let mut row = Vec::new();
    let real = cells.iter().any(|cell| cell.world == World::Netns);
    let later = |input: &Input| match real {
        true => agreement::calm(&input.scenario, arguments.seed),
        false => Duration::ZERO,
    };
    let later: Vec<_> = inputs.iter().map(later).collect();
    in_order(
        inputs.len() * cells.len(),
        NonZeroUsize::new(jobs).expect("a product of numbers above zero"),
        |i| {
            cells[i % cells.len()].run(
                &inputs[i / cells.len()],
                later[i / cells.len()],
                arguments.seed,
                false,
            )
        },
        |i, outcome| {
            row.push(outcome);
            if row.len() == cells.len() {
                table.row(&inputs[i / cells.len()], &std::mem::take(&mut row), console);
            }
        },
    );
    table.finish(console)
}

struct Table<'a> {
    cells: &'a [Cell],
    /// What is to be told beneath, in order.
    rows: Vec<String>,
    exit: Exit,
}

impl Table<'_> {
    fn row(&mut self, input: &Input, row: &[Outcome], console: &mut Console<'_>) {
        let name = &input.scenario.name;
        let mut line = format!("{name:<NAME$}");
        let first = match &row[0] {
            Outcome::Run(done) => Some(&**done),
            _ => None,
        };
        for (cell, outcome) in self.cells.iter().zip(row) {
            let words = match (outcome, first) {
                (Outcome::Skipped(_), _) => "skipped".to_string(),
                (Outcome::Failed(why), _) => {
                    self.exit = Exit::Machine;
                    self.rows.push(format!("{name}, {cell}: {why}\n"));
                    "did not run".to_string()
                }
                (Outcome::Run(done), Some(first)) if !std::ptr::eq(&**done, first) => {
                    self.compare(name, cell, first, done)
                }
                (Outcome::Run(done), _) => {
                    if done.run.judgement.passed() { "passes" } else { "FAILS" }.to_string()
                }
            };
            line.push_str(&format!(" {words:<width$}", width = width(cell)));
        }
        console.say(&format!("{}\n", line.trim_end()));
        if let Some(Outcome::Skipped(why)) = row.iter().find(|outcome| matches!(outcome, Outcome::Skipped(_)))
        {
            self.rows.push(format!("{name}: skipped: {why}\n"));
        }
    }

    fn compare(&mut self, name: &str, cell: &Cell, first: &Done, done: &Done) -> String {
        match agreement::compare(&first.run, &done.run, done.notes.as_ref(), cell.is_coarse()) {
            Verdict::Agrees(largest) => format!("agrees {largest}"),
            Verdict::Inconclusive(late, _) => format!("inconclusive {late}"),
            Verdict::Differs(agreement) => {
                self.exit = self.exit.max(Exit::Fail);
                let told = agree::report(&agreement.disagreements).unwrap_or_default();
                self.rows.push(format!("{name}, {cell}:\n{told}"));
                format!("DIFFERS ({})", agreement.disagreements.len())
            }
        }
    }

    fn finish(self, console: &mut Console<'_>) -> Exit {
        if !self.rows.is_empty() {
            console.say(&format!("\n{}", self.rows.join("\n")));
        }
        self.exit
    }
}
