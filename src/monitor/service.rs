//! From a request to its answer: what is known is answered at once, what burp must be asked goes to
//! the pool, and equal questions share one execution.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use ostler_net::{Answer, Body, Meter, Refusal, Reply, Service};
use ostler_pool::{Call, CallError, Pool};
use ostler_runtime::{Deadline, Seldom, now};
use serde_json::Value;

use crate::answer;
use crate::cache::Cache;
use crate::dialect::Burp;
use crate::exchange::BurpAnswer;
use crate::flight::{Flight, Waiting};
use crate::guesses::Guesses;
use crate::password::Password;
use crate::query::Query;
use crate::request::{Kind, PROBE, Request, RequestError, json_body};
use crate::status;

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
    guesses: Guesses,
    meter: OnceLock<Meter>,
    /// Why the last reload changed nothing, if it did not.
    reload_refused: Mutex<Option<&'static str>>,
    strangers: Seldom,
    refusals: Seldom,
}

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
    failures: Seldom,
}

/// The answers that are known and the queries that are out.
struct Board {
    cache: Cache,
    flights: HashMap<Query, Arc<Flight>>,
}

impl Monitor {
    /// Serves the children of `pool`.
    pub(crate) fn new(pool: Pool<Burp>, settings: Settings) -> Self {
        let board = Board { cache: Cache::new(settings.cache_bytes), flights: HashMap::new() };
        let shared = Arc::new(Shared {
            pool,
            settings: RwLock::new(settings),
            board: Mutex::new(board),
            failures: Seldom::new(PAUSE),
        });
        Self {
            shared,
            guesses: Guesses::default(),
            meter: OnceLock::new(),
            reload_refused: Mutex::new(None),
            strangers: Seldom::new(PAUSE),
            refusals: Seldom::new(PAUSE),
        }
    }

    /// Learns where the connections of its server are counted; only the first word counts.
    pub(crate) fn count_by(&self, meter: Meter) {
        let _ = self.meter.set(meter);
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

    /// Forgets answers that nobody may be given any more.
    pub(crate) fn sweep(&self) {
        self.shared.board().cache.sweep(now());
    }

    /// The state of the daemon as the function `status` answers it.
    pub(crate) fn status(&self) -> Value {
        let cache = self.shared.board().cache.size();
        let connections = self.meter.get().map(Meter::statistics).unwrap_or_default();
        let refused = *self.reload_refused.lock().unwrap_or_else(PoisonError::into_inner);
        status::report(&self.shared.pool, cache, &connections, refused)
    }

    /// Answers a wrong password: the more of them came from an address, the later.
    fn wrong_password(&self, mut reply: Reply) -> Option<(Reply, Answer)> {
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
        match request.kind {
            Kind::MonitorVersion => {
                Some((reply, answer::ok(Body::Static(PROTOCOL_VERSION.as_bytes()))))
            }
            Kind::Status => Some((reply, answer::ok(json_body(&self.status())))),
            Kind::Query { query, cache } => self.shared.query(query, cache, Waiting::Answer(reply)),
            known => self.shared.fact(known, reply),
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
                match newcomer {
                    Waiting::Answer(reply) => return Some((reply, answer)),
                    fact @ Waiting::Fact(..) => newcomer = fact,
                }
            }
        }
        if let Some(flight) = board.flights.get(&query) {
            match flight.join(newcomer, cached) {
                Ok(()) => return None,
                Err(back) => newcomer = back,
            }
        }
        let flight = Arc::new(Flight::new(query.clone(), newcomer));
        board.flights.insert(query, Arc::clone(&flight));
        drop(board);
        self.start(flight, cached);
        None
    }

    fn start(self: &Arc<Self>, flight: Arc<Flight>, cached: bool) {
        let (shared, out, wanted) = (Arc::clone(self), Arc::clone(&flight), Arc::clone(&flight));
        let call = Call::new(flight, Deadline::after(self.settings().timeout), move |outcome| {
            shared.land(&out, cached, &outcome);
        });
        self.pool.submit(call.wanted_while(move || wanted.is_wanted()));
    }

    /// An execution is over: tells everybody who waited for it.
    fn land(&self, flight: &Arc<Flight>, cached: bool, outcome: &Result<BurpAnswer, CallError>) {
        let query = flight.query();
        let mut board = self.board();
        if board.flights.get(query).is_some_and(|other| Arc::ptr_eq(other, flight)) {
            board.flights.remove(query);
        }
        // A newer summary replaces the one that is shown; other answers are kept for those who
        // would take one again.
        if let Ok(BurpAnswer::Json(bytes)) = outcome {
            if cached || query.is_summary() || board.cache.knows(query) {
                board.cache.keep(query, bytes.clone(), flight.took_off(), now());
            }
        }
        drop(board);
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
        let mut told = Vec::new();
        for waiting in flight.land() {
            match waiting {
                Waiting::Answer(reply) => told.push(reply),
                Waiting::Fact(kind, reply) => self.tell_fact(kind, reply, answer.clone()),
            }
        }
        // One short answer is written here: that costs less than waking another thread for it, and
        // the child is with its next query already.
        if answer.body.as_bytes().len() <= WRITE_HERE {
            if let Some(last) = told.pop() {
                last.send_here(answer.clone());
            }
        }
        for reply in told {
            reply.send(answer.clone());
        }
    }

    /// Tells a fact when the binary has been asked too, or why burp could not be.
    fn tell_fact(&self, kind: Kind, reply: Reply, answer: Answer) {
        let facts = Arc::clone(&self.pool.dialect().facts);
        self.pool.dialect().facts.when_asked(move || {
            let fact = status::fact(&kind, &facts, !answer::is_er(&answer));
            reply.send(fact.unwrap_or_else(|| answer::unknown_fact(&answer)));
        });
    }

    /// Answers what is known once a child was ready; until then a query is run to find out.
    fn fact(self: &Arc<Self>, kind: Kind, reply: Reply) -> Option<(Reply, Answer)> {
        if self.pool.has_ready() {
            if let Some(answer) = status::fact(&kind, &self.pool.dialect().facts, true) {
                return Some((reply, answer));
            }
        }
        self.query(Query::summary(), false, Waiting::Fact(kind, reply))
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
