//! What SQLite's files need, whoever keeps something in one.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sqlite::SqliteConnection;
use ostler_runtime::Deadline;

/// How a file that is there is named to SQLite, which would make a new one in the place of one that was
/// lost. `None` if its path is not UTF-8.
pub fn uri(path: &Path) -> Option<String> {
    let escaped = path.to_str()?.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    Some(format!("file:{escaped}?mode=rw"))
}

/// Has readers and whoever writes not wait for each other. The file remembers it, so only a new one
/// is changed; of two who do that at once, SQLite refuses both at once instead of having one wait.
pub fn write_ahead(connection: &mut SqliteConnection, lock_wait: Duration) -> QueryResult<()> {
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

/// Whether another process holds a lock. SQLite's words are part of its interface as little as
/// anybody's, but diesel gives no number.
pub fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, information) if information.message().contains("locked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_characters_in_a_uri() {
        let uri = uri(Path::new("/a b/ü?#%.db")).unwrap();
        assert_eq!(uri, "file:/a b/ü%3F%23%25.db?mode=rw");
    }
}
