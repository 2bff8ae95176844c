//! The handle of a link: how to send over it, hold it and end it, from any thread.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ostler_runtime::Deadline;

use crate::link_inner::Inner;
use crate::link_outbox::Worth;
use crate::link_state::{Intake, News};
use crate::link_write::call_waiters;
use crate::{Closed, Peer};

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

/// How long the end of a link may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// For writing what is queued, and for the other side to close as well.
    pub deadline: Deadline,
    /// For the other side to close, once everything is written.
    pub linger: Duration,
}

/// A long-lived connection in both directions. Cheap to clone; all clones are the same link, and
/// none keeps it open: it ends by [`close`](Self::close), [`abort`](Self::abort), its protocol,
/// the other side or the end of its [`Links`](crate::Links). Nothing here waits but
/// [`wait_room`](Self::wait_room).
///
/// What is sent before the link is open goes out when it is.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

impl Link {
    /// Queues `frame` behind what waits already. On a quiet link it is written at once.
    pub fn offer(&self, frame: &Arc<[u8]>) -> Result<(), Refused> {
        let mut state = self.0.lock();
        if !state.takes_frames() {
            return Err(Refused::Closed);
        }
        if !state.outbox.has_room(&self.0.hub.limits) {
            self.0.full.store(true, Ordering::Release);
            return Err(Refused::Full);
        }
        state.outbox.push(frame, Worth::Offered);
        self.0.write_soon(state);
        Ok(())
    }

    /// Queues `frame` whatever waits, unless the link ends: whether it was taken. It is never pushed
    /// out.
    ///
    /// For those who have found that the link is [not full](Self::is_full), or have
    /// [waited](Self::wait_room) for it: so many of them at the same moment, so many frames may wait
    /// beyond the limits, and who comes then finds it full.
    pub fn put(&self, frame: &Arc<[u8]>) -> bool {
        let mut state = self.0.lock();
        let taken = state.takes_frames();
        if taken {
            state.outbox.push(frame, Worth::Kept);
            self.0.write_soon(state);
        }
        taken
    }

    /// The same for several frames, which go out together: whether they were taken.
    pub fn put_all(&self, frames: &[Arc<[u8]>]) -> bool {
        let mut state = self.0.lock();
        let taken = state.takes_frames();
        if taken && !frames.is_empty() {
            for frame in frames {
                state.outbox.push(frame, Worth::Kept);
            }
            self.0.write_soon(state);
        }
        taken
    }

    /// Queues a control frame also where the link is [full](Refused::Full), up to
    /// [`LinkLimits::max_forced`](crate::LinkLimits::max_forced), whatever else waits. Whether it was
    /// taken; one that was is never pushed out.
    pub fn force(&self, frame: &Arc<[u8]>) -> bool {
        let mut state = self.0.lock();
        let taken =
            state.takes_frames() && state.outbox.has_spare_room(frame.len(), &self.0.hub.limits);
        if taken {
            state.outbox.push(frame, Worth::Forced);
            self.0.write_soon(state);
        }
        taken
    }

    /// Queues `frame` and drops offered ones that have waited longest as far as it takes to make
    /// room for it: how many, the new one included where nothing else could make room.
    pub fn push_out(&self, frame: &Arc<[u8]>) -> usize {
        let limits = &self.0.hub.limits;
        let mut state = self.0.lock();
        if !state.takes_frames() {
            return 0;
        }
        let mut dropped = 0_usize;
        let mut fits = state.outbox.has_room(limits);
        while !fits && state.outbox.drop_oldest() {
            dropped = dropped.saturating_add(1);
            fits = state.outbox.has_room(limits);
        }
        if fits {
            state.outbox.push(frame, Worth::Offered);
        } else {
            dropped = dropped.saturating_add(1);
        }
        self.0.hub.counters.dropped.add(dropped);
        self.0.write_soon(state);
        dropped
    }

    /// Waits until a link that was [full](Refused::Full) has room again; not true where it ends
    /// or `deadline` passes before. Never to be called from a protocol.
    pub fn wait_room(&self, deadline: Deadline) -> bool {
        let mut state = self.0.lock();
        loop {
            if !state.takes_frames() {
                return false;
            }
            if !self.is_full() {
                return true;
            }
            state = match deadline.remaining() {
                Some(left) if left.is_zero() => return false,
                Some(left) => {
                    let waited = self.0.room.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.0.room.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Whether the link is [full](Refused::Full): it has been filled, and less than half of what
    /// may wait has been written since. Asked without a lock. Not true once the link has ended.
    pub fn is_full(&self) -> bool {
        self.0.full.load(Ordering::Acquire)
    }

    /// Has `waiter` called, on some thread, once a [full](Self::is_full) link has room again or
    /// ends. Not true where it is not full now; `waiter` is dropped then.
    pub fn when_room(&self, waiter: Box<dyn FnOnce() + Send>) -> bool {
        let mut state = self.0.lock();
        let waits = state.takes_frames() && self.is_full();
        if waits {
            state.waiters.push(waiter);
        }
        waits
    }

    /// Sets how many frames may wait, instead of
    /// [`LinkLimits::max_frames`](crate::LinkLimits::max_frames).
    pub fn set_max_frames(&self, frames: usize) {
        self.0.lock().outbox.set_max_frames(frames);
    }

    /// Has the protocol's [`tick`](crate::Protocol::tick) called soon instead of in its time.
    pub fn call(&self) {
        self.0.signal(&mut self.0.lock(), News::TICK);
    }

    /// Reads and delivers on after [`Turn::Hold`](crate::Turn::Hold).
    pub fn resume(&self) {
        let mut state = self.0.lock();
        match state.intake {
            Intake::Held => {
                state.intake = Intake::Flowing;
                state.progress.deaf = None;
                self.0.signal(&mut state, News::MORE);
            }
            Intake::Flowing if state.running => state.intake = Intake::Resumed,
            Intake::Flowing | Intake::Resumed | Intake::Ended => {}
        }
    }

    /// Ends the link once everything that is queued has been written, or
    /// [`LinkLimits::close`](crate::LinkLimits::close) has passed.
    pub fn close(&self) {
        self.0.close(None, &self.0.ending());
    }

    /// The same with `last`, which is taken whatever waits, and behind which nothing else is.
    pub fn close_with(&self, last: &Arc<[u8]>) {
        self.0.close(Some(last), &self.0.ending());
    }

    /// The same in another time.
    pub fn close_in(&self, last: &Arc<[u8]>, ending: &Ending) {
        self.0.close(Some(last), ending);
    }

    /// Drops the offered frames that wait, but for those that are being written: how many.
    pub fn drop_offered(&self) -> usize {
        let mut state = self.0.lock();
        let mut dropped = 0_usize;
        while state.outbox.drop_oldest() {
            dropped = dropped.saturating_add(1);
        }
        self.0.hub.counters.dropped.add(dropped);
        if self.is_full() && state.outbox.is_half_empty(&self.0.hub.limits) {
            self.0.no_longer_full();
            call_waiters(state);
        }
        dropped
    }

    /// Ends the link now; `why` becomes [`Closed::Aborted`].
    pub fn abort(&self, why: &'static str) {
        self.0.end(&mut self.0.lock(), Closed::Aborted(why));
    }

    /// Says that the other side is who it should be: the link is not counted by
    /// [`LinkLimits::max_unestablished`](crate::LinkLimits::max_unestablished) any more.
    pub fn established(&self) {
        let stranger = self.0.lock().stranger.take();
        if let Some(stranger) = stranger {
            self.0.hub.doors.establish(stranger);
        }
    }

    /// Has it make room for others as long as it is a stranger.
    pub(crate) fn introduce(&self) {
        let stranger = self.0.lock().stranger;
        if let Some(stranger) = stranger {
            self.0.hub.doors.introduce(stranger, &self.0);
        }
    }

    /// A number that no other link of the same [`Links`](crate::Links) has or had.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        self.0.peer
    }

    /// Whether TLS is spoken.
    pub fn is_secured(&self) -> bool {
        self.0.secured
    }

    /// Frames and bytes that wait to be written.
    pub fn queued(&self) -> (usize, usize) {
        self.0.lock().outbox.len()
    }
}

impl From<Arc<Inner>> for Link {
    fn from(inner: Arc<Inner>) -> Self {
        Self(inner)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("id", &self.id()).field("peer", &self.peer()).finish()
    }
}
