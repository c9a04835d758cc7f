//! A scenario: topology, nodes, faults and expectations of one run. The text form is TOML; it refers to
//! keepalived.conf files for the nodes, so nothing that a user already has must be rewritten.

mod host;
mod impairment;
mod model;
mod read;
mod service;
mod vary;

pub use host::*;
pub use impairment::*;
pub use model::*;
pub use read::{Files, ScenarioFile, default_mac, name_of, read};
pub use service::Service;
