//! The daemon's own dump of what it runs (SIGUSR1), as settings, and how it is compared with ours.

mod bfd;
pub mod checkers;
mod global;
mod vrrp;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use vrrplab_engine::config::effective::Setting;

pub use bfd::bfd;
pub use global::global;
pub use vrrp::vrrp;

/// Keywords that the dump does not show, or shows in another place.
const UNSEEN: &[&str] = &[
    "child_wait_time",
    "use_pid_dir",
    "linkbeat_use_polling",
    "namespace_with_ipsets",
    "interface_up_down_delays",
    "vrrp_min_garp",
    "garp_group",
    "script_user",
    "default_interface",
    "random_seed",
    "init_fail",
    // Spelled for a reader of `ip route` and `ip rule`, with what the kernel adds.
    "virtual_routes",
    "virtual_rules",
    "static_routes",
    "static_rules",
    // Only named by the processes that use them.
    "SSL",
];

/// The differences between what we say runs and what the daemon says, one line each; empty if there is none.
pub fn compare(ours: &[Setting], theirs: &[Setting]) -> Vec<String> {
    let (ours, theirs) = (flat(ours), flat(theirs));
    let mut out = Vec::new();
    for (path, value) in &theirs {
        match ours.get(path) {
            Some(our) if our == value => {}
            Some(our) => out.push(format!("{path}: `{our}`, the daemon has `{value}`")),
            None => out.push(format!("{path}: not ours, the daemon has `{value}`")),
        }
    }
    for (path, value) in ours.iter().filter(|(path, _)| !theirs.contains_key(*path) && seen(path)) {
        out.push(format!("{path}: `{value}`, the daemon has none"));
    }
    out
}

/// Whether a dump shows what is at this path.
fn seen(path: &str) -> bool {
    if let Some(keyword) = path.strip_prefix("global_defs/") {
        return global::shows(keyword.split('/').next().unwrap_or(keyword));
    }
    !path.split('/').any(|part| UNSEEN.contains(&part.split(' ').next().unwrap_or(part)))
}

/// Settings by their path; entries with the same name are numbered.
fn flat(settings: &[Setting]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    descend(settings, "", &mut out);
    out
}

fn descend(settings: &[Setting], above: &str, out: &mut BTreeMap<String, String>) {
    let mut count = BTreeMap::new();
    for setting in settings {
        let is_block = !setting.inside.is_empty() || setting.value.is_none();
        let name = match (&setting.value, is_block) {
            (Some(value), true) => format!("{above}{} {value}", setting.name),
            _ => format!("{above}{}", setting.name),
        };
        let nth: &mut usize = count.entry(name.clone()).or_default();
        *nth += 1;
        let path = if *nth == 1 { name } else { format!("{name} #{nth}") };
        if is_block {
            descend(&setting.inside, &format!("{path}/"), out);
        } else {
            out.insert(path, setting.value.clone().unwrap_or_default());
        }
    }
}
