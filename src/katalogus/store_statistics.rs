//! What the store has done, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Access, StoreError};

/// The store's numbers since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStatistics {
    /// Tasks that wait now.
    pub queued: u64,
    /// Threads that have a connection now.
    pub connected: u64,
    /// Tasks that were submitted to read.
    pub reads: TaskStatistics,
    /// Tasks that were submitted to write.
    pub writes: TaskStatistics,
    /// Commits of transactions that could write. With SQLite one commit serves several tasks.
    pub commits: u64,
    /// Tasks that these commits served.
    pub committed: u64,
    /// The most that one of them served.
    pub largest_batch: u64,
    /// Times that a task was run anew, after a conflict or a lost connection.
    pub repeats: u64,
    /// Connections that were made after one was lost.
    pub reconnects: u64,
    /// Attempts to connect that failed.
    pub failed_connects: u64,
    /// Panics of tasks.
    pub panics: u64,
}

/// How tasks ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskStatistics {
    /// Successes.
    pub done: u64,
    /// Refused by the rows or the limits of the database.
    pub refused: u64,
    /// [`StoreError::Full`].
    pub full: u64,
    /// [`StoreError::Late`].
    pub late: u64,
    /// [`StoreError::Unavailable`].
    pub unavailable: u64,
    /// [`StoreError::Other`], panics among them.
    pub failed: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connected: AtomicU64,
    reads: TaskCounters,
    writes: TaskCounters,
    pub(crate) commits: AtomicU64,
    pub(crate) committed: AtomicU64,
    pub(crate) largest_batch: AtomicU64,
    pub(crate) repeats: AtomicU64,
    pub(crate) reconnects: AtomicU64,
    pub(crate) failed_connects: AtomicU64,
    pub(crate) panics: AtomicU64,
}

#[derive(Debug, Default)]
struct TaskCounters {
    done: AtomicU64,
    refused: AtomicU64,
    full: AtomicU64,
    late: AtomicU64,
    unavailable: AtomicU64,
    failed: AtomicU64,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn ended(&self, access: Access, outcome: &Result<(), StoreError>) {
        let tasks = match access {
            Access::Read => &self.reads,
            Access::Write => &self.writes,
        };
        count(match outcome {
            Ok(()) => &tasks.done,
            Err(StoreError::Full) => &tasks.full,
            Err(StoreError::Late) => &tasks.late,
            Err(StoreError::Unavailable(_)) => &tasks.unavailable,
            Err(StoreError::Other(_) | StoreError::ReadOnly) => &tasks.failed,
            Err(
                StoreError::Duplicate { .. }
                | StoreError::TooLong { .. }
                | StoreError::Unstorable { .. }
                | StoreError::Referenced,
            ) => &tasks.refused,
        });
    }

    pub(crate) fn committed(&self, tasks: usize) {
        let tasks = u64::try_from(tasks).unwrap_or(u64::MAX);
        count(&self.commits);
        self.committed.fetch_add(tasks, Ordering::Relaxed);
        self.largest_batch.fetch_max(tasks, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, queued: usize) -> StoreStatistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let tasks = |tasks: &TaskCounters| TaskStatistics {
            done: read(&tasks.done),
            refused: read(&tasks.refused),
            full: read(&tasks.full),
            late: read(&tasks.late),
            unavailable: read(&tasks.unavailable),
            failed: read(&tasks.failed),
        };
        StoreStatistics {
            queued: u64::try_from(queued).unwrap_or(u64::MAX),
            connected: read(&self.connected),
            reads: tasks(&self.reads),
            writes: tasks(&self.writes),
            commits: read(&self.commits),
            committed: read(&self.committed),
            largest_batch: read(&self.largest_batch),
            repeats: read(&self.repeats),
            reconnects: read(&self.reconnects),
            failed_connects: read(&self.failed_connects),
            panics: read(&self.panics),
        }
    }
}
