//! The world that the engine thinks it is in: a virtual clock, hosts as Linux keeps them, switches, faults;
//! and the judgement of what happened: trace, oracles, expectations.
//!
//! Absent on purpose: files, sockets, clocks, threads. A run is a function of its scenario and seed.

#![forbid(unsafe_code)]

pub mod agree;
pub mod anchors;
pub mod capture;
pub mod fabric;
pub mod frame;
pub mod hash;
pub mod mailbox;
pub mod neighbour;
pub mod observer;
pub mod oracle;
pub mod ping;
pub mod record;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod switch;
pub mod trace;
pub mod way;
pub mod world;
