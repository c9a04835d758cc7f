//! What happened, as one list of events: the only thing that oracles, goldens and reports read.
//!
//! *Seen* events (frames, addresses, neighbours, answers) are observed from outside a daemon; *claimed* ones
//! are its own words. Oracles judge what is seen; claims explain it.

mod text;

use std::sync::Arc;

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::{Announced, Exit, Fifo, Timer};
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::vrrp::State;

use crate::frame::Summary;

pub use text::TraceError;

/// The name of a node, client or segment.
pub type Name = Arc<str>;

/// One event: when, where, what and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// On which host; `None` is the laboratory itself (`--`).
    pub host: Option<Name>,
    /// What.
    pub what: What,
    /// Why.
    pub cause: Cause,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// Seen: a frame left a host's port. `tx  #7  vrrp2 …`, and where the link is not eth0:
    /// `tx  #7 via eth1 vrrp2 …`
    Tx {
        /// Its number in the capture, from 1.
        frame: u32,
        /// By which link of the host.
        link: Name,
        /// What it is.
        summary: Summary,
    },
    /// Seen: a frame did not arrive at this host, or could not leave it. `lost  #7  muted  vrrp2 …`
    Lost {
        /// Its number in the capture; `None` if it never left its host.
        frame: Option<u32>,
        /// Why.
        why: Loss,
        /// What it is.
        summary: Summary,
    },
    /// Seen: a frame on its way to this host, or over a trunk (`--`), was touched.
    /// `touch  #7  delayed 3ms vrrp2 …`
    Touched {
        /// Its number in the capture.
        frame: u32,
        /// What happened to it.
        how: Touch,
        /// What it is, as it was sent.
        summary: Summary,
    },
    /// Seen: an address was added or removed. `addr  + 192.168.10.240/24 eth0`
    Address {
        /// Added, or removed.
        added: bool,
        /// Which.
        cidr: Cidr,
        /// On which link.
        link: Name,
    },
    /// Seen: a route of a daemon was added or removed, as [`crate::way::Way`] writes it.
    /// `route  + 10.1.0.0/16 via 10.0.0.9 dev eth0`
    Route {
        /// Added, or removed.
        added: bool,
        /// Which.
        route: String,
    },
    /// Seen: a rule of a daemon was added or removed, as [`crate::way::Policy`] writes it.
    /// `rule  + 300 from 10.0.0.240 table 77`
    Rule {
        /// Added, or removed.
        added: bool,
        /// Which.
        rule: String,
    },
    /// Seen: a host's neighbour table changed. `neigh  192.168.10.240 at 02:00:00:00:00:01 stale`
    Neighbour {
        /// Whose entry.
        address: std::net::IpAddr,
        /// What it points at, if anything.
        mac: Option<Mac>,
        /// Its state.
        state: NeighbourState,
    },
    /// Seen: a client's view of an address changed: from this ping on it is answered by this MAC, or by none.
    /// `answer  192.168.10.240 by 02:00:00:00:00:01 (ka1)` · `answer  192.168.10.240 by nobody`, and where a router
    /// brings the answers `answer  10.1.0.5 through 02:00:00:00:00:01 (ka1)`
    Answer {
        /// The address it pings.
        address: std::net::IpAddr,
        /// Who answered.
        by: Option<Answerer>,
    },
    /// Claimed: a daemon announces a state. `claim  VI_1 Backup -> Master 100`; a first state has no arrow;
    /// `claim  VI_1 Stop 100` · `claim  VI_1 heard-lower 100`
    Claim {
        /// The instance's name.
        instance: Name,
        /// Before, if it is known and differs.
        from: Option<State>,
        /// What it announces.
        to: Announced,
        /// Its effective priority.
        priority: u8,
    },
    /// Claimed: a daemon announces the state of a group. `group  G1 Master`
    Group {
        /// The group's name.
        group: Name,
        /// What it announces.
        to: Announced,
    },
    /// Seen: a daemon started a child. `job  #3 runs /usr/bin/test -f /ok`
    Spawn {
        /// Its number in the run, from 1.
        job: u32,
        /// The command line.
        command: String,
    },
    /// Seen: a child has ended. `job  #3 exit 0` · `job  #3 signal 15`
    Exit {
        /// Its number in the run.
        job: u32,
        /// How.
        exit: Exit,
    },
    /// Seen: a daemon wrote a line to a FIFO. `fifo  vrrp INSTANCE "VI_1" MASTER 100`
    Fifo {
        /// `global` is `notify_fifo`, `vrrp` is `vrrp_notify_fifo`.
        fifo: Fifo,
        /// The line, without its end.
        line: String,
    },
    /// Seen: a line of a mail's dialogue; `>` is the daemon's, `<` the server's. `smtp  #1 > HELO localhost`
    Smtp {
        /// The number of the connection in the run, from 1.
        conn: u32,
        /// Whether the daemon says it.
        out: bool,
        /// The line, without its end.
        line: String,
    },
    /// Seen: a server has taken a mail. `mail  #1 [a] VRRP Instance VI_1 - Entering MASTER state`
    Mail {
        /// The number of the connection in the run.
        conn: u32,
        /// Its subject.
        subject: String,
    },
    /// Claimed: a log line of the daemon. `log  text to the end of the line`
    Log(String),
    /// The laboratory acted: `fault  crash ka1`, `fault  partition lan ka1 probe | ka2`, `fault  start ka1`.
    Fault(String),
}

/// The station whose frame brought a client its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answerer {
    /// Its Ethernet address.
    pub mac: Mac,
    /// Its host, if known.
    pub host: Option<Name>,
    /// It is a router that sent the answer on: the pinged address is in no network of the client.
    pub forwards: bool,
}

/// Why a frame was lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Loss {
    /// The sender's link has no carrier: `no-carrier`.
    NoCarrier,
    /// Sender and receiver are on different sides of a partition: `partition`.
    Partition,
    /// The receiver does not hear this sender: `muted`.
    Muted,
    /// The receiver's socket queue was full: `queue-full`.
    QueueFull,
    /// A packet filter of the host dropped it, coming or going: `filtered`.
    Filtered,
    /// An impairment lost it: `impaired`.
    Impaired,
    /// It found the queue of a bottleneck full: `tail-drop`.
    TailDrop,
    /// The policer of ARP dropped it where it came in: `policed`.
    Policed,
    /// The port that it came in or would leave by does not forward yet: `not-forwarding`.
    NotForwarding,
    /// A snooping switch did not know that the receiver wants it: `pruned`.
    Pruned,
    /// The trunk that it would cross is down: `trunk-down`.
    TrunkDown,
}

impl Loss {
    /// For people: `socket queue full`.
    pub const fn words(self) -> &'static str {
        match self {
            Loss::NoCarrier => "no carrier",
            Loss::Partition => "partition",
            Loss::Muted => "muted",
            Loss::QueueFull => "socket queue full",
            Loss::Filtered => "packet filter",
            Loss::Impaired => "lost by an impairment",
            Loss::TailDrop => "queue of the bottleneck full",
            Loss::Policed => "too many ARP frames",
            Loss::NotForwarding => "port does not forward yet",
            Loss::Pruned => "pruned by snooping",
            Loss::TrunkDown => "trunk down",
        }
    }
}

/// What happened to a frame that is not lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Touch {
    /// It arrives so much later: `delayed 3ms`.
    Delayed(Duration),
    /// It arrives twice: `duplicated`.
    Duplicated,
    /// It is held back for so long, and others overtake it: `held 2ms`.
    Held(Duration),
    /// This bit is wrong on arrival, counted from the end of the Ethernet header: `corrupted bit 133`.
    Corrupted(u32),
    /// It takes so long through a bottleneck, waiting included: `queued 7.5ms`.
    Queued(Duration),
}

/// The state of a neighbour entry, as Linux names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NeighbourState {
    /// Asked, no answer yet.
    Incomplete,
    /// Confirmed lately.
    Reachable,
    /// Unconfirmed; used as it is, and checked after use.
    Stale,
    /// Used while stale; a check is about to begin.
    Delay,
    /// Being checked by unicast requests.
    Probe,
    /// Did not answer.
    Failed,
}

/// Why it happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// Nothing earlier: the script of the scenario, or a host's own business.
    None,
    /// A frame was received: `<- #7`.
    Frame(u32),
    /// An act of the script, by its place there in the order of time, from 1: `<- act 2`. The line that tells
    /// of the act itself has this cause too. 0 is the first start of the node's daemon: `<- start`.
    Fault(u32),
    /// A child has ended: `<- job 3`.
    Job(u32),
    /// A timer that the end of a child armed: `<- master-down of job 3`.
    TimerOfJob(Timer, u32),
    /// A timer that this frame armed: `<- master-down of #7`. Frames received and sent both arm timers.
    TimerOfFrame(Timer, u32),
    /// A timer that an act armed: `<- master-down of act 1`, `<- master-down of start`.
    TimerOfFault(Timer, u32),
}

/// What a trace's header says: `# vrrp/master-crash  world=sim  subject=engine  seed=1  duration=20s`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The scenario, and after a `/` its variant.
    pub scenario: String,
    /// Where it ran: `sim`.
    pub world: String,
    /// What ran on the nodes: `engine`.
    pub subject: String,
    /// The seed.
    pub seed: u64,
    /// How long it was to run.
    pub duration: Duration,
}

/// A whole run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// What ran.
    pub header: Header,
    /// What happened, in the order of time.
    pub events: Vec<Event>,
}
