//! What keepalived decides, without touching anything.
//!
//! A [`Node`] is one daemon. It is handed inputs with the instant at which they happen, and fills a buffer with
//! effects for the world to carry out. The contract:
//! - the same inputs at the same instants give the same effects, to the byte;
//! - `now` never goes back (asserted);
//! - only [`Input::Wake`] fires timers, one a call; an early wake does nothing;
//! - ask [`Node::deadline`] again after every `handle`;
//! - effects are carried out in order; at one instant a world hands over all input first and wakes then.
//!
//! Reading order: [`boundary`], [`Node`], [`vrrp`], [`wire`], [`config`]. Absent on purpose: sockets, files,
//! clocks, threads, randomness.

#![forbid(unsafe_code)]

pub mod addr;
pub mod boundary;
pub mod config;
pub mod finding;
mod node;
pub mod quirks;
pub mod schedule;
pub mod smtp;
pub mod time;
pub mod vrrp;
pub mod wire;

pub use boundary::{Effect, Effects, Input};
pub use node::Node;
