//! A hash table.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use broker_data::{Data, Timestamp};

use crate::backend::{Backend, BackendError, Change, Entry};

/// Keeps entries until it is dropped. It never fails.
#[derive(Debug, Default)]
pub(crate) struct Memory(RwLock<HashMap<Data, Entry>>);

impl Memory {
    fn entries(&self) -> RwLockReadGuard<'_, HashMap<Data, Entry>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn get(&self, key: &Data) -> Result<Option<Entry>, BackendError> {
        Ok(self.entries().get(key).cloned())
    }

    fn contains(&self, key: &Data) -> Result<bool, BackendError> {
        Ok(self.entries().contains_key(key))
    }

    fn keys(&self) -> Result<BTreeSet<Data>, BackendError> {
        Ok(self.entries().keys().cloned().collect())
    }

    fn entries(&self) -> Result<Vec<(Data, Entry)>, BackendError> {
        Ok(self.entries().iter().map(|(key, entry)| (key.clone(), entry.clone())).collect())
    }

    fn len(&self) -> Result<u64, BackendError> {
        Ok(self.entries().len() as u64)
    }

    fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError> {
        let entries = self.entries();
        let expiring = entries.iter().filter_map(|(key, entry)| Some((key.clone(), entry.expiry?)));
        Ok(expiring.collect())
    }

    fn apply(&self, changes: &mut Vec<Change>) -> Result<(), BackendError> {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes.drain(..) {
            match change {
                Change::Put { key, entry } => {
                    entries.insert(key, entry);
                }
                Change::Erase { key } => {
                    entries.remove(&key);
                }
                Change::Clear => entries.clear(),
            }
        }
        Ok(())
    }
}
