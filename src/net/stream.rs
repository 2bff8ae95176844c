//! A client's connection as the rest of the crate sees it: a socket as it is, or a TLS session over
//! one. Nothing here ever waits, and what was not finished is finished by the next call of the
//! same kind.

use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;

use crate::frame::Inbox;
use crate::proxy_header::HeaderError;
use crate::session::Session;
use crate::socket::{Moved, Socket, Want};
use crate::tls::TlsFault;

/// A connected stream that does not block.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(Socket),
    Tls(Box<Session>),
}

/// Why a stream cannot go on.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The socket failed; mostly the client has gone.
    Socket(Errno),
    /// A proxy has sent a header that is none.
    Header(HeaderError),
    /// The client does not speak TLS, or not as it is demanded. It has been told where that is
    /// possible; [`Stream::finish`] is still of use.
    Tls(TlsFault),
}

/// What comes behind the bytes that are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// More, at some time.
    More,
    /// Nothing: the client is told so with the last byte.
    Nothing,
}

impl From<Errno> for Broken {
    fn from(error: Errno) -> Self {
        Self::Socket(error)
    }
}

impl Stream {
    /// Reads into the spare capacity of `buffer`, which must have some.
    pub(crate) fn receive(&mut self, buffer: &mut Vec<u8>) -> Result<Moved, Broken> {
        match self {
            Self::Plain(socket) => Ok(socket.receive(buffer)?),
            Self::Tls(session) => session.receive(buffer),
        }
    }

    /// The same before anything else is received, and without deciphering.
    pub(crate) fn receive_below(&mut self, buffer: &mut Vec<u8>) -> Result<Moved, Broken> {
        Ok(self.socket().receive(buffer)?)
    }

    /// What was [received below](Self::receive_below) and is not deciphered yet goes from the
    /// `inbox` to where it will be.
    pub(crate) fn take_back(&mut self, inbox: &mut Inbox) {
        if let Self::Tls(session) = self {
            session.begin_with(inbox.bytes());
            inbox.skip(inbox.len());
        }
    }

    /// Takes over `parts`, which are not all empty, or what there is room for. Taken over is not
    /// yet sent: that is [`flush`](Self::flush)'s answer.
    pub(crate) fn send(&mut self, parts: &[IoSlice<'_>], behind: Behind) -> Result<Moved, Broken> {
        match self {
            Self::Plain(socket) => Ok(socket.send(parts)?),
            Self::Tls(session) => session.send(parts, behind),
        }
    }

    /// Hands to the kernel what was taken over: what it has to wait for, or nothing.
    pub(crate) fn flush(&mut self, behind: Behind) -> Result<Option<Want>, Broken> {
        match self {
            Self::Plain(_) => Ok(None),
            Self::Tls(session) => session.flush(behind),
        }
    }

    /// Reads and forgets, without deciphering. Only of use when nothing is to be read any more.
    pub(crate) fn discard(&self) -> Result<Moved, Errno> {
        self.socket().discard()
    }

    /// Tells the client that nothing more will come.
    pub(crate) fn finish(&self) -> Result<(), Errno> {
        self.socket().finish()
    }

    /// Whether the client has begun to say something that nobody has received yet.
    pub(crate) fn has_begun(&self) -> bool {
        self.holds_bytes() || matches!(self.socket().peek(), Moved::Bytes(_))
    }

    /// Whether the client has begun a handshake, in whatever past.
    pub(crate) fn has_greeted(&self) -> bool {
        matches!(self, Self::Tls(session) if session.has_begun())
    }

    /// Whether the client could not be understood because it has begun with a proxy's header.
    pub(crate) fn began_as_proxy(&self) -> bool {
        matches!(self, Self::Tls(session) if session.began_as_proxy())
    }

    /// Whether bytes were read from the socket that nobody has received yet.
    pub(crate) fn holds_bytes(&self) -> bool {
        matches!(self, Self::Tls(session) if session.holds_bytes())
    }

    /// Whether the client has gone, or ended its side.
    pub(crate) fn client_left(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.peek() == Moved::End,
            // Its farewell is a record, which would hide the end behind it.
            Self::Tls(session) => session.socket().has_ended(),
        }
    }

    /// Whether it is one of TLS.
    pub(crate) fn is_secured(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Whether its first bytes cost more than the acceptor has time for.
    pub(crate) fn is_costly(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Makes the kernel send small pieces at once.
    pub(crate) fn send_at_once(&self) {
        self.socket().send_at_once();
    }

    /// Makes the kernel acknowledge what has come.
    pub(crate) fn acknowledge(&self) {
        self.socket().acknowledge();
    }

    fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(session) => session.socket(),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket().as_fd()
    }
}
