//! Where a store's master keeps its entries: what holds of every kind of storage, whatever becomes of
//! the process and the disk.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;
mod crashes;
mod damage;
mod full_disk;
mod options;
mod place;
mod properties;
mod refusals;
#[cfg(feature = "rocksdb")]
mod rocksdb_log;
mod sqlite_layout;
mod sqlite_locked;
