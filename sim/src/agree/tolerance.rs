//! How far an event may be off.

use vrrplab_engine::time::Duration;

/// How far an event may be off, seen from its cause.
pub const TOLERANCE: Duration = Duration::from_millis(1);
/// What each own advert since the cause adds to that.
pub const TOLERANCE_AN_ADVERT: Duration = Duration::from_micros(10);
/// How far an event may be off on the clock where no cause of it was seen in the reference: less than this.
pub const TOLERANCE_WITHOUT_CAUSE: Duration = Duration::from_millis(2);
