//! What a node writes is its own: in its mount namespace the machine's files can only be read, and folders that are written to are
//! covered by an overlay of themselves.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::unistd::{AccessFlags, access};

use super::host::FOLDER;

/// A folder that is empty and the node's own from the beginning.
const RUN: &str = "/run";
/// All of these.
const FRESH: [&str; 2] = [RUN, "/dev/shm"];
/// Where daemons and scripts write as a rule.
const USUAL: [&str; 3] = ["/etc", "/tmp", "/var"];

/// Where syslog(3) writes when no system log is there. A serial console takes 0.3 ms a line and is one for the whole machine, so
/// that each daemon waited for the lines of all others.
const CONSOLE: &str = "/dev/console";

/// Seals what is there, and covers what is usually written to. Runs inside the node's namespaces, as everything here.
pub(super) fn settle() -> io::Result<()> {
    read_only(c"/", true)?;
    // Where settings of the kernel are written, which are the node's own.
    read_only(c"/proc", false)?;
    for folder in FRESH {
        if Path::new(folder).is_dir() {
            mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))?;
        }
    }
    fs::create_dir(FOLDER)?;
    if Path::new(CONSOLE).exists() {
        mount(Some("/dev/null"), CONSOLE, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    }
    USUAL.iter().map(Path::new).filter(|folder| folder.is_dir()).try_for_each(cover)
}

/// Makes the folder of this file, if it is not there, and sees to it that it is the node's own.
pub(super) fn room_for(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    if !is_own(folder) {
        let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        if there == Path::new("/") {
            let why = format!("{}: no folder of /, but one within", file.display());
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        }
        cover(there)?;
    }
    if let Some(there) = folder.ancestors().find(|folder| folder.is_dir())
        && access(there, AccessFlags::W_OK).is_err()
    {
        rebuild(there)?;
    }
    fs::create_dir_all(folder)
}

/// A folder with the same things in it that can be written to, for kernels without overlays and for user namespaces, where an overlay
/// gives no right to write into what belongs to the machine's root.
fn rebuild(folder: &Path) -> io::Result<()> {
    let none: Option<&str> = None;
    let bind = |from: &Path, to: &Path| mount(Some(from), to, none, MsFlags::MS_BIND | MsFlags::MS_REC, none);
    let before = covered(folder).join("before");
    fs::create_dir_all(&before)?;
    bind(folder, &before)?;
    mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))?;
    for entry in fs::read_dir(&before)? {
        let entry = entry?;
        let (from, to, kind) = (entry.path(), folder.join(entry.file_name()), entry.file_type()?);
        if kind.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(&to)?;
        } else {
            fs::write(&to, "")?;
        }
        bind(&from, &to)?;
    }
    Ok(())
}

/// Whether a mount can only be read, or `/` with everything below it.
fn read_only(at: &'static CStr, yes: bool) -> io::Result<()> {
    // SAFETY: all zeros is a value of this structure of numbers.
    let mut wish: libc::mount_attr = unsafe { std::mem::zeroed() };
    let flags = if yes {
        wish.attr_set = libc::MOUNT_ATTR_RDONLY;
        libc::AT_RECURSIVE
    } else {
        wish.attr_clr = libc::MOUNT_ATTR_RDONLY;
        0
    };
    let size = size_of::<libc::mount_attr>();
    // SAFETY: mount_setattr(2) reads a path that ends with a zero and a structure of this size, which live through the call.
    let done =
        unsafe { libc::syscall(libc::SYS_mount_setattr, -1, at.as_ptr(), flags, &raw const wish, size) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn is_own(folder: &Path) -> bool {
    folder.ancestors().any(|at| at == Path::new(RUN) || covered(at).is_dir())
}

/// Where the files of a covered folder really are.
fn covered(folder: &Path) -> PathBuf {
    let name = folder.to_string_lossy().replace('/', "_");
    Path::new(FOLDER).join("over").join(name)
}

fn cover(folder: &Path) -> io::Result<()> {
    let own = covered(folder);
    let (upper, work) = (own.join("upper"), own.join("work"));
    fs::create_dir_all(&upper)?;
    fs::create_dir_all(&work)?;
    let options =
        format!("lowerdir={},upperdir={},workdir={}", folder.display(), upper.display(), work.display());
    let overlay =
        |options: &str| mount(Some("overlay"), folder, Some("overlay"), MsFlags::empty(), Some(options));
    // In a user namespace the attributes of overlayfs go by another name.
    match overlay(&options).or_else(|_| overlay(&format!("{options},userxattr"))) {
        Err(Errno::ENODEV) => rebuild(folder),
        done => done.map_err(|e| {
            io::Error::new(io::Error::from(e).kind(), format!("overlay on {}: {e}", folder.display()))
        }),
    }
}
