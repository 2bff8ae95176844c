//! A worker and the dispatcher that panic go on, and the task is failed.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use katalogus::{DiscoverySettings, Generation, Json, Plugins, Python};
use ostler_runtime::Thread;
use uuid::Uuid;

use crate::crew::{Crew, Live};
use crate::dispatcher::Dispatcher;
use crate::host_options::HostOptions;
use crate::hosts::Hosts;
use crate::runner::{Runner, RunnerOptions};
use crate::service_error::ServiceError;
use crate::services::{Filters, Popped, Scheduler, Services};
use crate::stopping::Stopping;
use crate::task::{Task, TaskKind, TaskStatus};
use crate::task_left_behind::LeftBehind;
use crate::worker::Worker;

/// No wait is longer, and none is so long where all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A scheduler that panics when it is asked first, and when it first hears that a task runs.
struct Clumsy {
    tasks: Mutex<VecDeque<Task>>,
    has_popped: AtomicBool,
    has_run: AtomicBool,
    told: Sender<(Uuid, TaskStatus)>,
}

/// Panics the first time only.
fn once(done: &AtomicBool) {
    assert!(done.swap(true, std::sync::atomic::Ordering::SeqCst), "over the edge");
}

impl Scheduler for Clumsy {
    fn pop(&self, _: TaskKind, _: usize, _: &Filters) -> Result<Popped, ServiceError> {
        once(&self.has_popped);
        let tasks = self.tasks.lock().unwrap().pop_front().into_iter().collect();
        Ok(Popped { tasks, unreadable: Vec::new() })
    }

    fn push(&self, task: &Task) -> Result<(), ServiceError> {
        self.set_status(task.id, TaskStatus::Queued)
    }

    fn task(&self, _: Uuid) -> Result<Option<(Task, TaskStatus)>, ServiceError> {
        Ok(None)
    }

    fn status(&self, _: Uuid) -> Result<Option<TaskStatus>, ServiceError> {
        Ok(Some(TaskStatus::Running))
    }

    fn set_status(&self, id: Uuid, status: TaskStatus) -> Result<(), ServiceError> {
        if status == TaskStatus::Running {
            once(&self.has_run);
        }
        self.told.send((id, status)).unwrap();
        Ok(())
    }
}

fn task() -> Task {
    let id = Uuid::new_v4();
    let item = format!(
        r#"{{"id":"{id}","hash":null,"data":{{"id":"{id}","organization":"a","boefje":{{"id":"b"}}}}}}"#
    );
    Task::from_json(Json::parse(&item).unwrap(), "boefje-a").unwrap()
}

/// One worker's crew, whose only boefje there is not.
fn crew(scheduler: Arc<Clumsy>, folder: &std::path::Path) -> Arc<Crew> {
    let discovery = DiscoverySettings {
        python: Python::None,
        ..DiscoverySettings::new(folder, Generation::V1_15)
    };
    let plugins = Arc::new(Plugins::start(discovery).unwrap());
    let local = Services::local(folder, Arc::clone(&plugins)).unwrap();
    let services = Services { scheduler, ..local };
    let python = "no-such-python".into();
    let hosts = HostOptions { python, hosts: 1, ..HostOptions::default() };
    let hosts = Arc::new(Hosts::start(hosts).unwrap());
    let live = Live {
        poll_interval: Duration::from_millis(1),
        filters: Filters::default(),
        deduplicates: false,
        adapts: false,
        runner: Arc::new(Runner {
            services,
            hosts,
            plugins,
            containers: None,
            options: RunnerOptions::default(),
        }),
    };
    let [stopping, over] = [(); 2].map(|()| Arc::new(Stopping::new()));
    Arc::new(Crew::new(TaskKind::Boefje, 1, live, None, Arc::default(), &stopping, &over))
}

#[test]
fn threads_that_panic_go_on_and_the_task_is_failed() {
    let folder = tempfile::tempdir().unwrap();
    let (told, heard): (_, Receiver<(Uuid, TaskStatus)>) = unbounded();
    let tasks = [task(), task()];
    let [first, second] = [tasks[0].id, tasks[1].id];
    let scheduler = Arc::new(Clumsy {
        tasks: Mutex::new(tasks.into()),
        has_popped: AtomicBool::new(false),
        has_run: AtomicBool::new(false),
        told,
    });
    let crew = crew(scheduler, folder.path());
    let (free, tokens) = bounded(2);
    let (work, handed) = bounded(1);
    let dispatcher = Dispatcher { crew: Arc::clone(&crew), free: tokens, work };
    let worker = Worker { number: 0, crew: Arc::clone(&crew), free, work: handed };
    let threads = [
        Thread::spawn("dispatcher", || dispatcher.run(LeftBehind::new(Vec::new()))).unwrap(),
        Thread::spawn("worker", || worker.run()).unwrap(),
    ];
    for wanted in
        [(first, TaskStatus::Failed), (second, TaskStatus::Running), (second, TaskStatus::Failed)]
    {
        assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), wanted);
    }
    crew.stopping.set();
    threads.into_iter().for_each(Thread::join);
    assert!(heard.is_empty(), "nobody is told anything more");
    assert_eq!(crew.state.snapshot().counted.panics, 2);
}
