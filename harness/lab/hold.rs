//! A laboratory that stays when its run is over: its switch relays, its daemons run, and somebody looks around.

use std::fs;
use std::io;
use std::process::{Child, ChildStdin};

use vrrplab_engine::time::Duration;
use vrrplab_sim::trace::Name;

use super::world::Lab;
use crate::kernel::processes;

/// How long a turn waits where nothing is due.
const LONG: Duration = Duration::from_secs(3_600);
/// So many frames are kept at most while nobody records.
const FRAMES: usize = 10_000;

/// A laboratory that stays, until this is dropped.
#[derive(Debug)]
pub struct Held {
    child: Child,
    /// The laboratory ends when this is closed.
    leash: Option<ChildStdin>,
    /// Each host with the number of its first process in the laboratory.
    hosts: Vec<(Name, u32)>,
}

impl Held {
    pub(super) fn new(child: Child, leash: Option<ChildStdin>, hosts: Vec<(Name, u32)>) -> Held {
        Held { child, leash, hosts }
    }

    /// For each host the command that opens a shell there, with process numbers as the caller sees them.
    pub fn doors(&self) -> io::Result<Vec<(Name, String)>> {
        let all = statuses()?;
        let mut doors = Vec::with_capacity(self.hosts.len());
        for (name, number) in &self.hosts {
            let is_it = |status: &&Status| {
                status.inner.ends_with(&[*number, 1]) && descends(&all, status.pid, self.child.id())
            };
            let found = all.iter().find(is_it);
            let first =
                found.ok_or_else(|| io::Error::other(format!("{name}: no process to enter it by")))?;
            doors.push((name.clone(), command(first.pid)));
        }
        Ok(doors)
    }
}

/// Whether the process that we started is among a process's ancestors.
fn descends(all: &[Status], mut pid: u32, from: u32) -> bool {
    while let Some(status) = all.iter().find(|status| status.pid == pid) {
        if status.parent == from {
            return true;
        }
        pid = status.parent;
    }
    false
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.leash.take());
        let _ = self.child.wait();
    }
}

fn command(pid: u32) -> String {
    let user = match nix::unistd::Uid::effective().is_root() {
        true => "",
        false => " --user --preserve-credentials",
    };
    format!("nsenter --target {pid}{user} --net --mount --uts --pid")
}

/// What /proc says of a process.
struct Status {
    pid: u32,
    parent: u32,
    /// Its numbers, from those of the reader's namespace to those of its own.
    inner: Vec<u32>,
}

fn statuses() -> io::Result<Vec<Status>> {
    let mut found = Vec::new();
    for (pid, folder) in processes::all()? {
        let Ok(text) = fs::read_to_string(folder.join("status")) else { continue };
        let numbers = |key: &str| -> Vec<u32> {
            let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
        };
        let Some(&parent) = numbers("PPid:").first() else { continue };
        found.push(Status { pid: pid as u32, parent, inner: numbers("NSpid:") });
    }
    Ok(found)
}

impl Lab {
    /// The numbers of the hosts' first processes.
    pub(super) fn firsts(&self) -> Vec<u32> {
        self.hosts.iter().map(|host| host.first.pid().as_raw().cast_unsigned()).collect()
    }

    /// Runs on until standard input is closed, or anything comes from there.
    pub(super) fn hold(&mut self) -> io::Result<()> {
        self.leash = Some(io::stdin());
        while self.leash.is_some() {
            let until = self.clock.now() + LONG;
            self.turn(until)?;
            if self.record.frames() > FRAMES && !self.is_relaying() {
                self.record.forget();
            }
        }
        Ok(())
    }
}
