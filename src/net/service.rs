//! What is served: the one thing that this crate does not know.

use crate::progress::{HEADER_BYTES, length_prefixed};
use crate::{Answer, Bookmark, Progress, Reply};

/// Answers requests. It is called on the `conn` threads and on the acceptor, and must not wait
/// there: what takes longer than a moment goes elsewhere, together with its [`Reply`].
pub trait Service: Send + Sync + 'static {
    /// What the bytes at the front of a connection are. Asked whenever some have come, until they
    /// are a request or can be none; what it said of fewer bytes must stay true. `max_request` is
    /// [`Limits::max_request`](crate::Limits::max_request), `bookmark` what this method left
    /// there when it was asked about the same request before.
    ///
    /// Unless a service says otherwise, an unsigned 64-bit big-endian length goes before each body.
    fn progress(&self, bytes: &[u8], max_request: usize, bookmark: &mut Bookmark) -> Progress {
        let _ = bookmark;
        length_prefixed(bytes, max_request)
    }

    /// Bytes of a request that do not count as its body, at most: its memory is limited by these
    /// and by [`Limits::max_request`](crate::Limits::max_request) together.
    fn max_header(&self) -> usize {
        HEADER_BYTES
    }

    /// The body of one whole request. `Some` answers at once, on the thread that read it; `None`
    /// says that the service kept `reply` and will send an answer later, or drop it to close the
    /// connection.
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
    /// All requests together are longer than may be.
    Crowded {
        /// Bytes that they may have.
        limit: usize,
    },
    /// There are as many connections as may be. Said to a client before it has asked anything.
    Full {
        /// How many may be open.
        limit: usize,
    },
    /// It can be no request.
    Malformed {
        /// Why, as the service itself has said in [`Progress::Malformed`].
        reason: u16,
    },
    /// The client ended its side within the frame.
    Truncated {
        /// Bytes that came, the header's included.
        got: usize,
        /// Bytes that the header announced for the body; `None` if the header is incomplete.
        announced: Option<u64>,
    },
}
