//! Connections: how they are made, and transactions apart from the store, for the subcommands.

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

/// Opens a file that is there.
pub(crate) fn sqlite(
    path: &Path,
    access: Access,
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
    sql.push_str(match access {
        Access::Read => "PRAGMA query_only = ON;",
        // Readers and whoever writes do not wait for each other.
        Access::Write => "PRAGMA journal_mode = WAL;",
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
    PgConnection::establish(&with_parameters(uri, timeout)).map_err(|error| {
        // libpq names hosts and users in its errors, over several lines, and no passwords.
        let words = error.to_string();
        StoreError::Unavailable(words.split_whitespace().collect::<Vec<_>>().join(" "))
    })
}

#[cfg(feature = "postgres")]
fn with_parameters(uri: &str, timeout: Duration) -> String {
    let (_, given) = uri.split_once('?').unwrap_or((uri, ""));
    let mut separator = if uri.contains('?') { '&' } else { '?' };
    let mut full = uri.to_owned();
    // libpq counts in whole seconds and takes one for two.
    let timeout = timeout.as_secs().max(2).to_string();
    for (name, value) in PARAMETERS.into_iter().chain([("connect_timeout", timeout.as_str())]) {
        if given.split('&').any(|pair| pair.split('=').next() == Some(name)) {
            continue;
        }
        // Writing into a string cannot fail.
        let _ = write!(full, "{separator}{name}={value}");
        separator = '&';
    }
    full
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

/// Does `work` in one transaction on a connection of its own, to a database that is there. It is
/// rolled back if `work` fails.
pub(crate) fn transaction<T, E: From<StoreError>>(
    database: &Database,
    access: Access,
    work: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
) -> Result<T, E> {
    match database {
        Database::Sqlite(path) => {
            let begin = match access {
                Access::Read => "BEGIN",
                Access::Write => "BEGIN IMMEDIATE",
            };
            let mut connection = sqlite(path, access, MAX_LOCK_WAIT)?;
            within(&mut connection, begin, access, |connection| In::Sqlite(connection), work)
        }
        #[cfg(feature = "postgres")]
        Database::Postgres(uri) => {
            let kind = match access {
                Access::Read => "REPEATABLE READ READ ONLY",
                Access::Write => "READ COMMITTED READ WRITE",
            };
            let lock = MAX_LOCK_WAIT.as_millis();
            let begin = format!("BEGIN ISOLATION LEVEL {kind}; SET LOCAL lock_timeout = {lock}");
            let mut connection = postgres(uri, MAX_CONNECT)?;
            within(&mut connection, &begin, access, |connection| In::Postgres(connection), work)
        }
        #[cfg(not(feature = "postgres"))]
        Database::Postgres(_) => {
            Err(StoreError::Unavailable(crate::DatabaseError::NoPostgres.to_string()).into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_characters_in_a_uri() {
        assert_eq!(escaped(Path::new("/a b/ü?#%.db")).unwrap(), "/a b/ü%3F%23%25.db");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a?b#c%20d.db");
        assert!(sqlite(&path, Access::Write, MAX_LOCK_WAIT).is_err());
        std::fs::write(&path, "").unwrap();
        assert!(sqlite(&path, Access::Write, MAX_LOCK_WAIT).is_ok());
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn what_a_uri_says_is_not_said_again() {
        let full = |uri| with_parameters(uri, Duration::from_millis(500));
        let uri = full("postgresql://h/db");
        assert!(uri.starts_with("postgresql://h/db?application_name=katalogus&"), "{uri}");
        assert!(uri.ends_with("&connect_timeout=2"), "{uri}");
        let uri = full("postgresql:///db?host=/run&connect_timeout=9&application_name=x");
        let start = "postgresql:///db?host=/run&connect_timeout=9&application_name=x&client_enc";
        assert!(uri.starts_with(start), "{uri}");
        assert!(!uri.ends_with("connect_timeout=2"), "{uri}");
    }
}
