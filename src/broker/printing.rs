//! Threads that print what a subscription brings.

use std::io;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ostler_runtime::{Deadline, Thread};

/// How long what has been printed is waited for in the end.
const PATIENCE: Duration = Duration::from_secs(3);

/// A thread that ends with the subscription that it reads. Whoever drops this has ended that, and
/// waits for the thread, but not for somebody to read what it prints.
pub(crate) struct Printing {
    thread: Option<Thread>,
    /// Ends with the thread.
    alive: Receiver<()>,
}

impl Printing {
    pub(crate) fn start(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (living, alive) = bounded(0);
        let thread = Thread::spawn(name, move || {
            let _living: Sender<()> = living;
            body();
        })?;
        Ok(Self { thread: Some(thread), alive })
    }

    /// Waits for the thread until then.
    pub(crate) fn end(mut self, deadline: Deadline) {
        self.wait(deadline);
    }

    fn wait(&mut self, deadline: Deadline) {
        let Some(thread) = self.thread.take() else { return };
        let left = deadline.remaining().unwrap_or(PATIENCE);
        match self.alive.recv_timeout(left) {
            Err(RecvTimeoutError::Timeout) => thread.detach(),
            _ => thread.join(),
        }
    }

    /// For all that end together.
    pub(crate) fn patience() -> Deadline {
        Deadline::after(PATIENCE)
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        self.wait(Self::patience());
    }
}
