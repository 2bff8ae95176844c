//! The `acceptor` thread: one for all listeners.
//!
//! It takes connections in until there is none, hands them on and waits for the next. The last
//! one of a round it drives itself as far as it goes: on a quiet server that spares the only
//! hand-over of a request, and on a busy one the others are with the `conn` threads already. A
//! connection that begins with a TLS handshake it parks at once: reckoning does not belong here,
//! and its first bytes take the client a moment. When the
//! system has no descriptor or memory to spare it rests, since the connection that it could not
//! accept stays in the kernel's queue and would wake it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ostler_runtime::{Seldom, Wake};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::Listener;
use crate::answer::Outbox;
use crate::connection::Connection;
use crate::service::Refusal;
use crate::shared::{Shared, Work};
use crate::socket::Want;
use crate::stream::{Behind, Stream};
use crate::worker;

/// How long accepting rests when the system has nothing left.
const REST: Duration = Duration::from_millis(100);
/// The shortest time between two log lines of a kind that clients can provoke.
const PAUSE: Duration = Duration::from_secs(60);

/// How the acceptor is told to stop.
pub(crate) struct Stop {
    wake: Wake,
    asked: AtomicBool,
}

impl Stop {
    pub(crate) fn new() -> rustix::io::Result<Self> {
        Ok(Self { wake: Wake::new()?, asked: AtomicBool::new(false) })
    }

    /// Asks once and for all.
    pub(crate) fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
        self.wake.wake();
    }

    /// Whether it was asked.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// What polls as readable once it was asked.
    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }
}

/// Accepts until it is asked to stop, and closes the listeners then. Connections that the kernel
/// has completed by that time are still taken in.
pub(crate) fn run(shared: &Arc<Shared>, listeners: Vec<Listener>, stop: &Stop) {
    let mut acceptor = Acceptor {
        shared,
        last: None,
        spare: Vec::new(),
        refusals: Seldom::new(PAUSE),
        failures: Seldom::new(PAUSE),
    };
    while !stop.is_asked() {
        let mut exhausted = false;
        for listener in &listeners {
            exhausted |= acceptor.sweep(listener) == Sweep::Exhausted;
        }
        acceptor.drive_last();
        if exhausted {
            wait(&[], stop, Some(REST));
        } else {
            wait(&listeners, stop, None);
        }
    }
    for listener in listeners {
        acceptor.sweep(&listener);
        // Closed before anything else is done: the kernel resets whoever comes in between.
        drop(listener);
    }
    acceptor.drive_last();
}

struct Acceptor<'a> {
    shared: &'a Arc<Shared>,
    /// The connection accepted last, not handed on yet.
    last: Option<Box<Connection>>,
    /// What it is read into.
    spare: Vec<u8>,
    refusals: Seldom,
    failures: Seldom,
}

/// How a round of accepting ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sweep {
    /// Others want their turn, or nobody waits.
    Done,
    /// The system has nothing left to accept with.
    Exhausted,
}

impl Acceptor<'_> {
    /// Takes in who waits at `listener`: no more than fit at once, so that other listeners and
    /// the wish to stop are looked at in between.
    fn sweep(&mut self, listener: &Listener) -> Sweep {
        let mut made_room = false;
        for _ in 0..self.shared.limits.max_connections.max(1) {
            match listener.accept() {
                Ok((stream, peer)) => {
                    made_room = false;
                    if self.has_room() {
                        self.shared.counters.accepted.count();
                        self.shared.counters.open.fetch_add(1, Ordering::SeqCst);
                        let connection = Connection::new(stream, peer, self.shared.clone());
                        if let Some(deadline) = connection.parks_first() {
                            self.shared.parked.park(connection, Want::Read, deadline);
                        } else if let Some(earlier) = self.last.replace(connection) {
                            self.shared.hand_on(Work::Ready(earlier));
                        }
                    } else {
                        self.refuse(stream);
                    }
                }
                Err(Errno::AGAIN) => return Sweep::Done,
                // The one connection is lost; the next may be fine. Linux also reports here what
                // went wrong on the network before the connection was accepted.
                Err(
                    Errno::INTR
                    | Errno::CONNABORTED
                    | Errno::PROTO
                    | Errno::NETDOWN
                    | Errno::NETUNREACH
                    | Errno::HOSTDOWN
                    | Errno::HOSTUNREACH
                    | Errno::PERM,
                ) => {}
                Err(error) => {
                    self.shared.counters.accept_errors.count();
                    if let Some(more) = self.failures.allow() {
                        let name = listener.name();
                        log::error!("cannot accept on {name}: {error} ({more} times before)");
                    }
                    // A silent connection gives its descriptor for the one that waits; if that is
                    // not what is missing, no more are sacrificed.
                    if made_room || !self.shared.parked.evict(self.shared) {
                        return Sweep::Exhausted;
                    }
                    made_room = true;
                }
            }
        }
        Sweep::Done
    }

    /// Drives the connection that was accepted last.
    fn drive_last(&mut self) {
        if let Some(connection) = self.last.take() {
            worker::drive_fresh(self.shared, connection, &mut self.spare);
        }
    }

    /// Whether one more connection may be open; a silent one makes room if need be.
    fn has_room(&mut self) -> bool {
        let limit = self.shared.limits.max_connections;
        // Only this thread makes the number grow.
        if self.shared.counters.open.load(Ordering::SeqCst) < limit
            || self.shared.parked.evict(self.shared)
        {
            return true;
        }
        self.shared.counters.refused.count();
        if let Some(more) = self.refusals.allow() {
            log::warn!("refused a connection, {more} before: {limit} are open already");
        }
        false
    }
}

impl Acceptor<'_> {
    /// Tells a client that there is no room, as far as that costs nothing: what does not fit into
    /// the socket at once is not said, and over TLS it would take a handshake.
    fn refuse(&self, mut stream: Stream) {
        if stream.is_costly() {
            return;
        }
        let limit = self.shared.limits.max_connections;
        let Some(answer) = self.shared.service.refused(Refusal::Full { limit }) else { return };
        // What the client has sent already must not reset the connection under the answer, and
        // nothing is to be done if it does.
        let _ = stream.discard();
        let _ = stream.send(&Outbox::new(answer).rest(), Behind::Nothing);
        let _ = stream.finish();
    }
}

/// Waits for a connection or for the wish to stop.
fn wait(listeners: &[Listener], stop: &Stop, limit: Option<Duration>) {
    let mut polled: Vec<PollFd<'_>> = Vec::with_capacity(listeners.len().saturating_add(1));
    polled.push(PollFd::new(stop.wake(), PollFlags::IN));
    polled.extend(listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)));
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    // An interrupted wait is a round for nothing.
    let _ = poll(&mut polled, limit.as_ref());
}
