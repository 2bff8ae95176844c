//! Whose connection it is: the peer's, or somebody's for whom a proxy there has connected.
//!
//! Only who is trusted is asked for the header of a proxy: an address of
//! [`Limits::trusted`](crate::Limits), and a process of this machine at a Unix socket. Such a peer
//! need not send one, and is the client itself then. The header lies below TLS, and is read into
//! the connection's buffer together with what follows it, so that looking for it costs no call of
//! its own.

use crate::frame::Inbox;
use crate::proxy_header::{HeaderError, MAX_HEADER_BYTES, Source, Start, read};
use crate::shared::Shared;
use crate::socket::{Moved, Want};
use crate::stream::{Broken, Stream};
use crate::{Network, Origin, Peer};

/// See the module.
#[derive(Debug)]
pub(crate) struct Caller {
    peer: Peer,
    way: Way,
    /// Whom it is counted with, until it is authenticated.
    stranger: Option<Origin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The peer may be a proxy: its first bytes have not told yet.
    Open,
    /// The peer is the client.
    Direct,
    /// The peer is a proxy.
    Proxied,
}

impl Caller {
    pub(crate) fn new(peer: Peer, trusted: &[Network]) -> Self {
        let stranger = Origin::of(peer, trusted);
        // Who is exempt is trusted to name others.
        let way = if stranger.is_some() { Way::Direct } else { Way::Open };
        Self { peer, way, stranger }
    }

    /// It has said who it is, and counts as a stranger no more.
    pub(crate) fn authenticated(&mut self) {
        self.stranger = None;
    }

    /// Finds out who it is, if that is still open: what the socket must be ready for first, if for
    /// something. What the `inbox` or the TLS session holds afterwards is the client's.
    pub(crate) fn find_out(
        &mut self,
        stream: &mut Stream,
        inbox: &mut Inbox,
        shared: &Shared,
    ) -> Result<Option<Want>, Broken> {
        while self.way == Way::Open {
            let start = read(inbox.bytes()).map_err(Broken::Header)?;
            match start {
                Start::Header { length, source } => {
                    inbox.skip(length);
                    self.learn(source, shared);
                }
                Start::Other => self.way = Way::Direct,
                Start::Undecided | Start::Begun => {
                    match stream.receive_below(inbox.room(MAX_HEADER_BYTES))? {
                        Moved::Bytes(_) => continue,
                        Moved::Later(want) => return Ok(Some(want)),
                        Moved::End if start == Start::Begun => {
                            return Err(Broken::Header(HeaderError::Truncated));
                        }
                        Moved::End => self.way = Way::Direct,
                    }
                }
            }
            stream.take_back(inbox);
        }
        Ok(None)
    }

    fn learn(&mut self, source: Source, shared: &Shared) {
        if source == Source::Proxy {
            self.way = Way::Direct;
            return;
        }
        self.way = Way::Proxied;
        shared.counters.proxied.count();
        if let Source::Client(client) = source {
            self.peer = Peer::Inet(client);
            self.stranger = Origin::of(self.peer, &shared.limits.trusted);
        }
    }

    /// It cannot be understood because it has begun with a proxy's header. From who is not trusted
    /// none was looked for, and without a word nobody would see why all clients of a proxy fail.
    pub(crate) fn sent_header(&self, shared: &Shared) {
        let trusted = &shared.limits.trusted;
        if self.way == Way::Direct && Origin::of(self.peer, trusted).is_some() {
            shared.unasked_header(self.peer);
        }
    }

    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// Whom it is counted with; `None` once it is authenticated, or if it is exempt.
    pub(crate) fn stranger(&self) -> Option<Origin> {
        self.stranger
    }

    /// Whether a proxy has connected for it, or may have.
    pub(crate) fn may_be_proxied(&self) -> bool {
        self.way != Way::Direct
    }
}
