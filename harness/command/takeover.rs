//! `vrrplab bench takeover`.

use std::path::PathBuf;

use clap::Args;
use vrrplab_engine::time::Duration;

use super::{Console, Exit};
use crate::bench::takeover::{self, Plan, Samples, Verdict};
use crate::files;
use crate::subject::Subject;

#[derive(Args, Clone, Debug)]
pub(super) struct TakeoverArguments {
    /// Advert interval, as in 100ms or 1s
    #[arg(long, default_value = "100ms", value_name = "TIME", value_parser = interval)]
    interval: Duration,
    /// How many takeovers of each
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// How many before them are not counted
    #[arg(long, default_value_t = 10, value_name = "N")]
    warm_up: u32,
    /// What the moments of death and the order of each round are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Who is measured, and beside whom
    #[arg(long, default_value = "engine,keepalived", value_name = "A,B", value_parser = subjects)]
    subject: [Subject; 2],
    /// Write samples.csv, table.txt and ecdf.svg there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Measure nothing: make table and plot of a samples.csv
    #[arg(long, value_name = "FILE", conflicts_with_all = ["interval", "runs", "warm_up", "seed", "subject"])]
    from: Option<PathBuf>,
}

fn interval(text: &str) -> Result<Duration, String> {
    let time: Duration = text.parse().map_err(|_| "a time, as in 100ms or 1s".to_string())?;
    let centiseconds = time.as_micros() / 10_000;
    if (1..=4095).contains(&centiseconds) && time.as_micros().is_multiple_of(10_000) {
        Ok(time)
    } else {
        Err("an interval has whole centiseconds, 10ms to 40950ms".to_string())
    }
}

fn subjects(text: &str) -> Result<[Subject; 2], String> {
    let (a, b) = text.split_once(',').ok_or("two of them, as in engine,keepalived")?;
    // Others have no equal priorities without preemption, or are started in ways of their own.
    let one = |text: &str| match text.parse()? {
        subject @ (Subject::Engine | Subject::Keepalived(_)) => Ok(subject),
        other => Err(format!("{other} cannot be measured: engine, keepalived or keepalived@VERSION")),
    };
    Ok([one(a)?, one(b)?])
}

pub(super) fn run(arguments: &TakeoverArguments, console: &mut Console<'_>) -> Exit {
    let measured = match &arguments.from {
        Some(path) => files::read_text(path)
            .and_then(|text| Samples::read(&text).map_err(|e| format!("{}: {e}", path.display())))
            .map(|samples| (samples, Vec::new()))
            .map_err(|error| (error, Exit::Input)),
        None => measure(&arguments.plan(), console).map_err(|error| (error, Exit::Machine)),
    };
    let (samples, notes) = match measured {
        Ok(measured) => measured,
        Err((error, exit)) => {
            console.complain(&format!("error: {error}\n"));
            return exit;
        }
    };
    let (text, verdict) = takeover::table(&samples, &notes);
    console.say(&text);
    if let Some(folder) = &arguments.out {
        let all =
            [("table.txt", text), ("ecdf.svg", takeover::svg(&samples)), ("samples.csv", samples.csv())];
        for (name, text) in all {
            if let Err(error) = files::write_whole(&folder.join(name), text.as_bytes()) {
                console.complain(&format!("error: {error}\n"));
                return Exit::Machine;
            }
        }
    }
    match verdict {
        Verdict::Kept => Exit::Pass,
        Verdict::Broken => Exit::Fail,
    }
}

impl TakeoverArguments {
    fn plan(&self) -> Plan {
        Plan {
            interval: self.interval,
            runs: self.runs,
            warm_up: self.warm_up,
            seed: self.seed,
            subjects: self.subject.clone(),
        }
    }
}

#[cfg(not(feature = "netns"))]
fn measure(_: &Plan, _: &mut Console<'_>) -> Result<(Samples, Vec<String>), String> {
    Err("built without the real kernel: cargo build --release --features netns".to_string())
}

/// From here on this is a process in namespaces of its own, with a /run of its own.
#[cfg(feature = "netns")]
fn measure(plan: &Plan, console: &mut Console<'_>) -> Result<(Samples, Vec<String>), String> {
    crate::lab::confine::enter(std::os::unix::process::parent_id())?;
    let of = plan.warm_up + plan.runs;
    crate::lab::takeover::measure(plan, |done| {
        if done.is_multiple_of(100) {
            console.complain(&format!("{done} of {of}\n"));
        }
    })
}
