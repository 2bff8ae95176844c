//! Connections: how they are made, and transactions apart from the store, for the subcommands.

#[cfg(feature = "postgres")]
use std::fmt::Write as _;
use std::time::Duration;

#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use crate::session::{Connection as In, Failure, Session};
use crate::sqlite_file;
use crate::{Access, Database, StoreError};

/// How long a subcommand waits for the lock of another process.
const MAX_LOCK_WAIT: Duration = Duration::from_secs(10);
/// How long a subcommand waits for a server.
#[cfg(feature = "postgres")]
const MAX_CONNECT: Duration = Duration::from_secs(10);

/// How long a subcommand that must be alone waits for the others to leave: those that have ended
/// just now may not have left yet.
const MAX_LEAVING: Duration = Duration::from_secs(2);
/// What every connection of a store holds on a PostgreSQL server, shared, and who must be alone
/// holds for himself. The number is nothing but unlikely to be another's.
#[cfg(feature = "postgres")]
const USE: i64 = 0x6b61_7461_6c6f_6775;

/// A password that is shorter would be found in any words.
#[cfg(feature = "postgres")]
const MIN_SECRET: usize = 4;

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

/// Has a commit wait for the disk where the server would acknowledge it before. What waits for more,
/// or for what a standby has, stays as it is set up.
#[cfg(feature = "postgres")]
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) \
                       WHERE current_setting('synchronous_commit') = 'off'";

/// Connects to a server.
#[cfg(feature = "postgres")]
pub(crate) fn postgres(uri: &str, timeout: Duration) -> Result<PgConnection, StoreError> {
    // libpq names hosts and users in its errors, over several lines.
    let words = |error: &dyn std::fmt::Display| {
        let words = error.to_string();
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        StoreError::Unavailable(without_secrets(uri, words))
    };
    let mut connection =
        PgConnection::establish(&with_parameters(uri, timeout)).map_err(|error| words(&error))?;
    connection.batch_execute(DURABLE).map_err(|error| words(&error))?;
    Ok(connection)
}

/// What libpq said of a URI. It shows what it cannot read, and that may be a part of a password.
#[cfg(feature = "postgres")]
fn without_secrets(uri: &str, words: String) -> String {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let user = place.split_once('@').map_or("", |(user, _)| user);
    let password = user.split_once(':').map_or("", |(_, password)| password);
    let values = parameters.split('&').filter_map(|pair| pair.strip_prefix("password="));
    let shows = |secret: &str| secret.len() >= MIN_SECRET && words.contains(secret);
    let is_of_uri = words.contains("URI") || words.contains("percent-encoded");
    if is_of_uri || shows(password) || values.into_iter().any(shows) {
        return "libpq cannot use the URI, and what it says of it may hold the password".to_owned();
    }
    words
}

/// Says that the database is used through this connection for as long as it lives.
#[cfg(feature = "postgres")]
pub(crate) fn use_postgres(connection: &mut PgConnection) -> Result<(), StoreError> {
    use diesel::dsl::sql;
    use diesel::sql_types::Bool;

    let take = format!("pg_try_advisory_lock_shared({USE})");
    let is_taken: bool = diesel::select(sql::<Bool>(&take))
        .get_result(connection)
        .map_err(|error| Failure::of(&error).error)?;
    if is_taken {
        return Ok(());
    }
    Err(StoreError::Unavailable("another program uses the database alone".to_owned()))
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

/// Does `work` in a transaction that writes, while no store uses the database: refused if one does.
pub(crate) fn alone<T, E: From<StoreError>>(
    database: &Database,
    work: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let in_use = |error: StoreError| match error {
        StoreError::Unavailable(words)
            if words.ends_with("is locked") || words.contains("lock timeout") =>
        {
            let words = format!("{database} is in use: stop every service that uses it first");
            StoreError::Unavailable(words)
        }
        error => error,
    };
    match database {
        Database::Sqlite(path) => {
            // Whoever has a file with a write-ahead log open holds a shared lock on it.
            let first = "PRAGMA locking_mode = EXCLUSIVE;";
            let mut connection = sqlite_file::connect(path, Access::Write, MAX_LEAVING, first)
                .map_err(|fault| E::from(in_use(fault.at(path))))?;
            AnsiTransactionManager::begin_transaction_sql(&mut connection, "BEGIN EXCLUSIVE")
                .map_err(|error| E::from(in_use(Failure::of(&error).error)))?;
            ended(&mut connection, Access::Write, |connection| In::Sqlite(connection), work)
        }
        #[cfg(feature = "postgres")]
        Database::Postgres(uri) => {
            let (lock, leaving) = (MAX_LOCK_WAIT.as_millis(), MAX_LEAVING.as_millis());
            let begin = format!(
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
                 SET LOCAL lock_timeout = {leaving}; SELECT pg_advisory_xact_lock({USE}); \
                 SET LOCAL lock_timeout = {lock}"
            );
            let mut connection = postgres(uri, MAX_CONNECT)?;
            AnsiTransactionManager::begin_transaction_sql(&mut connection, &begin)
                .map_err(|error| E::from(in_use(Failure::of(&error).error)))?;
            ended(&mut connection, Access::Write, |connection| In::Postgres(connection), work)
        }
        #[cfg(not(feature = "postgres"))]
        Database::Postgres(_) => {
            Err(StoreError::Unavailable(crate::DatabaseError::NoPostgres.to_string()).into())
        }
    }
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
            let mut connection = sqlite_file::connect(path, access, MAX_LOCK_WAIT, "")
                .map_err(|fault| fault.at(path))?;
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
    AnsiTransactionManager::begin_transaction_sql(connection, begin)
        .map_err(|error| E::from(Failure::of(&error).error))?;
    ended(connection, access, wrap, work)
}

/// Does `work` in the transaction that was begun, and ends it.
fn ended<C: Connection<TransactionManager = AnsiTransactionManager>, T, E: From<StoreError>>(
    connection: &mut C,
    access: Access,
    wrap: impl for<'a> Fn(&'a mut C) -> In<'a>,
    work: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let outcome = work(&mut Session::new(wrap(connection), access));
    if outcome.is_ok() {
        AnsiTransactionManager::commit_transaction(connection)
            .map_err(|error| E::from(Failure::of(&error).error))?;
    } else {
        // The connection is dropped next, which ends the transaction anyway.
        let _ = AnsiTransactionManager::rollback_transaction(connection);
    }
    outcome
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn what_libpq_says_of_a_uri_is_not_repeated() {
        for (uri, words) in [
            ("postgresql://h/db?secret=x", "invalid URI query parameter: \"secret\""),
            ("postgresql://u:secret@h/db", "what is secret?"),
            ("postgresql://h/db?password=secret", "what is secret?"),
        ] {
            let told = without_secrets(uri, words.to_owned());
            assert!(!told.contains("secret"), "{told}");
        }
        let words = "connection to server at \"h\", port 5432 failed: Connection refused";
        assert_eq!(without_secrets("postgresql://u:on@h/db", words.to_owned()), words);
        let Err(StoreError::Unavailable(told)) =
            postgres("postgresql://u:secret%zz@h/db", MAX_CONNECT)
        else {
            panic!("libpq took it")
        };
        assert!(!told.contains("secret"), "{told}");
    }

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
