//! Which program it is that runs: its own word for its version, and the fingerprint of its file.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::{frr, keepalived};
use crate::files;
use crate::roots::Program;
use crate::subject::Subject;

/// How many bytes of a fingerprint are told.
const SHOWN: usize = 8;

/// In the words of the trace. The error is that a version is not here.
pub(super) fn of(subject: &Subject) -> Result<String, String> {
    Ok(match subject {
        Subject::Engine => format!("runs vrrplab {}", env!("CARGO_PKG_VERSION")),
        Subject::Exec(command) => format!("runs {command}"),
        Subject::Keepalived(None) => match files::program("keepalived") {
            Some(path) => format!("runs {}", told(&Program::installed(path))),
            None => "runs keepalived, which this machine does not have".to_string(),
        },
        Subject::Keepalived(Some(version)) => format!("runs {}", told(&keepalived::program(version)?)),
        Subject::Frr(version) => {
            let version = version.as_ref();
            let both = frr::program("vrrpd", version).and_then(|v| Ok((v, frr::program("zebra", version)?)));
            match both {
                Ok((vrrpd, zebra)) => format!("runs {}, {}", told(&vrrpd), told(&zebra)),
                Err(why) if version.is_none() => why,
                Err(why) => return Err(why),
            }
        }
    })
}

/// `keepalived v2.2.7 (/usr/sbin/keepalived, sha256 0123456789abcdef)`
fn told(program: &Program) -> String {
    let path = &program.path;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = fs::read(path).unwrap_or_default();
    let mut print = String::new();
    for byte in &Sha256::digest(&bytes)[..SHOWN] {
        let _ = write!(print, "{byte:02x}");
    }
    format!("{name} {} ({}, sha256 {print})", version(&program.words()), path.display())
}

/// The first word of what `--version` prints that has a number in it.
fn version(words: &[String]) -> String {
    let Ok(output) = Command::new(&words[0]).args(&words[1..]).arg("--version").output() else {
        return "without a version".to_string();
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let number = |word: &&str| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    text.split_whitespace().find(number).unwrap_or("without a version").to_string()
}
