//! Work that may take long and cannot be hurried, such as asking a resolver, on a thread of its own.
//!
//! The thread is the one kind that is not joined: nothing can end it, it holds nothing that others
//! need, and its result is dropped if nobody waits for it any more.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};

use ostler_runtime::{Thread, Wake};

/// A result on its way.
#[derive(Debug)]
pub(crate) struct Background<T> {
    shared: Arc<(Mutex<Option<T>>, Wake)>,
}

impl<T: Send + 'static> Background<T> {
    /// Starts `work` on a thread called `name`.
    pub(crate) fn start(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new((Mutex::new(None), Wake::new()?));
        let result = Arc::clone(&shared);
        Thread::spawn(name, move || {
            let value = work();
            *result.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            result.1.wake();
        })?
        .detach();
        Ok(Self { shared })
    }

    /// The result, once it is there.
    pub(crate) fn take(&self) -> Option<T> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> AsFd for Background<T> {
    /// Readable once the result is there.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.1.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};

    #[test]
    fn the_result_is_announced() {
        let background = Background::start("test", || 7).unwrap();
        poll(&mut [PollFd::new(&background, PollFlags::IN)], None).unwrap();
        assert_eq!(background.take(), Some(7));
    }
}
