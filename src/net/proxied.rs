//! The start of a connection that may be a proxy's: its header, or the client's own bytes.
//!
//! Only who is trusted is asked for a header: an address of [`Limits::trusted`](crate::Limits), and
//! a process of this machine at a Unix socket. Such a peer need not send one, and is the client
//! itself then. The header lies below TLS, and is read into the connection's buffer together with
//! what follows it, so that looking for it costs no call of its own.

use std::net::SocketAddr;

use crate::frame::Inbox;
use crate::proxy_header::{HeaderError, MAX_HEADER_BYTES, Source, Start, read};
use crate::socket::{Moved, Want};
use crate::stream::{Broken, Stream};

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A peer's that may be a proxy: its first bytes have not told yet.
    Open,
    /// The peer's own.
    Direct,
    /// Somebody's who has come through a proxy.
    Proxied,
}

/// What the first bytes have told.
#[derive(Debug)]
pub(crate) enum Told {
    /// The connection goes this way, and where a proxy names its client, that is the peer.
    Way(Way, Option<SocketAddr>),
    /// Not enough, until the socket is ready.
    Later(Want),
    /// A header that is none.
    Malformed(HeaderError),
}

/// Reads the first bytes of `stream` into the `inbox`, and leaves those there, or in the TLS
/// session, that are not a header's.
pub(crate) fn look(stream: &mut Stream, inbox: &mut Inbox) -> Result<Told, Broken> {
    loop {
        let start = match read(inbox.bytes()) {
            Ok(Start::Header { length, source }) => {
                inbox.skip(length);
                stream.take_back(inbox);
                return Ok(match source {
                    Source::Proxy => Told::Way(Way::Direct, None),
                    Source::Somebody => Told::Way(Way::Proxied, None),
                    Source::Client(client) => Told::Way(Way::Proxied, Some(client)),
                });
            }
            Ok(Start::Other) => return Ok(direct(stream, inbox)),
            Ok(start) => start,
            Err(why) => return Ok(Told::Malformed(why)),
        };
        match stream.receive_below(inbox.room(MAX_HEADER_BYTES))? {
            Moved::Bytes(_) => {}
            Moved::Later(want) => return Ok(Told::Later(want)),
            Moved::End if start == Start::Begun => {
                return Ok(Told::Malformed(HeaderError::Truncated));
            }
            Moved::End => return Ok(direct(stream, inbox)),
        }
    }
}

fn direct(stream: &mut Stream, inbox: &mut Inbox) -> Told {
    stream.take_back(inbox);
    Told::Way(Way::Direct, None)
}
