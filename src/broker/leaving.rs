//! The wish to part with a peer, which its own connection fulfils.

use std::sync::OnceLock;

use ostler_net::Link;
use ostler_runtime::Deadline;

/// Whether farewell is to be said, or was, and how long what waits for the peer may take until then.
#[derive(Debug, Default)]
pub(crate) struct Leaving(OnceLock<Deadline>);

impl Leaving {
    /// Asks for it. Who has asked first has said how long it may take.
    pub(crate) fn ask(&self, link: &Link, deadline: Deadline) {
        self.0.get_or_init(|| deadline);
        link.call();
    }

    /// Whether somebody did.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.get().is_some()
    }

    /// Whether what waits may still be sent.
    pub(crate) fn has_time(&self) -> bool {
        self.0.get().is_some_and(|deadline| !deadline.passed())
    }
}
