//! The pool itself: its slots, its door, its end.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use ostler_runtime::{Deadline, Seldom, Thread};

use crate::call::{Call, CallError};
use crate::checkout::{Checkout, Entry};
use crate::dialect::Dialect;
use crate::mailbox::Mailbox;
use crate::replace::Turns;
use crate::slot::{Shared, Slot};
use crate::statistics::{Counters, SlotReport, Statistics};

/// The shortest time between two log lines about failed starts.
const PAUSE: Duration = Duration::from_secs(60);

/// The limits of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Slots, each with one child. At least one.
    pub size: usize,
    /// Calls that may wait for a child; one more is refused.
    pub queue: usize,
    /// How long a child may take from its start until it is ready.
    pub start_deadline: Duration,
    /// The longest answer in bytes; a child that says more is destroyed.
    pub max_answer_bytes: usize,
    /// A child is replaced after so many answers; 0 for never.
    pub max_requests: u64,
    /// A child is replaced at this age; `None` for never.
    pub max_age: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            size: 5,
            queue: 1024,
            start_deadline: Duration::from_secs(20),
            max_answer_bytes: 64 << 20,
            max_requests: 0,
            max_age: None,
        }
    }
}

/// A pool of children. Dropping it ends them all.
pub struct Pool<D: Dialect> {
    // The slots are named first, since their threads use what is shared.
    slots: Mutex<Vec<Running<D>>>,
    /// Slots that were taken out and finish what they are at.
    leaving: Mutex<Vec<Running<D>>>,
    shared: Arc<Shared<D>>,
}

struct Running<D: Dialect> {
    mailbox: Entry<D::Request, D::Answer>,
    report: Arc<Mutex<SlotReport>>,
    thread: Thread,
}

impl<D: Dialect> Pool<D> {
    /// Starts the slots. Their children become ready by and by; calls may be made at once.
    pub fn start(dialect: D, options: Options) -> io::Result<Self> {
        let size = options.size.max(1);
        let shared = Arc::new(Shared {
            dialect,
            checkout: Arc::new(Checkout::new(options.queue)),
            options: RwLock::new(options),
            counters: Counters::default(),
            revision: AtomicU64::new(0),
            turns: Turns::default(),
            failed_starts: Seldom::new(PAUSE),
        });
        let pool = Self { slots: Mutex::new(Vec::new()), leaving: Mutex::new(Vec::new()), shared };
        pool.resize(size)?;
        Ok(pool)
    }

    /// Gives the call to the next free child. Its `done` is told in any case.
    pub fn submit(&self, call: Call<D::Request, D::Answer>) {
        self.shared.checkout.submit(call);
    }

    /// Asks and waits for the answer. For callers that have a thread to spare.
    pub fn call(&self, request: D::Request, deadline: Deadline) -> Result<D::Answer, CallError> {
        let (sender, receiver) = bounded(1);
        self.submit(Call::new(request, deadline, move |outcome| {
            // The receiver waits until it is told.
            let _ = sender.send(outcome);
        }));
        receiver.recv().unwrap_or(Err(CallError::Internal))
    }

    /// Changes the limits, and the size with them, and has every child looked at for being out of
    /// date. The pool grows at once; a slot that goes lets
    /// its child finish what it was lent for, and nobody waits for that.
    pub fn set_options(&self, options: Options) -> io::Result<()> {
        *self.shared.options.write().unwrap_or_else(PoisonError::into_inner) = options;
        self.shared.checkout.set_limit(options.queue);
        self.resize(options.size)?;
        // Whoever changes options may have changed what makes a child out of date.
        self.shared.revision.fetch_add(1, Ordering::AcqRel);
        for slot in lock(&self.slots).iter() {
            slot.mailbox.wake();
        }
        Ok(())
    }

    fn resize(&self, size: usize) -> io::Result<()> {
        let size = size.max(1);
        let mut slots = lock(&self.slots);
        while slots.len() < size {
            let number = slots.len() + 1;
            slots.push(self.start_slot(number)?);
        }
        let surplus = slots.split_off(size);
        drop(slots);
        for slot in &surplus {
            slot.mailbox.retire(false);
        }
        let mut leaving = lock(&self.leaving);
        leaving.retain(|slot| !slot.thread.has_ended());
        leaving.extend(surplus);
        Ok(())
    }

    fn start_slot(&self, number: usize) -> io::Result<Running<D>> {
        let mailbox = Arc::new(Mailbox::new()?);
        let report = Arc::new(Mutex::new(SlotReport { state: "waiting", ..SlotReport::default() }));
        let slot = Slot::new(Arc::clone(&self.shared), Arc::clone(&mailbox), Arc::clone(&report));
        self.shared.checkout.enter(&mailbox);
        match Thread::spawn(&format!("pool:{number}"), move || slot.run()) {
            Ok(thread) => Ok(Running { mailbox, report, thread }),
            Err(error) => {
                self.shared.checkout.leave(&mailbox);
                Err(error)
            }
        }
    }

    /// Takes no more calls; the channel gets one message when the last one is over.
    pub fn close(&self) -> Receiver<()> {
        self.shared.checkout.close()
    }

    /// Gives up the calls that wait, and asks every slot to end: once the call that its child has
    /// is over, or, in a hurry, at once and without grace.
    pub fn retire(&self, hurry: bool) {
        self.close();
        self.shared.checkout.abandon();
        for slots in [&self.slots, &self.leaving] {
            for slot in lock(slots).iter() {
                slot.mailbox.retire(hurry);
            }
        }
    }

    /// Whether every slot and its child have ended.
    pub fn has_ended(&self) -> bool {
        [&self.slots, &self.leaving]
            .iter()
            .all(|slots| lock(slots).iter().all(|slot| slot.thread.has_ended()))
    }

    /// Takes no more calls, waits until `deadline` for those that were made, then ends the children
    /// and waits for their ends. `false` if calls had to be given up.
    pub fn stop(&self, deadline: Deadline) -> bool {
        let drained = self.close();
        let in_time = match deadline.instant() {
            Some(moment) => drained.recv_deadline(moment).is_ok(),
            None => drained.recv().is_ok(),
        };
        self.retire(!in_time);
        for slots in [&self.slots, &self.leaving] {
            let slots = std::mem::take(&mut *lock(slots));
            for slot in slots {
                slot.thread.join();
            }
        }
        in_time
    }

    /// A moment's picture.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = self.shared.counters.read();
        let (queued, lent) = self.shared.checkout.load();
        statistics.queued = queued;
        statistics.lent = lent;
        statistics.slots =
            lock(&self.slots).iter().map(|slot| lock(&slot.report).clone()).collect();
        statistics.ready =
            statistics.slots.iter().filter(|slot| matches!(slot.state, "ready" | "busy")).count();
        statistics
    }

    /// Whether a child can serve, idle or at work.
    pub fn has_ready(&self) -> bool {
        let is_ready = |slot: &Running<D>| matches!(lock(&slot.report).state, "ready" | "busy");
        lock(&self.slots).iter().any(is_ready)
    }

    /// Whether a child can serve, or as many starts have failed as there are slots: waiting for more
    /// tells no more.
    pub fn has_tried(&self) -> bool {
        let failed = self.shared.counters.failed_starts.load(Ordering::Relaxed);
        let slots = u64::try_from(lock(&self.slots).len()).unwrap_or(u64::MAX);
        self.has_ready() || failed >= slots
    }

    /// The dialect that the children are spoken with.
    pub fn dialect(&self) -> &D {
        &self.shared.dialect
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is locked here is whole between any two lines that can panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<D: Dialect> Drop for Pool<D> {
    fn drop(&mut self) {
        self.stop(Deadline::after(Duration::ZERO));
    }
}
