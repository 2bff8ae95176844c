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
    /// Children that were lost after they had been ready, by cause.
    pub losses: Losses,
    /// Second attempts.
    pub retries: u64,
    /// Children replaced because they were out of date, by cause.
    pub replacements: Replacements,
    /// Panics of slot threads.
    pub panics: u64,
    /// Each slot in its order.
    pub slots: Vec<SlotReport>,
}

/// Children that were lost after they had been ready, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// The process ended.
    pub exited: u64,
    /// It did not answer in time.
    pub late: u64,
    /// It said something wrong or closed a pipe.
    pub broken: u64,
    /// Its answer was longer than the limit.
    pub too_long: u64,
}

impl Losses {
    /// All of them.
    pub fn total(&self) -> u64 {
        [self.late, self.broken, self.too_long].into_iter().fold(self.exited, u64::saturating_add)
    }
}

/// Children that were replaced although they were well, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replacements {
    /// Its session said that it was out of date.
    pub outdated: u64,
    /// It had given [`max_requests`](crate::Options::max_requests) answers.
    pub max_requests: u64,
    /// It had reached [`max_age`](crate::Options::max_age).
    pub max_age: u64,
}

impl Replacements {
    /// All of them.
    pub fn total(&self) -> u64 {
        [self.max_requests, self.max_age].into_iter().fold(self.outdated, u64::saturating_add)
    }
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
    pub(crate) exited: AtomicU64,
    pub(crate) lost_late: AtomicU64,
    pub(crate) broken: AtomicU64,
    pub(crate) too_long: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) outdated: AtomicU64,
    pub(crate) max_requests: AtomicU64,
    pub(crate) max_age: AtomicU64,
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
            losses: Losses {
                exited: read(&self.exited),
                late: read(&self.lost_late),
                broken: read(&self.broken),
                too_long: read(&self.too_long),
            },
            retries: read(&self.retries),
            replacements: Replacements {
                outdated: read(&self.outdated),
                max_requests: read(&self.max_requests),
                max_age: read(&self.max_age),
            },
            panics: read(&self.panics),
            ..Statistics::default()
        }
    }
}
