//! Commands of a node's configuration. Each program is covered by a stand-in of the same path, in the node's own mount
//! namespace: it reports that it runs and how it ends, behaves as the scenario's models say, and where no model is
//! about the command runs what it covers, if there is anything. So a scenario means the same here as in the simulator,
//! and a command that the scenario leaves alone is the real one.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use vrrplab_engine::config::Config;
use vrrplab_sim::scenario::{End, ScriptModel};

use super::host::FOLDER;
use super::private::room_for;
use crate::files;
use crate::fit::commands;

/// Where stand-ins tell what they do.
pub(super) const JOBS: &str = "/run/vrrplab/jobs";
/// The models, in the stand-ins' own form.
const MODELS: &str = "/run/vrrplab/models";
/// What stand-ins are made of: themselves may cover the usual ones.
const TOOLS: [&str; 2] = ["sh", "sleep"];
/// What a daemon asks a shell for its own sake when it starts: keepalived 2.3.3 for the version of iproute2, by popen(3). A scenario whose
/// script is a shell does not mean this one.
const OF_THE_DAEMON: &str = "ip -V 2>&1";

/// Covers the programs of a node's configurations. Runs inside the node's namespaces, before any daemon.
pub(super) fn cover<'a>(configs: impl Iterator<Item = &'a Config>, models: &[ScriptModel]) -> io::Result<()> {
    for tool in TOOLS {
        let real =
            files::program(tool).ok_or_else(|| io::Error::other(format!("no {tool} on this machine")))?;
        bind(&real, &Path::new(FOLDER).join("bin").join(tool))?;
    }
    nix::unistd::mkfifo(JOBS, nix::sys::stat::Mode::from_bits_truncate(0o622))?;
    fs::set_permissions(JOBS, fs::Permissions::from_mode(0o622))?;
    set_models(models)?;
    for (n, program) in configs.flat_map(programs).collect::<BTreeSet<_>>().into_iter().enumerate() {
        let covered = files::program(&program).unwrap_or_else(|| PathBuf::from(&program));
        stand_in(n, &covered)?;
    }
    Ok(())
}

/// The programs that a configuration names, each once.
pub(super) fn programs(config: &Config) -> BTreeSet<String> {
    commands(config).into_iter().filter_map(|c| c.argv.first().cloned()).collect()
}

fn stand_in(n: usize, program: &Path) -> io::Result<()> {
    let own = Path::new(FOLDER).join(format!("stand-in/{n}"));
    let real = Path::new(FOLDER).join(format!("real/{n}"));
    let exists = program.is_file();
    if exists {
        bind(program, &real)?;
    } else {
        room_for(program)?;
        fs::write(program, "")?;
    }
    fs::create_dir_all(own.parent().expect("a path with a folder"))?;
    fs::write(&own, text(exists.then_some(real.as_path())))?;
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755))?;
    bind(&own, program)
}

/// Gives a file of the machine another text on this node. Runs inside the node's namespaces.
pub(super) fn cover_file(path: &Path, text: &str) -> io::Result<()> {
    let own = Path::new(FOLDER).join("cover").join(path.file_name().unwrap_or_default());
    fs::create_dir_all(own.parent().expect("a path with a folder"))?;
    fs::write(&own, text)?;
    bind(&own, path)
}

fn bind(from: &Path, to: &Path) -> io::Result<()> {
    if !to.exists() {
        fs::create_dir_all(to.parent().expect("a path with a folder"))?;
        fs::write(to, "")?;
    }
    let none: Option<&str> = None;
    Ok(mount(Some(from), to, none, MsFlags::MS_BIND, none)?)
}

/// Replaces the models; a command that needs a process finds out by itself. Runs inside the node's namespaces.
pub(super) fn set_models(models: &[ScriptModel]) -> io::Result<()> {
    let mut text = String::new();
    for model in models {
        let pattern = model.pattern.replace('\'', "'\\''");
        if model.needs.is_some() {
            let _ = writeln!(text, "case \"$said\" in *'{pattern}'*) return;; esac");
            continue;
        }
        let micros = model.takes.as_micros();
        // Less than a shell takes to start is no time here.
        let takes = match micros < 5_000 {
            true => String::new(),
            false => format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
        };
        let end = match model.end {
            End::Exit(status) => status.to_string(),
            End::Never if model.stubborn => "stubborn".to_string(),
            End::Never => "hangs".to_string(),
        };
        let _ = writeln!(text, "case \"$said\" in *'{pattern}'*) end={end} takes={takes}; return;; esac");
    }
    let fresh = format!("{MODELS}.new");
    fs::write(&fresh, text)?;
    fs::rename(fresh, MODELS)
}

/// The stand-in for a program; `real` is where the covered one is now.
fn text(real: Option<&Path>) -> String {
    let unmodelled = match real {
        Some(real) => format!("{} \"$@\" & wait $!; status=$?", real.display()),
        None => "status=0".to_string(),
    };
    let of_the_daemon = real.map_or(String::new(), |real| {
        format!("case \"$said\" in *' -c '*'{OF_THE_DAEMON}') exec {} \"$@\" ;; esac\n", real.display())
    });
    format!(
        r#"#!{FOLDER}/bin/sh
said="$0${{*:+ $*}}"
{of_the_daemon}tell() {{ echo "$1 $$ $2" > {JOBS}; }}
tell start "$said"
trap 'kill $! 2>/dev/null; tell signal 15; trap - TERM; kill -TERM $$' TERM
end= takes=
models() {{ . {MODELS}; }}
models
case "$end" in
stubborn) trap '' TERM; {FOLDER}/bin/sleep 1000000; status=0 ;;
hangs) {FOLDER}/bin/sleep 1000000 & wait $!; status=0 ;;
'') {unmodelled} ;;
*) [ -z "$takes" ] || {{ {FOLDER}/bin/sleep $takes & wait $!; }}; status=$end ;;
esac
tell exit $status
exit $status
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_of_a_configuration_is_named_once() {
        let text = "vrrp_script c {\n script \"/bin/test -f /x\"\n}\nvrrp_instance I {\n interface eth0\n \
                    virtual_router_id 1\n notify /n.sh\n notify_master \"/n.sh m\"\n}\n";
        let reading = vrrplab_engine::config::read("k", text, &vrrplab_engine::config::NoSources);
        let found: Vec<String> = programs(&reading.config).into_iter().collect();
        assert_eq!(found, ["/bin/test", "/n.sh"]);
    }
}
