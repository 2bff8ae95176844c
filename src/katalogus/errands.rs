//! Threads for what a request has to wait for that is not the database: files and other catalogues.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Sender, TrySendError, bounded};
use ostler_runtime::{Thread, threads};

use crate::failure::Failure;

/// One wait, which may be refused.
pub(crate) type Errand = Box<dyn FnOnce(Result<(), Failure>) + Send>;

/// What an errand waits for. Each of them has threads of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Files of this machine, and work that takes its time.
    Local,
    /// Other catalogues, which take their time.
    Remotes,
}

/// A fixed number of threads that do one errand after the other.
///
/// Requests that are being answered know them only weakly: whoever holds them drops them after the
/// server and before the [store](crate::Store), which errands use.
#[derive(Debug)]
pub struct Errands {
    files: Queue,
    remotes: Queue,
}

/// Errands of one kind.
#[derive(Debug)]
struct Queue {
    // Closed first, so that the threads end once nothing waits.
    errands: Option<Sender<Errand>>,
    /// Nothing that waits is begun any more.
    is_over: Arc<AtomicBool>,
    threads: Vec<Thread>,
}

impl Errands {
    /// Threads of each kind, if nothing else is said.
    pub const THREADS: usize = 2;
    /// Errands of each kind that wait for a thread, at most, if nothing else is said.
    pub const MAX_QUEUED: usize = 256;

    /// Starts so many threads of each kind, for which so many errands may wait.
    pub fn start(count: usize, max_queued: usize) -> io::Result<Self> {
        let start = |name| Queue::start(name, count, max_queued);
        Ok(Self { files: start("errand")?, remotes: start("wait")? })
    }

    /// Has this done soon; where too much waits already, it is told so at once.
    pub(crate) fn submit(&self, lane: Lane, errand: Errand) {
        let queue = match lane {
            Lane::Local => &self.files,
            Lane::Remotes => &self.remotes,
        };
        let refused = match &queue.errands {
            Some(errands) => errands.try_send(errand).err().map(TrySendError::into_inner),
            None => Some(errand),
        };
        if let Some(errand) = refused {
            errand(Err(Failure::Busy));
        }
    }
}

impl Queue {
    fn start(name: &str, count: usize, max_queued: usize) -> io::Result<Self> {
        let (sender, errands) = bounded::<Errand>(max_queued);
        let is_over = Arc::new(AtomicBool::new(false));
        let mut started = Self { errands: Some(sender), is_over, threads: Vec::new() };
        for number in 1..=count.max(1) {
            let (errands, is_over) = (errands.clone(), Arc::clone(&started.is_over));
            let body = move || {
                for errand in errands {
                    let is_over = is_over.load(Ordering::Acquire);
                    let taken = if is_over { Err(Failure::Busy) } else { Ok(()) };
                    threads::caught("an errand", || errand(taken));
                }
            };
            started.threads.push(Thread::spawn(&format!("{name}:{number}"), body)?);
        }
        Ok(started)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        drop(self.errands.take());
        self.threads.clear();
    }
}
