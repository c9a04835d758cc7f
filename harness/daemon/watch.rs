//! Tracked files, by inotify on the folders that they are in, as keepalived does: a file may be replaced, removed and
//! made again. And tracked processes, by looking through `/proc`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use vrrplab_engine::boundary::{FileId, ProcessId};
use vrrplab_engine::config::{Config, TrackProcess};

use crate::kernel::processes;

/// The tracked files.
#[derive(Debug)]
pub(super) struct Files {
    inotify: Inotify,
    /// By folder: the names in it, and whose they are.
    folders: Vec<(WatchDescriptor, OsString, FileId)>,
}

impl Files {
    /// Watches the folders of all tracked files. A folder that is not there is not watched, and its name is returned.
    pub(super) fn open(config: &Config) -> io::Result<(Files, Vec<String>)> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        let (mut folders, mut missing) = (Vec::new(), Vec::new());
        let events = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVED_FROM;
        for (n, file) in config.files.iter().enumerate() {
            let path = Path::new(&file.file);
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { continue };
            match inotify.add_watch(folder, events) {
                Ok(watch) => folders.push((watch, name.to_os_string(), FileId(n as u16))),
                Err(_) => missing.push(folder.display().to_string()),
            }
        }
        Ok((Files { inotify, folders }, missing))
    }

    /// The files that may have changed since the last time, each once.
    pub(super) fn changed(&self) -> io::Result<Vec<FileId>> {
        let mut changed = Vec::new();
        let events = match self.inotify.read_events() {
            Err(nix::errno::Errno::EAGAIN) => Vec::new(),
            events => events?,
        };
        for event in events {
            let overflow = event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW);
            for (watch, name, file) in &self.folders {
                let is_it = *watch == event.wd && event.name.as_ref() == Some(name);
                if (is_it || overflow) && !changed.contains(file) {
                    changed.push(*file);
                }
            }
        }
        Ok(changed)
    }
}

impl AsFd for Files {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

/// What is in the tracked files when the daemon starts.
pub(super) fn contents(config: &Config) -> BTreeMap<String, Vec<u8>> {
    config.files.iter().filter_map(|f| Some((f.file.clone(), fs::read(&f.file).ok()?))).collect()
}

/// How often the processes are counted.
const LOOK: Duration = Duration::from_millis(500);

/// The tracked processes, counted by a thread of its own: to look through 650 processes takes 12 ms, and an advert would
/// be as late. keepalived hears of processes from the kernel, by a socket that only the first network namespace has.
#[derive(Debug)]
pub(super) struct Processes {
    news: UnixDatagram,
    counted: Vec<u32>,
}

impl Processes {
    /// Counts now, and then again and again, if there is anything to count.
    pub(super) fn open(config: &Config) -> io::Result<Processes> {
        let (news, tell) = UnixDatagram::pair()?;
        news.set_nonblocking(true)?;
        let (specs, counted) = (config.processes.clone(), count(&config.processes));
        if !specs.is_empty() {
            let before = counted.clone();
            std::thread::Builder::new()
                .name("processes".into())
                .spawn(move || look(&specs, before, &tell))?;
        }
        Ok(Processes { news, counted })
    }

    /// What was counted last.
    pub(super) fn counted(&self) -> &[u32] {
        &self.counted
    }

    /// Which processes are as many as before no more, and how many.
    pub(super) fn changed(&mut self) -> io::Result<Vec<(ProcessId, u32)>> {
        let mut bytes = vec![0; self.counted.len() * 4];
        let mut changed = Vec::new();
        while !bytes.is_empty() {
            match self.news.recv(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                read => drop(read?),
            }
            let counts = bytes.chunks_exact(4).map(|b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]));
            for (n, (count, before)) in counts.zip(&mut self.counted).enumerate() {
                if std::mem::replace(before, count) != count {
                    changed.push((ProcessId(n as u16), count));
                }
            }
        }
        Ok(changed)
    }
}

impl AsFd for Processes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.news.as_fd()
    }
}

/// Tells of every change, until nobody listens.
fn look(specs: &[TrackProcess], mut before: Vec<u32>, tell: &UnixDatagram) {
    let normal = libc::sched_param { sched_priority: 0 };
    // SAFETY: the structure lives through the call. The daemon may run in real time; this need not.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_OTHER, &raw const normal) };
    loop {
        std::thread::sleep(LOOK);
        let counts = count(specs);
        if counts != before {
            let bytes: Vec<u8> = counts.iter().flat_map(|count| count.to_ne_bytes()).collect();
            if tell.send(&bytes).is_err() {
                return;
            }
            before = counts;
        }
    }
}

/// How many processes run for each `vrrp_track_process`.
fn count(specs: &[TrackProcess]) -> Vec<u32> {
    let mut counts = vec![0; specs.len()];
    let Ok(all) = processes::all() else { return counts };
    for (_, folder) in all {
        for (spec, count) in specs.iter().zip(&mut counts) {
            *count += u32::from(is_it(spec, &folder));
        }
    }
    counts
}

/// Whether the process of this folder is one that is counted.
fn is_it(spec: &TrackProcess, folder: &Path) -> bool {
    if let Some(name) = spec.counted_name() {
        return fs::read(folder.join("comm"))
            .is_ok_and(|comm| comm.strip_suffix(b"\n").unwrap_or(&comm) == name);
    }
    let Ok(line) = fs::read(folder.join("cmdline")) else { return false };
    let line = line.strip_suffix(&[0]).unwrap_or(&line);
    spec.counts_command(&line.split(|byte| *byte == 0).collect::<Vec<_>>())
}
