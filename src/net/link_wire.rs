//! The connection under a link. Nothing here ever waits for the other side.
//!
//! A plain socket is read by one thread while another writes. A TLS session cannot be split: it is
//! used under its lock, which nobody holds while a protocol is called.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::net::{Shutdown, getpeername, getsockname, shutdown, sockopt};

use crate::session::Session;
use crate::socket::{Moved, Socket, Want};
use crate::stream::{Behind, Broken, Stream};

/// A connection that several threads use at once.
#[derive(Debug)]
pub(crate) enum Wire {
    Plain(Socket),
    Tls {
        /// The one of the session.
        socket: Arc<Socket>,
        session: Mutex<Box<Session>>,
    },
}

/// What a call to write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Bytes taken over.
    pub(crate) bytes: usize,
    /// Whether there is room for no more, or what was taken over is not all with the kernel.
    pub(crate) blocked: bool,
}

/// What a call to read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) moved: Moved,
    /// Whether more is there that polling does not tell.
    pub(crate) more: bool,
    /// Whether something is to be sent for which there was no room.
    pub(crate) unsent: bool,
}

impl From<Moved> for Taken {
    fn from(moved: Moved) -> Self {
        Self { moved, more: false, unsent: false }
    }
}

impl From<Stream> for Wire {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Plain(socket) => Self::Plain(socket),
            Stream::Tls(session) => {
                Self::Tls { socket: session.socket().clone(), session: Mutex::new(session) }
            }
        }
    }
}

impl Wire {
    /// Whether an attempt to connect has come about, or why it never will.
    pub(crate) fn connected(&self) -> io::Result<bool> {
        sockopt::socket_error(self)??;
        let peer = match getpeername(self) {
            Err(Errno::NOTCONN) => return Ok(false),
            peer => peer?,
        };
        // A port of this machine that nobody listens on may be given to the caller itself.
        if Some(getsockname(self)?) == peer { Err(Errno::CONNREFUSED.into()) } else { Ok(true) }
    }

    /// Goes through a TLS handshake: what it waits for, or nothing once it is done.
    pub(crate) fn establish(&self) -> Result<Option<Want>, Broken> {
        match self {
            Self::Plain(_) => Ok(None),
            Self::Tls { session, .. } => lock(session).establish(),
        }
    }

    /// Reads into the spare capacity of `buffer`.
    pub(crate) fn receive(&self, buffer: &mut Vec<u8>) -> Result<Taken, Broken> {
        match self {
            Self::Plain(socket) => Ok(socket.receive(buffer)?.into()),
            Self::Tls { session, .. } => {
                let mut session = lock(session);
                let (moved, unsent) = session.receive_anyway(buffer)?;
                Ok(Taken { moved, more: session.holds_bytes(), unsent })
            }
        }
    }

    /// Writes `parts`, or what there is room for.
    pub(crate) fn send(&self, parts: &[IoSlice<'_>]) -> Result<Sent, Broken> {
        let whole = parts.iter().map(|part| part.len()).fold(0, usize::saturating_add);
        let plain = !self.is_secured();
        let (moved, unsent) = match self {
            Self::Plain(socket) if whole > 0 => (socket.send(parts)?, false),
            Self::Plain(_) => (Moved::Bytes(0), false),
            Self::Tls { session, .. } => {
                let mut session = lock(session);
                let moved =
                    if whole > 0 { session.send(parts, Behind::More)? } else { Moved::Bytes(0) };
                (moved, session.flush(Behind::More)?.is_some())
            }
        };
        Ok(match moved {
            Moved::Bytes(bytes) => Sent { bytes, blocked: unsent || (plain && bytes < whole) },
            Moved::End | Moved::Later(_) => Sent { bytes: 0, blocked: true },
        })
    }

    /// Tells the other side that nothing more will come.
    pub(crate) fn finish(&self) {
        if let Self::Tls { session, .. } = self {
            lock(session).say_farewell();
        }
        // Who has gone need not be told.
        let _ = self.socket().finish();
    }

    /// Reads and forgets, without deciphering. Only of use when nothing is to be read any more.
    pub(crate) fn discard(&self) -> Result<Taken, Broken> {
        Ok(self.socket().discard()?.into())
    }

    /// Ends both directions, whoever still uses them.
    pub(crate) fn cut(&self) {
        // It fails where the other side was faster.
        let _ = shutdown(self, Shutdown::Both);
    }

    /// Makes the kernel send small pieces at once.
    pub(crate) fn send_at_once(&self) {
        self.socket().send_at_once();
    }

    /// Whether TLS is spoken.
    pub(crate) fn is_secured(&self) -> bool {
        matches!(self, Self::Tls { .. })
    }

    fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls { socket, .. } => socket,
        }
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket().as_fd()
    }
}

fn lock(session: &Mutex<Box<Session>>) -> MutexGuard<'_, Box<Session>> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}
