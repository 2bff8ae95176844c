//! Links that come in: one thread accepts for a set of listeners. When the system has no
//! descriptor or memory to spare it rests, since the connection that it could not accept stays in
//! the kernel's queue and would wake it at once.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ostler_runtime::threads::caught;
use ostler_runtime::{Deadline, Seldom, Thread};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::acceptor::Stop;
use crate::link_doors::{Crowded, Entered};
use crate::link_hub::Hub;
use crate::link_inner::{Entrance, Inner};
use crate::link_state::{Phase, State};
use crate::link_wire::Wire;
use crate::stream::Stream;
use crate::{Admit, Closed, Listener, Peer};

/// How long accepting rests when the system has nothing left.
const REST: Duration = Duration::from_millis(100);
/// The shortest time between two log lines of a kind that clients can provoke.
const PAUSE: Duration = Duration::from_secs(60);
/// Connections accepted from one listener before the others have their turn.
const BURST: usize = 64;

/// Accepts connections for [`Links`](crate::Links) until it is dropped. Links that were accepted
/// stay.
pub struct LinkListener(Arc<Acceptor>);

/// The thread behind it.
pub(crate) struct Acceptor {
    stop: Arc<Stop>,
    thread: Mutex<Option<Thread>>,
}

impl From<Arc<Acceptor>> for LinkListener {
    fn from(acceptor: Arc<Acceptor>) -> Self {
        Self(acceptor)
    }
}

impl Drop for LinkListener {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Acceptor {
    /// Starts the thread.
    pub(crate) fn start(
        hub: &Arc<Hub>,
        listeners: Vec<Listener>,
        admit: Admit,
    ) -> io::Result<Arc<Self>> {
        let stop = Arc::new(Stop::new()?);
        let name = match listeners.first().and_then(Listener::inet) {
            Some(address) => format!("accept:{}", address.port()),
            None => "accept:unix".to_owned(),
        };
        let door = Door {
            hub: hub.clone(),
            stop: stop.clone(),
            admit,
            refusals: Seldom::new(PAUSE),
            failures: Seldom::new(PAUSE),
        };
        let thread = Thread::spawn(&name, move || door.run(&listeners))?;
        Ok(Arc::new(Self { stop, thread: Mutex::new(Some(thread)) }))
    }

    /// Ends the thread and closes the listeners.
    pub(crate) fn stop(&self) {
        self.stop.ask();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(thread);
    }
}

struct Door {
    hub: Arc<Hub>,
    stop: Arc<Stop>,
    admit: Admit,
    refusals: Seldom,
    failures: Seldom,
}

impl Door {
    fn run(&self, listeners: &[Listener]) {
        while !self.stop.is_asked() {
            let mut exhausted = false;
            for listener in listeners {
                exhausted |= !self.sweep(listener);
            }
            if exhausted {
                self.wait(&[], Some(REST));
            } else {
                self.wait(listeners, None);
            }
        }
    }

    /// Accepts who waits. Whether the system has what it takes.
    fn sweep(&self, listener: &Listener) -> bool {
        for _ in 0..BURST {
            match listener.accept() {
                Ok((stream, peer)) => self.let_in(stream, peer),
                Err(Errno::AGAIN) => return true,
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
                    self.hub.counters.accept_errors.count();
                    if let Some(more) = self.failures.allow() {
                        let name = listener.name();
                        log::error!("cannot accept on {name}: {error} ({more} times before)");
                    }
                    return false;
                }
            }
        }
        true
    }

    fn let_in(&self, stream: Stream, peer: Peer) {
        let limits = &self.hub.limits;
        let Entered { stranger, outgoing } = match self.hub.doors.enter(peer, limits) {
            Ok(entered) => entered,
            Err(why) => return self.refuse(why),
        };
        if let Some(outgoing) = outgoing {
            self.send_out(&outgoing);
        }
        let Some(protocol) = caught("admission", || (self.admit)(peer)).flatten() else {
            self.hub.counters.refused.count();
            return self.hub.doors.leave(stranger);
        };
        self.hub.counters.accepted.count();
        let deadline = Deadline::after(limits.handshake);
        let state = State::new(Phase::Securing, Wire::from(stream), deadline);
        let from = (peer, Entrance::Accepted(stranger));
        match self.hub.begin(from, state, protocol, Vec::new()) {
            Ok(link) => link.introduce(),
            // Everything is about to end.
            Err(_) => self.hub.doors.leave(stranger),
        }
    }

    /// Ends a link that makes room for another.
    fn send_out(&self, outgoing: &Arc<Inner>) {
        self.hub.counters.refused.count();
        outgoing
            .end(&mut outgoing.lock(), Closed::Aborted("others that came later needed its place"));
        if let Some(more) = self.refusals.allow() {
            let limit = self.hub.limits.max_unestablished;
            let peer = outgoing.peer;
            log::warn!(
                "closed a connection from {peer}, {more} before: it has not said who it is, and \
                 {limit} from its address have not, or {} are open in all",
                self.hub.limits.max_links
            );
        }
    }

    fn refuse(&self, why: Crowded) {
        self.hub.counters.refused.count();
        let Some(more) = self.refusals.allow() else { return };
        match why {
            Crowded::Full => log::warn!(
                "refused a connection, {more} before: {} are open already",
                self.hub.limits.max_links
            ),
            Crowded::Origin(origin) => log::warn!(
                "refused a connection from {origin}, {more} before: {} from there are not \
                 established yet",
                self.hub.limits.max_unestablished
            ),
        }
    }

    /// Waits for a connection or for the wish to stop.
    fn wait(&self, listeners: &[Listener], limit: Option<Duration>) {
        let mut polled: Vec<PollFd<'_>> = Vec::with_capacity(listeners.len().saturating_add(1));
        polled.push(PollFd::new(self.stop.wake(), PollFlags::IN));
        polled.extend(listeners.iter().map(|listener| PollFd::new(listener, PollFlags::IN)));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        // An interrupted wait is a round for nothing.
        let _ = poll(&mut polled, limit.as_ref());
    }
}
