//! A service that runs: how it is started, what a reload changes, and how it ends.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ostler_http::endpoint::{self, Told};
use ostler_http::{Handler, HeadLimits, Http};
use ostler_net::ending;
use ostler_net::opening::{bind, listen, live_identity, load_identity};
use ostler_net::tls::{LiveIdentity, TlsError};
use ostler_net::{Address, Drained, Listener, Server};
use ostler_runtime::notify;
use ostler_runtime::secret::Secret;
use ostler_runtime::supervise::warn_of_restart;
use ostler_runtime::{Deadline, Exit, Notifier, Signals, descriptors, privileges};

use crate::authority::Gate;
use crate::config::Configuration;
use crate::state::State;
use crate::{Api, ApiSettings, Errands, Plugins, Remotes, Store, StoreError, database_ready};

/// So long those who connect wait for the first look at the plugins, which may take as long as their
/// modules take to be imported; beyond, what depends on plugins is refused in words.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// See the module.
pub(crate) struct Running {
    // What requests wait for ends after the server that takes them, the database last.
    server: Server,
    endpoint: Option<Server>,
    errands: Arc<Errands>,
    store: Arc<Store>,
    plugins: Arc<Plugins>,
    remotes: Arc<Remotes>,
    pub(crate) state: Arc<State>,
    token: Arc<RwLock<Option<Secret>>>,
    identity: Option<Arc<LiveIdentity>>,
    /// What it was started with, and what is in force.
    started: Configuration,
    config: Configuration,
}

impl Running {
    /// Listens first, so that a port that is taken is known at once. What needs root's rights comes
    /// before they are given up, and threads and files of the database come after.
    /// A stop signal cuts the first look at the plugins short, and is no failure.
    pub(crate) fn start(
        config: Configuration,
        logfile: Option<&Path>,
        signals: &Signals,
    ) -> Result<Self, Exit> {
        let identity = live_identity(config.tls.as_ref())?;
        descriptors::make_room(config.limits.max_connections);
        let listeners = listen(&config.addresses, identity.as_ref())?;
        let status_listeners = bind(&config.status_addresses)?;
        let told = |what: &str, listeners: &[Listener]| {
            listeners.iter().map(|listener| format!("{what} {}", listener.name())).collect()
        };
        let names: [Vec<String>; 2] =
            [told("listening on", &listeners), told("status on", &status_listeners)];
        give_up_rights(&config, logfile)?;
        if let Err(error) = privileges::close_memory() {
            log::warn!("this process may leave core files: {error}");
        }
        database_ready::prepare(&config)?;
        let store = Store::open(&config.store).map_err(|error: StoreError| {
            log::error!("{error}");
            Exit::Unavailable
        })?;
        let failed = |error: io::Error| {
            log::error!("cannot start a thread: {error}");
            Exit::Os
        };
        let store = Arc::new(store);
        let plugins = Arc::new(Plugins::begin(config.discovery.clone()).map_err(failed)?);
        let patience = Deadline::after(FIRST_LOOK);
        while !plugins.wait_begun(Deadline::after(ending::TICK).earlier(patience)) {
            if signals.is_stop_pending() {
                log::info!("stopped before the plugins were known");
                return Err(Exit::Success);
            }
            if patience.passed() {
                log::warn!("the first look at the plugins goes on: what needs them has to wait");
                break;
            }
        }
        let remotes = Arc::new(Remotes::new(config.remotes.clone()));
        let state = Arc::new(State::new(config.generation, &store, &plugins, &remotes));
        let token = Arc::new(RwLock::new(config.token.clone()));
        let errands =
            Arc::new(Errands::start(Errands::THREADS, Errands::MAX_QUEUED).map_err(failed)?);
        let api = api(&config, &store, &errands, &plugins, &remotes)?;
        let figures = Arc::clone(&state);
        let gate = Gate::new(
            api,
            Box::new(move || figures.figures()),
            Arc::clone(&token),
            Arc::clone(&state.metrics),
        );
        let service = Arc::new(Http::new(gate, HeadLimits::default()));
        let server = Server::start(listeners, config.threads, config.limits.clone(), service)
            .map_err(failed)?;
        state.count_by(server.meter());
        let endpoint = (!status_listeners.is_empty())
            .then(|| {
                let routes = endpoint::routes(&state).map_err(io::Error::other)?;
                endpoint::start(routes, status_listeners, &config.status_addresses, 0)
            })
            .transpose()
            .map_err(failed)?;
        for name in names.iter().flatten() {
            log::info!("{name}");
        }
        let started = config.clone();
        Ok(Self {
            server,
            endpoint,
            errands,
            store,
            plugins,
            remotes,
            state,
            token,
            identity,
            started,
            config,
        })
    }

    /// Goes on with another configuration. What it can change is changed at once and costs no
    /// request; what it cannot is told. A certificate that is wrong changes nothing.
    pub(crate) fn reload(&mut self, config: Configuration) -> Result<(), TlsError> {
        if let (Some(live), Some(identity)) = (&self.identity, load_identity(config.tls.as_ref())?)
        {
            live.replace(identity);
        }
        warn_of_restart(needs_restart(&self.started, &config));
        self.token.write().unwrap_or_else(PoisonError::into_inner).clone_from(&config.token);
        self.plugins.rescan();
        self.config = config;
        log::info!("the configuration was read again");
        Ok(())
    }

    /// Ends in this order: no new connections; answers for what is in flight, for which the
    /// database is still needed; then the database, with what it has taken; then the threads.
    /// Another stop signal meanwhile, or the end of the time that is granted, cuts it short.
    pub(crate) fn stop(mut self, signals: &mut Signals, notifier: &Notifier) {
        log::info!("stopping");
        notifier.tell(notify::State::Stopping);
        self.server.stop_accepting();
        let drained = ending::drain(&mut self.server, self.config.drain, signals, notifier);
        self.server.stop();
        self.remotes.end();
        drop(self.endpoint);
        if drained == Drained::Whole {
            drop(self.errands);
            drop(self.store);
            drop(self.plugins);
        } else {
            // What they wait for nobody has time for. The end of the process ends them; what was not
            // committed was not answered either.
            std::mem::forget((self.errands, self.store, self.plugins));
        }
        log::info!("stopped");
    }
}

/// The endpoints.
fn api(
    config: &Configuration,
    store: &Arc<Store>,
    errands: &Arc<Errands>,
    plugins: &Arc<Plugins>,
    remotes: &Arc<Remotes>,
) -> Result<impl Handler, Exit> {
    let cipher = config.encryption.cipher().map_err(|error| {
        log::error!("{error}");
        Exit::Config
    })?;
    Ok(Api::new(ApiSettings {
        generation: config.generation,
        store,
        errands,
        plugins: Arc::clone(plugins),
        remotes: Arc::clone(remotes),
        cipher: Arc::new(cipher),
        deadline: config.timeout,
    }))
}

/// Becomes the configured user, with the log file and the Unix sockets, which were made as root.
fn give_up_rights(config: &Configuration, logfile: Option<&Path>) -> Result<(), Exit> {
    let sockets = config.addresses.iter().chain(&config.status_addresses).filter_map(Address::file);
    let own: Vec<PathBuf> = sockets.chain(logfile).map(Path::to_owned).collect();
    let tls = config.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]);
    let secrets = config.token_file.iter().chain(&config.encryption.private_key_file);
    let needed = tls.chain(secrets).chain(&config.uri_file);
    privileges::give_up(config.user.as_deref(), &own, needed.map(PathBuf::as_path))
}

/// The keys whose change a reload cannot bring about, and whether they have changed.
fn needs_restart(old: &Configuration, new: &Configuration) -> [(&'static str, bool); 11] {
    [
        ("bind or port", old.addresses != new.addresses),
        ("generation", old.generation != new.generation),
        ("threads", old.threads != new.threads),
        ("a limit of connections", old.limits != new.limits),
        ("timeout", old.timeout != new.timeout),
        ("ssl", old.tls.is_some() != new.tls.is_some()),
        ("user", old.user != new.user),
        ("[Database]", old.store != new.store || old.migrate != new.migrate),
        ("[Encryption]", old.encryption != new.encryption),
        ("[Plugins]", old.discovery != new.discovery || old.remotes != new.remotes),
        ("[Status] bind or port", old.status_addresses != new.status_addresses),
    ]
}
