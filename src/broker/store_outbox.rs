//! What a store says, on its way out: in its order, and without the store's lock, so that who hears it
//! may use the store.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use broker_store::Output;

/// See the module.
#[derive(Default)]
pub(crate) struct Outbox {
    waiting: Mutex<VecDeque<Output>>,
    /// Held by who hands over what waits.
    busy: Mutex<()>,
}

impl Outbox {
    /// Takes what is to be said. To be called in the order in which it is, as under the store's lock.
    pub(crate) fn put(&self, output: Output) {
        self.waiting().push_back(output);
    }

    /// Hands over what waits, unless another thread does, or this one farther up.
    pub(crate) fn drain(&self, mut hand_over: impl FnMut(Output)) {
        // Who takes the last before another one puts more in looks once more.
        while !self.waiting().is_empty() {
            let _busy = match self.busy.try_lock() {
                Ok(busy) => busy,
                // Who panicked has lost one output, not the store.
                Err(TryLockError::Poisoned(busy)) => busy.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            loop {
                let next = self.waiting().pop_front();
                let Some(output) = next else { break };
                hand_over(output);
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Output>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
