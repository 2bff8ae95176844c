//! What the pool counts, and what it says of each slot.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A moment's picture of the pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Children that can serve: idle or at work.
    pub ready: usize,
    /// Calls that wait for a child.
    pub queued: usize,
    /// Calls with a child.
    pub lent: usize,
    /// Exchanges completed.
    pub answered: u64,
    /// Calls that found no child or no answer before their deadline.
    pub late: u64,
    /// Children started, whether or not they became ready.
    pub starts: u64,
    /// Children that did not become ready.
    pub failed_starts: u64,
    /// Children that were lost after they had been ready.
    pub losses: u64,
    /// Second attempts.
    pub retries: u64,
    /// Children replaced because they were out of date.
    pub replacements: u64,
    /// Panics of slot threads.
    pub panics: u64,
    /// Each slot in its order.
    pub slots: Vec<SlotReport>,
}

/// A moment's picture of one slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotReport {
    /// The state's name, as [`State::name`](crate::state::State::name) gives it; `waiting` while
    /// there is no child.
    pub state: &'static str,
    /// The child's process id.
    pub pid: Option<u32>,
    /// When the child was started.
    pub born: Option<Instant>,
    /// How many answers the child has given.
    pub requests: u64,
    /// Why the last child was lost or did not start.
    pub last_error: Option<String>,
}

/// The counters behind [`Statistics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) answered: AtomicU64,
    pub(crate) late: AtomicU64,
    pub(crate) starts: AtomicU64,
    pub(crate) failed_starts: AtomicU64,
    pub(crate) losses: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) replacements: AtomicU64,
    pub(crate) panics: AtomicU64,
}

/// Adds one. The counters are independent of each other, so no order is needed.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn read(&self) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            answered: read(&self.answered),
            late: read(&self.late),
            starts: read(&self.starts),
            failed_starts: read(&self.failed_starts),
            losses: read(&self.losses),
            retries: read(&self.retries),
            replacements: read(&self.replacements),
            panics: read(&self.panics),
            ..Statistics::default()
        }
    }
}
