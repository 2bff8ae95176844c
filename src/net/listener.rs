//! Listening sockets.
//!
//! A Unix socket's file is open to its owner and its group, and removed when its listener is
//! dropped. A file left behind by a daemon that died is replaced; one that a living daemon answers
//! on is not. What was inherited belongs to somebody else and is left as it is (`inherited`).

use std::fs::Permissions;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, acceptfrom_with, bind, connect,
    getsockname, listen, socket_with, sockopt,
};

use crate::session::Session;
use crate::socket::Socket;
use crate::stream::Stream;
use crate::tls::LiveIdentity;
use crate::{Address, Peer};

/// Connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 1024;

/// Who may connect to a Unix socket: its owner and its group.
const UNIX_MODE: u32 = 0o660;

/// A socket that listens, without blocking.
#[derive(Debug)]
pub struct Listener {
    socket: OwnedFd,
    place: Place,
    identity: Option<Arc<LiveIdentity>>,
}

#[derive(Debug)]
pub(crate) enum Place {
    Inet(SocketAddr),
    /// A Unix socket of our own, whose file goes with it.
    Unix(PathBuf),
    /// A Unix socket that somebody else made and keeps; its name.
    Lent(String),
}

/// An address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// The address as it was asked for.
    pub address: String,
    /// What the system said; its kind tells a missing permission from an address in use.
    pub source: io::Error,
}

impl Listener {
    /// Listens on every socket address that `address` stands for. A family that this machine does
    /// not have is passed over as long as another one is there.
    pub fn bind(address: &Address) -> Result<Vec<Self>, BindError> {
        let failed = |source| BindError { address: address.to_string(), source };
        if let Address::Unix(path) = address {
            return unix(path).map(|listener| vec![listener]).map_err(failed);
        }
        let mut listeners: Vec<Self> = Vec::new();
        let mut missing = None;
        for mut inet_address in address.resolve().map_err(failed)? {
            // Where the kernel chooses the port, it is the same for all of them.
            if inet_address.port() == 0
                && let Some(first) = listeners.first().and_then(Self::inet)
            {
                inet_address.set_port(first.port());
            }
            match inet(inet_address) {
                Ok(listener) => listeners.push(listener),
                Err(error @ (Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL)) => missing = Some(error),
                Err(error) => return Err(failed(error.into())),
            }
        }
        match missing {
            Some(error) if listeners.is_empty() => Err(failed(error.into())),
            _ => Ok(listeners),
        }
    }

    /// Has its connections speak TLS, and shows them whatever `identity` holds when they come.
    #[must_use]
    pub fn secured(self, identity: Arc<LiveIdentity>) -> Self {
        let mut secured = self;
        secured.identity = Some(identity);
        secured
    }

    /// The address and port it listens on, the port being the real one also where the kernel
    /// chose it; `None` for a Unix socket.
    pub fn inet(&self) -> Option<SocketAddr> {
        match &self.place {
            Place::Inet(address) => Some(*address),
            Place::Unix(_) | Place::Lent(_) => None,
        }
    }

    /// What to call it in the log.
    pub fn name(&self) -> String {
        match &self.place {
            Place::Inet(address) => address.to_string(),
            Place::Unix(path) => Address::Unix(path.clone()).to_string(),
            Place::Lent(name) => name.clone(),
        }
    }

    /// A socket that listens already and does not block.
    pub(crate) fn from_parts(socket: OwnedFd, place: Place) -> Self {
        Self { socket, place, identity: None }
    }

    /// The next connection; `AGAIN` if there is none.
    pub(crate) fn accept(&self) -> rustix::io::Result<(Stream, Peer)> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (socket, address) = acceptfrom_with(&self.socket, flags)?;
        let (socket, peer) = match &self.place {
            Place::Unix(_) | Place::Lent(_) => (Socket::Unix(socket), Peer::Unix),
            Place::Inet(own) => {
                // A client that is gone already may have no address any more; then the
                // listener's stands for it: with whom it counts does not matter any more.
                let peer = address.and_then(|any| SocketAddr::try_from(any).ok()).unwrap_or(*own);
                (Socket::Tcp(socket), Peer::Inet(peer))
            }
        };
        let stream = match &self.identity {
            None => Stream::Plain(socket),
            Some(identity) => {
                let config = identity.current().config().clone();
                Stream::Tls(Box::new(Session::new(socket, config)))
            }
        };
        Ok((stream, peer))
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Place::Unix(path) = &self.place {
            // If it is gone already, somebody else cleaned up.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn inet(address: SocketAddr) -> rustix::io::Result<Listener> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = stream_socket(family)?;
    // A restarted daemon takes its port back while old connections are still in TIME_WAIT.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if let IpAddr::V6(own) = address.ip() {
        // `::` is no IPv4 address: whoever means both names both, and is not in its own way.
        sockopt::set_ipv6_v6only(&socket, own.to_ipv4_mapped().is_none())?;
    }
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    let bound = SocketAddr::try_from(getsockname(&socket)?)?;
    Ok(Listener::from_parts(socket, Place::Inet(bound)))
}

fn unix(path: &Path) -> io::Result<Listener> {
    let socket = stream_socket(AddressFamily::UNIX)?;
    let address = SocketAddrUnix::new(path)?;
    match bind(&socket, &address) {
        Err(Errno::ADDRINUSE) if is_left_behind(path) => {
            std::fs::remove_file(path)?;
            bind(&socket, &address)?;
        }
        other => other?,
    }
    // From here on the file is ours, so that a failure removes it too.
    let listener = Listener::from_parts(socket, Place::Unix(path.to_owned()));
    // Before it listens, so that nobody slips in meanwhile.
    std::fs::set_permissions(path, Permissions::from_mode(UNIX_MODE))?;
    listen(&listener.socket, BACKLOG)?;
    Ok(listener)
}

/// A socket that does not block.
pub(crate) fn stream_socket(family: AddressFamily) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    socket_with(family, SocketType::STREAM, flags, None)
}

/// Whether `path` is a socket that nobody listens on any more.
fn is_left_behind(path: &Path) -> bool {
    if !std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        return false;
    }
    // Without blocking: a listener whose backlog is full says `AGAIN`, and it lives.
    let tried = stream_socket(AddressFamily::UNIX)
        .and_then(|socket| connect(&socket, &SocketAddrUnix::new(path)?));
    tried == Err(Errno::CONNREFUSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("ostler-net-{}-{name}.sock", std::process::id()))
    }

    #[test]
    fn a_port_in_use_is_an_error_with_its_address_and_kind() {
        let first = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
        let port = first[0].inet().unwrap().port();
        let error = Listener::bind(&Address::parse("127.0.0.1", port).unwrap()).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(error.address, format!("127.0.0.1:{port}"));
    }

    #[test]
    fn a_living_socket_file_is_kept_and_a_dead_one_replaced() {
        let path = scratch("living");
        let address = Address::Unix(path.clone());
        let living = Listener::bind(&address).unwrap();
        let error = Listener::bind(&address).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        drop(living);
        assert!(!path.exists());

        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(Listener::bind(&address).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn a_socket_file_is_open_to_its_group_and_to_nobody_else() {
        let path = scratch("mode");
        let _listener = Listener::bind(&Address::Unix(path.clone())).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, UNIX_MODE);
    }

    #[test]
    fn a_file_that_is_no_socket_is_never_removed() {
        let path = scratch("file");
        std::fs::write(&path, "precious").unwrap();
        assert!(Listener::bind(&Address::Unix(path.clone())).is_err());
        assert!(path.exists());
        std::fs::remove_file(&path).unwrap();
    }
}
