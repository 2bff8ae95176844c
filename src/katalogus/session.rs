//! One transaction, as a task sees it: rows in and out, the same on SQLite and PostgreSQL.
//!
//! Its methods lie beside this file, one file a table. SQLite enforces no lengths and PostgreSQL
//! keeps no NUL, so both are checked here, before a statement is run.

use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel::sqlite::SqliteConnection;

use crate::{Access, StoreError};

/// The primary key of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pk(pub(crate) i32);

/// A transaction.
pub struct Session<'a> {
    pub(crate) connection: Connection<'a>,
    access: Access,
    failure: Option<Failure>,
}

/// The connection that it runs on.
pub(crate) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(&'a mut diesel::pg::PgConnection),
}

/// A statement that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
    /// Whether the same task could do better in another transaction.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite has one writer"))]
    pub(crate) transient: bool,
}

/// Runs a query on whichever connection the session has. The query is compiled for each of them,
/// so that each has its own cache of prepared statements.
macro_rules! query {
    ($session:expr, $connection:ident => $query:expr) => {{
        let session: &mut $crate::session::Session<'_> = $session;
        session.usable()?;
        let result = match &mut session.connection {
            $crate::session::Connection::Sqlite($connection) => $query,
            #[cfg(feature = "postgres")]
            $crate::session::Connection::Postgres($connection) => $query,
        };
        session.outcome(result)
    }};
}
pub(crate) use query;

impl<'a> Session<'a> {
    pub(crate) fn new(connection: Connection<'a>, access: Access) -> Self {
        Self { connection, access, failure: None }
    }

    /// What the transaction may do.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The statement that failed, if one did: nothing more can be done in this transaction.
    pub(crate) fn failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Refuses to go on after a failure, as PostgreSQL does.
    pub(crate) fn usable(&self) -> Result<(), StoreError> {
        self.failure.as_ref().map_or(Ok(()), |failure| Err(failure.error.clone()))
    }

    /// Refuses to write in a transaction that only reads.
    pub(crate) fn writes(&self) -> Result<(), StoreError> {
        match self.access {
            Access::Read => Err(StoreError::ReadOnly),
            Access::Write => Ok(()),
        }
    }

    /// Remembers that a statement failed.
    pub(crate) fn outcome<T>(&mut self, result: QueryResult<T>) -> Result<T, StoreError> {
        result.map_err(|error| {
            let failure = Failure::of(&error);
            self.failure.insert(failure).error.clone()
        })
    }

    /// Words a violated constraint, which the databases name in different ways.
    pub(crate) fn unique<T>(
        &mut self,
        result: Result<T, StoreError>,
        constraint: &'static str,
        key: impl FnOnce() -> String,
    ) -> Result<T, StoreError> {
        match (result, &mut self.failure) {
            (Err(StoreError::Duplicate { .. }), Some(failure)) => {
                failure.error = StoreError::Duplicate { constraint, key: key() };
                Err(failure.error.clone())
            }
            (result, _) => result,
        }
    }
}

impl Failure {
    pub(crate) fn of(error: &Error) -> Self {
        let (error, transient) = match error {
            Error::DatabaseError(kind, information) => match kind {
                DatabaseErrorKind::UniqueViolation => {
                    (StoreError::Duplicate { constraint: "", key: String::new() }, false)
                }
                // Of two transactions, one removed what the other was about to refer to.
                DatabaseErrorKind::ForeignKeyViolation => (StoreError::Referenced, true),
                DatabaseErrorKind::NotNullViolation | DatabaseErrorKind::CheckViolation => {
                    (StoreError::Other(information.message().to_owned()), false)
                }
                // Deadlocks are here as well as full disks and lost connections.
                _ => (StoreError::Unavailable(information.message().trim().to_owned()), true),
            },
            Error::BrokenTransactionManager | Error::RollbackTransaction => {
                (StoreError::Unavailable("the connection was lost".into()), true)
            }
            error => (StoreError::Other(error.to_string()), false),
        };
        Self { error, transient }
    }
}

/// Checks a text against the column that it is for.
pub(crate) fn fits(column: &'static str, text: &str, limit: usize) -> Result<(), StoreError> {
    if text.contains('\0') {
        return Err(StoreError::Unstorable { column });
    }
    // Bytes are at least as many as characters, and quicker to count.
    if text.len() > limit && text.chars().count() > limit {
        return Err(StoreError::TooLong { column, limit });
    }
    Ok(())
}

/// Whether a row could have this key: none holds NUL, and PostgreSQL refuses to look for it.
pub(crate) fn findable(text: &str) -> bool {
    !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(fits("t.c", "äöü", 3), Ok(()));
        assert_eq!(fits("t.c", "äöüß", 3), Err(StoreError::TooLong { column: "t.c", limit: 3 }));
        assert_eq!(fits("t.c", "a\0", 3), Err(StoreError::Unstorable { column: "t.c" }));
        assert!(findable("a") && !findable("\0"));
    }
}
