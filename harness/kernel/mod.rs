//! The machine's kernel, as far as a daemon and a laboratory need it: netlink, namespaces, packet sockets, clocks.
//!
//! Everything here is synchronous: a daemon and a laboratory are one thread and one poll loop each, so that nothing
//! overtakes anything and a request to the kernel is done when it returns.

pub mod clock;
pub mod namespace;
pub mod netlink;
pub mod offload;
pub mod packet;
pub mod processes;
