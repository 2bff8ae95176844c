//! The key-value stores of Zeek's Broker, without sockets or threads: what masters and clones say to
//! each other, how they do what they are told, and where a master keeps its entries.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod arithmetic;
mod backend;
mod backend_damage;
mod backend_kind;
mod backend_look;
mod backend_open;
#[cfg(any(feature = "fjall", feature = "rocksdb", feature = "sqlite"))]
mod backend_option_values;
mod backend_options;
mod channel;
mod command;
mod command_read;
mod command_write;
mod consumer;
#[cfg(any(feature = "fjall", feature = "rocksdb", feature = "sqlite"))]
mod count;
mod effect;
#[cfg(any(feature = "fjall", feature = "rocksdb"))]
mod engine;
mod entity_id;
mod expiries;
mod fitting;
#[cfg(feature = "fjall")]
mod fjall;
#[doc(hidden)]
pub mod fuzzing;
mod master;
mod master_actions;
mod master_clones;
mod memory;
mod output;
mod producer;
mod replica;
mod replica_actions;
mod replica_master;
mod replica_options;
#[cfg(feature = "rocksdb")]
mod rocksdb;
mod snapshot;
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
mod storage;
mod store_error;
mod store_event;
mod subject;
mod writer;

#[cfg(test)]
mod convergence_cases;
#[cfg(test)]
mod convergence_changes;
#[cfg(test)]
mod convergence_ledger;
#[cfg(test)]
mod convergence_trouble_cases;
#[cfg(test)]
mod convergence_world;

pub use arithmetic::{Overflow, add, index, subtract};
pub use backend::{Backend, BackendError, Change, Entry, Visit};
pub use backend_kind::{BackendKind, UnknownBackend};
pub use backend_look::Found;
pub use backend_open::open;
pub use backend_options::{BackendOptions, OptionError};
pub use channel::ChannelLimits;
pub use command::{Class, Command, Content};
pub use command_read::{CommandError, MAX_NACKS};
pub use entity_id::EntityId;
pub use master::{Master, MasterOptions, StoreStatistics};
pub use master_actions::Peek;
pub use master_clones::MAX_CLONES;
pub use output::{FailedWrite, Notice, Output, Sending, Urgency};
pub use replica::Replica;
pub use replica_options::CloneOptions;
pub use store_error::StoreError;
pub use store_event::{EVENTS, StoreEvent};
pub use subject::Subject;
