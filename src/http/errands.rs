//! Threads for what requests have to wait for: files, and other services.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Sender, TrySendError, bounded};
use ostler_runtime::{Thread, threads};

/// One wait, which may be refused.
pub type Errand = Box<dyn FnOnce(Result<(), Busy>) + Send>;

/// Too much waits already, or the threads end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// A fixed number of threads that do one errand after the other.
///
/// Errands hold the responders of requests, whose server must not wait for what waits for it: so
/// requests know this only weakly, and whoever holds it drops it after the server.
#[derive(Debug)]
pub struct Errands {
    // Closed first, so that the threads end once nothing waits.
    queue: Option<Sender<Errand>>,
    /// Nothing that waits is begun any more.
    is_over: Arc<AtomicBool>,
    threads: Vec<Thread>,
}

impl Errands {
    /// Starts so many threads, at least one, whose names begin with `name`, and for which so many
    /// errands may wait.
    pub fn start(name: &str, count: usize, max_queued: usize) -> io::Result<Self> {
        let (queue, errands) = bounded::<Errand>(max_queued);
        let is_over = Arc::new(AtomicBool::new(false));
        let mut started = Self { queue: Some(queue), is_over, threads: Vec::new() };
        for number in 1..=count.max(1) {
            let (errands, is_over) = (errands.clone(), Arc::clone(&started.is_over));
            let body = move || {
                for errand in errands {
                    let is_over = is_over.load(Ordering::Acquire);
                    let taken = if is_over { Err(Busy) } else { Ok(()) };
                    threads::caught("an errand", || errand(taken));
                }
            };
            started.threads.push(Thread::spawn(&format!("{name}:{number}"), body)?);
        }
        Ok(started)
    }

    /// Has this done soon; where too much waits already, it is told so at once.
    pub fn submit(&self, errand: Errand) {
        let refused = match &self.queue {
            Some(queue) => queue.try_send(errand).err().map(TrySendError::into_inner),
            None => Some(errand),
        };
        if let Some(errand) = refused {
            errand(Err(Busy));
        }
    }
}

/// Waits for the errands that are being done; those that wait are refused.
impl Drop for Errands {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        drop(self.queue.take());
        self.threads.clear();
    }
}
