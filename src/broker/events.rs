//! Publishes what happens in a daemon as events of Zeek's, to peers and WebSocket clients.
//!
//! Whoever says that something has happened never waits: a receiver that has no room for an event
//! misses it, which is counted, and the others get it. What others publish here goes nowhere, so that nobody can speak in the
//! daemon's name.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use broker_data::zeek::Event;
use broker_data::{Data, Timestamp};
use ostler_net::tls::{Identity, LiveIdentity, TlsError};
use ostler_net::{Address, BindError};
use ostler_runtime::logging::with_cause;
use ostler_runtime::secret::{self, Secret, SecretFileError};
use ostler_runtime::{Exit, Seldom};

pub use crate::events_settings::{EventsSettings, SECTION};
use crate::{
    Endpoint, EndpointOptions, Newcomer, Overflow, PeeringLimits, Publisher, Tls, Told, Topic,
    WebSocketAccess, WebSocketLimits,
};

/// The shortest time between two log lines about events that were dropped.
const PAUSE: Duration = Duration::from_secs(60);
/// How long peers and clients have to take what waits for them and to answer a farewell: nobody is
/// to keep a daemon from ending.
const FAREWELL: Duration = Duration::from_millis(500);

/// See the module. Nothing is published until it is [`set`](Self::set).
pub struct Events {
    on: RwLock<Option<On>>,
    published: AtomicU64,
    unwanted: AtomicU64,
    dropped: AtomicU64,
    drops: Seldom,
}

/// While events are published.
struct On {
    settings: EventsSettings,
    token: Option<Secret>,
    source: Arc<str>,
    publisher: Publisher,
    /// What WebSocket clients are shown, if it is their own.
    clients: Option<Arc<LiveIdentity>>,
    endpoint: Endpoint,
}

/// What has become of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Those that somebody got.
    pub published: u64,
    /// Those that nobody had subscribed to.
    pub unwanted: u64,
    /// Those that a receiver had no room for; others may have got them.
    pub dropped: u64,
}

impl EventCounts {
    /// How metrics call it, and what labels its figures have.
    pub const NAME: &str = "events";
    /// What metrics say of it.
    pub const HELP: &str = "Events, by what became of them";

    /// Each figure with its label.
    pub fn labelled(self) -> [([&'static str; 1], u64); 3] {
        [
            (["published"], self.published),
            (["unwanted"], self.unwanted),
            (["dropped"], self.dropped),
        ]
    }
}

/// Why events cannot be published as the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The certificate, its key or the authorities cannot be used.
    #[error("[Events] sslcert, sslkey, sslca")]
    Tls(#[source] TlsError),
    /// The certificate for WebSocket clients or its key cannot be used.
    #[error("[Events] websocket_sslcert, websocket_sslkey")]
    ClientTls(#[source] TlsError),
    /// The file of the token cannot be used.
    #[error("[Events] token_file: {path}", path = path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: SecretFileError,
    },
    /// Nobody can be listened to.
    #[error("[Events] bind")]
    Bind(#[from] BindError),
    /// There is no thread to be had.
    #[error("[Events]: cannot start a thread")]
    Thread(#[source] io::Error),
}

impl EventsError {
    /// The key that is to blame.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Tls(_) => "sslcert",
            Self::ClientTls(_) => "websocket_sslcert",
            Self::Token { .. } => "token_file",
            Self::Bind(_) | Self::Thread(_) => "bind",
        }
    }

    /// Says it in the log, and how a daemon ends that cannot start for it.
    pub fn exit(&self) -> Exit {
        log::error!("{}", with_cause(self));
        match self {
            Self::Tls(_) | Self::ClientTls(_) | Self::Token { .. } => Exit::Config,
            Self::Bind(error) if error.source.kind() == io::ErrorKind::PermissionDenied => {
                Exit::NoPermission
            }
            Self::Bind(_) => Exit::Unavailable,
            Self::Thread(_) => Exit::Os,
        }
    }
}

/// The files that settings name, read.
struct Loaded {
    tls: Option<Tls>,
    clients: Option<Identity>,
    token: Option<Secret>,
}

impl Loaded {
    fn of(settings: &EventsSettings) -> Result<Self, EventsError> {
        let tls = settings.tls.as_ref().map(Tls::load).transpose().map_err(EventsError::Tls)?;
        let clients = settings.websocket_tls.as_ref().map(Identity::for_anybody).transpose();
        let clients = clients.map_err(EventsError::ClientTls)?;
        let token = settings.token_file.as_deref().map(token).transpose()?;
        Ok(Self { tls, clients, token })
    }
}

fn token(path: &Path) -> Result<Secret, EventsError> {
    let failed = |source| EventsError::Token { path: path.to_owned(), source };
    Ok(Secret::new(secret::read_file(path, "token").map_err(failed)?.as_bytes()))
}

impl Default for Events {
    fn default() -> Self {
        Self {
            on: RwLock::default(),
            published: AtomicU64::new(0),
            unwanted: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            drops: Seldom::new(PAUSE),
        }
    }
}

impl Events {
    /// Publishes as these settings say from now on, or not at all. Certificates are read again, and
    /// so is the token. Peers and clients stay unless anything but certificates is new. If it cannot
    /// be done, everything stays as it was.
    pub fn set(&self, settings: Option<&EventsSettings>) -> Result<(), EventsError> {
        let Some(settings) = settings else {
            // Not under the lock: a farewell takes its time, and nobody waits for it.
            let gone = self.swap(None);
            drop(gone);
            return Ok(());
        };
        let loaded = Loaded::of(settings)?;
        if let Some(on) = self.on.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            if on.settings == *settings && on.token == loaded.token {
                if let Some(tls) = &loaded.tls {
                    on.endpoint.present(tls);
                }
                if let (Some(live), Some(identity)) = (&on.clients, loaded.clients) {
                    live.replace(identity);
                }
                return Ok(());
            }
        }
        // The ports are free only once the old endpoint has gone.
        let before = self.swap(None).map(|on| on.settings.clone());
        match On::start(settings, loaded) {
            Ok(on) => {
                self.swap(Some(on));
                Ok(())
            }
            Err(error) => {
                let again = before.and_then(|old| On::start(&old, Loaded::of(&old).ok()?).ok());
                self.swap(again);
                Err(error)
            }
        }
    }

    fn swap(&self, on: Option<On>) -> Option<On> {
        std::mem::replace(&mut *self.on.write().unwrap_or_else(PoisonError::into_inner), on)
    }

    /// Whether the files that settings name can be used.
    pub fn check(settings: &EventsSettings) -> Result<(), EventsError> {
        Loaded::of(settings).map(|_| ())
    }

    /// Whether anything is published.
    pub fn is_on(&self) -> bool {
        self.on.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Something has happened now. The event's first argument is where; the others are these.
    pub fn publish(&self, topic: &str, name: &str, arguments: impl IntoIterator<Item = Data>) {
        let Some((publisher, source)) = self.publisher() else { return };
        let topic = match Topic::new(topic) {
            Ok(topic) => topic,
            Err(error) => return self.note_drop(name, &error),
        };
        match publisher.publish_ready(&topic, &event(&source, name, arguments)) {
            Ok((0, 0)) => count(&self.unwanted),
            Ok((taken, missed)) => {
                if taken > 0 {
                    count(&self.published);
                }
                if missed > 0 {
                    self.note_drop(name, &format_args!("{missed} receivers have no room for it"));
                }
            }
            Err(error) => self.note_drop(name, &error),
        }
    }

    /// Who has come, or wants more, since anybody asked last.
    pub fn newcomers(&self) -> Vec<Newcomer> {
        self.publisher().map(|(publisher, _)| publisher.newcomers()).unwrap_or_default()
    }

    /// The same as [`publish`](Self::publish) for one receiver only.
    pub fn tell(
        &self,
        newcomer: Newcomer,
        topic: &str,
        name: &str,
        arguments: impl IntoIterator<Item = Data>,
    ) -> Told {
        let Some((publisher, source)) = self.publisher() else { return Told::Gone };
        let told = Topic::new(topic).map_err(|error| error.to_string()).and_then(|topic| {
            let event = event(&source, name, arguments);
            publisher.tell(newcomer, &topic, &event).map_err(|error| error.to_string())
        });
        if told == Ok(Told::Heard) {
            count(&self.published);
        }
        told.unwrap_or_else(|error| {
            self.note_drop(name, &error);
            // It could not be told later either.
            Told::Unwanted
        })
    }

    fn publisher(&self) -> Option<(Publisher, Arc<str>)> {
        let on = self.on.read().unwrap_or_else(PoisonError::into_inner);
        on.as_ref().map(|on| (on.publisher.clone(), Arc::clone(&on.source)))
    }

    /// One event could not even be noted.
    pub fn count_drop(&self) {
        count(&self.dropped);
    }

    fn note_drop(&self, name: &str, why: &dyn fmt::Display) {
        count(&self.dropped);
        if let Some(more) = self.drops.allow() {
            log::warn!("an event {name} is dropped: {why} ({more} more before)");
        }
    }

    /// What has become of all events so far.
    pub fn counts(&self) -> EventCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EventCounts {
            published: read(&self.published),
            unwanted: read(&self.unwanted),
            dropped: read(&self.dropped),
        }
    }
}

/// An event of now.
fn event(source: &str, name: &str, arguments: impl IntoIterator<Item = Data>) -> Data {
    let mut all = vec![Data::from(source)];
    all.extend(arguments);
    let mut event = Event::new(name, all);
    if let Ok(time) = Timestamp::try_from(SystemTime::now()) {
        event = event.at(time);
    }
    event.into()
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl On {
    fn start(settings: &EventsSettings, loaded: Loaded) -> Result<Self, EventsError> {
        let Loaded { tls, clients, token } = loaded;
        let clients = clients.map(|identity| Arc::new(LiveIdentity::new(identity)));
        let peering = PeeringLimits { bye: FAREWELL, ..PeeringLimits::default() };
        let options = EndpointOptions {
            deaf: true,
            threads: 1,
            tls,
            web_socket_tls: clients.clone(),
            peering,
            end_wait: FAREWELL,
            ..EndpointOptions::default()
        };
        let endpoint = Endpoint::new(options).map_err(EventsError::Thread)?;
        for address in &settings.addresses {
            let ports = endpoint.listen(address)?;
            said("peers", address, &ports);
        }
        let access = WebSocketAccess {
            origins: settings.origins.clone(),
            token: token.clone(),
            ..WebSocketAccess::default()
        };
        for address in &settings.websocket_addresses {
            let limits = WebSocketLimits {
                max_clients: settings.max_clients,
                overflow: Overflow::DropNewest,
                ..WebSocketLimits::default()
            };
            let ports = endpoint.web_socket_listen(address, access.clone(), limits)?;
            said("WebSocket clients", address, &ports);
        }
        for (host, port) in &settings.peers {
            endpoint.peer_nosync(host, *port, Some(settings.retry));
            log::info!("events: peering with {host} port {port}");
        }
        let (publisher, source) = (endpoint.publisher(), settings.source.as_str().into());
        Ok(Self { settings: settings.clone(), token, source, publisher, clients, endpoint })
    }
}

fn said(what: &str, address: &Address, ports: &[u16]) {
    if let Address::Inet { host, .. } = address {
        let port = ports.first().copied().unwrap_or_default();
        log::info!("events: waiting for {what} on {host} port {port}");
    }
}
