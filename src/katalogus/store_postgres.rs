//! PostgreSQL: each thread has a connection, and runs each task in a transaction of its own.
//!
//! Transactions that lost against another one are run again, a bounded number of times. The server
//! is told the deadline, so that no statement and no lock outlasts it.

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use diesel::result::{DatabaseErrorKind, Error};

use crate::link;
use crate::session::{Connection, Failure, Session};
use crate::store_queue::Job;
use crate::store_statistics::count;
use crate::store_thread::{Backend, End, Ran, Shared};
use crate::{Access, StoreError, StoreSettings};

/// Runs of one task, at most, when other transactions are in its way.
const MAX_RUNS: u32 = 5;
/// How long a statement may take when its task has no deadline.
const MAX_STATEMENT: Duration = Duration::from_secs(60);

/// A thread of the store.
pub(crate) struct Worker {
    uri: String,
    max_connect: Duration,
    max_lock_wait: Duration,
}

impl Worker {
    pub(crate) fn new(uri: &str, settings: &StoreSettings) -> Self {
        Self {
            uri: uri.to_owned(),
            max_connect: settings.max_connect,
            max_lock_wait: settings.max_lock_wait,
        }
    }

    fn run_one(&self, connection: &mut PgConnection, job: &mut Job, shared: &Shared) -> End {
        let mut runs: u32 = 0;
        loop {
            runs = runs.saturating_add(1);
            if let Err(error) =
                AnsiTransactionManager::begin_transaction_sql(connection, &self.begin(job))
            {
                return End::Lost(Failure::of(&error).error);
            }
            let session = Session::new(Connection::Postgres(connection), job.access);
            let (end, transient) = match shared.attempt(job, session) {
                Ran::Keep => match AnsiTransactionManager::commit_transaction(connection) {
                    Ok(()) => {
                        if job.access == Access::Write {
                            shared.counters.committed(1);
                        }
                        return End::Done(Ok(()));
                    }
                    Err(error) if is_conflict(&error) => {
                        (End::Done(Err(Failure::of(&error).error)), true)
                    }
                    Err(error) => return End::Unknown(Failure::of(&error).error),
                },
                ran => {
                    if let Err(error) = AnsiTransactionManager::rollback_transaction(connection) {
                        return End::Lost(Failure::of(&error).error);
                    }
                    match ran {
                        Ran::Keep => (End::Done(Ok(())), false),
                        Ran::Undo(outcome) => (End::Done(outcome), false),
                        Ran::NeedsWrite => (End::NeedsWrite, false),
                        Ran::Failed(failure) => (End::Done(Err(failure.error)), failure.transient),
                    }
                }
            };
            // A statement that was cut short at the deadline is late, whatever the server calls it.
            if transient && job.deadline.passed() {
                return End::Done(Err(StoreError::Late));
            }
            if !transient || runs >= MAX_RUNS {
                return end;
            }
            count(&shared.counters.repeats);
        }
    }

    /// One round trip: the transaction, and how long the server may take.
    fn begin(&self, job: &Job) -> String {
        let kind = match job.access {
            Access::Read => "ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "ISOLATION LEVEL READ COMMITTED READ WRITE",
        };
        let left = job.deadline.remaining().unwrap_or(MAX_STATEMENT).min(MAX_STATEMENT);
        // Zero would be no limit at all.
        let statement = left.as_millis().max(1);
        let lock = self.max_lock_wait.as_millis().max(1);
        format!(
            "BEGIN {kind}; SET LOCAL statement_timeout = {statement}; \
             SET LOCAL lock_timeout = {lock}"
        )
    }
}

impl Backend for Worker {
    type Connection = PgConnection;

    fn max_batch(&self) -> usize {
        1
    }

    fn connect(&self) -> Result<PgConnection, StoreError> {
        let mut connection = link::postgres(&self.uri, self.max_connect)?;
        let session = &mut Session::new(Connection::Postgres(&mut connection), Access::Read);
        crate::migrations::check(session)?;
        Ok(connection)
    }

    fn run(
        &self,
        connection: &mut PgConnection,
        jobs: Vec<Job>,
        shared: &Shared,
    ) -> Vec<(Job, End)> {
        let run = |mut job: Job| {
            let end = self.run_one(connection, &mut job, shared);
            (job, end)
        };
        jobs.into_iter().map(run).collect()
    }
}

fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _))
}
