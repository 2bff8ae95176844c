//! How a link ends, and its protocol's last call.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use ostler_runtime::Deadline;
use ostler_runtime::threads::caught;
use rustix::event::epoll;

use crate::link_inner::{Entrance, Inner, Inside};
use crate::link_outbox::Worth;
use crate::link_state::{Intake, News, Pen, Phase, State};
use crate::link_write::call_waiters;
use crate::{Closed, Ending, Link};

/// How long the other side has, at most, to take note of why TLS has failed.
const LINGER: Duration = Duration::from_secs(1);

impl Inner {
    /// How long the end may take where nobody says it.
    pub(crate) fn ending(&self) -> Ending {
        let limits = &self.hub.limits;
        Ending { deadline: Deadline::after(limits.close), linger: limits.linger }
    }

    /// Ends the link once everything that is queued has been written, and `last` behind it.
    pub(crate) fn close(self: &Arc<Self>, last: Option<&Arc<[u8]>>, ending: &Ending) {
        let mut state = self.lock();
        match state.phase {
            Phase::Connecting | Phase::Securing => self.end(&mut state, Closed::Asked),
            Phase::Open if state.end.is_none() => {
                if let Some(lost) = state.lost.take() {
                    return self.end(&mut state, lost);
                }
                if let Some(last) = last {
                    state.outbox.push(last, Worth::Forced);
                }
                state.phase = Phase::Closing;
                state.deadline = ending.deadline;
                state.linger = ending.linger;
                self.no_longer_full();
                if state.pen == Pen::Free {
                    self.signal(&mut state, News::FLUSH);
                }
                self.arm(&mut state);
                call_waiters(state);
            }
            _ => {}
        }
    }

    /// Tells the protocol the end, if there is one to be told.
    pub(crate) fn end_if_due(self: &Arc<Self>, inside: &mut Inside) {
        let mut state = self.lock();
        let Some(why) = state.end.take() else { return };
        if state.phase == Phase::Over {
            return;
        }
        if matches!(why, Closed::Tls(_)) && state.phase != Phase::Lingering {
            return self.part(state, why);
        }
        state.phase = Phase::Over;
        self.forget_frames(&mut state);
        let wire = state.wire.take();
        let stranger = state.stranger.take();
        call_waiters(state);
        if let Some(wire) = wire {
            // Closing it would do the same, but for a thread that writes to it now.
            let _ = epoll::delete(&self.hub.epoll, &wire);
            wire.cut();
        }
        if self.entrance != Entrance::Own {
            self.hub.doors.leave(stranger);
        }
        self.hub.remove(self.id);
        let counters = &self.hub.counters;
        match &why {
            Closed::Unreachable(_) | Closed::TimedOut => counters.unreachable.count(),
            Closed::Tls(_) => counters.tls_failures.count(),
            Closed::Stalled => counters.stalled.count(),
            _ => {}
        }
        log::debug!("link to {}: {why}", self.peer);
        inside.input = Vec::new();
        self.may_hold(inside);
        let Some(mut protocol) = inside.protocol.take() else { return };
        let link = Link::from(self.clone());
        // The protocol goes here too, and may panic even then.
        let told = caught("a link", move || protocol.closed(&link, &why));
        if told.is_none() {
            counters.panics.count();
        }
    }

    /// Lets the other side read the alert that says why TLS has failed: it would be destroyed by
    /// closing the connection over bytes that have come and were not read.
    fn part<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>, why: Closed) {
        state.phase = Phase::Lingering;
        state.deadline = Deadline::after(self.hub.limits.close.min(LINGER));
        state.lost = Some(why);
        state.pen = Pen::Free;
        state.intake = Intake::Flowing;
        self.forget_frames(&mut state);
        if let Some(wire) = &state.wire {
            wire.finish();
        }
        self.signal(&mut state, News::MORE);
    }

    /// Ends the link on the calling thread, when those of links have ended.
    pub(crate) fn stop(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            if state.phase == Phase::Over {
                return;
            }
            let lost = state.lost.take();
            state.end.get_or_insert_with(|| lost.unwrap_or(Closed::Stopped));
            drop(state);
            self.end_if_due(&mut self.inside());
        }
    }
}
