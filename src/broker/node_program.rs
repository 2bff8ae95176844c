//! The program `broker-node`, from its command line to its exit code.

use std::io::{self, Write};
use std::sync::Arc;

use crossbeam_channel::{TryRecvError, bounded};
use ostler_net::ending::{self, is_hurried};
use ostler_net::tls::{Identity, LiveIdentity};
use ostler_net::{Address, AddressError, BindError};
use ostler_runtime::checked::{Checked, Strictness};
use ostler_runtime::logging::{self, LevelFilter, with_cause};
use ostler_runtime::notify::State;
use ostler_runtime::supervise::{Serving, prepare, supervise, warn_of_restart};
use ostler_runtime::{Deadline, Exit, Notifier, Problem, Signals, Thread};

use crate::node_options::NodeOptions;
use crate::node_settings::NodeSettings;
use crate::node_tasks::Tasks;
use crate::node_web::access;
use crate::{Endpoint, EndpointOptions, Store, node_effective, node_places, node_stores, node_tls};

/// Does what the command line asks for.
pub fn run(options: &NodeOptions) -> Exit {
    let read = NodeSettings::read(options);
    if let Some(strictness) = options.check {
        return check(read, strictness);
    }
    let settings = match read {
        Ok((settings, odd)) => {
            tell("warning", &odd);
            settings
        }
        Err(problems) => {
            tell("error", &problems);
            return Exit::Config;
        }
    };
    let (level, file) = settings.log();
    if let Err(error) = logging::start(level, file) {
        eprintln!("broker-node: {}", with_cause(&error));
        return Exit::Config;
    }
    match serve(options, &settings) {
        Ok(exit) | Err(exit) => exit,
    }
}

/// Tries the files that the settings name, and prints what takes effect or says what is wrong.
fn check(read: Result<(NodeSettings, Vec<Problem>), Vec<Problem>>, strictness: Strictness) -> Exit {
    let (settings, warnings) = match read {
        Ok(read) => read,
        Err(problems) => return Checked::unreadable(problems).tell(strictness),
    };
    let logged = logging::start(LevelFilter::Warn, None).map_err(|error| {
        eprintln!("broker-node: {}", with_cause(&error));
        Exit::Os
    });
    let tried = logged.and_then(|()| {
        node_tls::load(settings.ssl.as_ref())?;
        web_socket_identity(&settings)?;
        access(&settings)?;
        node_places::try_all(&settings)
    });
    let effective = node_effective::of(&settings);
    let checked = Checked { problems: Vec::new(), warnings, effective };
    tried.map_or_else(|exit| exit, |()| checked.tell(strictness))
}

/// Says what is wrong with the configuration; the log is not there yet.
fn tell(what: &str, problems: &[Problem]) {
    for problem in problems {
        eprintln!("broker-node: {what}: {problem}");
    }
}

fn serve(options: &NodeOptions, settings: &NodeSettings) -> Result<Exit, Exit> {
    let (mut signals, notifier) = prepare()?;
    let endpoint_options = endpoint_options(settings)?;
    let clients = endpoint_options.web_socket_tls.clone();
    let endpoint = Endpoint::new(endpoint_options).map_err(|error| {
        log::error!("cannot start: {error}");
        Exit::Os
    })?;
    // They are there before anybody can ask for them.
    let stores = node_stores::attach(&endpoint, &settings.stores)?;
    let mut tasks = Tasks::default();
    let begun = begin(&endpoint, settings, &mut tasks);
    if begun.is_ok() {
        let mut daemon = Daemon { options, settings, endpoint: &endpoint, clients };
        supervise(&mut daemon, &mut signals, &notifier);
        log::info!("stopping");
    }
    let ended = stop(endpoint, stores, tasks, &mut signals, &notifier);
    Ok(begun.err().unwrap_or(ended))
}

/// Takes up the work, then lets peers come: the first of them, too, is told of every topic and
/// misses nothing.
fn begin(endpoint: &Endpoint, settings: &NodeSettings, tasks: &mut Tasks) -> Result<(), Exit> {
    endpoint.forward(settings.topics.iter().cloned());
    tasks.start(endpoint, settings).map_err(|error| {
        log::error!("cannot start a thread: {error}");
        Exit::Os
    })?;
    listen(endpoint, settings)?;
    let retry = Some(settings.retry).filter(|retry| !retry.is_zero());
    for (host, port) in &settings.peers {
        endpoint.peer_nosync(host, *port, retry);
    }
    Ok(())
}

/// Says goodbye to all who are connected. Another stop signal meanwhile cuts it short.
fn stop(
    endpoint: Endpoint,
    stores: Vec<Store>,
    mut tasks: Tasks,
    signals: &mut Signals,
    notifier: &Notifier,
) -> Exit {
    notifier.tell(State::Stopping);
    tasks.leave();
    // Subscriptions end with the endpoint, and with them the tasks that read them.
    let (said, outcome) = bounded(1);
    let farewell = move || {
        // It ends its stores side by side: what was written is kept before the peers have gone.
        drop(endpoint);
        drop(stores);
        // There is room for it, and whoever is in a hurry does not wait for it.
        let _ = said.try_send(tasks.end());
    };
    match Thread::spawn("farewell", farewell) {
        Ok(thread) => thread.detach(),
        Err(error) => {
            log::error!("cannot start a thread: {error}");
            return Exit::Os;
        }
    }
    loop {
        match outcome.try_recv() {
            Ok(exit) => return exit,
            Err(TryRecvError::Disconnected) => return Exit::Internal,
            Err(TryRecvError::Empty) => {}
        }
        notifier.tell(State::Watchdog);
        if is_hurried(signals, Deadline::after(ending::TICK)) {
            log::warn!("stopped before all had been told");
            return Exit::Success;
        }
    }
}

fn endpoint_options(settings: &NodeSettings) -> Result<EndpointOptions, Exit> {
    let mut options =
        EndpointOptions { forwarding: settings.forwarding, ..EndpointOptions::default() };
    options.id = settings.endpoint_id.unwrap_or(options.id);
    options.peer_buffer = settings.peer_buffer;
    options.peer_overflow = settings.peer_overflow;
    options.stores = settings.store_limits;
    options.links.max_bytes = settings.buffer_bytes;
    options.links.stall = settings.write_timeout;
    options.tls = node_tls::load(settings.ssl.as_ref())?;
    options.web_socket_tls = web_socket_identity(settings)?.map(|identity| {
        // Kept, to be replaced at a reload.
        Arc::new(LiveIdentity::new(identity))
    });
    Ok(options)
}

fn web_socket_identity(settings: &NodeSettings) -> Result<Option<Identity>, Exit> {
    node_tls::load_web_socket(settings.web_socket_tls.as_ref()).map_err(|error| {
        log::error!("{error}");
        Exit::Config
    })
}

/// Listens wherever the settings say.
fn listen(endpoint: &Endpoint, settings: &NodeSettings) -> Result<(), Exit> {
    let failed = |error: ListenError| {
        log::error!("{}", with_cause(&error));
        error.exit()
    };
    let said = |what: &str, host: &str, ports: &[u16]| {
        let port = ports.first().copied().unwrap_or_default();
        let host = if host.is_empty() { "*" } else { host };
        log::info!("listening on {host} port {port} for {what}");
        if settings.verbose {
            print(&format!("*** listening on {host} port {port} for {what}"));
        }
    };
    if let Some((host, port)) = &settings.listen {
        let ports =
            address(host, *port).and_then(|at| Ok(endpoint.listen(&at)?)).map_err(failed)?;
        said("peers", host, &ports);
    }
    if let Some((host, port)) = &settings.web_socket {
        let (access, limits) = (access(settings)?, settings.web_socket_limits.clone());
        let listening = address(host, *port)
            .and_then(|at| Ok(endpoint.web_socket_listen(&at, access, limits)?));
        said("WebSocket clients", host, &listening.map_err(failed)?);
    }
    if let Some((host, port)) = &settings.metrics {
        let listening = address(host, *port).and_then(|at| Ok(endpoint.metrics_listen(&at)?));
        said("figures", host, &listening.map_err(failed)?);
    }
    Ok(())
}

/// A place to listen on; without a host everywhere.
pub(crate) fn address(host: &str, port: u16) -> Result<Address, ListenError> {
    if host.is_empty() {
        return Ok(Address::everywhere(port));
    }
    Ok(Address::parse(host, port)?)
}

/// Why the node does not listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Bind(#[from] BindError),
}

impl ListenError {
    /// What a program ends with for it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Address(_) => Exit::Config,
            Self::Bind(error) if error.source.kind() == io::ErrorKind::PermissionDenied => {
                Exit::NoPermission
            }
            Self::Bind(_) => Exit::Unavailable,
        }
    }
}

/// The node while it serves.
struct Daemon<'a> {
    options: &'a NodeOptions,
    /// What it was started with.
    settings: &'a NodeSettings,
    endpoint: &'a Endpoint,
    /// What WebSocket clients are shown, if it is not what peers are.
    clients: Option<Arc<LiveIdentity>>,
}

impl Serving for Daemon<'_> {
    fn is_ready(&self) -> bool {
        true
    }

    fn reload(&mut self) {
        match NodeSettings::read(self.options) {
            Ok((settings, odd)) => {
                for problem in odd {
                    log::warn!("{problem}");
                }
                if node_tls::reload(self.endpoint, &settings, self.clients.as_deref()) {
                    let keys = node_effective::needs_restart(self.settings, &settings);
                    warn_of_restart(keys.into_iter().map(|key| (key, true)));
                    log::info!("the configuration was read again");
                }
            }
            Err(problems) => {
                for problem in problems {
                    log::error!("{problem}");
                }
                log::warn!("everything stays as it was");
            }
        }
    }

    fn state(&self) -> String {
        let peers: Vec<String> = self.endpoint.peers().iter().map(ToString::to_string).collect();
        let filter: Vec<String> =
            self.endpoint.filter().iter().map(|topic| topic.escape_ascii().to_string()).collect();
        let stores: Vec<&str> = self.settings.stores.keys().map(String::as_str).collect();
        let id = self.endpoint.id();
        format!("endpoint {id}, topics {filter:?}, peers {peers:?}, stores {stores:?}")
    }

    fn sweep(&mut self) {}
}

/// Prints a line. Whoever does not read any more does not keep the node from working.
pub(crate) fn print(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}
