//! A hash table.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use broker_data::{Data, Timestamp};

use crate::backend::{Backend, BackendError, Change, Entry, Visit};

/// Keeps entries until it is dropped. It never fails.
#[derive(Debug, Default)]
pub(crate) struct Memory(RwLock<HashMap<Data, Entry>>);

impl Memory {
    fn table(&self) -> RwLockReadGuard<'_, HashMap<Data, Entry>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn get(&self, key: &Data) -> Result<Option<Entry>, BackendError> {
        Ok(self.table().get(key).cloned())
    }

    fn contains(&self, key: &Data) -> Result<bool, BackendError> {
        Ok(self.table().contains_key(key))
    }

    fn keys(&self) -> Result<BTreeSet<Data>, BackendError> {
        Ok(self.table().keys().cloned().collect())
    }

    fn each(&self, visit: &mut Visit<'_>) -> Result<(), BackendError> {
        let entries = self.table();
        // Whether it has seen all of them or enough is the same.
        let _ = entries.iter().try_for_each(|(key, entry)| visit(key.clone(), entry.clone()));
        Ok(())
    }

    fn len(&self) -> Result<u64, BackendError> {
        Ok(self.table().len() as u64)
    }

    fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError> {
        let entries = self.table();
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
