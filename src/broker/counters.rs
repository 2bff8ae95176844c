//! What an endpoint counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// One figure that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn count(&self) {
        self.add(1);
    }

    /// So many more.
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// How many there were.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Data messages that were published here or came from elsewhere.
    pub(crate) data: Counter,
    /// Commands of stores.
    pub(crate) commands: Counter,
    /// Filters of peers.
    pub(crate) routing_updates: Counter,
    /// Pings and pongs.
    pub(crate) pings: Counter,
    pub(crate) pongs: Counter,
    /// What peers have sent and could not be used.
    pub(crate) skipped: Counter,
    /// Messages whose payload was no value.
    pub(crate) undecodable: Counter,
    /// Messages that had gone through too many nodes.
    pub(crate) expired: Counter,
    /// Messages dropped because a peer or client was behind.
    pub(crate) dropped: Counter,
    /// Messages for a peer or client that had gone already.
    pub(crate) late: Counter,
    /// Messages dropped because a subscriber of this process was behind.
    pub(crate) unread: Counter,
    /// Changes and errors that nobody read in time.
    pub(crate) unread_statuses: Counter,
    /// Peers and clients cut off because they were behind.
    pub(crate) cut: Counter,
    /// Panics of stores and their storage, behind which all went on.
    pub(crate) panics: Counter,
    /// Publications refused because a receiver was behind.
    pub(crate) refused: Counter,
}
