//! Which tasks this program has, and where each of them is.
//!
//! The rules are those of [`task_state`](crate::task_state); here they are kept for all tasks, for
//! all threads.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ostler_runtime::Deadline;
use uuid::Uuid;

use crate::task::Task;
use crate::task_state::{Action, Event, State};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    tasks: Mutex<HashMap<Uuid, (Arc<Task>, State)>>,
    /// There is one less.
    gone: Condvar,
}

impl Ledger {
    /// Keeps account of a task that was taken from its queue. `false` if it is there already, which
    /// no scheduler should do.
    pub(crate) fn hold(&self, task: &Arc<Task>) -> bool {
        let mut tasks = self.lock();
        if tasks.contains_key(&task.id) {
            return false;
        }
        tasks.insert(task.id, (Arc::clone(task), State::Held));
        true
    }

    /// Something happens to a task; what is to be done by whoever says so.
    pub(crate) fn on(&self, id: Uuid, event: Event) -> Action {
        let mut tasks = self.lock();
        let Some((_, state)) = tasks.get_mut(&id) else { return Action::Nothing };
        let (next, action) = state.on(event);
        if let Some(next) = next {
            *state = next;
        } else {
            tasks.remove(&id);
            self.gone.notify_all();
        }
        action
    }

    /// The same for all tasks: those for which something is to be done, and what.
    pub(crate) fn on_all(&self, event: Event) -> Vec<(Arc<Task>, Action)> {
        let mut due = Vec::new();
        for (task, state) in self.lock().values_mut() {
            let (next, action) = state.on(event);
            // No event that is for all ends a task.
            *state = next.unwrap_or(*state);
            if action != Action::Nothing {
                due.push((Arc::clone(task), action));
            }
        }
        due
    }

    /// The task of this id.
    pub(crate) fn task(&self, id: Uuid) -> Option<Arc<Task>> {
        self.lock().get(&id).map(|(task, _)| Arc::clone(task))
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The ids of those of which the scheduler is being told.
    pub(crate) fn settling(&self) -> Vec<Uuid> {
        let tasks = self.lock();
        let settling = tasks.iter().filter(|(_, (_, state))| *state == State::Settling);
        settling.map(|(id, _)| *id).collect()
    }

    /// Waits until there is none left, at most until `deadline`. Whether there is none.
    pub(crate) fn wait_empty(&self, deadline: Deadline) -> bool {
        let mut tasks = self.lock();
        while !tasks.is_empty() && !deadline.passed() {
            let left = deadline.remaining().unwrap_or(std::time::Duration::MAX);
            let waited = self.gone.wait_timeout(tasks, left);
            tasks = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        tasks.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, (Arc<Task>, State)>> {
        // The table is whole between any two lines that can panic.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
