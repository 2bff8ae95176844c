//! How a slot is reached: one channel for the request that is handed to it, flags for orders, and
//! an event descriptor that ends its wait.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::sync::{AtomicBool, Ordering, Receiver, Sender, Wake, bounded};

/// One slot's mailbox. At most one request is ever on its way, because a slot is handed one only
/// after it said that it is idle.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    sender: Sender<T>,
    receiver: Receiver<T>,
    event: Wake,
    retire: AtomicBool,
    hurry: AtomicBool,
}

impl<T> Mailbox<T> {
    pub(crate) fn new() -> io::Result<Self> {
        let (sender, receiver) = bounded(1);
        Ok(Self {
            sender,
            receiver,
            event: Wake::new()?,
            retire: AtomicBool::new(false),
            hurry: AtomicBool::new(false),
        })
    }

    /// Hands over one request and wakes the slot. Gives the request back if the slot has one
    /// already, which the checkout rules out.
    pub(crate) fn hand(&self, request: T) -> Result<(), T> {
        self.sender.try_send(request).map_err(crossbeam_channel::TrySendError::into_inner)?;
        self.wake();
        Ok(())
    }

    /// Makes the slot look around.
    pub(crate) fn wake(&self) {
        self.event.wake();
    }

    /// Asks the slot to end its children and its thread; in a hurry, without grace.
    pub(crate) fn retire(&self, hurry: bool) {
        self.hurry.fetch_or(hurry, Ordering::AcqRel);
        self.retire.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retire.load(Ordering::Acquire)
    }

    pub(crate) fn is_hurried(&self) -> bool {
        self.hurry.load(Ordering::Acquire)
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.receiver.try_recv().ok()
    }

    /// Makes the descriptor silent until the next wake.
    pub(crate) fn clear(&self) {
        self.event.clear();
    }
}

#[cfg(all(test, shuttle))]
impl<T> Mailbox<T> {
    /// Waits as a poll of the descriptor would.
    pub(crate) fn wait(&self) {
        self.event.wait();
    }

    /// Whether the descriptor is readable.
    pub(crate) fn is_awake(&self) -> bool {
        self.event.is_awake()
    }
}

impl<T> AsFd for Mailbox<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
