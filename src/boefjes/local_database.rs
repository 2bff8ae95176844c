//! The file of a machine of its own: opened by several processes at once, private to its owner.
//!
//! A commit waits for the disk, so that what was acknowledged outlasts a loss of power. Of those who
//! write at once one does, and the others wait, each for a bounded time.

use std::fmt::Display;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use katalogus::Access;
use katalogus::sqlite_file::{SqliteFault, SqliteFile, is_locked};
use ostler_runtime::files::is_readable_by_all;

use crate::service_error::ServiceError;

/// How long a thread waits for the others of its process to be done with the connection, at most.
const MAX_TURN: Duration = Duration::from_secs(30);
/// The tables' version, which the file remembers.
const VERSION: i64 = 1;
const SCHEMA: &str = include_str!("local_schema.sql");

/// Why a transaction came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A statement failed.
    Query(Error),
    /// What was asked for cannot be; why, in words.
    Words(String),
}

/// The file.
pub(crate) struct LocalDatabase {
    path: PathBuf,
    max_lock_wait: Duration,
    /// Holds the connection while nobody works with it; nothing in the place of one that failed.
    rest: Receiver<Option<SqliteFile>>,
    back: Sender<Option<SqliteFile>>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Query(error)
    }
}

impl LocalDatabase {
    /// Opens the file, or makes it with its tables. A transaction waits for another process's for
    /// `max_lock_wait` at most.
    pub(crate) fn open(path: PathBuf, max_lock_wait: Duration) -> Result<Self, ServiceError> {
        let (back, rest) = bounded(1);
        let database = Self { path, max_lock_wait, rest, back };
        make(&database.path).map_err(|error| database.told(error))?;
        if is_readable_by_all(&database.path) {
            log::warn!("{}: every user of this machine can read it", database.path.display());
        }
        let open = database.connect()?;
        // The channel has just been made, with room for one.
        let _ = database.back.try_send(Some(open));
        database.write(tables)?;
        Ok(database)
    }

    /// Runs `work` in a transaction that may write, and commits it.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, ServiceError> {
        self.within("BEGIN IMMEDIATE", work)
    }

    /// Runs `work` in a transaction that sees one state of the file.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, ServiceError> {
        self.within("BEGIN", work)
    }

    /// An error of this file's.
    pub(crate) fn told(&self, words: impl Display) -> ServiceError {
        ServiceError::Local { file: self.path.display().to_string(), words: words.to_string() }
    }

    fn within<T>(
        &self,
        begin: &str,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, ServiceError> {
        let open = self.rest.recv_timeout(MAX_TURN);
        let open = open.map_err(|_| self.told("it was not this task's turn in time"))?;
        let open = match open {
            Some(open) => Ok(open),
            None => self.connect(),
        };
        let (open, outcome) = match open {
            Ok(mut open) => match self.transaction(&mut open, begin, work) {
                Ok(value) => (Some(open), Ok(value)),
                Err(Failure::Words(words)) => (Some(open), Err(self.told(words))),
                // Whatever state the connection is in, the next one is made anew.
                Err(Failure::Query(error)) => (None, Err(self.told(self.worded(&error)))),
            },
            Err(error) => (None, Err(error)),
        };
        // There is room, since it was taken out.
        let _ = self.back.try_send(open);
        outcome
    }

    fn transaction<T>(
        &self,
        open: &mut SqliteFile,
        begin: &str,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        open.in_place(&self.path).map_err(|fault| Failure::Words(fault.to_string()))?;
        let connection = &mut open.connection;
        AnsiTransactionManager::begin_transaction_sql(connection, begin)?;
        let outcome = work(connection);
        if outcome.is_ok() {
            AnsiTransactionManager::commit_transaction(connection)?;
        } else {
            AnsiTransactionManager::rollback_transaction(connection)?;
        }
        outcome
    }

    /// What SQLite says, or what it means where that says little.
    fn worded(&self, error: &Error) -> String {
        if is_locked(error) {
            let seconds = self.max_lock_wait.as_secs_f64();
            return format!("another process has locked it for more than {seconds} s");
        }
        match error {
            Error::DatabaseError(_, information) => information.message().trim().to_owned(),
            error => error.to_string(),
        }
    }

    fn connect(&self) -> Result<SqliteFile, ServiceError> {
        let opened = SqliteFile::open(&self.path, Access::Write, self.max_lock_wait);
        opened.map_err(|fault| match fault {
            SqliteFault::Query(error) => self.told(self.worded(&error)),
            fault => self.told(fault),
        })
    }
}

/// Makes the folder and an empty file, for the owner alone.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
            let is_file = error.kind() == io::ErrorKind::AlreadyExists;
            if is_file { io::Error::other("its folder is a file") } else { error }
        })?;
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let opened = match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // SQLite would not say why it cannot.
            OpenOptions::new().read(true).write(true).open(path)
        }
        made => made,
    };
    opened.map(drop)
}

#[derive(QueryableByName)]
struct UserVersion {
    #[diesel(sql_type = BigInt)]
    user_version: i64,
}

/// Makes the tables where there are none.
fn tables(connection: &mut SqliteConnection) -> Result<(), Failure> {
    let found: UserVersion = diesel::sql_query("PRAGMA user_version").get_result(connection)?;
    match found.user_version {
        VERSION => Ok(()),
        0 => {
            connection.batch_execute(SCHEMA)?;
            Ok(connection.batch_execute(&format!("PRAGMA user_version = {VERSION}"))?)
        }
        other => {
            let words =
                format!("its tables are of version {other}, and this program knows {VERSION}");
            Err(Failure::Words(words))
        }
    }
}
