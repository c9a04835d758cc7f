//! A laboratory of two namespaces: what runs there, and what is seen.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration as Real;

use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use vrrplab::kernel::clock::RunClock;
use vrrplab::kernel::namespace::Namespaces;
use vrrplab::kernel::netlink::{AddressOptions, AddressState, End, Netlink};
use vrrplab::kernel::packet::Packets;
use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::time::{Duration, Instant};

/// Its name, whether it needs the real keepalived, and what it does.
pub(crate) type Case = (&'static str, bool, fn() -> Result<(), Failed>);

/// What runs on a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    Ours,
    Keepalived,
}

/// What was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) node: usize,
    pub(crate) what: What,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// A line of the notify FIFO.
    Line(String),
    /// A frame that the node sent.
    Frame(Vec<u8>),
}

pub(crate) struct Lab {
    pub(crate) folder: PathBuf,
    pub(crate) clock: RunClock,
    pub(crate) seen: Vec<Seen>,
    /// How much had been seen at the last act.
    acted: usize,
    nodes: Vec<Node>,
}

struct Node {
    spaces: Arc<Namespaces>,
    netlink: Netlink,
    index: u32,
    /// Frames of the other node.
    packets: Packets,
    fifo: File,
    unread: Vec<u8>,
    child: Option<Child>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Lab {
    /// Nodes 0 and 1 with eth0, 10.9.0.1/24 and 10.9.0.2/24 and their link-local addresses.
    pub(crate) fn new() -> Lab {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("vrrplab-daemon-{}-{number}", std::process::id()));
        fs::create_dir(&folder).expect("a folder of its own");
        let spaces: Vec<_> = (0..2).map(|_| Namespaces::create(|| Ok(())).expect("a namespace").0).collect();
        let mac = |n: u8| Some(Mac([2, 0, 0, 0, 0, n]));
        let there = End { name: "eth0", mac: mac(2), index: Some(200), namespace: Some(spaces[1].net()) };
        let here = End { name: "eth0", mac: mac(1), index: None, namespace: None };
        // From inside: the kernel looks for the name in the namespace of who asks, and there may be an eth0 outside.
        let made = spaces[0].within(|| Netlink::open()?.add_veth(&here, &there));
        made.expect("a namespace to enter").expect("a veth pair");
        let nodes = spaces.into_iter().enumerate().map(|(n, spaces)| Node::new(n, spaces, &folder));
        let nodes = nodes.collect();
        let mut lab = Lab { folder, clock: RunClock::start(), seen: Vec::new(), acted: 0, nodes };
        lab.await_links();
        lab
    }

    /// The kernel takes up to a second to say that a link with both ends up is up.
    fn await_links(&mut self) {
        let is_up = |node: &mut Node| node.netlink.link("eth0").expect("it is there").up;
        for _ in 0..500 {
            if self.nodes.iter_mut().all(is_up) {
                return;
            }
            self.watch(Duration::from_millis(10));
        }
        panic!("the links do not come up");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A script in the laboratory's folder.
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("to be executed");
        path.display().to_string()
    }

    /// Starts a daemon on a node. `global` stands in `global_defs`.
    pub(crate) fn start(&mut self, node: usize, who: Who, global: &str, config: &str) {
        self.start_with(node, who, global, config, &[]);
    }

    pub(crate) fn start_with(&mut self, node: usize, who: Who, global: &str, config: &str, more: &[&str]) {
        self.act();
        let fifo = self.path(&format!("fifo{node}"));
        let text = format!(
            "global_defs {{\n  vrrp_notify_fifo {}\n  script_user root\n{global}\n}}\n{config}",
            fifo.display()
        );
        let file = self.path(&format!("{node}.conf"));
        fs::write(&file, text).expect("a configuration");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("not to be executed");
        let mut command = match who {
            Who::Ours => Command::new(env!("CARGO_BIN_EXE_vrrplab")),
            Who::Keepalived => Command::new("/usr/sbin/keepalived"),
        };
        if who == Who::Ours {
            command.arg("daemon");
        }
        command.args(["-n", "-l", "-D", "-G", "-P", "-f"]).arg(&file).args(more);
        command.arg("-p").arg(self.path(&format!("{node}.pid")));
        command.arg("-r").arg(self.path(&format!("{node}.vrrp.pid")));
        let log = File::create(self.path(&format!("{node}.log"))).expect("a log");
        command.stdout(Stdio::null()).stderr(log).stdin(Stdio::null());
        self.nodes[node].child = Some(self.nodes[node].spawn(command));
    }

    /// The daemon's log.
    pub(crate) fn log(&self, node: usize) -> String {
        fs::read_to_string(self.path(&format!("{node}.log"))).unwrap_or_default()
    }

    /// Sends a signal to the daemon.
    pub(crate) fn signal(&mut self, node: usize, signal: Signal) {
        self.act();
        let child = self.nodes[node].child.as_ref().expect("a daemon runs");
        kill(Pid::from_raw(child.id() as i32), signal).expect("it can be signalled");
    }

    /// Sends a signal to the process that runs VRRP.
    pub(crate) fn pause(&mut self, node: usize, signal: Signal) {
        self.act();
        let text = fs::read_to_string(self.path(&format!("{node}.vrrp.pid"))).expect("a PID file");
        kill(Pid::from_raw(text.trim().parse().expect("a PID")), signal).expect("it can be signalled");
    }

    /// Kills all of a daemon's processes at once.
    pub(crate) fn kill(&mut self, node: usize) {
        self.act();
        for file in [format!("{node}.vrrp.pid"), format!("{node}.pid")] {
            if let Ok(text) = fs::read_to_string(self.path(&file)) {
                let _ = kill(Pid::from_raw(text.trim().parse().expect("a PID")), Signal::SIGKILL);
            }
        }
        let mut child = self.nodes[node].child.take().expect("a daemon runs");
        child.wait().expect("it ends");
    }

    /// Waits for the daemon's end, watching.
    pub(crate) fn ends(&mut self, node: usize, within: Duration) -> ExitStatus {
        let until = self.clock.now() + within;
        loop {
            self.watch(Duration::from_millis(10));
            let child = self.nodes[node].child.as_mut().expect("a daemon runs");
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                self.nodes[node].child = None;
                self.watch(Duration::ZERO);
                return status;
            }
            assert!(self.clock.now() < until, "the daemon still runs:\n{}", self.log(node));
        }
    }

    /// Runs a program in a node's namespace.
    pub(crate) fn within(&self, node: usize, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::piped()).stdin(Stdio::null());
        let output = self.nodes[node].spawn(command).wait_with_output().expect("it ends");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Does something in a node's namespace.
    pub(crate) fn enter<T>(&self, node: usize, work: impl FnOnce() -> T) -> T {
        self.nodes[node].spaces.within(work).expect("a namespace to enter")
    }

    /// The addresses of a node's eth0.
    pub(crate) fn addresses(&mut self, node: usize) -> Vec<Cidr> {
        let node = &mut self.nodes[node];
        let all = node.netlink.addresses().expect("addresses");
        all.iter().filter(|a: &&AddressState| a.index == node.index).map(|a| a.cidr).collect()
    }

    pub(crate) fn holds(&mut self, node: usize, address: &str) -> bool {
        let address: std::net::IpAddr = address.parse().expect("an address");
        self.addresses(node).iter().any(|c| c.address == address)
    }

    /// Removes an address, as a stranger.
    pub(crate) fn remove_address(&mut self, node: usize, cidr: &str) {
        self.act();
        let node = &mut self.nodes[node];
        node.netlink.delete_address(node.index, cidr.parse().expect("an address")).expect("it is there");
    }

    /// Sets a node's eth0 up or down.
    pub(crate) fn set_up(&mut self, node: usize, up: bool) {
        self.act();
        let node = &mut self.nodes[node];
        node.netlink.set_up(node.index, up).expect("it is ours");
    }

    /// What has been seen until now is not what the next act brings about.
    pub(crate) fn act(&mut self) {
        self.look();
        self.acted = self.seen.len();
    }

    /// Looks for so long.
    pub(crate) fn watch(&mut self, time: Duration) {
        let until = self.clock.now() + time;
        loop {
            self.look();
            if self.clock.now() >= until {
                return;
            }
            std::thread::sleep(Real::from_millis(2));
        }
    }

    /// Looks until something is seen that comes after the last act; tells when it came.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, limit: Duration, is: impl Fn(&Seen) -> bool) -> Instant {
        let until = self.clock.now() + limit;
        loop {
            if let Some(seen) = self.seen[self.acted..].iter().find(|seen| is(seen)) {
                return seen.at;
            }
            let (one, other) = (self.log(0), self.log(1));
            assert!(self.clock.now() < until, "not seen: {what}\n{one}\n{other}");
            self.watch(Duration::from_millis(5));
        }
    }

    /// Looks until a line comes by the FIFO of a node.
    #[track_caller]
    pub(crate) fn line(&mut self, node: usize, line: &str, limit: Duration) -> Instant {
        self.until(line, limit, |s| s.node == node && s.what == What::Line(line.to_string()))
    }

    fn look(&mut self) {
        for n in 0..self.nodes.len() {
            let node = &mut self.nodes[n];
            while let Ok(Some(received)) = node.packets.receive() {
                let (at, frame) = (self.clock.of_stamp(received.stamp), received.bytes.to_vec());
                self.seen.push(Seen { at, node: 1 - n, what: What::Frame(frame) });
            }
            for line in node.lines() {
                self.seen.push(Seen { at: self.clock.now(), node: n, what: What::Line(line) });
            }
        }
    }

    /// The lines of a node's FIFO so far.
    pub(crate) fn lines(&self, node: usize) -> Vec<&str> {
        self.seen.iter().filter_map(|s| line_of(s, node)).collect()
    }

    /// The adverts that a node sent so far, with their priorities.
    pub(crate) fn adverts(&self, node: usize) -> Vec<(Instant, u8)> {
        self.seen.iter().filter(|s| s.node == node).filter_map(|s| Some((s.at, priority(s)?))).collect()
    }
}

fn line_of(seen: &Seen, node: usize) -> Option<&str> {
    match &seen.what {
        What::Line(line) if seen.node == node => Some(line),
        _ => None,
    }
}

/// The priority of a frame that is an advert.
pub(crate) fn priority(seen: &Seen) -> Option<u8> {
    let What::Frame(frame) = &seen.what else { return None };
    let message = match (frame.get(12..14)?, frame.get(14 + 9)?, frame.get(14 + 6)?) {
        ([8, 0], 112, _) => 14 + 20,
        ([8, 0], 51, _) => 14 + 20 + 24,
        ([0x86, 0xdd], _, 112) => 14 + 40,
        _ => return None,
    };
    frame.get(message + 2).copied()
}

impl Drop for Lab {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            if let Some(mut child) = node.child.take() {
                let pid = Pid::from_raw(child.id() as i32);
                let _ = kill(pid, Signal::SIGTERM);
                for _ in 0..40 {
                    if !matches!(child.try_wait(), Ok(None)) {
                        break;
                    }
                    std::thread::sleep(Real::from_millis(50));
                }
                let _ = child.kill();
                let _ = child.wait();
            }
        }
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Node {
    fn new(n: usize, spaces: Namespaces, folder: &Path) -> Node {
        let own: Cidr = format!("10.9.0.{}/24", n + 1).parse().expect("an address");
        let prepare = || -> io::Result<(Netlink, u32, Packets)> {
            let mut netlink = Netlink::open()?;
            let index = netlink.link("eth0")?.index;
            // Nobody else is there to have the same address.
            fs::write("/proc/sys/net/ipv6/conf/eth0/accept_dad", "0")?;
            netlink.add_address(index, own, &AddressOptions::default())?;
            netlink.set_up(index, true)?;
            let lo = netlink.link("lo")?.index;
            netlink.set_up(lo, true)?;
            let packets = Packets::open(index)?;
            Ok((netlink, index, packets))
        };
        let (netlink, index, packets) =
            spaces.within(prepare).expect("a namespace to enter").expect("a node with a network");
        let path = folder.join(format!("fifo{n}"));
        mkfifo(&path, Mode::from_bits_retain(0o600)).expect("a FIFO");
        let mut options = OpenOptions::new();
        let fifo = options.read(true).write(true).custom_flags(libc::O_NONBLOCK).open(&path);
        let fifo = fifo.expect("a FIFO that can be opened");
        Node { spaces: Arc::new(spaces), netlink, index, packets, fifo, unread: Vec::new(), child: None }
    }

    fn spawn(&self, mut command: Command) -> Child {
        let spaces = Arc::clone(&self.spaces);
        // SAFETY: between fork and exec it makes system calls only.
        unsafe { command.pre_exec(move || spaces.enter()) };
        let program = command.get_program().to_os_string();
        command.spawn().unwrap_or_else(|e| panic!("{program:?} cannot be started: {e}"))
    }

    fn lines(&mut self) -> Vec<String> {
        let mut buffer = [0; 4096];
        while let Ok(length) = self.fifo.read(&mut buffer) {
            self.unread.extend_from_slice(&buffer[..length]);
        }
        let mut lines = Vec::new();
        while let Some(end) = self.unread.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            lines.push(String::from_utf8_lossy(&line).trim_end().to_string());
        }
        lines
    }
}
