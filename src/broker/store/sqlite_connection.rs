//! A database in the original's layout, opened:
//!
//! - table `meta(key text primary key, value text)`, whose row `broker_version` says of which Broker
//!   the layout is,
//! - table `store(key blob primary key, value blob, expiry integer)`, keys and values in the binary
//!   form of data, expiries in nanoseconds since 1970 or `NULL`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::sqlite_error::SqliteError;
use crate::sqlite_options::{FailureMode, SqliteOptions};

/// How long another process may have the database locked.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Memory for pages of the file, for each connection, in KiB.
const CACHE_KIB: i64 = 16 << 10;

/// Of which Broker the layout is that a new file has. A file that says otherwise keeps what it
/// says: every Broker since the first has had this layout.
const BROKER_VERSION: &str = "2.8.0";

/// Makes the tables, in the words that the original has them in a file with.
const TABLES: &str = "\
    create table if not exists meta(key text primary key, value text);
    create table if not exists store(key blob primary key, value blob, expiry integer);";

const VERSION: &str = "insert or ignore into meta(key, value) values('broker_version', ?)";

/// A database and what stands beside it while it is used.
const FILES: [&str; 4] = ["", "-journal", "-wal", "-shm"];

/// The connections to one database.
#[derive(Debug)]
pub(crate) struct Connections {
    /// For what changes it.
    pub(crate) writing: Connection,
    /// For the rest, if that need not wait for changes.
    pub(crate) reading: Option<Connection>,
}

impl Connections {
    /// Opens a database, and makes what is not there.
    pub(crate) fn open(options: &SqliteOptions) -> Result<Self, SqliteError> {
        if let Some(folder) = options.path.parent().filter(|path| !path.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        match Self::attempt(options) {
            Err(error) if error.is_damage() && options.failure_mode == FailureMode::Delete => {
                remove(&options.path)?;
                Self::attempt(options)
            }
            outcome => outcome,
        }
    }

    fn attempt(options: &SqliteOptions) -> Result<Self, SqliteError> {
        let mut writing = connect(options)?;
        if let Some(mode) = options.journal_mode {
            writing.pragma_update(None, "journal_mode", mode)?;
        }
        let transaction = writing.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(TABLES)?;
        transaction.execute(VERSION, [BROKER_VERSION])?;
        transaction.commit()?;
        if options.integrity_check {
            check(&writing)?;
        }
        // With a log, whoever reads has the state before a change until it is made. Without one
        // both wait for each other, in SQLite with naps between looks: whoever reads then waits up
        // to ten times as long as for one lock here.
        let mode: String = writing.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        let reading = if mode == "wal" { Some(connect(options)?) } else { None };
        Ok(Self { writing, reading })
    }
}

fn connect(options: &SqliteOptions) -> Result<Connection, SqliteError> {
    // Each connection lies in a lock of ours.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&options.path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    if let Some(synchronous) = options.synchronous {
        connection.pragma_update(None, "synchronous", synchronous)?;
    }
    Ok(connection)
}

/// Looks through the whole file.
fn check(connection: &Connection) -> Result<(), SqliteError> {
    let mut found = Vec::new();
    connection.pragma_query(None, "integrity_check", |row| {
        found.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    if found == ["ok"] { Ok(()) } else { Err(SqliteError::Integrity(found.join("; "))) }
}

/// Removes a database, and what belongs to it.
fn remove(path: &Path) -> io::Result<()> {
    for suffix in FILES {
        let mut name = OsString::from(path);
        name.push(suffix);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => outcome?,
        }
    }
    Ok(())
}
