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

use std::net::Ipv4Addr;

use crate::addr::{Cidr, Mac};
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
    /// An IPv4 packet, header first, was read from a raw socket.
    Packet {
        /// Which socket.
        sock: SockId,
        /// The packet from its IP header on.
        bytes: &'a [u8],
    },
    /// The kernel reports a change.
    Kernel(KernelEvent),
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
}

/// What the daemon asks of the world. Carried out in order, each at its instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Open a raw socket for protocol 112 on an interface and join the group.
    Open {
        /// Its number from now on.
        sock: SockId,
        /// Bound to this interface.
        link: LinkId,
        /// Member of this group.
        group: Ipv4Addr,
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
    /// The daemon announces a state: notify scripts, FIFO and mail follow from it.
    Notify(Notification),
    /// The daemon writes a log line.
    Log(Message),
    /// The daemon ends.
    Exit,
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
        from: Ipv4Addr,
        /// Why.
        reason: crate::vrrp::Reject,
    },
    /// A master hears another with lower priority (or equal priority and lower address).
    LowerPriority {
        /// Which instance.
        instance: InstanceId,
        /// From whom.
        from: Ipv4Addr,
        /// Its priority.
        priority: u8,
    },
    /// A master hears another with higher priority and yields.
    HigherPriority {
        /// Which instance.
        instance: InstanceId,
        /// From whom.
        from: Ipv4Addr,
        /// Its priority.
        priority: u8,
    },
    /// A backup ignores a lower priority advert and lets its timer run.
    Discarded {
        /// Which instance.
        instance: InstanceId,
        /// From whom.
        from: Ipv4Addr,
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
    /// The linger before a stopping daemon exits.
    Linger,
}

impl Timer {
    /// The name in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Timer::MasterDown => "master-down",
            Timer::Advert => "advert",
            Timer::GarpDelay => "garp-delay",
            Timer::GarpPacing => "garp-pacing",
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
    /// Adding or removing an address.
    pub address: Duration,
    /// Starting a notify script and logging the change.
    pub notify: Duration,
}

impl Cost {
    /// An infinitely fast host.
    pub const FREE: Cost = Cost {
        receive: Duration::ZERO,
        send: Duration::ZERO,
        garp: Duration::ZERO,
        address: Duration::ZERO,
        notify: Duration::ZERO,
    };

    /// Read off the recordings of keepalived 2.2.7 on a virtual clock, where an advert costs about 1 µs, a
    /// gratuitous ARP 2.2 µs and becoming master 23 µs in all (`master-crash`).
    pub const RECORDED: Cost = Cost {
        receive: Duration::from_micros(1),
        send: Duration::from_micros(1),
        garp: Duration::from_micros(2),
        address: Duration::from_micros(10),
        notify: Duration::from_micros(2),
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

    /// The bytes of a [`Effect::Send`] or [`Effect::Frame`] of this buffer.
    pub fn bytes(&self, bytes: Bytes) -> &[u8] {
        &self.arena[bytes.start as usize..bytes.end as usize]
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

    pub(crate) fn push(&mut self, effect: Effect) {
        self.list.push(Timed { at: self.now, because: self.because, effect });
        self.now += match effect {
            Effect::Send { .. } => self.cost.send,
            Effect::Frame { .. } => self.cost.garp,
            Effect::Address { .. } => self.cost.address,
            Effect::Notify(_) => self.cost.notify,
            Effect::Open { .. } | Effect::Close(_) | Effect::Log(_) | Effect::Exit => Duration::ZERO,
        };
    }

    /// Copies `bytes` into the arena for an effect to refer to.
    pub(crate) fn store(&mut self, bytes: &[u8]) -> Bytes {
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(bytes);
        Bytes { start, end: self.arena.len() as u32 }
    }
}
