//! What a server counted since it started.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A snapshot of the counters. Each figure is exact; together they may be a moment apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Connections accepted and admitted.
    pub accepted: u64,
    /// Connections closed at once because there were too many.
    pub refused: u64,
    /// Connections open now.
    pub open: usize,
    /// Those of them that wait for their client now.
    pub parked: usize,
    /// Silent connections closed to make room for others.
    pub evicted: u64,
    /// Answers cut off because too many bytes of answers waited to be read.
    pub dropped_answers: u64,
    /// Whole requests handed to the service.
    pub requests: u64,
    /// Connections closed because a request or an answer took too long.
    pub timeouts: u64,
    /// Requests whose end never came.
    pub truncated: u64,
    /// Requests that announced too much.
    pub oversized: u64,
    /// What could be no request.
    pub malformed: u64,
    /// Connections whose client did not speak TLS, or not as it is demanded.
    pub tls_failures: u64,
    /// Connections of clients that have come through a proxy.
    pub proxied: u64,
    /// Connections closed because the header of a proxy was malformed, or the proxy not trusted.
    pub proxy_failures: u64,
    /// Requests that the service never answered.
    pub unanswered: u64,
    /// Panics of the service.
    pub panics: u64,
    /// Failures of `accept`, such as too many open files.
    pub accept_errors: u64,
}

/// The counters behind [`Statistics`], but for those that another part knows anyway.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) evicted: Counter,
    pub(crate) dropped_answers: Counter,
    pub(crate) requests: Counter,
    pub(crate) timeouts: Counter,
    pub(crate) truncated: Counter,
    pub(crate) oversized: Counter,
    pub(crate) malformed: Counter,
    pub(crate) tls_failures: Counter,
    pub(crate) proxied: Counter,
    pub(crate) proxy_failures: Counter,
    pub(crate) unanswered: Counter,
    pub(crate) panics: Counter,
    pub(crate) accept_errors: Counter,
    pub(crate) open: AtomicUsize,
}

impl Counters {
    /// The figures now; `parked` is known to the slab.
    pub(crate) fn snapshot(&self, parked: usize) -> Statistics {
        Statistics {
            accepted: self.accepted.value(),
            refused: self.refused.value(),
            open: self.open.load(Ordering::SeqCst),
            parked,
            evicted: self.evicted.value(),
            dropped_answers: self.dropped_answers.value(),
            requests: self.requests.value(),
            timeouts: self.timeouts.value(),
            truncated: self.truncated.value(),
            oversized: self.oversized.value(),
            malformed: self.malformed.value(),
            tls_failures: self.tls_failures.value(),
            proxied: self.proxied.value(),
            proxy_failures: self.proxy_failures.value(),
            unanswered: self.unanswered.value(),
            panics: self.panics.value(),
            accept_errors: self.accept_errors.value(),
        }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn count(&self) {
        self.add(1);
    }

    /// So many more.
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many there are.
    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
