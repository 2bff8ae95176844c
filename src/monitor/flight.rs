//! One execution of a query, and everybody who waits for it.
//!
//! Equal queries that wait at the same time share one execution. A request that wants no cached
//! answer may join only as long as the execution has not begun: what it is told then is no older
//! than its question.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ostler_net::Reply;
use ostler_runtime::now;

use crate::query::Query;
use crate::request::Kind;

/// See the module.
pub(crate) struct Flight {
    query: Query,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the query went to a child, for the last time.
    left: Option<Instant>,
    /// The answer came; nobody may join any more.
    landed: bool,
    waiting: Vec<Waiting>,
}

/// Somebody who waits, and for what.
pub(crate) enum Waiting {
    /// For burp's answer.
    Answer(Reply),
    /// For a fact that is known once burp has answered anything.
    Fact(Kind, Reply),
}

impl Waiting {
    fn reply(&self) -> &Reply {
        match self {
            Self::Answer(reply) | Self::Fact(_, reply) => reply,
        }
    }
}

impl Flight {
    pub(crate) fn new(query: Query, first: Waiting) -> Self {
        Self { query, state: Mutex::new(State { waiting: vec![first], ..State::default() }) }
    }

    /// A query that nobody waits for, to be given to a child's session.
    pub(crate) fn unwanted(query: Query) -> Self {
        Self { query, state: Mutex::default() }
    }

    pub(crate) fn query(&self) -> &Query {
        &self.query
    }

    /// Joins: `cached` says that an answer whose execution has begun already will do. Gives the
    /// newcomer back if it is too late.
    pub(crate) fn join(&self, newcomer: Waiting, cached: bool) -> Result<(), Waiting> {
        let mut state = self.lock();
        if state.landed || (state.left.is_some() && !cached) {
            return Err(newcomer);
        }
        state.waiting.push(newcomer);
        Ok(())
    }

    /// The query goes to a child now.
    pub(crate) fn take_off(&self) {
        self.lock().left = Some(now());
    }

    /// When the query went to the child that answered it: an answer is as old as that.
    pub(crate) fn took_off(&self) -> Instant {
        self.lock().left.unwrap_or_else(now)
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
        state.waiting.retain(|waiting| !waiting.reply().client_left());
        // Nobody may join a flight that is given up.
        state.landed = state.waiting.is_empty();
        !state.landed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
