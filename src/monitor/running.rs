//! A daemon that serves: how it is started, what a reload changes, and how it ends.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ostler_net::ending::{self, TICK, is_hurried};
use ostler_net::opening::{bind, listen, live_identity, load_identity};
use ostler_net::tls::{LiveIdentity, TlsError};
use ostler_net::{Address, Drained, Listener, Server};
use ostler_pool::Pool;
use ostler_runtime::notify::State;
use ostler_runtime::supervise::warn_of_restart;
use ostler_runtime::{Deadline, Exit, Notifier, Signals, Thread, descriptors, privileges};

use crate::config::Config;
use crate::dialect::Burp;
use crate::endpoint;
use crate::events::{self, Reporter};
use crate::plan::Plan;
use crate::service::{Monitor, Settings};
use crate::shared_cache::{self, SharedCache};

/// See the module.
pub(crate) struct Running {
    server: Server,
    pub(crate) monitor: Arc<Monitor>,
    /// Ends once the monitor's viewers are stopped.
    watcher: Thread,
    /// The status listener, if there is one.
    endpoint: Option<Server>,
    /// Publishes events, if the configuration says to whom.
    reporter: Reporter,
    /// Shares answers with other daemons, if the configuration says how.
    shared_cache: SharedCache,
    identity: Option<Arc<LiveIdentity>>,
    /// What it was started with, and what is in force.
    started: Config,
    config: Config,
}

impl Running {
    /// Listens first, so that a port that is taken is known before any child runs, and so that
    /// clients are accepted while the children are still being warmed. What needs root's rights
    /// comes before they are given up, and threads come after.
    pub(crate) fn start(config: Config, logfile: Option<&Path>) -> Result<Self, Exit> {
        let identity = live_identity(config.tls.as_ref())?;
        descriptors::make_room(config.limits.max_connections);
        let listeners = listen(&config.addresses, identity.as_ref())?;
        let names: Vec<String> = listeners.iter().map(Listener::name).collect();
        let status_listeners = bind(&config.status_addresses)?;
        let status_names: Vec<String> = status_listeners.iter().map(Listener::name).collect();
        give_up_rights(&config, logfile)?;
        if let Err(error) = privileges::close_memory() {
            log::warn!("this process may leave core files: {error}");
        }
        let failed = |error: io::Error| {
            log::error!("cannot start a thread: {error}");
            Exit::Os
        };
        let burp = Burp::new(plan(&config), config.runtime_dir.as_deref());
        let pool = Pool::start(burp, pool_options(&config)).map_err(failed)?;
        let monitor = Arc::new(Monitor::new(pool, settings(&config), config.max_viewers));
        let service = Arc::clone(&monitor) as Arc<dyn ostler_net::Service>;
        let server = Server::start(listeners, config.threads, config.limits.clone(), service)
            .map_err(failed)?;
        monitor.count_by(server.meter());
        let addresses = &config.status_addresses;
        let endpoint = (!status_listeners.is_empty())
            .then(|| endpoint::start(&monitor, status_listeners, addresses, config.max_viewers))
            .transpose()
            .map_err(failed)?;
        let reporter = Reporter::start(config.events.as_ref(), &monitor)?;
        let shared_cache = SharedCache::start(&config, &monitor)?;
        for name in names {
            log::info!("listening on {name}");
        }
        for name in status_names {
            log::info!("status on {name}");
        }
        let watching = Arc::clone(&monitor);
        let watcher = Thread::spawn("watcher", move || watching.viewers().run(&watching));
        let watcher = watcher.map_err(failed)?;
        let started = config.clone();
        Ok(Self {
            server,
            monitor,
            watcher,
            endpoint,
            reporter,
            shared_cache,
            identity,
            started,
            config,
        })
    }

    /// Goes on with another configuration. What it can change is changed at once and costs no
    /// request; what it cannot is told. A certificate that is wrong changes nothing.
    pub(crate) fn reload(&mut self, config: Config) -> Result<(), TlsError> {
        if let (Some(live), Some(identity)) = (&self.identity, load_identity(config.tls.as_ref())?)
        {
            live.replace(identity);
        }
        warn_of_restart(needs_restart(&self.started, &config));
        self.shared_cache.reload(&config);
        self.monitor.pool().dialect().set_plan(plan(&config));
        self.monitor.set(settings(&config));
        if self.reporter.reload(config.events.as_ref()).is_err() {
            log::warn!("[Events] stays as it was");
        }
        if let Err(error) = self.monitor.pool().set_options(pool_options(&config)) {
            log::error!("cannot start a thread: {error}");
        }
        self.config = config;
        log::info!("the configuration was read again");
        Ok(())
    }

    /// Ends in this order: no new connections; answers for what is in flight, for which the
    /// children are still needed; then the children; then the threads. Another stop signal
    /// meanwhile, or the end of the time that is granted, cuts it short.
    pub(crate) fn stop(mut self, signals: &mut Signals, notifier: &Notifier) {
        log::info!("stopping");
        notifier.tell(State::Stopping);
        self.server.stop_accepting();
        self.monitor.viewers().stop();
        let drained = ending::drain(&mut self.server, self.config.drain, signals, notifier);
        let hurry = drained != Drained::Whole;
        self.shared_cache.stop();
        self.monitor.pool().retire(hurry);
        while !self.monitor.pool().has_ended() {
            if is_hurried(signals, Deadline::after(TICK)) {
                self.monitor.pool().retire(true);
            }
            notifier.tell(State::Watchdog);
        }
        self.reporter.stop();
        self.server.stop();
        drop(self.endpoint);
        self.watcher.join();
        log::info!("stopped");
    }
}

/// Becomes the configured user, with the log file and the Unix sockets, which were made as root.
fn give_up_rights(config: &Config, logfile: Option<&Path>) -> Result<(), Exit> {
    let sockets = config.addresses.iter().chain(&config.status_addresses).filter_map(Address::file);
    let own: Vec<PathBuf> = sockets.chain(logfile).map(Path::to_owned).collect();
    let tls = config.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]);
    let needed = tls.chain(&config.password_file).chain([&config.client_config]);
    let events = config.events.iter().flat_map(events::Settings::files);
    let cache = config.shared_cache.iter().flat_map(shared_cache::Settings::files);
    let needed = needed.map(PathBuf::as_path).chain(events).chain(cache);
    privileges::give_up(config.user.as_deref(), &own, needed)
}

fn plan(config: &Config) -> Plan {
    Plan::new(&config.burp_binary, &config.client_config, config.transport)
}

fn settings(config: &Config) -> Settings {
    Settings {
        password: config.password.clone(),
        timeout: config.timeout,
        cache_bytes: config.max_cache,
    }
}

fn pool_options(config: &Config) -> ostler_pool::Options {
    ostler_pool::Options {
        size: config.pool,
        queue: config.max_queue,
        start_deadline: config.start_deadline,
        max_answer_bytes: config.max_answer,
        max_requests: config.max_requests,
        max_age: config.max_age,
    }
}

/// The keys whose change a reload cannot bring about, and whether they have changed.
fn needs_restart(old: &Config, new: &Config) -> [(&'static str, bool); 9] {
    [
        ("bind or port", old.addresses != new.addresses),
        ("threads", old.threads != new.threads),
        ("a limit of connections", old.limits != new.limits),
        ("ssl", old.tls.is_some() != new.tls.is_some()),
        ("user", old.user != new.user),
        ("[Status] max_viewers", old.max_viewers != new.max_viewers),
        ("[Status] bind or port", old.status_addresses != new.status_addresses),
        ("runtime_dir", old.runtime_dir != new.runtime_dir),
        ("[Cache]", old.shared_cache != new.shared_cache),
    ]
}
