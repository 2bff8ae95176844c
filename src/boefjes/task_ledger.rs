//! Which tasks this program has, and where each of them is.
//!
//! The rules are those of [`task_state`](crate::task_state); here they are kept for all tasks, for
//! all threads.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::task::Task;
use crate::task_journal::{Journal, Line};
use crate::task_state::{Action, Event, State};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    tasks: Mutex<HashMap<Uuid, Entry>>,
    /// The scheduler was told of one.
    settled: Condvar,
    /// Where whoever comes after this program finds them.
    journal: Option<Journal>,
}

#[derive(Debug)]
struct Entry {
    /// `None` if it is no task, but what was handed out as one.
    task: Option<Arc<Task>>,
    state: State,
    line: Option<Line>,
}

impl Ledger {
    pub(crate) fn new(journal: Option<Journal>) -> Self {
        Self { journal, ..Self::default() }
    }

    /// Keeps account of a task that was taken from its queue. `false` if it is there already, which
    /// no scheduler should do, unless it is just being given back.
    pub(crate) fn hold(&self, task: &Arc<Task>) -> bool {
        let mut tasks = self.lock();
        let new = Some(Arc::clone(task));
        let Some(entry) = tasks.get_mut(&task.id) else {
            let line = self.note(task.id);
            tasks.insert(task.id, Entry { task: new, state: State::Held, line });
            return true;
        };
        let is_returning = entry.state == State::Returning;
        if is_returning {
            entry.state = entry.state.on(Event::Handed).0.unwrap_or(entry.state);
            entry.task = new;
            self.renew(entry.line, task.id);
        }
        is_returning
    }

    /// Keeps account of what was handed out as a task and is none: it can only be failed. `false` if
    /// it is there already.
    pub(crate) fn hold_unreadable(&self, id: Uuid) -> bool {
        let mut tasks = self.lock();
        if tasks.contains_key(&id) {
            return false;
        }
        let line = self.note(id);
        tasks.insert(id, Entry { task: None, state: State::Running, line });
        true
    }

    /// Keeps account of a task that another process has left, in this state; without a task it is one
    /// that cannot be read. `false` if it is there already.
    pub(crate) fn inherit(
        &self,
        (line, id): (Line, Uuid),
        task: Option<Arc<Task>>,
        state: State,
    ) -> bool {
        let mut tasks = self.lock();
        if tasks.contains_key(&id) {
            self.forget(Some(line));
            return false;
        }
        tasks.insert(id, Entry { task, state, line: Some(line) });
        true
    }

    /// Takes a task out of the journal, if it is in it.
    pub(crate) fn forget(&self, line: Option<Line>) {
        if let (Some(journal), Some(line)) = (&self.journal, line) {
            journal.blank(line);
        }
    }

    /// The scheduler was just told that a task is this program's, and may have changed it only now.
    pub(crate) fn confirm(&self, id: Uuid) {
        if let Some(entry) = self.lock().get(&id) {
            self.renew(entry.line, id);
        }
    }

    fn note(&self, id: Uuid) -> Option<Line> {
        self.journal.as_ref()?.note(id)
    }

    fn renew(&self, line: Option<Line>, id: Uuid) {
        if let (Some(journal), Some(line)) = (&self.journal, line) {
            journal.renew(line, id);
        }
    }

    /// Something happens to a task; what is to be done by whoever says so. Whoever says it of a task
    /// that was handed out again waits until its earlier life has ended.
    pub(crate) fn on(&self, id: Uuid, event: Event) -> Action {
        let mut tasks = self.in_turn(id);
        let Some(entry) = tasks.get_mut(&id) else { return Action::Nothing };
        let (next, action) = entry.state.on(event);
        // Only what settles a task ends it.
        entry.state = next.unwrap_or(entry.state);
        if action == Action::Run {
            self.renew(entry.line, id);
        }
        action
    }

    /// The scheduler was told of a task. If it has not heard it, the task stays in the journal: whoever
    /// is started next tells it.
    pub(crate) fn settled(&self, id: Uuid, is_heard: bool) {
        let mut tasks = self.lock();
        let Some(entry) = tasks.get_mut(&id) else { return };
        if let Some(next) = entry.state.on(Event::Settled).0 {
            entry.state = next;
        } else {
            let gone = tasks.remove(&id);
            self.forget(gone.and_then(|entry| entry.line).filter(|_| is_heard));
        }
        self.settled.notify_all();
    }

    /// Waits until the earlier life of a task has ended.
    pub(crate) fn wait_turn(&self, id: Uuid) {
        drop(self.in_turn(id));
    }

    /// What `on` does, for all tasks: those for which something is to be done, and what.
    pub(crate) fn on_all(&self, event: Event) -> Vec<(Uuid, Option<Arc<Task>>, Action)> {
        let mut due = Vec::new();
        for (id, entry) in self.lock().iter_mut() {
            let (next, action) = entry.state.on(event);
            // No event that is for all ends a task.
            entry.state = next.unwrap_or(entry.state);
            if action != Action::Nothing {
                due.push((*id, entry.task.clone(), action));
            }
        }
        due
    }

    /// The task of this id.
    pub(crate) fn task(&self, id: Uuid) -> Option<Arc<Task>> {
        self.lock().get(&id)?.task.clone()
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The ids of all of them.
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.lock().keys().copied().collect()
    }

    fn in_turn(&self, id: Uuid) -> MutexGuard<'_, HashMap<Uuid, Entry>> {
        let mut tasks = self.lock();
        while tasks.get(&id).is_some_and(|entry| entry.state == State::Again) {
            // Telling the scheduler has an end, at the latest when the program has one.
            tasks = self.settled.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
        tasks
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Entry>> {
        // The table is whole between any two lines that can panic.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
