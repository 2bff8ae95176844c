//! The named limits of links, with their defaults.

use std::time::Duration;

use crate::Network;

/// What a link may take. Every wait and every buffer of links is bounded by one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkLimits {
    /// Accepted links that may be open at the same time; default 1024. Where more come, those that
    /// are not [established](crate::Link::established) make room, and where there are none, the
    /// newest are closed at once.
    pub max_links: usize,
    /// Accepted links from one address that are not [established](crate::Link::established);
    /// default 64. Where more come, the one that has been silent longest makes room.
    pub max_unestablished: usize,
    /// Addresses that the limit above does not know; default none.
    pub trusted: Vec<Network>,
    /// Frames that wait to be written before [`Link::offer`](crate::Link::offer) says no; default
    /// 16 384.
    pub max_frames: usize,
    /// Bytes that wait to be written before [`Link::offer`](crate::Link::offer) says no; default
    /// 8 MiB. The last frame may reach beyond it, however long it is.
    pub max_bytes: usize,
    /// Bytes of [forced](crate::Link::force) frames that may wait besides; default 8 MiB.
    pub max_forced: usize,
    /// Bytes that may have come without being consumed by the protocol; default 80 MiB.
    pub max_unconsumed: usize,
    /// The same of all links together, but for the first MiB of each; default 512 MiB. Beyond it the
    /// one that holds most is closed.
    pub max_unconsumed_in_all: usize,
    /// For TLS to be established once there is a connection; default 10 s.
    pub handshake: Duration,
    /// How long bytes may wait without a single one being written, and how long what has come may
    /// wait to be read once the other side has gone; default 30 s.
    pub stall: Duration,
    /// For writing what is queued when a link is closed, and for the other side to close as well;
    /// default 5 s.
    pub close: Duration,
    /// For the other side to close, once everything is written; default 2 s. What it has not read by
    /// then is still sent by the system.
    pub linger: Duration,
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            max_links: 1024,
            max_unestablished: 64,
            trusted: Vec::new(),
            max_frames: 16 * 1024,
            max_bytes: 8 * 1024 * 1024,
            max_forced: 8 * 1024 * 1024,
            max_unconsumed: 80 * 1024 * 1024,
            max_unconsumed_in_all: 512 * 1024 * 1024,
            handshake: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            close: Duration::from_secs(5),
            linger: Duration::from_secs(2),
        }
    }
}
