//! Why a database cannot be used.

use std::io;

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::sqlite_connection::BUSY_TIMEOUT;

/// Why a database cannot be used.
#[derive(Debug, Error)]
pub(crate) enum SqliteError {
    #[error("another process has locked it for {} seconds", BUSY_TIMEOUT.as_secs())]
    Locked(#[source] rusqlite::Error),
    #[error(transparent)]
    Sqlite(rusqlite::Error),
    #[error("the integrity check found: {0}")]
    Integrity(String),
    #[error(transparent)]
    File(#[from] io::Error),
}

impl SqliteError {
    /// Whether the file itself is to blame, so that a new one would do.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            Self::Integrity(_) => true,
            Self::Locked(_) | Self::File(_) => false,
        }
    }

    /// Whether it is a database, but of other tables or with other things in them.
    pub(crate) fn is_other_layout(&self) -> bool {
        match self {
            Self::Sqlite(
                // "No such column".
                rusqlite::Error::SqlInputError { .. }
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..),
            ) => true,
            // As where a view has the name of a table.
            Self::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::Unknown),
            Self::Locked(_) | Self::Integrity(_) | Self::File(_) => false,
        }
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(error),
            _ => Self::Sqlite(error),
        }
    }
}
