//! Why a job has no result, other than by its plugin's own failure.

use std::fmt;

use ostler_pool::CallError;

/// See the module. The words go into the raw file that the job leaves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// Something killed its process, or the process itself did.
    #[error("the job's process was killed by {0}")]
    Killed(SignalNumber),
    /// The system killed its process.
    #[error("the job's process was killed by the system, which ran out of memory")]
    OutOfMemory,
    /// Its process ended by itself.
    #[error("the job's process ended with status {0} and without a result")]
    Exited(i32),
    /// It used more processor time than a job may.
    #[error("the job used more than {0} s of processor time")]
    ProcessorTime(u64),
    /// The plugin closed every descriptor, or that one.
    #[error("the plugin closed the pipe that its result is written to")]
    ResultClosed,
    /// Its process could not become what it was to be.
    #[error("the job could not be started: {0}")]
    NotStarted(String),
    /// It never had a process: there were too many.
    #[error("the job could not be started: {0}")]
    NoProcess(String),
    /// Its host is gone, and its process with it.
    #[error("the job's plugin host was lost: {0}")]
    Host(String),
    /// It took too long.
    #[error("the job did not end in time")]
    Deadline,
    /// It never had a host.
    #[error("no plugin host was free in time")]
    Waiting,
    /// There is no host, and none can be started.
    #[error("no plugin host can be had: {0}")]
    NoHost(String),
    /// Too many jobs wait.
    #[error("too many jobs are waiting for a plugin host ({0})")]
    Full(usize),
    /// The daemon ends.
    #[error("the plugin hosts are being stopped")]
    Stopping,
    /// Our own fault.
    #[error("internal error")]
    Internal,
}

impl Loss {
    /// Whether the plugin was not even begun, so that the job may be run another time.
    pub(crate) fn is_before_run(&self) -> bool {
        match self {
            Self::NoProcess(_)
            | Self::Waiting
            | Self::NoHost(_)
            | Self::Full(_)
            | Self::Stopping => true,
            Self::Killed(_)
            | Self::OutOfMemory
            | Self::Exited(_)
            | Self::ProcessorTime(_)
            | Self::ResultClosed
            | Self::NotStarted(_)
            | Self::Host(_)
            | Self::Deadline
            | Self::Internal => false,
        }
    }
}

impl From<CallError> for Loss {
    fn from(error: CallError) -> Self {
        match error {
            CallError::TimedOutWaiting => Self::Waiting,
            CallError::TimedOut => Self::Deadline,
            CallError::Down(why) => Self::NoHost(why),
            CallError::Full { limit } => Self::Full(limit),
            CallError::Lost(why) => Self::Host(why),
            CallError::TooLong { .. } => Self::Host("it said too much".to_owned()),
            CallError::Stopping => Self::Stopping,
            CallError::Unwanted | CallError::Internal => Self::Internal,
        }
    }
}

/// A signal, shown with its name if it is a usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalNumber(pub i32);

impl SignalNumber {
    /// The signal of whoever has used up its processor time.
    pub(crate) const XCPU: Self = Self(24);
    /// The signal that nobody can ignore.
    pub(crate) const KILL: Self = Self(9);
}

const NAMES: [(i32, &str); 15] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (24, "SIGXCPU"),
    (31, "SIGSYS"),
];

impl fmt::Display for SignalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signal {}", self.0)?;
        match NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((_, name)) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_says_what_happened() {
        let words = |loss: Loss| loss.to_string();
        assert_eq!(
            words(Loss::Killed(SignalNumber(11))),
            "the job's process was killed by signal 11 (SIGSEGV)"
        );
        assert_eq!(
            words(Loss::Killed(SignalNumber(40))),
            "the job's process was killed by signal 40"
        );
        let lost = CallError::Lost("killed by signal 9 (SIGKILL)".to_owned());
        assert_eq!(
            words(lost.into()),
            "the job's plugin host was lost: killed by signal 9 (SIGKILL)"
        );
    }
}
