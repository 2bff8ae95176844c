//! The handle of a link: how to send over it, hold it and end it, from any thread.

use std::sync::Arc;

use ostler_runtime::Deadline;

use crate::Peer;

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// As much waits to be written as may.
    #[error("too much waits to be written")]
    Full,
    /// The link ends, or has ended.
    #[error("the connection is closed")]
    Closed,
}

/// A long-lived connection in both directions. Cheap to clone; all clones are the same link, and
/// none keeps it open: it ends by [`close`](Self::close), [`abort`](Self::abort), its protocol,
/// the other side or the end of its [`Links`](crate::Links). Nothing here waits but
/// [`wait_room`](Self::wait_room).
#[derive(Clone)]
pub struct Link(Arc<Peer>);

impl Link {
    /// Queues `frame` behind what waits already. On a quiet link it is written at once.
    pub fn offer(&self, _frame: &Arc<[u8]>) -> Result<(), Refused> {
        Err(Refused::Closed)
    }

    /// Queues a control frame also where the link is [full](Refused::Full), up to
    /// [`LinkLimits::max_forced`](crate::LinkLimits::max_forced). Whether it was taken; one that
    /// was is never pushed out.
    pub fn force(&self, _frame: &Arc<[u8]>) -> bool {
        false
    }

    /// Queues `frame` and makes room for it by dropping the offered ones that have waited
    /// longest: how many.
    pub fn push_out(&self, _frame: &Arc<[u8]>) -> Result<usize, Refused> {
        Err(Refused::Closed)
    }

    /// Waits until a link that was [full](Refused::Full) has room again; not true where it ends
    /// or `deadline` passes before. Never to be called from a protocol.
    pub fn wait_room(&self, _deadline: Deadline) -> bool {
        false
    }

    /// Whether the next [`offer`](Self::offer) would be refused as [full](Refused::Full); asked
    /// without a lock. Not true once the link ends.
    pub fn is_full(&self) -> bool {
        false
    }

    /// Has `waiter` called, on some thread, once a [full](Refused::Full) link has room again or
    /// ends. Not true where it is not full now; `waiter` is dropped then.
    pub fn when_room(&self, _waiter: Box<dyn FnOnce() + Send>) -> bool {
        false
    }

    /// Sets how many frames may wait, instead of [`LinkLimits::max_frames`](crate::LinkLimits).
    pub fn set_max_frames(&self, _frames: usize) {}

    /// Has the protocol's [`tick`](crate::Protocol::tick) called soon instead of in its time.
    pub fn call(&self) {}

    /// Reads and delivers on after [`Turn::Hold`](crate::Turn::Hold).
    pub fn resume(&self) {}

    /// Ends the link once everything that is queued has been written, or
    /// [`LinkLimits::close`](crate::LinkLimits::close) has passed.
    pub fn close(&self) {}

    /// Ends the link now; `why` becomes [`Closed::Aborted`](crate::Closed::Aborted).
    pub fn abort(&self, _why: &'static str) {}

    /// Says that the other side is who it should be: the link is not counted by
    /// [`LinkLimits::max_unestablished`](crate::LinkLimits::max_unestablished) any more.
    pub fn established(&self) {}

    /// A number that no other link of the same [`Links`](crate::Links) has or had.
    pub fn id(&self) -> u64 {
        0
    }

    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        *self.0
    }

    /// Whether TLS is spoken.
    pub fn is_secured(&self) -> bool {
        false
    }

    /// Frames and bytes that wait to be written.
    pub fn queued(&self) -> (usize, usize) {
        (0, 0)
    }
}
