//! What a command is to run: scenarios from files and folders, or a laboratory of keepalived.conf files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vrrplab_engine::finding::{Finding, Severity, Source};
use vrrplab_sim::scenario::Scenario;

use super::{Console, Exit, QuickArguments};
use crate::quick::{self, Verb};
use crate::{diagnostic, files};

/// A scenario and the words with which it is run again.
pub(super) struct Input {
    pub(super) scenario: Arc<Scenario>,
    /// The arguments of `vrrplab run` that name it.
    pub(super) words: Vec<String>,
}

impl Input {
    /// The arguments of `vrrplab run` that name it, as one types them.
    pub(super) fn again(&self) -> String {
        self.words.join(" ")
    }
}

impl QuickArguments {
    fn acts(&self) -> Vec<(Verb, String)> {
        let verbs = [
            (Verb::Crash, &self.crash),
            (Verb::Kill, &self.kill),
            (Verb::Stop, &self.stop),
            (Verb::Start, &self.start),
            (Verb::Pause, &self.pause),
            (Verb::Resume, &self.resume),
        ];
        verbs.into_iter().flat_map(|(verb, values)| values.iter().map(move |v| (verb, v.clone()))).collect()
    }

    /// The first flag that is given and means nothing to scenario files.
    fn given(&self) -> Option<&'static str> {
        let act = self.acts().first().map(|(verb, _)| verb.flag());
        let address = (!self.address.is_empty()).then_some("--address");
        let duration = self.duration.is_some().then_some("--duration");
        act.or(address).or(duration)
    }

    fn words(&self) -> Vec<String> {
        let acts = self.acts().into_iter().map(|(verb, value)| (verb.flag(), value));
        let addresses = self.address.iter().map(|a| ("--address", a.clone()));
        let duration = self.duration.iter().map(|d| ("--duration", d.clone()));
        acts.chain(addresses).chain(duration).flat_map(|(flag, value)| [flag.to_string(), value]).collect()
    }
}

/// The scenarios in files and folders. Everything that is wrong with them is told before the error.
pub(super) fn scenarios(paths: &[PathBuf], console: &mut Console<'_>) -> Result<Vec<Input>, Exit> {
    let mut inputs = Vec::new();
    let mut wrong = false;
    for path in paths {
        let found = if path.is_dir() { files::scenarios_in(path) } else { Ok(vec![path.clone()]) };
        match found {
            Ok(found) if found.is_empty() => {
                wrong = true;
                console
                    .complain(&format!("error: {}: no scenario (*.toml) in this folder\n", path.display()));
            }
            Ok(found) => {
                for file in found {
                    wrong |= !scenario(&file, &mut inputs, console);
                }
            }
            Err(error) => {
                wrong = true;
                console.complain(&format!("error: {error}\n"));
            }
        }
    }
    if wrong { Err(Exit::Input) } else { Ok(inputs) }
}

fn scenario(path: &Path, inputs: &mut Vec<Input>, console: &mut Console<'_>) -> bool {
    match files::read_scenario(path) {
        Ok(file) => {
            console.findings(&file.findings, &[file.source]);
            let words = vec![path.display().to_string()];
            let all = file.scenarios.into_iter().map(Arc::new);
            inputs.extend(all.map(|scenario| Input { scenario, words: words.clone() }));
            !file.findings.iter().any(|f| f.severity == Severity::Error)
        }
        Err(error) => {
            console.complain(&format!("error: {error}\n"));
            false
        }
    }
}

/// What `vrrplab run` was given.
pub(super) fn inputs(
    paths: &[PathBuf],
    quick: &QuickArguments,
    console: &mut Console<'_>,
) -> Result<Vec<Input>, Exit> {
    let is_scenario = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|e| e == "toml");
    let (ours, configs): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(is_scenario);
    match (ours.is_empty(), configs.is_empty(), quick.given()) {
        (false, true, None) => scenarios(&ours, console),
        (false, true, Some(flag)) => {
            console.complain(&format!(
                "error: {flag} is for keepalived.conf files; a scenario says such things itself ([[at]])\n"
            ));
            Err(Exit::Input)
        }
        (true, _, _) => laboratory(&configs, quick, console).map(|input| vec![input]),
        (false, false, _) => {
            console.complain("error: scenarios and keepalived.conf files cannot be mixed in one run\n");
            Err(Exit::Input)
        }
    }
}

fn laboratory(configs: &[PathBuf], quick: &QuickArguments, console: &mut Console<'_>) -> Result<Input, Exit> {
    let mut read = Vec::new();
    let mut wrong = false;
    for path in configs {
        match files::read_config(path) {
            Ok(reading) => read.push((path.display().to_string(), Arc::new(reading))),
            Err(error) => {
                wrong = true;
                console.complain(&format!("error: {error}\n"));
            }
        }
    }
    if wrong {
        return Err(Exit::Input);
    }
    let names = read.iter().map(|(path, _)| path.clone());
    let words = names.chain(quick.words()).collect();
    let options = quick::Options {
        configs: read.clone(),
        acts: quick.acts(),
        addresses: quick.address.clone(),
        duration: quick.duration.clone(),
    };
    match quick::scenario(&options) {
        Ok(scenario) => Ok(Input { scenario: Arc::new(scenario), words }),
        Err(mistakes) => {
            for (_, reading) in &read {
                console.findings(&reading.findings, &reading.sources);
            }
            console.findings(&mistakes.findings, &[mistakes.source]);
            Err(Exit::Input)
        }
    }
}

impl Console<'_> {
    pub(super) fn findings(&mut self, findings: &[Finding], sources: &[Source]) {
        if !findings.is_empty() {
            let text = diagnostic::render(findings, sources, self.err_colour);
            self.complain(&format!("{text}\n"));
        }
    }
}
