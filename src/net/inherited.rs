//! Sockets that were opened by whoever started the process, as systemd does: they stay open while
//! the daemon is restarted, so that no client is refused meanwhile. They belong to that other
//! side: nothing here binds them, removes their files or shuts them down.

use std::io::{self, Error};
use std::os::fd::OwnedFd;
use std::os::unix::net::SocketAddr as UnixAddress;

use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;

use crate::Listener;
use crate::listener::Place;

impl Listener {
    /// The listening stream sockets that this process was given (`LISTEN_FDS`), in their order;
    /// none if it was given none, or if they were meant for another process (`LISTEN_PID`).
    ///
    /// To be called once, before any thread is started: it removes both variables from the
    /// environment, so that children do not take the sockets for theirs. A second call finds none.
    ///
    /// An inherited descriptor that is anything else is an error that names its place.
    pub fn inherited() -> io::Result<Vec<Self>> {
        let mut given = ListenFd::from_env();
        (0..given.len()).map(|index| take(&mut given, index)).collect()
    }
}

fn take(given: &mut ListenFd, index: usize) -> io::Result<Listener> {
    let failed = |what: &str| Error::other(format!("inherited socket {index} {what}"));
    let (socket, place) = if let Ok(Some(inet)) = given.take_tcp_listener(index) {
        inet.set_nonblocking(true)?;
        let address = inet.local_addr()?;
        (OwnedFd::from(inet), Place::Inet(address))
    } else if let Ok(Some(unix)) = given.take_unix_listener(index) {
        unix.set_nonblocking(true)?;
        let name = name(&unix.local_addr()?);
        (OwnedFd::from(unix), Place::Lent(name))
    } else {
        return Err(failed("is neither TCP nor a Unix stream"));
    };
    if !socket_acceptconn(&socket)? {
        return Err(failed("does not listen"));
    }
    Ok(Listener::from_parts(socket, place))
}

fn name(address: &UnixAddress) -> String {
    address.as_pathname().map_or_else(
        || "unix:(without a path)".to_owned(),
        |path| format!("unix:{}", path.display()),
    )
}
