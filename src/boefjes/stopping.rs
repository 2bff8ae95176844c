//! That the program is being stopped: said once, and heard at once by whoever waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_runtime::Deadline;

/// Whether the program is being stopped.
#[derive(Debug, Default)]
pub struct Stopping {
    is_set: Mutex<bool>,
    said: Condvar,
}

impl Stopping {
    /// It is not yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// It is from now on. Ends all waits.
    pub fn set(&self) {
        *self.state() = true;
        self.said.notify_all();
    }

    /// Whether it is.
    pub fn is_set(&self) -> bool {
        *self.state()
    }

    /// Waits so long, or until it is. Whether it is.
    pub fn wait(&self, wait: Duration) -> bool {
        let deadline = Deadline::after(wait);
        let mut is_set = self.state();
        while !*is_set && !deadline.passed() {
            let left = deadline.remaining().unwrap_or(Duration::MAX);
            let waited = self.said.wait_timeout(is_set, left);
            is_set = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *is_set
    }

    fn state(&self) -> MutexGuard<'_, bool> {
        self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use ostler_runtime::Thread;

    use super::*;

    #[test]
    fn a_wait_ends_when_it_is_said_or_by_itself() {
        let stopping = Arc::new(Stopping::new());
        assert!(!stopping.wait(Duration::from_millis(1)));
        let (sender, heard) = channel();
        let waiting = Arc::clone(&stopping);
        let thread = Thread::spawn("waits", move || {
            sender.send(waiting.wait(Duration::MAX)).unwrap();
        });
        stopping.set();
        assert_eq!(heard.recv(), Ok(true));
        thread.unwrap().join();
        assert!(stopping.is_set() && stopping.wait(Duration::ZERO));
    }
}
