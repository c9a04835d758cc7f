//! The FIFOs of `notify_fifo` and `vrrp_notify_fifo`. They are opened for reading as well, as keepalived does: lines
//! wait in the pipe for a reader that comes later, and the daemon needs none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::sys::stat::Mode;
use nix::unistd::{chown, mkfifo};
use vrrplab_engine::config::{Command, Config};

use super::children::As;

/// A FIFO that the daemon writes to.
#[derive(Debug)]
pub(super) struct Pipe {
    path: PathBuf,
    file: File,
    /// Made by the daemon, and removed at its end.
    ours: bool,
}

/// What the configuration says of a FIFO.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PipeSpec {
    pub(super) path: String,
    owner: Option<(String, Option<String>)>,
    /// The program that reads it.
    pub(super) reader: Option<Command>,
}

impl PipeSpec {
    /// `key` is `notify_fifo` or `vrrp_notify_fifo`.
    pub(super) fn of(config: &Config, key: &str) -> Option<PipeSpec> {
        let mut words = config.global.other.get(key)?.split_whitespace().map(String::from);
        let path = words.next()?;
        let owner = words.next().map(|user| (user, words.next()));
        let script = config.global.other.get(format!("{key}_script").as_str());
        Some(PipeSpec { path, owner, reader: script.map(|text| reader_of(text)) })
    }
}

/// A command, and behind it whom to run it as. The settings have lost the quotes around the command, so words that
/// name a user, or a user and a group, are taken for them.
fn reader_of(text: &str) -> Command {
    let mut argv: Vec<String> = text.split_whitespace().map(String::from).collect();
    for count in [2, 1] {
        if argv.len() <= count {
            continue;
        }
        let named = &argv[argv.len() - count..];
        if As::named(&named[0], named.get(1).map(String::as_str)).is_ok() {
            let mut named = argv.split_off(argv.len() - count).into_iter();
            let user = named.next().expect("there is at least one word");
            return Command { argv, user: Some((user, named.next())) };
        }
    }
    Command { argv, user: None }
}

impl Pipe {
    /// Opens the FIFO, and makes it if there is none.
    pub(super) fn open(spec: &PipeSpec) -> io::Result<Pipe> {
        let path = Path::new(&spec.path);
        let ours = match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_fifo() => false,
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is no FIFO")),
            Err(_) => {
                mkfifo(path, Mode::from_bits_retain(0o600))?;
                fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
                true
            }
        };
        if let Some((user, group)) = &spec.owner {
            let whom = As::named(user, group.as_deref())?;
            chown(path, Some(whom.user), Some(whom.group))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW);
        Ok(Pipe { path: path.to_path_buf(), file: options.open(path)?, ours })
    }

    /// Writes a line; it is lost if the pipe is full.
    pub(super) fn write(&self, line: &[u8]) -> io::Result<()> {
        match (&self.file).write_all(line) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            result => result,
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_file(&self.path);
        }
    }
}
