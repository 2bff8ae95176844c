//! The time by which what expires does: that of the wall when the clock was made, and from there on
//! only what has passed. A clock that is set meanwhile neither ends lives early nor lengthens them.
//!
//! The price: a node that was started before the wall showed the right time has the wrong one until it
//! ends, and so have the moments that it writes into files. Whoever has no clock that runs while the
//! machine is off must start nodes once the time is known.

use std::time::{Instant, SystemTime};

use broker_data::Timestamp;
use ostler_runtime::now;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    base: Timestamp,
    since: Instant,
}

impl WallClock {
    pub(crate) fn new() -> Self {
        // A wall that shows what no timestamp can be is taken for the beginning.
        let base = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        Self { base, since: now() }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        let passed = now().saturating_duration_since(self.since).as_nanos();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        Timestamp::from_nanos(self.base.nanos().saturating_add(passed))
    }
}
