//! A WebSocket client as the endpoint sees it: what it is sent, and what becomes of that when it
//! does not keep up.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_net::{Ending, Link, Peer, Refused};
use ostler_runtime::Deadline;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::websocket_frame::{close_frame, frame};
use crate::websocket_notice::{self, ErrorCode};
use crate::{Overflow, WebSocketLimits};

/// Why a client is cut off that does not keep up.
const BEHIND: &str = "the client does not keep up with its subscriptions";

/// Bytes that may wait for the acknowledgement.
const MAX_EARLY_BYTES: usize = 8 * 1024 * 1024;

/// A client that has subscribed, from any thread's view.
pub(crate) struct WebSocketClient {
    link: Link,
    application: Option<String>,
    overflow: Overflow,
    /// Messages that may wait, also for the acknowledgement.
    max_queued: usize,
    farewell: Duration,
    /// Whether the acknowledgement has been sent, and the end not.
    is_open: AtomicBool,
    gate: Mutex<Gate>,
    /// Whether it was cut off because it does not keep up.
    is_cut_off: AtomicBool,
    dropped: AtomicU64,
    /// Dropped messages that the client has not been told of.
    untold: AtomicU64,
}

/// What keeps the order at the beginning and the end.
#[derive(Debug)]
enum Gate {
    /// What has come before the acknowledgement, which goes first.
    Waiting(Early),
    Open,
    Closed,
}

#[derive(Debug, Default)]
struct Early {
    frames: VecDeque<Arc<[u8]>>,
    bytes: usize,
    /// Whether there were too many for a client that is cut off then.
    is_too_much: bool,
}

impl WebSocketClient {
    /// One that has not been acknowledged.
    pub(crate) fn new(link: Link, application: Option<String>, limits: &WebSocketLimits) -> Self {
        link.set_max_frames(limits.max_queued);
        Self {
            link,
            application,
            overflow: limits.overflow,
            max_queued: limits.max_queued,
            farewell: limits.farewell,
            is_open: AtomicBool::new(false),
            gate: Mutex::new(Gate::Waiting(Early::default())),
            is_cut_off: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            untold: AtomicU64::new(0),
        }
    }

    /// The connection.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Where it is.
    pub(crate) fn peer(&self) -> Peer {
        self.link.peer()
    }

    /// What it calls itself.
    pub(crate) fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    /// How many messages were dropped because it did not keep up.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Whether it is acknowledged and not at its end.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Whether it was cut off because it does not keep up.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.is_cut_off.load(Ordering::Acquire)
    }

    /// Whether it wants its senders to wait.
    pub(crate) fn is_blocked(&self) -> bool {
        self.overflow == Overflow::Block && self.link.is_full()
    }

    /// Sends a data frame, or does what its policy says: how many messages are dropped for it.
    pub(crate) fn deliver(&self, data: &Arc<[u8]>) -> u64 {
        if !self.is_open() {
            match &mut *self.gate() {
                Gate::Waiting(early) => return self.keep(early, data),
                Gate::Closed => return 0,
                // It has been opened meanwhile.
                Gate::Open => {}
            }
        }
        self.offer(data)
    }

    /// Sends what is no data, if there is room for it.
    pub(crate) fn tell(&self, notice: &Arc<[u8]>) {
        if self.is_open() && self.link.offer(notice).is_err() {
            self.count_drops(1);
        }
    }

    /// Sends the acknowledgement, and behind it what has come before: how many messages are
    /// dropped for it.
    pub(crate) fn open(&self, ack: &Arc<[u8]>) -> u64 {
        let mut gate = self.gate();
        let Gate::Waiting(early) = &mut *gate else { return 0 };
        let early = std::mem::take(early);
        self.link.force(ack);
        for data in &early.frames {
            // The acknowledgement may have taken the last one's place.
            if self.link.offer(data) == Err(Refused::Full) {
                self.link.put(data);
            }
        }
        *gate = Gate::Open;
        self.is_open.store(true, Ordering::Release);
        drop(gate);
        if early.is_too_much { self.cut_off() } else { 0 }
    }

    /// Sends nothing any more; whether something was sent until now. Then the link is to be closed.
    pub(crate) fn stop(&self) -> bool {
        self.is_open.store(false, Ordering::Release);
        !matches!(std::mem::replace(&mut *self.gate(), Gate::Closed), Gate::Closed)
    }

    /// Ends the connection in order, with a reason of at most 123 bytes, behind all that waits as far
    /// as there is time for it.
    pub(crate) fn close(&self, code: CloseCode, reason: &'static str) {
        if self.stop() {
            self.link.close_with(&close_frame(code, reason));
        }
    }

    /// The same because this side goes away.
    pub(crate) fn leave(&self, reason: &'static str, deadline: Deadline) {
        if self.stop() {
            let ending = Ending { deadline, linger: self.farewell };
            self.link.close_in(&close_frame(CloseCode::Away, reason), &ending);
        }
    }

    /// Tells the client how many messages it has missed, once there is room again.
    pub(crate) fn tell_drops(&self) {
        if self.untold.load(Ordering::Relaxed) == 0 || self.link.is_full() {
            return;
        }
        let count = self.untold.swap(0, Ordering::Relaxed);
        let context = format!("{count} messages were dropped: {BEHIND}");
        let notice = websocket_notice::error(ErrorCode::BackpressureOverflow, &context, None);
        if !self.link.force(&frame(&notice)) {
            self.untold.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Keeps a message until the acknowledgement is sent, or does what the policy says.
    fn keep(&self, early: &mut Early, data: &Arc<[u8]>) -> u64 {
        let has_room = early.frames.len() < self.max_queued && early.bytes < MAX_EARLY_BYTES;
        let dropped = match self.overflow {
            // Who waits for room does not find it yet that there is none, for a moment.
            _ if has_room => 0,
            Overflow::Block => 0,
            Overflow::DropOldest => {
                let oldest = early.frames.pop_front().map_or(0, |oldest| oldest.len());
                early.bytes = early.bytes.saturating_sub(oldest);
                1
            }
            Overflow::DropNewest => return self.count_drops(1),
            Overflow::Disconnect => {
                early.is_too_much = true;
                return self.count_drops(1);
            }
        };
        early.frames.push_back(Arc::clone(data));
        early.bytes = early.bytes.saturating_add(data.len());
        self.count_drops(dropped)
    }

    fn offer(&self, data: &Arc<[u8]>) -> u64 {
        let is_refused = || self.link.offer(data) == Err(Refused::Full);
        match self.overflow {
            // There was room when it was asked for; others may have taken it since, or it is less
            // than a long message needs.
            Overflow::Block => drop(self.link.put(data)),
            Overflow::Disconnect if is_refused() => {
                return self.cut_off().saturating_add(self.count_drops(1));
            }
            Overflow::DropNewest if is_refused() => return self.count_drops(1),
            Overflow::DropOldest if is_refused() => {
                return self.count_drops(self.link.push_out(data) as u64);
            }
            Overflow::Disconnect | Overflow::DropNewest | Overflow::DropOldest => {}
        }
        0
    }

    /// Ends the connection for a client that does not keep up. It is told so ahead of all that
    /// waits, which it would not read in time: how many messages are dropped for it.
    fn cut_off(&self) -> u64 {
        if !self.stop() {
            return 0;
        }
        self.is_cut_off.store(true, Ordering::Release);
        let dropped = self.link.drop_offered();
        let notice = websocket_notice::error(ErrorCode::BackpressureOverflow, BEHIND, None);
        let last = [&*frame(&notice), &*close_frame(CloseCode::Again, BEHIND)].concat();
        self.link.close_with(&last.into());
        self.count_drops(dropped as u64)
    }

    fn count_drops(&self, count: u64) -> u64 {
        self.dropped.fetch_add(count, Ordering::Relaxed);
        self.untold.fetch_add(count, Ordering::Relaxed);
        count
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
