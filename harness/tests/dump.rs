//! Published configurations in the real daemon: what it says it runs (its dump on SIGUSR1) is what
//! `Config::effective` says, setting by setting.
//!
//! Every configuration gets a daemon in namespaces of its own, with the interfaces, scripts and users it names. The
//! texts are other people's, so they are not here: `VRRPLAB_CORPUS` names a folder of `NNN.conf`.

#[path = "dump/daemon.rs"]
mod daemon;
#[path = "dump/exceptions.rs"]
mod exceptions;
#[path = "dump/needs.rs"]
mod needs;
#[path = "tools/scratch.rs"]
mod scratch;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};
use vrrplab::dump;
use vrrplab_engine::config::{self, NoSources, Options};

use daemon::Outcome;
use exceptions::Exceptions;
use needs::Needs;

/// Where the folder is unless `VRRPLAB_CORPUS` says so.
const FOLDER: &str = "../shared/corpus";

/// Daemons at a time. They mostly wait.
const WORKERS: usize = 4;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = std::env::var_os("VRRPLAB_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER), PathBuf::from);
    let required = std::env::var("VRRPLAB_REQUIRE").unwrap_or_default();
    let required = |what: &str| required.split(',').any(|r| r == what);
    let corpus = (!folder.join("verdict.tsv").is_file())
        .then(|| format!("there are no published configurations in {}", folder.display()));
    let lacks = [("corpus", corpus), ("keepalived", daemon::missing())];
    let mut ignored = false;
    for (what, why) in lacks {
        if let Some(why) = why.filter(|_| !required(what)) {
            eprintln!("ignored: {why}");
            ignored = true;
        }
    }
    let trial = Trial::test("runs what we say", move || compare(&folder)).with_ignored_flag(ignored);
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}

/// What is left to say of a configuration: its differences, or why the daemon ended.
type Compared = Result<Result<Vec<String>, String>, String>;

fn compare(folder: &Path) -> Result<(), Failed> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "conf"));
    paths.sort();
    let ipvs = daemon::ipvs()?;
    let todo = Mutex::new(paths.iter());
    let results: Mutex<BTreeMap<String, Compared>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(path) = { todo.lock().expect("no worker panics").next() } {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    let compared = one(path, &ipvs);
                    results.lock().expect("no worker panics").insert(name, compared);
                }
            });
        }
    });
    sum(&results.into_inner()?)
}

fn one(path: &Path, ipvs: &Path) -> Compared {
    let bytes = fs::read(path).map_err(|e| e.to_string())?;
    let options = Options { id: Some("lab".into()), ..Options::default() };
    let text = String::from_utf8_lossy(&bytes);
    let config = config::read_with("/lab/keepalived.conf", &text, &NoSources, &options).config;
    let folder = scratch::folder();
    let outcome = daemon::start(&folder, &bytes, &Needs::of(&config), ipvs);
    if std::env::var_os("VRRPLAB_KEEP").is_some() {
        eprintln!("{}: {}", path.display(), folder.display());
    } else {
        fs::remove_dir_all(&folder).map_err(|e| e.to_string())?;
    }
    Ok(match outcome? {
        Outcome::Runs(theirs) => Ok(dump::compare(&config.effective(), &theirs)),
        Outcome::Ended(why) => Err(why),
    })
}

/// Prints how many are equal, and fails with what differs.
fn sum(results: &BTreeMap<String, Compared>) -> Result<(), Failed> {
    let mut exceptions = Exceptions::read()?;
    let (mut equal, mut excused, mut different) = (0, 0, 0);
    let (mut ended, mut wrong) = (Vec::new(), Vec::new());
    for (name, compared) in results {
        match compared {
            Err(failure) => wrong.push(format!("{name}: {failure}")),
            Ok(Err(why)) => ended.push(format!("{name}: {why}")),
            Ok(Ok(differences)) => {
                let (fine, bad): (Vec<_>, Vec<_>) =
                    differences.iter().partition(|d| exceptions.excuse(name, d));
                match (fine.is_empty(), bad.is_empty()) {
                    (true, true) => equal += 1,
                    (false, true) => excused += 1,
                    (_, false) => different += 1,
                }
                wrong.extend(bad.iter().map(|d| format!("{name}: {d}")));
            }
        }
    }
    let started = equal + excused + different;
    println!(
        "{} configurations: {started} started, {equal} equal, {excused} with exceptions, {different} different, {} not started",
        results.len(),
        ended.len()
    );
    ended.iter().for_each(|line| println!("  {line}"));
    if !wrong.is_empty() {
        return Err(wrong.join("\n").into());
    }
    exceptions.judge()
}
