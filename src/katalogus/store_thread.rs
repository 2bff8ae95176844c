//! What each thread of the store does: take tasks, have them run on its connection, and when that is
//! lost, answer at once and connect again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ostler_runtime::threads::caught;
use ostler_runtime::{Deadline, now};

use crate::session::{Failure, Session};
use crate::store_queue::{Job, Queue, Taken};
use crate::store_statistics::{Counters, count};
use crate::{Abort, Access, StoreError};

/// The wait before the second attempt to connect, which doubles up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(100);
/// The longest wait between two attempts to connect.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// The longest wait for more tasks before a commit.
const MAX_GATHER: Duration = Duration::from_millis(2);

/// The database's part of a thread.
pub(crate) trait Backend: Send + 'static {
    /// A connection.
    type Connection;
    /// Whether many tasks take hardly longer than one, so that it is worth waiting for them.
    const GATHERS: bool = false;

    /// How many tasks are taken at once, at most.
    fn max_batch(&self) -> usize;

    /// Connects, and sees whether the tables are there.
    fn connect(&self) -> Result<Self::Connection, StoreError>;

    /// Runs tasks. Each comes back with how it ended; whatever is said to be done is on disk.
    fn run(
        &self,
        connection: &mut Self::Connection,
        jobs: Vec<Job>,
        shared: &Shared,
    ) -> Vec<(Job, End)>;
}

/// How a task ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It has its outcome.
    Done(Result<(), StoreError>),
    /// It is to be run again with [`Access::Write`].
    NeedsWrite,
    /// The database did not do it, and the connection is not to be used again. Nothing of it was
    /// written, so it may be run on another one.
    Lost(StoreError),
    /// Likewise, but whether it was written is not known, so it is not run again.
    Unknown(StoreError),
}

/// How one run of a task ended, within its transaction.
#[derive(Debug)]
pub(crate) enum Ran {
    /// What it wrote is to be kept.
    Keep,
    /// What it wrote is not.
    Undo(Result<(), StoreError>),
    /// Likewise, and the task is to be run again with [`Access::Write`].
    NeedsWrite,
    /// A statement failed.
    Failed(Failure),
}

/// What the threads have in common.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) counters: Counters,
}

impl Shared {
    /// Ends a task: it is counted, and its `done` is called.
    pub(crate) fn end(&self, job: Job, outcome: Result<(), StoreError>) {
        self.counters.ended(job.submitted, &outcome);
        if caught("the answer of a task", || job.task.done(outcome)).is_none() {
            count(&self.counters.panics);
        }
    }

    /// Ends the tasks whose deadline has passed; the others.
    pub(crate) fn end_late(&self, jobs: Vec<Job>) -> Vec<Job> {
        let (late, jobs) = jobs.into_iter().partition(|job| job.deadline.passed());
        for job in late {
            self.end(job, Err(StoreError::Late));
        }
        jobs
    }

    /// Runs a task once. A panic is caught; what the task wrote is then undone.
    pub(crate) fn attempt(&self, job: &mut Job, mut session: Session<'_>) -> Ran {
        let outcome = caught("a task", || job.task.run(&mut session));
        match (outcome, session.failure()) {
            (None, _) => {
                count(&self.counters.panics);
                Ran::Undo(Err(StoreError::Other("the task panicked".into())))
            }
            (Some(_), Some(failure)) => Ran::Failed(failure),
            (Some(Ok(())), None) => Ran::Keep,
            (Some(Err(Abort::Rollback)), None) => Ran::Undo(Ok(())),
            (Some(Err(Abort::NeedsWrite)), None) if job.access == Access::Read => Ran::NeedsWrite,
            (Some(Err(Abort::NeedsWrite)), None) => Ran::Undo(Err(StoreError::ReadOnly)),
            (Some(Err(Abort::Store(error))), None) => Ran::Undo(Err(error)),
        }
    }
}

/// The life of a thread: it ends when the queue is closed and empty.
pub(crate) fn serve<B: Backend>(backend: &B, queue: &Queue, writes: &Queue, shared: &Shared) {
    let counters = &shared.counters;
    let mut backoff = MIN_BACKOFF;
    let mut connected_before = false;
    // Tasks that a lost connection left.
    let mut left = Vec::new();
    loop {
        match caught("connecting", || backend.connect()).unwrap_or_else(|| {
            count(&counters.panics);
            Err(StoreError::Unavailable("connecting failed".into()))
        }) {
            Ok(mut connection) => {
                if std::mem::replace(&mut connected_before, true) {
                    count(&counters.reconnects);
                }
                if backoff > MIN_BACKOFF {
                    log::info!("the database can be used again");
                    backoff = MIN_BACKOFF;
                }
                counters.connected.fetch_add(1, Ordering::Relaxed);
                let lost = work(backend, &mut connection, left, queue, writes, shared);
                counters.connected.fetch_sub(1, Ordering::Relaxed);
                let Some(jobs) = lost else { return };
                left = jobs;
            }
            Err(error) => {
                count(&counters.failed_connects);
                if backoff == MIN_BACKOFF {
                    log::error!("{error}");
                }
                for job in left.drain(..) {
                    shared.end(job, Err(error.clone()));
                }
                let retry = Deadline::after(backoff);
                backoff = backoff.saturating_mul(2).min(MAX_BACKOFF);
                loop {
                    match queue.take(usize::MAX, retry) {
                        Taken::Jobs(jobs) => {
                            for job in jobs {
                                shared.end(job, Err(error.clone()));
                            }
                        }
                        Taken::Nothing => break,
                        Taken::Closed => return,
                    }
                }
            }
        }
    }
}

/// Works on one connection, until it is lost: the tasks that may be run on another one. `None` if
/// there is nothing left to do.
fn work<B: Backend>(
    backend: &B,
    connection: &mut B::Connection,
    mut left: Vec<Job>,
    queue: &Queue,
    writes: &Queue,
    shared: &Shared,
) -> Option<Vec<Job>> {
    // Whoever was answered together comes again together, but not at the same moment. Without a
    // short wait the first would have a commit alone, and the others would wait for the next.
    let (mut wanted, mut gather) = (0, Duration::ZERO);
    loop {
        // A task that was left is run alone: perhaps it is the one that the database cannot do.
        let jobs = match left.pop() {
            Some(job) => vec![job],
            None => match queue.take(backend.max_batch(), Deadline::NEVER) {
                Taken::Jobs(mut jobs) => {
                    if B::GATHERS && jobs.len() < wanted {
                        queue.gather(&mut jobs, wanted, Deadline::after(gather));
                    }
                    wanted = jobs.len();
                    jobs
                }
                Taken::Nothing => continue,
                Taken::Closed => return None,
            },
        };
        let jobs = shared.end_late(jobs);
        if jobs.is_empty() {
            continue;
        }
        let mut lost = false;
        let begun = now();
        let ended = backend.run(connection, jobs, shared);
        // No longer than what it may save.
        gather = (now().saturating_duration_since(begun) / 2).min(MAX_GATHER);
        for (mut job, end) in ended {
            match end {
                End::Done(outcome) => shared.end(job, outcome),
                End::NeedsWrite => {
                    job.access = Access::Write;
                    if let Err((job, error)) = writes.push(job) {
                        shared.end(job, Err(error));
                    }
                }
                End::Unknown(error) => {
                    lost = true;
                    shared.end(job, Err(error));
                }
                End::Lost(error) => {
                    lost = true;
                    if job.repeated {
                        shared.end(job, Err(error));
                    } else {
                        count(&shared.counters.repeats);
                        job.repeated = true;
                        left.push(job);
                    }
                }
            }
        }
        if lost {
            return Some(left);
        }
    }
}
