//! Writing what waits: by whoever has put it there if the link has been quiet, else by a link's
//! thread, which finds many frames to write at once.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use ostler_runtime::threads::caught;
use ostler_runtime::{Deadline, now};

use crate::Closed;
use crate::link_inner::Inner;
use crate::link_outbox::Flight;
use crate::link_state::{Intake, News, Pen, Phase, State};
use crate::stream::Broken;

/// How long a link must not have been written to by somebody who had something to send, for the
/// next one to do so, unless something has come in between.
const QUIET: Duration = Duration::from_micros(20);

/// How often a link's thread writes before others have their turn.
const ROUNDS: usize = 4;

impl Inner {
    /// Sees to it that what was put into the outbox goes out.
    pub(crate) fn write_soon<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>) {
        state.taken = state.taken.wrapping_add(1);
        if !state.outbox.has_room(&self.hub.limits) {
            self.full.store(true, Ordering::Release);
        }
        if state.pen != Pen::Free || state.todo.any(News::FLUSH) || !state.may_write() {
            return;
        }
        let quiet = state.written_at.is_none_or(|at| now().saturating_duration_since(at) >= QUIET);
        if quiet {
            state.pen = Pen::Taken;
            self.write(state, 1);
            self.lock().written_at = Some(now());
        } else {
            self.signal(&mut state, News::FLUSH);
        }
    }

    /// Writes what waits, if nobody else does.
    pub(crate) fn write_now<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>) {
        let waits = state.pen == Pen::Blocked || !state.outbox.is_empty();
        if !waits {
            self.finish_if_closing(state);
        } else if state.pen != Pen::Taken && state.may_write() {
            state.pen = Pen::Taken;
            self.write(state, ROUNDS);
        }
    }

    /// Writes up to `rounds` times. Whoever calls it has taken the pen.
    fn write<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>, mut rounds: usize) {
        let mut flight = Flight::default();
        loop {
            let Some(wire) = state.wire.clone() else { return };
            state.outbox.take(&mut flight);
            drop(state);
            let sent = wire.send(&flight.parts());
            state = self.lock();
            if state.phase == Phase::Over {
                return;
            }
            let sent = match sent {
                Ok(sent) => sent,
                Err(broken) => return self.lose(state, broken),
            };
            self.account(&mut state, &mut flight, sent.bytes);
            if self.full.load(Ordering::Relaxed) && state.outbox.is_half_empty(&self.hub.limits) {
                self.no_longer_full();
                call_waiters(state);
                state = self.lock();
                if state.phase == Phase::Over {
                    return;
                }
            }
            if sent.blocked {
                state.pen = Pen::Blocked;
                return self.arm(&mut state);
            }
            rounds = rounds.saturating_sub(1);
            if state.outbox.is_empty() {
                state.pen = Pen::Free;
                return self.finish_if_closing(state);
            }
            if rounds == 0 {
                state.pen = Pen::Free;
                return self.signal(&mut state, News::FLUSH);
            }
        }
    }

    /// `count` bytes of `flight` have gone.
    fn account(&self, state: &mut State, flight: &mut Flight, count: usize) {
        let finished = state.outbox.put_back(flight, count);
        let bytes = u64::try_from(count).unwrap_or(u64::MAX);
        state.progress.bytes_out = state.progress.bytes_out.wrapping_add(bytes);
        self.hub.counters.bytes_out.add(count);
        self.hub.counters.frames_out.add(finished);
    }

    /// Nothing can be written any more. What the other side has said before is still read.
    fn lose(self: &Arc<Self>, mut state: MutexGuard<'_, State>, broken: Broken) {
        state.pen = Pen::Free;
        self.forget_frames(&mut state);
        if state.phase == Phase::Closing {
            return self.end(&mut state, Closed::from(broken));
        }
        state.lost = Some(Closed::from(broken));
        self.signal(&mut state, News::MORE);
        call_waiters(state);
    }

    /// Tells the other side that nothing follows, once everything is written and that is meant.
    pub(crate) fn finish_if_closing(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let done = state.outbox.is_empty() && state.pen == Pen::Free;
        if state.phase != Phase::Closing || !done {
            return;
        }
        state.phase = Phase::Lingering;
        state.deadline = state.deadline.earlier(Deadline::after(state.linger));
        if state.intake == Intake::Ended {
            self.end(&mut state, Closed::Asked);
        }
        let wire = state.wire.clone();
        drop(state);
        if let Some(wire) = wire {
            wire.finish();
        }
        // It may have been held until now.
        self.arm(&mut self.lock());
    }
}

/// Calls those who wait for room, outside the lock.
pub(crate) fn call_waiters(mut state: MutexGuard<'_, State>) {
    let waiters = std::mem::take(&mut state.waiters);
    drop(state);
    for waiter in waiters {
        // What panics here is somebody else's.
        let _ = caught("a link's waiter", waiter);
    }
}

impl From<Broken> for Closed {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Socket(error) => Self::Broken(error.into()),
            Broken::Tls(why) => Self::Tls(why),
            Broken::Header(why) => Self::Broken(io::Error::other(why.to_string())),
        }
    }
}
