//! A connection's place among those that may be open.

use std::ops::Deref;
use std::sync::Arc;

use crate::shared::Shared;

/// Counts as one open connection until it is dropped, and leads to what the server's threads share.
pub(crate) struct Place(Arc<Shared>);

impl Place {
    /// For a connection that the acceptor has counted.
    pub(crate) fn counted(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl Deref for Place {
    type Target = Arc<Shared>;

    fn deref(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.closed_one();
    }
}
