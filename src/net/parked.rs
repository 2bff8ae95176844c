//! Connections that wait for their client: a slab, a poll set and one thread.
//!
//! A connection is polled once (oneshot) for each time that it is parked. Whoever parks it puts it
//! into the slab and arms the poll set under one lock, so that an event can only be seen after its
//! connection is there, and no thread has to be woken for it. An event for a connection that has
//! left in the meantime carries a token that has gone stale.
//!
//! Deadlines are looked at four times a second while anybody is parked. With nobody parked the thread
//! sleeps without a timeout: an idle daemon does not wake up.

use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_runtime::{Deadline, Seldom, Wake, now};
use rustix::buffer::spare_capacity;
use rustix::event::epoll;

use crate::connection::Connection;
use crate::guests::{Admits, Guest, Guests};
use crate::shared::{Shared, Work};
use crate::socket::Want;

/// Events taken with one call.
const EVENTS: usize = 64;

/// The shortest time between two log lines of a kind that clients can provoke.
const PAUSE: Duration = Duration::from_secs(60);

/// The token of the wake descriptor; no slab index comes near it.
const WAKE_TOKEN: u64 = u64::MAX;

/// The parked connections.
pub(crate) struct Parked {
    epoll: OwnedFd,
    wake: Wake,
    guests: Mutex<Guests>,
    crowds: Seldom,
    unread: Seldom,
}

impl Parked {
    pub(crate) fn new() -> rustix::io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let wake = Wake::new()?;
        epoll::add(&epoll, &wake, epoll::EventData::new_u64(WAKE_TOKEN), epoll::EventFlags::IN)?;
        Ok(Self {
            epoll,
            wake,
            guests: Mutex::new(Guests::new()),
            crowds: Seldom::new(PAUSE),
            unread: Seldom::new(PAUSE),
        })
    }

    /// Lets a connection wait for readiness; it is closed where it cannot, or its time is over.
    pub(crate) fn park(&self, connection: Box<Connection>, want: Want, deadline: Deadline) {
        if deadline.passed() {
            expire(connection);
            return;
        }
        let shared = connection.shared().clone();
        let mut guests = self.lock();
        if guests.admits != Admits::Everybody && connection.is_held() {
            drop(guests);
            return release(connection);
        }
        let admitted = match guests.admits {
            Admits::Everybody => true,
            Admits::Busy => !connection.is_silent(),
            Admits::Nobody => false,
        };
        let Some(token) = admitted.then(|| guests.vacancy()).flatten() else {
            drop(guests);
            return;
        };
        let rejected = self.arm(connection, token, want).and_then(|connection| {
            guests.put(token, Guest { pending: connection.pending(), connection, deadline })
        });
        let unread = guests.unread_beyond(shared.limits.max_pending_answers);
        let asleep = std::mem::replace(&mut guests.asleep, false);
        drop(guests);
        self.drop_answers(unread, &shared);
        if asleep {
            self.wake.wake();
        }
        // A connection that the kernel did not take is closed here, outside the lock.
        drop(rejected);
    }

    /// Closes the connection that has to make room first. Whether there was one.
    pub(crate) fn evict(&self, shared: &Shared) -> bool {
        let gone = self.lock().first_to_go(shared.limits.max_unauthenticated);
        let found = gone.is_some();
        if let Some(guest) = gone {
            shared.counters.evicted.count();
            log::debug!("{} makes room for others", guest.connection.peer());
        }
        found
    }

    /// Closes whoever is silent, now and from now on, and has kept answers written.
    pub(crate) fn drain(&self) {
        let mut guests = self.lock();
        if guests.admits == Admits::Everybody {
            guests.admits = Admits::Busy;
        }
        let silent = guests.take_where(|guest| guest.connection.is_silent());
        let held = guests.take_where(|guest| guest.connection.is_held());
        drop(guests);
        drop(silent);
        for guest in held {
            release(guest.connection);
        }
    }

    /// Closes everybody and ends the thread.
    pub(crate) fn close(&self) {
        let mut guests = self.lock();
        guests.admits = Admits::Nobody;
        let all = guests.take_where(|_| true);
        drop(guests);
        drop(all);
        self.wake.wake();
    }

    /// Forgets the socket of a connection that leaves the server.
    pub(crate) fn forget(&self, connection: &mut Connection) {
        if connection.mark_polled() {
            // Without it the kernel keeps an entry that has fired already.
            let _ = epoll::delete(&self.epoll, connection.stream());
        }
    }

    /// How many are parked.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The thread's work, until [`close`](Self::close).
    pub(crate) fn run(&self, shared: &Shared) {
        let mut events = Vec::with_capacity(EVENTS);
        let mut tick = now();
        loop {
            let (left, ended) = {
                let mut guests = self.lock();
                (guests.rest(&mut tick), guests.admits == Admits::Nobody)
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
                let mut guests = self.lock();
                let late = guests.take_where(|guest| {
                    guest.deadline.instant().is_some_and(|deadline| deadline <= time)
                });
                let crowd = guests.crowd(shared.limits.max_unauthenticated);
                drop(guests);
                for guest in late {
                    expire(guest.connection);
                }
                self.disperse(&crowd, shared);
            }
        }
    }

    /// Gives the connections that are ready to the `conn` threads.
    fn hand_on(&self, events: &[epoll::Event], shared: &Shared) {
        let mut guests = self.lock();
        for event in events {
            let token = event.data.u64();
            if token == WAKE_TOKEN {
                self.wake.clear();
            } else if let Some(guest) = guests.take(token) {
                shared.hand_on(Work::Ready(guest.connection));
            }
        }
    }

    /// Closes those who are too many of their address.
    fn disperse(&self, crowd: &[Guest], shared: &Shared) {
        let Some(first) = crowd.first() else { return };
        shared.counters.evicted.add(crowd.len());
        if let Some(more) = self.crowds.allow() {
            log::warn!(
                "closed {} connections without a password, one of {}: more than {} from one address \
                 ({more} times before)",
                crowd.len(),
                first.connection.peer(),
                shared.limits.max_unauthenticated
            );
        }
    }

    /// Cuts off answers that wait too long while others wait too.
    fn drop_answers(&self, unread: Vec<Guest>, shared: &Shared) {
        for guest in unread {
            shared.counters.dropped_answers.count();
            if let Some(more) = self.unread.allow() {
                log::warn!(
                    "cut off the answer to {}: more than {} bytes of answers wait to be read \
                     ({more} before)",
                    guest.connection.peer(),
                    shared.limits.max_pending_answers
                );
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
                Want::Time => epoll::EventFlags::empty(),
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

    fn lock(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has an answer that was kept back written now.
fn release(mut connection: Box<Connection>) {
    connection.release();
    let shared = connection.shared().clone();
    shared.hand_on(Work::Ready(connection));
}

/// Ends the wait of a connection whose time is over: it is closed, unless its answer waited for
/// its time.
fn expire(connection: Box<Connection>) {
    if connection.is_held() {
        return release(connection);
    }
    if connection.is_owed() {
        connection.shared().counters.timeouts.count();
        log::debug!("{} took too long", connection.peer());
    }
    drop(connection);
}
