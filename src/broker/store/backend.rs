//! Where a master keeps its entries.

use broker_data::{Data, Timestamp};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use thiserror::Error;

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Data,
    /// When it expires, if ever.
    pub expiry: Option<Timestamp>,
}

/// One change of what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key stands for this entry from now on.
    Put {
        /// The key.
        key: Data,
        /// What it stands for.
        entry: Entry,
    },
    /// The key stands for nothing any more, if it did.
    Erase {
        /// The key.
        key: Data,
    },
    /// No key stands for anything any more.
    Clear,
}

/// The storage did not do what it was asked for.
#[derive(Debug, Error)]
#[error("{what}")]
pub struct BackendError {
    /// What was attempted, and in which file.
    pub what: String,
    /// Why it failed.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl BackendError {
    /// That `what` failed because of `source`.
    pub(crate) fn new(
        what: String,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { what, source: source.into() }
    }

    /// What was attempted, and why it failed.
    pub fn with_cause(&self) -> String {
        format!("{}: {}", self.what, self.source)
    }
}

/// Is shown a key with its entry, and says whether it wants to see more.
pub type Visit<'a> = dyn FnMut(Data, Entry) -> ControlFlow<()> + 'a;

/// Keeps entries, in memory or beyond the end of the process. May be asked by several threads at once.
pub trait Backend: Send + Sync {
    /// What a key stands for.
    fn get(&self, key: &Data) -> Result<Option<Entry>, BackendError>;

    /// Whether a key stands for anything.
    fn contains(&self, key: &Data) -> Result<bool, BackendError>;

    /// All keys.
    fn keys(&self) -> Result<BTreeSet<Data>, BackendError>;

    /// Shows each key with its entry, in no particular order, until `visit` has seen enough.
    fn each(&self, visit: &mut Visit<'_>) -> Result<(), BackendError>;

    /// All keys with their entries, in no particular order.
    fn entries(&self) -> Result<Vec<(Data, Entry)>, BackendError> {
        let mut entries = Vec::new();
        self.each(&mut |key, entry| {
            entries.push((key, entry));
            ControlFlow::Continue(())
        })?;
        Ok(entries)
    }

    /// How many keys there are, without looking at them all. What another process adds or takes away
    /// meanwhile may not be counted.
    fn len(&self) -> Result<u64, BackendError>;

    /// Whether there are none.
    fn is_empty(&self) -> Result<bool, BackendError> {
        Ok(self.len()? == 0)
    }

    /// The keys that expire, and when.
    fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError>;

    /// Makes these changes in their order, all of them or none. Whatever outlives the process keeps
    /// them once this returns. They are taken out of `changes`; if it fails, or panics, they are all
    /// still there.
    fn apply(&self, changes: &mut Vec<Change>) -> Result<(), BackendError>;
}
