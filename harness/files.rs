//! Files as scenarios and configurations see them: the only place that opens what a user names.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vrrplab_engine::config::{self, Included, Reading, Sources};
use vrrplab_engine::finding::Source;
use vrrplab_sim::scenario::{self, Files, ScenarioFile};

/// Files relative to a scenario's own folder.
#[derive(Clone, Debug)]
pub struct Beside {
    folder: PathBuf,
}

impl Beside {
    /// The files beside this one.
    pub fn file(path: &Path) -> Beside {
        Beside { folder: path.parent().unwrap_or(Path::new("")).to_path_buf() }
    }
}

impl Files for Beside {
    fn config(&self, path: &str) -> Result<Arc<Reading>, String> {
        read_config(&self.folder.join(path)).map(Arc::new)
    }

    fn text(&self, path: &str) -> Result<String, String> {
        read_text(&self.folder.join(path))
    }

    fn inline(&self, name: &str, text: &str) -> Arc<Reading> {
        Arc::new(config::read(name, text, self))
    }
}

impl Sources for Beside {
    fn include(&self, pattern: &str, directory: &str) -> Included {
        included(&self.folder.join(directory).join(pattern))
    }
}

/// Includes of a configuration that is named by its path.
struct OnDisk;

impl Sources for OnDisk {
    fn include(&self, pattern: &str, directory: &str) -> Included {
        included(&Path::new(directory).join(pattern))
    }
}

/// Finds files as the C library does for keepalived: `**` is nothing special, a dot in front is written out.
fn included(pattern: &Path) -> Included {
    let text = pattern.to_string_lossy().replace("**", "*");
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let fixed =
        text.split('/').take_while(|part| !part.contains(['*', '?', '['])).collect::<Vec<_>>().join("/");
    let wild = text.contains(['*', '?', '[']);
    let no_directory = wild && !fixed.is_empty() && !Path::new(&fixed).is_dir();
    let mut out = Included { no_directory, ..Included::default() };
    let paths = match glob::glob_with(&text, options) {
        Ok(paths) => paths,
        Err(e) => {
            out.unreadable.push(format!("`{text}`: {}", e.msg));
            return out;
        }
    };
    for path in paths {
        let source = path.map_err(|e| failure(e.path(), e.error())).and_then(|path| regular(&path));
        match source {
            Ok(source) => out.files.push(source),
            Err(why) => out.unreadable.push(why),
        }
    }
    out
}

/// A file that the daemon would read: no directory, and not to be executed.
fn regular(path: &Path) -> Result<Source, String> {
    let metadata = fs::metadata(path).map_err(|e| failure(path, &e))?;
    let executable = metadata.permissions().mode() & 0o111 != 0;
    match (metadata.is_file(), executable) {
        (true, false) => source(path),
        (true, true) => Err(format!("{}: it may be executed", path.display())),
        (false, _) => Err(format!("{}: it is no file", path.display())),
    }
}

/// The keepalived.conf at `path`; an error is one line.
pub fn read_config(path: &Path) -> Result<Reading, String> {
    read_config_with(path, &config::Options::default())
}

/// The same with a configuration id and a seed.
pub fn read_config_with(path: &Path, options: &config::Options) -> Result<Reading, String> {
    let source = source(path)?;
    Ok(config::read_with(&source.name, &source.text, &OnDisk, options))
}

/// The scenario file at `path`.
pub fn read_scenario(path: &Path) -> Result<ScenarioFile, String> {
    let source = source(path)?;
    Ok(scenario::read(&source.name, &source.text, &Beside::file(path)))
}

/// A text with the name that it was asked for by.
pub fn read_source(path: &Path) -> Result<Source, String> {
    let text = read_text(path)?;
    Ok(Source { name: path.display().to_string().into(), text: text.into() })
}

/// The text of a file that is ours; an error is one line.
pub fn read_text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| failure(path, &e))
}

/// A text file, called as it was named. Bytes that are not UTF-8 (Latin-1 in comments, mostly) are replaced.
fn source(path: &Path) -> Result<Source, String> {
    let bytes = fs::read(path).map_err(|e| failure(path, &e))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Source { name: path.to_string_lossy().into(), text: text.into() })
}

fn failure(path: &Path, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_string(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_string(),
        _ => error.to_string(),
    };
    format!("{}: {why}", path.display())
}

/// The scenario files in a folder and below it, in the order of their names.
pub fn scenarios_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| failure(&folder, &e))? {
            let path = entry.map_err(|e| failure(&folder, &e))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "toml") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Where the user keeps what can be made again.
pub fn cache() -> Option<PathBuf> {
    let named = |variable| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))
}

/// A program as a daemon finds it: by its path, or where the usual programs are.
pub fn program(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        let path = PathBuf::from(name);
        return path.exists().then_some(path);
    }
    let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

/// The command that installs a program, on Debian and what comes of it.
pub fn installs(program: &str) -> String {
    let name = program.rsplit('/').next().unwrap_or(program);
    let package = match name {
        "killall" | "pstree" | "fuser" => "psmisc",
        "nft" => "nftables",
        "vrrpd" => "frr",
        "tc" | "ip" => "iproute2",
        "httpd" => "apache2",
        other => other,
    };
    format!("apt-get install {package}")
}

/// Writes a whole file or none: first beside it, then in its place.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = path.parent().expect("a file to write is in a folder");
    fs::create_dir_all(folder).map_err(|e| failure(folder, &e))?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    fs::write(&unfinished, bytes).map_err(|e| failure(&unfinished, &e))?;
    fs::rename(&unfinished, path).map_err(|e| failure(path, &e))
}
