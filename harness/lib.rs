//! Everything that touches the machine: the command line, files, reports, goldens.

pub mod advice;
pub mod agreement;
pub mod bench;
pub mod command;
#[cfg(feature = "netns")]
pub mod daemon;
pub mod diagnostic;
pub mod doctor;
pub mod dump;
pub mod files;
pub mod fit;
pub mod golden;
#[cfg(feature = "netns")]
pub mod kernel;
#[cfg(feature = "netns")]
pub mod lab;
pub mod notes;
pub mod pcapng;
pub mod quick;
pub mod report;
pub mod roots;
pub mod subject;
pub mod sweep;
pub mod template;
#[cfg(feature = "netns")]
pub mod uml;
