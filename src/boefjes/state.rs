//! What is known of the running workers: for figures, for the log, for whoever looks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

use broker::EventCounts;
use ostler_net::{Meter, Statistics};
use ostler_runtime::now;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::hosts::{Hosts, HostsStatistics};
use crate::status;
use crate::task::{Task, TaskKind};
use crate::task_settler::Settler;

/// See the module.
pub(crate) struct State {
    kind: TaskKind,
    started: Instant,
    workers: Mutex<Vec<Option<TaskAtWork>>>,
    scheduler: Mutex<Reached>,
    /// The plugin folder cannot be read.
    has_no_folder: AtomicBool,
    pub(crate) counts: Arc<Counts>,
    /// Not held, since whoever drops the last of them waits for its threads.
    hosts: Weak<Hosts>,
    settler: Weak<Settler>,
    /// Where the connections of containers are counted.
    meter: OnceLock<Meter>,
}

/// A moment's picture.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// Whose tasks are taken.
    pub(crate) kind: TaskKind,
    /// When the program was started.
    pub(crate) started: Instant,
    /// What each worker is at.
    pub(crate) workers: Vec<Option<TaskAtWork>>,
    /// Tasks that are with this program, begun or not.
    pub(crate) tasks: usize,
    /// What has become of tasks.
    pub(crate) counted: Counted,
    /// How the plugin hosts are.
    pub(crate) hosts: Option<HostsStatistics>,
    /// Whether the scheduler answers.
    pub(crate) scheduler: Reached,
    /// Why no tasks are done now, if none are.
    pub(crate) unready: Option<&'static str>,
    /// What has become of events.
    pub(crate) events: EventCounts,
}

/// A task that a worker is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskAtWork {
    /// Its id.
    pub(crate) id: Uuid,
    /// The plugin that does it.
    pub(crate) plugin: String,
    /// The organisation for which it is done.
    pub(crate) organization: String,
    /// Since when.
    pub(crate) since: Instant,
    /// The resident memory of its process in bytes, while there is one.
    pub(crate) memory: Option<u64>,
}

/// Whether a service answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Since when it does; `None` while it does not.
    pub(crate) since: Option<Instant>,
    /// What went wrong the last time that it did not.
    pub(crate) last_error: Option<String>,
}

/// What can become of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Popped,
    Completed,
    Failed,
    GivenBack,
    Untold,
    Panicked,
}

/// What has become of tasks, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Taken from their queues.
    pub(crate) popped: u64,
    /// Done.
    pub(crate) completed: u64,
    /// Come to nothing, those that cannot be read among them.
    pub(crate) failed: u64,
    /// Given back to their queues.
    pub(crate) given_back: u64,
    /// Those of which the scheduler could not be told what has become of them.
    pub(crate) untold: u64,
    /// Not tasks, but faults of the program's own that it has gone on after.
    pub(crate) panics: u64,
}

/// The counters behind [`Counted`].
#[derive(Debug, Default)]
pub(crate) struct Counts([AtomicU64; 6]);

impl Counts {
    pub(crate) fn add(&self, what: Count) {
        if let Some(counter) = self.0.get(what as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn read(&self) -> Counted {
        let [popped, completed, failed, given_back, untold, panics] =
            self.0.each_ref().map(|counter| counter.load(Ordering::Relaxed));
        Counted { popped, completed, failed, given_back, untold, panics }
    }
}

impl State {
    pub(crate) fn new(
        kind: TaskKind,
        workers: usize,
        counts: &Arc<Counts>,
        hosts: &Arc<Hosts>,
        settler: &Arc<Settler>,
    ) -> Self {
        Self {
            kind,
            started: now(),
            workers: Mutex::new(vec![None; workers]),
            scheduler: Mutex::default(),
            has_no_folder: AtomicBool::new(false),
            counts: Arc::clone(counts),
            hosts: Arc::downgrade(hosts),
            settler: Arc::downgrade(settler),
            meter: OnceLock::new(),
        }
    }

    /// A worker begins with a task, or has ended with one.
    pub(crate) fn at_work(&self, worker: usize, task: Option<&Task>) {
        let at_work = task.map(|task| TaskAtWork {
            id: task.id,
            plugin: task.data.plugin().to_owned(),
            organization: task.data.organization().to_owned(),
            since: now(),
            memory: None,
        });
        if let Some(place) = lock(&self.workers).get_mut(worker) {
            *place = at_work;
        }
    }

    /// The scheduler has answered, or why it has not.
    pub(crate) fn scheduler(&self, error: Option<String>) {
        let mut reached = lock(&self.scheduler);
        match error {
            None => reached.since = reached.since.or_else(|| Some(now())),
            Some(error) => *reached = Reached { since: None, last_error: Some(error) },
        }
    }

    /// Whether the scheduler was asked for tasks, whatever came of it.
    pub(crate) fn has_asked(&self) -> bool {
        let reached = lock(&self.scheduler);
        reached.since.is_some() || reached.last_error.is_some()
    }

    /// Whether no worker is at a task.
    pub(crate) fn is_idle(&self) -> bool {
        lock(&self.workers).iter().all(Option::is_none)
    }

    /// No tasks are taken for want of the plugin folder, or they are again.
    pub(crate) fn has_no_folder(&self, has_none: bool) {
        self.has_no_folder.store(has_none, Ordering::Relaxed);
    }

    /// Learns where the connections of containers are counted; only the first word counts.
    pub(crate) fn count_by(&self, meter: Meter) {
        let _ = self.meter.set(meter);
    }

    /// The connections of containers; `None` where nobody listens for them.
    pub(crate) fn connections(&self) -> Option<Statistics> {
        self.meter.get().map(Meter::statistics)
    }

    /// Why no tasks are done now, if none are.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        if self.has_no_folder.load(Ordering::Relaxed) {
            return Some("the plugin folder cannot be read");
        }
        if lock(&self.scheduler).since.is_none() {
            return Some("the scheduler does not answer");
        }
        let is_ready = self.hosts.upgrade().is_some_and(|hosts| hosts.has_ready());
        (!is_ready).then_some("there is no plugin host")
    }

    /// A moment's picture.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let hosts = self.hosts.upgrade().map(|hosts| hosts.statistics());
        let settler = self.settler.upgrade();
        let unready = self.unready();
        let scheduler = lock(&self.scheduler).clone();
        let mut workers = lock(&self.workers).clone();
        let running =
            || hosts.iter().flat_map(|hosts| &hosts.hosts).filter_map(|it| it.running.as_ref());
        for task in workers.iter_mut().flatten() {
            let id = task.id.to_string();
            task.memory = running().find(|job| job.id == id).and_then(|job| job.memory);
        }
        Snapshot {
            kind: self.kind,
            started: self.started,
            workers,
            events: settler.as_ref().map_or_else(EventCounts::default, |it| it.events.counts()),
            tasks: settler.map_or(0, |settler| settler.ledger.len()),
            counted: self.counts.read(),
            hosts,
            scheduler,
            unready,
        }
    }

    /// The state in short, for the log.
    pub(crate) fn report(&self) -> Value {
        let Snapshot { kind, workers, tasks, counted, hosts, scheduler, unready, .. } =
            self.snapshot();
        let at_work: Vec<Value> = workers
            .iter()
            .flatten()
            .map(|task| {
                json!({
                    "id": status::shortened(&task.id.to_string()),
                    "plugin": task.plugin,
                    "organization": task.organization,
                    "seconds": now().duration_since(task.since).as_secs(),
                    "memory": task.memory,
                })
            })
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "kind": kind.name(),
            "workers": workers.len(),
            "running": at_work,
            "tasks": tasks,
            "popped": counted.popped,
            "completed": counted.completed,
            "failed": counted.failed,
            "given_back": counted.given_back,
            "untold": counted.untold,
            "panics": counted.panics,
            "unready": unready,
            "hosts": hosts.map(|hosts| json!({
                "ready": hosts.pool.ready,
                "starts": hosts.pool.starts,
                "failed_starts": hosts.pool.failed_starts,
                "losses": hosts.pool.losses.total(),
            })),
            "scheduler": { "answers": scheduler.since.is_some(), "error": scheduler.last_error },
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is locked here is whole between any two lines that can panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
