//! `run-boefje` of a boefje that is an image: its container is answered by this program for as long
//! as it runs. No scheduler knows of the task, so this program is its own.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ostler_net::Address;
use ostler_runtime::signals::{self, Event};
use ostler_runtime::{Deadline, Moment, Signals, Thread};
use uuid::Uuid;

use crate::config::Configuration;
use crate::container::{ContainerOptions, Containers};
use crate::crew::{Crew, Live};
use crate::listening::Sockets;
use crate::models::BoefjeMeta;
use crate::rules::Version;
use crate::runner::{Done, JobError, Runner};
use crate::service_error::ServiceError;
use crate::services::{Filters, Popped, Scheduler, Services};
use crate::stopping::Stopping;
use crate::task::{Task, TaskData, TaskKind, TaskStatus};

/// What engines call the network of the machine itself, where alone its loopback address can be reached.
const HOST_NETWORK: &str = "host";
/// How long an answer to the container may take when that has ended.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// Runs it and waits for its end. An interrupt or a terminal that is closed ends the container.
pub(crate) fn run_image(
    config: &Configuration,
    runner: &Runner,
    meta: BoefjeMeta,
) -> Result<Done, JobError> {
    let not_run = |error: io::Error| JobError::NotRun(error.to_string());
    let config = by_hand(config);
    let outlives_terminal = signals::outlives_terminal();
    let signals = Signals::install().map_err(not_run)?;
    let sockets = Sockets::bind(&config, TaskKind::Boefje)
        .map_err(|_| JobError::NotRun("its container cannot be answered".to_owned()))?;
    let containers = sockets.containers(&config).map_err(not_run)?.map(Arc::new);
    let containers = containers.ok_or_else(|| {
        let words = "it is an image, and its container could not be answered: see [Containers]";
        JobError::NotRun(words.to_owned())
    })?;
    let data = TaskData::Boefje(meta);
    let task = Arc::new(OnlyTask::new(&data, &runner.services.scheduler));
    let services =
        Services { scheduler: Arc::clone(&task) as Arc<dyn Scheduler>, ..runner.services.clone() };
    let live = Live {
        poll_interval: config.poll_interval,
        filters: Filters::default(),
        deduplicates: false,
        adapts: false,
        runner: Arc::new(Runner {
            services,
            containers: Some(Arc::clone(&containers)),
            ..runner.clone()
        }),
    };
    let stopping = Arc::new(Stopping::new());
    let crew =
        Arc::new(Crew::new(TaskKind::Boefje, 1, live, None, Arc::default(), &stopping, &stopping));
    let doors = sockets.serve(&config, &crew, true).map_err(not_run)?;
    // The end of the process ends it.
    let until_end = move || end_with(signals, outlives_terminal, &containers);
    Thread::spawn("signals", until_end).map_err(not_run)?.detach();
    let done = crew.live().runner.run(&data);
    doors.close(Deadline::after(LAST_ANSWER));
    // What the container says of itself counts.
    match (task.status(), done) {
        (TaskStatus::Failed, Ok(_)) => {
            Err(JobError::Failed("the boefje says that it failed".to_owned()))
        }
        (TaskStatus::Completed, Err(why)) => {
            log::warn!("{why}");
            Ok(Done { saved: Vec::new(), usage: None })
        }
        (_, done) => done,
    }
}

/// The configuration of a program that runs beside workers: unless it says under which address it is
/// reached, it listens on a port of its own, and the container is where that can be reached.
fn by_hand(config: &Configuration) -> Configuration {
    let mut config = config.clone();
    config.status_addresses.clear();
    config.containers.scheduler_proxy = false;
    if config.containers.api.is_none() {
        for address in &mut config.containers.addresses {
            if let Address::Inet { port, .. } = address {
                *port = 0;
            }
        }
        let is_near = config.containers.addresses.iter().all(|address| !address.is_far());
        if is_near && config.containers.network == ContainerOptions::NETWORK {
            HOST_NETWORK.clone_into(&mut config.containers.network);
        }
    }
    config
}

/// Ends the container when this program is to end.
fn end_with(mut signals: Signals, outlives_terminal: bool, containers: &Containers) {
    // There is no configuration to be read again: what asks for that is the end of the terminal.
    let is_end = |event| match event {
        Event::Stop => true,
        Event::Reload => !outlives_terminal,
        Event::Dump => false,
    };
    while !is_end(signals.wait()) {}
    containers.stop();
}

/// The scheduler of a task that nobody has queued.
struct OnlyTask {
    task: Task,
    status: Mutex<TaskStatus>,
    /// Who would have queued it.
    elsewhere: Arc<dyn Scheduler>,
}

impl OnlyTask {
    /// It runs already.
    fn new(data: &TaskData, elsewhere: &Arc<dyn Scheduler>) -> Self {
        let task = Task::new(data.clone(), TaskKind::Boefje.to_string());
        let task = Task { modified_at: Some(Moment::now()), ..task };
        Self { task, status: Mutex::new(TaskStatus::Running), elsewhere: Arc::clone(elsewhere) }
    }

    fn status(&self) -> TaskStatus {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scheduler for OnlyTask {
    fn pop(&self, _: TaskKind, _: usize, _: &Filters) -> Result<Popped, ServiceError> {
        Ok(Popped::default())
    }

    fn push(&self, _: &Task) -> Result<(), ServiceError> {
        Ok(())
    }

    fn task(&self, id: Uuid) -> Result<Option<(Task, TaskStatus)>, ServiceError> {
        Ok((id == self.task.id).then(|| (self.task.clone(), self.status())))
    }

    fn find_version(&self) -> Result<Option<Version>, ServiceError> {
        self.elsewhere.find_version()
    }

    fn tells_version(&self) -> Option<Version> {
        self.elsewhere.tells_version()
    }

    fn set_status(&self, id: Uuid, status: TaskStatus) -> Result<(), ServiceError> {
        if id == self.task.id {
            *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        }
        Ok(())
    }
}
