//! Threads for what a request has to wait for that is not the database: files and other catalogues.

use std::io;

use ostler_http::Busy;

use crate::failure::Failure;

/// What an errand waits for. Each of them has threads of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Files of this machine, and work that takes its time.
    Local,
    /// Other catalogues, which take their time.
    Remotes,
}

/// A fixed number of threads for each lane.
///
/// Requests that are being answered know them only weakly: whoever holds them drops them after the
/// server and before the [store](crate::Store), which errands use.
#[derive(Debug)]
pub struct Errands {
    files: ostler_http::Errands,
    remotes: ostler_http::Errands,
}

impl Errands {
    /// Threads of each kind, if nothing else is said.
    pub const THREADS: usize = 2;
    /// Errands of each kind that wait for a thread, at most, if nothing else is said.
    pub const MAX_QUEUED: usize = 256;

    /// Starts so many threads of each kind, for which so many errands may wait.
    pub fn start(count: usize, max_queued: usize) -> io::Result<Self> {
        let start = |name| ostler_http::Errands::start(name, count, max_queued);
        Ok(Self { files: start("errand")?, remotes: start("wait")? })
    }

    /// Has this done soon; where too much waits already, it is told so at once.
    pub(crate) fn submit(
        &self,
        lane: Lane,
        errand: impl FnOnce(Result<(), Failure>) + Send + 'static,
    ) {
        let errands = match lane {
            Lane::Local => &self.files,
            Lane::Remotes => &self.remotes,
        };
        errands.submit(Box::new(|taken| errand(taken.map_err(|Busy| Failure::Busy))));
    }
}
