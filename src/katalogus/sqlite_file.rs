//! SQLite files that several processes work with at once: how they are opened, and that each stays the
//! file that it was.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sqlite::SqliteConnection;
use ostler_runtime::Deadline;

use crate::{Access, StoreError};

/// A connection, and the file that it was made to.
pub struct SqliteFile {
    /// The connection.
    pub connection: SqliteConnection,
    file: (u64, u64),
}

/// Why a file cannot be used. The words do not name it.
#[derive(Debug, thiserror::Error)]
pub enum SqliteFault {
    /// It cannot be looked at.
    #[error(transparent)]
    File(#[from] io::Error),
    /// SQLite takes no such path.
    #[error("the path is not UTF-8")]
    Path,
    /// It cannot be opened.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// It was opened, and is no database or not free.
    #[error(transparent)]
    Query(#[from] Error),
    /// SQLite goes on with a file that was removed or replaced, and nobody would find what is written
    /// there.
    #[error("another file is in its place")]
    Replaced,
}

impl SqliteFile {
    /// Opens a file that is there. Each statement waits for another process's lock for `lock_wait`.
    pub fn open(path: &Path, access: Access, lock_wait: Duration) -> Result<Self, SqliteFault> {
        let file = identity(path)?;
        Ok(Self { connection: connect(path, access, lock_wait, "")?, file })
    }

    /// Whether what lies under this path is still the file that was opened.
    pub fn in_place(&self, path: &Path) -> Result<(), SqliteFault> {
        if identity(path)? == self.file { Ok(()) } else { Err(SqliteFault::Replaced) }
    }
}

impl SqliteFault {
    /// As the store tells it.
    pub(crate) fn at(&self, path: &Path) -> StoreError {
        StoreError::Unavailable(format!("{}: {self}", path.display()))
    }
}

/// Connects to a file that is there; `first` is said before anything else.
pub(crate) fn connect(
    path: &Path,
    access: Access,
    lock_wait: Duration,
    first: &str,
) -> Result<SqliteConnection, SqliteFault> {
    // Without `mode=rw` SQLite would make a new file in the place of one that was lost.
    let uri = format!("file:{}?mode=rw", escaped(path)?);
    let mut connection = SqliteConnection::establish(&uri)?;
    let mut sql = format!(
        "{first} PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;",
        lock_wait.as_millis()
    );
    sql.push_str(match access {
        Access::Read => "PRAGMA query_only = ON;",
        Access::Write => "",
    });
    connection.batch_execute(&sql)?;
    if access == Access::Write {
        write_ahead(&mut connection, lock_wait)?;
    }
    Ok(connection)
}

/// Whether another process holds a lock. SQLite's words are part of its interface as little as
/// anybody's, but diesel gives no number.
pub fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, information) if information.message().contains("locked"))
}

/// Has readers and whoever writes not wait for each other. The file remembers it, so only a new one
/// is changed; of two who do that at once, SQLite refuses both at once instead of having one wait.
fn write_ahead(connection: &mut SqliteConnection, lock_wait: Duration) -> QueryResult<()> {
    let until = Deadline::after(lock_wait);
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if is_locked(&error) && !until.passed() => {
                // This one waits until the other is done.
                connection.batch_execute("BEGIN IMMEDIATE; ROLLBACK")?;
            }
            outcome => return outcome,
        }
    }
}

/// A path as URIs have it.
fn escaped(path: &Path) -> Result<String, SqliteFault> {
    let text = path.to_str().ok_or(SqliteFault::Path)?;
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

/// What is the file's own, whatever its name.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::metadata(path)?;
    Ok((file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn a_path_keeps_its_characters_in_a_uri() {
        assert_eq!(escaped(Path::new("/a b/ü?#%.db")).unwrap(), "/a b/ü%3F%23%25.db");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a?b#c%20d.db");
        assert!(connect(&path, Access::Write, SOON, "").is_err());
        fs::write(&path, "").unwrap();
        assert!(connect(&path, Access::Write, SOON, "").is_ok());
    }

    #[test]
    fn a_file_that_was_replaced_is_not_the_one_that_was_opened() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("a.db"), directory.path().join("b.db"));
        fs::write(&path, "").unwrap();
        fs::write(&other, "").unwrap();
        let opened = SqliteFile::open(&path, Access::Write, SOON).unwrap();
        opened.in_place(&path).unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(matches!(opened.in_place(&path), Err(SqliteFault::Replaced)));
        fs::remove_file(&path).unwrap();
        assert!(matches!(opened.in_place(&path), Err(SqliteFault::File(_))));
    }
}
