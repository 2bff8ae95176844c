//! Handles that one thread at a time may use.

use std::sync::{Mutex, MutexGuard, TryLockError};

use broker::Ec;

use crate::fault::Fault;

/// What a second thread is kept from, with an error, while the first one uses it.
pub(crate) struct Exclusive<T>(Mutex<T>);

impl<T> Exclusive<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self(Mutex::new(inner))
    }

    pub(crate) fn take(&self) -> Result<MutexGuard<'_, T>, Fault> {
        match self.0.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                Err(Fault::new(Ec::BadMemberFunctionCall, "another thread uses the handle"))
            }
        }
    }
}
