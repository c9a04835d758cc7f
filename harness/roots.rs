//! Versions of daemons beside the one that is installed. Each is in a root folder of its own, the files of another distribution, and is
//! started from there with that folder's dynamic loader and libraries. Nobody enters the folder: configurations, users, scripts and
//! shells stay the machine's, so that nothing but the daemon differs. `ci/roots/build.sh` makes such folders.

use std::path::{Path, PathBuf};

use crate::files;
use crate::subject::{Subject, Version};

/// The variable that names the folder of root folders.
pub const VARIABLE: &str = "VRRPLAB_ROOTS";
/// What makes some.
pub const REMEDY: &str = "ci/roots/build.sh";
/// Below the user's cache, where it makes them.
const BUILT: &str = "vrrplab/roots";

/// Where distributions put the loader. The first is a file or a link beside it; those that follow may be links that lead out of the root.
const LOADERS: [&str; 4] = [
    "usr/lib/*-linux-*/ld-linux*.so.*",
    "lib/*-linux-*/ld-linux*.so.*",
    "usr/lib64/ld-linux*.so.*",
    "usr/lib/ld-linux*.so.*",
];
/// And libraries, those of FRR's own among them.
const LIBRARIES: [&str; 7] = [
    "usr/lib/*-linux-*",
    "lib/*-linux-*",
    "usr/lib/*-linux-*/frr",
    "usr/lib64",
    "usr/lib64/frr",
    "usr/lib",
    "usr/lib/frr",
];

/// A program of a root folder or of the machine, and how it is started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    /// Its file.
    pub path: PathBuf,
    /// What stands before its path when it is started.
    before: Vec<String>,
}

impl Program {
    /// One of the machine.
    pub fn installed(path: PathBuf) -> Program {
        Program { path, before: Vec::new() }
    }

    /// The words that start it.
    pub fn words(&self) -> Vec<String> {
        let path = self.path.display().to_string();
        self.before.iter().cloned().chain([path]).collect()
    }
}

/// The folder of root folders.
pub fn folder() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    // Nodes are in other folders than who named it.
    let named = named.and_then(|named| std::path::absolute(named).ok());
    named.or_else(|| files::cache().map(|cache| cache.join(BUILT)))
}

/// What is in it, as subjects are called: `keepalived@2.3.3`.
pub fn there() -> Vec<String> {
    folder().map(|folder| there_in(&folder)).unwrap_or_default()
}

fn there_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_dir()).map(|e| e.file_name());
    let subject = |name: String| name.parse::<Subject>().is_ok_and(|s| s.version().is_some());
    let mut found: Vec<String> =
        names.filter_map(|name| name.into_string().ok()).filter(|name| subject(name.clone())).collect();
    found.sort();
    found
}

/// Why this subject has no root folder although it needs one.
pub fn missing(subject: &Subject) -> Option<String> {
    subject.version()?;
    let Some(folder) = folder() else {
        return Some(format!(
            "no {subject}: {VARIABLE} names no folder of root folders, and there is no HOME"
        ));
    };
    missing_in(&folder, subject)
}

fn missing_in(folder: &Path, subject: &Subject) -> Option<String> {
    if folder.join(subject.to_string()).is_dir() {
        return None;
    }
    let there = match &there_in(folder)[..] {
        [] => "no versions".to_string(),
        there => there.join(", "),
    };
    let help = format!("{REMEDY} makes those of Debian 13, or {VARIABLE} names another folder");
    Some(format!("no {subject} in {}, which has {there}: {help}", folder.display()))
}

/// The first of these programs that a version's root folder has, by path below it. `name` is what the version is one of.
pub fn program(name: &str, version: &Version, places: &[&str]) -> Result<Program, String> {
    let subject: Subject = format!("{name}@{version}").parse()?;
    if let Some(why) = missing(&subject) {
        return Err(why);
    }
    let root = folder().unwrap_or_default().join(subject.to_string());
    program_in(&root, places)
}

fn program_in(root: &Path, places: &[&str]) -> Result<Program, String> {
    let lacks =
        |what: &str| format!("{}: no {what}: {REMEDY} makes it anew if it is removed", root.display());
    let path = places.iter().map(|place| root.join(place)).find(|path| path.is_file());
    let path = path.ok_or_else(|| lacks(&places.join(", ")))?;
    let loader = LOADERS.iter().flat_map(|pattern| matching(root, pattern)).find(|path| path.is_file());
    let loader = loader.ok_or_else(|| lacks("dynamic loader"))?;
    let libraries = LIBRARIES.iter().flat_map(|pattern| matching(root, pattern)).filter(|path| path.is_dir());
    let libraries: Vec<String> = libraries.map(|path| path.display().to_string()).collect();
    // The cache is the machine's, and its libraries are not meant.
    let options = ["--inhibit-cache".to_string(), "--library-path".to_string(), libraries.join(":")];
    Ok(Program { path, before: [loader.display().to_string()].into_iter().chain(options).collect() })
}

/// What a pattern finds below a folder, in the order of the names.
fn matching(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let whole = format!("{}/{pattern}", glob::Pattern::escape(&root.to_string_lossy()));
    glob::glob(&whole).into_iter().flatten().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder of this test's with a root that has these files.
    fn roots(test: &str, files: &[&str]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vrrplab-roots-{test}-{}", std::process::id()));
        for file in files {
            let path = folder.join("debian-13").join(file);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder for tests");
            fs::write(path, "").expect("the folder for tests can be written");
        }
        folder
    }

    #[test]
    fn a_version_that_is_not_there_is_told_with_those_that_are() {
        let folder = roots("missing", &["usr/sbin/keepalived"]);
        let [there, other]: [Subject; 2] =
            ["keepalived@2.3.3", "keepalived@9"].map(|subject| subject.parse().expect("it reads"));
        let at = folder.display();
        let none = format!(
            "no keepalived@9 in {at}, which has no versions: ci/roots/build.sh makes those of Debian 13, or VRRPLAB_ROOTS names \
             another folder"
        );
        assert_eq!(missing_in(&folder, &other), Some(none));
        for name in ["keepalived@2.3.3", "frr@10.3"] {
            symlink("debian-13", folder.join(name)).expect("the folder for tests can be written");
        }
        symlink("not-there", folder.join("frr@11")).expect("the folder for tests can be written");
        assert_eq!(missing_in(&folder, &there), None);
        let why = missing_in(&folder, &other).expect("there is no such version");
        assert!(why.contains("which has frr@10.3, keepalived@2.3.3: "), "{why}");
        fs::remove_dir_all(&folder).expect("it was ours");
    }

    #[test]
    fn a_program_is_started_by_the_loader_of_its_root() {
        let files = ["usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "usr/lib/frr/vrrpd", "usr/lib64/other"];
        let folder = roots("start", &files);
        let root = folder.join("debian-13");
        let program = program_in(&root, &["usr/sbin/vrrpd", "usr/lib/frr/vrrpd"]).expect("it is there");
        let at = root.display();
        let libraries = format!("{at}/usr/lib/x86_64-linux-gnu:{at}/usr/lib64:{at}/usr/lib:{at}/usr/lib/frr");
        let words = [
            format!("{at}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
            "--inhibit-cache".to_string(),
            "--library-path".to_string(),
            libraries,
            format!("{at}/usr/lib/frr/vrrpd"),
        ];
        assert_eq!(program.words(), words);
        let why = program_in(&root, &["usr/sbin/keepalived"]).expect_err("it is not there");
        assert!(why.contains("no usr/sbin/keepalived"), "{why}");
        fs::remove_dir_all(&folder).expect("it was ours");
    }
}
