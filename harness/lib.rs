//! Everything that touches the machine: the command line, files, reports, goldens.

pub mod diagnostic;
pub mod golden;
pub mod pcapng;
pub mod quick;
