//! Where the node tells of its peers, and who reads it.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ostler_runtime::Deadline;

use crate::arrivals::Arrivals;
use crate::queue::{Queue, QueueLimits};
use crate::status::{Error, Status};

/// How many changes and errors wait for one reader. Of more, the oldest are dropped and counted.
const MAX_HAPPENINGS: usize = 4096;

/// What a [`StatusSubscriber`] gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A change among the peers.
    Status(Status),
    /// An error.
    Error(Error),
}

/// The readers.
#[derive(Default)]
pub(crate) struct StatusBoard(Mutex<Vec<Reader>>);

struct Reader {
    queue: Weak<Queue<Happening>>,
    wants_statuses: bool,
}

impl StatusBoard {
    /// Tells all readers who want to know: how many older ones had to make room.
    pub(crate) fn post(&self, happening: &Happening) -> u64 {
        let mut dropped = 0_u64;
        let is_status = matches!(happening, Happening::Status(_));
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readers.retain(|reader| {
            let Some(queue) = reader.queue.upgrade() else { return false };
            if reader.wants_statuses || !is_status {
                dropped = dropped.saturating_add(queue.push_out(happening.clone(), 0));
            }
            true
        });
        dropped
    }

    /// A new reader, who gets errors, and changes if wanted.
    pub(crate) fn subscribe(&self, wants_statuses: bool) -> StatusSubscriber {
        let limits = QueueLimits { items: MAX_HAPPENINGS, bytes: usize::MAX };
        let queue = Arc::new(Queue::new(limits));
        let reader = Reader { queue: Arc::downgrade(&queue), wants_statuses };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        StatusSubscriber(queue)
    }

    /// Nothing more will happen.
    pub(crate) fn close(&self) {
        let readers = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for queue in readers.iter().filter_map(|reader| reader.queue.upgrade()) {
            queue.close();
        }
    }
}

/// Gets what the node tells of its peers. Dropping it ends that.
pub struct StatusSubscriber(Arc<Queue<Happening>>);

impl StatusSubscriber {
    /// The next change or error, however long it takes to happen; `None` once the endpoint has
    /// ended.
    pub fn get(&self) -> Option<Happening> {
        self.get_before(Deadline::NEVER)
    }

    /// The next change or error, if it happens in time.
    pub fn get_before(&self, deadline: Deadline) -> Option<Happening> {
        let mut taken = VecDeque::with_capacity(1);
        self.0.take(1, deadline, &mut taken);
        taken.pop_front()
    }

    /// All that has happened.
    pub fn poll(&self) -> Vec<Happening> {
        let mut taken = VecDeque::new();
        self.0.take(usize::MAX, Deadline::after(Duration::ZERO), &mut taken);
        taken.into()
    }

    /// How much has happened and was not read.
    pub fn available(&self) -> usize {
        self.0.len()
    }

    /// Whether the endpoint has ended and all that had happened was read.
    pub fn has_ended(&self) -> bool {
        self.0.has_ended()
    }

    /// A descriptor that is readable while something waits to be read, and once the endpoint has
    /// ended.
    pub fn fd(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        self.0.descriptor()
    }

    /// What waits without the subscriber, for who shares it among threads.
    pub fn arrivals(&self) -> Arrivals {
        Arrivals::of(&self.0)
    }

    /// Gives back what was read, in its order: it is the next again, and the descriptor is readable.
    pub fn give_back(&self, happenings: Vec<Happening>) {
        self.0.put_back(happenings.into_iter().map(|happening| (happening, 0)));
    }

    /// How much was dropped because nobody read it in time.
    pub fn dropped(&self) -> u64 {
        self.0.dropped()
    }
}

impl Drop for StatusSubscriber {
    fn drop(&mut self) {
        // Who waits for arrivals is told.
        self.0.close();
    }
}
