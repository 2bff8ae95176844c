//! What can keep `bui-status` from an answer, in words for its user, and the exit code of each.

use std::io;

use ostler_runtime::Exit;

/// The exit code for what burp does not know: a client, a backup or a file.
pub(crate) const NOT_FOUND: u8 = 1;

/// Why a connection gave no answer; the place is not known here.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The system refused.
    Io(io::Error),
    /// The deadline passed.
    Late,
    /// The connection was closed before the answer was whole. `bytes` of it had come.
    Closed { bytes: usize },
    /// TLS does not come about, or breaks.
    Tls(String),
    /// What came is no answer of a `bui-monitor`.
    Strange,
    /// The answer announces more bytes than the limit.
    TooLong { announced: u64 },
    /// A signal asks the program to end.
    Stopped,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The configuration file, a flag or a variable is wrong.
    #[error("{0}")]
    Configuration(String),
    /// No connection.
    #[error("cannot reach bui-monitor at {place}: {cause}")]
    Unreachable {
        /// Where it should be.
        place: String,
        /// Why not.
        cause: String,
    },
    /// A connection, but no answer.
    #[error("no answer from bui-monitor at {place}: {cause}")]
    NoAnswer {
        /// Where it is.
        place: String,
        /// Why not.
        cause: String,
    },
    /// `KO`, and no query is to blame for it.
    #[error("bui-monitor at {place} refuses the password ({from})")]
    Password {
        /// Where it is.
        place: String,
        /// Where the password came from.
        from: String,
    },
    /// `ER`, with the daemon's own words.
    #[error("bui-monitor at {place} answers: {words}")]
    Refused {
        /// Where it is.
        place: String,
        /// What it says.
        words: String,
    },
    /// `KO` to a query although the password is right: a warning of burp.
    #[error("burp has nothing for {0:?}: no such client, backup or file")]
    NotFound(String),
    /// A signal asks the program to end.
    #[error("stopped")]
    Stopped,
    /// Standard output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl ClientError {
    /// The exit code of every command but `check`.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Configuration(_) => Exit::Config.code(),
            Self::Unreachable { .. } | Self::NoAnswer { .. } | Self::Refused { .. } => {
                Exit::Unavailable.code()
            }
            Self::Password { .. } => Exit::NoPermission.code(),
            Self::NotFound(_) => NOT_FOUND,
            // Whoever stops reading, or stops the program, has seen enough.
            Self::Stopped => Exit::Success.code(),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Exit::Success.code()
            }
            Self::Output(_) => Exit::Os.code(),
        }
    }

    /// Whether there is anything to tell the user.
    pub(crate) fn is_silent(&self) -> bool {
        self.code() == Exit::Success.code()
    }
}

impl Fault {
    /// In words; the total deadline was `timeout` seconds.
    pub(crate) fn words(&self, timeout: f64) -> String {
        match self {
            Self::Io(error) => error.to_string(),
            Self::Late => format!("nothing within {timeout} seconds"),
            Self::Closed { bytes: 0 } => {
                "it closed the connection; does only one side speak TLS?".to_owned()
            }
            Self::Closed { bytes } => format!("the connection ended after {bytes} bytes"),
            Self::Tls(words) => format!("TLS: {words}"),
            Self::Strange => "what came is no answer of a bui-monitor".to_owned(),
            Self::TooLong { announced } => format!("it announces {announced} bytes"),
            Self::Stopped => "stopped".to_owned(),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for Fault {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Io(error.into())
    }
}
