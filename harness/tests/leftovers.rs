//! Nothing stays of a laboratory, however it ends: two hundred that end by themselves, two hundred whose runner is killed at a
//! moment drawn by lot, and sixty-four that are killed at once, with everything outside of them. What could stay are processes,
//! mounts, links and files; a network namespace lives by a process, a mount or a descriptor.

#[path = "tools/scratch.rs"]
mod scratch;
#[path = "tools/wants.rs"]
mod wants;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nix::sys::prctl;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use vrrplab_sim::rng::Rng;

const LABS: u32 = 200;
/// So many that are killed in one moment, and when all of them run.
const TOGETHER: u32 = 64;
const SETTLED: Duration = Duration::from_secs(12);
/// At a time.
const AT_ONCE: usize = 20;
/// How long a laboratory's run is that ends by itself.
const SHORT: Duration = Duration::from_secs(2);
/// And one that is killed: what goes on does so for longer than anybody waits.
const LONG: Duration = Duration::from_secs(120);
/// A runner is killed in so long at the latest: while it builds, while daemons start, after the crash of one.
const LATEST: Duration = Duration::from_millis(3_500);
/// How long the kernel may take to end what was inside.
const PATIENCE: Duration = Duration::from_secs(20);
/// A namespace's links outlive its last process by the time that the kernel takes to clean up.
const LOOK: Duration = Duration::from_millis(20);
/// `Rng::new`'s purpose.
const MOMENTS: u64 = 0x6b69_6c6c;

type Case = fn() -> Result<(), Failed>;

fn main() {
    let mut arguments = Arguments::from_args();
    // Each counts the children of this process.
    arguments.test_threads = Some(1);
    let cases: [(&str, Case); 3] = [
        ("two hundred laboratories leave nothing behind", all_end),
        ("two hundred laboratories whose runner is killed leave nothing behind", all_are_killed),
        ("sixty-four laboratories that are killed at once leave nothing behind", killed_at_once),
    ];
    let trial = |(name, case): (&str, Case)| {
        Trial::ignorable_test(name, move || match wants::missing("keepalived") {
            Some(why) => wants::skip("keepalived", &why),
            None => case().map(|()| Completion::Completed),
        })
    };
    libtest_mimic::run(&arguments, cases.into_iter().map(trial).collect()).exit();
}

fn all_end() -> Result<(), Failed> {
    run_all(SHORT, || None)
}

fn all_are_killed() -> Result<(), Failed> {
    let seed: u64 = std::env::var("VRRPLAB_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut rng = Rng::new(seed, MOMENTS);
    run_all(LONG, || Some(Duration::from_micros(rng.below(LATEST.as_micros() as u64)))).map_err(|why| {
        format!(
            "{}\nagain: VRRPLAB_SEED={seed} cargo test --features netns --test leftovers",
            why.message().unwrap_or_default()
        )
        .into()
    })
}

/// As a CI system does that has lost its patience: SIGKILL to all processes of a group in one moment. The kernel takes leave of
/// a thousand processes then; laboratories that went before those for whom it waited took the machine from everybody.
fn killed_at_once() -> Result<(), Failed> {
    prctl::set_child_subreaper(true)?;
    let folder = scratch::folder();
    let file = scenario(&folder, LONG)?;
    let before = Traces::now()?;
    let group = lab(&file, 0)?;
    let group_of = Pid::from_raw(group.id() as i32);
    let mut running = vec![group];
    for n in 1..TOGETHER {
        running.push(command(&file, n).process_group(group_of.as_raw()).spawn()?);
    }
    std::thread::sleep(SETTLED);
    let daemons = vrrplab::kernel::processes::all()?
        .filter(|(_, folder)| fs::read(folder.join("comm")).is_ok_and(|comm| comm == b"keepalived\n"))
        .count();
    if daemons < TOGETHER as usize {
        return Err(format!("after {SETTLED:?} there are only {daemons} daemons to kill").into());
    }
    killpg(group_of, Signal::SIGKILL)?;
    for mut child in running {
        child.wait()?;
    }
    no_children()?;
    fs::remove_dir_all(&folder)?;
    before.same_as(&Traces::now()?)
}

/// Runs them all, each killed after a time or not at all, and compares the machine before and after.
fn run_all(duration: Duration, mut life: impl FnMut() -> Option<Duration>) -> Result<(), Failed> {
    // Whoever loses its parent becomes our child instead of going unseen.
    prctl::set_child_subreaper(true)?;
    let folder = scratch::folder();
    let file = scenario(&folder, duration)?;
    let before = Traces::now()?;
    let mut running: Vec<(Child, Option<Instant>)> = Vec::new();
    let mut ended = 0;
    for n in 0..LABS {
        while running.len() >= AT_ONCE {
            ended += advance(&mut running)?;
        }
        let dies = life().map(|life| Instant::now() + life);
        running.push((lab(&file, n)?, dies));
    }
    while !running.is_empty() {
        ended += advance(&mut running)?;
    }
    no_children()?;
    fs::remove_dir_all(&folder)?;
    before.same_as(&Traces::now()?)?;
    match ended {
        LABS => Ok(()),
        _ => Err(format!("{ended} of {LABS} have ended").into()),
    }
}

/// Two routers, of whom one is the real one; its check and its notify script run as stand-ins.
fn scenario(folder: &Path, duration: Duration) -> std::io::Result<PathBuf> {
    let node = |name: &str, host: u32, priority: u32| {
        format!(
            "[node.{name}]\nlink.eth0 = {{ segment = \"lan\", address = [\"10.0.0.{host}/24\"] }}\nconfig = '''\n\
             global_defs {{\n script_user root\n enable_script_security\n}}\nvrrp_script chk {{\n \
             script \"/usr/bin/test -f /tmp/x\"\n interval 1\n}}\nvrrp_instance V {{\n interface eth0\n virtual_router_id 1\n \
             version 3\n priority {priority}\n advert_int 0.1\n track_script {{\n  chk weight 5\n }}\n virtual_ipaddress {{\n  \
             10.0.0.9/24\n }}\n notify /etc/keepalived/leftover.sh\n}}\n'''\n"
        )
    };
    let page = format!(
        "title = \"T\"\nduration = \"{}s\"\n[segment.lan]\n{}{}[[at]]\ntime = \"1s\"\ncrash = \"a\"\n",
        duration.as_secs(),
        node("a", 1, 200),
        node("b", 2, 100)
    );
    let file = folder.join("lab.toml");
    fs::write(&file, page)?;
    Ok(file)
}

fn lab(file: &Path, n: u32) -> std::io::Result<Child> {
    command(file, n).process_group(0).spawn()
}

fn command(file: &Path, n: u32) -> Command {
    let subject = if n.is_multiple_of(2) { "a=keepalived,b=engine" } else { "a=engine,b=keepalived" };
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(["run", "--world", "netns", "--subject", subject]).arg(file);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Kills whose time has come; how many have ended.
fn advance(running: &mut Vec<(Child, Option<Instant>)>) -> Result<u32, Failed> {
    std::thread::sleep(Duration::from_millis(2));
    let before = running.len();
    let mut wrong = None;
    running.retain_mut(|(child, dies)| {
        if dies.is_some_and(|at| at <= Instant::now()) {
            // SIGKILL; it may have ended.
            let _ = child.kill();
        }
        match child.try_wait() {
            Ok(None) => true,
            // 1: an expectation or an oracle failed, which is another test's business.
            Ok(Some(status)) => {
                let fine = dies.is_some() || matches!(status.code(), Some(0 | 1));
                wrong = wrong.take().or((!fine).then(|| format!("a laboratory ended with {status}")));
                false
            }
            Err(error) => {
                wrong = Some(error.to_string());
                false
            }
        }
    });
    match wrong {
        Some(why) => Err(why.into()),
        None => Ok((before - running.len()) as u32),
    }
}

/// Waits for those that were inside of what was killed.
fn no_children() -> Result<(), Failed> {
    let patience = Instant::now() + PATIENCE;
    loop {
        match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
            Err(nix::errno::Errno::ECHILD) => return Ok(()),
            Ok(WaitStatus::StillAlive) if Instant::now() > patience => {
                let pid = std::process::id();
                let left = fs::read_to_string(format!("/proc/self/task/{pid}/children"))?;
                let words = left.split_ascii_whitespace().map(|pid| {
                    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ")
                });
                let words: Vec<String> = words.collect();
                return Err(format!("still there: {}", words.join("; ")).into());
            }
            Ok(WaitStatus::StillAlive) => std::thread::sleep(LOOK),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a laboratory could leave where it was started.
#[derive(PartialEq, Eq)]
struct Traces {
    mounts: BTreeSet<String>,
    links: BTreeSet<String>,
    files: BTreeSet<PathBuf>,
}

impl Traces {
    fn now() -> Result<Traces, Failed> {
        let mounts = fs::read_to_string("/proc/self/mountinfo")?.lines().map(String::from).collect();
        let named = |line: &str| line.split_once(':').map(|(name, _)| name.trim().to_string());
        let links = fs::read_to_string("/proc/net/dev")?.lines().filter_map(named).collect();
        let mut files = BTreeSet::new();
        // Where daemons, their scripts and the laboratory write: what it is called says whose it is.
        for folder in ["/", "/etc/keepalived", "/run", "/var/run", "/tmp", "/mnt", "/dev/shm"] {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            let of_labs = |path: &PathBuf| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let known =
                    ["keepalived", "vrrp", "leftover", "checkers"].iter().any(|word| name.contains(word));
                known && !name.starts_with("vrrplab-test")
            };
            files.extend(entries.filter(of_labs));
        }
        Ok(Traces { mounts, links, files })
    }

    fn same_as(&self, after: &Traces) -> Result<(), Failed> {
        let mut fresh: Vec<String> = after.mounts.difference(&self.mounts).cloned().collect();
        fresh.extend(after.links.difference(&self.links).cloned());
        fresh.extend(after.files.difference(&self.files).map(|path| path.display().to_string()));
        match fresh.is_empty() {
            true => Ok(()),
            false => Err(format!("left behind: {}", fresh.join(", ")).into()),
        }
    }
}
