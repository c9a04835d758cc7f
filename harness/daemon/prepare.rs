//! What is done before the loop: the process itself, and what of the configuration needs the machine.

use std::io;
use std::net::ToSocketAddrs;
use std::os::unix::fs::PermissionsExt;

use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, chdir, dup2_stderr, dup2_stdin, dup2_stdout, fork, setsid};
use vrrplab_engine::config::{Config, Tracks};

use super::children::on_path;

/// keepalived's: nothing for others, nothing to be executed.
const UMASK: u32 = 0o177;

/// Into the background: a session of its own without a terminal.
pub(super) fn detach() -> io::Result<()> {
    for first in [true, false] {
        // SAFETY: the process has one thread, so the child may do what it likes.
        if let ForkResult::Parent { .. } = unsafe { fork() }? {
            // SAFETY: _exit takes a number. Nothing of the parent's is to be run twice.
            unsafe { libc::_exit(0) }
        }
        if first {
            setsid()?;
        }
    }
    chdir("/")?;
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    Ok(())
}

/// Of files that the daemon and its scripts make: the command line's, the configuration's, keepalived's.
pub(super) fn umask(config: &Config, asked: Option<u32>) {
    let configured = config.global.other.get("umask").and_then(|text| u32::from_str_radix(text, 8).ok());
    let mask = configured.or(asked).unwrap_or(UMASK);
    nix::sys::stat::umask(Mode::from_bits_truncate(mask));
}

/// What of the configuration needs the machine: names of mail servers, scripts that are there. Returns what is to be
/// said.
pub(super) fn config(config: &mut Config) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(server) = &config.global.smtp_server {
        match resolve(server) {
            Ok(resolved) => config.global.smtp_server = Some(resolved),
            Err(error) => {
                lines.push(format!("SMTP server {server} cannot be found: {error}; nothing is mailed"));
            }
        }
    }
    for script in &config.scripts {
        let program = script.command.argv.first().map_or("", String::as_str);
        if let Err(why) = executable(program) {
            lines.push(format!("Disabling track script {} since {why}", script.name));
            let forget = |tracks: &mut Tracks| tracks.scripts.retain(|t| t.name != script.name);
            config.instances.iter_mut().for_each(|i| forget(&mut i.tracks));
            config.groups.iter_mut().for_each(|g| forget(&mut g.tracks));
        }
    }
    lines
}

/// `HOST [PORT]` with an address instead of a name.
fn resolve(server: &str) -> io::Result<String> {
    let mut words = server.split_whitespace();
    let host = words.next().unwrap_or_default();
    let port = words.next().unwrap_or("25");
    let number = port.parse().unwrap_or(25);
    let found = (host, number).to_socket_addrs()?.next();
    let found = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    Ok(format!("{} {}", found.ip(), found.port()))
}

/// Whether a program can be run.
fn executable(program: &str) -> Result<(), &'static str> {
    let found = on_path(program.as_ref()).and_then(|path| path.metadata().ok()).filter(|m| m.is_file());
    match found {
        Some(found) if found.permissions().mode() & 0o111 != 0 => Ok(()),
        Some(_) => Err("not executable"),
        None => Err("not found/accessible"),
    }
}

/// `vrrp_rt_priority`, `vrrp_priority`, `vrrp_no_swap`. Returns what was refused.
pub(super) fn priorities(config: &Config) -> Vec<String> {
    let number = |key: &str| config.global.other.get(key).and_then(|text| text.trim().parse::<i32>().ok());
    let mut refused = Vec::new();
    let mut check = |what: &str, done: i32| {
        if done < 0 {
            refused.push(format!("{what}: {}", io::Error::last_os_error()));
        }
    };
    if let Some(priority) = number("vrrp_rt_priority") {
        let parameters = libc::sched_param { sched_priority: priority };
        // SAFETY: the structure lives through the call.
        let done = unsafe { libc::sched_setscheduler(0, libc::SCHED_RR, &raw const parameters) };
        check("vrrp_rt_priority", done);
    }
    if let Some(nice) = number("vrrp_priority") {
        // SAFETY: setpriority takes numbers.
        check("vrrp_priority", unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) });
    }
    if config.global.other.get("vrrp_no_swap").is_some_and(|value| value != "false") {
        // SAFETY: mlockall takes flags.
        check("vrrp_no_swap", unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) });
    }
    refused
}

/// What the configuration asks for and this daemon does not do, a line each.
pub(super) fn missing(config: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    let mut lacks = |what: &str, count: usize| {
        if count > 0 {
            lines.push(format!("NOT SUPPORTED here and left out: {what} ({count})"));
        }
    };
    let of =
        |is: fn(&vrrplab_engine::config::Instance) -> bool| config.instances.iter().filter(|i| is(i)).count();
    lacks(
        "use_vmac or use_ipvlan: adverts and addresses are on the interface itself",
        of(|i| i.vmac.is_some()),
    );
    lacks("vrf", of(|i| i.vrf.is_some()));
    lacks("garp_extra_if", of(|i| i.garp_extra.is_some()));
    lacks("promote_secondaries", of(|i| i.promote_secondaries));
    lacks("track_bfd", of(|i| !i.tracks.bfds.is_empty()));
    lacks("bfd_instance", config.bfd_instances.len());
    lacks("virtual_server", config.virtual_servers.len());
    let routes = || config.static_routes.iter().chain(config.instances.iter().flat_map(|i| &i.routes));
    for option in ["encap", "vrf", "as"] {
        lacks(&format!("{option} of a route"), routes().filter(|r| r.option(option).is_some()).count());
    }
    lacks("garp_group", config.garp_groups.len());
    lacks("interface_up_down_delays", config.link_delays.len());
    lacks("linkbeat_interfaces", config.link_polling.len());
    lacks(
        "dynamic_interfaces: one that is missing at the start stays missing",
        usize::from(config.global.dynamic_interfaces.is_some()),
    );
    for key in [
        "lvs_sync_daemon",
        "enable_dbus",
        "enable_traps",
        "enable_snmp_vrrp",
        "startup_script",
        "shutdown_script",
        "vrrp_cpu_affinity",
        "max_auto_priority",
        "vrrp_rx_bufs_policy",
    ] {
        lacks(key, usize::from(config.global.other.get(key).is_some_and(|value| value != "false")));
    }
    for key in ["net_namespace", "instance", "use_pid_dir"] {
        lacks(key, usize::from(config.top.contains_key(key)));
    }
    lines
}
