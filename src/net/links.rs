//! Long-lived connections in both directions, driven by a fixed set of threads.
//!
//! ```text
//! accept:N    accepts for one set of listeners
//! link:1..n   wait in one poll set, read, call protocols, write
//! ```
//!
//! # What is promised
//!
//! - Whoever is told by the kernel that a link has something to read reads it, has it dealt with
//!   and writes the answer: what comes in never waits for a second thread.
//! - Reading and writing go on at the same time, on different threads if need be, but for TLS.
//! - A link reads at most once a turn, and writes a few times, so that none holds up the others.
//! - Frames leave in the order in which they were taken, each as a whole or not at all, unless the
//!   connection fails.
//! - Everything is bounded by [`LinkLimits`]; what a quiet link does not need is freed.
//! - With no link, no thread wakes up.
//! - A panic of a protocol costs its link.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ostler_runtime::{Deadline, Thread};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socketpair};

use crate::link_hub::Hub;
use crate::link_inner::{Entrance, Inner};
use crate::link_listener::Acceptor;
use crate::link_state::{News, Phase, State};
use crate::link_wire::Wire;
use crate::listener::stream_socket;
use crate::socket::Socket;
use crate::{
    Closed, Link, LinkLimits, LinkListener, LinkStatistics, Listener, Peer, Protocol, tls,
};

/// Says which [`Protocol`] an accepted connection gets; with none it is closed at once.
pub type Admit = Arc<dyn Fn(Peer) -> Option<Box<dyn Protocol>> + Send + Sync>;

/// The threads of links. Dropping them ends all links, tells their protocols so and joins the
/// threads; it must not be done by a protocol.
pub struct Links {
    hub: Arc<Hub>,
    threads: Vec<Thread>,
    acceptors: Mutex<Vec<Weak<Acceptor>>>,
}

impl Links {
    /// Starts `threads` threads (at least one), which sleep as long as there is no link.
    pub fn start(threads: usize, limits: LinkLimits) -> io::Result<Self> {
        let hub = Arc::new(Hub::new(limits)?);
        // Built first, so that an error below ends the threads that are there already.
        let mut links = Self { hub, threads: Vec::new(), acceptors: Mutex::default() };
        for number in 1..=threads.max(1) {
            let hub = links.hub.clone();
            links.threads.push(Thread::spawn(&format!("link:{number}"), move || hub.run())?);
        }
        Ok(links)
    }

    /// Accepts connections to `listeners` on a thread of their own until the answer is dropped.
    pub fn listen(&self, listeners: Vec<Listener>, admit: Admit) -> io::Result<LinkListener> {
        let mut acceptors = self.acceptors.lock().unwrap_or_else(PoisonError::into_inner);
        acceptors.retain(|acceptor| acceptor.strong_count() > 0);
        let acceptor = Acceptor::start(&self.hub, listeners, admit)?;
        acceptors.push(Arc::downgrade(&acceptor));
        Ok(LinkListener::from(acceptor))
    }

    /// Connects to `to` without blocking. What comes of it within `wait`, and of a TLS handshake
    /// within [`LinkLimits::handshake`] after that, is told to `protocol`; an error here is one of
    /// this machine, and then the protocol is told nothing.
    pub fn connect(
        &self,
        to: SocketAddr,
        wait: Duration,
        tls: Option<&tls::Client>,
        protocol: Box<dyn Protocol>,
    ) -> io::Result<Link> {
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = stream_socket(family)?;
        let tried = match connect(&socket, &to) {
            Err(Errno::INPROGRESS | Errno::INTR) => Ok(Phase::Connecting),
            other => other.map(|()| Phase::Securing),
        };
        let socket = Socket::Tcp(socket);
        let wire = match tls {
            None => Wire::Plain(socket),
            Some(client) => Wire::from(client.session(socket, to.ip())),
        };
        let phase = tried.unwrap_or(Phase::Securing);
        let mut state = State::new(phase, wire, Deadline::after(wait));
        if let Err(error) = tried {
            state.end = Some(Closed::Unreachable(error.into()));
        }
        self.hub.begin((Peer::Inet(to), Entrance::Own), state, protocol, Vec::new())
    }

    /// Connects two protocols of this process with each other.
    pub fn pair(
        &self,
        one: Box<dyn Protocol>,
        other: Box<dyn Protocol>,
    ) -> io::Result<(Link, Link)> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (left, right) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        let begin = |socket, protocol| {
            let state =
                State::new(Phase::Securing, Wire::Plain(Socket::Unix(socket)), Deadline::NEVER);
            self.hub.begin((Peer::Unix, Entrance::Own), state, protocol, Vec::new())
        };
        Ok((begin(left, one)?, begin(right, other)?))
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// The counters now.
    pub fn statistics(&self) -> LinkStatistics {
        self.hub.counters.snapshot(self.hub.len(), self.hub.doors.strangers())
    }
}

impl Hub {
    /// Has the threads drive a connection over which `input` has come already.
    pub(crate) fn begin(
        self: &Arc<Self>,
        from: (Peer, Entrance),
        state: State,
        protocol: Box<dyn Protocol>,
        input: Vec<u8>,
    ) -> io::Result<Link> {
        let make = |id| Inner::new(id, self.clone(), from, state, protocol, input);
        let link = self.add(make).ok_or(io::ErrorKind::NotConnected)?;
        let mut state = link.lock();
        // Also where only polling has something to tell: somebody must keep the time for it.
        link.signal(&mut state, News::LOOK);
        link.arm(&mut state);
        drop(state);
        Ok(Link::from(link))
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        // Nobody comes in any more, then nobody is driven, and then everybody is told.
        self.hub.stop();
        let acceptors =
            std::mem::take(&mut *self.acceptors.lock().unwrap_or_else(PoisonError::into_inner));
        for acceptor in acceptors.iter().filter_map(Weak::upgrade) {
            acceptor.stop();
        }
        self.threads.clear();
        for link in self.hub.take_all() {
            link.stop();
        }
    }
}
