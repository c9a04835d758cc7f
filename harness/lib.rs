//! Everything that touches the machine: the command line, files, reports, goldens.

pub mod advice;
pub mod bench;
pub mod command;
#[cfg(feature = "netns")]
pub mod daemon;
pub mod diagnostic;
pub mod dump;
pub mod files;
pub mod golden;
#[cfg(feature = "netns")]
pub mod kernel;
pub mod pcapng;
pub mod quick;
pub mod report;
pub mod sweep;
