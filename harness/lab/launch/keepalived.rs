//! keepalived, and whoever understands its configuration and its command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vrrplab_engine::boundary::Fifo;
use vrrplab_engine::config::Reading;

use super::super::host::FOLDER;
use super::{Claims, Launch};
use crate::roots::{self, Program};
use crate::subject::Version;

/// Where it is below a root folder.
const PLACES: [&str; 3] = ["usr/sbin/keepalived", "usr/local/sbin/keepalived", "sbin/keepalived"];

/// The program of a version that is not the installed one.
pub(super) fn program(version: &Version) -> Result<Program, String> {
    roots::program("keepalived", version, &PLACES)
}

/// Starts a program by `words` with keepalived's arguments. The user's text is included as it is, by a file of ours that adds a
/// FIFO for states.
pub(super) fn launch(words: Vec<String>, reading: &Reading) -> Launch {
    let folder = Path::new(FOLDER);
    let (wrapper, text) = (folder.join("keepalived.conf"), folder.join("conf/keepalived.conf"));
    let (claims, fifo) = claims(reading);
    let (included, mut files) = match on_disk(reading) {
        Some(path) => (path, BTreeMap::new()),
        None => (text.clone(), BTreeMap::from([(text, reading.sources[0].text.to_string())])),
    };
    files.insert(wrapper.clone(), format!("include {}\n{fifo}", included.display()));
    let pid = |name: &str| folder.join(name).display().to_string();
    let mut argv = words;
    argv.extend(["-n", "-l", "-D", "-P", "-f"].map(String::from));
    argv.push(wrapper.display().to_string());
    argv.extend(["-p".to_string(), pid("pid"), "-r".to_string(), pid("vrrp.pid")]);
    Launch { files, argv, claims: Some(claims), ..Launch::default() }
}

/// The user's text in one file, with the FIFO.
pub(super) fn whole(reading: &Reading) -> (Claims, String) {
    let (claims, fifo) = claims(reading);
    let text = match on_disk(reading) {
        Some(path) => format!("include {}\n{fifo}", path.display()),
        None => format!("{}\n{fifo}", reading.sources[0].text),
    };
    (claims, text)
}

/// A file that is there is included from where it is, because its own includes are relative to it.
fn on_disk(reading: &Reading) -> Option<PathBuf> {
    let path = std::fs::canonicalize(&*reading.sources[0].name).ok()?;
    (path.is_file() && !is_a_scenario(&path)).then_some(path)
}

fn is_a_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "toml")
}

/// Where the states are told: in a FIFO of the user's if there is one that nobody else reads, else in one of ours. A second
/// `global_defs` adds to the first.
fn claims(reading: &Reading) -> (Claims, String) {
    let other = &reading.config.global.other;
    let kinds = [("vrrp_notify_fifo", Fifo::Vrrp), ("notify_fifo", Fifo::Global)];
    let of_the_user = kinds.iter().find_map(|(keyword, fifo)| {
        let read_by_a_script = other.contains_key(format!("{keyword}_script").as_str());
        let path = other.get(keyword).filter(|_| !read_by_a_script)?;
        Some(Claims { path: PathBuf::from(path), of_the_user: Some(*fifo) })
    });
    if let Some(claims) = of_the_user {
        return (claims, String::new());
    }
    let path = Path::new(FOLDER).join("states");
    let free = kinds.iter().find(|(keyword, _)| !other.contains_key(keyword)).unwrap_or(&kinds[0]);
    let text = format!("global_defs {{\n    {} {}\n}}\n", free.0, path.display());
    (Claims { path, of_the_user: None }, text)
}
