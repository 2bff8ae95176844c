//! What links have counted since they started.

use crate::statistics::Counter;

/// A snapshot of the counters. Each figure is exact; together they may be a moment apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// Links that are open now, or on their way to it.
    pub open: usize,
    /// Those of them that were accepted and are not established.
    pub unestablished: usize,
    /// Connections accepted and admitted.
    pub accepted: u64,
    /// Connections closed because there were too many, at once or since they were not established,
    /// or because they were not admitted.
    pub refused: u64,
    /// Failures of `accept`, such as too many open files.
    pub accept_errors: u64,
    /// Attempts to connect that failed.
    pub unreachable: u64,
    /// Links over which TLS could not be established.
    pub tls_failures: u64,
    /// Links closed because the other side did not read.
    pub stalled: u64,
    /// Panics of protocols.
    pub panics: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Frames sent as a whole.
    pub frames_out: u64,
    /// Frames pushed out by newer ones.
    pub dropped: u64,
    /// Frames that waited when their link ended.
    pub unsent: u64,
}

/// The counters behind [`LinkStatistics`], but for those that another part knows anyway.
#[derive(Debug, Default)]
pub(crate) struct LinkCounters {
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) accept_errors: Counter,
    pub(crate) unreachable: Counter,
    pub(crate) tls_failures: Counter,
    pub(crate) stalled: Counter,
    pub(crate) panics: Counter,
    pub(crate) bytes_in: Counter,
    pub(crate) bytes_out: Counter,
    pub(crate) frames_out: Counter,
    pub(crate) dropped: Counter,
    pub(crate) unsent: Counter,
}

impl LinkCounters {
    /// The figures now; the two given ones are known to the slab and the doors.
    pub(crate) fn snapshot(&self, open: usize, unestablished: usize) -> LinkStatistics {
        LinkStatistics {
            open,
            unestablished,
            accepted: self.accepted.value(),
            refused: self.refused.value(),
            accept_errors: self.accept_errors.value(),
            unreachable: self.unreachable.value(),
            tls_failures: self.tls_failures.value(),
            stalled: self.stalled.value(),
            panics: self.panics.value(),
            bytes_in: self.bytes_in.value(),
            bytes_out: self.bytes_out.value(),
            frames_out: self.frames_out.value(),
            dropped: self.dropped.value(),
            unsent: self.unsent.value(),
        }
    }
}
