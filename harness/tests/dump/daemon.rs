//! The real daemon with one configuration, in namespaces of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vrrplab::dump;
use vrrplab_engine::config::effective::Setting;

use super::needs::Needs;

/// What has to be here, or why it cannot be done.
pub(crate) fn missing() -> Option<String> {
    let works = |program: &str, words: &[&str]| {
        Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
    };
    if !works("keepalived", &["--version"]) {
        return Some("keepalived is not installed".into());
    }
    let alone =
        ["--net", "--mount", "--pid", "--uts", "--fork", "--kill-child", "ip", "link", "set", "lo", "up"];
    (!works("unshare", &alone)).then(|| "namespaces need root, unshare and ip".into())
}

/// Makes what stands in for a kernel's IPVS.
pub(crate) fn ipvs() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/tests/dump/ipvs.rs");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libipvs.so");
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-type", "cdylib", "-C", "panic=abort", "-O", "-o"])
        .args([&library, &source])
        .output()
        .map_err(|e| format!("rustc: {e}"))?;
    if output.status.success() { Ok(library) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
}

/// What became of a configuration.
pub(crate) enum Outcome {
    /// What the daemon says it runs.
    Runs(Vec<Setting>),
    /// It ended by itself; its own words.
    Ended(String),
}

/// Starts it, asks it, and stops it again. The folder is ours.
pub(crate) fn start(folder: &Path, text: &[u8], needs: &Needs, ipvs: &Path) -> Result<Outcome, String> {
    let lines = |names: &std::collections::BTreeSet<String>| names.iter().map(|n| format!("{n}\n")).collect();
    let files: [(&str, String); 4] = [
        ("needs.folders", lines(&needs.folders)),
        ("needs.scripts", lines(&needs.scripts)),
        ("needs.users", lines(&needs.users)),
        ("needs.links", needs.links()),
    ];
    let failed = |e: std::io::Error| e.to_string();
    for (name, content) in files {
        fs::write(folder.join(name), content).map_err(failed)?;
    }
    fs::write(folder.join("keepalived.conf"), text).map_err(failed)?;
    fs::write(folder.join("start.sh"), include_str!("start.sh")).map_err(failed)?;
    fs::copy(ipvs, folder.join("libipvs.so")).map_err(failed)?;
    let output = Command::new("timeout")
        .args([
            "--kill-after=1",
            "20",
            "unshare",
            "--net",
            "--mount",
            "--pid",
            "--uts",
            "--fork",
            "--kill-child",
        ])
        .arg("/bin/sh")
        .arg(folder.join("start.sh"))
        .arg(folder)
        .output()
        .map_err(failed)?;
    let read = |name: &str| {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    if !output.status.success() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    let vrrp = read("keepalived.data");
    let checkers = read("keepalived_check.data");
    if vrrp.is_empty() && checkers.is_empty() {
        return Ok(Outcome::Ended(last_words(&read("log"), &read("status"))));
    }
    let mut settings = dump::global(if vrrp.is_empty() { &checkers } else { &vrrp }, "this-host");
    settings.extend(dump::vrrp(&vrrp));
    settings.extend(dump::checkers::checkers(&checkers));
    settings.extend(dump::bfd(&read("keepalived_bfd.data")));
    Ok(Outcome::Runs(settings))
}

/// Why it ended: its exit code and the last line that is not about ending.
fn last_words(log: &str, status: &str) -> String {
    let plain = |line: &&str| {
        ![
            "child process",
            "Gained",
            "Activating",
            "AdminDown",
            "Success removing",
            "broken",
            "CPU usage",
            "Stopp",
            "Shutting down",
            "Terminating",
            "Removed",
            "Exiting",
        ]
        .iter()
        .any(|w| line.contains(w))
    };
    let line = log.lines().rfind(plain).unwrap_or_default();
    let said = line.splitn(6, ' ').nth(5).unwrap_or(line);
    format!("exit {}: {said}", status.trim())
}
