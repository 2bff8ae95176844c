//! SQLite: threads that read, each in a transaction that sees one state of the file, and one that
//! writes, with one commit for all the tasks that waited.
//!
//! A commit waits for the disk (`synchronous=FULL`), so what is acknowledged outlasts a loss of
//! power; while it waits, the next tasks gather.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::{Error, QueryResult};
use diesel::sqlite::SqliteConnection;
use ostler_runtime::Deadline;

use crate::session::{Connection, Failure, Session};
use crate::sqlite_file::{SqliteFile, is_locked};
use crate::store_queue::Job;
use crate::store_thread::{Backend, End, Ran, Shared};
use crate::{Access, StoreError, StoreSettings};

/// How long one attempt to get the lock lasts, between two looks at the deadlines of the tasks.
const LOCK_SLICE: Duration = Duration::from_millis(100);
/// Tasks that a thread reads for in one transaction, at most.
const MAX_READS: usize = 8;

/// Opens the file, if its tables are as they should be.
fn open(path: &Path, access: Access, lock_wait: Duration) -> Result<SqliteFile, StoreError> {
    let mut file = SqliteFile::open(path, access, lock_wait).map_err(|fault| fault.at(path))?;
    let session = &mut Session::new(Connection::Sqlite(&mut file.connection), Access::Read);
    crate::migrations::check(session)?;
    Ok(file)
}

/// The thread that writes.
pub(crate) struct Writer {
    path: PathBuf,
    max_batch: usize,
    max_lock_wait: Duration,
}

impl Writer {
    pub(crate) fn new(path: &Path, settings: &StoreSettings) -> Self {
        Self {
            path: path.to_owned(),
            max_batch: settings.max_batch.max(1),
            max_lock_wait: settings.max_lock_wait,
        }
    }

    /// Waits for the lock, which another process may hold; the tasks that have time for it.
    fn begin(
        &self,
        connection: &mut SqliteConnection,
        mut jobs: Vec<Job>,
        shared: &Shared,
    ) -> Result<Vec<Job>, (Vec<Job>, Error)> {
        let until = Deadline::after(self.max_lock_wait);
        loop {
            match AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE") {
                Ok(()) => return Ok(jobs),
                Err(error) if is_locked(&error) && !until.passed() => {
                    jobs = shared.end_late(jobs);
                    if jobs.is_empty() {
                        return Err((jobs, error));
                    }
                }
                Err(error) => return Err((jobs, error)),
            }
        }
    }
}

impl Backend for Writer {
    type Connection = SqliteFile;
    const GATHERS: bool = true;

    fn max_batch(&self) -> usize {
        self.max_batch
    }

    fn connect(&self) -> Result<SqliteFile, StoreError> {
        open(&self.path, Access::Write, LOCK_SLICE)
    }

    fn run(&self, file: &mut SqliteFile, jobs: Vec<Job>, shared: &Shared) -> Vec<(Job, End)> {
        if let Err(fault) = file.in_place(&self.path) {
            let error = fault.at(&self.path);
            return all(jobs, || End::Lost(error.clone()));
        }
        let connection = &mut file.connection;
        let jobs = match self.begin(connection, jobs, shared) {
            Ok(jobs) => jobs,
            Err((jobs, error)) if is_locked(&error) => {
                let error = StoreError::Unavailable("another process has locked it".into());
                return all(jobs, || End::Done(Err(error.clone())));
            }
            Err((jobs, error)) => return all(jobs, || End::Lost(Failure::of(&error).error)),
        };
        let batch = write(connection, jobs, shared);
        if let Some(error) = batch.lost {
            let jobs = batch.ended.into_iter().map(|(job, _)| job).chain(batch.left);
            return all(jobs, || End::Lost(error.clone()));
        }
        if batch.kept == 0 {
            // A connection that cannot even do that says so when it is used next.
            let _ = AnsiTransactionManager::rollback_transaction(connection);
            return batch.ended;
        }
        match AnsiTransactionManager::commit_transaction(connection) {
            Ok(()) => {
                shared.counters.committed(batch.kept);
                batch.ended
            }
            Err(error) => {
                let jobs = batch.ended.into_iter().map(|(job, _)| job);
                all(jobs, || End::Unknown(Failure::of(&error).error))
            }
        }
    }
}

/// Tasks that were run in one transaction.
struct Batch {
    ended: Vec<(Job, End)>,
    /// How many of them wrote.
    kept: usize,
    /// Why the transaction is lost, if it is. SQLite may have rolled it back by itself.
    lost: Option<StoreError>,
    /// Those that were not run because of that.
    left: Vec<Job>,
}

/// Runs tasks, each within a savepoint, so that one that fails takes nothing from the others.
fn write(connection: &mut SqliteConnection, jobs: Vec<Job>, shared: &Shared) -> Batch {
    let alone = jobs.len() == 1;
    let mut batch = Batch { ended: Vec::new(), kept: 0, lost: None, left: Vec::new() };
    let mut jobs = jobs.into_iter();
    while let Some(mut job) = jobs.next() {
        let ran = if alone {
            Ok(shared.attempt(&mut job, session(connection, Access::Write)))
        } else {
            within_savepoint(connection, &mut job, shared)
        };
        let end = match ran {
            Ok(Ran::Failed(Failure { error: error @ StoreError::Unavailable(_), .. })) => {
                Err(error)
            }
            Ok(Ran::Failed(failure)) => Ok(End::Done(Err(failure.error))),
            Ok(Ran::Undo(outcome)) => Ok(End::Done(outcome)),
            Ok(Ran::NeedsWrite) => Ok(End::NeedsWrite),
            Ok(Ran::Keep) => {
                batch.kept = batch.kept.saturating_add(1);
                Ok(End::Done(Ok(())))
            }
            Err(error) => Err(Failure::of(&error).error),
        };
        match end {
            Ok(end) => batch.ended.push((job, end)),
            Err(error) => {
                batch.lost = Some(error);
                batch.left.push(job);
                batch.left.extend(jobs);
                return batch;
            }
        }
    }
    batch
}

fn within_savepoint(
    connection: &mut SqliteConnection,
    job: &mut Job,
    shared: &Shared,
) -> QueryResult<Ran> {
    AnsiTransactionManager::begin_transaction(connection)?;
    let ran = shared.attempt(job, session(connection, Access::Write));
    if matches!(ran, Ran::Keep) {
        AnsiTransactionManager::commit_transaction(connection)?;
    } else {
        AnsiTransactionManager::rollback_transaction(connection)?;
    }
    Ok(ran)
}

/// A thread that reads.
pub(crate) struct Reader {
    path: PathBuf,
    max_lock_wait: Duration,
}

impl Reader {
    pub(crate) fn new(path: &Path, settings: &StoreSettings) -> Self {
        Self { path: path.to_owned(), max_lock_wait: settings.max_lock_wait }
    }
}

impl Backend for Reader {
    type Connection = SqliteFile;

    fn max_batch(&self) -> usize {
        MAX_READS
    }

    fn connect(&self) -> Result<SqliteFile, StoreError> {
        open(&self.path, Access::Read, self.max_lock_wait)
    }

    fn run(&self, file: &mut SqliteFile, jobs: Vec<Job>, shared: &Shared) -> Vec<(Job, End)> {
        if let Err(fault) = file.in_place(&self.path) {
            let error = fault.at(&self.path);
            return all(jobs, || End::Lost(error.clone()));
        }
        let connection = &mut file.connection;
        if let Err(error) = AnsiTransactionManager::begin_transaction(connection) {
            return all(jobs, || End::Lost(Failure::of(&error).error));
        }
        let ended = jobs.into_iter().map(|mut job| {
            let end = match shared.attempt(&mut job, session(connection, Access::Read)) {
                Ran::Keep => End::Done(Ok(())),
                Ran::Undo(outcome) => End::Done(outcome),
                Ran::NeedsWrite => End::NeedsWrite,
                Ran::Failed(Failure { error: error @ StoreError::Unavailable(_), .. }) => {
                    End::Lost(error)
                }
                Ran::Failed(failure) => End::Done(Err(failure.error)),
            };
            (job, end)
        });
        let ended = ended.collect();
        // Nothing was written; a connection that fails here says so when it is used next.
        let _ = AnsiTransactionManager::rollback_transaction(connection);
        ended
    }
}

fn session(connection: &mut SqliteConnection, access: Access) -> Session<'_> {
    Session::new(Connection::Sqlite(connection), access)
}

fn all(jobs: impl IntoIterator<Item = Job>, end: impl Fn() -> End) -> Vec<(Job, End)> {
    jobs.into_iter().map(|job| (job, end())).collect()
}
