//! Connections: how they are made, and one that is used apart from the store, by the subcommands.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use crate::session::{Connection as In, Failure, Session};
use crate::{Access, Database, StoreError};

/// How long a subcommand waits for the lock of another process.
const MAX_LOCK_WAIT: Duration = Duration::from_secs(10);
/// How long a subcommand waits for a server.
#[cfg(feature = "postgres")]
const MAX_CONNECT: Duration = Duration::from_secs(10);

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// For reading only.
    Read,
    /// For reading and writing.
    Write,
}

/// Opens a file that is there.
pub(crate) fn sqlite(
    path: &Path,
    mode: Mode,
    lock_wait: Duration,
) -> Result<SqliteConnection, StoreError> {
    // Without `mode=rw` SQLite would make a new file in the place of one that was lost.
    let uri = format!("file:{}?mode=rw", escaped(path)?);
    let words = |error: &dyn std::fmt::Display| {
        StoreError::Unavailable(format!("{}: {error}", path.display()))
    };
    let mut connection = SqliteConnection::establish(&uri).map_err(|error| words(&error))?;
    let mut sql = format!(
        "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;",
        lock_wait.as_millis()
    );
    sql.push_str(match mode {
        Mode::Read => "PRAGMA query_only = ON;",
        // Readers and whoever writes do not wait for each other.
        Mode::Write => "PRAGMA journal_mode = WAL;",
    });
    connection.batch_execute(&sql).map_err(|error| words(&error))?;
    Ok(connection)
}

/// What is asked of every server connection beside the URI, unless that says otherwise: an end to
/// waiting for a server that is gone without a word, and the text encoding.
#[cfg(feature = "postgres")]
const PARAMETERS: [(&str, &str); 7] = [
    ("application_name", "katalogus"),
    ("client_encoding", "UTF8"),
    ("keepalives", "1"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

/// Connects to a server.
#[cfg(feature = "postgres")]
pub(crate) fn postgres(uri: &str, timeout: Duration) -> Result<PgConnection, StoreError> {
    let (_, given) = uri.split_once('?').unwrap_or((uri, ""));
    let mut separator = if uri.contains('?') { '&' } else { '?' };
    let mut full = uri.to_owned();
    // libpq counts in whole seconds and takes one for two.
    let timeout = timeout.as_secs().max(2).to_string();
    for (name, value) in PARAMETERS.into_iter().chain([("connect_timeout", timeout.as_str())]) {
        if given.split('&').any(|pair| pair.split('=').next() == Some(name)) {
            continue;
        }
        let _ = write!(full, "{separator}{name}={value}");
        separator = '&';
    }
    // libpq names hosts and users in its errors, and no passwords.
    let words = |error: &dyn std::fmt::Display| {
        let words = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        StoreError::Unavailable(words)
    };
    PgConnection::establish(&full).map_err(|error| words(&error))
}

/// A path as URIs have it.
fn escaped(path: &Path) -> Result<String, StoreError> {
    let text = path.to_str().ok_or_else(|| {
        StoreError::Unavailable(format!("{}: the path is not UTF-8", path.display()))
    })?;
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '?' | '#') {
            // Writing into a string cannot fail.
            let _ = write!(escaped, "%{:02X}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    Ok(escaped)
}

/// A connection for one purpose.
pub(crate) enum Link {
    Sqlite(SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(Box<PgConnection>),
}

impl Link {
    /// Connects to a database that is there.
    pub(crate) fn open(database: &Database) -> Result<Self, StoreError> {
        match database {
            Database::Sqlite(path) => sqlite(path, Mode::Write, MAX_LOCK_WAIT).map(Self::Sqlite),
            #[cfg(feature = "postgres")]
            Database::Postgres(uri) => postgres(uri, MAX_CONNECT).map(Box::new).map(Self::Postgres),
            #[cfg(not(feature = "postgres"))]
            Database::Postgres(_) => {
                Err(StoreError::Unavailable(crate::DatabaseError::NoPostgres.to_string()))
            }
        }
    }

    /// Does `work` in one transaction, which is rolled back if it fails.
    pub(crate) fn transaction<T, E: From<StoreError>>(
        &mut self,
        access: Access,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite(connection) => {
                let begin = match access {
                    Access::Read => "BEGIN",
                    Access::Write => "BEGIN IMMEDIATE",
                };
                within(connection, begin, access, |c| In::Sqlite(c), work)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let begin = match access {
                    Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    Access::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
                };
                within(&mut **connection, begin, access, |c| In::Postgres(c), work)
            }
        }
    }
}

fn within<C: Connection<TransactionManager = AnsiTransactionManager>, T, E: From<StoreError>>(
    connection: &mut C,
    begin: &str,
    access: Access,
    wrap: impl for<'a> Fn(&'a mut C) -> In<'a>,
    work: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let words = |error: &diesel::result::Error| E::from(Failure::of(error).error);
    AnsiTransactionManager::begin_transaction_sql(connection, begin)
        .map_err(|error| words(&error))?;
    let outcome = work(&mut Session::new(wrap(connection), access));
    if outcome.is_ok() {
        AnsiTransactionManager::commit_transaction(connection).map_err(|error| words(&error))?;
    } else {
        // The connection is dropped next, which ends the transaction anyway.
        let _ = AnsiTransactionManager::rollback_transaction(connection);
    }
    outcome
}
