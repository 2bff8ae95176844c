//! Tasks that a process of this kind has left when it was killed.
//!
//! The scheduler is asked about each as soon as it answers: what was not begun goes back to its
//! queue, and what was running has failed. It may have reached out to somebody else's machine already,
//! and may be what killed the process. Whatever has another status is somebody else's, or has ended.

use std::collections::VecDeque;
use std::sync::Arc;

use ostler_runtime::Deadline;
use uuid::Uuid;

use crate::crew::{Crew, Work};
use crate::dispatcher::AFTER_FAULT;
use crate::service_error::ServiceError;
use crate::task::{Task, TaskStatus};
use crate::task_journal::Line;
use crate::task_state::State;

/// Those that the scheduler has not been asked about yet.
#[derive(Debug)]
pub(crate) struct LeftBehind {
    tasks: VecDeque<(Line, Uuid)>,
    /// The scheduler is not asked before.
    rests: Deadline,
}

impl LeftBehind {
    pub(crate) fn new(tasks: Vec<(Line, Uuid)>) -> Self {
        Self { tasks: tasks.into(), rests: Deadline::after(std::time::Duration::ZERO) }
    }

    /// Finds out what is to be done for them. Those about which the scheduler does not say anything
    /// are asked about again later; they are in nobody's way.
    pub(crate) fn look(&mut self, crew: &Crew, waiting: &mut VecDeque<Work>) {
        while self.rests.passed() && !crew.stopping.is_set() {
            let Some((line, id)) = self.tasks.pop_front() else { return };
            match asked(crew, id) {
                Ok((task, status)) => waiting.extend(taken_over(crew, (line, id), task, status)),
                Err(error) => {
                    log::warn!("task {id}, which a process has left that is gone: {error}");
                    self.rests = Deadline::after(AFTER_FAULT);
                    self.tasks.push_back((line, id));
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
    (line, id): (Line, Uuid),
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
