//! The key-value stores of Zeek's Broker, without sockets or threads: what masters and clones say to
//! each other, how they do what they are told, and where a master keeps its entries.

mod backend;
mod backend_kind;
mod backend_open;
#[cfg(any(feature = "fjall", feature = "rocksdb", feature = "sqlite"))]
mod backend_option_values;
mod backend_options;
#[cfg(any(feature = "fjall", feature = "rocksdb"))]
mod engine;
#[cfg(feature = "fjall")]
mod fjall;
mod memory;
#[cfg(feature = "rocksdb")]
mod rocksdb;
#[cfg(any(feature = "fjall", feature = "rocksdb"))]
mod sorted;
#[cfg(any(feature = "fjall", feature = "rocksdb"))]
mod sorted_entry;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_connection;
#[cfg(feature = "sqlite")]
mod sqlite_error;
#[cfg(feature = "sqlite")]
mod sqlite_options;

pub use backend::{Backend, BackendError, Change, Entry};
pub use backend_kind::{BackendKind, UnknownBackend};
pub use backend_open::open;
pub use backend_options::{BackendOptions, OptionError};
