//! Tasks on their way to the threads that run them: in order, bounded, and never late in silence.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ostler_runtime::Deadline;

use crate::{Access, StoreError, Task};

/// A task with what was asked of it.
pub(crate) struct Job {
    pub(crate) task: Box<dyn Task>,
    /// What it was submitted as, for the statistics.
    pub(crate) submitted: Access,
    pub(crate) access: Access,
    pub(crate) deadline: Deadline,
    /// Whether it was run already, on a connection that was lost.
    pub(crate) repeated: bool,
}

/// A queue for the threads of one kind.
pub(crate) struct Queue {
    limit: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// What waiting for tasks led to.
pub(crate) enum Taken {
    Jobs(Vec<Job>),
    /// None came in time.
    Nothing,
    /// None is left and none will come.
    Closed,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Adds a task, or gives it back with the reason.
    pub(crate) fn push(&self, job: Job) -> Result<(), (Job, StoreError)> {
        let mut state = self.state();
        if state.closed {
            return Err((job, StoreError::Unavailable("the service is stopping".into())));
        }
        if state.jobs.len() >= self.limit {
            return Err((job, StoreError::Full));
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for tasks, and takes at most so many.
    pub(crate) fn take(&self, most: usize, until: Deadline) -> Taken {
        let mut state = self.state();
        loop {
            if !state.jobs.is_empty() {
                let count = state.jobs.len().min(most);
                let jobs = state.jobs.drain(..count).collect();
                if state.closed && state.jobs.is_empty() {
                    self.changed.notify_all();
                }
                return Taken::Jobs(jobs);
            }
            if state.closed {
                return Taken::Closed;
            }
            state = match until.remaining() {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(wait) if wait.is_zero() => return Taken::Nothing,
                Some(wait) => {
                    self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Takes out the tasks whose deadline has passed.
    pub(crate) fn late(&self) -> Vec<Job> {
        let mut state = self.state();
        let (late, jobs) = state.jobs.drain(..).partition(|job: &Job| job.deadline.passed());
        state.jobs = jobs;
        Vec::from(late)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.state().jobs.len()
    }

    /// Takes no more tasks. Those that wait are still given out.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Waits until the threads have taken all tasks of a closed queue; those that they have not in
    /// time.
    pub(crate) fn finish(&self, deadline: Deadline) -> Vec<Job> {
        let mut state = self.state();
        while !state.jobs.is_empty() {
            let Some(wait) = deadline.remaining().filter(|wait| !wait.is_zero()) else { break };
            state =
                self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.jobs.drain(..).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
