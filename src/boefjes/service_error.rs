//! What can go wrong between a worker and a service.

use std::time::Duration;

/// A call that came to nothing. Its words name the service and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// Nobody answered, as often as it was tried.
    #[error("{service} cannot be reached: {words}")]
    Unreachable {
        /// Which service.
        service: &'static str,
        /// Where, and why.
        words: String,
    },
    /// It answered, but not with success.
    #[error("{service} answered {status} to {request}: {detail}")]
    Refused {
        /// Which service.
        service: &'static str,
        /// Method and path.
        request: String,
        /// The status.
        status: u16,
        /// The beginning of the answer's body, in one line.
        detail: String,
        /// After how long it may be asked again, if it says so.
        retry_after: Option<Duration>,
    },
    /// It answered what cannot be understood.
    #[error("{service} answered something strange to {request}: {problem}")]
    Strange {
        /// Which service.
        service: &'static str,
        /// Method and path.
        request: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What was asked for is longer than is wanted.
    #[error("{service} answered something strange to {request}: it is longer than {limit} bytes")]
    TooLong {
        /// Which service.
        service: &'static str,
        /// Method and path.
        request: String,
        /// How many bytes it may have.
        limit: u64,
    },
    /// The store of this machine.
    #[error("{file}: {words}")]
    Local {
        /// The file.
        file: String,
        /// What is wrong.
        words: String,
    },
    /// The program is being stopped, so it was not tried again.
    #[error("{service} was not asked: the program stops")]
    Stopping {
        /// Which service.
        service: &'static str,
    },
}

impl ServiceError {
    /// Whether it was answered like this for good: another time it would be no different.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 404 | 422, .. })
    }
}
