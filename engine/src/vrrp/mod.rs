//! VRRP as keepalived runs it. Words: Master and Backup as keepalived and RFC 3768 say; RFC 9568 calls the
//! first one Active. Fault is keepalived's third state: the router cannot take part.
//!
//! Reading order: [`timing`] (the formulas), `instance` (the states), `receive` (the checks), `process`
//! (sockets, timers, the table of transitions), `hear`, `transition`, `kernel`, `output`, `garp` (gratuitous
//! ARP), `advert` (the packet that is sent), `replay` (its sequence number, with authentication).

mod advert;
mod garp;
mod hear;
mod instance;
mod kernel;
mod output;
mod process;
mod receive;
mod replay;
pub mod timing;
mod transition;

pub use instance::{Counters, State};
pub use process::Vrrp;
pub use receive::Reject;

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
}

impl FaultReason {
    /// The reason in words, for logs and reports.
    pub const fn words(self) -> &'static str {
        match self {
            FaultReason::LinkDown => "its interface is down",
            FaultReason::NoInterface => "its interface does not exist",
            FaultReason::NoAddress => "its interface has no address to advertise from",
            FaultReason::NoPeers => "it has no unicast peers",
        }
    }
}
