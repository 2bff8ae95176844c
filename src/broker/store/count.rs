//! How many keys a storage has: counted once, and by its changes from then on, so that whoever asks
//! need not wait until all that is kept was looked at.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module. It knows nothing until it is told, and again once a change has failed halfway.
#[derive(Debug, Default)]
pub(crate) struct Count(Mutex<Option<u64>>);

/// What changes that belong together do to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    /// Whether nothing was left in between.
    pub(crate) clears: bool,
    /// Keys that have come since, less those that have gone.
    pub(crate) keys: i64,
}

impl Count {
    /// The count, if it is known.
    pub(crate) fn known(&self) -> Option<u64> {
        *self.lock()
    }

    /// The count is this, or not known any more.
    pub(crate) fn set(&self, count: Option<u64>) {
        *self.lock() = count;
    }

    /// Changes are made.
    pub(crate) fn grows(&self, by: Growth) {
        let mut count = self.lock();
        let before = if by.clears { Some(0) } else { *count };
        *count = before.map(|before| before.saturating_add_signed(by.keys));
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
