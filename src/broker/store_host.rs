//! A store at work: its lock, what comes in, what goes out, and who waits.
//!
//! Whoever uses a store does the work in its own thread, under the store's lock. So does the thread
//! that brings a command, if nobody has the lock: it never waits for it. What is left is done by the
//! [store's thread](crate::store_thread).

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker_data::{Data, EndpointId, Timestamp};
use broker_store::{Backend, Command, Content, EntityId, StoreError, StoreStatistics};
use crossbeam_channel::Sender;
use ostler_runtime::{Deadline, Seldom};

use crate::core::Core;
use crate::parcel::Origin;
use crate::queue::Queue;
use crate::route::{Heading, Owner};
use crate::store_health::LostWrites;
use crate::store_hint::Hint;
use crate::store_keeper::{Keeper, Keeping};
use crate::store_outbox::Outbox;
use crate::store_requests::{Late, OnAnswer, Requests, call};
use crate::store_role::{Question, Role};
use crate::stores::Ending;
use crate::{Kind, Message, Topic};

/// Commands that are taken from the inbox at once, at most.
const BATCH: usize = 128;
/// How often, before others have their turn.
const BATCHES: usize = 8;

/// See the module.
pub(crate) struct Host {
    pub(crate) name: String,
    /// Master or clone.
    pub(crate) id: EntityId,
    /// Who asks on this node.
    pub(crate) frontend: EntityId,
    pub(crate) core: Arc<Core>,
    pub(crate) topics: Topics,
    state: Mutex<State>,
    /// Something has happened that somebody may wait for.
    changed: Condvar,
    pub(crate) inbox: Queue<Message>,
    /// Where a master keeps its entries.
    backend: Option<Arc<dyn Backend>>,
    /// Those who hear of changes and were waited for in vain, and until when they are waited for still.
    pub(crate) stuck: Mutex<Vec<(Owner, Deadline)>>,
    /// Whether it will be roused when somebody who hears of changes has room.
    pub(crate) awaits_room: Arc<AtomicBool>,
    /// What it has learned of peers.
    hints: Mutex<VecDeque<Hint>>,
    pub(crate) is_master: bool,
    /// Whether commands are done by the thread that brings them.
    in_place: bool,
    pub(crate) outbox: Outbox,
    pub(crate) requests: Requests,
    /// Whether others hear of changes.
    pub(crate) has_readers: AtomicBool,
    pub(crate) rouse: Sender<()>,
    /// Whether its thread has ended.
    pub(crate) is_over: AtomicBool,
    /// How changes get into the storage, if that takes time.
    pub(crate) keeper: Option<Keeper>,
    pub(crate) seldom: Seldom,
    pub(crate) lost: LostWrites,
    /// For writes of clones that do nothing, which say nothing of the store itself.
    pub(crate) fruitless: Seldom,
    /// The last that is dropped, behind the storage.
    _ending: Ending,
}

/// What a store talks about.
pub(crate) struct Topics {
    /// What others tell it.
    pub(crate) own: Topic,
    /// What it tells others.
    pub(crate) others: Topic,
    /// What it tells this node.
    pub(crate) events: Topic,
}

/// What is under the lock.
pub(crate) struct State {
    pub(crate) role: Role,
    /// Other nodes that have a master of this name.
    pub(crate) others: BTreeSet<EndpointId>,
    /// Whether the end has begun.
    pub(crate) is_ending: bool,
    pub(crate) has_ended: bool,
    /// Whether the store's thread waits for no tick.
    pub(crate) dozes: bool,
    /// The key's expiry that it waits for then.
    pub(crate) wakes_at: Option<Timestamp>,
    /// Who waits for a change.
    pub(crate) waits: usize,
    /// How many dropped writes whoever flushed was told of.
    pub(crate) said_dropped: u64,
    /// Until when those who hear of changes may hold up who writes from afar.
    pub(crate) held: Option<Deadline>,
    /// Questions to a clone that cannot answer yet.
    early: Vec<(Question, u64)>,
}

/// What a host is made of.
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) id: EntityId,
    pub(crate) frontend: EntityId,
    pub(crate) core: Arc<Core>,
    pub(crate) topics: Topics,
    pub(crate) role: Role,
    pub(crate) in_place: bool,
    pub(crate) rouse: Sender<()>,
    pub(crate) keeper: Option<Keeper>,
    pub(crate) backend: Option<Arc<dyn Backend>>,
}

impl Host {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { name, id, frontend, core, topics, role, in_place, rouse, keeper, backend } =
            parts;
        let inbox = Queue::new(core.options.stores.inbox);
        let is_master = matches!(role, Role::Master(_));
        let ending = Ending::new(&core, &name);
        let state = State {
            role,
            others: BTreeSet::new(),
            is_ending: false,
            has_ended: false,
            dozes: false,
            wakes_at: None,
            waits: 0,
            said_dropped: 0,
            held: None,
            early: Vec::new(),
        };
        Self {
            name,
            id,
            frontend,
            core,
            topics,
            state: Mutex::new(state),
            changed: Condvar::new(),
            inbox,
            backend,
            stuck: Mutex::default(),
            awaits_room: Arc::default(),
            hints: Mutex::default(),
            is_master,
            in_place,
            outbox: Outbox::default(),
            requests: Requests::default(),
            has_readers: AtomicBool::new(false),
            rouse,
            is_over: AtomicBool::new(false),
            keeper,
            seldom: Seldom::new(crate::core::PAUSE),
            lost: LostWrites::default(),
            fruitless: Seldom::new(crate::core::PAUSE),
            _ending: ending,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hints(&self) -> MutexGuard<'_, VecDeque<Hint>> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the store's thread look what there is to do.
    pub(crate) fn rouse(&self) {
        // If it is told already, once is enough.
        let _ = self.rouse.try_send(());
    }

    /// Whether the store can be used.
    pub(crate) fn check(&self, state: &State) -> Result<(), StoreError> {
        if state.has_ended {
            return Err(StoreError::Ended(self.name.clone()));
        }
        if self.is_refused(state) {
            return Err(StoreError::MasterExists(self.name.clone()));
        }
        Ok(())
    }

    /// Lets go of the lock after something has been done, and sees to what follows from it.
    pub(crate) fn finish(&self, state: MutexGuard<'_, State>) {
        self.finish_for(state, Keeping::Roused);
    }

    /// The same, for who sees to it in another way that changes are kept.
    fn finish_for(&self, mut state: MutexGuard<'_, State>, keeping: Keeping) {
        let state_now = &mut *state;
        if state_now.role.has_output() {
            self.outbox.put(state_now.role.take_output());
        }
        let mut answers = Vec::new();
        if !state_now.early.is_empty() && state_now.role.has_begun() {
            let role = &state_now.role;
            let early = state_now.early.drain(..);
            answers.extend(early.map(|(question, number)| (number, role.ask(&question))));
        }
        let has_readers = state_now.role.has_readers();
        if has_readers != self.has_readers.load(Ordering::Relaxed) {
            self.has_readers.store(has_readers, Ordering::Relaxed);
        }
        let is_earlier = match (state_now.role.next_expiry(), state_now.wakes_at) {
            (Some(next), Some(at)) => next < at,
            (next, _) => next.is_some(),
        };
        let is_due = is_earlier || state_now.role.needs_ticks() || self.requests.are_open();
        let wakes = state_now.dozes && is_due;
        if wakes {
            state_now.dozes = false;
        }
        let waits = state_now.waits > 0;
        let goes_on = state_now.role.is_paused() && state_now.held.is_none();
        let has_changes = keeping == Keeping::Roused && state_now.role.has_changes();
        drop(state);
        if waits {
            self.changed.notify_all();
        }
        if wakes || goes_on {
            self.rouse();
        }
        if has_changes && let Some(keeper) = &self.keeper {
            keeper.has_more();
        }
        for (number, answer) in answers {
            self.requests.answer(number, answer);
        }
        self.say();
    }

    /// Whether another node has a master of this name that comes before this one.
    pub(crate) fn is_refused(&self, state: &State) -> bool {
        state.others.first().is_some_and(|first| *first < self.core.id)
    }

    /// How it does. The storage is asked without the lock.
    pub(crate) fn statistics(&self) -> StoreStatistics {
        let mut statistics = self.lock().role.statistics();
        if let Some(backend) = &self.backend {
            statistics.entries = backend.len().unwrap_or(0);
        }
        statistics
    }

    /// Waits for a change; `None` once the deadline has passed.
    pub(crate) fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        deadline: Deadline,
    ) -> Option<MutexGuard<'a, State>> {
        let left = deadline.remaining();
        if left.is_some_and(|left| left.is_zero()) {
            return None;
        }
        state.waits = state.waits.saturating_add(1);
        let mut state = match left {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(left) => {
                let waited = self.changed.wait_timeout(state, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.waits = state.waits.saturating_sub(1);
        Some(state)
    }

    /// Has all who wait look again.
    pub(crate) fn wake_all(&self) {
        self.changed.notify_all();
    }

    /// Waits until the state is as wished; whether it is.
    pub(crate) fn wait_until(&self, deadline: Deadline, is_so: impl Fn(&State) -> bool) -> bool {
        let mut state = self.lock();
        loop {
            if is_so(&state) {
                return true;
            }
            match self.wait(state, deadline) {
                Some(next) => state = next,
                None => return is_so(&self.lock()),
            }
        }
    }

    /// Makes a change, once there is room for it.
    pub(crate) fn write(&self, action: Content) -> Result<(), StoreError> {
        let wait = self.core.options.stores.request_wait;
        self.write_for(action, Keeping::Roused, Deadline::after(wait))
    }

    fn write_for(
        &self,
        action: Content,
        keeping: Keeping,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let waited = self.core.options.stores.request_wait;
        let full = || StoreError::Full { name: self.name.clone(), waited };
        if !self.outbox.wait_room(deadline) {
            return Err(full());
        }
        let listens = self.has_listeners();
        let Some(mut state) = self.lock_with_room(deadline) else { return Err(full()) };
        self.check(&state)?;
        // What a storage that has failed leaves undone is not waited for, nor what one that ends does.
        while state.role.is_full() && !state.role.has_failed() && !state.is_ending {
            let Some(next) = self.wait(state, deadline) else { return Err(full()) };
            state = next;
            self.check(&state)?;
        }
        if state.is_ending {
            return Err(StoreError::Ended(self.name.clone()));
        }
        state.role.set_listeners(listens);
        let done = state.role.write(action, self.core.clock.now());
        self.finish_for(state, keeping);
        done
    }

    /// Asks a question that has an answer once something was written for it.
    pub(crate) fn write_and_ask(
        &self,
        action: impl FnOnce(u64) -> Content,
        deadline: Deadline,
        on_answer: OnAnswer,
        keeping: Keeping,
    ) -> Result<u64, StoreError> {
        let number = self.requests.open(deadline, Late::Unanswered("put_unique"), on_answer);
        let written = self.write_for(action(number), keeping, deadline);
        if keeping == Keeping::Here && written.is_ok() {
            self.keep_here(|| !self.requests.is_open(number) || deadline.passed());
        }
        match written {
            Err(error) if self.requests.withdraw(number) => Err(error),
            // If it is answered already, that is the answer.
            _ => Ok(number),
        }
    }

    /// Answers a question, once a clone can.
    pub(crate) fn ask(&self, question: &Question) -> Result<Data, StoreError> {
        let state = self.begun()?;
        state.role.ask(question)
    }

    /// The lock, once a clone can answer questions.
    pub(crate) fn begun(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.lock();
        self.check(&state)?;
        if state.role.has_begun() {
            return Ok(state);
        }
        let deadline = Deadline::after(self.core.options.stores.max_get_delay);
        while !state.role.has_begun() {
            let Some(next) = self.wait(state, deadline) else {
                return Err(StoreError::Stale(self.name.clone()));
            };
            state = next;
            self.check(&state)?;
        }
        Ok(state)
    }

    /// The same, without waiting: what is called with the answer may be called before this returns.
    pub(crate) fn ask_later(&self, question: Question, on_answer: OnAnswer) {
        let mut state = self.lock();
        let checked = self.check(&state);
        let most = self.core.options.stores.inbox.items;
        if checked.is_ok() && !state.role.has_begun() && state.early.len() < most {
            let deadline = Deadline::after(self.core.options.stores.max_get_delay);
            let number = self.requests.open(deadline, Late::Stale, on_answer);
            state.early.push((question, number));
            self.finish(state);
            return;
        }
        let answer = checked.and_then(|()| state.role.ask(&question));
        drop(state);
        call(on_answer, answer);
    }

    /// Forgets questions that have had their answer.
    pub(crate) fn forget_early(&self, state: &mut State) {
        state.early.retain(|(_, number)| self.requests.is_open(*number));
    }

    /// Takes a command from elsewhere.
    pub(crate) fn take(&self, message: &Message) {
        self.inbox.put(message.clone(), message.frame().len());
        if self.in_place
            && let Ok(state) = self.state.try_lock()
        {
            self.work_off(state);
        } else {
            self.rouse();
        }
    }

    /// Does what has come in.
    pub(crate) fn work_off(&self, mut state: MutexGuard<'_, State>) {
        let mut taken = VecDeque::new();
        let at_once = Deadline::after(Duration::ZERO);
        let listens = self.has_listeners();
        for _ in 0..BATCHES {
            if self.inbox.len() == 0 {
                break;
            }
            self.hold(&mut state);
            self.inbox.take(BATCH, at_once, &mut taken);
            state.role.set_listeners(listens);
            for message in taken.drain(..) {
                match Command::decode(message.payload()) {
                    Ok(command) if !state.has_ended && !self.is_refused(&state) => {
                        let bytes = message.payload().len();
                        state.role.command(command, bytes, self.core.clock.now());
                    }
                    Ok(_) => {}
                    Err(error) => self.core.undecodable(&message, &error),
                }
            }
        }
        if self.inbox.len() > 0 {
            self.rouse();
        }
        self.finish(state);
    }

    /// Whether anybody in this node wants to hear of changes.
    pub(crate) fn has_listeners(&self) -> bool {
        let topic = self.topics.events.as_bytes();
        let heading = Heading::new(topic, EndpointId::NIL, Kind::Data, Origin::Local);
        !self.core.routing.wanting(&heading).is_empty()
    }
}
