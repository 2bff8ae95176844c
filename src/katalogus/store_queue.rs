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

    /// Waits for more tasks, until there are as many as are wanted.
    pub(crate) fn gather(&self, jobs: &mut Vec<Job>, wanted: usize, until: Deadline) {
        let mut state = self.state();
        loop {
            let count = state.jobs.len().min(wanted.saturating_sub(jobs.len()));
            jobs.extend(state.jobs.drain(..count));
            let wait = until.remaining().unwrap_or_default();
            if jobs.len() >= wanted || state.closed || wait.is_zero() {
                return;
            }
            state =
                self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ostler_runtime::Thread;

    use super::*;
    use crate::{Abort, Session};

    struct Idle;

    impl Task for Idle {
        fn run(&mut self, _: &mut Session<'_>) -> Result<(), Abort> {
            Ok(())
        }

        fn done(self: Box<Self>, _: Result<(), StoreError>) {}
    }

    fn job(wait: Duration) -> Job {
        let (task, deadline) = (Box::new(Idle), Deadline::after(wait));
        Job { task, submitted: Access::Read, access: Access::Read, deadline, repeated: false }
    }

    fn taken(queue: &Queue, most: usize) -> usize {
        match queue.take(most, Deadline::after(Duration::ZERO)) {
            Taken::Jobs(jobs) => jobs.len(),
            Taken::Nothing | Taken::Closed => 0,
        }
    }

    #[test]
    fn a_queue_takes_no_more_than_its_limit_and_gives_as_many_as_are_asked_for() {
        let queue = Queue::new(3);
        for _ in 0..3 {
            assert!(queue.push(job(Duration::MAX)).is_ok());
        }
        let full = queue.push(job(Duration::MAX));
        assert_eq!(full.err().map(|(_, error)| error), Some(StoreError::Full));
        assert_eq!([taken(&queue, 2), taken(&queue, 2), taken(&queue, 2)], [2, 1, 0]);
    }

    #[test]
    fn gathering_ends_with_enough_or_with_the_deadline() {
        let queue = std::sync::Arc::new(Queue::new(9));
        let mut jobs = vec![job(Duration::MAX)];
        queue.gather(&mut jobs, 2, Deadline::after(Duration::ZERO));
        assert_eq!(jobs.len(), 1);
        let thread = {
            let queue = std::sync::Arc::clone(&queue);
            let push = move || (0..4).for_each(|_| drop(queue.push(job(Duration::MAX))));
            Thread::spawn("pushes", push).unwrap()
        };
        queue.gather(&mut jobs, 4, Deadline::after(Duration::from_secs(60)));
        thread.join();
        assert_eq!((jobs.len(), queue.len()), (4, 1));
    }

    #[test]
    fn the_late_are_taken_out_and_the_others_stay() {
        let queue = Queue::new(3);
        for wait in [Duration::MAX, Duration::ZERO, Duration::MAX] {
            assert!(queue.push(job(wait)).is_ok());
        }
        assert_eq!((queue.late().len(), queue.len()), (1, 2));
    }

    #[test]
    fn a_closed_queue_gives_what_it_has_and_takes_nothing() {
        let queue = std::sync::Arc::new(Queue::new(3));
        assert!(queue.push(job(Duration::MAX)).is_ok());
        queue.close();
        let refused = queue.push(job(Duration::MAX)).err().map(|(_, error)| error);
        assert!(matches!(refused, Some(StoreError::Unavailable(_))));
        let thread = {
            let queue = std::sync::Arc::clone(&queue);
            Thread::spawn("takes", move || assert_eq!(taken(&queue, 3), 1)).unwrap()
        };
        assert!(queue.finish(Deadline::NEVER).is_empty());
        thread.join();
        assert!(matches!(queue.take(1, Deadline::NEVER), Taken::Closed));
    }

    #[test]
    fn what_nobody_takes_in_time_is_given_back() {
        let queue = Queue::new(3);
        assert!(queue.push(job(Duration::MAX)).is_ok());
        queue.close();
        assert_eq!(queue.finish(Deadline::after(Duration::ZERO)).len(), 1);
    }
}
