//! Entries in an engine that keeps bytes by bytes.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, RwLock};

use broker_data::{Data, Timestamp};
use thiserror::Error;

use crate::backend::{Backend, BackendError, Change, Entry, Visit};
use crate::count::{Count, Growth};
use crate::engine::{Batch, Engine, EngineOptions, Fault};
use crate::sorted_entry::{self, Key};

/// Keeps entries in a folder.
pub(crate) struct Sorted<E> {
    options: EngineOptions,
    /// None if it could not be opened again after a failure.
    engine: RwLock<Option<E>>,
    /// Whether writing has failed: then it is opened again before the next attempt, because what
    /// came half to the disk is sorted out then. Held while it is written.
    failed: Mutex<bool>,
    /// Changed only while `failed` is held.
    count: Count,
}

/// Writing has failed, and it was not possible to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it could not be opened again after a failure")]
struct Closed;

/// No more entries need to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is enough")]
struct Enough;

impl<E: Engine> Sorted<E> {
    pub(crate) fn open(options: EngineOptions) -> Result<Self, BackendError> {
        let engine = E::open(&options).map_err(|fault| failed(&options, "open", fault))?;
        let (engine, failed) = (RwLock::new(Some(engine)), Mutex::new(false));
        Ok(Self { options, engine, failed, count: Count::default() })
    }

    fn read<T>(&self, reads: impl FnOnce(&E) -> Result<T, Fault>) -> Result<T, BackendError> {
        self.with(reads).map_err(|fault| failed(&self.options, "read from", fault))
    }

    fn with<T>(&self, does: impl FnOnce(&E) -> Result<T, Fault>) -> Result<T, Fault> {
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner);
        does(engine.as_ref().ok_or(Closed)?)
    }

    /// All entries as `reads` has them.
    fn all<T, C: Default + Extend<T>>(
        &self,
        mut reads: impl FnMut(&[u8], &[u8]) -> Result<Option<T>, Fault>,
    ) -> Result<C, BackendError> {
        let mut all = C::default();
        self.read(|engine| {
            engine.each(&mut |key, value| {
                all.extend(reads(key, value)?);
                Ok(())
            })
        })?;
        Ok(all)
    }

    /// Makes changes; what comes of the count is not known if that fails.
    fn write(&self, changes: &[Change]) -> Result<(), Fault> {
        self.with(|engine| {
            let batch = sorted_entry::batch(changes);
            let growth = growth(engine, &batch);
            let written = growth.and_then(|growth| engine.write(batch).map(|()| growth));
            match &written {
                Ok(growth) => self.count.grows(*growth),
                Err(_) => self.count.set(None),
            }
            written.map(|_| ())
        })
    }

    /// Closes it and opens it again.
    fn begin_anew(&self) -> Result<(), Fault> {
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        *engine = None;
        *engine = Some(E::open(&self.options)?);
        Ok(())
    }
}

/// What changes do to the count of keys.
fn growth<E: Engine>(engine: &E, batch: &Batch) -> Result<Growth, Fault> {
    let clears = batch.clears;
    let mut keys = 0_i64;
    for (key, value) in &batch.values {
        let was_there = !clears && engine.contains(key)?;
        let is_there = value.is_some();
        keys = keys.saturating_add(i64::from(is_there)).saturating_sub(i64::from(was_there));
    }
    Ok(Growth { clears, keys })
}

fn failed(options: &EngineOptions, doing: &str, fault: Fault) -> BackendError {
    BackendError::new(format!("cannot {doing} the folder {}", options.path.display()), fault)
}

impl<E: Engine> Backend for Sorted<E> {
    fn get(&self, key: &Data) -> Result<Option<Entry>, BackendError> {
        let key = Key::new(key).kept;
        self.read(|engine| {
            let Some(value) = engine.get(&key)? else { return Ok(None) };
            Ok(Some(sorted_entry::entry(&key, value.as_ref())?))
        })
    }

    fn contains(&self, key: &Data) -> Result<bool, BackendError> {
        let key = Key::new(key).kept;
        self.read(|engine| engine.contains(&key))
    }

    fn keys(&self) -> Result<BTreeSet<Data>, BackendError> {
        self.all(|key, value| Ok(Some(sorted_entry::head(key, value)?.0)))
    }

    fn each(&self, visit: &mut Visit<'_>) -> Result<(), BackendError> {
        let mut is_enough = false;
        let read = self.read(|engine| {
            engine.each(&mut |key, value| {
                let entry = sorted_entry::entry(key, value)?;
                is_enough = visit(sorted_entry::head(key, value)?.0, entry).is_break();
                if is_enough { Err(Enough.into()) } else { Ok(()) }
            })
        });
        if is_enough { Ok(()) } else { read }
    }

    fn len(&self) -> Result<u64, BackendError> {
        if let Some(count) = self.count.known() {
            return Ok(count);
        }
        // Nothing is changed meanwhile.
        let _held = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0_u64;
        self.read(|engine| {
            engine.each(&mut |_, _| {
                count = count.saturating_add(1);
                Ok(())
            })
        })?;
        self.count.set(Some(count));
        Ok(count)
    }

    fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError> {
        // All entries are looked at anyway: they are counted by the way.
        let _held = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0_u64;
        let expiries = self.all(|key, value| {
            count = count.saturating_add(1);
            let (key, expiry) = sorted_entry::head(key, value)?;
            Ok(expiry.map(|expiry| (key, expiry)))
        })?;
        self.count.set(Some(count));
        Ok(expiries)
    }

    fn apply(&self, changes: &mut Vec<Change>) -> Result<(), BackendError> {
        let mut has_failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        // Until it is written: also if that panics.
        let begins_anew = std::mem::replace(&mut *has_failed, true);
        if begins_anew || self.write(changes).is_err() {
            // What it said may be no more than that something failed before.
            self.count.set(None);
            self.begin_anew().map_err(|fault| failed(&self.options, "open", fault))?;
            self.write(changes).map_err(|fault| failed(&self.options, "write to", fault))?;
        }
        *has_failed = false;
        changes.clear();
        Ok(())
    }
}
