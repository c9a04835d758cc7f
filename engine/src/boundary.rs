//! The engine's boundary: what a world hands in and what it is asked to do. The cut is where keepalived's is,
//! at the system call: raw IP sockets, frames on a link, addresses, children, signals.
//!
//! # Time and work
//! keepalived re-arms a timer when its work is done, not when it was woken, and a daemon that is still working
//! reads nothing. Which of two starving masters speaks depends on those microseconds (recorded:
//! `auth-mismatch`, `one-way`). So [`Effects`] is a timeline: every effect has an instant, the world says what
//! an effect costs, and the engine arms its timers from [`Effects::now`], which moves on with each effect.
//! With every cost zero all effects have the instant of the input.
//!
//! # Causes
//! A world gives each input an [`Origin`], a number that means something to the world alone. A timer keeps the
//! origin of the input that armed it, and effects carry it: every line of a trace can name its cause.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use crate::addr::{Cidr, Mac};
use crate::config::Config;
use crate::time::{Duration, Instant};

/// A network interface of the host, an index into [`HostFacts::links`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub u16);

/// A socket that the engine opened; the number is the engine's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SockId(pub u16);

/// An instance, an index into [`crate::config::Config::instances`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InstanceId(pub u16);

/// A synchronisation group, an index into [`crate::config::Config::groups`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GroupId(pub u16);

/// A tracked script, an index into [`crate::config::Config::scripts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ScriptId(pub u16);

/// A child process that the engine asked for; the number is the engine's and never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct JobId(pub u32);

/// A stream (TCP) that the engine asked for; the number is the engine's and never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnId(pub u32);

/// A tracked file, an index into [`crate::config::Config::files`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u16);

/// A tracked process, an index into [`crate::config::Config::processes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProcessId(pub u16);

/// A route or a rule of the configuration, see [`crate::config::Config::route`] and
/// [`crate::config::Config::rule`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineId {
    /// Whose: an instance's, or static if it is nobody's.
    pub of: Option<InstanceId>,
    /// Its place in the block.
    pub n: u16,
}

/// A number with which the world recognises an input as the cause of an effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Origin(pub u64);

/// What the daemon finds on its host when it starts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct HostFacts {
    /// First label of the host name.
    pub hostname: String,
    /// The interfaces.
    pub links: Vec<LinkFacts>,
    /// `net.ipv6.conf.all.forwarding`: neighbour advertisements say so.
    pub forwards6: bool,
    /// The tracked files that exist, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// How many processes run for each `vrrp_track_process`.
    pub processes: Vec<u32>,
    /// What the wall clock shows at [`Instant::ZERO`], counted from 1970: for the dates of mails.
    pub wall_clock: Duration,
}

/// One interface as the daemon finds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkFacts {
    /// Its name.
    pub name: String,
    /// Its Ethernet address.
    pub mac: Mac,
    /// Bytes of a packet.
    pub mtu: u16,
    /// `IFF_UP` and `IFF_RUNNING`.
    pub up: bool,
    /// Its addresses, in the kernel's order.
    pub addresses: Vec<Cidr>,
}

/// What happens to the daemon.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input<'a> {
    /// It is started. Exactly once, first.
    Start,
    /// A deadline may have been reached. Fires at most one timer; the world wakes again while
    /// [`crate::Node::deadline`] is due. An early wake does nothing.
    Wake,
    /// A signal arrives.
    Signal(Signal),
    /// A packet was read from a raw socket.
    Packet {
        /// Which socket.
        sock: SockId,
        /// What it is.
        packet: Packet<'a>,
    },
    /// A child has ended.
    Job {
        /// Which.
        job: JobId,
        /// How.
        exit: Exit,
    },
    /// Something happened to a stream.
    Stream {
        /// Which.
        conn: ConnId,
        /// What.
        event: StreamEvent<'a>,
    },
    /// A tracked file was written, replaced or removed.
    File {
        /// Which.
        file: FileId,
        /// What is in it now; `None` if it is gone.
        content: Option<&'a [u8]>,
    },
    /// The number of processes that a `vrrp_track_process` counts has changed.
    Processes {
        /// Which.
        process: ProcessId,
        /// How many run now.
        running: u32,
    },
    /// The kernel reports a change.
    Kernel(KernelEvent),
    /// SIGHUP, where reading the configuration again takes its time ([`Cost::reload`]): every master gives a sign, and
    /// nothing is handed in before the [`Input::Reload`] that follows.
    Hangup,
    /// The configuration has been read again: at once with SIGHUP, unless [`Input::Hangup`] came before.
    Reload {
        /// The new configuration; `None` if keepalived refuses the text. Then it ends on the spot and leaves its
        /// addresses behind (recorded: `reload-bad`).
        config: Option<Arc<Config>>,
        /// The host as it is now, with the same links in the same order as before.
        host: &'a HostFacts,
    },
}

/// A packet as a raw socket hands it over: with its header for IPv4, without it for IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packet<'a> {
    /// From the IPv4 header on, up to its total length.
    V4(&'a [u8]),
    /// IPv6: the kernel has checked the VRRP checksum and tells what the header said.
    V6 {
        /// From whom.
        source: Ipv6Addr,
        /// To whom: the group, or us.
        destination: Ipv6Addr,
        /// The hop limit.
        hop_limit: u8,
        /// What follows the header.
        message: &'a [u8],
    },
}

/// How a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// By itself, with this status.
    Status(u8),
    /// By this signal.
    Signal(u8),
}

impl Exit {
    /// Status 0.
    pub const SUCCESS: Exit = Exit::Status(0);
}

/// What happens to a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamEvent<'a> {
    /// The connection is there.
    Connected,
    /// It was refused, or nobody can be reached.
    Failed,
    /// Bytes arrived.
    Data(&'a [u8]),
    /// The other side has closed it.
    Closed,
}

/// The same, kept until the daemon is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeptStreamEvent {
    /// [`StreamEvent::Connected`].
    Connected,
    /// [`StreamEvent::Failed`].
    Failed,
    /// [`StreamEvent::Data`].
    Data(Vec<u8>),
    /// [`StreamEvent::Closed`].
    Closed,
}

impl KeptStreamEvent {
    /// As the daemon is told.
    pub fn event(&self) -> StreamEvent<'_> {
        match self {
            KeptStreamEvent::Connected => StreamEvent::Connected,
            KeptStreamEvent::Failed => StreamEvent::Failed,
            KeptStreamEvent::Data(bytes) => StreamEvent::Data(bytes),
            KeptStreamEvent::Closed => StreamEvent::Closed,
        }
    }
}

/// A signal that the daemon handles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// SIGTERM: stop gracefully.
    Term,
}

/// A change that the kernel reports by netlink.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KernelEvent {
    /// The interface came up or went down (`IFF_UP` and `IFF_RUNNING`).
    Link {
        /// Which.
        link: LinkId,
        /// Whether it is up now.
        up: bool,
    },
    /// An address appeared, whoever added it.
    AddressAdded {
        /// Where.
        link: LinkId,
        /// Which.
        cidr: Cidr,
    },
    /// An address is gone, whoever removed it.
    AddressRemoved {
        /// Where.
        link: LinkId,
        /// Which.
        cidr: Cidr,
    },
    /// A stranger has removed a route. What the daemon removed itself, or what the kernel drops with its interface
    /// without a word, is not reported.
    RouteRemoved(LineId),
    /// A stranger has removed a rule.
    RuleRemoved(LineId),
}

/// What the daemon asks of the world. Carried out in order, each at its instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Open a raw socket.
    Open {
        /// Its number from now on.
        sock: SockId,
        /// What it is for.
        spec: SocketSpec,
    },
    /// Close it and leave the group.
    Close(SockId),
    /// Send an IPv4 packet whose header is complete but for the header checksum, which the kernel fills in.
    Send {
        /// By which socket.
        sock: SockId,
        /// To whom.
        to: Ipv4Addr,
        /// The packet, see [`Effects::bytes`].
        bytes: Bytes,
    },
    /// Send an IPv6 packet; the kernel makes the header and fills in the VRRP checksum.
    Send6 {
        /// By which socket.
        sock: SockId,
        /// From which of our addresses.
        from: Ipv6Addr,
        /// To whom.
        to: Ipv6Addr,
        /// Its hop limit.
        hop_limit: u8,
        /// The message, see [`Effects::bytes`].
        bytes: Bytes,
    },
    /// Send an Ethernet frame.
    Frame {
        /// On which interface.
        link: LinkId,
        /// The frame, see [`Effects::bytes`].
        bytes: Bytes,
    },
    /// Add an address to an interface, or remove it.
    Address {
        /// What to do.
        op: AddressOp,
        /// Where.
        link: LinkId,
        /// Which.
        cidr: Cidr,
    },
    /// Add a route, or remove it. One that is there already is as good as added, one that is gone as good as
    /// removed.
    Route {
        /// What to do.
        op: AddressOp,
        /// Which.
        route: LineId,
    },
    /// Add a policy rule, or remove it; the same holds.
    Rule {
        /// What to do.
        op: AddressOp,
        /// Which.
        rule: LineId,
    },
    /// Drop packets to an address that the host has but that it must not serve (`no_accept`), or no longer drop
    /// them. Neighbour discovery is not dropped.
    Filter {
        /// Begin or end.
        op: AddressOp,
        /// Packets to this address.
        address: IpAddr,
    },
    /// The daemon announces a state; notify scripts, FIFO and mail are effects of their own.
    Notify(Notification),
    /// The daemon announces the state of a group.
    NotifyGroup(GroupNotification),
    /// Run a command as a child.
    Spawn {
        /// Its number from now on.
        job: JobId,
        /// The program and its arguments, each ended by a zero byte, see [`Effects::words`].
        argv: Bytes,
        /// Whom to run it as: user and, if given, group, each ended by a zero byte; empty for the daemon's
        /// default.
        user: Bytes,
    },
    /// Send a signal to the process group of a child.
    Kill {
        /// Which child.
        job: JobId,
        /// The signal.
        signal: KillSignal,
    },
    /// Write a line to a FIFO. It is lost if nobody reads or the pipe is full.
    Fifo {
        /// Which.
        fifo: Fifo,
        /// The line with its end, see [`Effects::bytes`].
        bytes: Bytes,
    },
    /// Write a whole file (`init_file`).
    WriteFile {
        /// Which tracked file.
        file: FileId,
        /// What it contains from now on, see [`Effects::bytes`].
        bytes: Bytes,
    },
    /// Open a stream.
    Connect {
        /// Its number from now on.
        conn: ConnId,
        /// To whom.
        to: SocketAddr,
    },
    /// Send bytes on a stream.
    Write {
        /// On which.
        conn: ConnId,
        /// The bytes, see [`Effects::bytes`].
        bytes: Bytes,
    },
    /// Close a stream, connected or not. Nothing more is heard of it.
    Hangup(ConnId),
    /// The new configuration runs. Until here instances and groups are numbered by the one before.
    Reloaded,
    /// The daemon writes a log line.
    Log(Message),
    /// The daemon ends.
    Exit,
}

/// What a raw socket is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SocketSpec {
    /// IP protocol: 112, or 51 for adverts with an authentication header.
    pub protocol: u8,
    /// Bound to this interface; a unicast instance without an interface has none.
    pub link: Option<LinkId>,
    /// What it receives.
    pub bind: Bind,
}

/// What a raw socket receives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Bind {
    /// It is a member of this group and receives what is sent to it.
    Group(IpAddr),
    /// It receives what is sent to this address of ours.
    Local(IpAddr),
}

/// A signal to a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillSignal {
    /// SIGTERM.
    Term,
    /// SIGKILL.
    Kill,
}

/// A named pipe that the daemon writes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fifo {
    /// `notify_fifo`.
    Global,
    /// `vrrp_notify_fifo`.
    Vrrp,
}

/// Adding or removing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressOp {
    /// Add it.
    Add,
    /// Remove it.
    Remove,
}

/// A state that the daemon announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notification {
    /// Of which instance.
    pub instance: InstanceId,
    /// What it is now.
    pub state: Announced,
    /// Its effective priority.
    pub priority: u8,
}

/// A state of a group that the daemon announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupNotification {
    /// Of which group.
    pub group: GroupId,
    /// What it is now.
    pub state: Announced,
}

/// The state words of notify scripts and FIFOs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Announced {
    /// Entered BACKUP.
    Backup,
    /// Entered MASTER.
    Master,
    /// Entered FAULT.
    Fault,
    /// The daemon stops.
    Stop,
    /// Gone from the configuration, with `notify_deleted`; without it such an instance says FAULT.
    Deleted,
    /// A master heard a lower priority advert (FIFO and `notify_master_rx_lower_pri` only).
    MasterRxLowerPri,
}

impl Announced {
    /// The word as scripts receive it.
    pub const fn word(self) -> &'static str {
        match self {
            Announced::Backup => "BACKUP",
            Announced::Master => "MASTER",
            Announced::Fault => "FAULT",
            Announced::Stop => "STOP",
            Announced::Deleted => "DELETED",
            Announced::MasterRxLowerPri => "MASTER_RX_LOWER_PRI",
        }
    }
}

/// A log line of the daemon, as data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message {
    /// An advert was refused.
    Rejected {
        /// By which instance.
        instance: InstanceId,
        /// From whom.
        from: IpAddr,
        /// Why.
        reason: crate::vrrp::Reject,
    },
    /// A master hears another with lower priority (or equal priority and lower address).
    LowerPriority {
        /// Which instance.
        instance: InstanceId,
        /// From whom.
        from: IpAddr,
        /// Its priority.
        priority: u8,
    },
    /// A master hears another with higher priority and yields.
    HigherPriority {
        /// Which instance.
        instance: InstanceId,
        /// From whom.
        from: IpAddr,
        /// Its priority.
        priority: u8,
    },
    /// A backup ignores a lower priority advert and lets its timer run.
    Discarded {
        /// Which instance.
        instance: InstanceId,
        /// From whom.
        from: IpAddr,
        /// Its priority.
        priority: u8,
    },
    /// Another node uses our own address and priority.
    SameAddress {
        /// Which instance.
        instance: InstanceId,
    },
    /// A reason to be in FAULT appeared.
    Fault {
        /// Which instance.
        instance: InstanceId,
        /// What it is.
        reason: crate::vrrp::FaultReason,
    },
    /// Trackers have changed the effective priority.
    Priority {
        /// Of which instance.
        instance: InstanceId,
        /// Before.
        from: u8,
        /// Now.
        to: u8,
    },
}

/// Bytes of an effect in the arena of its [`Effects`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bytes {
    start: u32,
    end: u32,
}

/// Why an effect happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Because {
    /// The timer that fired, or `None` where the input itself is the cause.
    pub timer: Option<Timer>,
    /// The origin of the input, or of the one that armed the timer.
    pub origin: Origin,
}

/// The engine's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Timer {
    /// A backup has not heard its master for too long (RFC 3768, 6.4.2 `Master_Down_Timer`).
    MasterDown,
    /// A master's next advert (RFC 3768, 6.4.3 `Adver_Timer`).
    Advert,
    /// The second burst of gratuitous ARPs.
    GarpDelay,
    /// A gratuitous ARP that had to wait for `garp_interval`.
    GarpPacing,
    /// The next run of a tracked script.
    Script,
    /// A run of a tracked script takes too long.
    ScriptLimit,
    /// A quorum of processes has lasted, or lacked, for long enough.
    Quorum,
    /// Nobody answers a mail.
    Mail,
    /// The linger before a stopping daemon exits.
    Linger,
}

impl Timer {
    /// All timers.
    pub const ALL: [Timer; 9] = [
        Timer::MasterDown,
        Timer::Advert,
        Timer::GarpDelay,
        Timer::GarpPacing,
        Timer::Script,
        Timer::ScriptLimit,
        Timer::Quorum,
        Timer::Mail,
        Timer::Linger,
    ];

    /// The name in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Timer::MasterDown => "master-down",
            Timer::Advert => "advert",
            Timer::GarpDelay => "garp-delay",
            Timer::GarpPacing => "garp-pacing",
            Timer::Script => "interval",
            Timer::ScriptLimit => "timeout",
            Timer::Quorum => "quorum-delay",
            Timer::Mail => "mail-timeout",
            Timer::Linger => "linger",
        }
    }
}

/// How long the daemon works on what it does. Zero is an infinitely fast host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    /// Reading a packet and checking it.
    pub receive: Duration,
    /// Sending a packet.
    pub send: Duration,
    /// Sending a gratuitous ARP.
    pub garp: Duration,
    /// Adding an address.
    pub address_add: Duration,
    /// Removing an address.
    pub address_remove: Duration,
    /// Starting a notify script and logging the change.
    pub notify: Duration,
    /// Reading the configuration again, from SIGHUP until the daemon goes on.
    pub reload: Duration,
}

impl Cost {
    /// An infinitely fast host.
    pub const FREE: Cost = Cost {
        receive: Duration::ZERO,
        send: Duration::ZERO,
        garp: Duration::ZERO,
        address_add: Duration::ZERO,
        address_remove: Duration::ZERO,
        notify: Duration::ZERO,
        reload: Duration::ZERO,
    };

    /// Read off the recordings of keepalived 2.2.7 on a virtual clock, where an advert costs about 1 µs, a
    /// gratuitous ARP 2.2 µs and becoming master 23 µs in all (`master-crash`). Reading a text takes nothing there.
    pub const RECORDED: Cost = Cost {
        receive: Duration::from_micros(1),
        send: Duration::from_micros(1),
        garp: Duration::from_micros(2),
        address_add: Duration::from_micros(10),
        address_remove: Duration::from_micros(10),
        notify: Duration::from_micros(2),
        reload: Duration::ZERO,
    };
}

/// An effect, when it takes place and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timed {
    /// When.
    pub at: Instant,
    /// Why.
    pub because: Because,
    /// What.
    pub effect: Effect,
}

/// The effects of one input: owned by the caller, filled by the engine, reused without allocation.
#[derive(Clone, Debug)]
pub struct Effects {
    list: Vec<Timed>,
    arena: Vec<u8>,
    cost: Cost,
    now: Instant,
    input: Origin,
    because: Because,
}

impl Effects {
    /// An empty buffer for a daemon whose work costs `cost`.
    pub fn new(cost: Cost) -> Effects {
        let because = Because { timer: None, origin: Origin(0) };
        Effects {
            list: Vec::with_capacity(32),
            arena: Vec::with_capacity(1024),
            cost,
            now: Instant::ZERO,
            input: Origin(0),
            because,
        }
    }

    /// Empties the buffer; the next input has this origin.
    pub fn clear(&mut self, origin: Origin) {
        self.list.clear();
        self.arena.clear();
        self.input = origin;
        self.because = Because { timer: None, origin };
    }

    /// The effects, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Timed> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The `i`-th effect.
    pub fn get(&self, i: usize) -> Timed {
        self.list[i]
    }

    /// The bytes of an effect of this buffer.
    pub fn bytes(&self, bytes: Bytes) -> &[u8] {
        &self.arena[bytes.start as usize..bytes.end as usize]
    }

    /// The words of an effect of this buffer, such as the arguments of a [`Effect::Spawn`].
    pub fn words(&self, bytes: Bytes) -> impl Iterator<Item = &str> {
        let text = std::str::from_utf8(self.bytes(bytes)).expect("words are text");
        text.split_terminator('\0')
    }

    /// The instant at which the work done so far is finished.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The origin of the input being handled: what a timer armed now remembers.
    pub(crate) fn origin(&self) -> Origin {
        self.input
    }

    pub(crate) fn begin(&mut self, now: Instant) {
        self.now = now;
    }

    /// From here on effects happen because this timer fired; it was armed by the input of that origin.
    pub(crate) fn fired(&mut self, timer: Timer, origin: Origin) {
        self.because = Because { timer: Some(timer), origin };
    }

    pub(crate) fn spend_receive(&mut self) {
        self.now += self.cost.receive;
    }

    pub(crate) fn spend_reload(&mut self) {
        self.now += self.cost.reload;
    }

    pub(crate) fn push(&mut self, effect: Effect) {
        self.list.push(Timed { at: self.now, because: self.because, effect });
        self.now += match effect {
            Effect::Send { .. } | Effect::Send6 { .. } => self.cost.send,
            Effect::Frame { .. } => self.cost.garp,
            Effect::Address { op: AddressOp::Add, .. } => self.cost.address_add,
            Effect::Address { op: AddressOp::Remove, .. } => self.cost.address_remove,
            Effect::Notify(_) => self.cost.notify,
            // A state's announcement has paid for the scripts and lines that follow it.
            Effect::Open { .. }
            | Effect::Close(_)
            | Effect::Filter { .. }
            // Recorded: seven routes and three rules take 4 µs together.
            | Effect::Route { .. }
            | Effect::Rule { .. }
            | Effect::NotifyGroup(_)
            | Effect::Spawn { .. }
            | Effect::Kill { .. }
            | Effect::Fifo { .. }
            | Effect::WriteFile { .. }
            | Effect::Connect { .. }
            | Effect::Write { .. }
            | Effect::Hangup(_)
            | Effect::Reloaded
            | Effect::Log(_)
            | Effect::Exit => Duration::ZERO,
        };
    }

    /// Copies words into the arena for an effect to refer to.
    pub(crate) fn store_words<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) -> Bytes {
        let start = self.arena.len() as u32;
        for word in words {
            self.arena.extend_from_slice(word.as_bytes());
            self.arena.push(0);
        }
        Bytes { start, end: self.arena.len() as u32 }
    }

    /// Copies `bytes` into the arena for an effect to refer to.
    pub(crate) fn store(&mut self, bytes: &[u8]) -> Bytes {
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(bytes);
        Bytes { start, end: self.arena.len() as u32 }
    }
}
