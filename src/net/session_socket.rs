//! A session's socket as rustls reads from it and writes to it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

use crate::proxy_header::SIGNATURE;
use crate::socket::{Moved, Socket};

/// A socket as rustls reads it.
pub(crate) struct Incoming<'a> {
    early: &'a mut VecDeque<u8>,
    socket: &'a Socket,
    /// The first of the bytes that were read.
    pub(crate) first: [u8; SIGNATURE.len()],
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(early: &'a mut VecDeque<u8>, socket: &'a Socket) -> Self {
        Self { early, socket, first: [0; SIGNATURE.len()] }
    }

    fn take(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.early.is_empty() {
            let count = self.early.read(into)?;
            if self.early.is_empty() {
                // A kept connection has no use for the room.
                *self.early = VecDeque::new();
            }
            return Ok(count);
        }
        match self.socket.receive_into(into)? {
            Moved::Bytes(count) => Ok(count),
            Moved::End => Ok(0),
            Moved::Later(_) => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl Read for Incoming<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.take(into)?;
        for (first, byte) in self.first.iter_mut().zip(into.iter().take(count)) {
            *first = *byte;
        }
        Ok(count)
    }
}

/// A socket as rustls writes to it.
pub(crate) struct Outgoing<'a>(pub(crate) &'a Socket);

impl Write for Outgoing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.0.send(parts)? {
            Moved::Bytes(count) => Ok(count),
            Moved::End => Ok(0),
            Moved::Later(_) => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
