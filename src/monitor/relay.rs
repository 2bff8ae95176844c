//! A relay for one child's connection to its status server, driven by the slot's own thread.
//!
//! The child is given a wrapper configuration that sends it to a port of this process. The bytes,
//! which are TLS between the child and the server, pass through untouched; what the relay adds is
//! that this end acknowledges at once and never holds a small piece back. It needs no privilege.
//!
//! The port takes exactly one connection, on the loopback address, and is closed then. Whoever else
//! on the machine came first would only find burp's own TLS on the other side.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ostler_pool::dialect::Interest;
use rustix::io::Errno;
use rustix::net::sockopt::set_tcp_quickack;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::background::Background;
use crate::burp_config::BurpConfig;
use crate::transport::{Decision, TransportKind};

/// Bytes that one direction may hold while the other side does not take them.
const BUFFER_BYTES: usize = 256 << 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct Relay {
    decision: Arc<Decision>,
    /// The status server's host and port, as the configuration names them.
    host: String,
    port: u16,
    /// Needed until the child has read it.
    wrapper: Option<Wrapper>,
    stage: Stage,
    to_server: Flow,
    to_child: Flow,
}

/// How far the way is made.
#[derive(Debug)]
enum Stage {
    /// The child has not come yet.
    Listening(TcpListener),
    /// The child waits for the server's addresses.
    Resolving { child: TcpStream, addresses: Background<io::Result<Vec<SocketAddr>>> },
    /// The child waits for the server, which has these addresses left to be tried.
    Connecting { child: TcpStream, server: TcpStream, left: Vec<SocketAddr> },
    /// Both sides are there.
    Passing { child: TcpStream, server: TcpStream },
    /// It has failed.
    Failed,
}

/// The wrapper configuration, removed when it is no longer needed.
#[derive(Debug)]
struct Wrapper(PathBuf);

impl Drop for Wrapper {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Relay {
    /// Opens the port and writes the wrapper into `directory`, which is private to this process.
    pub(crate) fn new(
        decision: &Arc<Decision>,
        config: &BurpConfig,
        client_config: &Path,
        directory: &Path,
    ) -> io::Result<Self> {
        let unknown = |what: &str| io::Error::other(format!("{}: {what}", client_config.display()));
        let host = config.host().ok_or_else(|| unknown("there is no server in it"))?;
        let port = config.port().ok_or_else(|| unknown("the status_port is no port"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let wrapper =
            write_wrapper(config, listener.local_addr()?.port(), client_config, directory)?;
        Ok(Self {
            decision: Arc::clone(decision),
            host: host.to_owned(),
            port,
            wrapper: Some(wrapper),
            stage: Stage::Listening(listener),
            to_server: Flow::default(),
            to_child: Flow::default(),
        })
    }

    /// The wrapper configuration, to be given to the child.
    pub(crate) fn config(&self) -> &Path {
        self.wrapper.as_ref().map_or(Path::new(""), |wrapper| wrapper.0.as_path())
    }

    /// The child answers through the relay, and has no more use for the wrapper.
    pub(crate) fn settled(&mut self) {
        self.wrapper = None;
        self.decision.note_used(TransportKind::Relay);
    }

    pub(crate) fn descriptors(&self) -> Vec<(BorrowedFd<'_>, Interest)> {
        let (child, server) = match &self.stage {
            Stage::Listening(listener) => {
                return vec![(listener.as_fd(), Interest { read: true, write: false })];
            }
            Stage::Resolving { addresses, .. } => {
                return vec![(addresses.as_fd(), Interest { read: true, write: false })];
            }
            Stage::Connecting { server, .. } => {
                return vec![(server.as_fd(), Interest { read: false, write: true })];
            }
            Stage::Passing { child, server } => (child, server),
            Stage::Failed => return Vec::new(),
        };
        let mut descriptors = Vec::with_capacity(2);
        for (stream, reading, writing) in
            [(child, &self.to_server, &self.to_child), (server, &self.to_child, &self.to_server)]
        {
            let interest = Interest { read: reading.wants_bytes(), write: writing.has_bytes() };
            if interest.read || interest.write {
                descriptors.push((stream.as_fd(), interest));
            }
        }
        descriptors
    }

    /// Takes the child's connection, makes the server's, or passes bytes on. None of it waits.
    pub(crate) fn pump(&mut self) -> io::Result<()> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Listening(listener) => match listener.accept() {
                // The listener is closed here: nobody else gets in.
                Ok((child, _)) => self.resolve(child)?,
                Err(error) if is_no_failure(&error) => Stage::Listening(listener),
                Err(error) => return Err(error),
            },
            Stage::Resolving { child, addresses } => match addresses.take() {
                None => Stage::Resolving { child, addresses },
                Some(Ok(found)) => self.connect(child, found)?,
                Some(Err(error)) => {
                    log::debug!("cannot resolve {}: {error}", self.host);
                    return Err(io::Error::other(format!("Could not find {}", self.host)));
                }
            },
            Stage::Connecting { child, server, left } => match server.take_error()? {
                None => Stage::Passing { child: ready(child)?, server: ready(server)? },
                Some(error) => {
                    log::debug!("cannot connect to the status server: {error}");
                    self.connect(child, left)?
                }
            },
            stage => stage,
        };
        if let Stage::Passing { child, server } = &self.stage {
            self.to_server.pass(child, server)?;
            self.to_child.pass(server, child)?;
        }
        Ok(())
    }

    /// Finds the server's addresses. A name may take its time, a number does not.
    fn resolve(&self, child: TcpStream) -> io::Result<Stage> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return self.connect(child, vec![SocketAddr::new(address, self.port)]);
        }
        let (host, port) = (self.host.clone(), self.port);
        let addresses = Background::start("resolve", move || {
            (host.as_str(), port).to_socket_addrs().map(Iterator::collect)
        })?;
        Ok(Stage::Resolving { child, addresses })
    }

    /// Begins to connect to the first of the server's addresses that can be tried.
    fn connect(&self, child: TcpStream, addresses: Vec<SocketAddr>) -> io::Result<Stage> {
        let mut left = addresses.into_iter();
        while let Some(address) = left.next() {
            match begin_to_connect(&address) {
                Ok(server) => {
                    return Ok(Stage::Connecting { child, server, left: left.collect() });
                }
                Err(error) => log::debug!("cannot connect to {address}: {error}"),
            }
        }
        // As burp's own client words it.
        Err(io::Error::other(format!("Could not connect to {}:{}", self.host, self.port)))
    }
}

/// One direction.
#[derive(Debug, Default)]
struct Flow {
    bytes: Vec<u8>,
    written: usize,
    ended: bool,
}

impl Flow {
    fn has_bytes(&self) -> bool {
        self.written < self.bytes.len()
    }

    fn wants_bytes(&self) -> bool {
        !self.ended && self.bytes.len() < BUFFER_BYTES
    }

    /// Reads what has come and writes what is taken.
    fn pass(&mut self, from: &TcpStream, to: &TcpStream) -> io::Result<()> {
        if self.wants_bytes() {
            let mut piece = [0; 16 << 10];
            match (&mut &*from).read(&mut piece) {
                Ok(0) => self.ended = true,
                Ok(n) => {
                    self.bytes.extend(piece.get(..n).unwrap_or_default());
                    // The acknowledgement goes out now, and with it the server's next piece.
                    let _ = set_tcp_quickack(from, true);
                }
                Err(error) if is_no_failure(&error) => {}
                Err(error) => return Err(error),
            }
        }
        while let Some(rest) = self.bytes.get(self.written..).filter(|rest| !rest.is_empty()) {
            match (&mut &*to).write(rest) {
                Ok(n) => self.written += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.written = 0;
        if self.ended {
            // The other side learns of the end; that it may be gone already is no failure.
            let _ = to.shutdown(std::net::Shutdown::Write);
        }
        Ok(())
    }
}

fn is_no_failure(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// A connection in the making.
fn begin_to_connect(address: &SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&socket, address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(TcpStream::from(socket)),
        Err(error) => Err(error.into()),
    }
}

/// A side that neither waits nor holds small pieces back.
fn ready(side: TcpStream) -> io::Result<TcpStream> {
    side.set_nonblocking(true)?;
    side.set_nodelay(true)?;
    Ok(side)
}

/// Writes a configuration that differs from the client's own in the way to the server only. burp
/// takes the first `status_port` that it reads.
fn write_wrapper(
    config: &BurpConfig,
    port: u16,
    client_config: &Path,
    directory: &Path,
) -> io::Result<Wrapper> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = directory.join(format!("burp-{number}.conf"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let wrapper = Wrapper(path);
    writeln!(file, "status_port = {port}")?;
    if config.peer_name.is_none() {
        // Without it, burp expects the server's certificate to bear the name it connects to.
        writeln!(file, "ssl_peer_cn = {}", config.host().unwrap_or_default())?;
    }
    // A path is bytes, which need not be UTF-8.
    file.write_all(b". ")?;
    file.write_all(fs::canonicalize(client_config)?.as_os_str().as_bytes())?;
    file.write_all(b"\n")?;
    Ok(wrapper)
}
