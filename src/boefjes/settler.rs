//! Tells the scheduler what has become of tasks, until it has heard it.
//!
//! A task whose end nobody has heard would stay with this program for ever, so a scheduler that
//! cannot be reached is told again, for as long as the program runs. What it refuses is not repeated.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::ledger::Ledger;
use crate::service_error::ServiceError;
use crate::services::Scheduler;
use crate::state::{Count, Counts};
use crate::stopping::Stopping;
use crate::task::{Task, TaskStatus};
use crate::task_state::{Action, Event};

/// How long a scheduler is left alone that could not be told something.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it may answer that it has a fault of its own.
const FAULTS: u32 = 3;

/// See the module.
pub(crate) struct Settler {
    scheduler: Arc<dyn Scheduler>,
    pub(crate) ledger: Ledger,
    counts: Arc<Counts>,
    /// Nothing is told again any more.
    over: Arc<Stopping>,
}

impl Settler {
    pub(crate) fn new(
        scheduler: Arc<dyn Scheduler>,
        counts: Arc<Counts>,
        over: Arc<Stopping>,
    ) -> Self {
        Self { scheduler, ledger: Ledger::default(), counts, over }
    }

    /// Something happens to a task, and what follows is done; whether it is to be run.
    pub(crate) fn on(&self, task: &Task, event: Event) -> bool {
        let action = self.ledger.on(task.id, event);
        self.carry_out(task, action);
        action == Action::Run
    }

    /// Does what the ledger says, and has it know that it was done.
    pub(crate) fn carry_out(&self, task: &Task, action: Action) {
        let id = task.id;
        let (count, heard) = match action {
            Action::Nothing | Action::Run => return,
            Action::Complete => (Count::Completed, self.end(id, TaskStatus::Completed)),
            Action::Fail => (Count::Failed, self.end(id, TaskStatus::Failed)),
            Action::GiveBack => {
                (Count::GivenBack, self.until_heard(id, || self.scheduler.push(task)))
            }
            Action::Requeue => {
                let queue = || self.scheduler.set_status(id, TaskStatus::Queued);
                (Count::GivenBack, self.until_heard(id, queue))
            }
        };
        self.counts.add(if heard { count } else { Count::Untold });
        self.ledger.on(id, Event::Settled);
    }

    /// Fails what was handed out as a task and is none.
    pub(crate) fn fail_unreadable(&self, id: Uuid) {
        let heard = self.until_heard(id, || self.scheduler.set_status(id, TaskStatus::Failed));
        self.counts.add(if heard { Count::Failed } else { Count::Untold });
    }

    /// Sets the status that a task ends with, unless somebody else has ended it.
    fn end(&self, id: Uuid, status: TaskStatus) -> bool {
        self.until_heard(id, || match self.scheduler.task(id)? {
            Some((_, TaskStatus::Running | TaskStatus::Dispatched)) => {
                self.scheduler.set_status(id, status)
            }
            Some((_, other)) => {
                log::info!("task {id} is {} already", other.name());
                Ok(())
            }
            None => {
                log::warn!("task {id} is not known to the scheduler any more");
                Ok(())
            }
        })
    }

    fn until_heard(&self, id: Uuid, tell: impl Fn() -> Result<(), ServiceError>) -> bool {
        let mut faults = 0;
        loop {
            let Err(error) = tell() else { return true };
            let is_final = match &error {
                ServiceError::Refused { status, .. } if *status < 500 => true,
                ServiceError::Refused { .. } | ServiceError::Strange { .. } => {
                    faults += 1;
                    faults == FAULTS
                }
                _ => false,
            };
            log::warn!("task {id}: {error}");
            if is_final || self.over.wait(PAUSE) {
                log::error!("task {id}: the scheduler does not know what has become of it");
                return false;
            }
        }
    }
}
