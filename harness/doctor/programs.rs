//! Programs of others, and their versions.

use std::process::Command;

use super::{Check, State};
use crate::files;
use crate::roots;

/// Which version of keepalived the recordings are of.
const RECORDED: &str = "2.2.7";

/// A program: its name, what it is called by people, how it tells its version, and what needs it.
type Program = (&'static str, &'static str, &'static [&'static str], &'static str);

const PROGRAMS: [Program; 8] = [
    ("keepalived", "keepalived", &["--version"], "--subject keepalived; cargo test --test netns, daemon"),
    ("/usr/lib/frr/vrrpd", "FRR", &["--version"], "--subject frr; cargo test --test netns"),
    ("nft", "nftables", &["--version"], "`filter` of hosts; vrrp_iptables of our daemon"),
    ("haproxy", "haproxy", &["-v"], "scenarios/seed/haproxy; cargo test --test services"),
    ("killall", "killall", &["--version"], "scripts that ask for processes; --test services"),
    ("curl", "curl", &["--version"], "scripts that ask for pages; --test services"),
    ("tshark", "tshark", &["--version"], "a second opinion on frames: cargo test"),
    ("nsenter", "nsenter", &["--version"], "shells on hosts: run --hold"),
];

/// All of them.
pub fn programs() -> Vec<Check> {
    PROGRAMS.iter().map(program).chain([versions()]).collect()
}

/// Versions of daemons beside those that are installed.
fn versions() -> Check {
    let check = |state, found: String| {
        Check::new("versions", state, found, "--subject keepalived@VERSION, frr@VERSION")
    };
    match (&roots::there()[..], roots::folder()) {
        ([], Some(folder)) => check(State::Missing, format!("none in {}", folder.display())),
        ([], None) => check(State::Missing, "no folder for them".to_string()),
        (there, _) => check(State::Ok, there.join(", ")),
    }
    .remedy(roots::REMEDY)
}

fn program((program, name, asks, needed_for): &Program) -> Check {
    let Some(path) = files::program(program) else {
        let remedy = files::installs(program);
        return Check::new(name, State::Missing, "not installed", needed_for).remedy(remedy);
    };
    let version = match Command::new(&path).args(*asks).output() {
        Ok(output) => version(&[output.stdout, output.stderr].concat()),
        Err(error) => {
            let found = format!("{}: {error}", path.display());
            return Check::new(name, State::Missing, found, needed_for).remedy(files::installs(program));
        }
    };
    match *name == "keepalived" && version != RECORDED {
        true => {
            let found = format!("{version}, recordings are of {RECORDED}");
            Check::new(name, State::Warning, found, needed_for)
        }
        false => Check::new(name, State::Ok, version, needed_for),
    }
}

/// The first word that looks like one: `v2.2.7`, `8.4.4`, `v1.0.6`.
fn version(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let words = text.split_whitespace().map(|word| word.trim_start_matches('v').trim_end_matches([',', '.']));
    let number = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    words.filter(|word| word.len() < 30).find(number).unwrap_or("its version is not known").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        assert_eq!(version(b"Keepalived v2.2.7 (01/16,2022)\n"), "2.2.7");
        assert_eq!(version(b"vrrpd version 8.4.4\nCopyright"), "8.4.4");
        assert_eq!(version(b"TShark (Wireshark) 4.0.17 (Git v4.0.17)."), "4.0.17");
        assert_eq!(version(b""), "its version is not known");
    }
}
