//! Tasks that a process of this kind has left when it was killed.
//!
//! The scheduler is asked about each as soon as it answers: what was not begun goes back to its
//! queue, and what was running has failed. It may have reached out to somebody else's machine already,
//! and may be what killed the process. Whatever has another status is somebody else's, or has ended; so
//! is what the scheduler has changed after the process last had it for certain.

use std::collections::VecDeque;
use std::sync::Arc;

use ostler_runtime::{Deadline, Moment};
use uuid::Uuid;

use crate::crew::{Crew, Work};
use crate::dispatcher::AFTER_FAULT;
use crate::service_error::ServiceError;
use crate::task::{Task, TaskStatus};
use crate::task_journal::Line;
use crate::task_journal_file::Noted;
use crate::task_state::State;

/// So much later the scheduler may have changed a task by what its process had told it: clocks differ,
/// and the last word may have been on its way. In microseconds.
const MARGIN: i64 = 60_000_000;

/// Those that the scheduler has not been asked about yet.
#[derive(Debug)]
pub(crate) struct LeftBehind {
    tasks: VecDeque<(Line, Noted)>,
    /// The scheduler is not asked before.
    rests: Deadline,
}

impl LeftBehind {
    pub(crate) fn new(tasks: Vec<(Line, Noted)>) -> Self {
        Self { tasks: tasks.into(), rests: Deadline::after(std::time::Duration::ZERO) }
    }

    /// Finds out what is to be done for them. Those about which the scheduler does not say anything
    /// are asked about again later; they are in nobody's way.
    pub(crate) fn look(&mut self, crew: &Crew, waiting: &mut VecDeque<Work>) {
        while self.rests.passed() && !crew.stopping.is_set() {
            let Some((line, noted)) = self.tasks.pop_front() else { return };
            match asked(crew, noted.id) {
                Ok((task, status)) => waiting.extend(taken_over(crew, line, noted, task, status)),
                Err(error) => {
                    let id = noted.id;
                    log::warn!("task {id}, which a process has left that is gone: {error}");
                    self.rests = Deadline::after(AFTER_FAULT);
                    self.tasks.push_back((line, noted));
                }
            }
        }
    }
}

/// A task, if it can be read, and its status, if the scheduler knows it.
fn asked(crew: &Crew, id: Uuid) -> Result<(Option<Task>, Option<TaskStatus>), ServiceError> {
    let scheduler = &crew.services.scheduler;
    match scheduler.task(id) {
        Ok(found) => Ok(found.map_or((None, None), |(task, status)| (Some(task), Some(status)))),
        // Its status may be all that can be understood.
        Err(ServiceError::Strange { .. }) => Ok((None, scheduler.status(id)?)),
        Err(error) if error.is_final() => {
            log::error!("task {id}, which a process has left that is gone: {error}");
            Ok((None, None))
        }
        Err(error) => Err(error),
    }
}

/// Takes account of a task, and what is to be done for it.
fn taken_over(
    crew: &Crew,
    line: Line,
    Noted { id, at }: Noted,
    task: Option<Task>,
    status: Option<TaskStatus>,
) -> Option<Work> {
    let ledger = &crew.settler.ledger;
    let state = match status {
        Some(TaskStatus::Dispatched) if task.is_some() => State::Held,
        Some(TaskStatus::Dispatched | TaskStatus::Running) => State::Running,
        _ => {
            ledger.forget(Some(line));
            return None;
        }
    };
    if let Some(modified) = task.as_ref().and_then(|task| task.modified_at) {
        if is_anothers(modified, at) {
            log::info!(
                "task {id}: it is left alone: the process that is gone had it at {at}, and it was \
                 changed by somebody else at {modified}"
            );
            ledger.forget(Some(line));
            return None;
        }
    }
    let task = task.map(Arc::new);
    // If it was handed out again meanwhile, it is this process's like any other.
    if !ledger.inherit((line, id), task.clone(), state) {
        return None;
    }
    let (work, words) = match (task, state) {
        (Some(task), State::Held) => (Work::GiveBack(task), "it was not begun and is queued again"),
        (Some(task), _) => (Work::Bury(task), "it was running and has failed"),
        (None, _) => (Work::Fail(id), "it cannot be read and is failed"),
    };
    log::warn!("task {id}: the process that had taken it is gone; {words}");
    Some(work)
}

/// Whether a task that the scheduler has changed at this moment was taken by somebody else since its
/// process had it.
fn is_anothers(modified: Moment, had: Moment) -> bool {
    modified.unix_micros().saturating_sub(had.unix_micros()) > MARGIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_clearly_later_is_somebody_elses() {
        let had = Moment::parse("2026-11-22T08:59:30Z").unwrap();
        for (modified, is) in [
            ("2026-11-21T08:59:30Z", false),
            ("2026-11-22T08:59:30Z", false),
            ("2026-11-22T09:00:30Z", false),
            ("2026-11-22T09:00:30.000001Z", true),
            ("2026-11-22T10:00:00+01:00", false),
            ("2026-11-22T10:01:00+01:00", true),
            ("9999-12-31T23:59:59Z", true),
        ] {
            assert_eq!(is_anothers(Moment::parse(modified).unwrap(), had), is, "{modified}");
        }
    }
}
