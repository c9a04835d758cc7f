//! Where log lines go: the console, syslog, a file. Their form is keepalived's.

use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// What the command line says of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogOptions {
    /// `-l`: to standard error as well.
    pub console: bool,
    /// Unless `-G`: to syslog.
    pub syslog: bool,
    /// `-S`: the facility's number, 0–23.
    pub facility: u8,
    /// `-g`: to this file as well.
    pub file: Option<std::path::PathBuf>,
    /// `-D`: also what is done, not only what becomes of it.
    pub detail: bool,
}

/// The log of a daemon.
#[derive(Debug)]
pub(super) struct Log {
    options: LogOptions,
    socket: Option<UnixDatagram>,
    file: Option<File>,
}

/// `LOG_INFO` (RFC 3164, 4.1.1).
const INFO: u8 = 6;

impl Log {
    /// A log that goes where the options say. A place that cannot be written to is left out: a daemon runs without.
    pub(super) fn open(options: LogOptions) -> Log {
        let file = options.file.as_ref().and_then(|path| append(path));
        let mut log = Log { options, socket: None, file };
        log.connect();
        log
    }

    /// Whether details are wanted.
    pub(super) fn detail(&self) -> bool {
        self.options.detail
    }

    /// Writes a line.
    pub(super) fn line(&mut self, text: &str) {
        let time = clock("%a %b %e %H:%M:%S %Y");
        if self.options.console {
            let _ = writeln!(std::io::stderr(), "{time}: {text}");
        }
        if let Some(file) = &mut self.file {
            let _ = writeln!(file, "{time}: {text}");
        }
        if self.options.syslog {
            self.syslog(text);
        }
    }

    /// Syslog may have been restarted since the last line.
    fn syslog(&mut self, text: &str) {
        let priority = u16::from(self.options.facility) * 8 + u16::from(INFO);
        let (time, pid) = (clock("%b %e %H:%M:%S"), std::process::id());
        let line = format!("<{priority}>{time} Keepalived_vrrp[{pid}]: {text}");
        let sent = |socket: &Option<UnixDatagram>| {
            socket.as_ref().is_some_and(|socket| socket.send(line.as_bytes()).is_ok())
        };
        if !sent(&self.socket) {
            self.connect();
            sent(&self.socket);
        }
    }

    fn connect(&mut self) {
        let connect = || {
            let socket = UnixDatagram::unbound()?;
            socket.connect("/dev/log")?;
            socket.set_nonblocking(true)?;
            Ok::<_, std::io::Error>(socket)
        };
        self.socket = if self.options.syslog { connect().ok() } else { None };
    }
}

fn append(path: &Path) -> Option<File> {
    File::options().append(true).create(true).open(path).ok()
}

/// The local time in a form of strftime(3).
fn clock(form: &str) -> String {
    let form = std::ffi::CString::new(form).expect("a form has no zero byte");
    let mut text = [0_u8; 64];
    // SAFETY: time and localtime_r fill the structure that is ours, and strftime writes no more than it is told to.
    let length = unsafe {
        let now = libc::time(std::ptr::null_mut());
        let mut parts: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const now, &raw mut parts);
        libc::strftime(text.as_mut_ptr().cast(), text.len(), form.as_ptr(), &raw const parts)
    };
    String::from_utf8_lossy(&text[..length]).into_owned()
}
