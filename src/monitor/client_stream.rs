//! A client's connection: bytes out and in, each wait under the caller's deadline.
//!
//! The sockets never block. What the kernel cannot do at once is waited for by [`Patience`], which
//! also hears signals, so that a slow daemon does not keep the program from ending.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use ostler_net::Address;
use ostler_runtime::Deadline;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::sockopt::{set_tcp_nodelay, socket_error};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, addr::SocketAddrArg, connect,
    socket_with,
};

use crate::client_error::Fault;
use crate::client_patience::Patience;
use crate::client_tls::{Secure, Security};

/// One connection to a daemon.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Plain text over TCP.
    Plain(TcpStream),
    /// Plain text over a Unix socket, from which the kernel keeps strangers away.
    Unix(UnixStream),
    /// TLS over TCP.
    Tls(Box<Secure>),
}

impl Stream {
    /// Connects to the first of the addresses that can be reached; each has an equal part of the
    /// time that is left, so that a silent one does not use up the time of the next.
    ///
    /// Names are resolved by the system, in its own time.
    pub(crate) fn connect(
        addresses: &[Address],
        security: Option<&Security>,
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<Self, Fault> {
        let mut places = Vec::new();
        let mut last = None;
        for address in addresses {
            match resolve(address) {
                Ok(found) => places.extend(found),
                Err(error) => last = Some(Fault::Io(error)),
            }
        }
        let mut untried = u32::try_from(places.len()).unwrap_or(u32::MAX);
        for place in &places {
            let left = deadline.remaining().unwrap_or(Duration::MAX);
            let share = left.checked_div(untried).unwrap_or(left);
            untried = untried.saturating_sub(1);
            match place.connect(security, patience, deadline.earlier(Deadline::after(share))) {
                Ok(stream) => return Ok(stream),
                Err(Fault::Stopped) => return Err(Fault::Stopped),
                Err(fault) => last = Some(fault),
            }
        }
        Err(last.unwrap_or_else(|| Fault::Io(ErrorKind::AddrNotAvailable.into())))
    }

    /// Writes all of `bytes`.
    pub(crate) fn write(
        &mut self,
        mut bytes: &[u8],
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let written = match self {
                Self::Plain(stream) => stream.write(bytes),
                Self::Unix(stream) => stream.write(bytes),
                Self::Tls(secure) => return secure.write(bytes, patience, deadline),
            };
            match written {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) => {
                    patience.not_now(error, self.descriptor(), PollFlags::OUT, deadline)?;
                }
            }
        }
        Ok(())
    }

    /// Reads once, at least one byte; none at the end of the stream.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<usize, Fault> {
        loop {
            let read = match self {
                Self::Plain(stream) => stream.read(buffer),
                Self::Unix(stream) => stream.read(buffer),
                Self::Tls(secure) => return secure.read(buffer, patience, deadline),
            };
            match read {
                Ok(count) => return Ok(count),
                Err(error) => {
                    patience.not_now(error, self.descriptor(), PollFlags::IN, deadline)?;
                }
            }
        }
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        match self {
            Self::Plain(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
            Self::Tls(secure) => secure.descriptor(),
        }
    }
}

/// One place to connect to.
enum Place {
    Inet(SocketAddr, String),
    Unix(SocketAddrUnix),
}

fn resolve(address: &Address) -> io::Result<Vec<Place>> {
    match address {
        Address::Unix(path) => Ok(vec![Place::Unix(SocketAddrUnix::new(path)?)]),
        Address::Inet { host, port } => {
            let found = (host.as_str(), *port).to_socket_addrs()?;
            Ok(found.map(|address| Place::Inet(address, host.clone())).collect())
        }
    }
}

impl Place {
    fn connect(
        &self,
        security: Option<&Security>,
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<Stream, Fault> {
        match self {
            Self::Inet(address, host) => {
                let family =
                    if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
                let socket = connected(family, address, patience, deadline)?;
                // A request is one write, which should not wait for anything.
                set_tcp_nodelay(&socket, true)?;
                let Some(security) = security else { return Ok(Stream::Plain(socket.into())) };
                let (socket, ip) = (TcpStream::from(socket), address.ip());
                let secure = Secure::new(socket, host, ip, security, patience, deadline)?;
                Ok(Stream::Tls(Box::new(secure)))
            }
            Self::Unix(address) => {
                let socket = connected(AddressFamily::UNIX, address, patience, deadline)?;
                Ok(Stream::Unix(socket.into()))
            }
        }
    }
}

fn connected(
    family: AddressFamily,
    address: &impl SocketAddrArg,
    patience: &mut Patience,
    deadline: Deadline,
) -> Result<OwnedFd, Fault> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    match connect(&socket, address) {
        Ok(()) => {}
        Err(Errno::INPROGRESS | Errno::INTR) => {
            patience.ready(socket.as_fd(), PollFlags::OUT, deadline)?;
            socket_error(&socket)??;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(socket)
}
