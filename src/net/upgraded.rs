//! A connection that has left its server, because its client and a service agreed to go on in
//! another protocol.

use std::fmt;

use crate::Peer;
use crate::stream::Stream;

/// What is left of the connection: the socket with its TLS session, and bytes in both directions.
///
/// It has no place, limit or deadline of the server's any more, and neither draining nor stopping
/// the server touches it. Dropping it closes the connection without a byte.
pub struct Upgraded {
    pub(crate) stream: Stream,
    /// What the client is told before anything else.
    pub(crate) first: Vec<u8>,
    /// What the client has sent behind its request.
    pub(crate) input: Vec<u8>,
    pub(crate) peer: Peer,
}

impl Upgraded {
    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Whether the connection is one over TLS.
    pub fn is_secured(&self) -> bool {
        self.stream.is_secured()
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").field("peer", &self.peer).finish_non_exhaustive()
    }
}
