//! Shares answers with other daemons, as `[Cache]` says: by a key-value store of Broker's, which
//! another daemon keeps, or a `broker-node`, or this one.
//!
//! An answer of burp is written into the store for as long as it may be told; the store tells the
//! other daemons of it, which have it in their own cache then. Before a daemon asks burp, it writes
//! down that it does, unless another one has: that one's answer is waited for instead, for a limited
//! time. Whoever cannot reach the store serves by its own cache and by burp.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use broker::{
    BackendKind, BackendOptions, CloneOptions, Endpoint, EndpointOptions, PeeringLimits, Store,
    StoreError, Tap, Tls, Topic,
};
use crossbeam_channel::{Sender, bounded};
use ostler_net::Address;
use ostler_net::tls::PeerSettings;
use ostler_runtime::logging::with_cause;
use ostler_runtime::{Exit, Reader, Thread};

use crate::config::Config;
use crate::exchange::Bytes;
use crate::flight::Flight;
use crate::query::Query;
use crate::service::Monitor;
use crate::shared_cache_entry::Keys;
use crate::shared_cache_room::Room;
pub(crate) use crate::shared_cache_settings::Settings;
use crate::shared_cache_settings::StoreRole;
use crate::shared_cache_thread::{Keeper, Told};
use crate::shared_cache_view::Whose;
use crate::shared_cache_writer::Writer;
use crate::sharing::{Figures, Share};

/// What may wait for each of the threads: flights, answers, changes in the store and those to be
/// made.
const WAITING: usize = 1024;
/// The longest answer in bytes that is shared.
pub(crate) const MAX_SHARED: usize = 8 << 20;
/// The longest change in bytes: what the store had before, what it has now, and what is around them.
const MAX_CHANGE: usize = 2 * MAX_SHARED + (64 << 10);
/// Without a word of the store's master for so long its entries may have been replaced.
const STALE: Duration = Duration::from_secs(1);
/// How long peers have to answer a farewell: nobody is to keep a daemon from ending.
const FAREWELL: Duration = Duration::from_millis(500);
/// What the topic of a store's events begins with.
const EVENTS: &str = "<$>/local/data/store-events/";

/// Reads the section.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    Settings::read(reader)
}

/// See the module.
pub(crate) struct SharedCache(Option<On>);

/// While answers are shared.
struct On {
    tell: Sender<Told>,
    state: Arc<State>,
    /// Held for what their ends end, in this order.
    _held: (Thread, Thread, Tap, Store),
    endpoint: Endpoint,
    /// The files of its certificates.
    tls: Option<PeerSettings>,
}

/// What the thread and everybody else know.
#[derive(Debug, Default)]
pub(crate) struct State {
    is_reachable: AtomicBool,
    /// Nothing is shared any more.
    is_off: AtomicBool,
    /// For what waits for the threads.
    room: Room,
    /// Answers that were written.
    pub(crate) told: AtomicU64,
    /// Answers of others that came to be known.
    pub(crate) learned: AtomicU64,
    /// Executions that another daemon's answer was told instead of.
    pub(crate) spared: AtomicU64,
    /// Waits for another daemon that had no end in time.
    pub(crate) in_vain: AtomicU64,
    /// Answers of others that were too old when they came, by the clock.
    pub(crate) outdated: AtomicU64,
    /// Answers that were not written, for want of room.
    pub(crate) kept_back: AtomicU64,
}

impl State {
    /// Notes whether the store can be reached, and may be.
    pub(crate) fn set_reachable(&self, is_reachable: bool) {
        self.is_reachable.store(is_reachable, Ordering::Release);
    }

    /// Whether nothing is shared any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_off.load(Ordering::Acquire)
    }

    pub(crate) fn is_on(&self) -> bool {
        self.is_reachable.load(Ordering::Acquire) && !self.is_off.load(Ordering::Acquire)
    }
}

impl SharedCache {
    /// Starts it, if the configuration says by which store.
    pub(crate) fn start(config: &Config, monitor: &Arc<Monitor>) -> Result<Self, Exit> {
        let Some(settings) = &config.shared_cache else { return Ok(Self(None)) };
        let whose = match Whose::new(&config.client_config, settings.server.as_deref()) {
            Ok(whose) => whose,
            Err(error) => {
                log::warn!(
                    "[Cache]: nothing is shared until the next start, since it is not known whose \
                     answers these are: {error}"
                );
                return Ok(Self(None));
            }
        };
        let tls = settings.with.tls.as_ref().map(Tls::load).transpose().map_err(|error| {
            log::error!("[Cache] sslcert, sslkey, sslca: {}", with_cause(&error));
            Exit::Config
        })?;
        // Waiting has half of the time that an answer has at most.
        let wait = settings.wait.min(config.timeout / 2);
        let on = On::start(settings, whose, tls, wait, config.max_cache, monitor)?;
        Ok(Self(Some(on)))
    }

    /// The configuration has changed: burp may be asked for somebody else, which is known before
    /// anything is that a child says who follows it. The files of certificates are read again.
    pub(crate) fn reload(&self, config: &Config) {
        let Some(on) = &self.0 else { return };
        // The thread never rests for long while others wait for room.
        let _ = on.tell.send(Told::Follow(config.client_config.clone()));
        match on.tls.as_ref().map(Tls::load).transpose() {
            Ok(Some(tls)) => on.endpoint.present(&tls),
            Ok(None) => {}
            Err(error) => log::warn!(
                "[Cache] sslcert, sslkey, sslca: {}; the certificates stay as they were",
                with_cause(&error)
            ),
        }
    }

    /// Ends it. What waits goes to burp, which answers no more.
    pub(crate) fn stop(self) {
        drop(self.0);
    }
}

/// The first thread ends when it is told to, and with it the second, behind what it writes just then:
/// they are joined behind this.
impl Drop for On {
    fn drop(&mut self) {
        self.state.is_off.store(true, Ordering::Release);
        // It may have ended by itself only if it has panicked.
        let _ = self.tell.send(Told::Stop);
    }
}

impl On {
    fn start(
        settings: &Settings,
        whose: Whose,
        tls: Option<Tls>,
        wait: Duration,
        max_bytes: usize,
        monitor: &Arc<Monitor>,
    ) -> Result<Self, Exit> {
        let no_thread = |error| {
            log::error!("[Cache]: cannot start a thread: {error}");
            Exit::Os
        };
        let mut options = EndpointOptions {
            forwarding: false,
            threads: 1,
            tls,
            peering: PeeringLimits { bye: FAREWELL, ..PeeringLimits::default() },
            end_wait: FAREWELL,
            ..EndpointOptions::default()
        };
        options.stores.request_wait = wait;
        options.stores.max_get_delay = wait;
        let endpoint = Endpoint::new(options).map_err(no_thread)?;
        let refused = |error: StoreError| {
            log::error!("[Cache] store: {error}");
            Exit::Config
        };
        let store = attach(&endpoint, settings).map_err(refused)?;
        let (tell, told) = bounded(WAITING);
        let (jobs, written) = bounded(WAITING);
        let topic = Topic::new(format!("{EVENTS}{}", settings.store));
        let topic = topic.map_err(|_| refused(StoreError::Name(settings.store.clone())))?;
        let state = Arc::<State>::default();
        let (changed, room) = (tell.clone(), state.room.clone());
        let tap = endpoint.tap([topic], move |message| {
            let bytes = message.frame().len();
            // Who misses a change asks burp.
            if let Some(taken) = room.take(bytes).filter(|_| bytes <= MAX_CHANGE) {
                let _ = changed.try_send(Told::Changed(message.clone(), taken));
            }
        });
        let writer = Writer {
            store: store.clone(),
            keys: Keys::new(whose.view().to_owned()),
            wait,
            state: Arc::clone(&state),
            jobs: written,
            tell: tell.clone(),
        };
        let keeper = Keeper::new(
            store.clone(),
            whose,
            (Arc::clone(monitor), Arc::clone(&state)),
            (told, jobs),
            (wait, max_bytes),
        );
        // Nothing has to be ended if this fails.
        connect(&endpoint, settings)?;
        let writer = Thread::spawn("shared-writes", move || writer.run()).map_err(no_thread)?;
        let keeper = Thread::spawn("shared-cache", move || keeper.run()).map_err(no_thread)?;
        monitor.share_by(Box::new(Hand { tell: tell.clone(), state: Arc::clone(&state) }));
        let (held, tls) = ((keeper, writer, tap, store), settings.with.tls.clone());
        Ok(Self { tell, state, _held: held, endpoint, tls })
    }
}

fn attach(endpoint: &Endpoint, settings: &Settings) -> Result<Store, StoreError> {
    match settings.role {
        StoreRole::Master => {
            let none = BackendOptions::default();
            endpoint.attach_master(&settings.store, BackendKind::Memory, &none)
        }
        StoreRole::Clone => {
            let options = CloneOptions {
                resync: Duration::from_secs(1),
                stale: Some(STALE),
                // What waited would be told as new.
                mutation_buffer: Duration::ZERO,
            };
            endpoint.attach_clone(&settings.store, options)
        }
    }
}

fn connect(endpoint: &Endpoint, settings: &Settings) -> Result<(), Exit> {
    for address in &settings.with.addresses {
        let ports = endpoint.listen(address).map_err(|error| {
            log::error!("[Cache] bind: {}", with_cause(&error));
            match error.source.kind() {
                std::io::ErrorKind::PermissionDenied => Exit::NoPermission,
                _ => Exit::Unavailable,
            }
        })?;
        if let (Address::Inet { host, .. }, Some(port)) = (address, ports.first()) {
            log::info!("shared cache: waiting for peers on {host} port {port}");
        }
    }
    for (host, port) in &settings.with.peers {
        endpoint.peer_nosync(host, *port, Some(settings.with.retry));
        log::info!("shared cache: peering with {host} port {port}");
    }
    Ok(())
}

/// How the service reaches the thread.
struct Hand {
    tell: Sender<Told>,
    state: Arc<State>,
}

impl Share for Hand {
    fn is_reachable(&self) -> bool {
        self.state.is_on()
    }

    fn take(&self, flight: &Arc<Flight>) -> bool {
        self.state.is_on() && self.tell.try_send(Told::Asked(Arc::clone(flight))).is_ok()
    }

    fn landed(&self, query: &Query, answer: Option<&Bytes>, took_off: Instant) {
        if !self.state.is_on() {
            return;
        }
        let shared = answer.filter(|bytes| bytes.as_slice().len() <= MAX_SHARED);
        let shared =
            shared.and_then(|bytes| Some((bytes.clone(), self.state.room.take(bytes.held())?)));
        let is_kept_back = answer.is_some() && shared.is_none();
        let told = Told::Landed { query: query.clone(), answer: shared, took_off };
        if self.tell.try_send(told).is_err() || is_kept_back {
            self.state.kept_back.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn figures(&self) -> Figures {
        let State { told, learned, spared, in_vain, outdated, kept_back, .. } = &*self.state;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            is_reachable: self.state.is_on(),
            counts: [
                ("told", read(told)),
                ("learned", read(learned)),
                ("spared", read(spared)),
                ("waited_in_vain", read(in_vain)),
                ("outdated", read(outdated)),
                ("kept_back", read(kept_back)),
            ],
        }
    }
}
