//! `vrrplab check`: what is wrong with configurations, without running anything.
//!
//! Findings go to standard output, they are what was asked for; with `--effective` that is the configuration, and
//! they go to standard error.

use std::path::Path;
use std::sync::Arc;

use vrrplab_engine::finding::Severity;

use super::{CheckArguments, Console, Exit, Format};
use crate::advice::{self, Advice, Node};
use crate::{diagnostic, files, report};

pub(super) fn check(arguments: &CheckArguments, console: &mut Console<'_>) -> Exit {
    let Some(all) = everything(arguments, console) else { return Exit::Input };
    for advice in &all {
        tell(advice, arguments, console);
    }
    let findings: Vec<_> = all.iter().flat_map(|advice| &advice.findings).collect();
    if arguments.format == Format::Text {
        let files = match arguments.inputs.len() {
            1 => "1 file".to_string(),
            n => format!("{n} files"),
        };
        let line = format!("{files}: {}\n", report::findings::sum(&findings));
        if arguments.effective { console.complain(&line) } else { console.say(&line) }
    }
    match advice::worst(findings) {
        None | Some(Severity::Note) => Exit::Pass,
        Some(Severity::Warning) => Exit::Fail,
        Some(Severity::Error) => Exit::Input,
    }
}

/// What is said about every file; the keepalived.conf files are the nodes of one cluster, a scenario's are of
/// another. `None` where a file cannot be read.
fn everything(arguments: &CheckArguments, console: &mut Console<'_>) -> Option<Vec<Advice>> {
    let mut all = Vec::new();
    let mut nodes: Vec<Node> = Vec::new();
    let mut readable = true;
    for path in &arguments.inputs {
        let read = match path.extension().is_some_and(|e| e == "toml") {
            true => scenario(path, arguments, console).map(|advice| all.extend(advice)),
            false => {
                files::read_config(path).map(|reading| nodes.push(advice::node(path, Arc::new(reading))))
            }
        };
        if let Err(error) = read {
            readable = false;
            console.complain(&format!("error: {error}\n"));
        }
    }
    all.splice(0..0, advice::advice(&nodes, !arguments.separate));
    readable.then_some(all)
}

/// The scenario's own mistakes, and the configurations of its nodes; those of variants that differ as well.
fn scenario(
    path: &Path,
    arguments: &CheckArguments,
    console: &mut Console<'_>,
) -> Result<Vec<Advice>, String> {
    let file = files::read_scenario(path)?;
    let mut all = Vec::new();
    for scenario in &file.scenarios {
        for advice in advice::advice(&advice::nodes(scenario), !arguments.separate) {
            let known =
                |a: &Advice| a.reading.sources == advice.reading.sources && a.findings == advice.findings;
            if !all.iter().any(known) {
                all.push(advice);
            }
        }
    }
    if file.findings.iter().any(|f| f.severity == Severity::Error) {
        console.findings(&file.findings, &[file.source]);
        return Err(format!("{}: this scenario cannot run", path.display()));
    }
    Ok(all)
}

fn tell(advice: &Advice, arguments: &CheckArguments, console: &mut Console<'_>) {
    let Advice { reading, findings } = advice;
    let name = reading.sources.first().map_or("", |source| &*source.name);
    if arguments.effective {
        let settings = reading.config.effective();
        match arguments.format {
            Format::Text => console.say(&format!("# {name}\n{}\n", report::effective::text(&settings))),
            Format::Json => console.say(&format!("{}\n", report::effective::json(name, &settings))),
        }
        return console.findings(findings, &reading.sources);
    }
    match arguments.format {
        Format::Text if findings.is_empty() => {}
        Format::Text => {
            let text = diagnostic::render(findings, &reading.sources, console.colour);
            console.say(&format!("{text}\n"));
        }
        Format::Json => {
            for finding in findings {
                console.say(&format!("{}\n", report::findings::json(finding, &reading.sources)));
            }
        }
    }
}
