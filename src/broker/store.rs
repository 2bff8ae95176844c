//! A store, as its user on a node sees it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use broker_data::{Data, Timespan, Timestamp, Type};
use broker_store::{Content, EntityId, Peek, StoreError, StoreStatistics, Subject};
use crossbeam_channel::bounded;
use ostler_runtime::Deadline;

use crate::store_handle::Handle;
use crate::store_host::State;
use crate::store_keeper::Keeping;
use crate::store_proxy::StoreProxy;
use crate::store_role::{Question, Role};

/// A store: its master, or a clone of it. Cheap to clone; when the last one is dropped, the store is
/// taken from the node. It may be used from any thread, but the last one must not be dropped by what
/// the store itself calls.
///
/// A change is made by the master. On a clone, it is seen when the master has told of it; what cannot
/// be done there has no effect, of which only the log of the master's node tells. On a master, it is
/// seen at once, and whoever makes it is told if it cannot be done. How long a key lives begins when
/// the change is made; a change without an `expiry` has the key live for ever.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Handle>);

impl Store {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.host.name
    }

    /// Who asks its questions.
    pub fn frontend_id(&self) -> EntityId {
        self.0.host.frontend
    }

    /// Who makes its changes, as events name it.
    pub fn entity_id(&self) -> EntityId {
        self.0.host.id
    }

    /// Whether it is the master.
    pub fn is_master(&self) -> bool {
        self.0.is_master()
    }

    /// Whether questions have answers: a clone has had a snapshot.
    pub fn initialized(&self) -> bool {
        self.0.host.lock().role.has_begun()
    }

    /// How it does.
    pub fn statistics(&self) -> StoreStatistics {
        self.0.host.statistics()
    }

    /// What the key stands for. A clone that has never had a snapshot waits for one, up to
    /// [`StoreLimits::max_get_delay`](crate::StoreLimits::max_get_delay).
    pub fn get(&self, key: &Data) -> Result<Data, StoreError> {
        let peeked = self.0.host.begun()?.role.peek(key)?;
        let value = match peeked {
            Peek::Here(value) => value,
            Peek::In(backend) => {
                let entry = backend.get(key);
                let entry = entry.map_err(|error| StoreError::backend(self.name(), &error))?;
                entry.map(|entry| entry.value)
            }
        };
        value.ok_or_else(|| StoreError::NoSuchKey(Subject::new(self.name(), "get", Some(key))))
    }

    /// What it contains under an index: an element of a vector by its number, whether a set has it,
    /// what a table has for it. Any other value is all that it contains.
    pub fn get_index_from_value(&self, key: &Data, index: &Data) -> Result<Data, StoreError> {
        self.0.host.ask(&Question::GetIndex(key.clone(), index.clone()))
    }

    /// Whether the key stands for anything.
    pub fn exists(&self, key: &Data) -> Result<bool, StoreError> {
        let answer = self.0.host.ask(&Question::Exists(key.clone()))?;
        Ok(answer.as_boolean().unwrap_or_default())
    }

    /// All keys.
    pub fn keys(&self) -> Result<BTreeSet<Data>, StoreError> {
        match self.0.host.ask(&Question::Keys)? {
            Data::Set(keys) => Ok(keys),
            _ => Ok(BTreeSet::new()),
        }
    }

    /// Has the key stand for the value.
    pub fn put(
        &self,
        key: impl Into<Data>,
        value: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        let (key, value, publisher) = (key.into(), value.into(), self.entity_id());
        self.0.host.write(Content::Put { key, value, expiry: span(expiry), publisher })
    }

    /// Has the key stand for the value, unless it stands for something: whether that came about. The
    /// master answers, whom it waits for up to
    /// [`StoreLimits::request_wait`](crate::StoreLimits::request_wait). On a master whose storage
    /// takes its time, this thread may hand the change over itself, and then waits as long as the
    /// storage does. An answer that the storage failed says nothing of later: see
    /// [`StoreError::Backend`]. A clone is not told that it failed, for which the original's commands have
    /// no place: there it is a [`StoreError::Timeout`].
    pub fn put_unique(
        &self,
        key: impl Into<Data>,
        value: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<bool, StoreError> {
        let deadline = Deadline::after(self.0.host.core.options.stores.request_wait);
        let (key, value) = (key.into(), value.into());
        let answer = self.answered(deadline, |number| self.unique(key, value, expiry, number))?;
        Ok(answer.as_boolean().unwrap_or_default())
    }

    /// The same without waiting: `on_answer` is called with the answer, by this thread before this returns
    /// or by one of the endpoint. It must not wait, and so neither ask the store anything that waits nor
    /// drop its last handle.
    pub fn put_unique_then(
        &self,
        key: impl Into<Data>,
        value: impl Into<Data>,
        expiry: Option<Duration>,
        on_answer: impl FnOnce(Result<Data, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let deadline = Deadline::after(self.0.host.core.options.stores.request_wait);
        let (key, value) = (key.into(), value.into());
        let action = |number| self.unique(key, value, expiry, number);
        let on_answer = Box::new(on_answer);
        self.0.host.write_and_ask(action, deadline, on_answer, Keeping::Roused).map(|_| ())
    }

    /// Asks what the key stands for without waiting: `on_answer` is called with the answer, by this
    /// thread before this returns or by one of the endpoint. It must not wait, and so neither ask the
    /// store anything that waits nor drop its last handle.
    pub fn get_then(
        &self,
        key: impl Into<Data>,
        on_answer: impl FnOnce(Result<Data, StoreError>) + Send + 'static,
    ) {
        self.0.host.ask_later(Question::Get(key.into()), Box::new(on_answer));
    }

    /// Has the key stand for nothing.
    pub fn erase(&self, key: impl Into<Data>) -> Result<(), StoreError> {
        let (key, publisher) = (key.into(), self.entity_id());
        self.0.host.write(Content::Erase { key, publisher })
    }

    /// Has no key stand for anything.
    pub fn clear(&self) -> Result<(), StoreError> {
        self.0.host.write(Content::Clear { publisher: self.entity_id() })
    }

    /// Adds to a number, or to a point or span of time; a key that stands for nothing begins with zero.
    /// A sum that its type does not hold is an error on a master, and the greatest or least value if a
    /// clone asks for it.
    pub fn increment(
        &self,
        key: impl Into<Data>,
        amount: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        let amount = amount.into();
        let init = match amount.data_type() {
            // A span is what a point in time is moved by.
            Type::Timespan => Type::Timestamp,
            other => other,
        };
        self.add(key.into(), amount, init, expiry)
    }

    /// Subtracts from a number, or from a point or span of time.
    pub fn decrement(
        &self,
        key: impl Into<Data>,
        amount: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        self.subtract(key.into(), amount.into(), expiry)
    }

    /// Appends to a string; a key that stands for nothing begins with an empty one.
    pub fn append(
        &self,
        key: impl Into<Data>,
        string: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        self.add(key.into(), string.into(), Type::String, expiry)
    }

    /// Adds an element to a set; a key that stands for nothing begins with an empty one.
    pub fn insert_into(
        &self,
        key: impl Into<Data>,
        index: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        self.add(key.into(), index.into(), Type::Set, expiry)
    }

    /// Adds an entry to a table; a key that stands for nothing begins with an empty one.
    pub fn insert_into_table(
        &self,
        key: impl Into<Data>,
        index: impl Into<Data>,
        value: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        let entry = Data::Vector(vec![index.into(), value.into()]);
        self.add(key.into(), entry, Type::Table, expiry)
    }

    /// Removes an element from a set, or an entry from a table. From a vector it takes the last
    /// element, whatever the index is.
    pub fn remove_from(
        &self,
        key: impl Into<Data>,
        index: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        self.subtract(key.into(), index.into(), expiry)
    }

    /// Adds an element to the end of a vector; a key that stands for nothing begins with an empty one.
    pub fn push(
        &self,
        key: impl Into<Data>,
        value: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        self.add(key.into(), value.into(), Type::Vector, expiry)
    }

    /// Takes the last element from a vector.
    pub fn pop(&self, key: impl Into<Data>, expiry: Option<Duration>) -> Result<(), StoreError> {
        let key = key.into();
        self.subtract(key.clone(), key, expiry)
    }

    /// Waits until all have everything: on a master every clone, and its storage, and no key is left
    /// whose time has passed; on a clone, it has all that the master has told, and the master all that
    /// was written here. Whether that came about in time.
    pub fn await_idle(&self, deadline: Deadline) -> bool {
        let host = &self.0.host;
        let is_idle = |role: &Role| role.is_idle(host.core.clock.now());
        // Another key may be due the moment after.
        host.wait_until(deadline, |state| host.check(state).is_err() || is_idle(&state.role))
            && host.check(&host.lock()).is_ok()
    }

    /// Waits until what was written here up to now is kept for good: by the storage of the master.
    /// What others write meanwhile is not waited for. On a clone a storage that fails is a
    /// [`StoreError::Timeout`], since no command of the original's says so.
    ///
    /// On a clone it is a [`StoreError::NoMaster`] if writes were dropped since a flush has said so
    /// last, whichever handle of the store they were made by: also before this one began, since
    /// whoever writes cannot know how long they have waited by then.
    pub fn flush(&self, deadline: Deadline) -> Result<(), StoreError> {
        let host = &self.0.host;
        let failure = |state: &State| match &state.role {
            Role::Master(master) => master.failure().map(ToOwned::to_owned),
            Role::Clone(_) => None,
        };
        let (said, made) = {
            let state = host.lock();
            (state.said_dropped, state.role.made())
        };
        host.wait_until(deadline, |state| {
            host.check(state).is_err()
                || state.role.kept() >= made
                || state.role.dropped() > said
                || failure(state).is_some()
        });
        let mut state = host.lock();
        host.check(&state)?;
        let dropped = state.role.dropped();
        if dropped > said {
            // Who waits at the same time is told the same.
            state.said_dropped = dropped;
            return Err(StoreError::NoMaster(host.name.clone()));
        }
        if state.role.kept() >= made {
            return Ok(());
        }
        Err(match failure(&state) {
            Some(why) => StoreError::Backend { name: host.name.clone(), why },
            None => StoreError::Timeout(Subject::new(&host.name, "flush", None)),
        })
    }

    /// Asks questions without waiting for the answers.
    pub fn proxy(&self) -> StoreProxy {
        StoreProxy::new(self.clone())
    }

    /// The time by which keys expire on this node.
    pub fn now(&self) -> Timestamp {
        self.0.host.core.clock.now()
    }

    pub(crate) fn unique(
        &self,
        key: Data,
        value: Data,
        expiry: Option<Duration>,
        request: u64,
    ) -> Content {
        let (who, publisher) = (self.frontend_id(), self.entity_id());
        Content::PutUnique { key, value, expiry: span(expiry), who, request, publisher }
    }

    fn answered(
        &self,
        deadline: Deadline,
        action: impl FnOnce(u64) -> Content,
    ) -> Result<Data, StoreError> {
        let (answer, answered) = bounded(1);
        let on_answer = Box::new(move |said| {
            // There is room for it, and who has stopped waiting does not miss it.
            let _ = answer.try_send(said);
        });
        let number = self.0.host.write_and_ask(action, deadline, on_answer, Keeping::Here)?;
        let answer = match deadline.instant() {
            Some(at) => answered.recv_deadline(at).ok(),
            None => answered.recv().ok(),
        };
        answer.unwrap_or_else(|| {
            self.0.host.requests.withdraw(number);
            Err(StoreError::Timeout(Subject::new(self.name(), "put_unique", None)))
        })
    }

    fn add(
        &self,
        key: Data,
        value: Data,
        init: Type,
        expiry: Option<Duration>,
    ) -> Result<(), StoreError> {
        let publisher = self.entity_id();
        self.0.host.write(Content::Add { key, value, init, expiry: span(expiry), publisher })
    }

    fn subtract(&self, key: Data, value: Data, expiry: Option<Duration>) -> Result<(), StoreError> {
        let publisher = self.entity_id();
        self.0.host.write(Content::Subtract { key, value, expiry: span(expiry), publisher })
    }
}

/// A life beyond what a span can be is the longest.
fn span(expiry: Option<Duration>) -> Option<Timespan> {
    expiry.map(|time| Timespan::try_from(time).unwrap_or(Timespan::from_nanos(i64::MAX)))
}
