//! Threads for what a request has to wait for that is not the database: files and other catalogues.

use std::io;

use crossbeam_channel::{Sender, TrySendError, bounded};
use ostler_runtime::{Thread, threads};

use crate::failure::Failure;

/// One wait, which may be refused.
pub(crate) type Errand = Box<dyn FnOnce(Result<(), Failure>) + Send>;

/// A fixed number of threads that do one errand after the other.
///
/// Requests that are being answered know them only weakly: whoever holds them drops them after the
/// server and before the [store](crate::Store), which errands use.
#[derive(Debug)]
pub struct Errands {
    // Closed first, so that the threads end once nothing waits.
    queue: Option<Sender<Errand>>,
    threads: Vec<Thread>,
}

impl Errands {
    /// Threads, if nothing else is said.
    pub const THREADS: usize = 2;
    /// Errands that wait for a thread, at most, if nothing else is said.
    pub const MAX_QUEUED: usize = 256;

    /// Starts so many threads, for which so many errands may wait.
    pub fn start(count: usize, max_queued: usize) -> io::Result<Self> {
        let (queue, errands) = bounded::<Errand>(max_queued);
        let mut started = Self { queue: Some(queue), threads: Vec::new() };
        for number in 1..=count.max(1) {
            let errands = errands.clone();
            let body = move || {
                for errand in errands {
                    threads::caught("an errand", || errand(Ok(())));
                }
            };
            started.threads.push(Thread::spawn(&format!("errand:{number}"), body)?);
        }
        Ok(started)
    }

    /// Has this done soon; where too much waits already, it is told so at once.
    pub(crate) fn submit(&self, errand: Errand) {
        let refused = match &self.queue {
            Some(queue) => queue.try_send(errand).err().map(TrySendError::into_inner),
            None => Some(errand),
        };
        if let Some(errand) = refused {
            errand(Err(Failure::Busy));
        }
    }
}

impl Drop for Errands {
    fn drop(&mut self) {
        drop(self.queue.take());
        self.threads.clear();
    }
}
