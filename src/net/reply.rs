//! The right and the duty to answer one request.

use std::fmt;
use std::time::Duration;

use crate::connection::{Connection, Next};
use crate::shared::Work;
use crate::{Answer, Origin, Peer, Upgraded};

/// A connection whose request is being answered. Dropping it without an answer closes the
/// connection without a byte.
pub struct Reply {
    // Empty only between `take` and the end of `self`.
    connection: Option<Box<Connection>>,
}

impl Reply {
    pub(crate) fn new(connection: Box<Connection>) -> Self {
        Self { connection: Some(connection) }
    }

    /// Lets the connection carry further requests once this one is answered. It stays so until
    /// [`close_after`](Self::close_after).
    pub fn keep(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.keep();
        }
    }

    /// Closes the connection once this request is answered, also if it was kept until now.
    pub fn close_after(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.keep_no_longer();
        }
    }

    /// Marks the connection as that of a client who has said who it is: it is not counted with its
    /// address any more, and does not make room for others as a stranger.
    pub fn authenticated(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.authenticated();
        }
    }

    /// Whom the connection is counted with; `None` if it has been
    /// [authenticated](Self::authenticated), or is exempt as a Unix socket or a trusted address.
    pub fn origin(&self) -> Option<Origin> {
        self.connection.as_ref().and_then(|connection| connection.stranger())
    }

    /// Who asked.
    pub fn peer(&self) -> Peer {
        self.connection.as_ref().map_or(Peer::Unix, |connection| connection.peer())
    }

    /// Whether the connection is one over TLS.
    pub fn is_secured(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.stream().is_secured())
    }

    /// Whether the client has gone or has ended its side. A client that only ended its side may
    /// still read an answer. Bytes beyond the request hide the end behind them.
    pub fn client_left(&self) -> bool {
        self.connection.as_ref().is_none_or(|connection| connection.client_left())
    }

    /// Has `answer` written by a connection thread. Never waits; may be called on any thread.
    pub fn send(mut self, answer: Answer) {
        if let Some(connection) = self.connection.take() {
            let shared = connection.shared().clone();
            shared.hand_on(Work::Answered(connection, answer));
        }
    }

    /// Writes `answer` on the calling thread, as far as the socket takes it; the rest is written
    /// by a connection thread. Never waits either, and spares the hand-over, at the price of the
    /// calls that write and close.
    pub fn send_here(mut self, answer: Answer) {
        if let Some(mut connection) = self.connection.take() {
            let shared = connection.shared().clone();
            match connection.answer(answer) {
                Next::Park(want, deadline) => {
                    shared.parked.park(connection, want, deadline);
                }
                Next::Queue => shared.hand_on(Work::Ready(connection)),
                // An answer that is begun leads to neither of the first two.
                Next::Request { .. } | Next::Refused(_) | Next::Close => {}
            }
        }
    }

    /// Has `answer` written after `delay`, or when the server drains. No thread waits for it.
    pub fn send_after(mut self, delay: Duration, answer: Answer) {
        if let Some(mut connection) = self.connection.take() {
            let shared = connection.shared().clone();
            if let Next::Park(want, deadline) = connection.hold(answer, delay) {
                shared.parked.park(connection, want, deadline);
            }
        }
    }

    /// Takes the connection out of the server, to go on in another protocol behind `first`, which is
    /// what its client is told before anything else. `None` only where there is no connection.
    pub fn upgrade(mut self, first: Vec<u8>) -> Option<Upgraded> {
        let mut connection = self.connection.take()?;
        let shared = connection.shared().clone();
        shared.parked.forget(&mut connection);
        Some(connection.upgrade(first))
    }

    /// The connection itself, to be answered by its own thread.
    pub(crate) fn into_connection(mut self) -> Option<Box<Connection>> {
        self.connection.take()
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.shared().counters.unanswered.count();
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("peer", &self.peer()).finish_non_exhaustive()
    }
}
