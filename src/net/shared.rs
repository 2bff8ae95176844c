//! What the threads of a server share, and the work that they pass on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use ostler_runtime::{Deadline, Seldom};

use crate::connection::Connection;
use crate::parked::Parked;
use crate::proxy_header::HeaderError;
use crate::statistics::Counters;
use crate::{Answer, Limits, Peer, Service, Statistics};

/// The shortest time between two log lines of a kind that a peer can provoke.
const PAUSE: Duration = Duration::from_secs(60);

/// One thing for a `conn` thread to do.
pub(crate) enum Work {
    /// Go on with a connection that is fresh, or whose socket is ready.
    Ready(Box<Connection>),
    /// Write an answer.
    Answered(Box<Connection>, Answer),
    /// End the thread.
    Stop,
}

/// The parts that every thread of a server may touch.
pub(crate) struct Shared {
    pub(crate) service: Arc<dyn Service>,
    pub(crate) limits: Limits,
    pub(crate) counters: Counters,
    pub(crate) parked: Parked,
    /// Bytes of requests that are not answered.
    pub(crate) incoming: Arc<AtomicUsize>,
    malformed_headers: Seldom,
    unasked_headers: Seldom,
    work: Sender<Work>,
    draining: AtomicBool,
    // Held only to wait for the last connection's end; the number itself is `counters.open`.
    last: Mutex<()>,
    ended: Condvar,
}

impl Shared {
    /// The shared parts and the end of the work channel that only `conn` threads may hold: when
    /// the last of them is gone, the channel throws away what is left in it.
    pub(crate) fn new(
        service: Arc<dyn Service>,
        limits: Limits,
        threads: usize,
    ) -> rustix::io::Result<(Arc<Self>, Receiver<Work>)> {
        // Each connection is in one place only, and each thread gets one `Stop`: this is room for
        // everything that can ever be in the channel, so that sending never waits.
        let (work, queue) = bounded(limits.max_connections.saturating_add(threads));
        let shared = Self {
            service,
            limits,
            counters: Counters::default(),
            parked: Parked::new()?,
            incoming: Arc::default(),
            malformed_headers: Seldom::new(PAUSE),
            unasked_headers: Seldom::new(PAUSE),
            work,
            draining: AtomicBool::new(false),
            last: Mutex::new(()),
            ended: Condvar::new(),
        };
        Ok((Arc::new(shared), queue))
    }

    /// Hands work to the `conn` threads. Where they have ended, the connection is closed.
    pub(crate) fn hand_on(&self, work: Work) {
        // The rejected work is dropped, and its connection with it. A full channel would be a
        // fault of the accounting above; closing the connection is the safe answer to that too.
        let _ = self.work.try_send(work);
    }

    /// The counters now.
    pub(crate) fn statistics(&self) -> Statistics {
        self.counters.snapshot(self.parked.len())
    }

    /// The header of a proxy is none.
    pub(crate) fn malformed_header(&self, proxy: Peer, why: HeaderError) {
        self.counters.proxy_failures.count();
        if let Some(more) = self.malformed_headers.allow() {
            log::warn!("the PROXY header of {proxy} is malformed: {why} ({more} more before)");
        }
    }

    /// The header of a proxy that may not send any.
    pub(crate) fn unasked_header(&self, proxy: Peer) {
        self.counters.proxy_failures.count();
        if let Some(more) = self.unasked_headers.allow() {
            log::warn!(
                "a PROXY header from {proxy}, which is not in `trusted` ({more} more before)"
            );
        }
    }

    /// A connection is closed.
    pub(crate) fn closed_one(&self) {
        let before = self.counters.open.fetch_sub(1, Ordering::SeqCst);
        // Whoever waits has set `draining` before it looks at the number, so that one of the two
        // sides always sees the other.
        if before == 1 && self.draining.load(Ordering::SeqCst) {
            drop(self.last.lock().unwrap_or_else(PoisonError::into_inner));
            self.ended.notify_all();
        }
    }

    /// Closes what is silent, lets the others come to their end, and answers how many are still
    /// open when all are closed or `deadline` has passed.
    pub(crate) fn drain(&self, deadline: Deadline) -> usize {
        self.draining.store(true, Ordering::SeqCst);
        self.parked.drain();
        let mut guard = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let open = self.counters.open.load(Ordering::SeqCst);
            if open == 0 || deadline.passed() {
                return open;
            }
            guard = match deadline.remaining() {
                Some(left) => {
                    let waited = self.ended.wait_timeout(guard, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.ended.wait(guard).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}
