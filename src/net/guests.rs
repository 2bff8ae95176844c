//! The parked connections as data: who is there, who is over time, who makes room.

use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, now};
use rustix::event::Timespec;

use crate::connection::Connection;
use crate::line::{Candidate, Line, beyond};
use crate::slab::Slab;

/// How late a deadline may be noticed, and that too many wait.
const TICK: Duration = Duration::from_millis(250);

/// See the module.
pub(crate) struct Guests {
    slab: Slab<Guest>,
    /// Bytes of the answers that wait to be written.
    pending: usize,
    /// Who makes room next. A connection that has left meanwhile has made its token stale.
    line: Line,
    pub(crate) admits: Admits,
    /// The thread sleeps without a timeout and must be woken to look at deadlines.
    pub(crate) asleep: bool,
}

/// One of them.
pub(crate) struct Guest {
    pub(crate) connection: Box<Connection>,
    pub(crate) deadline: Deadline,
    /// Bytes of its answer, if that waits to be written.
    pub(crate) pending: usize,
}

/// Whom the slab takes in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admits {
    Everybody,
    /// Those that are in the middle of something.
    Busy,
    Nobody,
}

impl Guests {
    /// Nobody, and everybody is let in.
    pub(crate) const fn new() -> Self {
        Self {
            slab: Slab::new(),
            pending: 0,
            line: Line::new(),
            admits: Admits::Everybody,
            asleep: false,
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// The token of an empty place; see [`Slab::vacancy`].
    pub(crate) fn vacancy(&mut self) -> Option<u64> {
        self.slab.vacancy()
    }

    /// How long the thread may sleep: to the next tick, or for ever if the last one found nobody
    /// and nobody has come since. (Somebody who comes for a moment only, as most do, thus does not
    /// have to wake it.)
    pub(crate) fn rest(&mut self, tick: &mut Instant) -> Option<Timespec> {
        let time = now();
        if *tick <= time {
            self.asleep = self.slab.len() == 0;
            *tick = time.checked_add(TICK).unwrap_or(time);
        }
        if self.asleep { None } else { Timespec::try_from(tick.duration_since(time)).ok() }
    }

    /// Fills the place that was found vacant last.
    pub(crate) fn put(&mut self, token: u64, guest: Guest) -> Result<(), Box<Connection>> {
        let (pending, candidate) = (guest.pending, Candidate::of(token, &guest.connection));
        self.slab.put(token, guest).map_err(|guest| guest.connection)?;
        self.pending = self.pending.saturating_add(pending);
        if let Some(candidate) = candidate {
            self.line.came(candidate);
        }
        Ok(())
    }

    /// Takes the guest that `token` was made for, if it is still there.
    pub(crate) fn take(&mut self, token: u64) -> Option<Guest> {
        let guest = self.slab.take(token)?;
        self.pending = self.pending.saturating_sub(guest.pending);
        Some(guest)
    }

    /// Takes all that `leaves` says yes to; they are to be closed when the lock is gone, since
    /// closing is a system call.
    pub(crate) fn take_where(&mut self, leaves: impl Fn(&Guest) -> bool) -> Vec<Guest> {
        let taken = self.slab.take_where(leaves);
        let pending = taken.iter().map(|guest| guest.pending).sum();
        self.pending = self.pending.saturating_sub(pending);
        taken
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate> {
        let guests = self.slab.guests();
        guests.filter_map(|(token, guest)| Candidate::of(token, &guest.connection))
    }

    /// Takes who has to make room first; `cap` is how many of one address are not too many.
    pub(crate) fn first_to_go(&mut self, cap: usize) -> Option<Guest> {
        if let Some(guest) = self.next_in_line() {
            return Some(guest);
        }
        if !self.line.may_grow() {
            return None;
        }
        let mut line = std::mem::replace(&mut self.line, Line::new());
        line.line_up(cap, self.candidates());
        self.line = line;
        self.next_in_line()
    }

    fn next_in_line(&mut self) -> Option<Guest> {
        while let Some(token) = self.line.next() {
            // One that has spoken a moment ago is about to be served.
            let silent = |guest: &Guest| !guest.connection.is_about_to_read();
            if self.slab.get(token).is_some_and(silent) {
                return self.take(token);
            }
        }
        None
    }

    /// Takes those who are too many of an address that has more than `cap`.
    pub(crate) fn crowd(&mut self, cap: usize) -> Vec<Guest> {
        if self.slab.len() <= cap {
            return Vec::new();
        }
        let tokens = beyond(cap, self.candidates());
        tokens.into_iter().filter_map(|token| self.take(token)).collect()
    }

    /// Takes those whose answers were begun first, until no more than `limit` bytes wait.
    pub(crate) fn unread_beyond(&mut self, limit: usize) -> Vec<Guest> {
        let mut gone = Vec::new();
        while self.pending > limit {
            let writing = self.slab.guests().filter(|(_, guest)| guest.pending > 0);
            let oldest = writing.min_by_key(|(_, guest)| guest.deadline.instant());
            let Some((token, _)) = oldest else { break };
            gone.extend(self.take(token));
        }
        gone
    }
}
