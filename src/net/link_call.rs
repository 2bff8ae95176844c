//! The calls of a link's protocol: what they are given, and what follows from their answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ostler_runtime::threads::caught;

use crate::link_inner::{Inner, Inside};
use crate::link_state::{Intake, News, Phase};
use crate::tls::TlsFault;
use crate::{Closed, Link, Protocol, Turn};

/// Room for unconsumed bytes that is kept also while nothing comes.
const SPARE_BYTES: usize = 4096;

impl Inner {
    /// Has the protocol look at `bytes`: how many it consumed.
    pub(crate) fn deliver(self: &Arc<Self>, inside: &mut Inside, bytes: &[u8]) -> usize {
        let first = !bytes.is_empty() && !self.heard.swap(true, Ordering::Relaxed);
        if first && !self.secured && is_tls(bytes) {
            self.end(&mut self.lock(), Closed::Tls(TlsFault::Unexpected));
            return 0;
        }
        let mut consumed = 0;
        self.call(inside, |protocol, link| {
            let (count, turn) = protocol.received(bytes, link);
            consumed = count.min(bytes.len());
            turn
        });
        consumed
    }

    /// Looks after deadlines and buffers.
    pub(crate) fn tick(self: &Arc<Self>, inside: &mut Inside, now: Instant) {
        {
            let mut state = self.lock();
            let late = state.deadline.instant().is_some_and(|deadline| deadline <= now);
            let limit = self.hub.limits.stall;
            let still = state.still_since(now);
            let is_over = |since| now.saturating_duration_since(since) >= limit;
            let stalled = still.is_some_and(is_over);
            let deaf = state.deaf_since(now).is_some_and(is_over);
            match state.phase {
                Phase::Closing if late => {
                    let (_, bytes) = state.outbox.len();
                    self.end(&mut state, Closed::Unwritten(bytes));
                }
                Phase::Lingering if late => self.end_as_asked(&mut state),
                Phase::Open if stalled => self.end(&mut state, Closed::Stalled),
                Phase::Open if deaf => {
                    let why = state.lost.take().unwrap_or(Closed::Ended);
                    self.end(&mut state, why);
                }
                _ => {}
            }
            state.shrink_if_quiet();
            if state.phase != Phase::Open || state.end.is_some() {
                return;
            }
        }
        if !std::mem::take(&mut inside.busy) && inside.input.capacity() > SPARE_BYTES {
            inside.input.shrink_to_fit();
        }
        self.call(inside, |protocol, link| protocol.tick(link, now));
    }

    /// Calls the protocol and does as it says.
    pub(crate) fn call(
        self: &Arc<Self>,
        inside: &mut Inside,
        body: impl FnOnce(&mut dyn Protocol, &Link) -> Turn,
    ) {
        let Some(protocol) = &mut inside.protocol else { return };
        {
            let mut state = self.lock();
            // Whoever waits for an answer says the next thing later.
            state.written_at = None;
            if state.intake == Intake::Resumed {
                state.intake = Intake::Flowing;
            }
        }
        let link = Link::from(self.clone());
        let turn = caught("a link", || body(protocol.as_mut(), &link));
        let mut state = self.lock();
        inside.owed |= turn == Some(Turn::Hold);
        match turn {
            Some(Turn::Continue) => {}
            Some(Turn::Hold) if state.intake == Intake::Resumed => {
                state.intake = Intake::Flowing;
                self.signal(&mut state, News::MORE);
            }
            Some(Turn::Hold) if state.intake == Intake::Ended => {}
            Some(Turn::Hold) => state.intake = Intake::Held,
            Some(Turn::Close) => {
                drop(state);
                self.close(None, &self.ending());
            }
            Some(Turn::Abort) => self.end(&mut state, Closed::Aborted("ended by this side")),
            None => {
                self.hub.counters.panics.count();
                self.end(&mut state, Closed::Panicked);
            }
        }
    }
}

/// Whether `bytes`, the first on a plain connection, are a record of TLS.
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x14..=0x17, 3, 0..=4, ..])
}
