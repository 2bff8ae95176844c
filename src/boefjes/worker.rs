//! A worker: it has one task at a time run, and tells the scheduler how it went.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::{Receiver, Sender};
use ostler_runtime::threads::caught;
use ostler_runtime::{Moment, now};

use crate::boefje_cut_short::DIED;
use crate::crew::{Crew, Work};
use crate::runner::{Done, JobError};
use crate::state::Count;
use crate::task::{Task, TaskStatus};
use crate::task_state::{Action, Event};
use crate::task_twins;

/// See the module.
pub(crate) struct Worker {
    /// From 0 on.
    pub(crate) number: usize,
    pub(crate) crew: Arc<Crew>,
    pub(crate) free: Sender<()>,
    pub(crate) work: Receiver<Work>,
}

impl Worker {
    /// Goes on until the dispatcher has ended.
    pub(crate) fn run(self) {
        while caught("a worker", || self.serve()).is_none() {
            self.crew.counts.add(Count::Panicked);
        }
    }

    fn serve(&self) {
        while self.free.send(()).is_ok() {
            let Ok(work) = self.work.recv() else { break };
            let done = caught("a worker", || match &work {
                Work::Run(tasks) => self.have_run(tasks),
                Work::Bury(task) => self.bury(task),
                Work::Fail(_) | Work::GiveBack(_) => work.give_up(&self.crew.settler),
            });
            self.crew.state.at_work(self.number, None);
            if done.is_none() {
                self.crew.counts.add(Count::Panicked);
                work.fail(&self.crew.settler);
            }
        }
    }

    fn have_run(&self, tasks: &[Arc<Task>]) {
        let Some((task, twins)) = tasks.split_first() else { return };
        let crew = &self.crew;
        let all = |event| {
            for twin in twins {
                crew.settler.on(twin, event);
            }
        };
        crew.settler.ledger.wait_turn(task.id);
        // One that was handed out again has not heard of a stop.
        let event = if crew.stopping.is_set() { Event::Return } else { Event::Begin };
        if crew.settler.on(task, event) != Action::Run {
            return all(Event::Return);
        }
        crew.state.at_work(self.number, Some(task));
        let runner = Arc::clone(&crew.live().runner);
        let told = crew.services.scheduler.set_status(task.id, TaskStatus::Running);
        // Whoever has not answered may have heard it all the same.
        crew.settler.ledger.confirm(task.id);
        if let Err(error) = told {
            // If nobody has heard it, it is heard with the end; but a container would get no job.
            if error.is_final() || runner.is_container(&task.data) {
                log::warn!("{}: not run: {error}", named(task));
                crew.settler.on(task, Event::Fail);
                return all(Event::Retry);
            }
            log::warn!("{}: {error}", named(task));
        }
        let (began, started) = (Moment::now(), now());
        let result = runner.run(&task.data);
        let took = now().duration_since(started).as_secs_f64();
        match result {
            Ok(done) => {
                let is_told = crew.settler.on(task, Event::Complete) == Action::Complete;
                let words = if is_told { "completed in" } else { "done, but too late, after" };
                log::info!("{}: {words} {took:.3} s", named(task));
                self.share(task, twins, &done, began);
            }
            Err(JobError::Failed(why)) => {
                log::warn!("{}: failed after {took:.3} s: {why}", named(task));
                crew.settler.on(task, Event::Fail);
                all(Event::Retry);
            }
            Err(JobError::NotRun(why)) => {
                crew.hostless.store(true, Ordering::Release);
                if crew.settler.on(task, Event::Return) == Action::GiveBack {
                    log::warn!("{}: given back: {why}", named(task));
                } else {
                    // The end has come meanwhile, and nobody knows what it has done.
                    log::warn!("{}: failed after {took:.3} s: {why}", named(task));
                    runner.save_cut_short(&task.data, began, &why);
                }
                all(Event::Return);
            }
        }
    }

    /// Fails a task whose worker was killed with its program, and says so where its results would be.
    fn bury(&self, task: &Task) {
        let runner = Arc::clone(&self.crew.live().runner);
        runner.remove_container(&task.data);
        let began = task.modified_at.unwrap_or_else(Moment::now);
        runner.save_cut_short(&task.data, began, DIED);
        self.crew.settler.on(task, Event::Fail);
    }

    /// Gives equal tasks what the first has found.
    fn share(&self, task: &Task, twins: &[Arc<Task>], done: &Done, began: Moment) {
        for twin in twins {
            let event = match task_twins::copy(&*self.crew.services.bytes, task, twin, done, began)
            {
                Ok(()) => Event::Complete,
                Err(error) => {
                    log::warn!("{}: what was found cannot be copied: {error}", named(twin));
                    Event::Retry
                }
            };
            self.crew.settler.on(twin, event);
        }
    }
}

/// A task in the words of the log.
fn named(task: &Task) -> String {
    let data = &task.data;
    format!("{} {} for {} [{}]", data.kind(), data.plugin(), data.organization(), task.id)
}
