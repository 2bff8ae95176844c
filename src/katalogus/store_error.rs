//! What can go wrong between a task and the database.

use thiserror::Error;

/// Why a task, or one statement of it, was not done.
///
/// The texts are for the log and for whoever runs the service: they may name a host or a file, but
/// never a password. What a client is told is worded by whoever answers it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// There is a row with this key already.
    #[error("{constraint}: there is one with {key} already")]
    Duplicate {
        /// The constraint, by the name that it has in the database.
        constraint: &'static str,
        /// The columns and their values, as PostgreSQL shows them: `(id)=(acme)`.
        key: String,
    },
    /// A text has more characters than its column takes.
    #[error("{column}: it has more than {limit} characters")]
    TooLong {
        /// Table and column.
        column: &'static str,
        /// How many characters it takes.
        limit: usize,
    },
    /// A text holds the character NUL, which PostgreSQL cannot keep.
    #[error("{column}: it holds the character NUL")]
    Unstorable {
        /// Table and column.
        column: &'static str,
    },
    /// Other rows refer to this one, or the row that this one refers to is gone.
    #[error("it is linked with other rows")]
    Referenced,
    /// A task that only reads was about to write. [`crate::Abort`] makes `NeedsWrite` of it.
    #[error("a task that only reads was about to write")]
    ReadOnly,
    /// Too many tasks wait already.
    #[error("too many tasks wait for the database")]
    Full,
    /// The deadline passed before it was done.
    #[error("the database was not reached in time")]
    Late,
    /// The database cannot be used now; why, in words.
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
    /// Anything else, which is a mistake in the task or in the data.
    #[error("{0}")]
    Other(String),
}
