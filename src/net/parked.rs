//! Connections that wait for their client: a slab, a poll set and one thread.
//!
//! A connection is polled once (oneshot) for each time that it is parked. Whoever parks it puts it
//! into the slab and arms the poll set under one lock, so that an event can only be seen after its
//! connection is there, and no thread has to be woken for it. An event for a connection that has
//! left in the meantime carries a token that has gone stale.
//!
//! Deadlines are looked at every [`TICK`] while anybody is parked. With nobody parked the thread
//! sleeps without a timeout: an idle daemon does not wake up.

use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, Wake, now};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::connection::Connection;
use crate::shared::{Shared, Work};
use crate::slab::Slab;
use crate::socket::Want;

/// How late a deadline may be noticed.
const TICK: Duration = Duration::from_millis(250);

/// Events taken with one call.
const EVENTS: usize = 64;

/// The token of the wake descriptor; no slab index comes near it.
const WAKE_TOKEN: u64 = u64::MAX;

/// The parked connections.
pub(crate) struct Parked {
    epoll: OwnedFd,
    wake: Wake,
    inside: Mutex<Inside>,
}

struct Inside {
    slab: Slab<Guest>,
    admits: Admits,
    /// The thread sleeps without a timeout and must be woken to look at deadlines.
    asleep: bool,
}

struct Guest {
    connection: Box<Connection>,
    deadline: Deadline,
}

/// Whom the slab takes in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Admits {
    Everybody,
    /// Those that are in the middle of something.
    Busy,
    Nobody,
}

impl Parked {
    pub(crate) fn new() -> rustix::io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let wake = Wake::new()?;
        epoll::add(&epoll, &wake, epoll::EventData::new_u64(WAKE_TOKEN), epoll::EventFlags::IN)?;
        let inside = Inside { slab: Slab::new(), admits: Admits::Everybody, asleep: false };
        Ok(Self { epoll, wake, inside: Mutex::new(inside) })
    }

    /// Lets a connection wait for readiness; it is closed where it cannot, or its time is over.
    pub(crate) fn park(&self, connection: Box<Connection>, want: Want, deadline: Deadline) {
        if deadline.passed() {
            expire(connection);
            return;
        }
        let mut inside = self.lock();
        let admitted = match inside.admits {
            Admits::Everybody => true,
            Admits::Busy => !connection.is_silent(),
            Admits::Nobody => false,
        };
        let Some(token) = admitted.then(|| inside.slab.vacancy()).flatten() else {
            drop(inside);
            return;
        };
        let rejected = self.arm(connection, token, want).and_then(|connection| {
            inside.slab.put(token, Guest { connection, deadline }).map_err(|guest| guest.connection)
        });
        let asleep = std::mem::replace(&mut inside.asleep, false);
        drop(inside);
        if asleep {
            self.wake.wake();
        }
        // A connection that the kernel did not take is closed here, outside the lock.
        drop(rejected);
    }

    /// Closes the connection that has waited longest between two requests. Whether there was one.
    pub(crate) fn evict_idle(&self) -> bool {
        let mut inside = self.lock();
        let idle = inside.slab.guests().filter(|guest| guest.connection.is_idle());
        // All idle ones wait equally long, so the earliest deadline is the longest silence.
        let Some(earliest) = idle.filter_map(|guest| guest.deadline.instant()).min() else {
            return false;
        };
        let evicted = inside.take_where(|guest| {
            guest.deadline.instant() == Some(earliest)
                && guest.connection.is_idle()
                && guest.connection.is_silent()
        });
        drop(inside);
        !evicted.is_empty()
    }

    /// Closes whoever is silent, now and from now on.
    pub(crate) fn drain(&self) {
        let mut inside = self.lock();
        if inside.admits == Admits::Everybody {
            inside.admits = Admits::Busy;
        }
        let silent = inside.take_where(|guest| guest.connection.is_silent());
        drop(inside);
        drop(silent);
    }

    /// Closes everybody and ends the thread.
    pub(crate) fn close(&self) {
        let mut inside = self.lock();
        inside.admits = Admits::Nobody;
        let all = inside.take_where(|_| true);
        drop(inside);
        drop(all);
        self.wake.wake();
    }

    /// How many are parked.
    pub(crate) fn len(&self) -> usize {
        self.lock().slab.len()
    }

    /// The thread's work, until [`close`](Self::close).
    pub(crate) fn run(&self, shared: &Shared) {
        let mut events = Vec::with_capacity(EVENTS);
        let mut tick = now();
        loop {
            let (left, ended) = {
                let mut inside = self.lock();
                (inside.rest(&mut tick), inside.admits == Admits::Nobody)
            };
            if ended {
                return;
            }
            events.clear();
            // An interrupted wait comes back without events, which is one round for nothing.
            let _ = epoll::wait(&self.epoll, spare_capacity(&mut events), left.as_ref());
            self.hand_on(&events, shared);
            let time = now();
            if time >= tick {
                let late = self.lock().take_where(|guest| {
                    guest.deadline.instant().is_some_and(|deadline| deadline <= time)
                });
                for guest in late {
                    expire(guest.connection);
                }
            }
        }
    }

    /// Gives the connections that are ready to the `conn` threads.
    fn hand_on(&self, events: &[epoll::Event], shared: &Shared) {
        let mut inside = self.lock();
        for event in events {
            let token = event.data.u64();
            if token == WAKE_TOKEN {
                self.wake.clear();
            } else if let Some(guest) = inside.slab.take(token) {
                shared.hand_on(Work::Ready(guest.connection));
            }
        }
    }

    /// Has the kernel say once when the socket is ready.
    fn arm(
        &self,
        mut connection: Box<Connection>,
        token: u64,
        want: Want,
    ) -> Result<Box<Connection>, Box<Connection>> {
        let flags = epoll::EventFlags::ONESHOT
            | match want {
                Want::Read => epoll::EventFlags::IN | epoll::EventFlags::RDHUP,
                Want::Write => epoll::EventFlags::OUT,
            };
        let data = epoll::EventData::new_u64(token);
        let known = connection.mark_polled();
        let stream = connection.stream();
        let armed = if known {
            epoll::modify(&self.epoll, stream, data, flags)
        } else {
            epoll::add(&self.epoll, stream, data, flags)
        };
        match armed {
            Ok(()) => Ok(connection),
            Err(error) => {
                log::warn!("cannot poll the connection of {}: {error}", connection.peer());
                Err(connection)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// How long the thread may sleep: to the next tick, or for ever if the last one found nobody
    /// and nobody has come since. (Somebody who comes for a moment only, as most do, thus does not
    /// have to wake it.)
    fn rest(&mut self, tick: &mut Instant) -> Option<Timespec> {
        let time = now();
        if *tick <= time {
            self.asleep = self.slab.len() == 0;
            *tick = time.checked_add(TICK).unwrap_or(time);
        }
        if self.asleep { None } else { Timespec::try_from(tick.duration_since(time)).ok() }
    }

    /// Takes all that `leaves` says yes to; they are to be closed when the lock is gone, since
    /// closing is a system call.
    fn take_where(&mut self, leaves: impl Fn(&Guest) -> bool) -> Vec<Guest> {
        self.slab.take_where(leaves)
    }
}

/// Closes a connection whose time is over.
fn expire(connection: Box<Connection>) {
    if connection.is_owed() {
        connection.shared().counters.timeouts.count();
        log::debug!("{} took too long", connection.peer());
    }
    drop(connection);
}
