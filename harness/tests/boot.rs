//! However a kernel with a virtual clock ends, who started it hears why, and nothing is left of it. The kernels here are faulty on
//! purpose: scripts that change one word of the real one's command line, or stand in its place.

#[path = "tools/scratch.rs"]
mod scratch;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use vrrplab::uml;

const SCENARIO: &str = "vrrp/master-crash";
/// How long the machine may take to end what it was told to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// The real kernel, or none where a lack of it is no failure.
fn kernel() -> Option<PathBuf> {
    let required = std::env::var("VRRPLAB_REQUIRE").unwrap_or_default();
    match uml::kernel() {
        Ok(kernel) => Some(fs::canonicalize(kernel).expect("it is there")),
        Err(why) if required.split(',').any(|name| name == "uml") => panic!("{why}"),
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    }
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

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it must not pass: {told}");
    words.iter().for_each(|words| assert!(told.contains(words), "`{words}` is not in:\n{told}"));
}

#[test]
fn a_panic_is_told_with_its_message() {
    let Some(kernel) = kernel() else { return };
    let folder = scratch::folder();
    let output = run(&faulty(&folder, &kernel, "init", "/nonexistent"), "engine", 60);
    says(&output, &["the kernel has ended with signal: 6", "console: Kernel panic", "/nonexistent"]);
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_kernel_that_hangs_is_ended() {
    let folder = scratch::folder();
    let began = Instant::now();
    let kernel = script(&folder, "#!/bin/sh\necho booting\nexec sleep 600\n");
    says(&run(&kernel, "engine", 1), &["the kernel was ended after 1 s", "console: booting"]);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_lack_of_memory_is_told() {
    let Some(kernel) = kernel() else { return };
    let folder = scratch::folder();
    let output = run(&faulty(&folder, &kernel, "mem", "64M"), "exec:exec tail /dev/zero", 60);
    says(&output, &["ran out of memory", "console: ", "Killed process"]);
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_file_that_is_no_kernel_is_told() {
    let folder = scratch::folder();
    let kernel = script(&folder, "just some text");
    says(&run(&kernel, "engine", 60), &[kernel.to_str().expect("its name is text")]);
    fs::remove_dir_all(folder).expect("it is ours");
}

/// What a kernel is made of on the machine are processes with the same program.
#[test]
fn a_killed_runner_leaves_no_kernel() {
    let Some(kernel) = kernel() else { return };
    let folder = scratch::folder();
    let own = folder.join("kernel");
    fs::copy(&kernel, &own).expect("there is room");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut runner = Command::new(env!("CARGO_BIN_EXE_vrrplab"))
        .args(["run", "--world", "uml"])
        .arg(root.join("benches/day/two-routers.toml"))
        .env("VRRPLAB_UML", &own)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("our own program starts");
    until("the kernel runs", || processes_of(&own) > 3);
    runner.kill().expect("it is ours");
    runner.wait().expect("it is ours");
    until("nothing is left", || processes_of(&own) == 0);
    fs::remove_dir_all(folder).expect("it is ours");
}

#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "not yet after {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How many processes run this program.
fn processes_of(program: &Path) -> usize {
    let all = fs::read_dir("/proc").expect("it can be listed").flatten();
    all.filter(|entry| fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program)).count()
}
