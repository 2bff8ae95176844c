//! The key-value stores of Zeek's Broker, without sockets or threads: what masters and clones say to
//! each other, how they do what they are told, and where a master keeps its entries.

mod backend;

pub use backend::{Backend, BackendError, Change, Entry};
