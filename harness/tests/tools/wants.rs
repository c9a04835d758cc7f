//! What this machine lacks. `VRRPLAB_REQUIRE` names what must be there: then a lack is a failure, not a skip.

use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::{Completion, Failed};
use vrrplab::roots;

/// Why nothing can run with this subject here, if it cannot.
pub(crate) fn missing(subject: &str) -> Option<String> {
    namespaces().or_else(|| match subject {
        "keepalived" => program("keepalived", "--version"),
        "frr" => {
            program("/usr/lib/frr/vrrpd", "--version").map(|_| "no FRR: apt-get install frr".to_string())
        }
        other => other.parse().ok().and_then(|subject| roots::missing(&subject)),
    })
}

/// A lack of this is a skip with its reason, or a failure where it is required.
pub(crate) fn skip(what: &str, why: &str) -> Result<Completion, Failed> {
    let required = std::env::var("VRRPLAB_REQUIRE").unwrap_or_default();
    // Versions beside the installed one, and what a kernel need not have, are required by their own names only.
    let all = |name: &str| name == "netns" && !what.contains('@') && what != "netem";
    match required.split(',').any(|name| name == what || all(name)) {
        true => Err(format!("{why}, and VRRPLAB_REQUIRE={required}").into()),
        false => Ok(Completion::ignored_with(why.to_string())),
    }
}

fn namespaces() -> Option<String> {
    static HERE: OnceLock<Option<String>> = OnceLock::new();
    let alone = ["--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "true"];
    let works =
        |words: &[&str]| Command::new("unshare").args(words).output().is_ok_and(|o| o.status.success());
    HERE.get_or_init(|| {
        let user: Vec<&str> = ["--user", "--map-root-user"].into_iter().chain(alone).collect();
        let none = "no namespaces: sudo -E env \"PATH=$PATH\" cargo test --features netns";
        (!works(&alone) && !works(&user)).then(|| none.to_string())
    })
    .clone()
}

fn program(name: &str, asks: &str) -> Option<String> {
    let there = Command::new(name).arg(asks).output().is_ok();
    (!there).then(|| format!("{name} is not installed: apt-get install {name}"))
}
