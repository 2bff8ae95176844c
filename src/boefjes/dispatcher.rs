//! Takes tasks from the scheduler, one when a worker is free and never before.
//!
//! Nothing sleeps while tasks wait. The queues are left alone for a while only when all of them are
//! empty, when the scheduler goes wrong, and when a job could not be run, for want of a plugin host
//! or of a process.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use crate::crew::{Crew, Group};
use crate::services::Popped;
use crate::state::Count;
use crate::task::Task;
use crate::task_state::Event;

/// How long the scheduler is left alone after something went wrong there, as by the original.
const AFTER_FAULT: Duration = Duration::from_secs(10);
/// How often it is looked whether there is a plugin host again.
const NO_HOST: Duration = Duration::from_millis(200);
/// Tasks that are asked for at once. Of a scheduler that hands out equal ones together, these are
/// more.
const ONE: usize = 1;

/// See the module.
pub(crate) struct Dispatcher {
    pub(crate) crew: Arc<Crew>,
    /// One token for each free worker, and one for the end.
    pub(crate) free: Receiver<()>,
    pub(crate) groups: Sender<Group>,
}

impl Dispatcher {
    /// Goes on until the program is being stopped. The workers end when it has.
    pub(crate) fn run(self) {
        let mut waiting = VecDeque::new();
        while self.free.recv().is_ok() {
            let Some(group) = self.next(&mut waiting) else { break };
            // Every token is of a worker that waits for its group.
            if self.groups.send(group).is_err() {
                break;
            }
        }
        for task in waiting.iter().flatten() {
            self.crew.settler.on(task, Event::Return);
        }
    }

    /// The next tasks for one worker, however long that takes; nothing if the program is being
    /// stopped.
    fn next(&self, waiting: &mut VecDeque<Group>) -> Option<Group> {
        let crew = &self.crew;
        loop {
            if crew.stopping.is_set() {
                return None;
            }
            if let Some(group) = waiting.pop_front() {
                return Some(group);
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
            match crew.services.scheduler.pop(crew.kind, ONE, &live.filters) {
                Ok(popped) => {
                    crew.state.scheduler(None);
                    crew.adapt();
                    let is_empty = popped.tasks.is_empty() && popped.unreadable.is_empty();
                    self.hold(popped, live.deduplicates, waiting);
                    if is_empty && crew.stopping.wait(live.poll_interval) {
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
    fn hold(&self, popped: Popped, deduplicates: bool, waiting: &mut VecDeque<Group>) {
        for (id, flaw) in popped.unreadable {
            self.crew.counts.add(Count::Popped);
            match id {
                Some(id) => {
                    log::error!("task {id} cannot be read and is failed: {flaw}");
                    self.crew.settler.fail_unreadable(id);
                }
                None => log::error!("an item without an id is dropped: {flaw}"),
            }
        }
        for task in popped.tasks {
            self.crew.counts.add(Count::Popped);
            let task = Arc::new(task);
            if !self.crew.settler.ledger.hold(&task) {
                log::error!("task {} was handed out twice; it is run once", task.id);
                continue;
            }
            let twins = waiting.back_mut().filter(|group| deduplicates && is_equal(group, &task));
            match twins {
                Some(group) => group.push(task),
                None => waiting.push_back(vec![task]),
            }
        }
    }
}

fn is_equal(group: &Group, task: &Task) -> bool {
    let first = group.first().and_then(|first| first.hash.as_ref());
    first.is_some() && first == task.hash.as_ref()
}
