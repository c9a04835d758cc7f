//! Boots the kernel and brings back what came of the laboratory.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{CONSOLE, ORDER, Order, PARCEL, STATUS, WORDS};
use crate::lab::confine;
use crate::roots;

/// In the launcher's own /run, which nobody else sees and which goes with it.
const FOLDER: &str = "/run/uml";
/// Of the machine's memory it takes what it uses.
const MEMORY: &str = "mem=1G";
/// Where virtual time begins, in microseconds: daemons take 0 for never.
const BEGINNING: &str = "time-travel-start=1000000";
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);
/// What the kernel says when it ends a process for want of memory: no run in which that happened means anything.
const KILLED: &str = "Out of memory: Killed process";
/// So many of the console's last lines are shown.
const LINES: usize = 12;

/// Runs the laboratory of the calling process's own arguments on a kernel of its own, and writes what it hands back. `limit` is how long the
/// machine's clock may take. The calling process must have one thread.
pub fn launch(kernel: &Path, parent: u32, limit: Duration, out: &mut dyn Write) -> Result<(), String> {
    confine::enter_apart(parent)?;
    let folder = Path::new(FOLDER);
    let told = |e: io::Error| format!("{}: {e}", kernel.display());
    prepare(folder).map_err(told)?;
    let child = start(kernel, folder).map_err(told)?;
    let ended = wait(child, limit).map_err(told)?;
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let console = read(CONSOLE);
    let last = last_lines(&console);
    if console.contains(KILLED) {
        return Err(format!("the kernel ran out of memory, and what ran on it was ended\n{last}"));
    }
    match (ended, read(STATUS).trim()) {
        (Some(_), "0") => {
            let mut parcel = File::open(folder.join(PARCEL)).map_err(told)?;
            io::copy(&mut parcel, out).and_then(|_| out.flush()).map_err(|e| format!("the parcel: {e}"))
        }
        (Some(_), status) if !status.is_empty() => Err(match read(WORDS).trim() {
            "" => format!("the laboratory has ended with {status}\n{last}"),
            words => words.to_string(),
        }),
        (Some(status), _) => Err(format!("the kernel has ended with {status}\n{last}")),
        (None, _) => {
            Err(format!("the kernel was ended after {} s of the machine's time\n{last}", limit.as_secs()))
        }
    }
}

fn prepare(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let order = Order {
        argv: inside(env::args_os().map(|word| word.to_string_lossy().into_owned())),
        folder: env::current_dir()?,
        path: env::var("PATH").unwrap_or_default(),
        roots: roots::folder(),
    };
    fs::write(folder.join(ORDER), serde_json::to_vec(&order)?)
}

/// The same command for the process inside: without what says that it is to go there, and with another parent.
fn inside(mut words: impl Iterator<Item = String>) -> Vec<String> {
    let mut argv = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--uml" | "--limit" => drop(words.next()),
            "--parent" => {
                words.next();
                argv.extend([word, "1".to_string()]);
            }
            _ => argv.push(word),
        }
    }
    argv.push("--virtual-clock".to_string());
    argv
}

fn start(kernel: &Path, folder: &Path) -> io::Result<Child> {
    let program = env::current_exe()?;
    let console = File::create(folder.join(CONSOLE))?;
    Command::new(kernel)
        .args([MEMORY, "time-travel=inf-cpu", BEGINNING, "rootfstype=hostfs", "rootflags=/", "ro", "quiet"])
        .args(["con=null", "con0=null,fd:1"])
        .arg(format!("uml_dir={}", folder.display()))
        .arg(format!("init={}", program.display()))
        .args(["--", "boot", FOLDER])
        // Its memory is a file there.
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(console.try_clone()?)
        .stderr(console)
        .spawn()
}

/// Waits for the kernel's end; none if it had to be ended.
fn wait(mut child: Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

fn last_lines(console: &str) -> String {
    let lines: Vec<&str> = console.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    last.iter().map(|line| format!("  console: {}\n", line.trim_end())).collect()
}
