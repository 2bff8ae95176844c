//! Long-lived connections in both directions, driven by a fixed set of threads.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::{Link, LinkLimits, LinkListener, LinkStatistics, Listener, Peer, Protocol, tls};

/// Says which [`Protocol`] an accepted connection gets; with none it is closed at once.
pub type Admit = Arc<dyn Fn(Peer) -> Option<Box<dyn Protocol>> + Send + Sync>;

/// The threads of links. Dropping them ends all links, tells their protocols so and joins the
/// threads; it must not be done by a protocol.
pub struct Links(());

impl Links {
    /// Starts `threads` threads (at least one), which sleep as long as there is no link.
    pub fn start(_threads: usize, _limits: LinkLimits) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Accepts connections to `listeners` on a thread of their own until the answer is dropped.
    pub fn listen(&self, _listeners: Vec<Listener>, _admit: Admit) -> io::Result<LinkListener> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Connects to `to` without blocking. What comes of it within `wait`, a TLS handshake
    /// included, is told to `protocol`.
    pub fn connect(
        &self,
        _to: SocketAddr,
        _wait: Duration,
        _tls: Option<&tls::Client>,
        _protocol: Box<dyn Protocol>,
    ) -> io::Result<Link> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Connects two protocols of this process with each other.
    pub fn pair(
        &self,
        _one: Box<dyn Protocol>,
        _other: Box<dyn Protocol>,
    ) -> io::Result<(Link, Link)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The counters now.
    pub fn statistics(&self) -> LinkStatistics {
        LinkStatistics::default()
    }
}
