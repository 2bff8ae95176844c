//! `TCP_QUICKACK` on the child's own socket, borrowed through `pidfd_getfd`.
//!
//! The kernel forgets the option by itself, so it is set again before each wait. Where a system
//! call filter or a security module forbids the borrowing, the caller takes another transport.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use ostler_pool::{Launch, oneshot};
use rustix::net::sockopt::{set_tcp_quickack, socket_type};
use rustix::net::{SocketAddrAny, SocketType, getpeername};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::transport::{Decision, TransportKind};

/// See the module.
#[derive(Debug)]
pub(crate) struct QuickAck {
    decision: Arc<Decision>,
    pidfd: Option<OwnedFd>,
    pid: u32,
    socket: Option<OwnedFd>,
    failed: bool,
}

impl QuickAck {
    pub(crate) fn new(decision: Arc<Decision>) -> Self {
        Self { decision, pidfd: None, pid: 0, socket: None, failed: false }
    }

    /// Whether this process may borrow a child's descriptors at all: tried on a child that does
    /// nothing.
    pub(crate) fn probe() -> io::Result<()> {
        let idle = Launch { program: "cat".into(), arguments: Vec::new(), variables: &[] };
        oneshot::with_child(&idle, |pid| {
            let pidfd = open(pid)?;
            pidfd_getfd(&pidfd, 0, PidfdGetfdFlags::empty())?;
            Ok(())
        })?
    }

    pub(crate) fn spawned(&mut self, pid: u32) {
        // The process id is the child's for sure now, before anyone could have reaped it.
        self.pid = pid;
        self.pidfd = open(pid).ok();
    }

    /// Looks for the child's connection.
    pub(crate) fn connected(&mut self) {
        if self.socket.is_some() {
            return;
        }
        match self.find() {
            Ok(socket) => {
                self.socket = Some(socket);
                self.decision.note_used(TransportKind::QuickAck);
            }
            Err(error) => {
                self.failed = self.decision.is_automatic();
                self.decision.rule_out(TransportKind::QuickAck, &error);
            }
        }
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    /// Sends the acknowledgement that is due, and the next one without delay.
    pub(crate) fn acknowledge(&self) {
        if let Some(socket) = &self.socket {
            // Only speed depends on it.
            let _ = set_tcp_quickack(socket, true);
        }
    }

    fn find(&self) -> io::Result<OwnedFd> {
        let pidfd = self.pidfd.as_ref().ok_or(io::ErrorKind::NotFound)?;
        for entry in fs::read_dir(format!("/proc/{}/fd", self.pid))? {
            let entry = entry?;
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let target = fs::read_link(entry.path()).unwrap_or_default();
            if !target.to_string_lossy().starts_with("socket:") {
                continue;
            }
            let socket = pidfd_getfd(pidfd, number, PidfdGetfdFlags::empty())?;
            if is_connection(&socket) {
                return Ok(socket);
            }
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "the child has no TCP connection"))
    }
}

fn open(pid: u32) -> io::Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

fn is_connection(socket: &impl AsFd) -> bool {
    socket_type(socket).is_ok_and(|kind| kind == SocketType::STREAM)
        && getpeername(socket).is_ok_and(|peer| peer.as_ref().is_some_and(is_internet))
}

fn is_internet(peer: &SocketAddrAny) -> bool {
    use rustix::net::AddressFamily;
    matches!(peer.address_family(), AddressFamily::INET | AddressFamily::INET6)
}
