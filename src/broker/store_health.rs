//! How the stores of an endpoint are, for whoever watches it.

use broker_store::StoreStatistics;

use crate::counters::Counter;
use crate::store_host::Host;
use crate::store_role::Role;

/// One store at one moment.
#[derive(Clone, Debug)]
pub(crate) struct StoreFigures {
    pub(crate) name: String,
    pub(crate) statistics: StoreStatistics,
    /// What may be so of it, and whether it is.
    pub(crate) states: [(&'static str, bool); 4],
    /// What became of writes that nobody has, and of how many.
    pub(crate) lost: [(&'static str, u64); 3],
}

/// Writes that have come to nothing.
#[derive(Debug, Default)]
pub(crate) struct LostWrites {
    /// A clone found no master for them in time.
    pub(crate) undelivered: Counter,
    /// A master has seen that they are missing.
    pub(crate) lost: Counter,
    /// They came to a master, which could not do them.
    pub(crate) no_effect: Counter,
}

impl Host {
    /// How it is now.
    pub(crate) fn figures(&self) -> StoreFigures {
        let statistics = self.statistics();
        let state = self.lock();
        let is_refused = self.is_refused(&state);
        let (is_attached, is_stale) = match &state.role {
            Role::Master(_) => (!is_refused, false),
            Role::Clone(clone) => (clone.is_attached(), clone.is_stale()),
        };
        let states = [
            ("attached", is_attached),
            ("stale", is_stale),
            ("refused", is_refused),
            ("failing", state.role.has_failed()),
        ];
        drop(state);
        let lost = [
            ("undelivered", self.lost.undelivered.get()),
            ("lost", self.lost.lost.get()),
            ("no_effect", self.lost.no_effect.get()),
        ];
        StoreFigures { name: self.name.clone(), statistics, states, lost }
    }
}
