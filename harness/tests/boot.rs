//! However a kernel with a virtual clock ends, who started it hears why, and nothing is left of it. The kernels here are faulty on
//! purpose: scripts that change one word of the real one's command line, or stand in its place.

#[path = "tools/scratch.rs"]
mod scratch;
#[path = "tools/wants.rs"]
mod wants;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use vrrplab::uml;

const SCENARIO: &str = "vrrp/master-crash";
/// How long the machine may take to end what it was told to end.
const PATIENCE: Duration = Duration::from_secs(20);

type Case = fn(&Path, &Path) -> Result<(), Failed>;

fn main() -> ExitCode {
    let kernel = uml::kernel().and_then(|kernel| fs::canonicalize(kernel).map_err(|e| e.to_string()));
    let none = Ok(PathBuf::new());
    let trials = vec![
        trial("a panic is told with its message", &kernel, panics),
        trial("a kernel that hangs is ended", &none, hangs),
        trial("a lack of memory is told", &kernel, lacks_memory),
        trial("a file that is no kernel is told", &none, is_none),
        trial("a killed runner leaves no kernel", &kernel, leaves_nothing),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Runs a case in a folder of its own with the real kernel, if there is one.
fn trial(name: &str, kernel: &Result<PathBuf, String>, case: Case) -> Trial {
    let kernel = kernel.clone();
    Trial::ignorable_test(name, move || match wants::missing("engine").map_or(kernel, Err) {
        Err(why) => wants::skip("uml", &why),
        Ok(kernel) => {
            let folder = scratch::folder();
            case(&folder, &kernel)?;
            fs::remove_dir_all(folder)?;
            Ok(Completion::Completed)
        }
    })
}

/// A program with this text.
fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("kernel");
    fs::write(&path, text).expect("the folder is ours");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    path
}

/// The real kernel with another value of this argument.
fn faulty(folder: &Path, kernel: &Path, argument: &str, value: &str) -> PathBuf {
    let changed = format!("\"${{@/#{argument}=*/{argument}={}}}\"", value.replace('/', "\\/"));
    script(folder, &format!("#!/bin/bash\nexec {} {changed}\n", kernel.display()))
}

/// What a run of the scenario on this kernel prints that takes at most so many seconds of the machine's.
fn run(kernel: &Path, subject: &str, limit: u64) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_vrrplab"))
        .args(["lab", "--parent", &std::process::id().to_string(), "--scenario", SCENARIO])
        .args(["--seed", "1", "--subject", subject, "--later", "0s", "--limit", &limit.to_string()])
        .arg("--uml")
        .args([kernel, &root.join(format!("scenarios/{SCENARIO}.toml"))])
        .output()
        .expect("our own program starts")
}

fn says(output: &Output, words: &[&str]) -> Result<(), Failed> {
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Err(format!("it must not pass: {told}").into());
    }
    match words.iter().find(|words| !told.contains(**words)) {
        Some(missing) => Err(format!("`{missing}` is not in:\n{told}").into()),
        None => Ok(()),
    }
}

fn panics(folder: &Path, kernel: &Path) -> Result<(), Failed> {
    let output = run(&faulty(folder, kernel, "init", "/nonexistent"), "engine", 60);
    says(&output, &["the kernel has ended with signal: 6", "console: Kernel panic", "/nonexistent"])
}

fn hangs(folder: &Path, _: &Path) -> Result<(), Failed> {
    let began = Instant::now();
    let kernel = script(folder, "#!/bin/sh\necho booting\nexec sleep 600\n");
    says(&run(&kernel, "engine", 1), &["the kernel was ended after 1 s", "console: booting"])?;
    match began.elapsed() < PATIENCE {
        true => Ok(()),
        false => Err(format!("that took {:?}", began.elapsed()).into()),
    }
}

fn lacks_memory(folder: &Path, kernel: &Path) -> Result<(), Failed> {
    let output = run(&faulty(folder, kernel, "mem", "64M"), "exec:exec tail /dev/zero", 60);
    says(&output, &["ran out of memory", "console: ", "Killed process"])
}

fn is_none(folder: &Path, _: &Path) -> Result<(), Failed> {
    let kernel = script(folder, "just some text");
    says(&run(&kernel, "engine", 60), &[kernel.to_str().expect("its name is text")])
}

/// What a kernel is made of on the machine are processes with the same program.
fn leaves_nothing(folder: &Path, kernel: &Path) -> Result<(), Failed> {
    let own = folder.join("kernel");
    fs::copy(kernel, &own)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut runner = Command::new(env!("CARGO_BIN_EXE_vrrplab"))
        .args(["run", "--world", "uml"])
        .arg(root.join("benches/day/two-routers.toml"))
        .env("VRRPLAB_UML", &own)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let runs = until("the kernel runs", || processes_of(&own) > 3);
    runner.kill()?;
    runner.wait()?;
    runs?;
    until("nothing is left", || processes_of(&own) == 0)
}

fn until(what: &str, holds: impl Fn() -> bool) -> Result<(), Failed> {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > PATIENCE {
            return Err(format!("not yet after {PATIENCE:?}: {what}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// How many processes run this program.
fn processes_of(program: &Path) -> usize {
    let all = fs::read_dir("/proc").expect("it can be listed").flatten();
    all.filter(|entry| fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program)).count()
}
