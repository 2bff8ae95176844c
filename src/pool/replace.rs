//! Replacing a child that is out of date: its successor is started and warmed while it serves.
//!
//! A server may count its clients and turn the successor away. Then the old child makes room: at
//! once where other slots serve, else after a few attempts, since a child that is out of date still
//! serves better than none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ostler_runtime::now;

use crate::backoff;
use crate::dialect::{Dialect, Session};
use crate::slot::{Detail, Slot};
use crate::state::{Event, State};
use crate::statistics::count;

/// How often a child at work is looked at for being out of date, at most.
const CHECK_BUSY: Duration = Duration::from_secs(1);
/// How often an idle child is looked at for being out of date.
const CHECK_IDLE: Duration = Duration::from_secs(10);
/// How many successors a lone child waits for before it makes room for one.
const LONE_ATTEMPTS: u32 = 5;
/// One slot in so many may replace its child at the same time, so that a change that all notice at
/// once does not double the number of children.
const SLOTS_PER_TURN: usize = 5;

/// How many slots replace their children now.
#[derive(Debug, Default)]
pub(crate) struct Turns(AtomicUsize);

impl Turns {
    /// Takes a turn in a pool of `size` slots, if one is free.
    fn take(&self, size: usize) -> bool {
        let limit = size.div_ceil(SLOTS_PER_TURN);
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
                (taken < limit).then_some(taken + 1)
            })
            .is_ok()
    }

    fn give_back(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Why a child is replaced.
#[derive(Clone, Copy, Debug)]
enum Why {
    Outdated,
    MaxRequests,
    MaxAge,
}

/// What a slot remembers of it.
#[derive(Debug)]
pub(crate) struct Replacement {
    /// The slot has a turn.
    has_turn: bool,
    /// What was found when the child was last looked at.
    why: Why,
    /// The child ends as soon as it is free.
    make_room: bool,
    failures: u32,
    retry_at: Instant,
    /// The revision that the child was looked at for.
    revision: u64,
    pub(crate) check_at: Instant,
}

impl Replacement {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            has_turn: false,
            why: Why::Outdated,
            make_room: false,
            failures: 0,
            retry_at: now,
            revision: 0,
            check_at: now,
        }
    }

    /// An exchange is over: the child is looked at soon, or at once.
    pub(crate) fn look_soon(&mut self, at_once: bool) {
        let moment = if at_once { now() } else { now() + CHECK_BUSY };
        self.check_at = self.check_at.min(moment);
    }
}

impl<D: Dialect> Slot<D> {
    /// Starts a successor for a child that is out of date.
    pub(crate) fn replace(&mut self) {
        self.check_turn();
        if self.replacement.has_turn {
            return;
        }
        let moment = now();
        let revision = self.shared.revision.load(Ordering::Acquire);
        if std::mem::replace(&mut self.replacement.revision, revision) != revision {
            self.replacement.check_at = moment;
        }
        if moment < self.replacement.check_at {
            return;
        }
        self.replacement.check_at = moment + CHECK_IDLE;
        let Some(index) = self.serving() else { return };
        let options = self.options();
        let Some(child) = self.children.get_mut(index) else { return };
        let why = if child.session.outdated() {
            Some(Why::Outdated)
        } else if options.max_requests > 0 && child.requests >= options.max_requests {
            Some(Why::MaxRequests)
        } else if options.max_age.is_some_and(|age| moment.duration_since(child.born) >= age) {
            Some(Why::MaxAge)
        } else {
            None
        };
        let Some(why) = why else { return };
        self.replacement.why = why;
        if self.children.iter().any(|child| child.state == State::Greeting) {
            return;
        }
        // Looked at again soon, whether it must wait for its turn or the successor is on its way.
        self.replacement.check_at = moment + CHECK_BUSY;
        if moment >= self.replacement.retry_at
            && self.shared.turns.take(self.shared.checkout.size())
        {
            self.replacement.has_turn = true;
            self.spawn();
        }
    }

    /// A turn ends when there is nothing left to be replaced, or nothing to replace it with.
    fn check_turn(&mut self) {
        let live = self.children.iter().filter(|child| child.is_live()).count();
        if live < 2 {
            self.give_up_turn();
        }
        if live == 0 {
            // The one that was to make room has gone by itself.
            self.replacement.make_room = false;
        }
    }

    pub(crate) fn give_up_turn(&mut self) {
        if std::mem::take(&mut self.replacement.has_turn) {
            self.shared.turns.give_back();
        }
    }

    /// The successor is there: the old child at `index` goes.
    pub(crate) fn retire_old(&mut self, index: usize) {
        self.happen(index, Event::Retire, Detail::none());
        let counters = &self.shared.counters;
        count(match self.replacement.why {
            Why::Outdated => &counters.outdated,
            Why::MaxRequests => &counters.max_requests,
            Why::MaxAge => &counters.max_age,
        });
        self.replacement.failures = 0;
        self.replacement.make_room = false;
        self.give_up_turn();
    }

    /// The successor cannot be had beside the old child.
    pub(crate) fn successor_failed(&mut self) {
        self.give_up_turn();
        self.replacement.failures = self.replacement.failures.saturating_add(1);
        self.replacement.retry_at = now() + backoff::wait(self.replacement.failures);
        self.replacement.make_room = self.replacement.failures >= LONE_ATTEMPTS
            || self.shared.checkout.has_other(&self.mailbox);
        self.make_room();
    }

    /// Ends the child that is to make room, if it is free. Its slot then starts another one.
    pub(crate) fn make_room(&mut self) {
        if !self.replacement.make_room || !self.withdraw() {
            return;
        }
        let Some(index) = self.serving() else { return };
        if self.children.get(index).is_some_and(|child| child.state == State::Ready) {
            self.start_at = now();
            self.retire_old(index);
        }
    }
}
