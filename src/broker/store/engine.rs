//! What keeps bytes by bytes in a folder, sorted, as fjall and RocksDB do.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use crate::backend_options::{BackendOptions, OptionError, Unread};

/// Why something failed, in the words of a library or of the system.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// Is shown a key and its value.
pub(crate) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), Fault> + 'a;

/// What outlasts what, once it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It outlasts the process, but perhaps not the machine's next loss of power.
    Process,
    /// It outlasts the loss of power.
    Machine,
}

/// Where a folder is, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineOptions {
    pub(crate) path: PathBuf,
    pub(crate) durability: Durability,
}

impl EngineOptions {
    pub(crate) fn read(options: &BackendOptions) -> Result<Self, OptionError> {
        let mut unread = Unread::new(options);
        let read = Self {
            path: unread.path()?,
            durability: match unread.synchronous()? {
                Some("OFF" | "NORMAL") => Durability::Process,
                _ => Durability::Machine,
            },
        };
        unread.finish()?;
        Ok(read)
    }
}

/// Changes of which each key has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// Whether all that was there is removed.
    pub(crate) clears: bool,
    /// What each key has then: a value or none.
    pub(crate) values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// A library that keeps bytes by bytes in a folder.
pub(crate) trait Engine: Send + Sync + Sized {
    /// Bytes that were read.
    type Bytes: AsRef<[u8]>;

    /// Opens what is there, or makes it.
    fn open(options: &EngineOptions) -> Result<Self, Fault>;

    /// What a key has.
    fn get(&self, key: &[u8]) -> Result<Option<Self::Bytes>, Fault>;

    /// Whether a key has anything.
    fn contains(&self, key: &[u8]) -> Result<bool, Fault>;

    /// Shows each key with its value, of one state.
    fn each(&self, visit: &mut Visit<'_>) -> Result<(), Fault>;

    /// Makes the changes, all or none, as durable as the options say. If it fails nothing is
    /// asked of this any more but what can be read.
    fn write(&self, batch: Batch) -> Result<(), Fault>;
}
