//! What is served: the one thing that this crate does not know.

use crate::{Answer, Reply};

/// Answers requests. It is called on the `conn` threads and on the acceptor, and must not wait
/// there: what takes longer than a moment goes elsewhere, together with its [`Reply`].
pub trait Service: Send + Sync + 'static {
    /// One whole request. `Some` answers at once, on the thread that read it; `None` says that the
    /// service kept `reply` and will send an answer later, or drop it to close the connection.
    fn request(&self, body: &[u8], reply: Reply) -> Option<(Reply, Answer)>;

    /// A request that never became one. `None` closes the connection without a byte.
    fn refused(&self, why: Refusal) -> Option<Answer>;
}

/// Why a request was refused before the service saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its header announces more than the limit.
    Oversized {
        /// Bytes announced.
        announced: u64,
        /// Bytes allowed.
        limit: usize,
    },
    /// There are as many connections as may be. Said to a client before it has asked anything.
    Full {
        /// How many may be open.
        limit: usize,
    },
    /// The client ended its side within the frame.
    Truncated {
        /// Bytes that came, the header's included.
        got: usize,
        /// Bytes that the header announced for the body; `None` if the header is incomplete.
        announced: Option<u64>,
    },
}
