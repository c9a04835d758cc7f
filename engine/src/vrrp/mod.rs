//! VRRP as keepalived runs it. Words: Master and Backup as keepalived and RFC 3768 say; RFC 9568 calls the
//! first one Active. Fault is keepalived's third state: the router cannot take part.
//!
//! Reading order: [`timing`] (the formulas), `instance` (the states), `receive` (the checks), `process`
//! (sockets, timers, the table of transitions), `hear`, `transition`, `kernel`, `output`, `garp` (gratuitous
//! ARP), `advert` (the packet that is sent), `replay` (its sequence number, with authentication);
//! then what else moves an instance: `track` and `priority`, `script`, `watch` (files, processes), `route`, `sync`
//! (groups); `notify` and `mail`, whom the daemon tells of it; and `reload`, another configuration for the same
//! instances.

mod advert;
mod garp;
mod hear;
mod instance;
mod kernel;
mod mail;
mod notify;
mod output;
mod priority;
mod process;
mod receive;
mod reload;
mod replay;
mod route;
mod script;
mod sync;
pub mod timing;
mod track;
mod transition;
mod watch;

pub use instance::{Counters, State};
pub use process::Vrrp;
pub use receive::Reject;
pub use track::Tracker;

/// Why an instance is in FAULT.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FaultReason {
    /// Its interface is down.
    LinkDown,
    /// Its interface does not exist.
    NoInterface,
    /// Its interface has no address of its family to advertise from.
    NoAddress,
    /// `unicast_fault_no_peer`: it is to be unicast and has no peers. It never leaves FAULT.
    NoPeers,
    /// Something that it tracks without a weight is bad.
    Tracker(Tracker),
}

impl FaultReason {
    /// The reason in words, for logs and reports.
    pub const fn words(self) -> &'static str {
        match self {
            FaultReason::LinkDown => "its interface is down",
            FaultReason::NoInterface => "its interface does not exist",
            FaultReason::NoAddress => "its interface has no address to advertise from",
            FaultReason::NoPeers => "it has no unicast peers",
            FaultReason::Tracker(Tracker::Interface(_)) => "an interface that it tracks is down",
            FaultReason::Tracker(Tracker::Script(_)) => "a script that it tracks fails",
            FaultReason::Tracker(Tracker::File(_)) => "a file that it tracks says so",
            FaultReason::Tracker(Tracker::Process(_)) => "a process that it tracks does not run as it should",
        }
    }
}
