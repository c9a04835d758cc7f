//! `vrrplab daemon`: the engine in keepalived's place, with keepalived's options.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use vrrplab_engine::boundary::Cost;
use vrrplab_engine::config;
use vrrplab_engine::finding::Severity;

use super::{Console, Exit};
use crate::daemon::{self, LogOptions, Options, Source};
use crate::{diagnostic, files};

/// keepalived's options. Those that mean nothing here are taken, and the log says so.
#[derive(Args, Clone, Debug)]
#[command(disable_version_flag = true, disable_help_flag = true)]
pub(super) struct DaemonArguments {
    /// The configuration file
    #[arg(
        short = 'f',
        long = "use-file",
        value_name = "FILE",
        default_value = "/etc/keepalived/keepalived.conf"
    )]
    file: PathBuf,
    /// Stay in the foreground
    #[arg(short = 'n', long)]
    dont_fork: bool,
    /// Log to standard error as well
    #[arg(short = 'l', long)]
    log_console: bool,
    /// Log details
    #[arg(short = 'D', long)]
    log_detail: bool,
    /// Syslog facility: 0 to 7 (local0 to local7), local0 to local7, user or daemon
    #[arg(short = 'S', long, value_name = "FACILITY", default_value = "daemon", value_parser = facility)]
    log_facility: u8,
    /// Do not log to syslog
    #[arg(short = 'G', long)]
    no_syslog: bool,
    /// Log to this file as well
    #[arg(short = 'g', long, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// Write the configuration that is in effect to the log
    #[arg(short = 'd', long)]
    dump_conf: bool,
    /// PID file
    #[arg(short = 'p', long = "pid", value_name = "FILE")]
    pid: Option<PathBuf>,
    /// PID file of the VRRP process, which is the same process here
    #[arg(short = 'r', long = "vrrp_pid", value_name = "FILE")]
    vrrp_pid: Option<PathBuf>,
    /// Which `@ID` lines of the configuration count [default: the host's name up to its first dot]
    #[arg(short = 'i', long, value_name = "ID")]
    config_id: Option<String>,
    /// Leave the addresses when told to stop, and do not say farewell
    #[arg(short = 'V', long)]
    dont_release_vrrp: bool,
    /// File creation mask, octal
    #[arg(short = 'u', long, value_name = "MASK", value_parser = octal)]
    umask: Option<u32>,
    /// Only check the configuration; findings go to the file if one is given
    #[arg(short = 't', long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    config_test: Option<Option<PathBuf>>,
    /// Print the number of a signal: STOP, RELOAD, DATA, STATS
    #[arg(long, value_name = "SIGFUNC", value_parser = signal)]
    signum: Option<i32>,
    /// Print the version
    #[arg(short = 'v', long)]
    version: bool,
    /// Print help
    #[arg(short = 'h', long, action = ArgAction::Help)]
    help: Option<bool>,
    /// On a clock that computing does not move: take as long for the work as keepalived does there
    #[arg(long, hide = true)]
    spend: bool,
    #[command(flatten)]
    ignored: Ignored,
}

/// What keepalived knows and has no meaning here.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Accepted without effect")]
struct Ignored {
    /// Only VRRP, which is all there is
    #[arg(short = 'P', long)]
    vrrp: bool,
    /// Only health checks
    #[arg(short = 'C', long)]
    check: bool,
    /// No BFD
    #[arg(short = 'B', long = "no_bfd")]
    no_bfd: bool,
    /// All processes
    #[arg(long)]
    all: bool,
    /// Drop addresses on a transition from a signal, which is always done
    #[arg(short = 'X', long)]
    release_vips: bool,
    /// Leave the load balancer as it is
    #[arg(short = 'I', long)]
    dont_release_ipvs: bool,
    /// Do not restart processes: there is one
    #[arg(short = 'R', long)]
    dont_respawn: bool,
    /// PID file of the checkers
    #[arg(short = 'c', long = "checkers_pid", value_name = "FILE")]
    checkers_pid: Option<PathBuf>,
    /// PID file of BFD
    #[arg(short = 'b', long = "bfd_pid", value_name = "FILE")]
    bfd_pid: Option<PathBuf>,
    /// Log all changes of addresses
    #[arg(short = 'a', long)]
    address_monitoring: bool,
    /// SNMP
    #[arg(short = 'x', long)]
    snmp: bool,
    /// SNMP's socket
    #[arg(short = 'A', long, value_name = "FILE")]
    snmp_agent_socket: Option<PathBuf>,
    /// A core file when it crashes
    #[arg(short = 'm', long)]
    core_dump: bool,
    /// Its name
    #[arg(short = 'M', long, value_name = "PATTERN", num_args = 0..=1, require_equals = true)]
    core_dump_pattern: Option<Option<String>>,
    /// An error if an included file is missing
    #[arg(short = 'e', long)]
    all_config: bool,
    /// Write the log file at once, which is always done
    #[arg(long)]
    flush_log_file: bool,
}

impl Ignored {
    /// The flags that were given.
    fn given(&self) -> Vec<&'static str> {
        let given = [
            (self.check, "-C"),
            (self.all, "--all"),
            (self.dont_release_ipvs, "-I"),
            (self.dont_respawn, "-R"),
            (self.checkers_pid.is_some(), "-c"),
            (self.bfd_pid.is_some(), "-b"),
            (self.address_monitoring, "-a"),
            (self.snmp, "-x"),
            (self.snmp_agent_socket.is_some(), "-A"),
            (self.core_dump, "-m"),
            (self.core_dump_pattern.is_some(), "-M"),
            (self.all_config, "-e"),
        ];
        given.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag).collect()
    }
}

/// The facilities that keepalived offers (RFC 3164, 4.1.1).
fn facility(text: &str) -> Result<u8, String> {
    let number = text.strip_prefix("local").unwrap_or(text);
    match (text, number.parse::<u8>()) {
        ("user", _) => Ok(1),
        ("daemon", _) => Ok(3),
        (_, Ok(number)) if number <= 7 => Ok(16 + number),
        _ => Err("a facility is 0 to 7, local0 to local7, user or daemon".into()),
    }
}

fn octal(text: &str) -> Result<u32, String> {
    let mask = u32::from_str_radix(text.trim_start_matches("0o"), 8).ok().filter(|mask| *mask <= 0o777);
    mask.ok_or_else(|| "a mask is an octal number up to 777".into())
}

fn signal(text: &str) -> Result<i32, String> {
    match text {
        "STOP" => Ok(libc::SIGTERM),
        "RELOAD" => Ok(libc::SIGHUP),
        "DATA" => Ok(libc::SIGUSR1),
        "STATS" => Ok(libc::SIGUSR2),
        "STATS_CLEAR" | "JSON" => Err("there is no such function here".into()),
        _ => Err("a function is STOP, RELOAD, DATA or STATS".into()),
    }
}

pub(super) fn run(arguments: &DaemonArguments, console: &mut Console<'_>) -> Exit {
    if arguments.version {
        console.say(&format!("vrrplab v{}, as Keepalived v2.2.7\n", env!("CARGO_PKG_VERSION")));
        return Exit::Pass;
    }
    if let Some(number) = arguments.signum {
        console.say(&format!("{number}\n"));
        return Exit::Pass;
    }
    let host = nix::sys::utsname::uname().ok();
    let host = host.and_then(|u| u.nodename().to_str()?.split('.').next().map(String::from));
    let id = arguments.config_id.clone().or(host);
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let source = Source { file: arguments.file.clone(), reading: config::Options { id, seed } };
    let reading = match files::read_config_with(&source.file, &source.reading) {
        Ok(reading) => reading,
        Err(error) => {
            console.complain(&format!("error: {error}\n"));
            return Exit::Input;
        }
    };
    if let Some(report) = &arguments.config_test {
        let text = diagnostic::render(&reading.findings, &reading.sources, false);
        match report {
            Some(path) => {
                if let Err(error) = std::fs::write(path, text) {
                    console.complain(&format!("error: {}: {error}\n", path.display()));
                    return Exit::Input;
                }
            }
            None => console.complain(&text),
        }
        let worst = crate::advice::worst(&reading.findings);
        return if worst >= Some(Severity::Warning) { Exit::Fail } else { Exit::Pass };
    }
    if !reading.findings.is_empty() {
        console.findings(&reading.findings, &reading.sources);
    }
    if reading.refused() {
        return Exit::Input;
    }
    match daemon::run(reading.config, &arguments.options(source)) {
        Ok(()) => Exit::Pass,
        Err(error) => {
            console.complain(&format!("error: {error}\n"));
            Exit::Machine
        }
    }
}

impl DaemonArguments {
    fn options(&self, source: Source) -> Options {
        let given = self.ignored.given();
        let remarks = given.iter().map(|flag| format!("The option {flag} has no effect here"));
        let or = |given: &Option<PathBuf>, default: &str| given.clone().unwrap_or_else(|| default.into());
        Options {
            cost: if self.spend { Cost::RECORDED } else { Cost::FREE },
            background: !self.dont_fork,
            keep_addresses: self.dont_release_vrrp,
            pid_files: vec![or(&self.pid, "/run/keepalived.pid"), or(&self.vrrp_pid, "/run/vrrp.pid")],
            dump: self.dump_conf,
            umask: self.umask,
            log: LogOptions {
                console: self.log_console,
                syslog: !self.no_syslog,
                facility: self.log_facility,
                file: self.log_file.clone(),
                detail: self.log_detail,
            },
            words: std::env::args().collect(),
            remarks: remarks.collect(),
            source,
        }
    }
}
