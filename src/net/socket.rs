//! The one place of socket I/O. Nothing here ever waits.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, Result};
use rustix::net::{
    RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, recv, sendmsg, shutdown, sockopt,
};

/// How many bytes are thrown away with one call.
const DISCARD_BYTES: usize = 16 * 1024;

/// A connected socket that does not block.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(OwnedFd),
    Unix(OwnedFd),
}

/// The readiness without which a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Read,
    Write,
    /// None: it waits for its time.
    Time,
}

/// What a try to move bytes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// That many, at least one.
    Bytes(usize),
    /// The client ended its side; only when reading.
    End,
    /// None, until the socket is ready.
    Later(Want),
}

impl Socket {
    /// Reads into the spare capacity of `buffer`, which must have some.
    pub(crate) fn receive(&self, buffer: &mut Vec<u8>) -> Result<Moved> {
        moved(retry(|| {
            recv(self.as_fd(), spare_capacity(buffer), RecvFlags::empty()).map(|(count, _)| count)
        }))
    }

    /// Reads into `bytes`.
    pub(crate) fn receive_into(&self, bytes: &mut [u8]) -> Result<Moved> {
        moved(retry(|| recv(self.as_fd(), &mut *bytes, RecvFlags::empty()).map(|(count, _)| count)))
    }

    /// Reads and forgets.
    pub(crate) fn discard(&self) -> Result<Moved> {
        let mut bin = [MaybeUninit::<u8>::uninit(); DISCARD_BYTES];
        moved(retry(|| recv(self.as_fd(), &mut bin, RecvFlags::empty()).map(|(_, count)| count)))
    }

    /// Writes `parts`, or what there is room for.
    pub(crate) fn send(&self, parts: &[IoSlice<'_>]) -> Result<Moved> {
        let sent = retry(|| {
            sendmsg(self.as_fd(), parts, &mut SendAncillaryBuffer::default(), SendFlags::NOSIGNAL)
        });
        match sent {
            Ok(count) => Ok(Moved::Bytes(count)),
            Err(Errno::AGAIN) => Ok(Moved::Later(Want::Write)),
            Err(error) => Err(error),
        }
    }

    /// Tells the client that nothing more will come.
    pub(crate) fn finish(&self) -> Result<()> {
        shutdown(self.as_fd(), Shutdown::Write)
    }

    /// What the next read would find, without reading it: any failure counts as the end.
    pub(crate) fn peek(&self) -> Moved {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        moved(retry(|| recv(self.as_fd(), &mut [0_u8; 1], flags).map(|(_, count)| count)))
            .unwrap_or(Moved::End)
    }

    /// Whether the client has gone or ended its side, whatever is still unread before that end.
    pub(crate) fn has_ended(&self) -> bool {
        let ends = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        let mut polled = [PollFd::new(self, PollFlags::RDHUP)];
        let found = retry(|| poll(&mut polled, Some(&Timespec::default())));
        found.is_err() || polled.iter().any(|socket| socket.revents().intersects(ends))
    }

    /// Makes the kernel send small pieces at once. Worth its call only where an answer takes
    /// several writes: a single write on a fresh connection never waits for an acknowledgement.
    pub(crate) fn send_at_once(&self) {
        if let Self::Tcp(socket) = self {
            // Without it the answer is slower, not wrong.
            let _ = sockopt::set_tcp_nodelay(socket, true);
        }
    }

    /// Makes the kernel acknowledge what has come. A client that writes its header and its body
    /// apart otherwise waits 40 ms for it on a connection that has been answered before.
    pub(crate) fn acknowledge(&self) {
        if let Self::Tcp(socket) = self {
            // Without it the request comes later, not wrong.
            let _ = sockopt::set_tcp_quickack(socket, true);
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) | Self::Unix(socket) => socket.as_fd(),
        }
    }
}

fn retry<T>(call: impl FnMut() -> Result<T>) -> Result<T> {
    rustix::io::retry_on_intr(call)
}

fn moved(received: Result<usize>) -> Result<Moved> {
    match received {
        Ok(0) => Ok(Moved::End),
        Ok(count) => Ok(Moved::Bytes(count)),
        Err(Errno::AGAIN) => Ok(Moved::Later(Want::Read)),
        Err(error) => Err(error),
    }
}
