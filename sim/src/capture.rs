//! Every frame that left a port, with its bytes: what becomes a pcapng file and what goldens compare.

use vrrplab_engine::time::Instant;

use crate::trace::Name;

/// The frames of a run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Capture {
    /// The ports, one for each link of each host, in the order of the scenario.
    pub ports: Vec<Port>,
    /// The frames in the order in which they left their ports; `frames[n - 1]` has number n.
    pub frames: Vec<Captured>,
}

/// A host's link as a capture interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Port {
    /// The host.
    pub host: Name,
    /// Its link.
    pub link: Name,
}

/// A frame as it left a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Captured {
    /// When.
    pub at: Instant,
    /// By which port, an index into [`Capture::ports`].
    pub port: usize,
    /// On which side of a partition: 0 is the switch itself, where a reference's capture sat.
    pub island: u8,
    /// The whole frame without its check sequence.
    pub bytes: Vec<u8>,
    /// What a fault did to it: `muted for ka2`, `did not reach ka2: partition`.
    pub comments: Vec<String>,
}
