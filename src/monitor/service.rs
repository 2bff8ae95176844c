//! From a request to its answer: what is known is answered at once, what burp must be asked goes to
//! the pool, and equal questions share one execution.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use crossbeam_channel::Sender;
use ostler_net::{Answer, Body, Guesses, Meter, Refusal, Reply, Service, Statistics};
use ostler_pool::{Call, CallError, Pool};
use ostler_runtime::{Seldom, now};
use serde_json::Value;

use crate::answer;
use crate::cache::Cache;
use crate::caller::Caller;
use crate::dialect::Burp;
use crate::exchange::BurpAnswer;
use crate::exposition::Exposition;
use crate::flight::{Flight, Waiting};
use crate::metrics::{Asked, Metrics};
use crate::password::Password;
use crate::query::Query;
use crate::request::{Kind, Live, PROBE, Request, RequestError, json_body};
use crate::sharing::Share;
use crate::status::{self, Beside};
use crate::version::Version;
use crate::watcher::{Audience, Viewers};

#[cfg(feature = "shared-cache")]
#[path = "service_sharing.rs"]
mod sharing;

/// The version of the protocol: that of the original whose clients are served.
pub(crate) const PROTOCOL_VERSION: &str = "1.1.1";

/// The shortest time between two log lines of a kind that clients can provoke.
const PAUSE: Duration = Duration::from_secs(10);
/// The longest answer in bytes that the thread of a child writes to a client itself.
const WRITE_HERE: usize = 16 << 10;

/// How much of a query the log shows.
const LOGGED_CHARACTERS: usize = 100;

/// See the module.
pub(crate) struct Monitor {
    shared: Arc<Shared>,
    viewers: Viewers,
    guesses: Guesses,
    meter: OnceLock<Meter>,
    /// What has become of events, where any are published.
    events: OnceLock<Box<CountEvents>>,
    /// Why the last reload changed nothing, if it did not.
    reload_refused: Mutex<Option<&'static str>>,
    strangers: Seldom,
    refusals: Seldom,
}

/// Counts events, by what became of them.
type CountEvents = dyn Fn() -> [([&'static str; 1], u64); 3] + Send + Sync;

/// What a reload may change.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// What clients must know.
    pub(crate) password: Password,
    /// For a whole answer of burp, waiting included.
    pub(crate) timeout: Duration,
    /// The most memory that kept answers take, in bytes.
    pub(crate) cache_bytes: usize,
}

/// What the answers of the pool's threads need too.
struct Shared {
    pool: Pool<Burp>,
    settings: RwLock<Settings>,
    board: Mutex<Board>,
    metrics: Arc<Metrics>,
    failures: Seldom,
    /// Answers that other daemons share, if any do.
    share: OnceLock<Box<dyn Share>>,
}

/// The answers that are known and the queries that are out.
struct Board {
    cache: Cache,
    flights: HashMap<Query, Arc<Flight>>,
}

impl Board {
    /// A flight is over.
    fn forget(&mut self, flight: &Arc<Flight>) {
        let query = flight.query();
        if self.flights.get(query).is_some_and(|other| Arc::ptr_eq(other, flight)) {
            self.flights.remove(query);
        }
    }
}

impl Monitor {
    /// Serves the children of `pool`; so many clients, and as many pages, may watch.
    pub(crate) fn new(pool: Pool<Burp>, settings: Settings, max_viewers: usize) -> Self {
        let board = Board { cache: Cache::new(settings.cache_bytes), flights: HashMap::new() };
        let shared = Arc::new(Shared {
            pool,
            settings: RwLock::new(settings),
            board: Mutex::new(board),
            metrics: Arc::default(),
            failures: Seldom::new(PAUSE),
            share: OnceLock::new(),
        });
        Self {
            shared,
            viewers: Viewers::new(max_viewers),
            guesses: Guesses::default(),
            meter: OnceLock::new(),
            events: OnceLock::new(),
            reload_refused: Mutex::new(None),
            strangers: Seldom::new(PAUSE),
            refusals: Seldom::new(PAUSE),
        }
    }

    /// Learns where the connections of its server are counted; only the first word counts.
    pub(crate) fn count_by(&self, meter: Meter) {
        let _ = self.meter.set(meter);
    }

    /// Learns what has become of events; only the first word counts.
    #[cfg(feature = "events")]
    pub(crate) fn count_events_by(
        &self,
        count: impl Fn() -> [([&'static str; 1], u64); 3] + Send + Sync + 'static,
    ) {
        let _ = self.events.set(Box::new(count));
    }

    /// Serves by other settings from the next request on.
    pub(crate) fn set(&self, settings: Settings) {
        self.shared.board().cache.set_max_bytes(settings.cache_bytes, now());
        *self.shared.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// A reload is over: why it changed nothing, if it did not. The words go over the wire.
    pub(crate) fn reloaded(&self, refused: Option<&'static str>) {
        *self.reload_refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// The pool behind it.
    pub(crate) fn pool(&self) -> &Pool<Burp> {
        &self.shared.pool
    }

    /// What is counted of requests.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Those who watch.
    pub(crate) fn viewers(&self) -> &Viewers {
        &self.viewers
    }

    /// Tells somebody what is new, at once or later. Only clients get something back.
    pub(crate) fn watch(&self, audience: Audience, live: Live) -> Option<(Reply, Answer)> {
        self.viewers.join(audience, live)
    }

    /// Why queries cannot be answered now; `None` if they can.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        if self.viewers.is_stopped() {
            Some(answer::STOPPING)
        } else if self.shared.pool.has_ready() {
            None
        } else {
            Some("No burp monitor is ready")
        }
    }

    /// Has burp asked for the summary, or takes that of the last moments, and tells it to `to`.
    pub(crate) fn summary(&self, to: Sender<Answer>) {
        // It is no caller who could be answered at once.
        let _ = self.shared.query(Query::summary(), true, Waiting::Watcher(to));
    }

    /// Forgets answers that nobody may be given any more.
    pub(crate) fn sweep(&self) {
        self.shared.board().cache.sweep(now());
    }

    /// The state of the daemon as the function `status` answers it.
    pub(crate) fn status(&self) -> Value {
        let beside = Beside {
            cache: self.shared.board().cache.size(),
            connections: &self.connections(),
            viewers: self.viewers.len(),
            reload_refused: *self.reload_refused.lock().unwrap_or_else(PoisonError::into_inner),
        };
        status::report(&self.shared.pool, &beside)
    }

    /// Everything that is counted, now.
    pub(crate) fn exposition(&self) -> Exposition {
        let (metrics, dialect) = (self.metrics(), self.shared.pool.dialect());
        let version = |version: Option<Version>| {
            version.map_or_else(|| "unknown".to_owned(), |version| version.to_string())
        };
        Exposition {
            pool: self.shared.pool.statistics(),
            connections: self.connections(),
            requests: Exposition::requests(metrics),
            refused: [
                ("password", metrics.wrong_passwords.value()),
                ("malformed", metrics.malformed.value()),
            ],
            queries: [
                ("hit", metrics.cache_hits.value()),
                ("shared", metrics.shared.value()),
                ("executed", metrics.executed.value()),
            ],
            latency: metrics.latency.read(),
            wait: metrics.wait.read(),
            cache: self.shared.board().cache.size(),
            viewers: self.viewers.len(),
            events: self.events.get().map(|count| count()),
            shared_cache: self.shared.share.get().map(|share| share.figures()),
            burp: [
                ("client_version", version(dialect.facts.client_version())),
                ("server_version", version(dialect.facts.server_version())),
                ("transport", dialect.transport_used().to_owned()),
            ],
        }
    }

    /// What its server counts.
    pub(crate) fn connections(&self) -> Statistics {
        self.meter.get().map(Meter::statistics).unwrap_or_default()
    }

    /// Answers a wrong password: the more of them came from an address, the later.
    fn wrong_password(&self, mut reply: Reply) -> Option<(Reply, Answer)> {
        self.shared.metrics.wrong_passwords.count();
        if let Some(more) = self.strangers.allow() {
            log::warn!("wrong password from {} ({more} more before)", reply.peer());
        }
        // A kept connection is for those who know the password, not for guessing it.
        reply.close_after();
        let delay = reply.origin().map(|origin| self.guesses.count(origin, now()));
        // Every request has its answer within the timeout, this one too.
        let delay = delay.map(|delay| delay.min(self.shared.settings().timeout));
        match delay.filter(|delay| !delay.is_zero()) {
            Some(delay) => {
                reply.send_after(delay, answer::ko());
                None
            }
            None => Some((reply, answer::ko())),
        }
    }

    fn answer(&self, request: Request, mut reply: Reply) -> Option<(Reply, Answer)> {
        if request.keep {
            reply.keep();
        }
        let metrics = Arc::clone(&self.shared.metrics);
        let caller = Caller::new(reply, Asked::of(&request.kind), metrics);
        match request.kind {
            Kind::MonitorVersion => {
                let version = Body::Static(PROTOCOL_VERSION.as_bytes());
                Some(caller.at_once(answer::ok(version)))
            }
            Kind::Status => Some(caller.at_once(answer::ok(json_body(&self.status())))),
            Kind::Live(live) => self.watch(Audience::Client(caller), live),
            Kind::Query { query, cache } => {
                self.shared.query(query, cache, Waiting::Answer(caller))
            }
            known => self.shared.fact(known, caller),
        }
    }
}

impl Service for Monitor {
    fn request(&self, body: &[u8], mut reply: Reply) -> Option<(Reply, Answer)> {
        if body == PROBE {
            // Dropping the reply closes the connection without a byte, as the prober expects.
            return None;
        }
        let request = Request::parse(body, &self.shared.settings().password);
        match request {
            Ok(request) => {
                reply.authenticated();
                self.answer(request, reply)
            }
            Err(RequestError::Password) => self.wrong_password(reply),
            Err(error) => {
                self.shared.metrics.malformed.count();
                if !error.is_of_stranger() {
                    reply.authenticated();
                }
                if let Some(more) = self.refusals.allow() {
                    log::info!(
                        "refused a request from {}: {error} ({more} more before)",
                        reply.peer()
                    );
                }
                Some((reply, answer::er(&error.to_string())))
            }
        }
    }

    fn refused(&self, why: Refusal) -> Option<Answer> {
        Some(answer::of_refusal(why))
    }
}

impl Shared {
    /// Answers from the cache, joins an execution, or starts one.
    fn query(
        self: &Arc<Self>,
        query: Query,
        cached: bool,
        mut newcomer: Waiting,
    ) -> Option<(Reply, Answer)> {
        let mut board = self.board();
        if cached {
            if let Some(bytes) = board.cache.answer(&query, now()) {
                let answer = answer::of_burp(&BurpAnswer::Json(bytes.clone()));
                drop(board);
                self.metrics.cache_hits.count();
                return match newcomer {
                    Waiting::Answer(caller) => Some(caller.at_once(answer)),
                    Waiting::Fact(kind, caller) => {
                        self.tell_fact(kind, caller, answer);
                        None
                    }
                    Waiting::Watcher(to) => {
                        // Whoever watches may have ended meanwhile.
                        let _ = to.send(answer);
                        None
                    }
                };
            }
        }
        if let Some(flight) = board.flights.get(&query) {
            match flight.join(newcomer, cached) {
                Ok(()) => {
                    self.metrics.shared.count();
                    return None;
                }
                Err(back) => newcomer = back,
            }
        }
        // Whoever wants a new answer does not want another daemon's.
        let share = self.share.get().filter(|share| cached && share.is_reachable());
        let new = if share.is_some() { Flight::shared } else { Flight::new };
        let flight = Arc::new(new(query.clone(), newcomer));
        board.flights.insert(query, Arc::clone(&flight));
        drop(board);
        if !share.is_some_and(|share| share.take(&flight)) {
            self.start(flight, cached);
        }
        None
    }

    fn start(self: &Arc<Self>, flight: Arc<Flight>, cached: bool) {
        self.metrics.executed.count();
        let (shared, out, wanted) = (Arc::clone(self), Arc::clone(&flight), Arc::clone(&flight));
        let deadline = flight.deadline(self.settings().timeout);
        let call = Call::new(flight, deadline, move |outcome| {
            shared.land(&out, cached, &outcome);
        });
        self.pool.submit(call.wanted_while(move || wanted.is_wanted()));
    }

    /// An execution is over: tells everybody who waited for it.
    fn land(&self, flight: &Arc<Flight>, cached: bool, outcome: &Result<BurpAnswer, CallError>) {
        let query = flight.query();
        if let Some(waited) = flight.waited() {
            self.metrics.wait.record(waited);
        }
        let mut board = self.board();
        board.forget(flight);
        // A newer summary replaces the one that is shown; other answers are kept for those who
        // would take one again.
        let kept = match outcome {
            Ok(BurpAnswer::Json(bytes))
                if cached || query.is_summary() || board.cache.knows(query) =>
            {
                board.cache.keep(query, bytes.clone(), flight.took_off(), now());
                Some(bytes)
            }
            _ => None,
        };
        drop(board);
        if let Some(share) = self.share.get() {
            share.landed(query, kept, flight.took_off());
        }
        let answer = match outcome {
            Ok(answer) => {
                if let BurpAnswer::Warning(warning) = answer {
                    log::info!("burp warns about {}: {warning}", short(query));
                }
                answer::of_burp(answer)
            }
            Err(error) => {
                if *error != CallError::Unwanted {
                    if let Some(more) = self.failures.allow() {
                        log::warn!("no answer to {}: {error} ({more} more before)", short(query));
                    }
                }
                answer::of_failure(error, self.settings().timeout.as_secs())
            }
        };
        self.tell(flight, &answer);
    }

    /// Tells everybody who waited for it.
    fn tell(&self, flight: &Flight, answer: &Answer) {
        let mut told = Vec::new();
        for waiting in flight.land() {
            match waiting {
                Waiting::Answer(caller) => told.push(caller),
                Waiting::Fact(kind, caller) => self.tell_fact(kind, caller, answer.clone()),
                Waiting::Watcher(to) => {
                    // Whoever watches may have ended meanwhile.
                    let _ = to.send(answer.clone());
                }
            }
        }
        // One short answer is written here: that costs less than waking another thread for it, and
        // the child is with its next query already.
        if answer.body.as_bytes().len() <= WRITE_HERE {
            if let Some(last) = told.pop() {
                last.send_here(answer.clone());
            }
        }
        for caller in told {
            caller.send(answer.clone());
        }
    }

    /// Tells a fact when the binary has been asked too, or why burp could not be.
    fn tell_fact(&self, kind: Kind, caller: Caller, answer: Answer) {
        let facts = Arc::clone(&self.pool.dialect().facts);
        self.pool.dialect().facts.when_asked(move || {
            let fact = status::fact(&kind, &facts, !answer::is_er(&answer));
            caller.send(fact.unwrap_or_else(|| answer::unknown_fact(&answer)));
        });
    }

    /// Answers what is known once a child was ready; until then a query is run to find out.
    fn fact(self: &Arc<Self>, kind: Kind, caller: Caller) -> Option<(Reply, Answer)> {
        if self.pool.has_ready() {
            if let Some(answer) = status::fact(&kind, &self.pool.dialect().facts, true) {
                return Some(caller.at_once(answer));
            }
        }
        self.query(Query::summary(), false, Waiting::Fact(kind, caller))
    }

    fn settings(&self) -> RwLockReadGuard<'_, Settings> {
        self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query as the log shows it.
fn short(query: &Query) -> String {
    query.as_str().chars().take(LOGGED_CHARACTERS).collect()
}
