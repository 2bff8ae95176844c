//! Questions to a store that are answered later, by their numbers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use broker_data::Data;
use broker_store::{StoreError, Subject};
use ostler_runtime::{Deadline, threads};

/// What is called with an answer.
pub(crate) type OnAnswer = Box<dyn FnOnce(Result<Data, StoreError>) + Send>;

/// Calls what is called with an answer. If that panics, nobody else's answers are lost, nor the thread.
pub(crate) fn call(on_answer: OnAnswer, answer: Result<Data, StoreError>) {
    threads::caught("a function that a store calls", || on_answer(answer));
}

/// See the module.
#[derive(Default)]
pub(crate) struct Requests {
    last: AtomicU64,
    count: AtomicUsize,
    open: Mutex<HashMap<u64, Request>>,
}

struct Request {
    deadline: Deadline,
    late: Late,
    on_answer: OnAnswer,
}

/// What a question is answered with when nothing comes in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// Nobody has answered this operation.
    Unanswered(&'static str),
    /// The clone has never had a snapshot.
    Stale,
}

impl Late {
    /// The answer, of the store `name`.
    fn error(self, name: &str) -> StoreError {
        match self {
            Self::Unanswered(operation) => StoreError::Timeout(Subject::new(name, operation, None)),
            Self::Stale => StoreError::Stale(name.to_owned()),
        }
    }
}

impl Requests {
    /// Takes a question in: its number.
    pub(crate) fn open(&self, deadline: Deadline, late: Late, on_answer: OnAnswer) -> u64 {
        let number = self.last.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let mut open = self.lock();
        open.insert(number, Request { deadline, late, on_answer });
        self.count.store(open.len(), Ordering::Release);
        number
    }

    /// Answers a question, if nobody has. Not to be called under a lock: what is called with the
    /// answer may ask again.
    pub(crate) fn answer(&self, number: u64, answer: Result<Data, StoreError>) {
        if let Some(request) = self.take(number) {
            call(request.on_answer, answer);
        }
    }

    /// Withdraws a question; whether it was open.
    pub(crate) fn withdraw(&self, number: u64) -> bool {
        self.take(number).is_some()
    }

    /// Whether this question is open.
    pub(crate) fn is_open(&self, number: u64) -> bool {
        self.lock().contains_key(&number)
    }

    /// Whether any question is open.
    pub(crate) fn are_open(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Answers those for which nothing came in time, of the store `name`.
    pub(crate) fn expire(&self, name: &str) {
        if !self.are_open() {
            return;
        }
        let late: Vec<Request> = {
            let mut open = self.lock();
            let numbers = open.iter().filter(|(_, request)| request.deadline.passed());
            let numbers: Vec<u64> = numbers.map(|(number, _)| *number).collect();
            let late = numbers.iter().filter_map(|number| open.remove(number)).collect();
            self.count.store(open.len(), Ordering::Release);
            late
        };
        for request in late {
            call(request.on_answer, Err(request.late.error(name)));
        }
    }

    /// Answers all that are open: the store has ended.
    pub(crate) fn end(&self, name: &str) {
        let open = std::mem::take(&mut *self.lock());
        self.count.store(0, Ordering::Release);
        for request in open.into_values() {
            call(request.on_answer, Err(StoreError::Ended(name.to_owned())));
        }
    }

    fn take(&self, number: u64) -> Option<Request> {
        let mut open = self.lock();
        let request = open.remove(&number);
        self.count.store(open.len(), Ordering::Release);
        request
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Request>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
