//! FRR: zebra, which owns the interfaces, and vrrpd, which decides (FRR's user manual, "VRRP"; looked at with 8.4.4 and 10.3).
//!
//! FRR has no privileges to drop here: it is root in a namespace in which there may be nobody else. Its programs insist on a
//! user who is in the group `frrvty`, so the node has a file of groups that says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::Announced;
use vrrplab_engine::config::{self, Family, Instance, Reading};
use vrrplab_sim::scenario::Host;
use vrrplab_sim::trace::Name;

use super::super::host::{FOLDER, Macvlan};
use super::{Beside, Launch};
use crate::roots::{self, Program};
use crate::subject::Version;

/// Where distributions put FRR's programs, below their root.
const FOLDERS: [&str; 5] = ["usr/lib/frr", "usr/libexec/frr", "usr/lib64/frr", "usr/local/sbin", "usr/sbin"];
/// The group that FRR's Debian packages are built with.
const GROUP: &str = "frrvty";
/// What zebra of FRR 9 and later tells its state; without it, it tries again at once and for ever.
const MANAGER: &str = "mgmtd";
/// Where the two meet, whatever they are told of sockets.
const MEETING: &str = "/run/frr/mgmtd_be.sock";
/// Where the groups are.
const GROUPS: &str = "/etc/group";

/// FRR's program of this name, of the machine or of a version that is not the installed one.
pub(super) fn program(name: &str, version: Option<&Version>) -> Result<Program, String> {
    let places = FOLDERS.map(|folder| format!("{folder}/{name}"));
    if let Some(version) = version {
        return roots::program("frr", version, &places.each_ref().map(String::as_str));
    }
    let found = places.iter().map(|place| Path::new("/").join(place)).find(|path| path.is_file());
    found.map(Program::installed).ok_or_else(|| format!("no {name} of FRR in /{}", FOLDERS.join(", /")))
}

/// How it is started on a host with what vrrpd can be told of a configuration: see `fit`.
pub(super) fn launch(version: Option<&Version>, host: &Host, reading: &Reading) -> Result<Launch, String> {
    let own = Path::new(FOLDER).join("frr");
    let instances = &reading.config.instances;
    let file = |name: &str| own.join(name).display().to_string();
    let texts = [("vrrpd.conf", text(instances)), ("zebra.conf", String::new())];
    let command = |name: &str| -> Result<Vec<String>, String> {
        let words = program(name, version)?.words();
        let options = ["-u", "root", "-g", "root", "-P", "0", "--log", "stdout"];
        let config = (name != MANAGER).then(|| ("-f", format!("{name}.conf")));
        let places =
            [("-i", format!("{name}.pid")), ("-z", "zserv.api".to_string()), ("--vty_socket", String::new())];
        let places = config.into_iter().chain(places);
        let places = places.flat_map(|(option, name)| [option.to_string(), file(&name)]);
        Ok(words.into_iter().chain(options.map(String::from)).chain(places).collect())
    };
    let zebra = match command(MANAGER) {
        Ok(manager) => after(&manager, command("zebra")?),
        Err(_) => command("zebra")?,
    };
    let socket = own.join("zserv.api");
    // vrrpd that does not find zebra looks for it again after ten seconds.
    let vrrpd = by_shell(&wait_for(&socket), command("vrrpd")?);
    Ok(Launch {
        files: texts.into_iter().map(|(name, text)| (own.join(name), text)).collect(),
        covers: BTreeMap::from([(PathBuf::from(GROUPS), groups()?)]),
        argv: vrrpd,
        beside: Some(Beside { argv: zebra, socket }),
        macvlans: instances.iter().filter_map(|i| macvlan(host, i)).collect(),
        logs: instances.iter().map(|i| (router(i), (Name::from(i.name.as_str()), i.priority))).collect(),
        ..Launch::default()
    })
}

/// A shell that does something and becomes the program of these words.
fn by_shell(first: &str, words: Vec<String>) -> Vec<String> {
    let script = format!("{first}; exec \"$@\"");
    ["/bin/sh", "-c", &script, "sh"].map(String::from).into_iter().chain(words).collect()
}

/// Lines of a shell that wait for a socket, for five seconds.
fn wait_for(socket: &Path) -> String {
    let socket = socket.display();
    format!("n=0; until [ -S {socket} ] || [ $n = 500 ]; do n=$((n + 1)); sleep 0.01; done")
}

/// A program that is started when FRR's manager is there.
fn after(manager: &[String], words: Vec<String>) -> Vec<String> {
    let meeting = Path::new(MEETING);
    let folder = meeting.parent().unwrap_or(meeting).display();
    let quoted: Vec<String> =
        manager.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
    let manager = quoted.join(" ");
    by_shell(&format!("mkdir -p {folder}; rm -f {MEETING}; {manager} & {}", wait_for(meeting)), words)
}

/// The machine's groups, with root in FRR's.
fn groups() -> Result<String, String> {
    let text = fs::read_to_string(GROUPS).map_err(|e| format!("{GROUPS}: {e}"))?;
    let others = text.lines().filter(|line| !line.starts_with(&format!("{GROUP}:")));
    Ok(others.map(|line| format!("{line}\n")).collect::<String>() + GROUP + ":x:0:root\n")
}

/// What vrrpd reads.
fn text(instances: &[Instance]) -> String {
    let mut text = "log stdout informational\n".to_string();
    for i in instances {
        let vrid = i.vrid;
        let version = if i.version == config::Version::V2 { 2 } else { 3 };
        let preempt = if i.nopreempt { "no " } else { "" };
        let _ = write!(
            text,
            "interface {}\n vrrp {vrid} version {version}\n vrrp {vrid} priority {}\n vrrp {vrid} \
             advertisement-interval {}\n {preempt}vrrp {vrid} preempt\n",
            i.interface,
            i.priority,
            i.advert_int.as_micros() / 1_000
        );
        let word = if i.family == Family::V4 { "ip" } else { "ipv6" };
        for address in &i.addresses {
            let _ = writeln!(text, " vrrp {vrid} {word} {}", address.cidr.address);
        }
        text.push_str("exit\n");
    }
    text
}

/// The interface with a router's addresses. Of IPv6 it also has the address from which adverts come, which must not be that of
/// the virtual Ethernet address. The one that was added last is the kernel's first, and so vrrpd's.
fn macvlan(host: &Host, i: &Instance) -> Option<Macvlan> {
    let link = host.links.iter().position(|link| *link.name == *i.interface)?;
    let (number, kind) = if i.family == Family::V4 { (4, 1) } else { (6, 2) };
    let mut addresses: Vec<Cidr> = i.addresses.iter().chain(&i.excluded).map(|a| a.cidr).collect();
    if i.family == Family::V6 {
        addresses.push(Cidr { address: host.links[link].mac.link_local().into(), prefix: 64 });
    }
    let mac = Mac([0, 0, 0x5e, 0, kind, i.vrid]);
    Some(Macvlan { name: format!("vrrp{number}-{link}-{}", i.vrid), link, mac, addresses })
}

/// What vrrpd's log calls a router.
fn router(i: &Instance) -> String {
    format!("[VRID {}] [IPv{}]", i.vrid, if i.family == Family::V4 { 4 } else { 6 })
}

/// What a line of vrrpd's log is worth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) enum Said {
    /// A state: `[CORE] [VRID 100] [IPv4] Backup -> Master`.
    State(Name, Announced, u8),
    /// Something else.
    Words,
    /// About a family that nobody configured, or that a router runs already, which it says at every event of any interface.
    Nothing,
}

/// What a line of vrrpd's log says about the routers that it knows by these words.
pub(in super::super) fn said(line: &str, routers: &BTreeMap<String, (Name, u8)>) -> Said {
    let Some(at) = line.find("[VRID ") else { return Said::Words };
    let named = routers.iter().find(|(words, _)| line[at..].starts_with(words.as_str()));
    let Some((words, (name, priority))) = named else {
        let of_a_family = line[at..].contains("] [IPv");
        return if of_a_family { Said::Nothing } else { Said::Words };
    };
    let rest = line[at + words.len()..].trim();
    let to = match rest.split_once(" -> ") {
        _ if rest.ends_with("Already running") => return Said::Nothing,
        Some(("Initialize" | "Master" | "Backup", to)) => to,
        _ => return Said::Words,
    };
    let to = match to {
        "Master" => Announced::Master,
        "Backup" => Announced::Backup,
        "Initialize" => Announced::Stop,
        _ => return Said::Words,
    };
    Said::State(name.clone(), to, *priority)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "vrrp_instance V4 {\n interface eth0\n virtual_router_id 100\n version 3\n priority 200\n \
                        nopreempt\n advert_int 0.25\n virtual_ipaddress {\n 10.0.0.1/24\n }\n}\n";

    fn instances() -> Vec<Instance> {
        config::read("k", CONF, &config::NoSources).config.instances
    }

    #[test]
    fn an_instance_becomes_lines_of_vrrpd() {
        let lines = "log stdout informational\ninterface eth0\n vrrp 100 version 3\n vrrp 100 priority 200\n vrrp 100 \
                     advertisement-interval 250\n no vrrp 100 preempt\n vrrp 100 ip 10.0.0.1\nexit\n";
        assert_eq!(text(&instances()), lines);
    }

    #[test]
    fn states_are_read_off_the_log() {
        let routers = instances().iter().map(|i| (router(i), (Name::from("V4"), 200))).collect();
        let said = |rest: &str| said(&format!("VRRP: [W23ZH-NY264] [CORE] {rest}"), &routers);
        let state = |to| Said::State(Name::from("V4"), to, 200);
        assert_eq!(said("[VRID 100] [IPv4] Initialize -> Backup"), state(Announced::Backup));
        assert_eq!(said("[VRID 100] [IPv4] Master -> Initialize"), state(Announced::Stop));
        assert_eq!(said("[VRID 100] [IPv4] Master_Down_Timer expired"), Said::Words);
        assert_eq!(
            said("[VRID 100] [IPv6] Refusing to start Virtual Router: No VRRP interface"),
            Said::Nothing
        );
        assert_eq!(
            said("[VRID 100] [IPv4] Refusing to start Virtual Router: Already running"),
            Said::Nothing
        );
        assert_eq!(
            said("[VRID 100] [IPv4] Refusing to start Virtual Router: No primary IPv4 address"),
            Said::Words
        );
    }
}
