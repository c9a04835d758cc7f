//! PID files: who runs, and whether somebody does already.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// The PID files of this daemon, removed when it ends.
#[derive(Default, Debug)]
pub(super) struct PidFiles {
    written: Vec<PathBuf>,
}

impl PidFiles {
    /// Writes them all, unless one names a process that lives.
    pub(super) fn write(paths: &[PathBuf]) -> io::Result<PidFiles> {
        if let Some((path, pid)) = paths.iter().find_map(|path| Some((path, living(path)?))) {
            let what = format!("daemon is already running: {} names process {pid}", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
        }
        let mut files = PidFiles::default();
        for path in paths {
            let fail = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
            fs::write(path, format!("{}\n", std::process::id())).map_err(fail)?;
            files.written.push(path.clone());
            // Whatever the umask is: everybody may ask who runs.
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(fail)?;
        }
        Ok(files)
    }
}

impl Drop for PidFiles {
    fn drop(&mut self) {
        for path in &self.written {
            let _ = fs::remove_file(path);
        }
    }
}

/// The process that a PID file names, if it lives and is not us.
fn living(path: &Path) -> Option<i32> {
    let pid: i32 = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    let lives = pid > 0 && !matches!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH));
    (lives && pid.cast_unsigned() != std::process::id()).then_some(pid)
}
