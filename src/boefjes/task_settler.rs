//! Tells the scheduler what has become of tasks, until it has heard it.
//!
//! A task whose end nobody has heard would stay with this program for ever, so a scheduler that
//! cannot be reached or has a fault of its own is told again, after longer and longer pauses, for as
//! long as the program runs. Only what it refuses for good is not repeated: a task that no queue takes
//! back is set to queued then, and to failed if that is refused too.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::events::{Became, TaskEvents};
use crate::service_error::ServiceError;
use crate::services::Scheduler;
use crate::state::{Count, Counts};
use crate::stopping::Stopping;
use crate::task::{Task, TaskStatus};
use crate::task_journal::Journal;
use crate::task_ledger::Ledger;
use crate::task_state::{Action, Event};

/// How long a scheduler is left alone that could not be told something: at first, and always while the
/// program stops.
const PAUSE: Duration = Duration::from_secs(1);
/// The same at most, also if it wishes for more itself.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// How often the scheduler may refuse what can also be said otherwise, or what keeps others waiting.
const TRIES: u32 = 5;

/// See the module.
pub(crate) struct Settler {
    scheduler: Arc<dyn Scheduler>,
    pub(crate) ledger: Ledger,
    counts: Arc<Counts>,
    pub(crate) events: Arc<TaskEvents>,
    /// The pauses are short from now on.
    stopping: Arc<Stopping>,
    /// Nothing is told again any more.
    over: Arc<Stopping>,
}

/// What came of telling the scheduler something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// It has heard it.
    Yes,
    /// It does not want to, for good or as often as it was tried.
    Refused,
    /// It did not want to when there was no more time.
    Postponed,
    /// It has not said anything.
    No,
}

impl Settler {
    pub(crate) fn new(
        scheduler: Arc<dyn Scheduler>,
        journal: Option<Journal>,
        counts: Arc<Counts>,
        events: Arc<TaskEvents>,
        stopping: Arc<Stopping>,
        over: Arc<Stopping>,
    ) -> Self {
        Self { scheduler, ledger: Ledger::new(journal), counts, events, stopping, over }
    }

    /// Something happens to a task, and what follows is done, unless it is to be run. What it was.
    pub(crate) fn on(&self, task: &Task, event: Event) -> Action {
        let action = self.ledger.on(task.id, event);
        if action == Action::Run {
            self.events.tell(task.id, Some(task), Became::Running);
        }
        self.carry_out(task.id, Some(task), action);
        action
    }

    /// Fails what was handed out as a task and is none.
    pub(crate) fn fail_unreadable(&self, id: Uuid) {
        let action = self.ledger.on(id, Event::Fail);
        self.carry_out(id, None, action);
    }

    /// Does what the ledger says, and has it know that it was done, whatever comes between.
    pub(crate) fn carry_out(&self, id: Uuid, task: Option<&Task>, action: Action) {
        if matches!(action, Action::Nothing | Action::Run) {
            return;
        }
        let mut settled = Settled { ledger: &self.ledger, id, is_heard: false };
        let (count, heard) = match action {
            Action::Nothing | Action::Run => return,
            Action::Complete => (Count::Completed, self.end(id, TaskStatus::Completed)),
            // Of what is no task nobody else makes anything.
            Action::Fail if task.is_none() => (Count::Failed, self.set(id, TaskStatus::Failed)),
            Action::Fail => (Count::Failed, self.end(id, TaskStatus::Failed)),
            Action::GiveBack => {
                let push = |task| self.tell(id, TRIES, || self.scheduler.push(task));
                match task.map_or(Heard::Refused, push) {
                    Heard::Refused | Heard::Postponed => self.requeue(id),
                    heard => (Count::GivenBack, heard),
                }
            }
            Action::Requeue => self.requeue(id),
        };
        let became = match count {
            Count::Completed => Became::Completed,
            Count::GivenBack => Became::GivenBack,
            _ => Became::Failed,
        };
        self.events.tell(id, task, became);
        settled.is_heard = matches!(heard, Heard::Yes | Heard::Refused);
        self.counts.add(counted(id, count, heard));
    }

    /// Sets a task to queued, or to failed if that is refused.
    fn requeue(&self, id: Uuid) -> (Count, Heard) {
        match self.set(id, TaskStatus::Queued) {
            Heard::Refused | Heard::Postponed => (Count::Failed, self.end(id, TaskStatus::Failed)),
            heard => (Count::GivenBack, heard),
        }
    }

    fn set(&self, id: Uuid, status: TaskStatus) -> Heard {
        self.tell(id, u32::MAX, || self.scheduler.set_status(id, status))
    }

    /// Sets the status that a task ends with, unless somebody else has ended it. In the program's last
    /// moments there is no time to look.
    fn end(&self, id: Uuid, status: TaskStatus) -> Heard {
        if self.over.is_set() {
            return self.set(id, status);
        }
        self.tell(id, u32::MAX, || match self.scheduler.status(id) {
            Ok(Some(TaskStatus::Running | TaskStatus::Dispatched)) => {
                self.scheduler.set_status(id, status)
            }
            Ok(Some(other)) => {
                log::info!("task {id} is {} already", other.name());
                Ok(())
            }
            Ok(None) => {
                log::warn!("task {id} is not known to the scheduler any more");
                Ok(())
            }
            // Nobody can say that somebody else has ended it.
            Err(error @ ServiceError::Strange { .. }) => {
                log::warn!("task {id}: {error}; it is {} from now on", status.name());
                self.scheduler.set_status(id, status)
            }
            Err(error) => Err(error),
        })
    }

    /// Says something until it was heard, or refused for good or so many times.
    fn tell(&self, id: Uuid, tries: u32, say: impl Fn() -> Result<(), ServiceError>) -> Heard {
        let (mut pause, mut refusals) = (PAUSE, 0);
        loop {
            let Err(error) = say() else { return Heard::Yes };
            log::warn!("task {id}: {error}");
            let mut wished = None;
            if let ServiceError::Refused { retry_after, .. } = &error {
                refusals = u32::saturating_add(refusals, 1);
                wished = *retry_after;
            }
            if error.is_final() || refusals >= tries {
                return Heard::Refused;
            }
            if self.rest(bounded(pause, wished)) {
                let is_refusal = matches!(error, ServiceError::Refused { .. });
                return if is_refusal { Heard::Postponed } else { Heard::No };
            }
            pause = pause.saturating_mul(2);
        }
    }

    /// Waits so long, or shorter if the program stops; whether nothing is told again any more.
    fn rest(&self, pause: Duration) -> bool {
        if self.stopping.is_set() {
            return self.over.wait(pause.min(PAUSE));
        }
        self.stopping.wait(pause);
        self.over.is_set()
    }
}

/// Has the ledger know, when it is dropped, that the scheduler was told of a task.
struct Settled<'a> {
    ledger: &'a Ledger,
    id: Uuid,
    is_heard: bool,
}

impl Drop for Settled<'_> {
    fn drop(&mut self) {
        self.ledger.settled(self.id, self.is_heard);
    }
}

fn counted(id: Uuid, count: Count, heard: Heard) -> Count {
    if heard == Heard::Yes {
        return count;
    }
    log::error!("task {id}: the scheduler does not know what has become of it");
    Count::Untold
}

/// The pause, which is longer if the scheduler wishes so, and never too long.
fn bounded(pause: Duration, wished: Option<Duration>) -> Duration {
    pause.max(wished.unwrap_or_default()).min(MAX_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_as_long_as_wished_within_bounds() {
        let seconds = Duration::from_secs;
        for (pause, wished, taken) in [
            (1, None, 1),
            (4, Some(0), 4),
            (1, Some(30), 30),
            (32, Some(30), 32),
            (1, Some(u64::MAX), 60),
            (512, None, 60),
        ] {
            let found = bounded(seconds(pause), wished.map(seconds));
            assert_eq!(found, seconds(taken), "{pause} {wished:?}");
        }
    }
}
