//! Named threads that are joined: dropping the handle waits for the thread's end.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, JoinHandle};

/// A running thread. Whoever holds it must first have told the thread to end, since `drop` joins.
#[derive(Debug)]
pub struct Thread(Option<JoinHandle<()>>);

impl Thread {
    /// Starts `body` on a thread called `name` (the kernel shows its first 15 bytes).
    ///
    /// A panic of `body` ends its thread only; it is logged under the thread's name. A body that
    /// must go on after a panic catches it itself ([`caught`]).
    pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let thread = name.to_owned();
        Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                caught(&thread, body);
            })
            .map(|handle| Self(Some(handle)))
    }

    /// Whether the body has ended.
    pub fn has_ended(&self) -> bool {
        self.0.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the end of the thread.
    pub fn join(mut self) {
        self.wait();
    }

    /// Lets the thread go on by itself. For work that nothing can end and that nobody depends on.
    pub fn detach(mut self) {
        self.0 = None;
    }

    fn wait(&mut self) {
        if let Some(handle) = self.0.take() {
            // The body catches its own panics, so there is no second one to report here.
            let _ = handle.join();
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.wait();
    }
}

/// Runs `body`; a panic becomes `None` and one line in the log.
pub fn caught<T>(what: &str, body: impl FnOnce() -> T) -> Option<T> {
    // What a panicking body leaves half done is dropped by its owner: callers replace the state that
    // the body worked on, but for what a daemon does while it serves, which goes on with it.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => Some(value),
        Err(payload) => {
            let words = payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            log::error!("{what} panicked: {words}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn dropping_the_handle_waits_for_the_thread() {
        let (sender, receiver) = mpsc::channel();
        let thread = Thread::spawn("worker", move || sender.send(1).unwrap()).unwrap();
        drop(thread);
        assert_eq!(receiver.try_recv(), Ok(1));
    }

    #[test]
    fn a_panic_ends_its_own_thread_only() {
        Thread::spawn("clumsy", || panic!("over the edge")).unwrap().join();
        assert_eq!(caught("test", || 7), Some(7));
    }
}
