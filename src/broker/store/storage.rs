//! Entries as a master sees them: those that its backend keeps, and what the backend has yet to be
//! told.
//!
//! A backend in memory is told each change at once. One that writes files is slow, and the slower the
//! fewer changes it gets together: changes wait for it, and somebody else hands them over in their
//! order, as many as wait up to a limit. Whoever reads sees them as made.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;

use broker_data::{Data, Timestamp};

use crate::backend::{Backend, BackendError, Change, Entry};
use crate::master_actions::Peek;
use crate::snapshot::Snapshot;

/// Changes that may wait.
const MAX_CHANGES: usize = 100_000;
/// Memory that they may take, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// Keys beyond those of waiting changes that are remembered, so that they are not looked through too
/// often.
const SLACK: usize = 1000;

/// See the module.
pub(crate) struct Storage {
    backend: Arc<dyn Backend>,
    /// For a backend that is told later.
    waiting: Option<Waiting>,
}

/// What a key stands for.
enum Seen<'a> {
    /// What the backend says.
    Kept,
    /// This, of which the backend may not know.
    Changed(Option<&'a Entry>),
}

/// What a backend has yet to be told. Changes are numbered from 1.
#[derive(Default)]
struct Waiting {
    /// Those that nobody has taken yet.
    changes: VecDeque<Change>,
    /// What keys stand for by the changes that are not done, and the number of the change.
    recent: HashMap<Data, (Option<Entry>, u64)>,
    /// The number of the last change by which no key stood for anything.
    cleared: u64,
    made: u64,
    done: u64,
    bytes: usize,
}

impl Storage {
    /// With a backend that is told of each change at once.
    pub(crate) fn at_once(backend: Arc<dyn Backend>) -> Self {
        Self { backend, waiting: None }
    }

    /// With a backend whose owner hands [changes](Self::take) over.
    pub(crate) fn later(backend: Arc<dyn Backend>) -> Self {
        Self { backend, waiting: Some(Waiting::default()) }
    }

    pub(crate) fn peek(&self, key: &Data) -> Peek {
        match self.recent(key) {
            Seen::Changed(entry) => Peek::Here(entry.map(|entry| entry.value.clone())),
            Seen::Kept => Peek::In(Arc::clone(&self.backend)),
        }
    }

    pub(crate) fn get(&self, key: &Data) -> Result<Option<Entry>, BackendError> {
        match self.recent(key) {
            Seen::Changed(entry) => Ok(entry.cloned()),
            Seen::Kept => self.backend.get(key),
        }
    }

    pub(crate) fn contains(&self, key: &Data) -> Result<bool, BackendError> {
        match self.recent(key) {
            Seen::Changed(entry) => Ok(entry.is_some()),
            Seen::Kept => self.backend.contains(key),
        }
    }

    pub(crate) fn keys(&self) -> Result<BTreeSet<Data>, BackendError> {
        let mut keys = if self.is_cleared() { BTreeSet::new() } else { self.backend.keys()? };
        for (key, (entry, _)) in self.waiting.iter().flat_map(|waiting| &waiting.recent) {
            if entry.is_some() {
                keys.insert(key.clone());
            } else {
                keys.remove(key);
            }
        }
        Ok(keys)
    }

    /// All keys with their values, unless they are longer than `most` bytes on the wire.
    pub(crate) fn snapshot(&self, most: usize) -> Result<Option<Snapshot>, BackendError> {
        let mut snapshot = Snapshot::new(most);
        let recent = self.waiting.as_ref().map(|waiting| &waiting.recent);
        if !self.is_cleared() {
            self.backend.each(&mut |key, entry| {
                if recent.is_some_and(|recent| recent.contains_key(&key)) {
                    return ControlFlow::Continue(());
                }
                snapshot.add(key, entry.value)
            })?;
        }
        for (key, (entry, _)) in recent.into_iter().flatten() {
            if let Some(entry) = entry
                && snapshot.add(key.clone(), entry.value.clone()).is_break()
            {
                break;
            }
        }
        Ok(snapshot.finish())
    }

    /// The keys that expire, and when.
    pub(crate) fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError> {
        self.backend.expiries()
    }

    /// Makes a change.
    pub(crate) fn change(&mut self, change: Change) -> Result<(), BackendError> {
        match &mut self.waiting {
            None => self.backend.apply(&mut vec![change]),
            Some(waiting) => {
                waiting.add(change);
                Ok(())
            }
        }
    }

    /// How many changes were made; 0 if none has ever to wait.
    pub(crate) fn made(&self) -> u64 {
        self.waiting.as_ref().map_or(0, |waiting| waiting.made)
    }

    /// How many of these the backend has made.
    pub(crate) fn done(&self) -> u64 {
        self.waiting.as_ref().map_or(0, |waiting| waiting.done)
    }

    /// Whether as many changes wait as may.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| {
            waiting.changes.len() >= MAX_CHANGES || waiting.bytes >= MAX_BYTES
        })
    }

    /// Whether changes wait that nobody has taken.
    pub(crate) fn has_changes(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| !waiting.changes.is_empty())
    }

    /// The first changes that the backend is to be told together.
    pub(crate) fn take(&mut self, most: usize) -> Vec<Change> {
        let Some(waiting) = &mut self.waiting else { return Vec::new() };
        let count = most.min(waiting.changes.len());
        let taken: Vec<Change> = waiting.changes.drain(..count).collect();
        let bytes = taken.iter().map(weight).sum();
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        taken
    }

    /// The backend has made so many that were taken.
    pub(crate) fn applied(&mut self, count: usize) {
        let Some(waiting) = &mut self.waiting else { return };
        waiting.done = waiting.done.saturating_add(count as u64);
        let left = usize::try_from(waiting.made.saturating_sub(waiting.done)).unwrap_or(usize::MAX);
        if left == 0 {
            waiting.recent.clear();
        } else if waiting.recent.len() > left.saturating_mul(2).saturating_add(SLACK) {
            let done = waiting.done;
            waiting.recent.retain(|_, (_, number)| *number > done);
        }
    }

    /// The backend has not made those that were taken: they wait again, before all others.
    pub(crate) fn failed(&mut self, taken: Vec<Change>) {
        let Some(waiting) = &mut self.waiting else { return };
        for change in taken.into_iter().rev() {
            waiting.bytes = waiting.bytes.saturating_add(weight(&change));
            waiting.changes.push_front(change);
        }
    }

    /// What changes that are not done have made of the key.
    fn recent(&self, key: &Data) -> Seen<'_> {
        let Some(waiting) = &self.waiting else { return Seen::Kept };
        match waiting.recent.get(key) {
            Some((entry, _)) => Seen::Changed(entry.as_ref()),
            None if self.is_cleared() => Seen::Changed(None),
            None => Seen::Kept,
        }
    }

    fn is_cleared(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.cleared > waiting.done)
    }
}

impl Waiting {
    fn add(&mut self, change: Change) {
        self.made = self.made.saturating_add(1);
        match &change {
            Change::Put { key, entry } => {
                self.recent.insert(key.clone(), (Some(entry.clone()), self.made));
            }
            Change::Erase { key } => {
                self.recent.insert(key.clone(), (None, self.made));
            }
            Change::Clear => {
                self.recent.clear();
                self.cleared = self.made;
            }
        }
        self.bytes = self.bytes.saturating_add(weight(&change));
        self.changes.push_back(change);
    }
}

/// Memory that a waiting change takes, about: it is there twice.
fn weight(change: &Change) -> usize {
    let once = match change {
        Change::Put { key, entry } => key.weight().saturating_add(entry.value.weight()),
        Change::Erase { key } => key.weight(),
        Change::Clear => 0,
    };
    once.saturating_mul(2)
}
