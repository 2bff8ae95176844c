//! One call: a request, its deadline, and whom to tell.

use std::fmt;

use ostler_runtime::Deadline;

/// A request on its way through the pool. It is answered exactly once, whatever happens: a call
/// that is dropped unanswered tells its caller so.
pub struct Call<Q, A> {
    request: Q,
    deadline: Deadline,
    wanted: Option<Box<dyn Fn() -> bool + Send>>,
    done: Option<Done<A>>,
    /// Another child is asked when the first one is lost.
    repeatable: bool,
    /// How many children were lost over it.
    pub(crate) losses: usize,
    /// Whether it stood in the queue.
    pub(crate) waited: bool,
}

type Done<A> = Box<dyn FnOnce(Result<A, CallError>) + Send>;

impl<Q, A> Call<Q, A> {
    /// A call that tells `done`, on a thread of the pool, by `deadline` (waiting included). `done`
    /// must not block.
    pub fn new(
        request: Q,
        deadline: Deadline,
        done: impl FnOnce(Result<A, CallError>) + Send + 'static,
    ) -> Self {
        let done: Done<A> = Box::new(done);
        Self {
            request,
            deadline,
            wanted: None,
            done: Some(done),
            repeatable: true,
            losses: 0,
            waited: false,
        }
    }

    /// For a request that does something: when its child is lost after it was asked, no other child
    /// is, and the caller is told at once ([`CallError::Lost`]).
    #[must_use]
    pub fn never_twice(mut self) -> Self {
        self.repeatable = false;
        self
    }

    /// Asks `wanted` when the call leaves the queue; where it says no, the call is dropped.
    #[must_use]
    pub fn wanted_while(mut self, wanted: impl Fn() -> bool + Send + 'static) -> Self {
        self.wanted = Some(Box::new(wanted));
        self
    }

    pub(crate) fn request(&self) -> &Q {
        &self.request
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Whether another child may be asked after the loss of one.
    pub(crate) fn may_repeat(&self) -> bool {
        self.repeatable && self.losses == 0 && !self.deadline.passed()
    }

    pub(crate) fn is_wanted(&self) -> bool {
        // Once it was with a child it is answered, even if the caller has closed its side since.
        self.losses > 0 || self.wanted.as_ref().is_none_or(|wanted| wanted())
    }

    pub(crate) fn finish(mut self, outcome: Result<A, CallError>) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Result<A, CallError>) {
        if let Some(done) = self.done.take() {
            done(outcome);
        }
    }
}

impl<Q, A> Drop for Call<Q, A> {
    fn drop(&mut self) {
        self.tell(Err(CallError::Internal));
    }
}

impl<Q: fmt::Debug, A> fmt::Debug for Call<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("request", &self.request).finish_non_exhaustive()
    }
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The deadline passed before a child was free.
    #[error("no child was free in time")]
    TimedOutWaiting,
    /// The deadline passed while a child was at it. The child was destroyed.
    #[error("the child did not answer in time")]
    TimedOut,
    /// No child lives, and the last start of every slot failed.
    #[error("no child can be had: {0}")]
    Down(String),
    /// The queue is full.
    #[error("too many requests are waiting ({limit})")]
    Full {
        /// The limit that was reached.
        limit: usize,
    },
    /// The child that had the request was lost, and so was the second one, if there was one.
    #[error("the child was lost: {0}")]
    Lost(String),
    /// The answer was longer than the limit.
    #[error("the answer is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The caller no longer wanted it.
    #[error("nobody waits for it any more")]
    Unwanted,
    /// The pool is being stopped.
    #[error("the pool is being stopped")]
    Stopping,
    /// A thread of the pool failed.
    #[error("internal error")]
    Internal,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn a_dropped_call_tells_its_caller() {
        let (sender, receiver) = mpsc::channel();
        let call: Call<(), ()> =
            Call::new((), Deadline::NEVER, move |outcome| sender.send(outcome).unwrap());
        drop(call);
        assert_eq!(receiver.recv(), Ok(Err(CallError::Internal)));
    }

    #[test]
    fn a_call_is_repeated_once_within_its_deadline_and_never_where_it_says_so() {
        let call = |deadline| Call::<(), ()>::new((), deadline, |_| {});
        assert!(call(Deadline::NEVER).may_repeat());
        assert!(!call(Deadline::after(Duration::ZERO)).may_repeat());
        assert!(!call(Deadline::NEVER).never_twice().may_repeat());
        let mut second = call(Deadline::NEVER);
        second.losses = 1;
        assert!(!second.may_repeat());
    }

    #[test]
    fn a_finished_call_tells_once() {
        let (sender, receiver) = mpsc::channel();
        let call: Call<(), u8> =
            Call::new((), Deadline::NEVER, move |outcome| sender.send(outcome).unwrap());
        call.finish(Ok(3));
        assert_eq!(receiver.iter().collect::<Vec<_>>(), vec![Ok(3)]);
    }
}
