//! Zeek's messages, which are values of a certain shape: events, log streams and entries,
//! identifiers, and batches of them.
//!
//! A message is the vector `[count 1, count KIND, vector CONTENT]`, where 1 is the format's number.
//! Content may have more fields than are known; they are ignored.

pub use crate::zeek_error::ZeekError;
pub use crate::zeek_event::{Event, NETWORK_TIMESTAMP};
pub use crate::zeek_log::{IdentifierUpdate, LogCreate, LogWrite};
pub use crate::zeek_message::{Batch, Message};
