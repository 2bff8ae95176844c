//! Takes tasks from the scheduler, one when a worker is free and never before.
//!
//! Nothing sleeps while tasks wait. The queues are left alone for a while only when all of them are
//! empty, when the scheduler goes wrong, and when a job could not be run, for want of a plugin host
//! of a process or of the plugins.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use ostler_runtime::threads::caught;

use crate::crew::{Crew, Work};
use crate::runner::Runner;
use crate::services::Popped;
use crate::state::Count;
use crate::task::{Task, TaskKind};
use crate::task_left_behind::LeftBehind;

/// How long the scheduler is left alone after something went wrong there, as by the original.
pub(crate) const AFTER_FAULT: Duration = Duration::from_secs(10);
/// How often it is looked whether there is a plugin host again, or a plugin folder.
const NO_HOST: Duration = Duration::from_millis(200);
/// Tasks that are asked for at once, where equal ones are not wanted together.
const ONE: usize = 1;

/// See the module.
pub(crate) struct Dispatcher {
    pub(crate) crew: Arc<Crew>,
    /// One token for each free worker, and one for the end.
    pub(crate) free: Receiver<()>,
    pub(crate) work: Sender<Work>,
}

/// What is to be done, beside what the scheduler has.
struct Due {
    left: LeftBehind,
    waiting: VecDeque<Work>,
    /// A worker waits for its work.
    is_owed: bool,
}

impl Dispatcher {
    /// Goes on until the program is being stopped. The workers end when it has.
    pub(crate) fn run(self, left: LeftBehind) {
        let crew = &self.crew;
        let mut due = Due { left, waiting: VecDeque::new(), is_owed: false };
        while caught("the dispatcher", || self.serve(&mut due)).is_none() {
            crew.counts.add(Count::Panicked);
            crew.stopping.wait(AFTER_FAULT);
        }
        for work in due.waiting {
            work.give_up(&crew.settler);
        }
    }

    /// Gives every free worker its work. Whoever is owed some gets it even if this is begun anew.
    fn serve(&self, due: &mut Due) {
        while due.is_owed || self.free.recv().is_ok() {
            due.is_owed = true;
            let Some(work) = self.next(due) else { return };
            // Every token is of a worker that waits for its work.
            if self.work.send(work).is_err() {
                return;
            }
            due.is_owed = false;
        }
    }

    /// Work for one worker, however long that takes; nothing if the program is being stopped.
    fn next(&self, due: &mut Due) -> Option<Work> {
        let crew = &self.crew;
        loop {
            if crew.stopping.is_set() {
                return None;
            }
            if let Some(work) = due.waiting.pop_front() {
                return Some(work);
            }
            let live = crew.live();
            // A host is not all that a job needs, and what was given back is handed out again.
            if crew.is_hostless() && crew.stopping.wait(live.poll_interval) {
                return None;
            }
            while crew.has_no_host() {
                if crew.stopping.wait(NO_HOST) {
                    return None;
                }
            }
            if self.waits_for_plugins(&live.runner) {
                return None;
            }
            // Of equal normalizers each is to be run.
            let deduplicates = live.deduplicates && crew.kind == TaskKind::Boefje;
            let popped = if deduplicates {
                crew.services.scheduler.pop_equal(crew.kind, &live.filters)
            } else {
                crew.services.scheduler.pop(crew.kind, ONE, &live.filters)
            };
            match popped {
                Ok(popped) => {
                    crew.state.scheduler(None);
                    crew.adapt();
                    let is_empty = popped.tasks.is_empty() && popped.unreadable.is_empty();
                    self.hold(popped, deduplicates, &mut due.waiting);
                    due.left.look(crew, &mut due.waiting);
                    let is_idle = is_empty && due.waiting.is_empty();
                    if is_idle && crew.stopping.wait(live.poll_interval) {
                        return None;
                    }
                }
                Err(error) => {
                    if crew.stopping.is_set() {
                        return None;
                    }
                    log::error!("no tasks can be taken: {error}");
                    crew.state.scheduler(Some(error.to_string()));
                    if crew.stopping.wait(AFTER_FAULT) {
                        return None;
                    }
                }
            }
        }
    }

    /// Takes account of what was handed out.
    fn hold(&self, popped: Popped, deduplicates: bool, waiting: &mut VecDeque<Work>) {
        let settler = &self.crew.settler;
        for (id, flaw) in popped.unreadable {
            self.crew.counts.add(Count::Popped);
            match id {
                Some(id) => {
                    log::error!("task {id} cannot be read and is failed: {flaw}");
                    if settler.ledger.hold_unreadable(id) {
                        waiting.push_back(Work::Fail(id));
                    }
                }
                None => log::error!("an item without an id is dropped: {flaw}"),
            }
        }
        for task in popped.tasks {
            self.crew.counts.add(Count::Popped);
            let task = Arc::new(task);
            if !settler.ledger.hold(&task) {
                log::error!("task {} was handed out twice; it is run once", task.id);
                continue;
            }
            match waiting.back_mut() {
                Some(Work::Run(tasks)) if deduplicates && is_equal(tasks, &task) => {
                    tasks.push(task);
                }
                _ => waiting.push_back(Work::Run(vec![task])),
            }
        }
    }

    /// Waits while the plugin folder has never been read, which would fail all tasks; whether the
    /// program is being stopped. The first look is not waited for: whoever runs the task does that.
    fn waits_for_plugins(&self, runner: &Runner) -> bool {
        if !runner.has_no_folder() {
            return false;
        }
        let crew = &self.crew;
        log::error!("no tasks are taken until the plugin folder can be read");
        crew.state.has_no_folder(true);
        while runner.has_no_folder() {
            if crew.stopping.wait(NO_HOST) {
                return true;
            }
        }
        crew.state.has_no_folder(false);
        log::info!("the plugin folder can be read: tasks are taken");
        false
    }
}

fn is_equal(tasks: &[Arc<Task>], task: &Task) -> bool {
    let first = tasks.first().and_then(|first| first.equal());
    first.is_some() && first == task.equal()
}
