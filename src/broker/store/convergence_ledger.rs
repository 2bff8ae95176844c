//! A storage which remembers all that it was ever told, so that what a master says can be compared
//! with what was kept by then.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

use broker_data::{Data, Timestamp};

use crate::backend::{Backend, BackendError, Change, Entry, Visit};
use crate::command::{Command, Content};
use crate::memory::Memory;
use crate::output::Output;

/// See the module.
pub(crate) struct Ledger {
    memory: Memory,
    record: Mutex<Record>,
}

struct Record {
    changes: Vec<Change>,
    /// What stands for all entries after so many changes.
    marks: Vec<u64>,
}

/// Listens to a master, and knows up to which change it may have told.
#[derive(Default)]
pub(crate) struct Witness {
    told: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        let record = Record { changes: Vec::new(), marks: vec![0] };
        Self { memory: Memory::default(), record: Mutex::new(record) }
    }
}

impl Ledger {
    /// All entries.
    pub(crate) fn values(&self) -> BTreeMap<Data, Data> {
        let entries = Backend::entries(&self.memory).unwrap();
        entries.into_iter().map(|(key, entry)| (key, entry.value)).collect()
    }

    /// How many changes it was told.
    pub(crate) fn changes(&self) -> usize {
        self.record.lock().unwrap().changes.len()
    }

    /// Whether the key has ever stood for this.
    pub(crate) fn has_kept(&self, key: &Data, value: &Data) -> bool {
        let record = self.record.lock().unwrap();
        record.changes.iter().rev().any(|change| is_put(change, key, value))
    }

    /// The keys whose time has passed.
    pub(crate) fn expired(&self, now: Timestamp) -> Vec<Data> {
        let expiries = self.memory.expiries().unwrap();
        expiries.into_iter().filter(|(_, time)| *time < now).map(|(key, _)| key).collect()
    }

    /// What stands for this entry, among all that are there.
    fn part(&self, key: &Data) -> u64 {
        self.memory.get(key).unwrap().map_or(0, |entry| mark(key, &entry.value))
    }
}

impl Witness {
    /// Of a master that begins with what is there.
    pub(crate) fn new(ledger: &Ledger) -> Self {
        Self { told: ledger.changes() }
    }

    /// Clones are told of what is kept, in the order in which it came to be, and begin with what was
    /// there at some time that is not before what all have been told.
    pub(crate) fn hear(&mut self, ledger: &Ledger, output: &Output) {
        let record = ledger.record.lock().unwrap();
        for sending in &output.sends {
            let content = Command::decode(&sending.command).unwrap().content;
            let found = match &content {
                Content::AckClone { snapshot, .. } => {
                    let all = snapshot.iter().fold(0, |all, (key, value)| all ^ mark(key, value));
                    let place = record.marks[self.told..].iter().position(|mark| *mark == all);
                    place.map(|place| self.told + place)
                }
                // What is sent to one clone was told to all before.
                Content::Put { .. }
                | Content::Erase { .. }
                | Content::Expire { .. }
                | Content::Clear { .. }
                    if sending.to.is_nil() =>
                {
                    let mut rest = record.changes[self.told..].iter();
                    let place = rest.position(|change| tells_of(&content, change));
                    place.map(|place| self.told + place + 1)
                }
                _ => continue,
            };
            assert!(found.is_some(), "{content:?} is told, and not kept in this order");
            self.told = found.unwrap_or(self.told);
        }
    }
}

fn mark(key: &Data, value: &Data) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, value).hash(&mut hasher);
    hasher.finish()
}

fn is_put(change: &Change, key: &Data, value: &Data) -> bool {
    matches!(change, Change::Put { key: one, entry } if one == key && entry.value == *value)
}

fn tells_of(content: &Content, change: &Change) -> bool {
    match (content, change) {
        (Content::Put { key, value, .. }, change) => is_put(change, key, value),
        (Content::Erase { key, .. } | Content::Expire { key, .. }, Change::Erase { key: gone }) => {
            key == gone
        }
        (Content::Clear { .. }, Change::Clear) => true,
        _ => false,
    }
}

impl Backend for Ledger {
    fn get(&self, key: &Data) -> Result<Option<Entry>, BackendError> {
        self.memory.get(key)
    }

    fn contains(&self, key: &Data) -> Result<bool, BackendError> {
        self.memory.contains(key)
    }

    fn keys(&self) -> Result<BTreeSet<Data>, BackendError> {
        self.memory.keys()
    }

    fn each(&self, visit: &mut Visit<'_>) -> Result<(), BackendError> {
        self.memory.each(visit)
    }

    fn len(&self) -> Result<u64, BackendError> {
        self.memory.len()
    }

    fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError> {
        self.memory.expiries()
    }

    fn apply(&self, changes: &mut Vec<Change>) -> Result<(), BackendError> {
        let mut record = self.record.lock().unwrap();
        for change in changes.drain(..) {
            let before = record.marks.last().copied().unwrap();
            let after = match &change {
                Change::Put { key, entry } => before ^ self.part(key) ^ mark(key, &entry.value),
                Change::Erase { key } => before ^ self.part(key),
                Change::Clear => 0,
            };
            record.changes.push(change.clone());
            record.marks.push(after);
            self.memory.apply(&mut vec![change])?;
        }
        Ok(())
    }
}
