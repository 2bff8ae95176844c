//! The key-value stores of Zeek's Broker, without sockets or threads: what masters and clones say to
//! each other, how they do what they are told, and where a master keeps its entries.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod arithmetic;
mod backend;
mod channel;
mod command;
mod command_read;
mod command_write;
mod consumer;
mod effect;
mod entity_id;
mod expiries;
mod master;
mod master_actions;
mod output;
mod producer;
mod replica;
mod replica_actions;
mod storage;
mod store_error;
mod store_event;
mod writer;

pub use arithmetic::{Overflow, add, index, subtract};
pub use backend::{Backend, BackendError, Change, Entry};
pub use channel::{ChannelLimits, TICK};
pub use command::{Class, Command, Content};
pub use command_read::{CommandError, MAX_NACKS};
pub use entity_id::EntityId;
pub use master::{Master, MasterOptions, StoreStatistics};
pub use output::{Notice, Output, Sending};
pub use replica::{CloneOptions, Replica};
pub use store_error::StoreError;
pub use store_event::{EVENTS, StoreEvent};
