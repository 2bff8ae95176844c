//! How a database is opened.

use std::path::PathBuf;

use crate::backend_options::{BackendOptions, OptionError, Unread};

/// What becomes of a file that is damaged or no database of this layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureMode {
    /// It stays, and is not opened.
    Fail,
    /// It is removed, and made anew.
    Delete,
}

/// The options of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqliteOptions {
    pub(crate) path: PathBuf,
    /// The value for SQLite's pragma, if it is not to be left as it is.
    pub(crate) synchronous: Option<&'static str>,
    /// The value for SQLite's pragma, if it is not to be left as it is in the file.
    pub(crate) journal_mode: Option<&'static str>,
    pub(crate) failure_mode: FailureMode,
    pub(crate) integrity_check: bool,
}

impl SqliteOptions {
    pub(crate) fn read(options: &BackendOptions) -> Result<Self, OptionError> {
        let mut unread = Unread::new(options);
        let failure_mode =
            unread.choice("failure_mode", "Broker::SQLITE_FAILURE_MODE_", &["FAIL", "DELETE"])?;
        let read = Self {
            path: unread.path()?,
            synchronous: unread.synchronous()?,
            journal_mode: unread.choice(
                "journal_mode",
                "Broker::SQLITE_JOURNAL_MODE_",
                &["DELETE", "WAL"],
            )?,
            failure_mode: match failure_mode {
                Some("DELETE") => FailureMode::Delete,
                _ => FailureMode::Fail,
            },
            integrity_check: unread.boolean("integrity_check")?.unwrap_or(false),
        };
        unread.finish()?;
        Ok(read)
    }
}
