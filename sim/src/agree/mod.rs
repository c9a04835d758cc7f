//! Whether two runs agree: one of ours and a reference, such as a recording of the real keepalived.
//!
//! A run is taken apart into [`Lanes`]: the states of one instance, one address on one node, the adverts of one
//! virtual router at one port, the gratuitous ARPs for one address at one port. Within a lane the sequence is
//! exact, to the byte; between lanes there is no order, because events of one instant come from different
//! processes. Instants are compared from their cause, because a daemon's own microseconds add up: an event may
//! be off from its cause by a [`Tolerance`], and by more for each advert of its own since.
//!
//! Two runs of this laboratory (the reference may come from a world with a real clock, where events have no causes)
//! number their acts alike. Then an act takes place when it does in each run, and what it causes is counted from
//! there: an act that waits for something comes when that was seen in its own run. A recording of somebody else's
//! laboratory must have acted at the same instants.
//!
//! What the kernel sends by itself (IGMP, solicited neighbour discovery, ARP that is not gratuitous) has no lane.
//!
//! Reading order: `lane`, `act`, `lanes` (a run taken apart), `tolerance`, `compare` with `script`, `anchor` and
//! `race`, `report`; `speakers` is a coarser view; `damage` is for tests.

mod act;
mod anchor;
mod compare;
mod damage;
mod lane;
mod lanes;
mod race;
mod report;
mod script;
mod speakers;
#[cfg(test)]
mod tests;
mod tolerance;

pub use act::Act;
pub use compare::{Agreement, Deviation, Distance, agree};
pub use lane::{Content, Entry, Lane};
pub use lanes::Lanes;
pub use report::{Difference, Disagreement, report};
pub use speakers::agree_speakers;
pub use tolerance::Tolerance;
