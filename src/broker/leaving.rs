//! The wish to part with a peer, which its own connection fulfils.

use std::sync::atomic::{AtomicBool, Ordering};

use ostler_net::Link;

/// Whether farewell is to be said, or was.
#[derive(Debug, Default)]
pub(crate) struct Leaving(AtomicBool);

impl Leaving {
    /// Asks for it.
    pub(crate) fn ask(&self, link: &Link) {
        self.0.store(true, Ordering::Release);
        link.call();
    }

    /// Whether somebody did.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
