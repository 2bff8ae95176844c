//! A subscription whose messages a thread of its own hands to a function.

use std::io;
use std::sync::Arc;

use ostler_runtime::{Thread, threads};

use crate::Message;
use crate::queue::Queue;
use crate::subscriber::{Received, Subscriber, Subscription};

/// Calls a function with each message, one after the other, on one thread. Dropping it waits for
/// the call that runs and ends the subscription; it must not be dropped by the function itself.
pub struct Worker {
    queue: Arc<Queue<Message>>,
    thread: Option<Thread>,
}

impl Worker {
    pub(crate) fn start(
        subscription: Subscription,
        mut on_next: impl FnMut(Received) + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Arc::clone(subscription.queue());
        let mut subscriber = Subscriber::new(subscription);
        let work = move || {
            while let Some(received) = subscriber.get() {
                // A function that panics loses the message, not the subscription.
                threads::caught("a subscriber's function", || on_next(received));
            }
        };
        let thread = Thread::spawn("subscriber", work)?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Waits until the endpoint has ended and everything that came was handed over.
    pub fn wait(mut self) {
        drop(self.thread.take());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.queue.end();
        drop(self.thread.take());
    }
}
