//! What the dispatcher and the workers have in common.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use uuid::Uuid;

use crate::container::Containers;
use crate::events::TaskEvents;
use crate::hosts::Hosts;
use crate::runner::Runner;
use crate::services::{Filters, Services};
use crate::state::{Counts, State};
use crate::stopping::Stopping;
use crate::task::{Task, TaskKind};
use crate::task_journal::Journal;
use crate::task_settler::Settler;
use crate::task_state::Event;

/// What a worker does.
pub(crate) enum Work {
    /// Has the first of these tasks run; the others are equal to it and get what it has found.
    Run(Vec<Arc<Task>>),
    /// Fails what was handed out as a task and is none.
    Fail(Uuid),
    /// Gives a task back that a process has left which had not begun with it.
    GiveBack(Arc<Task>),
    /// Fails a task that a process has left which was running it.
    Bury(Arc<Task>),
}

impl Work {
    /// Tells the scheduler that nobody has done it.
    pub(crate) fn give_up(&self, settler: &Settler) {
        match self {
            Self::Run(tasks) => {
                for task in tasks {
                    settler.on(task, Event::Return);
                }
            }
            Self::Fail(id) => settler.fail_unreadable(*id),
            Self::GiveBack(task) => {
                settler.on(task, Event::Return);
            }
            Self::Bury(task) => {
                settler.on(task, Event::Fail);
            }
        }
    }

    /// Tells the scheduler that it has come to nothing.
    pub(crate) fn fail(&self, settler: &Settler) {
        let tasks = match self {
            Self::Run(tasks) => tasks.as_slice(),
            Self::Fail(id) => return settler.fail_unreadable(*id),
            Self::GiveBack(task) | Self::Bury(task) => std::slice::from_ref(task),
        };
        for task in tasks {
            settler.on(task, Event::Fail);
        }
    }
}

/// See the module.
pub(crate) struct Crew {
    pub(crate) kind: TaskKind,
    pub(crate) services: Services,
    pub(crate) hosts: Arc<Hosts>,
    /// Who runs boefjes that are images; normalizers are none.
    pub(crate) containers: Option<Arc<Containers>>,
    pub(crate) settler: Arc<Settler>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) state: Arc<State>,
    /// No more tasks are taken, and none is begun.
    pub(crate) stopping: Arc<Stopping>,
    /// A job could not be run, as if there were no plugin host.
    pub(crate) hostless: AtomicBool,
    pub(crate) live: RwLock<Arc<Live>>,
}

/// What a reload changes.
pub(crate) struct Live {
    pub(crate) poll_interval: Duration,
    pub(crate) filters: Filters,
    pub(crate) deduplicates: bool,
    /// Jobs are run by the rules of the scheduler's version.
    pub(crate) adapts: bool,
    pub(crate) runner: Arc<Runner>,
}

impl Crew {
    /// For so many workers. `over`: nobody tells the scheduler anything again.
    pub(crate) fn new(
        kind: TaskKind,
        workers: usize,
        live: Live,
        journal: Option<Journal>,
        events: Arc<TaskEvents>,
        stopping: &Arc<Stopping>,
        over: &Arc<Stopping>,
    ) -> Self {
        let Runner { services, hosts, containers, .. } = Runner::clone(&live.runner);
        let counts = Arc::new(Counts::default());
        let settler = Arc::new(Settler::new(
            Arc::clone(&services.scheduler),
            journal,
            Arc::clone(&counts),
            events,
            Arc::clone(stopping),
            Arc::clone(over),
        ));
        let state = Arc::new(State::new(kind, workers, &counts, &hosts, &settler));
        Self {
            kind,
            services,
            hosts,
            containers,
            settler,
            counts,
            state,
            stopping: Arc::clone(stopping),
            hostless: AtomicBool::new(false),
            live: RwLock::new(Arc::new(live)),
        }
    }

    /// What holds now.
    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has jobs run by the rules of the scheduler's version, unless another one is configured.
    pub(crate) fn adapt(&self) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let Some(version) = self.services.scheduler.tells_version() else { return };
        if live.adapts && live.runner.options.version != version {
            let mut runner = Runner::clone(&live.runner);
            runner.options.version = version;
            *live = Arc::new(Live {
                filters: live.filters.clone(),
                runner: Arc::new(runner),
                ..**live
            });
        }
    }

    /// Whether a job could not be run since there last was a plugin host.
    pub(crate) fn is_hostless(&self) -> bool {
        self.hostless.load(Ordering::Acquire)
    }

    /// The same, and there still is none.
    pub(crate) fn has_no_host(&self) -> bool {
        if self.is_hostless() && self.hosts.has_ready() {
            self.hostless.store(false, Ordering::Release);
        }
        self.is_hostless()
    }
}
