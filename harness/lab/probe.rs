//! What a laboratory is made of, tried where it would be: in namespaces of its own. For `vrrplab doctor`.

use std::io;
use std::path::Path;
use std::process::Command;

use socket2::{Domain, Protocol, Socket, Type};
use vrrplab_engine::addr::Mac;
use vrrplab_engine::time::Duration;

use super::first::First;
use crate::doctor::{Check, State};
use crate::files;
use crate::kernel::clock::Alarm;
use crate::kernel::namespace::Namespaces;
use crate::kernel::netlink::{End, Netlink};
use crate::kernel::packet::Packets;
use crate::netem::Netem;
use crate::notes::Notes;

/// What every laboratory needs.
const ALL: &str = "every laboratory";
/// How late a timer may be, in microseconds, before instants are not to be believed.
const LATE: u64 = 5_000;
/// The link that is tried.
const LINK: &str = "doctor0";

/// Tries everything; the calling process is process 1 of its own namespaces and is not used for anything else.
pub fn probe() -> Vec<Check> {
    let mut checks = vec![overlay(), own_processes()];
    let (veth, index) = match veth() {
        Ok(index) => (Check::new("veth", State::Ok, "made", ALL), Some(index)),
        Err(error) => (Check::new("veth", State::Missing, error.to_string(), ALL), None),
    };
    checks.push(veth.essential().remedy("modprobe veth"));
    checks.push(packet_sockets(index).essential());
    checks.push(tried("raw sockets", raw_socket(), "VRRP of our daemon; pings").essential());
    checks.push(commands());
    checks.push(tried("macvlan", macvlan(index), "--subject frr").remedy("modprobe macvlan"));
    checks.push(tried("bridge", bridge(), "switch = \"kernel\"; bench takeover").remedy("modprobe bridge"));
    let remedy = "a kernel with CONFIG_NET_SCH_NETEM; modprobe sch_netem; --world uml has it";
    checks.push(tried("netem", netem(index), "switch = \"netem\"").remedy(remedy));
    checks.push(ip_vs());
    checks.push(timers());
    checks
}

fn tried(name: &str, done: io::Result<()>, needed_for: &str) -> Check {
    match done {
        Ok(()) => Check::new(name, State::Ok, "works", needed_for),
        Err(error) => Check::new(name, State::Missing, error.to_string(), needed_for),
    }
}

/// As nodes have it: see `private`.
fn overlay() -> Check {
    let done = Namespaces::create(super::private::settle).map(drop);
    tried("overlay", done, ALL).essential().remedy("modprobe overlay")
}

fn own_processes() -> Check {
    let done = Namespaces::create(|| Ok(())).and_then(|(inside, ())| First::start(&inside).map(drop));
    tried("own processes", done, ALL).essential().remedy("a kernel with CONFIG_PID_NS, and an unmasked /proc")
}

fn veth() -> io::Result<u32> {
    let mut netlink = Netlink::open()?;
    let end = |name| End { name, mac: None, index: None, namespace: None };
    netlink.add_veth(&end(LINK), &end("doctor1"))?;
    Ok(netlink.link(LINK)?.index)
}

fn packet_sockets(link: Option<u32>) -> Check {
    let done = link.ok_or_else(|| io::Error::other("not tried without a veth")).and_then(Packets::open);
    tried("packet sockets", done.map(drop), ALL).remedy("a kernel with CONFIG_PACKET")
}

fn raw_socket() -> io::Result<()> {
    let vrrp = Protocol::from(112);
    Socket::new(Domain::IPV4, Type::RAW, Some(vrrp))?;
    Socket::new(Domain::IPV6, Type::RAW, Some(vrrp)).map(drop)
}

/// Stand-ins of commands are shell scripts.
fn commands() -> Check {
    let lacking = ["sh", "sleep"].into_iter().find(|program| files::program(program).is_none());
    let check = match lacking {
        None => Check::new("sh, sleep", State::Ok, "installed", "commands of configurations"),
        Some(program) => {
            Check::new("sh, sleep", State::Missing, format!("no {program}"), "commands of configurations")
        }
    };
    check.essential().remedy("apt-get install dash coreutils")
}

fn macvlan(parent: Option<u32>) -> io::Result<()> {
    let parent = parent.ok_or_else(|| io::Error::other("not tried without a veth"))?;
    Netlink::open()?.add_macvlan("doctor2", parent, Mac([0, 0, 0x5e, 0, 1, 1]))
}

fn bridge() -> io::Result<()> {
    Netlink::open()?.add_bridge("doctor3")
}

fn netem(link: Option<u32>) -> io::Result<()> {
    let link = link.ok_or_else(|| io::Error::other("not tried without a veth"))?;
    let netem = Netem::of(Duration::from_millis(1), []).map_err(io::Error::other)?;
    Netlink::open()?.set_netem(link, &netem)
}

fn ip_vs() -> Check {
    let needed_for = "virtual servers of the real keepalived";
    if Path::new("/proc/net/ip_vs").exists() {
        return Check::new("ip_vs", State::Ok, "loaded", needed_for);
    }
    let asked = Command::new("modprobe").args(["--dry-run", "--quiet", "ip_vs"]).status();
    let (state, found) = match asked.is_ok_and(|status| status.success()) {
        true => (State::Warning, "not loaded"),
        false => (State::Missing, "not available"),
    };
    Check::new("ip_vs", state, found, needed_for).remedy("a kernel with CONFIG_IP_VS; modprobe ip_vs")
}

fn timers() -> Check {
    let mut notes = Notes::default();
    let needed_for = "instants that can be compared";
    match Alarm::new().and_then(|mut alarm| notes.measure(&mut alarm)) {
        Ok(()) => {
            let state = if notes.late_before > LATE { State::Warning } else { State::Ok };
            let found = format!("late by at most {} us of 50", notes.late_before);
            Check::new("timers", state, found, needed_for).remedy("fewer --jobs, or wait")
        }
        Err(error) => Check::new("timers", State::Missing, error.to_string(), needed_for),
    }
}

/// How laboratories are permitted here.
pub fn permitted(means: super::confine::Means) -> Check {
    let found = match means {
        super::confine::Means::Root => "as root",
        super::confine::Means::UserNamespace => "in a user namespace",
    };
    Check::new("namespaces", State::Ok, found, ALL).essential()
}
