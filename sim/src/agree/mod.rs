//! Whether two runs agree: one of ours and a reference, such as a recording of the real keepalived.
//!
//! A run is taken apart into [`Lanes`]: the states of one instance, one address on one node, the adverts of one
//! virtual router at one port, the gratuitous ARPs for one address at one port. Within a lane the sequence is
//! exact, to the byte; between lanes there is no order, because events of one instant come from different
//! processes. Instants are compared from their cause, because a daemon's own microseconds add up: an event may
//! be [`TOLERANCE`] off from its cause and [`TOLERANCE_AN_ADVERT`] more for each advert of its own since.
//!
//! What the kernel sends by itself (IGMP, solicited neighbour discovery, ARP that is not gratuitous) has no lane.
//!
//! Reading order: `lane`, `act`, `lanes` (a run taken apart), `tolerance`, `compare`, `report`; `damage` is for tests.

mod act;
mod compare;
mod damage;
mod lane;
mod lanes;
mod report;
#[cfg(test)]
mod tests;
mod tolerance;

pub use act::Act;
pub use compare::agree;
pub use lane::{Content, Entry, Lane};
pub use lanes::Lanes;
pub use report::{Difference, Disagreement, report};
pub use tolerance::{TOLERANCE, TOLERANCE_AN_ADVERT, TOLERANCE_WITHOUT_CAUSE};
