//! A client with one connection and one deadline for all of it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use ostler_runtime::Deadline;
use ostler_tests::Answer;
use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size};
use rustix::net::{AddressFamily, SocketType, connect, socket};

/// How a request ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The daemon answered, or closed.
    Answer(Answer),
    /// Nothing, or not all, came in time.
    Late,
    /// The connection broke.
    Broken(io::Error),
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    deadline: Deadline,
}

impl Client {
    /// Connects; everything must be over within `patience`.
    pub(crate) fn connect(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, patience)?;
        Ok(Self { stream, deadline: Deadline::after(patience) })
    }

    /// The same with room for so many bytes of an answer: soon the daemon cannot write on.
    pub(crate) fn narrow(address: SocketAddr, patience: Duration, room: usize) -> io::Result<Self> {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        set_socket_recv_buffer_size(&socket, room)?;
        connect(&socket, &address)?;
        Ok(Self { stream: TcpStream::from(socket), deadline: Deadline::after(patience) })
    }

    /// Writes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Writes no more.
    pub(crate) fn half_close(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Reads once. Nothing is the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.remaining().unwrap_or_default();
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        self.stream.read(buffer)
    }

    /// Reads until the daemon closes, at most `piece` bytes at a time, and rests between.
    pub(crate) fn answer(&mut self, piece: usize, rest: Duration) -> Outcome {
        let (mut all, mut buffer) = (Vec::new(), vec![0; piece]);
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Outcome::Answer(Answer::parse(&all)),
                Ok(got) => all.extend(buffer.get(..got).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_late(&error) => return Outcome::Late,
                Err(error) => return Outcome::Broken(error),
            }
            if !rest.is_zero() {
                pause(rest);
            }
        }
    }

    /// Breaks the connection off: the daemon gets a reset.
    pub(crate) fn reset(self) {
        // Dropping it with no time to linger is what resets.
        let _ = set_socket_linger(&self.stream, Some(Duration::ZERO));
    }
}

/// One request and its answer.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8], patience: Duration) -> Outcome {
    let sent = Client::connect(address, patience).and_then(|mut client| {
        client.send(bytes)?;
        Ok(client)
    });
    match sent {
        Ok(mut client) => client.answer(64 << 10, Duration::ZERO),
        Err(error) if is_late(&error) => Outcome::Late,
        Err(error) => Outcome::Broken(error),
    }
}

/// Whether it is only the deadline.
pub(crate) fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Does nothing for a while.
pub(crate) fn pause(wait: Duration) {
    let deadline = Deadline::after(wait);
    while let Some(left) = deadline.remaining().filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}
