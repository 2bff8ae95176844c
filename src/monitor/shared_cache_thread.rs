//! The thread behind a shared cache: it has written down what this daemon asks and is answered,
//! learns what the others are, and ends each wait for them.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use broker::data::{Data, Timestamp};
use broker::{Message, Store, StoreError};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use ostler_runtime::threads::caught;
use ostler_runtime::utc::unix_millis;
use ostler_runtime::{Deadline, Seldom, now};

use crate::cache::{MAX_ENTRIES, lifetime};
use crate::exchange::Bytes;
use crate::flight::Flight;
use crate::query::Query;
use crate::service::Monitor;
use crate::shared_cache::{MAX_SHARED, State};
use crate::shared_cache_entry::{Change, Keys};
use crate::shared_cache_room::Taken;
use crate::shared_cache_view::Whose;
use crate::shared_cache_writer::{Job, Write};

/// How often it is looked whether the store can be reached.
pub(crate) const LOOK: Duration = Duration::from_millis(250);
/// How long nobody waits for the store after it has not answered in time.
const REST: Duration = Duration::from_secs(3);
/// The shortest time between two log lines about answers that came too late.
const PAUSE: Duration = Duration::from_secs(60);
/// Why nothing is shared, at first too.
const UNREACHABLE: &str = "the shared cache cannot be reached";

/// What the thread is told.
pub(crate) enum Told {
    /// A query would go to burp.
    Asked(Arc<Flight>),
    /// Whether the claim with this number is this daemon's, and until when it stands at least.
    Claimed {
        number: u64,
        query: Query,
        until: Deadline,
        answer: Result<Data, StoreError>,
    },
    /// Burp has answered.
    Landed {
        query: Query,
        answer: Option<(Bytes, Taken)>,
        took_off: Instant,
    },
    /// Something has changed in the store.
    Changed(Message, Taken),
    /// Children are started with this configuration of the client's from now on.
    Follow(PathBuf),
    Stop,
}

/// A flight that waits to be allowed to begin, or for another daemon's answer.
struct Pending {
    number: u64,
    flight: Arc<Flight>,
    deadline: Deadline,
    /// The store has said that another daemon asks burp.
    is_answered: bool,
    /// A claim has ended, and the store has not said yet whether it means that one.
    was_released: bool,
}

/// See the module.
pub(crate) struct Keeper {
    store: Store,
    /// What is to be written.
    jobs: Sender<Job>,
    whose: Whose,
    keys: Keys,
    /// What the store calls this daemon.
    me: String,
    monitor: Arc<Monitor>,
    state: Arc<State>,
    told: Receiver<Told>,
    wait: Duration,
    /// The most that answers of this daemon take in the store, in bytes.
    max_bytes: usize,
    pending: Vec<Pending>,
    number: u64,
    /// The queries that this daemon has said it asks, and until when that stands.
    claims: HashMap<Query, Deadline>,
    /// The answers of this daemon in the store: until when, and their bytes.
    written: VecDeque<(Instant, usize)>,
    /// Why nothing is shared, as the log has it.
    trouble: Option<String>,
    /// Nobody waits for the store until then.
    rest: Deadline,
    late: Seldom,
}

impl Keeper {
    pub(crate) fn new(
        store: Store,
        whose: Whose,
        (monitor, state): (Arc<Monitor>, Arc<State>),
        (told, jobs): (Receiver<Told>, Sender<Job>),
        (wait, max_bytes): (Duration, usize),
    ) -> Self {
        Self {
            me: store.entity_id().endpoint.to_string(),
            store,
            jobs,
            keys: Keys::new(whose.view().to_owned()),
            whose,
            monitor,
            state,
            told,
            wait,
            max_bytes,
            pending: Vec::new(),
            number: 0,
            claims: HashMap::new(),
            written: VecDeque::new(),
            trouble: Some(UNREACHABLE.to_owned()),
            rest: Deadline::after(Duration::ZERO),
            late: Seldom::new(PAUSE),
        }
    }

    pub(crate) fn run(mut self) {
        log::debug!("shared cache: answers are those of {}", self.whose.view());
        let mut look = Deadline::after(Duration::ZERO);
        loop {
            let due = self.pending.iter().fold(look, |due, one| due.earlier(one.deadline));
            match self.told.recv_timeout(due.remaining().unwrap_or(LOOK)) {
                Ok(Told::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(told) => {
                    caught("a shared answer", || self.take(told));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.give_up();
            if look.passed() {
                self.look();
                look = Deadline::after(LOOK);
            }
        }
        self.begin_all();
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Asked(flight) => self.ask(flight),
            Told::Claimed { number, query, until, answer } => {
                self.claimed(number, query, until, &answer);
            }
            Told::Landed { query, answer, took_off } => {
                self.landed(&query, answer, took_off);
            }
            Told::Follow(client_config) => {
                self.whose.follow(client_config);
                self.look();
            }
            // What others know may be of another burp server or client.
            Told::Changed(..) if self.whose.doubt().is_some() => {}
            Told::Changed(message, _taken) => {
                let change =
                    message.decode().ok().and_then(|event| self.keys.read(event, &self.me));
                match change {
                    Some(Change::Answer { query, born, left, bytes }) => {
                        self.learn(&query, born, left, bytes);
                    }
                    Some(Change::Released(query)) => self.released(&query),
                    None => {}
                }
            }
            Told::Stop => {}
        }
    }

    /// Whether answers may be shared, and can be.
    fn look(&mut self) {
        let doubt = self.whose.doubt().map(ToString::to_string);
        let trouble = doubt.or_else(|| {
            let is_there = self.is_there() && self.rest.passed();
            (!is_there).then(|| UNREACHABLE.to_owned())
        });
        self.state.set_reachable(trouble.is_none());
        // Of those whose answer was not told for want of room, nothing is left either.
        self.claims.retain(|_, until| !until.passed());
        if trouble == self.trouble {
            return;
        }
        match &trouble {
            Some(trouble) => {
                log::warn!("{trouble}: all queries go to burp");
                self.begin_all();
            }
            None => log::info!("the shared cache is there"),
        }
        self.trouble = trouble;
    }

    /// Whether the store answers: a clone knows its master, and a master is the only one.
    fn is_there(&self) -> bool {
        self.store.initialized()
            && matches!(self.store.get(&Data::None), Ok(_) | Err(StoreError::NoSuchKey(_)))
    }

    /// Burp is to be asked, unless another daemon does, or has.
    fn ask(&mut self, flight: Arc<Flight>) {
        if let Some(bytes) = self.monitor.known(flight.query()) {
            // It came while the flight was on its way here.
            return self.spare(&flight, bytes);
        }
        if !self.state.is_on() {
            return self.monitor.begin(flight);
        }
        // It has waited since it came to be, however long it was on its way here.
        let deadline = flight.deadline(self.wait);
        let (number, is_answered, was_released) = (0, false, false);
        self.claim(Pending { number, flight, deadline, is_answered, was_released });
    }

    fn claim(&mut self, mut pending: Pending) {
        self.number += 1;
        pending.number = self.number;
        (pending.is_answered, pending.was_released) = (false, false);
        let claim = Write::Claim(self.number, pending.flight.query().clone());
        if self.jobs.try_send((pending.deadline, claim)).is_ok() {
            self.pending.push(pending);
        } else {
            self.monitor.begin(pending.flight);
        }
    }

    fn claimed(
        &mut self,
        number: u64,
        query: Query,
        until: Deadline,
        answer: &Result<Data, StoreError>,
    ) {
        let is_refused = matches!(answer, Ok(Data::Boolean(false)));
        let Some(at) = self.pending.iter().position(|one| one.number == number) else {
            // Nobody asks burp by it any more, and others would wait for that.
            if answer.is_ok() && !is_refused {
                let _ = self.jobs.try_send((until, Write::Release(query)));
            }
            return;
        };
        let mut pending = self.pending.swap_remove(at);
        if is_refused && pending.was_released {
            // Events are told before answers: it may be the one that has ended.
            return self.claim(pending);
        }
        if is_refused {
            pending.is_answered = true;
            return self.pending.push(pending);
        }
        if answer.is_ok() {
            self.claims.insert(query, until);
        }
        self.monitor.begin(pending.flight);
    }

    /// Nobody else asks burp any more, and there may be no answer.
    fn released(&mut self, query: &Query) {
        let (again, others): (Vec<_>, _) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|one| one.is_answered && one.flight.query() == query);
        self.pending = others;
        for pending in self.pending.iter_mut().filter(|one| one.flight.query() == query) {
            pending.was_released = true;
        }
        for pending in again {
            self.claim(pending);
        }
    }

    /// Another daemon has an answer.
    fn learn(&mut self, query: &Query, born: Timestamp, left: Duration, bytes: Vec<u8>) {
        let life = lifetime(query);
        let by_clock = age(wall(), born);
        // With clocks so far apart a delay could not be told.
        if by_clock.unsigned_abs() >= life.as_nanos() {
            count(&self.state.outdated);
            if let Some(more) = self.late.allow() {
                log::warn!(
                    "shared cache: an answer is too old or too new by this machine's clock: do \
                     all clocks agree? ({more} more before)"
                );
            }
            return;
        }
        let by_clock = u64::try_from(by_clock).map(Duration::from_nanos).unwrap_or_default();
        let age = life.saturating_sub(left).max(by_clock);
        if bytes.len() > MAX_SHARED {
            return;
        }
        count(&self.state.learned);
        let range = 0..bytes.len();
        let bytes = Bytes { buffer: Arc::new(bytes), range };
        self.monitor.learn(query, bytes.clone(), age);
        let (told, others): (Vec<_>, _) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|one| one.flight.query() == query);
        self.pending = others;
        for pending in told {
            self.spare(&pending.flight, bytes.clone());
        }
    }

    fn spare(&self, flight: &Arc<Flight>, bytes: Bytes) {
        count(&self.state.spared);
        self.monitor.spare(flight, bytes);
    }

    /// Burp has answered this daemon.
    fn landed(&mut self, query: &Query, answer: Option<(Bytes, Taken)>, took_off: Instant) {
        if let Some((bytes, taken)) = answer {
            self.write(query, bytes, taken, took_off);
        }
        if let Some(until) = self.claims.remove(query) {
            // Behind its end it may be another daemon's; it ends by itself too.
            let _ = self.jobs.try_send((until, Write::Release(query.clone())));
        }
    }

    fn write(&mut self, query: &Query, bytes: Bytes, taken: Taken, took_off: Instant) {
        let (moment, length) = (now(), bytes.as_slice().len());
        while self.written.front().is_some_and(|(until, _)| *until <= moment) {
            self.written.pop_front();
        }
        let held: usize = self.written.iter().map(|(_, bytes)| bytes).sum();
        let is_full = self.written.len() >= MAX_ENTRIES
            || held.saturating_add(length) > self.max_bytes
            || self.whose.doubt().is_some();
        let age = moment.saturating_duration_since(took_off);
        let nanos = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
        let born = Timestamp::from_nanos(wall().nanos().saturating_sub(nanos));
        let until = took_off + lifetime(query);
        let answer = Write::Answer { query: query.clone(), born, bytes, taken };
        if is_full || self.jobs.try_send((Deadline::at(until), answer)).is_err() {
            count(&self.state.kept_back);
            return;
        }
        self.written.push_back((until, length));
    }

    /// Those who have waited long enough go to burp.
    fn give_up(&mut self) {
        let (late, others): (Vec<_>, _) =
            std::mem::take(&mut self.pending).into_iter().partition(|one| one.deadline.passed());
        self.pending = others;
        for pending in late {
            count(&self.state.in_vain);
            if !pending.is_answered {
                // It is not the other daemon that does not answer, but the store.
                self.rest = Deadline::after(REST);
                self.look();
            }
            self.monitor.begin(pending.flight);
        }
    }

    fn begin_all(&mut self) {
        for pending in self.pending.drain(..) {
            self.monitor.begin(pending.flight);
        }
    }
}

/// The time by this machine's clock, as it is set now: the other daemons have theirs.
fn wall() -> Timestamp {
    let nanos = i64::try_from(unix_millis()).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    Timestamp::from_nanos(nanos)
}

/// How much later than `born` it is, in nanoseconds.
fn age(now: Timestamp, born: Timestamp) -> i128 {
    i128::from(now.nanos()) - i128::from(born.nanos())
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
#[path = "shared_cache_cases.rs"]
mod tests;
