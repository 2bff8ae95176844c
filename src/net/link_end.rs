//! How a link ends, and its protocol's last call.

use std::sync::Arc;

use ostler_runtime::Deadline;
use ostler_runtime::threads::caught;
use rustix::event::epoll;

use crate::link_inner::{Entrance, Inner, Inside};
use crate::link_state::{News, Pen, Phase};
use crate::link_write::call_waiters;
use crate::{Closed, Link};

impl Inner {
    /// Ends the link once everything that is queued has been written.
    pub(crate) fn close(self: &Arc<Self>) {
        let mut state = self.lock();
        match state.phase {
            Phase::Connecting | Phase::Securing => self.end(&mut state, Closed::Asked),
            Phase::Open if state.end.is_none() => {
                if let Some(lost) = state.lost.take() {
                    return self.end(&mut state, lost);
                }
                state.phase = Phase::Closing;
                state.deadline = Deadline::after(self.hub.limits.close);
                self.no_longer_full();
                if state.pen == Pen::Free {
                    self.signal(&mut state, News::FLUSH);
                }
                self.arm(&mut state);
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
        let Some(mut protocol) = inside.protocol.take() else { return };
        let link = Link::from(self.clone());
        // The protocol goes here too, and may panic even then.
        let told = caught("a link", move || protocol.closed(&link, &why));
        if told.is_none() {
            counters.panics.count();
        }
    }

    /// Ends the link on the calling thread, when those of links have ended.
    pub(crate) fn stop(self: &Arc<Self>) {
        let mut state = self.lock();
        state.end.get_or_insert(Closed::Stopped);
        drop(state);
        self.end_if_due(&mut self.inside());
    }
}
