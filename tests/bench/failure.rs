//! What stops a benchmark. A wrong answer does not: it is counted and shown.

use std::io;
use std::process::ExitCode;

use thiserror::Error;

/// Why there are no figures.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// This machine lacks something, as burp or python3.
    #[error("{0}")]
    Unavailable(String),
    /// The system refused an operation.
    #[error("{what}: {source}")]
    Io {
        /// The operation and its path or peer.
        what: String,
        /// The system's own words.
        source: io::Error,
    },
    /// SIGINT or SIGTERM.
    #[error("interrupted")]
    Interrupted,
    /// A program failed, ended too early or too late, or answered nonsense.
    #[error("{0}")]
    Program(String),
}

impl Failure {
    /// The exit code for it, from sysexits.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Unavailable(_) => ExitCode::from(69),
            Self::Program(_) => ExitCode::from(70),
            Self::Interrupted => ExitCode::from(130),
            Self::Io { .. } => ExitCode::from(71),
        }
    }
}

/// Names the operation that failed.
pub(crate) trait Context<T> {
    /// The same result, its error told as `what`.
    fn context(self, what: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> Context<T> for Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| Failure::Io { what: what(), source: error.into() })
    }
}
