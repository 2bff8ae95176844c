//! The kinds of storage a master may have.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A kind of storage. It reads and prints as its name, such as `sqlite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BackendKind {
    /// A hash table, which ends with the process.
    Memory,
    /// A database of SQLite in the original's layout.
    Sqlite,
    /// A folder of fjall, which is made for much data that is written often.
    Fjall,
    /// A folder of RocksDB.
    RocksDb,
}

/// There is no kind of storage with this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is none of memory, sqlite, fjall and rocksdb")]
pub struct UnknownBackend(pub String);

impl BackendKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Memory, Self::Sqlite, Self::Fjall, Self::RocksDb];

    /// Whether this build has it.
    pub const fn is_built(self) -> bool {
        match self {
            Self::Memory => true,
            Self::Sqlite => cfg!(feature = "sqlite"),
            Self::Fjall => cfg!(feature = "fjall"),
            Self::RocksDb => cfg!(feature = "rocksdb"),
        }
    }

    /// The number in the interfaces of other languages: the original's, and behind those that of what
    /// it has not.
    pub const fn number(self) -> u8 {
        match self {
            Self::Memory => 0,
            Self::Sqlite => 1,
            Self::RocksDb => 2,
            Self::Fjall => 3,
        }
    }

    /// The kind that has this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The name, which is also that of the feature that this crate has it with.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Fjall => "fjall",
            Self::RocksDb => "rocksdb",
        }
    }
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for BackendKind {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, UnknownBackend> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownBackend(name.to_owned()))
    }
}
