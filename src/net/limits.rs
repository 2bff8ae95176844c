//! The named limits of a server, with their defaults.

use std::time::Duration;

use crate::Network;

/// What a server grants its clients. Every wait and every buffer of the crate is bounded by one of
/// these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that may be open at the same time; default 1024. One more makes the one go that
    /// has been silent longest and has not been authenticated, else the longest idle kept one, or
    /// is closed at once where there is neither.
    pub max_connections: usize,
    /// Connections from one address that may wait for their client for more than a second without
    /// having been authenticated; default 64. Of more, those that came first are closed.
    pub max_unauthenticated: usize,
    /// Addresses that the limit above and [`Reply::origin`](crate::Reply::origin) do not know, and
    /// from which the header of a proxy is taken; default none.
    pub trusted: Vec<Network>,
    /// Longest body of a request, in bytes; default 64 KiB. What goes before it has a limit of the
    /// service's, [`Service::max_header`](crate::Service::max_header).
    pub max_request: usize,
    /// Bytes of requests that have come and are not answered; default 256 MiB. Beyond it, what grows
    /// longer than 64 KiB is refused.
    pub max_incoming: usize,
    /// Bytes of answers that wait for their clients to read them; default 256 MiB. Beyond it, the
    /// answer that was begun first is cut off. An answer counts as a whole until its last byte is
    /// written, and for each client that waits for it.
    pub max_pending_answers: usize,
    /// From the start of a request (see [`request_deadline`](Self::request_deadline)) to the
    /// end of its header, its eighth byte unless the service says otherwise; that of a proxy before
    /// it is included. Default 5 s.
    pub header_deadline: Duration,
    /// From the start of a request to its last byte; default 10 s. A connection's first request
    /// starts when the connection is accepted, later ones with their first byte.
    pub request_deadline: Duration,
    /// For writing one whole answer; default 30 s.
    pub write_deadline: Duration,
    /// How long a kept connection may be silent between two requests; default 60 s.
    pub keep_idle: Duration,
    /// How long bytes that follow an answer are read and thrown away; default 1 s.
    pub linger: Duration,
    /// How many of them; default 1 MiB.
    pub linger_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_unauthenticated: 64,
            trusted: Vec::new(),
            max_request: 64 * 1024,
            max_incoming: 256 * 1024 * 1024,
            max_pending_answers: 256 * 1024 * 1024,
            header_deadline: Duration::from_secs(5),
            request_deadline: Duration::from_secs(10),
            write_deadline: Duration::from_secs(30),
            keep_idle: Duration::from_secs(60),
            linger: Duration::from_secs(1),
            linger_bytes: 1024 * 1024,
        }
    }
}
