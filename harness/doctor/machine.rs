//! The machine beside its laboratories: clocks, load, limits, and what may stand in the way.

use std::fs;
use std::mem;

use super::{Check, State};

/// Clocks that are read without asking the kernel or a device.
const QUICK: [&str; 5] = ["tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page", "xen"];
/// What a packet socket of a laboratory would like to hold, in bytes.
const BUFFER: u64 = 4 << 20;
/// What the sixty-four laboratories of the test have at most.
const PROCESSES: u64 = 1_000;

/// All of it. `root` is how laboratories are permitted here.
pub fn machine(root: bool) -> Vec<Check> {
    vec![synchronised(), source(), load(), firewall(), buffers(root), processes()]
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_string())
}

fn number(path: &str) -> Option<u64> {
    read(path)?.split_whitespace().next()?.parse().ok()
}

/// Whether somebody disciplines the clock (adjtimex(2)).
fn synchronised() -> Check {
    // SAFETY: a zeroed timex is a valid value of that plain structure, and asks to change nothing.
    let (state, status) = unsafe {
        let mut timex: libc::timex = mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex.status)
    };
    let is = state >= 0 && state != libc::TIME_ERROR && status & libc::STA_UNSYNC == 0;
    let (state, found) = match is {
        true => (State::Ok, "synchronised"),
        false => (State::Warning, "not synchronised"),
    };
    let needed_for = "captures beside those of other machines; runs do without";
    Check::new("time", state, found, needed_for).remedy("timedatectl set-ntp true, or apt-get install chrony")
}

fn source() -> Check {
    let source = read("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let source = source.unwrap_or_else(|| "unknown".to_string());
    let virtual_machine = read("/proc/cpuinfo").is_some_and(|text| text.contains(" hypervisor"));
    let found = if virtual_machine { format!("{source}, a virtual machine") } else { source.clone() };
    let state = if QUICK.contains(&source.as_str()) { State::Ok } else { State::Warning };
    let remedy = "the kernel's boot parameter clocksource=, or another host";
    Check::new("clock source", state, found, "instants to the microsecond").remedy(remedy)
}

fn load() -> Check {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let load = load.unwrap_or(0.0);
    let state = if load > processors as f64 { State::Warning } else { State::Ok };
    let found = format!("{processors}, {load} busy in the last minute");
    Check::new("processors", state, found, "instants that can be compared").remedy("fewer --jobs, or wait")
}

fn firewall() -> Check {
    let asked = ["iptables", "ip6tables", "arptables"].into_iter().find(|which| {
        read(&format!("/proc/sys/net/bridge/bridge-nf-call-{which}")).is_some_and(|value| value == "1")
    });
    let needed_for = "bridges beside laboratories; their own switch is none";
    match asked {
        None => Check::new("firewall", State::Ok, "does not look at bridges", needed_for),
        Some(which) => {
            let setting = format!("bridge-nf-call-{which}");
            let found = format!("{setting} = 1");
            let remedy = format!("sysctl -w net.bridge.{setting}=0");
            Check::new("firewall", State::Warning, found, needed_for).remedy(remedy)
        }
    }
}

fn buffers(root: bool) -> Check {
    let most = number("/proc/sys/net/core/rmem_max").unwrap_or(0);
    // Root may go beyond (SO_RCVBUFFORCE).
    let state = if root || most >= BUFFER { State::Ok } else { State::Warning };
    let found = format!("rmem_max = {most}");
    Check::new("buffers", state, found, "bursts of frames through the switch")
        .remedy(format!("sysctl -w net.core.rmem_max={BUFFER}"))
}

fn processes() -> Check {
    let (soft, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NPROC)
        .unwrap_or((u64::MAX, u64::MAX));
    let own = read("/proc/self/cgroup").unwrap_or_default();
    let group = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/").to_string();
    let group = number(&format!("/sys/fs/cgroup{group}/pids.max"));
    let limits = [
        ("ulimit -u", Some(soft)),
        ("kernel.pid_max", number("/proc/sys/kernel/pid_max")),
        ("kernel.threads-max", number("/proc/sys/kernel/threads-max")),
        ("pids.max of the control group", group),
    ];
    let known = limits.into_iter().filter_map(|(name, limit)| Some((name, limit?)));
    let Some((name, least)) = known.min_by_key(|(_, limit)| *limit) else {
        return Check::new("processes", State::Ok, "no limit is known", "many laboratories at a time");
    };
    let state = if least >= PROCESSES { State::Ok } else { State::Warning };
    Check::new("processes", state, format!("at most {least} ({name})"), "many laboratories at a time")
        .remedy(format!("raise {name}, or fewer --jobs"))
}
