//! Workers that run: how they are started, what a reload changes, and how they end.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use broker::EventsSettings;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use katalogus::Plugins;
use ostler_runtime::supervise::warn_of_restart;
use ostler_runtime::{Deadline, Exit, Notifier, Signals, Thread, privileges};
use serde_json::Value;

use crate::assembly;
use crate::config::Configuration;
use crate::config_services::ServiceSettings;
use crate::container::Containers;
use crate::crew::{Crew, Live};
use crate::dispatcher::Dispatcher;
use crate::ending;
use crate::events::TaskEvents;
use crate::hosts::Hosts;
use crate::listening::{Doors, Sockets};
use crate::runner::Runner;
use crate::service_error::ServiceError;
use crate::services::Services;
use crate::stopping::Stopping;
use crate::task::TaskKind;
use crate::task_journal::{Journal, Line};
use crate::task_journal_file::Noted;
use crate::task_left_behind::LeftBehind;
use crate::worker::Worker;

/// After so long the service manager is told that this program is ready, whether a scheduler answers or
/// not: that is another program's business.
const READY_AT_LAST: Duration = Duration::from_secs(10);
/// How often it is looked whether the program is to stop while services are opened.
const OPENING: Duration = Duration::from_millis(50);

/// See the module.
pub(crate) struct Running {
    pub(crate) crew: Arc<Crew>,
    /// Its end ends the workers.
    pub(crate) dispatcher: Option<Thread>,
    pub(crate) workers: Vec<Thread>,
    /// Wakes the dispatcher.
    pub(crate) free: Sender<()>,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) doors: Doors,
    /// Nobody tells the scheduler anything again.
    pub(crate) over: Arc<Stopping>,
    /// When it counts as started in any case.
    ready_at_last: Deadline,
    /// What it was started with, and what is in force.
    started: Configuration,
    config: Configuration,
}

impl Running {
    /// The first task is asked for at once; plugins and hosts become ready meanwhile. Nothing if the
    /// program is to stop before that, which nobody who holds a file for long can delay.
    pub(crate) fn start(
        config: Configuration,
        kind: TaskKind,
        takes_tasks: bool,
        logfile: Option<&Path>,
        signals: &Signals,
    ) -> Result<Option<Self>, Exit> {
        let sockets = Sockets::bind(&config, kind)?;
        give_up_rights(&config, logfile)?;
        if let Err(error) = privileges::close_memory() {
            log::warn!("this process may leave core files: {error}");
        }
        let failed = |error: io::Error| {
            log::error!("cannot start a thread: {error}");
            Exit::Os
        };
        let (stopping, over) = (Arc::new(Stopping::new()), Arc::new(Stopping::new()));
        let plugins = Arc::new(Plugins::begin(assembly::discovery(&config)).map_err(failed)?);
        sockets.confirm(&plugins)?;
        let opened = open(&config, &plugins, &stopping, signals).map_err(failed)?;
        let Some(services) = opened else {
            log::info!("stopped before all was open");
            return Ok(None);
        };
        let services = services.map_err(|error| {
            log::error!("{error}");
            Exit::Unavailable
        })?;
        let hosts = Arc::new(
            Hosts::start(assembly::host_options(&config, config.pool_size)).map_err(failed)?,
        );
        let (journal, left) = if takes_tasks { journal(&config, kind) } else { (None, Vec::new()) };
        let containers = sockets.containers(&config).map_err(failed)?.map(Arc::new);
        let live = live(&config, &services, &hosts, &plugins, containers.as_ref());
        let events = Arc::new(TaskEvents::default());
        events.set(config.events.as_ref()).map_err(|error| error.exit())?;
        let size = config.pool_size;
        let crew = Crew::new(kind, size, live, journal, events, &stopping, &over);
        let crew = Arc::new(crew);
        let (free, tokens) = bounded(config.pool_size.saturating_add(1));
        let (work, handed) = bounded(config.pool_size);
        let doors = sockets.serve(&config, &crew, takes_tasks).map_err(failed)?;
        let mut running = Self {
            crew: Arc::clone(&crew),
            dispatcher: None,
            workers: Vec::new(),
            free: free.clone(),
            plugins,
            doors,
            over,
            ready_at_last: Deadline::after(READY_AT_LAST),
            started: config.clone(),
            config,
        };
        if takes_tasks {
            // It holds what workers wait for, so that they end if not all of them can be started; and
            // it is started last, since nothing would end it then.
            let dispatcher = Dispatcher { crew: Arc::clone(&crew), free: tokens, work };
            for number in 0..running.config.pool_size {
                let (crew, free, work) = (Arc::clone(&crew), free.clone(), handed.clone());
                let worker = Worker { number, crew, free, work };
                let thread = Thread::spawn(&format!("worker:{}", number + 1), move || worker.run());
                running.workers.push(thread.map_err(failed)?);
            }
            let thread = Thread::spawn("dispatcher", move || {
                dispatcher.run(LeftBehind::new(left));
            });
            running.dispatcher = Some(thread.map_err(failed)?);
        }
        log::info!("{} workers take tasks of {kind}s", running.workers.len());
        Ok(Some(running))
    }

    /// Whether tasks were asked for, or that takes so long that nobody is to wait for it.
    pub(crate) fn is_ready(&self) -> bool {
        self.dispatcher.is_none() || self.crew.state.has_asked() || self.ready_at_last.passed()
    }

    /// Goes on with another configuration. What it can change is changed at once; jobs that run are
    /// not concerned. What it cannot change is told.
    pub(crate) fn reload(&mut self, config: Configuration) {
        warn_of_restart(needs_restart(&self.started, &config));
        // Jobs are run with the hosts and services that there are.
        let config = Configuration {
            services: self.started.services.clone(),
            plugins: self.started.plugins.clone(),
            ..config
        };
        let crew = &self.crew;
        let live =
            live(&config, &crew.services, &crew.hosts, &self.plugins, crew.containers.as_ref());
        *self.crew.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
        self.plugins.rescan();
        if let Err(error) = crew.settler.events.set(config.events.as_ref()) {
            // What is wrong, the log says then.
            let _ = error.exit();
            log::warn!("[Events] stays as it was");
        }
        self.config = config;
        log::info!("the configuration was read again");
    }

    /// The state in short.
    pub(crate) fn report(&self) -> Value {
        self.crew.state.report()
    }

    /// See [`ending`].
    pub(crate) fn stop(self, signals: &mut Signals, notifier: &Notifier) {
        let drain = self.config.drain;
        ending::end(self, drain, signals, notifier);
    }
}

/// Opens the services; nothing if the program is to stop meanwhile. Another process may hold a file of
/// theirs locked.
fn open(
    config: &Configuration,
    plugins: &Arc<Plugins>,
    stopping: &Arc<Stopping>,
    signals: &Signals,
) -> io::Result<Option<Result<Services, ServiceError>>> {
    let (sender, opened) = bounded(1);
    let (config, plugins, stopping) = (config.clone(), Arc::clone(plugins), Arc::clone(stopping));
    let thread = Thread::spawn("open", move || {
        // Nobody may be there any more.
        let _ = sender.send(assembly::services(&config, &plugins, &stopping));
    })?;
    loop {
        match opened.recv_timeout(OPENING) {
            Ok(services) => return Ok(Some(services)),
            Err(RecvTimeoutError::Timeout) if signals.is_stop_pending() => {
                // The end of the process ends it.
                thread.detach();
                return Ok(None);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("it has panicked")),
        }
    }
}

fn live(
    config: &Configuration,
    services: &Services,
    hosts: &Arc<Hosts>,
    plugins: &Arc<Plugins>,
    containers: Option<&Arc<Containers>>,
) -> Live {
    let options = assembly::runner_options(config);
    Live {
        poll_interval: config.poll_interval,
        filters: config.filters.clone(),
        deduplicates: config.deduplicate,
        adapts: config.generation.is_none(),
        runner: Arc::new(Runner {
            services: services.clone(),
            hosts: Arc::clone(hosts),
            plugins: Arc::clone(plugins),
            containers: containers.cloned(),
            options,
        }),
    }
}

/// Where tasks are written down, and those that others have left there. The folder of a machine of its
/// own knows who has its tasks. Without a journal the work is done all the same.
fn journal(config: &Configuration, kind: TaskKind) -> (Option<Journal>, Vec<(Line, Noted)>) {
    let (ServiceSettings::Remote(_), Some(folder)) = (&config.services, &config.state) else {
        return (None, Vec::new());
    };
    match Journal::open(folder, kind) {
        Ok((journal, left)) => (Some(journal), left),
        Err(error) => {
            log::error!("{error}; tasks are lost if this program is killed");
            (None, Vec::new())
        }
    }
}

/// Becomes the configured user, with the log file, which was made as root.
fn give_up_rights(config: &Configuration, logfile: Option<&Path>) -> Result<(), Exit> {
    let own: Vec<PathBuf> = logfile.map(Path::to_owned).into_iter().collect();
    let remote = config.services.remote();
    let needed = remote.iter().flat_map(|it| it.password_file.iter().chain(&it.authorities));
    let events = config.events.iter().flat_map(EventsSettings::files);
    let needed = needed.map(PathBuf::as_path).chain(events);
    privileges::give_up(config.user.as_deref(), &own, needed)
}

/// The keys whose change a reload cannot bring about, and whether they have changed.
fn needs_restart(old: &Configuration, new: &Configuration) -> [(&'static str, bool); 8] {
    [
        ("pool_size", old.pool_size != new.pool_size),
        ("generation", old.generation != new.generation),
        ("user", old.user != new.user),
        ("state", old.state != new.state),
        ("local or [Services]", old.services != new.services),
        ("[Plugins] or [Limits]", old.plugins != new.plugins),
        ("[Containers]", old.containers != new.containers),
        ("[Status] bind or port", old.status_addresses != new.status_addresses),
    ]
}
