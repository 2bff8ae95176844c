//! One execution of a query, and everybody who waits for it.
//!
//! Equal queries that wait at the same time share one execution. A request that wants no cached
//! answer may join only as long as the execution has not begun: what it is told then is no older
//! than its question.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use ostler_net::Answer;
use ostler_runtime::{Deadline, now};

use crate::caller::Caller;
use crate::query::Query;
use crate::request::Kind;

/// See the module.
pub(crate) struct Flight {
    query: Query,
    born: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// It may be told another daemon's answer, which nobody may join who wants a new one.
    is_shared: bool,
    /// When the query went to a child, for the last time.
    left: Option<Instant>,
    /// The answer came; nobody may join any more.
    landed: bool,
    waiting: Vec<Waiting>,
}

/// Somebody who waits, and for what.
pub(crate) enum Waiting {
    /// For burp's answer.
    Answer(Caller),
    /// For a fact that is known once burp has answered anything.
    Fact(Kind, Caller),
    /// The daemon itself, for burp's answer.
    Watcher(Sender<Answer>),
}

impl Waiting {
    fn has_left(&self) -> bool {
        match self {
            Self::Answer(caller) | Self::Fact(_, caller) => caller.has_left(),
            Self::Watcher(_) => false,
        }
    }
}

impl Flight {
    pub(crate) fn new(query: Query, first: Waiting) -> Self {
        let state = State { waiting: vec![first], ..State::default() };
        Self { query, born: now(), state: Mutex::new(state) }
    }

    /// The same for one that may be told another daemon's answer.
    pub(crate) fn shared(query: Query, first: Waiting) -> Self {
        let flight = Self::new(query, first);
        flight.lock().is_shared = true;
        flight
    }

    /// A query that nobody waits for, to be given to a child's session.
    pub(crate) fn unwanted(query: Query) -> Self {
        Self { query, born: now(), state: Mutex::default() }
    }

    pub(crate) fn query(&self) -> &Query {
        &self.query
    }

    /// Joins: `cached` says that an answer whose execution has begun already will do. Gives the
    /// newcomer back if it is too late.
    pub(crate) fn join(&self, newcomer: Waiting, cached: bool) -> Result<(), Waiting> {
        let mut state = self.lock();
        if state.landed || ((state.left.is_some() || state.is_shared) && !cached) {
            return Err(newcomer);
        }
        state.waiting.push(newcomer);
        Ok(())
    }

    /// When those who wait for it have waited so long.
    pub(crate) fn deadline(&self, timeout: Duration) -> Deadline {
        Deadline::after(timeout.saturating_sub(now().duration_since(self.born)))
    }

    /// The query goes to a child now.
    pub(crate) fn take_off(&self) {
        self.lock().left = Some(now());
    }

    /// When the query went to the child that answered it: an answer is as old as that.
    pub(crate) fn took_off(&self) -> Instant {
        self.lock().left.unwrap_or_else(now)
    }

    /// How long the query waited until the child had it that answered it; `None` if no child had
    /// it.
    pub(crate) fn waited(&self) -> Option<Duration> {
        self.lock().left.map(|left| left.duration_since(self.born))
    }

    /// The execution is over: everybody who waited for it.
    pub(crate) fn land(&self) -> Vec<Waiting> {
        let mut state = self.lock();
        state.landed = true;
        std::mem::take(&mut state.waiting)
    }

    /// Whether anybody still waits. Those who went away are dropped.
    pub(crate) fn is_wanted(&self) -> bool {
        let mut state = self.lock();
        state.waiting.retain(|waiting| !waiting.has_left());
        // Nobody may join a flight that is given up.
        state.landed = state.waiting.is_empty();
        !state.landed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
